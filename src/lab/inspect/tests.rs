use super::*;
use crate::lifecycle::RingKind;
use crate::ring::{Ring, RingConfig};
use crate::sim::{Command, Scenario, Timeline, What};

fn timeline(secs: u64) -> Timeline {
    let json = r#"{"name": "t", "until": "5m", "options": {"deployment": {"restart_backoff": "0s"}}}"#;
    let mut timeline = Timeline::new(Scenario::parse(json).unwrap()).unwrap();
    timeline.seek(at(secs));
    timeline
}

fn at(secs: u64) -> Instant {
    Instant::START + Duration::from_secs(secs)
}

fn kill(timeline: &mut Timeline, pod: &str) {
    timeline.apply(Command::Kill { pod: pod.into(), dark: true }).unwrap();
    let soon = timeline.now() + Duration::from_nanos(1);
    timeline.seek(soon);
}

fn ring(simulation: &Simulation, pod: usize) -> Ring {
    let desc = simulation.pods[pod].process.as_ref().unwrap().desc(RingKind::Ingester).unwrap();
    Ring::new(desc, RingConfig::default())
}

fn section<'a>(sections: &'a [Section], title: &str) -> &'a Section {
    sections
        .iter()
        .find(|section| section.title.starts_with(title))
        .unwrap_or_else(|| panic!("{sections:#?}"))
}

fn fact<'a>(sections: &'a [Section], title: &str, label: &str) -> &'a Fact {
    let section = section(sections, title);
    section.rows.iter().find(|row| row.label == label).unwrap_or_else(|| panic!("{section:#?}"))
}

fn sentences(section: &Section) -> Vec<&str> {
    section.rows.iter().filter(|row| row.label.is_empty()).map(|row| &*row.value).collect()
}

#[test]
fn a_node_of_a_healthy_cluster_has_nothing_to_worry_about() {
    let timeline = timeline(60);
    let simulation = timeline.present();
    let sections = node(simulation, 0, Some(&ring(simulation, 0)));
    let rows = sections.iter().flat_map(|section| &section.rows);
    assert_eq!(Vec::from_iter(rows.filter(|row| row.tone > Tone::Good)), Vec::<&Fact>::new());
    let value = |title, label| fact(&sections, title, label).value.clone();
    assert_eq!(value("Pod", "/ready"), "200 ready");
    assert_eq!(value("Pod", "Target"), "all");
    assert_eq!(value("Its instance", "State"), "ACTIVE");
    assert!(value("Its instance", "Owns").ends_with(" % if tokens lay evenly"));
    assert_eq!(value("Memberlist", "Members"), "3 alive");
    assert_eq!(value("Memberlist", "Health score"), "0: healthy");
    let truth = sentences(section(&sections, "Its view"));
    assert_eq!(truth, ["It believes of everybody what is the case."]);
    assert_eq!(value("Services", "ingester"), "Running");
    assert_eq!(value("Other rings", "distributor"), "ACTIVE");
}

#[test]
fn what_is_due_comes_by_time_and_is_what_happens_then() {
    let mut timeline = timeline(60);
    let sections = node(timeline.present(), 0, None);
    let due = section(&sections, "Due next");
    let text = Vec::from_iter(due.rows.iter().map(|row| &*row.value)).join("; ");
    for expected in ["it gossips", "it probes the next member", "a heartbeat in the ingester ring"] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(due.rows[0].value.starts_with("it gossips, at 1m0."), "{text}");
    timeline.seek(timeline.now() + Duration::from_millis(250));
    assert!(!section(&node(timeline.present(), 0, None), "Due next").rows.contains(&due.rows[0]));
}

