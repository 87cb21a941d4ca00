//! Who is probed when, and what comes of it.

use super::bench::*;
use super::world::{Event, World};
use crate::memberlist::*;

fn pings(event: &Event) -> bool {
    matches!(event, Event::Sent { head: Some(Head::Ping { .. }), .. })
}

fn pings_to(target: usize) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Sent { to, head: Some(Head::Ping { .. }), .. } if *to == target)
}

fn fails(name: usize) -> impl Fn(&Event) -> bool {
    move |event| *event == Event::Note(Note::ProbeFailed { name: Name(name as u32) })
}

fn becomes(name: usize, state: State) -> impl Fn(&Event) -> bool {
    move |event| matches!(event, Event::Note(Note::StateChanged { name: n, to, .. }) if n.0 == name as u32 && *to == state)
}

#[test]
fn probes_keep_the_phase_of_the_start() {
    let mut world = World::simple(1, 3);
    world.run_to(31);
    assert_eq!(world.times(0, pings), [5_000, 10_000, 15_000, 20_000, 25_000, 30_000]);
}

#[test]
fn each_round_probes_everybody_once() {
    let mut world = World::simple(1, 7);
    world.run_to(6 * 5 * 10);
    let targets = world.log.iter().filter_map(|&(_, by, event)| match event {
        Event::Sent { to, head: Some(Head::Ping { .. }), .. } if by == 0 => Some(to),
        _ => None,
    });
    let targets: Vec<usize> = targets.collect();
    let mut orders = Vec::new();
    for round in targets.chunks(6) {
        orders.push(round.to_vec());
        let mut round = round.to_vec();
        round.sort_unstable();
        assert_eq!(round, [1, 2, 3, 4, 5, 6], "{targets:?}");
    }
    orders.dedup();
    assert!(orders.len() > 5, "each in another order: {orders:?}");
}

#[test]
fn a_silent_node_is_suspect_after_5_seconds_and_dead_after_20_more() {
    let mut world = World::simple(1, 3);
    world.isolate(2);
    world.run_to(60);
    let first = world.times(0, pings_to(2))[0];
    assert_eq!(world.times(0, fails(2))[0], first + 5_000);
    let by = if world.times(1, fails(2))[0] < first + 5_000 { 1 } else { 0 };
    let suspect = world.times(by, becomes(2, State::Suspect))[0];
    assert_eq!(world.times(by, becomes(2, State::Dead))[0], suspect + 20_000);
    assert_eq!((world.state(0, 2), world.state(1, 2)), (Some(State::Dead), Some(State::Dead)));
}

#[test]
fn a_failed_probe_asks_others_after_2_seconds_and_hears_nacks_after_4() {
    let mut world = World::simple(1, 3);
    world.isolate(2);
    world.run_to(16);
    let start = world.times(0, pings_to(2))[0];
    let asked = |event: &Event| {
        matches!(event, Event::Sent { to: 1, head: Some(Head::IndirectPing { target: Name(2), .. }), .. })
    };
    let nacked = |event: &Event| matches!(event, Event::Sent { to: 0, head: Some(Head::Nack { .. }), .. });
    assert_eq!(world.times(0, asked)[0], start + 2_000);
    assert_eq!(world.times(1, nacked)[0], start + 4_001);
    assert_eq!(world.times(0, fails(2))[0], start + 5_000);
    assert_eq!(world.lists[0].health_score(), 0, "the helper heard nothing either");
}

#[test]
fn the_tick_that_a_failed_probe_missed_is_served_after_it() {
    let mut world = World::simple(1, 3);
    world.isolate(2);
    world.run_to(40);
    let failed = world.times(0, fails(2));
    let probed = world.times(0, pings);
    assert!(failed.len() > 1 && failed.iter().all(|at| probed.contains(at)), "{failed:?} {probed:?}");
}

#[test]
fn who_has_nobody_to_ask_blames_itself_and_slows_down() {
    let mut world = World::simple(1, 2);
    world.cut(0, 1);
    world.run_to(29);
    let (pings, failures) = (world.times(0, pings), world.times(0, fails(1)));
    assert_eq!([failures[0] - pings[0], failures[1] - pings[1]], [5_000, 10_000]);
    assert_eq!(world.lists[0].health_score(), 2);
}

