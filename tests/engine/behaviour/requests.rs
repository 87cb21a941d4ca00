use std::collections::BTreeSet;

use ringside::sim::{Command, Group, Happening, Options, Span, Target};

use crate::cluster::{Cluster, ms, secs};

/// Ingesters beside one distributor and one querier, so that it is clear who asks.
fn micro(ingesters: usize, replication_factor: usize) -> Cluster {
    let change = |options: &mut Options| {
        let group =
            |name: &str, count, target| Group { name: name.into(), count, target, ..Group::default() };
        options.groups = vec![
            group("ingester", ingesters, Target::Ingester),
            group("distributor", 1, Target::Distributor),
            group("querier", 1, Target::Querier),
        ];
        options.replication_factor = replication_factor;
    };
    Cluster::of(1).with(change)
}

fn push(cluster: &mut Cluster) -> (Option<String>, Vec<String>) {
    cluster.push("distributor-0", "{app=\"a\"}")
}

fn three_zones(cluster: Cluster, aware: bool) -> Cluster {
    cluster.with(|options| {
        options.groups[0].zones = ["a", "b", "c"].map(String::from).into();
        options.zone_awareness_enabled = aware;
    })
}

#[test]
fn pushes_and_queries_succeed_as_the_tables_of_quorums_say() {
    // Ingesters, replication factor, dead ones: whether every push and every query succeed.
    for (ingesters, factor, dead, pushes, queries) in [
        (1, 1, 0, true, true),
        (1, 3, 0, false, false),
        (2, 3, 0, true, true),
        (3, 3, 0, true, true),
        (3, 3, 1, true, true),
        (3, 3, 2, false, false),
        (2, 2, 0, true, true),
        (2, 2, 1, false, true),
        (2, 1, 1, true, false),
        (6, 3, 1, true, true),
        (6, 3, 2, true, false),
        (6, 3, 3, true, false),
    ] {
        let what = format!("{ingesters} ingesters, RF {factor}, {dead} dead");
        let mut cluster = micro(ingesters, factor).settled();
        for pod in 0..dead {
            cluster.kill(&format!("ingester-{pod}"));
        }
        cluster.run(secs(70));
        assert_eq!(cluster.query("querier-0").is_none(), queries, "{what}");
        let results = Vec::from_iter(
            (0..12)
                .map(|stream| cluster.push("distributor-0", &format!("{{app=\"a{stream}\"}}")).0.is_none()),
        );
        if ingesters == 6 && dead > 1 || (ingesters, factor) == (2, 1) {
            // It depends on the stream's own replicas.
            assert!(results.contains(&true), "{what}");
            assert!(results.contains(&false), "{what}");
        } else {
            assert!(results.iter().all(|ok| *ok == pushes), "{what}: {results:?}");
        }
    }
}

#[test]
fn a_lone_ingester_of_three_replicas_refuses_every_push_and_query_in_lokis_words() {
    let mut cluster = micro(1, 3).settled();
    let (error, written) = push(&mut cluster);
    assert_eq!(error.unwrap(), "at least 2 live replicas required, could only find 1");
    assert_eq!(written, [""; 0]);
    assert_eq!(cluster.query("querier-0").unwrap(), "too many unhealthy instances in the ring");
}

#[test]
fn the_error_names_the_unhealthy_by_their_addresses() {
    let mut cluster = micro(3, 3).settled();
    cluster.kill("ingester-0").kill("ingester-1").run(secs(70));
    let error = push(&mut cluster).0.unwrap();
    let (head, tail) = error.split_once(" - unhealthy instances: ").unwrap();
    assert_eq!(head, "at least 2 live replicas required, could only find 1");
    let named = BTreeSet::from_iter(tail.split(','));
    assert_eq!(named, BTreeSet::from(["10.244.0.10:9095", "10.244.0.11:9095"]));
}

#[test]
fn an_empty_ring_has_a_message_of_its_own() {
    let mut cluster = micro(3, 3).with(|options| options.groups[0].started = Some(0)).settled();
    assert_eq!(push(&mut cluster).0.unwrap(), "empty ring");
    assert_eq!(cluster.query("querier-0").unwrap(), "empty ring");
}

#[test]
fn writes_still_go_to_a_dead_ingester_for_a_minute_and_the_quorum_hides_it() {
    let mut cluster = micro(3, 3).settled();
    cluster.kill("ingester-1");
    let (error, written) = push(&mut cluster);
    assert_eq!((error, written.len()), (None, 2));
    cluster.kill("ingester-2");
    let (error, _) = push(&mut cluster);
    let text = "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: \
                dial tcp 10.244.0.1";
    assert!(error.as_ref().unwrap().starts_with(text), "{error:?}");
    assert_eq!(
        cluster.query("querier-0").unwrap(),
        "rpc error: code = Unavailable desc = too many failed ingesters"
    );
}

