//! One Loki process: its modules, its gossip, its rings.

use std::sync::Arc;
use std::time::Duration;

use crate::kv::MemberlistKv;
use crate::lifecycle::RingKind;
use crate::log::{Level, LogLine};
use crate::memberlist::{Address, Memberlist};
use crate::prng::Prng;
use crate::ring::HeartbeatHealth;
use crate::time::{Instant, WallTime};

use super::config::{enabled_rings, memberlist_options, ring_slots, swim_config};
use super::event::What;
use super::gossip::Exchanges;
use super::modules::{self, Running, ServiceState, Work};
use super::pod::Pod;
use super::rings::{CasRun, RingSlot};
use super::workload::Requests;
use super::{Joiner, MemberlistOptions, StoreKind, World, Writers};

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
    /// Whether it is the compactor that compacts.
    pub compacts: bool,
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
    pub(super) leave_error: Option<String>,
    /// Why the client of memberlist failed, while no module has noticed.
    pub(super) kv_error: Option<String>,
    pub(super) started: bool,
    /// Whether all modules are made.
    pub(super) is_built: bool,
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
            requests: Requests::default(),
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
            kv_error: None,
            compacts: false,
            started: false,
            is_built: false,
            failure: None,
        }
    }

    /// What the process's clock shows.
    pub fn wall(&self, world: &World) -> WallTime {
        world.clock(self.clock_offset).at(world.now)
    }

    /// Whose heartbeat is young enough, by the process's clock.
    pub fn health(&self, world: &World) -> HeartbeatHealth {
        HeartbeatHealth::at(self.wall(world), world.options.lifecycler.heartbeat_timeout.0)
    }

    /// The process has read its configuration and builds its modules; the first client of a ring in
    /// memberlist starts that.
    pub(super) fn begin(&mut self, pod: &mut Pod, world: &mut World) {
        world.hosts[pod.index as usize].serves = true;
        let gossips = world.options.store == StoreKind::Memberlist
            && self.modules.iter().any(|running| running.work == Work::Memberlist)
            && !self.rings.is_empty();
        let build = pod.next_init.modules.take().unwrap_or(world.options.deployment.init);
        world.plan(world.now + build.0, self.pod, self.epoch, What::Modules);
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
        self.say(
            world,
            LogLine::new(
                Level::Info,
                "memberlist_client.go:563",
                "Using memberlist cluster label and node name",
            )
            .with("cluster_label", label.to_string())
            .with("node", name.clone()),
        );
        let number = world.take_name(&name, self.pod, self.epoch);
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

    pub(super) fn fail_memberlist(&mut self, error: String, pod: &mut Pod, world: &mut World) {
        self.kv_state = ServiceState::Failed;
        self.joiner.stop(world.now);
        let error = format!("service memberlist_kv failed: {error}");
        match self.modules.iter().position(|running| running.work == Work::Memberlist) {
            Some(place) if self.modules[place].state == ServiceState::Running => {
                self.module_failed(place, error, pod, world);
            }
            _ => self.kv_error = Some(error),
        }
    }

    /// Writes a line into the process's log.
    pub(super) fn say(&self, world: &mut World, line: LogLine) {
        // Loki's default `log_level` is info.
        if line.level > Level::Debug {
            world.say(self.pod, self.clock_offset, line);
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
