use std::sync::Arc;

use crate::prng::Prng;
use crate::time::Instant;

use super::clockwork::LAG;
use super::members::Members;
use super::probe::{Probe, Relay};
use super::suspicion::Suspicion;
use super::transitions::Announcement;
use super::zones::Selection;
use super::{
    Address, Awareness, Config, Delegate, Meta, Name, NodeState, Output, Packet, PushNodeState, PushPull,
    Rumour, Timer, TransmitLimitedQueue,
};

/// One node of the cluster (`memberlist.Memberlist`): its table, its queue of news, its probe.
#[derive(Debug, Clone)]
pub struct Memberlist {
    pub(super) config: Arc<Config>,
    pub(super) name: Name,
    pub(super) address: Address,
    pub(super) prng: Prng,
    pub(super) started: Instant,
    pub(super) members: Members,
    pub(super) incarnation: u32,
    pub(super) awareness: Awareness,
    pub(super) queue: TransmitLimitedQueue<Rumour>,
    pub(super) suspicions: Vec<Suspicion>,
    pub(super) seq_no: u32,
    pub(super) probe_index: usize,
    pub(super) probe: Option<Probe>,
    pub(super) relays: Vec<Relay>,
    pub(super) leave: Leave,
    /// Kept between calls for their room only.
    pub(super) targets: Vec<u32>,
    pub(super) selection: Selection,
}

/// How far a node's goodbye is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    Staying,
    /// The own dead message is queued.
    Saying,
    Said,
}

impl Memberlist {
    /// A node that knows nobody yet, not even itself; `prng` is its own source of chance.
    pub fn new(config: Arc<Config>, name: Name, address: Address, prng: Prng) -> Self {
        Self {
            awareness: Awareness::new(config.awareness_max_multiplier),
            queue: TransmitLimitedQueue::new(config.retransmit_mult),
            config,
            name,
            address,
            prng,
            started: Instant::START,
            members: Members::default(),
            incarnation: 0,
            suspicions: Vec::new(),
            seq_no: 0,
            probe_index: 0,
            probe: None,
            relays: Vec::new(),
            leave: Leave::Staying,
            targets: Vec::new(),
            selection: Selection::default(),
        }
    }

    /// Announces the node to itself and sets its timers (`setAlive`, `schedule`). Probes and gossip keep
    /// the phase of this instant: Go's tickers run while their first, random wait goes on.
    pub fn start<D: Delegate>(&mut self, now: Instant, out: &mut Vec<Output<D>>) {
        self.started = now;
        self.incarnation = self.incarnation.wrapping_add(1);
        let meta = match self.config.zone_aware_routing {
            Some(routing) => Meta { zone: routing.zone, role: routing.role },
            None => Meta::default(),
        };
        let (name, address, incarnation) = (self.name, self.address, self.incarnation);
        self.bootstrap(now, Announcement { name, address, incarnation, meta }, out);

        let Config { probe_interval, gossip_interval, gossip_nodes, push_pull_interval, .. } = *self.config;
        if !probe_interval.is_zero() {
            out.push(Output::Timer { at: now + probe_interval, timer: Timer::Probe });
        }
        if !gossip_interval.is_zero() && gossip_nodes > 0 {
            out.push(Output::Timer { at: now + LAG + gossip_interval, timer: Timer::Gossip });
        }
        if !push_pull_interval.is_zero() {
            let stagger = self.prng.between(std::time::Duration::ZERO, push_pull_interval);
            out.push(Output::Timer { at: now + stagger, timer: Timer::PushPullStagger });
        }
    }

    /// A timer that the node set has come.
    pub fn handle_timer<D: Delegate>(
        &mut self,
        now: Instant,
        timer: Timer,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        match timer {
            Timer::Probe => self.probe_tick(now, delegate, out),
            Timer::ProbeTimeout { seq_no } => self.probe_timeout(now, seq_no, delegate, out),
            Timer::ProbeVerdict { seq_no } => self.probe_verdict(now, seq_no, delegate, out),
            Timer::NackTimeout { seq_no } => self.nack_timeout(seq_no, delegate, out),
            Timer::Gossip => self.gossip_tick(now, delegate, out),
            Timer::PushPullStagger => self.push_pull_wait(now, out),
            Timer::PushPull => self.push_pull_tick(now, out),
            Timer::Suspicion { name, since } => self.suspicion_timeout(now, name, since, out),
        }
        self.tell_left(out);
    }

