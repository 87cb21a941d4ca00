//! A run as data: the one format of files, links, lessons, tests and the command line.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Options, Span};

/// What runs, what happens to it, and what should come of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its short name, as commands and links use it.
    pub name: String,
    /// One line for people.
    #[serde(default)]
    pub title: String,
    /// What it shows, in a few sentences.
    #[serde(default)]
    pub about: String,
    /// What all chance comes from.
    #[serde(default = "one")]
    pub seed: u64,
    /// How long it runs.
    pub until: Span,
    /// The cluster and its world.
    #[serde(default)]
    pub options: Options,
    /// What happens when.
    #[serde(default)]
    pub steps: Vec<TimedCommand>,
    /// What to look at, for people.
    #[serde(default)]
    pub watch: Vec<String>,
    /// What holds, if all is well with the scenario.
    #[serde(default)]
    pub expect: Vec<Expectation>,
}

/// A command at its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimedCommand {
    /// From the beginning.
    pub at: Span,
    /// What is done.
    #[serde(rename = "do")]
    pub command: Command,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a person, an operator or fate does to the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// SIGKILL. The host stays and refuses connections, unless it goes dark with its process.
    Kill {
        /// Which: a name, `zone:NAME` or `group:NAME`, here and wherever several pods make sense.
        pod: String,
        /// Its address swallows packets from now on, as when a machine is gone.
        #[serde(default)]
        dark: bool,
    },
    /// SIGTERM.
    Terminate {
        /// Which.
        pod: String,
    },
    /// Starts pods that are down; a single one under a new name or at a new address if given.
    Start {
        /// Which.
        pod: String,
        /// Its new name, as a Deployment's pod gets one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rename: Option<String>,
        /// Its new address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
    /// Stops a process's time: SIGSTOP, a long pause of its garbage collector, no CPU. Its kernel goes on.
    Pause {
        /// Which.
        pod: String,
    },
    /// Lets a paused process go on.
    Resume {
        /// Which.
        pod: String,
    },
    /// Steps a pod's clock.
    Clock {
        /// Which.
        pod: String,
        /// How far, in milliseconds; negative is back.
        step_ms: i64,
    },
    /// Cuts the network into parts that do not hear each other: names, `zone:NAME` or `group:NAME`. Pods in
    /// no part stay with the first.
    Partition {
        /// The parts.
        parts: Vec<Vec<String>>,
    },
    /// Drops what goes one way.
    Cut {
        /// From here.
        from: String,
        /// To there.
        to: String,
    },
    /// Slows what goes one way.
    Clog {
        /// From here.
        from: String,
        /// To there.
        to: String,
        /// By how much.
        delay: Span,
    },
    /// How much gets lost of what goes one way, if it is more than the network loses anyway; 0 takes it back.
    LinkLoss {
        /// From here.
        from: String,
        /// To there.
        to: String,
        /// Of a million segments.
        millionths: u32,
    },
    /// Takes back cut, clog and loss of what goes one way. Parts stay apart.
    Mend {
        /// From here.
        from: String,
        /// To there.
        to: String,
    },
    /// A policy that lets nobody reach a pod's memberlist port, or its end.
    BlockPort {
        /// Whose.
        pod: String,
        /// Whether nobody can.
        #[serde(default = "yes", skip_serializing_if = "is_true")]
        blocked: bool,
    },
    /// How much of the network's segments get lost from now on, in millionths.
    Loss {
        /// Of a million.
        millionths: u32,
    },
    /// Takes back every partition, cut, clog, lossy link and blocked port, and what loss came later.
    Heal {},
    /// A message under way never arrives: a packet, or one half of a full exchange.
    Drop {
        /// Its number, counted from 0 over all messages.
        message: u64,
    },
    /// A message under way arrives later.
    Delay {
        /// Its number, counted from 0 over all messages.
        message: u64,
        /// How much later.
        by: Span,
    },
    /// Other settings of the network, as in `options.network`; what is not given stays. A latency's other bound
    /// moves along where it has to.
    Network {
        /// One way, the fastest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        latency_min: Option<Span>,
        /// One way, the slowest.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        latency_max: Option<Span>,
        /// Added between zones, one way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        latency_between_zones: Option<Span>,
        /// Packets that arrive twice, in millionths.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        duplication: Option<u32>,
    },
    /// Other settings of the workload; what is not given stays.
    Workload(WorkloadChange),
    /// The name server answers nobody, or does again.
    Dns {
        /// Whether it is down.
        down: bool,
    },
    /// The central store is away, or is back.
    Store {
        /// Whether it is down.
        down: bool,
    },
    /// A pod's disk takes no more writes, or does again.
    Disk {
        /// Whose.
        pod: String,
        /// Whether it is full.
        full: bool,
    },
    /// How long the replay of the write-ahead log will take at the pod's next start.
    WalReplay {
        /// Whose.
        pod: String,
        /// How long.
        takes: Span,
    },
    /// How long a pod's next process takes to begin; every one after it takes `deployment.init` again.
    Init {
        /// Whose.
        pod: String,
        /// Up to memberlist.
        takes: Span,
        /// From there to the first module.
        modules: Span,
    },
    /// The `final_sleep` of a pod's processes from its next start on.
    FinalSleep {
        /// Whose.
        pod: String,
        /// How long.
        takes: Span,
    },
    /// What a pod's memberlist binds to and advertises at its next start.
    Bind {
        /// Whose.
        pod: String,
        /// `bind_addr`; empty is the pod's own address.
        #[serde(default)]
        bind: String,
        /// `advertise_addr`; empty is the pod's own address.
        #[serde(default)]
        advertise: String,
        /// Another process has the port.
        #[serde(default)]
        taken: bool,
    },
    /// The forget button of a pod's ring page.
    Forget {
        /// Whose page.
        via: String,
        /// Which ring.
        #[serde(default = "ingester")]
        ring: String,
        /// Whom.
        id: String,
    },
    /// One push.
    Push {
        /// Through which distributor.
        via: String,
        /// The stream's labels.
        labels: String,
        /// How many lines.
        #[serde(default = "one")]
        lines: u64,
    },
    /// One query of the ingesters.
    Query {
        /// Through which querier.
        via: String,
    },
    /// Asks `/ready`, which is what starts an ingester's patience.
    Ready {
        /// Whom.
        pod: String,
    },
    /// Restarts a group's pods one after the other, last first, each when the one before is ready.
    Rollout {
        /// Which.
        group: String,
    },
    /// Starts or ends pods until a group has this many; last ones first.
    Scale {
        /// Which.
        group: String,
        /// How many.
        count: usize,
    },
}

