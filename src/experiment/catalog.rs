//! The scenarios that come with Ringside.

use crate::sim::Scenario;

/// Names and texts; a page of the site serves the same files.
const SCENARIOS: &[(&str, &str)] = &[
    ("fast-join-first-pod", include_str!("../../public/scenarios/fast-join-first-pod.json")),
    ("fast-join-unresolvable-name", include_str!("../../public/scenarios/fast-join-unresolvable-name.json")),
    ("fast-join-dns-prefix", include_str!("../../public/scenarios/fast-join-dns-prefix.json")),
    ("single-replica-rf3", include_str!("../../public/scenarios/single-replica-rf3.json")),
    ("sigkill-one-of-three", include_str!("../../public/scenarios/sigkill-one-of-three.json")),
    ("graceful-shutdown", include_str!("../../public/scenarios/graceful-shutdown.json")),
    ("final-sleep", include_str!("../../public/scenarios/final-sleep.json")),
    ("wrong-bind-address", include_str!("../../public/scenarios/wrong-bind-address.json")),
    ("abort-if-join-fails", include_str!("../../public/scenarios/abort-if-join-fails.json")),
];

/// The names, in the order in which they are told.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCENARIOS.iter().map(|(name, _)| *name)
}

/// All scenarios.
pub fn all() -> impl Iterator<Item = Scenario> {
    SCENARIOS.iter().filter_map(|(_, text)| Scenario::parse(text).ok())
}

/// The scenario of this name.
pub fn find(name: &str) -> Option<Scenario> {
    let (_, text) = SCENARIOS.iter().find(|(known, _)| *known == name)?;
    Scenario::parse(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Report;

    #[test]
    fn every_expectation_of_every_scenario_holds_whatever_the_seed() {
        for (scenario, seed) in all().flat_map(|scenario| (1..=3).map(move |seed| (scenario.clone(), seed))) {
            let report = Report::of(&Scenario { seed, ..scenario.clone() }).unwrap();
            assert!(report.is_as_expected(), "seed {seed}: {}", report.to_text());
        }
    }

    #[test]
    fn every_scenario_parses_under_its_own_name_and_says_what_it_shows() {
        for (name, text) in SCENARIOS {
            let scenario = Scenario::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(scenario.name, *name);
            assert!(!scenario.title.is_empty() && !scenario.about.is_empty(), "{name}");
            assert!(!scenario.expect.is_empty(), "{name} expects nothing");
        }
    }
}
