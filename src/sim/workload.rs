//! Who pushes and queries, what becomes of it, and what is lost.
//!
//! Models loki pkg/distributor/distributor.go:968-1079,1497-1563 and pkg/querier/ingester_querier.go:196-218:
//! each process decides by its own view of the ring. Differs: an ingester takes every push that reaches it
//! while it runs; a line is a count; gRPC connections stand already.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lifecycle::RingKind;
use crate::loki::{KeyedStream, Labels, PushTracker, ShardTracker, shard_stream, with_service_name};
use crate::ring::{Answer, Decision, ErrorFamily, HeartbeatHealth, LookupBuffer, Operation};
use crate::time::Instant;

use super::event::{PushIn, What};
use super::journal::Happening;
use super::modules::ServiceState;
use super::process::Process;
use super::{Options, World};

/// The books of the whole world: what was accepted, where it is, what is lost.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    records: Vec<Record>,
    /// Pushes and queries so far.
    pub tally: Tally,
    /// How often each error was given.
    pub errors: BTreeMap<String, u64>,
}

/// One stream of one push.
#[derive(Debug, Clone, Copy)]
struct Record {
    lines: u32,
    /// In how many ingesters' memories or logs it is.
    copies: u16,
    /// Whether it is in the object store.
    flushed: bool,
    /// Whether the client was told that it is safe.
    accepted: bool,
    lost: bool,
}

/// Counts for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Tally {
    /// Pushes that succeeded.
    pub pushes_ok: u64,
    /// Pushes that failed.
    pub pushes_failed: u64,
    /// Queries that succeeded.
    pub queries_ok: u64,
    /// Queries that failed.
    pub queries_failed: u64,
    /// Lines that clients were told are safe.
    pub lines_accepted: u64,
    /// Of those, lines that are nowhere any more.
    pub lines_lost: u64,
}

/// A process's requests to ingesters, and what it holds as one.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    pushes: Vec<Push>,
    queries: Vec<Query>,
    next: u32,
    /// What this ingester holds in memory, oldest first.
    memory: Vec<(Instant, u32)>,
    shards: ShardTracker,
    buffer: LookupBuffer,
}

#[derive(Debug, Clone)]
struct Push {
    id: u32,
    tracker: PushTracker,
    records: Vec<u32>,
    instances: Vec<Target>,
    written: Vec<Arc<str>>,
}

#[derive(Debug, Clone)]
struct Target {
    id: Arc<str>,
    streams: Vec<usize>,
    answered: bool,
}

#[derive(Debug, Clone)]
struct Query {
    id: u32,
    /// The ingesters asked, each with its group: its zone where zones count, else itself.
    asked: Vec<(usize, Option<bool>)>,
    groups: usize,
    /// Groups that may fail.
    max_errors: usize,
}

/// One stream to push.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    /// Its labels.
    pub(super) labels: Labels,
    /// How many lines.
    pub(super) lines: u32,
}

const SHUTTING_DOWN: &str = "rpc error: code = Unavailable desc = Ingester is shutting down";

impl Ledger {
    fn add(&mut self, lines: u32) -> u32 {
        self.records.push(Record { lines, copies: 0, flushed: false, accepted: false, lost: false });
        self.records.len() as u32 - 1
    }

    fn accept(&mut self, records: &[u32]) {
        for record in records {
            let entry = &mut self.records[*record as usize];
            entry.accepted = true;
            self.tally.lines_accepted += u64::from(entry.lines);
            self.check(*record);
        }
    }

    fn copy(&mut self, record: u32) {
        self.records[record as usize].copies += 1;
    }

    fn forget(&mut self, record: u32) {
        let entry = &mut self.records[record as usize];
        entry.copies = entry.copies.saturating_sub(1);
        self.check(record);
    }

    /// A disk is gone with what stood in its log.
    pub(super) fn abandon(&mut self, log: &[(Instant, u32)]) {
        log.iter().for_each(|(_, record)| self.forget(*record));
    }

    fn flush(&mut self, record: u32) {
        self.records[record as usize].flushed = true;
    }

    /// Counts a record as lost when it was promised and is nowhere.
    fn check(&mut self, record: u32) {
        let entry = &mut self.records[record as usize];
        if entry.accepted && entry.copies == 0 && !entry.flushed && !entry.lost {
            entry.lost = true;
            self.tally.lines_lost += u64::from(entry.lines);
        }
    }

