//! What the Forget button of a ring page would do, told beforehand. Nothing here does it.
//!
//! Forgetting writes a tombstone with the time of the process that is asked (dskit
//! ring/ring_http.go:92-112; kv/memberlist merges keep the newer entry). An instance that lives writes
//! itself back with its next heartbeat; one whose heartbeat lies in the future wins against it.

use std::time::Duration;

use crate::go::duration;
use crate::ring::{Desc, Ring};
use crate::time::WallTime;

use super::ShownState;
use super::judge::{Judgement, Verdict, judge};

/// What becomes of the ring.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// The instance.
    pub id: String,
    /// Whether forgetting it does what it is for: a dead entry goes, and stays away.
    pub is_advisable: bool,
    /// In one sentence.
    pub headline: String,
    /// What follows, a sentence each.
    pub effects: Vec<String>,
    /// The ring as it is afterwards, judged.
    pub after: Judgement,
    /// The command that does it. It asks the process at `LOKI`.
    pub command: String,
}

/// Foretells what forgetting `id` does to `ring` at `now`; `None` if it is not there.
pub fn forecast(ring: &Ring, now: WallTime, before: &Judgement, id: &str) -> Option<Forecast> {
    let index = ring.index_of(id)?;
    let report = before.instances.get(index as usize)?;
    let instance = ring.instance(index);
    let others = ring.instances().iter().filter(|(other, _)| **other != *id).cloned();
    let after_ring = Ring::new(&Desc::from_iter(others), ring.config().clone());
    let after = judge(&after_ring, now);

    let is_dead = report.shown_state == ShownState::Unhealthy;
    let is_ahead = report.heartbeat_age.is_none();
    let mut effects = Vec::new();
    if is_ahead {
        let by = WallTime::from_unix_secs(instance.timestamp).since(now).unwrap_or_default();
        effects.push(format!(
            "Its heartbeat lies {} in the future, and the newer one of two entries wins every merge: the tombstone, \
             written with the time of now, loses, and the entry comes back by gossip.",
            duration::format(Duration::from_secs(by.as_secs()))
        ));
    } else if !is_dead {
        effects.push(
            "It lives: with its next heartbeat, within seconds, it registers again. Until then its streams go \
             elsewhere, and it may log that it is missing in the ring."
                .to_owned(),
        );
    }
    effects.extend(of_numbers(ring, &after_ring, before, &after));
    effects.push(match report.owned_keys {
        0 => "It owns no keys, so that no stream moves.".to_owned(),
        _ => format!(
            "{} of the keys, in its zone, get other owners at once; what it had in memory and not flushed is lost to \
             queries if its disk is gone.",
            super::judge::percent(report.percent)
        ),
    });
    effects.push(
        "A tombstone stays for five minutes (left_ingesters_timeout), so that old gossip does not bring the entry back."
            .to_owned(),
    );
    let headline = match (is_ahead, is_dead) {
        (true, _) => format!("Forgetting {id} will not work: its heartbeat lies in the future."),
        (false, false) => format!("Do not forget {id}: it is alive, and comes back."),
        (false, true) => match (before.verdict, after.verdict) {
            (before, after) if before == after && after != Verdict::Healthy => {
                format!("Forgetting {id} removes the entry; the ring stays {}.", after.name())
            }
            (_, after) => format!("Forgetting {id} removes the entry; the ring is {} then.", after.name()),
        },
    };
    let quoted = id.replace('\'', r"'\''");
    Some(Forecast {
        id: id.to_owned(),
        is_advisable: is_dead && !is_ahead,
        headline,
        effects,
        after,
        command: format!("curl -X POST http://LOKI:3100/ring --data-urlencode 'forget={quoted}'"),
    })
}

