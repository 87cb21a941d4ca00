//! What a message about a member does to the table (ml state.go:925-1349).
//!
//! | at the same incarnation | wins over |
//! | --- | --- |
//! | dead, left | suspect, alive |
//! | suspect | alive |
//!
//! An alive message of a higher incarnation wins over everything. Only the member itself announces one.

use crate::time::Instant;

use super::message::BroadcastKey;
use super::node::Leave;
use super::suspicion::Suspicion;
use super::{
    Address, Delegate, Memberlist, Meta, Name, NodeState, Note, Output, PushNodeState, Rumour, State, Timer,
    clockwork, formula,
};

/// An alive message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Announcement {
    pub(super) name: Name,
    pub(super) address: Address,
    pub(super) incarnation: u32,
    pub(super) meta: Meta,
}

impl Memberlist {
    /// The node's own first announcement.
    pub(super) fn bootstrap<D: Delegate>(
        &mut self,
        now: Instant,
        alive: Announcement,
        out: &mut Vec<Output<D>>,
    ) {
        let place = self.insert_unknown(alive);
        self.accept_alive(now, place, alive, out);
    }

    /// `aliveNode`.
    pub(super) fn alive_node<D: Delegate>(
        &mut self,
        now: Instant,
        alive: Announcement,
        out: &mut Vec<Output<D>>,
    ) {
        let about_me = alive.name == self.name;
        if about_me && self.leave != Leave::Staying {
            return;
        }
        let (place, moves) = match self.members.place(alive.name) {
            None => (self.insert_unknown(alive), false),
            Some(place) => match self.judge_address(now, place, alive, out) {
                Ok(moves) => (place, moves),
                Err(Conflict) => return,
            },
        };
        let known = self.members.as_slice()[place];
        if about_me {
            let said_so = alive.incarnation == known.incarnation && alive.meta == known.meta;
            if alive.incarnation < known.incarnation || said_so {
                return;
            }
            self.refute(place, alive.incarnation);
            out.push(Output::Note(Note::RefutingAlive { name: alive.name, theirs: alive.address }));
        } else if alive.incarnation > known.incarnation || moves {
            self.suspicions.retain(|suspicion| suspicion.name != alive.name);
            self.accept_alive(now, place, alive, out);
        }
    }

    /// `suspectNode`.
    pub(super) fn suspect_node<D: Delegate>(
        &mut self,
        now: Instant,
        name: Name,
        incarnation: u32,
        from: Name,
        out: &mut Vec<Output<D>>,
    ) {
        let Some(place) = self.members.place(name) else { return };
        let known = self.members.as_slice()[place];
        if incarnation < known.incarnation {
            return;
        }
        let rumour = Rumour::Suspect { name, incarnation, from };
        if let Some(suspicion) = self.suspicions.iter_mut().find(|suspicion| suspicion.name == name) {
            if suspicion.confirm(from, now) {
                out.push(suspicion_timer(suspicion));
                self.broadcast(rumour);
            }
            return;
        }
        if known.state != State::Alive {
            return;
        }
        if name == self.name {
            self.refute(place, incarnation);
            out.push(Output::Note(Note::RefutingSuspect { from }));
            return;
        }
        self.broadcast(rumour);
        self.members.set_incarnation(place, incarnation);
        self.set_state(now, place, State::Suspect, out);

        let bounds = formula::suspicion_bounds(&self.config, self.members.len());
        let suspicion = Suspicion::new(name, from, bounds, now, clockwork::lag(&mut self.prng));
        out.push(suspicion_timer(&suspicion));
        self.suspicions.push(suspicion);
    }

    /// `deadNode`.
    pub(super) fn dead_node<D: Delegate>(
        &mut self,
        now: Instant,
        name: Name,
        incarnation: u32,
        from: Name,
        out: &mut Vec<Output<D>>,
    ) {
        let Some(place) = self.members.place(name) else { return };
        let known = self.members.as_slice()[place];
        if incarnation < known.incarnation {
            return;
        }
        self.suspicions.retain(|suspicion| suspicion.name != name);
        if known.dead_or_left() {
            return;
        }
        if name == self.name && self.leave == Leave::Staying {
            self.refute(place, incarnation);
            out.push(Output::Note(Note::RefutingDead { from }));
            return;
        }
        self.broadcast(Rumour::Dead { name, incarnation, from });
        self.members.set_incarnation(place, incarnation);
        self.set_state(now, place, if name == from { State::Left } else { State::Dead }, out);
    }

