//! Clusters drawn at random, with everything that can go wrong in them.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ringside::experiment::swarm;
use ringside::sim::{Happening, Pod, PodManagement, Simulation, Target};
use ringside::time::Instant;
use serde_json::Value;

const SEEDS: u64 = 300;

/// What has to happen in some of the runs, besides every command: kinds of clusters and of endings, and parts
/// of log lines.
const SOMETIMES: &[&str] = &[
    "store memberlist",
    "store consul",
    "store etcd",
    "store inmemory",
    "pods in order",
    "another cluster",
    "zones",
    "gossip by zones",
    "exit stopped",
    "exit killed",
    "exit failed",
    "member alive",
    "member suspect",
    "member dead",
    "member left",
    "instance PENDING",
    "instance JOINING",
    "instance ACTIVE",
    "instance LEAVING",
    "instance LEFT",
    "push ok",
    "push failed: at least ",
    "push failed: empty ring",
    "push failed: rpc error: code = DeadlineExceeded",
    "push failed: rpc error: code = Unavailable desc = connection error",
    "push failed: rpc error: code = Unavailable desc = Ingester is shutting down",
    "query ok",
    "query failed: empty ring",
    "query failed: rpc error",
    "query failed: too many unhealthy instances",
    "lines lost",
    "fault forget nobody: 500",
    "packet",
    "push_pull",
];

#[test]
fn all_rules_hold_in_every_drawn_cluster_and_everything_happens_in_some() {
    let next = AtomicU64::new(0);
    let results = Mutex::new((Vec::new(), BTreeMap::new()));
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let seed = next.fetch_add(1, Ordering::Relaxed)
                    && seed < SEEDS
                {
                    let (failure, seen) = examined(seed);
                    let mut results = results.lock().unwrap();
                    results.0.extend(failure);
                    for (what, times) in seen {
                        *results.1.entry(what).or_insert(0) += times;
                    }
                }
            });
        }
    });
    let (failures, seen) = results.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    let happened = |wanted: &str| seen.keys().any(|what: &String| what.contains(wanted));
    let commands = Vec::from_iter(COMMANDS.iter().map(|name| format!("command {name}")));
    let happened_to_be_logged =
        |line: &str| seen.keys().any(|what| what.starts_with("log ") && what.contains(&format!(" {line}")));
    let unlogged = Vec::from_iter(LINES.iter().filter(|line| !happened_to_be_logged(line)));
    let wanted = SOMETIMES.iter().map(ToString::to_string).chain(commands);
    let never = Vec::from_iter(wanted.filter(|wanted| !happened(wanted)));
    assert!(never.is_empty() && unlogged.is_empty(), "never happened: {never:#?}, {unlogged:#?}");
}

/// What broke, and what was seen how often.
fn examined(seed: u64) -> (Option<String>, BTreeMap<String, u64>) {
    let mut scenario = swarm::scenario(seed);
    scenario.options.journal = usize::MAX;
    let (outcome, simulation) = swarm::examine(&scenario).unwrap();
    let failure = outcome.failure.map(|failure| {
        format!(
            "seed {seed}: {failure}\n  again: cargo cli swarm --seeds 1 --from {seed}; its scenario: --print"
        )
    });
    let mut seen = BTreeMap::new();
    let mut see = |what: String| *seen.entry(what).or_insert(0) += 1;
    for timed in &scenario.steps {
        let Ok(Value::Object(command)) = serde_json::to_value(&timed.command) else { continue };
        command.keys().for_each(|name| see(format!("command {name}")));
    }
    let options = &scenario.options;
    see(format!("store {}", serde_json::to_value(options.store).unwrap().as_str().unwrap()));
    let circumstances = [
        (options.deployment.pod_management == PodManagement::OrderedReady, "pods in order"),
        (options.groups.iter().any(|group| group.foreign), "another cluster"),
        (options.groups[0].zones.len() > 1, "zones"),
        (options.memberlist.zone_aware_routing, "gossip by zones"),
        (simulation.world.ledger.tally.lines_lost > 0, "lines lost"),
    ];
    circumstances.iter().filter(|(is_so, _)| *is_so).for_each(|(_, what)| see((*what).into()));
    happenings(&simulation, &mut see);
    (failure, seen)
}

