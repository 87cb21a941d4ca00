use crate::time::Instant;

use super::{Address, Delegate, Name, Packet, State, Zone};

/// What a node asks to be woken for. Timers are set and never cancelled: one that lost its meaning is
/// known by its own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Time to probe somebody.
    Probe,
    /// The direct ping took too long.
    ProbeTimeout {
        /// The ping's number.
        seq_no: u32,
    },
    /// The whole probe took too long.
    ProbeVerdict {
        /// The ping's number.
        seq_no: u32,
    },
    /// A ping for somebody else took too long.
    NackTimeout {
        /// The number of the ping on behalf.
        seq_no: u32,
    },
    /// Time to gossip.
    Gossip,
    /// The random wait before the first interval between full exchanges is over.
    PushPullStagger,
    /// Time for a full exchange.
    PushPull,
    /// A suspect's time may be over.
    Suspicion {
        /// The suspect.
        name: Name,
        /// Since when it is one.
        since: Instant,
    },
}

/// What a node wants done.
pub enum Output<D: Delegate> {
    /// Send this packet.
    Packet {
        /// Where to.
        to: Address,
        /// What.
        packet: Packet<D::Batch>,
    },
    /// Exchange full state with this node: [`Memberlist::local_push_pull`](super::Memberlist::local_push_pull)
    /// goes there over a stream, and the answer to
    /// [`Memberlist::handle_push_pull_reply`](super::Memberlist::handle_push_pull_reply).
    PushPull {
        /// Where it listens.
        to: Address,
        /// Who it is.
        name: Name,
    },
    /// Call [`Memberlist::handle_timer`](super::Memberlist::handle_timer) then.
    Timer {
        /// When.
        at: Instant,
        /// With what.
        timer: Timer,
    },
    /// The goodbye is said, or there is nobody to say it to.
    LeaveDone,
    /// Something worth telling.
    Note(Note),
}

/// What the library logs, and what a picture of it wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// `Suspect X has failed, no acks received`.
    ProbeFailed {
        /// X.
        name: Name,
    },
    /// `Marking X as failed, suspect timeout reached (N peer confirmations)`.
    MarkingFailed {
        /// X.
        name: Name,
        /// N.
        confirmations: u32,
    },
    /// `Refuting a suspect message (from: X)`.
    RefutingSuspect {
        /// X.
        from: Name,
    },
    /// `Refuting a dead message (from: X)`.
    RefutingDead {
        /// X.
        from: Name,
    },
    /// `Refuting an alive message for X`: somebody told of this node what it did not say.
    RefutingAlive {
        /// X, this node.
        name: Name,
        /// Where the message has it.
        theirs: Address,
    },
    /// `Conflicting address for X. Mine: M Theirs: T Old state: S`: the message was dropped.
    ConflictingAddress {
        /// X.
        name: Name,
        /// M.
        mine: Address,
        /// T.
        theirs: Address,
        /// S.
        old_state: State,
    },
    /// `Updating address for left or failed node X from M to T`.
    UpdatingAddress {
        /// X.
        name: Name,
        /// M.
        from: Address,
        /// T.
        to: Address,
    },
    /// `Got ping for unexpected node 'X'`.
    UnexpectedPing {
        /// X.
        target: Name,
        /// Where it came from.
        from: Address,
    },
    /// The node now counts `name` as `to`; a new one came `from` nothing. Not logged.
    StateChanged {
        /// Whom.
        name: Name,
        /// As what before.
        from: Option<State>,
        /// As what now.
        to: State,
    },
    /// The node dropped a dead or left one from its table. Not logged.
    Reaped {
        /// Whom.
        name: Name,
    },
    /// `memberlist zone-aware routing is skipped because a zone has no alive bridge`.
    ZoneWithoutBridge {
        /// The first such zone.
        zone: Zone,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_are_small_enough_to_be_kept_by_the_thousand() {
        assert_eq!(size_of::<Timer>(), 16);
    }
}
