use crate::go::duration;
use crate::lifecycle::RingKind;
use crate::ring::{InstanceState, Ring};
use crate::sim::{Pod, Process, ServiceState, Simulation, Span};
use crate::time::age_text;

use super::{Section, Tone, count, due, gossip, instance, since_start, truth};

/// All of a pod and its process. `ring` is a view of the ingesters' ring for the share that it owns, which is left
/// out without one. Nothing if there is no such pod.
pub fn node(simulation: &Simulation, pod: u32, ring: Option<&Ring>) -> Vec<Section> {
    let Some(pod) = simulation.pods.get(pod as usize) else { return Vec::new() };
    let mut sections = vec![about(pod, simulation)];
    if let Some(process) = pod.process.as_deref() {
        sections.push(own_entry(pod, process, ring, simulation));
        sections.extend(gossip::memberlist(process, simulation));
    }
    sections.push(due::section(pod, simulation));
    if let Some(process) = pod.process.as_deref() {
        sections.extend(truth::section(pod, process, simulation));
        sections.extend(rings(process));
        sections.push(services(process));
    }
    sections.push(data(pod));
    sections
}

fn about(pod: &Pod, simulation: &Simulation) -> Section {
    let world = &simulation.world;
    let mut section = Section::new("Pod");
    let (state, tone) = match &pod.process {
        None if pod.epoch == 0 => ("not started".into(), Tone::Plain),
        None if world.hosts[pod.index as usize].dark => {
            ("down; its address answers nobody".into(), Tone::Bad)
        }
        None => ("down; its address refuses connections".into(), Tone::Bad),
        Some(process) => {
            let age = age_text(simulation.now().since(process.began));
            let since = format!("{age}, since {}", since_start(process.began));
            match (pod.paused, process.stop_received) {
                (true, _) => (format!("paused; runs for {since}"), Tone::Bad),
                (_, true) => (format!("stopping; runs for {since}"), Tone::Warn),
                _ => (format!("runs for {since}"), Tone::Good),
            }
        }
    };
    section.fact("Process", state).tone(tone);
    let starts = pod.epoch;
    section.fact("Started", count(starts as usize, "time")).tone(if starts > 1 {
        Tone::Warn
    } else {
        Tone::Plain
    });
    let orchestrator = if pod.ready { "ready" } else { "not ready" };
    let tone = if pod.ready { Tone::Good } else { Tone::Warn };
    section
        .fact("Readiness", orchestrator)
        .tone(tone)
        .help("What its orchestrator thinks since its last question; clients and names go by that.");
    if let Some(process) = pod.process.as_deref() {
        let (tone, answer) = if pod.paused {
            (Tone::Bad, "no answer: the process is paused".to_owned())
        } else {
            let (status, body) = process.copy_ready(world);
            let tone = if status == 200 { Tone::Good } else { Tone::Warn };
            (tone, format!("{status} {}", body.trim_end().replace('\n', " ")))
        };
        section
            .fact("/ready", answer)
            .tone(tone)
            .help("What it would answer now. Asking is what starts min_ready_duration; this does not ask.");
    }
    section.fact("Target", target(pod));
    section.fact("Group", world.options.groups[pod.group as usize].name.clone());
    section.fact("Zone", if pod.zone.is_empty() { "none" } else { &pod.zone });
    section.fact("Address", std::net::Ipv4Addr::from(world.hosts[pod.index as usize].ip).to_string());
    if pod.foreign {
        section.fact("Cluster", "another one's, on the same network");
    }
    if pod.clock_offset != 0 {
        let by = Span(std::time::Duration::from_nanos(pod.clock_offset.unsigned_abs()));
        let way = if pod.clock_offset > 0 { "ahead" } else { "behind" };
        section.fact("Clock", format!("{by} {way}")).tone(Tone::Warn);
    }
    section
}

