//! The ring as the key-value store holds it, and its merge.
//!
//! Models dskit ring/model.go. Differs: token lists are normalised when they are made, not when they
//! are merged (see [`super::Tokens`]); `is_ready` reports the first bad instance by ID, where Go takes
//! whichever its map yields first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::instance_map::Cursor;
use super::topology::Claims;
use super::{HeartbeatHealth, InstanceDesc, InstanceMap, InstanceState, Tokens};

/// All instances of a ring, by ID (`ring.Desc`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desc {
    /// The entries; LEFT ones are tombstones.
    pub ingesters: InstanceMap,
}

/// What [`Desc::remove_tombstones`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstones {
    /// Tombstones that stay.
    pub total: usize,
    /// Tombstones that went.
    pub removed: usize,
}

/// What a merge did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The entries that were news, as they are now.
    pub change: Desc,
    /// Whether anybody, perhaps of the others, lost tokens that somebody else claims as well.
    pub lost_tokens: bool,
}

/// Why an ingester that is about to start would not become ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// An instance's heartbeat is too old.
    #[error("instance {addr} past heartbeat timeout")]
    PastHeartbeatTimeout {
        /// Its `host:port`.
        addr: Arc<str>,
    },
    /// An instance is not ACTIVE.
    #[error("instance {addr} in state {state}")]
    NotActive {
        /// Its `host:port`.
        addr: Arc<str>,
        /// Its state.
        state: InstanceState,
    },
    /// Nobody owns anything.
    #[error("no tokens in ring")]
    NoTokens,
}

impl Desc {
    /// Merges `other` into this one; returns what was news, or `None` if nothing was
    /// (`mergeWithTime`, dskit ring/model.go:228-305).
    ///
    /// The entry with the newer heartbeat wins whole; at equal heartbeats only LEFT wins. With
    /// `local_cas` the other side is taken as the complete ring, so whoever it misses becomes LEFT at
    /// `now`. Tokens that two instances claim go to one of them.
    pub fn merge(&mut self, other: Self, local_cas: bool, now: WallTime) -> Option<Self> {
        let missing = if local_cas { self.living_ids_without(&other) } else { Vec::new() };
        self.merge_and_remove(other, &missing, None, now).map(|applied| applied.change)
    }

    /// What [`Self::merge`] with `local_cas` does when the other side is this ring with `written` put in
    /// and `removed` taken out, without copying the ring. Removing who is not there, or a tombstone,
    /// changes nothing.
    ///
    /// `contested` are all tokens that two instances may claim, if they are known: then only those are looked at.
    pub fn apply(
        &mut self,
        written: Self,
        removed: &[Arc<str>],
        contested: Option<&[u32]>,
        now: WallTime,
    ) -> Option<Applied> {
        let living =
            |id: &Arc<str>| self.ingesters.get(id).is_some_and(|entry| entry.state != InstanceState::Left);
        let missing = Vec::from_iter(removed.iter().filter(|id| living(id)).cloned());
        self.merge_and_remove(written, &missing, contested, now)
    }

    /// The entries of `other` that merging would take over; merging these alone has the same effect.
    pub fn news_in(&self, other: &Self) -> Self {
        let entries = self.ingesters.as_slice();
        let mut cursor = Cursor::default();
        let news = other.ingesters.iter().filter(|(id, theirs)| match cursor.find(&self.ingesters, id) {
            Some(place) => supersedes(theirs, &entries[place].1),
            None => supersedes(theirs, &InstanceDesc::default()),
        });
        news.map(|(id, entry)| (Arc::clone(id), entry.clone())).collect()
    }

    fn merge_and_remove(
        &mut self,
        other: Self,
        missing: &[Arc<str>],
        contested: Option<&[u32]>,
        now: WallTime,
    ) -> Option<Applied> {
        let mut change = Vec::new();
        let mut added = Vec::new();
        let mut tokens_changed = false;
        let mut cursor = Cursor::default();
        for (id, mut theirs) in other.ingesters {
            if theirs.state == InstanceState::Left {
                theirs.tokens = Tokens::EMPTY;
            }
            let Some(place) = cursor.find(&self.ingesters, &id) else {
                if supersedes(&theirs, &InstanceDesc::default()) {
                    tokens_changed |= !theirs.tokens.is_empty();
                    added.push((Arc::clone(&id), theirs.clone()));
                    change.push((id, theirs));
                }
                continue;
            };
            let ours = self.ingesters.at_mut(place);
            if supersedes(&theirs, ours) {
                tokens_changed |= !ours.tokens.shares_storage(&theirs.tokens) && ours.tokens != theirs.tokens;
                change.push((id, theirs.clone()));
                *ours = theirs;
            }
        }
        self.ingesters.insert_new(added);

        for id in missing {
            if let Some(ours) = self.ingesters.get_mut(id) {
                ours.state = InstanceState::Left;
                ours.tokens = Tokens::EMPTY;
                // Now, even if that is earlier: a gossip message still under way must not revive it.
                ours.timestamp = now.unix_secs();
                change.push((Arc::clone(id), ours.clone()));
            }
        }

        if change.is_empty() {
            return None;
        }
        let lost_tokens = tokens_changed
            && match contested {
                None => self.resolve_conflicts(),
                Some(tokens) => self.resolve_conflicts_over(tokens),
            };
        if lost_tokens {
            for (id, entry) in &mut change {
                entry.tokens = self.ingesters[id].tokens.clone();
            }
        }
        Some(Applied { change: Self { ingesters: change.into_iter().collect() }, lost_tokens })
    }