#[test]
fn a_dark_or_paused_ingester_makes_a_push_wait_until_its_deadline() {
    for dark in [true, false] {
        let mut cluster = micro(3, 3).settled();
        for pod in ["ingester-1", "ingester-2"] {
            match dark {
                true => cluster.apply(Command::Kill { pod: pod.into(), dark }),
                false => cluster.pause(pod),
            };
        }
        let (error, _) = push(&mut cluster);
        assert_eq!(
            error.unwrap(),
            "rpc error: code = DeadlineExceeded desc = context deadline exceeded",
            "{dark}"
        );
    }
}

#[test]
fn a_stopping_ingester_refuses_and_a_leaving_one_is_asked_no_more() {
    let mut cluster = micro(3, 3).with(|options| options.lifecycler.final_sleep = Span::secs(30)).settled();
    cluster.terminate("ingester-1").run(secs(2));
    assert_eq!(cluster.shown("distributor-0", "ingester-1"), "LEAVING");
    let (error, written) = push(&mut cluster);
    assert_eq!(error, None);
    assert_eq!(
        BTreeSet::from_iter(written.iter().map(String::as_str)),
        BTreeSet::from(["ingester-0", "ingester-2"])
    );
    assert_eq!(cluster.query("querier-0"), None);
    let asked = cluster.happened("querier-0", |what| match what {
        Happening::Query { asked, .. } => Some(*asked),
        _ => None,
    });
    assert_eq!(asked[0].1, 3, "who leaves is still read from");
}

#[test]
fn a_dead_or_leaving_replica_is_dropped_from_its_set_and_nobody_takes_its_place() {
    for leaves in [false, true] {
        let mut cluster =
            micro(6, 3).with(|options| options.lifecycler.final_sleep = Span::secs(3600)).settled();
        let streams = Vec::from_iter((0..10).map(|stream| format!("{{app=\"a{stream}\"}}")));
        // The third answer comes too late to be seen, so several looks at one stream make its whole set.
        let replicas = |cluster: &mut Cluster, stream: &str| {
            let looks = (0..12).flat_map(|_| cluster.push("distributor-0", stream).1);
            BTreeSet::from_iter(looks)
        };
        let before = Vec::from_iter(streams.iter().map(|stream| replicas(&mut cluster, stream)));
        assert!(before.iter().all(|set| set.len() == 3), "{before:?}");
        assert!(before.iter().any(|set| set.contains("ingester-0")), "{before:?}");
        match leaves {
            true => cluster.terminate("ingester-0"),
            false => cluster.kill("ingester-0"),
        };
        cluster.run(secs(70));
        for (stream, mut expected) in streams.iter().zip(before) {
            expected.remove("ingester-0");
            assert_eq!(replicas(&mut cluster, stream), expected, "{stream}");
        }
    }
}

#[test]
fn with_zones_a_stream_has_one_replica_in_each_and_survives_the_loss_of_a_zone() {
    let mut cluster = three_zones(micro(6, 3), true).settled();
    let zone_of = |cluster: &Cluster, id: &str| cluster.pod(id).zone.to_string();
    for stream in 0..10 {
        let labels = format!("{{app=\"a{stream}\"}}");
        let looks = Vec::from_iter((0..10).flat_map(|_| cluster.push("distributor-0", &labels).1));
        let pods = BTreeSet::from_iter(looks);
        let zones = BTreeSet::from_iter(pods.iter().map(|id| zone_of(&cluster, id)));
        assert_eq!((pods.len(), zones.len()), (3, 3), "{pods:?}");
    }
    cluster.kill("ingester-0").kill("ingester-3").run(secs(70));
    for stream in 0..10 {
        let (error, written) = cluster.push("distributor-0", &format!("{{app=\"a{stream}\"}}"));
        assert_eq!((error, written.len()), (None, 2));
    }
    assert_eq!(cluster.query("querier-0"), None);
    cluster.kill("ingester-1").run(secs(70));
    assert_eq!(cluster.query("querier-0").unwrap(), "too many unhealthy instances in the ring");
}

#[test]
fn without_zone_awareness_the_same_two_deaths_fail_every_query_and_some_pushes() {
    let mut cluster = three_zones(micro(6, 3), false).settled();
    cluster.kill("ingester-0").kill("ingester-3").run(secs(70));
    assert_eq!(cluster.query("querier-0").unwrap(), "too many unhealthy instances in the ring");
    let errors = Vec::from_iter(
        (0..20).filter_map(|stream| cluster.push("distributor-0", &format!("{{app=\"a{stream}\"}}")).0),
    );
    assert!(!errors.is_empty() && errors.len() < 20);
    assert!(errors[0].starts_with("at least 2 live replicas required, could only find 1"), "{errors:?}");
}

