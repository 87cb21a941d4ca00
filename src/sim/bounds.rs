//! Which options a cluster can have.

use super::{Options, OptionsError, Span};

/// The most pods a simulation takes.
pub const MOST_PODS: usize = 10_000;

impl Options {
    /// Finds the first value that no cluster can have.
    pub fn check(&self) -> Result<(), OptionsError> {
        let wrong = |field: &str, value: String, allowed: &str| {
            Err(OptionsError { field: format!("options.{field}"), value, allowed: allowed.into() })
        };
        let pods: usize = self.groups.iter().map(|group| group.count).fold(0, usize::saturating_add);
        if pods == 0 || pods > MOST_PODS {
            return wrong("groups", format!("{pods} pods"), "1 to 10000 pods in all");
        }
        for (index, group) in self.groups.iter().enumerate() {
            if group.name.is_empty() || group.name.len() > 200 {
                return wrong(&format!("groups[{index}].name"), group.name.clone(), "1 to 200 bytes");
            }
            if self.groups[..index].iter().any(|other| other.name == group.name) {
                return wrong(&format!("groups[{index}].name"), group.name.clone(), "a name of its own");
            }
            if let Some(name) = group.names.iter().find(|name| name.is_empty() || name.len() > 200) {
                return wrong(&format!("groups[{index}].names"), name.clone(), "1 to 200 bytes each");
            }
            if !group.address.is_empty() && group.address.parse::<std::net::Ipv4Addr>().is_err() {
                return wrong(
                    &format!("groups[{index}].address"),
                    group.address.clone(),
                    "an IPv4 address, or nothing",
                );
            }
            if group.zones.iter().any(|zone| zone.len() > 16) && self.memberlist.zone_aware_routing {
                return wrong(
                    &format!("groups[{index}].zones"),
                    group.zones.join(","),
                    "at most 16 bytes each",
                );
            }
        }
        let positive = [
            ("replication_factor", self.replication_factor, 1, 100),
            ("lifecycler.num_tokens", self.lifecycler.num_tokens, 1, 4096),
            ("memberlist.gossip_nodes", self.memberlist.gossip_nodes, 1, 1000),
            ("memberlist.max_join_retries", self.memberlist.max_join_retries, 1, 1000),
            ("memberlist.max_concurrent_writes", self.memberlist.max_concurrent_writes, 1, 1000),
            ("memberlist.retransmit_factor", self.memberlist.retransmit_factor as usize, 1, 100),
            ("workload.streams", self.workload.streams as usize, 1, 1_000_000),
            ("workload.streams_per_push", self.workload.streams_per_push as usize, 1, 1000),
            ("workload.lines_per_stream", self.workload.lines_per_stream as usize, 1, 10_000),
            ("workload.shards", self.workload.shards as usize, 1, 1000),
        ];
        for (field, value, low, high) in positive {
            if !(low..=high).contains(&value) {
                return wrong(field, value.to_string(), &format!("{low} to {high}"));
            }
        }
        let bounded = [
            ("workload.pushes_per_second", self.workload.pushes_per_second, 10_000),
            ("workload.queries_per_second", self.workload.queries_per_second, 10_000),
            ("workload.skew", self.workload.skew, 3),
            ("network.loss", self.network.loss, 1_000_000),
            ("network.duplication", self.network.duplication, 1_000_000),
        ];
        for (field, value, high) in bounded {
            if value > high {
                return wrong(field, value.to_string(), &format!("0 to {high}"));
            }
        }
        let spans = [
            ("lifecycler.heartbeat_period", self.lifecycler.heartbeat_period),
            ("lifecycler.heartbeat_timeout", self.lifecycler.heartbeat_timeout),
            ("memberlist.gossip_interval", self.memberlist.gossip_interval),
            ("memberlist.min_join_backoff", self.memberlist.min_join_backoff),
            ("memberlist.stream_timeout", self.memberlist.stream_timeout),
            ("memberlist.packet_dial_timeout", self.memberlist.packet_dial_timeout),
        ];
        for (field, value) in spans {
            if value < Span::millis(1) {
                return wrong(field, value.to_string(), "at least 1ms");
            }
        }
        for (field, low, high) in [
            ("network.latency_max", self.network.latency_min, self.network.latency_max),
            ("central.latency_max", self.central.latency_min, self.central.latency_max),
            (
                "memberlist.max_join_backoff",
                self.memberlist.min_join_backoff,
                self.memberlist.max_join_backoff,
            ),
        ] {
            if high < low {
                return wrong(field, high.to_string(), &format!("at least the minimum, {low}"));
            }
        }
        Ok(())
    }
}
