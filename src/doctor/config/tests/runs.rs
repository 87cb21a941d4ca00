//! Configurations, run.

use super::super::{Severity, examine, scenario};
use super::examples::{EXAMPLES, SOUND};
use crate::sim::{Simulation, Span, StoreKind, Target};
use crate::time::Instant;

fn ready(text: &str, seconds: u64) -> (usize, usize) {
    let simulated = scenario(&examine(text).unwrap()).unwrap();
    let mut simulation = Simulation::of(&simulated.scenario).unwrap();
    simulation.run_until(Instant::from_nanos(seconds * 1_000_000_000));
    let pods = simulated.scenario.options.groups.iter().map(|group| group.count).sum::<usize>();
    let ready = (0..pods).filter(|pod| simulation.copy_ready(*pod as u32).0 == 200).count();
    (ready, pods)
}

#[test]
fn every_example_can_be_run_or_is_refused_with_a_reason() {
    for (rule, text) in EXAMPLES {
        match scenario(&examine(text).unwrap()) {
            Ok(simulated) => assert!(Simulation::of(&simulated.scenario).is_ok(), "{rule}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn a_sound_configuration_becomes_ready() {
    assert_eq!(ready(SOUND, 90), (3, 3));
}

#[test]
fn the_dead_lock_that_was_found_is_one() {
    let locked = "deploymentMode: SingleBinary\nsingleBinary: {replicas: 3}\nloki:\n  extraMemberlistConfig:\n    abort_if_cluster_fast_join_fails: true\n";
    let examined = examine(locked).unwrap();
    let finding = examined.findings.iter().find(|finding| finding.rule == "ABORT-DEADLOCK").unwrap();
    assert_eq!(finding.severity, Severity::Act);
    assert_eq!(ready(locked, 280).0, 0);
    let mended = finding.fix.as_ref().unwrap().apply(locked);
    assert_eq!(ready(&mended, 280), (3, 3));
}

#[test]
fn the_charts_values_become_its_pods() {
    let text = "deploymentMode: Distributed\ningester: {replicas: 3}\ndistributor: {replicas: 2}\nquerier: {replicas: 1}\n";
    let simulated = scenario(&examine(text).unwrap()).unwrap();
    let options = &simulated.scenario.options;
    let groups =
        Vec::from_iter(options.groups.iter().map(|group| (group.name.as_str(), group.target, group.count)));
    assert_eq!(
        groups,
        [
            ("loki-ingester", Target::Ingester, 3),
            ("loki-distributor", Target::Distributor, 2),
            ("loki-querier", Target::Querier, 1)
        ]
    );
    assert_eq!(options.groups[0].zones, ["zone-a", "zone-b", "zone-c"]);
    assert!(!options.dns.publish_not_ready_addresses);
    assert!(!options.lifecycler.unregister_on_shutdown && options.lifecycler.persist_tokens);
    assert_eq!(options.memberlist.join_members, ["gossip-ring"]);
}

#[test]
fn values_go_over_by_lokis_names() {
    let text = "common:\n  replication_factor: 5\n  ring:\n    heartbeat_period: 20s\n    heartbeat_timeout: 90s\n    kvstore: {store: etcd}\nmemberlist:\n  gossip_interval: 1s\n  notify_interval: 3s\n  join_members: [\"dns+a:7946\"]\ningester:\n  autoforget_unhealthy: true\n";
    let simulated = scenario(&examine(text).unwrap()).unwrap();
    let options = &simulated.scenario.options;
    assert_eq!((options.replication_factor, options.store), (5, StoreKind::Etcd));
    assert_eq!(options.lifecycler.heartbeat_period, Span::secs(20));
    assert_eq!(options.lifecycler.heartbeat_timeout, Span::secs(90));
    assert_eq!(options.memberlist.gossip_interval, Span::secs(1));
    assert!(options.ingester.autoforget_unhealthy);
    assert!(
        simulated.left_out.iter().any(|text| text.contains("notify_interval")),
        "{:?}",
        simulated.left_out
    );
    assert!(simulated.assumed.iter().any(|text| text.starts_with("5 processes")), "{:?}", simulated.assumed);
}

#[test]
fn addresses_in_a_row_are_those_of_the_pods() {
    let text = "memberlist:\n  join_members: [\"10.0.0.1:7946\", \"10.0.0.2:7946\", \"10.0.0.3:7946\"]\n";
    let options = scenario(&examine(text).unwrap()).unwrap().scenario.options;
    assert_eq!(options.groups[0].address, "10.0.0.1");
    assert_eq!(ready(text, 90), (3, 3));
}

#[test]
fn what_no_simulated_cluster_can_have_is_refused() {
    let text = "deploymentMode: SingleBinary\nsingleBinary: {replicas: 20000}\n";
    assert!(scenario(&examine(text).unwrap()).unwrap_err().to_string().contains("10000"));
}