    /// Whether every line that was promised is somewhere or counted as lost; if not, what is wrong. `held` has
    /// the records in all memories and logs, each as often as there are copies.
    pub(super) fn check_books(&self, held: impl Iterator<Item = u32>) -> Result<(), String> {
        let mut copies = vec![0; self.records.len()];
        held.for_each(|record| copies[record as usize] += 1);
        let counted = self.records.iter().map(|entry| entry.copies);
        // What is in the object store leaves memories uncounted.
        let differs = |(place, (counted, found)): &(usize, (u16, u16))| {
            !self.records[*place].flushed && counted != found
        };
        if let Some((place, (counted, found))) = counted.zip(copies).enumerate().find(differs) {
            return Err(format!("record {place} has {counted} copies by the books, and {found} are found"));
        }
        let adrift = |entry: &Record| entry.accepted && entry.copies == 0 && !entry.flushed && !entry.lost;
        if let Some(place) = self.records.iter().position(adrift) {
            return Err(format!("record {place} was accepted and is nowhere"));
        }
        let lost =
            self.records.iter().filter(|entry| entry.lost).map(|entry| u64::from(entry.lines)).sum::<u64>();
        match lost == self.tally.lines_lost && lost <= self.tally.lines_accepted {
            true => Ok(()),
            false => Err(format!("{lost} lines are lost, {:?}", self.tally)),
        }
    }

    /// Counts a query that was decided.
    fn queried(&mut self, error: Option<&str>) {
        match error {
            None => self.tally.queries_ok += 1,
            Some(error) => {
                self.tally.queries_failed += 1;
                *self.errors.entry(error.into()).or_default() += 1;
            }
        }
    }

    fn pushed(&mut self, error: Option<&str>) {
        match error {
            None => self.tally.pushes_ok += 1,
            Some(error) => {
                self.tally.pushes_failed += 1;
                *self.errors.entry(error.into()).or_default() += 1;
            }
        }
    }
}

impl Requests {
    /// How many records this ingester holds in memory.
    pub fn in_memory(&self) -> usize {
        self.memory.len()
    }

    /// The records that this ingester holds in memory.
    pub(super) fn held(&self) -> impl Iterator<Item = u32> {
        self.memory.iter().map(|(_, record)| *record)
    }

    /// Writes everything in memory to the object store.
    pub(super) fn flush(&mut self, world: &mut World) {
        for (_, record) in self.memory.drain(..) {
            world.ledger.flush(record);
        }
    }

    /// Takes back what the write-ahead log held.
    pub(super) fn replay(&mut self, wal: Vec<(Instant, u32)>) {
        self.memory.extend(wal);
    }

    /// The process is gone: what was only in its memory goes to its log, if it kept one, or away.
    pub(super) fn crash(&mut self, keeps_log: bool, world: &mut World) -> Vec<(Instant, u32)> {
        let now = world.now;
        let flush_after = world.options.ingester.flush_after.0;
        let mut kept = Vec::new();
        for (at, record) in self.memory.drain(..) {
            if now.since(at) >= flush_after {
                world.ledger.flush(record);
            } else if keeps_log {
                kept.push((at, record));
            } else {
                world.ledger.forget(record);
            }
        }
        kept
    }
}

impl Process {
    fn runs(&self, module: &str) -> bool {
        self.modules
            .iter()
            .any(|running| running.module.name == module && running.state == ServiceState::Running)
    }

    /// Whether it takes pushes.
    pub fn distributes(&self) -> bool {
        !self.stop_received && self.runs("distributor")
    }

    /// Whether it answers queries.
    pub fn queries(&self) -> bool {
        !self.stop_received && self.runs("querier")
    }

    /// Takes a push of a client's.
    pub(super) fn push(&mut self, streams: &[Stream], world: &mut World) {
        let options = Arc::clone(&world.options);
        let mut keyed: Vec<KeyedStream> = Vec::new();
        for stream in streams {
            let labels = with_service_name(&stream.labels);
            let shards = u64::from(options.workload.shards);
            let lines = stream.lines as usize;
            keyed.extend(shard_stream(
                &options.workload.tenant,
                &labels,
                shards,
                lines,
                &mut self.requests.shards,
            ));
        }
        let is_distributor = |running: &&super::Running| running.module.name == "distributor";
        if self.modules.iter().find(is_distributor).is_some_and(|it| it.state > ServiceState::Running) {
            // The workers that send are gone already: the push hangs, and nobody answers.
            return self.send_push(&keyed, Vec::new(), Vec::new(), world);
        }
        let health = self.health(world);
        let mut buffer = std::mem::take(&mut self.requests.buffer);
        let planned = self.plan_push(&keyed, health, &mut buffer, world);
        self.requests.buffer = buffer;
        match planned {
            Err(error) => self.push_decided(Some(error), Vec::new(), world),
            Ok((sets, targets)) => self.send_push(&keyed, sets, targets, world),
        }
    }

