use std::time::Duration;

use super::driver::{World, entry};
use crate::ring::InstanceState::{Active, Leaving};

#[test]
fn it_is_ready_fifteen_seconds_after_somebody_asked_first_and_stays_so() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    assert_eq!(world.check_ready(a).unwrap_err(), "this instance owns no tokens");
    world.run_to(40_000);
    for millis in [40_000, 50_000, 54_999] {
        world.run_to(millis);
        assert_eq!(world.check_ready(a).unwrap_err(), "waiting for 15s after being ready");
    }
    world.run_to(55_000);
    assert_eq!(world.check_ready(a), Ok(()));
    world.put("b", entry("b", Leaving, 300, []));
    assert_eq!(world.check_ready(a), Ok(()));
}

#[test]
fn a_failed_check_starts_the_fifteen_seconds_again() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(2000);
    assert!(world.check_ready(a).is_err());
    world.put("b", entry("b", Leaving, -2, 1..3));
    world.run_to(10_000);
    assert_eq!(world.check_ready(a).unwrap_err(), "instance b:9095 in state LEAVING");
    world.forget("b");
    world.run_to(20_000);
    assert_eq!(world.check_ready(a).unwrap_err(), "waiting for 15s after being ready");
    world.run_to(35_000);
    assert_eq!(world.check_ready(a), Ok(()));
}

#[test]
fn one_dead_instance_keeps_a_new_one_from_becoming_ready_and_is_named_by_its_address() {
    let mut world = World::with("b", entry("b", Leaving, 58, 1..3));
    let a = world.ingester("a", |config| config.min_ready_duration = Duration::ZERO);
    world.run_to(2001);
    for _ in 0..2 {
        assert_eq!(world.check_ready(a).unwrap_err(), "instance b:9095 past heartbeat timeout");
    }
    let warning = "level=warn caller=lifecycler.go:304 component=ingester msg=\"found an existing instance(s) with \
                   a problem in the ring, this instance cannot become ready until this problem is resolved. The \
                   /ring http endpoint on the distributor (or single binary) provides visibility into the ring.\" \
                   ring=ingester err=\"instance b:9095 past heartbeat timeout\"";
    let log = world.nodes[a].log_lines();
    assert_eq!(log.iter().filter(|line| *line == warning).count(), 2, "{log:#?}");
}

#[test]
fn it_may_look_at_itself_alone() {
    let mut world = World::with("b", entry("b", Active, 300, 1..3));
    let a = world.ingester("a", |config| {
        config.min_ready_duration = Duration::ZERO;
        config.readiness_check_ring_health = false;
    });
    world.run_to(500);
    assert_eq!(world.check_ready(a).unwrap_err(), "instance a:9095 in state PENDING");
    world.forget("a");
    assert_eq!(world.check_ready(a).unwrap_err(), "instance a not found in the ring");
    world.run_to(12_000);
    assert_eq!(world.check_ready(a), Ok(()));
}

#[test]
fn it_needs_a_ring() {
    let mut world = World::new();
    let a = world.ingester("a", |_| {});
    world.run_to(2000);
    world.lose_ring();
    assert_eq!(world.check_ready(a).unwrap_err(), "no ring returned from the KV store");
}
