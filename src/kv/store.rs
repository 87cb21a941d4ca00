use std::sync::Arc;
use std::time::Duration;

use crate::ring::{Desc, InstanceState};
use crate::time::WallTime;

use super::message::{Gist, tag};
use super::{Edit, Key, KvMessage};

/// One node's copy of all keys (dskit kv/memberlist/memberlist_client.go, `KV.store`).
///
/// Differs: values are rings only, and keys are not deleted.
#[derive(Debug, Clone)]
pub struct Store {
    values: Vec<Option<Value>>,
    left_ingesters_timeout: Duration,
    /// The keys whose tokens somebody claims who is not alone.
    contested: Contested,
    transitions: Vec<Transition>,
}

/// An entry that shows another state than before; heartbeats are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// In which ring.
    pub key: Key,
    /// Whose entry.
    pub id: Arc<str>,
    /// The state that it shows now.
    pub state: InstanceState,
}

/// The keys in whose rings two instances ever claimed one token, as far as the whole world knows: in the
/// others no node need look for such tokens, and none would find any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contested(u64);

impl Contested {
    /// With this key besides.
    pub fn insert(&mut self, key: Key) {
        self.0 |= 1 << (key.0 % 64);
    }

    /// Whether the key is one of them.
    pub fn contains(self, key: Key) -> bool {
        self.0 & 1 << (key.0 % 64) != 0
    }

    /// All keys: for whoever does not know.
    pub const ALL: Self = Self(u64::MAX);
}

/// What one node has of one key.
#[derive(Debug, Clone)]
pub struct Value {
    /// The ring with its tombstones.
    pub desc: Desc,
    /// Counts the changes accepted here; no other node's number means the same.
    pub version: u64,
    /// Tombstones dropped so far.
    pub tombstones_removed: u64,
    /// The oldest tombstone's heartbeat, or the end of time: before it is due nobody need look.
    oldest_left: i64,
    /// Whom each place of the ring holds and what its entry is compared by, side by side.
    heads: Vec<(u64, i64)>,
}

impl Store {
    /// A store of `keys` keys without values, that keeps tombstones for a while.
    pub fn new(keys: usize, left_ingesters_timeout: Duration) -> Self {
        Self {
            values: vec![None; keys],
            left_ingesters_timeout,
            contested: Contested::ALL,
            transitions: Vec::new(),
        }
    }

    /// Whether anything changed its state since [`Self::take_transitions`].
    pub fn has_transitions(&self) -> bool {
        !self.transitions.is_empty()
    }

