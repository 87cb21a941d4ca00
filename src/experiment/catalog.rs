//! The scenarios that come with Ringside.

use crate::sim::Scenario;

/// A name and its text.
macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../public/scenarios/", $name, ".json")))
    };
}

/// Names and texts by kind, in the order in which they are told; a page of the site serves the same files.
const GROUPS: &[(&str, &[(&str, &str)])] = &[
    ("Healthy", &[file!("healthy-3"), file!("healthy-30-3-zones")]),
    (
        "Starting up",
        &[
            file!("fast-join-first-pod"),
            file!("fast-join-unresolvable-name"),
            file!("fast-join-dns-prefix"),
            file!("all-at-once-late-dns"),
            file!("abort-if-join-fails"),
        ],
    ),
    (
        "Wrong configuration",
        &[
            file!("wrong-join-list"),
            file!("wrong-bind-address"),
            file!("port-7946-blocked"),
            file!("single-replica-rf3"),
        ],
    ),
    ("Faults", &[file!("sigkill-one-of-three"), file!("second-ghost"), file!("zone-outage")]),
    (
        "Operations",
        &[file!("graceful-shutdown"), file!("final-sleep"), file!("rolling-restart"), file!("scale-3-to-6")],
    ),
    ("Key-value stores", &[file!("consul-outage"), file!("memberlist-has-no-outage")]),
];

/// All scenarios by kind, for a menu: the heading, and what is under it.
pub fn groups() -> impl Iterator<Item = (&'static str, Vec<Scenario>)> {
    let parse = |(_, text): &(&str, &str)| Scenario::parse(text).ok();
    GROUPS.iter().map(move |(heading, files)| (*heading, files.iter().filter_map(parse).collect()))
}

/// The names, in the order of the groups.
pub fn names() -> impl Iterator<Item = &'static str> {
    files().map(|(name, _)| name)
}

/// All scenarios, in the order of the groups.
pub fn all() -> impl Iterator<Item = Scenario> {
    files().filter_map(|(_, text)| Scenario::parse(text).ok())
}

/// The scenario of this name.
pub fn find(name: &str) -> Option<Scenario> {
    let (_, text) = files().find(|(known, _)| *known == name)?;
    Scenario::parse(text).ok()
}

fn files() -> impl Iterator<Item = (&'static str, &'static str)> {
    GROUPS.iter().flat_map(|(_, files)| *files).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Report;
    use crate::sim::Span;

    #[test]
    fn every_expectation_of_every_scenario_holds_whatever_the_seed() {
        for (scenario, seed) in all().flat_map(|scenario| (1..=3).map(move |seed| (scenario.clone(), seed))) {
            let report = Report::of(&Scenario { seed, ..scenario.clone() }).unwrap();
            assert!(report.is_as_expected(), "seed {seed}: {}", report.to_text());
        }
    }

    #[test]
    fn every_scenario_parses_under_its_own_name_and_says_what_it_shows() {
        for (name, text) in files() {
            let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(scenario.name, name);
            assert!(!scenario.title.is_empty() && !scenario.about.is_empty(), "{name}");
            assert!(!scenario.watch.is_empty(), "{name} has nothing to look at");
            assert!(!scenario.expect.is_empty(), "{name} expects nothing");
            assert!(scenario.until <= Span::secs(600), "{name} is long");
        }
    }

    #[test]
    fn every_file_is_in_one_group_once() {
        let mut told = Vec::from_iter(groups().flat_map(|(_, scenarios)| scenarios).map(|it| it.name));
        told.sort_unstable();
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/public/scenarios");
        let names = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name());
        let mut names = Vec::from_iter(names.map(|name| name.to_str().unwrap().replace(".json", "")));
        names.sort_unstable();
        assert_eq!(told, names);
    }

    #[test]
    fn the_twins_differ_in_the_store_alone() {
        let twins = ["consul-outage", "memberlist-has-no-outage"].map(|name| find(name).unwrap());
        let [consul, mut memberlist] = twins;
        assert_eq!((&consul.steps, consul.until), (&memberlist.steps, memberlist.until));
        assert_ne!(consul.options, memberlist.options);
        memberlist.options.store = consul.options.store;
        assert_eq!(consul.options, memberlist.options);
    }
}
