//! Clusters that have come to rest: ingesters with 128 tokens, heartbeats every five seconds, gossip as configured.

use std::time::Duration;

use ringside::sim::{Group, Options, Simulation, Span, Target};
use ringside::time::Instant;

/// `nodes` ingesters that all know the first three.
pub(crate) fn options(nodes: usize) -> Options {
    let ingesters =
        Group { name: "ingester".into(), count: nodes, target: Target::Ingester, ..Group::default() };
    let mut options = Options { groups: vec![ingesters], ..Options::default() };
    options.lifecycler.rings.clear();
    options.deployment.readiness_period = Span::ZERO;
    options.deployment.start_spread = Span::secs(10);
    options.memberlist.join_members = (10..13).map(|host| format!("10.244.0.{host}:7946")).collect();
    options
}

/// The cluster when everybody has found everybody.
pub(crate) fn warm(nodes: usize) -> Simulation {
    let Ok(mut simulation) = Simulation::new(options(nodes), 1) else {
        panic!("{nodes} nodes are no cluster")
    };
    simulation.run_until(Instant::START + Duration::from_secs(100));
    simulation
}
