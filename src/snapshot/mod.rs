//! A cluster at one instant, as pictures may know it: plain data, whether it was simulated or observed.

mod belief;
mod history;

use std::sync::Arc;

use crate::memberlist::State;
use crate::ring::InstanceState;
use crate::time::Instant;

pub use belief::{Belief, Beliefs, RingBelief};
pub use history::{History, Lane, Milestone, Phase};

/// A cluster at one instant. It is filled anew for every frame and keeps its memory.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The instant, from the beginning.
    pub now: Instant,
    /// Whose view `nodes` show; nobody's when they show the truth.
    pub observer: Option<u32>,
    /// The nodes, by number.
    pub nodes: Vec<Node>,
    /// Zones by number; the first is the empty one.
    pub zones: Vec<Arc<str>>,
    /// What everybody believes of everybody.
    pub beliefs: Beliefs,
    /// Messages under way, and those that arrived or were lost not long ago, by the time they were sent.
    pub messages: Vec<Message>,
    /// Who sent how much to whom of late; filled instead of `messages` when these are too many to draw.
    pub flows: Vec<Flow>,
    /// Links with something wrong.
    pub links: Vec<Link>,
    /// Whether `messages` holds everything that was sent of late.
    pub has_every_message: bool,
}

/// A node: a pod with the process in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: Arc<str>,
    /// Its zone's number.
    pub zone: u16,
    /// Its group's number.
    pub group: u32,
    /// What its process really does.
    pub process: ProcessState,
    /// Whether its orchestrator thinks it ready.
    pub ready: bool,
    /// Whether it is another cluster's.
    pub foreign: bool,
    /// How it stands in the ingesters' ring as the observer knows it; nothing if it is not there.
    pub instance: Option<Instance>,
    /// As what it counts in the observer's memberlist; in truth, in its own. Nothing if it is not there.
    pub member: Option<State>,
    /// Whether nobody can reach its memberlist port.
    pub blocked: bool,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ProcessState {
    /// It has not been started yet.
    #[default]
    Waiting,
    /// It runs.
    Up,
    /// It stands still.
    Paused,
    /// It is gone.
    Down,
}

/// An instance in a ring as somebody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instance {
    /// What it says of itself.
    pub state: InstanceState,
    /// Whether its heartbeat is young enough.
    pub healthy: bool,
}

/// A message on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// Its number, the same in every run of the same beginnings.
    pub id: u64,
    /// Who sent it.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// What it is.
    pub kind: MessageKind,
    /// When it was sent.
    pub sent: Instant,
    /// When it arrives or arrived; `None` if never.
    pub arrives: Option<Instant>,
    /// Its size, about.
    pub bytes: u32,
    /// How many pieces of news it carries.
    pub news: u32,
}

/// Kinds of messages, each with its own shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// Are you there?
    Ping,
    /// I am here.
    Ack,
    /// Ask another for me.
    IndirectPing,
    /// I asked and heard nothing.
    Nack,
    /// News alone.
    Gossip,
    /// A full exchange over a stream.
    PushPull,
}

/// What one node sent another of late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flow {
    /// Who sends.
    pub from: u32,
    /// To whom.
    pub to: u32,
    /// Messages a second.
    pub per_second: f32,
    /// Of these, how many never arrive.
    pub lost_per_second: f32,
}

/// One direction between two nodes that is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// From here.
    pub from: u32,
    /// To there.
    pub to: u32,
    /// What is wrong.
    pub trouble: Trouble,
}

/// What may be wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Nothing gets through.
    Cut,
    /// It takes longer.
    Slow,
    /// Some of it gets lost.
    Lossy,
}

impl MessageKind {
    /// All kinds, in the order of a legend.
    pub const ALL: [Self; 6] =
        [Self::Ping, Self::Ack, Self::IndirectPing, Self::Nack, Self::Gossip, Self::PushPull];

    /// Its name in a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Ack => "ack",
            Self::IndirectPing => "indirect ping",
            Self::Nack => "nack",
            Self::Gossip => "gossip",
            Self::PushPull => "push/pull",
        }
    }
}

impl ProcessState {
    /// Its name in a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "not started",
            Self::Up => "up",
            Self::Paused => "paused",
            Self::Down => "down",
        }
    }
}
