use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::lifecycle::RingKind;
use crate::memberlist::State;
use crate::ring::{HeartbeatHealth, InstanceState};
use crate::sim::{Pod, Process, Simulation, shown_state, state_name};

use super::gossip::name_of;
use super::{Section, Tone};

/// How many differences are told.
const LISTED: usize = 12;

/// What a process believes that is not so. Nothing if it watches no ring and gossips with nobody.
pub(super) fn section(pod: &Pod, process: &Process, simulation: &Simulation) -> Option<Section> {
    if process.slot(RingKind::Ingester).is_none() && process.swim.is_none() {
        return None;
    }
    let mut differences = ring_differences(pod, process, simulation);
    differences.extend(member_differences(pod, process, simulation));
    let mut section = Section::new("Its view beside the truth");
    if differences.is_empty() {
        section.sentence("It believes of everybody what is the case.").tone(Tone::Good);
    }
    section.some(differences.into_iter().map(|text| (Cow::from(""), text, Tone::Warn)), LISTED);
    Some(section)
}

/// The state in which a pod's ingester believes itself; nothing when it takes no part in the ring.
fn own_state(pod: &Pod) -> Option<InstanceState> {
    let slot = pod.process.as_ref()?.slot(RingKind::Ingester)?;
    let lifecycler = slot.lifecycler.as_ref().filter(|lifecycler| !lifecycler.is_done())?;
    // Before its first entry it is PENDING to itself alone.
    let takes_part = lifecycler.is_running() || lifecycler.state() == InstanceState::Leaving;
    takes_part.then(|| lifecycler.state())
}

fn ring_differences(pod: &Pod, process: &Process, simulation: &Simulation) -> Vec<String> {
    let mut texts = Vec::new();
    if process.slot(RingKind::Ingester).is_none() {
        return texts;
    }
    let Some(desc) = process.desc(RingKind::Ingester) else {
        texts.push("It knows of no ring.".to_owned());
        return texts;
    };
    let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
    let health = HeartbeatHealth::at(process.wall(&simulation.world), timeout);
    let ours = |other: &&Pod| other.foreign == pod.foreign;
    // Of several with one name the newest.
    let by_name = BTreeMap::from_iter(simulation.pods.iter().filter(ours).map(|other| (&other.name, other)));
    for (id, entry) in desc.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left) {
        let shown = shown_state(entry.state, health.covers(entry.timestamp));
        match by_name.get(id) {
            None => texts.push(format!("Its ring has {id} as {shown}; there is no such pod.")),
            Some(other) if !other.is_up() => {
                texts.push(format!("Its ring has {id} as {shown}; {id} is down."))
            }
            Some(other) => {
                let truth = own_state(other);
                if truth.map(InstanceState::name) != Some(shown) {
                    let truth = truth.map_or("has not joined", InstanceState::name);
                    let paused = if other.paused { ", and is paused" } else { "" };
                    let is = if truth == "has not joined" { truth.to_owned() } else { format!("is {truth}") };
                    texts.push(format!("Its ring has {id} as {shown}; {id} {is}{paused}."));
                }
            }
        }
    }
    let is_known = |other: &&Pod| {
        desc.ingesters.get(&other.name).is_some_and(|entry| entry.state != InstanceState::Left)
    };
    for other in simulation.pods.iter().filter(ours).filter(|other| !is_known(other)) {
        if let Some(state) = own_state(other) {
            texts.push(format!("Its ring does not have {}, which is {state}.", other.name));
        }
    }
    texts
}

fn member_differences(pod: &Pod, process: &Process, simulation: &Simulation) -> Vec<String> {
    let mut texts = Vec::new();
    let Some(swim) = &process.swim else { return texts };
    let others =
        simulation.pods.iter().filter(|other| other.foreign == pod.foreign && other.index != pod.index);
    let swims = |other: &Pod| {
        other.process.as_ref().and_then(|process| process.swim.as_ref()).map(|swim| swim.name())
    };
    let mut living = Vec::from_iter(others.filter_map(|other| Some((swims(other)?, &other.name))));
    living.sort();
    for (node, name) in &living {
        match swim.member(*node).map(|member| member.state) {
            Some(State::Alive) => {}
            Some(state) => {
                texts.push(format!("Its memberlist counts {name} as {}; it runs.", state_name(state)))
            }
            None => texts.push(format!("Its memberlist does not know {name}.")),
        }
    }
    let is_living =
        |node| node == swim.name() || living.binary_search_by_key(&node, |(node, _)| *node).is_ok();
    let is_foreign =
        |node| simulation.pods.iter().any(|other| other.foreign != pod.foreign && swims(other) == Some(node));
    for member in swim.members().iter().filter(|member| !member.dead_or_left() && !is_living(member.name)) {
        let name = name_of(member.name, simulation);
        let state = state_name(member.state);
        texts.push(match is_foreign(member.name) {
            true => format!("Its memberlist counts {name} as {state}, which is another cluster's."),
            false => format!("Its memberlist counts {name} as {state}; that process is gone."),
        });
    }
    texts
}
