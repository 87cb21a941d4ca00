use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::memberlist::{
    Address, Config, Delegate, Memberlist, Name, Note, Output, Packet, Sent, State, Timer,
    TransmitLimitedQueue,
};
use crate::prng::Prng;
use crate::time::Instant;

use super::{SETTLE, START_GAP};

/// The bytes of a heartbeat of an ingester with 128 tokens.
const MESSAGE_BYTES: usize = 739;

/// A cluster whose packets take no time.
pub(super) struct Cluster {
    now: Instant,
    nodes: Vec<Node>,
    timers: BinaryHeap<Reverse<(Instant, u64, Wake)>>,
    timers_set: u64,
    /// What arrives now, in the order of sending.
    mail: VecDeque<(usize, Mail)>,
    room: Vec<Output<Messages>>,
    victim: Option<usize>,
    arrivals: Vec<Instant>,
    /// How many survivors count the victim as alive or suspect.
    unaware: usize,
    first_suspicion: Option<Instant>,
    first_death: Option<Instant>,
}

struct Node {
    list: Memberlist,
    messages: Messages,
}

/// Sorted by the node only where instant and number are equal, which they never are.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Wake(u32, Timer);

struct Mail {
    from: Address,
    packet: Packet<Sent<()>>,
}

/// A node's part in spreading the one message.
struct Messages {
    queue: TransmitLimitedQueue<()>,
    has_message: bool,
    num_members: usize,
}

impl Cluster {
    /// Starts and joins the nodes one by one, and lets them settle.
    pub(super) fn settled(config: &Arc<Config>, nodes: usize, prng: &mut Prng) -> Self {
        let mut cluster = Self {
            now: Instant::START,
            nodes: Vec::with_capacity(nodes),
            timers: BinaryHeap::new(),
            timers_set: 0,
            mail: VecDeque::new(),
            room: Vec::new(),
            victim: None,
            arrivals: Vec::new(),
            unaware: 0,
            first_suspicion: None,
            first_death: None,
        };
        for index in 0..nodes {
            cluster.run_for(prng.between(Duration::ZERO, START_GAP));
            let own = Prng::stream(prng.next_u64(), "node", index as u64);
            let list = Memberlist::new(config.clone(), Name(index as u32), address_of(index), own);
            let queue = TransmitLimitedQueue::new(config.retransmit_mult);
            cluster
                .nodes
                .push(Node { list, messages: Messages { queue, has_message: false, num_members: 1 } });
            let now = cluster.now;
            cluster.with(index, |node, out| node.list.start(now, out));
            if index > 0 {
                cluster.push_pull(index, 0, true);
            }
            cluster.deliver();
        }
        cluster.run_for(SETTLE);
        cluster
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    /// How many nodes there are, the killed one included.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// When nodes first saw the message, in order.
    pub(super) fn arrivals(&self) -> &[Instant] {
        &self.arrivals
    }

    /// When the first survivor suspected the killed node.
    pub(super) fn first_suspicion(&self) -> Option<Instant> {
        self.first_suspicion
    }

    /// When the first survivor counted the killed node as dead.
    pub(super) fn first_death(&self) -> Option<Instant> {
        self.first_death
    }

    /// Whether every survivor does, or never knew it.
    pub(super) fn dead_everywhere(&self) -> bool {
        self.unaware == 0
    }

    pub(super) fn queue_message(&mut self, origin: usize) {
        self.with(origin, |node, _| node.messages.see());
    }

    pub(super) fn kill(&mut self, victim: usize) {
        self.victim = Some(victim);
        let name = Name(victim as u32);
        let members = self.nodes.iter().filter_map(|node| node.list.member(name));
        self.unaware = members.filter(|known| !known.dead_or_left()).count() - 1;
    }

    pub(super) fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        self.run_until(end, |_| false);
        self.now = end;
    }

