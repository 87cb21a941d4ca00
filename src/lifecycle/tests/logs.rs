//! Log lines of real processes, as the captures have them: without times, in their order.

use std::time::Duration;

use super::super::{IngesterLifecycler, IngesterLifecyclerConfig, Lifecycler, RingKind};
use super::driver::{World, entry, identity};
use crate::ring::InstanceState::Active;

#[test]
fn an_ingester_speaks_like_a_real_one() {
    let mut world = World::new();
    let a = world.ingester("loki-3", |_| {});
    world.run_to(40_500);
    world.stop(a);
    world.run_to(60_000);
    assert_eq!(
        world.nodes[a].log_lines(),
        [
            "level=info caller=lifecycler.go:694 component=ingester \
             msg=\"not loading tokens from file, tokens file path is empty\"",
            "level=info caller=lifecycler.go:721 component=ingester \
             msg=\"instance not found in ring, adding with no tokens\" ring=ingester",
            "level=info caller=lifecycler.go:562 component=ingester \
             msg=\"auto-joining cluster after timeout\" ring=ingester",
            "level=info caller=lifecycler.go:612 component=ingester \
             msg=\"lifecycler loop() exited gracefully\" ring=ingester",
            "level=info caller=lifecycler.go:997 component=ingester \
             msg=\"changing instance state from\" old_state=ACTIVE new_state=LEAVING ring=ingester",
            "level=info caller=lifecycler.go:1083 component=ingester msg=\"transfers are disabled\"",
            "level=info caller=lifecycler.go:1100 component=ingester \
             msg=\"lifecycler entering final sleep before shutdown\" final_sleep=0s",
            "level=info caller=lifecycler.go:665 component=ingester \
             msg=\"instance removed from the KV store\" ring=ingester",
        ]
    );
}

#[test]
fn a_final_sleep_of_ten_seconds_is_seen_in_the_log() {
    let mut world = World::new();
    let a = world.ingester("loki-3", |config| config.final_sleep = Duration::from_secs(10));
    world.run_to(32_030);
    world.stop(a);
    world.run_to(60_000);
    let log = world.nodes[a].log_lines();
    assert!(log[6].ends_with("msg=\"lifecycler entering final sleep before shutdown\" final_sleep=10s"));
    assert_eq!(world.nodes[a].logged("instance removed from the KV store"), [42_030]);
}

#[test]
fn a_pattern_ingester_names_itself_and_a_limits_service_has_nothing_to_transfer() {
    let mut world = World::new();
    let a = world.ingester("loki-3", |config| config.kind = RingKind::PatternIngester);
    world.run_to(0);
    let line = "level=info caller=lifecycler.go:562 component=pattern-ingester \
                msg=\"auto-joining cluster after timeout\" ring=pattern-ingester";
    assert_eq!(world.nodes[a].log_lines()[2], line);

    let mut world = World::new();
    let a = world.ingester("loki-3", |config| {
        *config = IngesterLifecyclerConfig::new(RingKind::IngestLimits, false);
        config.flush_on_shutdown = true;
    });
    world.run_to(12_000);
    world.stop(a);
    world.run_to(12_000);
    assert_eq!(world.nodes[a].logged("transfers are disabled"), [0; 0]);
    assert_eq!(world.nodes[a].ingester().flush_took(), None);
    assert_eq!(world.nodes[a].stopped_at(), Some(12_000));
}

#[test]
fn a_restarted_process_finds_its_entries() {
    let mut world = World::with("loki-3", entry("loki-3", Active, 64, 1..=128));
    let ingester = world.ingester("loki-3", |config| config.kind = RingKind::PatternIngester);
    world.run_to(0);
    let line = "level=info caller=lifecycler.go:747 component=pattern-ingester \
                msg=\"existing instance found in ring\" state=ACTIVE tokens=128 ring=pattern-ingester \
                readOnly=false readOnlyStateUpdate=0001-01-01T00:00:00Z";
    assert_eq!(world.nodes[ingester].log_lines()[1], line);

    let mut world = World::with("loki-3", entry("loki-3", Active, 64, 1..=1));
    let distributor = world.basic(RingKind::Distributor, "loki-3", |_| {});
    world.run_to(0);
    let line = "level=info caller=basic_lifecycler.go:322 component=distributor \
                msg=\"instance found in the ring\" instance=loki-3 ring=distributor state=ACTIVE tokens=1 \
                registered_at=\"2026-11-22 09:58:20 +0000 UTC\" last_heartbeat_at=\"2026-11-22 10:13:56 +0000 UTC\"";
    assert_eq!(world.nodes[distributor].log_lines(), [line]);
}

