use ringside::memberlist::State;
use ringside::sim::{Command, Group, Happening, PacketKind, Span};

use crate::cluster::{Cluster, ms, secs};

const LEFT: &[&str] = &["loki-0", "loki-1"];
const RIGHT: &[&str] = &["loki-2", "loki-3"];

/// Four pods, of which two and two hear each other again after `time`.
fn split_for(time: u64, rejoin: Span) -> Cluster {
    let mut cluster = Cluster::of(4).with(|options| options.memberlist.rejoin_interval = rejoin).settled();
    cluster.partition(&[LEFT, RIGHT]).run(secs(time)).heal().run(secs(200));
    cluster
}

fn sees_all(cluster: &Cluster) -> bool {
    cluster.names().iter().all(|via| cluster.members_of(via) == 4)
}

#[test]
fn a_split_of_seconds_heals_by_itself() {
    let cluster = split_for(15, Span::ZERO);
    assert!(sees_all(&cluster));
    assert!(cluster.names().iter().all(|id| cluster.shown("loki-0", id) == "ACTIVE"));
}

#[test]
fn a_split_that_outlives_death_and_memory_stays_for_ever() {
    let mut cluster = split_for(150, Span::ZERO);
    for round in 0..2 {
        for via in LEFT {
            assert_eq!(cluster.members_of(via), 2, "{via} {round}");
            assert_eq!(cluster.shown(via, "loki-3"), "UNHEALTHY");
            assert_eq!(cluster.shown(via, "loki-0"), "ACTIVE");
        }
        assert_eq!(cluster.shown("loki-3", "loki-0"), "UNHEALTHY");
        cluster.run(secs(900));
    }
    // A restart finds both sides, as it asks the name server for everybody.
    cluster.terminate("loki-0").run(secs(5)).start("loki-0").run(secs(20));
    assert!(sees_all(&cluster));
}

#[test]
fn with_rejoin_the_same_split_heals() {
    let cluster = split_for(150, Span::secs(60));
    assert!(sees_all(&cluster));
    assert!(cluster.names().iter().all(|id| cluster.shown("loki-1", id) == "ACTIVE"));
    assert!(
        cluster
            .names()
            .iter()
            .any(|via| !cluster.logged(via, "info re-joined memberlist cluster").is_empty())
    );
}

#[test]
fn news_of_both_sides_of_a_split_are_merged_by_their_heartbeats() {
    let mut cluster =
        Cluster::of(4).with(|options| options.memberlist.rejoin_interval = Span::secs(20)).settled();
    cluster.partition(&[LEFT, RIGHT]).run(secs(10)).forget("loki-0", "loki-3");
    // Writers that wait for the other side let packets to this one drop, and the next full exchange mends it.
    cluster.until(secs(61), "told", |it| it.entry("loki-1", "loki-3").is_none());
    assert_eq!(cluster.shown("loki-2", "loki-3"), "ACTIVE");
    cluster.run(secs(10)).heal().run(secs(60));
    // The heartbeats of the other side are newer than the tombstone.
    assert_eq!(cluster.shown("loki-0", "loki-3"), "ACTIVE");
}

#[test]
fn what_is_cut_one_way_is_cut_for_connections_both_ways_but_others_help() {
    let mut cluster = Cluster::of(5).settled();
    cluster.apply(Command::Cut { from: "loki-0".into(), to: "loki-1".into() }).run(secs(120));
    // Everybody else still hears both, and their indirect probes keep both alive.
    for via in cluster.names() {
        assert_eq!(cluster.members_of(&via), 5, "{via}");
        assert!(cluster.logged(&via, "Marking").is_empty());
    }
    for id in cluster.names() {
        assert_eq!(cluster.shown("loki-0", &id), "ACTIVE");
    }
}

#[test]
fn of_two_that_cannot_reach_each_other_each_thinks_the_other_dead() {
    let mut cluster = Cluster::of(2).settled();
    cluster.apply(Command::Cut { from: "loki-0".into(), to: "loki-1".into() }).run(secs(40));
    assert_eq!(cluster.state_at("loki-0", "loki-1"), Some(State::Dead));
    assert_eq!(cluster.state_at("loki-1", "loki-0"), Some(State::Dead));
    cluster.run(secs(30));
    for (via, id) in [("loki-0", "loki-1"), ("loki-1", "loki-0")] {
        assert_eq!(cluster.shown(via, id), "UNHEALTHY", "a connection needs both ways");
    }
}

