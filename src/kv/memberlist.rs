//! A ring store spread by gossip.
//!
//! Models dskit kv/memberlist/memberlist_client.go. Differs: a message is decoded and merged the moment it
//! arrives, so the per-key work queues are never full; there is no message history; a value is a ring.

use std::sync::Arc;
use std::time::Duration;

use crate::memberlist::{Delegate, Sent, TransmitLimitedQueue};
use crate::ring::{Desc, InstanceState};
use crate::time::Instant;

use super::{Clock, Edit, Key, KvMessage, RingBroadcast, Store};

/// One node's store, its queues, and its counters.
#[derive(Debug, Clone)]
pub struct MemberlistKv {
    /// All keys' values.
    pub store: Store,
    /// Counters, as the process's metrics show them.
    pub counters: KvCounters,
    local: TransmitLimitedQueue<RingBroadcast>,
    gossip: TransmitLimitedQueue<RingBroadcast>,
    clock: Clock,
    /// Alive and suspect members, for the retransmission limit.
    members: usize,
    broadcasts_local_updates: bool,
    /// When each key changed last.
    changed_at: Vec<Instant>,
}

/// What `loki_memberlist_client_*` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KvCounters {
    /// Attempts of compare-and-swap.
    pub cas_attempts: u64,
    /// Compare-and-swaps that wrote.
    pub cas_successes: u64,
    /// Compare-and-swaps given up.
    pub cas_failures: u64,
    /// Gossip messages received.
    pub received_broadcasts: u64,
    /// Their bytes.
    pub received_broadcasts_bytes: u64,
    /// Own states sent in full exchanges.
    pub state_pulls: u64,
    /// Their bytes.
    pub state_pulls_bytes: u64,
    /// Remote states merged.
    pub state_pushes: u64,
    /// Their bytes.
    pub state_pushes_bytes: u64,
}

/// Messages for one peer: those of this node's own making, then those passed on.
#[derive(Debug, Clone)]
pub struct Batch {
    local: Option<Sent<RingBroadcast>>,
    gossip: Option<Sent<RingBroadcast>>,
}

/// Whether a compare-and-swap's attempt wrote something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It did.
    Written,
    /// The merge found nothing new.
    NoChange,
}

impl MemberlistKv {
    /// An empty store of `keys` keys.
    pub fn new(keys: usize, left_ingesters_timeout: Duration, retransmit_mult: u32, clock: Clock) -> Self {
        Self {
            store: Store::new(keys, left_ingesters_timeout),
            counters: KvCounters::default(),
            local: TransmitLimitedQueue::new(retransmit_mult),
            gossip: TransmitLimitedQueue::new(retransmit_mult),
            clock,
            members: 1,
            broadcasts_local_updates: true,
            changed_at: vec![Instant::START; keys],
        }
    }

    /// One attempt to write `edit`. What it changes is queued for gossip.
    pub fn cas(&mut self, key: Key, edit: Edit, now: Instant) -> Attempt {
        let Some(message) = self.store.edit(key, edit, self.clock.at(now)) else {
            return Attempt::NoChange;
        };
        self.note_change(key, now);
        if self.broadcasts_local_updates {
            queue(&mut self.local, &self.store, message);
        }
        Attempt::Written
    }

    /// From now on own updates are stored but not sent: the client is shutting down.
    pub fn stop_broadcasting(&mut self) {
        self.broadcasts_local_updates = false;
    }

    /// Says how many members are alive or suspect.
    pub fn set_members(&mut self, members: usize) {
        self.members = members;
    }

    /// Sets how far the process's clock is ahead.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
    }

    /// Messages of this node's own making that wait to be sent.
    pub fn queued_local(&self) -> usize {
        self.local.len()
    }

    /// Messages passed on that wait to be sent.
    pub fn queued_gossip(&self) -> usize {
        self.gossip.len()
    }

    /// The messages that wait to be sent, those of this node's own making first, each with how often it was sent.
    pub fn queued(&self) -> impl Iterator<Item = (&KvMessage, u32)> {
        self.local.iter().chain(self.gossip.iter()).map(|(broadcast, sent)| (&*broadcast.message, sent))
    }

    /// The bytes of all messages that wait to be sent.
    pub fn queued_bytes(&self) -> usize {
        self.local.bytes() + self.gossip.bytes()
    }

    /// When a key's value changed here last; the beginning if it never did.
    pub fn changed_at(&self, key: Key) -> Instant {
        self.changed_at.get(usize::from(key.0)).copied().unwrap_or_default()
    }

    fn note_change(&mut self, key: Key, now: Instant) {
        if let Some(at) = self.changed_at.get_mut(usize::from(key.0)) {
            *at = now;
        }
    }

    fn receive(&mut self, message: &Arc<KvMessage>, now: Instant) {
        if let Some(news) = self.store.merge_remote(message, self.clock.at(now)) {
            self.pass_on(news, now);
        }
    }

    fn pass_on(&mut self, news: Arc<KvMessage>, now: Instant) {
        self.note_change(news.key, now);
        queue(&mut self.gossip, &self.store, news);
    }
}

