use std::collections::BTreeSet;

use ringside::memberlist::State;
use ringside::sim::{
    Command, CommandError, Happening, PacketKind, Scenario, Simulation, Span, Timeline, WorkloadChange,
};
use ringside::time::Instant;

use crate::cluster::{Cluster, ms, secs};

fn in_zones(count: usize) -> Cluster {
    let zones = ["zone-a", "zone-b", "zone-c"].map(String::from);
    Cluster::of(count).with(|options| options.groups[0].zones = zones.into()).settled()
}

fn up(cluster: &Cluster) -> Vec<String> {
    let up = cluster.sim.pods.iter().filter(|pod| pod.is_up() && !pod.paused);
    up.map(|pod| pod.name.to_string()).collect()
}

#[test]
fn a_whole_zone_and_a_whole_group_can_be_named_at_once() {
    let mut cluster = in_zones(6);
    cluster.kill("zone:zone-b");
    assert_eq!(up(&cluster), ["loki-0", "loki-2", "loki-3", "loki-5"]);
    cluster.pause("zone:zone-a");
    assert_eq!(up(&cluster), ["loki-2", "loki-5"]);
    cluster.resume("group:loki").start("zone:zone-b").run(secs(30));
    assert_eq!(up(&cluster).len(), 6);
    cluster.terminate("group:loki").run(secs(30));
    assert_eq!(up(&cluster), [""; 0]);
}

#[test]
fn a_command_that_cannot_be_says_what_could() {
    let cluster = in_zones(6);
    let error = |command: Command| cluster.sim.clone().apply(command).unwrap_err().to_string();
    let kill = |pod: &str| Command::Kill { pod: pod.into(), dark: false };
    assert_eq!(error(kill("zone:zone-x")), "no zone is called \"zone-x\"; zones are zone-a, zone-b, zone-c");
    assert_eq!(error(kill("group:x")), "no group is called \"x\"; groups are loki");
    assert!(error(kill("loki-6")).starts_with("no pod is called \"loki-6\"; pods are loki-0, "));
    let renamed = Command::Start { pod: "group:loki".into(), rename: Some("x".into()), address: None };
    assert_eq!(error(renamed), "rename: x is not possible; allowed: with the name of one pod");
    let taken = Command::Start { pod: "loki-1".into(), rename: None, address: Some("10.244.0.10".into()) };
    assert_eq!(error(taken), "address \"10.244.0.10\" is not a free IPv4 address");
    assert_eq!(error(Command::Drop { message: u64::MAX }), format!("message {} is not under way", u64::MAX));
    let network = Command::Network {
        latency_min: Some(Span::millis(5)),
        latency_max: Some(Span::millis(1)),
        latency_between_zones: None,
        duplication: None,
    };
    assert_eq!(
        error(network),
        "options.network.latency_max: 1ms is not possible; allowed: at least the minimum, 5ms"
    );
    let streams = Command::Workload(WorkloadChange { streams: Some(0), ..WorkloadChange::default() });
    assert_eq!(error(streams), "options.workload.streams: 0 is not possible; allowed: 1 to 1000000");
}

#[test]
fn a_command_that_comes_too_late_is_said_to_have_come_to_nothing() {
    let scenario = r#"{"name": "t", "until": "1m", "steps": [
        {"at": "20s", "do": {"drop": {"message": 0}}}, {"at": "21s", "do": {"kill": {"pod": "loki-1"}}},
        {"at": "22s", "do": {"ready": {"pod": "loki-1"}}}]}"#;
    let mut simulation = Simulation::of(&Scenario::parse(scenario).unwrap()).unwrap();
    simulation.run_until(Instant::START + secs(30));
    let texts = Vec::from_iter(simulation.world.journal.entries().filter_map(|entry| match &entry.what {
        Happening::Fault { text } => Some(text.as_str()),
        _ => None,
    }));
    assert_eq!(
        texts,
        [
            "message 0 gets lost",
            "that came to nothing: message 0 is not under way",
            "kill -9 loki-1",
            "GET /ready of loki-1",
            "that came to nothing: loki-1 is down",
        ]
    );
}

fn workload(pushes: u32) -> Command {
    Command::Workload(WorkloadChange { pushes_per_second: Some(pushes), ..WorkloadChange::default() })
}

