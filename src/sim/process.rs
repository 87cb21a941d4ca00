//! One Loki process: its modules, its gossip, its rings.

use std::sync::Arc;
use std::time::Duration;

use crate::go::duration;
use crate::kv::{Key, MemberlistKv};
use crate::lifecycle::{
    BasicLifecycler, BasicLifecyclerConfig, Context, Effect, Identity, IngesterLifecycler,
    IngesterLifecyclerConfig, Lifecycler, LifecyclerKind, RingKind,
};
use crate::log::{Level, LogLine};
use crate::memberlist::{Address, Config, Memberlist, Name, NodeRole, Zone, ZoneAwareRouting};
use crate::prng::Prng;
use crate::time::{Instant, WallTime};

use super::event::What;
use super::gossip::Exchanges;
use super::modules::{self, Running, ServiceState, Work};
use super::pod::Pod;
use super::rings::{CasRun, RingSlot};
use super::workload::Requests;
use super::{Joiner, MemberlistOptions, Options, StoreKind, World, Writers};

/// A process that runs in a pod.
#[derive(Debug, Clone)]
pub struct Process {
    /// Which pod.
    pub pod: u32,
    /// Which of the pod's processes.
    pub epoch: u32,
    /// When it began.
    pub began: Instant,
    /// How far its clock is ahead, in nanoseconds.
    pub clock_offset: i64,
    /// Its modules.
    pub modules: Vec<Running>,
    /// Its rings.
    pub rings: Vec<RingSlot>,
    /// Its memberlist, where rings are kept by gossip.
    pub swim: Option<Memberlist>,
    /// Its own store, with the queues.
    pub kv: MemberlistKv,
    /// How far the client of memberlist is.
    pub kv_state: ServiceState,
    /// The writers of its transport.
    pub writers: Writers,
    /// Requests of and to the ingesters.
    pub requests: Requests,
    /// Whether it was told to stop.
    pub stop_received: bool,
    /// How it ends, once it does.
    pub exit: Option<super::Exit>,
    pub(super) joiner: Joiner,
    /// `memberlist:`, as this process has it.
    pub(super) memberlist: Arc<MemberlistOptions>,
    pub(super) exchanges: Exchanges,
    pub(super) runs: Vec<CasRun>,
    pub(super) next_run: u32,
    pub(super) prng: Prng,
    pub(super) leaving: Option<Leaving>,
    /// Why the client of memberlist says goodbye by itself.
    leave_error: Option<String>,
    pub(super) started: bool,
    /// Whether all modules are made.
    is_built: bool,
    /// The first error that ends the process.
    pub(super) failure: Option<String>,
}

/// How far the goodbye is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// Own messages go out first.
    Draining {
        /// Until then at most.
        deadline: Instant,
    },
    /// The goodbye itself.
    Leaving,
}

impl Process {
    /// A process of `pod` that begins now.
    pub fn new(pod: &Pod, world: &mut World) -> Self {
        let options = Arc::clone(&world.options);
        let prng = Prng::stream(world.seed, "process", u64::from(pod.index) << 32 | u64::from(pod.epoch));
        let clock = world.clock(pod.clock_offset);
        let memberlist = &options.memberlist;
        let enabled = enabled_rings(&options);
        let modules = modules::modules(pod.target, &enabled);
        let rings = ring_slots(&modules, &options, pod, world);
        Self {
            pod: pod.index,
            epoch: pod.epoch,
            began: world.now,
            clock_offset: pod.clock_offset,
            rings,
            modules,
            swim: None,
            kv: MemberlistKv::new(
                world.rings.len(),
                memberlist.left_ingesters_timeout.0,
                memberlist.retransmit_factor,
                clock,
            ),
            kv_state: ServiceState::Waiting,
            writers: Writers::new(memberlist.max_concurrent_writes, memberlist.acquire_writer_timeout.0),
            requests: Requests::new(&options),
            stop_received: false,
            exit: None,
            joiner: Joiner::new(),
            memberlist: memberlist_options(&options, pod),
            exchanges: Exchanges::default(),
            runs: Vec::new(),
            next_run: 0,
            prng,
            leaving: None,
            leave_error: None,
            started: false,
            is_built: false,
            failure: None,
        }
    }

