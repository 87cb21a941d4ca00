use std::time::Duration;

use super::driver::{World, entry};
use crate::ring::InstanceState::{Active, Leaving, Left, Pending};
use crate::ring::Tokens;

#[test]
fn leaving_and_left_are_written_in_the_same_instant() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(12_300);
    world.stop(a);
    world.run_to(12_300);
    assert_eq!(world.writes_of("a")[4..], [(12_300, Leaving, 128), (12_300, Left, 0)]);
    assert_eq!(world.nodes[a].stopped_at(), Some(12_300));
    assert_eq!(world.state("a"), None);
    world.run_to(60_000);
    assert_eq!(world.writes.len(), 6, "nothing happens after the end");
}

#[test]
fn a_heartbeat_just_before_the_end_delays_leaving_by_a_second() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(10_300);
    world.stop(a);
    world.run_to(12_000);
    assert_eq!(world.writes_of("a")[4..], [(11_300, Leaving, 128), (11_300, Left, 0)]);
}

#[test]
fn leaving_shows_while_chunks_are_flushed_and_heartbeats_go_on() {
    let mut world = World::new();
    world.flush = Duration::from_millis(12_500);
    let a = world.ingester("a", |config| config.flush_on_shutdown = true);
    world.run_to(12_000);
    world.stop(a);
    world.run_to(24_400);
    assert_eq!(world.state("a"), Some(Leaving));
    world.run_to(30_000);
    let expected =
        [(12_000, Leaving, 128), (17_000, Leaving, 128), (22_000, Leaving, 128), (24_500, Left, 0)];
    assert_eq!(world.writes_of("a")[4..], expected);
    assert_eq!(world.nodes[a].ingester().flush_took(), Some(world.flush));
}

#[test]
fn the_final_sleep_comes_after_the_flush() {
    let mut world = World::new();
    world.flush = Duration::from_secs(2);
    let a = world.ingester("a", |config| {
        config.flush_on_shutdown = true;
        config.final_sleep = Duration::from_secs(10);
    });
    world.run_to(12_000);
    world.stop(a);
    world.run_to(60_000);
    assert_eq!(world.nodes[a].logged("lifecycler entering final sleep before shutdown"), [14_000]);
    assert_eq!(world.nodes[a].stopped_at(), Some(24_000));
}

#[test]
fn without_unregistering_the_entry_stays_leaving_and_its_owner_can_return() {
    let mut world = World::new();
    let a = world.ingester("a", |config| config.unregister_on_shutdown = false);
    world.run_to(12_000);
    let tokens = world.entry("a").unwrap().tokens.clone();
    world.stop(a);
    world.run_to(20_000);
    assert_eq!(world.state("a"), Some(Leaving));
    assert_eq!(world.nodes[a].stopped_at(), Some(12_000));

    world.ingester("a", |_| {});
    world.run_to(20_000);
    let returned = world.entry("a").unwrap();
    assert_eq!((returned.state, &returned.tokens), (Active, &tokens));
}

#[test]
fn stopped_while_pending_it_cannot_leave_and_goes_straight_to_left() {
    let mut world = World::new();
    let a = world.ingester("a", |config| config.join_after = Duration::from_secs(60));
    world.run_to(2000);
    world.stop(a);
    world.run_to(2000);
    assert_eq!(world.writes_of("a"), [(0, Pending, 0), (2000, Left, 0)]);
    let line = "level=error caller=lifecycler.go:636 component=ingester msg=\"failed to set state to LEAVING\" \
                ring=ingester err=\"changing instance state from PENDING -> LEAVING is disallowed\"";
    assert!(world.nodes[a].log_lines().contains(&line.to_owned()));
    assert_eq!(world.nodes[a].stopped_at(), Some(2000));
}

#[test]
fn stopped_in_the_second_between_pending_and_active_it_fails_and_leaves_its_entry_behind() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(500);
    world.stop(a);
    world.run_to(10_000);
    let error = "failed to pick tokens in the KV store, ring: ingester: \
                 failed to CAS-update key collectors/ring: context canceled";
    assert_eq!(world.nodes[a].failure(), Some(error));
    assert_eq!(world.state("a"), Some(Pending));
    assert_eq!(world.nodes[a].messages().last(), Some(&"lifecycler loop() exited with error"));
}

#[test]
fn a_stop_cuts_the_retries_of_a_heartbeat_short_but_not_those_of_leaving() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(12_000);
    world.clock_offset = -60;
    world.run_to(15_500);
    world.stop(a);
    world.run_to(40_000);
    let error = "level=error caller=lifecycler.go:605 component=ingester \
                 msg=\"failed to write to the KV store, sleeping\" ring=ingester \
                 err=\"failed to CAS-update key collectors/ring: context canceled\"";
    assert_eq!(world.nodes[a].log_lines()[3], error);
    assert_eq!(world.nodes[a].logged("failed to write to the KV store, sleeping")[0], 15_500);
    assert_eq!(world.nodes[a].logged("changing instance state from"), [15_500]);
    assert_eq!(world.nodes[a].logged("failed to set state to LEAVING"), [24_500]);
    assert!(world.nodes[a].stopped_at().is_some(), "a removal needs no newer time");
    assert_eq!(world.state("a"), None);
}

#[test]
fn a_second_stop_changes_nothing() {
    let mut world = World::new();
    world.flush = Duration::from_secs(5);
    let a = world.ingester("a", |config| config.flush_on_shutdown = true);
    world.run_to(12_000);
    world.stop(a);
    world.run_to(13_000);
    world.stop(a);
    world.run_to(60_000);
    assert_eq!(world.nodes[a].stopped_at(), Some(17_000));
    assert_eq!(world.nodes[a].logged("changing instance state from"), [12_000]);
}

#[test]
fn a_ring_that_is_gone_cannot_be_left() {
    let mut world = World::new();
    let a = world.ingester("a", |config| config.join_after = Duration::from_secs(60));
    world.run_to(2000);
    world.lose_ring();
    world.stop(a);
    let error = "failed to unregister from the KV store, ring: ingester: failed to CAS-update key \
                 collectors/ring: fn returned error: found empty ring when trying to unregister";
    assert_eq!(world.nodes[a].failure(), Some(error));
}

#[test]
fn the_tokens_file_goes_only_when_that_was_asked_for() {
    for clears in [false, true] {
        let mut world = World::new();
        let a = world.ingester("a", |config| config.tokens_file_path = Some("/data/ingester.tokens".into()));
        world.run_to(12_000);
        let tokens = Some(world.entry("a").unwrap().tokens.clone());
        assert_eq!(world.nodes[a].file, tokens);
        if let super::super::Lifecycler::Ingester(lifecycler) = &mut world.nodes[a].lifecycler {
            lifecycler.set_clear_tokens_on_shutdown(clears);
        }
        world.stop(a);
        world.run_to(20_000);
        assert_eq!(world.nodes[a].file, if clears { None } else { tokens });
        let removed = world.nodes[a].logged("removed tokens file from disk").len();
        assert_eq!(removed, usize::from(clears));
    }
}

#[test]
fn a_leaving_instance_loses_its_tokens_to_whoever_claims_them() {
    let mut world = World::new();
    world.flush = Duration::from_secs(60);
    let a = world.ingester("a", |config| config.flush_on_shutdown = true);
    world.run_to(12_000);
    world.stop(a);
    world.run_to(13_000);
    let tokens = world.entry("a").unwrap().tokens.clone();
    world.put("b", entry("b", Active, -13, tokens.to_vec()));
    world.run_to(20_000);
    assert_eq!(world.entry("a").unwrap().tokens, Tokens::EMPTY);
}
