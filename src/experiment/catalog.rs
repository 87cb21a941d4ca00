//! The scenarios that come with Ringside.

use crate::sim::Scenario;

/// Names and texts; a page of the site serves the same files.
const SCENARIOS: &[(&str, &str)] =
    &[("fast-join-first-pod", include_str!("../../public/scenarios/fast-join-first-pod.json"))];

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
