use std::sync::Arc;
use std::time::Duration;

use crate::lifecycle::{Lifecycler, RingKind};
use crate::prng::Prng;
use crate::time::Instant;

use super::config::enabled_rings;
use super::event::{Event, WORLD, What};
use super::journal::Happening;
use super::names::pod_name;
use super::pod::Pod;
use super::rollout::Rollout;
use super::workload::Clients;
use super::{CommandError, Options, OptionsError, PodManagement, Scenario, TimedCommand, World};

/// A whole cluster in virtual time. A clone is a checkpoint: it goes on exactly as the original would.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The pods, by number.
    pub pods: Vec<Pod>,
    /// What they share.
    pub world: World,
    pub(super) commands: Vec<TimedCommand>,
    pub(super) rollouts: Vec<Rollout>,
    pub(super) groups: Vec<Members>,
    /// How many commands were carried out.
    pub(super) commands_done: usize,
    clients: Clients,
    client_prng: Prng,
    /// Whether the next push of the workload is planned.
    pushes: bool,
    /// Whether its next query is.
    queries: bool,
    steps: u64,
}

/// A group's pods, in the order of their numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    pub(super) pods: Vec<u32>,
    /// How many should run.
    pub(super) wanted: usize,
    /// Those that were scaled away: nobody restarts them.
    pub(super) away: Vec<u32>,
}

/// How far an advance came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// To the instant that was asked for.
    Reached,
    /// To the end of its budget.
    OutOfBudget,
}

impl Simulation {
    /// The cluster of a scenario at its beginning, with the scenario's commands planned.
    pub fn of(scenario: &Scenario) -> Result<Self, SimulationError> {
        let mut simulation = Self::new(scenario.options.clone(), scenario.seed)?;
        for (index, timed) in scenario.steps.iter().enumerate() {
            let planned = simulation.plan_command(timed.clone());
            planned.map_err(|error| SimulationError::Command { index, error })?;
        }
        Ok(simulation)
    }

    /// A cluster at its beginning.
    pub fn new(options: Options, seed: u64) -> Result<Self, OptionsError> {
        options.check()?;
        let options = Arc::new(options);
        let rings: Arc<[RingKind]> = enabled_rings(&options).into();
        let mut simulation = Self {
            pods: Vec::new(),
            commands: Vec::new(),
            rollouts: Vec::new(),
            groups: vec![Members::default(); options.groups.len()],
            clients: Clients::new(&options),
            client_prng: Prng::stream(seed, "clients", 0),
            commands_done: 0,
            pushes: false,
            queries: false,
            steps: 0,
            world: World::new(Arc::clone(&options), seed, rings),
        };
        for group in 0..options.groups.len() {
            simulation.plan_group(group);
        }
        simulation.plan_clients();
        Ok(simulation)
    }

    /// The workload is another one from now on.
    pub(super) fn start_clients(&mut self) {
        self.clients = Clients::new(&self.world.options);
        self.plan_clients();
    }

    /// Plans the next push and the next query, where there are to be some and none is planned.
    fn plan_clients(&mut self) {
        let Self { world, pushes, queries, .. } = self;
        let options = Arc::clone(&world.options);
        for (rate, planned, what) in [
            (options.workload.pushes_per_second, pushes, What::Push),
            (options.workload.queries_per_second, queries, What::Query),
        ] {
            if rate > 0 && !std::mem::replace(planned, true) {
                world.plan(world.now + per_second(rate), WORLD, 0, what);
            }
        }
    }

    /// Makes a group's pods, and plans when they start.
    fn plan_group(&mut self, group: usize) {
        let options = Arc::clone(&self.world.options);
        let wanted = options.groups[group].started.unwrap_or(options.groups[group].count);
        let wanted = wanted.min(options.groups[group].count);
        for ordinal in 0..options.groups[group].count {
            self.add_pod(group, ordinal);
        }
        self.groups[group].wanted = wanted;
        let begins = Instant::START + options.groups[group].start_at.0;
        let mut prng = Prng::stream(self.world.seed, "start", group as u64);
        let spread = options.deployment.start_spread.0;
        for ordinal in 0..wanted {
            let pod = self.groups[group].pods[ordinal];
            let at = match options.deployment.pod_management {
                PodManagement::Parallel => begins + prng.between(Duration::ZERO, spread),
                PodManagement::OrderedReady if ordinal == 0 => begins,
                PodManagement::OrderedReady => continue,
            };
            self.world.plan(at, pod, 0, What::Start);
        }
    }

