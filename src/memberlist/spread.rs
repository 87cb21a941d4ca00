//! Who hears of what: gossip, what rides along with other packets, full exchanges (ml state.go:122-207,
//! 565-700; broadcast.go).

use crate::time::Instant;

use super::clockwork::{LAG, next_tick};
use super::members::k_random_nodes;
use super::message::{COMPOUND_HEADER_OVERHEAD, COMPOUND_OVERHEAD, USER_MSG_OVERHEAD};
use super::zones::ZoneWithoutBridge;
use super::{
    Address, Delegate, Head, Memberlist, NodeState, Note, Output, Packet, Rumour, State, Timer, Zone, formula,
};

/// The checksum of a packet to a node of the table.
const CRC_BYTES: usize = 5;

/// What the transport puts around a packet: a type, the sender's address with its length, a digest
/// (dskit kv/memberlist/tcp_transport.go).
const TRANSPORT_BYTES: usize = 1 + 1 + "10.0.0.1:7946".len() + 16;

impl Memberlist {
    /// A few peers get what is queued, each as much as fits. The peers are drawn before the queue is asked.
    pub(super) fn gossip_tick<D: Delegate>(
        &mut self,
        now: Instant,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let patience = self.config.gossip_to_the_dead_time;
        let hears = |node: &NodeState| match node.state {
            State::Alive | State::Suspect => true,
            State::Dead => now.since(node.state_change) <= patience,
            State::Left => false,
        };
        let mut targets = self.choose_peers(self.config.gossip_nodes, hears, out);
        let limit = self.config.udp_buffer_size.saturating_sub(COMPOUND_HEADER_OVERHEAD);
        for place in targets.drain(..) {
            let mut packet = self.queued::<D>(delegate, limit);
            if packet.rumours.is_empty() && packet.batch.is_none() {
                break;
            }
            packet.bytes += CRC_BYTES as u32;
            out.push(Output::Packet { to: self.members.as_slice()[place as usize].address, packet });
        }
        self.targets = targets;
        let at = next_tick(self.started + LAG, now, self.config.gossip_interval);
        out.push(Output::Timer { at, timer: Timer::Gossip });
    }

    /// Starts the wait for the next full exchange, as long as the cluster is large.
    pub(super) fn push_pull_wait<D: Delegate>(&self, now: Instant, out: &mut Vec<Output<D>>) {
        let wait = formula::push_pull_scale(self.config.push_pull_interval, self.members.len());
        out.push(Output::Timer { at: now + wait, timer: Timer::PushPull });
    }

    /// Asks for the full exchanges of this round.
    pub(super) fn push_pull_tick<D: Delegate>(&mut self, now: Instant, out: &mut Vec<Output<D>>) {
        let alive = |node: &NodeState| node.state == State::Alive;
        let mut targets = self.choose_peers(self.config.push_pull_nodes.max(1), alive, out);
        for place in targets.drain(..) {
            let NodeState { address: to, name, .. } = self.members.as_slice()[place as usize];
            out.push(Output::PushPull { to, name });
        }
        self.targets = targets;
        self.push_pull_wait(now, out);
    }

    /// Sends a question or an answer with whatever fits beside it (`encodeAndSendMsg`).
    pub(super) fn send<D: Delegate>(
        &mut self,
        to: Address,
        head: Head,
        delegate: &mut D,
        out: &mut Vec<Output<D>>,
    ) {
        let head_bytes = head.size();
        let limit = self.config.udp_buffer_size.saturating_sub(head_bytes + COMPOUND_HEADER_OVERHEAD);
        let mut packet = self.queued::<D>(delegate, limit);
        packet.bytes += match packet.rumours.is_empty() && packet.batch.is_none() {
            true => head_bytes,
            false => head_bytes + COMPOUND_OVERHEAD,
        } as u32;
        out.push(Output::Packet { to, packet: Packet { head: Some(head), ..packet } });
    }

    /// One question and one piece of news, with nothing of the queues.
    pub(super) fn compound<B>(&self, head: Head, rumour: Rumour) -> Packet<B> {
        let parts = head.size() + rumour.size() + COMPOUND_HEADER_OVERHEAD + 2 * COMPOUND_OVERHEAD;
        let bytes = (parts + CRC_BYTES + TRANSPORT_BYTES) as u32;
        Packet { head: Some(head), rumours: vec![rumour], batch: None, bytes }
    }

    /// At most `limit` bytes of news, and of the delegate's messages what still fits (`getBroadcasts`).
    fn queued<D: Delegate>(&mut self, delegate: &mut D, limit: usize) -> Packet<D::Batch> {
        let (mut rumours, mut used, mut parts) = (Vec::new(), 0, 0);
        if let Some(sent) = self.queue.get_broadcasts(self.members.len(), COMPOUND_OVERHEAD, limit) {
            rumours.extend(sent.iter());
            parts = rumours.len();
            used = sent.bytes() + parts * COMPOUND_OVERHEAD;
        }
        let left = limit.saturating_sub(used);
        let mut batch = None;
        if left > COMPOUND_OVERHEAD + USER_MSG_OVERHEAD {
            batch = delegate.get_broadcasts(COMPOUND_OVERHEAD + USER_MSG_OVERHEAD, left);
        }
        if let Some(batch) = &batch {
            let (bytes, count) = D::batch_size(batch);
            used += bytes + count * (COMPOUND_OVERHEAD + USER_MSG_OVERHEAD);
            parts += count;
        }
        // A single message goes without the frame of many.
        let frame = if parts > 1 { COMPOUND_HEADER_OVERHEAD } else { 0 };
        let bytes = u32::try_from(used + frame + TRANSPORT_BYTES).unwrap_or(u32::MAX / 2);
        Packet { head: None, rumours, batch, bytes }
    }

    /// Up to `k` random peers other than itself, by zone where that is on (`kRandomNodes` with the
    /// selection delegate). The room is `self.targets`, to be given back.
    fn choose_peers<D: Delegate>(
        &mut self,
        k: usize,
        eligible: impl Fn(&NodeState) -> bool,
        out: &mut Vec<Output<D>>,
    ) -> Vec<u32> {
        let mut chosen = std::mem::take(&mut self.targets);
        let nodes = self.members.as_slice();
        let excluded = |place| {
            let node: &NodeState = &nodes[place as usize];
            node.name == self.name || !eligible(node)
        };
        let prng = &mut self.prng;
        let by_zone = self.config.zone_aware_routing.filter(|routing| routing.zone != Zone::default());
        let selected = by_zone.map(|routing| self.selection.select(routing, nodes, prng));
        match selected {
            Some(Ok(())) => {
                let selected = &self.selection.selected;
                chosen.extend(self.selection.preferred.filter(|&place| k > 0 && !excluded(place)));
                k_random_nodes(prng, &mut chosen, k, selected.len(), |drawn| selected[drawn], excluded);
            }
            Some(Err(ZoneWithoutBridge(zone))) => {
                out.push(Output::Note(Note::ZoneWithoutBridge { zone }));
                k_random_nodes(prng, &mut chosen, k, nodes.len(), |drawn| drawn as u32, excluded);
            }
            None => k_random_nodes(prng, &mut chosen, k, nodes.len(), |drawn| drawn as u32, excluded),
        }
        chosen
    }
}