    /// The IDs that are no tombstones here and do not stand in `other`.
    fn living_ids_without(&self, other: &Self) -> Vec<Arc<str>> {
        let mut cursor = Cursor::default();
        let living = self.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left);
        living
            .filter(|(id, _)| cursor.find(&other.ingesters, id).is_none())
            .map(|(id, _)| Arc::clone(id))
            .collect()
    }

    /// Gives every token that several instances claim to one of them: an instance that is not LEAVING
    /// before one that is, then the smaller ID (dskit ring/model.go:368-456). Heartbeats stay as they are.
    /// Tells whether there was any conflict.
    fn resolve_conflicts(&mut self) -> bool {
        // IDs ascend, so among equals the first claimant of a token is its owner.
        let claims = Claims::sorted(self.ingesters.as_slice().iter().map(|(_, entry)| &*entry.tokens));
        let mut losers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let mut place = 0;
        for same in claims.tokens.chunk_by(|a, b| a == b) {
            let claimants = &claims.owners[place..place + same.len()];
            place += same.len();
            self.settle(same[0], claimants, &mut losers);
        }
        self.take_away(&losers)
    }

    /// The same where only `tokens` can be claimed by several.
    fn resolve_conflicts_over(&mut self, tokens: &[u32]) -> bool {
        let mut losers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for token in tokens {
            let claims = |(_, entry): &(usize, &InstanceDesc)| entry.tokens.binary_search(token).is_ok();
            let claimants = self.ingesters.values().enumerate().filter(claims).map(|(index, _)| index as u32);
            self.settle(*token, &Vec::from_iter(claimants), &mut losers);
        }
        self.take_away(&losers)
    }

    /// Who of the claimants of a token, in the order of their IDs, has to give it up.
    fn settle(&self, token: u32, claimants: &[u32], losers: &mut BTreeMap<u32, Vec<u32>>) {
        if claimants.len() < 2 {
            return;
        }
        let entries = self.ingesters.as_slice();
        let leaves = |owner: &&u32| entries[**owner as usize].1.state == InstanceState::Leaving;
        let winner = claimants.iter().min_by_key(leaves);
        for loser in claimants.iter().filter(|claimant| Some(*claimant) != winner) {
            losers.entry(*loser).or_default().push(token);
        }
    }

    /// Takes tokens, which ascend, from those who lost them; whether anybody lost any.
    fn take_away(&mut self, losers: &BTreeMap<u32, Vec<u32>>) -> bool {
        for (loser, lost) in losers {
            let entry = self.ingesters.at_mut(*loser as usize);
            let kept = entry.tokens.iter().filter(|token| lost.binary_search(token).is_err());
            entry.tokens = kept.copied().collect();
        }
        !losers.is_empty()
    }

    /// Drops tombstones whose heartbeat is before `limit`, or all of them without a limit
    /// (`RemoveTombstones`).
    pub fn remove_tombstones(&mut self, limit: Option<WallTime>) -> Tombstones {
        let mut count = Tombstones { total: 0, removed: 0 };
        self.ingesters.retain(|_, entry| {
            if entry.state != InstanceState::Left {
                return true;
            }
            let keep = limit.is_some_and(|limit| WallTime::from_unix_secs(entry.timestamp) >= limit);
            *if keep { &mut count.total } else { &mut count.removed } += 1;
            keep
        });
        count
    }

    /// The ring's part of an ingester's `/ready`: everybody ACTIVE with a recent heartbeat, and tokens
    /// (`Desc.IsReady`).
    pub fn is_ready(&self, now: WallTime, heartbeat_timeout: Duration) -> Result<(), NotReady> {
        let health = HeartbeatHealth::at(now, heartbeat_timeout);
        for entry in self.ingesters.values() {
            if !health.covers(entry.timestamp) {
                return Err(NotReady::PastHeartbeatTimeout { addr: Arc::clone(&entry.addr) });
            }
            if entry.state != InstanceState::Active {
                return Err(NotReady::NotActive { addr: Arc::clone(&entry.addr), state: entry.state });
            }
        }
        match self.ingesters.values().any(|entry| !entry.tokens.is_empty()) {
            true => Ok(()),
            false => Err(NotReady::NoTokens),
        }
    }
}

/// Whether an incoming entry replaces the one that is there; an absent one counts as heartbeat 0.
fn supersedes(theirs: &InstanceDesc, ours: &InstanceDesc) -> bool {
    let leaves = theirs.state == InstanceState::Left && ours.state != InstanceState::Left;
    theirs.timestamp > ours.timestamp || theirs.timestamp == ours.timestamp && leaves
}

impl<I: Into<Arc<str>>> FromIterator<(I, InstanceDesc)> for Desc {
    fn from_iter<T: IntoIterator<Item = (I, InstanceDesc)>>(entries: T) -> Self {
        Self { ingesters: entries.into_iter().map(|(id, entry)| (id.into(), entry)).collect() }
    }
}