    /// Makes one more pod of a group.
    pub(super) fn add_pod(&mut self, group: usize, ordinal: usize) -> u32 {
        let options = Arc::clone(&self.world.options);
        let settings = &options.groups[group];
        let zone_name = match settings.zones.len() {
            0 => "",
            zones => &settings.zones[ordinal % zones],
        };
        let zone = self.world.zone(zone_name);
        let first = settings
            .address
            .parse::<std::net::Ipv4Addr>()
            .map_or_else(|_| u32::from(std::net::Ipv4Addr::new(10, 244, (group % 250) as u8, 10)), u32::from);
        let mut ip = first.wrapping_add(ordinal as u32);
        while self.world.is_taken(ip) {
            ip = ip.wrapping_add(1);
        }
        let index = self.world.add_host(ip, zone);
        if let Some(label) = &settings.cluster_label {
            self.world.hosts[index as usize].label = label.as_str().into();
        }
        let name = pod_name(settings, ordinal);
        let saved = options.tokens_files.get(&name).map(|tokens| (RingKind::Ingester, tokens.clone().into()));
        let is_bridge = !self.pods.iter().any(|pod| pod.zone_number == zone && !pod.foreign);
        self.pods.push(Pod {
            index,
            name: name.into(),
            group: group as u32,
            ordinal,
            zone: Arc::clone(&self.world.zones[zone as usize]),
            zone_number: zone,
            is_bridge,
            target: settings.target,
            foreign: settings.foreign,
            epoch: 0,
            process: None,
            paused: false,
            ready: false,
            clock_offset: 0,
            tokens: saved.into_iter().collect(),
            disk_full: false,
            wal: Vec::new(),
            wal_replay: None,
            next_init: super::pod::NextInit::default(),
            final_sleep: None,
            bind: super::pod::Bind::default(),
            backlog: Vec::new(),
            crashes: 0,
            probe_failures: 0,
        });
        self.groups[group].pods.push(index);
        index
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.world.now
    }

    /// When the next event happens.
    pub fn next_at(&self) -> Option<Instant> {
        self.world.scheduler.next_at()
    }

    /// How many events have happened.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// A number that two runs share if everything happened alike in both.
    pub fn fingerprint(&self) -> u64 {
        self.world.fingerprint()
    }

    /// The pod of this name, or of this name once.
    pub fn pod(&self, name: &str) -> Option<&Pod> {
        self.pods.iter().find(|pod| *pod.name == *name)
    }

    /// What a pod's `/ready` would say, asked without consequences: status and body; status 0 when nobody answers.
    pub fn copy_ready(&self, pod: u32) -> (u16, String) {
        match self.pods.get(pod as usize).and_then(|pod| Some((pod, pod.process.as_ref()?))) {
            None => (0, "down".into()),
            Some((pod, _)) if pod.paused => (0, "no answer".into()),
            Some((_, process)) => process.copy_ready(&self.world),
        }
    }

    /// Lets exactly one event happen; tells which pod it was about, [`u32::MAX`] for none. `None` when nothing is
    /// planned.
    pub fn step(&mut self) -> Option<u32> {
        let planned = self.world.scheduler.pop()?;
        self.world.now = planned.at;
        self.steps += 1;
        self.world.mix(planned.at.nanos() ^ u64::from(planned.event.pod));
        let pod = planned.event.pod;
        self.handle(planned.event);
        Some(pod)
    }

    /// Lets everything up to and including `until` happen, but no more than `budget` events.
    pub fn advance(&mut self, until: Instant, budget: u64) -> Advance {
        for _ in 0..budget {
            if self.world.scheduler.next_at().is_none_or(|at| at > until) {
                self.world.now = self.world.now.max(until);
                return Advance::Reached;
            }
            self.step();
        }
        Advance::OutOfBudget
    }

    /// Lets everything up to and including `until` happen.
    pub fn run_until(&mut self, until: Instant) {
        while self.advance(until, u64::MAX) == Advance::OutOfBudget {}
    }

    fn handle(&mut self, event: Event) {
        let Event { pod: index, epoch, what } = event;
        if index == WORLD {
            return self.handle_world(what);
        }
        let Some(pod) = self.pods.get_mut(index as usize) else { return };
        let world = &mut self.world;
        if epoch == 0 {
            let is_away = self.groups[pod.group as usize].away.contains(&index);
            if matches!(what, What::Start) && !is_away {
                pod.start(world);
            }
            return;
        }
        if epoch != pod.epoch || pod.process.is_none() {
            return;
        }
        match what {
            What::Probe => {
                let was = pod.ready;
                pod.probe(world);
                if !was && pod.ready {
                    self.pod_became_ready(index);
                }
            }
            What::GraceOver => pod.exit(super::Exit::Killed, world),
            what if pod.paused => pod.backlog.push(what),
            what => deliver(pod, what, world),
        }
    }

    fn handle_world(&mut self, what: What) {
        let options = Arc::clone(&self.world.options);
        match what {
            What::Command(index) => {
                self.commands_done += 1;
                let command = self.commands[index as usize].command.clone();
                // It was checked when it was planned, but not everything is as it was.
                if let Err(error) = self.apply_now(&command) {
                    let text = format!("that came to nothing: {error}");
                    self.world.note(None, Happening::Fault { text });
                }
            }
            What::Push => {
                self.pushes = false;
                if options.workload.pushes_per_second == 0 {
                    return;
                }
                self.plan_clients();
                let streams = self.clients.draw(&options, &mut self.client_prng);
                self.with_one(super::process::Process::distributes, |process, world| {
                    process.push(&streams, world)
                });
            }
            What::Query => {
                self.queries = false;
                if options.workload.queries_per_second == 0 {
                    return;
                }
                self.plan_clients();
                self.with_one(super::process::Process::queries, |process, world| process.query(world));
            }
            What::Rollout(index) => self.roll(index as usize),
            _ => {}
        }
    }

