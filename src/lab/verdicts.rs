//! The three answers that are always in sight: does a write succeed, do reads succeed, would a starting
//! ingester become ready.
//!
//! The rules are those of [`loki::trace`](crate::loki::trace) and [`Desc::is_ready`], on one ring and one clock;
//! this module only puts them side by side. Errors are Loki's own words.

use std::sync::Arc;

use crate::go::duration;
use crate::live::ShownState;
use crate::loki::Labels;
use crate::loki::trace::{Candidate, Replicas, StreamTrace, trace_stream};
use crate::ring::{Desc, Operation, Ring};
use crate::time::{WallTime, age_text};

/// What one view of the ingesters' ring means for clients and for those who start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdicts {
    /// Whether a write of the traced stream succeeds.
    pub write: Answer,
    /// Whether reads succeed; a read asks the whole ring, whatever the stream.
    pub read: Answer,
    /// Whether a starting ingester would become ready.
    pub ready: Answer,
    /// Where the traced stream goes; `None` without a ring.
    pub trace: Option<StreamTrace>,
}

/// One answer, with its reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Whether it is a yes.
    pub ok: bool,
    /// A few words for a bar, beginning with a sign: `✓ 3/3 healthy`.
    pub word: String,
    /// The answer in one sentence; Loki's own text where Loki gives an error.
    pub sentence: String,
    /// How it comes about, line by line, with the numbers at hand.
    pub arithmetic: Vec<String>,
    /// The instances that are in the way, by index in the ring.
    pub culprits: Vec<u32>,
}

/// More instances than this are counted, not listed.
const LISTED: usize = 8;

/// What a ring means at `now` by its reader's clock; `None` is a ring whose key does not exist. The labels are
/// hashed as they are.
pub fn verdicts(ring: Option<&Ring>, now: WallTime, tenant: &str, labels: &Labels) -> Verdicts {
    let Some(ring) = ring else { return without_ring() };
    let trace = trace_stream(ring, tenant, labels, now);
    Verdicts {
        write: write(ring, now, &trace),
        read: read(ring, now, &trace),
        ready: ready(ring, now),
        trace: Some(trace),
    }
}

fn without_ring() -> Verdicts {
    let no = |sentence: &str| Answer {
        ok: false,
        word: "\u{2717} no ring".into(),
        sentence: sentence.into(),
        arithmetic: vec![
            "The ring's key does not exist here: nobody has told this reader of any instance.".into(),
        ],
        culprits: Vec::new(),
    };
    Verdicts {
        write: no("Writes fail: empty ring"),
        read: no("Reads fail: empty ring"),
        ready: no("A starting ingester is not ready: no ring returned from the KV store"),
        trace: None,
    }
}

fn write(ring: &Ring, now: WallTime, trace: &StreamTrace) -> Answer {
    let candidates = &trace.write.candidates;
    let bad = |candidate: &&Candidate| candidate.health.is_err();
    let culprits = Vec::from_iter(candidates.iter().filter(bad).map(|candidate| candidate.instance));
    let found = candidates.len();
    let healthy = found - culprits.len();
    let mut arithmetic =
        vec![format!("{} hashes to {}.", trace.canonical, trace.key), trace.write.arithmetic.clone()];
    arithmetic.extend(candidates.iter().map(|candidate| {
        let is = match &candidate.health {
            Ok(()) => "healthy".to_owned(),
            Err(reason) => reason.to_string(),
        };
        format!("{}: {is}.", line(ring, candidate.instance, now))
    }));
    let (ok, word, sentence) = match &trace.write.outcome {
        Ok(Replicas { instances, max_errors, .. }) => (
            true,
            format!("\u{2713} {healthy}/{found} healthy"),
            format!("A write goes to {}; {}.", names(ring, instances), may_fail(*max_errors, "of them")),
        ),
        Err(error) if found == 0 => (false, "\u{2717} empty ring".into(), format!("Writes fail: {error}")),
        Err(error) => {
            let required = ring.config().strategy.required(ring.config().replication_factor, found);
            (
                false,
                format!("\u{2717} {healthy}/{found} healthy, {required} needed"),
                format!("Writes of this stream fail: {error}"),
            )
        }
    };
    Answer { ok, word, sentence, arithmetic, culprits }
}

