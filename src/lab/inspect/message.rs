use std::borrow::Cow;
use std::sync::Arc;

use crate::kv::KvMessage;
use crate::memberlist::{Head, PushNodeState, PushPull, Rumour, State};
use crate::ring::{InstanceDesc, InstanceState};
use crate::sim::{Arrival, Event, Happening, PacketKind, Process, Simulation, Span, What, state_name};
use crate::time::{Instant, age_text};

use super::gossip::{bytes, name_of, rumour};
use super::{Section, Tone, count, name, since_start, time_of_day};

/// Rows of news that are shown at most.
const LISTED: usize = 12;

/// A message under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InFlight {
    /// When it arrives.
    pub arrives: Instant,
    /// Its number.
    pub id: u64,
    /// What it is, in a word or two.
    pub kind: &'static str,
}

/// What is under way from one pod to another, the next to arrive first.
pub fn messages_between(simulation: &Simulation, from: u32, to: u32) -> Vec<InFlight> {
    let planned = simulation.world.scheduler.iter().filter(|(_, event)| event.pod == to);
    let from_there = planned.filter_map(|(arrives, event)| {
        let (id, sender, kind) = match &event.what {
            What::Packet(arrival) => {
                (arrival.id, Some(arrival.sender), PacketKind::of(arrival.packet.head).name())
            }
            What::StreamIn(stream) => (stream.id, Some(stream.sender), PacketKind::PushPull.name()),
            What::StreamBack(back) => {
                (back.id, sent(simulation, back.id).map(|sent| sent.from), "push/pull, the answer")
            }
            _ => return None,
        };
        (sender == Some(from)).then_some(InFlight { arrives, id, kind })
    });
    let mut found = Vec::from_iter(from_there);
    found.sort();
    found
}

/// A message, taken apart while it is under way; afterwards what the journal still has of it. Nothing if that is
/// nothing.
pub fn message(simulation: &Simulation, id: u64) -> Vec<Section> {
    let mut planned = simulation.world.scheduler.iter();
    match planned.find(|(_, event)| event.what.message() == Some(id)) {
        Some((arrives, event)) => under_way(simulation, id, arrives, event),
        None => sent(simulation, id).map(|sent| over(simulation, &sent)).into_iter().collect(),
    }
}

fn under_way(simulation: &Simulation, id: u64, arrives: Instant, event: &Event) -> Vec<Section> {
    let to = event.pod;
    let sent = sent(simulation, id);
    let mut section = Section::new("Message");
    let (sender, news) = match &event.what {
        What::Packet(arrival) => (Some(arrival.sender), packet(&mut section, arrival, to, simulation)),
        What::StreamIn(stream) => {
            let kind = match stream.state.join {
                true => "the first half of joining",
                false => "the first half of a full exchange",
            };
            section.fact("Kind", format!("push/pull: {kind}"));
            (Some(stream.sender), exchange(&stream.state, to, simulation))
        }
        What::StreamBack(back) => {
            section.fact("Kind", "push/pull: the answer of a full exchange");
            (None, exchange(&back.state, to, simulation))
        }
        _ => return Vec::new(),
    };
    if let (Some(sent), What::StreamIn(_) | What::StreamBack(_)) = (&sent, &event.what) {
        section.fact("Size", bytes(sent.bytes.into()));
    }
    let sender = sender.or(sent.as_ref().map(|sent| sent.from));
    if let Some(from) = sender {
        section.fact("From", name(simulation, from).to_owned());
    }
    section.fact("To", name(simulation, to).to_owned());
    if let Some(sent) = &sent {
        let ago = age_text(simulation.now().since(sent.at));
        section.fact("Sent", format!("{ago} ago, at {}", since_start(sent.at)));
    }
    let left = age_text(arrives.since(simulation.now()));
    section.fact("Arrives", format!("in {left}, at {}", since_start(arrives)));
    let then = receipt(&event.what, to, simulation);
    [section, then].into_iter().chain(news).collect()
}

/// What the journal knows of a message.
struct Sent {
    at: Instant,
    from: u32,
    to: u32,
    arrives: Option<Instant>,
    kind: &'static str,
    bytes: u32,
}

