use std::sync::Arc;

use crate::ring::{Desc, InstanceDesc, InstanceState};
use crate::time::WallTime;

use super::value::{likeness, tag};

/// A key of the store, as a number that the world around hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u8);

/// A change of one key's value on its way through the cluster (dskit kv/memberlist/kv.proto,
/// `KeyValuePair`). Shared by everybody who passes it on.
#[derive(Debug, Clone, PartialEq)]
pub struct KvMessage {
    /// Of which key.
    pub key: Key,
    /// The entries that changed; the whole value in a full exchange.
    pub change: Desc,
    /// Its size on the wire, about.
    pub bytes: usize,
    /// What it is about in short.
    pub gist: Gist,
}

/// What a message is about, in short: most messages are known already, and this tells without a look at them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gist {
    /// Stands for the one instance that it is about; 0 if there are several.
    pub(super) who: u64,
    /// Stands for that instance with everything but its heartbeat; 0 if a glance may decide nothing.
    pub(super) likeness: u64,
    /// What the instance's entries are compared by.
    pub(super) precedence: i64,
    /// Where the first sender's ring holds the first entry: where a reader looks first.
    pub(super) place: u32,
    /// Of which key.
    pub(super) key: Key,
}

/// A message in a queue (dskit kv/memberlist/broadcast.go).
#[derive(Debug, Clone)]
pub struct RingBroadcast {
    /// What is sent.
    pub message: Arc<KvMessage>,
    /// The version of the value that it made on this node.
    pub version: u64,
    /// What it is about in short.
    pub gist: Gist,
}

impl KvMessage {
    /// A message of this change; `place` is where the sender's ring holds its first entry.
    pub fn new(key: Key, change: Desc, place: usize) -> Self {
        let bytes = pair_bytes(&change);
        let only = match change.ingesters.as_slice() {
            [(id, entry)] => Some((id, entry)),
            _ => None,
        };
        let who = only.map_or(0, |(id, _)| tag(id));
        // Of a tombstone, or a second that is out of all bounds, there is nothing that a glance may decide.
        let plain = |entry: &InstanceDesc| {
            entry.state != InstanceState::Left && entry.timestamp.checked_mul(2).is_some()
        };
        let (likeness, precedence) = match only.filter(|(_, entry)| plain(entry)) {
            Some((id, entry)) => (likeness(id, entry), entry.precedence()),
            None => (0, 0),
        };
        let gist = Gist { who, likeness, precedence, place: place as u32, key };
        Self { key, change, bytes, gist }
    }
}

impl RingBroadcast {
    /// A message of this node's value with this version.
    pub fn new(message: Arc<KvMessage>, version: u64) -> Self {
        Self { gist: message.gist, message, version }
    }

    /// Whether `older` need not be sent any more: the same key, no instance that this one does not tell
    /// of, no later version (dskit kv/memberlist/broadcast.go:18-49).
    pub fn invalidates(&self, older: &Self) -> bool {
        let (new, old) = (&self.message.change, &older.message.change);
        self.gist.key == older.gist.key
            && self.version >= older.version
            && old.ingesters.keys().all(|id| new.ingesters.contains_key(id))
    }
}

impl Gist {
    /// The name that a queue knows the message by: that of its one instance in its one ring. `None` if it is about
    /// several.
    pub(super) fn name(&self) -> Option<u64> {
        (self.who != 0).then(|| self.who ^ u64::from(self.key.0) << 1)
    }
}

/// The length of the pair with a value like this: key, compressed value and codec.
///
/// About: tokens do not compress, so the block is taken as one literal.
fn pair_bytes(change: &Desc) -> usize {
    const AROUND: usize = 36;
    AROUND + change.ingesters.iter().map(|(id, entry)| entry_bytes(id, entry)).sum::<usize>()
}

fn entry_bytes(id: &str, entry: &InstanceDesc) -> usize {
    let text = |text: &str| if text.is_empty() { 0 } else { 2 + text.len() };
    let number = |number: i64| if number == 0 { 0 } else { 1 + varint_bytes(number.unsigned_abs()) };
    // A byte for each seven bits begun, counted without branches: rings are mostly tokens.
    let longer = |token: &u32, bits: u32| usize::from(token >> bits > 0);
    let tokens: usize = entry
        .tokens
        .iter()
        .map(|token| (7..32).step_by(7).map(|bits| longer(token, bits)).sum::<usize>())
        .sum();
    let tokens = tokens + entry.tokens.len();
    let state = if entry.state == InstanceState::Active { 0 } else { 2 };
    8 + 2 * text(id)
        + text(&entry.addr)
        + text(&entry.zone)
        + number(entry.timestamp)
        + number(entry.registered_timestamp)
        + state
        + tokens
}

fn varint_bytes(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Turns virtual time into one process's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What every true clock shows at the beginning.
    pub epoch: WallTime,
    /// How far this one is ahead, in nanoseconds; negative when behind.
    pub offset: i64,
}

impl Clock {
    /// What this clock shows at `now`.
    pub fn at(self, now: crate::time::Instant) -> WallTime {
        self.epoch.offset(i64::try_from(now.nanos()).unwrap_or(i64::MAX)).offset(self.offset)
    }
}