fn of_numbers(ring: &Ring, after_ring: &Ring, before: &Judgement, after: &Judgement) -> Vec<String> {
    let mut effects = Vec::new();
    let fails = |judgement: &Judgement| {
        judgement.reads.as_ref().and_then(|reads| reads.outcome.as_ref().err().map(ToString::to_string))
    };
    match (fails(before), fails(after)) {
        (Some(_), None) => effects.push("Reads succeed again.".to_owned()),
        (Some(_), Some(error)) => effects.push(format!("Reads still fail: {error}.")),
        (None, Some(error)) => effects.push(format!("Reads fail from then on: {error}.")),
        (None, None) => {}
    }
    match (before.writes.failing_keys, after.writes.failing_keys) {
        (0, 0) => {}
        (_, 0) => effects.push("Writes succeed for every key again.".to_owned()),
        (from, to) if to < from => effects.push("Writes fail for fewer keys than now.".to_owned()),
        (from, to) if to > from => effects.push("Writes fail for more keys than now.".to_owned()),
        _ => effects.push("Writes fail for as many keys as now.".to_owned()),
    }
    let (count, factor) = (after_ring.instances().len(), ring.config().replication_factor);
    if count < factor {
        effects.push(format!(
            "{count} instances are left for replication factor {factor}: none of them may fail, or all writes do."
        ));
    }
    if let (Some(Err(_)), Some(Ok(()))) = (&before.readiness, &after.readiness) {
        effects.push("Ingesters that start become ready again.".to_owned());
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{InstanceDesc, RingConfig};

    const NOW: i64 = 1_000_000;

    fn ring(ages: &[i64]) -> Ring {
        let instance = |(place, age): (usize, &i64)| {
            let tokens = (0..64).map(|token| token * 60_000_000 + place as u32 * 1_000_003).collect();
            let desc = InstanceDesc { timestamp: NOW - age, tokens, ..InstanceDesc::default() };
            (std::sync::Arc::from(format!("loki-{place}")), desc)
        };
        Ring::new(&ages.iter().enumerate().map(instance).collect(), RingConfig::default())
    }

    fn forget(ring: &Ring, id: &str) -> Forecast {
        let now = WallTime::from_unix_secs(NOW);
        forecast(ring, now, &judge(ring, now), id).unwrap()
    }

    #[test]
    fn a_dead_entry_goes_and_the_ring_recovers() {
        let told = forget(&ring(&[1, 1, 1, 90]), "loki-3");
        assert!(told.is_advisable);
        assert_eq!(told.headline, "Forgetting loki-3 removes the entry; the ring is healthy then.");
        assert!(
            told.effects.iter().any(|effect| effect.contains("become ready again")),
            "{:#?}",
            told.effects
        );
    }

    #[test]
    fn of_two_dead_entries_one_is_enough_for_reads() {
        let told = forget(&ring(&[1, 1, 1, 1, 90, 90]), "loki-4");
        assert!(told.effects.contains(&"Reads succeed again.".to_owned()), "{:#?}", told.effects);
        assert!(told.headline.ends_with("the ring is degraded then."), "{}", told.headline);
    }

    #[test]
    fn the_living_come_back_and_those_from_the_future_never_go() {
        let told = forget(&ring(&[1, 1, 1]), "loki-0");
        assert!(!told.is_advisable && told.headline.starts_with("Do not forget loki-0"));
        let told = forget(&ring(&[1, 1, -3600]), "loki-2");
        assert!(!told.is_advisable && told.effects[0].contains("1h0m0s in the future"), "{:?}", told.effects);
    }

    #[test]
    fn too_few_are_left_says_so() {
        let told = forget(&ring(&[1, 1, 90]), "loki-2");
        assert!(
            told.effects.iter().any(|effect| effect.starts_with("2 instances are left")),
            "{:#?}",
            told.effects
        );
    }

    #[test]
    fn nobody_is_foretold_who_is_not_there() {
        let (ring, now) = (ring(&[1]), WallTime::from_unix_secs(NOW));
        assert_eq!(forecast(&ring, now, &judge(&ring, now), "x"), None);
    }

    #[test]
    fn an_id_cannot_leave_its_quotes() {
        let desc = Desc::from_iter([(std::sync::Arc::from("a'; rm -rf x; '"), InstanceDesc::default())]);
        let told = forget(&Ring::new(&desc, RingConfig::default()), "a'; rm -rf x; '");
        assert!(told.command.ends_with(r"'forget=a'\''; rm -rf x; '\'''"), "{}", told.command);
    }
}
