use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh64::Xxh64;

use crate::ring::{Desc, InstanceDesc, InstanceState};
use crate::time::WallTime;

use super::message::Gist;

/// What one node has of one key.
///
/// Nearly all that ever happens to a ring is that an entry's heartbeat gets younger. Those are kept beside the ring,
/// in a list that is small enough to stay at hand, and go into the ring when somebody looks at it.
#[derive(Debug, Clone)]
pub struct Value {
    /// Counts the changes accepted here; no other node's number means the same.
    pub version: u64,
    /// Tombstones dropped so far.
    pub tombstones_removed: u64,
    desc: Desc,
    /// The ring with the heartbeats that it does not have itself yet, once somebody asked for it.
    seen: OnceLock<Desc>,
    /// Whether the heads have heartbeats that the ring has not.
    ahead: bool,
    heads: Vec<Head>,
    /// Whose head each one is.
    tags: Vec<u64>,
    /// The oldest tombstone's heartbeat, or the end of time: before it is due nobody need look.
    oldest_left: i64,
}

/// What an entry is compared by.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// Stands for everything of the entry but its heartbeat.
    likeness: u64,
    precedence: i64,
}

impl Head {
    /// The heartbeat of its entry, which may not have it yet. Only entries that have not left, and whose seconds are
    /// within bounds, are ever behind.
    const fn timestamp_of(&self, entry: &InstanceDesc) -> i64 {
        if entry.precedence() == self.precedence { entry.timestamp } else { self.precedence >> 1 }
    }
}

/// Stands for an instance's ID; never 0.
pub(super) fn tag(id: &str) -> u64 {
    xxhash_rust::xxh64::xxh64(id.as_bytes(), 0) | 1
}

/// Stands for an instance with everything but its heartbeat; never 0.
pub(super) fn likeness(id: &str, entry: &InstanceDesc) -> u64 {
    let mut hash = Xxh64::new(0);
    for text in [id, &entry.addr, &entry.zone] {
        hash.update(&text.len().to_le_bytes()[..4]);
        hash.update(text.as_bytes());
    }
    hash.update(&[entry.state as u8, entry.read_only.into()]);
    hash.update(&entry.registered_timestamp.to_le_bytes());
    hash.update(&entry.read_only_updated_timestamp.to_le_bytes());
    entry.tokens.iter().for_each(|token| hash.update(&token.to_le_bytes()));
    hash.digest() | 1
}

impl Value {
    /// A value that was not there before.
    pub(super) fn new(desc: Desc) -> Self {
        let mut value = Self {
            version: 0,
            tombstones_removed: 0,
            desc,
            seen: OnceLock::new(),
            ahead: false,
            heads: Vec::new(),
            tags: Vec::new(),
            oldest_left: i64::MAX,
        };
        value.rebuild_heads();
        value
    }

    /// The ring with its tombstones.
    pub fn desc(&self) -> &Desc {
        if !self.ahead {
            return &self.desc;
        }
        self.seen.get_or_init(|| {
            let mut desc = self.desc.clone();
            write_heartbeats(&self.heads, &mut desc);
            desc
        })
    }

    /// All entries with their states and heartbeats in unix seconds, by ID, at no cost.
    pub fn heartbeats(&self) -> impl Iterator<Item = (&Arc<str>, InstanceState, i64)> {
        let entries = self.desc.ingesters.iter().zip(&self.heads);
        entries.map(|((id, entry), head)| (id, entry.state, head.timestamp_of(entry)))
    }

    /// One entry with its newest heartbeat.
    pub fn entry(&self, id: &str) -> Option<InstanceDesc> {
        let place = self.desc.ingesters.place(id)?;
        let (_, entry) = &self.desc.ingesters.as_slice()[place];
        Some(InstanceDesc { timestamp: self.heads[place].timestamp_of(entry), ..entry.clone() })
    }

    /// The ring, to be changed; [`Self::accepted`] has to hear of it.
    pub(super) fn desc_mut(&mut self) -> &mut Desc {
        self.catch_up();
        &mut self.desc
    }

    /// Brings the ring itself up to date, so that looking at it costs nothing.
    pub(super) fn catch_up(&mut self) {
        if self.ahead {
            match self.seen.take() {
                Some(desc) => self.desc = desc,
                None => write_heartbeats(&self.heads, &mut self.desc),
            }
            self.ahead = false;
        }
    }

    /// What a heartbeat changes here, found without a look at the ring: `Some(true)` if it was news and is taken,
    /// `Some(false)` if it was old. `None` if it is something else than a heartbeat.
    #[inline]
    pub(super) fn take_heartbeat(&mut self, gist: &Gist) -> Option<bool> {
        let head = self.heads.get_mut(gist.place as usize)?;
        if head.likeness != gist.likeness {
            return None;
        }
        if gist.precedence <= head.precedence {
            return Some(false);
        }
        head.precedence = gist.precedence;
        self.ahead = true;
        if self.seen.get().is_some() {
            self.seen = OnceLock::new();
        }
        self.version += 1;
        Some(true)
    }

