//! Clusters of any size, for tests of their pictures.

use std::sync::Arc;
use std::time::Duration;

use crate::memberlist::State;
use crate::ring::InstanceState;
use crate::snapshot::{
    Belief, Flow, History, Instance, Lane, Link, Message, MessageKind, Milestone, Node, Phase, ProcessState,
    RingBelief, Snapshot, Trouble,
};
use crate::time::Instant;

const ACTIVE: Belief = Belief { ring: RingBelief::Active, age: 1, member: Some(State::Alive) };

/// A cluster at 42 s, all well and of one mind.
pub(super) fn cluster(nodes: u32, zones: u16) -> Snapshot {
    let name = |number: u32| match zones {
        0 | 1 => format!("loki-{number}"),
        _ => format!("ingester-zone-{}-{number}", char::from(b'a' + (number % u32::from(zones)) as u8)),
    };
    let zone = |number: u32| if zones > 1 { (number % u32::from(zones)) as u16 + 1 } else { 0 };
    let node = |number: u32| Node {
        name: Arc::from(name(number)),
        zone: zone(number),
        group: 0,
        process: ProcessState::Up,
        ready: true,
        foreign: false,
        instance: Some(Instance { state: InstanceState::Active, healthy: true }),
        member: Some(State::Alive),
        blocked: false,
    };
    let mut snapshot = Snapshot { now: at(42_000), has_every_message: true, ..Snapshot::default() };
    snapshot.nodes = (0..nodes).map(node).collect();
    let zones = (0..zones)
        .filter(|_| zones > 1)
        .map(|zone| Arc::from(format!("zone-{}", char::from(b'a' + zone as u8))));
    snapshot.zones = std::iter::once(Arc::from("")).chain(zones).collect();
    snapshot.beliefs.resize(nodes as usize, nodes as usize);
    snapshot.beliefs.truth_mut().fill(ACTIVE);
    for observer in 0..nodes {
        for (subject, belief) in (0..nodes).zip(snapshot.beliefs.row_mut(observer)) {
            *belief = Belief { age: ((observer + subject * 3) % 5) as u8, ..ACTIVE };
        }
    }
    snapshot
}

/// An instant, in milliseconds.
pub(super) fn at(millis: u64) -> Instant {
    Instant::from_nanos(millis * 1_000_000)
}

/// Messages between neighbours at all stages of their ways, of all kinds; every ninth gets lost.
pub(super) fn chatter(snapshot: &mut Snapshot, count: u64) {
    let nodes = snapshot.nodes.len() as u64;
    snapshot.messages = (0..count)
        .map(|id| {
            let from = id * 7 % nodes;
            let sent = snapshot.now.nanos() - id * 400_000 % 2_000_000;
            Message {
                id,
                from: from as u32,
                to: ((from + 1 + id % (nodes - 1)) % nodes) as u32,
                kind: MessageKind::ALL[(id % 6) as usize],
                sent: Instant::from_nanos(sent),
                arrives: (id % 9 != 8).then(|| Instant::from_nanos(sent) + Duration::from_millis(2)),
                bytes: 120,
                news: 1,
            }
        })
        .collect();
}

/// A node dies, and the others do not agree on it yet.
pub(super) fn kill(snapshot: &mut Snapshot, node: u32) {
    let dead = &mut snapshot.nodes[node as usize];
    dead.process = ProcessState::Down;
    dead.instance = Some(Instance { state: InstanceState::Active, healthy: false });
    dead.member = Some(State::Dead);
    let truth = Belief { ring: RingBelief::Unhealthy, age: 8, member: Some(State::Dead) };
    snapshot.beliefs.truth_mut()[node as usize] = truth;
    snapshot.beliefs.silence(node);
    for observer in (0..snapshot.nodes.len() as u32).filter(|&observer| observer != node) {
        if snapshot.beliefs.row(observer).is_none() {
            continue;
        }
        snapshot.beliefs.row_mut(observer)[node as usize] = match observer % 4 {
            0 => Belief { age: 7, member: Some(State::Suspect), ..ACTIVE },
            _ => truth,
        };
    }
}

/// Every node starts, joins and is ACTIVE, one after the other; the second dies at 30 s.
pub(super) fn history(nodes: u32, explored: Instant) -> History {
    let mut history = History { explored, ..History::default() };
    for node in 0..nodes {
        let mut lane = Lane::default();
        let start = 1_000 + u64::from(node) * 12_000 / u64::from(nodes);
        lane.enter(at(start), Phase::Up);
        lane.enter(at(start + 600), Phase::Pending);
        lane.enter(at(start + 1_200), Phase::Joining);
        lane.enter(at(start + 6_000), Phase::Active);
        history.lanes.push(lane);
    }
    let mut note = |millis: u64, node: Option<u32>, is_fault: bool, text: &str| {
        history.milestones.push(Milestone { at: at(millis), node, is_fault, text: Arc::from(text) });
    };
    note(18_000, None, false, "all ACTIVE");
    if nodes > 1 {
        note(30_000, Some(1), true, "kill loki-1");
        history.lanes[1].enter(at(30_000), Phase::Down);
        note(33_400, Some(1), false, "loki-1 suspected");
    }
    history
}

/// The nodes from the fourth on are paused, out of reach, not started, JOINING, LEAVING and PENDING, and one link each
/// is cut, slow and lossy; one node has not heard of the one that is JOINING.
pub(super) fn trouble(snapshot: &mut Snapshot) {
    kill(snapshot, 1);
    let nodes = &mut snapshot.nodes;
    (nodes[3].process, nodes[3].member) = (ProcessState::Paused, Some(State::Suspect));
    nodes[4].blocked = true;
    (nodes[5].process, nodes[5].instance, nodes[5].member) = (ProcessState::Waiting, None, None);
    snapshot.beliefs.silence(5);
    let states = [
        (5, RingBelief::Absent, None),
        (6, RingBelief::Joining, Some(State::Alive)),
        (7, RingBelief::Leaving, Some(State::Alive)),
        (8, RingBelief::Pending, Some(State::Alive)),
    ];
    for (subject, ring, member) in states {
        let belief = Belief { ring, age: 0, member };
        snapshot.nodes[subject].instance = belief.instance();
        snapshot.beliefs.truth_mut()[subject] = belief;
        for observer in 0..snapshot.nodes.len() as u32 {
            if snapshot.beliefs.row(observer).is_some() {
                snapshot.beliefs.row_mut(observer)[subject] = belief;
            }
        }
    }
    snapshot.beliefs.row_mut(2)[6] = Belief::default();
    snapshot.links = [(0, 9, Trouble::Cut), (10, 2, Trouble::Slow), (11, 6, Trouble::Lossy)]
        .map(|(from, to, trouble)| Link { from, to, trouble })
        .to_vec();
}

/// Five flows from each node, some of which lose messages.
pub(super) fn streams(snapshot: &mut Snapshot) {
    let nodes = snapshot.nodes.len() as u32;
    snapshot.messages.clear();
    snapshot.has_every_message = false;
    snapshot.flows = (0..nodes * 5)
        .map(|number| Flow {
            from: number % nodes,
            to: (number * 13 + number / nodes + 1) % nodes,
            per_second: 1.0 + (number % 17) as f32,
            lost_per_second: if number % 11 == 0 { 1.0 } else { 0.0 },
        })
        .collect();
}
