use std::collections::BTreeMap;
use std::time::Duration;

use ringside::memberlist::{Awareness, Config, formula};
use serde::Deserialize;

use super::support::VectorFile;

#[derive(Deserialize)]
struct Formulas {
    cases: Vec<SizeCase>,
    remaining: Vec<(u32, u32, u64, u64, u64, i64)>,
    awareness: Vec<AwarenessCase>,
    suspicion_with_dskit_config: Vec<SuspicionCase>,
    dskit_config: DskitConfig,
}

/// The keys of the maps are the arguments: `mult=4,interval=5s`, `4`, `30s`.
#[derive(Deserialize)]
struct SizeCase {
    n: usize,
    suspicion_timeout_ns: BTreeMap<String, u64>,
    retransmit_limit: BTreeMap<String, u32>,
    push_pull_scale_ns: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct AwarenessCase {
    max: u32,
    deltas: Vec<i32>,
    scores: Vec<u32>,
    scaled_timeout_of_1s_ns: Vec<u64>,
}

#[derive(Deserialize)]
struct SuspicionCase {
    n: usize,
    k: u32,
    min_ns: u64,
    max_ns: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DskitConfig {
    awareness_max_multiplier: u32,
    #[serde(rename = "DeadNodeReclaimTime_s")]
    dead_node_reclaim_time: f64,
    #[serde(rename = "GossipInterval_s")]
    gossip_interval: f64,
    gossip_nodes: usize,
    #[serde(rename = "GossipToTheDeadTime_s")]
    gossip_to_the_dead_time: f64,
    indirect_checks: usize,
    #[serde(rename = "ProbeInterval_s")]
    probe_interval: f64,
    #[serde(rename = "ProbeTimeout_s")]
    probe_timeout: f64,
    #[serde(rename = "PushPullInterval_s")]
    push_pull_interval: f64,
    push_pull_nodes: usize,
    retransmit_mult: u32,
    suspicion_max_timeout_mult: u32,
    suspicion_mult: u32,
    #[serde(rename = "TCPTimeout_s")]
    tcp_timeout: f64,
    #[serde(rename = "UDPBufferSize")]
    udp_buffer_size: usize,
}

fn seconds(text: &str) -> Duration {
    Duration::from_secs(text.trim_end_matches('s').parse().unwrap())
}

fn nanos(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap()
}

#[test]
fn memberlist_formulas() {
    let (mut file, vectors) = VectorFile::read::<Formulas>("memberlist_formulas");
    for SizeCase { n, suspicion_timeout_ns, retransmit_limit, push_pull_scale_ns } in vectors.cases {
        for (arguments, theirs) in suspicion_timeout_ns {
            let (mult, interval) = arguments.split_once(",interval=").unwrap();
            let mult = mult.trim_start_matches("mult=").parse().unwrap();
            let ours = nanos(formula::suspicion_timeout(mult, n, seconds(interval)));
            file.check(|| format!("suspicion timeout n={n} {arguments}"), &ours, &theirs);
        }
        for (mult, theirs) in retransmit_limit {
            let ours = formula::retransmit_limit(mult.parse().unwrap(), n);
            file.check(|| format!("retransmit limit n={n} mult={mult}"), &ours, &theirs);
        }
        for (interval, theirs) in push_pull_scale_ns {
            let ours = nanos(formula::push_pull_scale(seconds(&interval), n));
            file.check(|| format!("push/pull scale n={n} {interval}"), &ours, &theirs);
        }
    }
    for row in vectors.remaining {
        let (n, k, elapsed, min, max, theirs) = row;
        let [elapsed, min, max] = [elapsed, min, max].map(Duration::from_nanos);
        let ours = formula::remaining_suspicion_time(n, k, elapsed, min, max);
        file.check(|| format!("remaining {row:?}"), &ours, &theirs);
    }
    for AwarenessCase { max, deltas, scores, scaled_timeout_of_1s_ns } in vectors.awareness {
        let mut awareness = Awareness::new(max);
        let mut after = |&delta: &i32| {
            awareness.apply_delta(delta);
            (awareness.health_score(), nanos(awareness.scale_timeout(Duration::from_secs(1))))
        };
        let ours: (Vec<u32>, Vec<u64>) = deltas.iter().map(&mut after).unzip();
        file.check(|| format!("awareness max={max} {deltas:?}"), &ours, &(scores, scaled_timeout_of_1s_ns));
    }
    let config = Config::dskit();
    for SuspicionCase { n, k, min_ns, max_ns } in vectors.suspicion_with_dskit_config {
        let (our_k, min, max) = formula::suspicion_bounds(&config, n);
        file.check(|| format!("suspicion n={n}"), &(our_k, nanos(min), nanos(max)), &(k, min_ns, max_ns));
    }
    let theirs = vectors.dskit_config;
    let theirs = Config {
        probe_interval: Duration::from_secs_f64(theirs.probe_interval),
        probe_timeout: Duration::from_secs_f64(theirs.probe_timeout),
        indirect_checks: theirs.indirect_checks,
        awareness_max_multiplier: theirs.awareness_max_multiplier,
        suspicion_mult: theirs.suspicion_mult,
        suspicion_max_timeout_mult: theirs.suspicion_max_timeout_mult,
        retransmit_mult: theirs.retransmit_mult,
        gossip_interval: Duration::from_secs_f64(theirs.gossip_interval),
        gossip_nodes: theirs.gossip_nodes,
        gossip_to_the_dead_time: Duration::from_secs_f64(theirs.gossip_to_the_dead_time),
        push_pull_interval: Duration::from_secs_f64(theirs.push_pull_interval),
        push_pull_nodes: theirs.push_pull_nodes,
        dead_node_reclaim_time: Duration::from_secs_f64(theirs.dead_node_reclaim_time),
        tcp_timeout: Duration::from_secs_f64(theirs.tcp_timeout),
        udp_buffer_size: theirs.udp_buffer_size,
        zone_aware_routing: None,
    };
    file.check(|| "configuration".to_owned(), &config, &theirs);
    file.finish();
}
