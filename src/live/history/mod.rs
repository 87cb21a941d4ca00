//! What one source has said of a ring since it was first asked: frames to go back to, and what changed
//! between them.
//!
//! A frame shares everything but states and heartbeats with the one before it, so that a ring of 1,000
//! instances costs nine bytes an instance and poll, not its tokens. What is kept is bounded by memory:
//! when it is full, every second of the older frames goes; changes stay longer than frames.

mod change;
mod frame;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::ring_page::RingPage;

pub use change::{Change, What, between};
pub use frame::{Entry, Frame, Roster};

/// What frames and rosters of one source may take.
const MAX_BYTES: usize = 48 << 20;
/// Changes beyond these push out the oldest.
const MAX_CHANGES: usize = 20_000;
/// Frames that are kept whatever they take.
const LEAST_FRAMES: usize = 8;

/// A request that brought no ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// When, by the reader's clock.
    pub at: WallTime,
    /// Why, in a few words.
    pub why: Arc<str>,
}

/// Everything that one source has said.
#[derive(Debug, Clone, Default)]
pub struct History {
    frames: VecDeque<Frame>,
    changes: VecDeque<Change>,
    misses: VecDeque<Miss>,
    /// Frames and changes taken so far, whether kept or not.
    taken: u64,
    forgotten: u64,
}

impl History {
    /// Takes in a page that came at `at`. An instant before the last one counts as that one. What
    /// changed since the last page is in [`Self::changes`] afterwards; how many changes there were.
    ///
    /// `gap` is how long a heartbeat may stay away before its return is worth a word.
    pub fn record(&mut self, at: WallTime, page: &RingPage, gap: Duration) -> usize {
        let at = self.frames.back().map_or(at, |last| at.max(last.at));
        let frame = Frame::new(at, page, self.frames.back().map(|last| &last.roster));
        let changes = self.frames.back().map_or(Vec::new(), |last| between(last, &frame, gap));
        let count = changes.len();
        self.changes.extend(changes);
        self.frames.push_back(frame);
        self.taken += 1;
        while self.changes.len() > MAX_CHANGES {
            self.changes.pop_front();
            self.forgotten += 1;
        }
        self.thin();
        count
    }

    /// Notes that a request brought no ring. What repeats the last miss only counts as one.
    pub fn miss(&mut self, at: WallTime, why: &str) {
        let repeated = self.misses.back().is_some_and(|last| {
            *last.why == *why && self.frames.back().is_none_or(|frame| frame.at <= last.at)
        });
        if repeated {
            return;
        }
        self.misses.push_back(Miss { at, why: why.into() });
        if self.misses.len() > MAX_CHANGES {
            self.misses.pop_front();
        }
    }

    /// Frames that can be gone back to, oldest first.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = &Frame> + ExactSizeIterator + Clone {
        self.frames.iter()
    }

    /// What changed when, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Change> + ExactSizeIterator + Clone {
        self.changes.iter()
    }

    /// The requests that brought nothing, oldest first.
    pub fn misses(&self) -> impl DoubleEndedIterator<Item = &Miss> + ExactSizeIterator + Clone {
        self.misses.iter()
    }

    /// The newest frame.
    pub fn latest(&self) -> Option<&Frame> {
        self.frames.back()
    }

    /// What was known at an instant: the last frame that had come by then; before the first, that one.
    pub fn at(&self, at: WallTime) -> Option<&Frame> {
        let next = self.frames.partition_point(|frame| frame.at <= at);
        self.frames.get(next.saturating_sub(1))
    }

    /// How many pages were taken in, kept or not.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// How many of the oldest changes had to go.
    pub fn forgotten_changes(&self) -> u64 {
        self.forgotten
    }

    /// About how much memory it takes.
    pub fn bytes(&self) -> usize {
        let mut bytes = 0;
        let mut last: Option<&Arc<Roster>> = None;
        for frame in &self.frames {
            bytes += frame.own_bytes();
            if last.is_none_or(|last| !Arc::ptr_eq(last, &frame.roster)) {
                bytes += frame.roster.bytes_beside(last.map(|last| &**last));
            }
            last = Some(&frame.roster);
        }
        bytes
    }

    /// When it takes too much, lets every second frame of the older half go, but never the first.
    fn thin(&mut self) {
        // Looking is linear in the frames: not at each of them.
        if !self.taken.is_multiple_of(16) {
            return;
        }
        while self.frames.len() > LEAST_FRAMES && self.bytes() > MAX_BYTES {
            let older = self.frames.len() / 2;
            let mut place = 0;
            self.frames.retain(|_| {
                place += 1;
                place > older || place % 2 == 1
            });
        }
    }

    /// Puts a history together from kept parts, for recordings.
    pub(super) fn from_frames(frames: Vec<Frame>, misses: Vec<Miss>, gap: Duration) -> Self {
        let mut history = Self { taken: frames.len() as u64, misses: misses.into(), ..Self::default() };
        for pair in frames.windows(2) {
            history.changes.extend(between(&pair[0], &pair[1], gap));
        }
        history.frames = frames.into();
        while history.changes.len() > MAX_CHANGES {
            history.changes.pop_front();
            history.forgotten += 1;
        }
        history
    }
}

#[cfg(test)]
mod tests;
