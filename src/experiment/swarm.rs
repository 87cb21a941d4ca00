//! Clusters drawn at random, with faults drawn at random, and all rules looked at.
//!
//! A seed makes a scenario; the scenario ends with everything healed, and then the cluster has to come to
//! rest.

mod options;

use std::time::Duration;

use crate::prng::Prng;
use crate::sim::{
    Checker, Command, Group, Options, SETTLING, Scenario, Simulation, SimulationError, Span, StoreKind,
    TimedCommand,
};
use crate::time::Instant;

/// What came of one seed.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// How many events happened.
    pub events: u64,
    /// The run's fingerprint.
    pub fingerprint: u64,
    /// The rule that did not hold, in words.
    pub failure: Option<String>,
}

/// Runs the cluster of a seed with all rules looked at.
pub fn run(seed: u64) -> Outcome {
    match examine(&scenario(seed)) {
        Ok((outcome, _)) => outcome,
        Err(error) => {
            Outcome { seed, events: 0, fingerprint: 0, failure: Some(format!("no scenario: {error}")) }
        }
    }
}

/// Runs a scenario that ends with everything healed, with all rules looked at; what came of it, and the cluster
/// at its end.
pub fn examine(scenario: &Scenario) -> Result<(Outcome, Simulation), SimulationError> {
    let mut simulation = Simulation::of(scenario)?;
    let mut checker = Checker::default();
    let result = checker
        .run(&mut simulation, Instant::START + scenario.until.0)
        .map_err(|violation| violation.to_string());
    let failure = result.and_then(|()| come_to_rest(&mut simulation, &mut checker)).err();
    let (events, fingerprint) = (simulation.steps(), simulation.fingerprint());
    Ok((Outcome { seed: scenario.seed, events, fingerprint, failure }, simulation))
}

/// Everybody agrees some time: heartbeats that are on their way may make a single look fail.
fn come_to_rest(simulation: &mut Simulation, checker: &mut Checker) -> Result<(), String> {
    const LOOKS: usize = 60;
    const BETWEEN: Duration = Duration::from_secs(1);

    let mut last = Ok(());
    for _ in 0..LOOKS {
        last = simulation.check_liveness();
        if last.is_ok() {
            return Ok(());
        }
        let until = simulation.now() + BETWEEN;
        checker.run(simulation, until).map_err(|violation| violation.to_string())?;
    }
    last.map_err(|error| format!("the healed cluster does not come to rest: {error}"))
}

/// The scenario that a seed makes.
pub fn scenario(seed: u64) -> Scenario {
    let mut draw = Draw(Prng::stream(seed, "swarm", 0));
    let options = draw.options();
    let trouble = draw.0.between(Duration::from_secs(40), Duration::from_secs(150));
    let mut steps = draw.commands(&options, trouble);
    let healed = Span(Duration::from_secs(5) + trouble);
    let heals = heal(&options, &steps);
    steps.extend(heals.into_iter().map(|command| TimedCommand { at: healed, command, note: String::new() }));
    Scenario {
        name: format!("swarm-{seed}"),
        title: "A cluster drawn at random".into(),
        about: String::new(),
        seed,
        until: Span(healed.0 + SETTLING),
        options,
        steps,
        watch: Vec::new(),
        expect: Vec::new(),
    }
}

/// Everything is well again: cables, names, stores, disks, and who was paused or down.
fn heal(options: &Options, steps: &[TimedCommand]) -> Vec<Command> {
    let world = [Command::Heal {}, Command::Dns { down: false }, Command::Store { down: false }];
    // Who listens at a wrong address goes on doing so until it starts again.
    let rebinds = steps.iter().filter_map(|timed| match &timed.command {
        Command::Bind { pod, .. } => Some(pod.clone()),
        _ => None,
    });
    let rebound = Vec::from_iter(rebinds).into_iter().flat_map(|pod| {
        let (bind, advertise) = (String::new(), String::new());
        [
            Command::Bind { pod: pod.clone(), bind, advertise, taken: false },
            Command::Kill { pod, dark: false },
        ]
    });
    let renamed = steps.iter().filter_map(|timed| match &timed.command {
        Command::Start { rename, .. } => rename.clone(),
        _ => None,
    });
    let names = Vec::from_iter(pods(options).into_iter().chain(renamed));
    let each = names.into_iter().flat_map(|pod| {
        [
            Command::Disk { pod: pod.clone(), full: false },
            Command::Resume { pod: pod.clone() },
            Command::Start { pod, rename: None, address: None },
        ]
    });
    world.into_iter().chain(rebound).chain(each).collect()
}

fn pods(options: &Options) -> Vec<String> {
    let names = |group: &Group| {
        let numbers = group.first..group.first + group.count;
        Vec::from_iter(numbers.map(|number| format!("{}-{number}", group.name)))
    };
    options.groups.iter().flat_map(names).collect()
}

