//! A process's modules: how they start, stop and fail, and what `/ready` makes of it.
//!
//! Models dskit modules/module_service.go and services/basic_service.go, and `Run` and `readyHandler` of loki
//! pkg/loki/loki.go:570-757. Differs: modules are wound up one after the other where Loki's do it at the same
//! time, so no module hears of another's failure late.

use std::time::Duration;

use crate::go::duration;
use crate::lifecycle::{Context, Effect, IngesterLifecycler, Lifecycler, LifecyclerKind, RingKind};
use crate::log::{Level, LogLine};
use crate::ring::Desc;

use super::event::What;
use super::modules::{ServiceState, Work};
use super::pod::Pod;
use super::process::Process;
use super::{Exit, World};

impl Process {
    /// Starts every module that can start, until none can.
    pub(super) fn start_modules(&mut self, pod: &mut Pod, world: &mut World) {
        if !self.is_built || self.is_stopping() {
            return;
        }
        // Clients of rings wait for the store themselves.
        let answers = matches!(self.kv_state, ServiceState::Running | ServiceState::Stopping);
        let next = |process: &Self| {
            let can_start = |place: &usize| {
                let running = &process.modules[*place];
                running.can_start(&process.modules)
                    && (answers || matches!(running.work, Work::None | Work::Memberlist))
            };
            // What fails takes a moment longer.
            let fails = |place: &usize| {
                process.modules[*place].work == Work::Memberlist && process.kv_error.is_some()
            };
            (0..process.modules.len()).filter(can_start).min_by_key(fails)
        };
        while let Some(place) = next(self) {
            self.modules[place].state = ServiceState::Starting;
            self.start_module(place, pod, world);
        }
        if !self.started && self.modules.iter().all(|running| running.state == ServiceState::Running) {
            self.started = true;
            let took = duration::format(world.now.since(self.began));
            self.say(
                world,
                LogLine::new(Level::Info, "loki.go:624", "Loki started").with("startup_time", took),
            );
        }
    }

