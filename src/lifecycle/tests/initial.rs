use super::driver::{START, World, entry};
use crate::ring::InstanceState::{Active, Joining, Leaving, Pending};
use crate::ring::{InstanceDesc, Tokens};

fn file(tokens: u32) -> Option<Tokens> {
    Some((1..=tokens).map(|token| token * 1000).collect())
}

#[test]
fn a_full_tokens_file_makes_it_active_at_once() {
    let mut world = World::new();
    let path = Some("/data/ingester.tokens".into());
    let a = world.ingester_with_file("a", file(128), |config| config.tokens_file_path = path);
    world.run_to(4000);
    assert_eq!(world.writes_of("a"), [(0, Active, 128)]);
    assert_eq!(Some(&world.entry("a").unwrap().tokens), file(128).as_ref());
    assert_eq!(world.nodes[a].messages(), ["adding tokens from file"]);
    assert_eq!(world.nodes[a].file, file(128));
}

#[test]
fn a_tokens_file_with_too_few_leaves_it_pending_with_those_and_tops_them_up() {
    let mut world = World::new();
    let path = Some("/data/ingester.tokens".into());
    let a = world.ingester_with_file("a", file(100), |config| config.tokens_file_path = path);
    world.run_to(500);
    let error = "level=error caller=lifecycler.go:925 component=ingester \
                 msg=\"tokens already exist for this instance - wasn't expecting any!\" num_tokens=100 ring=ingester";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), error);
    world.run_to(4000);
    assert_eq!(world.writes_of("a"), [(0, Pending, 100), (1000, Active, 128)]);
    let tokens = &world.entry("a").unwrap().tokens;
    assert!(file(100).unwrap().iter().all(|token| tokens.contains(token)));
    assert_eq!(world.nodes[a].file.as_ref(), Some(tokens));
}

#[test]
fn the_tokens_file_does_not_matter_while_the_ring_knows_the_instance() {
    let old = entry("a", Active, 300, 1..=128);
    let mut world = World::with("a", old.clone());
    let path = Some("/data/ingester.tokens".into());
    world.ingester_with_file("a", file(128), |config| config.tokens_file_path = path);
    world.run_to(6000);
    assert_eq!(world.entry("a").unwrap().tokens, old.tokens);
}

#[test]
fn a_pending_entry_is_taken_over_and_joins() {
    let mut world = World::with("a", entry("a", Pending, 300, []));
    let a = world.ingester("a", |_| {});
    world.run_to(4000);
    // Its heartbeat is old, so joining needs no second try.
    assert_eq!(world.writes_of("a"), [(0, Active, 128)]);
    assert_eq!(world.entry("a").unwrap().registered_timestamp, START - 1000);
    assert_eq!(
        world.nodes[a].messages()[1..],
        ["existing instance found in ring", "auto-joining cluster after timeout"]
    );
}

#[test]
fn a_joining_entry_stops_it_after_nine_seconds() {
    let mut world = World::with("a", entry("a", Joining, 3, 1..=128));
    let a = world.ingester("a", |_| {});
    world.run_to(8999);
    assert_eq!(world.nodes[a].failure(), None);
    world.run_to(9000);
    let error =
        "failed to join the ring ingester: failed to CAS-update key collectors/ring: no change detected";
    assert_eq!(world.nodes[a].failure(), Some(error));
    let warnings = world.nodes[a].logged("instance found in ring as JOINING, setting to PENDING");
    assert_eq!(warnings, Vec::from_iter((0..10).map(|second| second * 1000)));
    assert_eq!(world.writes, []);

    world.forget("a");
    world.ingester("a", |_| {});
    world.run_to(20_000);
    assert_eq!(world.state("a"), Some(Active));
}

#[test]
fn an_active_entry_is_taken_over_without_a_word_until_the_first_heartbeat() {
    let old = InstanceDesc {
        read_only: true,
        read_only_updated_timestamp: START - 500,
        ..entry("a", Active, 300, 1..=100)
    };
    let mut world = World::with("a", old.clone());
    let a = world.ingester("a", |_| {});
    world.run_to(4999);
    assert_eq!(world.entry("a"), Some(&old), "it stays UNHEALTHY");
    let line = "level=info caller=lifecycler.go:747 component=ingester msg=\"existing instance found in ring\" \
                state=ACTIVE tokens=100 ring=ingester readOnly=true readOnlyStateUpdate=2026-11-22T10:06:40Z";
    assert_eq!(world.nodes[a].log_lines().last().unwrap(), line);
    world.run_to(5000);
    assert_eq!(world.entry("a"), Some(&InstanceDesc { timestamp: START + 5, ..old }));
}

#[test]
fn an_active_entry_with_another_address_or_zone_is_written_at_once() {
    let old = entry("a", Active, 300, 1..=128);
    for changed in [
        InstanceDesc { addr: "elsewhere:9095".into(), ..old.clone() },
        InstanceDesc { zone: "zone-b".into(), ..old.clone() },
    ] {
        let mut world = World::with("a", changed);
        world.ingester("a", |_| {});
        world.run_to(0);
        assert_eq!(world.entry("a"), Some(&InstanceDesc { timestamp: START, ..old.clone() }));
    }
}

#[test]
fn a_leaving_entry_is_active_at_once_with_the_right_number_of_tokens() {
    for (before, message) in [
        (100, Some("existing instance has too few tokens, adding difference")),
        (128, None),
        (200, Some("existing instance has too many tokens, removing difference")),
    ] {
        let old = entry("a", Leaving, 300, 1..=before);
        let mut world = World::with("a", old.clone());
        let a = world.ingester("a", |_| {});
        world.run_to(4999);
        assert_eq!(world.writes_of("a"), [(0, Active, 128)], "{before}");
        let entry = world.entry("a").unwrap();
        assert_eq!((entry.timestamp, entry.registered_timestamp), (START, START - 1000));
        let kept = entry.tokens.iter().filter(|token| old.tokens.contains(token)).count();
        assert_eq!(kept, old.tokens.len().min(128));
        let highest = entry.tokens.iter().rev().find(|token| **token <= before);
        assert_eq!(highest > Some(&128), before > 128, "not simply the smallest ones");
        assert_eq!(world.nodes[a].messages().get(2).copied(), message);
    }
}

#[test]
fn a_tombstone_of_the_same_second_delays_the_registration_by_one() {
    let mut world = World::with("a", entry("a", Active, 1, 1..=128));
    world.forget("a");
    world.ingester("a", |_| {});
    world.run_to(500);
    assert_eq!(world.entry("a"), None);
    world.run_to(4000);
    assert_eq!(world.writes_of("a"), [(1000, Pending, 0), (2000, Active, 128)]);
}
