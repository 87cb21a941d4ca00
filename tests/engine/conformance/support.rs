use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use ringside::ring::{Desc, InstanceDesc, Operation, RingConfig};
use ringside::time::WallTime;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

/// One vector file, read whole, and the tally of its cases.
pub(super) struct VectorFile {
    name: &'static str,
    ran: usize,
    failures: Vec<String>,
}

impl VectorFile {
    /// Reads `NAME.json` as `T`.
    pub(super) fn read<T: DeserializeOwned>(name: &'static str) -> (Self, T) {
        let path = folder().join(format!("{name}.json"));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let parsed =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (Self { name, ran: 0, failures: Vec::new() }, parsed)
    }

    /// Counts one case, and keeps the difference if `ours` is not `theirs`.
    pub(super) fn check<T: PartialEq + Debug>(
        &mut self,
        case: impl FnOnce() -> String,
        ours: &T,
        theirs: &T,
    ) {
        self.ran += 1;
        if ours != theirs {
            self.failures.push(format!("{}:\n    ours  {ours:?}\n    go    {theirs:?}", case()));
        }
    }

    /// Prints the tally, past the test harness's capture, and fails if a case did.
    pub(super) fn finish(self) {
        let Self { name, ran, failures } = self;
        let passed = ran - failures.len();
        let _ = writeln!(
            std::io::stdout(),
            "{name}.json: {ran} cases ran, {passed} passed, {} failed",
            failures.len()
        );
        let shown: Vec<String> = failures.iter().take(10).map(|failure| shorten(failure)).collect();
        assert!(
            failures.is_empty(),
            "{name}.json: {} of {ran} cases failed:\n{}",
            failures.len(),
            shown.join("\n")
        );
        assert!(ran > 0, "{name}.json has no cases");
    }
}

fn folder() -> PathBuf {
    let default = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vectors");
    std::env::var_os("RINGSIDE_VECTORS").map_or_else(default, PathBuf::from)
}

fn shorten(text: &str) -> String {
    const LIMIT: usize = 2000;
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The list of cases of a file that has nothing else.
#[derive(Deserialize)]
pub(super) struct Cases<T> {
    pub(super) cases: Vec<T>,
}

/// Go writes an empty list as `null`.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// An instance as the files write it.
#[derive(Deserialize, Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    pub(super) id: String,
    pub(super) addr: String,
    #[serde(default)]
    pub(super) zone: String,
    pub(super) state: String,
    pub(super) timestamp: i64,
    #[serde(default)]
    pub(super) registered_timestamp: i64,
    #[serde(default)]
    pub(super) read_only: bool,
    #[serde(default)]
    pub(super) read_only_updated_timestamp: i64,
    #[serde(default, deserialize_with = "list")]
    pub(super) tokens: Vec<u32>,
}

/// A configuration as the files write it.
#[derive(Deserialize, Debug, Clone)]
pub(super) struct Config {
    replication_factor: usize,
    zone_awareness: bool,
    heartbeat_timeout_s: u64,
    #[serde(default, deserialize_with = "list")]
    excluded_zones: Vec<String>,
}

impl Config {
    pub(super) fn ring_config(&self) -> RingConfig {
        RingConfig {
            replication_factor: self.replication_factor,
            zone_awareness_enabled: self.zone_awareness,
            heartbeat_timeout: Duration::from_secs(self.heartbeat_timeout_s),
            excluded_zones: self.excluded_zones.iter().map(|zone| zone.as_str().into()).collect(),
            ..RingConfig::default()
        }
    }
}

#[derive(Deserialize)]
struct NamedRing {
    ring: String,
    now: i64,
    #[serde(deserialize_with = "list")]
    instances: Vec<Instance>,
}

/// The rings of `rings.json`, with the clock that the calls were made at.
pub(super) fn rings() -> BTreeMap<String, (Desc, WallTime)> {
    let (_, file) = VectorFile::read::<Cases<NamedRing>>("rings");
    let named = |ring: NamedRing| (ring.ring, (desc(&ring.instances), WallTime::from_unix_secs(ring.now)));
    file.cases.into_iter().map(named).collect()
}

pub(super) fn desc(instances: &[Instance]) -> Desc {
    instances.iter().map(|instance| (instance.id.as_str(), instance_desc(instance))).collect()
}

pub(super) fn instance_desc(instance: &Instance) -> InstanceDesc {
    InstanceDesc {
        addr: instance.addr.as_str().into(),
        zone: instance.zone.as_str().into(),
        state: instance.state.parse().unwrap_or_else(|()| panic!("state {}", instance.state)),
        timestamp: instance.timestamp,
        registered_timestamp: instance.registered_timestamp,
        read_only: instance.read_only,
        read_only_updated_timestamp: instance.read_only_updated_timestamp,
        tokens: instance.tokens.clone().into(),
    }
}

pub(super) fn operation(name: &str) -> Operation {
    match name {
        "Write" => Operation::WRITE,
        "WriteNoExtend" => Operation::WRITE_NO_EXTEND,
        "Read" => Operation::READ,
        "Reporting" => Operation::REPORTING,
        other => panic!("operation {other}"),
    }
}