    fn start_module(&mut self, place: usize, pod: &mut Pod, world: &mut World) {
        match self.modules[place].work {
            Work::None => self.modules[place].state = ServiceState::Running,
            Work::Memberlist => match self.kv_error.take() {
                Some(error) => self.module_failed(place, error, pod, world),
                None => self.modules[place].state = ServiceState::Running,
            },
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

    /// The write-ahead log is read: what it held is in memory again, and the ingester may join. The reading
    /// cannot be cut short.
    pub(super) fn wal_replayed(&mut self, pod: &mut Pod, world: &mut World) {
        self.requests.replay(std::mem::take(&mut pod.wal));
        if self.is_stopping() {
            self.lifecycler_ends(RingKind::Ingester, None, pod, world);
        } else {
            self.with_lifecycler(RingKind::Ingester, pod, world, Lifecycler::start);
        }
    }

    /// The lifecycler of a ring says that it runs.
    pub(super) fn lifecycler_runs(&mut self, kind: RingKind, pod: &mut Pod, world: &mut World) {
        let Some(place) = self.module_of(kind) else { return };
        if self.modules[place].state == ServiceState::Starting {
            self.modules[place].state = ServiceState::Running;
            match kind {
                RingKind::Ruler => {
                    self.say(world, LogLine::new(Level::Info, "ruler.go:536", "ruler up and running"));
                }
                RingKind::Compactor => self.plan_leader_poll(world),
                _ => {}
            }
        }
        self.start_modules(pod, world);
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
        // Who stops others waits for their end, but does not ask how they ended (`StopManagerAndAwaitStopped`);
        // ingesters stop their lifecycler themselves, and do.
        let asks = kind.preset(false).lifecycler == LifecyclerKind::Ingester;
        match (self.modules[place].state, error) {
            (ServiceState::Aborting, _) => {
                let name = self.modules[place].module.name;
                self.give_up(place, format!("starting module {name}: context canceled"), world);
                self.stop_modules(pod, world);
            }
            (ServiceState::Stopping, Some(error)) if asks => {
                self.give_up(place, error, world);
                self.stop_modules(pod, world);
            }
            (ServiceState::Stopping, _) | (_, None) => {
                self.modules[place].state = ServiceState::Terminated;
                self.stop_modules(pod, world);
            }
            (_, Some(error)) => self.module_failed(place, error, pod, world),
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
    pub(super) fn module_failed(&mut self, place: usize, error: String, pod: &mut Pod, world: &mut World) {
        let starting = self.modules[place].state == ServiceState::Starting;
        let name = self.modules[place].module.name;
        let text = if starting { format!("starting module {name}: {}", failed(&error)) } else { error };
        self.give_up(place, text.clone(), world);
        self.stop_all(Some((place, &text)), pod, world);
    }

    fn give_up(&mut self, place: usize, error: String, world: &mut World) {
        self.modules[place].state = ServiceState::Failed;
        let line = LogLine::new(Level::Error, "loki.go:640", "module failed");
        let line = line.with("module", self.modules[place].module.name).with("error", error.clone());
        self.say(world, line);
        self.failure.get_or_insert(error);
    }

    /// SIGTERM. Nobody listens to signals before all modules are built.
    pub(super) fn terminate(&mut self, pod: &mut Pod, world: &mut World) {
        if std::mem::replace(&mut self.stop_received, true) {
            return;
        }
        if !self.is_built {
            self.exit = Some(Exit::Stopped);
            return;
        }
        let text = "=== received SIGINT/SIGTERM ===\n*** exiting";
        self.say(world, LogLine::new(Level::Info, "signals.go:62", text));
        self.stop_all(None, pod, world);
    }

    fn is_stopping(&self) -> bool {
        self.stop_received || self.failure.is_some()
    }

    /// Tells every module to stop. Those that still wait for others fail by it: those that wait for the one
    /// whose failure is the reason, by that.
    fn stop_all(&mut self, reason: Option<(usize, &str)>, pod: &mut Pod, world: &mut World) {
        for place in 0..self.modules.len() {
            match self.modules[place].state {
                ServiceState::Waiting => {
                    let name = self.modules[place].module.name;
                    let held_up_by = self.modules[place].held_up_by(&self.modules, &mut self.prng);
                    let text = held_up_by.map_or(format!("starting module {name}: context canceled"), |other| {
                        let error = match reason {
                            Some((place, error)) if place == other => failed(error),
                            _ => "context canceled".into(),
                        };
                        let other = self.modules[other].module.name;
                        format!("failed to start {name}, because it depends on module {other}, which has failed: {error}")
                    });
                    self.give_up(place, text, world);
                }
                ServiceState::Starting => {
                    self.modules[place].state = ServiceState::Aborting;
                    if let Work::Member(kind, _) = self.modules[place].work {
                        self.with_lifecycler(kind, pod, world, Lifecycler::stop);
                    }
                }
                ServiceState::Running => self.modules[place].state = ServiceState::Lingering,
                _ => {}
            }
        }
        self.stop_modules(pod, world);
    }

    /// Stops every module that can stop, until none can; then the process is over.
    pub(super) fn stop_modules(&mut self, pod: &mut Pod, world: &mut World) {
        if !self.is_built || !self.is_stopping() {
            return;
        }
        while let Some(place) =
            (0..self.modules.len()).rev().find(|place| self.modules[*place].can_stop(&self.modules))
        {
            self.modules[place].state = ServiceState::Stopping;
            self.stop_module(place, pod, world);
        }
        if self.exit.is_none() && self.modules.iter().all(|running| running.state.is_over()) {
            let took = duration::format(world.now.since(self.began));
            self.say(
                world,
                LogLine::new(Level::Info, "loki.go:624", "Loki stopped").with("running_time", took),
            );
            self.exit = Some(if self.stop_received { Exit::Stopped } else { Exit::Failed });
        }
    }

    fn stop_module(&mut self, place: usize, pod: &mut Pod, world: &mut World) {
        let running = self.modules[place];
        match running.work {
            Work::Member(kind, _) => {
                if kind == RingKind::Compactor {
                    self.say(world, LogLine::new(Level::Info, "compactor.go:475", "compactor exiting"));
                }
                self.with_lifecycler(kind, pod, world, Lifecycler::stop);
            }
            Work::Ingester if self.has_begun(RingKind::Ingester) => {
                self.with_lifecycler(RingKind::Ingester, pod, world, Lifecycler::stop);
            }
            Work::Memberlist if self.leaving.is_some() => {}
            Work::Memberlist if self.swim.is_some() => self.leave(world),
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

    /// The goodbye is over: nobody listens any more, and clients of rings have nothing to watch.
    pub(super) fn gossip_stopped(&mut self, pod: &mut Pod, world: &mut World) {
        world.hosts[self.pod as usize].gossips = false;
        self.swim = None;
        for running in &mut self.modules {
            if matches!(running.work, Work::Client(_)) && !running.state.is_over() {
                running.state = ServiceState::Terminated;
            }
        }
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
        self.modules_unready().unwrap_or_else(|| ready_answer(|kind| self.check_ready(kind, world)))
    }

    /// What the `/ready` page would say, asked without consequences.
    pub fn copy_ready(&self, world: &World) -> (u16, String) {
        let check = |kind| {
            let slot = self.slot(kind);
            let Some(Lifecycler::Ingester(lifecycler)) = slot.and_then(|slot| slot.lifecycler.as_ref())
            else {
                return Ok(());
            };
            self.check_lifecycler(kind, &mut lifecycler.clone(), &mut Vec::new(), world)
        };
        self.modules_unready().unwrap_or_else(|| ready_answer(check))
    }

    /// What `/ready` says while not all modules run.
    fn modules_unready(&self) -> Option<(u16, String)> {
        if self.stop_received {
            return Some((503, "Application is stopping\n".into()));
        }
        if self.modules.iter().any(|running| running.state != ServiceState::Running) {
            let count = |name| self.modules.iter().filter(|running| running.state.name() == name).count();
            let mut body = String::from("Some services are not Running:\n");
            for name in ["Starting", "Running", "Stopping", "Terminated", "Failed"] {
                if count(name) > 0 {
                    body.push_str(&format!("{name}: {}\n", count(name)));
                }
            }
            // `http.Error` ends the text once more.
            body.push('\n');
            return Some((503, body));
        }
        None
    }

    fn check_ready(&mut self, kind: RingKind, world: &mut World) -> Result<(), String> {
        let Some(place) = self.rings.iter().position(|slot| slot.kind == kind) else { return Ok(()) };
        let mut lifecycler = self.rings[place].lifecycler.take();
        let mut fx = Vec::new();
        let result = match &mut lifecycler {
            Some(Lifecycler::Ingester(lifecycler)) => self.check_lifecycler(kind, lifecycler, &mut fx, world),
            _ => Ok(()),
        };
        self.rings[place].lifecycler = lifecycler;
        for effect in fx {
            if let Effect::Log(line) = effect {
                self.say(world, line);
            }
        }
        result
    }

    fn check_lifecycler(
        &self,
        kind: RingKind,
        lifecycler: &mut IngesterLifecycler,
        fx: &mut Vec<Effect>,
        world: &World,
    ) -> Result<(), String> {
        let (empty, desc) = (Desc::default(), self.desc(kind));
        let ctx = Context {
            now: world.now,
            wall: self.wall(world),
            // Nothing is drawn when somebody asks.
            prng: &mut self.prng.clone(),
            watched: crate::kv::View::new(desc.unwrap_or(&empty)),
            known: desc.is_some(),
        };
        lifecycler.check_ready(&ctx, fx)
    }
}

/// What `/ready` says when all modules run: both kinds of ingesters are asked.
fn ready_answer(mut check: impl FnMut(RingKind) -> Result<(), String>) -> (u16, String) {
    for (kind, who) in [(RingKind::Ingester, "Ingester"), (RingKind::PatternIngester, "Pattern Ingester")] {
        if let Err(error) = check(kind) {
            return (503, format!("{who} not ready: {error}\n"));
        }
    }
    (200, "ready\n".into())
}

/// How the state of a service that failed reads to those who wait for it.
fn failed(error: &str) -> String {
    format!("invalid service state: Failed, expected: Running, failure: {error}")
}
