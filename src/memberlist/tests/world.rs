use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::bench::{Chat, address, secs};
use crate::memberlist::*;
use crate::prng::Prng;
use crate::time::Instant;

/// A few nodes, each reachable within a millisecond unless the link is cut.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) lists: Vec<Memberlist>,
    pub(super) chats: Vec<Chat>,
    pub(super) log: Vec<(Instant, usize, Event)>,
    cut: BTreeSet<(usize, usize)>,
    due: BTreeMap<(Instant, usize), (usize, Due)>,
    dues: usize,
}

/// What was seen of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Event {
    Sent { to: usize, head: Option<Head>, rumours: usize, bytes: u32 },
    Exchange { with: usize },
    Left,
    Note(Note),
}

enum Due {
    Timer(Timer),
    Packet(Address, Packet<Sent<u32>>),
}

const LATENCY: Duration = Duration::from_millis(1);

impl World {
    /// Nodes that start together and know each other; each with its own configuration.
    pub(super) fn of(seed: u64, configs: Vec<Config>) -> Self {
        let mut world = Self {
            now: Instant::START,
            lists: Vec::new(),
            chats: Vec::new(),
            log: Vec::new(),
            cut: BTreeSet::new(),
            due: BTreeMap::new(),
            dues: 0,
        };
        for (index, config) in configs.into_iter().enumerate() {
            let prng = Prng::stream(seed, "node", index as u64);
            let name = Name(index as u32);
            world.lists.push(Memberlist::new(Arc::new(config), name, address(index as u32), prng));
            world.chats.push(Chat::new());
            world.with(index, |list, _, out| list.start(Instant::START, out));
        }
        for pass in 0..2 {
            for index in pass..world.lists.len() {
                world.exchange(index, 0);
            }
        }
        world
    }

    pub(super) fn simple(seed: u64, nodes: usize) -> Self {
        Self::of(seed, vec![Config::dskit(); nodes])
    }

    /// Cuts both directions.
    pub(super) fn cut(&mut self, a: usize, b: usize) {
        self.cut.extend([(a, b), (b, a)]);
    }

    pub(super) fn isolate(&mut self, node: usize) {
        (0..self.lists.len()).for_each(|other| self.cut(node, other));
    }

    pub(super) fn heal(&mut self) {
        self.cut.clear();
    }

    pub(super) fn run_to(&mut self, seconds: u64) -> &mut Self {
        while let Some(next) = self.due.first_entry().filter(|next| next.key().0 <= secs(seconds)) {
            self.now = next.key().0;
            let (node, due) = next.remove();
            let now = self.now;
            match due {
                Due::Timer(timer) => {
                    self.with(node, |list, chat, out| list.handle_timer(now, timer, chat, out));
                }
                Due::Packet(from, packet) => {
                    self.with(node, |list, chat, out| list.handle_packet(now, from, &packet, chat, out));
                }
            }
        }
        self.now = secs(seconds);
        self
    }

    pub(super) fn leave(&mut self, node: usize) {
        let now = self.now;
        self.with(node, |list, _, out| list.leave(now, out));
    }

    /// What `of` is at `by`.
    pub(super) fn state(&self, by: usize, of: usize) -> Option<State> {
        self.lists[by].member(Name(of as u32)).map(|node| node.state)
    }

    /// Milliseconds at which `node` did what `pick` picks.
    pub(super) fn times(&self, node: usize, pick: impl Fn(&Event) -> bool) -> Vec<u64> {
        let picked = self.log.iter().filter(|(_, by, event)| *by == node && pick(event));
        picked.map(|(at, ..)| at.nanos() / 1_000_000).collect()
    }

    fn exchange(&mut self, from: usize, to: usize) {
        if self.cut.contains(&(from, to)) || from == to {
            return;
        }
        let now = self.now;
        let request = self.lists[from].local_push_pull(&mut self.chats[from], false);
        let mut reply = None;
        self.with(to, |list, chat, out| reply = Some(list.handle_push_pull(now, &request, chat, out)));
        let reply = reply.unwrap();
        self.with(from, |list, chat, out| list.handle_push_pull_reply(now, &reply, chat, out));
    }

    fn with(&mut self, node: usize, act: impl FnOnce(&mut Memberlist, &mut Chat, &mut Vec<Output<Chat>>)) {
        let mut out = Vec::new();
        self.chats[node].num_members = self.lists[node].num_members();
        act(&mut self.lists[node], &mut self.chats[node], &mut out);
        for output in out {
            let event = match output {
                Output::Timer { at, timer } => {
                    self.schedule(at, node, Due::Timer(timer));
                    continue;
                }
                Output::Packet { to, packet } => {
                    let to = (to.ip & 0xff) as usize;
                    let Packet { head, ref rumours, bytes, .. } = packet;
                    let rumours = rumours.len();
                    if !self.cut.contains(&(node, to)) {
                        let from = address(node as u32);
                        self.schedule(self.now + LATENCY, to, Due::Packet(from, packet));
                    }
                    Event::Sent { to, head, rumours, bytes }
                }
                Output::PushPull { name, .. } => {
                    let with = name.0 as usize;
                    self.exchange(node, with);
                    Event::Exchange { with }
                }
                Output::LeaveDone => Event::Left,
                Output::Note(note) => Event::Note(note),
            };
            self.log.push((self.now, node, event));
        }
    }

    fn schedule(&mut self, at: Instant, node: usize, due: Due) {
        self.due.insert((at, self.dues), (node, due));
        self.dues += 1;
    }
}
