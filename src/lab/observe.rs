//! What pictures may know of a simulation, taken out of it.
//!
//! "The truth" is what no node can see at once: of every instance the newest entry that anybody has, by a clock that is
//! right; of every node what its process really does.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::kv::{Value, View};
use crate::lifecycle::RingKind;
use crate::memberlist::State;
use crate::ring::{Desc, HeartbeatHealth, InstanceDesc, InstanceState, Ring, RingConfig};
use crate::sim::{Entry, Happening, PacketKind, Pod, Process, Simulation, World};
use crate::snapshot::{
    Belief, Flow, Link, Message, MessageKind, Node, ProcessState, RingBelief, Snapshot, Trouble,
};
use crate::time::WallTime;

use super::series::Sample;

/// Takes snapshots, and keeps what speeds that up.
#[derive(Debug, Default)]
pub struct Observer {
    /// Pods by name, ascending; of several with one name the newest.
    by_name: Vec<(Arc<str>, u32)>,
    /// Which row of the beliefs is due next.
    next_row: usize,
    flows: BTreeMap<(u32, u32), (u32, u32)>,
}

/// What a snapshot should hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Whose view; nobody's for the truth.
    pub observer: Option<u32>,
    /// How far back messages are wanted; none at zero.
    pub messages: Duration,
    /// Whether beliefs are wanted.
    pub beliefs: bool,
}

/// Cells of the beliefs that one snapshot renews; a cluster that has more is gone through in turns.
const CELLS: usize = 60_000;
/// More messages than these are flows.
pub const MOST_MESSAGES: usize = 4_000;
/// More flows than these are not told apart.
const MOST_FLOWS: usize = 5_000;
/// A message that takes longer is drawn as if it had taken this long.
const LONGEST_FLIGHT: Duration = Duration::from_secs(3);

impl Observer {
    /// Fills a snapshot.
    pub fn observe(&mut self, simulation: &Simulation, wanted: Wanted, into: &mut Snapshot) {
        let world = &simulation.world;
        if into.now > world.now || into.nodes.len() != simulation.pods.len() {
            self.next_row = 0;
        }
        self.learn_names(&simulation.pods);
        into.now = world.now;
        into.observer = wanted.observer;
        if into.zones != world.zones {
            into.zones.clone_from(&world.zones);
        }
        self.nodes(simulation, wanted.observer, into);
        if wanted.beliefs {
            self.beliefs(simulation, into);
        }
        self.messages(simulation, wanted.messages, into);
        links(world, into);
    }

    fn learn_names(&mut self, pods: &[Pod]) {
        let known = self.by_name.len() == pods.len()
            && self.by_name.iter().all(|(name, pod)| Arc::ptr_eq(name, &pods[*pod as usize].name));
        if !known {
            self.by_name = pods.iter().map(|pod| (Arc::clone(&pod.name), pod.index)).collect();
            self.by_name.sort_by(|(a, i), (b, j)| a.cmp(b).then(i.cmp(j)));
        }
    }

    /// For each entry of a list that ascends by ID, the pod of that name.
    fn matched<'a, T>(
        &'a self,
        entries: impl Iterator<Item = (&'a Arc<str>, T)>,
        mut take: impl FnMut(u32, T),
    ) {
        let mut place = 0;
        for (id, entry) in entries {
            while self.by_name.get(place).is_some_and(|(name, _)| name < id) {
                place += 1;
            }
            // Of several pods with one name, the newest stands last.
            while self.by_name.get(place + 1).is_some_and(|(name, _)| name == id) {
                place += 1;
            }
            if let Some((name, pod)) = self.by_name.get(place)
                && name == id
            {
                take(*pod, entry);
            }
        }
    }

    fn nodes(&self, simulation: &Simulation, observer: Option<u32>, into: &mut Snapshot) {
        let world = &simulation.world;
        into.nodes.clear();
        into.nodes.extend(simulation.pods.iter().map(|pod| Node {
            name: Arc::clone(&pod.name),
            zone: pod.zone_number,
            group: pod.group,
            process: process_state(pod),
            ready: pod.ready,
            foreign: pod.foreign,
            instance: None,
            member: None,
            blocked: false,
        }));
        for pod in world.network.blocked_ports() {
            into.nodes[pod as usize].blocked = true;
        }
        into.beliefs.resize(simulation.pods.len(), simulation.pods.len());
        self.truth(simulation, into.beliefs.truth_mut());
        let mut row = Vec::new();
        let beliefs = match observer.and_then(|pod| simulation.pods.get(pod as usize)) {
            None => into.beliefs.truth(),
            Some(Pod { process: Some(process), .. }) => {
                row.resize(simulation.pods.len(), Belief::default());
                self.row(process, world, &mut row);
                &row
            }
            Some(_) => return,
        };
        for (node, belief) in into.nodes.iter_mut().zip(beliefs) {
            node.instance = belief.instance();
            node.member = belief.member;
        }
    }

