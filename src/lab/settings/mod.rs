//! Every setting of a run that a reader may change: what it is called, what may stand there, what it breaks.
//!
//! Values are text as configurations write them: `200ms`, `true`, `3`, `2%`, `dns+gossip-ring:7946, other`.

mod catalogue;
mod draft;
mod groups;
mod memberlist;
mod text;
mod world;

use std::iter;

use serde_json::Value;

use crate::sim::{Command, Options, OptionsError, Scenario, ScenarioError, Span, WorkloadChange};

pub use draft::{Draft, Edit, Taken, running, target_word};
pub use groups::{Front, add_group, front, remove_group, with_ingesters, with_zones};

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Where it is: as [`Scenario::with_settings`] takes it; of a group of pods, the part after `groups.N.`.
    pub path: &'static str,
    /// Under which heading it stands.
    pub section: Section,
    /// Where Loki's own configuration has it; nothing for what is the world's, not Loki's.
    pub loki: Option<&'static str>,
    /// Its name for people.
    pub label: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What stands there when nobody says anything.
    pub default: &'static str,
    /// What it does, or what breaks when it is wrong.
    pub help: &'static str,
}

impl Setting {
    /// Whether all words are somewhere in its names or its help.
    pub fn has(&self, words: &str) -> bool {
        let texts = [self.path, self.loki.unwrap_or_default(), self.label, self.help].map(str::to_lowercase);
        let mut words = words.split_whitespace().map(str::to_lowercase);
        words.all(|word| texts.iter().any(|text| text.contains(&word)))
    }
}

/// The headings of the cluster panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// What runs, and where.
    Cluster,
    /// How instances enter, stay in and leave rings.
    Ring,
    /// How members find and tell each other.
    Memberlist,
    /// What ingesters do with lines.
    Ingester,
    /// Consul or etcd, when they hold the rings.
    Store,
    /// How packets travel.
    Network,
    /// How names are found.
    Dns,
    /// How pods are started and restarted.
    Deployment,
    /// Who pushes and queries.
    Workload,
    /// The run itself.
    Run,
}

impl Section {
    /// All of them, in the order of the panel.
    pub const ALL: [Self; 10] = [
        Self::Cluster,
        Self::Ring,
        Self::Memberlist,
        Self::Ingester,
        Self::Store,
        Self::Network,
        Self::Dns,
        Self::Deployment,
        Self::Workload,
        Self::Run,
    ];

    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "Cluster",
            Self::Ring => "Rings",
            Self::Memberlist => "Memberlist",
            Self::Ingester => "Ingester",
            Self::Store => "Store",
            Self::Network => "Network",
            Self::Dns => "DNS",
            Self::Deployment => "Deployment",
            Self::Workload => "Workload",
            Self::Run => "Run",
        }
    }
}

/// What may stand in a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Count {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A length of time as Go writes it, `1m30s`.
    Duration {
        /// The shortest.
        min: Span,
    },
    /// Per cent, with up to four decimals; the scenario has millionths.
    Percent,
    /// Any text.
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Any of these, with commas between them.
    Subset(&'static [&'static str]),
    /// Texts with commas between them.
    List,
}

/// A setting that is not as in another scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its whole path: `memberlist.gossip_interval`, `groups.0.count`.
    pub path: String,
    /// Which.
    pub setting: &'static Setting,
    /// What stands there.
    pub value: String,
    /// What stands there in the other one.
    pub before: String,
}

/// All settings of the cluster as a whole, by section.
pub fn all() -> impl Iterator<Item = &'static Setting> + Clone {
    catalogue::CLUSTER.iter().chain(memberlist::MEMBERLIST).chain(world::WORLD)
}

/// The settings that every group of pods has for itself.
pub const fn of_group() -> &'static [Setting] {
    groups::GROUP
}

/// The setting with this path, such as `memberlist.gossip_interval` or `groups.0.count`.
pub fn find(path: &str) -> Option<&'static Setting> {
    let path = path.strip_prefix("options.").unwrap_or(path);
    match path.strip_prefix("groups.").and_then(|rest| rest.split_once('.')) {
        Some((number, field)) => {
            number.parse::<usize>().ok()?;
            of_group().iter().find(|setting| setting.path == field)
        }
        None => all().find(|setting| setting.path == path),
    }
}

/// The settings that have all words somewhere in their names or their help, in the order of the panel.
pub fn search(words: &str) -> Vec<&'static Setting> {
    all().filter(|setting| setting.has(words)).collect()
}

/// The settings of a scenario as text, to be asked many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Values(Value);

impl Values {
    /// What a scenario says.
    pub fn of(scenario: &Scenario) -> Self {
        Self(serde_json::to_value(scenario).unwrap_or_default())
    }

    /// What Loki, and the world around it, do when nobody says anything.
    pub fn defaults() -> Self {
        Self::of(&plain())
    }

    /// The value at a path; empty when there is none.
    pub fn text(&self, path: &str) -> String {
        let value = find(path).and_then(|setting| Some((setting, self.0.pointer(&pointer(path))?)));
        value.map(|(setting, value)| text::written(setting.kind, value)).unwrap_or_default()
    }

