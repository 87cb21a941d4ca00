//! Cluster labels, and names of nodes.

use super::super::Finding;
use super::super::Severity::{Look, Note};
use super::{Config, finding};

const LABEL: &str = "memberlist.cluster_label";
const UNCHECKED: &str = "memberlist.cluster_label_verification_disabled";
const RANDOM: &str = "memberlist.randomize_node_name";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    if !config.uses_memberlist() || config.value("memberlist.join_members").is_empty() {
        return;
    }
    findings.extend(missing(config));
    findings.extend(unchecked(config));
    findings.extend(fixed_name(config));
}

fn missing(config: &Config<'_>) -> Option<Finding> {
    config.text(LABEL)?.is_empty().then(|| {
        finding(
            ("LABEL-NONE", Note),
            config.line(LABEL).filter(|_| config.is_given(LABEL)),
            "There is no cluster_label.",
            "A pod that gets the address which a pod of another cluster, or of Mimir or Tempo, had a minute ago, is \
             taken for it: the two clusters become one. With different labels they do not hear each other.",
            "In a new cluster set it at once. In a running one in three rollouts: first \
             cluster_label_verification_disabled: true, then the label, then the check back on.",
            "https://github.com/grafana/tempo/issues/2766; https://github.com/grafana/loki/issues/10172",
        )
        .fixed_by(config.fix_by(LABEL, "loki"))
    })
}

fn unchecked(config: &Config<'_>) -> Option<Finding> {
    (config.is(UNCHECKED)).then(|| {
        finding(
            ("LABEL-UNCHECKED", Look),
            config.line(UNCHECKED),
            "cluster_label_verification_disabled is on.",
            "It is meant for the time in which a label is rolled out. While it is on, nodes of every label, and \
             without one, are heard: the label protects from nothing.",
            "Switch it off once all pods have the label.",
            "https://github.com/grafana/mimir/issues/3022",
        )
        .fixed_by(config.fix_by(UNCHECKED, "false"))
    })
}

fn fixed_name(config: &Config<'_>) -> Option<Finding> {
    let is_fixed = config.value(RANDOM).as_bool() == Some(false);
    let never = config.span("memberlist.dead_node_reclaim_time")?.is_zero();
    (is_fixed && never).then(|| {
        finding(
            ("NODE-NAME", Look),
            config.line(RANDOM),
            "Nodes keep their name over restarts, and dead_node_reclaim_time is 0.",
            "A pod that comes back with another address under its old name is refused by all others until they count \
             the old one as dead, which takes up to half a minute after a crash.",
            "Leave randomize_node_name on.",
            "dskit kv/memberlist/memberlist_client.go:295-307, 530-534",
        )
        .fixed_by(config.fix_by(RANDOM, "true"))
    })
}
