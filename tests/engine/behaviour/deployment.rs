use ringside::memberlist::State;
use ringside::sim::{Command, Exit, Happening, PodManagement, Span, Target};

use crate::cluster::{Cluster, each_seed, ms, secs};

/// When a pod's processes began.
fn starts(cluster: &Cluster, pod: &str) -> Vec<std::time::Duration> {
    let began = |what: &Happening| matches!(what, Happening::Started { .. }).then_some(());
    cluster.happened(pod, began).into_iter().map(|(at, ())| at).collect()
}

fn exits(cluster: &Cluster, pod: &str) -> Vec<Exit> {
    let ended = |what: &Happening| match what {
        Happening::Exited { reason } => Some(*reason),
        _ => None,
    };
    cluster.happened(pod, ended).into_iter().map(|(_, reason)| reason).collect()
}

fn readiness(cluster: &Cluster, pod: &str) -> Vec<(std::time::Duration, bool)> {
    let readiness = |what: &Happening| match what {
        Happening::Readiness { ready, .. } => Some(*ready),
        _ => None,
    };
    cluster.happened(pod, readiness)
}

const FAST_JOIN_FAILED: &str = "error failed to fast-join the memberlist cluster at startup";

#[test]
fn without_unready_addresses_a_cold_start_finds_nobody_at_first_and_the_later_join_heals_it() {
    let mut cluster = Cluster::of(3).with(|options| options.dns.publish_not_ready_addresses = false);
    cluster.run(secs(10));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!(cluster.logged(via, FAST_JOIN_FAILED).len(), 1, "{via}");
        assert_eq!((cluster.members_of(via), cluster.ring_size(via)), (1, 1), "{via}");
        assert!(!cluster.logged(via, "error failed to lookup IP addresses host=gossip-ring").is_empty());
    }
    cluster.run(secs(180));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!((cluster.members_of(via), cluster.ring_size(via)), (3, 3), "{via}");
        assert!(cluster.pod(via).ready);
        assert!(!cluster.logged(via, "info joining memberlist cluster succeeded").is_empty());
    }
}

#[test]
fn with_unready_addresses_the_later_ones_find_the_earlier_at_once() {
    let mut cluster = Cluster::of(3).with(|options| {
        options.deployment.pod_management = PodManagement::OrderedReady;
    });
    cluster.run(secs(120));
    assert!(cluster.logged("loki-1", FAST_JOIN_FAILED).is_empty());
    assert!(!cluster.logged("loki-1", "info memberlist fast-join finished").is_empty());
    assert_eq!(cluster.members_of("loki-1"), 3);
}

#[test]
fn while_the_name_server_is_down_everybody_stays_alone_and_joins_when_it_is_back() {
    let mut cluster = Cluster::of(3);
    cluster.apply(Command::Dns { down: true }).run(secs(120));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!(cluster.members_of(via), 1);
        let asked = cluster.logged_lines(via, "warn failed to resolve members addrs=dns+gossip-ring:7946");
        assert!(asked.iter().all(|(_, line)| line.ends_with("i/o timeout")), "{asked:?}");
        assert!(!asked.is_empty());
    }
    cluster.apply(Command::Dns { down: false }).run(secs(150));
    for via in ["loki-0", "loki-1", "loki-2"] {
        assert_eq!((cluster.members_of(via), cluster.ring_size(via)), (3, 3), "{via}");
    }
}

#[test]
fn ten_failed_joins_are_the_last_and_then_a_node_is_alone_for_ever() {
    let mut cluster = Cluster::of(2).with(|options| {
        options.memberlist.join_members = vec!["10.244.9.9:7946".into()];
    });
    cluster.run(secs(600));
    for via in ["loki-0", "loki-1"] {
        assert_eq!(cluster.logged(via, "warn joining memberlist cluster attempts=").len(), 10);
        let failed = cluster.logged(via, "error joining memberlist cluster failed");
        assert_eq!(failed.len(), 1);
        assert!((secs(150)..secs(400)).contains(&failed[0]), "{failed:?}");
        assert!(cluster.is_up(via));
        assert_eq!((cluster.members_of(via), cluster.ring_size(via)), (1, 1));
    }
}

