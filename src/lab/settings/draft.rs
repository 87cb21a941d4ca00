//! What a reader has changed about a cluster that runs: what it can take at once, and what waits for a new run.

use crate::sim::{Command, Scenario, ScenarioError, Target, TimedCommand};
use crate::time::Instant;

use super::{Values, add_group, find, live_command, remove_group, set};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// A setting gets another value.
    Set {
        /// Which.
        path: String,
        /// What stands there now, as text.
        text: String,
    },
    /// A group of three pods more.
    AddGroup(Target),
    /// A group less.
    RemoveGroup {
        /// Its number at that time.
        number: usize,
        /// Its name.
        name: String,
    },
}

/// Changes that wait for a new run, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Draft(Vec<Edit>);

/// What becomes of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The running cluster takes it.
    AtOnce(Command),
    /// It waits in the draft.
    Later,
    /// Everything is as in the running cluster again.
    Nothing,
}

impl Draft {
    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What waits.
    pub fn edits(&self) -> &[Edit] {
        &self.0
    }

    /// A scenario with all that waits.
    pub fn apply(&self, base: &Scenario) -> Result<Scenario, ScenarioError> {
        self.0.iter().try_fold(base.clone(), |scenario, edit| edit.apply(&scenario))
    }

    /// Takes in another change of a cluster that runs as `running`. An error changes nothing.
    pub fn take(&mut self, running: &Scenario, edit: Edit) -> Result<Taken, ScenarioError> {
        let mut wanted = self.clone();
        if let Edit::Set { path, .. } = &edit {
            wanted.forget(path);
        }
        let before = wanted.apply(running)?;
        let after = edit.apply(&before)?;
        if let Edit::Set { path, text } = &edit {
            // Numbers of groups are those of the running cluster as long as none was taken out.
            let alone = if self.removes_groups() { None } else { set(running, path, text).ok() };
            let command =
                alone.as_ref().filter(|alone| *alone != running).and_then(|alone| live_command(alone, path));
            if let Some(command) = command {
                *self = wanted;
                return Ok(Taken::AtOnce(command));
            }
        }
        if after != before {
            wanted.0.push(edit);
        }
        *self = if wanted.apply(running)? == *running { Self::default() } else { wanted };
        Ok(if self.is_empty() { Taken::Nothing } else { Taken::Later })
    }

    /// What waits, in words: `Replication factor: 3 → 1`.
    pub fn words(&self, running: &Scenario) -> Vec<String> {
        let values = Values::of(running);
        let or_none = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
        let words = |edit: &Edit| match edit {
            Edit::Set { path, text } => {
                let label = find(path).map_or("", |setting| setting.label);
                let number = path
                    .strip_prefix("groups.")
                    .and_then(|rest| rest.split('.').next()?.parse::<usize>().ok());
                let group = number.and_then(|number| running.options.groups.get(number));
                let of = match (number, group) {
                    (Some(_), Some(group)) if !self.removes_groups() => format!(" of {}", group.name),
                    (Some(number), _) => format!(" of group {}", number + 1),
                    (None, _) => String::new(),
                };
                let before =
                    if group.is_some() || number.is_none() { values.text(path) } else { String::new() };
                format!("{label}{of}: {} \u{2192} {}", or_none(before), or_none(text.clone()))
            }
            Edit::AddGroup(target) => format!("Three pods more, with target {}", target_word(*target)),
            Edit::RemoveGroup { name, .. } => format!("Without the group {name}"),
        };
        self.0.iter().map(words).collect()
    }

    fn removes_groups(&self) -> bool {
        self.0.iter().any(|edit| matches!(edit, Edit::RemoveGroup { .. }))
    }

    /// Forgets an earlier change of the same setting, unless its path has come to mean something else.
    fn forget(&mut self, path: &str) {
        let is_same = |edit: &Edit| matches!(edit, Edit::Set { path: known, .. } if known == path);
        let is_group = path.starts_with("groups.");
        let renumbered = self.0.iter().rposition(|edit| matches!(edit, Edit::RemoveGroup { .. }));
        let from = if is_group { renumbered.map_or(0, |place| place + 1) } else { 0 };
        let mut place = 0;
        self.0.retain(|edit| {
            place += 1;
            place <= from || !is_same(edit)
        });
    }
}

impl Edit {
    fn apply(&self, scenario: &Scenario) -> Result<Scenario, ScenarioError> {
        match self {
            Self::Set { path, text } => set(scenario, path, text),
            Self::AddGroup(target) => add_group(scenario, *target),
            Self::RemoveGroup { number, .. } => remove_group(scenario, *number),
        }
    }
}