    /// What one process believes of all pods.
    fn row(&self, process: &Process, world: &World, row: &mut [Belief]) {
        row.fill(Belief::default());
        let timeout = world.options.lifecycler.heartbeat_timeout.0;
        let judge = Judge::new(process.wall(world), timeout);
        let mut take = |pod: u32, (state, timestamp)| {
            let belief = &mut row[pod as usize];
            (belief.ring, belief.age) = judge.of(state, timestamp);
        };
        match Copy::of(process) {
            Some(Copy::Watched(desc)) => {
                let entries = desc.ingesters.iter();
                self.matched(entries.map(|(id, entry)| (id, (entry.state, entry.timestamp))), &mut take);
            }
            Some(Copy::Gossiped(value)) => {
                let entries = value.heartbeats();
                self.matched(entries.map(|(id, state, seconds)| (id, (state, seconds))), &mut take);
            }
            None => {}
        }
        let Some(swim) = &process.swim else { return };
        for member in swim.members() {
            let Some((pod, _)) = world.pod_of_name(member.name) else { continue };
            let belief = &mut row[pod as usize].member;
            // A pod had other names before; what lives counts most.
            *belief = belief.map_or(Some(member.state), |known| Some(known.min(member.state)));
        }
    }

    /// What is the case.
    fn truth(&self, simulation: &Simulation, truth: &mut [Belief]) {
        let world = &simulation.world;
        let timeout = world.options.lifecycler.heartbeat_timeout.0;
        let judge = Judge::new(world.clock(0).at(world.now), timeout);
        truth.fill(Belief::default());
        self.matched(newest(simulation).iter(), |pod, entry| {
            let belief = &mut truth[pod as usize];
            (belief.ring, belief.age) = judge.of(entry.state, entry.timestamp);
        });
        for (pod, belief) in simulation.pods.iter().zip(truth) {
            belief.member = match &pod.process {
                Some(process) => process.swim.is_some().then_some(State::Alive),
                None => (pod.epoch > 0).then_some(State::Dead),
            };
        }
    }

    fn beliefs(&mut self, simulation: &Simulation, into: &mut Snapshot) {
        let pods = &simulation.pods;
        let rows = (CELLS / pods.len().max(1)).clamp(1, pods.len().max(1));
        for _ in 0..rows.min(pods.len()) {
            let place = self.next_row % pods.len();
            self.next_row = place + 1;
            match &pods[place].process {
                Some(process) if !pods[place].foreign => {
                    self.row(process, &simulation.world, into.beliefs.row_mut(place as u32));
                }
                _ => into.beliefs.silence(place as u32),
            }
        }
    }

    fn messages(&mut self, simulation: &Simulation, window: Duration, into: &mut Snapshot) {
        into.messages.clear();
        into.flows.clear();
        into.has_every_message = true;
        if window == Duration::ZERO {
            return;
        }
        let now = simulation.world.now;
        let since = now.before(window.max(LONGEST_FLIGHT));
        let shown = |message: &Message| {
            let flight = message.arrives.map_or(window, |at| at.since(message.sent)).max(window);
            now.since(message.sent) <= flight
        };
        let entries = simulation.world.journal.entries().rev().take_while(|entry| entry.at >= since);
        for entry in entries {
            let Some(message) = message(entry).filter(shown) else { continue };
            if into.messages.len() == MOST_MESSAGES {
                into.has_every_message = false;
                break;
            }
            into.messages.push(message);
        }
        if into.has_every_message {
            into.messages.reverse();
        } else {
            self.flows(into);
        }
    }

    /// The messages become flows: there are too many of them.
    fn flows(&mut self, into: &mut Snapshot) {
        self.flows.clear();
        for message in &into.messages {
            let flow = self.flows.entry((message.from, message.to)).or_default();
            flow.0 += 1;
            flow.1 += u32::from(message.arrives.is_none());
        }
        let first = into.messages.last().map_or(into.now, |oldest| oldest.sent);
        let seconds = into.now.since(first).as_secs_f32().max(1e-3);
        into.flows.extend(self.flows.iter().map(|(&(from, to), &(sent, lost))| Flow {
            from,
            to,
            per_second: sent as f32 / seconds,
            lost_per_second: lost as f32 / seconds,
        }));
        into.flows.sort_by(|a, b| b.per_second.total_cmp(&a.per_second));
        into.flows.truncate(MOST_FLOWS);
        into.messages.clear();
    }
}