#[test]
fn with_the_abort_switches_a_failed_join_ends_the_process() {
    let fast = |abort: bool| {
        let mut cluster = Cluster::of(1).with(|options| {
            options.memberlist.join_members = vec!["10.244.9.9:7946".into()];
            options.memberlist.abort_if_cluster_fast_join_fails = abort;
        });
        cluster.run(secs(60));
        cluster.is_up("loki-0")
    };
    assert!(fast(false) && !fast(true));
    let mut cluster = Cluster::of(1).with(|options| {
        options.memberlist.join_members = vec!["10.244.9.9:7946".into()];
        options.memberlist.abort_if_cluster_join_fails = true;
        options.memberlist.max_join_retries = 3;
    });
    cluster.run(secs(5));
    assert!(cluster.is_up("loki-0"));
    cluster.run(secs(60));
    assert!(!cluster.is_up("loki-0"));
    assert!(!cluster.logged("loki-0", "failed to join memberlist cluster on startup").is_empty());
}

#[test]
fn a_cached_answer_leads_to_addresses_that_are_nobodys() {
    let contacts = |cache: u64| {
        let mut cluster = Cluster::of(3)
            .with(|options| {
                options.dns.cache = Span::secs(cache);
                options.groups[0].started = Some(2);
            })
            .settled();
        // Somebody asks, so that the answer is in the cache; then the pod's address changes.
        cluster.apply(Command::Start { pod: "loki-2".into(), rename: None, address: None }).run(secs(10));
        cluster.apply(Command::Kill { pod: "loki-1".into(), dark: true }).run(secs(1));
        cluster.kill("loki-2").start("loki-2").run(secs(20));
        cluster.logged("loki-2", "failed to join 10.244.0.11:7946").len()
            + cluster.logged("loki-2", "fast-joining node failed").len()
    };
    assert_eq!(contacts(0), 0);
    assert!(contacts(60) > 0);
}

#[test]
fn an_ordered_set_starts_each_pod_when_the_one_before_is_ready() {
    let mut cluster = Cluster::of(3).with(|options| {
        options.deployment.pod_management = PodManagement::OrderedReady;
    });
    cluster.run(secs(180));
    for (before, after) in [("loki-0", "loki-1"), ("loki-1", "loki-2")] {
        let ready = readiness(&cluster, before);
        assert_eq!(ready.len(), 1);
        assert_eq!(starts(&cluster, after), [ready[0].0]);
        // Asked at 15 s and then every 10 s, and 15 s have to lie between the first and the last time.
        assert_eq!(ready[0].0 - starts(&cluster, before)[0], secs(35));
    }
}

#[test]
fn a_rollout_goes_from_the_last_to_the_first_and_waits_for_each() {
    let mut cluster = Cluster::of(3).settled();
    let old = ["loki-0", "loki-1", "loki-2"].map(|id| cluster.entry("loki-0", id).unwrap().tokens);
    cluster.apply(Command::Rollout { group: "loki".into() }).run(secs(240));
    let began = ["loki-2", "loki-1", "loki-0"].map(|pod| starts(&cluster, pod)[1]);
    assert!(began.is_sorted(), "{began:?}");
    for pair in began.windows(2) {
        assert!(pair[1] - pair[0] >= secs(35), "{began:?}");
    }
    for (id, old) in ["loki-0", "loki-1", "loki-2"].iter().zip(old) {
        assert_eq!(cluster.shown("loki-1", id), "ACTIVE");
        assert_ne!(
            cluster.entry("loki-1", id).unwrap().tokens,
            old,
            "who left the ring comes back as another"
        );
    }
}

#[test]
fn who_stays_in_the_ring_or_has_a_tokens_file_keeps_his_tokens() {
    for (unregister, file) in [(false, false), (true, true), (false, true)] {
        let mut cluster = Cluster::of(3)
            .with(|options| {
                options.lifecycler.unregister_on_shutdown = unregister;
                options.lifecycler.persist_tokens = file;
            })
            .settled();
        let old = cluster.entry("loki-0", "loki-2").unwrap().tokens;
        cluster.terminate("loki-2").run(secs(5));
        let between = if unregister { "absent" } else { "LEAVING" };
        assert_eq!(cluster.shown("loki-0", "loki-2"), between, "unregister {unregister}, file {file}");
        cluster.start("loki-2").run(secs(8));
        assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
        assert_eq!(
            cluster.entry("loki-0", "loki-2").unwrap().tokens,
            old,
            "unregister {unregister}, file {file}"
        );
    }
}

