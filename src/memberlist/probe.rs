//! Is everybody there? One member at a time (ml state.go:214-523, net.go:550-670).
//!
//! ```text
//! 0 s   prober ── ping ──────────► target          an ack ends the probe, at any time
//! 2 s   prober ── indirect ping ─► 3 helpers ── ping ──► target
//! 4 s   prober ◄─ nack ─────────── helpers         they heard nothing: then it is not the prober's fault
//! 5 s   verdict: suspect
//! ```

use crate::time::Instant;

use super::clockwork::next_tick;
use super::members::k_random_nodes;
use super::{Address, Delegate, Head, Memberlist, NodeState, Note, Output, Rumour, State, Timer};

/// A probe under way.
#[derive(Debug, Clone)]
pub(super) struct Probe {
    seq_no: u32,
    started: Instant,
    deadline: Instant,
    /// Whom, as known at the start.
    target: NodeState,
    /// How many helpers were asked; `None` before.
    asked: Option<u32>,
    nacks: u32,
}

/// A ping on somebody's behalf.
#[derive(Debug, Clone)]
pub(super) struct Relay {
    seq_no: u32,
    asker: Address,
    asker_seq_no: u32,
}

impl Probe {
    /// Whom it is about, and when it ends.
    pub(super) fn target(&self) -> (super::Name, Instant) {
        (self.target.name, self.deadline)
    }
}

impl Memberlist {
    /// The ticker fired.
    pub(super) fn probe_tick<D: Delegate>(
        &mut self,
        now: Instant,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        if self.probe.is_none() {
            self.probe_next(now, delegate, out);
        }
    }

    /// The direct ping took too long: asks others.
    pub(super) fn probe_timeout<D: Delegate>(
        &mut self,
        now: Instant,
        seq_no: u32,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let under_way = |probe: &&mut Probe| probe.seq_no == seq_no && probe.asked.is_none();
        let Some(probe) = self.probe.as_mut().filter(under_way) else { return };
        let NodeState { name: target, address, .. } = probe.target;
        // A process that was paused may come to it late.
        out.push(Output::Timer { at: probe.deadline.max(now), timer: Timer::ProbeVerdict { seq_no } });

        let mut helpers = std::mem::take(&mut self.targets);
        let nodes = self.members.as_slice();
        let excluded = |place| {
            let node: &NodeState = &nodes[place as usize];
            node.name == self.name || node.name == target || node.state != State::Alive
        };
        let k = self.config.indirect_checks;
        k_random_nodes(&mut self.prng, &mut helpers, k, nodes.len(), |drawn| drawn as u32, excluded);
        probe.asked = Some(helpers.len() as u32);
        for place in helpers.drain(..) {
            let to = self.members.as_slice()[place as usize].address;
            self.send(to, Head::IndirectPing { seq_no, target, address }, delegate, out);
        }
        self.targets = helpers;
    }

    /// The whole probe took too long: the target is suspect.
    pub(super) fn probe_verdict<D: Delegate>(
        &mut self,
        now: Instant,
        seq_no: u32,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let Some(probe) = self.probe.take_if(|probe| probe.seq_no == seq_no) else { return };
        let delta = match probe.asked {
            None | Some(0) => 1,
            Some(asked) => asked.saturating_sub(probe.nacks) as i32,
        };
        let NodeState { name, incarnation, .. } = probe.target;
        out.push(Output::Note(Note::ProbeFailed { name }));
        self.suspect_node(now, name, incarnation, self.name, out);
        self.awareness.apply_delta(delta);
        self.probe_ended(now, &probe, delegate, out);
    }

    /// The ping for somebody else took too long.
    pub(super) fn nack_timeout<D: Delegate>(
        &mut self,
        seq_no: u32,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        if let Some(Relay { asker, asker_seq_no, .. }) = self.take_relay(seq_no) {
            self.send(asker, Head::Nack { seq_no: asker_seq_no }, delegate, out);
        }
    }