fn sent(simulation: &Simulation, message: u64) -> Option<Sent> {
    simulation.world.journal.entries().rev().find_map(|entry| {
        let from = entry.pod?;
        let (to, arrives, kind, bytes) = match entry.what {
            Happening::Packet { id, to, arrives, kind, bytes, .. } if id == message => {
                (to, arrives, kind.name(), bytes)
            }
            Happening::PushPull { id, to, arrives, answer, bytes, .. } if id == message => (
                to,
                arrives,
                if answer { "push/pull: the answer" } else { "push/pull: the first half" },
                bytes,
            ),
            _ => return None,
        };
        Some(Sent { at: entry.at, from, to, arrives, kind, bytes })
    })
}

/// A message that is not under way any more.
fn over(simulation: &Simulation, sent: &Sent) -> Section {
    let mut section = Section::new("Message");
    section.fact("Kind", sent.kind);
    section.fact("Size", bytes(sent.bytes.into()));
    section.fact("From", name(simulation, sent.from).to_owned());
    section.fact("To", name(simulation, sent.to).to_owned());
    let now = simulation.now();
    section.fact("Sent", format!("{} ago, at {}", age_text(now.since(sent.at)), since_start(sent.at)));
    match sent.arrives {
        Some(at) if at <= now => {
            let ago = age_text(now.since(at));
            section.fact("Arrived", format!("{ago} ago, after {}", Span(at.since(sent.at))));
            section.sentence("What it told is a part of what its receiver knows now.");
        }
        Some(_) => {
            section.sentence("It was dropped on its way, or arrives at another time than it was sent for.");
        }
        None => {
            section.sentence("It never arrives: nobody answers at its address.").tone(Tone::Bad);
        }
    }
    section
}

/// What becomes of a message where it arrives.
fn receipt(what: &What, to: u32, simulation: &Simulation) -> Section {
    let mut section = Section::new("When it arrives");
    let who = name(simulation, to);
    let Some(pod) = simulation.pods.get(to as usize) else { return section };
    let swim = pod.process.as_ref().and_then(|process| process.swim.as_ref());
    let Some(swim) = swim else {
        section.sentence(format!("{who} runs no memberlist now: nobody takes it in.")).tone(Tone::Bad);
        return section;
    };
    if pod.paused {
        section.sentence(format!("{who} is paused: it takes it in when it goes on.")).tone(Tone::Warn);
    }
    match what {
        What::Packet(arrival) => {
            let packet = &arrival.packet;
            let sender = name(simulation, arrival.sender);
            match packet.head {
                None => {}
                Some(Head::Ping { seq_no, target }) if target == swim.name() => {
                    section.sentence(format!("{who} answers {sender} with ack {seq_no}."));
                }
                Some(Head::Ping { target, .. }) => {
                    section
                        .sentence(format!(
                            "{who} does not answer: it is asked for {}, and is {} by now.",
                            name_of(target, simulation),
                            name_of(swim.name(), simulation)
                        ))
                        .tone(Tone::Warn);
                }
                Some(Head::IndirectPing { target, .. }) => {
                    let target = name_of(target, simulation);
                    section.sentence(format!(
                        "{who} pings {target} itself, and passes the ack on to {sender}, or says nack."
                    ));
                }
                Some(Head::Ack { .. }) => {
                    let is_waited_for = swim.probing().is_some();
                    section.sentence(match is_waited_for {
                        true => format!("If it answers {who}'s present probe, that ends well."),
                        false => format!("{who} is probing nobody: the ack comes to nothing."),
                    });
                }
                Some(Head::Nack { .. }) => {
                    section.sentence(format!(
                        "{who} knows that {sender} is well: its own health score does not grow for that probe."
                    ));
                }
            }
            if !packet.rumours.is_empty() {
                section.sentence(format!("{who} believes what is newer of the members, and tells it on."));
            }
            if packet.batch.is_some() {
                section
                    .sentence(format!("{who} merges the news of rings, and tells on what changed its own."));
            }
        }
        What::StreamIn(stream) => {
            let sender = name(simulation, stream.sender);
            section.sentence(format!("{who} sends all that it knows back to {sender}, then merges this."));
        }
        What::StreamBack(_) => {
            section.sentence(format!("{who} merges this: both then know what either knew."));
        }
        _ => {}
    }
    section
}