#[test]
fn with_a_tokens_file_an_instance_is_active_at_once() {
    let mut cluster = Cluster::of(3).with(|options| options.lifecycler.persist_tokens = true).settled();
    cluster.terminate("loki-2").run(secs(5)).start("loki-2").run(secs(8));
    assert_eq!(cluster.logged("loki-2", "info adding tokens from file").len(), 1);
    let states = cluster.ring_states("loki-2", "loki-2");
    assert!(
        states.iter().filter(|(at, _)| *at > secs(65)).all(|(_, state)| state.name() != "PENDING"),
        "{states:?}"
    );
}

#[test]
fn a_full_disk_keeps_the_old_tokens_file_and_loses_the_log() {
    let mut cluster = Cluster::of(3).with(|options| {
        options.lifecycler.persist_tokens = true;
        options.replication_factor = 1;
    });
    cluster.run(ms(1)).apply(Command::Disk { pod: "loki-2".into(), full: true }).run(secs(60));
    assert!(cluster.pod("loki-2").tokens.is_empty() && !cluster.pod("loki-1").tokens.is_empty());
    let old = cluster.entry("loki-0", "loki-2").unwrap().tokens;
    cluster.terminate("loki-2").run(secs(5)).start("loki-2").run(secs(20));
    assert_ne!(cluster.entry("loki-0", "loki-2").unwrap().tokens, old);
    // With one replica every line on it is lost with it.
    for stream in 0..30 {
        cluster.push("loki-0", &format!("{{app=\"a{stream}\"}}"));
    }
    let held = cluster.process("loki-2").requests.in_memory() as u64;
    assert!(held > 0);
    cluster.kill("loki-2").run(secs(1));
    assert_eq!(cluster.tally().lines_lost, held);
}

#[test]
fn more_pods_join_and_fewer_leave_last_ones_first() {
    let mut cluster = Cluster::of(3).settled();
    cluster.apply(Command::Scale { group: "loki".into(), count: 6 }).run(secs(60));
    assert_eq!((cluster.ring_size("loki-0"), cluster.members_of("loki-5")), (6, 6));
    cluster.apply(Command::Scale { group: "loki".into(), count: 2 }).run(secs(20));
    assert_eq!((cluster.ring_size("loki-0"), cluster.members_of("loki-1")), (2, 2));
    assert!(!cluster.is_up("loki-2") && !cluster.is_up("loki-5"));
    cluster.apply(Command::Scale { group: "loki".into(), count: 4 }).run(secs(60));
    assert_eq!(cluster.ring_size("loki-0"), 4);
    assert_eq!(cluster.names().len(), 6, "pods come back under their names");
}

#[test]
fn a_pod_that_is_scaled_away_while_it_crashes_does_not_come_back() {
    let mut cluster =
        Cluster::of(3).with(|options| options.deployment.restart_backoff = Span::secs(10)).settled();
    cluster
        .kill("loki-2")
        .run(secs(2))
        .apply(Command::Scale { group: "loki".into(), count: 2 })
        .run(secs(60));
    assert!(!cluster.is_up("loki-2"));
}

#[test]
fn a_container_that_crashes_again_and_again_waits_twice_as_long_each_time() {
    let mut cluster = Cluster::of(1).with(|options| {
        options.deployment.restart_backoff = Span::secs(10);
        options.memberlist.join_members = vec!["10.244.9.9:7946".into()];
        options.memberlist.abort_if_cluster_fast_join_fails = true;
    });
    cluster.run(secs(1800));
    let began = starts(&cluster, "loki-0");
    let ended = cluster.happened("loki-0", |what| matches!(what, Happening::Exited { .. }).then_some(()));
    let pauses =
        Vec::from_iter(began[1..].iter().zip(&ended).map(|(began, (ended, ()))| (*began - *ended).as_secs()));
    assert_eq!(pauses[..7], [10, 20, 40, 80, 160, 300, 300]);
    assert!(exits(&cluster, "loki-0").iter().all(|reason| *reason == Exit::Failed));
}