/// The ingesters' ring as an observer's client shows it; in truth, the newest entries that anybody has. `None` while
/// there is none.
pub fn ring_of(simulation: &Simulation, observer: Option<u32>) -> Option<Desc> {
    let living = |desc: &Desc| View::new(desc).to_desc();
    match observer {
        None => {
            let entries = newest(simulation);
            (!entries.is_empty()).then(|| living(&entries.into_iter().collect()))
        }
        Some(pod) => {
            simulation.pods.get(pod as usize)?.process.as_ref()?.desc(RingKind::Ingester).map(living)
        }
    }
}

/// The clock that an observer judges heartbeats by.
pub fn clock_of(simulation: &Simulation, observer: Option<u32>) -> WallTime {
    let offset = observer.map_or(0, |pod| simulation.pods[pod as usize].clock_offset);
    simulation.world.clock(offset).at(simulation.world.now)
}

/// Of every instance the newest entry that anybody has, by ID: its own, unless its process is gone. IDs that are no
/// pod's any more are those that the first process knows.
fn newest(simulation: &Simulation) -> BTreeMap<Arc<str>, InstanceDesc> {
    let live = || {
        let pods = simulation.pods.iter().filter(|pod| !pod.foreign);
        pods.filter_map(|pod| Some((&pod.name, Copy::of(pod.process.as_deref()?)?)))
    };
    let mut found =
        BTreeMap::from_iter(live().filter_map(|(name, copy)| Some((Arc::clone(name), copy.entry(name)?))));
    let pods = simulation.pods.iter().filter(|pod| !pod.foreign && pod.epoch > 0).map(|pod| &pod.name);
    let others = live().next().into_iter().flat_map(|(_, copy)| copy.ids());
    let orphans = BTreeSet::from_iter(pods.chain(others).filter(|id| !found.contains_key(*id)));
    for id in orphans {
        let entries = live().filter_map(|(_, copy)| copy.entry(id));
        if let Some(entry) = entries.max_by_key(InstanceDesc::precedence) {
            found.insert(Arc::clone(id), entry);
        }
    }
    found
}

/// A process's copy of the ingesters' ring.
enum Copy<'a> {
    /// What a central store told.
    Watched(&'a Desc),
    /// What gossip told.
    Gossiped(&'a Value),
}

impl<'a> Copy<'a> {
    fn of(process: &'a Process) -> Option<Self> {
        let slot = process.slot(RingKind::Ingester)?;
        match &slot.watched {
            Some(desc) => Some(Self::Watched(desc)),
            None => process.kv.store.get(slot.key).map(Self::Gossiped),
        }
    }

    fn entry(&self, id: &str) -> Option<InstanceDesc> {
        match self {
            Self::Watched(desc) => desc.ingesters.get(id).cloned(),
            Self::Gossiped(value) => value.entry(id),
        }
    }

    /// All IDs, ascending.
    fn ids(&self) -> Vec<&'a Arc<str>> {
        match self {
            Self::Watched(desc) => desc.ingesters.keys().collect(),
            Self::Gossiped(value) => value.heartbeats().map(|(id, _, _)| id).collect(),
        }
    }
}

fn process_state(pod: &Pod) -> ProcessState {
    match (pod.is_up(), pod.paused) {
        (true, true) => ProcessState::Paused,
        (true, false) => ProcessState::Up,
        (false, _) if pod.epoch == 0 => ProcessState::Waiting,
        (false, _) => ProcessState::Down,
    }
}

/// The kinds of messages in the order of both of their lists.
const KINDS: [(PacketKind, MessageKind); 6] = [
    (PacketKind::Ping, MessageKind::Ping),
    (PacketKind::Ack, MessageKind::Ack),
    (PacketKind::IndirectPing, MessageKind::IndirectPing),
    (PacketKind::Nack, MessageKind::Nack),
    (PacketKind::Gossip, MessageKind::Gossip),
    (PacketKind::PushPull, MessageKind::PushPull),
];

fn message(entry: &Entry) -> Option<Message> {
    let from = entry.pod?;
    let (id, to, kind, arrives, bytes, news) = match entry.what {
        Happening::Packet { id, to, kind, arrives, bytes, messages } => {
            (id, to, kind, arrives, bytes, messages)
        }
        Happening::PushPull { id, to, arrives, bytes, .. } => {
            (id, to, PacketKind::PushPull, arrives, bytes, 0)
        }
        _ => return None,
    };
    let kind = KINDS.iter().find(|(known, _)| *known == kind).map_or(MessageKind::Gossip, |(_, kind)| *kind);
    Some(Message { id, from, to, kind, sent: entry.at, arrives, bytes, news })
}

/// More links than these are a partition, which is seen all the same.
const MOST_LINKS: usize = 2_000;

