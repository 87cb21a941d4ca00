//! Lifecyclers over one store that they all share, as if gossip took no time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::super::{
    BasicLifecycler, BasicLifecyclerConfig, Cas, Context, Effect, Identity, IngesterLifecycler,
    IngesterLifecyclerConfig, Lifecycler, RingKind, Timer,
};
use crate::kv::{Answer, View};
use crate::log::{Level, LogLine};
use crate::prng::Prng;
use crate::ring::{Desc, InstanceDesc, InstanceState, Tokens};
use crate::time::{Instant, WallTime};

const CAS_TRIES: u32 = 10;
const CAS_SLEEP: Duration = Duration::from_secs(1);

/// The unix second in which every world begins.
pub(super) const START: i64 = 1_795_342_500;

pub(super) struct World {
    pub(super) desc: Desc,
    /// What this world's clocks are ahead of the time.
    pub(super) clock_offset: i64,
    pub(super) flush: Duration,
    /// What the store answers to everything, once it has failed.
    pub(super) store_error: Option<&'static str>,
    /// What ring clients show instead of the ring as it is.
    pub(super) stale: Option<Desc>,
    pub(super) nodes: Vec<Node>,
    /// Every entry written: milliseconds since the start, ID, state, tokens.
    pub(super) writes: Vec<(u64, String, InstanceState, usize)>,
    now: Instant,
    pub(super) prng: Prng,
    known: bool,
    queue: BTreeMap<(Instant, u64), (usize, Event)>,
    queued: u64,
}

pub(super) struct Node {
    pub(super) lifecycler: Lifecycler,
    pub(super) lines: Vec<(u64, LogLine)>,
    /// When its service was Running, in milliseconds.
    pub(super) running_at: Option<u64>,
    /// When and how it ended.
    pub(super) end: Option<(u64, Effect)>,
    pub(super) file: Option<Tokens>,
    cancelled: BTreeSet<Cas>,
}

