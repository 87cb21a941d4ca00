//! Whether a ring is healthy: what reads, writes and starting ingesters would meet, and why.
//!
//! Everything is computed with dskit's own rules on the given ring and clock; nothing is guessed from
//! names. Reads and readiness are questions to an ingester ring only, so a ring whose strategy ignores
//! the unhealthy (compactor, scheduler, index gateway, ruler) is judged by its look-ups alone.

use std::sync::Arc;
use std::time::Duration;

use crate::ring::{
    Desc, HeartbeatHealth, LookupBuffer, NotReady, Operation, ReplicationStrategy, Ring, RingError,
    ownership_percent, token_distance,
};
use crate::time::WallTime;

use super::ShownState;
use super::margin::{failing_zones, margin};

/// Keys in the token space.
pub const ALL_KEYS: u64 = 1 << 32;

/// The ring in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Reads and writes succeed, everybody is ACTIVE with a recent heartbeat.
    Healthy,
    /// Something is wrong, but not everything fails.
    Degraded,
    /// All reads or all writes fail.
    Down,
}

impl Verdict {
    /// One lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// One instance, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceReport {
    /// Its index in the ring.
    pub index: u32,
    /// Its state as the reader's clock computes it.
    pub shown_state: ShownState,
    /// How old its heartbeat is; `None` when it lies in the future.
    pub heartbeat_age: Option<Duration>,
    /// How many tokens it has.
    pub tokens: usize,
    /// How many keys it owns in its zone.
    pub owned_keys: u64,
    /// The same in percent, as the ring page computes it.
    pub percent: f64,
    /// What it would own if its zone's tokens lay evenly.
    pub expected_percent: f64,
}

/// What a read of everything would meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reads {
    /// Instances healthy for a read.
    pub healthy: usize,
    /// Instances (or zones) that may still fail, or dskit's error.
    pub outcome: Result<usize, RingError>,
    /// With zone awareness, the zones that have an unhealthy instance.
    pub failing_zones: Vec<String>,
}

/// What writes would meet, over the whole token space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writes {
    /// How many of the 2³² keys have no quorum.
    pub failing_keys: u64,
    /// How many succeed only if every instance left answers.
    pub keys_without_slack: u64,
    /// The error of one failing key.
    pub example: Option<(u32, RingError)>,
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Look at it.
    Warning,
    /// Act.
    Critical,
}

/// One reason for the verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which kind of finding, in a word that stays; at most one of a kind is in a judgement.
    pub key: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is the case.
    pub what: String,
    /// What follows from it.
    pub why: String,
    /// What to do.
    pub advice: String,
    /// Command lines that check whether it is so, and why.
    pub check: Option<String>,
    /// Command lines that mend it.
    pub command: Option<String>,
}

/// A ring, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// In one word.
    pub verdict: Verdict,
    /// In one sentence.
    pub summary: String,
    /// Whether one more instance may be lost, in one sentence.
    pub margin: String,
    /// Every instance, in the order of the IDs.
    pub instances: Vec<InstanceReport>,
    /// Reads of everything; `None` for rings that nobody reads so.
    pub reads: Option<Reads>,
    /// Writes, or look-ups, over all keys.
    pub writes: Writes,
    /// Whether a starting ingester would become ready; `None` where that is no question.
    pub readiness: Option<Result<(), NotReady>>,
    /// The reasons, heaviest first.
    pub findings: Vec<Finding>,
}

/// Judges `ring` at `now`. The work is one look-up a token.
pub fn judge(ring: &Ring, now: WallTime) -> Judgement {
    judge_after(ring, now, None)
}

