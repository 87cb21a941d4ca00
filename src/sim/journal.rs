use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::LogLine;
use crate::memberlist;
use crate::ring::InstanceState;
use crate::time::{Instant, WallTime};

use super::PacketKind;

/// What happened, for people: bounded, oldest first.
///
/// Full pages are shared between copies, so that a checkpoint costs a page at most.
#[derive(Debug, Clone)]
pub struct Journal {
    full: VecDeque<Arc<[Entry]>>,
    last: Vec<Entry>,
    limit: usize,
    dropped: u64,
    /// Entries that are no messages, since the beginning.
    told: u64,
}

/// Entries of a page.
const PAGE: usize = 256;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Instant,
    /// To which pod; the world's own doings have none.
    pub pod: Option<u32>,
    /// What.
    pub what: Happening,
}

/// Kinds of happenings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A process wrote a line.
    Log {
        /// What it says.
        line: Arc<LogLine>,
        /// The process's own clock.
        clock: WallTime,
    },
    /// A person or fate did something.
    Fault {
        /// In words.
        text: String,
    },
    /// A process began.
    Started {
        /// How often this pod has begun.
        run: u32,
    },
    /// A process is gone.
    Exited {
        /// Why.
        reason: Exit,
    },
    /// A process's memberlist thinks differently of a member.
    Member {
        /// Whom.
        name: Arc<str>,
        /// Since now.
        state: memberlist::State,
    },
    /// A process's own copy of a ring shows an instance differently.
    Instance {
        /// Which ring.
        ring: &'static str,
        /// Which instance.
        id: Arc<str>,
        /// Since now; LEFT is a tombstone, which no reader sees.
        state: InstanceState,
    },
    /// A pod's readiness, as its orchestrator sees it.
    Readiness {
        /// Since now.
        ready: bool,
        /// What `/ready` said.
        body: String,
    },
    /// A push was decided.
    Push {
        /// Loki's error, if it failed.
        error: Option<String>,
        /// The instances it was written to.
        written: Vec<Arc<str>>,
    },
    /// A query was decided.
    Query {
        /// Loki's error, if it failed.
        error: Option<String>,
        /// How many ingesters were asked.
        asked: usize,
    },
    /// A packet was sent.
    Packet {
        /// The message's number.
        id: u64,
        /// To which pod.
        to: u32,
        /// When it arrives; `None` if never: nobody answers, or nobody listens there.
        arrives: Option<Instant>,
        /// What it is.
        kind: PacketKind,
        /// How many messages it carries besides.
        messages: u32,
        /// Its size, about.
        bytes: u32,
    },
    /// One half of a full exchange was sent.
    PushPull {
        /// The message's number.
        id: u64,
        /// To which pod.
        to: u32,
        /// When it arrives; `None` if never: the stream could not be opened.
        arrives: Option<Instant>,
        /// Whether it is the answer to the other half.
        answer: bool,
        /// Whether the exchange is to join.
        join: bool,
        /// Its size, about; 0 if nothing was sent.
        bytes: u32,
    },
}

/// Why a process is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It was asked to stop, and did.
    Stopped,
    /// It was killed.
    Killed,
    /// It gave up.
    Failed,
}

impl Journal {
    /// An empty journal that keeps the newest `limit` entries, and up to a page more.
    pub fn new(limit: usize) -> Self {
        Self { full: VecDeque::new(), last: Vec::new(), limit, dropped: 0, told: 0 }
    }

    /// Writes an entry down.
    pub fn write(&mut self, at: Instant, pod: Option<u32>, what: Happening) {
        self.told += u64::from(!what.is_message());
        if self.limit == 0 {
            self.dropped += 1;
            return;
        }
        self.last.push(Entry { at, pod, what });
        if self.last.len() == PAGE {
            self.full.push_back(std::mem::take(&mut self.last).into());
            while (self.full.len() - 1) * PAGE >= self.limit {
                self.full.pop_front();
                self.dropped += PAGE as u64;
            }
        }
    }

    /// All entries that are kept.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.full.iter().flat_map(|page| page.iter()).chain(&self.last)
    }

    /// How many entries were written since the beginning.
    pub fn written(&self) -> u64 {
        self.dropped + (self.full.len() * PAGE + self.last.len()) as u64
    }

    /// How many of them are no messages: a number that does not depend on whether messages are written down.
    pub fn told(&self) -> u64 {
        self.told
    }

    /// The entries after the first `seen` ones, as far as they are kept.
    pub fn since(&self, seen: u64) -> impl Iterator<Item = &Entry> {
        let skip = usize::try_from(seen.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        let pages = (skip / PAGE).min(self.full.len());
        let rest = self.full.iter().skip(pages).flat_map(|page| page.iter()).chain(&self.last);
        rest.skip(skip - pages * PAGE)
    }
}

impl Happening {
    /// Whether it tells of a message on the wire, which only some journals do.
    pub const fn is_message(&self) -> bool {
        matches!(self, Self::Packet { .. } | Self::PushPull { .. })
    }

    /// Its kind, in a word; what the command line prints.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Log { .. } => "log",
            Self::Fault { .. } => "fault",
            Self::Started { .. } => "started",
            Self::Exited { .. } => "exited",
            Self::Member { .. } => "member",
            Self::Instance { .. } => "instance",
            Self::Readiness { .. } => "readiness",
            Self::Push { .. } => "push",
            Self::Query { .. } => "query",
            Self::Packet { .. } => "packet",
            Self::PushPull { .. } => "push_pull",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_entries_are_kept_and_the_count_goes_on() {
        let mut journal = Journal::new(300);
        let write = |journal: &mut Journal, pod| {
            journal.write(Instant::START, Some(pod), Happening::Started { run: 1 })
        };
        (0..2000).for_each(|pod| write(&mut journal, pod));
        let kept = Vec::from_iter(journal.entries().filter_map(|entry| entry.pod));
        assert!((300..300 + 2 * PAGE).contains(&kept.len()), "{}", kept.len());
        assert_eq!(kept.last(), Some(&1999));
        assert!(kept.windows(2).all(|pair| pair[0] + 1 == pair[1]));
        assert_eq!(journal.written(), 2000);
        assert_eq!(Vec::from_iter(journal.since(1997).filter_map(|entry| entry.pod)), [1997, 1998, 1999]);
        assert_eq!(journal.since(0).count(), kept.len());
    }
}
