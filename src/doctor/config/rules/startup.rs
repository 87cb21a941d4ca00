//! What happens when a node finds nobody: the switches that stop it, and how often it tries.

use std::time::Duration;

use crate::go::duration;

use super::super::Finding;
use super::super::Severity::{Act, Look, Note};
use super::{Config, finding};

const FAST: &str = "memberlist.abort_if_cluster_fast_join_fails";
const SLOW: &str = "memberlist.abort_if_cluster_join_fails";
const LEAST: &str = "memberlist.abort_if_cluster_fast_join_fails_min_nodes";
const REJOIN: &str = "memberlist.rejoin_interval";
const RETRIES: &str = "memberlist.max_join_retries";
const PUBLISH: &str = "memberlist.service.publishNotReadyAddresses";
const STARTUP: &str =
    "dskit kv/memberlist/memberlist_client.go:633-736; https://github.com/thaum-xyz/ankhmorpork/issues/1039";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    if !config.uses_memberlist() {
        return;
    }
    findings.extend(unpublished(config));
    findings.extend(abort_fast(config));
    findings.extend(least(config));
    findings.extend(abort_slow(config));
    findings.extend(retries(config));
    findings.extend(rejoin(config));
}

fn unpublished(config: &Config<'_>) -> Option<Finding> {
    let topology = config.topology()?;
    if topology.publish_not_ready != Some(false) || config.value("memberlist.join_members").is_empty() {
        return None;
    }
    if config.is_given("memberlist.join_members") {
        let members = config.list("memberlist.join_members")?;
        if members.iter().all(|member| !member.contains("memberlist")) {
            return None;
        }
    }
    let source = "production/helm/loki/values.yaml; https://github.com/grafana/loki/issues/7907";
    if config.is(FAST) {
        return Some(
            finding(
                ("ABORT-DEADLOCK", Act),
                config.line(FAST),
                format!("No first pod can start: abort_if_cluster_fast_join_fails is on and {PUBLISH} is false."),
                "The service's name resolves only to ready pods. In a cluster that starts as a whole nobody is ready, \
                 so the name resolves to nothing, the fast-join fails, Loki stops, and nobody ever becomes ready.",
                format!(
                    "Switch it off. Or set {PUBLISH} to true: then a pod finds at least itself, if not in its first \
                     second, then after it was started again."
                ),
                source,
            )
            .fixed_by(config.fix_by(FAST, "false")),
        );
    }
    if config.is(SLOW) {
        return Some(
            finding(
                ("ABORT-DEADLOCK", Look),
                config.line(SLOW),
                format!("Pods wait for each other: abort_if_cluster_join_fails is on and {PUBLISH} is false."),
                "The service's name resolves only to ready pods. If no pod is ready before the tries are used up (two \
                 and a half minutes at least), as with a long replay of the WAL, all stop, and start over.",
                format!("Switch it off, or set {PUBLISH} to true."),
                source,
            )
            .fixed_by(config.fix_by(SLOW, "false")),
        );
    }
    Some(
        finding(
            ("NOT-READY-HIDDEN", Note),
            config.line(PUBLISH),
            format!("{PUBLISH} is false, the chart's default."),
            "When the whole cluster starts, the service's name resolves to nothing until one pod is ready. Each pod \
             logs \"failed to fast-join the memberlist cluster at startup\" at level error, and joins within the next \
             minutes. It is harmless.",
            format!("Set {PUBLISH} to true, and the line goes away, or comes once."),
            source,
        )
        .fixed_by(config.fix([config.set_at(PUBLISH, "true")])),
    )
}

fn abort_fast(config: &Config<'_>) -> Option<Finding> {
    (config.is(FAST) && !config.is_helm()).then(|| {
        finding(
            ("ABORT-FAST-JOIN", Look),
            config.line(FAST),
            "A node that finds nobody before its modules start does not start at all.",
            "The first node of a cluster finds nobody, unless the list leads to itself and its name resolves before it \
             is ready. Otherwise no node ever starts.",
            "Leave it off: a node that starts alone joins later. Or make sure that not-ready pods are published \
             (publishNotReadyAddresses) and that the list covers every node.",
            STARTUP,
        )
        .fixed_by(config.fix_by(FAST, "false"))
    })
}

fn least(config: &Config<'_>) -> Option<Finding> {
    let least = config.int(LEAST)?;
    (config.is(FAST) && least > 1).then(|| {
        finding(
            ("ABORT-MIN-NODES", Act),
            config.line(LEAST),
            format!("A node starts only where it finds {least} nodes."),
            "While a whole cluster starts there are not that many, so the first ones stop and wait in a crash loop. \
             Whether they ever overlap is chance.",
            "Leave it at 1.",
            STARTUP,
        )
        .fixed_by(config.fix_by(LEAST, "1"))
    })
}

fn abort_slow(config: &Config<'_>) -> Option<Finding> {
    (config.is(SLOW) && !config.is_helm()).then(|| {
        finding(
            ("ABORT-JOIN", Look),
            config.line(SLOW),
            "A node whose tries to join are used up stops.",
            "With a list that leads nowhere for some minutes, as while a name does not resolve yet, every node stops at \
             about the same time, ingesters with data included.",
            "Leave it off, and set rejoin_interval: then a node that is alone keeps trying.",
            STARTUP,
        )
        .fixed_by(config.fix_by(SLOW, "false"))
    })
}

fn retries(config: &Config<'_>) -> Option<Finding> {
    let retries = config.int(RETRIES)?;
    (config.is_given(RETRIES) && (1..=3).contains(&retries)).then(|| {
        let end = if config.is(SLOW) { "then it stops" } else { "then it runs on alone" };
        finding(
            ("RETRIES-FEW", Look),
            config.line(RETRIES),
            format!("A node gives up joining after {retries} tries."),
            format!("With pauses from 1s that double, that is a few seconds: {end}. By default it tries for 159s at \
                     least."),
            "Leave max_join_retries at 10.",
            "dskit kv/memberlist/memberlist_client.go:225-227, 659-736",
        )
        .fixed_by(config.fix_by(RETRIES, "10"))
    })
}

fn rejoin(config: &Config<'_>) -> Option<Finding> {
    let interval = config.span(REJOIN)?;
    if config.value("memberlist.join_members").is_empty() {
        return None;
    }
    if interval > Duration::ZERO && interval < Duration::from_secs(10) {
        return Some(
            finding(
                ("REJOIN-OFTEN", Look),
                config.line(REJOIN),
                format!("Every node joins again every {}.", duration::format(interval)),
                "Each join is a full exchange of state with everybody that the list resolves to.",
                "A minute or two is often enough.",
                "dskit kv/memberlist/memberlist_client.go:803-932",
            )
            .fixed_by(config.fix_by(REJOIN, "1m")),
        );
    }
    (interval == Duration::ZERO).then(|| {
        finding(
            ("REJOIN-OFF", Note),
            config.line(REJOIN).filter(|_| config.is_given(REJOIN)),
            "rejoin_interval is 0, Loki's default: a node never joins again.",
            "After its first ten tries a node that is alone stays alone, and a cluster that was split by the network \
             for more than a minute stays split, with two halves of every ring, until somebody restarts pods.",
            "Set rejoin_interval to a minute or two.",
            "https://github.com/grafana/mimir/issues/16254; https://github.com/grafana/mimir/pull/16332",
        )
        .fixed_by(config.fix_by(REJOIN, "1m"))
    })
}