fn links(world: &World, into: &mut Snapshot) {
    into.links.clear();
    let network = &world.network;
    let link = |trouble| move |(from, to): (u32, u32)| Link { from, to, trouble };
    into.links.extend(network.cuts().map(link(Trouble::Cut)));
    into.links.extend(network.clogs().map(|(from, to, _)| (from, to)).map(link(Trouble::Slow)));
    into.links.extend(network.losses().map(|(from, to, _)| (from, to)).map(link(Trouble::Lossy)));
    if network.is_partitioned() {
        let count = into.nodes.len() as u32;
        let pairs = (0..count).flat_map(|from| (0..count).map(move |to| (from, to)));
        let apart = pairs.filter(|(from, to)| network.part(*from) != network.part(*to));
        into.links.extend(apart.take(MOST_LINKS).map(link(Trouble::Cut)));
    }
}

/// Judges entries by one clock.
struct Judge {
    now_secs: i64,
    timeout_secs: i64,
    health: HeartbeatHealth,
}

impl Judge {
    fn new(now: WallTime, timeout: Duration) -> Self {
        let timeout_secs = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX).max(1);
        Self { now_secs: now.unix_secs(), timeout_secs, health: HeartbeatHealth::at(now, timeout) }
    }

    fn of(&self, state: InstanceState, timestamp: i64) -> (RingBelief, u8) {
        let age = self.now_secs.saturating_sub(timestamp).max(0);
        let eighths = (age.saturating_mul(8) / self.timeout_secs).min(8) as u8;
        let belief = match state {
            InstanceState::Left => RingBelief::Left,
            _ if !self.health.covers(timestamp) => RingBelief::Unhealthy,
            InstanceState::Pending => RingBelief::Pending,
            InstanceState::Joining => RingBelief::Joining,
            InstanceState::Active => RingBelief::Active,
            InstanceState::Leaving => RingBelief::Leaving,
        };
        (belief, eighths)
    }
}

/// The run at this instant, in numbers; who owns how much does not change with it, and is given.
pub fn sample(simulation: &Simulation, (least_owned, most_owned): (f64, f64)) -> Sample {
    let world = &simulation.world;
    let tally = &world.ledger.tally;
    let (agreeing, observers) = agreement(simulation);
    Sample {
        at_nanos: world.now.nanos(),
        agreeing,
        observers,
        messages: KINDS.map(|(kind, _)| world.traffic.of(kind).messages),
        bytes: KINDS.map(|(kind, _)| world.traffic.of(kind).bytes),
        pushes_ok: tally.pushes_ok,
        pushes_failed: tally.pushes_failed,
        queries_ok: tally.queries_ok,
        queries_failed: tally.queries_failed,
        least_owned,
        most_owned,
    }
}

/// How many processes show the ring as it is, tombstones and heartbeats left aside, and how many have a ring at all.
fn agreement(simulation: &Simulation) -> (u32, u32) {
    let truth = newest(simulation);
    let living = || truth.iter().filter(|(_, entry)| entry.state != InstanceState::Left);
    let live = simulation.pods.iter().filter(|pod| !pod.foreign && !pod.paused);
    let (mut agreeing, mut observers) = (0, 0);
    for process in live.filter_map(|pod| pod.process.as_deref()) {
        if process.slot(RingKind::Ingester).is_none() {
            continue;
        }
        observers += 1;
        let same = match Copy::of(process) {
            None => living().next().is_none(),
            Some(Copy::Watched(desc)) => {
                let entries = desc.ingesters.iter().map(|(id, entry)| (id, entry.state));
                let mine = entries.filter(|(_, state)| *state != InstanceState::Left);
                mine.eq(living().map(|(id, entry)| (id, entry.state)))
            }
            Some(Copy::Gossiped(value)) => {
                let entries = value.heartbeats().map(|(id, state, _)| (id, state));
                let mine = entries.filter(|(_, state)| *state != InstanceState::Left);
                mine.eq(living().map(|(id, entry)| (id, entry.state)))
            }
        };
        agreeing += u32::from(same);
    }
    (agreeing, observers)
}

/// The least and the greatest share of the ring that an instance owns, in percent of what all would own in its zone if
/// they were alike.
pub fn ownership_spread(simulation: &Simulation) -> (f64, f64) {
    let Some(desc) = ring_of(simulation, None) else { return (0.0, 0.0) };
    let ring = Ring::new(&desc, RingConfig::default());
    let topology = ring.topology();
    let owned = topology.owned_keys();
    let share = |(instance, keys): (usize, &u64)| {
        let alike = topology.instances_per_zone()[topology.zone_of(instance as u32)];
        *keys as f64 * f64::from(alike) / (1_u64 << 32) as f64 * 100.0
    };
    let shares = Vec::from_iter(owned.iter().enumerate().map(share));
    match shares.is_empty() {
        true => (0.0, 0.0),
        false => {
            (shares.iter().copied().fold(f64::MAX, f64::min), shares.iter().copied().fold(0.0, f64::max))
        }
    }
}
