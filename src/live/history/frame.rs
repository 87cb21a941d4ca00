use std::collections::BTreeMap;
use std::sync::Arc;

use crate::live::ShownState;
use crate::live::ring_page::RingPage;
use crate::ring::{Desc, InstanceDesc, Tokens};
use crate::time::WallTime;

/// What of an entry changes only with its life: everything but state and heartbeat.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    /// Its ID.
    pub id: Arc<str>,
    /// Its gRPC address.
    pub addr: Arc<str>,
    /// Its zone.
    pub zone: Arc<str>,
    /// Its tokens.
    pub tokens: Tokens,
    /// When it registered, in unix seconds; 0 if unknown.
    pub registered_timestamp: i64,
    /// Whether it takes no writes.
    pub read_only: bool,
    /// When that changed last, in unix seconds; 0 for never.
    pub read_only_updated_timestamp: i64,
}

/// The entries of a ring, in the order of their IDs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Roster(Vec<Entry>);

impl Roster {
    /// A roster of entries in the order of their IDs.
    pub(in crate::live) fn new(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    /// The entries.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// The place of an ID.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.0.binary_search_by(|entry| (*entry.id).cmp(id)).ok()
    }

    /// What it takes besides what it shares with another one.
    pub(super) fn bytes_beside(&self, other: Option<&Self>) -> usize {
        let shared = |entry: &Entry| {
            let place = other.and_then(|other| Some(&other.0[other.place(&entry.id)?]));
            place.is_some_and(|other| other.tokens.shares_storage(&entry.tokens))
        };
        let bytes =
            |entry: &Entry| size_of::<Entry>() + if shared(entry) { 0 } else { entry.tokens.len() * 4 + 96 };
        self.0.iter().map(bytes).sum()
    }
}

/// What a source said of a ring at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// When it came, by the reader's clock.
    pub at: WallTime,
    /// The server's clock, if the page tells it.
    pub server_now: Option<WallTime>,
    /// Who is in the ring.
    pub roster: Arc<Roster>,
    /// The state that the page printed, by place in the roster.
    pub(super) states: Box<[ShownState]>,
    /// The last heartbeats in unix seconds, by place in the roster.
    pub(super) heartbeats: Box<[i64]>,
}

impl Frame {
    /// A page as a frame; the roster is that of the frame before if nothing in it differs, and tokens that
    /// did not change are shared.
    pub fn new(at: WallTime, page: &RingPage, before: Option<&Arc<Roster>>) -> Self {
        let instances = &page.desc.ingesters;
        let states = instances.keys().map(|id| page.shown_state(id));
        let heartbeats = instances.values().map(|instance| instance.timestamp);
        let (states, heartbeats) = (states.collect(), heartbeats.collect());
        let same = before.filter(|before| {
            let entries = before.0.iter().zip(instances.iter());
            before.0.len() == instances.len()
                && entries.into_iter().all(|(entry, (id, instance))| entry.is(id, instance))
        });
        let roster = match same {
            Some(same) => Arc::clone(same),
            None => {
                Arc::new(Roster(instances.iter().map(|(id, instance)| entry(id, instance, before)).collect()))
            }
        };
        Self { at, server_now: page.now, roster, states, heartbeats }
    }

    /// The frame of kept parts; `None` unless there is a state and a heartbeat for every entry.
    pub fn of_parts(
        at: WallTime,
        server_now: Option<WallTime>,
        roster: Arc<Roster>,
        states: Vec<ShownState>,
        heartbeats: Vec<i64>,
    ) -> Option<Self> {
        let fits = states.len() == roster.0.len() && heartbeats.len() == roster.0.len();
        fits.then(|| Self { at, server_now, roster, states: states.into(), heartbeats: heartbeats.into() })
    }

    /// The state that the page printed for the entry at a place.
    pub fn state(&self, place: usize) -> ShownState {
        self.states[place]
    }

    /// The last heartbeat of the entry at a place, in unix seconds.
    pub fn heartbeat(&self, place: usize) -> i64 {
        self.heartbeats[place]
    }

    /// The server's clock, or the reader's where the page does not tell it.
    pub fn now(&self) -> WallTime {
        self.server_now.unwrap_or(self.at)
    }

    /// The page that it was made of, without tombstones.
    pub fn page(&self) -> RingPage {
        let mut reported = BTreeMap::new();
        let instances = self.roster.0.iter().enumerate().map(|(place, entry)| {
            let state = self.states[place];
            reported.insert(Arc::clone(&entry.id), state);
            let instance = InstanceDesc {
                addr: Arc::clone(&entry.addr),
                zone: Arc::clone(&entry.zone),
                state: state.assumed(),
                timestamp: self.heartbeats[place],
                registered_timestamp: entry.registered_timestamp,
                read_only: entry.read_only,
                read_only_updated_timestamp: entry.read_only_updated_timestamp,
                tokens: entry.tokens.clone(),
            };
            (Arc::clone(&entry.id), instance)
        });
        let desc = Desc::from_iter(instances);
        RingPage { desc, now: self.server_now, reported, tombstones: Vec::new() }
    }

    pub(super) fn own_bytes(&self) -> usize {
        size_of::<Self>() + self.states.len() * (size_of::<ShownState>() + size_of::<i64>()) + 32
    }
}

fn entry(id: &Arc<str>, instance: &InstanceDesc, before: Option<&Arc<Roster>>) -> Entry {
    let old = before.and_then(|before| Some(&before.0[before.place(id)?]));
    let shared = |text: &Arc<str>, old: Option<&Arc<str>>| match old {
        Some(old) if old == text => Arc::clone(old),
        _ => Arc::clone(text),
    };
    let tokens = match old {
        Some(old) if old.tokens == instance.tokens => old.tokens.clone(),
        _ => instance.tokens.clone(),
    };
    Entry {
        id: shared(id, old.map(|old| &old.id)),
        addr: shared(&instance.addr, old.map(|old| &old.addr)),
        zone: shared(&instance.zone, old.map(|old| &old.zone)),
        tokens,
        registered_timestamp: instance.registered_timestamp,
        read_only: instance.read_only,
        read_only_updated_timestamp: instance.read_only_updated_timestamp,
    }
}

impl Entry {
    fn is(&self, id: &str, instance: &InstanceDesc) -> bool {
        *self.id == *id
            && self.addr == instance.addr
            && self.zone == instance.zone
            && self.tokens == instance.tokens
            && self.registered_timestamp == instance.registered_timestamp
            && self.read_only == instance.read_only
            && self.read_only_updated_timestamp == instance.read_only_updated_timestamp
    }
}