/// A scenario with the settings that its own commands have changed up to an instant.
pub fn running(scenario: &Scenario, at: Instant) -> Scenario {
    let mut scenario = scenario.clone();
    let mut done: Vec<&TimedCommand> =
        scenario.steps.iter().filter(|timed| Instant::START + timed.at.0 <= at).collect();
    done.sort_by_key(|timed| timed.at);
    let loss = scenario.options.network.loss;
    let mut options = scenario.options.clone();
    for TimedCommand { command, .. } in done {
        match command {
            Command::Loss { millionths } => options.network.loss = *millionths,
            Command::Heal {} => options.network.loss = loss,
            Command::Scale { group, count } => {
                options
                    .groups
                    .iter_mut()
                    .filter(|known| known.name == *group)
                    .for_each(|group| group.count = *count);
            }
            other => other.change(&mut options),
        }
    }
    scenario.options = options;
    scenario
}

/// As Loki writes a target.
pub fn target_word(target: Target) -> String {
    let value = serde_json::to_value(target).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::catalog;
    use crate::sim::{Simulation, Span, WorkloadChange};

    fn three() -> Scenario {
        catalog::find("healthy-3").unwrap()
    }

    fn put(path: &str, text: &str) -> Edit {
        Edit::Set { path: path.into(), text: text.into() }
    }

    #[test]
    fn what_the_cluster_can_take_is_a_command_and_the_rest_waits() {
        let (running, mut draft) = (three(), Draft::default());
        let taken = draft.take(&running, put("network.latency_max", "3ms")).unwrap();
        let Taken::AtOnce(command @ Command::Network { .. }) = taken else { panic!("{taken:?}") };
        Simulation::of(&running).unwrap().check(&command).unwrap();
        let taken = draft.take(&running, put("workload.streams", "7")).unwrap();
        let change = WorkloadChange { streams: Some(7), ..WorkloadChange::default() };
        assert_eq!(taken, Taken::AtOnce(Command::Workload(change)));
        assert!(draft.is_empty());

        assert_eq!(draft.take(&running, put("replication_factor", "1")), Ok(Taken::Later));
        assert_eq!(draft.take(&running, put("replication_factor", "2")), Ok(Taken::Later));
        assert_eq!(draft.words(&running), ["Replication factor: 3 \u{2192} 2"]);
        assert_eq!(draft.apply(&running).unwrap().options.replication_factor, 2);
        assert_eq!(draft.take(&running, put("replication_factor", "3")), Ok(Taken::Nothing));
        assert!(draft.is_empty());
    }

    #[test]
    fn an_impossible_change_leaves_the_draft_as_it_was() {
        let (running, mut draft) = (three(), Draft::default());
        draft.take(&running, put("lifecycler.num_tokens", "64")).unwrap();
        let before = draft.clone();
        assert!(draft.take(&running, put("lifecycler.num_tokens", "many")).is_err());
        assert!(draft.take(&running, Edit::RemoveGroup { number: 7, name: "x".into() }).is_err());
        assert_eq!(draft, before);
    }

    #[test]
    fn numbers_of_groups_are_those_of_the_time_of_the_change() {
        let (running, mut draft) = (three(), Draft::default());
        draft.take(&running, put("groups.0.zones", "a, b")).unwrap();
        draft.take(&running, Edit::AddGroup(Target::Querier)).unwrap();
        draft.take(&running, put("groups.1.count", "5")).unwrap();
        let wanted = draft.apply(&running).unwrap();
        assert_eq!((wanted.options.groups.len(), wanted.options.groups[1].count), (2, 5));
        let only = Scenario {
            options: crate::sim::Options { groups: wanted.options.groups, ..running.options },
            ..running
        };
        let mut draft = Draft::default();
        let name = only.options.groups[1].name.clone();
        draft.take(&only, put("groups.1.foreign", "true")).unwrap();
        draft.take(&only, Edit::RemoveGroup { number: 1, name }).unwrap();
        draft.take(&only, put("groups.0.count", "4")).unwrap();
        assert_eq!(draft.apply(&only).unwrap().options.groups.len(), 1);
        assert_eq!(draft.words(&only).last().unwrap(), "Pods of group 1: 3 \u{2192} 4");
    }

    #[test]
    fn settings_that_commands_change_are_those_of_the_instant() {
        let mut scenario = three();
        let step =
            |at: u64, command: Command| TimedCommand { at: Span::secs(at), command, note: String::new() };
        let change = WorkloadChange { skew: Some(2), ..WorkloadChange::default() };
        scenario.steps = vec![
            step(30, Command::Scale { group: "loki".into(), count: 5 }),
            step(20, Command::Workload(change)),
            step(10, Command::Loss { millionths: 20_000 }),
            step(40, Command::Heal {}),
        ];
        let at = |secs: u64| {
            let options = running(&scenario, Instant::START + Span::secs(secs).0).options;
            (options.groups[0].count, options.workload.skew, options.network.loss)
        };
        assert_eq!(
            [at(9), at(10), at(25), at(30), at(40)],
            [(3, 0, 0), (3, 0, 20_000), (3, 2, 20_000), (5, 2, 20_000), (5, 2, 0)]
        );
    }
}