#[test]
fn an_answer_makes_healthier() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1)]).hears(&[suspect(ME, 1, ANN)]).hears(&[suspect(ME, 2, ANN)]);
    assert_eq!(bench.list.health_score(), 2);
    bench.at(5).hears(&[]).wakes(Timer::Probe);
    let Some(Head::Ping { seq_no, .. }) = bench.packets()[0].1.head else { panic!("a ping") };
    bench.takes(Some(Head::Nack { seq_no }), &[]).takes(Some(Head::Ack { seq_no }), &[]);
    bench.takes(Some(Head::Ack { seq_no }), &[]);
    assert_eq!(bench.list.health_score(), 1);
}

#[test]
fn a_helper_that_reaches_the_target_saves_it() {
    let mut world = World::simple(1, 3);
    world.cut(0, 2);
    world.run_to(120);
    assert!(world.times(0, fails(2)).is_empty() && world.times(2, fails(0)).is_empty());
    assert_eq!((world.state(0, 2), world.state(2, 0)), (Some(State::Alive), Some(State::Alive)));
}

#[test]
fn a_suspect_is_told_with_the_ping_and_refutes() {
    let mut world = World::simple(1, 2);
    world.cut(0, 1);
    world.run_to(11);
    assert_eq!(world.state(0, 1), Some(State::Suspect));
    world.heal();
    world.run_to(25);
    let told =
        |event: &Event| matches!(event, Event::Sent { to: 1, head: Some(Head::Ping { .. }), rumours: 1, .. });
    assert!(!world.times(0, told).is_empty());
    assert_eq!(world.state(0, 1), Some(State::Alive));
    let refuted = |event: &Event| matches!(event, Event::Note(Note::RefutingSuspect { .. }));
    assert!(!world.times(1, refuted).is_empty());
    assert!(world.lists[1].incarnation() > 1);
}

#[test]
fn two_confirmations_kill_long_before_the_longest_time() {
    let mut world = World::simple(3, 6);
    world.isolate(5);
    world.run_to(120);
    let suspect = world.times(0, becomes(5, State::Suspect))[0];
    let dead = world.times(0, becomes(5, State::Dead))[0];
    assert!((19_500..=20_500).contains(&(dead - suspect)), "{suspect} {dead}");
}

#[test]
fn a_ping_for_another_name_is_not_answered() {
    let mut bench = Bench::new();
    bench.takes(Some(Head::Ping { seq_no: 7, target: ANN }), &[]);
    assert_eq!(bench.notes(), [Note::UnexpectedPing { target: ANN, from: address(9) }]);
    assert!(bench.packets().is_empty());
    bench.takes(Some(Head::Ping { seq_no: 7, target: ME }), &[]);
    let [(to, packet)] = &bench.packets()[..] else { panic!("one answer") };
    assert_eq!((*to, packet.head), (address(9), Some(Head::Ack { seq_no: 7 })));
}

#[test]
fn a_helper_passes_an_ack_on_or_says_that_none_came_but_not_both() {
    let mut bench = Bench::new();
    for answered in [true, false] {
        bench.out.clear();
        let asked = Head::IndirectPing { seq_no: 70, target: ANN, address: address(1) };
        bench.takes(Some(asked), &[]);
        let [(to, ping)] = &bench.packets()[..] else { panic!("one ping") };
        let Some(Head::Ping { seq_no, target: ANN }) = ping.head else { panic!("{:?}", ping.head) };
        assert_eq!(*to, address(1));
        let (_, timer) = bench.timers()[0];
        bench.out.clear();
        if answered {
            bench.takes(Some(Head::Ack { seq_no }), &[]).takes(Some(Head::Ack { seq_no }), &[]);
        }
        bench.wakes(timer);
        let [(to, answer)] = &bench.packets()[..] else { panic!("one answer") };
        let expected = if answered { Head::Ack { seq_no: 70 } } else { Head::Nack { seq_no: 70 } };
        assert_eq!((*to, answer.head), (address(9), Some(expected)));
    }
}

#[test]
fn the_gone_are_not_probed_and_leave_the_table_30_seconds_later_at_a_rounds_end() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1)]).hears(&[dead(ANN, 1, BOB)]);
    for (seconds, known) in [(5, true), (30, true), (31, false)] {
        bench.at(seconds).hears(&[]).wakes(Timer::Probe).wakes(Timer::Probe);
        assert!(bench.packets().is_empty());
        assert_eq!(bench.state(ANN).is_some(), known, "{seconds}");
    }
    assert_eq!((bench.list.estimated_nodes(), bench.list.num_members()), (1, 1));
}