    /// `mergeState`: what the other side of a full exchange holds for dead is only suspected here, by
    /// ourselves, so that it can refute.
    pub(super) fn merge_state<D: Delegate>(
        &mut self,
        now: Instant,
        remote: &[PushNodeState],
        out: &mut Vec<Output<D>>,
    ) {
        for &PushNodeState { name, address, meta, incarnation, state } in remote {
            match state {
                State::Alive => {
                    self.alive_node(now, Announcement { name, address, incarnation, meta }, out);
                }
                State::Left => self.dead_node(now, name, incarnation, name, out),
                State::Dead | State::Suspect => self.suspect_node(now, name, incarnation, self.name, out),
            }
        }
    }

    /// A suspect's time may be over.
    pub(super) fn suspicion_timeout<D: Delegate>(
        &mut self,
        now: Instant,
        name: Name,
        since: Instant,
        out: &mut Vec<Output<D>>,
    ) {
        let mut suspicions = self.suspicions.iter();
        let Some(over) = suspicions.find(|suspicion| {
            suspicion.name == name && suspicion.start == since && suspicion.deadline <= now
        }) else {
            return;
        };
        let Some(incarnation) = self.members.get(name).map(|known| known.incarnation) else { return };
        out.push(Output::Note(Note::MarkingFailed { name, confirmations: over.confirmations() }));
        self.dead_node(now, name, incarnation, self.name, out);
    }

    /// Announces this node above the incarnation that it is accused with.
    fn refute(&mut self, place: usize, accused: u32) {
        let next = self.incarnation.wrapping_add(1);
        let incarnation = if accused >= next { accused.wrapping_add(1) } else { next };
        self.incarnation = incarnation;
        self.members.set_incarnation(place, incarnation);
        self.awareness.apply_delta(1);
        let NodeState { name, address, meta, .. } = self.members.as_slice()[place];
        // Not under the name: a queued accusation goes on beside it.
        self.push(BroadcastKey::Ip(address.ip), Rumour::Alive { name, address, incarnation, meta });
    }

    fn broadcast(&mut self, rumour: Rumour) {
        self.push(BroadcastKey::Name(rumour.name()), rumour);
    }

    fn push(&mut self, key: BroadcastKey, rumour: Rumour) {
        self.queue.push(rumour, rumour.size(), key.number());
    }

    /// Makes room for a node as one that is dead since ever.
    fn insert_unknown(&mut self, alive: Announcement) -> usize {
        let node = NodeState {
            name: alive.name,
            address: alive.address,
            meta: alive.meta,
            incarnation: 0,
            state: State::Dead,
            state_change: Instant::START,
        };
        self.members.insert(node, &mut self.prng)
    }

    /// Whether the message moves the member to another address, if it may.
    fn judge_address<D: Delegate>(
        &self,
        now: Instant,
        place: usize,
        alive: Announcement,
        out: &mut Vec<Output<D>>,
    ) -> Result<bool, Conflict> {
        let NodeState { name, address, state, state_change, .. } = self.members.as_slice()[place];
        if address == alive.address {
            return Ok(false);
        }
        let reclaim_time = self.config.dead_node_reclaim_time;
        let can_reclaim = !reclaim_time.is_zero() && now.since(state_change) > reclaim_time;
        if state == State::Left || state == State::Dead && can_reclaim {
            out.push(Output::Note(Note::UpdatingAddress { name, from: address, to: alive.address }));
            return Ok(true);
        }
        let (mine, theirs, old_state) = (address, alive.address, state);
        out.push(Output::Note(Note::ConflictingAddress { name, mine, theirs, old_state }));
        Err(Conflict)
    }

    fn accept_alive<D: Delegate>(
        &mut self,
        now: Instant,
        place: usize,
        alive: Announcement,
        out: &mut Vec<Output<D>>,
    ) {
        let Announcement { name, address, incarnation, meta } = alive;
        self.broadcast(Rumour::Alive { name, address, incarnation, meta });
        let is_new = self.members.as_slice()[place].incarnation == 0;
        self.members.update(place, incarnation, address, meta);
        if is_new {
            self.members.set_state(place, State::Alive, now);
            out.push(Output::Note(Note::StateChanged { name, from: None, to: State::Alive }));
        } else if self.members.as_slice()[place].state != State::Alive {
            self.set_state(now, place, State::Alive, out);
        }
    }

    fn set_state<D: Delegate>(&mut self, now: Instant, place: usize, state: State, out: &mut Vec<Output<D>>) {
        let before = self.members.set_state(place, state, now);
        let name = self.members.as_slice()[place].name;
        out.push(Output::Note(Note::StateChanged { name, from: Some(before), to: state }));
    }
}

/// The name is taken, at another address.
struct Conflict;

fn suspicion_timer<D: Delegate>(suspicion: &Suspicion) -> Output<D> {
    let Suspicion { name, start, deadline, .. } = *suspicion;
    Output::Timer { at: deadline, timer: Timer::Suspicion { name, since: start } }
}
