//! The moments of a log as the pictures know a cluster: a lane for each pod, and a flag for what happened.
//!
//! A log tells when a process runs, not how it stands in the ring: a lane is up or down and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::snapshot::{History, Lane, Milestone, Node, Phase, ProcessState, Snapshot};
use crate::time::Instant;

use super::log::{Moment, MomentKind, Stamp};

/// More pods than these have no picture: their lanes would be lines.
pub const MOST_LANES: usize = 60;

/// The picture's zero is the first moment. Nothing for fewer than two moments, or for too many pods.
pub fn lanes(moments: &[Moment]) -> Option<(Snapshot, History)> {
    let start = moments.iter().map(|moment| moment.at).min()?;
    let mut places = BTreeMap::<&str, u32>::new();
    for moment in moments.iter().filter(|moment| !moment.pod.is_empty()) {
        let next = places.len() as u32;
        places.entry(&moment.pod).or_insert(next);
    }
    if moments.len() < 2 || places.is_empty() || places.len() > MOST_LANES {
        return None;
    }
    let mut history = History { lanes: vec![Lane::default(); places.len()], ..History::default() };
    for moment in moments {
        let at = since(start, moment.at);
        let node = places.get(moment.pod.as_str()).copied();
        if let Some(lane) = node.and_then(|node| history.lanes.get_mut(node as usize)) {
            match moment.kind {
                MomentKind::Stopped | MomentKind::Crashed | MomentKind::Vanished => {
                    // Who goes was there, also where the log begins later than its process.
                    if lane.phases().is_empty() {
                        lane.enter(Instant::START, Phase::Up);
                    }
                    lane.enter(at, Phase::Down);
                }
                MomentKind::Stopping if lane.phases().is_empty() => lane.enter(Instant::START, Phase::Up),
                _ => lane.enter(at, Phase::Up),
            }
        }
        let is_fault = !matches!(
            moment.kind,
            MomentKind::Start
                | MomentKind::Joined
                | MomentKind::Up
                | MomentKind::Stopping
                | MomentKind::Stopped
        );
        history.milestones.push(Milestone { at, node, is_fault, text: moment.text.as_str().into() });
        history.explored = history.explored.max(at);
    }
    let mut snapshot = Snapshot { now: history.explored, ..Snapshot::default() };
    snapshot.zones.push("".into());
    let mut names = Vec::from_iter(places);
    names.sort_by_key(|(_, place)| *place);
    snapshot.nodes = names.into_iter().map(|(name, _)| node(name)).collect();
    Some((snapshot, history))
}

fn since(start: Stamp, at: Stamp) -> Instant {
    Instant::from_nanos(u64::try_from(at.0.saturating_sub(start.0)).unwrap_or_default())
}

fn node(name: &str) -> Node {
    Node {
        name: Arc::from(name),
        zone: 0,
        group: 0,
        process: ProcessState::Up,
        ready: true,
        foreign: false,
        instance: None,
        member: None,
        blocked: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seconds: i64, kind: MomentKind, pod: &str) -> Moment {
        Moment {
            at: Stamp(0).plus(seconds),
            kind,
            pod: pod.into(),
            text: format!("{pod} {kind:?}"),
            id: None,
        }
    }

    #[test]
    fn a_process_is_up_from_its_start_to_its_end_and_again() {
        let moments = [
            moment(100, MomentKind::Start, "loki-0"),
            moment(101, MomentKind::Incident, "loki-1"),
            moment(130, MomentKind::Crashed, "loki-0"),
            moment(140, MomentKind::Start, "loki-0"),
        ];
        let (snapshot, history) = lanes(&moments).unwrap();
        assert_eq!(Vec::from_iter(snapshot.nodes.iter().map(|node| &*node.name)), ["loki-0", "loki-1"]);
        let at = |seconds: u64| Instant::from_nanos(seconds * 1_000_000_000);
        let phases = [(at(0), Phase::Up), (at(30), Phase::Down), (at(40), Phase::Up)];
        assert_eq!(history.lanes[0].phases(), phases);
        assert_eq!(history.lanes[1].phases(), [(at(1), Phase::Up)]);
        assert_eq!(
            Vec::from_iter(history.milestones.iter().map(|one| one.is_fault)),
            [false, true, true, false]
        );
        assert_eq!(history.explored, at(40));
    }

    #[test]
    fn who_only_stops_was_there_before() {
        let moments = [moment(1, MomentKind::Up, "a"), moment(9, MomentKind::Stopped, "b")];
        let (_, history) = lanes(&moments).unwrap();
        assert_eq!(history.lanes[1].at(Instant::START), Phase::Up);
    }

    #[test]
    fn too_little_and_too_much_have_no_picture() {
        assert!(lanes(&[moment(1, MomentKind::Up, "a")]).is_none());
        let many = Vec::from_iter((0..100).map(|n| moment(n, MomentKind::Up, &format!("loki-{n}"))));
        assert!(lanes(&many).is_none());
    }
}