#[test]
fn a_dead_neighbour_shows_as_suspect_then_dead_and_as_unlike_the_truth() {
    let mut timeline = timeline(60);
    kill(&mut timeline, "loki-1");
    let dead = node(timeline.present(), 1, None);
    assert_eq!(fact(&dead, "Pod", "Process").value, "down; its address answers nobody");
    let early = node(timeline.present(), 0, None);
    let truth = sentences(section(&early, "Its view"));
    assert_eq!(truth[0], "Its ring has loki-1 as ACTIVE; loki-1 is down.");
    assert!(
        truth[1].starts_with("Its memberlist counts loki-1-")
            && truth[1].ends_with("as alive; that process is gone.")
    );

    let suspected = (61..80).find_map(|secs| {
        timeline.seek(at(secs));
        let sections = node(timeline.present(), 0, None);
        let rows = &section(&sections, "Memberlist").rows;
        rows.iter().find(|row| row.label == "Suspect").map(|row| (row.value.clone(), sections.clone()))
    });
    let (suspect, sections) = suspected.unwrap();
    assert!(suspect.contains("loki-1-") && suspect.ends_with(" unless it is heard of"), "{suspect}");
    assert_eq!(fact(&sections, "Memberlist", "Members").value, "2 alive, 1 suspect");
    let ends = timeline.present().pods[0].process.as_ref().unwrap().swim.as_ref().unwrap();
    let ends = ends.members().iter().find_map(|member| ends.suspicion_ends(member.name)).unwrap();
    timeline.seek(ends);
    let late = node(timeline.present(), 0, None);
    assert_eq!(fact(&late, "Memberlist", "Members").value, "2 alive, 1 dead");

    timeline.seek(at(125));
    let sections = node(timeline.present(), 0, None);
    assert_eq!(
        sentences(section(&sections, "Its view")),
        ["Its ring has loki-1 as UNHEALTHY; loki-1 is down."]
    );
}

#[test]
fn a_clock_a_full_disk_and_a_pause_are_told() {
    let mut timeline = timeline(60);
    for command in [
        Command::Clock { pod: "loki-2".into(), step_ms: -90_000 },
        Command::Disk { pod: "loki-2".into(), full: true },
        Command::Pause { pod: "loki-2".into() },
    ] {
        timeline.apply(command).unwrap();
    }
    timeline.seek(at(61));
    let sections = node(timeline.present(), 2, None);
    assert_eq!(fact(&sections, "Pod", "Clock").value, "1m30s behind");
    assert!(fact(&sections, "Pod", "Process").value.starts_with("paused; runs for "));
    assert_eq!(fact(&sections, "Pod", "/ready").tone, Tone::Bad);
    assert!(fact(&sections, "Data", "Disk").value.starts_with("full"));
}

#[test]
fn asking_the_inspector_changes_nothing() {
    let mut timeline = timeline(20);
    let mut same = timeline.fork();
    for pod in 0..3 {
        node(timeline.present(), pod, None);
    }
    timeline.seek(at(40));
    same.seek(at(40));
    assert_eq!(timeline.present().fingerprint(), same.present().fingerprint());
}

#[test]
fn an_instance_tells_its_age_its_limit_and_its_share() {
    let timeline = timeline(60);
    let ring = ring(timeline.present(), 0);
    let now = WallTime::from_unix_secs(ring.instance(1).timestamp + 61);
    let sections = instance(&ring, 1, now);
    assert_eq!(fact(&sections, "Instance loki-1", "State").value, "UNHEALTHY; it says ACTIVE");
    let heartbeat = &fact(&sections, "Instance", "Heartbeat").value;
    assert!(
        heartbeat.starts_with("1m1s ago (00:00:5") && heartbeat.ends_with("), limit 1m0s"),
        "{heartbeat}"
    );
    assert_eq!(fact(&sections, "Instance", "Tokens").value, "128");
    assert_eq!(instance(&ring, 9, now), []);
}

/// Steps until a message is under way of which `wanted` holds: its number, its arrival and its receiver.
fn under_way(timeline: &mut Timeline, wanted: impl Fn(&What) -> bool) -> (u64, Instant, u32) {
    for _ in 0..100_000 {
        timeline.step();
        let mut planned = timeline.present().world.scheduler.iter();
        if let Some((arrives, event)) = planned.find(|(_, event)| wanted(&event.what)) {
            return (event.what.message().unwrap(), arrives, event.pod);
        }
    }
    panic!("no such message");
}

