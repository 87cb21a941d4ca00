//! A small language for tests about a whole cluster.
//!
//! A test that fails prints its seed and leaves its run as a scenario that `cargo cli run` takes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use ringside::lifecycle::RingKind;
use ringside::memberlist::State;
use ringside::ring::{HeartbeatHealth, InstanceDesc, InstanceState};
use ringside::sim::{
    Command, Entry, Happening, Options, Pod, Process, Response, Scenario, Simulation, Span, Tally, page,
    shown_state,
};
use ringside::time::Instant;

/// A cluster in the hands of a test.
pub(crate) struct Cluster {
    pub(crate) sim: Simulation,
    options: Options,
    seed: u64,
}

/// `seconds` seconds.
pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// `millis` milliseconds.
pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The value in the middle, and the largest.
pub(crate) fn median_and_worst(mut values: Vec<Duration>) -> (Duration, Duration) {
    values.sort_unstable();
    (values[values.len() / 2], values[values.len() - 1])
}

impl Cluster {
    /// Single binaries `loki-0`, `loki-1` and so on, in the ingesters' ring only. What is killed stays dead.
    pub(crate) fn of(count: usize) -> Self {
        let mut options = Options { journal: usize::MAX, ..Options::default() };
        options.groups[0].count = count;
        options.lifecycler.rings.clear();
        options.deployment.restart_backoff = Span::ZERO;
        Self { sim: Simulation::new(options.clone(), 1).unwrap(), options, seed: 1 }
    }