#[test]
fn a_blocked_port_lets_a_pod_speak_but_not_hear() {
    let blocked = |rejoin: u64| {
        let mut cluster =
            Cluster::of(3).with(|options| options.memberlist.rejoin_interval = Span::secs(rejoin)).settled();
        cluster.apply(Command::BlockPort { pod: "loki-2".into(), blocked: true }).run(secs(20));
        assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE", "its own writes still go out");
        cluster.run(secs(130));
        let states =
            Vec::from_iter(cluster.member_states("loki-0", "loki-2-").into_iter().map(|(_, state)| state));
        assert!(states.contains(&State::Suspect), "{states:?}");
        assert!(!cluster.logged("loki-0", "i/o timeout").is_empty());
        cluster.heal().run(secs(10));
        let healed = cluster.now();
        cluster.run(secs(110));
        let failed = cluster.logged("loki-0", "i/o timeout");
        assert!(failed.iter().all(|at| *at < healed), "{failed:?}");
        cluster.members_of("loki-0")
    };
    assert_eq!(blocked(0), 2, "nobody asks for it any more");
    assert_eq!(blocked(20), 3);
}

#[test]
fn a_machine_that_is_gone_costs_every_packet_to_it_two_seconds_of_a_writer() {
    let mut cluster = Cluster::of(3).settled();
    cluster.apply(Command::Kill { pod: "loki-2".into(), dark: true }).run(secs(10));
    let failed = cluster.logged_lines("loki-0", "warn WriteTo failed addr=10.244.0.12:7946");
    assert!(!failed.is_empty());
    assert!(
        failed.iter().all(|(_, line)| line.ends_with("dial tcp 10.244.0.12:7946: i/o timeout")),
        "{failed:?}"
    );
    let refusing = {
        let mut cluster = Cluster::of(3).settled();
        cluster.kill("loki-2").run(secs(10));
        cluster.logged("loki-0", "WriteTo failed").len()
    };
    assert_eq!(refusing, 0, "a refusal is not even logged");
}

#[test]
fn many_dark_machines_make_other_packets_wait_and_drop() {
    let mut cluster = Cluster::of(10).settled();
    for pod in 5..10 {
        cluster.apply(Command::Kill { pod: format!("loki-{pod}"), dark: true });
    }
    cluster.run(secs(30));
    let dropped: u64 =
        (0..5).map(|pod| cluster.process(&format!("loki-{pod}")).writers.counters.packets_dropped).sum();
    assert!(dropped > 0);
}

#[test]
fn loss_is_delay_and_only_much_of_it_is_suspicion() {
    let suspicions = |millionths: u32| {
        let mut cluster = Cluster::of(5).settled();
        cluster.apply(Command::Loss { millionths }).run(secs(120));
        let names = cluster.names();
        assert!(names.iter().all(|id| cluster.shown("loki-0", id) == "ACTIVE"));
        names.iter().map(|via| cluster.logged(via, "info Suspect").len()).sum::<usize>()
    };
    assert_eq!(suspicions(1_000), 0);
    assert!(suspicions(400_000) > 0);
}

#[test]
fn a_slow_way_slows_news_and_does_not_lose_them() {
    let mut cluster = Cluster::of(2).settled();
    let delay = Span::millis(900);
    cluster.apply(Command::Clog { from: "loki-0".into(), to: "loki-1".into(), delay }).run(secs(2));
    cluster.forget("loki-0", "loki-1").run(ms(850));
    assert_eq!(cluster.shown("loki-1", "loki-1"), "ACTIVE");
    let took = cluster.until(secs(3), "heard", |it| it.entry("loki-1", "loki-1").is_none());
    assert!(took > ms(1), "{took:?}");
}

/// Three of ours, of which one dies; then two of another cluster's start, one of them at its address.
fn foreign(label: Option<&str>) -> Cluster {
    let ours = Group { name: "loki".into(), count: 3, ..Group::default() };
    let theirs = Group {
        name: "mimir".into(),
        count: 2,
        foreign: true,
        started: Some(0),
        cluster_label: label.map(Into::into),
        join_members: Some(Vec::new()),
        ..Group::default()
    };
    let mut cluster = Cluster::of(1).with(|options| options.groups = vec![ours, theirs]).settled();
    cluster.kill("loki-2");
    let address = Some("10.244.0.12".into());
    cluster.apply(Command::Start { pod: "mimir-0".into(), rename: None, address }).run(secs(60));
    cluster
}

#[test]
fn another_cluster_at_a_dead_pods_address_mixes_with_ours_when_neither_has_a_label() {
    let cluster = foreign(None);
    // Gossip to the dead still goes to the address, and whoever is there takes part.
    assert_eq!(cluster.shown("mimir-0", "loki-0"), "ACTIVE");
    let warned = cluster.logged("mimir-0", "warn Got ping for unexpected node 'loki-2-");
    assert!(!warned.is_empty());
}

#[test]
fn a_cluster_label_keeps_the_other_cluster_apart() {
    let cluster = foreign(Some("mimir"));
    assert_eq!(cluster.shown("mimir-0", "loki-0"), "absent");
    assert_eq!(cluster.shown("loki-0", "mimir-0"), "absent");
    assert_eq!((cluster.ring_size("mimir-0"), cluster.members_of("mimir-0")), (1, 1));
    let discarded = cluster.logged("mimir-0", "error discarding packet with unacceptable label \"\"");
    assert!(!discarded.is_empty());
}