    /// A packet has come from whoever listens at `from`. Questions and answers are handled at once, then
    /// the rest as the library's queues give it: alive messages first, the newest first.
    pub fn handle_packet<D: Delegate>(
        &mut self,
        now: Instant,
        from: Address,
        packet: &Packet<D::Batch>,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        if let Some(head) = packet.head {
            self.handle_head(now, from, head, delegate, out);
        }
        for rumour in packet.rumours.iter().rev() {
            if let Rumour::Alive { name, address, incarnation, meta } = *rumour {
                self.alive_node(now, Announcement { name, address, incarnation, meta }, out);
            }
        }
        if let Some(batch) = &packet.batch {
            delegate.notify_msg(now, batch);
        }
        for rumour in packet.rumours.iter().rev() {
            match *rumour {
                Rumour::Alive { .. } => {}
                Rumour::Suspect { name, incarnation, from } => {
                    self.suspect_node(now, name, incarnation, from, out);
                }
                Rumour::Dead { name, incarnation, from } => self.dead_node(now, name, incarnation, from, out),
            }
        }
        self.tell_left(out);
    }

    /// What goes over a stream first, from the side that opened it; `join` when it is a first contact.
    pub fn local_push_pull<D: Delegate>(&mut self, delegate: &mut D, join: bool) -> PushPull<D::State> {
        let state = |node: &NodeState| {
            let NodeState { name, address, meta, incarnation, state, .. } = *node;
            PushNodeState { name, address, meta, incarnation, state }
        };
        PushPull {
            nodes: self.members.as_slice().iter().map(state).collect(),
            user_state: delegate.local_state(join),
            join,
        }
    }

    /// Takes the first half of an exchange. The answer is what the node knew before.
    pub fn handle_push_pull<D: Delegate>(
        &mut self,
        now: Instant,
        remote: &PushPull<D::State>,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) -> PushPull<D::State> {
        let local = self.local_push_pull(delegate, remote.join);
        self.handle_push_pull_reply(now, remote, delegate, out);
        local
    }

    /// Takes the second half of an exchange.
    pub fn handle_push_pull_reply<D: Delegate>(
        &mut self,
        now: Instant,
        remote: &PushPull<D::State>,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        self.merge_state(now, &remote.nodes, out);
        if let Some(state) = &remote.user_state {
            delegate.merge_remote_state(now, state, remote.join);
        }
        self.tell_left(out);
    }

    /// Says goodbye. [`Output::LeaveDone`] follows when the message was sent as often as it needs, or at
    /// once when nobody is there to hear it; the caller keeps the time-out. The node goes on until the
    /// caller drops it.
    pub fn leave<D: Delegate>(&mut self, now: Instant, out: &mut Vec<Output<D>>) {
        if self.leave != Leave::Staying {
            return;
        }
        self.leave = Leave::Saying;
        if let Some(me) = self.members.get(self.name) {
            self.dead_node(now, self.name, me.incarnation, self.name, out);
        }
        if !self.members.as_slice().iter().any(|node| !node.dead_or_left() && node.name != self.name) {
            self.leave = Leave::Said;
            out.push(Output::LeaveDone);
        }
    }

    /// Its name.
    pub fn name(&self) -> Name {
        self.name
    }

    /// Where it listens.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The number of its latest announcement; 0 before the start.
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The whole table, gone nodes and itself included, in the order of probing.
    pub fn members(&self) -> &[NodeState] {
        self.members.as_slice()
    }

    /// What it knows of `name`.
    pub fn member(&self, name: Name) -> Option<&NodeState> {
        self.members.get(name)
    }

    /// How many are alive or suspect (`NumMembers`).
    pub fn num_members(&self) -> usize {
        self.members.not_gone()
    }

    /// The size of the table, by which the library scales its own times and counts (`estNumNodes`).
    pub fn estimated_nodes(&self) -> usize {
        self.members.len()
    }

    /// How unwell it finds itself; 0 is healthy (`GetHealthScore`).
    pub fn health_score(&self) -> u32 {
        self.awareness.health_score()
    }

    /// Whom it is probing, and when it gives up; `None` between two probes.
    pub fn probing(&self) -> Option<(Name, Instant)> {
        self.probe.as_ref().map(Probe::target)
    }

    /// When a suspect counts as dead unless it is heard of.
    pub fn suspicion_ends(&self, name: Name) -> Option<Instant> {
        self.suspicions.iter().find(|suspicion| suspicion.name == name).map(|suspicion| suspicion.deadline)
    }

    /// The news that wait to be passed on, in the order of sending, each with how often it was sent.
    pub fn queued_rumours(&self) -> impl Iterator<Item = (&Rumour, u32)> {
        self.queue.iter()
    }

    /// Tells once that the own dead message left the queue.
    fn tell_left<D: Delegate>(&mut self, out: &mut Vec<Output<D>>) {
        let is_goodbye = |rumour: &Rumour| match *rumour {
            Rumour::Dead { name, from, .. } => name == self.name && from == self.name,
            _ => false,
        };
        if self.leave == Leave::Saying && !self.queued_rumours().any(|(rumour, _)| is_goodbye(rumour)) {
            self.leave = Leave::Said;
            out.push(Output::LeaveDone);
        }
    }
}