    /// What the process's clock shows.
    pub fn wall(&self, world: &World) -> WallTime {
        world.clock(self.clock_offset).at(world.now)
    }

    /// The process has read its configuration and builds its modules; the first client of a ring in
    /// memberlist starts that.
    pub(super) fn begin(&mut self, pod: &mut Pod, world: &mut World) {
        world.hosts[pod.index as usize].serves = true;
        let gossips = world.options.store == StoreKind::Memberlist
            && self.modules.iter().any(|running| running.work == Work::Memberlist)
            && !self.rings.is_empty();
        // The rest of the modules takes about as long to build as those before.
        world.plan(world.now + world.options.deployment.init.0, self.pod, self.epoch, What::Modules);
        if !gossips {
            self.kv_state = ServiceState::Running;
            return;
        }
        self.kv_state = ServiceState::Starting;
        if let Some(error) = pod.bind_error(world.hosts[pod.index as usize].ip) {
            return self.fail_memberlist(format!("failed to create transport: {error}"), pod, world);
        }
        let name = self.node_name(pod, world);
        let label = Arc::clone(&world.hosts[pod.index as usize].label);
        self.log(
            world,
            LogLine::new(
                Level::Info,
                "memberlist_client.go:563",
                "Using memberlist cluster label and node name",
            )
            .with("cluster_label", label.to_string())
            .with("node", name.clone()),
        );
        let number = Name(world.name(&name));
        let address = pod.advertised(world);
        let prng = Prng::stream(world.seed, "memberlist", u64::from(pod.index) << 32 | u64::from(pod.epoch));
        let config = Arc::new(swim_config(&world.options, pod));
        let mut swim = Memberlist::new(config, number, address, prng);
        let mut out = Vec::new();
        swim.start(world.now, &mut out);
        self.swim = Some(swim);
        world.listen(pod.index, pod.listens_elsewhere());
        self.carry_out(out, world);
        if self.memberlist.join_members.is_empty() {
            self.memberlist_runs(pod, world);
        } else {
            self.join_step(pod, world, |joiner, ctx| joiner.fast_join(ctx));
        }
    }

    /// All modules are built, and start.
    pub(super) fn built(&mut self, pod: &mut Pod, world: &mut World) {
        self.is_built = true;
        self.start_modules(pod, world);
        self.stop_modules(pod, world);
    }

    fn node_name(&mut self, pod: &Pod, world: &World) -> String {
        if world.options.memberlist.randomize_node_name {
            format!("{}-{:08x}", pod.name, self.prng.next_u64() as u32)
        } else {
            pod.name.to_string()
        }
    }

    /// The fast-join is over.
    pub(super) fn fast_joined(&mut self, result: Result<(), String>, pod: &mut Pod, world: &mut World) {
        match result {
            Err(error) if world.options.memberlist.abort_if_cluster_fast_join_fails => {
                let error = format!("failed to fast-join the memberlist cluster at startup: {error}");
                self.fail_memberlist(error, pod, world);
            }
            _ => {
                self.memberlist_runs(pod, world);
                self.start_modules(pod, world);
            }
        }
    }

    fn memberlist_runs(&mut self, pod: &mut Pod, world: &mut World) {
        self.kv_state = ServiceState::Running;
        if !self.memberlist.join_members.is_empty() {
            self.join_step(pod, world, |joiner, ctx| joiner.join(ctx));
        }
    }