/// Settings of the workload, as in `options.workload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkloadChange {
    /// Pushes a second, over all distributors; 0 is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushes_per_second: Option<u32>,
    /// Queries a second, over all queriers; 0 is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queries_per_second: Option<u32>,
    /// How many streams there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams: Option<u32>,
    /// Streams in one push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub streams_per_push: Option<u32>,
    /// Lines in each stream of a push.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines_per_stream: Option<u32>,
    /// How unequal streams are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skew: Option<u32>,
    /// Into how many shards a pushed stream is split.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shards: Option<u32>,
}

/// Something that holds at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// When; at the end if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// What.
    #[serde(rename = "that")]
    pub condition: Condition,
}

/// What may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// How a ring page shows an instance.
    RingState {
        /// Whose page.
        via: String,
        /// Which ring.
        #[serde(default = "ingester")]
        ring: String,
        /// Which instance.
        id: String,
        /// `ACTIVE`, `UNHEALTHY` and so on, or `absent`.
        state: String,
    },
    /// How many members a memberlist page shows.
    Members {
        /// Whose page.
        via: String,
        /// How many.
        count: usize,
    },
    /// Whether `/ready` would say so.
    Ready {
        /// Whose.
        pod: String,
        /// Whether.
        ready: bool,
    },
    /// A line of a pod's log since the beginning has this message.
    Logged {
        /// Whose.
        pod: String,
        /// Part of the line without its time.
        text: String,
        /// How often at least.
        #[serde(default = "one")]
        times: u64,
    },
    /// No line of a pod's log has this message.
    NeverLogged {
        /// Whose.
        pod: String,
        /// Part of the line without its time.
        text: String,
    },
    /// How many pushes failed since the beginning.
    PushesFailed {
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// How many queries failed since the beginning.
    QueriesFailed {
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// How often clients got an error since the beginning.
    Errors {
        /// Part of its text.
        text: String,
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// Lines that were accepted and are nowhere any more.
    LinesLost {
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// All live processes have the same ring.
    Agreement {},
}

/// The text is no scenario, or no cluster could be like it. Nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {value} is not possible; allowed: {allowed}")]
pub struct OptionsError {
    /// Where.
    pub field: String,
    /// What was found.
    pub value: String,
    /// What could be there.
    pub allowed: String,
}

/// Why a text is no scenario. Nothing was run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScenarioError {
    /// No JSON, or not of this shape.
    #[error("{field}: {reason}")]
    Shape {
        /// Where, as a path; `scenario` for the whole.
        field: String,
        /// Why, and what is allowed.
        reason: String,
    },
    /// A value that cannot be.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// A setting whose path does not exist.
    #[error(
        "{path}: no such setting; it is a path such as options.replication_factor, or the part after options."
    )]
    NoSuchSetting {
        /// The path.
        path: String,
    },
}