fn read(ring: &Ring, now: WallTime, trace: &StreamTrace) -> Answer {
    let health = ring.health_at(now);
    let count = ring.instances().len() as u32;
    let is_bad = |index: &u32| !ring.instance(*index).is_healthy(Operation::READ, health);
    let culprits = Vec::from_iter((0..count).filter(is_bad));
    let healthy = count as usize - culprits.len();
    let mut arithmetic = vec![trace.read.arithmetic.clone()];
    list_culprits(ring, &culprits, now, &mut arithmetic);
    let (ok, word, sentence) = match &trace.read.outcome {
        Ok(Replicas { instances, max_errors, max_unavailable_zones }) => {
            let spare = match max_unavailable_zones {
                Some(zones) => may_fail(*zones, "of the zones"),
                None => may_fail(*max_errors, "of them"),
            };
            let asked = instances.len();
            let ingesters = if asked == 1 { "ingester" } else { "ingesters" };
            (
                true,
                format!("\u{2713} {healthy}/{count} healthy"),
                format!("A read asks {asked} {ingesters}; {spare}."),
            )
        }
        Err(error) if ring.topology().tokens().is_empty() => {
            (false, "\u{2717} empty ring".into(), format!("Reads fail: {error}"))
        }
        Err(error) if ring.config().zone_awareness_enabled => {
            (false, format!("\u{2717} {healthy}/{count} healthy"), format!("All reads fail: {error}"))
        }
        Err(error) => (
            false,
            format!("\u{2717} {healthy}/{count} healthy, {} needed", ring.required_for_read_of_all()),
            format!("All reads fail: {error}"),
        ),
    };
    Answer { ok, word, sentence, arithmetic, culprits }
}

fn ready(ring: &Ring, now: WallTime) -> Answer {
    let health = ring.health_at(now);
    let instances = ring.instances();
    let is_bad = |index: &u32| ShownState::of(ring.instance(*index), health) != ShownState::ACTIVE;
    let culprits = Vec::from_iter((0..instances.len() as u32).filter(is_bad));
    let good = instances.len() - culprits.len();
    let timeout = ring.config().heartbeat_timeout;
    let desc = Desc::from_iter(instances.iter().map(|(id, instance)| (Arc::clone(id), instance.clone())));
    let outcome = desc.is_ready(now, timeout);
    let mut arithmetic = vec![
        format!(
            "Everybody in the ring must be ACTIVE with a heartbeat of the last {}, and somebody must have tokens: {good} \
             of {} {}.",
            duration::format(timeout),
            instances.len(),
            if good == 1 { "is" } else { "are" },
        ),
        "It is asked only until an ingester is ready for the first time; who is ready stays ready."
            .to_owned(),
    ];
    list_culprits(ring, &culprits, now, &mut arithmetic);
    let (ok, word, sentence) = match &outcome {
        Ok(()) => (
            true,
            format!("\u{2713} {good}/{} ACTIVE", instances.len()),
            "A starting ingester becomes ready.".to_owned(),
        ),
        Err(error) => (
            false,
            format!("\u{2717} {good}/{} ACTIVE", instances.len()),
            format!("A starting ingester is not ready: {error}"),
        ),
    };
    Answer { ok, word, sentence, arithmetic, culprits }
}

fn list_culprits(ring: &Ring, culprits: &[u32], now: WallTime, arithmetic: &mut Vec<String>) {
    arithmetic.extend(culprits.iter().take(LISTED).map(|index| format!("{}.", line(ring, *index, now))));
    if culprits.len() > LISTED {
        arithmetic.push(format!("And {} more.", culprits.len() - LISTED));
    }
}

/// `loki-1 (10.244.0.11:9095) is UNHEALTHY, last heartbeat 1m2.3s ago`
fn line(ring: &Ring, index: u32, now: WallTime) -> String {
    let instance = ring.instance(index);
    let shown = ShownState::of(instance, ring.health_at(now));
    let heartbeat = match now.since(WallTime::from_unix_secs(instance.timestamp)) {
        Some(age) => format!("last heartbeat {} ago", age_text(age)),
        None => {
            let ahead = WallTime::from_unix_secs(instance.timestamp).since(now).unwrap_or_default();
            format!("its heartbeat lies {} ahead", age_text(ahead))
        }
    };
    format!("{} ({}) is {shown}, {heartbeat}", ring.id(index), instance.addr)
}