    /// Whom each stream goes to, by this process's own view; and who gets what.
    #[expect(clippy::type_complexity, reason = "two lists that live for one call")]
    fn plan_push(
        &mut self,
        keyed: &[KeyedStream],
        health: HeartbeatHealth,
        buffer: &mut LookupBuffer,
        world: &World,
    ) -> Result<(Vec<(usize, usize)>, Vec<(Target, Arc<str>)>), String> {
        let Some(ring) = self.ring(RingKind::Ingester, world) else { return Err("empty ring".into()) };
        let mut sets = Vec::new();
        let mut targets: Vec<(Target, Arc<str>)> = Vec::new();
        for (stream, key) in keyed.iter().enumerate() {
            let set = ring
                .get(key.hash_key, Operation::WRITE_NO_EXTEND, health, buffer)
                .map_err(|error| error.to_string())?;
            sets.push((set.instances.len(), set.max_errors));
            for instance in set.instances {
                let addr = &ring.instance(*instance).addr;
                match targets.iter_mut().find(|(_, known)| known == addr) {
                    Some((target, _)) => target.streams.push(stream),
                    None => {
                        let target = Target {
                            id: Arc::clone(ring.id(*instance)),
                            streams: vec![stream],
                            answered: false,
                        };
                        targets.push((target, Arc::clone(addr)));
                    }
                }
            }
        }
        Ok((sets, targets))
    }

    fn send_push(
        &mut self,
        keyed: &[KeyedStream],
        sets: Vec<(usize, usize)>,
        targets: Vec<(Target, Arc<str>)>,
        world: &mut World,
    ) {
        let id = self.requests.next;
        self.requests.next += 1;
        let records: Vec<u32> = keyed.iter().map(|stream| world.ledger.add(stream.entries as u32)).collect();
        let timeout = world.options.workload.push_timeout.0;
        for (index, (target, addr)) in targets.iter().enumerate() {
            let instance = index as u32;
            let sent: Arc<[u32]> = target.streams.iter().map(|stream| records[*stream]).collect();
            let push = PushIn { push: id, from: self.pod, from_epoch: self.epoch, instance, records: sent };
            let failed = |error: String| What::PushBack { push: id, instance, error: Some(error.into()) };
            world.call(self, addr, timeout, What::PushIn(Box::new(push)), failed);
        }
        let instances = targets.into_iter().map(|(target, _)| target).collect();
        self.requests.pushes.push(Push {
            id,
            tracker: PushTracker::new(sets),
            records,
            instances,
            written: Vec::new(),
        });
    }

    /// A push is at this ingester.
    pub(super) fn push_in(&mut self, push: &PushIn, world: &mut World) {
        let error = if self.stop_received || !self.runs("ingester") {
            Some(Arc::from(SHUTTING_DOWN))
        } else {
            for record in push.records.iter() {
                world.ledger.copy(*record);
                self.requests.memory.push((world.now, *record));
            }
            None
        };
        if let Some(way) = world.network.pass(self.pod, push.from) {
            let what = What::PushBack { push: push.push, instance: push.instance, error };
            world.plan(world.now + way, push.from, push.from_epoch, what);
        }
    }

    /// An ingester's answer to a push is there.
    pub(super) fn push_back(&mut self, id: u32, instance: u32, error: Option<Arc<str>>, world: &mut World) {
        let Some(place) = self.requests.pushes.iter().position(|push| push.id == id) else { return };
        let push = &mut self.requests.pushes[place];
        let target = &mut push.instances[instance as usize];
        if std::mem::replace(&mut target.answered, true) {
            return;
        }
        let answer = if error.is_some() { Answer::Error(ErrorFamily::Server) } else { Answer::Ok };
        if error.is_none() {
            push.written.push(Arc::clone(&target.id));
        }
        let streams = target.streams.clone();
        match push.tracker.record(instance as usize, &streams, answer) {
            None => {}
            Some(Decision::Success) => {
                let push = self.requests.pushes.swap_remove(place);
                world.ledger.accept(&push.records);
                self.push_decided(None, push.written, world);
            }
            Some(Decision::Failure { .. }) => {
                let push = self.requests.pushes.swap_remove(place);
                self.push_decided(error.as_deref().map(String::from), push.written, world);
            }
        }
    }

    fn push_decided(&mut self, error: Option<String>, written: Vec<Arc<str>>, world: &mut World) {
        world.mix(u64::from(error.is_some()) << 48 | u64::from(self.pod));
        world.ledger.pushed(error.as_deref());
        world.note(Some(self.pod), Happening::Push { error, written });
    }

