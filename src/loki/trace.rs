//! The way of one key through the ring, told step by step for people.
//!
//! The answers are those of [`Ring::get`] and [`Ring::replication_set_for_operation`]; this module only
//! keeps what they pass over, and puts their arithmetic into words.

use std::fmt;
use std::time::Duration;

use crate::go::duration;
use crate::ring::{
    HeartbeatHealth, InstanceState, LookupBuffer, Operation, ReplicationStrategy, Ring, RingError, Walk,
};
use crate::time::{WallTime, age_text};

use super::{Labels, token_for};

/// A stream's way: its key, and what a write and a read of it meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTrace {
    /// The label set as Loki writes it before hashing.
    pub canonical: String,
    /// The ring key.
    pub key: u32,
    /// The write, as the distributor does it (`WriteNoExtend`).
    pub write: KeyTrace,
    /// The read, as the querier does it: of the whole ring, whatever the stream.
    pub read: ReadTrace,
}

/// One key's walk and the verdict on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyTrace {
    /// The tokens looked at.
    pub walk: Walk,
    /// The instances found, in the order of the walk.
    pub candidates: Vec<Candidate>,
    /// The replica set, or dskit's error.
    pub outcome: Result<Replicas, RingError>,
    /// How the outcome comes about, in one sentence.
    pub arithmetic: String,
}

/// An instance that the walk found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its index.
    pub instance: u32,
    /// Why it cannot take part, if it cannot.
    pub health: Result<(), Unhealthy>,
}

/// The instances that a request goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// Indices, in the order of the walk (of the IDs, for a read).
    pub instances: Vec<u32>,
    /// How many may fail.
    pub max_errors: usize,
    /// How many zones may fail, when success is counted in zones.
    pub max_unavailable_zones: Option<usize>,
}

/// What a read of everything meets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadTrace {
    /// Whom the querier asks, or dskit's error.
    pub outcome: Result<Replicas, RingError>,
    /// How the outcome comes about, in one sentence.
    pub arithmetic: String,
}

/// Why an instance cannot take part in an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unhealthy {
    /// The operation does not accept its state.
    State(InstanceState),
    /// Its heartbeat is too old.
    Heartbeat {
        /// How old.
        age: Duration,
        /// How old it may be.
        timeout: Duration,
    },
}

impl fmt::Display for Unhealthy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(state) => write!(f, "{state} does not take part"),
            Self::Heartbeat { age, timeout } => {
                write!(f, "last heartbeat {} ago, limit {}", age_text(*age), duration::format(*timeout))
            }
        }
    }
}

/// Traces the stream `labels` of `tenant`. The labels are hashed as they are: whoever pushes over HTTP
/// gets a `service_name` first, see [`super::with_service_name`].
pub fn trace_stream(ring: &Ring, tenant: &str, labels: &Labels, now: WallTime) -> StreamTrace {
    let canonical = labels.to_string();
    let key = token_for(tenant, &canonical);
    let operation = match ring.config().strategy {
        ReplicationStrategy::Default => Operation::WRITE_NO_EXTEND,
        ReplicationStrategy::IgnoreUnhealthy => Operation::WRITE,
    };
    StreamTrace { write: trace_key(ring, key, operation, now), read: trace_read(ring, now), canonical, key }
}

/// Traces one key.
pub fn trace_key(ring: &Ring, key: u32, operation: Operation, now: WallTime) -> KeyTrace {
    let mut buffer = LookupBuffer::default();
    let health = ring.health_at(now);
    let walk = ring.trace(key, operation, &mut buffer);
    let candidates: Vec<Candidate> = walk
        .taken
        .iter()
        .map(|&instance| Candidate { instance, health: health_of(ring, instance, operation, health, now) })
        .collect();
    let outcome = ring.get(key, operation, health, &mut buffer).map(|set| Replicas {
        instances: set.instances.to_vec(),
        max_errors: set.max_errors,
        max_unavailable_zones: None,
    });
    let arithmetic = key_arithmetic(ring, &candidates);
    KeyTrace { walk, candidates, outcome, arithmetic }
}