#[test]
fn a_container_that_was_ready_in_between_starts_with_the_short_pause_again() {
    let mut cluster =
        Cluster::of(3).with(|options| options.deployment.restart_backoff = Span::secs(10)).settled();
    for _ in 0..3 {
        cluster.kill("loki-2").run(secs(120));
    }
    let began = starts(&cluster, "loki-2");
    for pair in began[1..].windows(2) {
        assert_eq!((pair[1] - pair[0]).as_secs(), 120, "{began:?}");
    }
}

#[test]
fn who_does_not_stop_in_time_is_killed_and_stays_in_the_ring() {
    let mut cluster = Cluster::of(3)
        .with(|options| {
            options.deployment.termination_grace_period = Span::secs(10);
            options.lifecycler.final_sleep = Span::secs(60);
            options.deployment.restart_backoff = Span::secs(5);
        })
        .settled();
    cluster.terminate("loki-2").run(secs(9));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "LEAVING");
    cluster.run(secs(21));
    assert_eq!(exits(&cluster, "loki-2"), [Exit::Killed]);
    assert!(!cluster.is_up("loki-2"), "a pod that was deleted is not restarted");
    assert_eq!(cluster.shown("loki-0", "loki-2"), "LEAVING");
}

#[test]
fn a_flush_or_a_final_sleep_makes_leaving_visible() {
    for (flush, sleep, wal) in [(true, 0, true), (false, 8, true), (false, 0, false)] {
        let mut cluster = Cluster::of(3)
            .with(|options| {
                options.ingester.flush_on_shutdown = flush;
                options.ingester.wal = wal;
                options.lifecycler.final_sleep = Span::secs(sleep);
            })
            .settled();
        cluster.terminate("loki-2").run(secs(3));
        assert_eq!(cluster.shown("loki-0", "loki-2"), "LEAVING", "{flush} {sleep} {wal}");
        cluster.run(secs(12));
        assert_eq!(cluster.shown("loki-0", "loki-2"), "absent");
    }
}

#[test]
fn a_long_replay_means_not_in_the_ring_at_all() {
    let mut cluster = Cluster::of(3).settled();
    cluster.terminate("loki-2").run(secs(5));
    cluster
        .apply(Command::WalReplay { pod: "loki-2".into(), takes: Span::secs(40) })
        .start("loki-2")
        .run(secs(38));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "absent");
    assert_eq!(
        cluster.state_at("loki-0", "loki-2"),
        Some(State::Alive),
        "its memberlist is there long since"
    );
    cluster.run(secs(5));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
}

#[test]
fn a_dead_ingester_in_the_ring_keeps_new_ones_from_becoming_ready_but_not_old_ones() {
    let mut cluster = Cluster::of(4).with(|options| options.groups[0].started = Some(3)).settled();
    cluster.kill("loki-1").run(secs(70)).start("loki-3").run(secs(60));
    assert!(!cluster.pod("loki-3").ready && cluster.pod("loki-0").ready);
    let body = cluster.page("loki-3", "/ready").body;
    assert_eq!(body, "Ingester not ready: instance 10.244.0.11:9095 past heartbeat timeout\n");
    assert!(
        !cluster.logged("loki-3", "warn found an existing instance(s) with a problem in the ring").is_empty()
    );
    cluster.forget("loki-0", "loki-1").run(secs(40));
    assert!(cluster.pod("loki-3").ready);
}

#[test]
fn without_the_check_of_the_ring_it_is_ready_beside_the_dead() {
    let mut cluster = Cluster::of(4)
        .with(|options| {
            options.groups[0].started = Some(3);
            options.lifecycler.readiness_check_ring_health = false;
        })
        .settled();
    cluster.kill("loki-1").run(secs(70)).start("loki-3").run(secs(60));
    assert!(cluster.pod("loki-3").ready);
}

#[test]
fn readiness_takes_the_minimum_from_the_first_time_that_somebody_asks() {
    let first_ready = |minimum: u64| {
        let mut cluster =
            Cluster::of(1).with(|options| options.lifecycler.min_ready_duration = Span::secs(minimum));
        cluster.run(secs(120));
        readiness(&cluster, "loki-0")[0].0 - starts(&cluster, "loki-0")[0]
    };
    assert_eq!([0, 10, 15, 31].map(first_ready), [15, 25, 35, 55].map(secs));
}

