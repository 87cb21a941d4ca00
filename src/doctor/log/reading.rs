//! What the doctor found: plain data, the same in a worker's message, in JSON and in tests.

use serde::{Deserialize, Serialize};

use super::stamp::Stamp;

/// What a log, an incident or a line comes to. The greater is the more urgent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing was recognised, so nothing is said.
    #[default]
    Unknown,
    /// Nothing to do.
    Harmless,
    /// Normal for now; it says until when, and for what to look.
    Wait,
    /// Something is to be done; it says what first.
    Act,
}

impl Verdict {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Harmless => "harmless",
            Self::Wait => "wait",
            Self::Act => "act",
        }
    }
}

/// The reading of one or more logs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// That of the most urgent incident.
    pub verdict: Verdict,
    /// What it comes to, in a sentence.
    pub headline: String,
    /// Why, in a sentence or two.
    pub why: String,
    /// The most urgent first.
    pub incidents: Vec<Incident>,
    /// Notable moments in the order of time; those without a time are left out.
    pub timeline: Vec<Moment>,
    /// Warnings and errors that no entry matches, the most frequent first.
    pub unknown: Vec<UnknownLine>,
    /// Such lines that are not among those shown.
    pub unknown_others: u64,
    /// What was read.
    pub totals: Totals,
}

/// Lines that say one thing and come to one verdict.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The entry of the catalogue.
    pub id: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// What it means, in a few words.
    pub title: String,
    /// Who said it, how often, when, about whom.
    pub happened: String,
    /// Why the verdict.
    pub why: String,
    /// For `wait`: until when, and for what to look.
    pub until: Option<String>,
    /// What to look at.
    pub check: String,
    /// What to do.
    pub fix: String,
    /// Info lines that are recognised but need no attention.
    pub routine: bool,
    /// Who said it.
    pub pods: Vec<String>,
    /// About whom, the most frequent first.
    pub peers: Vec<Peer>,
    /// The first line's time.
    pub first: Option<Stamp>,
    /// The last line's time.
    pub last: Option<Stamp>,
    /// Lines that say it.
    pub count: u64,
    /// Some of them.
    pub evidence: Vec<Evidence>,
    /// The errors that the lines give, recognised.
    pub reasons: Vec<Related>,
    /// Lines of other entries that follow from this.
    pub symptoms: Vec<Related>,
    /// Threads and pages.
    pub links: Vec<String>,
    /// A built-in scenario that shows it.
    pub scenario: Option<String>,
    /// Since or until when it is worded so.
    pub versions: Option<String>,
}

/// Whom lines are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// A pod, a memberlist name or an address.
    pub name: String,
    /// Lines about it.
    pub count: u64,
}

/// A line, cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The file it is from.
    pub file: String,
    /// Its number, from 1; in a JSON array that of the element.
    pub line: u64,
    /// Its text, without wrappers, at most 400 characters.
    pub text: String,
}

/// Lines of another entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// The entry.
    pub id: String,
    /// What it means.
    pub title: String,
    /// How many lines.
    pub count: u64,
}

/// Something notable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Stamp,
    /// What sort of moment.
    pub kind: MomentKind,
    /// Whose.
    pub pod: String,
    /// What happened, in a few words.
    pub text: String,
    /// The entry, where one stands behind it.
    pub id: Option<String>,
}

/// Sorts of moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MomentKind {
    /// A process begins.
    Start,
    /// It joined the cluster.
    Joined,
    /// All its modules run.
    Up,
    /// An incident begins.
    Incident,
    /// Another member was found dead.
    PeerFailed,
    /// It begins to stop.
    Stopping,
    /// It stopped as it should.
    Stopped,
    /// It gave up.
    Crashed,
    /// Its log ends without a word, and a new process begins.
    Vanished,
}

/// Lines that the catalogue does not know, with digits and names taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownLine {
    /// `warn` or `error`.
    pub level: String,
    /// The message of the first of them, cut.
    pub text: String,
    /// How many; at least, where millions of distinct lines came by.
    pub count: u64,
    /// The first of them.
    pub example: Evidence,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Lines, empty ones included.
    pub lines: u64,
    /// Bytes, after decompression.
    pub bytes: u64,
    /// Lines that an entry matches.
    pub matched: u64,
    /// Lines at error or worse.
    pub errors: u64,
    /// Lines at warn.
    pub warnings: u64,
    /// Warnings and errors that no entry matches.
    pub unknown: u64,
    /// Names of the files.
    pub files: Vec<String>,
    /// Pods, or files where no pod is named.
    pub pods: Vec<String>,
    /// The earliest time seen.
    pub first: Option<Stamp>,
    /// The latest time seen.
    pub last: Option<Stamp>,
    /// Versions of Loki that say so when they start.
    pub versions: Vec<String>,
}
