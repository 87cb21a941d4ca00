use std::time::Duration;

use crate::lifecycle::RingKind;
use crate::loki::Labels;
use crate::prng::Ratio;

use super::event::{WORLD, What};
use super::journal::{Exit, Happening};
use super::simulation::deliver;
use super::workload::Stream;
use super::{Command, Simulation, Span, TimedCommand};

/// Why a command cannot be. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// There is no such pod.
    #[error("no pod is called {name:?}; pods are {known}")]
    UnknownPod {
        /// What was asked for.
        name: String,
        /// Some that there are.
        known: String,
    },
    /// There is no such group.
    #[error("no group is called {name:?}; groups are {known}")]
    UnknownGroup {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// There is no such ring.
    #[error("no ring is called {name:?}; rings are {known}")]
    UnknownRing {
        /// What was asked for.
        name: String,
        /// Those that are switched on.
        known: String,
    },
    /// The labels do not parse.
    #[error("labels {labels}: {reason}")]
    Labels {
        /// What was given.
        labels: String,
        /// Why not.
        reason: String,
    },
    /// The address is none, or another pod has it.
    #[error("address {address:?} is not a free IPv4 address")]
    Address {
        /// What was given.
        address: String,
    },
    /// The process of this pod does not run.
    #[error("{pod} is down")]
    Down {
        /// The pod.
        pod: String,
    },
    /// The process of this pod stands still, and answers nobody.
    #[error("{pod} is paused")]
    Paused {
        /// The pod.
        pod: String,
    },
    /// Its time is over.
    #[error("{at} lies in the past")]
    Past {
        /// When it should have been.
        at: Span,
    },
    /// The number is too large.
    #[error("{what}: {value} is not possible; allowed: {allowed}")]
    Value {
        /// Which value.
        what: &'static str,
        /// What was given.
        value: String,
        /// What may be.
        allowed: String,
    },
}

