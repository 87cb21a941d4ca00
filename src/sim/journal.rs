use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::LogLine;
use crate::memberlist;
use crate::ring::InstanceState;
use crate::time::{Instant, WallTime};

/// What happened, for people: bounded, oldest first.
#[derive(Debug, Clone)]
pub struct Journal {
    entries: VecDeque<Entry>,
    limit: usize,
    dropped: u64,
}

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
        /// To which pod.
        to: u32,
        /// When it arrives; `None` if never.
        arrives: Option<Instant>,
        /// Its head, in a word.
        head: &'static str,
        /// How many messages it carries besides.
        messages: u32,
        /// Its size, about.
        bytes: u32,
    },
    /// A full exchange began.
    PushPull {
        /// With which pod.
        to: u32,
        /// Whether to join.
        join: bool,
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
    /// An empty journal that keeps the newest `limit` entries.
    pub fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, dropped: 0 }
    }

    /// Writes an entry down.
    pub fn write(&mut self, at: Instant, pod: Option<u32>, what: Happening) {
        if self.limit == 0 {
            self.dropped += 1;
            return;
        }
        if self.entries.len() == self.limit {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(Entry { at, pod, what });
    }

    /// All entries that are kept.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.entries.iter()
    }

    /// How many entries were written since the beginning.
    pub fn written(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    /// The entries after the first `seen` ones, as far as they are kept.
    pub fn since(&self, seen: u64) -> impl Iterator<Item = &Entry> {
        let skip = usize::try_from(seen.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        self.entries.iter().skip(skip)
    }
}

impl Happening {
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
