use std::sync::Arc;
use std::time::Duration;

use ringside::loki::PushTracker;
use ringside::ring::{
    Answer, BatchTracker, Decision, Desc, ErrorFamily, InstanceDesc, LookupBuffer, Operation,
    ReplicationStrategy, Ring, RingConfig,
};
use ringside::time::WallTime;
use serde::Deserialize;

use super::support::{Instance, VectorFile, desc, list, operation};

#[derive(Deserialize)]
struct QuorumFile {
    cases: Vec<FilterCase>,
    do_batch: Vec<Script>,
    loki_push: Vec<Script>,
    is_ready: Vec<ReadyCase>,
}

#[derive(Deserialize)]
struct FilterCase {
    #[serde(deserialize_with = "list")]
    instances: Vec<FilterInstance>,
    replication_factor: usize,
    op: String,
    zone_awareness: bool,
    #[serde(default, deserialize_with = "list")]
    kept: Vec<String>,
    #[serde(default)]
    max_failures: usize,
    error: Option<String>,
}

#[derive(Deserialize)]
struct FilterInstance {
    addr: String,
    state: String,
    heartbeat_age_s: i64,
}

#[derive(Deserialize, Debug)]
struct Script {
    instances: usize,
    replica_sets: Option<Vec<Vec<String>>>,
    #[serde(deserialize_with = "list")]
    max_errors: Vec<usize>,
    #[serde(deserialize_with = "list")]
    arrivals: Vec<(String, String)>,
    outcome: String,
    decided_after: usize,
    error_from: Option<String>,
    error_class: Option<String>,
}

#[derive(Deserialize)]
struct ReadyCase {
    #[serde(deserialize_with = "list")]
    instances: Vec<Instance>,
    now: i64,
    error: Option<String>,
}

const NOW: i64 = 1_000_000;
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn quorum() {
    let (mut file, vectors) = VectorFile::read::<QuorumFile>("quorum");
    for case in &vectors.cases {
        let label = || format!("{} {} zones {}", case.replication_factor, case.op, case.zone_awareness);
        let theirs = match &case.error {
            Some(error) => Err(error.clone()),
            None => Ok((case.kept.clone(), case.max_failures)),
        };
        file.check(label, &filter(case), &theirs);
    }
    for script in &vectors.do_batch {
        let mut tracker = BatchTracker::new(script.items());
        let ours = script.play(|instance, keys, answer| tracker.record(instance, keys, answer));
        file.check(|| format!("do_batch {script:?}"), &ours, &script.outcome());
    }
    for script in &vectors.loki_push {
        let mut tracker = PushTracker::new(script.items());
        let ours = script.play(|instance, streams, answer| tracker.record(instance, streams, answer));
        file.check(|| format!("loki_push {script:?}"), &ours, &script.outcome());
    }
    for case in &vectors.is_ready {
        let ours = desc(&case.instances).is_ready(WallTime::from_unix_secs(case.now), MINUTE);
        file.check(|| "is_ready".to_owned(), &ours.err().map(|error| error.to_string()), &case.error);
    }
    file.finish();
}

/// The strategy alone, through a look-up that takes every instance in order: one token each, and an
/// operation that is healthy in the case's states but looks for as many instances as there are.
fn filter(case: &FilterCase) -> Result<(Vec<String>, usize), String> {
    let entries = case.instances.iter().enumerate().map(|(i, instance)| {
        let desc = InstanceDesc {
            addr: instance.addr.as_str().into(),
            state: instance.state.parse().unwrap(),
            timestamp: NOW - instance.heartbeat_age_s,
            tokens: vec![i as u32 + 1].into(),
            ..InstanceDesc::default()
        };
        (format!("{i:03}"), desc)
    });
    let config = RingConfig {
        replication_factor: case.replication_factor,
        zone_awareness_enabled: case.zone_awareness,
        ..RingConfig::default()
    };
    let ring = Ring::new(&Desc::from_iter(entries), config);
    let mut all: Vec<u32> = (0..ring.instances().len() as u32).collect();
    let health = ring.health_at(WallTime::from_unix_secs(NOW));
    let addr = |&instance: &u32| Arc::clone(&ring.instance(instance).addr).to_string();
    ring.filter(operation(&case.op), health, case.replication_factor, &mut all)
        .map(|set| (set.instances.iter().map(addr).collect(), set.max_errors))
        .map_err(|error| error.to_string())
}

type Outcome = (String, usize, Option<String>, Option<String>);

impl Script {
    fn sets(&self) -> Vec<Vec<String>> {
        let all = || vec![(1..=self.instances).map(|i| format!("i{i}")).collect()];
        self.replica_sets.clone().unwrap_or_else(all)
    }

    /// Per key, the size of its replica set and the errors it may have.
    fn items(&self) -> Vec<(usize, usize)> {
        self.sets().iter().map(Vec::len).zip(self.max_errors.iter().copied()).collect()
    }

    /// Lets the answers arrive one by one until `record` decides.
    fn play(&self, mut record: impl FnMut(usize, &[usize], Answer) -> Option<Decision>) -> Outcome {
        let sets = self.sets();
        for (arrived, (instance, answer)) in self.arrivals.iter().enumerate() {
            let keys: Vec<usize> = (0..sets.len()).filter(|&key| sets[key].contains(instance)).collect();
            let answer = match answer.as_str() {
                "ok" => Answer::Ok,
                "4xx" => Answer::Error(ErrorFamily::Client),
                "5xx" => Answer::Error(ErrorFamily::Server),
                other => panic!("answer {other}"),
            };
            match record(arrived, &keys, answer) {
                None => {}
                Some(Decision::Success) => return ("ok".to_owned(), arrived + 1, None, None),
                Some(Decision::Failure { instance: from }) => {
                    let (from, class) = self.arrivals[from].clone();
                    return ("error".to_owned(), arrived + 1, Some(from), Some(class));
                }
            }
        }
        ("undecided".to_owned(), self.arrivals.len(), None, None)
    }

    fn outcome(&self) -> Outcome {
        (self.outcome.clone(), self.decided_after, self.error_from.clone(), self.error_class.clone())
    }
}

#[test]
fn a_larger_replication_factor_needs_a_strategy_that_supports_it() {
    let entry =
        |token: u32| InstanceDesc { timestamp: NOW, tokens: vec![token].into(), ..Default::default() };
    let desc = Desc::from_iter([("a", entry(1)), ("b", entry(2)), ("c", entry(3)), ("d", entry(4))]);
    let mut buffer = LookupBuffer::default();
    for (strategy, expected) in [
        (ReplicationStrategy::IgnoreUnhealthy, Ok(4)),
        (
            ReplicationStrategy::Default,
            Err("per-call replication factor 4 cannot exceed the configured replication factor 2 with this \
                 replication strategy"
                .to_owned()),
        ),
    ] {
        let ring = Ring::new(&desc, RingConfig { replication_factor: 2, strategy, ..RingConfig::default() });
        let health = ring.health_at(WallTime::from_unix_secs(NOW));
        let found = ring.get_with_replication_factor(0, Operation::WRITE, health, 4, &mut buffer);
        assert_eq!(found.map(|set| set.instances.len()).map_err(|error| error.to_string()), expected);
    }
}
