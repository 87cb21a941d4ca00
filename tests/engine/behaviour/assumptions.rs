//! What people take for granted about the ring, and is not so.

use ringside::memberlist::State;
use ringside::ring::InstanceState::{Active, Joining, Pending};
use ringside::sim::{Happening, PacketKind, Span};
use serde_json::Value;

use crate::cluster::{Cluster, each_seed, ms, secs};

#[test]
fn death_in_memberlist_does_not_touch_the_ring_nor_the_reverse() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2").run(secs(45));
    assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Dead));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    cluster.run(secs(30));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
    assert_eq!(cluster.entry("loki-0", "loki-2").unwrap().tokens.len(), 128, "it still owns its ranges");
    // A heartbeat that is too old, of a process that lives.
    let mut cluster =
        Cluster::of(3).with(|options| options.lifecycler.heartbeat_timeout = Span::secs(20)).settled();
    cluster.clock("loki-2", -18_000).run(secs(8));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    cluster.clock("loki-2", -18_000).run(secs(15));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
    assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Alive));
}

#[test]
fn readers_never_see_a_tombstone_but_the_raw_view_does() {
    let mut cluster = Cluster::of(3).settled();
    cluster.terminate("loki-2").run(secs(5));
    let ring: Value = serde_json::from_str(&cluster.page("loki-0", "/ring").body).unwrap();
    let shown =
        Vec::from_iter(ring["shards"].as_array().unwrap().iter().map(|shard| shard["id"].as_str().unwrap()));
    assert_eq!(shown, ["loki-0", "loki-1"]);
    let raw = cluster.page("loki-0", "/memberlist?viewKey=collectors/ring&format=json").body;
    let raw: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(raw["ingesters"]["loki-2"]["state"], 4);
    assert_eq!(raw["ingesters"]["loki-2"].get("tokens").and_then(Value::as_array).map_or(0, Vec::len), 0);
}

#[test]
fn a_new_ingester_is_never_joining_unless_it_observes_its_tokens() {
    let states = |observe: u64| {
        let mut cluster =
            Cluster::of(1).with(|options| options.lifecycler.observe_period = Span::secs(observe));
        cluster.run(secs(20));
        Vec::from_iter(cluster.ring_states("loki-0", "loki-0").into_iter().map(|(_, state)| state))
    };
    assert_eq!(states(0), [Pending, Active]);
    assert_eq!(states(4), [Pending, Joining, Active]);
}

#[test]
fn every_heartbeat_carries_all_tokens() {
    let size = |tokens: usize| {
        let mut cluster = Cluster::of(2).with(|options| {
            options.lifecycler.num_tokens = tokens;
            options.journal_packets = true;
        });
        cluster.run(secs(60));
        let sizes = cluster.happened("loki-0", |what| match what {
            Happening::Packet { kind: PacketKind::Gossip, bytes, messages: 1, .. } => Some(*bytes),
            _ => None,
        });
        assert!(!sizes.is_empty());
        sizes.into_iter().map(|(_, bytes)| bytes).max().unwrap()
    };
    assert!((700..850).contains(&size(128)), "{}", size(128));
    assert!(size(8) < 250);
}

#[test]
fn a_refusal_costs_a_probe_as_much_as_silence() {
    let suspected = |dark: bool| {
        let times = each_seed(0..6, |seed| {
            let mut cluster = Cluster::of(3).seed(seed).settled();
            cluster.apply(ringside::sim::Command::Kill { pod: "loki-2".into(), dark });
            cluster.until(secs(25), "suspect", |it| it.state_at("loki-0", "loki-2") == Some(State::Suspect))
        });
        *times.iter().min().unwrap()
    };
    assert!(suspected(false) >= ms(4900), "a probe is over after its five seconds, not before");
    assert!(suspected(true) >= ms(4900));
}

#[test]
fn a_tick_of_gossip_reaches_three_others_at_most_and_sometimes_fewer() {
    let mut cluster = Cluster::of(4).with(|options| {
        options.journal_packets = true;
        options.network.latency_min = Span::millis(1);
    });
    cluster.run(secs(600));
    let ticks = cluster.happened("loki-0", |what| match what {
        Happening::Packet { to, kind: PacketKind::Gossip, .. } => Some(*to),
        _ => None,
    });
    let mut counts = [0; 5];
    for tick in ticks.chunk_by(|(a, _), (b, _)| a == b) {
        counts[tick.len()] += 1;
    }
    assert!(counts[3] > counts[2] && counts[2] > 0 && counts[4] == 0, "{counts:?}");
}

#[test]
fn two_unhealthy_of_many_fail_every_query_though_replication_is_three() {
    let mut cluster = Cluster::of(12).settled();
    cluster.kill("loki-10").run(secs(70));
    assert_eq!(cluster.query("loki-0"), None);
    cluster.kill("loki-11").run(secs(70));
    assert_eq!(cluster.query("loki-0").unwrap(), "too many unhealthy instances in the ring");
}

#[test]
fn a_members_name_is_not_the_instances_id_and_changes_with_every_start() {
    let mut cluster = Cluster::of(2).settled();
    let name = |cluster: &Cluster| {
        let swim = cluster.process("loki-1").swim.as_ref().unwrap();
        cluster.sim.world.names[swim.name().0 as usize].to_string()
    };
    let first = name(&cluster);
    assert_eq!(first.strip_prefix("loki-1-").unwrap().len(), 8);
    cluster.kill("loki-1").start("loki-1").run(secs(5));
    assert_ne!(name(&cluster), first);
    assert_eq!(cluster.shown("loki-0", "loki-1"), "ACTIVE");
}

