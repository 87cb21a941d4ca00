//! What a configuration, a ring page and a log say together that none of them says alone: where they contradict each
//! other, and which of them tells of the past.
//!
//! Nothing here reads a text: it takes what the parts have found. A log is only a few facts.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::go::duration;
use crate::live::ShownState;
use crate::live::judge::{Judgement, Verdict};
use crate::live::ring_page::RingPage;
use crate::ring::InstanceState;
use crate::time::age_text;

use super::config::{Examined, Severity, Value};
use super::log::{MomentKind, Reading};

/// What somebody found in a log.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogFacts {
    /// Ids of what the lines mean, such as `empty-ring`.
    pub ids: BTreeSet<String>,
    /// Words of the verdict: texts of Loki's errors, as they stand in the log.
    pub words: Vec<String>,
    /// The pods that wrote it, as far as lines name them.
    pub pods: Vec<String>,
    /// Pods that a line says joined the memberlist cluster.
    pub joined: Vec<String>,
    /// `cluster_label` values that lines tell.
    pub labels: BTreeSet<String>,
}

impl LogFacts {
    /// Those of a log that was read.
    pub fn of(reading: &Reading) -> Self {
        let lines = || reading.incidents.iter().flat_map(|incident| &incident.evidence);
        let joined = reading.timeline.iter().filter(|moment| moment.kind == MomentKind::Joined);
        Self {
            ids: reading.incidents.iter().map(|incident| incident.id.clone()).collect(),
            words: lines().map(|line| line.text.clone()).collect(),
            pods: reading.totals.pods.clone(),
            joined: joined.map(|moment| moment.pod.clone()).collect::<BTreeSet<_>>().into_iter().collect(),
            labels: lines().filter_map(|line| label_in(&line.text)).collect(),
        }
    }
}

/// The value of `cluster_label` in a line, in logfmt or JSON.
fn label_in(line: &str) -> Option<String> {
    const LONGEST: usize = 200;
    let (_, rest) = line.split_once("cluster_label")?;
    let value = rest.strip_prefix('=').or_else(|| rest.strip_prefix("\":").map(str::trim_start))?;
    let label = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?.0,
        None => value.split([' ', ',', '}']).next()?,
    };
    (label.len() <= LONGEST).then(|| label.to_owned())
}

/// One thing that only shows when the parts are laid side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Its name, which stays.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is the case.
    pub what: String,
    /// What follows from it, or how it may be.
    pub why: String,
    /// How to find out.
    pub check: String,
}

/// Lays the parts side by side, heaviest first.
pub fn compare(
    config: Option<&Examined>,
    ring: Option<(&RingPage, &Judgement)>,
    log: Option<&LogFacts>,
) -> Vec<Contradiction> {
    let mut found = Vec::new();
    if let (Some(config), Some(ring)) = (config, ring) {
        found.extend(factor(config, ring));
        found.extend(count(config, ring));
        found.extend(zones(config, ring));
        found.extend(period(config, ring));
        found.extend(tokens(config, ring));
    }
    if let (Some(ring), Some(log)) = (ring, log) {
        found.extend(past(ring, log));
        found.extend(missing(ring, log));
    }
    if let (Some(config), Some(log)) = (config, log) {
        found.extend(label(config, log));
    }
    found.sort_by_key(|found| std::cmp::Reverse(found.severity));
    found
}

