//! A pod: a name, an address, a disk, and the process that runs in it, if one does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::lifecycle::RingKind;
use crate::memberlist::Address;
use crate::ring::Tokens;
use crate::time::Instant;

use super::dns::DEFAULT_PORT;
use super::event::What;
use super::journal::{Exit, Happening};
use super::process::Process;
use super::{Span, Target, World};

/// One pod of the cluster.
#[derive(Debug, Clone)]
pub struct Pod {
    /// Its number.
    pub index: u32,
    /// Its name, which is its instances' ID.
    pub name: Arc<str>,
    /// Its group's number.
    pub group: u32,
    /// Its number in the group.
    pub ordinal: usize,
    /// Its zone.
    pub zone: Arc<str>,
    /// Its zone's number.
    pub zone_number: u16,
    /// Whether it is its zone's bridge.
    pub is_bridge: bool,
    /// Whether it is another cluster's.
    pub foreign: bool,
    /// What it runs.
    pub target: Target,
    /// Which of its processes runs or ran last; 0 before the first.
    pub epoch: u32,
    /// The process, if one runs.
    pub process: Option<Box<Process>>,
    /// Whether the process is stopped in its tracks.
    pub paused: bool,
    /// Whether its orchestrator thinks it ready.
    pub ready: bool,
    /// How far its machine's clock is ahead, in nanoseconds.
    pub clock_offset: i64,
    /// The tokens files on its disk.
    pub tokens: BTreeMap<RingKind, Tokens>,
    /// Whether its disk takes no more writes.
    pub disk_full: bool,
    /// What stands in its write-ahead log.
    pub(super) wal: Vec<(Instant, u32)>,
    pub(super) wal_replay: Option<Span>,
    pub(super) next_init: NextInit,
    pub(super) final_sleep: Option<Span>,
    pub(super) bind: Bind,
    pub(super) backlog: Vec<What>,
    pub(super) crashes: u32,
    pub(super) probe_failures: u32,
}

/// How long a pod's next process takes to begin, where that is not what the options say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NextInit {
    /// Up to memberlist.
    pub(super) takes: Option<Span>,
    /// From there to the first module.
    pub(super) modules: Option<Span>,
}

/// What a pod's memberlist binds to and advertises.
#[derive(Debug, Clone, Default)]
pub(super) struct Bind {
    pub(super) bind: String,
    pub(super) advertise: String,
    pub(super) taken: bool,
}

impl Pod {
    /// Whether a process runs.
    pub fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// How many records its write-ahead log holds that no process has in memory.
    pub fn in_wal(&self) -> usize {
        self.wal.len()
    }

    /// Starts a process.
    pub(super) fn start(&mut self, world: &mut World) {
        if self.process.is_some() {
            return;
        }
        self.epoch += 1;
        self.paused = false;
        self.ready = false;
        self.probe_failures = 0;
        let host = &mut world.hosts[self.index as usize];
        (host.epoch, host.dark) = (self.epoch, false);
        let ip = host.ip;
        world.mix(u64::from(self.index) << 32 | u64::from(self.epoch));
        world.note(Some(self.index), Happening::Started { run: self.epoch });
        self.process = Some(Box::new(Process::new(self, world)));
        let init = self.next_init.takes.take().unwrap_or(world.options.deployment.init);
        world.plan(world.now + init.0, self.index, self.epoch, What::Begin);
        if world.dns.publishes_not_ready() {
            self.publish(ip, true, world);
        }
        let deployment = &world.options.deployment;
        if deployment.readiness_period.0 > Duration::ZERO {
            let first = world.now + deployment.readiness_initial_delay.0;
            world.plan(first, self.index, self.epoch, What::Probe);
        }
    }

