use std::borrow::Cow;

use crate::lab::Sample;
use crate::lifecycle::RingKind;
use crate::sim::{Pod, Simulation, Span, StoreKind};
use crate::time::Instant;

use super::gossip::bytes;
use super::link::share;
use super::{Section, Tone, count, name};

/// Rows that are shown at most.
const LISTED: usize = 10;
/// Rates are averages over so many samples.
const RECENT: usize = 10;

/// The whole cluster at a glance. `samples` are the run's numbers so far, oldest first: rates are
/// averages over the last few up to now.
pub fn cluster(simulation: &Simulation, samples: &[Sample]) -> Vec<Section> {
    let now = simulation.now().nanos();
    let seen = &samples[..samples.partition_point(|sample| sample.at_nanos <= now)];
    vec![nodes(simulation, seen), wrong(simulation), requests(simulation, seen)]
}

/// The pods of a zone. Nothing if there is no such zone.
pub fn zone(simulation: &Simulation, zone: u16) -> Vec<Section> {
    if usize::from(zone) >= simulation.world.zones.len() {
        return Vec::new();
    }
    let pods = Vec::from_iter(simulation.pods.iter().filter(|pod| pod.zone_number == zone));
    let mut section = Section::new("Zone");
    section.fact("Pods", pods.len().to_string());
    let ready = pods.iter().filter(|pod| pod.ready).count();
    section.fact("Ready", format!("{ready} of {}", pods.len()));
    let row = |pod: &&Pod| {
        let (state, tone) = match (pod.is_up(), pod.paused) {
            (true, false) => ("up", Tone::Good),
            (true, true) => ("paused", Tone::Bad),
            (false, _) if pod.epoch == 0 => ("not started", Tone::Warn),
            (false, _) => ("down", Tone::Bad),
        };
        (Cow::from(pod.name.to_string()), state.to_owned(), tone)
    };
    section.some(pods.iter().map(row), LISTED);
    vec![section]
}

/// What a pod may be.
type Is = fn(&Pod) -> bool;

fn nodes(simulation: &Simulation, samples: &[Sample]) -> Section {
    let mut section = Section::new("Cluster");
    let pods = || simulation.pods.iter().filter(|pod| !pod.foreign);
    let number = |is: Is| pods().filter(|pod| is(pod)).count();
    let states: [(&str, Is, Tone); 4] = [
        ("up", |pod| pod.is_up() && !pod.paused, Tone::Good),
        ("paused", |pod| pod.is_up() && pod.paused, Tone::Bad),
        ("down", |pod| !pod.is_up() && pod.epoch > 0, Tone::Bad),
        ("not started", |pod| !pod.is_up() && pod.epoch == 0, Tone::Warn),
    ];
    let present = Vec::from_iter(states.iter().filter(|(_, is, _)| number(*is) > 0));
    let text = present.iter().map(|(word, is, _)| format!("{} {word}", number(*is)));
    let tone = present.iter().map(|(_, _, tone)| *tone).max().unwrap_or_default();
    section.fact("Processes", Vec::from_iter(text).join(", ")).tone(tone);
    let ready = number(|pod| pod.ready);
    section.fact("Ready", format!("{ready} of {}", pods().count())).help(
        "Whom their orchestrator thinks ready. Clients, and names that resolve to ready pods only, go by that.",
    );
    let ingesters = pods().filter_map(|pod| {
        let lifecycler = pod.process.as_ref()?.slot(RingKind::Ingester)?.lifecycler.as_ref()?;
        lifecycler.is_running().then(|| lifecycler.state().name())
    });
    let mut states: Vec<(&str, usize)> = Vec::new();
    for state in ingesters {
        match states.iter_mut().find(|(known, _)| *known == state) {
            Some((_, number)) => *number += 1,
            None => states.push((state, 1)),
        }
    }
    let text = states.iter().map(|(state, number)| format!("{number} {state}"));
    let text = Vec::from_iter(text).join(", ");
    section
        .fact("Ingesters", if text.is_empty() { "none in the ring".into() } else { text })
        .help("As each of them believes itself.");
    let zones = simulation.world.zones.iter().filter(|zone| !zone.is_empty()).count();
    section.fact("Zones", if zones == 0 { "none".into() } else { zones.to_string() });
    if let Some(last) = samples.last() {
        let (agreeing, all) = (last.agreeing, last.observers);
        let at = Span(Instant::from_nanos(last.at_nanos).since(Instant::START));
        section
            .fact("Views that agree", format!("{agreeing} of {all}, at {at}"))
            .tone(if agreeing == all { Tone::Good } else { Tone::Warn })
            .help(
                "Processes whose copy of the ingesters' ring shows what is the case, heartbeats left aside.",
            );
    }
    section
}

