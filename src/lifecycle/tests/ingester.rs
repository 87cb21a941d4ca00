use std::time::Duration;

use super::super::RingCounts;
use super::driver::{START, World, entry};
use crate::ring::InstanceDesc;
use crate::ring::InstanceState::{Active, Joining, Left, Pending};

#[test]
fn a_new_ingester_is_pending_for_a_second_and_then_active_with_tokens() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(999);
    assert_eq!(world.state("a"), Some(Pending));
    assert_eq!(world.nodes[a].running_at, Some(0));
    world.run_to(12_000);

    assert_eq!(
        world.writes_of("a"),
        [(0, Pending, 0), (1000, Active, 128), (5000, Active, 128), (10_000, Active, 128)]
    );
    assert_eq!(world.entry("a").unwrap().registered_timestamp, START);
    assert_eq!(world.nodes[a].ingester().heartbeats(), 2);
    assert_eq!(world.nodes[a].ingester().tokens(), &world.entry("a").unwrap().tokens);
}

#[test]
fn its_state_is_active_and_its_tokens_are_drawn_before_the_ring_has_them() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(500);
    let lifecycler = world.nodes[a].ingester();
    assert_eq!(lifecycler.state(), Active);
    let first = lifecycler.tokens().clone();
    assert_eq!(first.len(), 128);
    world.run_to(1500);
    assert_ne!(world.nodes[a].ingester().tokens(), &first, "every try draws anew");
}

#[test]
fn it_waits_for_join_after_in_pending_with_heartbeats() {
    let mut world = World::new();
    world.ingester("a", |config| config.join_after = Duration::from_millis(7500));
    world.run_to(11_000);
    let expected = [(0, Pending, 0), (5000, Pending, 0), (7500, Active, 128), (10_000, Active, 128)];
    assert_eq!(world.writes_of("a"), expected);
}

#[test]
fn ingesters_that_start_together_own_different_tokens() {
    let mut world = World::new();
    for id in ["a", "b", "c"] {
        world.ingester(id, |_| {});
    }
    world.run_to(6000);
    let all = crate::ring::Tokens::from_iter(
        ["a", "b", "c"].iter().flat_map(|id| world.entry(id).unwrap().tokens.to_vec()),
    );
    assert_eq!(all.len(), 3 * 128);
    let counts = world.nodes[2].ingester().counts();
    assert_eq!((counts.instances, counts.healthy_instances, counts.zones), (3, 3, 1));
    assert_eq!(counts.healthy_instances_in_zone, 3);
}

#[test]
fn it_counts_the_ring_by_health_and_zone_whenever_it_has_written() {
    let mut world = World::new();
    for (id, zone, state, age) in
        [("b", "", Active, 0), ("c", "west", Active, 0), ("d", "west", Active, 58), ("e", "east", Pending, 0)]
    {
        world.put(id, InstanceDesc { zone: zone.into(), ..entry(id, state, age, []) });
    }
    let a = world.ingester("a", |_| {});
    world.run_to(0);
    let at_first = RingCounts { instances: 5, healthy_instances: 3, healthy_instances_in_zone: 1, zones: 3 };
    assert_eq!(world.nodes[a].ingester().counts(), at_first);
    world.run_to(5000);
    // By then it is ACTIVE itself, and d's heartbeat is too old.
    let later = RingCounts { healthy_instances_in_zone: 2, ..at_first };
    assert_eq!(world.nodes[a].ingester().counts(), later);
}

#[test]
fn a_forgotten_but_living_ingester_is_back_at_its_next_heartbeat_with_its_tokens() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(12_000);
    let before = world.entry("a").unwrap().clone();
    world.forget("a");
    assert_eq!(world.state("a"), None);
    world.run_to(15_000);

    let after = world.entry("a").unwrap();
    assert_eq!(after.tokens, before.tokens);
    assert_eq!(after.state, Active);
    assert_eq!(after.registered_timestamp, START + 15);
    let line = "level=info caller=lifecycler.go:963 component=ingester msg=\"instance is missing in the ring \
                (e.g. the ring backend storage has been reset), registering the instance with an updated \
                registration timestamp\" ring=ingester";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), line);
}

#[test]
fn a_heartbeat_in_the_second_of_the_forgetting_needs_another_second() {
    let mut world = World::new();
    world.ingester("a", |_| {});
    world.run_to(4999);
    world.desc.ingesters.get_mut("a").unwrap().state = Left;
    world.desc.ingesters.get_mut("a").unwrap().timestamp = START + 5;
    world.run_to(5999);
    assert_eq!(world.state("a"), None);
    world.run_to(6000);
    assert_eq!(world.state("a"), Some(Active));
}

#[test]
fn a_clock_set_back_costs_nine_seconds_a_heartbeat_and_one_held_tick() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(12_000);
    world.clock_offset = -100;
    world.run_to(34_000);

    let text = "failed to write to the KV store, sleeping";
    // The tick of 15 s takes until 24; that of 20 waited; those that came meanwhile are lost.
    assert_eq!(world.nodes[a].logged(text), [24_000, 33_000]);
    assert_eq!(world.nodes[a].ingester().heartbeats(), 5);
    let line = "level=error caller=lifecycler.go:605 component=ingester \
                msg=\"failed to write to the KV store, sleeping\" ring=ingester \
                err=\"failed to CAS-update key collectors/ring: no change detected\"";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), line);
    assert_eq!(world.entry("a").unwrap().timestamp, START + 10);
}

#[test]
fn a_heartbeat_publishes_the_tokens_that_a_conflict_left_over() {
    let mut world = World::new();
    let b = world.ingester("b", |_| {});
    world.run_to(12_000);
    let tokens = world.entry("b").unwrap().tokens.clone();
    world.put("a", entry("a", Active, -12, tokens.iter().copied().take(28)));
    assert_eq!(world.entry("b").unwrap().timestamp, START + 10, "the loss itself is no news");
    // Not even the winner's end brings them back.
    world.forget("a");
    world.run_to(15_000);

    let expected = (15_000, Active, 100);
    assert_eq!(world.writes_of("b").last(), Some(&expected));
    assert_eq!(world.nodes[b].ingester().tokens().len(), 128, "it still believes in all of them");
}

#[test]
fn a_killed_ingester_keeps_its_entry_for_ever() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(12_000);
    world.kill(a);
    world.run_to(3_600_000);
    let entry = world.entry("a").unwrap();
    assert_eq!((entry.state, entry.timestamp, entry.tokens.len()), (Active, START + 10, 128));
}

#[test]
fn an_ingester_killed_while_joining_never_comes_back_by_itself() {
    let mut world = World::new();
    let a = world.ingester("a", |config| config.observe_period = Duration::from_secs(10));
    world.run_to(5000);
    assert_eq!(world.state("a"), Some(Joining));
    world.kill(a);
    let again = world.ingester("a", |_| {});
    world.run_to(30_000);
    assert!(world.nodes[again].failure().is_some());
}
