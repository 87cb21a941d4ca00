use super::super::{Origin, examine};
use super::examples::SOUND;
use super::shown;

fn origin(text: &str, key: &str) -> Origin {
    examine(text).unwrap().get(key).unwrap().origin.clone()
}

#[test]
fn join_members_put_every_ring_into_memberlist() {
    let examined = examine(SOUND).unwrap();
    for key in [
        "ingester.lifecycler.ring",
        "distributor.ring",
        "compactor.compactor_ring",
        "query_scheduler.scheduler_ring",
    ] {
        assert_eq!(shown(&examined, &format!("{key}.kvstore.store")), "memberlist");
    }
    let from = Origin::Derived { from: "memberlist.join_members".into(), line: Some(4) };
    assert_eq!(origin(SOUND, "ruler.ring.kvstore.store"), from);
    assert_eq!(shown(&examined, "ingester.lifecycler.heartbeat_period"), "5s");
    assert_eq!(shown(&examined, "compactor.compactor_ring.heartbeat_period"), "15s");
}

#[test]
fn whatever_is_set_in_common_ring_brings_all_of_it() {
    let text = "common:\n  ring:\n    instance_availability_zone: a\nmemberlist:\n  join_members: [a]\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "ingester.lifecycler.ring.kvstore.store"), "consul");
    assert_eq!(shown(&examined, "ingester.lifecycler.heartbeat_period"), "15s");
    assert_eq!(shown(&examined, "distributor.ring.heartbeat_period"), "15s");
    assert_eq!(shown(&examined, "ingester.lifecycler.availability_zone"), "a");
    let from = Origin::Derived { from: "common.ring.instance_availability_zone".into(), line: Some(3) };
    assert_eq!(origin(text, "ingester.lifecycler.availability_zone"), from);
}

#[test]
fn what_a_ring_says_itself_wins() {
    let text = "common:\n  ring:\n    heartbeat_period: 20s\n    kvstore: {store: etcd}\ningester:\n  lifecycler:\n    heartbeat_period: 7s\n    ring: {kvstore: {store: inmemory}}\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "ingester.lifecycler.heartbeat_period"), "7s");
    assert_eq!(shown(&examined, "ingester.lifecycler.ring.kvstore.store"), "inmemory");
    assert_eq!(shown(&examined, "distributor.ring.heartbeat_period"), "20s");
    assert_eq!(shown(&examined, "distributor.ring.kvstore.store"), "etcd");
}

#[test]
fn a_default_that_is_spelled_out_in_common_ring_touches_nothing() {
    let text = "common:\n  ring:\n    heartbeat_period: 15s\n    kvstore:\n      store: consul\n      prefix: collectors/\nmemberlist:\n  join_members: [a]\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "ingester.lifecycler.ring.kvstore.store"), "memberlist");
    assert_eq!(shown(&examined, "ingester.lifecycler.heartbeat_period"), "5s");
}

#[test]
fn without_common_ring_and_members_rings_follow_the_ingesters() {
    let text = "ingester:\n  lifecycler:\n    ring:\n      kvstore:\n        store: inmemory\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "distributor.ring.kvstore.store"), "inmemory");
    assert_eq!(shown(&examined, "compactor.compactor_ring.heartbeat_period"), "5s");
}

#[test]
fn the_replication_factor_is_that_of_common() {
    let examined = examine("common:\n  replication_factor: 1\n").unwrap();
    assert_eq!(shown(&examined, "ingester.lifecycler.ring.replication_factor"), "1");
    assert_eq!(shown(&examined, "common.ring.replication_factor"), "3");
}

#[test]
fn tokens_files_lie_under_the_prefix() {
    let examined = examine("common:\n  persist_tokens: true\n  path_prefix: /data\n").unwrap();
    assert_eq!(shown(&examined, "ingester.lifecycler.tokens_file_path"), "/data/ingester.tokens");
}

#[test]
fn anchors_and_merge_keys_are_followed() {
    let text =
        "x: &ring\n  kvstore: {store: etcd}\ncommon:\n  ring:\n    <<: *ring\n    heartbeat_period: 9s\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "distributor.ring.kvstore.store"), "etcd");
    assert_eq!(shown(&examined, "distributor.ring.heartbeat_period"), "9s");
}

#[test]
fn the_chart_says_what_it_puts_into_the_configuration() {
    let text = "deploymentMode: Distributed\ningester: {replicas: 4}\nloki:\n  commonConfig: {replication_factor: 3}\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "ingester.replicas"), "6");
    assert_eq!(shown(&examined, "ingester.lifecycler.unregister_on_shutdown"), "false");
    assert_eq!(shown(&examined, "ingester.lifecycler.ring.kvstore.store"), "memberlist");
    assert_eq!(shown(&examined, "common.path_prefix"), "/var/loki");
    let own = examine("loki:\n  config: |\n    auth_enabled: true\nwrite: {replicas: 3}\n").unwrap();
    assert_eq!(shown(&own, "common.replication_factor"), "?");
    let structured = "loki:\n  structuredConfig:\n    memberlist: {cluster_label: a}\n  extraMemberlistConfig: {cluster_label: b}\nwrite: {replicas: 3}\n";
    assert_eq!(shown(&examine(structured).unwrap(), "memberlist.cluster_label"), "a");
}

#[test]
fn values_of_a_parent_chart_are_found_a_level_down() {
    let text = "loki:\n  deploymentMode: SingleBinary\n  singleBinary:\n    replicas: 1\n  loki:\n    auth_enabled: false\n";
    let examined = examine(text).unwrap();
    assert_eq!(shown(&examined, "singleBinary.replicas"), "1");
    assert!(examined.findings.iter().any(|finding| finding.rule == "RF-REPLICAS"));
}