#[test]
fn an_ingester_that_starts_isolated_registers_as_new_and_overwrites_its_old_self_when_it_joins() {
    let mut cluster = Cluster::of(3).settled();
    let old = cluster.entry("loki-0", "loki-2").unwrap();
    // Up to half a minute after its death the others would still gossip to its address.
    cluster.kill("loki-2").run(secs(120));
    cluster.apply(ringside::sim::Command::Dns { down: true }).start("loki-2").run(secs(90));
    assert_eq!(cluster.ring_size("loki-2"), 1);
    cluster.apply(ringside::sim::Command::Dns { down: false }).run(secs(120));
    let new = cluster.entry("loki-0", "loki-2").unwrap();
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    assert_ne!(new.tokens, old.tokens);
    assert!(new.registered_timestamp > old.registered_timestamp);
}

#[test]
fn after_a_crash_an_instance_that_finds_its_entry_keeps_tokens_and_registration_and_writes_only_at_its_heartbeat()
 {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2").run(secs(70));
    let old = cluster.entry("loki-0", "loki-2").unwrap();
    cluster.start("loki-2").run(secs(4));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "UNHEALTHY");
    cluster.run(secs(3));
    let new = cluster.entry("loki-0", "loki-2").unwrap();
    assert_eq!((cluster.shown("loki-0", "loki-2"), &new.tokens), ("ACTIVE", &old.tokens));
    assert_eq!(new.registered_timestamp, old.registered_timestamp);
}

#[test]
fn a_renamed_pod_leaves_its_old_entry_behind() {
    let mut cluster = Cluster::of(3).settled();
    cluster.kill("loki-2").apply(ringside::sim::Command::Start {
        pod: "loki-2".into(),
        rename: Some("loki-x".into()),
        address: None,
    });
    cluster.run(secs(70));
    assert_eq!(cluster.ring_size("loki-0"), 4);
    assert_eq!(
        (cluster.shown("loki-0", "loki-2"), cluster.shown("loki-0", "loki-x")),
        ("UNHEALTHY", "ACTIVE")
    );
}

#[test]
fn only_the_rings_of_basic_lifecyclers_forget_their_dead_by_themselves() {
    let mut cluster = Cluster::of(3)
        .with(|options| {
            options.lifecycler.rings = ["distributor", "scheduler"].map(String::from).into();
        })
        .settled();
    let size = |cluster: &Cluster, ring| {
        let desc = cluster.process("loki-0").desc(ring).unwrap();
        desc.ingesters.values().filter(|entry| entry.state != ringside::ring::InstanceState::Left).count()
    };
    use ringside::lifecycle::RingKind::{Distributor, Ingester, Scheduler};
    cluster.kill("loki-2").run(secs(110));
    assert_eq!([Ingester, Distributor, Scheduler].map(|ring| size(&cluster, ring)), [3, 3, 3]);
    cluster.run(secs(25));
    assert_eq!([Ingester, Distributor, Scheduler].map(|ring| size(&cluster, ring)), [3, 2, 3]);
    cluster.run(secs(500));
    assert_eq!([Ingester, Distributor, Scheduler].map(|ring| size(&cluster, ring)), [3, 2, 2]);
}

#[test]
fn pages_of_two_processes_may_differ_for_as_long_as_they_are_apart() {
    let mut cluster = Cluster::of(3).settled();
    cluster.partition(&[&["loki-0", "loki-1"], &["loki-2"]]).forget("loki-0", "loki-1").run(ms(900));
    assert_eq!((cluster.shown("loki-0", "loki-1"), cluster.shown("loki-2", "loki-1")), ("absent", "ACTIVE"));
    cluster.run(secs(70));
    assert_eq!(
        (cluster.shown("loki-0", "loki-1"), cluster.shown("loki-2", "loki-1")),
        ("ACTIVE", "UNHEALTHY")
    );
}

#[test]
fn the_first_full_exchange_besides_joins_comes_between_thirty_and_sixty_seconds() {
    let firsts = each_seed(0..10, |seed| {
        let mut cluster = Cluster::of(2).seed(seed).with(|options| options.journal_packets = true);
        cluster.run(secs(70));
        let began =
            cluster.happened("loki-0", |what| matches!(what, Happening::Started { .. }).then_some(()))[0].0;
        let exchanges = cluster.happened("loki-0", |what| match what {
            Happening::PushPull { join: false, answer: false, .. } => Some(()),
            _ => None,
        });
        exchanges[0].0 - began
    });
    assert!(firsts.iter().all(|first| (secs(30)..=secs(61)).contains(first)), "{firsts:?}");
    assert!(firsts.iter().max().unwrap().abs_diff(*firsts.iter().min().unwrap()) > secs(5), "{firsts:?}");
}

#[test]
fn of_two_with_one_tokens_file_the_smaller_id_keeps_all_and_the_other_runs_without_any() {
    let mut cluster = Cluster::of(3).with(|options| options.lifecycler.persist_tokens = true);
    let tokens: ringside::ring::Tokens = (1..=128).map(|token| token * 1000).collect();
    for pod in [1, 2] {
        cluster.sim.pods[pod].tokens.insert(ringside::lifecycle::RingKind::Ingester, tokens.clone());
    }
    cluster.run(secs(60));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!(cluster.entry(via, "loki-1").unwrap().tokens, tokens, "{via}");
        assert_eq!(cluster.entry(via, "loki-2").unwrap().tokens.len(), 0, "{via}");
        assert_eq!(cluster.shown(via, "loki-2"), "ACTIVE");
    }
    assert_eq!(cluster.pod("loki-2").tokens[&ringside::lifecycle::RingKind::Ingester], tokens);
}