fn happenings(simulation: &Simulation, see: &mut impl FnMut(String)) {
    for entry in simulation.world.journal.entries() {
        see(match &entry.what {
            Happening::Log { line, .. } => format!("log {} {}", line.level.name(), line.message),
            Happening::Fault { text } => format!("fault {text}"),
            Happening::Exited { reason } => format!("exit {}", format!("{reason:?}").to_lowercase()),
            Happening::Member { state, .. } => format!("member {}", ringside::sim::state_name(*state)),
            Happening::Instance { state, .. } => format!("instance {state}"),
            Happening::Push { error: Some(error), .. } => format!("push failed: {error}"),
            Happening::Push { .. } => "push ok".into(),
            Happening::Query { error: Some(error), .. } => format!("query failed: {error}"),
            Happening::Query { .. } => "query ok".into(),
            other => other.kind().into(),
        });
    }
}

#[test]
fn every_target_is_drawn() {
    use Target::{All, Backend, Compactor, Distributor, Ingester, Querier, Read, Write};

    let drawn = Vec::from_iter((0..SEEDS).flat_map(|seed| swarm::scenario(seed).options.groups));
    for target in [
        All,
        Backend,
        Compactor,
        Distributor,
        Ingester,
        Querier,
        Read,
        Write,
        Target::Ruler,
        Target::QueryScheduler,
        Target::QueryFrontend,
        Target::IndexGateway,
    ] {
        assert!(drawn.iter().any(|group| group.target == target && group.count > 0), "{target:?}");
    }
}

#[test]
fn every_option_is_drawn_with_another_value_than_its_default() {
    fn leaves(path: &str, value: &Value, out: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| leaves(&format!("{path}.{name}"), value, out));
            }
            Value::Array(items) if path == ".groups" => {
                items.iter().for_each(|item| leaves(path, item, out));
            }
            other => out.push((path.to_owned(), other.clone())),
        }
    }
    let of = |options: &ringside::sim::Options| {
        let mut out = Vec::new();
        leaves("", &serde_json::to_value(options).unwrap(), &mut out);
        out
    };
    let default = of(&ringside::sim::Options::default());
    let drawn = Vec::from_iter((0..SEEDS).flat_map(|seed| of(&swarm::scenario(seed).options)));
    let varies =
        |(path, value): &&(String, Value)| drawn.iter().any(|(other, drawn)| other == path && drawn != value);
    let fixed = Vec::from_iter(default.iter().filter(|leaf| !varies(leaf)).map(|(path, _)| path.as_str()));
    // Names and where the clock begins; and what only the fastest of ways is.
    assert_eq!(
        fixed,
        [
            ".central.latency_min",
            ".dns.server",
            ".dns.service",
            ".epoch",
            ".network.latency_min",
            ".workload.tenant"
        ]
    );
}

#[test]
fn a_copy_made_on_the_way_ends_as_the_original_does() {
    for seed in 0..40 {
        let scenario = swarm::scenario(seed);
        let mut original = Simulation::of(&scenario).unwrap();
        let end = Instant::START + scenario.until.0;
        let part = Instant::from_nanos(end.nanos() / 40 * (1 + seed % 39));
        original.run_until(part);
        let mut copy = original.clone();
        original.run_until(end);
        copy.run_until(end);
        assert_eq!(
            (copy.steps(), copy.fingerprint()),
            (original.steps(), original.fingerprint()),
            "seed {seed}"
        );
        assert_eq!(held(&copy), held(&original), "seed {seed}");
    }
}