/// As the `-target` flag has it.
fn target(pod: &Pod) -> String {
    let value = serde_json::to_value(pod.target).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// The process's instance in the ingesters' ring, as the process itself sees it.
fn own_entry(pod: &Pod, process: &Process, ring: Option<&Ring>, simulation: &Simulation) -> Section {
    let mut section = Section::new("Its instance, as it sees itself");
    let slot = process.slot(RingKind::Ingester);
    let lifecycler = slot.and_then(|slot| slot.lifecycler.as_ref());
    let Some(lifecycler) = lifecycler else {
        section.sentence("It is no ingester, so it has none in the ingesters' ring.");
        return section;
    };
    let entry = process.desc(RingKind::Ingester).and_then(|desc| desc.ingesters.get(&pod.name));
    match entry {
        None => {
            let why =
                if lifecycler.is_running() { "It has not registered yet." } else { "It has not joined yet." };
            section.sentence(why).tone(Tone::Warn);
        }
        Some(entry) if entry.state == InstanceState::Left => {
            section.sentence("It has left the ring: a tombstone is there, which no reader sees.");
        }
        Some(entry) => {
            let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
            instance::entry(&mut section, entry, process.wall(&simulation.world), timeout);
            if let Some((ring, index)) = ring.and_then(|ring| Some((ring, ring.index_of(&pod.name)?))) {
                instance::owns(&mut section, ring, index);
            }
            if lifecycler.is_running() && lifecycler.state() != entry.state {
                let state = lifecycler.state();
                section
                    .sentence(format!("It believes itself {state}; the ring has {}.", entry.state))
                    .tone(Tone::Warn);
            }
            if lifecycler.is_running() && lifecycler.tokens() != &entry.tokens {
                let (own, there) = (lifecycler.tokens().len(), entry.tokens.len());
                section
                    .sentence(format!(
                        "It believes that it owns {}; the ring has {there}.",
                        count(own, "token")
                    ))
                    .tone(Tone::Warn);
            }
        }
    }
    section.fact("Heartbeats", lifecycler.heartbeats().to_string());
    section
}

/// Its instances in the other rings.
fn rings(process: &Process) -> Option<Section> {
    let mut section = Section::new("Other rings");
    for slot in process.rings.iter().filter(|slot| slot.kind != RingKind::Ingester) {
        let Some(lifecycler) = &slot.lifecycler else { continue };
        let state = match (lifecycler.is_running(), lifecycler.is_done()) {
            (true, _) => lifecycler.state().to_string(),
            (_, true) => "over".into(),
            _ => "not there yet".into(),
        };
        section.fact(slot.kind.name(), state);
    }
    (!section.rows.is_empty()).then_some(section)
}

fn services(process: &Process) -> Section {
    let mut section = Section::new("Services");
    for running in &process.modules {
        let tone = match running.state {
            ServiceState::Running => Tone::Good,
            ServiceState::Failed => Tone::Bad,
            ServiceState::Terminated => Tone::Plain,
            _ => Tone::Warn,
        };
        section.fact(running.module.name, running.state.name()).tone(tone);
    }
    section
}

fn data(pod: &Pod) -> Section {
    let mut section = Section::new("Data");
    let in_memory = pod.process.as_ref().map_or(0, |process| process.requests.in_memory());
    section
        .fact("In memory", count(in_memory, "record"))
        .help("A record is one stream of one push. It goes to the object store with the next flush.");
    section.fact("In its write-ahead log", format!("{} to be replayed", count(pod.in_wal(), "record")));
    for (kind, tokens) in &pod.tokens {
        section.fact(format!("{} tokens file", kind.name()), count(tokens.len(), "token"));
    }
    if pod.disk_full {
        section.fact("Disk", "full: neither log nor tokens are written").tone(Tone::Bad);
    }
    section
}

/// A length of time, as configurations write it.
pub(super) fn length(span: std::time::Duration) -> String {
    duration::format(span)
}