#[test]
fn a_workload_can_begin_change_and_end_and_is_never_there_twice() {
    let mut cluster = Cluster::of(3).settled();
    let pushed = |cluster: &mut Cluster, time| {
        let before = cluster.tally();
        cluster.run(time);
        let after = cluster.tally();
        after.pushes_ok + after.pushes_failed - before.pushes_ok - before.pushes_failed
    };
    assert_eq!(pushed(&mut cluster, secs(10)), 0);
    cluster.apply(workload(5));
    assert!((49..=51).contains(&pushed(&mut cluster, secs(10))));
    // Off and on again before the next push was due.
    cluster.apply(workload(0)).run(ms(10)).apply(workload(5));
    assert!((49..=51).contains(&pushed(&mut cluster, secs(10))));
    cluster.apply(workload(20));
    assert!((195..=201).contains(&pushed(&mut cluster, secs(10))));
    cluster.apply(workload(0)).run(secs(5));
    assert_eq!(pushed(&mut cluster, secs(10)), 0);
}

#[test]
fn settings_that_change_on_the_way_are_the_same_as_those_known_from_the_beginning() {
    let mut live = Timeline::new(Scenario::parse(r#"{"name": "t", "until": "2m"}"#).unwrap()).unwrap();
    let at = |seconds| Instant::START + secs(seconds);
    live.seek(at(20));
    live.apply(workload(5)).unwrap();
    live.seek(at(30));
    let slower = Command::Network {
        latency_min: Some(Span::millis(40)),
        latency_max: None,
        latency_between_zones: None,
        duplication: Some(10_000),
    };
    live.apply(slower).unwrap();
    live.seek(at(50));
    let network = &live.present().world.options.network;
    assert_eq!((network.latency_min, network.latency_max), (Span::millis(40), Span::millis(40)));
    let print = live.present().fingerprint();
    let mut again = Timeline::new(live.export()).unwrap();
    again.seek(at(50));
    assert_eq!(again.present().fingerprint(), print);
    live.seek(at(10));
    assert_eq!(live.present().world.options.workload.pushes_per_second, 0);
    live.seek(at(50));
    assert_eq!(live.present().fingerprint(), print);
}

#[test]
fn every_message_is_counted_and_those_that_are_watched_say_where_they_end() {
    let mut cluster = Cluster::of(3);
    cluster.run(secs(60));
    assert!(
        cluster.happened("loki-0", |what| matches!(what, Happening::Packet { .. }).then_some(())).is_empty()
    );
    let before = cluster.sim.world.traffic;
    assert!(before.of(PacketKind::Ping).messages > 0 && before.of(PacketKind::PushPull).bytes > 0);
    cluster.sim.world.watch_packets = true;
    cluster.kill("loki-2").run(secs(60));
    let after = cluster.sim.world.traffic;
    let mut seen = BTreeSet::new();
    let (mut bytes, mut refused, mut answers) = (0, 0, 0);
    for entry in cluster.sim.world.journal.entries() {
        let (id, to, arrives, size) = match &entry.what {
            Happening::Packet { id, to, arrives, bytes, .. } => (*id, *to, *arrives, *bytes),
            Happening::PushPull { id, to, arrives, bytes, answer, .. } => {
                answers += u32::from(*answer);
                (*id, *to, *arrives, *bytes)
            }
            _ => continue,
        };
        assert!(seen.insert(id), "{id} twice");
        assert_eq!(arrives.is_none(), to == 2, "the process of loki-2 is gone, its machine refuses");
        assert!(arrives.is_none_or(|at| at > entry.at));
        refused += u32::from(arrives.is_none());
        bytes += u64::from(size);
    }
    assert!(seen.into_iter().eq(before.messages()..after.messages()));
    assert_eq!(bytes, after.total().bytes - before.total().bytes);
    assert!(refused > 10 && answers > 1, "{refused} {answers}");
}

#[test]
fn who_looks_at_packets_changes_nothing() {
    let print = |watch: bool| {
        let mut cluster = Cluster::of(5);
        cluster.sim.world.watch_packets = watch;
        cluster.run(secs(60));
        cluster.sim.fingerprint()
    };
    assert_eq!(print(true), print(false));
}

#[test]
fn an_exchange_that_loses_a_half_ends_in_a_time_out() {
    for lost in [false, true] {
        let mut cluster = Cluster::of(2)
            .with(|options| {
                options.journal_packets = true;
                options.network.latency_min = Span::millis(50);
                options.network.latency_max = Span::millis(50);
            })
            .settled();
        let seen = cluster.sim.world.journal.written();
        let half = loop {
            cluster.sim.step();
            let half = cluster.sim.world.journal.since(seen).find_map(|entry| match &entry.what {
                Happening::PushPull { id, answer, .. } if *answer == lost => Some(*id),
                _ => None,
            });
            if let Some(half) = half {
                break half;
            }
        };
        cluster.apply(Command::Drop { message: half }).run(secs(3));
        let failed =
            ["loki-0", "loki-1"].map(|via| cluster.logged_lines(via, "Push/Pull with loki-")).concat();
        assert_eq!(failed.len(), 1, "{failed:?}");
        assert!(
            failed[0].1.contains("failed: read tcp") && failed[0].1.contains("i/o timeout"),
            "{failed:?}"
        );
    }
}

#[test]
fn a_blocked_port_a_cut_and_a_lossy_link_can_be_taken_back_one_by_one() {
    let mut cluster = Cluster::of(3).settled();
    let block = |blocked| Command::BlockPort { pod: "loki-2".into(), blocked };
    let (from, to) = (String::from("loki-0"), String::from("loki-1"));
    let loss = Command::LinkLoss { from: from.clone(), to: to.clone(), millionths: 400_000 };
    cluster.apply(block(true)).apply(Command::Cut { from: from.clone(), to: to.clone() }).apply(loss);
    let network = &cluster.sim.world.network;
    assert!(network.blocked_ports().eq([2]) && network.cuts().eq([(0, 1)]) && network.losses().count() == 1);
    cluster.apply(block(false)).apply(Command::Mend { from, to });
    assert!(cluster.sim.world.network.is_healthy());
}

#[test]
fn a_link_that_loses_much_brings_suspicion_and_refutation_but_nobody_dies_of_it() {
    let mut cluster = Cluster::of(5).settled();
    let loss = Command::LinkLoss { from: "loki-0".into(), to: "group:loki".into(), millionths: 600_000 };
    cluster.apply(loss).run(secs(180));
    let states = cluster.names().into_iter().flat_map(|via| cluster.member_states(&via, "loki-0-"));
    let states = Vec::from_iter(states.map(|(_, state)| state));
    assert!(states.contains(&State::Suspect), "{states:?}");
    assert!(!cluster.logged("loki-0", "Refuting a suspect message").is_empty());
}

#[test]
fn a_name_of_memberlist_leads_to_its_pod_and_its_process() {
    let mut cluster = Cluster::of(3).settled();
    let name = cluster.process("loki-2").swim.as_ref().unwrap().name();
    assert_eq!(cluster.sim.world.pod_of_name(name), Some((2, 1)));
    cluster.kill("loki-2").start("loki-2").run(secs(5));
    let next = cluster.process("loki-2").swim.as_ref().unwrap().name();
    assert_eq!(cluster.sim.world.pod_of_name(next), Some((2, 2)));
    assert_eq!(cluster.sim.world.pod_of_name(name), Some((2, 1)), "an old one is of the old process");
}

#[test]
fn a_late_message_is_under_way_until_it_comes() {
    let mut cluster = Cluster::of(2).with(|options| options.network.latency_min = Span::millis(1)).settled();
    let last = loop {
        cluster.sim.step();
        let last = cluster.sim.world.traffic.messages() - 1;
        if cluster.sim.check_now(&Command::Drop { message: last }).is_ok() {
            break last;
        }
    };
    cluster.apply(Command::Delay { message: last, by: Span::secs(30) }).run(secs(29));
    cluster.sim.check_now(&Command::Drop { message: last }).unwrap();
    cluster.run(secs(2));
    assert_eq!(
        cluster.sim.check_now(&Command::Drop { message: last }),
        Err(CommandError::NoSuchMessage { message: last })
    );
}