fn contradiction(
    (rule, severity): (&'static str, Severity),
    what: impl Into<String>,
    why: impl Into<String>,
    check: impl Into<String>,
) -> Contradiction {
    Contradiction { rule, severity, what: what.into(), why: why.into(), check: check.into() }
}

fn int(config: &Examined, key: &str) -> Option<usize> {
    match config.get(key)?.value {
        Value::Int(value) => usize::try_from(value).ok(),
        _ => None,
    }
}

fn factor(config: &Examined, (page, _): (&RingPage, &Judgement)) -> Option<Contradiction> {
    let factor = int(config, "ingester.lifecycler.ring.replication_factor")?;
    let instances = page.desc.ingesters.len();
    let required = factor / 2 + 1;
    if instances == 0 || instances >= factor {
        return None;
    }
    let severity = if instances < required { Severity::Act } else { Severity::Look };
    let fate = match severity {
        Severity::Act => format!("Every push and every query needs {required} of them, and fails."),
        _ => format!("Every push and every query needs {required} of them: none may fail."),
    };
    Some(contradiction(
        ("RING-FACTOR", severity),
        format!("The configuration says replication factor {factor}; the ring has {instances}."),
        fate,
        "If there should be more, ask /memberlist of this pod whether it has heard of them; if not, set \
         common.replication_factor to 1.",
    ))
}

fn count(config: &Examined, (page, _): (&RingPage, &Judgement)) -> Option<Contradiction> {
    let wanted = config.topology.as_ref()?.ingesters?;
    let instances = page.desc.ingesters.len();
    if wanted == 0 || instances == 0 || wanted == instances {
        return None;
    }
    let (why, check) = match instances > wanted {
        true => (
            "Entries of pods that are gone stay until somebody forgets them. Each counts as an instance in the quorum of \
             reads, and one that is UNHEALTHY keeps every ingester that starts from becoming ready.",
            "Compare with `kubectl get pods`; forget those that are gone for good.",
        ),
        false => (
            "Those that are missing have not started, replay their WAL, which comes before they register, or are alone in \
             a ring of their own.",
            "Compare with `kubectl get pods`, and ask each pod for its own /ring: do they differ?",
        ),
    };
    Some(contradiction(
        ("RING-COUNT", Severity::Look),
        format!("The values deploy {wanted} ingesters; the ring has {instances}."),
        why,
        check,
    ))
}

fn zones(config: &Examined, (page, _): (&RingPage, &Judgement)) -> Option<Contradiction> {
    let aware = config.get("ingester.lifecycler.ring.zone_awareness_enabled")?;
    let zones: BTreeSet<&str> = page.desc.ingesters.iter().map(|(_, instance)| &*instance.zone).collect();
    if page.desc.ingesters.is_empty() {
        return None;
    }
    match aware.value {
        Value::Bool(true) if zones.contains("") => Some(contradiction(
            ("RING-ZONES", Severity::Act),
            "The configuration has zone awareness on, but entries of the ring have no zone.",
            "All of them count as one zone, and a key gets at most one replica a zone.",
            "Does every ingester get its zone, by availability_zone or -ingester.availability-zone? Look at its /config.",
        )),
        Value::Bool(true) => {
            let factor = int(config, "ingester.lifecycler.ring.replication_factor")?;
            (zones.len() < factor).then(|| {
                contradiction(
                    ("RING-ZONES", Severity::Look),
                    format!(
                        "Zone awareness is on with replication factor {factor}; the ring has {} zones.",
                        zones.len()
                    ),
                    "A key gets at most one replica a zone, so it gets fewer than configured.",
                    "Is a whole zone missing? Look for its pods.",
                )
            })
        }
        Value::Bool(false) if zones.len() > 1 => Some(contradiction(
            ("RING-ZONES", Severity::Note),
            format!("The ring has {} zones, but the configuration has zone awareness off.", zones.len()),
            "Replicas are chosen without regard to zones.",
            "Is this the configuration of the pods that push? Set zone_awareness_enabled if a zone may fail as a whole.",
        )),
        _ => None,
    }
}

/// Heartbeats that are older than they can be if they come as configured.
fn period(config: &Examined, (_, judgement): (&RingPage, &Judgement)) -> Option<Contradiction> {
    let Value::Span(period) = config.get("ingester.lifecycler.heartbeat_period")?.value else { return None };
    let active = judgement
        .instances
        .iter()
        .filter(|report| report.shown_state == ShownState::Stated(InstanceState::Active));
    let ages = Vec::from_iter(active.filter_map(|report| report.heartbeat_age));
    let (oldest, youngest) = (ages.iter().max()?, ages.iter().min()?);
    // Gossip takes a few seconds, and timestamps are whole ones.
    let slack = Duration::from_secs(5);
    let late = period * 2 + slack;
    if period.is_zero() || ages.len() < 2 || *oldest <= late {
        return None;
    }
    let all = *youngest > period + slack;
    let why = match all {
        true => {
            "All are older than a period: this is an old copy, or the pods run with another period than this \
                 configuration says."
        }
        false => {
            "Some come as they should and some do not: those pods are busy, or their news do not get here."
        }
    };
    Some(contradiction(
        ("RING-HEARTBEAT", Severity::Look),
        format!(
            "The configuration sends a heartbeat every {}; the oldest of an ACTIVE instance is {}.",
            duration::format(period),
            age_text(*oldest)
        ),
        why,
        "Ask that pod for its own /ring: is its heartbeat young there? And for its /config: which heartbeat_period has it?",
    ))
}

fn tokens(config: &Examined, (page, _): (&RingPage, &Judgement)) -> Option<Contradiction> {
    let tokens = int(config, "ingester.lifecycler.num_tokens")?;
    let other = page.desc.ingesters.iter().find(|(_, instance)| {
        instance.state == InstanceState::Active
            && !instance.tokens.is_empty()
            && instance.tokens.len() != tokens
    });
    let (id, instance) = other?;
    Some(contradiction(
        ("RING-TOKENS", Severity::Note),
        format!("The configuration says {tokens} tokens; {id} has {}.", instance.tokens.len()),
        "An instance keeps the tokens that it had when it comes back under its name. Or this is another ring's page, or \
         another cluster's.",
        "Is it the page of the ingesters' ring, /ring? Then it is harmless: shares differ a little.",
    ))
}

/// Errors of a time that is over.
fn past((page, judgement): (&RingPage, &Judgement), log: &LogFacts) -> Option<Contradiction> {
    const TROUBLE: [&str; 4] =
        ["empty ring", "too many unhealthy instances in the ring", "live replicas required", "fast-join"];
    if judgement.verdict != Verdict::Healthy || page.desc.ingesters.is_empty() {
        return None;
    }
    let said = |trouble: &&&str| {
        let id = trouble.replace(' ', "-");
        log.words.iter().any(|word| word.contains(**trouble)) || log.ids.iter().any(|known| *known == id)
    };
    let trouble = TROUBLE.iter().find(said)?;
    Some(contradiction(
        ("LOG-PAST", Severity::Note),
        format!("The log says {trouble:?}; the ring is healthy now."),
        "It was so when the line was written, as while pods start one after the other. The ring page is the present.",
        "Does the line still come? If not, there is nothing to do. If it does, ask the pod that logs it for its own /ring: \
         it may not have heard what this page knows.",
    ))
}

/// A pod that joined and is in no ring.
fn missing((page, _): (&RingPage, &Judgement), log: &LogFacts) -> Option<Contradiction> {
    let ids = Vec::from_iter(page.desc.ingesters.iter().map(|(id, _)| &**id));
    if ids.is_empty() {
        return None;
    }
    let is_ingester = |pod: &&String| !OTHERS.iter().any(|other| pod.contains(other));
    let pod = log.joined.iter().filter(is_ingester).find(|pod| !ids.contains(&instance_of(pod)))?;
    Some(contradiction(
        ("LOG-JOINED", Severity::Look),
        format!("The log says that {pod} joined the memberlist cluster; the ring does not have it."),
        "It joined another cluster than the one this page is from, it is no ingester, it still replays its WAL, or the \
         page is older than the log.",
        format!("Ask {pod} for its own /ring and /memberlist: does it see the others?"),
    ))
}

/// Parts of names of pods that are in the ring of no ingesters.
const OTHERS: [&str; 9] = [
    "querier",
    "query-",
    "distributor",
    "compactor",
    "index-gateway",
    "ruler",
    "loki-read",
    "loki-backend",
    "gateway",
];

/// The instance of a member: its name without the eight random digits at its end.
fn instance_of(member: &str) -> &str {
    let is_random = |end: &str| end.len() == 8 && end.bytes().all(|b| b.is_ascii_hexdigit());
    match member.rsplit_once('-') {
        Some((name, end)) if is_random(end) => name,
        _ => member,
    }
}

fn label(config: &Examined, log: &LogFacts) -> Option<Contradiction> {
    let Value::Text(label) = &config.get("memberlist.cluster_label")?.value else { return None };
    let other = log.labels.iter().find(|logged| *logged != label)?;
    let shown = |label: &str| if label.is_empty() { "none".to_owned() } else { format!("{label:?}") };
    let is_unchecked = config.get("memberlist.cluster_label_verification_disabled").map(|known| &known.value)
        == Some(&Value::Bool(true));
    let severity = if is_unchecked { Severity::Note } else { Severity::Act };
    Some(contradiction(
        ("LOG-LABEL", severity),
        format!("The configuration has cluster_label {}; the log has {}.", shown(label), shown(other)),
        "Nodes with different labels do not hear each other: each side has a ring of its own.",
        "Which pods have which label? Look at \"Using memberlist cluster label and node name\" in each pod's log. While a \
         label is rolled out, cluster_label_verification_disabled has to be on everywhere.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::config::examine;
    use crate::live::judge::judge;
    use crate::live::ring_page;
    use crate::ring::{Ring, RingConfig};

    const HEALTHY: &str = include_str!("../../tests/fixtures/pages/02_healthy/loki-1.ring.json.http");
    const RESTARTED: &str =
        include_str!("../../tests/fixtures/pages/06_restarted_same_id/loki-1.ring.json.http");
    const ALONE: &str = include_str!("../../tests/fixtures/pages/05_single_rf3/loki-1.ring.json.http");

    const MEMBERLIST: &str = "memberlist: {join_members: [a], cluster_label: prod}\n";

    fn rules(config: &str, page: Option<&str>, log: Option<&LogFacts>) -> Vec<(&'static str, Severity)> {
        let config = examine(config).unwrap();
        let ring = page.map(|page| {
            let page = ring_page::parse(page).unwrap();
            let ring = Ring::new(&page.desc, RingConfig::default());
            let judgement = judge(&ring, page.now.unwrap());
            (page, judgement)
        });
        let ring = ring.as_ref().map(|(page, judgement)| (page, judgement));
        let found = compare(Some(&config), ring, log);
        found.into_iter().map(|found| (found.rule, found.severity)).collect()
    }

    fn logged(word: &str) -> LogFacts {
        LogFacts { words: vec![word.into()], ..LogFacts::default() }
    }

    #[test]
    fn parts_that_agree_say_nothing() {
        let config = "common:\n  ring: {kvstore: {store: memberlist}}\nmemberlist: {join_members: [a]}\n";
        let facts = LogFacts { joined: vec!["loki-1-0123abcd".into()], ..logged("caught up") };
        assert_eq!(rules(config, Some(HEALTHY), Some(&facts)), []);
        assert_eq!(compare(None, None, None), []);
    }

    #[test]
    fn one_ingester_cannot_be_three() {
        assert_eq!(rules(MEMBERLIST, Some(ALONE), None), [("RING-FACTOR", Severity::Act)]);
        let one = "common: {replication_factor: 1}\n";
        assert_eq!(rules(one, Some(ALONE), None), []);
        let two = "common: {replication_factor: 5}\n";
        assert!(rules(two, Some(HEALTHY), None).contains(&("RING-FACTOR", Severity::Look)));
    }

    #[test]
    fn pods_that_are_deployed_should_be_in_the_ring() {
        let values = "deploymentMode: SingleBinary\nsingleBinary: {replicas: 5}\nloki: {commonConfig: {ring: {kvstore: {store: memberlist}}}}\n";
        assert_eq!(rules(values, Some(HEALTHY), None), [("RING-COUNT", Severity::Look)]);
        let as_many = values.replace('5', "3");
        assert_eq!(rules(&as_many, Some(HEALTHY), None), []);
    }

    #[test]
    fn zones_that_are_not_there_are_missed() {
        let aware = "common:\n  ring: {zone_awareness_enabled: true, instance_availability_zone: a, kvstore: {store: memberlist}}\n";
        assert_eq!(rules(aware, Some(HEALTHY), None), [("RING-ZONES", Severity::Act)]);
    }

    #[test]
    fn heartbeats_cannot_be_older_than_their_period_for_long() {
        let late = ("RING-HEARTBEAT", Severity::Look);
        let often = "memberlist: {join_members: [a]}\ningester: {lifecycler: {heartbeat_period: 1s}}\n";
        assert!(rules(often, Some(RESTARTED), None).contains(&late));
        let slow =
            "common: {ring: {heartbeat_period: 1m, heartbeat_timeout: 5m, kvstore: {store: memberlist}}}\n";
        assert!(!rules(slow, Some(RESTARTED), None).contains(&late));
    }

    #[test]
    fn tokens_that_differ_are_told() {
        let more = "common: {ring: {num_tokens: 512, kvstore: {store: memberlist}}}\n";
        assert_eq!(rules(more, Some(HEALTHY), None), [("RING-TOKENS", Severity::Note)]);
    }

    #[test]
    fn an_error_of_the_past_is_past_while_the_ring_is_healthy() {
        let config = "common: {ring: {kvstore: {store: memberlist}}}\n";
        let past = [("LOG-PAST", Severity::Note)];
        assert_eq!(rules(config, Some(HEALTHY), Some(&logged("err=\"empty ring\""))), past);
        let ids = LogFacts { ids: ["fast-join".to_owned()].into(), ..LogFacts::default() };
        assert_eq!(rules(config, Some(HEALTHY), Some(&ids)), past);
        assert_eq!(rules(config, None, Some(&ids)), []);
    }

    #[test]
    fn who_joined_should_be_in_the_ring() {
        let config = "common: {ring: {kvstore: {store: memberlist}}}\n";
        let facts = LogFacts { joined: vec!["loki-9-0123abcd".into()], ..LogFacts::default() };
        assert_eq!(rules(config, Some(HEALTHY), Some(&facts)), [("LOG-JOINED", Severity::Look)]);
        let querier = LogFacts { joined: vec!["loki-querier-9".into()], ..LogFacts::default() };
        assert_eq!(rules(config, Some(HEALTHY), Some(&querier)), []);
    }

    #[test]
    fn a_reading_tells_who_joined_and_with_which_label() {
        let mut decoder = crate::doctor::log::Decoder::new();
        decoder.begin_file("loki-9");
        decoder.feed(
            b"level=info ts=2026-11-22T10:15:37Z msg=\"Starting Loki\" version=\"3.7.3\"\n\
              level=info ts=2026-11-22T10:15:37Z msg=\"Using memberlist cluster label and node name\" cluster_label=test node=loki-9-0123abcd\n\
              level=info ts=2026-11-22T10:15:38Z msg=\"joining memberlist cluster succeeded\" reached_nodes=2 elapsed_time=1s\n",
        );
        let facts = LogFacts::of(&decoder.finish());
        assert_eq!(facts.labels, BTreeSet::from(["test".to_owned()]));
        assert_eq!(facts.joined, ["loki-9"]);
        assert_eq!(label_in(r#"{"cluster_label":"a b","x":1}"#).as_deref(), Some("a b"));
        assert_eq!(label_in("cluster_label= node=x").as_deref(), Some(""));
        assert_eq!(label_in("no label"), None);
    }

    #[test]
    fn labels_that_differ_do_not_hear_each_other() {
        let facts = LogFacts { labels: ["test".to_owned()].into(), ..LogFacts::default() };
        assert_eq!(rules(MEMBERLIST, None, Some(&facts)), [("LOG-LABEL", Severity::Act)]);
        let unchecked = "memberlist: {cluster_label: prod, cluster_label_verification_disabled: true}\n";
        assert_eq!(rules(unchecked, None, Some(&facts)), [("LOG-LABEL", Severity::Note)]);
    }
}