#[test]
fn joining_a_cluster_with_another_label_ends_in_eof() {
    let mut cluster = Cluster::of(1).with(|options| {
        let ours = Group { name: "loki".into(), count: 2, ..Group::default() };
        let theirs = Group {
            name: "mimir".into(),
            count: 1,
            cluster_label: Some("mimir".into()),
            join_members: Some(vec!["10.244.0.10:7946".into()]),
            start_at: Span::secs(30),
            ..Group::default()
        };
        options.groups = vec![ours, theirs];
    });
    cluster.run(secs(60));
    assert!(!cluster.logged("mimir-0", "failed to join 10.244.0.10:7946: EOF").is_empty());
    assert!(
        !cluster.logged("loki-0", "error discarding stream with unacceptable label \"mimir\"").is_empty()
    );
    assert_eq!(cluster.members_of("mimir-0"), 1);
}

#[test]
fn zone_aware_gossip_crosses_zones_only_between_bridges() {
    let run = |aware: bool| {
        let mut cluster = Cluster::of(9).with(|options| {
            options.groups[0].zones = ["a", "b", "c"].map(String::from).into();
            options.memberlist.zone_aware_routing = aware;
            options.journal_packets = true;
        });
        cluster.run(secs(60));
        assert!(cluster.names().iter().all(|via| cluster.ring_size(via) == 9));
        let bridges = Vec::from_iter(cluster.sim.pods.iter().map(|pod| pod.is_bridge));
        let zones = Vec::from_iter(cluster.sim.pods.iter().map(|pod| pod.zone_number));
        let crossings = |pod: usize| {
            let crosses = |what: &Happening| match what {
                Happening::Packet { to, kind: PacketKind::Gossip, .. }
                    if zones[*to as usize] != zones[pod] =>
                {
                    Some(*to)
                }
                _ => None,
            };
            let settled = cluster.happened(&cluster.names()[pod], crosses).into_iter();
            settled.filter(|(at, _)| *at > secs(30)).map(|(_, to)| to as usize).collect::<Vec<_>>()
        };
        assert_eq!(bridges.iter().filter(|is_bridge| **is_bridge).count(), 3);
        let wrong = (0..9).flat_map(|pod| {
            let bridges = &bridges;
            crossings(pod).into_iter().filter(move |to| !bridges[pod] || !bridges[*to])
        });
        (wrong.count(), (0..9).map(crossings).map(|to| to.len()).sum::<usize>())
    };
    let (wrong, crossings) = run(true);
    assert_eq!(wrong, 0);
    assert!(crossings > 0);
    assert!(run(false).0 > 0);
}

#[test]
fn nobody_gossips_to_those_who_left_or_are_dead_for_long() {
    let mut cluster = Cluster::of(5)
        .with(|options| {
            options.journal_packets = true;
            options.journal = usize::MAX;
        })
        .settled();
    // Packets to machines that refuse them leave no trace.
    let dark = |pod: &str| Command::Kill { pod: pod.into(), dark: true };
    cluster.terminate("loki-4").run(secs(5));
    let left_by = cluster.now();
    cluster.apply(dark("loki-4")).apply(dark("loki-3"));
    cluster.run(secs(115));
    let dead_by = cluster
        .names()
        .iter()
        .filter(|via| cluster.is_up(via))
        .flat_map(|via| cluster.member_states(via, "loki-3-"))
        .filter(|(_, state)| *state == State::Dead)
        .map(|(at, _)| at)
        .max()
        .unwrap();
    for via in ["loki-0", "loki-1", "loki-2"] {
        let gossip = |to_whom: u32| {
            cluster.happened(via, |what| match what {
                Happening::Packet { to, kind: PacketKind::Gossip, .. } if *to == to_whom => Some(()),
                _ => None,
            })
        };
        assert!(gossip(4).iter().all(|(at, ())| *at <= left_by), "{via} gossips to who left");
        let to_dead = gossip(3);
        assert!(to_dead.iter().any(|(at, ())| *at > dead_by), "{via} lets the dead refute");
        assert!(to_dead.iter().all(|(at, ())| *at <= dead_by + secs(30)), "{via} gossips to the long dead");
    }
}

#[test]
fn commands_to_a_paused_process_wait_for_it() {
    let mut cluster = Cluster::of(3).settled();
    cluster.pause("loki-2").terminate("loki-2").run(secs(20));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "ACTIVE");
    assert!(cluster.is_up("loki-2"));
    assert!(cluster.logged("loki-2", "received SIGINT/SIGTERM").is_empty());
    cluster.resume("loki-2").run(secs(5));
    assert_eq!(cluster.shown("loki-0", "loki-2"), "absent");
    assert!(!cluster.is_up("loki-2"));
}