impl Batch {
    /// The messages: those of the sender's own making, then those passed on.
    pub fn messages(&self) -> impl Iterator<Item = &KvMessage> {
        let sent = [&self.local, &self.gossip].into_iter().flatten();
        sent.flat_map(|sent| sent.iter().map(|broadcast| &*broadcast.message))
    }
}

fn queue(queue: &mut TransmitLimitedQueue<RingBroadcast>, store: &Store, message: Arc<KvMessage>) {
    let version = store.get(message.key).map_or(0, |value| value.version);
    let broadcast = RingBroadcast::new(message, version);
    let bytes = broadcast.message.bytes;
    // A node's versions only grow, so of two messages about one instance the later one is the newer.
    match broadcast.gist.name() {
        Some(name) => queue.push(broadcast, bytes, name),
        None => queue.push_over(broadcast.clone(), bytes, |older| broadcast.invalidates(older)),
    }
}

impl Delegate for MemberlistKv {
    type Batch = Batch;
    type State = Arc<[Arc<KvMessage>]>;

    fn notify_msg(&mut self, now: Instant, batch: &Batch) {
        for sent in [&batch.gossip, &batch.local].into_iter().flatten() {
            self.counters.received_broadcasts += sent.len() as u64;
            self.counters.received_broadcasts_bytes += sent.bytes() as u64;
            for broadcast in sent.iter().rev() {
                match self.store.take_heartbeat(&broadcast.gist) {
                    Some(false) => {}
                    Some(true) => self.pass_on(Arc::clone(&broadcast.message), now),
                    None => self.receive(&broadcast.message, now),
                }
            }
        }
    }

    fn get_broadcasts(&mut self, overhead: usize, limit: usize) -> Option<Batch> {
        let local = self.local.get_broadcasts(self.members, overhead, limit);
        let used = local.as_ref().map_or(0, |sent| sent.bytes() + overhead * sent.len());
        let left = limit.saturating_sub(used);
        let gossip =
            if left > overhead { self.gossip.get_broadcasts(self.members, overhead, left) } else { None };
        (local.is_some() || gossip.is_some()).then_some(Batch { local, gossip })
    }

    fn batch_size(batch: &Batch) -> (usize, usize) {
        [&batch.local, &batch.gossip]
            .into_iter()
            .flatten()
            .fold((0, 0), |(bytes, count), sent| (bytes + sent.bytes(), count + sent.len()))
    }

    fn local_state(&mut self, _join: bool) -> Option<Self::State> {
        self.store.catch_up_all();
        let state: Self::State = self
            .store
            .keys()
            .map(|(key, value)| Arc::new(KvMessage::new(key, value.desc().clone(), 0)))
            .collect();
        self.counters.state_pulls += 1;
        self.counters.state_pulls_bytes += state_bytes(&state);
        (!state.is_empty()).then_some(state)
    }

    fn merge_remote_state(&mut self, now: Instant, state: &Self::State, _join: bool) {
        self.counters.state_pushes += 1;
        self.counters.state_pushes_bytes += state_bytes(state);
        for message in state.iter() {
            self.receive(message, now);
        }
    }
}

fn state_bytes(state: &[Arc<KvMessage>]) -> u64 {
    const LENGTH_PREFIX: usize = 4;
    state.iter().map(|message| (message.bytes + LENGTH_PREFIX) as u64).sum()
}

/// Tombstones among a ring's entries, as the metric has it.
pub fn tombstones(desc: &Desc) -> usize {
    desc.ingesters.values().filter(|entry| entry.state == InstanceState::Left).count()
}
