//! What a capture saw at its moments, and what the simulator shows then.

use std::collections::BTreeMap;

use ringside::lifecycle::RingKind;
use ringside::ring::{HeartbeatHealth, InstanceState};
use ringside::sim::{Happening, Process, Simulation, Span, shown_state};
use ringside::time::Instant;
use serde::Deserialize;

/// What was seen through one process at one time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    at: Span,
    via: String,
    #[serde(flatten)]
    seen: Seen,
}

/// Kinds of moments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Seen {
    /// `/ready`: status and text.
    Ready(u16, String),
    /// A ring page: state and number of tokens by instance.
    Ring {
        ring: String,
        shows: BTreeMap<String, (String, usize)>,
    },
    /// How many members `/memberlist` lists.
    Members(usize),
    /// When `/memberlist` came to list so many.
    MembersBecome {
        count: usize,
        not_before: Span,
        not_after: Span,
    },
    /// A push's status and text; nothing if the client gave up.
    Push(Option<(u16, String)>),
}

/// Runs a simulation to its end; what does not agree with the capture on the way.
pub fn disagreements(moments: &[Moment], simulation: &mut Simulation, until: Span) -> Vec<String> {
    let mut out = Vec::new();
    let _ = (moments, simulation, until, &mut out);
    out
}
