use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::go::duration;
use crate::live::ShownState;
use crate::time::WallTime;

use super::frame::{Entry, Frame};

/// Something that became different between two frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When it was seen, by the reader's clock; it happened at some time since the frame before.
    pub at: WallTime,
    /// Whose.
    pub id: Arc<str>,
    /// What.
    pub what: What,
}

/// What became different of an instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is in the ring now.
    Joined(ShownState),
    /// It is not in the ring any more.
    Left(ShownState),
    /// Its state as the page prints it.
    State {
        /// Before.
        from: ShownState,
        /// Now.
        to: ShownState,
    },
    /// Its tokens: streams have moved.
    Tokens {
        /// How many it had.
        from: usize,
        /// How many it has.
        to: usize,
        /// How many of these it had before.
        kept: usize,
    },
    /// Its address: the pod moved.
    Address {
        /// Before.
        from: Arc<str>,
        /// Now.
        to: Arc<str>,
    },
    /// Its zone.
    Zone {
        /// Before.
        from: Arc<str>,
        /// Now.
        to: Arc<str>,
    },
    /// It registered anew.
    Registered,
    /// It takes no writes any more, or does again.
    ReadOnly(bool),
    /// A heartbeat came after a long time.
    HeartbeatGap(Duration),
    /// Its heartbeat lies before the one that was known: a reader sees this only of another source.
    HeartbeatBack(Duration),
}

impl What {
    /// Whether somebody should look at it.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::State { to, .. } => *to == ShownState::Unhealthy,
            Self::Left(state) => *state != ShownState::Stated(crate::ring::InstanceState::Leaving),
            Self::Tokens { kept, from, .. } => kept < from,
            Self::HeartbeatBack(_) => true,
            // It is back.
            Self::HeartbeatGap(_)
            | Self::Joined(_)
            | Self::Address { .. }
            | Self::Zone { .. }
            | Self::Registered
            | Self::ReadOnly(_) => false,
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joined(state) => write!(f, "joined the ring as {state}"),
            Self::Left(state) => write!(f, "left the ring; it was {state}"),
            Self::State { from, to } => write!(f, "{from} \u{2192} {to}"),
            Self::Tokens { from: 0, to, .. } => write!(f, "took {to} tokens"),
            Self::Tokens { from, to, kept } => {
                write!(f, "tokens: {from} before, {to} now, {kept} of them the same")
            }
            Self::Address { from, to } => write!(f, "address {from} \u{2192} {to}"),
            Self::Zone { from, to } => write!(f, "zone \"{from}\" \u{2192} \"{to}\""),
            Self::Registered => f.write_str("registered anew"),
            Self::ReadOnly(true) => f.write_str("is read-only now"),
            Self::ReadOnly(false) => f.write_str("takes writes again"),
            Self::HeartbeatGap(gap) => {
                write!(f, "a heartbeat after {} without one", duration::format(*gap))
            }
            Self::HeartbeatBack(by) => {
                write!(f, "its heartbeat went back by {}", duration::format(*by))
            }
        }
    }
}

/// What is different in `new`, by ID. Heartbeats that came within `gap` of the one before are no change.
pub fn between(old: &Frame, new: &Frame, gap: Duration) -> Vec<Change> {
    let mut changes = Vec::new();
    let (before, after) = (old.roster.entries(), new.roster.entries());
    let (mut i, mut j) = (0, 0);
    let mut push = |id: &Arc<str>, what: What| changes.push(Change { at: new.at, id: Arc::clone(id), what });
    while i < before.len() || j < after.len() {
        let order = match (before.get(i), after.get(j)) {
            (Some(a), Some(b)) => a.id.cmp(&b.id),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => {
                push(&before[i].id, What::Left(old.state(i)));
                i += 1;
            }
            Ordering::Greater => {
                push(&after[j].id, What::Joined(new.state(j)));
                j += 1;
            }
            Ordering::Equal => {
                of_entry(&before[i], &after[j], |what| push(&after[j].id, what));
                if let Some(what) = heartbeat(old.heartbeat(i), new.heartbeat(j), gap) {
                    push(&after[j].id, what);
                }
                if old.state(i) != new.state(j) {
                    push(&after[j].id, What::State { from: old.state(i), to: new.state(j) });
                }
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    changes
}

fn of_entry(old: &Entry, new: &Entry, mut push: impl FnMut(What)) {
    if !old.tokens.shares_storage(&new.tokens) && old.tokens != new.tokens {
        let kept = new.tokens.iter().filter(|token| old.tokens.binary_search(token).is_ok()).count();
        push(What::Tokens { from: old.tokens.len(), to: new.tokens.len(), kept });
    }
    if old.addr != new.addr {
        push(What::Address { from: Arc::clone(&old.addr), to: Arc::clone(&new.addr) });
    }
    if old.zone != new.zone {
        push(What::Zone { from: Arc::clone(&old.zone), to: Arc::clone(&new.zone) });
    }
    if old.registered_timestamp != new.registered_timestamp {
        push(What::Registered);
    }
    if old.read_only != new.read_only {
        push(What::ReadOnly(new.read_only));
    }
}

fn heartbeat(old: i64, new: i64, gap: Duration) -> Option<What> {
    if old == 0 || new == 0 {
        return None;
    }
    let seconds = |by: i64| Duration::from_secs(by.unsigned_abs());
    match new.saturating_sub(old) {
        by if by < 0 => Some(What::HeartbeatBack(seconds(by))),
        by if seconds(by) > gap => Some(What::HeartbeatGap(seconds(by))),
        _ => None,
    }
}