    /// A question or an answer has come.
    pub(super) fn handle_head<D: Delegate>(
        &mut self,
        now: Instant,
        from: Address,
        head: Head,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        match head {
            Head::Ping { seq_no, target } if target == self.name => {
                self.send(from, Head::Ack { seq_no }, delegate, out);
            }
            Head::Ping { target, .. } => out.push(Output::Note(Note::UnexpectedPing { target, from })),
            Head::IndirectPing { seq_no: asker_seq_no, target, address } => {
                let seq_no = self.next_seq_no();
                self.relays.push(Relay { seq_no, asker: from, asker_seq_no });
                self.send(address, Head::Ping { seq_no, target }, delegate, out);
                let at = self.after(now, self.config.probe_timeout);
                out.push(Output::Timer { at, timer: Timer::NackTimeout { seq_no } });
            }
            Head::Ack { seq_no } => {
                if let Some(probe) = self.probe.take_if(|probe| probe.seq_no == seq_no) {
                    self.awareness.apply_delta(-1);
                    self.probe_ended(now, &probe, delegate, out);
                } else if let Some(Relay { asker, asker_seq_no, .. }) = self.take_relay(seq_no) {
                    self.send(asker, Head::Ack { seq_no: asker_seq_no }, delegate, out);
                }
            }
            Head::Nack { seq_no } => {
                if let Some(probe) = self.probe.as_mut().filter(|probe| probe.seq_no == seq_no) {
                    probe.nacks += 1;
                }
            }
        }
    }

    /// Starts with the next member that is not gone, if there is one, else waits for the next tick.
    fn probe_next<D: Delegate>(&mut self, now: Instant, delegate: &mut D, out: &mut Vec<Output<D>>) {
        match self.next_target(now, out) {
            Some(target) => self.probe_node(now, target, delegate, out),
            None => self.wait_for_probe(now, out),
        }
    }

    /// Walks on through the table; at its end drops who is long gone, and shuffles (`probe`).
    fn next_target<D: Delegate>(&mut self, now: Instant, out: &mut Vec<Output<D>>) -> Option<NodeState> {
        let mut checked = 0;
        while checked < self.members.len() {
            checked += 1;
            let Some(&node) = self.members.as_slice().get(self.probe_index) else {
                let keep = self.config.gossip_to_the_dead_time;
                let reaped = |name| out.push(Output::Note(Note::Reaped { name }));
                self.members.reset(now, keep, &mut self.prng, reaped);
                self.probe_index = 0;
                continue;
            };
            self.probe_index += 1;
            if node.name != self.name && !node.dead_or_left() {
                return Some(node);
            }
        }
        None
    }

    /// `probeNode`, up to the wait.
    fn probe_node<D: Delegate>(
        &mut self,
        now: Instant,
        target: NodeState,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let seq_no = self.next_seq_no();
        let interval = self.awareness.scale_timeout(self.config.probe_interval);
        let timeout = self.config.probe_timeout.min(interval);
        let deadline = self.after(now, interval);
        self.probe = Some(Probe { seq_no, started: now, deadline, target, asked: None, nacks: 0 });

        let NodeState { name, incarnation, .. } = target;
        let ping = Head::Ping { seq_no, target: name };
        if target.state == State::Alive {
            self.send(target.address, ping, delegate, out);
        } else {
            // It shall know of the suspicion at once, and refute.
            let suspect = Rumour::Suspect { name, incarnation, from: self.name };
            out.push(Output::Packet { to: target.address, packet: self.compound(ping, suspect) });
        }
        let at = self.after(now, timeout).min(deadline);
        out.push(Output::Timer { at, timer: Timer::ProbeTimeout { seq_no } });
    }

    /// A tick that came while the probe ran is served now; the ticker keeps one, and drops the others.
    fn probe_ended<D: Delegate>(
        &mut self,
        now: Instant,
        probe: &Probe,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let interval = self.config.probe_interval;
        if next_tick(self.started, probe.started, interval) <= now {
            self.probe_next(now, delegate, out);
        } else {
            self.wait_for_probe(now, out);
        }
    }

    fn wait_for_probe<D: Delegate>(&self, now: Instant, out: &mut Vec<Output<D>>) {
        out.push(Output::Timer {
            at: next_tick(self.started, now, self.config.probe_interval),
            timer: Timer::Probe,
        });
    }

    fn next_seq_no(&mut self) -> u32 {
        self.seq_no = self.seq_no.wrapping_add(1);
        self.seq_no
    }

    fn take_relay(&mut self, seq_no: u32) -> Option<Relay> {
        let place = self.relays.iter().position(|relay| relay.seq_no == seq_no)?;
        Some(self.relays.swap_remove(place))
    }
}