    /// Runs until `done`, at most to `end`.
    pub(super) fn run_until(&mut self, end: Instant, done: impl Fn(&Self) -> bool) {
        while !done(self)
            && let Some(&Reverse((at, _, Wake(index, timer)))) = self.timers.peek()
            && at <= end
        {
            self.timers.pop();
            self.now = at;
            let index = index as usize;
            if self.victim != Some(index) {
                self.with(index, |node, out| node.list.handle_timer(at, timer, &mut node.messages, out));
                self.deliver();
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.now;
        while let Some((to, Mail { from, packet })) = self.mail.pop_front() {
            self.with(to, |node, out| node.list.handle_packet(now, from, &packet, &mut node.messages, out));
        }
    }

    fn push_pull(&mut self, from: usize, to: usize, join: bool) {
        if self.victim == Some(to) {
            return;
        }
        let now = self.now;
        let Node { list, messages } = &mut self.nodes[from];
        let request = list.local_push_pull(messages, join);
        let mut reply = None;
        self.with(to, |Node { list, messages }, out| {
            reply = Some(list.handle_push_pull(now, &request, messages, out));
        });
        if let Some(reply) = reply {
            self.with(from, |Node { list, messages }, out| {
                list.handle_push_pull_reply(now, &reply, messages, out);
            });
        }
    }

    /// Lets something happen to one node, and carries out what it wants done.
    fn with(&mut self, index: usize, happens: impl FnOnce(&mut Node, &mut Vec<Output<Messages>>)) {
        let mut out = std::mem::take(&mut self.room);
        let node = &mut self.nodes[index];
        let had_message = node.messages.has_message;
        node.messages.num_members = node.list.num_members();
        happens(node, &mut out);
        if node.messages.has_message && !had_message {
            self.arrivals.push(self.now);
        }
        let from = node.list.address();
        let mut exchange_with = Vec::new();
        for output in out.drain(..) {
            match output {
                Output::Packet { to, packet } => {
                    let to = index_of(to);
                    if self.victim != Some(to) {
                        self.mail.push_back((to, Mail { from, packet }));
                    }
                }
                Output::PushPull { to, .. } => exchange_with.push(index_of(to)),
                Output::Timer { at, timer } => {
                    self.timers.push(Reverse((at, self.timers_set, Wake(index as u32, timer))));
                    self.timers_set += 1;
                }
                Output::Note(Note::StateChanged { name, from, to })
                    if self.victim == Some(name.0 as usize) =>
                {
                    let counts = |state| matches!(state, State::Alive | State::Suspect);
                    self.unaware += usize::from(counts(to));
                    self.unaware -= usize::from(from.is_some_and(counts));
                    match to {
                        State::Suspect => _ = self.first_suspicion.get_or_insert(self.now),
                        State::Dead => _ = self.first_death.get_or_insert(self.now),
                        State::Alive | State::Left => {}
                    }
                }
                Output::LeaveDone | Output::Note(_) => {}
            }
        }
        self.room = out;
        for to in exchange_with {
            self.push_pull(index, to, false);
        }
    }
}

impl Messages {
    fn see(&mut self) {
        if !self.has_message {
            self.has_message = true;
            self.queue.push_over((), MESSAGE_BYTES, |()| false);
        }
    }
}

impl Delegate for Messages {
    type Batch = Sent<()>;
    type State = ();

    fn notify_msg(&mut self, _now: Instant, _batch: &Sent<()>) {
        self.see();
    }

    fn get_broadcasts(&mut self, overhead: usize, limit: usize) -> Option<Sent<()>> {
        self.queue.get_broadcasts(self.num_members, overhead, limit)
    }

    fn batch_size(batch: &Sent<()>) -> (usize, usize) {
        (batch.bytes(), batch.len())
    }

    fn local_state(&mut self, _join: bool) -> Option<()> {
        self.has_message.then_some(())
    }

    fn merge_remote_state(&mut self, _now: Instant, (): &(), _join: bool) {
        self.see();
    }
}

impl Ord for Wake {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Wake {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn address_of(index: usize) -> Address {
    const NETWORK: u32 = 10 << 24;
    Address { ip: NETWORK + index as u32, port: 7946 }
}

fn index_of(address: Address) -> usize {
    (address.ip & 0x00ff_ffff) as usize
}
