use crate::lifecycle::RingKind;

use super::{Command, CommandError, Group, Simulation, TimedCommand};

impl Simulation {
    /// The number of a pod. Of several with one name, the newest.
    pub fn known_pod(&self, name: &str) -> Result<u32, CommandError> {
        let found = self.pods.iter().rev().find(|pod| *pod.name == *name).map(|pod| pod.index);
        found.ok_or_else(|| {
            let mut known = Vec::from_iter(self.pods.iter().take(5).map(|pod| pod.name.to_string()));
            if self.pods.len() > known.len() {
                known.push(format!("{} more", self.pods.len() - known.len()));
            }
            CommandError::UnknownPod { name: name.into(), known: known.join(", ") }
        })
    }

    /// Whether a pod has this name, or will get it by a command that is planned or was done.
    pub(super) fn known_name(&self, name: &str) -> Result<(), CommandError> {
        let gives = |timed: &TimedCommand| match &timed.command {
            Command::Start { rename, .. } => rename.as_deref() == Some(name),
            Command::Scale { group, count } => self.is_in_group(name, group, *count),
            _ => false,
        };
        if self.commands.iter().any(gives) { Ok(()) } else { self.known_pod(name).map(drop) }
    }

    /// Whether a group of this size has a pod of this name.
    fn is_in_group(&self, name: &str, group: &str, count: usize) -> bool {
        let Ok(group) = self.known_group(group) else { return false };
        let settings = &self.world.options.groups[group];
        if settings.names.iter().take(count).any(|own| own == name) {
            return true;
        }
        let number = name.strip_prefix(&*settings.name).and_then(|rest| rest.strip_prefix('-'));
        let ordinal = number.and_then(|number| number.parse::<usize>().ok()?.checked_sub(settings.first));
        ordinal.is_some_and(|ordinal| ordinal < count && pod_name(settings, ordinal) == name)
    }

    pub(super) fn known_group(&self, name: &str) -> Result<usize, CommandError> {
        let groups = &self.world.options.groups;
        groups.iter().position(|group| group.name == name).ok_or_else(|| CommandError::UnknownGroup {
            name: name.into(),
            known: Vec::from_iter(groups.iter().map(|group| group.name.clone())).join(", "),
        })
    }

    fn known_zone(&self, name: &str) -> Result<(), CommandError> {
        let mut known: Vec<&str> = Vec::new();
        for zone in self.world.options.groups.iter().flat_map(|group| &group.zones) {
            if !known.contains(&zone.as_str()) {
                known.push(zone);
            }
        }
        if known.contains(&name) || name.is_empty() {
            return Ok(());
        }
        let known = if known.is_empty() { "none".into() } else { known.join(", ") };
        Err(CommandError::UnknownZone { name: name.into(), known })
    }

    /// The ring of this name, if it is switched on.
    pub fn known_ring(&self, name: &str) -> Result<RingKind, CommandError> {
        let rings = &self.world.rings;
        rings.iter().copied().find(|ring| ring.name() == name).ok_or_else(|| CommandError::UnknownRing {
            name: name.into(),
            known: Vec::from_iter(rings.iter().map(|ring| ring.name())).join(", "),
        })
    }

    /// Whether `zone:NAME`, `group:NAME` or a name stands for pods that there are or will be.
    pub(super) fn known_selection(&self, name: &str) -> Result<(), CommandError> {
        match selection(name) {
            Selection::Zone(zone) => self.known_zone(zone),
            Selection::Group(group) => self.known_group(group).map(drop),
            Selection::Pod(pod) => self.known_name(pod),
        }
    }

    /// The pods that `zone:NAME`, `group:NAME` or a name stands for now, by number.
    pub fn selected(&self, name: &str) -> Result<Vec<u32>, CommandError> {
        match selection(name) {
            Selection::Zone(zone) => {
                self.known_zone(zone)?;
                Ok(self.pods.iter().filter(|pod| *pod.zone == *zone).map(|pod| pod.index).collect())
            }
            Selection::Group(group) => self.known_group(group).map(|group| self.groups[group].pods.clone()),
            Selection::Pod(pod) => self.known_pod(pod).map(|pod| vec![pod]),
        }
    }
}

/// What a group calls the pod of this ordinal, counted from 0.
pub(super) fn pod_name(group: &Group, ordinal: usize) -> String {
    let own = group.names.get(ordinal).cloned();
    own.unwrap_or_else(|| format!("{}-{}", group.name, group.first + ordinal))
}

/// What the name of some pods is.
enum Selection<'a> {
    Zone(&'a str),
    Group(&'a str),
    Pod(&'a str),
}

fn selection(name: &str) -> Selection<'_> {
    let group = || name.strip_prefix("group:").map_or(Selection::Pod(name), Selection::Group);
    name.strip_prefix("zone:").map_or_else(group, Selection::Zone)
}

/// Whether a name may stand for several pods.
pub(super) fn names_several(name: &str) -> bool {
    !matches!(selection(name), Selection::Pod(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Scenario, SimulationError};

    fn planned(steps: &str) -> Result<(), String> {
        let options = r#"{"groups": [{"name": "loki", "first": 1, "count": 3}]}"#;
        let json = format!(r#"{{"name": "t", "until": "2m", "options": {options}, "steps": [{steps}]}}"#);
        match Simulation::of(&Scenario::parse(&json).unwrap()) {
            Ok(_) => Ok(()),
            Err(SimulationError::Command { index, error }) => Err(format!("{index}: {error}")),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn pods_that_a_planned_command_brings_can_be_named() {
        let scale = r#"{"at": "10s", "do": {"scale": {"group": "loki", "count": 6}}}"#;
        let kill = |name: &str| format!(r#"{{"at": "60s", "do": {{"kill": {{"pod": "{name}"}}}}}}"#);
        assert_eq!(planned(&format!("{scale}, {}", kill("loki-4"))), Ok(()));
        assert_eq!(planned(&format!("{scale}, {}", kill("loki-6"))), Ok(()));
        let unknown =
            |name: &str| Err(format!("1: no pod is called {name:?}; pods are loki-1, loki-2, loki-3"));
        for beyond in ["loki-0", "loki-7", "loki-04", "loki-+4", "loki-", "other-4"] {
            assert_eq!(planned(&format!("{scale}, {}", kill(beyond))), unknown(beyond));
        }
        let without = planned(&kill("loki-4"));
        assert_eq!(without, Err("0: no pod is called \"loki-4\"; pods are loki-1, loki-2, loki-3".into()));
        let renamed = r#"{"at": "10s", "do": {"start": {"pod": "loki-1", "rename": "loki-x"}}}"#;
        assert_eq!(planned(&format!("{renamed}, {}", kill("loki-x"))), Ok(()));
    }
}
