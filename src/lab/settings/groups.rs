//! Groups of pods: their own settings, and the short way for the usual case of one group of ingesters.

use crate::sim::{Group, OptionsError, Scenario, ScenarioError, Span, Target};

use super::{Kind, Section, Setting};

const ANY: Kind = Kind::Duration { min: Span::ZERO };

/// The settings of one group.
pub(super) const GROUP: &[Setting] = &[
    Setting {
        path: "name",
        section: Section::Cluster,
        loki: None,
        label: "Name",
        kind: Kind::Text,
        default: "loki",
        help: "The pods are called name-0, name-1 and so on.",
    },
    Setting {
        path: "count",
        section: Section::Cluster,
        loki: None,
        label: "Pods",
        kind: Kind::Count { min: 0, max: 10000 },
        default: "3",
        help: "How many pods there are.",
    },
    Setting {
        path: "target",
        section: Section::Cluster,
        loki: Some("target"),
        label: "Target",
        kind: Kind::Choice(&[
            "all",
            "distributor",
            "ingester",
            "querier",
            "query-frontend",
            "query-scheduler",
            "index-gateway",
            "compactor",
            "ruler",
            "read",
            "write",
            "backend",
        ]),
        default: "all",
        help: "What a process runs. read, write and backend exist up to Loki 3.7.",
    },
    Setting {
        path: "zones",
        section: Section::Cluster,
        loki: Some("ingester.lifecycler.availability_zone"),
        label: "Zones",
        kind: Kind::List,
        default: "",
        help: "Dealt out to the pods in turn; none is the empty zone.",
    },
    Setting {
        path: "first",
        section: Section::Cluster,
        loki: None,
        label: "First number",
        kind: Kind::Count { min: 0, max: u64::MAX },
        default: "0",
        help: "The number of the first pod.",
    },
    Setting {
        path: "started",
        section: Section::Cluster,
        loki: None,
        label: "Started pods",
        kind: Kind::Count { min: 0, max: 10000 },
        default: "",
        help: "How many start with the group; the rest wait for a command. All, if nothing is said.",
    },
    Setting {
        path: "start_at",
        section: Section::Cluster,
        loki: None,
        label: "Starts at",
        kind: ANY,
        default: "0s",
        help: "When the group's pods start, from the beginning.",
    },
    Setting {
        path: "address",
        section: Section::Cluster,
        loki: None,
        label: "First address",
        kind: Kind::Text,
        default: "",
        help: "The first pod's IPv4 address; the others follow it. A free one, if nothing is said.",
    },
    Setting {
        path: "join_members",
        section: Section::Cluster,
        loki: Some("memberlist.join_members"),
        label: "Join members",
        kind: Kind::List,
        default: "",
        help: "Whom its pods join, where they are others than everybody's.",
    },
    Setting {
        path: "cluster_label",
        section: Section::Cluster,
        loki: Some("memberlist.cluster_label"),
        label: "Cluster label",
        kind: Kind::Text,
        default: "",
        help: "Its pods' label, where it is another than everybody's.",
    },
    Setting {
        path: "foreign",
        section: Section::Cluster,
        loki: None,
        label: "Another cluster",
        kind: Kind::Bool,
        default: "false",
        help: "Its pods are another Loki cluster's, on the same network: behind no name of this one's, and out of its clients' reach.",
    },
];

impl Setting {
    /// Whether nothing may stand there, and means that everybody's value holds.
    pub(super) fn is_optional(&self) -> bool {
        matches!(self.path, "started" | "join_members" | "cluster_label")
    }
}

/// A cluster with one group of ingesters in two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front {
    /// The number of the group.
    pub group: usize,
    /// How many ingesters there are.
    pub ingesters: usize,
    /// In how many zones.
    pub zones: usize,
}

/// The cluster in two numbers; nothing when its ingesters are in several groups, or in none.
pub fn front(scenario: &Scenario) -> Option<Front> {
    let has_ingesters = |group: &Group| {
        !group.foreign && matches!(group.target, Target::All | Target::Ingester | Target::Write)
    };
    let mut found = scenario.options.groups.iter().enumerate().filter(|(_, group)| has_ingesters(group));
    let (number, group) = found.next()?;
    let zones = group.zones.iter().collect::<std::collections::BTreeSet<_>>().len().max(1);
    found.next().is_none().then_some(Front { group: number, ingesters: group.count, zones })
}

/// The scenario with this many ingesters in its group of them. Nothing changes when there is no such group.
pub fn with_ingesters(scenario: &Scenario, ingesters: usize) -> Result<Scenario, ScenarioError> {
    with_front(scenario, |group| group.count = ingesters)
}

/// The scenario with its ingesters in `zones` zones, called `zone-a` and so on; one is the empty zone. Nothing
/// changes when there is no single group of ingesters.
pub fn with_zones(scenario: &Scenario, zones: usize) -> Result<Scenario, ScenarioError> {
    const MOST: usize = 26;

    if !(1..=MOST).contains(&zones) {
        return Err(wrong("zones", zones.to_string(), format!("1 to {MOST}")));
    }
    let names = ('a'..='z').take(zones).map(|letter| format!("zone-{letter}"));
    with_front(scenario, |group| group.zones = if zones == 1 { Vec::new() } else { names.collect() })
}

/// The scenario with one more group: three pods of this target, called after it.
pub fn add_group(scenario: &Scenario, target: Target) -> Result<Scenario, ScenarioError> {
    let mut scenario = scenario.clone();
    let groups = &mut scenario.options.groups;
    let word = serde_json::to_value(target).ok().and_then(|value| value.as_str().map(str::to_owned));
    let word = word.filter(|word| word != "all").unwrap_or_else(|| "loki".into());
    let is_free = |name: &String| groups.iter().all(|group| group.name != *name);
    let numbered = (2..).map(|number: usize| format!("{word}-{number}"));
    let name = std::iter::once(word.clone()).chain(numbered).find(is_free).unwrap_or_default();
    let zones = groups.first().map(|group| group.zones.clone()).unwrap_or_default();
    groups.push(Group { name, target, zones, ..Group::default() });
    checked(scenario)
}

/// The scenario without one of its groups, but not without the last one.
pub fn remove_group(scenario: &Scenario, number: usize) -> Result<Scenario, ScenarioError> {
    let mut scenario = scenario.clone();
    let groups = &mut scenario.options.groups;
    if number >= groups.len() {
        return Err(wrong("groups", number.to_string(), format!("0 to {}", groups.len().saturating_sub(1))));
    }
    groups.remove(number);
    checked(scenario)
}

fn with_front(scenario: &Scenario, change: impl FnOnce(&mut Group)) -> Result<Scenario, ScenarioError> {
    let mut scenario = scenario.clone();
    if let Some(front) = front(&scenario) {
        change(&mut scenario.options.groups[front.group]);
    }
    checked(scenario)
}

fn checked(scenario: Scenario) -> Result<Scenario, ScenarioError> {
    scenario.options.check()?;
    Ok(scenario)
}

fn wrong(field: &str, value: String, allowed: String) -> ScenarioError {
    OptionsError { field: format!("options.{field}"), value, allowed }.into()
}