    /// Asks the ingesters, as a query does.
    pub(super) fn query(&mut self, world: &mut World) {
        let health = self.health(world);
        let mut buffer = std::mem::take(&mut self.requests.buffer);
        let planned = match self.ring(RingKind::Ingester, world) {
            None => Err("empty ring".to_owned()),
            Some(ring) => ring
                .replication_set_for_operation(Operation::READ, health, &mut buffer)
                .map(|set| {
                    let zones = set.zone_awareness_enabled;
                    let group = |(place, instance): (usize, &u32)| {
                        let group = if zones { ring.topology().zone_of(*instance) } else { place };
                        (group, Arc::clone(&ring.instance(*instance).addr))
                    };
                    let asked = Vec::from_iter(set.instances.iter().enumerate().map(group));
                    (asked, if zones { set.max_unavailable_zones } else { set.max_errors })
                })
                .map_err(|error| error.to_string()),
        };
        self.requests.buffer = buffer;
        let (targets, max_errors) = match planned {
            Ok(planned) => planned,
            Err(error) => return self.query_decided(Some(error), 0, world),
        };
        let id = self.requests.next;
        self.requests.next += 1;
        let timeout = world.options.workload.push_timeout.0;
        for (place, (_, addr)) in targets.iter().enumerate() {
            let instance = place as u32;
            let request = What::QueryIn { query: id, instance, from: self.pod, from_epoch: self.epoch };
            world.call(self, addr, timeout, request, |_| What::QueryBack { query: id, instance, ok: false });
        }
        let asked = Vec::from_iter(targets.iter().map(|(group, _)| (*group, None)));
        let groups = asked.iter().map(|(group, _)| *group).collect::<BTreeSet<_>>().len();
        self.requests.queries.push(Query { id, asked, groups, max_errors });
    }

    /// A query is at this ingester.
    pub(super) fn query_in(
        &mut self,
        query: u32,
        instance: u32,
        from: u32,
        from_epoch: u32,
        world: &mut World,
    ) {
        let ok = self.runs("ingester");
        if let Some(way) = world.network.pass(self.pod, from) {
            world.plan(world.now + way, from, from_epoch, What::QueryBack { query, instance, ok });
        }
    }

    /// An ingester's answer to a query is there.
    pub(super) fn query_back(&mut self, id: u32, instance: u32, ok: bool, world: &mut World) {
        let Some(place) = self.requests.queries.iter().position(|query| query.id == id) else { return };
        let query = &mut self.requests.queries[place];
        query.asked[instance as usize].1.get_or_insert(ok);
        let Some(ok) = query.decision() else { return };
        let asked = query.asked.len();
        self.requests.queries.swap_remove(place);
        let error =
            (!ok).then(|| "rpc error: code = Unavailable desc = too many failed ingesters".to_owned());
        self.query_decided(error, asked, world);
    }

    fn query_decided(&mut self, error: Option<String>, asked: usize, world: &mut World) {
        world.mix(u64::from(error.is_some()) << 49 | u64::from(self.pod));
        world.ledger.queried(error.as_deref());
        world.note(Some(self.pod), Happening::Query { error, asked });
    }
}

impl Query {
    /// Whether enough groups answered in full, or too many failed; `None` while it is open
    /// (dskit ring/replication_set_tracker.go).
    fn decision(&self) -> Option<bool> {
        let groups = |matches: fn(&Option<bool>) -> bool| {
            self.asked
                .iter()
                .filter(|(_, answer)| matches(answer))
                .map(|(group, _)| *group)
                .collect::<BTreeSet<_>>()
                .len()
        };
        if groups(|answer| *answer == Some(false)) > self.max_errors {
            return Some(false);
        }
        let whole = self.groups - groups(|answer| *answer != Some(true));
        (whole >= self.groups.saturating_sub(self.max_errors)).then_some(true)
    }
}

/// The streams that the workload's clients push, and how often each.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// Sums of the streams' shares.
    sums: Arc<[u64]>,
    labels: Arc<[Labels]>,
}

impl Clients {
    /// The clients that `options` describe.
    pub(super) fn new(options: &Options) -> Self {
        const WHOLE: u64 = 1 << 36;

        let workload = &options.workload;
        let mut sum = 0;
        let sums = (1..=u64::from(workload.streams))
            .map(|rank| {
                sum += (WHOLE / rank.pow(workload.skew)).max(1);
                sum
            })
            .collect();
        let labels = (0..workload.streams)
            .map(|stream| Labels::from_pairs([("app", format!("app-{stream}"))]))
            .collect();
        Self { sums, labels }
    }

    /// A push's streams, drawn by their shares.
    pub(super) fn draw(&self, options: &Options, prng: &mut crate::prng::Prng) -> Vec<Stream> {
        let total = self.sums.last().copied().unwrap_or(1);
        (0..options.workload.streams_per_push)
            .map(|_| {
                let point = prng.below(total);
                let place = self.sums.partition_point(|sum| *sum <= point);
                Stream { labels: self.labels[place].clone(), lines: options.workload.lines_per_stream }
            })
            .collect()
    }
}
