//! Clusters converge as those of the real library do, small ones; `ringside-cli convergence` compares all.

use ringside::experiment::convergence::{self, Comparison, Metric, Reference};
use ringside::memberlist::Config;

const SAMPLES: &str = include_str!("../fixtures/vectors/convergence_virtual.json");

fn compare(config: &Config, trials: u32) -> Vec<(usize, Metric, Comparison)> {
    let reference = Reference::parse(SAMPLES).unwrap();
    let mut rows = Vec::new();
    for case in reference.cases.iter().filter(|case| case.nodes <= 20) {
        let samples = convergence::run(config, case.nodes, 1, 0..trials);
        rows.extend(
            Metric::ALL
                .map(|metric| (case.nodes, metric, Comparison::new(samples.of(metric), case.of(metric)))),
        );
    }
    rows
}

#[test]
fn small_clusters_converge_like_real_ones() {
    let rows = compare(&Config::dskit(), 200);
    assert_eq!(rows.len(), 4 * 5);
    let misses = Vec::from_iter(rows.iter().filter(|(.., comparison)| !comparison.agrees()));
    assert!(misses.is_empty(), "{misses:#?}");
}

#[test]
fn the_comparison_sees_a_protocol_that_gossips_less() {
    let config = Config { gossip_nodes: 2, ..Config::dskit() };
    let differs = |nodes| {
        compare(&config, 200).iter().any(|(n, metric, comparison)| {
            *n == nodes && *metric == Metric::MessageToAll && !comparison.agrees()
        })
    };
    assert!(differs(10) && differs(20));
}

#[test]
fn a_trial_depends_on_its_seed_and_number_alone() {
    let run = |seed, trials| convergence::run(&Config::dskit(), 5, seed, trials);
    let mut halves = run(1, 0..3);
    halves.append(run(1, 3..6));
    assert_eq!(halves, run(1, 0..6));
    assert_ne!(halves, run(2, 0..6));
}