fn packet(section: &mut Section, arrival: &Arrival, to: u32, simulation: &Simulation) -> Vec<Section> {
    let packet = &arrival.packet;
    let text = match packet.head {
        None => "gossip: news alone".to_owned(),
        Some(Head::Ping { seq_no, target }) => {
            format!("ping {seq_no}: is {} there?", name_of(target, simulation))
        }
        Some(Head::IndirectPing { seq_no, target, .. }) => {
            format!("indirect ping {seq_no}: ask {} for me", name_of(target, simulation))
        }
        Some(Head::Ack { seq_no }) => format!("ack {seq_no}: it is there"),
        Some(Head::Nack { seq_no }) => format!("nack {seq_no}: I asked, and heard nothing yet"),
    };
    section.fact("Kind", text);
    section.fact("Size", bytes(packet.bytes.into()));
    let mut sections = Vec::new();
    if !packet.rumours.is_empty() {
        let mut news = Section::new("News of members");
        let rows = packet.rumours.iter().map(|one| {
            let tone = if matches!(one, Rumour::Alive { .. }) { Tone::Plain } else { Tone::Warn };
            (Cow::from(""), rumour(one, simulation), tone)
        });
        news.some(rows, LISTED);
        sections.push(news);
    }
    if let Some(batch) = &packet.batch {
        sections.push(rings(batch.messages(), to, simulation));
    }
    sections
}

fn exchange(state: &PushPull<Arc<[Arc<KvMessage>]>>, to: u32, simulation: &Simulation) -> Vec<Section> {
    let mut members = Section::new("Members");
    let number = |state_: State| state.nodes.iter().filter(|node| node.state == state_).count();
    let states = [State::Alive, State::Suspect, State::Dead, State::Left].into_iter();
    let counted = states
        .filter(|state| number(*state) > 0)
        .map(|state| format!("{} {}", number(state), state_name(state)));
    members.fact("Known to the sender", Vec::from_iter(counted).join(", "));
    let troubled = state.nodes.iter().filter(|node| node.state != State::Alive);
    let row = |node: &PushNodeState| {
        let text = format!("{}, incarnation {}", name_of(node.name, simulation), node.incarnation);
        (Cow::from(state_name(node.state)), text, Tone::Warn)
    };
    members.some(troubled.map(row), LISTED);
    let mut sections = vec![members];
    if let Some(messages) = &state.user_state {
        sections.push(rings(messages.iter().map(|message| &**message), to, simulation));
    }
    sections
}

/// What is told of rings, what the receiver does not know first.
fn rings<'a>(messages: impl Iterator<Item = &'a KvMessage>, to: u32, simulation: &Simulation) -> Section {
    let receiver = simulation.pods.get(to as usize).and_then(|pod| pod.process.as_deref());
    let mut rows = Vec::new();
    for message in messages {
        let place = usize::from(message.key.0);
        let ring = simulation.world.rings.get(place).map_or("?", |kind| kind.name());
        for (id, entry) in &message.change.ingesters {
            let is_news = receiver.is_some_and(|process| is_news(process, message, id, entry));
            rows.push((!is_news, ring, id, entry));
        }
    }
    rows.sort_by_key(|row| row.0);
    let fresh = rows.iter().filter(|row| !row.0).count();
    let mut section = Section::new("News of rings");
    section.fact(
        "In all",
        format!(
            "{}, {fresh} of them new to {}",
            count(rows.len(), "entry").replace("entrys", "entries"),
            name(simulation, to)
        ),
    );
    let row = |(known, ring, id, entry): (bool, &'static str, &Arc<str>, &InstanceDesc)| {
        let tone = if known { Tone::Plain } else { Tone::Good };
        let word = if known { "known" } else { "new" };
        (Cow::from(ring), format!("{}; {word}", entry_text(id, entry)), tone)
    };
    section.some(rows.into_iter().map(row), LISTED);
    section
}

/// Whether a merge would take an entry over.
fn is_news(process: &Process, message: &KvMessage, id: &str, entry: &InstanceDesc) -> bool {
    let known = process.kv.store.get(message.key).and_then(|value| value.desc().ingesters.get(id));
    known.is_none_or(|known| entry.precedence() > known.precedence())
}

fn entry_text(id: &str, entry: &InstanceDesc) -> String {
    let tokens = match entry.state {
        InstanceState::Left => String::new(),
        _ => format!(", {}", count(entry.tokens.len(), "token")),
    };
    format!("{id} {}, heartbeat {}{tokens}", entry.state, time_of_day(entry.timestamp))
}