    /// The same with other chance.
    pub(crate) fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.rebuilt()
    }

    /// The same with other options.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self.rebuilt()
    }

    fn rebuilt(mut self) -> Self {
        assert_eq!(self.sim.steps(), 0, "the run has begun");
        self.sim = Simulation::new(self.options.clone(), self.seed).unwrap();
        self
    }

    /// Everything has started, joined and become ready: a minute has passed.
    pub(crate) fn settled(mut self) -> Self {
        self.run(secs(60));
        self
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) -> &mut Self {
        self.sim.run_until(self.sim.now() + time);
        self
    }

    /// Lets one event after the other happen until `holds`; how long that took. Fails after `limit`.
    pub(crate) fn until(&mut self, limit: Duration, what: &str, holds: impl Fn(&Self) -> bool) -> Duration {
        let began = self.sim.now();
        while !holds(self) {
            assert!(self.sim.next_at().is_some_and(|at| at <= began + limit), "not within {limit:?}: {what}");
            self.sim.step();
        }
        self.sim.now().since(began)
    }

    /// Since the beginning.
    pub(crate) fn now(&self) -> Duration {
        self.sim.now().since(Instant::START)
    }

    /// Does something now.
    pub(crate) fn apply(&mut self, command: Command) -> &mut Self {
        self.sim.apply(command).unwrap();
        self.run(Duration::from_nanos(1))
    }

    pub(crate) fn kill(&mut self, pod: &str) -> &mut Self {
        self.apply(Command::Kill { pod: pod.into(), dark: false })
    }

    pub(crate) fn terminate(&mut self, pod: &str) -> &mut Self {
        self.apply(Command::Terminate { pod: pod.into() })
    }

    pub(crate) fn start(&mut self, pod: &str) -> &mut Self {
        self.apply(Command::Start { pod: pod.into(), rename: None, address: None })
    }

    pub(crate) fn pause(&mut self, pod: &str) -> &mut Self {
        self.apply(Command::Pause { pod: pod.into() })
    }

    pub(crate) fn resume(&mut self, pod: &str) -> &mut Self {
        self.apply(Command::Resume { pod: pod.into() })
    }

    pub(crate) fn clock(&mut self, pod: &str, step_ms: i64) -> &mut Self {
        self.apply(Command::Clock { pod: pod.into(), step_ms })
    }

    pub(crate) fn forget(&mut self, via: &str, id: &str) -> &mut Self {
        self.apply(Command::Forget { via: via.into(), ring: "ingester".into(), id: id.into() })
    }

    pub(crate) fn partition(&mut self, parts: &[&[&str]]) -> &mut Self {
        let parts = parts.iter().map(|part| part.iter().map(ToString::to_string).collect()).collect();
        self.apply(Command::Partition { parts })
    }

    pub(crate) fn heal(&mut self) -> &mut Self {
        self.apply(Command::Heal {})
    }

    /// One line of one stream, pushed through `via`; the error and who has it.
    pub(crate) fn push(&mut self, via: &str, labels: &str) -> (Option<String>, Vec<String>) {
        let seen = self.sim.world.journal.written();
        self.apply(Command::Push { via: via.into(), labels: labels.into(), lines: 1 }).run(secs(6));
        let decided = |entry: &Entry| match &entry.what {
            Happening::Push { error, written } => {
                Some((error.clone(), written.iter().map(ToString::to_string).collect()))
            }
            _ => None,
        };
        self.sim.world.journal.since(seen).find_map(decided).expect("the push was decided")
    }

    /// A query through `via`; its error.
    pub(crate) fn query(&mut self, via: &str) -> Option<String> {
        let seen = self.sim.world.journal.written();
        self.apply(Command::Query { via: via.into() }).run(secs(6));
        let decided = |entry: &Entry| match &entry.what {
            Happening::Query { error, .. } => Some(error.clone()),
            _ => None,
        };
        self.sim.world.journal.since(seen).find_map(decided).expect("the query was decided")
    }

    pub(crate) fn pod(&self, name: &str) -> &Pod {
        &self.sim.pods[self.sim.known_pod(name).unwrap() as usize]
    }

    pub(crate) fn is_up(&self, name: &str) -> bool {
        self.pod(name).is_up()
    }

    pub(crate) fn process(&self, name: &str) -> &Process {
        self.pod(name).process.as_deref().unwrap_or_else(|| panic!("{name} is down"))
    }

    pub(crate) fn page(&mut self, pod: &str, path: &str) -> Response {
        let pod = self.sim.known_pod(pod).unwrap();
        page(&mut self.sim, pod, path)
    }

    /// An instance's entry in the copy of the ingesters' ring at `via`, be it a tombstone.
    pub(crate) fn raw(&self, via: &str, id: &str) -> Option<InstanceDesc> {
        self.process(via).desc(RingKind::Ingester)?.ingesters.get(id).cloned()
    }

    /// An instance's entry as readers at `via` see it.
    pub(crate) fn entry(&self, via: &str, id: &str) -> Option<InstanceDesc> {
        self.raw(via, id).filter(|entry| entry.state != InstanceState::Left)
    }

    /// How the ring page of `via` shows an instance.
    pub(crate) fn shown(&self, via: &str, id: &str) -> &'static str {
        let wall = self.process(via).wall(&self.sim.world);
        let health = HeartbeatHealth::at(wall, self.sim.world.options.lifecycler.heartbeat_timeout.0);
        self.entry(via, id).map_or("absent", |entry| shown_state(entry.state, health.covers(entry.timestamp)))
    }

    /// How many instances readers at `via` see.
    pub(crate) fn ring_size(&self, via: &str) -> usize {
        let desc = self.process(via).desc(RingKind::Ingester);
        desc.map_or(0, |desc| {
            desc.ingesters.values().filter(|entry| entry.state != InstanceState::Left).count()
        })
    }

    /// What memberlist at `via` thinks of the newest process of `pod`.
    pub(crate) fn state_at(&self, via: &str, pod: &str) -> Option<State> {
        let swim = self.process(via).swim.as_ref().unwrap();
        let is_of = |name: &str| name == pod || name.rsplit_once('-').is_some_and(|(head, _)| head == pod);
        let names = &self.sim.world.names;
        let newest = swim.members().iter().filter(|member| is_of(&names[member.name.0 as usize]));
        newest.max_by_key(|member| member.name).map(|member| member.state)
    }

    /// How many members the memberlist page of `via` shows.
    pub(crate) fn members_of(&self, via: &str) -> usize {
        self.process(via).swim.as_ref().map_or(0, |swim| swim.num_members())
    }

    /// When lines with this text were logged by a pod.
    pub(crate) fn logged(&self, pod: &str, text: &str) -> Vec<Duration> {
        self.logged_lines(pod, text).into_iter().map(|(at, _)| at).collect()
    }

    /// Lines with this text, and when they were logged by a pod.
    pub(crate) fn logged_lines(&self, pod: &str, text: &str) -> Vec<(Duration, String)> {
        self.happened(pod, |what| match what {
            Happening::Log { line, .. } => Some(line.to_string()).filter(|line| line.contains(text)),
            _ => None,
        })
    }

    /// When and how an instance's entry changed its state in the copy of `via`.
    pub(crate) fn ring_states(&self, via: &str, instance: &str) -> Vec<(Duration, InstanceState)> {
        self.happened(via, |what| match what {
            Happening::Instance { ring: "ingester", id, state } if **id == *instance => Some(*state),
            _ => None,
        })
    }

    /// When and how memberlist at `via` changed its mind about a member of that pod.
    pub(crate) fn member_states(&self, via: &str, pod: &str) -> Vec<(Duration, State)> {
        self.happened(via, |what| match what {
            Happening::Member { name, state } if name.starts_with(pod) => Some(*state),
            _ => None,
        })
    }

    /// What happened to a pod, with its times.
    pub(crate) fn happened<T>(
        &self,
        pod: &str,
        find: impl Fn(&Happening) -> Option<T>,
    ) -> Vec<(Duration, T)> {
        let pod = self.sim.known_pod(pod).unwrap();
        let entries = self.sim.world.journal.entries().filter(|entry| entry.pod == Some(pod));
        entries.filter_map(|entry| Some((entry.at.since(Instant::START), find(&entry.what)?))).collect()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.sim.world.ledger.tally
    }

    /// The names of all pods.
    pub(crate) fn names(&self) -> Vec<Arc<str>> {
        self.sim.pods.iter().map(|pod| Arc::clone(&pod.name)).collect()
    }
}

/// Runs a test with several seeds.
pub(crate) fn each_seed<T>(seeds: Range<u64>, run: impl Fn(u64) -> T) -> Vec<T> {
    seeds.map(run).collect()
}

impl Drop for Cluster {
    #[expect(clippy::print_stderr, reason = "that is where a failing test speaks")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let name = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let file = format!("{}/{name}.json", env!("CARGO_TARGET_TMPDIR"));
        let scenario = Scenario {
            name,
            title: String::new(),
            about: String::new(),
            seed: self.seed,
            until: Span(self.now()),
            options: self.options.clone(),
            steps: self.sim.commands().to_vec(),
            watch: Vec::new(),
            expect: Vec::new(),
        };
        let saved = std::fs::write(&file, scenario.to_json());
        eprintln!("seed {}, at {:?}; again: cargo cli run {file} --format logfmt", self.seed, self.now());
        if let Err(error) = saved {
            eprintln!("{file} could not be written: {error}");
        }
    }
}