impl Simulation {
    /// Takes a command a nanosecond from now.
    pub fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        let at = Span(Duration::from_nanos(self.world.now.nanos().saturating_add(1)));
        self.plan_command(TimedCommand { at, command, note: String::new() })
    }

    /// Plans a command, which must lie ahead. At its instant it comes before everything else, whenever it was
    /// planned: a run that knew it from the beginning is the same.
    pub fn plan_command(&mut self, timed: TimedCommand) -> Result<(), CommandError> {
        self.check(&timed.command)?;
        let at = crate::time::Instant::START + timed.at.0;
        if at < self.world.now || at == self.world.now && self.steps() > 0 {
            return Err(CommandError::Past { at: timed.at });
        }
        let rank = self.commands.len() as u32;
        self.commands.push(timed);
        let event = super::event::Event { pod: WORLD, epoch: 0, what: What::Command(rank) };
        self.world.scheduler.plan_first(at, rank, event);
        Ok(())
    }

    /// The commands so far, done and planned.
    pub fn commands(&self) -> &[TimedCommand] {
        &self.commands
    }

    /// Whether a command names what there is.
    pub fn check(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Kill { pod, .. }
            | Command::Terminate { pod }
            | Command::Pause { pod }
            | Command::Resume { pod }
            | Command::Clock { pod, .. }
            | Command::BlockPort { pod }
            | Command::Disk { pod, .. }
            | Command::WalReplay { pod, .. }
            | Command::Init { pod, .. }
            | Command::FinalSleep { pod, .. }
            | Command::Bind { pod, .. }
            | Command::Ready { pod } => self.known_name(pod),
            Command::Start { pod, address, .. } => {
                self.known_name(pod)?;
                address.as_deref().map_or(Ok(()), |address| self.free_address(address).map(drop))
            }
            Command::Partition { parts } => {
                parts.iter().flatten().try_for_each(|name| self.selected(name).map(drop))
            }
            Command::Cut { from, to } | Command::Clog { from, to, .. } => {
                self.selected(from)?;
                self.selected(to).map(drop)
            }
            Command::Loss { millionths } if *millionths > 1_000_000 => Err(CommandError::Value {
                what: "millionths",
                value: millionths.to_string(),
                allowed: "0 to 1000000".into(),
            }),
            Command::Loss { .. } | Command::Heal {} | Command::Dns { .. } | Command::Store { .. } => Ok(()),
            Command::Forget { via, ring, .. } => {
                self.known_name(via)?;
                self.known_ring(ring).map(drop)
            }
            Command::Push { via, labels, .. } => {
                self.known_name(via)?;
                parse_labels(labels).map(drop)
            }
            Command::Query { via } => self.known_name(via),
            Command::Rollout { group } => self.known_group(group).map(drop),
            Command::Scale { group, count } => {
                self.known_group(group)?;
                match *count {
                    0..=1000 => Ok(()),
                    _ => Err(CommandError::Value {
                        what: "count",
                        value: count.to_string(),
                        allowed: "0 to 1000".into(),
                    }),
                }
            }
        }
    }

    pub(super) fn apply_now(&mut self, command: &Command) -> Result<(), CommandError> {
        self.world.note(None, Happening::Fault { text: command.words() });
        self.world.mix(command.words().len() as u64);
        match command {
            Command::Kill { pod, dark } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].exit(Exit::Killed, &mut self.world);
                self.world.hosts[pod as usize].dark = *dark;
            }
            Command::Terminate { pod } => {
                let pod = self.known_pod(pod)?;
                self.terminate(pod);
            }
            Command::Start { pod, rename, address } => {
                let pod = self.known_pod(pod)?;
                self.start(pod, rename.as_deref(), address.as_deref())?;
            }
            Command::Pause { pod } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].paused = self.pods[pod as usize].is_up();
            }
            Command::Resume { pod } => {
                let pod = self.known_pod(pod)?;
                self.resume(pod);
            }
            Command::Clock { pod, step_ms } => {
                let index = self.known_pod(pod)?;
                let pod = &mut self.pods[index as usize];
                pod.clock_offset = pod.clock_offset.saturating_add(step_ms.saturating_mul(1_000_000));
                if let Some(process) = &mut pod.process {
                    process.set_clock(pod.clock_offset, &self.world);
                }
            }
            Command::Partition { parts } => {
                let mut part = vec![0; self.pods.len()];
                for (number, names) in parts.iter().enumerate() {
                    for name in names {
                        self.selected(name)?.into_iter().for_each(|pod| part[pod as usize] = number as u16);
                    }
                }
                self.world.network.partition(part);
            }
            Command::Cut { from, to } => {
                self.each_pair(from, to, |network, from, to| network.cut(from, to))?
            }
            Command::Clog { from, to, delay } => {
                self.each_pair(from, to, |network, from, to| network.clog(from, to, delay.0))?;
            }
            Command::BlockPort { pod } => {
                let pod = self.known_pod(pod)?;
                self.world.network.block_port(pod);
            }
            Command::Loss { millionths } => self.world.network.set_loss(Ratio::from_millionths(*millionths)),
            Command::Heal {} => self.world.network.heal(),
            Command::Dns { down } => self.world.dns.set_down(*down),
            Command::Store { down } => self.world.central.set_down(*down),
            Command::Disk { pod, full } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].disk_full = *full;
            }
            Command::WalReplay { pod, takes } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].wal_replay = Some(*takes);
            }
            Command::Init { pod, takes, modules } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].next_init =
                    super::pod::NextInit { takes: Some(*takes), modules: Some(*modules) };
            }
            Command::FinalSleep { pod, takes } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].final_sleep = Some(*takes);
            }
            Command::Bind { pod, bind, advertise, taken } => {
                let pod = self.known_pod(pod)?;
                self.pods[pod as usize].bind =
                    super::pod::Bind { bind: bind.clone(), advertise: advertise.clone(), taken: *taken };
            }
            Command::Forget { via, ring, id } => {
                let ring = self.known_ring(ring)?;
                self.in_process(via, |process, pod, world| {
                    process.forget(ring, id, pod, world);
                })?;
            }
            Command::Push { via, labels, lines } => {
                let lines = u32::try_from(*lines).unwrap_or(u32::MAX);
                let streams = [Stream { labels: parse_labels(labels)?, lines }];
                self.in_process(via, |process, _, world| process.push(&streams, world))?;
            }
            Command::Query { via } => self.in_process(via, |process, _, world| process.query(world))?,
            Command::Ready { pod } => self.in_process(pod, |process, pod, world| {
                let (status, body) = process.ready(world);
                world.note(Some(pod.index), Happening::Readiness { ready: status == 200, body });
            })?,
            Command::Rollout { group } => {
                let group = self.known_group(group)?;
                self.begin_rollout(group);
            }
            Command::Scale { group, count } => {
                let group = self.known_group(group)?;
                self.scale(group, *count);
            }
        }
        Ok(())
    }

    /// SIGTERM, and SIGKILL when the grace period is over.
    pub(super) fn terminate(&mut self, index: u32) {
        let pod = &mut self.pods[index as usize];
        if !pod.is_up() {
            return;
        }
        let grace = self.world.now + self.world.options.deployment.termination_grace_period.0;
        self.world.plan(grace, index, pod.epoch, What::GraceOver);
        if pod.paused {
            // A stopped process hears of it when it goes on.
            pod.backlog.push(What::Terminate);
        } else {
            deliver(pod, What::Terminate, &mut self.world);
        }
    }

    fn start(&mut self, index: u32, rename: Option<&str>, address: Option<&str>) -> Result<(), CommandError> {
        let group = self.pods[index as usize].group;
        self.groups[group as usize].away.retain(|away| *away != index);
        if self.pods[index as usize].is_up() {
            return Ok(());
        }
        if let Some(address) = address {
            let ip = self.free_address(address)?;
            self.world.move_host(index, ip);
        }
        let pod = &mut self.pods[index as usize];
        if let Some(name) = rename {
            pod.name = name.into();
            pod.tokens.clear();
            self.world.ledger.abandon(&std::mem::take(&mut pod.wal));
        }
        pod.start(&mut self.world);
        Ok(())
    }

    /// What a paused process missed comes all at once.
    fn resume(&mut self, index: u32) {
        let pod = &mut self.pods[index as usize];
        pod.paused = false;
        for what in std::mem::take(&mut pod.backlog) {
            if pod.process.is_some() {
                deliver(pod, what, &mut self.world);
            }
        }
    }

    fn scale(&mut self, group: usize, count: usize) {
        while self.groups[group].pods.len() < count {
            let ordinal = self.groups[group].pods.len();
            self.add_pod(group, ordinal);
        }
        let pods = self.groups[group].pods.clone();
        self.groups[group].wanted = count;
        self.groups[group].away = pods.iter().skip(count).copied().collect();
        for (ordinal, pod) in pods.into_iter().enumerate() {
            let up = self.pods[pod as usize].is_up();
            if ordinal < count && !up {
                self.world.plan(self.world.now, pod, 0, What::Start);
            } else if ordinal >= count && up {
                self.terminate(pod);
            }
        }
    }

    fn in_process(
        &mut self,
        name: &str,
        act: impl FnOnce(&mut super::process::Process, &mut super::pod::Pod, &mut super::World),
    ) -> Result<(), CommandError> {
        let index = self.known_pod(name)?;
        let pod = &mut self.pods[index as usize];
        if pod.paused {
            return Err(CommandError::Paused { pod: name.into() });
        }
        let Some(mut process) = pod.process.take() else {
            return Err(CommandError::Down { pod: name.into() });
        };
        act(&mut process, pod, &mut self.world);
        pod.process = Some(process);
        Ok(())
    }

    fn each_pair(
        &mut self,
        from: &str,
        to: &str,
        mut act: impl FnMut(&mut super::Network, u32, u32),
    ) -> Result<(), CommandError> {
        let (from, to) = (self.selected(from)?, self.selected(to)?);
        for from in from {
            to.iter().filter(|to| **to != from).for_each(|to| act(&mut self.world.network, from, *to));
        }
        Ok(())
    }

    /// The number of a pod. Of several with one name, the newest.
    pub fn known_pod(&self, name: &str) -> Result<u32, CommandError> {
        let found = self.pods.iter().rev().find(|pod| *pod.name == *name).map(|pod| pod.index);
        found.ok_or_else(|| {
            let mut known = Vec::from_iter(self.pods.iter().take(5).map(|pod| pod.name.to_string()));
            if self.pods.len() > known.len() {
                known.push(format!("{} more", self.pods.len() - known.len()));
            }
            CommandError::UnknownPod { name: name.into(), known: known.join(", ") }
        })
    }

    /// Whether a pod has this name, or will get it.
    fn known_name(&self, name: &str) -> Result<(), CommandError> {
        let gives = |timed: &TimedCommand| matches!(&timed.command, Command::Start { rename: Some(given), .. } if given == name);
        if self.commands.iter().any(gives) { Ok(()) } else { self.known_pod(name).map(drop) }
    }

    fn known_group(&self, name: &str) -> Result<usize, CommandError> {
        let groups = &self.world.options.groups;
        groups.iter().position(|group| group.name == name).ok_or_else(|| CommandError::UnknownGroup {
            name: name.into(),
            known: Vec::from_iter(groups.iter().map(|group| group.name.clone())).join(", "),
        })
    }

    /// The ring of this name, if it is switched on.
    pub fn known_ring(&self, name: &str) -> Result<RingKind, CommandError> {
        let rings = &self.world.rings;
        rings.iter().copied().find(|ring| ring.name() == name).ok_or_else(|| CommandError::UnknownRing {
            name: name.into(),
            known: Vec::from_iter(rings.iter().map(|ring| ring.name())).join(", "),
        })
    }

    /// The pods that `zone:NAME`, `group:NAME` or a name stands for.
    fn selected(&self, name: &str) -> Result<Vec<u32>, CommandError> {
        if let Some(zone) = name.strip_prefix("zone:") {
            return Ok(self.pods.iter().filter(|pod| *pod.zone == *zone).map(|pod| pod.index).collect());
        }
        match name.strip_prefix("group:") {
            Some(group) => self.known_group(group).map(|group| self.groups[group].pods.clone()),
            None => self.known_pod(name).map(|pod| vec![pod]),
        }
    }

    fn free_address(&self, address: &str) -> Result<u32, CommandError> {
        let parsed = address.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
        let free = parsed.filter(|ip| !self.world.is_up_at(*ip));
        free.ok_or_else(|| CommandError::Address { address: address.into() })
    }
}

