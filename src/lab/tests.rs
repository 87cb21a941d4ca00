//! Runs, their branches, and what is seen of them.

use std::sync::Arc;
use std::time::Duration;

use crate::experiment::catalog;
use crate::memberlist::State;
use crate::sim::{Command, Scenario};
use crate::snapshot::{Phase, ProcessState, RingBelief, Snapshot};
use crate::time::Instant;

use super::observe::{Observer, Wanted};
use super::{Laboratory, Until, look_at_ring};

fn healthy() -> Laboratory {
    Laboratory::new(catalog::find("healthy-3").unwrap()).unwrap()
}

fn second(second: u64) -> Instant {
    Instant::START + Duration::from_secs(second)
}

/// Lets what is under way come to its end, a slice of work in each frame.
fn rest(lab: &mut Laboratory) {
    while lab.is_busy() {
        lab.frame(Duration::from_millis(16), || false);
    }
}

fn go(lab: &mut Laboratory, to: u64) {
    lab.seek(second(to));
    rest(lab);
    assert_eq!(lab.now(), second(to));
}

fn kill(lab: &mut Laboratory, pod: &str) {
    lab.act(vec![Command::Kill { pod: pod.into(), dark: false }]).unwrap();
    rest(lab);
}

fn seen(lab: &Laboratory, observer: Option<u32>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let wanted = Wanted { observer, beliefs: true, messages: Duration::from_secs(1) };
    Observer::default().observe(lab.simulation(), wanted, &mut snapshot);
    snapshot
}

#[test]
fn what_is_done_while_time_stands_still_shows_at_once() {
    let mut lab = healthy();
    go(&mut lab, 40);
    lab.act(vec![Command::Pause { pod: "loki-1".into() }]).unwrap();
    rest(&mut lab);
    assert!(lab.simulation().pods[1].paused);
    lab.undo();
    rest(&mut lab);
    assert!(!lab.simulation().pods[1].paused);
    go(&mut lab, 10);
    kill(&mut lab, "loki-2");
    assert!(!lab.simulation().pods[2].is_up());
    assert_eq!(lab.branches().len(), 2, "others have been further: their run stays");
}

#[test]
fn going_back_and_forth_sees_the_same_run_and_takes_nothing_down_twice() {
    let (mut straight, mut about) = (healthy(), healthy());
    go(&mut straight, 90);
    for to in [50, 20, 70, 5, 90, 31, 90] {
        go(&mut about, to);
    }
    for _ in 0..7 {
        about.step();
        about.step_back();
    }
    rest(&mut about);
    assert_eq!(about.now(), straight.now());
    assert_eq!(about.simulation().fingerprint(), straight.simulation().fingerprint());
    let (a, b) = (about.current().record(), straight.current().record());
    assert_eq!(a.history.lanes, b.history.lanes);
    assert_eq!(a.history.milestones, b.history.milestones);
    assert_eq!(a.series.samples(), b.series.samples());
}

#[test]
fn a_run_that_is_left_goes_on_as_it_was_and_the_other_forgets_what_came() {
    let mut lab = healthy();
    go(&mut lab, 100);
    let end = lab.simulation().fingerprint();
    go(&mut lab, 60);
    kill(&mut lab, "loki-1");
    assert_eq!(lab.current_index(), 1);
    let (left, at) = lab.current().left.clone().unwrap();
    assert_eq!((&*left, at), ("run 1", second(60)));
    let record = lab.current().record();
    assert!(record.history.explored < second(61));
    assert!(record.history.milestones.iter().all(|milestone| milestone.at < second(61)));
    assert_eq!(record.history.lanes[1].at(lab.now()), Phase::Down);

    go(&mut lab, 100);
    assert_ne!(lab.simulation().fingerprint(), end);
    lab.compare(Some(0));
    rest(&mut lab);
    lab.frame(Duration::ZERO, || true);
    let beside = lab.compared().unwrap();
    assert_eq!((beside.now(), beside.simulation().fingerprint()), (second(100), end));
    lab.select(0);
    rest(&mut lab);
    assert_eq!(lab.simulation().fingerprint(), end);
    assert_eq!(lab.compared_index(), Some(1), "the two change places");
    lab.discard(1);
    assert_eq!((lab.branches().len(), lab.compared_index()), (1, None));
}

#[test]
fn undoing_a_fork_brings_back_the_run_before_even_when_another_went_meanwhile() {
    let mut lab = healthy();
    go(&mut lab, 30);
    lab.fork();
    lab.fork();
    assert_eq!(lab.current_index(), 2);
    lab.discard(0);
    lab.undo();
    rest(&mut lab);
    assert_eq!((&*lab.current().name, lab.branches().len()), ("run 2", 1));
    // The fork before came off a run that is gone: there is nothing to go back to.
    lab.undo();
    assert_eq!((&*lab.current().name, lab.can_undo()), ("run 2", false));
}