#[test]
fn a_zone_that_is_cut_off_costs_nothing_to_those_outside() {
    let mut cluster = three_zones(micro(6, 3), true).settled();
    cluster.partition(&[&["group:distributor"], &["zone:a"]]).run(secs(75));
    assert_eq!(push(&mut cluster).0, None);
    assert_eq!(cluster.query("querier-0"), None);
}

/// Lines lost when all three replicas die at once and come back.
fn lost(wal: bool, dead: usize, flush: bool) -> (u64, u64) {
    let mut cluster = micro(3, 3)
        .with(|options| {
            options.ingester.wal = wal;
            options.workload.pushes_per_second = 10;
            if flush {
                options.ingester.flush_after = Span::secs(10);
            }
        })
        .settled();
    cluster.run(secs(60));
    for pod in 0..dead {
        cluster.kill(&format!("ingester-{pod}"));
    }
    cluster.run(secs(10));
    for pod in 0..dead {
        cluster.start(&format!("ingester-{pod}"));
    }
    cluster.run(secs(60));
    let tally = cluster.tally();
    (tally.lines_accepted, tally.lines_lost)
}

#[test]
fn without_a_log_what_all_replicas_held_in_memory_is_lost_and_with_it_nothing() {
    let (accepted, gone) = lost(false, 3, false);
    assert!(accepted > 500 && gone > accepted / 2, "{gone} of {accepted}");
    assert_eq!(lost(true, 3, false).1, 0);
    assert_eq!(lost(false, 1, false).1, 0, "the others have it");
    let (_, partly) = lost(false, 3, true);
    assert!(partly > 0 && partly < gone / 2, "what is older is in the object store: {partly} of {gone}");
}

#[test]
fn a_graceful_stop_without_a_log_flushes_and_loses_nothing() {
    let mut cluster = micro(1, 1)
        .with(|options| {
            options.ingester.wal = false;
            options.workload.pushes_per_second = 10;
        })
        .settled();
    cluster.run(secs(30)).terminate("ingester-0").run(secs(30));
    assert!(!cluster.is_up("ingester-0"));
    assert!(cluster.tally().lines_accepted > 300);
    assert_eq!(cluster.tally().lines_lost, 0);
}

#[test]
fn what_a_log_gives_back_is_in_memory_again() {
    let mut cluster = micro(1, 1).settled();
    for _ in 0..5 {
        push(&mut cluster);
    }
    assert_eq!(cluster.process("ingester-0").requests.in_memory(), 5);
    cluster.kill("ingester-0").start("ingester-0").run(secs(10));
    assert_eq!(cluster.process("ingester-0").requests.in_memory(), 5);
    assert_eq!(cluster.tally().lines_lost, 0);
}

#[test]
fn a_large_push_of_one_stream_is_spread_over_its_shards() {
    let holders = |shards: u32| {
        let mut cluster = micro(6, 1).with(|options| options.workload.shards = shards).settled();
        let push = Command::Push { via: "distributor-0".into(), labels: "{app=\"big\"}".into(), lines: 64 };
        cluster.apply(push).run(secs(1));
        (0..6).filter(|pod| cluster.process(&format!("ingester-{pod}")).requests.in_memory() > 0).count()
    };
    assert_eq!(holders(1), 1);
    assert!(holders(16) >= 4);
}

#[test]
fn two_distributors_may_decide_differently_while_their_clocks_differ() {
    let mut cluster = micro(3, 3).with(|options| options.groups[1].count = 2).settled();
    cluster.clock("distributor-1", 30_000).kill("ingester-0").kill("ingester-1").run(secs(40));
    let early = cluster.push("distributor-1", "{app=\"a\"}").0.unwrap();
    let late = cluster.push("distributor-0", "{app=\"a\"}").0.unwrap();
    assert!(early.starts_with("at least 2 live replicas required, could only find 1"), "{early}");
    assert!(late.starts_with("rpc error: code = Unavailable desc = connection error"), "{late}");
}

#[test]
fn a_push_through_a_distributor_that_is_down_or_paused_does_not_happen() {
    let mut cluster = micro(3, 3).settled();
    let push = || Command::Push { via: "distributor-0".into(), labels: "{app=\"a\"}".into(), lines: 1 };
    cluster.pause("distributor-0").apply(push()).run(secs(10));
    assert_eq!(cluster.tally().pushes_ok + cluster.tally().pushes_failed, 0);
    cluster.resume("distributor-0").run(ms(100)).kill("distributor-0").apply(push()).run(secs(10));
    assert_eq!(cluster.tally().pushes_ok + cluster.tally().pushes_failed, 0);
}

#[test]
fn a_query_asks_everybody_it_reads_from_and_more_dead_than_it_may_miss_fail_it() {
    let mut cluster = micro(4, 3).settled();
    cluster.kill("ingester-0");
    assert_eq!(cluster.query("querier-0"), None);
    cluster.kill("ingester-1");
    assert!(cluster.query("querier-0").is_some());
}