    /// The ring has taken `change`: brings the heads up to date, drops tombstones that are due, and counts. What is
    /// left of the change, if anything. If anybody `lost_tokens`, that may be others than those in the change.
    pub(super) fn accepted(&mut self, mut change: Desc, lost_tokens: bool, limit: WallTime) -> Option<Desc> {
        for (id, entry) in &change.ingesters {
            if entry.state == InstanceState::Left {
                self.oldest_left = self.oldest_left.min(entry.timestamp);
            }
            let Some(place) = self.desc.ingesters.place(id) else { continue };
            let head = Head { likeness: likeness(id, entry), precedence: entry.precedence() };
            let tag = tag(id);
            if self.tags.get(place) == Some(&tag) {
                self.heads[place] = head;
            } else {
                self.tags.insert(place, tag);
                self.heads.insert(place, head);
            }
        }
        if lost_tokens {
            self.rebuild_heads();
        }
        if WallTime::from_unix_secs(self.oldest_left) < limit {
            self.drop_tombstones(limit);
            change.remove_tombstones(Some(limit));
            if change.ingesters.is_empty() {
                return None;
            }
        }
        self.version += 1;
        Some(change)
    }

    fn drop_tombstones(&mut self, limit: WallTime) {
        self.tombstones_removed += self.desc.remove_tombstones(Some(limit)).removed as u64;
        let left = self.desc.ingesters.values().filter(|entry| entry.state == InstanceState::Left);
        self.oldest_left = left.map(|entry| entry.timestamp).min().unwrap_or(i64::MAX);
        self.rebuild_heads();
    }

    fn rebuild_heads(&mut self) {
        let entries = self.desc.ingesters.as_slice();
        let head = |(id, entry): &(Arc<str>, InstanceDesc)| Head {
            likeness: likeness(id, entry),
            precedence: entry.precedence(),
        };
        self.heads = entries.iter().map(head).collect();
        self.tags = entries.iter().map(|(id, _)| tag(id)).collect();
    }
}

fn write_heartbeats(heads: &[Head], desc: &mut Desc) {
    for (entry, head) in desc.ingesters.values_mut().zip(heads) {
        entry.timestamp = head.timestamp_of(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::{Key, KvMessage};

    fn entry(timestamp: i64, tokens: &[u32]) -> InstanceDesc {
        InstanceDesc { timestamp, tokens: tokens.iter().copied().collect(), ..InstanceDesc::default() }
    }

    fn gist(id: &str, entry: InstanceDesc) -> Gist {
        KvMessage::new(Key(0), [(id, entry)].into_iter().collect(), 0).gist
    }

    #[test]
    fn a_heartbeat_shows_in_the_ring_as_if_it_had_been_merged() {
        let mut value = Value::new([("a", entry(10, &[1, 2]))].into_iter().collect());
        assert_eq!(value.take_heartbeat(&gist("a", entry(12, &[1, 2]))), Some(true));
        assert_eq!(value.take_heartbeat(&gist("a", entry(11, &[1, 2]))), Some(false));
        assert_eq!(value.heartbeats().map(|(_, _, seconds)| seconds).collect::<Vec<_>>(), [12]);
        assert_eq!(value.desc().ingesters["a"].timestamp, 12);
        assert_eq!(value.take_heartbeat(&gist("a", entry(15, &[1, 2]))), Some(true));
        assert_eq!((value.desc().ingesters["a"].timestamp, value.version), (15, 2));
        assert_eq!(value.desc_mut().ingesters["a"].timestamp, 15);
    }

    #[test]
    fn anything_but_a_heartbeat_has_to_be_merged() {
        let mut value = Value::new([("a", entry(10, &[1, 2]))].into_iter().collect());
        for other in [
            gist("a", entry(12, &[1, 3])),
            gist("b", entry(12, &[1, 2])),
            gist("a", InstanceDesc { state: InstanceState::Leaving, ..entry(12, &[1, 2]) }),
            gist("a", InstanceDesc { zone: "z".into(), ..entry(12, &[1, 2]) }),
            gist("a", InstanceDesc { addr: "z".into(), ..entry(12, &[1, 2]) }),
            gist("a", InstanceDesc { registered_timestamp: 1, ..entry(12, &[1, 2]) }),
            gist("a", InstanceDesc { read_only: true, ..entry(12, &[1, 2]) }),
            gist("a", entry(i64::MAX, &[1, 2])),
        ] {
            assert_eq!(value.take_heartbeat(&other), None);
        }
        assert_eq!(value.desc().ingesters["a"].timestamp, 10);
    }
}