#[test]
fn a_suspicion_can_be_read_while_it_is_under_way_and_not_after() {
    let mut timeline = timeline(60);
    timeline.present_mut().world.watch_packets = true;
    kill(&mut timeline, "loki-1");
    let (id, arrives, to) = under_way(&mut timeline, |what| match what {
        What::Packet(arrival) => arrival.packet.head.is_some() && !arrival.packet.rumours.is_empty(),
        _ => false,
    });
    let sections = message(timeline.present(), id);
    let news = sentences(section(&sections, "News of members")).join("; ");
    assert!(news.contains("suspect: loki-1-") && news.contains(", says loki-"), "{news}");
    let from = fact(&sections, "Message", "From").value.clone();
    assert_eq!(fact(&sections, "Message", "To").value, name(timeline.present(), to));
    assert!(fact(&sections, "Message", "Arrives").value.starts_with("in "));
    assert!(!section(&sections, "When it arrives").rows.is_empty());
    let from = timeline.present().known_pod(&from).unwrap();
    let between = messages_between(timeline.present(), from, to);
    assert!(between.iter().any(|found| (found.id, found.arrives) == (id, arrives)), "{between:?}");
    timeline.seek(arrives);
    let sections = message(timeline.present(), id);
    assert!(fact(&sections, "Message", "Arrived").value.starts_with("0s ago, after "));
    assert_eq!(sections.len(), 1);
}

#[test]
fn a_link_tells_of_both_its_directions() {
    let mut timeline = timeline(60);
    let state =
        |timeline: &Timeline, title| fact(&link(timeline.present(), 0, 1), title, "State").value.clone();
    let titles = ["From loki-0 to loki-1", "From loki-1 to loki-0"];
    assert_eq!(titles.map(|title| state(&timeline, title)), ["open", "open"]);
    timeline.apply(Command::Cut { from: "loki-0".into(), to: "loki-1".into() }).unwrap();
    let clog = Command::Clog { from: "loki-1".into(), to: "loki-0".into(), delay: Span::secs(2) };
    timeline.apply(clog).unwrap();
    timeline.seek(at(61));
    assert_eq!(
        titles.map(|title| state(&timeline, title)),
        ["cut: nothing gets through", "open; everything takes 2s longer"]
    );
}

#[test]
fn the_cluster_at_a_glance_counts_and_names_what_is_wrong() {
    let mut timeline = timeline(60);
    let sections = cluster(timeline.present(), &[]);
    assert_eq!(fact(&sections, "Cluster", "Processes").value, "3 up");
    assert_eq!(sentences(section(&sections, "Wrong now")), ["No fault is at work."]);
    timeline.apply(Command::Pause { pod: "loki-2".into() }).unwrap();
    timeline.apply(Command::Dns { down: true }).unwrap();
    kill(&mut timeline, "loki-1");
    let sections = cluster(timeline.present(), &[]);
    assert_eq!(fact(&sections, "Cluster", "Processes").value, "1 up, 1 paused, 1 down");
    let wrong = sentences(section(&sections, "Wrong now"));
    assert_eq!(wrong, ["loki-1 is down.", "loki-2 is paused.", "The name server answers nobody."]);
}

#[test]
fn a_heartbeat_on_its_way_tells_whose_it_is_and_whether_it_is_news() {
    let mut timeline = timeline(60);
    let (found, ..) = under_way(&mut timeline, |what| match what {
        What::Packet(arrival) => arrival.packet.batch.is_some(),
        _ => false,
    });
    let sections = message(timeline.present(), found);
    let rows = &section(&sections, "News of rings").rows;
    assert!(rows[0].value.contains(" of them new to loki-"), "{rows:?}");
    let told = |text: &str| rows.iter().any(|row| row.value.contains(text));
    assert!(told(" ACTIVE, heartbeat 00:01:0"), "{rows:?}");
    assert!(rows.iter().any(|row| row.value.ends_with("; new") && row.tone == Tone::Good), "{rows:?}");
}

#[test]
fn a_full_exchange_tells_of_everybody_both_ways() {
    let mut timeline = timeline(60);
    let (first, ..) = under_way(&mut timeline, |what| matches!(what, What::StreamIn(_)));
    let sections = message(timeline.present(), first);
    assert_eq!(fact(&sections, "Message", "Kind").value, "push/pull: the first half of a full exchange");
    assert_eq!(fact(&sections, "Members", "Known to the sender").value, "3 alive");
    assert!(section(&sections, "News of rings").rows.len() > 3);
    let (back, ..) = under_way(&mut timeline, |what| matches!(what, What::StreamBack(_)));
    let sections = message(timeline.present(), back);
    assert_eq!(fact(&sections, "Message", "Kind").value, "push/pull: the answer of a full exchange");
}
