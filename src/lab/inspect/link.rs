use std::borrow::Cow;

use crate::sim::{Simulation, Span};
use crate::time::age_text;

use super::{Section, Tone, messages_between, name};

/// Rows of messages that are shown at most.
const LISTED: usize = 6;

/// Both directions between two pods. Nothing if there is no such pod.
pub fn link(simulation: &Simulation, from: u32, to: u32) -> Vec<Section> {
    let pods = simulation.pods.len() as u32;
    if from >= pods || to >= pods {
        return Vec::new();
    }
    vec![direction(simulation, from, to), direction(simulation, to, from)]
}

fn direction(simulation: &Simulation, from: u32, to: u32) -> Section {
    let network = &simulation.world.network;
    let (a, b) = (name(simulation, from), name(simulation, to));
    let mut section = Section::new(format!("From {a} to {b}"));
    let is_cut = network.cuts().any(|cut| cut == (from, to));
    let delay = network.clogs().find(|(one, other, _)| (*one, *other) == (from, to));
    let loss = network.losses().find(|(one, other, _)| (*one, *other) == (from, to));
    let mut words = Vec::new();
    let tone = if is_cut {
        words.push("cut: nothing gets through".to_owned());
        Tone::Bad
    } else if network.part(from) != network.part(to) {
        words.push("apart: the network has fallen into parts".to_owned());
        Tone::Bad
    } else if network.blocked_ports().any(|host| host == to) {
        words.push(format!("nobody reaches the memberlist port of {b}"));
        Tone::Bad
    } else if delay.is_none() && loss.is_none() {
        words.push("open".to_owned());
        Tone::Good
    } else {
        words.push("open".to_owned());
        Tone::Warn
    };
    if let Some((_, _, delay)) = delay {
        words.push(format!("everything takes {} longer", Span(delay)));
    }
    if let Some((_, _, loss)) = loss {
        words.push(format!("{} of all segments get lost", share(loss.millionths())));
    }
    section.fact("State", words.join("; ")).tone(tone);
    let found = messages_between(simulation, from, to);
    section.fact(
        "Under way",
        if found.is_empty() { "nothing".into() } else { super::count(found.len(), "message") },
    );
    let row = |message: &super::InFlight| {
        let left = age_text(message.arrives.since(simulation.now()));
        (Cow::from(""), format!("{} {}, arrives in {left}", message.kind, message.id), Tone::Plain)
    };
    section.some(found.iter().map(row), LISTED);
    section
}

/// Millionths, in percent.
pub(super) fn share(millionths: u32) -> String {
    let (whole, part) = (millionths / 10_000, millionths % 10_000);
    match part {
        0 => format!("{whole} %"),
        _ => format!("{} %", format!("{whole}.{part:04}").trim_end_matches('0')),
    }
}