    /// Whether the value at a path is the default.
    pub fn is_default(&self, path: &str) -> bool {
        find(path).is_some_and(|setting| self.text(path) == setting.default)
    }

    /// The settings that are not as by default.
    pub fn changed(&self) -> Vec<Change> {
        self.changed_since(&Self::defaults())
    }

    /// The settings that are not as in `before`; those of groups that it does not have are compared with the
    /// defaults.
    pub fn changed_since(&self, before: &Self) -> Vec<Change> {
        let groups = self.0.pointer("/options/groups").and_then(Value::as_array).map_or(0, Vec::len);
        let of_groups = (0..groups).flat_map(|number| {
            of_group().iter().map(move |setting| (format!("groups.{number}.{}", setting.path), setting))
        });
        let paths = all().map(|setting| (setting.path.to_owned(), setting)).chain(of_groups);
        let compared = paths.map(|(path, setting)| {
            let old = match before.0.pointer(&pointer(&path)) {
                Some(value) => text::written(setting.kind, value),
                None => setting.default.to_owned(),
            };
            Change { value: self.text(&path), before: old, path, setting }
        });
        compared.filter(|change| change.value != change.before).collect()
    }
}

/// The scenario with one setting changed; everything else stays, or nothing does.
pub fn set(scenario: &Scenario, path: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let no_such = || ScenarioError::NoSuchSetting { path: path.to_owned() };
    let setting = find(path).ok_or_else(no_such)?;
    let value = text::read(setting, text).map_err(|allowed| {
        let short = text.chars().take(80).collect();
        OptionsError { field: path.to_owned(), value: short, allowed }
    })?;
    let mut values = Values::of(scenario);
    *values.0.pointer_mut(&pointer(path)).ok_or_else(no_such)? = value;
    Scenario::from_value(values.0)
}

/// The command that brings a running cluster to what `changed` says at `path`; nothing when that takes a new
/// run.
pub fn live_command(changed: &Scenario, path: &str) -> Option<Command> {
    const MOST_IN_A_GROUP: usize = 1000;

    let Options { network, workload, groups, .. } = &changed.options;
    let change = WorkloadChange::default();
    let command = match path.strip_prefix("options.").unwrap_or(path) {
        "network.loss" => Command::Loss { millionths: network.loss },
        "network.latency_min" => of_network(Some(network.latency_min), None, None, None),
        "network.latency_max" => of_network(None, Some(network.latency_max), None, None),
        "network.latency_between_zones" => of_network(None, None, Some(network.latency_between_zones), None),
        "network.duplication" => of_network(None, None, None, Some(network.duplication)),
        "workload.pushes_per_second" => Command::Workload(WorkloadChange {
            pushes_per_second: Some(workload.pushes_per_second),
            ..change
        }),
        "workload.queries_per_second" => Command::Workload(WorkloadChange {
            queries_per_second: Some(workload.queries_per_second),
            ..change
        }),
        "workload.streams" => Command::Workload(WorkloadChange { streams: Some(workload.streams), ..change }),
        "workload.streams_per_push" => {
            Command::Workload(WorkloadChange { streams_per_push: Some(workload.streams_per_push), ..change })
        }
        "workload.lines_per_stream" => {
            Command::Workload(WorkloadChange { lines_per_stream: Some(workload.lines_per_stream), ..change })
        }
        "workload.skew" => Command::Workload(WorkloadChange { skew: Some(workload.skew), ..change }),
        "workload.shards" => Command::Workload(WorkloadChange { shards: Some(workload.shards), ..change }),
        path => {
            let number = path.strip_prefix("groups.")?.strip_suffix(".count")?;
            let group =
                groups.get(number.parse::<usize>().ok()?).filter(|group| group.count <= MOST_IN_A_GROUP)?;
            Command::Scale { group: group.name.clone(), count: group.count }
        }
    };
    Some(command)
}

/// Whether a running cluster can take another value at `path`.
pub fn is_live(path: &str) -> bool {
    let path = path.strip_prefix("options.").unwrap_or(path);
    let is_count = path.starts_with("groups.") && path.ends_with(".count");
    let is_of_client = matches!(path, "workload.push_timeout" | "workload.tenant");
    is_count || path.starts_with("network.") || path.starts_with("workload.") && !is_of_client
}

const fn of_network(
    latency_min: Option<Span>,
    latency_max: Option<Span>,
    latency_between_zones: Option<Span>,
    duplication: Option<u32>,
) -> Command {
    Command::Network { latency_min, latency_max, latency_between_zones, duplication }
}

/// A scenario in which nothing is said.
fn plain() -> Scenario {
    Scenario {
        name: String::new(),
        title: String::new(),
        about: String::new(),
        seed: 1,
        until: Span::secs(600),
        options: Options::default(),
        steps: Vec::new(),
        watch: Vec::new(),
        expect: Vec::new(),
    }
}

/// Where the JSON of a scenario has a setting.
fn pointer(path: &str) -> String {
    let path = path.strip_prefix("options.").unwrap_or(path);
    let root = if matches!(path, "seed" | "until") { "" } else { "/options" };
    iter::once(root).chain(path.split('.')).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests;
