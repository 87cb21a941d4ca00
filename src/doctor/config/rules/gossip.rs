//! Settings of gossip that hurt.

use std::time::Duration;

use crate::go::duration;

use super::super::Finding;
use super::super::Severity::Look;
use super::{Config, finding};

const CODE: &str = "dskit kv/memberlist/memberlist_client.go:216-263, 500-560";
const TRANSPORT: &str = "dskit kv/memberlist/tcp_transport.go:469-511";

/// A duration, the range in which it does no harm, what happens below and above, and what to set.
struct Knob {
    rule: &'static str,
    key: &'static str,
    least: Duration,
    most: Duration,
    below: &'static str,
    above: &'static str,
    better: &'static str,
    source: &'static str,
}

const KNOBS: [Knob; 7] = [
    Knob {
        rule: "GOSSIP-INTERVAL",
        key: "gossip_interval",
        least: Duration::from_millis(50),
        most: Duration::from_secs(5),
        below: "Each round opens up to three connections; there are three writers, and what waits longer than 250ms for \
                one is dropped without a word.",
        above: "A heartbeat takes several rounds to reach everybody; with long rounds instances look UNHEALTHY, and a \
                shutdown waits for its last words.",
        better: "200ms",
        source: CODE,
    },
    Knob {
        rule: "PULL-PUSH",
        key: "pull_push_interval",
        least: Duration::from_secs(5),
        most: Duration::from_secs(300),
        below: "Each exchange carries the whole ring, both ways; 0 switches it off, and lost messages are never made up \
                for.",
        above: "What gossip has lost is made up for only by these exchanges.",
        better: "30s",
        source: CODE,
    },
    Knob {
        rule: "TOMBSTONES",
        key: "left_ingesters_timeout",
        least: Duration::from_secs(10),
        most: Duration::from_secs(24 * 3600),
        below: "Tombstones are dropped before everybody has heard of them: an ingester that left, or was forgotten, comes \
                back from a node that did not hear it.",
        above: "Tombstones of all pods that ever were travel with every exchange.",
        better: "5m",
        source: "dskit kv/memberlist/memberlist_client.go:233, 1848-1866",
    },
    Knob {
        rule: "DIAL-TIMEOUT",
        key: "packet_dial_timeout",
        least: Duration::from_millis(50),
        most: Duration::from_secs(2),
        below: "A connection across zones, or to a busy pod, takes longer than that: healthy nodes are suspected.",
        above: "A probe has 2s for its answer, so a longer wait is never of use; and a peer that is gone keeps one of the \
                three writers busy for all that time, while packets to others are dropped.",
        better: "2s",
        source: TRANSPORT,
    },
    Knob {
        rule: "STREAM-TIMEOUT",
        key: "stream_timeout",
        least: Duration::from_millis(500),
        most: Duration::from_secs(60),
        below: "A full exchange of a large ring does not finish in time: joins fail.",
        above: "A join of somebody who is gone blocks for that long.",
        better: "2s",
        source: CODE,
    },
    Knob {
        rule: "DEAD-NODES",
        key: "gossip_to_dead_nodes_time",
        least: Duration::from_secs(5),
        most: Duration::from_secs(3600),
        below: "A node that was dead for a moment does not hear of it, and so cannot refute it.",
        above: "Messages keep going to nodes that are gone, and keep writers busy.",
        better: "30s",
        source: CODE,
    },
    Knob {
        rule: "LEAVE-TIMEOUT",
        key: "leave_timeout",
        least: Duration::from_secs(1),
        most: Duration::from_secs(300),
        below: "A node is gone before its farewell is: the others take it for dead only after half a minute of probes.",
        above: "A shutdown may wait that long, and be killed by its grace period.",
        better: "20s",
        source: "dskit kv/memberlist/memberlist_client.go:986-1029",
    },
];

/// A count that must not be smaller.
const COUNTS: [(&str, &str, i64, &str, &str); 3] = [
    ("GOSSIP-NODES", "gossip_nodes", 1, "3", "Nobody is told anything but by full exchanges, one every 30s."),
    (
        "RETRANSMIT",
        "retransmit_factor",
        2,
        "4",
        "Each message is sent on too few times to reach everybody, and the fast-join asks too few nodes.",
    ),
    (
        "WRITERS",
        "max_concurrent_writes",
        2,
        "3",
        "A single peer that is gone blocks the only writer for 2s, and what waits longer than 250ms is dropped.",
    ),
];

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    if !config.uses_memberlist() {
        return;
    }
    findings.extend(KNOBS.iter().filter_map(|knob| duration_of(config, knob)));
    for (rule, name, least, better, why) in COUNTS {
        let key = format!("memberlist.{name}");
        let Some(value) = config.int(&key).filter(|value| *value < least) else { continue };
        findings.push(
            finding(
                (rule, Look),
                config.line(&key),
                format!("{name} is {value}."),
                why,
                format!("{better} is the default."),
                CODE,
            )
            .fixed_by(config.fix_by(&key, better)),
        );
    }
}

fn duration_of(config: &Config<'_>, knob: &Knob) -> Option<Finding> {
    let key = format!("memberlist.{}", knob.key);
    let value = config.span(&key).filter(|_| config.is_given(&key))?;
    let why = match () {
        () if value < knob.least => knob.below,
        () if value > knob.most => knob.above,
        () => return None,
    };
    Some(
        finding(
            (knob.rule, Look),
            config.line(&key),
            format!("{} is {}.", knob.key, duration::format(value)),
            why,
            format!("{} is the default.", knob.better),
            knob.source,
        )
        .fixed_by(config.fix_by(&key, knob.better)),
    )
}