    /// The join at startup is over.
    pub(super) fn joined(&mut self, ok: bool, world: &mut World) {
        if !ok && world.options.memberlist.abort_if_cluster_join_fails {
            // The service says goodbye before it fails.
            self.leave_error = Some("failed to join memberlist cluster on startup".into());
            return self.leave(world);
        }
        let interval = world.options.memberlist.rejoin_interval.0;
        if interval > Duration::ZERO {
            let first = self.prng.between(Duration::ZERO, interval) + Duration::from_nanos(1);
            world.plan(world.now + first, self.pod, self.epoch, What::Rejoin);
        }
    }

    fn fail_memberlist(&mut self, error: String, pod: &mut Pod, world: &mut World) {
        self.kv_state = ServiceState::Failed;
        self.joiner.stop();
        let error = format!("service memberlist_kv failed: {error}");
        let place = self.modules.iter().position(|running| running.work == Work::Memberlist);
        if let Some(place) = place {
            self.module_failed(place, error, pod, world);
        }
    }

    /// Starts every module that can start, until none can.
    pub(super) fn start_modules(&mut self, pod: &mut Pod, world: &mut World) {
        if !self.is_built || self.stop_received || self.failure.is_some() {
            return;
        }
        while let Some(place) = (0..self.modules.len()).find(|place| {
            let running = &self.modules[*place];
            running.can_start(&self.modules)
                && (running.work != Work::Memberlist || self.kv_state == ServiceState::Running)
        }) {
            self.modules[place].state = ServiceState::Starting;
            self.start_module(place, pod, world);
        }
        if !self.started && self.modules.iter().all(|running| running.state == ServiceState::Running) {
            self.started = true;
            let took = duration::format(world.now.since(self.began));
            self.log(
                world,
                LogLine::new(Level::Info, "loki.go:624", "Loki started").with("startup_time", took),
            );
        }
    }

    fn start_module(&mut self, place: usize, pod: &mut Pod, world: &mut World) {
        match self.modules[place].work {
            Work::None | Work::Memberlist => self.modules[place].state = ServiceState::Running,
            Work::Client(kind) => {
                self.start_client(kind, world);
                self.modules[place].state = ServiceState::Running;
            }
            Work::Member(kind, watches) => {
                if watches {
                    self.start_client(kind, world);
                }
                self.with_lifecycler(kind, pod, world, Lifecycler::start);
            }
            Work::Ingester => {
                let takes = pod.wal_replay(world);
                if takes > Duration::ZERO {
                    world.plan(world.now + takes, self.pod, self.epoch, What::WalReplayed);
                } else {
                    self.wal_replayed(pod, world);
                }
            }
        }
    }

    /// The write-ahead log is read: what it held is in memory again, and the ingester may join.
    pub(super) fn wal_replayed(&mut self, pod: &mut Pod, world: &mut World) {
        self.requests.replay(std::mem::take(&mut pod.wal), world);
        if !self.stop_received {
            self.with_lifecycler(RingKind::Ingester, pod, world, Lifecycler::start);
        }
    }

    /// The lifecycler of a ring says that it runs.
    pub(super) fn lifecycler_runs(&mut self, kind: RingKind, pod: &mut Pod, world: &mut World) {
        if let Some(place) = self.module_of(kind) {
            if self.modules[place].state == ServiceState::Starting {
                self.modules[place].state = ServiceState::Running;
            }
            self.start_modules(pod, world);
        }
    }

    /// The lifecycler of a ring is over, or gave up.
    pub(super) fn lifecycler_ends(
        &mut self,
        kind: RingKind,
        error: Option<String>,
        pod: &mut Pod,
        world: &mut World,
    ) {
        let Some(place) = self.module_of(kind) else { return };
        match error {
            Some(error) => self.module_failed(place, error, pod, world),
            None => {
                self.modules[place].state = ServiceState::Terminated;
                self.stop_modules(pod, world);
            }
        }
    }

    fn module_of(&self, kind: RingKind) -> Option<usize> {
        self.modules.iter().position(|running| match running.work {
            Work::Member(member, _) => member == kind,
            Work::Ingester => kind == RingKind::Ingester,
            _ => false,
        })
    }

