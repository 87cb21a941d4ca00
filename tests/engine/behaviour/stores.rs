use std::collections::BTreeSet;

use ringside::lifecycle::RingKind;
use ringside::sim::{Command, Span, StoreKind};

use crate::cluster::{Cluster, ms, secs};

fn in_store(store: StoreKind, count: usize) -> Cluster {
    Cluster::of(count).with(|options| options.store = store)
}

fn store_is(cluster: &mut Cluster, down: bool) -> &mut Cluster {
    cluster.apply(Command::Store { down })
}

#[test]
fn a_ring_in_consul_or_etcd_is_one_for_all_and_needs_no_gossip() {
    for store in [StoreKind::Consul, StoreKind::Etcd] {
        let mut cluster = in_store(store, 5).settled();
        for via in cluster.names() {
            assert_eq!(cluster.ring_size(&via), 5, "{store:?} {via}");
            assert_eq!(cluster.shown(&via, "loki-3"), "ACTIVE");
            assert_eq!(cluster.members_of(&via), 0, "nobody gossips");
        }
        let distinct: BTreeSet<u32> = cluster
            .names()
            .iter()
            .flat_map(|id| cluster.entry("loki-0", id).unwrap().tokens.to_vec())
            .collect();
        assert_eq!(distinct.len(), 5 * 128, "whoever reads before he writes takes nobody's token");
        let body = cluster.page("loki-0", "/memberlist").body;
        assert_eq!(body.trim_end(), "This instance doesn't use memberlist.");
        cluster.terminate("loki-4").run(secs(5));
        assert_eq!(cluster.shown("loki-0", "loki-4"), "absent");
        assert_eq!(cluster.raw("loki-0", "loki-4"), None, "there are no tombstones in a central store");
    }
}

#[test]
fn everybody_at_once_is_a_race_that_each_wins_in_the_end() {
    for store in [StoreKind::Consul, StoreKind::Etcd] {
        let mut cluster = in_store(store, 8).with(|options| {
            options.deployment.start_spread = Span::ZERO;
            options.central.latency_max = Span::millis(5);
        });
        cluster.run(secs(30));
        assert_eq!(cluster.ring_size("loki-0"), 8);
        let names = cluster.names();
        for via in &names {
            assert_eq!(cluster.shown("loki-0", via), "ACTIVE", "{store:?} {via}");
        }
    }
}

#[test]
fn when_consul_is_away_heartbeats_fail_and_when_it_is_back_all_is_as_before() {
    for (store, error) in [
        (StoreKind::Consul, "err=failed to CAS collectors/ring"),
        (StoreKind::Etcd, "err=context deadline exceeded"),
    ] {
        let mut cluster = in_store(store, 3).settled();
        let tokens = cluster.entry("loki-0", "loki-1").unwrap().tokens;
        store_is(&mut cluster, true).run(secs(50));
        assert_eq!(cluster.shown("loki-0", "loki-1"), "ACTIVE", "the last answer stays good for a minute");
        cluster.run(secs(20));
        for id in ["loki-0", "loki-1", "loki-2"] {
            assert_eq!(cluster.shown("loki-0", id), "UNHEALTHY", "{store:?} {id}");
            let failed = cluster.logged_lines(id, "error failed to write to the KV store, sleeping");
            assert!(!failed.is_empty() && failed.iter().all(|(_, line)| line.ends_with(error)), "{failed:?}");
            assert!(cluster.is_up(id));
        }
        let (failure, _) = cluster.push("loki-0", "{app=\"a\"}");
        assert!(failure.unwrap().starts_with("at least 2 live replicas required, could only find 0"));
        store_is(&mut cluster, false).run(secs(15));
        for id in ["loki-0", "loki-1", "loki-2"] {
            assert_eq!(cluster.shown("loki-0", id), "ACTIVE", "{store:?} {id}");
        }
        assert_eq!(cluster.entry("loki-2", "loki-1").unwrap().tokens, tokens);
        assert_eq!(cluster.push("loki-0", "{app=\"a\"}").0, None);
    }
}