/// What stands between the cluster and its health.
fn wrong(simulation: &Simulation) -> Section {
    let mut section = Section::new("Wrong now");
    let world = &simulation.world;
    let pods = |text: fn(&Pod) -> Option<&'static str>| {
        let rows = simulation.pods.iter().filter_map(move |pod| Some((pod, text(pod)?)));
        rows.map(|(pod, text)| format!("{} {text}.", pod.name))
    };
    let mut rows = Vec::from_iter(pods(|pod| (!pod.is_up() && pod.epoch > 0).then_some("is down")));
    rows.extend(pods(|pod| (pod.is_up() && pod.paused).then_some("is paused")));
    rows.extend(pods(|pod| pod.disk_full.then_some("has a full disk")));
    rows.extend(pods(|pod| (pod.clock_offset != 0).then_some("has a wrong clock")));
    let network = &world.network;
    if network.is_partitioned() {
        rows.push("The network has fallen into parts.".into());
    }
    let link = |from: u32, to: u32| format!("from {} to {}", name(simulation, from), name(simulation, to));
    rows.extend(network.cuts().map(|(from, to)| format!("Nothing gets {}.", link(from, to))));
    let slow = |(from, to, by): (u32, u32, _)| format!("It takes {} longer {}.", Span(by), link(from, to));
    rows.extend(network.clogs().map(slow));
    rows.extend(network.losses().map(|(from, to, loss)| {
        format!("{} of the segments {} get lost.", share(loss.millionths()), link(from, to))
    }));
    rows.extend(
        network
            .blocked_ports()
            .map(|host| format!("Nobody reaches the memberlist port of {}.", name(simulation, host))),
    );
    if network.loss().millionths() > 0 {
        rows.push(format!("{} of all segments get lost.", share(network.loss().millionths())));
    }
    if world.dns.is_down() {
        rows.push("The name server answers nobody.".into());
    }
    if world.central.is_down() && matches!(world.options.store, StoreKind::Consul | StoreKind::Etcd) {
        rows.push("The central store is away.".into());
    }
    if rows.is_empty() {
        section.sentence("No fault is at work.").tone(Tone::Good);
    }
    section.some(rows.into_iter().map(|text| (Cow::from(""), text, Tone::Bad)), LISTED);
    section
}

fn requests(simulation: &Simulation, samples: &[Sample]) -> Section {
    let mut section = Section::new("Traffic since the start");
    let ledger = &simulation.world.ledger;
    let tally = &ledger.tally;
    for (what, ok, failed) in [
        ("Pushes", tally.pushes_ok, tally.pushes_failed),
        ("Queries", tally.queries_ok, tally.queries_failed),
    ] {
        let text = match ok + failed {
            0 => "none yet".to_owned(),
            _ => format!("{ok} ok, {failed} failed"),
        };
        let tone = match (ok, failed) {
            (0, 0) => Tone::Plain,
            (_, 0) => Tone::Good,
            _ => Tone::Warn,
        };
        section.fact(what, text).tone(tone).help("Since the beginning.");
    }
    if tally.lines_accepted > 0 {
        let lost = tally.lines_lost;
        section
            .fact("Log lines", format!("{} accepted, {lost} of them lost", tally.lines_accepted))
            .tone(if lost == 0 { Tone::Good } else { Tone::Bad })
            .help("Lost are those that clients were told are safe, and that are nowhere any more.");
    }
    let mut errors = Vec::from_iter(&ledger.errors);
    errors.sort_by_key(|(_, times)| std::cmp::Reverse(**times));
    let row = |(text, times): (&String, &u64)| {
        (Cow::from(count(*times as usize, "time")), text.clone(), Tone::Warn)
    };
    section.some(errors.into_iter().map(row), 3);
    let recent = &samples[samples.len().saturating_sub(RECENT + 1)..];
    if let [before, .., last] = recent {
        let seconds = last.at_nanos.saturating_sub(before.at_nanos).max(1) as f64 / 1e9;
        let rate = |total: fn(&Sample) -> u64| total(last).saturating_sub(total(before)) as f64 / seconds;
        let messages = rate(|sample| sample.messages.iter().sum());
        let sent = rate(|sample| sample.bytes.iter().sum());
        section
            .fact("Gossip", format!("{messages:.1} messages/s, {}/s", bytes(sent as u64)))
            .help("What all memberlists sent together of late: on average over the last ten samples, a second apart at first.");
    }
    section
}