    /// A module's failure stops the whole process.
    fn module_failed(&mut self, place: usize, error: String, pod: &mut Pod, world: &mut World) {
        let starting = matches!(self.modules[place].state, ServiceState::Starting | ServiceState::Waiting);
        self.modules[place].state = ServiceState::Failed;
        let name = self.modules[place].module.name;
        let text = if starting {
            format!(
                "starting module {name}: invalid service state: Failed, expected: Running, failure: {error}"
            )
        } else {
            error
        };
        self.log(
            world,
            LogLine::new(Level::Error, "loki.go:640", "module failed")
                .with("module", name)
                .with("error", text.clone()),
        );
        self.failure.get_or_insert(text);
        self.stop_modules(pod, world);
    }

    /// SIGTERM.
    pub(super) fn terminate(&mut self, pod: &mut Pod, world: &mut World) {
        if std::mem::replace(&mut self.stop_received, true) {
            return;
        }
        let text = "=== received SIGINT/SIGTERM ===\n*** exiting";
        self.log(world, LogLine::new(Level::Info, "signals.go:62", text));
        self.stop_modules(pod, world);
    }

    /// Stops every module that can stop, until none can; then the process is over.
    pub(super) fn stop_modules(&mut self, pod: &mut Pod, world: &mut World) {
        if !self.is_built || !self.stop_received && self.failure.is_none() {
            return;
        }
        while let Some(place) =
            (0..self.modules.len()).rev().find(|place| self.modules[*place].can_stop(&self.modules))
        {
            let state = std::mem::replace(&mut self.modules[place].state, ServiceState::Stopping);
            self.stop_module(place, state, pod, world);
        }
        let over =
            |running: &Running| matches!(running.state, ServiceState::Terminated | ServiceState::Failed);
        if self.exit.is_none() && self.modules.iter().all(over) {
            let took = duration::format(world.now.since(self.began));
            self.log(
                world,
                LogLine::new(Level::Info, "loki.go:624", "Loki stopped").with("running_time", took),
            );
            self.exit = Some(if self.failure.is_some() { super::Exit::Failed } else { super::Exit::Stopped });
        }
    }

    fn stop_module(&mut self, place: usize, was: ServiceState, pod: &mut Pod, world: &mut World) {
        let running = self.modules[place];
        if was == ServiceState::Waiting {
            self.modules[place].state = ServiceState::Terminated;
            return;
        }
        match running.work {
            Work::Member(kind, _) => self.with_lifecycler(kind, pod, world, Lifecycler::stop),
            Work::Ingester if self.has_begun(RingKind::Ingester) => {
                self.with_lifecycler(RingKind::Ingester, pod, world, Lifecycler::stop);
            }
            Work::Memberlist if self.swim.is_some() && self.kv_state == ServiceState::Running => {
                self.leave(world)
            }
            _ if running.module.stopping > Duration::ZERO => {
                let what = What::ModuleStopped { module: place as u8 };
                world.plan(world.now + running.module.stopping, self.pod, self.epoch, what);
            }
            _ => self.modules[place].state = ServiceState::Terminated,
        }
    }

    /// Whether the lifecycler of a ring was started.
    fn has_begun(&self, kind: RingKind) -> bool {
        self.slot(kind).and_then(|slot| slot.lifecycler.as_ref()).is_some_and(Lifecycler::is_running)
    }

    /// A module's own ending is over.
    pub(super) fn module_stopped(&mut self, place: usize, pod: &mut Pod, world: &mut World) {
        self.modules[place].state = ServiceState::Terminated;
        self.stop_modules(pod, world);
    }

    /// The goodbye is over: nobody listens any more.
    pub(super) fn gossip_stopped(&mut self, pod: &mut Pod, world: &mut World) {
        world.hosts[self.pod as usize].gossips = false;
        self.swim = None;
        if let Some(error) = self.leave_error.take() {
            return self.fail_memberlist(error, pod, world);
        }
        if self.kv_state != ServiceState::Failed {
            self.kv_state = ServiceState::Terminated;
        }
        if let Some(place) = self.modules.iter().position(|running| running.work == Work::Memberlist)
            && self.modules[place].state == ServiceState::Stopping
        {
            self.modules[place].state = ServiceState::Terminated;
        }
        self.stop_modules(pod, world);
    }

