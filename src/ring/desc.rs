//! The ring as the key-value store holds it, and its merge.
//!
//! Models dskit ring/model.go. Differs: token lists are normalised when they are made, not when they
//! are merged (see [`super::Tokens`]); `is_ready` reports the first bad instance by ID, where Go takes
//! whichever its map yields first.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::{HeartbeatHealth, InstanceDesc, InstanceState, Tokens};

/// All instances of a ring, by ID (`ring.Desc`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Desc {
    /// The entries; LEFT ones are tombstones.
    pub ingesters: BTreeMap<Arc<str>, InstanceDesc>,
}

/// What [`Desc::remove_tombstones`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstones {
    /// Tombstones that stay.
    pub total: usize,
    /// Tombstones that went.
    pub removed: usize,
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
        let mut updated: Vec<Arc<str>> = Vec::new();
        let mut tokens_changed = false;
        let missing: Vec<Arc<str>> = match local_cas {
            true => self.living_ids().filter(|id| !other.ingesters.contains_key(*id)).cloned().collect(),
            false => Vec::new(),
        };

        for (id, mut theirs) in other.ingesters {
            if theirs.state == InstanceState::Left {
                theirs.tokens = Tokens::EMPTY;
            }
            match self.ingesters.get_mut(&id) {
                Some(ours) if theirs.timestamp > ours.timestamp => {
                    tokens_changed |=
                        !ours.tokens.shares_storage(&theirs.tokens) && ours.tokens != theirs.tokens;
                    *ours = theirs;
                }
                Some(ours) if theirs.timestamp == ours.timestamp => {
                    if ours.state == InstanceState::Left || theirs.state != InstanceState::Left {
                        continue;
                    }
                    *ours = theirs;
                }
                Some(_) => continue,
                None if theirs.timestamp > 0 => {
                    tokens_changed |= !theirs.tokens.is_empty();
                    self.ingesters.insert(Arc::clone(&id), theirs);
                }
                // An absent entry counts as one of timestamp 0 that is not LEFT.
                None if theirs.timestamp == 0 && theirs.state == InstanceState::Left => {
                    self.ingesters.insert(Arc::clone(&id), theirs);
                }
                None => continue,
            }
            updated.push(id);
        }

        for id in missing {
            if let Some(ours) = self.ingesters.get_mut(&id) {
                ours.state = InstanceState::Left;
                ours.tokens = Tokens::EMPTY;
                // Now, even if that is earlier: a gossip message still under way must not revive it.
                ours.timestamp = now.unix_secs();
                updated.push(id);
            }
        }

        if updated.is_empty() {
            return None;
        }
        if tokens_changed {
            self.resolve_conflicts();
        }
        let change = updated.into_iter().filter_map(|id| self.ingesters.get_key_value(&id));
        Some(Self { ingesters: change.map(|(id, entry)| (Arc::clone(id), entry.clone())).collect() })
    }

    fn living_ids(&self) -> impl Iterator<Item = &Arc<str>> {
        self.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left).map(|(id, _)| id)
    }

    /// Gives every token that several instances claim to one of them: an instance that is not LEAVING
    /// before one that is, then the smaller ID (dskit ring/model.go:368-456). Heartbeats stay as they are.
    fn resolve_conflicts(&mut self) {
        // IDs ascend, so among equals the first claimant of a token is its owner.
        let entries: Vec<&InstanceDesc> = self.ingesters.values().collect();
        let claims = super::topology::sorted_claims(entries.iter().map(|entry| &*entry.tokens));
        let mut losers: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for same in claims.chunk_by(|a, b| a.token == b.token).filter(|same| same.len() > 1) {
            let winner = same
                .iter()
                .min_by_key(|claim| entries[claim.owner as usize].state == InstanceState::Leaving)
                .map(|claim| claim.owner);
            for claim in same.iter().filter(|claim| Some(claim.owner) != winner) {
                losers.entry(claim.owner).or_default().push(claim.token);
            }
        }
        for (index, entry) in self.ingesters.values_mut().enumerate() {
            if let Some(lost) = losers.get(&(index as u32)) {
                let kept = entry.tokens.iter().filter(|token| lost.binary_search(token).is_err());
                entry.tokens = kept.copied().collect();
            }
        }
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

impl<I: Into<Arc<str>>> FromIterator<(I, InstanceDesc)> for Desc {
    fn from_iter<T: IntoIterator<Item = (I, InstanceDesc)>>(entries: T) -> Self {
        Self { ingesters: entries.into_iter().map(|(id, entry)| (id.into(), entry)).collect() }
    }
}
