use std::borrow::Cow;

use crate::memberlist::formula::retransmit_limit;
use crate::memberlist::{Memberlist, Name, Rumour, State};
use crate::sim::{Process, Simulation};
use crate::time::age_text;

use super::node::length;
use super::{Section, Tone, count};

/// Rows of news that are shown at most.
const LISTED: usize = 8;

/// A process's memberlist: who is there, how it feels, what it is about to tell.
pub(super) fn memberlist(process: &Process, simulation: &Simulation) -> Option<Section> {
    let swim = process.swim.as_ref()?;
    let name = |name: Name| name_of(name, simulation);
    let mut section = Section::new("Memberlist");
    section.fact("Node name", name(swim.name()).to_owned());
    section.fact("Incarnation", swim.incarnation().to_string()).help(
        "The number of its latest announcement. It grows when the node refutes a suspicion, or a false word of its death.",
    );
    members(&mut section, swim);
    health(&mut section, swim);
    let now = simulation.now();
    if let Some((target, until)) = swim.probing() {
        let left = age_text(until.since(now));
        section.fact("Probing", format!("{}, suspect in {left} unless it answers", name(target)));
    }
    let suspects = swim.members().iter().filter(|member| member.state == State::Suspect);
    let suspect = |member: &crate::memberlist::NodeState| {
        let left = swim.suspicion_ends(member.name).map_or_else(String::new, |ends| {
            format!(", dead in {} unless it is heard of", age_text(ends.since(now)))
        });
        let since = age_text(now.since(member.state_change));
        (Cow::from("Suspect"), format!("{} for {since}{left}", name(member.name)), Tone::Warn)
    };
    section.some(suspects.map(suspect), LISTED);
    queues(&mut section, process, swim, simulation);
    Some(section)
}

fn members(section: &mut Section, swim: &Memberlist) {
    let number = |state: State| swim.members().iter().filter(|member| member.state == state).count();
    let mut text = format!("{} alive", number(State::Alive));
    for (state, word) in [(State::Suspect, "suspect"), (State::Dead, "dead"), (State::Left, "left")] {
        if number(state) > 0 {
            text.push_str(&format!(", {} {word}", number(state)));
        }
    }
    let troubled = number(State::Suspect) + number(State::Dead) > 0;
    section
        .fact("Members", text)
        .tone(if troubled { Tone::Warn } else { Tone::Good })
        .help("Itself included. Who is dead or left stays in the table for a while.");
}

fn health(section: &mut Section, swim: &Memberlist) {
    let score = swim.health_score();
    let config = swim.config();
    let text = match score {
        0 => "0: healthy".to_owned(),
        _ => {
            let interval = config.probe_interval.saturating_mul(score + 1);
            format!(
                "{score}: a probe may take {} instead of {}",
                length(interval),
                length(config.probe_interval)
            )
        }
    };
    section.fact("Health score", text).tone(if score == 0 { Tone::Good } else { Tone::Warn }).help(
        "How unwell the node finds itself, from its own failed probes. Each point gives those whom it probes more time.",
    );
}

fn queues(section: &mut Section, process: &Process, swim: &Memberlist, simulation: &Simulation) {
    let mult = swim.config().retransmit_mult;
    let rumours = swim.queued_rumours().count();
    let limit = retransmit_limit(mult, swim.estimated_nodes());
    section
        .fact("News of members to tell", rumours.to_string())
        .help("Each piece of news goes into a limited number of packets: retransmit_factor times the digits of the cluster's size.");
    let left = |sent: u32| count(limit.saturating_sub(sent) as usize, "transmit");
    let rows = swim.queued_rumours().map(|(news, sent)| {
        (Cow::from(""), format!("{}; {} left", rumour(news, simulation), left(sent)), Tone::Plain)
    });
    section.some(rows, LISTED);
    let kv = &process.kv;
    let queued = format!(
        "{} of its own, {} passed on, {} in all",
        kv.queued_local(),
        kv.queued_gossip(),
        bytes(kv.queued_bytes() as u64)
    );
    section.fact("News of rings to tell", queued);
    let limit = retransmit_limit(mult, swim.num_members());
    let left = |sent: u32| count(limit.saturating_sub(sent) as usize, "transmit");
    let rows = kv.queued().map(|(message, sent)| {
        let ring = simulation.world.rings.get(usize::from(message.key.0)).map_or("?", |kind| kind.name());
        let text = match message.change.ingesters.as_slice() {
            [(id, entry)] => format!("{ring}: {id} {}", entry.state),
            entries => format!("{ring}: {}", count(entries.len(), "instance")),
        };
        (Cow::from(""), format!("{text}; {} left", left(sent)), Tone::Plain)
    });
    section.some(rows, LISTED);
}

/// A piece of news of a member, in words.
pub(super) fn rumour(rumour: &Rumour, simulation: &Simulation) -> String {
    let name = |name: Name| name_of(name, simulation);
    match *rumour {
        Rumour::Alive { name: who, address, incarnation, .. } => {
            format!("alive: {} at {address}, incarnation {incarnation}", name(who))
        }
        Rumour::Suspect { name: who, incarnation, from } => {
            format!("suspect: {}, incarnation {incarnation}, says {}", name(who), name(from))
        }
        Rumour::Dead { name: who, incarnation, from } if who == from => {
            format!("left: {}, incarnation {incarnation}", name(who))
        }
        Rumour::Dead { name: who, incarnation, from } => {
            format!("dead: {}, incarnation {incarnation}, says {}", name(who), name(from))
        }
    }
}

/// A memberlist name's text.
pub(super) fn name_of(name: Name, simulation: &Simulation) -> &str {
    simulation.world.names.get(name.0 as usize).map_or("?", |name| name)
}

/// A size, for people.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}