    /// The process is gone, whatever the reason.
    pub(super) fn exit(&mut self, reason: Exit, world: &mut World) {
        let Some(mut process) = self.process.take() else { return };
        let keeps_log = world.options.ingester.wal && !self.disk_full;
        // What it had not read back yet is still there.
        self.wal.extend(process.requests.crash(keeps_log, world));
        self.paused = false;
        self.backlog.clear();
        let host = &mut world.hosts[self.index as usize];
        (host.epoch, host.gossips, host.serves) = (0, false, false);
        let ip = host.ip;
        world.central.drop_owner(self.index + 1);
        self.publish(ip, false, world);
        world.mix(u64::from(self.index) << 8 | reason as u64);
        world.note(Some(self.index), Happening::Exited { reason });
        self.set_ready(false, String::new(), world);
        let pause = world.options.deployment.restart_backoff.0;
        // A pod that was told to go is not restarted, even if it had to be killed.
        if reason != Exit::Stopped && !process.stop_received && pause > Duration::ZERO {
            const LONGEST: Duration = Duration::from_secs(300);

            let pause = pause.saturating_mul(1 << self.crashes.min(16)).min(LONGEST);
            self.crashes += 1;
            world.plan(world.now + pause, self.index, 0, What::Start);
        }
    }

    /// The orchestrator asks `/ready`.
    pub(super) fn probe(&mut self, world: &mut World) {
        const FAILURES: u32 = 3;

        let period = world.options.deployment.readiness_period.0;
        world.plan(world.now + period, self.index, self.epoch, What::Probe);
        let answer = match &mut self.process {
            Some(process) if !self.paused => process.ready(world),
            _ => (0, "no answer".into()),
        };
        if answer.0 == 200 {
            self.probe_failures = 0;
            self.crashes = 0;
            self.set_ready(true, answer.1, world);
        } else {
            self.probe_failures += 1;
            if self.probe_failures >= FAILURES || !self.ready {
                self.set_ready(false, answer.1, world);
            }
        }
    }

    fn set_ready(&mut self, ready: bool, body: String, world: &mut World) {
        if std::mem::replace(&mut self.ready, ready) == ready {
            return;
        }
        world.note(Some(self.index), Happening::Readiness { ready, body });
        if !world.dns.publishes_not_ready() {
            let ip = world.hosts[self.index as usize].ip;
            self.publish(ip, ready, world);
        }
    }

    fn publish(&self, ip: u32, listed: bool, world: &mut World) {
        if !self.foreign {
            world.dns.publish(world.now, ip, listed);
        }
    }

    /// How long the replay of the write-ahead log takes.
    pub(super) fn wal_replay(&mut self, world: &World) -> Duration {
        let asked = self.wal_replay.take().unwrap_or(world.options.ingester.wal_replay);
        if world.options.ingester.wal { asked.0 } else { Duration::ZERO }
    }

    /// Writes or deletes a tokens file; a full disk takes nothing.
    pub(super) fn save_tokens(&mut self, kind: RingKind, tokens: Option<Tokens>) {
        match tokens {
            Some(tokens) if !self.disk_full => {
                self.tokens.insert(kind, tokens);
            }
            Some(_) => {}
            None => {
                self.tokens.remove(&kind);
            }
        }
    }

    /// Where its memberlist says that it listens.
    pub(super) fn advertised(&self, world: &World) -> Address {
        let own = world.hosts[self.index as usize].ip;
        let ip = self.bind.advertise.parse::<std::net::Ipv4Addr>().map_or(own, u32::from);
        Address { ip, port: DEFAULT_PORT }
    }

    /// The one address that its memberlist listens at, if it is not the pod's own.
    pub(super) fn listens_elsewhere(&self) -> Option<u32> {
        let address = self.bind.bind.parse::<std::net::Ipv4Addr>().ok()?;
        (!address.is_unspecified()).then(|| u32::from(address))
    }

    /// Why its transport cannot be made, in Go's words.
    pub(super) fn bind_error(&self, own_ip: u32) -> Option<String> {
        let bind = &self.bind;
        let address = if bind.bind.is_empty() { "0.0.0.0" } else { &bind.bind };
        if address.parse::<std::net::IpAddr>().is_err() {
            return Some(format!("could not parse bind addr {address:?} as IP address"));
        }
        let failed = |why: &str| {
            Some(format!(
                "failed to start TCP listener on {address:?} port {DEFAULT_PORT}: listen tcp {address}:{DEFAULT_PORT}: bind: {why}"
            ))
        };
        if bind.taken {
            return failed("address already in use");
        }
        let elsewhere = self.listens_elsewhere().filter(|ip| *ip != own_ip && ip >> 24 != 127);
        elsewhere.and_then(|_| failed("cannot assign requested address"))
    }
}