/// Chance, and what it makes of a cluster.
pub(super) struct Draw(Prng);

impl Draw {
    /// One time in `n`.
    fn one_in(&mut self, n: u64) -> bool {
        self.0.below(n) == 0
    }

    fn up_to(&mut self, n: u64) -> u64 {
        self.0.below(n + 1)
    }

    fn one_of<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.0.index(items.len())].clone()
    }

    /// Now and then another value than the one that is there.
    fn sometimes<T: Clone>(&mut self, setting: &mut T, others: &[T]) {
        if self.one_in(5) {
            *setting = self.one_of(others);
        }
    }

    fn commands(&mut self, options: &Options, trouble: Duration) -> Vec<TimedCommand> {
        let pods = pods(options);
        let count = self.up_to(8);
        let mut steps = Vec::from_iter((0..count).map(|_| {
            let at = Span(Duration::from_secs(5) + self.0.between(Duration::ZERO, trouble));
            TimedCommand { at, command: self.command(options, &pods), note: String::new() }
        }));
        steps.sort_by_key(|timed| timed.at);
        steps
    }

    fn command(&mut self, options: &Options, pods: &[String]) -> Command {
        let pod = self.one_of(pods);
        let other = self.one_of(pods);
        if options.store != StoreKind::Memberlist && self.one_in(5) {
            return Command::Store { down: !self.one_in(4) };
        }
        match self.up_to(28) {
            0..=2 => Command::Kill { pod, dark: self.one_in(3) },
            3..=4 => Command::Terminate { pod },
            5..=6 => self.start(pod),
            7 => Command::Pause { pod },
            8 => Command::Resume { pod },
            // Ahead by more than the settling would need that long to be forgotten.
            9 => Command::Clock { pod, step_ms: self.up_to(20_000) as i64 - 10_000 },
            10 => self.partition(options, pods),
            11 => Command::Cut { from: pod, to: other },
            12 => Command::Clog { from: pod, to: other, delay: Span::millis(self.up_to(3_000)) },
            13 => Command::BlockPort { pod, blocked: true },
            14 => Command::Loss { millionths: self.up_to(200_000) as u32 },
            15 => Command::Dns { down: true },
            16 => Command::Store { down: !self.one_in(4) },
            17 => {
                let mut rings = options.lifecycler.rings.clone();
                rings.extend(["ingester".to_owned(), "ingester".to_owned()]);
                let id = if self.one_in(8) { "nobody".into() } else { other };
                Command::Forget { via: pod, ring: self.one_of(&rings), id }
            }
            18 => Command::Disk { pod, full: true },
            19 => Command::WalReplay { pod, takes: Span::secs(self.up_to(60)) },
            20 => Command::Rollout { group: options.groups[0].name.clone() },
            21 => Command::Heal {},
            22 => {
                Command::Init { pod, takes: Span::secs(self.up_to(20)), modules: Span::secs(self.up_to(5)) }
            }
            23 => Command::FinalSleep { pod, takes: Span::secs(self.up_to(20)) },
            24 => Command::Push { via: pod, labels: "{app=\"one\"}".into(), lines: 1 + self.up_to(30) },
            25 => Command::Query { via: pod },
            26 => Command::Ready { pod },
            27 => {
                let count = self.up_to(options.groups[0].count as u64 + 2) as usize;
                Command::Scale { group: options.groups[0].name.clone(), count: count.max(1) }
            }
            _ => {
                let bind = self.one_of(&["", "0.0.0.0", "127.0.0.1", "10.99.0.2", "localhost"]).to_owned();
                let advertise = self.one_of(&["", "", "127.0.0.1", "10.99.0.1"]).to_owned();
                Command::Bind { pod, bind, advertise, taken: self.one_in(4) }
            }
        }
    }

    fn start(&mut self, pod: String) -> Command {
        let rename = self.one_in(5).then(|| format!("{pod}x"));
        let address = self.one_in(5).then(|| format!("10.250.0.{}", 1 + self.up_to(200)));
        Command::Start { pod, rename, address }
    }

    fn partition(&mut self, options: &Options, pods: &[String]) -> Command {
        if options.groups[0].zones.len() > 1 && self.one_in(2) {
            return Command::Partition { parts: vec![Vec::new(), vec!["zone:zone-b".into()]] };
        }
        let (left, right) = pods.split_at(self.up_to(pods.len() as u64) as usize);
        Command::Partition { parts: vec![left.to_vec(), right.to_vec()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_scenario_that_survives_its_own_file() {
        for seed in 0..50 {
            let scenario = scenario(seed);
            assert_eq!(Scenario::parse(&scenario.to_json()).unwrap(), scenario, "seed {seed}");
        }
    }
}
