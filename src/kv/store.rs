use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::ring::{Desc, InstanceState};
use crate::time::WallTime;

use super::message::Gist;
use super::{Edit, Key, KvMessage, Value};

/// One node's copy of all keys (dskit kv/memberlist/memberlist_client.go, `KV.store`).
///
/// Differs: values are rings only, and keys are not deleted.
#[derive(Debug, Clone)]
pub struct Store {
    values: Vec<Option<Value>>,
    left_ingesters_timeout: Duration,
    /// The tokens that may be claimed twice; nothing while nobody has said.
    contested: Option<Contested>,
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

/// The tokens that two instances ever claimed, by key and ascending, as far as the whole world knows: in other tokens
/// no node need look for conflicts, and none would find any.
pub type Contested = Arc<BTreeMap<Key, Vec<u32>>>;

impl Store {
    /// A store of `keys` keys without values, that keeps tombstones for a while.
    pub fn new(keys: usize, left_ingesters_timeout: Duration) -> Self {
        Self { values: vec![None; keys], left_ingesters_timeout, contested: None, transitions: Vec::new() }
    }

    /// Whether anything changed its state since [`Self::take_transitions`].
    pub fn has_transitions(&self) -> bool {
        !self.transitions.is_empty()
    }

    /// Takes what has changed its state since the last call.
    pub fn take_transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.transitions)
    }

    /// Says which tokens may be claimed twice.
    #[inline]
    pub fn set_contested(&mut self, contested: &Contested) {
        if !self.contested.as_ref().is_some_and(|known| Arc::ptr_eq(known, contested)) {
            self.contested = Some(Arc::clone(contested));
        }
    }

    /// The value of a key, if it has one.
    pub fn get(&self, key: Key) -> Option<&Value> {
        self.values.get(key.0 as usize)?.as_ref()
    }

    /// The keys that have a value.
    pub fn keys(&self) -> impl Iterator<Item = (Key, &Value)> {
        self.values.iter().enumerate().filter_map(|(index, value)| Some((Key(index as u8), value.as_ref()?)))
    }

    /// Takes a heartbeat, if that is what a message is, without a look at the message: whether it was news. `None` if
    /// only [`Self::merge_remote`] can tell.
    #[inline]
    pub fn take_heartbeat(&mut self, gist: &Gist) -> Option<bool> {
        self.values.get_mut(gist.key.0 as usize)?.as_mut()?.take_heartbeat(gist)
    }

    /// Merges what another node sent; returns what was news here, to be passed on.
    pub fn merge_remote(&mut self, message: &Arc<KvMessage>, now: WallTime) -> Option<Arc<KvMessage>> {
        let news = match self.values.get_mut(message.key.0 as usize)? {
            Some(value) => value.desc_mut().news_in(&message.change),
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
        let place = self.place(message.key, &change);
        Some(Arc::new(KvMessage::new(message.key, change, place)))
    }

    /// Makes a look at a key's ring cost nothing until the next heartbeat.
    pub fn catch_up(&mut self, key: Key) {
        if let Some(Some(value)) = self.values.get_mut(key.0 as usize) {
            value.catch_up();
        }
    }

    /// Makes a look at all rings cost nothing until the next heartbeat.
    pub fn catch_up_all(&mut self) {
        self.values.iter_mut().flatten().for_each(Value::catch_up);
    }

    /// Where this node's ring holds the first entry of a change.
    fn place(&self, key: Key, change: &Desc) -> usize {
        let first = change.ingesters.keys().next();
        let value = self.get(key);
        first.zip(value).and_then(|(id, value)| value.desc().ingesters.place(id)).unwrap_or(0)
    }

    /// Applies what a process of this node wants to write; `None` if it changes nothing, as when an
    /// entry is written twice in one second.
    pub fn edit(&mut self, key: Key, edit: Edit, now: WallTime) -> Option<Arc<KvMessage>> {
        let change = self.merge(key, edit.put.into_iter().collect(), &edit.remove, now)?;
        let place = self.place(key, &change);
        Some(Arc::new(KvMessage::new(key, change, place)))
    }

    fn merge(&mut self, key: Key, incoming: Desc, removed: &[Arc<str>], now: WallTime) -> Option<Desc> {
        let contested = self.contested.as_ref().map(|tokens| tokens.get(&key).map_or(&[][..], Vec::as_slice));
        let mut lost_tokens = false;
        let slot = self.values.get_mut(key.0 as usize)?;
        let change = match slot {
            Some(value) => {
                let desc = value.desc_mut();
                let state = |id: &Arc<str>| desc.ingesters.get(id).map(|entry| entry.state);
                let touched = incoming.ingesters.keys().chain(removed);
                let before = Vec::from_iter(touched.map(|id| (Arc::clone(id), state(id))));
                let applied = desc.apply(incoming, removed, contested, now)?;
                lost_tokens = applied.lost_tokens;
                let change = applied.change;
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
                *slot = Some(Value::new(incoming));
                change
            }
        };
        let limit = now.offset(-i64::try_from(self.left_ingesters_timeout.as_nanos()).unwrap_or(i64::MAX));
        slot.as_mut()?.accepted(change, lost_tokens, limit)
    }
}