fn names(ring: &Ring, instances: &[u32]) -> String {
    let names = Vec::from_iter(instances.iter().take(LISTED).map(|index| &**ring.id(*index)));
    match (&*names, instances.len() - names.len()) {
        ([], _) => "nobody".into(),
        ([one], 0) => (*one).to_owned(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (_, more) => format!("{} and {more} more", names.join(", ")),
    }
}

fn may_fail(count: usize, of: &str) -> String {
    match count {
        0 => format!("none {of} may fail"),
        1 => format!("one {of} may fail"),
        count => format!("{count} {of} may fail"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::InstanceState;
    use crate::ring::{InstanceDesc, RingConfig};

    const NOW: i64 = 1_000_000;

    /// Instances with tokens of their own: how old each one's heartbeat is, in seconds, and its state.
    fn ring(instances: &[(i64, InstanceState)]) -> Ring {
        let entries = instances.iter().enumerate().map(|(number, (age, state))| {
            let entry = InstanceDesc {
                addr: format!("10.0.0.{number}:9095").into(),
                state: *state,
                timestamp: NOW - age,
                tokens: (0..8).map(|token| token * 1000 + number as u32).collect(),
                ..InstanceDesc::default()
            };
            (format!("loki-{number}"), entry)
        });
        Ring::new(&entries.collect(), RingConfig::default())
    }

    fn verdicts_of(ring: Option<&Ring>) -> Verdicts {
        let labels = Labels::parse("{app=\"one\"}").unwrap();
        verdicts(ring, WallTime::from_unix_secs(NOW), "fake", &labels)
    }

    const ACTIVE: InstanceState = InstanceState::Active;

    #[test]
    fn three_healthy_instances_are_three_times_yes() {
        let verdicts = verdicts_of(Some(&ring(&[(1, ACTIVE), (2, ACTIVE), (3, ACTIVE)])));
        for answer in [&verdicts.write, &verdicts.read, &verdicts.ready] {
            assert!(answer.ok && answer.culprits.is_empty(), "{answer:?}");
        }
        assert_eq!(verdicts.write.word, "\u{2713} 3/3 healthy");
        assert!(verdicts.write.sentence.ends_with("; one of them may fail."), "{}", verdicts.write.sentence);
        assert_eq!(verdicts.read.sentence, "A read asks 3 ingesters; one of them may fail.");
        assert_eq!(verdicts.ready.word, "\u{2713} 3/3 ACTIVE");
    }

    #[test]
    fn one_silent_of_three_stops_nobody_but_those_who_start() {
        let verdicts = verdicts_of(Some(&ring(&[(1, ACTIVE), (61, ACTIVE), (3, ACTIVE)])));
        assert!(verdicts.write.ok && verdicts.read.ok && !verdicts.ready.ok);
        assert_eq!(verdicts.write.culprits, [1]);
        assert_eq!(verdicts.read.sentence, "A read asks 2 ingesters; none of them may fail.");
        assert_eq!(
            verdicts.ready.sentence,
            "A starting ingester is not ready: instance 10.0.0.1:9095 past heartbeat timeout"
        );
        assert!(
            verdicts.ready.arithmetic[2]
                .contains("loki-1 (10.0.0.1:9095) is UNHEALTHY, last heartbeat 1m1s ago"),
            "{:?}",
            verdicts.ready.arithmetic
        );
    }

    #[test]
    fn two_silent_of_three_stop_everything_in_lokis_own_words() {
        let verdicts = verdicts_of(Some(&ring(&[(1, ACTIVE), (61, ACTIVE), (70, ACTIVE)])));
        assert!(!verdicts.write.ok && !verdicts.read.ok && !verdicts.ready.ok);
        let text = &verdicts.write.sentence;
        let error = "at least 2 live replicas required, could only find 1 - unhealthy instances: ";
        assert!(text.starts_with(&format!("Writes of this stream fail: {error}")), "{text}");
        assert_eq!(verdicts.write.word, "\u{2717} 1/3 healthy, 2 needed");
        assert_eq!(verdicts.read.sentence, "All reads fail: too many unhealthy instances in the ring");
        assert_eq!(verdicts.read.culprits, [1, 2]);
    }

    #[test]
    fn who_leaves_is_read_from_and_not_written_to_and_holds_up_those_who_start() {
        let verdicts = verdicts_of(Some(&ring(&[(1, ACTIVE), (1, InstanceState::Leaving), (3, ACTIVE)])));
        assert_eq!(
            (&*verdicts.write.culprits, &*verdicts.read.culprits, &*verdicts.ready.culprits),
            (&[1][..], &[][..], &[1][..])
        );
        assert_eq!(
            verdicts.ready.sentence,
            "A starting ingester is not ready: instance 10.0.0.1:9095 in state LEAVING"
        );
    }

    #[test]
    fn no_ring_and_a_ring_without_tokens_say_what_loki_says() {
        let absent = verdicts_of(None);
        assert_eq!(absent.write.sentence, "Writes fail: empty ring");
        assert!(absent.ready.sentence.ends_with("no ring returned from the KV store"));
        let empty = verdicts_of(Some(&Ring::new(&Desc::default(), RingConfig::default())));
        assert_eq!(empty.read.sentence, "Reads fail: empty ring");
        assert!(empty.ready.sentence.ends_with("no tokens in ring"));
        assert!(!empty.write.ok && !empty.read.ok && !empty.ready.ok);
    }

    #[test]
    fn a_hundred_silent_ones_are_counted_and_not_listed() {
        let verdicts = verdicts_of(Some(&ring(&[(90, ACTIVE); 100])));
        assert_eq!(verdicts.read.culprits.len(), 100);
        assert_eq!(verdicts.read.arithmetic.last().unwrap(), "And 92 more.");
    }
}
