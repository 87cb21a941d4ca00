use std::sync::Arc;
use std::time::Duration;

use crate::loki::Labels;
use crate::prng::Ratio;

use super::event::{WORLD, What};
use super::journal::{Exit, Happening};
use super::names::names_several;
use super::simulation::deliver;
use super::workload::Stream;
use super::{Command, Options, OptionsError, Simulation, Span, TimedCommand};

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
    /// There is no such zone.
    #[error("no zone is called {name:?}; zones are {known}")]
    UnknownZone {
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
    /// The message has arrived, or never will.
    #[error("message {message} is not under way")]
    NoSuchMessage {
        /// Its number.
        message: u64,
    },
    /// A setting that cannot be.
    #[error(transparent)]
    Options(#[from] OptionsError),
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
        self.check_now(&command)?;
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
        self.commands.push(timed);
        self.put_command(self.commands.len() - 1);
        Ok(())
    }

    fn put_command(&mut self, index: usize) {
        let at = crate::time::Instant::START + self.commands[index].at.0;
        let rank = index as u32;
        let event = super::event::Event { pod: WORLD, epoch: 0, what: What::Command(rank) };
        self.world.scheduler.plan_first(at, rank, event);
    }

    /// The commands so far, done and planned.
    pub fn commands(&self) -> &[TimedCommand] {
        &self.commands
    }

    /// Other commands from here on: those that were done are the first of `commands`, by their times.
    pub(super) fn replace_commands(&mut self, commands: &[TimedCommand]) {
        self.world.scheduler.remove(|event| matches!(event.what, What::Command(_)));
        self.commands = commands.to_vec();
        let pending = Vec::from_iter(in_order(commands).into_iter().skip(self.commands_done));
        pending.into_iter().for_each(|index| self.put_command(index));
    }

    /// Whether a command names what there is, or will be by the commands before it. A command that passes here
    /// passes at any time.
    pub fn check(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Kill { pod, .. }
            | Command::Terminate { pod }
            | Command::Pause { pod }
            | Command::Resume { pod }
            | Command::Clock { pod, .. }
            | Command::BlockPort { pod, .. }
            | Command::Disk { pod, .. } => self.known_selection(pod),
            Command::WalReplay { pod, .. }
            | Command::Init { pod, .. }
            | Command::FinalSleep { pod, .. }
            | Command::Bind { pod, .. }
            | Command::Ready { pod }
            | Command::Query { via: pod } => self.known_name(pod),
            Command::Start { pod, rename: None, address: None } => self.known_selection(pod),
            Command::Start { pod, rename, address } => {
                if names_several(pod) {
                    let what = if rename.is_some() { "rename" } else { "address" };
                    let value = rename.as_ref().or(address.as_ref()).cloned().unwrap_or_default();
                    return Err(CommandError::Value {
                        what,
                        value,
                        allowed: "with the name of one pod".into(),
                    });
                }
                self.known_name(pod)?;
                address.as_deref().map_or(Ok(()), |address| parse_address(address).map(drop))
            }
            Command::Partition { parts } => {
                parts.iter().flatten().try_for_each(|name| self.known_selection(name))
            }
            Command::Cut { from, to } | Command::Clog { from, to, .. } | Command::Mend { from, to } => {
                self.known_selection(from)?;
                self.known_selection(to)
            }
            Command::LinkLoss { from, to, millionths } => {
                self.known_selection(from)?;
                self.known_selection(to)?;
                check_loss(*millionths)
            }
            Command::Loss { millionths } => check_loss(*millionths),
            Command::Heal {}
            | Command::Dns { .. }
            | Command::Store { .. }
            | Command::Drop { .. }
            | Command::Delay { .. } => Ok(()),
            Command::Network { .. } | Command::Workload(_) => {
                let mut options = Options::default();
                command.change(&mut options);
                Ok(options.check()?)
            }
            Command::Forget { via, ring, .. } => {
                self.known_name(via)?;
                self.known_ring(ring).map(drop)
            }
            Command::Push { via, labels, .. } => {
                self.known_name(via)?;
                parse_labels(labels).map(drop)
            }
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

    /// Whether a command is possible at this very moment, as far as that can change.
    pub fn check_now(&self, command: &Command) -> Result<(), CommandError> {
        match command {
            Command::Start { address: Some(address), .. } => self.free_address(address).map(drop),
            Command::Drop { message } | Command::Delay { message, .. } => {
                let is_it = |(_, event): (_, &super::event::Event)| event.what.message() == Some(*message);
                let under_way = self.world.scheduler.iter().any(is_it);
                if under_way { Ok(()) } else { Err(CommandError::NoSuchMessage { message: *message }) }
            }
            _ => Ok(()),
        }
    }

    pub(super) fn apply_now(&mut self, command: &Command) -> Result<(), CommandError> {
        self.world.note(None, Happening::Fault { text: command.words() });
        self.world.mix(command.words().len() as u64);
        match command {
            Command::Kill { pod, dark } => {
                for pod in self.selected(pod)? {
                    self.pods[pod as usize].exit(Exit::Killed, &mut self.world);
                    self.world.hosts[pod as usize].dark = *dark;
                }
            }
            Command::Terminate { pod } => {
                self.selected(pod)?.into_iter().for_each(|pod| self.terminate(pod));
            }
            Command::Start { pod, rename, address } => {
                for pod in self.selected(pod)? {
                    self.start(pod, rename.as_deref(), address.as_deref())?;
                }
            }
            Command::Pause { pod } => {
                for pod in self.selected(pod)? {
                    self.pods[pod as usize].paused = self.pods[pod as usize].is_up();
                }
            }
            Command::Resume { pod } => self.selected(pod)?.into_iter().for_each(|pod| self.resume(pod)),
            Command::Clock { pod, step_ms } => {
                for index in self.selected(pod)? {
                    let pod = &mut self.pods[index as usize];
                    pod.clock_offset = pod.clock_offset.saturating_add(step_ms.saturating_mul(1_000_000));
                    if let Some(process) = &mut pod.process {
                        process.set_clock(pod.clock_offset, &self.world);
                    }
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
            Command::LinkLoss { from, to, millionths } => {
                let loss = Ratio::from_millionths(*millionths);
                self.each_pair(from, to, |network, from, to| network.lose(from, to, loss))?;
            }
            Command::Mend { from, to } => {
                self.each_pair(from, to, |network, from, to| network.mend(from, to))?;
            }
            Command::BlockPort { pod, blocked } => {
                for pod in self.selected(pod)? {
                    self.world.network.block_port(pod, *blocked);
                }
            }
            Command::Loss { millionths } => self.world.network.set_loss(Ratio::from_millionths(*millionths)),
            Command::Heal {} => self.world.network.heal(),
            Command::Drop { message } => {
                let is_it = |event: &super::event::Event| event.what.message() == Some(*message);
                if self.world.scheduler.remove(is_it) == 0 {
                    return Err(CommandError::NoSuchMessage { message: *message });
                }
            }
            Command::Delay { message, by } => {
                let is_it = |event: &super::event::Event| event.what.message() == Some(*message);
                if self.world.scheduler.postpone(is_it, by.0) == 0 {
                    return Err(CommandError::NoSuchMessage { message: *message });
                }
            }
            Command::Network { .. } => {
                command.change(Arc::make_mut(&mut self.world.options));
                self.world.network.set_options(&self.world.options.network);
            }
            Command::Workload(_) => {
                command.change(Arc::make_mut(&mut self.world.options));
                self.start_clients();
            }
            Command::Dns { down } => self.world.dns.set_down(*down),
            Command::Store { down } => self.world.central.set_down(*down),
            Command::Disk { pod, full } => {
                for pod in self.selected(pod)? {
                    self.pods[pod as usize].disk_full = *full;
                }
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

    fn free_address(&self, address: &str) -> Result<u32, CommandError> {
        let free = parse_address(address).ok().filter(|ip| !self.world.is_up_at(*ip));
        free.ok_or_else(|| CommandError::Address { address: address.into() })
    }
}

impl Command {
    /// Changes the settings that it is about, if it is about any.
    pub fn change(&self, options: &mut Options) {
        fn set<T: Copy>(setting: &mut T, value: Option<T>) {
            *setting = value.unwrap_or(*setting);
        }

        let Options { network, workload, .. } = options;
        match self {
            Self::Network { latency_min, latency_max, latency_between_zones, duplication } => {
                set(&mut network.latency_min, *latency_min);
                set(&mut network.latency_max, *latency_max);
                set(&mut network.latency_between_zones, *latency_between_zones);
                set(&mut network.duplication, *duplication);
                match (latency_min, latency_max) {
                    (Some(min), None) => network.latency_max = network.latency_max.max(*min),
                    (None, Some(max)) => network.latency_min = network.latency_min.min(*max),
                    _ => {}
                }
            }
            Self::Workload(change) => {
                set(&mut workload.pushes_per_second, change.pushes_per_second);
                set(&mut workload.queries_per_second, change.queries_per_second);
                set(&mut workload.streams, change.streams);
                set(&mut workload.streams_per_push, change.streams_per_push);
                set(&mut workload.lines_per_stream, change.lines_per_stream);
                set(&mut workload.skew, change.skew);
                set(&mut workload.shards, change.shards);
            }
            _ => {}
        }
    }
}

/// The places of commands in the order in which they are carried out.
pub(super) fn in_order(commands: &[TimedCommand]) -> Vec<usize> {
    let mut places = Vec::from_iter(0..commands.len());
    places.sort_by_key(|place| commands[*place].at);
    places
}

fn check_loss(millionths: u32) -> Result<(), CommandError> {
    match millionths {
        0..=1_000_000 => Ok(()),
        _ => Err(CommandError::Value {
            what: "millionths",
            value: millionths.to_string(),
            allowed: "0 to 1000000".into(),
        }),
    }
}

fn parse_address(address: &str) -> Result<u32, CommandError> {
    let parsed = address.parse::<std::net::Ipv4Addr>().map(u32::from);
    parsed.map_err(|_| CommandError::Address { address: address.into() })
}

fn parse_labels(labels: &str) -> Result<Labels, CommandError> {
    Labels::parse(labels).map_err(|error| CommandError::Labels {
        labels: labels.chars().take(200).collect(),
        reason: error.to_string(),
    })
}