    /// The `/ready` page: status and body. Asking is what makes an ingester ready.
    pub fn ready(&mut self, world: &mut World) -> (u16, String) {
        if self.stop_received {
            return (503, "Application is stopping\n".into());
        }
        if self.modules.iter().any(|running| running.state != ServiceState::Running) {
            let count = |name| self.modules.iter().filter(|running| running.state.name() == name).count();
            let mut body = String::from("Some services are not Running:\n");
            for name in ["Starting", "Running", "Stopping", "Terminated", "Failed"] {
                if count(name) > 0 {
                    body.push_str(&format!("{name}: {}\n", count(name)));
                }
            }
            return (503, body);
        }
        for (kind, who) in [(RingKind::Ingester, "Ingester"), (RingKind::PatternIngester, "Pattern Ingester")]
        {
            if let Err(error) = self.check_ready(kind, world) {
                return (503, format!("{who} not ready: {error}\n"));
            }
        }
        (200, "ready\n".into())
    }

    fn check_ready(&mut self, kind: RingKind, world: &mut World) -> Result<(), String> {
        let wall = self.wall(world);
        let Some(place) = self.rings.iter().position(|slot| slot.kind == kind) else { return Ok(()) };
        let slot = &mut self.rings[place];
        let Some(Lifecycler::Ingester(lifecycler)) = &mut slot.lifecycler else { return Ok(()) };
        let mut fx = Vec::new();
        let empty = crate::ring::Desc::default();
        let desc = match &slot.watched {
            Some(desc) => Some(&**desc),
            None => self.kv.store.get(slot.key).map(|value| &value.desc),
        };
        let ctx = Context {
            now: world.now,
            wall,
            prng: &mut self.prng,
            watched: crate::kv::View::new(desc.unwrap_or(&empty)),
            known: desc.is_some(),
        };
        let result = lifecycler.check_ready(&ctx, &mut fx);
        for effect in fx {
            if let Effect::Log(line) = effect {
                self.log(world, line);
            }
        }
        result
    }

    /// Writes a line into the process's log.
    pub(super) fn log(&self, world: &mut World, line: LogLine) {
        // Loki's default `log_level` is info.
        if line.level > Level::Debug {
            world.log(self.pod, self.clock_offset, line);
        }
    }

    /// Steps the process's clock.
    pub(super) fn set_clock(&mut self, offset: i64, world: &World) {
        self.clock_offset = offset;
        self.kv.set_clock(world.clock(offset));
    }

    /// What the process holds of a ring.
    pub fn slot(&self, kind: RingKind) -> Option<&RingSlot> {
        self.rings.iter().find(|slot| slot.kind == kind)
    }

    /// Where its memberlist says that it listens.
    pub fn address(&self) -> Option<Address> {
        self.swim.as_ref().map(Memberlist::address)
    }
}

/// The rings that the options switch on; the ingesters' is always one.
pub(super) fn enabled_rings(options: &Options) -> Vec<RingKind> {
    RingKind::ALL
        .into_iter()
        .filter(|kind| {
            *kind == RingKind::Ingester || options.lifecycler.rings.iter().any(|name| name == kind.name())
        })
        .collect()
}