#[test]
fn who_starts_while_the_store_is_away_gives_up_and_joins_when_it_is_tried_again() {
    let mut cluster = in_store(StoreKind::Consul, 3)
        .with(|options| {
            options.groups[0].started = Some(2);
            options.deployment.restart_backoff = Span::secs(10);
        })
        .settled();
    store_is(&mut cluster, true).start("loki-2").run(secs(30));
    let text = "failed to join the ring ingester: failed to CAS collectors/ring";
    assert!(!cluster.logged("loki-2", text).is_empty());
    assert_eq!(cluster.ring_size("loki-0"), 2);
    store_is(&mut cluster, false).run(secs(90));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
}

#[test]
fn in_memory_everybody_is_alone_and_starts_from_nothing() {
    let mut cluster =
        in_store(StoreKind::Inmemory, 2).with(|options| options.replication_factor = 1).settled();
    for via in ["loki-0", "loki-1"] {
        assert_eq!(cluster.ring_size(via), 1);
        assert_eq!(cluster.shown(via, via), "ACTIVE");
    }
    assert_eq!(cluster.push("loki-0", "{app=\"a\"}").1, ["loki-0"]);
    let tokens = cluster.entry("loki-0", "loki-0").unwrap().tokens;
    cluster.kill("loki-0").start("loki-0").run(secs(5));
    assert_ne!(cluster.entry("loki-0", "loki-0").unwrap().tokens, tokens);
}

#[test]
fn a_dead_instance_stays_in_a_central_store_until_it_is_forgotten() {
    let mut cluster = in_store(StoreKind::Etcd, 3).settled();
    cluster.kill("loki-2").run(secs(600));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
    cluster.forget("loki-0", "loki-2").run(secs(1));
    assert_eq!(cluster.shown("loki-1", "loki-2"), "absent");
}

#[test]
fn in_gossip_two_writers_never_disturb_each_other() {
    let cluster = Cluster::of(8).with(|options| options.deployment.start_spread = Span::ZERO).settled();
    for via in cluster.names() {
        let counters = &cluster.process(&via).kv.counters;
        assert_eq!(counters.cas_failures, 0);
        // The second between PENDING and ACTIVE, and nothing else, has to be tried twice.
        assert!(counters.cas_attempts - counters.cas_successes <= 1, "{via}: {counters:?}");
    }
}

#[test]
fn all_rings_stand_beside_each_other_in_one_store() {
    let cluster = Cluster::of(3)
        .with(|options| {
            options.lifecycler.rings =
                ["distributor", "compactor", "scheduler", "ruler"].map(String::from).into();
        })
        .settled();
    let process = cluster.process("loki-1");
    for (ring, tokens) in [
        (RingKind::Distributor, 1),
        (RingKind::Compactor, 1),
        (RingKind::Scheduler, 1),
        (RingKind::Ruler, 128),
    ] {
        let desc = process.desc(ring).unwrap();
        assert_eq!(desc.ingesters.len(), 3, "{ring:?}");
        assert!(desc.ingesters.values().all(|entry| entry.tokens.len() == tokens), "{ring:?}");
    }
    let leaders = cluster.names().iter().filter(|name| cluster.process(name).compacts).count();
    assert_eq!(leaders, 1);
}

#[test]
fn a_watcher_of_a_central_store_hears_of_a_change_after_its_delay() {
    let mut cluster = in_store(StoreKind::Consul, 3)
        .with(|options| options.central.watch_delay = Span::millis(400))
        .settled();
    cluster.kill("loki-2").forget("loki-0", "loki-2").run(ms(200));
    assert_eq!(cluster.shown("loki-1", "loki-2"), "ACTIVE");
    cluster.run(ms(400));
    assert_eq!(cluster.shown("loki-1", "loki-2"), "absent");
}