enum Event {
    Timer(Timer),
    Try(Cas, u32),
    Cancelled(Cas),
    Flushed,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            desc: Desc::default(),
            clock_offset: 0,
            flush: Duration::ZERO,
            store_error: None,
            stale: None,
            nodes: Vec::new(),
            writes: Vec::new(),
            now: Instant::START,
            prng: Prng::stream(1, "lifecycle", 0),
            known: false,
            queue: BTreeMap::new(),
            queued: 0,
        }
    }

    /// A world that has this entry already.
    pub(super) fn with(id: &str, entry: InstanceDesc) -> Self {
        let mut world = Self::new();
        world.put(id, entry);
        world
    }

    /// Puts an entry in as gossip would.
    pub(super) fn put(&mut self, id: &str, entry: InstanceDesc) {
        self.known = true;
        let now = self.wall();
        self.desc.merge(Desc::from_iter([(id, entry)]), false, now);
    }

    /// Forgets an instance, as the button on the page does.
    pub(super) fn forget(&mut self, id: &str) {
        let mut without = View::new(&self.desc).to_desc();
        without.ingesters.remove(id);
        let now = self.wall();
        self.desc.merge(without, true, now);
    }

    /// The store comes back empty.
    pub(super) fn lose_ring(&mut self) {
        self.desc = Desc::default();
        self.known = false;
    }

    /// Starts an ingester with this ID and configuration.
    pub(super) fn ingester(&mut self, id: &str, change: impl FnOnce(&mut IngesterLifecyclerConfig)) -> usize {
        self.ingester_with_file(id, None, change)
    }

    pub(super) fn ingester_with_file(
        &mut self,
        id: &str,
        file: Option<Tokens>,
        change: impl FnOnce(&mut IngesterLifecyclerConfig),
    ) -> usize {
        let mut config = IngesterLifecyclerConfig::new(RingKind::Ingester, false);
        change(&mut config);
        let lifecycler = IngesterLifecycler::new(config, identity(id), file.clone());
        self.start(Lifecycler::Ingester(lifecycler), file)
    }

    /// Starts an instance of another ring with this ID and configuration.
    pub(super) fn basic(
        &mut self,
        kind: RingKind,
        id: &str,
        change: impl FnOnce(&mut BasicLifecyclerConfig),
    ) -> usize {
        self.basic_with_file(kind, id, None, change)
    }

    pub(super) fn basic_with_file(
        &mut self,
        kind: RingKind,
        id: &str,
        file: Option<Tokens>,
        change: impl FnOnce(&mut BasicLifecyclerConfig),
    ) -> usize {
        let mut config = BasicLifecyclerConfig::new(kind, false);
        change(&mut config);
        let lifecycler = BasicLifecycler::new(config, identity(id), file.clone());
        self.start(Lifecycler::Basic(lifecycler), file)
    }

    fn start(&mut self, lifecycler: Lifecycler, file: Option<Tokens>) -> usize {
        self.nodes.push(Node {
            lifecycler,
            lines: Vec::new(),
            running_at: None,
            end: None,
            file,
            cancelled: BTreeSet::new(),
        });
        let node = self.nodes.len() - 1;
        self.call(node, |lifecycler, ctx, fx| lifecycler.start(ctx, fx));
        node
    }

    pub(super) fn stop(&mut self, node: usize) {
        self.call(node, |lifecycler, ctx, fx| lifecycler.stop(ctx, fx));
        self.run_to(self.millis());
    }

    /// Its process dies: nothing of it happens any more.
    pub(super) fn kill(&mut self, node: usize) {
        self.queue.retain(|_, (owner, _)| *owner != node);
    }

    /// `/ready`, as far as the lifecycler answers it.
    pub(super) fn check_ready(&mut self, node: usize) -> Result<(), String> {
        let mut ready = Ok(());
        self.call(node, |lifecycler, ctx, fx| {
            if let Lifecycler::Ingester(lifecycler) = lifecycler {
                ready = lifecycler.check_ready(ctx, fx);
            }
        });
        ready
    }

    /// Lets everything happen up to `millis` after the start.
    pub(super) fn run_to(&mut self, millis: u64) {
        let end = Instant::START + Duration::from_millis(millis);
        while let Some(event) = self.queue.first_entry().filter(|event| event.key().0 <= end) {
            self.now = event.key().0;
            let (node, event) = event.remove();
            match event {
                Event::Timer(timer) => {
                    self.call(node, |lifecycler, ctx, fx| lifecycler.timer(timer, ctx, fx))
                }
                Event::Flushed => self.call(node, |lifecycler, ctx, fx| lifecycler.flushed(ctx, fx)),
                Event::Cancelled(cas) => {
                    let error = "failed to CAS-update key collectors/ring: context canceled".to_owned();
                    self.call(node, |lifecycler, ctx, fx| lifecycler.cas_done(cas, Err(error), ctx, fx));
                }
                Event::Try(cas, tried) => self.attempt(node, cas, tried),
            }
        }
        self.now = end;
    }

    /// The entry that readers see.
    pub(super) fn entry(&self, id: &str) -> Option<&InstanceDesc> {
        View::new(&self.desc).get(id)
    }

    pub(super) fn state(&self, id: &str) -> Option<InstanceState> {
        self.entry(id).map(|entry| entry.state)
    }

    /// Milliseconds, states and numbers of tokens that were written for `id`.
    pub(super) fn writes_of(&self, id: &str) -> Vec<(u64, InstanceState, usize)> {
        let own = self.writes.iter().filter(|write| write.1 == id);
        own.map(|(millis, _, state, tokens)| (*millis, *state, *tokens)).collect()
    }

    pub(super) fn millis(&self) -> u64 {
        self.now.nanos() / 1_000_000
    }

    pub(super) fn wall(&self) -> WallTime {
        WallTime::from_unix_secs(START + self.clock_offset).offset(self.now.nanos() as i64)
    }

    fn attempt(&mut self, node: usize, cas: Cas, tried: u32) {
        if let Some(error) = self.store_error {
            let result = Err(error.to_owned());
            return self.call(node, |lifecycler, ctx, fx| lifecycler.cas_done(cas, result, ctx, fx));
        }
        let desc = self.desc.clone();
        let view = self.known.then(|| View::new(&desc));
        let mut answer = Answer::Unchanged;
        self.call(node, |lifecycler, ctx, fx| answer = lifecycler.attempt(cas, view, ctx, fx));
        let failed = |reason: &str| Err(format!("failed to CAS-update key collectors/ring: {reason}"));
        let result =
            match answer {
                Answer::Unchanged => Ok(()),
                Answer::Fail(error) => failed(&format!("fn returned error: {error}")),
                Answer::Edit(edit) => {
                    let mut next = View::new(&desc).to_desc();
                    if let Some((id, entry)) = edit.put {
                        next.ingesters.insert(id, entry);
                    }
                    edit.remove.iter().for_each(|id| drop(next.ingesters.remove(id)));
                    let now = self.wall();
                    match self.desc.merge(next, self.known, now) {
                        Some(change) => {
                            self.known = true;
                            let millis = self.millis();
                            self.writes.extend(change.ingesters.iter().map(|(id, entry)| {
                                (millis, id.to_string(), entry.state, entry.tokens.len())
                            }));
                            Ok(())
                        }
                        None if tried + 1 == CAS_TRIES => failed("no change detected"),
                        None if self.nodes[node].cancelled.contains(&cas) => failed("context canceled"),
                        None => return self.push(self.now + CAS_SLEEP, node, Event::Try(cas, tried + 1)),
                    }
                }
            };
        self.nodes[node].cancelled.remove(&cas);
        self.call(node, |lifecycler, ctx, fx| lifecycler.cas_done(cas, result, ctx, fx));
    }

    fn call(&mut self, node: usize, run: impl FnOnce(&mut Lifecycler, &mut Context<'_>, &mut Vec<Effect>)) {
        let wall = self.wall();
        let watched = View::new(self.stale.as_ref().unwrap_or(&self.desc));
        let mut ctx = Context { now: self.now, wall, prng: &mut self.prng, watched, known: self.known };
        let mut fx = Vec::new();
        run(&mut self.nodes[node].lifecycler, &mut ctx, &mut fx);
        let millis = self.millis();
        for effect in fx {
            let of = &mut self.nodes[node];
            assert!(of.end.is_none(), "{effect:?} after the end");
            match effect {
                Effect::Cas(cas) => self.push(self.now, node, Event::Try(cas, 0)),
                Effect::CancelCas(cas) => {
                    of.cancelled.insert(cas);
                    let asleep = self.queue.iter().find(|(_, (owner, event))| {
                        *owner == node && matches!(event, Event::Try(of, 1..) if *of == cas)
                    });
                    if let Some(key) = asleep.map(|(key, _)| *key) {
                        self.queue.remove(&key);
                        of.cancelled.remove(&cas);
                        self.push(self.now, node, Event::Cancelled(cas));
                    }
                }
                Effect::Timer { at, timer } => self.push(at, node, Event::Timer(timer)),
                Effect::Flush => self.push(self.now + self.flush, node, Event::Flushed),
                Effect::Log(line) => of.lines.push((millis, line)),
                Effect::Running => of.running_at = Some(millis),
                Effect::SaveTokens(tokens) => of.file = tokens,
                Effect::Stopped | Effect::Failed(_) => of.end = Some((millis, effect)),
            }
        }
    }

    fn push(&mut self, at: Instant, node: usize, event: Event) {
        self.queued += 1;
        self.queue.insert((at.max(self.now), self.queued), (node, event));
    }
}

