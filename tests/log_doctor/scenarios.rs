//! Logs of the built-in scenarios: entries name only those that show them, and verdicts fit what the scenarios are about.

use std::collections::{BTreeMap, BTreeSet};

use ringside::doctor::log::catalogue::Catalogue;
use ringside::doctor::log::{Reading, Verdict};
use ringside::experiment::Report;
use ringside::experiment::catalog;
use ringside::sim::Happening;

use crate::{incidents, read};

/// What the pods of a scenario logged, as `kubectl logs --prefix` shows it, and what it said to those who asked.
fn run(name: &str) -> (String, BTreeSet<String>) {
    let mut scenario = catalog::find(name).unwrap();
    scenario.options.journal = usize::MAX;
    let report = Report::of(&scenario).unwrap();
    let (mut log, mut answers) = (String::new(), BTreeSet::new());
    for entry in report.simulation.world.journal.entries() {
        match &entry.what {
            Happening::Log { line, clock } => {
                let pod = &report.simulation.pods[entry.pod.unwrap() as usize].name;
                log.push_str(&format!("[pod/{pod}/loki] {}\n", line.logfmt(*clock)));
            }
            Happening::Push { error: Some(error), .. } | Happening::Query { error: Some(error), .. } => {
                answers.insert(error.clone());
            }
            Happening::Readiness { body, .. } => {
                answers.insert(body.trim().to_owned());
            }
            _ => {}
        }
    }
    (log, answers)
}

fn ids(reading: &Reading) -> BTreeSet<String> {
    let related =
        reading.incidents.iter().flat_map(|incident| incident.reasons.iter().chain(&incident.symptoms));
    let own = reading.incidents.iter().map(|incident| incident.id.clone());
    own.chain(related.map(|related| related.id.clone())).collect()
}

#[test]
fn a_scenario_that_an_entry_names_shows_it() {
    let mut shown = BTreeMap::new();
    for name in catalog::names() {
        let (log, answers) = run(name);
        let mut all = ids(&read(&log));
        answers.iter().for_each(|answer| all.extend(ids(&read(answer))));
        // Other wordings are counted with the entry that they are another wording of.
        let wordings = Catalogue::embedded()
            .entries
            .iter()
            .filter(|entry| entry.same_as.as_ref().is_some_and(|id| all.contains(id)));
        let wordings = Vec::from_iter(
            wordings
                .filter(|entry| log.contains(entry.patterns[0].split('{').next().unwrap()))
                .map(|entry| entry.id.clone()),
        );
        all.extend(wordings);
        shown.insert(name, all);
    }
    let named =
        Catalogue::embedded().entries.iter().filter_map(|entry| Some((entry, entry.scenario.as_deref()?)));
    let wrong = named.filter(|(entry, name)| !shown.get(name).is_some_and(|ids| ids.contains(&entry.id)));
    let wrong = Vec::from_iter(wrong.map(|(entry, name)| format!("{}: {name}", entry.id)));
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn verdicts_on_simulated_clusters_fit_what_was_done_to_them() {
    for (name, verdict, first) in [
        ("healthy-3", Verdict::Harmless, None),
        ("healthy-30-3-zones", Verdict::Harmless, None),
        ("all-at-once-late-dns", Verdict::Harmless, Some("A01")),
        ("scale-3-to-6", Verdict::Harmless, None),
        ("rolling-restart", Verdict::Harmless, None),
        ("graceful-shutdown", Verdict::Harmless, None),
        ("fast-join-first-pod", Verdict::Act, Some("A11")),
        ("fast-join-unresolvable-name", Verdict::Act, Some("A11")),
        ("fast-join-dns-prefix", Verdict::Act, Some("A11")),
        ("wrong-join-list", Verdict::Act, Some("A11")),
        ("sigkill-one-of-three", Verdict::Act, Some("B02")),
        ("second-ghost", Verdict::Act, Some("B02")),
        ("abort-if-join-fails", Verdict::Act, Some("A12")),
        ("wrong-bind-address", Verdict::Act, Some("A23")),
    ] {
        let reading = read(&run(name).0);
        assert_eq!(reading.verdict, verdict, "{name}: {} {}", reading.headline, reading.why);
        if let Some(first) = first {
            assert_eq!(reading.incidents[0].id, first, "{name}");
        }
    }
}

#[test]
fn a_failed_first_join_that_came_right_within_a_minute_is_harmless() {
    let reading = read(&run("all-at-once-late-dns").0);
    let joins = incidents(&reading, "A01");
    assert!(!joins.is_empty() && joins.iter().all(|join| join.verdict == Verdict::Harmless && !join.routine));
    assert_eq!(joins[0].why, "The full join, which always follows, reached the cluster.");
}