/// The same, after the `last` judgement of a ring that may be the same but for its heartbeats: then what
/// depends on tokens and states is taken from there.
pub fn judge_after(ring: &Ring, now: WallTime, last: Option<(&Ring, &Judgement)>) -> Judgement {
    let health = ring.health_at(now);
    let is_ingester_ring = ring.config().strategy == ReplicationStrategy::Default;
    let last = last.filter(|(before, judged)| {
        Arc::ptr_eq(before.topology(), ring.topology())
            && before.config() == ring.config()
            && before.instances().len() == ring.instances().len()
            && ring.instances().iter().zip(before.instances()).zip(&judged.instances).all(
                |(((_, instance), (_, before)), judged)| {
                    before.state == instance.state && judged.shown_state == ShownState::of(instance, health)
                },
            )
    });
    let last = last.map(|(_, judged)| judged);
    let owned = match last {
        Some(last) => last.instances.iter().map(|report| report.owned_keys).collect(),
        None => ring.topology().owned_keys(),
    };
    let instances = report_instances(ring, now, health, owned);
    let writes = match last {
        Some(last) => last.writes.clone(),
        None => judge_writes(ring, health, is_ingester_ring),
    };
    let reads = is_ingester_ring.then(|| judge_reads(ring, health));
    let readiness = is_ingester_ring.then(|| {
        let entries = ring.instances().iter().map(|(id, instance)| (Arc::clone(id), instance.clone()));
        Desc::from_iter(entries).is_ready(now, ring.config().heartbeat_timeout)
    });

    let reads_fail = reads.as_ref().is_some_and(|reads| reads.outcome.is_err());
    let all_active = instances.iter().all(|report| report.shown_state == ShownState::ACTIVE);
    let verdict = match () {
        () if reads_fail || writes.failing_keys == ALL_KEYS => Verdict::Down,
        () if writes.failing_keys > 0 || !all_active => Verdict::Degraded,
        () => Verdict::Healthy,
    };
    let mut judgement = Judgement {
        margin: String::new(),
        verdict,
        summary: String::new(),
        instances,
        reads,
        writes,
        readiness,
        findings: Vec::new(),
    };
    judgement.findings = super::findings::find(ring, now, &judgement);
    judgement.summary = summarise(ring, &judgement);
    judgement.margin = margin(ring, &judgement);
    judgement
}

fn report_instances(
    ring: &Ring,
    now: WallTime,
    health: HeartbeatHealth,
    owned: Vec<u64>,
) -> Vec<InstanceReport> {
    let topology = ring.topology();
    let mut zone_tokens = vec![0usize; topology.zones().len()];
    for (index, (_, instance)) in ring.instances().iter().enumerate() {
        zone_tokens[topology.zone_of(index as u32)] += instance.tokens.len();
    }
    let reports =
        ring.instances().iter().zip(owned).enumerate().map(|(index, ((_, instance), owned_keys))| {
            let tokens = instance.tokens.len();
            let in_zone = zone_tokens[topology.zone_of(index as u32)];
            InstanceReport {
                index: index as u32,
                shown_state: ShownState::of(instance, health),
                heartbeat_age: now.since(WallTime::from_unix_secs(instance.timestamp)),
                tokens,
                owned_keys,
                percent: ownership_percent(owned_keys),
                expected_percent: if in_zone == 0 { 0.0 } else { tokens as f64 / in_zone as f64 * 100.0 },
            }
        });
    reports.collect()
}

fn judge_reads(ring: &Ring, health: HeartbeatHealth) -> Reads {
    let is_healthy = |instance: u32| ring.instance(instance).is_healthy(Operation::READ, health);
    let mut buffer = LookupBuffer::default();
    let outcome = ring.replication_set_for_operation(Operation::READ, health, &mut buffer);
    Reads {
        healthy: (0..ring.instances().len() as u32).filter(|&instance| is_healthy(instance)).count(),
        outcome: outcome.map(|set| set.max_errors.max(set.max_unavailable_zones)),
        failing_zones: match ring.config().zone_awareness_enabled {
            true => failing_zones(ring, is_healthy),
            false => Vec::new(),
        },
    }
}