/// What the modules hold of rings, one slot a ring: some watch what another one joins.
fn ring_slots(modules: &[Running], options: &Options, pod: &Pod, world: &World) -> Vec<RingSlot> {
    let mut slots: Vec<RingSlot> = Vec::new();
    for running in modules {
        let (kind, joins) = match running.work {
            Work::Client(kind) => (kind, false),
            Work::Member(kind, _) => (kind, true),
            Work::Ingester => (RingKind::Ingester, true),
            Work::None | Work::Memberlist => continue,
        };
        let place = world.rings.iter().position(|known| *known == kind).unwrap_or_default();
        let known = slots.iter().position(|slot| slot.kind == kind).unwrap_or_else(|| {
            slots.push(RingSlot::new(kind, Key(place as u8), None));
            slots.len() - 1
        });
        if joins {
            slots[known].lifecycler = Some(lifecycler(kind, options, pod, world));
        }
    }
    slots
}

fn lifecycler(kind: RingKind, options: &Options, pod: &Pod, world: &World) -> Lifecycler {
    let settings = &options.lifecycler;
    let ip = std::net::Ipv4Addr::from(world.hosts[pod.index as usize].ip);
    let identity = Identity {
        id: Arc::clone(&pod.name),
        addr: format!("{ip}:9095").into(),
        zone: Arc::clone(&pod.zone),
    };
    let common = settings.heartbeat_period != super::Span::secs(5);
    let tokens_file: Option<Arc<str>> =
        settings.persist_tokens.then(|| format!("/var/loki/{}.tokens", kind.name()).into());
    let saved = pod.tokens.get(&kind).cloned().filter(|_| settings.persist_tokens);
    match kind.preset(common).lifecycler {
        LifecyclerKind::Ingester => {
            let mut config = IngesterLifecyclerConfig::new(kind, common);
            config.heartbeat_period = settings.heartbeat_period.0;
            config.heartbeat_timeout = settings.heartbeat_timeout.0;
            config.observe_period = settings.observe_period.0;
            config.join_after = settings.join_after.0;
            config.min_ready_duration = settings.min_ready_duration.0;
            config.final_sleep = settings.final_sleep.0;
            config.readiness_check_ring_health = settings.readiness_check_ring_health;
            config.tokens_file_path = tokens_file;
            if kind == RingKind::Ingester {
                config.num_tokens = settings.num_tokens;
                config.unregister_on_shutdown = settings.unregister_on_shutdown;
                config.flush_on_shutdown = options.ingester.flush_on_shutdown || !options.ingester.wal;
                config.autoforget_unhealthy = options.ingester.autoforget_unhealthy;
            }
            Lifecycler::Ingester(IngesterLifecycler::new(config, identity, saved))
        }
        LifecyclerKind::Basic { .. } => {
            let mut config = BasicLifecyclerConfig::new(kind, common);
            config.heartbeat_timeout = settings.heartbeat_timeout.0;
            if common || kind.preset(false).heartbeat_period == Duration::from_secs(5) {
                config.heartbeat_period = settings.heartbeat_period.0;
            }
            Lifecycler::Basic(BasicLifecycler::new(config, identity, saved))
        }
    }
}

fn memberlist_options(options: &Options, pod: &Pod) -> Arc<MemberlistOptions> {
    let mut memberlist = options.memberlist.clone();
    if let Some(members) = &options.groups[pod.group as usize].join_members {
        memberlist.join_members = members.clone();
    }
    Arc::new(memberlist)
}

fn swim_config(options: &Options, pod: &Pod) -> Config {
    let memberlist = &options.memberlist;
    let config = Config {
        retransmit_mult: memberlist.retransmit_factor,
        gossip_interval: memberlist.gossip_interval.0,
        gossip_nodes: memberlist.gossip_nodes,
        gossip_to_the_dead_time: memberlist.gossip_to_dead_nodes_time.0,
        push_pull_interval: memberlist.pull_push_interval.0,
        dead_node_reclaim_time: memberlist.dead_node_reclaim_time.0,
        tcp_timeout: memberlist.stream_timeout.0,
        ..Config::dskit()
    };
    if !memberlist.zone_aware_routing {
        return config;
    }
    let role = if pod.is_bridge { NodeRole::Bridge } else { NodeRole::Member };
    config.with_zone_aware_routing(ZoneAwareRouting { zone: Zone(pod.zone_number), role })
}
