//! Lines counted in groups: one entry, said by one run of a process about one peer, with less than two minutes between two lines.
//!
//! A group is what rules judge. Their number is bounded: beyond it, lines are counted without peer and run.

use std::collections::BTreeMap;

use super::reading::Evidence;
use super::stamp::Stamp;

/// Seconds without a line after which the next one begins another group.
const PAUSE: i64 = 120;

/// Groups with a peer and a run of their own.
const MOST_GROUPS: usize = 16_384;

/// Names of peers that are kept.
const MOST_PEERS: usize = 4_096;

/// Lines that are kept as evidence, over all groups.
const MOST_EVIDENCE: usize = 6_000;

/// Bytes of a name.
const LONGEST_NAME: usize = 120;

/// The peer of lines that name none, or one too many.
pub(super) const NOBODY: u32 = 0;

/// What lines have in common that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The process.
    pub(super) process: u32,
    /// Its run.
    pub(super) run: u32,
    /// The entry.
    pub(super) entry: u32,
    /// The rules whose conditions on single lines hold, as bits.
    pub(super) traits: u32,
    /// Whom it is about.
    pub(super) peer: u32,
    /// It is the error that lines of another entry give.
    pub(super) is_inner: bool,
}

/// Lines that are judged together.
#[derive(Debug, Clone)]
pub(super) struct Group {
    /// What they have in common.
    pub(super) key: Key,
    /// How many.
    pub(super) count: u64,
    /// The earliest time.
    pub(super) first: Option<Stamp>,
    /// The latest time.
    pub(super) last: Option<Stamp>,
    /// The place of the first line among all lines.
    pub(super) first_place: u64,
    /// The place of the last line among all lines.
    pub(super) last_place: u64,
    /// The first line and, if there are more, the last.
    pub(super) evidence: Vec<Evidence>,
    /// Entries that the errors of these lines match.
    pub(super) inner: Vec<(u32, u64)>,
}

/// All groups.
#[derive(Debug)]
pub(super) struct Groups {
    /// In the order in which they began.
    pub(super) all: Vec<Group>,
    by_key: BTreeMap<Key, Vec<u32>>,
    peers: Vec<String>,
    peer_numbers: BTreeMap<String, u32>,
    evidence: usize,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            by_key: BTreeMap::new(),
            peers: vec![String::new()],
            peer_numbers: BTreeMap::new(),
            evidence: 0,
        }
    }
}

impl Groups {
    /// The number of a peer's name.
    pub(super) fn peer(&mut self, name: &str) -> u32 {
        let name = &name[..name.floor_char_boundary(LONGEST_NAME)];
        if name.is_empty() {
            return NOBODY;
        }
        if let Some(number) = self.peer_numbers.get(name) {
            return *number;
        }
        if self.peers.len() > MOST_PEERS {
            return NOBODY;
        }
        let number = self.peers.len() as u32;
        self.peers.push(name.to_owned());
        self.peer_numbers.insert(name.to_owned(), number);
        number
    }

    /// The name of a peer; empty for nobody.
    pub(super) fn peer_name(&self, number: u32) -> &str {
        self.peers.get(number as usize).map_or("", String::as_str)
    }

    /// Counts a line; answers its group's number.
    pub(super) fn count(
        &mut self,
        mut key: Key,
        time: Option<Stamp>,
        place: u64,
        inner: impl Iterator<Item = u32>,
        evidence: impl FnOnce() -> Evidence,
    ) -> u32 {
        if self.all.len() >= MOST_GROUPS && !self.by_key.contains_key(&key) {
            key = Key { process: 0, run: 0, peer: NOBODY, ..key };
        }
        let full = self.all.len() >= MOST_GROUPS;
        let groups = self.by_key.entry(key).or_default();
        let fits = |group: &Group| match (time, group.first, group.last) {
            (Some(time), Some(first), Some(last)) => time >= first.plus(-PAUSE) && time <= last.plus(PAUSE),
            _ => true,
        };
        // Nearly always the youngest group fits; a few are looked through for logs that jump about.
        let known = groups.iter().rev().take(8).copied().find(|number| fits(&self.all[*number as usize]));
        let number = known.or_else(|| groups.last().copied().filter(|_| full)).unwrap_or_else(|| {
            groups.push(self.all.len() as u32);
            self.all.push(Group {
                key,
                count: 0,
                first: time,
                last: time,
                first_place: place,
                last_place: place,
                evidence: Vec::new(),
                inner: Vec::new(),
            });
            self.all.len() as u32 - 1
        });
        let group = &mut self.all[number as usize];
        group.count += 1;
        group.last_place = place;
        if let Some(time) = time {
            group.first = Some(group.first.map_or(time, |first| first.min(time)));
            group.last = Some(group.last.map_or(time, |last| last.max(time)));
        }
        match group.evidence.len() {
            0 | 1 if self.evidence < MOST_EVIDENCE => {
                self.evidence += 1;
                group.evidence.push(evidence());
            }
            2 => group.evidence[1] = evidence(),
            _ => {}
        }
        for entry in inner {
            match group.inner.iter().position(|(known, _)| *known == entry) {
                Some(place) => group.inner[place].1 += 1,
                None if group.inner.len() < 8 => group.inner.push((entry, 1)),
                None => {}
            }
        }
        number
    }

    /// The groups of an entry in one process, those of one run if `run` is given.
    pub(super) fn of(&self, process: u32, run: Option<u32>, entry: u32) -> impl Iterator<Item = &Group> {
        let key = |run, entry, low: bool| Key {
            process,
            run,
            entry,
            traits: if low { 0 } else { u32::MAX },
            peer: if low { 0 } else { u32::MAX },
            is_inner: !low,
        };
        let range = match run {
            Some(run) => key(run, entry, true)..=key(run, entry, false),
            None => key(0, 0, true)..=key(u32::MAX, u32::MAX, false),
        };
        let numbers = self
            .by_key
            .range(range)
            .filter(move |(key, _)| key.entry == entry)
            .flat_map(|(_, groups)| groups);
        numbers.map(|number| &self.all[*number as usize])
    }
}
