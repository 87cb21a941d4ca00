use std::fmt;
use std::sync::Arc;

use super::NodeRole;

/// A node's name, as a number that the world around hands out: the wire carries text, here only equality
/// matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub u32);

/// An availability zone's name, as a number that the world around hands out; 0 is the empty name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Zone(pub u16);

/// Where a node listens: IPv4 and port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The four octets, most significant first.
    pub ip: u32,
    /// The TCP port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", std::net::Ipv4Addr::from(self.ip), self.port)
    }
}

/// What a node says of itself for zone-aware routing; the default is what a node without metadata counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Meta {
    /// Its zone.
    pub zone: Zone,
    /// Its part in it.
    pub role: NodeRole,
}

/// The states of a member (ml state.go).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Answers.
    Alive,
    /// Did not answer somebody.
    Suspect,
    /// Did not answer for the whole suspicion time-out.
    Dead,
    /// Said goodbye.
    Left,
}

/// The part of a packet that is answered at once (ml net.go).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Head {
    /// Are you there? Goes to `target`; only a node of that name answers.
    Ping {
        /// Tells answers apart.
        seq_no: u32,
        /// Who is meant.
        target: Name,
    },
    /// Ask `target` for me.
    IndirectPing {
        /// The asker's number.
        seq_no: u32,
        /// Who is meant.
        target: Name,
        /// Where it listens.
        address: Address,
    },
    /// I am here, or: it is there.
    Ack {
        /// The number that was asked with.
        seq_no: u32,
    },
    /// I asked and heard nothing yet.
    Nack {
        /// The number that was asked with.
        seq_no: u32,
    },
}

/// News about a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rumour {
    /// `name` lives at `address`.
    Alive {
        /// Who.
        name: Name,
        /// Where.
        address: Address,
        /// Its own count of its announcements.
        incarnation: u32,
        /// What it says of itself.
        meta: Meta,
    },
    /// `from` heard nothing from `name`.
    Suspect {
        /// Who.
        name: Name,
        /// The incarnation that is suspected.
        incarnation: u32,
        /// The accuser.
        from: Name,
    },
    /// `name` is dead, or left when it says so itself.
    Dead {
        /// Who.
        name: Name,
        /// The incarnation that died.
        incarnation: u32,
        /// Who says so.
        from: Name,
    },
}

impl Rumour {
    /// Whom it is about.
    pub const fn name(&self) -> Name {
        match *self {
            Self::Alive { name, .. } | Self::Suspect { name, .. } | Self::Dead { name, .. } => name,
        }
    }

    /// Its bytes on the wire, about.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Alive { meta, .. } => ALIVE_BYTES + meta.size(),
            Self::Suspect { .. } | Self::Dead { .. } => ACCUSATION_BYTES,
        }
    }
}

impl Head {
    /// Its bytes on the wire, about.
    pub(super) const fn size(&self) -> usize {
        match self {
            Self::Ping { .. } => PING_BYTES,
            Self::IndirectPing { .. } => INDIRECT_PING_BYTES,
            Self::Ack { .. } => ACK_BYTES,
            Self::Nack { .. } => NACK_BYTES,
        }
    }
}

impl Meta {
    fn size(self) -> usize {
        // A version, a role, a length, and the zone's name.
        if self == Self::default() { 0 } else { 3 + "zone-a".len() }
    }
}

// Sizes of MessagePack maps with the library's field names, for names as Loki makes them, small numbers and
// IPv4 addresses.
const NAME_BYTES: usize = 1 + "ingester-0-1a2b3c4d".len();
const ALIVE_BYTES: usize = 55 + NAME_BYTES;
const ACCUSATION_BYTES: usize = 25 + 2 * NAME_BYTES;
const PING_BYTES: usize = 57 + 2 * NAME_BYTES;
const INDIRECT_PING_BYTES: usize = 83 + 2 * NAME_BYTES;
const ACK_BYTES: usize = 20;
const NACK_BYTES: usize = 11;

/// What a packet of many messages costs, and each message in it (ml net.go:79-81).
pub(super) const COMPOUND_HEADER_OVERHEAD: usize = 2;
pub(super) const COMPOUND_OVERHEAD: usize = 2;
pub(super) const USER_MSG_OVERHEAD: usize = 1;

/// Whom a queued piece of news is about: the library takes the name, but for refutations the text of the
/// own IP (ml state.go:947).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BroadcastKey {
    Name(Name),
    Ip(u32),
}

impl BroadcastKey {
    /// The name that the queue knows it by.
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Name(Name(number)) => 1 << 32 | u64::from(number),
            Self::Ip(ip) => 2 << 32 | u64::from(ip),
        }
    }
}

/// What one connection of the packet kind carries: maybe a question or answer, then whatever fits of the
/// queues, SWIM's before the delegate's.
#[derive(Debug, Clone, PartialEq)]
pub struct Packet<B> {
    /// Ping, ack and the like.
    pub head: Option<Head>,
    /// News of members.
    pub rumours: Vec<Rumour>,
    /// The delegate's messages.
    pub batch: Option<B>,
    /// Its size on the wire, about.
    pub bytes: u32,
}

/// One member as a full exchange tells of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushNodeState {
    /// Who.
    pub name: Name,
    /// Where.
    pub address: Address,
    /// What it says of itself.
    pub meta: Meta,
    /// The incarnation that the state is about.
    pub incarnation: u32,
    /// What the sender thinks of it.
    pub state: State,
}

/// Everything that one node knows, for the other side of a stream.
#[derive(Debug, Clone)]
pub struct PushPull<S> {
    /// The whole table.
    pub nodes: Arc<[PushNodeState]>,
    /// The delegate's whole state; `None` when it has none.
    pub user_state: Option<S>,
    /// Whether this is the first contact of a joining node.
    pub join: bool,
}