#[test]
fn a_scheduler_and_a_compactor_speak_like_real_ones() {
    let mut world = World::new();
    let a = world.basic(RingKind::Scheduler, "loki-3", |_| {});
    world.run_to(33_000);
    world.stop(a);
    world.run_to(60_000);
    assert_eq!(
        world.nodes[a].log_lines(),
        [
            "level=info caller=basic_lifecycler.go:324 msg=\"instance not found in the ring\" \
             instance=loki-3 ring=scheduler",
            "level=info caller=basic_lifecycler_delegates.go:63 \
             msg=\"not loading tokens from file, tokens file path is empty\"",
            "level=info caller=ringmanager.go:186 msg=\"waiting until scheduler is JOINING in the ring\"",
            "level=info caller=ringmanager.go:190 msg=\"scheduler is JOINING in the ring\"",
            "level=info caller=ringmanager.go:199 msg=\"waiting until scheduler is ACTIVE in the ring\"",
            "level=info caller=ringmanager.go:203 msg=\"scheduler is ACTIVE in the ring\"",
            "level=info caller=basic_lifecycler.go:265 msg=\"ring lifecycler is shutting down\" ring=scheduler",
            "level=info caller=basic_lifecycler.go:442 msg=\"unregistering instance from ring\" ring=scheduler",
            "level=info caller=basic_lifecycler.go:305 msg=\"instance removed from the ring\" ring=scheduler",
        ]
    );

    let mut world = World::new();
    let a = world.basic(RingKind::Compactor, "loki-3", |_| {});
    world.run_to(2000);
    assert_eq!(
        world.nodes[a].log_lines()[2..],
        [
            "level=info caller=compactor.go:416 msg=\"waiting until compactor is JOINING in the ring\"",
            "level=info caller=compactor.go:420 msg=\"compactor is JOINING in the ring\"",
            "level=info caller=compactor.go:430 msg=\"waiting until compactor is ACTIVE in the ring\"",
            "level=info caller=compactor.go:434 msg=\"compactor is ACTIVE in the ring\"",
        ]
    );
}

#[test]
fn with_a_failed_store_they_speak_like_real_ones() {
    let mut world = World::new();
    let pattern = world.ingester("loki-1", |config| config.kind = RingKind::PatternIngester);
    world.run_to(2500);
    world.store_error = Some("unexpected state: Failed");
    world.stop(pattern);
    let log = world.nodes[pattern].log_lines();
    assert_eq!(
        log[log.len() - 3..],
        [
            "level=error caller=lifecycler.go:636 component=pattern-ingester msg=\"failed to set state to LEAVING\" \
             ring=pattern-ingester err=\"unexpected state: Failed\"",
            "level=info caller=lifecycler.go:1083 component=pattern-ingester msg=\"transfers are disabled\"",
            "level=info caller=lifecycler.go:1100 component=pattern-ingester \
             msg=\"lifecycler entering final sleep before shutdown\" final_sleep=0s",
        ]
    );
    let error = "failed to unregister from the KV store, ring: pattern-ingester: unexpected state: Failed";
    assert_eq!(world.nodes[pattern].failure(), Some(error));

    let mut world = World::new();
    let distributor = world.basic(RingKind::Distributor, "loki-1", |_| {});
    world.run_to(2500);
    world.store_error = Some("unexpected state: Failed");
    world.stop(distributor);
    assert_eq!(
        world.nodes[distributor].log_lines()[1..],
        [
            "level=info caller=basic_lifecycler.go:265 component=distributor \
             msg=\"ring lifecycler is shutting down\" ring=distributor",
            "level=warn caller=basic_lifecycler.go:548 component=distributor \
             msg=\"failed to change instance state in the ring\" from=ACTIVE to=LEAVING \
             err=\"unexpected state: Failed\"",
            "level=error caller=basic_lifecycler_delegates.go:34 component=distributor \
             msg=\"failed to change instance state to LEAVING in the ring\" err=\"unexpected state: Failed\"",
            "level=info caller=basic_lifecycler.go:442 component=distributor \
             msg=\"unregistering instance from ring\" ring=distributor",
        ]
    );
    let error = "failed to unregister instance from the ring (ring: distributor): unexpected state: Failed";
    assert_eq!(world.nodes[distributor].failure(), Some(error));
}

#[test]
fn a_lifecycler_that_never_started_stops_without_a_word() {
    let config = IngesterLifecyclerConfig::new(RingKind::Ingester, false);
    let mut world = World::new();
    let started = world.ingester("a", |_| {});
    let fresh = IngesterLifecycler::new(config, identity("b"), None);
    world.nodes[started].lifecycler = Lifecycler::Ingester(fresh);
    world.nodes[started].lines.clear();
    world.kill(started);
    world.stop(started);
    assert_eq!(world.nodes[started].stopped_at(), Some(0));
    assert_eq!(world.nodes[started].log_lines(), [""; 0]);
}