impl Scenario {
    /// Reads JSON.
    pub fn parse(json: &str) -> Result<Self, ScenarioError> {
        let value = serde_json::from_str(json).map_err(|error: serde_json::Error| ScenarioError::Shape {
            field: "scenario".into(),
            reason: error.to_string(),
        })?;
        Self::from_value(value)
    }

    /// Reads parsed JSON.
    pub fn from_value(value: Value) -> Result<Self, ScenarioError> {
        let scenario: Self = serde_path_to_error::deserialize(value).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "scenario".into() } else { path };
            ScenarioError::Shape { field, reason: error.into_inner().to_string() }
        })?;
        scenario.options.check()?;
        Ok(scenario)
    }

    /// The same with settings changed: `path=value`, where the path is that of the JSON with dots, with or
    /// without its leading `options.`, and the value JSON or plain text.
    pub fn with_settings(&self, settings: &[(String, String)]) -> Result<Self, ScenarioError> {
        let mut value = serde_json::to_value(self)
            .map_err(|error| ScenarioError::Shape { field: "scenario".into(), reason: error.to_string() })?;
        for (path, text) in settings {
            let no_such = || ScenarioError::NoSuchSetting { path: path.clone() };
            let pointer = |prefix: &str| format!("{prefix}/{}", path.replace('.', "/"));
            let direct = pointer("");
            let place = if value.pointer(&direct).is_some() { direct } else { pointer("/options") };
            let slot = value.pointer_mut(&place).ok_or_else(no_such)?;
            *slot = match slot {
                Value::String(_) => Value::String(text.clone()),
                _ => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())),
            };
        }
        Self::from_value(value)
    }

    /// The scenario as a file has it.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

const fn one() -> u64 {
    1
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks like this")]
const fn is_true(value: &bool) -> bool {
    *value
}

fn ingester() -> String {
    "ingester".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str =
        r#"{"name": "small", "until": "2m", "steps": [{"at": "30s", "do": {"kill": {"pod": "loki-1"}}}]}"#;

    #[test]
    fn a_scenario_reads_back_what_it_wrote() {
        let scenario = Scenario::parse(SMALL).unwrap();
        assert_eq!(scenario.steps[0].command, Command::Kill { pod: "loki-1".into(), dark: false });
        assert_eq!(Scenario::parse(&scenario.to_json()).unwrap(), scenario);
    }

    #[test]
    fn a_wrong_field_is_named_with_what_is_allowed() {
        let error = |json: &str| Scenario::parse(json).unwrap_err().to_string();
        let text = error(r#"{"name": "x", "until": "2m", "options": {"replication_factr": 3}}"#);
        assert!(text.starts_with("options.replication_factr: unknown field"), "{text}");
        let text = error(r#"{"name": "x", "until": "2m", "options": {"replication_factor": 0}}"#);
        assert_eq!(text, "options.replication_factor: 0 is not possible; allowed: 1 to 100");
        let text = error(r#"{"name": "x", "until": "two"}"#);
        assert!(text.starts_with("until: "), "{text}");
        assert!(error("{").starts_with("scenario: "));
    }

    #[test]
    fn settings_change_what_they_name_and_nothing_else() {
        let scenario = Scenario::parse(SMALL).unwrap();
        let set = |path: &str, value: &str| scenario.with_settings(&[(path.into(), value.into())]);
        assert_eq!(set("replication_factor", "1").unwrap().options.replication_factor, 1);
        assert_eq!(
            set("options.memberlist.gossip_interval", "1s").unwrap().options.memberlist.gossip_interval,
            Span::secs(1)
        );
        assert_eq!(set("groups.0.count", "7").unwrap().options.groups[0].count, 7);
        assert!(matches!(set("memberlist.gosip", "1s"), Err(ScenarioError::NoSuchSetting { .. })));
        assert!(
            set("replication_factor", "many")
                .unwrap_err()
                .to_string()
                .starts_with("options.replication_factor: ")
        );
    }
}