/// What a querier's read meets.
pub fn trace_read(ring: &Ring, now: WallTime) -> ReadTrace {
    let mut buffer = LookupBuffer::default();
    let health = ring.health_at(now);
    let outcome =
        ring.replication_set_for_operation(Operation::READ, health, &mut buffer).map(|set| Replicas {
            instances: set.instances.to_vec(),
            max_errors: set.max_errors,
            max_unavailable_zones: set.zone_awareness_enabled.then_some(set.max_unavailable_zones),
        });
    ReadTrace { outcome, arithmetic: read_arithmetic(ring, health) }
}

fn health_of(
    ring: &Ring,
    instance: u32,
    operation: Operation,
    health: HeartbeatHealth,
    now: WallTime,
) -> Result<(), Unhealthy> {
    let instance = ring.instance(instance);
    if !operation.is_healthy(instance.state) {
        return Err(Unhealthy::State(instance.state));
    }
    if !health.covers(instance.timestamp) {
        let age = now.since(WallTime::from_unix_secs(instance.timestamp)).unwrap_or_default();
        return Err(Unhealthy::Heartbeat { age, timeout: ring.config().heartbeat_timeout });
    }
    Ok(())
}

fn key_arithmetic(ring: &Ring, candidates: &[Candidate]) -> String {
    let (found, factor) = (candidates.len(), ring.config().replication_factor);
    let healthy = candidates.iter().filter(|candidate| candidate.health.is_ok()).count();
    if ring.topology().tokens().is_empty() {
        return "No instance has tokens, so no key has an owner.".to_owned();
    }
    let required = ring.config().strategy.required(factor, found);
    let rule = match ring.config().strategy {
        ReplicationStrategy::Default => {
            let replicas = factor.max(found);
            format!(
                "Found {found} with RF {factor}: \u{230a}max({factor}, {found}) / 2\u{230b} + 1 = \u{230a}{replicas}/2\u{230b} + 1 = {required} must be healthy"
            )
        }
        ReplicationStrategy::IgnoreUnhealthy => {
            format!("Found {found} with RF {factor}: one healthy is enough")
        }
    };
    format!("{rule}; {}.", conclusion(healthy, required))
}

fn read_arithmetic(ring: &Ring, health: HeartbeatHealth) -> String {
    let factor = ring.config().replication_factor;
    let instances = ring.instances();
    if ring.topology().tokens().is_empty() {
        return "No instance has tokens, so there is nobody to ask.".to_owned();
    }
    let is_healthy = |index: usize| instances[index].1.is_healthy(Operation::READ, health);
    if !ring.config().zone_awareness_enabled {
        let healthy = (0..instances.len()).filter(|&index| is_healthy(index)).count();
        let required = ring.required_for_read_of_all();
        let count = instances.len();
        return format!(
            "A read asks the whole ring, {count} with RF {factor}: max({count}, {factor}) - \u{230a}{factor}/2\u{230b} = {required} \
             must be healthy; {}.",
            conclusion(healthy, required)
        );
    }
    let zones = ring.topology().zones();
    let failing: Vec<&str> = zones
        .iter()
        .enumerate()
        .filter(|(zone, _)| {
            (0..instances.len())
                .any(|index| ring.topology().zone_of(index as u32) == *zone && !is_healthy(index))
        })
        .map(|(_, name)| &**name)
        .collect();
    let (count, may_fail) = (zones.len(), zones.len().min(factor) / 2);
    let failing = match failing.len() {
        0 => "none has an unhealthy instance".to_owned(),
        1 => format!("one has an unhealthy instance: {}", failing[0]),
        fail => format!("{fail} have unhealthy instances: {}", failing.join(", ")),
    };
    format!(
        "A read asks all zones, {count} with RF {factor}: \u{230a}min({count}, {factor}) / 2\u{230b} = {may_fail} may fail; {failing}."
    )
}

fn conclusion(healthy: usize, required: usize) -> String {
    let are = if healthy == 1 { "is" } else { "are" };
    match healthy.checked_sub(required) {
        None => format!("only {healthy} {are}"),
        Some(0) => format!("{healthy} {are}, so none may fail"),
        Some(spare) => format!("{healthy} {are}, so {spare} may fail"),
    }
}
