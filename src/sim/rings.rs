//! A process's rings: its clients' copies, its lifecyclers, and their compare-and-swaps.
//!
//! Models dskit ring/ring.go (starting and watching) and the compare-and-swap of
//! kv/memberlist/memberlist_client.go:1305-1398, kv/consul and kv/etcd. Differs: a client's copy is made when
//! somebody reads it; nobody can tell, since it always shows the newest value.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::kv::{Answer, Attempt, Edit, Key, Store, Transition, View};
use crate::lifecycle::{Cas, Context, Effect, Lifecycler, RingKind};
use crate::log::{Level, LogLine};
use crate::prng::Prng;
use crate::ring::{Desc, InstanceState, Ring, RingConfig};
use crate::time::Instant;

use super::event::What;
use super::journal::Happening;
use super::modules::ServiceState;
use super::pod::Pod;
use super::process::Process;
use super::{StoreKind, World};

/// One ring in one process.
#[derive(Debug, Clone)]
pub struct RingSlot {
    /// Which ring.
    pub kind: RingKind,
    /// Its key.
    pub key: Key,
    /// The instance that this process is in the ring.
    pub lifecycler: Option<Lifecycler>,
    /// What a central store has told; gossip's store is read directly.
    pub watched: Option<Arc<Desc>>,
    /// When a central store told it last.
    pub(super) watched_at: Instant,
    /// The client's prepared copy, and the version that it was made of.
    copy: Option<(u64, Ring)>,
}

/// A compare-and-swap under way.
#[derive(Debug, Clone)]
pub(super) struct CasRun {
    id: u32,
    ring: usize,
    purpose: Purpose,
    attempt: u32,
    /// What is about to be written to a central store, and on top of what.
    edit: Edit,
    seen: u64,
    error: Option<String>,
}

/// Whose compare-and-swap it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Lifecycler(Cas),
    Forget(Arc<str>),
}

const MOST_ATTEMPTS: u32 = 10;
const NO_CHANGE_SLEEP: Duration = Duration::from_secs(1);
const NO_CHANGE: &str = "no change detected";

impl RingSlot {
    /// A ring nobody has looked at yet.
    pub fn new(kind: RingKind, key: Key, lifecycler: Option<Lifecycler>) -> Self {
        Self { kind, key, lifecycler, watched: None, watched_at: Instant::START, copy: None }
    }
}

impl Process {
    /// The ring as the process's client shows it, ready for look-ups; `None` while its key is absent.
    pub fn ring(&mut self, kind: RingKind, world: &World) -> Option<&Ring> {
        let options = &world.options;
        let slot = self.rings.iter_mut().find(|slot| slot.kind == kind)?;
        self.kv.store.catch_up(slot.key);
        let (version, desc) = newest(&slot.watched, &self.kv.store, slot.key)?;
        if slot.copy.as_ref().is_none_or(|(made_of, _)| *made_of != version || slot.watched.is_some()) {
            let visible = View::new(desc).to_desc();
            match &mut slot.copy {
                Some((made_of, ring)) => {
                    ring.update(&visible);
                    *made_of = version;
                }
                None => slot.copy = Some((version, Ring::new(&visible, ring_config(kind, options)))),
            }
        }
        slot.copy.as_ref().map(|(_, ring)| ring)
    }

    /// A ring with its tombstones, as the process's store has it.
    pub fn desc(&self, kind: RingKind) -> Option<&Desc> {
        let slot = self.slot(kind)?;
        newest(&slot.watched, &self.kv.store, slot.key).map(|(_, desc)| desc)
    }