/// All that the pods know and count, in words.
fn held(simulation: &Simulation) -> Vec<String> {
    let of = |pod: &Pod| {
        let process = pod.process.as_ref().map(|process| {
            let rings = Vec::from_iter(process.rings.iter().map(|slot| (slot.kind, process.desc(slot.kind))));
            let swim =
                process.swim.as_ref().map(|swim| (swim.incarnation(), swim.members(), swim.health_score()));
            let (queues, counters) = (process.kv.queued_bytes(), &process.kv.counters);
            let (sent, held) = (&process.writers.counters, process.requests.in_memory());
            format!("{rings:?} {swim:?} {queues} {counters:?} {sent:?} {held} {:?}", process.modules)
        });
        format!("{} {} {} {} {:?} {process:?}", pod.name, pod.epoch, pod.ready, pod.paused, pod.tokens)
    };
    let books = format!("{:?} {:?}", simulation.world.ledger.tally, simulation.world.ledger.errors);
    simulation.pods.iter().map(of).chain([books]).collect()
}

#[test]
fn a_seed_runs_alike_every_time_and_another_seed_does_not() {
    for seed in 0..10 {
        assert_eq!(swarm::run(seed).fingerprint, swarm::run(seed).fingerprint);
        assert_ne!(swarm::run(seed).fingerprint, swarm::run(seed + 1).fingerprint);
    }
}

const COMMANDS: [&str; 25] = [
    "bind",
    "block_port",
    "clock",
    "clog",
    "cut",
    "disk",
    "dns",
    "final_sleep",
    "forget",
    "heal",
    "init",
    "kill",
    "loss",
    "partition",
    "pause",
    "push",
    "query",
    "ready",
    "resume",
    "rollout",
    "scale",
    "start",
    "store",
    "terminate",
    "wal_replay",
];

/// Parts of log lines. Left out is what takes an accident within milliseconds, or a token drawn twice.
const LINES: &[&str] = &[
    "Conflicting address for",
    "Got ping for unexpected node",
    "IP address lookup yielded no results",
    "Loki started",
    "Loki stopped",
    "Marking",
    "Push/Pull with",
    "Refuting a dead message",
    "Refuting a suspect message",
    "Refuting an alive message",
    "Suspect",
    "Using memberlist cluster label and node name",
    "WriteTo failed",
    "adding tokens from file",
    "auto-joining cluster after timeout",
    "autoforget have seen",
    "autoforget removed ingester",
    "changing instance state from",
    "compactor exiting",
    "compactor stopped",
    "discarding stream with unacceptable label",
    "error getting key",
    "error when leaving memberlist cluster",
    "existing instance found in ring",
    "failed to change instance state in the ring",
    "failed to fast-join the memberlist cluster at startup",
    "failed to heartbeat instance in the ring",
    "failed to lookup IP addresses",
    "failed to resolve",
    "failed to set state to LEAVING",
    "failed to verify tokens",
    "failed to write to the KV store, sleeping",
    "fast-joining node failed",
    "instance found in ring as JOINING",
    "instance is missing in the ring",
    "instance not found in ring",
    "instance removed from the KV store",
    "instance removed from the ring",
    "joining memberlist cluster failed",
    "joining memberlist cluster succeeded",
    "leaving memberlist cluster",
    "lifecycler entering final sleep before shutdown",
    "lifecycler loop() exited gracefully",
    "lifecycler loop() exited with error",
    "locally-generated broadcast messages left the queue",
    "memberlist fast-join failed to reach minimum required seed nodes",
    "memberlist fast-join finished",
    "memberlist fast-join starting",
    "memberlist zone-aware routing is skipped",
    "module failed",
    "not loading tokens from file, instance already in the ring",
    "not loading tokens from file, tokens file path is empty",
    "observing tokens before going ACTIVE",
    "re-joined memberlist cluster",
    "re-joining memberlist cluster failed",
    "ring doesn't exist in KV store yet",
    "ring lifecycler is shutting down",
    "ruler up and running",
    "token verification failed, observing",
    "token verification successful",
    "transfers are disabled",
    "unregistering instance from ring",
    "waiting for locally-generated broadcast messages",
];