    /// Takes what has changed its state since the last call.
    pub fn take_transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.transitions)
    }

    /// Says in whose rings tokens may be claimed twice.
    pub fn set_contested(&mut self, contested: Contested) {
        self.contested = contested;
    }

    /// The value of a key, if it has one.
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.values.get(key.0 as usize)?.as_ref()
    }

    /// The keys that have a value.
    pub fn keys(&self) -> impl Iterator<Item = (Key, &Value)> {
        self.values.iter().enumerate().filter_map(|(index, value)| Some((Key(index as u8), value.as_ref()?)))
    }

    /// Whether a message brings nothing new, as far as that shows at a glance.
    #[inline]
    pub fn is_old_news(&self, gist: &Gist) -> bool {
        let value = self.values.get(gist.key.0 as usize).and_then(Option::as_ref);
        let head = value.and_then(|value| value.heads.get(gist.place as usize));
        head.is_some_and(|(tag, precedence)| *tag == gist.tag && gist.precedence <= *precedence)
    }

    /// Merges what another node sent; returns what was news here, to be passed on.
    pub fn merge_remote(&mut self, message: &Arc<KvMessage>, now: WallTime) -> Option<Arc<KvMessage>> {
        if let Some(Some(value)) = self.values.get_mut(message.key.0 as usize)
            && let [(id, theirs)] = message.change.ingesters.as_slice()
            && theirs.state != InstanceState::Left
            && value.oldest_left == i64::MAX
            && let place = message.gist.place as usize
            && let Some(news) = value.desc.merge_heartbeat(place, id, theirs)
        {
            if !news {
                return None;
            }
            value.heads[place].1 = theirs.precedence();
            value.version += 1;
            return Some(Arc::clone(message));
        }
        let news = match self.get(message.key) {
            Some(value) => value.desc.news_in(&message.change),
            None => message.change.clone(),
        };
        if news.ingesters.is_empty() {
            return None;
        }
        let change = self.merge(message.key, news, &[], now)?;
        // Passed on as it came, unless only a part of it was news.
        if change == message.change {
            return Some(Arc::clone(message));
        }
        Some(Arc::new(KvMessage::new(message.key, change, message.gist.place as usize)))
    }

    /// Applies what a process of this node wants to write; `None` if it changes nothing, as when an
    /// entry is written twice in one second.
    pub fn edit(&mut self, key: Key, edit: Edit, now: WallTime) -> Option<Arc<KvMessage>> {
        let id = edit.put.as_ref().map(|(id, _)| Arc::clone(id)).or_else(|| edit.remove.first().cloned())?;
        let change = self.merge(key, edit.put.into_iter().collect(), &edit.remove, now)?;
        let place = self.get(key).and_then(|value| value.desc.ingesters.place(&id)).unwrap_or(0);
        Some(Arc::new(KvMessage::new(key, change, place)))
    }

    fn merge(&mut self, key: Key, incoming: Desc, removed: &[Arc<str>], now: WallTime) -> Option<Desc> {
        let contested = self.contested.contains(key);
        let slot = self.values.get_mut(key.0 as usize)?;
        let change = match slot {
            Some(value) => {
                let state = |id: &Arc<str>| value.desc.ingesters.get(id).map(|entry| entry.state);
                let touched = incoming.ingesters.keys().chain(removed);
                let before = Vec::from_iter(touched.map(|id| (Arc::clone(id), state(id))));
                let change = value.desc.apply(incoming, removed, contested, now)?;
                for (id, before) in before {
                    if let Some(entry) = change.ingesters.get(&id)
                        && before != Some(entry.state)
                    {
                        self.transitions.push(Transition { key, id, state: entry.state });
                    }
                }
                change
            }
            None if incoming.ingesters.is_empty() => return None,
            None => {
                // The first value of a key is stored as it came, without a merge.
                let change = incoming.clone();
                let entries = change.ingesters.iter();
                self.transitions.extend(entries.map(|(id, entry)| Transition {
                    key,
                    id: Arc::clone(id),
                    state: entry.state,
                }));
                *slot = Some(Value {
                    desc: incoming,
                    version: 0,
                    tombstones_removed: 0,
                    oldest_left: i64::MAX,
                    heads: Vec::new(),
                });
                change
            }
        };
        self.settle(key, change, now)
    }

    /// Drops tombstones that are due, and counts the change; `None` when nothing of it is left.
    fn settle(&mut self, key: Key, mut change: Desc, now: WallTime) -> Option<Desc> {
        let timeout = self.left_ingesters_timeout;
        let value = self.values.get_mut(key.0 as usize)?.as_mut()?;
        for entry in change.ingesters.values().filter(|entry| entry.state == InstanceState::Left) {
            value.oldest_left = value.oldest_left.min(entry.timestamp);
        }
        let limit = now.offset(-(i64::try_from(timeout.as_nanos()).unwrap_or(i64::MAX)));
        if WallTime::from_unix_secs(value.oldest_left) < limit {
            let removed = value.desc.remove_tombstones(Some(limit));
            value.tombstones_removed += removed.removed as u64;
            let left = value.desc.ingesters.values().filter(|entry| entry.state == InstanceState::Left);
            value.oldest_left = left.map(|entry| entry.timestamp).min().unwrap_or(i64::MAX);
            change.remove_tombstones(Some(limit));
            if change.ingesters.is_empty() {
                return None;
            }
        }
        value.version += 1;
        value.refresh_heads(&change);
        Some(change)
    }
}

impl Value {
    /// Brings the heads up to date after a change.
    fn refresh_heads(&mut self, change: &Desc) {
        let entries = self.desc.ingesters.as_slice();
        if entries.len() == self.heads.len()
            && let [(id, entry)] = change.ingesters.as_slice()
            && let Some(place) = self.desc.ingesters.place(id)
        {
            // One entry out and another in would keep the length: the tags tell.
            if self.heads[place].0 == tag(id) {
                self.heads[place].1 = entry.precedence();
                return;
            }
        }
        self.heads.clear();
        self.heads.extend(entries.iter().map(|(id, entry)| (tag(id), entry.precedence())));
    }
}
