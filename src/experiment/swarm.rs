//! Clusters drawn at random, with faults drawn at random, and all rules looked at.
//!
//! A seed makes a scenario; the scenario ends with everything healed, and then the cluster has to come to
//! rest.

use std::time::Duration;

use crate::prng::Prng;
use crate::sim::{
    Checker, Command, Group, MemberlistOptions, Options, PodManagement, SETTLING, Scenario, Simulation, Span,
    StoreKind, Target, TimedCommand,
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
    let scenario = scenario(seed);
    let mut simulation = match Simulation::of(&scenario) {
        Ok(simulation) => simulation,
        Err(error) => {
            return Outcome {
                seed,
                events: 0,
                fingerprint: 0,
                failure: Some(format!("no scenario: {error}")),
            };
        }
    };
    let mut checker = Checker::default();
    let result = checker
        .run(&mut simulation, Instant::START + scenario.until.0)
        .map_err(|violation| violation.to_string());
    let failure = result.and_then(|()| come_to_rest(&mut simulation, &mut checker)).err();
    Outcome { seed, events: simulation.steps(), fingerprint: simulation.fingerprint(), failure }
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
    steps.extend(heal(&options).map(|command| TimedCommand { at: healed, command, note: String::new() }));
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
fn heal(options: &Options) -> impl Iterator<Item = Command> {
    let world = [Command::Heal {}, Command::Dns { down: false }, Command::Store { down: false }];
    let each = pods(options).into_iter().flat_map(|pod| {
        [
            Command::Disk { pod: pod.clone(), full: false },
            Command::Resume { pod: pod.clone() },
            Command::Start { pod, rename: None, address: None },
        ]
    });
    world.into_iter().chain(each)
}

fn pods(options: &Options) -> Vec<String> {
    let names =
        |group: &Group| Vec::from_iter((0..group.count).map(|ordinal| format!("{}-{ordinal}", group.name)));
    options.groups.iter().flat_map(names).collect()
}

struct Draw(Prng);

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

    fn options(&mut self) -> Options {
        let mut options = Options::default();
        let zones = match self.up_to(3) {
            0 => vec!["zone-a".to_owned(), "zone-b".to_owned(), "zone-c".to_owned()],
            1 => vec!["zone-a".to_owned()],
            _ => Vec::new(),
        };
        options.groups = self.groups(&zones);
        options.replication_factor = 1 + self.up_to(2) as usize;
        options.zone_awareness_enabled = zones.len() == 3 && self.one_in(2);
        if self.one_in(7) {
            options.store = self.one_of(&[StoreKind::Consul, StoreKind::Etcd, StoreKind::Inmemory]);
        }
        options.memberlist = self.memberlist(&options);
        let lifecycler = &mut options.lifecycler;
        lifecycler.num_tokens = self.one_of(&[1, 4, 16, 64]);
        lifecycler.heartbeat_period = self.one_of(&[Span::secs(5), Span::secs(5), Span::secs(15)]);
        lifecycler.join_after = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(3)]);
        lifecycler.observe_period = self.one_of(&[Span::ZERO, Span::ZERO, Span::ZERO, Span::secs(4)]);
        lifecycler.final_sleep = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(10)]);
        lifecycler.unregister_on_shutdown = !self.one_in(4);
        lifecycler.persist_tokens = self.one_in(3);
        lifecycler.readiness_check_ring_health = !self.one_in(4);
        if self.one_in(2) {
            lifecycler.rings.clear();
        }
        options.ingester.autoforget_unhealthy = self.one_in(3);
        options.ingester.wal = !self.one_in(3);
        options.ingester.wal_replay = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(20)]);
        options.ingester.flush_on_shutdown = self.one_in(4);
        self.world(&mut options);
        options.journal = 200;
        options
    }

    fn groups(&mut self, zones: &[String]) -> Vec<Group> {
        let group = |name: &str, count: u64, target| Group {
            name: name.into(),
            count: count as usize,
            target,
            zones: zones.to_vec(),
            ..Group::default()
        };
        if self.one_in(2) {
            return vec![group("loki", 1 + self.up_to(6), Target::All)];
        }
        vec![
            group("ingester", 1 + self.up_to(5), Target::Ingester),
            group("distributor", 1 + self.up_to(1), Target::Distributor),
            group("querier", self.up_to(1), Target::Querier),
        ]
    }

    fn memberlist(&mut self, options: &Options) -> MemberlistOptions {
        let mut memberlist = MemberlistOptions::default();
        memberlist.join_members = match self.up_to(3) {
            0 => vec!["gossip-ring".into()],
            1 => vec!["10.244.0.10:7946".into(), "10.244.0.11:7946".into()],
            _ => memberlist.join_members,
        };
        memberlist.rejoin_interval = self.one_of(&[Span::ZERO, Span::secs(20), Span::secs(60)]);
        memberlist.randomize_node_name = !self.one_in(5);
        memberlist.gossip_nodes = self.one_of(&[3, 3, 3, 1, 6]);
        memberlist.pull_push_interval = self.one_of(&[Span::secs(30), Span::secs(30), Span::secs(10)]);
        memberlist.left_ingesters_timeout = self.one_of(&[Span::secs(300), Span::secs(300), Span::secs(30)]);
        memberlist.cluster_label = self.one_of(&[String::new(), "prod".to_owned()]);
        memberlist.zone_aware_routing = options.groups[0].zones.len() == 3 && self.one_in(3);
        memberlist
    }

    fn world(&mut self, options: &mut Options) {
        options.network.latency_max = self.one_of(&[Span::millis(1), Span::millis(20), Span::millis(200)]);
        options.network.loss = self.one_of(&[0, 0, 0, 1_000, 20_000]);
        options.network.duplication = self.one_of(&[0, 0, 0, 10_000]);
        options.dns.publish_not_ready_addresses = !self.one_in(3);
        options.dns.cache = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(30)]);
        options.deployment.start_spread = self.one_of(&[Span::ZERO, Span::secs(3), Span::secs(30)]);
        options.deployment.pod_management =
            self.one_of(&[PodManagement::Parallel, PodManagement::Parallel, PodManagement::OrderedReady]);
        options.deployment.restart_backoff = self.one_of(&[Span::ZERO, Span::secs(10)]);
        options.workload.pushes_per_second = self.one_of(&[0, 1, 5]);
        options.workload.queries_per_second = self.one_of(&[0, 1]);
        options.workload.shards = self.one_of(&[1, 1, 4]);
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
        match self.up_to(19) {
            0..=2 => Command::Kill { pod, dark: self.one_in(3) },
            3..=4 => Command::Terminate { pod },
            5..=6 => Command::Start { pod, rename: None, address: None },
            7 => Command::Pause { pod },
            8 => Command::Resume { pod },
            // Ahead by more than the settling would need that long to be forgotten.
            9 => Command::Clock { pod, step_ms: self.up_to(20_000) as i64 - 10_000 },
            10 => {
                let (left, right) = pods.split_at(self.up_to(pods.len() as u64) as usize);
                Command::Partition { parts: vec![left.to_vec(), right.to_vec()] }
            }
            11 => Command::Cut { from: pod, to: other },
            12 => Command::Clog { from: pod, to: other, delay: Span::millis(self.up_to(3_000)) },
            13 => Command::BlockPort { pod },
            14 => Command::Loss { millionths: self.up_to(200_000) as u32 },
            15 => Command::Dns { down: true },
            16 => Command::Store { down: true },
            17 => Command::Forget { via: pod, ring: "ingester".into(), id: other },
            18 => Command::Disk { pod, full: true },
            _ => match self.up_to(2) {
                0 => Command::WalReplay { pod, takes: Span::secs(self.up_to(60)) },
                1 => Command::Rollout { group: options.groups[0].name.clone() },
                _ => Command::Heal {},
            },
        }
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