    /// A ring without its tombstones, as the process's store has it.
    pub fn view(&self, kind: RingKind) -> Option<View<'_>> {
        self.desc(kind).map(View::new)
    }

    /// A client of a ring starts: it reads the key, and watches it from then on.
    pub(super) fn start_client(&mut self, kind: RingKind, world: &mut World) {
        let central = world.options.store != StoreKind::Memberlist;
        let owner = self.store_owner(world);
        if let Some(slot) = self.rings.iter_mut().find(|slot| slot.kind == kind)
            && central
            && !world.central.is_down()
        {
            slot.watched = world.central.get(owner, slot.key).1;
            slot.watched_at = world.now;
        }
        if self.desc(kind).is_none() {
            let line = LogLine::new(Level::Info, "ring.go:390", "ring doesn't exist in KV store yet");
            let line = if kind == RingKind::PatternIngester {
                line.within("component", "pattern-ring-client")
            } else {
                line
            };
            self.say(world, line);
        }
    }

    /// Lets a ring's lifecycler do something, and does what it asks for.
    pub(super) fn with_lifecycler(
        &mut self,
        kind: RingKind,
        pod: &mut Pod,
        world: &mut World,
        act: impl FnOnce(&mut Lifecycler, &mut Context<'_>, &mut Vec<Effect>),
    ) {
        let Some(place) = self.rings.iter().position(|slot| slot.kind == kind) else { return };
        if self.rings[place].lifecycler.is_none() {
            return;
        }
        let mut fx = Vec::new();
        self.in_context(place, world, |lifecycler, _, ctx| act(lifecycler, ctx, &mut fx));
        self.effects(place, fx, pod, world);
    }

    fn in_context<R>(
        &mut self,
        place: usize,
        world: &World,
        act: impl FnOnce(&mut Lifecycler, Option<View<'_>>, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let wall = self.wall(world);
        let empty = Desc::default();
        let slot = &mut self.rings[place];
        self.kv.store.catch_up(slot.key);
        let desc = newest(&slot.watched, &self.kv.store, slot.key).map(|(_, desc)| desc);
        let mut ctx = Context {
            now: world.now,
            wall,
            prng: &mut self.prng,
            watched: View::new(desc.unwrap_or(&empty)),
            known: desc.is_some(),
        };
        slot.lifecycler.as_mut().map(|lifecycler| act(lifecycler, desc.map(View::new), &mut ctx))
    }

    /// Does what a lifecycler asks for, and what comes of that, one after the other.
    fn effects(&mut self, place: usize, fx: Vec<Effect>, pod: &mut Pod, world: &mut World) {
        let kind = self.rings[place].kind;
        let mut work = VecDeque::from(fx);
        while let Some(effect) = work.pop_front() {
            match effect {
                Effect::Log(line) => self.say(world, line),
                Effect::Timer { at, timer } => {
                    world.plan(at, self.pod, self.epoch, What::Lifecycler { ring: place as u8, timer });
                }
                Effect::Cas(cas) => {
                    let more = self.start_cas(place, Purpose::Lifecycler(cas), world);
                    // What comes of it comes before what was asked for after it.
                    more.into_iter().rev().for_each(|effect| work.push_front(effect));
                }
                Effect::CancelCas(cas) => {
                    let Some(index) = self
                        .runs
                        .iter()
                        .position(|run| run.ring == place && run.purpose == Purpose::Lifecycler(cas))
                    else {
                        continue;
                    };
                    let run = self.runs.remove(index);
                    let error = format!(
                        "failed to CAS-update key {}: context canceled",
                        world.key_name(self.rings[place].key)
                    );
                    let more = self.finish_cas(run, Err(error), world);
                    more.into_iter().rev().for_each(|effect| work.push_front(effect));
                }
                Effect::Running => self.lifecycler_runs(kind, pod, world),
                Effect::Stopped => self.lifecycler_ends(kind, None, pod, world),
                Effect::Failed(error) => self.lifecycler_ends(kind, Some(error), pod, world),
                Effect::SaveTokens(tokens) => pod.save_tokens(kind, tokens),
                Effect::Flush => {
                    let takes = world.options.ingester.flush_duration.0;
                    self.requests.flush(world);
                    world.plan(world.now + takes, self.pod, self.epoch, What::Flushed { ring: place as u8 });
                }
            }
        }
    }

    /// The forget button of a ring page.
    pub(super) fn forget(&mut self, kind: RingKind, id: &str, pod: &mut Pod, world: &mut World) -> bool {
        let Some(place) = self.rings.iter().position(|slot| slot.kind == kind) else { return false };
        let fx = self.start_cas(place, Purpose::Forget(id.into()), world);
        self.effects(place, fx, pod, world);
        true
    }

    fn start_cas(&mut self, ring: usize, purpose: Purpose, world: &mut World) -> Vec<Effect> {
        let id = self.next_run;
        self.next_run += 1;
        let run = CasRun { id, ring, purpose, attempt: 0, edit: Edit::default(), seen: 0, error: None };
        if world.options.store == StoreKind::Memberlist {
            self.try_cas(run, world)
        } else {
            self.read_central(run, world);
            Vec::new()
        }
    }

    /// The pause between two tries is over.
    pub(super) fn retry_cas(&mut self, id: u32, pod: &mut Pod, world: &mut World) {
        let Some(index) = self.runs.iter().position(|run| run.id == id) else { return };
        let run = self.runs.remove(index);
        let ring = run.ring;
        if world.options.store == StoreKind::Memberlist {
            let fx = self.try_cas(run, world);
            self.effects(ring, fx, pod, world);
        } else {
            self.read_central(run, world);
        }
    }

    /// Asks whoever wants the change what to write, given what is there.
    fn ask(&mut self, run: &CasRun, desc: Option<&Desc>, world: &World, fx: &mut Vec<Effect>) -> Answer {
        match &run.purpose {
            Purpose::Forget(id) => match desc {
                Some(_) => Answer::Edit(Edit::remove(id)),
                None => Answer::Fail("found empty ring when trying to unregister".into()),
            },
            Purpose::Lifecycler(cas) => {
                let own = desc.is_none();
                let cas = *cas;
                let answer = if own {
                    self.in_context(run.ring, world, |lifecycler, view, ctx| {
                        lifecycler.attempt(cas, view, ctx, fx)
                    })
                } else {
                    self.in_context(run.ring, world, |lifecycler, _, ctx| {
                        lifecycler.attempt(cas, desc.map(View::new), ctx, fx)
                    })
                };
                answer.unwrap_or(Answer::Unchanged)
            }
        }
    }

    /// One try in gossip's store, which is at hand.
    fn try_cas(&mut self, mut run: CasRun, world: &mut World) -> Vec<Effect> {
        let mut fx = Vec::new();
        if !matches!(self.kv_state, ServiceState::Running | ServiceState::Stopping) {
            let error = format!("unexpected state: {}", self.kv_state.name());
            fx.extend(self.finish_cas(run, Err(error), world));
            return fx;
        }
        self.kv.counters.cas_attempts += 1;
        let key = self.rings[run.ring].key;
        let answer = match &run.purpose {
            Purpose::Forget(_) => {
                let known = self.kv.store.get(key).is_some().then(Desc::default);
                self.ask(&run, known.as_ref(), world, &mut fx)
            }
            Purpose::Lifecycler(_) => self.ask(&run, None, world, &mut fx),
        };
        let result = match answer {
            Answer::Unchanged => Ok(()),
            Answer::Fail(error) => {
                self.kv.counters.cas_failures += 1;
                Err(format!(
                    "failed to CAS-update key {}: fn returned error: {error}",
                    world.key_name(self.rings[run.ring].key)
                ))
            }
            Answer::Edit(edit) => match self.write(key, edit, world) {
                Attempt::Written => {
                    self.kv.counters.cas_successes += 1;
                    world.mix(u64::from(self.pod) << 8 | u64::from(key.0));
                    self.note_transitions(world);
                    Ok(())
                }
                Attempt::NoChange => {
                    run.attempt += 1;
                    if run.attempt < MOST_ATTEMPTS {
                        world.plan(
                            world.now + NO_CHANGE_SLEEP,
                            self.pod,
                            self.epoch,
                            What::Cas { run: run.id },
                        );
                        self.runs.push(run);
                        return fx;
                    }
                    self.kv.counters.cas_failures += 1;
                    Err(format!(
                        "failed to CAS-update key {}: {NO_CHANGE}",
                        world.key_name(self.rings[run.ring].key)
                    ))
                }
            },
        };
        fx.extend(self.finish_cas(run, result, world));
        fx
    }

    fn write(&mut self, key: Key, edit: Edit, world: &mut World) -> Attempt {
        if let Some((id, entry)) = &edit.put {
            let held = self.kv.store.get(key).and_then(|value| value.desc().ingesters.get(id));
            if held.is_none_or(|held| held.tokens != entry.tokens) {
                world.claim(key, id, &entry.tokens);
            }
        }
        self.kv.store.set_contested(&world.contested);
        self.kv.cas(key, edit, world.now)
    }

    fn finish_cas(&mut self, run: CasRun, result: Result<(), String>, world: &mut World) -> Vec<Effect> {
        let mut fx = Vec::new();
        match run.purpose {
            Purpose::Lifecycler(cas) => {
                self.in_context(run.ring, world, |lifecycler, _, ctx| {
                    lifecycler.cas_done(cas, result, ctx, &mut fx)
                });
            }
            Purpose::Forget(id) => {
                let text = match result {
                    Ok(()) => format!("forget {id}: 302 Found"),
                    Err(error) => format!("forget {id}: 500 error forgetting instance '{id}': {error}"),
                };
                world.note(Some(self.pod), Happening::Fault { text });
            }
        }
        fx
    }

    /// Whose store it is that the process writes to: its own memory, or the one that all share.
    pub(super) fn store_owner(&self, world: &World) -> u32 {
        if world.options.store == StoreKind::Inmemory { self.pod + 1 } else { 0 }
    }

    fn central_delay(&mut self, world: &World) -> Duration {
        if world.options.store == StoreKind::Inmemory {
            return Duration::ZERO;
        }
        let central = &world.options.central;
        self.prng.between(central.latency_min.0, central.latency_max.0)
    }

    fn read_central(&mut self, run: CasRun, world: &mut World) {
        let round_trip = self.central_delay(world) + self.central_delay(world);
        let owner = self.store_owner(world);
        let key = self.rings[run.ring].key;
        let answer = (!world.central.is_down()).then(|| Box::new(world.central.get(owner, key)));
        world.plan(world.now + round_trip, self.pod, self.epoch, What::CentralRead { run: run.id, answer });
        self.runs.push(run);
    }

    /// A central store's answer to a read is there.
    pub(super) fn central_read(
        &mut self,
        id: u32,
        answer: Option<Box<(u64, Option<Arc<Desc>>)>>,
        pod: &mut Pod,
        world: &mut World,
    ) {
        let Some(index) = self.runs.iter().position(|run| run.id == id) else { return };
        let mut run = self.runs.remove(index);
        let ring = run.ring;
        let Some((version, desc)) = answer.map(|answer| *answer) else {
            return self.central_failed(run, "error getting key", pod, world);
        };
        let mut fx = Vec::new();
        let empty = Desc::default();
        let asked = match (&run.purpose, &desc) {
            (Purpose::Lifecycler(cas), None) => {
                let cas = *cas;
                self.in_context(ring, world, |lifecycler, _, ctx| lifecycler.attempt(cas, None, ctx, &mut fx))
                    .unwrap_or(Answer::Unchanged)
            }
            _ => self.ask(&run, Some(desc.as_deref().unwrap_or(&empty)), world, &mut fx),
        };
        match asked {
            Answer::Unchanged => fx.extend(self.finish_cas(run, Ok(()), world)),
            Answer::Fail(error) => fx.extend(self.finish_cas(run, Err(error), world)),
            Answer::Edit(edit) => {
                let there = self.central_delay(world);
                let back = self.central_delay(world);
                let owner = self.store_owner(world);
                run.seen = version;
                run.edit = edit;
                let written = (!world.central.is_down())
                    .then(|| world.central.cas(owner, self.rings[ring].key, version, &run.edit));
                if written == Some(true) {
                    world.mix(u64::from(self.pod) << 8 | u64::from(self.rings[ring].key.0));
                    self.tell_watchers(ring, owner, there, world);
                }
                world.plan(
                    world.now + there + back,
                    self.pod,
                    self.epoch,
                    What::CentralWritten { run: run.id, written },
                );
                self.runs.push(run);
            }
        }
        self.effects(ring, fx, pod, world);
    }

    /// Everybody who watches the key hears of its new value after a while; the writer of its own memory at
    /// once.
    fn tell_watchers(&mut self, ring: usize, owner: u32, there: Duration, world: &mut World) {
        let key = self.rings[ring].key;
        let Some(desc) = world.central.get(owner, key).1 else { return };
        if world.options.store == StoreKind::Inmemory {
            self.rings[ring].watched = Some(desc);
            self.rings[ring].watched_at = world.now;
            return;
        }
        let central = &world.options.central;
        let (low, high, delay) = (central.latency_min.0, central.latency_max.0, central.watch_delay.0);
        for pod in 0..world.hosts.len() as u32 {
            let mut prng =
                Prng::stream(world.seed ^ world.now.nanos(), "watch", u64::from(pod) << 8 | u64::from(key.0));
            let at = world.now + there + delay + prng.between(low, high);
            let epoch = world.hosts[pod as usize].epoch;
            if epoch > 0 {
                world.plan(at, pod, epoch, What::CentralNotice { ring: key.0, desc: Arc::clone(&desc) });
            }
        }
    }

    /// A central store tells of a change; `key` says of which ring.
    pub(super) fn central_notice(&mut self, key: u8, desc: Arc<Desc>, world: &mut World) {
        let Some(place) = self.rings.iter().position(|slot| slot.key.0 == key) else { return };
        if world.central.is_down() {
            return;
        }
        self.rings[place].watched = Some(desc);
        self.rings[place].watched_at = world.now;
    }

    /// A central store's answer to a write is there.
    pub(super) fn central_written(
        &mut self,
        id: u32,
        written: Option<bool>,
        pod: &mut Pod,
        world: &mut World,
    ) {
        let Some(index) = self.runs.iter().position(|run| run.id == id) else { return };
        let mut run = self.runs.remove(index);
        let ring = run.ring;
        match written {
            Some(true) => {
                let fx = self.finish_cas(run, Ok(()), world);
                self.effects(ring, fx, pod, world);
            }
            Some(false) => {
                run.error = None;
                self.next_central_attempt(run, Duration::ZERO, pod, world);
            }
            None => self.central_failed(run, "error CASing", pod, world),
        }
    }

    fn central_failed(&mut self, mut run: CasRun, message: &'static str, pod: &mut Pod, world: &mut World) {
        let error = world.options.store.unreachable();
        let key = world.key_name(self.rings[run.ring].key);
        let caller = if world.options.store == StoreKind::Etcd { "etcd.go:142" } else { "client.go:151" };
        self.say(world, LogLine::new(Level::Error, caller, message).with("key", key).with("err", error));
        run.error = Some(error.into());
        self.next_central_attempt(run, Duration::from_millis(500), pod, world);
    }

    fn next_central_attempt(&mut self, mut run: CasRun, pause: Duration, pod: &mut Pod, world: &mut World) {
        run.attempt += 1;
        let ring = run.ring;
        if run.attempt < MOST_ATTEMPTS {
            world.plan(world.now + pause, self.pod, self.epoch, What::Cas { run: run.id });
            self.runs.push(run);
            return;
        }
        let exhausted = world.options.store.exhausted(world.key_name(self.rings[ring].key));
        let error = match (&run.error, world.options.store) {
            (Some(error), StoreKind::Etcd) => error.clone(),
            _ => exhausted,
        };
        let fx = self.finish_cas(run, Err(error), world);
        self.effects(ring, fx, pod, world);
    }

    /// Writes down which entries of the process's own rings show other states now.
    pub(super) fn note_transitions(&mut self, world: &mut World) {
        for Transition { key, id, state } in self.kv.store.take_transitions() {
            world.mix(u64::from(self.pod) << 40 | u64::from(key.0) << 8 | state as u64);
            let ring = world.rings[key.0 as usize].name();
            world.note(Some(self.pod), Happening::Instance { ring, id, state });
        }
    }
}

/// What a process has of a key: what a central store has told, or what is in gossip's store, with its version.
fn newest<'a>(watched: &'a Option<Arc<Desc>>, store: &'a Store, key: Key) -> Option<(u64, &'a Desc)> {
    match watched {
        Some(desc) => Some((0, desc)),
        None => store.get(key).map(|value| (value.version, value.desc())),
    }
}

fn ring_config(kind: RingKind, options: &super::Options) -> RingConfig {
    let preset = kind.preset(options.lifecycler.is_common());
    let ingester = kind == RingKind::Ingester;
    RingConfig {
        replication_factor: if ingester { options.replication_factor } else { preset.replication_factor },
        zone_awareness_enabled: ingester && options.zone_awareness_enabled,
        heartbeat_timeout: options.lifecycler.heartbeat_timeout.0,
        strategy: preset.strategy,
        ..RingConfig::default()
    }
}

/// How an instance shows on a page at `now`, for one reader's clock and time-out.
pub fn shown_state(state: InstanceState, healthy: bool) -> &'static str {
    if healthy { state.name() } else { "UNHEALTHY" }
}