    /// Lets one of the processes that can do something do it, as a load balancer would choose.
    fn with_one(
        &mut self,
        can: impl Fn(&super::process::Process) -> bool,
        act: impl FnOnce(&mut super::process::Process, &mut World),
    ) {
        let able = |pod: &&mut Pod| {
            !pod.foreign && !pod.paused && pod.process.as_ref().is_some_and(|process| can(process))
        };
        let draw = self.client_prng.next_u64();
        let count = self.pods.iter_mut().filter(able).count() as u64;
        if count == 0 {
            return;
        }
        let chosen = ((u128::from(draw) * u128::from(count)) >> 64) as usize;
        if let Some(pod) = self.pods.iter_mut().filter(able).nth(chosen)
            && let Some(process) = &mut pod.process
        {
            act(process, &mut self.world);
        }
    }

    /// In an ordered group the next pod starts when the one before is ready.
    fn pod_became_ready(&mut self, index: u32) {
        if self.world.options.deployment.pod_management != PodManagement::OrderedReady {
            return;
        }
        let (group, ordinal) = (self.pods[index as usize].group as usize, self.pods[index as usize].ordinal);
        if ordinal + 1 < self.groups[group].wanted
            && let Some(next) = self.groups[group].pods.get(ordinal + 1)
            && self.pods[*next as usize].epoch == 0
        {
            self.world.plan(self.world.now, *next, 0, What::Start);
        }
    }
}

/// The time between two of so many a second.
fn per_second(rate: u32) -> Duration {
    Duration::from_nanos(1_000_000_000 / u64::from(rate.max(1)))
}

/// Gives an event to the pod's process, and sees whether the process has ended by it.
pub(super) fn deliver(pod: &mut Pod, what: What, world: &mut World) {
    let Some(mut process) = pod.process.take() else { return };
    process.handle(what, pod, world);
    let exit = process.exit;
    pod.process = Some(process);
    if let Some(reason) = exit {
        pod.exit(reason, world);
    }
}

impl super::process::Process {
    fn handle(&mut self, what: What, pod: &mut Pod, world: &mut World) {
        match what {
            What::Packet(arrival) => self.receive(&arrival, pod, world),
            What::Swim(timer) => self.swim_timer(timer, pod, world),
            What::Begin => self.begin(pod, world),
            What::Terminate => self.terminate(pod, world),
            What::Modules => self.built(pod, world),
            What::StreamIn(stream) => self.stream_in(*stream, pod, world),
            What::StreamBack(back) => self.stream_back(&back, pod, world),
            What::StreamFailed { exchange, error } => self.stream_failed(exchange, error, pod, world),
            What::WriteFailed { to } => self.write_failed(to, world),
            What::Lifecycler { ring, timer } => {
                let kind = self.rings[ring as usize].kind;
                self.with_lifecycler(kind, pod, world, |lifecycler, ctx, fx| {
                    lifecycler.timer(timer, ctx, fx)
                });
            }
            What::Cas { run } => self.retry_cas(run, pod, world),
            What::CentralRead { run, answer } => self.central_read(run, answer, pod, world),
            What::CentralWritten { run, written } => self.central_written(run, written, pod, world),
            What::CentralNotice { ring, desc } => self.central_notice(ring, desc, world),
            What::Join { token } => self.join_step(pod, world, |joiner, ctx| joiner.resume(token, ctx)),
            What::Rejoin => {
                if !self.joiner.is_busy() && self.swim.is_some() {
                    self.join_step(pod, world, |joiner, ctx| joiner.rejoin(ctx));
                }
            }
            What::Flushed { ring } => {
                let kind = self.rings[ring as usize].kind;
                self.with_lifecycler(kind, pod, world, Lifecycler::flushed);
            }
            What::LeaderPoll => self.leader_poll(world),
            What::ModuleStopped { module } => self.module_stopped(module as usize, pod, world),
            What::LeavePoll => self.leave_poll(pod, world),
            What::LeaveTimeout => self.leave_timeout(pod, world),
            What::WalReplayed => self.wal_replayed(pod, world),
            What::PushIn(push) => self.push_in(&push, world),
            What::PushBack { push, instance, error } => self.push_back(push, instance, error, world),
            What::QueryIn { query, instance, from, from_epoch } => {
                self.query_in(query, instance, from, from_epoch, world);
            }
            What::QueryBack { query, instance, ok } => self.query_back(query, instance, ok, world),
            What::Start
            | What::Probe
            | What::GraceOver
            | What::Command(_)
            | What::Push
            | What::Query
            | What::Rollout(_) => {}
        }
    }
}

/// Why there is no simulation of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// Its options.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// One of its steps.
    #[error("steps[{index}]: {error}")]
    Command {
        /// Which, from 0.
        index: usize,
        /// Why.
        error: CommandError,
    },
}