#[test]
fn the_dead_are_forgotten_where_that_is_switched_on_and_enough_are_left() {
    let gone = |count: usize, on: bool| {
        let mut cluster =
            Cluster::of(count).with(|options| options.ingester.autoforget_unhealthy = on).settled();
        cluster.kill("loki-1");
        let before = cluster.entry("loki-0", "loki-1").unwrap().timestamp;
        cluster.run(secs(50));
        assert_eq!(cluster.shown("loki-0", "loki-1"), "ACTIVE");
        cluster.run(secs(20));
        let shown = cluster.shown("loki-0", "loki-1");
        if shown == "absent" {
            let after = cluster.raw("loki-0", "loki-1").unwrap().timestamp - before;
            assert!((60..=66).contains(&after), "{after}");
            let text =
                "info autoforget removed ingester loki-1 from the ring because it was not healthy after 1m0s";
            assert!(
                cluster.names().iter().any(|via| **via != *"loki-1" && !cluster.logged(via, text).is_empty())
            );
        }
        shown
    };
    assert_eq!(gone(3, true), "absent");
    assert_eq!(gone(5, true), "absent");
    assert_eq!(gone(3, false), "UNHEALTHY");
    assert_eq!(gone(2, true), "UNHEALTHY", "all but one are unhealthy");
}

#[test]
fn one_ingester_alone_warns_every_period_that_the_network_may_be_partitioned() {
    let cluster = Cluster::of(1).with(|options| options.ingester.autoforget_unhealthy = true).settled();
    let text = "autoforget have seen 0 unhealthy ingesters out of 1, network may be partioned";
    assert!((10..=12).contains(&cluster.logged("loki-0", text).len()));
}

#[test]
fn processes_of_different_targets_share_one_memberlist() {
    let cluster = Cluster::of(3)
        .with(|options| {
            let group = |name: &str, count, target| ringside::sim::Group {
                name: name.into(),
                count,
                target,
                ..Default::default()
            };
            options.groups = vec![
                group("write", 3, Target::Write),
                group("read", 2, Target::Read),
                group("backend", 1, Target::Backend),
            ];
            options.lifecycler.rings = vec!["distributor".into(), "scheduler".into(), "ruler".into()];
        })
        .settled();
    assert_eq!(cluster.members_of("read-1"), 6);
    assert_eq!(cluster.ring_size("read-0"), 3);
    let rings = each_seed(0..1, |_| {
        cluster.process("read-0").rings.iter().filter(|ring| ring.lifecycler.is_some()).count()
    });
    assert_eq!(rings, [0], "readers are members of no ring");
}

#[test]
fn a_wrong_address_to_advertise_makes_a_member_whom_nobody_reaches() {
    let mut cluster = Cluster::of(3).with(|options| options.groups[0].started = Some(2)).settled();
    let bind = Command::Bind {
        pod: "loki-2".into(),
        bind: String::new(),
        advertise: "10.99.0.1".into(),
        taken: false,
    };
    cluster.apply(bind).start("loki-2").run(secs(5));
    assert_eq!(cluster.state_at("loki-0", "loki-2"), Some(State::Alive), "its own exchanges brought it in");
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    cluster.run(secs(40));
    let suspected = cluster.member_states("loki-0", "loki-2-");
    assert!(suspected.iter().any(|(_, state)| *state == State::Suspect), "{suspected:?}");
    let refused = cluster.logged("loki-0", "warn WriteTo failed addr=10.99.0.1:7946");
    assert!(!refused.is_empty());
}

#[test]
fn a_port_that_is_taken_ends_the_process() {
    let mut cluster = Cluster::of(2).with(|options| options.groups[0].started = Some(1)).settled();
    let bind =
        Command::Bind { pod: "loki-1".into(), bind: String::new(), advertise: String::new(), taken: true };
    cluster.apply(bind).start("loki-1").run(secs(10));
    assert!(!cluster.is_up("loki-1"));
    assert!(!cluster.logged("loki-1", "bind: address already in use").is_empty());
}
