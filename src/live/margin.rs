use crate::ring::Ring;

use super::judge::{ALL_KEYS, Judgement, Reads, percent};

/// Whether one more instance may be lost, in a sentence: the question before every restart.
pub(super) fn margin(ring: &Ring, judgement: &Judgement) -> String {
    let writes = &judgement.writes;
    let reads_fail = judgement.reads.as_ref().is_some_and(|reads| reads.outcome.is_err());
    if writes.failing_keys > 0 || reads_fail {
        return match writes.failing_keys {
            // Whoever is woken by this has to know first that no log gets lost.
            0 => "Every query fails; writes succeed, so nothing is being lost.".to_owned(),
            _ => "There is nothing left to lose: requests fail already.".to_owned(),
        };
    }
    let reads = match &judgement.reads {
        Some(reads) => reads_after_a_loss(ring, reads),
        None => None,
    };
    let share = writes.keys_without_slack as f64 / ALL_KEYS as f64 * 100.0;
    let writes = match writes.keys_without_slack {
        0 => None,
        ALL_KEYS => Some("writes fail for the keys that it holds".to_owned()),
        _ => Some(format!("writes may fail, for {} of the keys at most", percent(share))),
    };
    match (reads, writes) {
        (None, None) => "One more instance may be lost, whichever it is.".to_owned(),
        (Some(effect), None) | (None, Some(effect)) => format!("If one more instance is lost, {effect}."),
        (Some(reads), Some(writes)) => format!("If one more instance is lost, {reads}; {writes}."),
    }
}

/// What becomes of reads when one more instance goes; `None` if nothing does.
fn reads_after_a_loss(ring: &Ring, reads: &Reads) -> Option<String> {
    if *reads.outcome.as_ref().unwrap_or(&0) > 0 {
        return None;
    }
    if !ring.config().zone_awareness_enabled || reads.failing_zones.is_empty() {
        return Some("all reads fail".to_owned());
    }
    let spared = reads.failing_zones.join(" or ");
    Some(format!("all reads fail, unless it is in {spared}"))
}

/// The zones in which an instance is not healthy for reads.
pub(super) fn failing_zones(ring: &Ring, is_healthy: impl Fn(u32) -> bool) -> Vec<String> {
    let mut fails = vec![false; ring.topology().zones().len()];
    for instance in (0..ring.instances().len() as u32).filter(|&instance| !is_healthy(instance)) {
        fails[ring.topology().zone_of(instance)] = true;
    }
    let zones = ring.topology().zones().iter().zip(fails);
    zones.filter(|(_, fails)| *fails).map(|(zone, _)| zone.to_string()).collect()
}

/// What a ring bears at most, for people: instances, or zones.
pub(super) fn tolerance(ring: &Ring) -> String {
    let count = ring.instances().len();
    if ring.config().zone_awareness_enabled {
        let zones = ring.topology().zones().len().min(ring.config().replication_factor) / 2;
        return format!("unhealthy instances in {zones} of its {} zones", ring.topology().zones().len());
    }
    match count.saturating_sub(ring.required_for_read_of_all()) {
        1 => format!("one unhealthy instance of {count}"),
        spare => format!("{spare} unhealthy instances of {count}"),
    }
}
