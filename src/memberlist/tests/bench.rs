use std::sync::Arc;
use std::time::Duration;

use crate::memberlist::*;
use crate::prng::Prng;
use crate::time::Instant;

/// Messages that are numbers, a byte long each.
#[derive(Clone)]
pub(super) struct Chat {
    pub(super) queue: TransmitLimitedQueue<u32>,
    pub(super) heard: Vec<u32>,
    pub(super) num_members: usize,
}

impl Chat {
    pub(super) fn new() -> Self {
        Self { queue: TransmitLimitedQueue::new(4), heard: Vec::new(), num_members: 1 }
    }

    pub(super) fn say(&mut self, message: u32) {
        self.heard.push(message);
        self.queue.push_over(message, 1, |_| false);
    }

    fn hear(&mut self, message: u32) {
        if !self.heard.contains(&message) {
            self.say(message);
        }
    }
}

impl Delegate for Chat {
    type Batch = Sent<u32>;
    type State = Arc<[u32]>;

    fn notify_msg(&mut self, _now: Instant, batch: &Sent<u32>) {
        batch.iter().rev().for_each(|&message| self.hear(message));
    }

    fn get_broadcasts(&mut self, overhead: usize, limit: usize) -> Option<Sent<u32>> {
        self.queue.get_broadcasts(self.num_members, overhead, limit)
    }

    fn batch_size(batch: &Sent<u32>) -> (usize, usize) {
        (batch.bytes(), batch.len())
    }

    fn local_state(&mut self, _join: bool) -> Option<Arc<[u32]>> {
        (!self.heard.is_empty()).then(|| self.heard.as_slice().into())
    }

    fn merge_remote_state(&mut self, _now: Instant, state: &Arc<[u32]>, _join: bool) {
        state.iter().for_each(|&message| self.hear(message));
    }
}

pub(super) fn address(index: u32) -> Address {
    Address { ip: (10 << 24) + index, port: 7946 }
}

pub(super) fn secs(seconds: u64) -> Instant {
    Instant::START + Duration::from_secs(seconds)
}

pub(super) const ME: Name = Name(0);
pub(super) const ANN: Name = Name(1);
pub(super) const BOB: Name = Name(2);
pub(super) const EVE: Name = Name(3);

pub(super) fn alive(name: Name, incarnation: u32) -> Rumour {
    Rumour::Alive { name, address: address(name.0), incarnation, meta: Meta::default() }
}

pub(super) fn suspect(name: Name, incarnation: u32, from: Name) -> Rumour {
    Rumour::Suspect { name, incarnation, from }
}

pub(super) fn dead(name: Name, incarnation: u32, from: Name) -> Rumour {
    Rumour::Dead { name, incarnation, from }
}

/// One node, [`ME`], with no world around it.
pub(super) struct Bench {
    pub(super) now: Instant,
    pub(super) list: Memberlist,
    pub(super) chat: Chat,
    pub(super) out: Vec<Output<Chat>>,
}

impl Bench {
    /// Started, and with its first announcement out of the queue.
    pub(super) fn new() -> Self {
        Self::with(Config::dskit())
    }

    pub(super) fn with(config: Config) -> Self {
        let list = Memberlist::new(Arc::new(config), ME, address(0), Prng::stream(1, "bench", 0));
        let mut bench = Self { now: Instant::START, list, chat: Chat::new(), out: Vec::new() };
        bench.list.start(bench.now, &mut bench.out);
        bench.send_all();
        bench.out.clear();
        bench
    }

    /// At this time of its life.
    pub(super) fn at(&mut self, seconds: u64) -> &mut Self {
        self.now = secs(seconds);
        self
    }

    /// Takes one packet with these rumours, after those of the packet before were sent on.
    pub(super) fn hears(&mut self, rumours: &[Rumour]) -> &mut Self {
        self.send_all();
        self.out.clear();
        self.takes(None, rumours)
    }

    pub(super) fn takes(&mut self, head: Option<Head>, rumours: &[Rumour]) -> &mut Self {
        let packet = Packet { head, rumours: rumours.to_vec(), batch: None, bytes: 0 };
        self.list.handle_packet(self.now, address(9), &packet, &mut self.chat, &mut self.out);
        self
    }

    pub(super) fn wakes(&mut self, timer: Timer) -> &mut Self {
        self.list.handle_timer(self.now, timer, &mut self.chat, &mut self.out);
        self
    }

    /// Takes the other half of a full exchange.
    pub(super) fn merges(&mut self, name: Name, incarnation: u32, state: State) -> &mut Self {
        self.send_all();
        self.out.clear();
        let node =
            PushNodeState { name, address: address(name.0), meta: Meta::default(), incarnation, state };
        let remote = PushPull { nodes: Arc::new([node]), user_state: None, join: false };
        self.list.handle_push_pull_reply(self.now, &remote, &mut self.chat, &mut self.out);
        self
    }

    pub(super) fn leaves(&mut self) -> &mut Self {
        self.list.leave(self.now, &mut self.out);
        self
    }

    pub(super) fn state(&self, name: Name) -> Option<(State, u32)> {
        self.list.member(name).map(|node| (node.state, node.incarnation))
    }

    pub(super) fn queued(&self) -> Vec<Rumour> {
        self.list.queued_rumours().map(|(rumour, _)| *rumour).collect()
    }

    pub(super) fn notes(&self) -> Vec<Note> {
        let note = |output: &Output<Chat>| match output {
            Output::Note(note) => Some(*note),
            _ => None,
        };
        self.out.iter().filter_map(note).collect()
    }

    pub(super) fn timers(&self) -> Vec<(Instant, Timer)> {
        let timer = |output: &Output<Chat>| match output {
            Output::Timer { at, timer } => Some((*at, *timer)),
            _ => None,
        };
        self.out.iter().filter_map(timer).collect()
    }

    pub(super) fn packets(&self) -> Vec<(Address, Packet<Sent<u32>>)> {
        let packet = |output: &Output<Chat>| match output {
            Output::Packet { to, packet } => Some((*to, packet.clone())),
            _ => None,
        };
        self.out.iter().filter_map(packet).collect()
    }

    pub(super) fn has_left(&self) -> bool {
        self.out.iter().any(|output| matches!(output, Output::LeaveDone))
    }

    /// Empties the queue by answering questions of nobody.
    pub(super) fn send_all(&mut self) {
        while !self.queued().is_empty() {
            self.takes(Some(Head::Ping { seq_no: 0, target: ME }), &[]);
        }
    }
}
