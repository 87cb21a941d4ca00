//! Links and files that bring back exactly this: a scenario, an instant, and what was looked at.
//!
//! A scenario that comes with Ringside is called by its name, so that people can read the link; any other
//! travels in it, deflated (RFC 1951, without a header) and in base 64 for addresses (RFC 4648, section 5).
//! What others wrote is bounded before it is looked at.

mod file;
mod link;
mod minimal;
mod moment;
mod packed;

use crate::sim::{Scenario, ScenarioError};
use crate::time::Instant;

pub use minimal::minimal;
pub use moment::{Proof, snippet};

/// What a link or a file brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// The run.
    pub scenario: Scenario,
    /// The instant looked at.
    pub at: Instant,
    /// The picture; empty for the page's first one.
    pub picture: String,
    /// The picture beside it, if there is one.
    pub second: Option<String>,
    /// Whose view the pictures show; the truth if nobody's.
    pub observer: Option<String>,
    /// Who or what is selected.
    pub selected: Option<String>,
    /// The run's fingerprint at that instant, by which a reader sees that it is the same run.
    pub fingerprint: Option<u64>,
}

impl Shared {
    /// A scenario at its beginning.
    pub fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            at: Instant::START,
            picture: String::new(),
            second: None,
            observer: None,
            selected: None,
            fingerprint: None,
        }
    }
}

/// The most characters of a link: what browsers, mail and chats carry in one piece.
pub const LONGEST_LINK: usize = 8_000;

/// The link would be longer than [`LONGEST_LINK`]; a file has no such limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the link would have {length} characters, more than the {LONGEST_LINK} that arrive everywhere; save a file instead"
)]
pub struct TooLong {
    /// How many it would have.
    pub length: usize,
}

/// Why a link or a file brings nothing back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Longer than anything that Ringside writes.
    #[error("{what} is too long: {length} bytes, at most {most} are read")]
    TooLong {
        /// What is.
        what: &'static str,
        /// How long.
        length: usize,
        /// How long it may be.
        most: usize,
    },
    /// A value is escaped in a way that no text is.
    #[error("the link's {name} is damaged: its %-escapes are no text; copy the whole link again")]
    Escape {
        /// Which.
        name: &'static str,
    },
    /// A value makes no sense.
    #[error("{name}: {value:?} is not possible; allowed: {allowed}")]
    Value {
        /// Which.
        name: &'static str,
        /// What stands there.
        value: String,
        /// What may.
        allowed: String,
    },
    /// No scenario of this name comes with this version.
    #[error("no scenario is called {name:?}; there are {known}")]
    UnknownScenario {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The packed scenario does not unpack.
    #[error("the link's scenario is damaged ({reason}); it may have been cut off: copy the whole link again")]
    Packed {
        /// Why.
        reason: String,
    },
    /// The file is of a version to come.
    #[error("the file is of version {version}, this page reads version {VERSION}: reload it for a newer one")]
    Version {
        /// Which.
        version: String,
    },
    /// The scenario is none.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// The version of the file's format.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests;