impl Node {
    /// Its log from info on, without the times.
    pub(super) fn log_lines(&self) -> Vec<String> {
        let loud = self.lines.iter().filter(|(_, line)| line.level > Level::Debug);
        let text = |line: &LogLine| line.logfmt(WallTime::from_unix_secs(0));
        loud.map(|(_, line)| text(line).replace("ts=1970-01-01T00:00:00Z ", "")).collect()
    }

    /// The messages of its log from info on.
    pub(super) fn messages(&self) -> Vec<&str> {
        let loud = self.lines.iter().filter(|(_, line)| line.level > Level::Debug);
        loud.map(|(_, line)| &*line.message).collect()
    }

    /// When the message was logged, in milliseconds.
    pub(super) fn logged(&self, message: &str) -> Vec<u64> {
        self.lines.iter().filter(|(_, line)| line.message == message).map(|(millis, _)| *millis).collect()
    }

    pub(super) fn failure(&self) -> Option<&str> {
        match &self.end {
            Some((_, Effect::Failed(error))) => Some(error),
            _ => None,
        }
    }

    pub(super) fn stopped_at(&self) -> Option<u64> {
        self.end.as_ref().filter(|(_, end)| *end == Effect::Stopped).map(|(millis, _)| *millis)
    }

    pub(super) fn ingester(&self) -> &IngesterLifecycler {
        match &self.lifecycler {
            Lifecycler::Ingester(lifecycler) => lifecycler,
            Lifecycler::Basic(_) => panic!("it is a basic lifecycler"),
        }
    }

    pub(super) fn basic(&self) -> &BasicLifecycler {
        match &self.lifecycler {
            Lifecycler::Basic(lifecycler) => lifecycler,
            Lifecycler::Ingester(_) => panic!("it is an ingester"),
        }
    }
}

pub(super) fn identity(id: &str) -> Identity {
    Identity { id: id.into(), addr: format!("{id}:9095").into(), zone: Arc::default() }
}

/// An entry with the address of [`identity`], `age` seconds before the start.
pub(super) fn entry(
    id: &str,
    state: InstanceState,
    age: i64,
    tokens: impl IntoIterator<Item = u32>,
) -> InstanceDesc {
    InstanceDesc {
        addr: identity(id).addr,
        state,
        timestamp: START - age,
        registered_timestamp: START - 1000,
        tokens: tokens.into_iter().collect(),
        ..InstanceDesc::default()
    }
}