fn parse_labels(labels: &str) -> Result<Labels, CommandError> {
    Labels::parse(labels).map_err(|error| CommandError::Labels {
        labels: labels.chars().take(200).collect(),
        reason: error.to_string(),
    })
}

impl Command {
    /// The command in a few words, for the journal.
    pub fn words(&self) -> String {
        let for_ms = |step: &i64| Span(Duration::from_millis(step.unsigned_abs()));
        match self {
            Self::Kill { pod, dark: false } => format!("kill -9 {pod}"),
            Self::Kill { pod, dark: true } => format!("the machine of {pod} is gone"),
            Self::Terminate { pod } => format!("SIGTERM to {pod}"),
            Self::Start { pod, rename, address } => {
                let name = rename.as_ref().map_or(String::new(), |name| format!(" as {name}"));
                let address = address.as_ref().map_or(String::new(), |address| format!(" at {address}"));
                format!("start {pod}{name}{address}")
            }
            Self::Pause { pod } => format!("{pod} is paused"),
            Self::Resume { pod } => format!("{pod} goes on"),
            Self::Clock { pod, step_ms } if *step_ms < 0 => {
                format!("the clock of {pod} steps back by {}", for_ms(step_ms))
            }
            Self::Clock { pod, step_ms } => format!("the clock of {pod} steps ahead by {}", for_ms(step_ms)),
            Self::Partition { parts } => {
                let parts = Vec::from_iter(parts.iter().map(|part| part.join(" ")));
                format!("the network falls apart: {}", parts.join(" | "))
            }
            Self::Cut { from, to } => format!("nothing gets from {from} to {to}"),
            Self::Clog { from, to, delay } => format!("from {from} to {to} takes {delay} longer"),
            Self::BlockPort { pod } => format!("a policy blocks the memberlist port of {pod}"),
            Self::Loss { millionths } => {
                format!("{}.{:04} % of segments get lost", millionths / 10_000, millionths % 10_000)
            }
            Self::Heal {} => "the network is whole again".into(),
            Self::Dns { down: true } => "the name server is down".into(),
            Self::Dns { down: false } => "the name server is back".into(),
            Self::Store { down: true } => "the central store is down".into(),
            Self::Store { down: false } => "the central store is back".into(),
            Self::Disk { pod, full: true } => format!("the disk of {pod} is full"),
            Self::Disk { pod, full: false } => format!("the disk of {pod} has room again"),
            Self::WalReplay { pod, takes } => format!("{pod} will replay its log for {takes}"),
            Self::Init { pod, takes, modules } => {
                format!("{pod} will take {takes} to begin, and {modules} to build its modules")
            }
            Self::FinalSleep { pod, takes } => format!("{pod} will have a final_sleep of {takes}"),
            Self::Bind { pod, bind, advertise, taken } => {
                let taken = if *taken { ", where the port is taken" } else { "" };
                format!("{pod} will bind to {bind:?} and advertise {advertise:?}{taken}")
            }
            Self::Forget { via, ring, id } => format!("forget {id} on the {ring} ring page of {via}"),
            Self::Push { via, labels, lines } => format!("push {lines} lines of {labels} to {via}"),
            Self::Query { via } => format!("query {via}"),
            Self::Ready { pod } => format!("GET /ready of {pod}"),
            Self::Rollout { group } => format!("rollout of {group}"),
            Self::Scale { group, count } => format!("scale {group} to {count}"),
        }
    }
}