/// Looks up one key of every stretch between two tokens: all keys of a stretch have the same replicas.
fn judge_writes(ring: &Ring, health: HeartbeatHealth, is_ingester_ring: bool) -> Writes {
    let operation = if is_ingester_ring { Operation::WRITE_NO_EXTEND } else { Operation::WRITE };
    let tokens = ring.topology().tokens();
    let Some(&last) = tokens.last() else {
        return Writes {
            failing_keys: ALL_KEYS,
            keys_without_slack: 0,
            example: Some((0, RingError::EmptyRing)),
        };
    };
    let mut writes = Writes { failing_keys: 0, keys_without_slack: 0, example: None };
    let mut buffer = LookupBuffer::default();
    let mut previous = last;
    for &token in tokens {
        let keys = token_distance(previous, token);
        match ring.get(previous, operation, health, &mut buffer) {
            Ok(set) if set.max_errors == 0 => writes.keys_without_slack += keys,
            Ok(_) => {}
            Err(error) => {
                writes.failing_keys += keys;
                writes.example.get_or_insert((previous, error));
            }
        }
        previous = token;
    }
    writes
}

fn summarise(ring: &Ring, judgement: &Judgement) -> String {
    let count = ring.instances().len();
    let active = judgement.instances.iter();
    let active = active.filter(|report| report.shown_state == ShownState::ACTIVE).count();
    let share = judgement.writes.failing_keys as f64 / ALL_KEYS as f64 * 100.0;
    let reads = match &judgement.reads {
        Some(Reads { outcome: Err(error), .. }) => format!(" All reads fail: {error}."),
        Some(_) => " Reads succeed.".to_owned(),
        None => String::new(),
    };
    let writes = match judgement.writes.failing_keys {
        0 => " Writes succeed for every key.".to_owned(),
        ALL_KEYS => " Writes fail for every key.".to_owned(),
        _ => format!(" Writes fail for {} of the keys.", percent(share)),
    };
    match count {
        0 => "The ring is empty: nobody has registered, so neither reads nor writes can succeed.".to_owned(),
        1 if active == 1 => format!("The only instance is ACTIVE.{reads}{writes}"),
        _ if active == count => format!("All {count} instances ACTIVE.{reads}{writes}"),
        _ => format!("{active} of {count} instances ACTIVE.{reads}{writes}"),
    }
}

/// A share for people: never 0 % or 100 % unless it is.
pub fn percent(share: f64) -> String {
    match share {
        s if s > 0.0 && s < 0.01 => "less than 0.01 %".to_owned(),
        s if s > 99.99 && s < 100.0 => "more than 99.99 %".to_owned(),
        s if s == 0.0 || s == 100.0 => format!("{s:.0} %"),
        s if s < 10.0 => format!("{s:.2} %"),
        s => format!("{s:.1} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{InstanceDesc, InstanceState, RingConfig};

    #[test]
    fn judging_after_heartbeats_alone_is_judging_anew() {
        let desc = |heartbeats: [i64; 4], third: InstanceState| -> Desc {
            let instance = |(place, timestamp): (usize, i64)| {
                let tokens = (0..32).map(|token| token * 130_000_000 + place as u32 * 9_000_003).collect();
                let state = if place == 2 { third } else { InstanceState::Active };
                let desc = InstanceDesc { timestamp, tokens, state, ..InstanceDesc::default() };
                (Arc::from(format!("loki-{place}")), desc)
            };
            heartbeats.into_iter().enumerate().map(instance).collect()
        };
        let start = desc([100, 100, 100, 30], InstanceState::Active);
        let first = Ring::new(&start, RingConfig::default());
        let judged = judge(&first, WallTime::from_unix_secs(100));
        for (heartbeats, third, now) in [
            ([105, 104, 103, 30], InstanceState::Active, 106),
            ([105, 104, 103, 106], InstanceState::Active, 106),
            ([105, 104, 103, 30], InstanceState::Leaving, 106),
            ([100, 100, 100, 30], InstanceState::Active, 500),
        ] {
            let mut ring = first.clone();
            ring.update(&desc(heartbeats, third));
            let now = WallTime::from_unix_secs(now);
            assert_eq!(judge_after(&ring, now, Some((&first, &judged))), judge(&ring, now));
        }
    }
}