#[test]
fn a_command_that_is_refused_changes_nothing() {
    let mut lab = healthy();
    go(&mut lab, 30);
    let before = (lab.simulation().fingerprint(), lab.current().steps().len());
    let error = lab.act(vec![Command::Kill { pod: "loki-9".into(), dark: false }]).unwrap_err();
    assert!(error.to_string().contains("loki-9"), "{error}");
    assert_eq!((lab.simulation().fingerprint(), lab.current().steps().len()), before);
    assert_eq!((lab.branches().len(), lab.can_undo()), (1, false));
}

#[test]
fn a_killed_node_is_known_in_truth_at_once_and_to_others_when_they_hear_of_it() {
    let mut lab = healthy();
    go(&mut lab, 60);
    assert_eq!(seen(&lab, None).beliefs.agreement(), (3, 3));
    kill(&mut lab, "loki-1");
    let now = seen(&lab, None);
    assert_eq!(now.nodes[1].process, ProcessState::Down);
    assert_eq!(now.beliefs.truth()[1].member, Some(State::Dead));
    assert_eq!(now.beliefs.row(0).unwrap()[1].member, Some(State::Alive));
    assert!(now.beliefs.row(1).is_none(), "who is down believes nothing");

    lab.run_until(Until::Unhealthy { id: "loki-1".into() });
    rest(&mut lab);
    assert!(lab.now() > second(110) && lab.now() < second(130), "{:?}", lab.now());
    let later = seen(&lab, Some(0));
    assert_eq!(later.beliefs.row(0).unwrap()[1].ring, RingBelief::Unhealthy);
    assert!(later.nodes[1].instance.is_some_and(|instance| !instance.healthy));
    assert_eq!(later.nodes[0].instance.map(|instance| instance.healthy), Some(true));
}

#[test]
fn an_observer_beyond_a_cut_sees_another_ring_than_the_truth() {
    let mut lab = healthy();
    go(&mut lab, 60);
    let parts = vec![vec!["loki-0".into()], vec!["loki-1".into(), "loki-2".into()]];
    lab.act(vec![Command::Partition { parts }]).unwrap();
    go(&mut lab, 150);
    let alone = seen(&lab, Some(0));
    let ill = |snapshot: &Snapshot| {
        let is_ill = |node: &&crate::snapshot::Node| node.instance.is_some_and(|instance| !instance.healthy);
        snapshot.nodes.iter().filter(is_ill).count()
    };
    assert_eq!((ill(&alone), ill(&seen(&lab, None))), (2, 0));
    assert_eq!(alone.beliefs.agreement().0, 0, "everybody misses somebody");
}

#[test]
fn heartbeats_leave_the_topology_of_a_ring_alone() {
    let mut lab = healthy();
    go(&mut lab, 60);
    let mut ring = None;
    look_at_ring(lab.simulation(), None, &mut ring);
    let topology = Arc::clone(ring.as_ref().unwrap().topology());
    let stamp = |ring: &Option<crate::ring::Ring>| ring.as_ref().unwrap().instance(0).timestamp;
    let before = stamp(&ring);
    go(&mut lab, 75);
    look_at_ring(lab.simulation(), None, &mut ring);
    assert!(stamp(&ring) > before);
    assert!(Arc::ptr_eq(&topology, ring.as_ref().unwrap().topology()));
    go(&mut lab, 0);
    look_at_ring(lab.simulation(), None, &mut ring);
    assert!(ring.is_none(), "nothing has been written yet");
}

#[test]
fn messages_on_the_picture_are_those_of_the_last_moments() {
    let mut lab = healthy();
    go(&mut lab, 60);
    let snapshot = seen(&lab, None);
    assert!(!snapshot.messages.is_empty());
    for message in &snapshot.messages {
        assert!(message.sent <= snapshot.now, "{message:?}");
        let end = message.arrives.unwrap_or(message.sent).max(message.sent);
        assert!(end + Duration::from_secs(1) >= snapshot.now, "{message:?}");
    }
}

#[test]
fn a_frame_may_stop_anywhere_and_the_run_is_the_same() {
    let scenario = Scenario { seed: 9, ..catalog::find("second-ghost").unwrap() };
    let mut lab = Laboratory::new(scenario.clone()).unwrap();
    lab.seek(second(150));
    let mut turn = 0;
    while lab.is_busy() {
        turn += 1;
        let mut slices = turn % 4;
        lab.frame(Duration::from_millis(16), || {
            slices -= 1;
            slices > 0
        });
    }
    let mut whole = Laboratory::new(scenario).unwrap();
    whole.seek(second(150));
    whole.frame(Duration::ZERO, || true);
    assert_eq!(lab.simulation().fingerprint(), whole.simulation().fingerprint());
}
