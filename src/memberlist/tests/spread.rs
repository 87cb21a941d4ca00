//! Who hears of what.

use super::bench::*;
use super::world::{Event, World};
use crate::memberlist::*;

fn zoned(zone: u16, role: NodeRole) -> Config {
    Config::dskit().with_zone_aware_routing(ZoneAwareRouting { zone: Zone(zone), role })
}

/// Whom a node that gossips all the time reaches: how often each index.
fn reached(configs: Vec<Config>, from: usize, gone: Option<usize>) -> (Vec<usize>, World) {
    let nodes = configs.len();
    let mut world = World::of(5, configs);
    world.run_to(10);
    if let Some(gone) = gone {
        world.isolate(gone);
        world.run_to(70);
    }
    world.log.clear();
    let mut counts = vec![0; nodes];
    for step in 0..40 {
        world.chats[from].say(1000 + step);
        let second = world.now.nanos() / 1_000_000_000 + 1;
        world.run_to(second);
    }
    for &(_, by, event) in &world.log {
        if let Event::Sent { to, head: None, .. } = event
            && by == from
        {
            counts[to] += 1;
        }
    }
    (counts, world)
}

#[test]
fn gossip_ticks_every_200_milliseconds_from_the_start_and_aims_at_three() {
    let mut world = World::simple(1, 8);
    world.run_to(9);
    world.log.clear();
    world.chats[0].say(7);
    world.run_to(11);
    let gossips = |event: &Event| matches!(event, Event::Sent { head: None, .. });
    let times = world.times(0, gossips);
    assert_eq!(times, [9_000, 9_000, 9_000, 9_200], "four transmissions, three of them in one tick");
    assert!(world.chats.iter().all(|chat| chat.heard == [7]));
}

#[test]
fn the_dead_hear_gossip_for_30_seconds_and_those_who_left_do_not() {
    for (last_word, hears) in [(dead(ANN, 1, BOB), true), (dead(ANN, 1, ANN), false)] {
        let mut bench = Bench::new();
        bench.hears(&[alive(ANN, 1)]).hears(&[last_word]);
        for (second, hears) in [(30, hears), (31, false)] {
            bench.at(second).hears(&[]);
            bench.chat.say(second as u32);
            bench.wakes(Timer::Gossip);
            assert_eq!(!bench.packets().is_empty(), hears, "{last_word:?} {second}");
        }
    }
}

#[test]
fn news_go_before_messages_and_a_tick_ends_when_nothing_is_left() {
    let mut bench = Bench::new();
    bench.hears(&[alive(ANN, 1), alive(BOB, 1), alive(EVE, 1)]).hears(&[]);
    bench.chat.queue = TransmitLimitedQueue::new(1);
    bench.chat.say(7);
    bench.wakes(Timer::Gossip);
    let packets = bench.packets();
    assert_eq!(packets.len(), 1, "the one message is sent once");
    assert_eq!(packets[0].1.batch.as_ref().map(Sent::len), Some(1));

    bench.hears(&[suspect(ANN, 1, BOB)]).out.clear();
    bench.chat.say(8);
    bench.wakes(Timer::Gossip);
    let (_, first) = &bench.packets()[0];
    assert_eq!((first.rumours.as_slice(), first.batch.is_some()), (&[suspect(ANN, 1, BOB)][..], true));
}

#[test]
fn a_packet_holds_no_more_than_its_budget() {
    let mut bench = Bench::with(Config { udp_buffer_size: 100, ..Config::dskit() });
    bench.hears(&[alive(ANN, 1), alive(BOB, 1), alive(EVE, 1)]);
    (0..50).for_each(|message| bench.chat.say(message));
    bench.out.clear();
    bench.wakes(Timer::Gossip);
    for (_, packet) in bench.packets() {
        assert_eq!(packet.rumours.len(), 1);
        assert_eq!(packet.batch.as_ref().map(Sent::len), Some(5), "98 - 77 bytes, each message 1 + 3");
    }
    assert_eq!(bench.packets().len(), 3);
}

#[test]
fn the_first_full_exchange_comes_between_30_and_60_seconds_and_then_every_30() {
    for seed in 0..5 {
        let mut world = World::simple(seed, 4);
        world.run_to(200);
        let times = world.times(1, |event| matches!(event, Event::Exchange { .. }));
        assert!((30_000..60_000).contains(&times[0]), "{times:?}");
        assert!(times.windows(2).all(|pair| (30_000..=30_001).contains(&(pair[1] - pair[0]))), "{times:?}");
    }
}

#[test]
fn a_full_exchange_brings_what_gossip_missed() {
    let mut world = World::simple(1, 3);
    world.isolate(2);
    world.chats[0].say(7);
    world.run_to(4);
    assert_eq!(world.chats[2].heard, [0; 0]);
    world.heal();
    world.run_to(70);
    assert_eq!(world.chats[2].heard, [7]);
}

#[test]
fn who_leaves_is_left_everywhere_within_a_second() {
    let mut world = World::simple(1, 5);
    world.run_to(20);
    world.leave(3);
    world.run_to(21);
    assert!((0..5).all(|by| world.state(by, 3) == Some(State::Left)));
    assert_eq!(world.times(3, |event| *event == Event::Left).len(), 1);
}

#[test]
fn a_falsely_dead_node_hears_of_it_and_comes_back() {
    let mut world = World::simple(1, 3);
    world.isolate(2);
    world.run_to(40);
    assert_eq!(world.state(0, 2), Some(State::Dead));
    world.heal();
    world.run_to(120);
    assert!((0..3).all(|by| (0..3).all(|of| world.state(by, of) == Some(State::Alive))));
}

#[test]
fn members_keep_to_their_zone_and_bridges_reach_other_bridges() {
    use NodeRole::{Bridge, Member};
    let zones = || [(1, Bridge), (1, Member), (1, Member), (2, Bridge), (2, Member), (2, Member)];
    let configs = || zones().map(|(zone, role)| zoned(zone, role)).to_vec();
    let (by_member, _) = reached(configs(), 1, None);
    assert!(by_member[0] > 0 && by_member[2] > 0 && by_member[3..] == [0, 0, 0], "{by_member:?}");
    let (by_bridge, _) = reached(configs(), 0, None);
    assert!(by_bridge[1] > 0 && by_bridge[2] > 0 && by_bridge[4..] == [0, 0], "{by_bridge:?}");
    assert!(
        by_bridge[3] > by_bridge[1].max(by_bridge[2]),
        "the other bridge is always aimed at: {by_bridge:?}"
    );
    assert_eq!(configs()[0].push_pull_nodes, 2);
}

#[test]
fn a_zone_whose_bridge_is_dead_turns_zones_off() {
    use NodeRole::{Bridge, Member};
    let zones = [(1, Bridge), (1, Member), (2, Bridge), (2, Member)];
    let configs = zones.map(|(zone, role)| zoned(zone, role)).to_vec();
    let (by_member, world) = reached(configs, 1, Some(2));
    assert!(by_member[3] > 0, "{by_member:?}");
    let skipped = |event: &Event| *event == Event::Note(Note::ZoneWithoutBridge { zone: Zone(2) });
    assert!(!world.times(1, skipped).is_empty());
}

#[test]
fn nodes_without_a_zone_are_everybodys() {
    use NodeRole::Member;
    let configs = vec![zoned(1, Member), zoned(1, NodeRole::Bridge), Config::dskit()];
    let (by_member, _) = reached(configs.clone(), 0, None);
    assert!(by_member[2] > 0);
    let (by_unknown, _) = reached(configs, 2, None);
    assert!(by_unknown[0] > 0 && by_unknown[1] > 0);
}
