//! The keys that decide about rings, with Loki's defaults, and where Loki has them.
//!
//! From dskit's `memberlist_client.go:216-263`, `tcp_transport.go:75-88`, `lifecycler.go:74-106` and Loki's
//! `pkg/util/ring/ring_config.go:27-75`. A key that only some versions know is known here.

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int,
    Span,
    Text,
    List,
    /// The name of a ring's store.
    Store,
}

impl Kind {
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Int => "a whole number",
            Self::Span => "a duration with its unit, such as 15s or 1m30s",
            Self::Text => "a text",
            Self::List => "a list, such as [\"…\"]",
            Self::Store => "memberlist, consul, etcd, inmemory or multi",
        }
    }
}

/// A key within its section, what it holds, and its default (lists separated by commas).
pub(super) type Known = (&'static str, Kind, &'static str);

use Kind::{Bool, Int, List, Span, Store, Text};

pub(super) const STORES: [&str; 5] = ["memberlist", "consul", "etcd", "inmemory", "multi"];

/// `memberlist:`.
pub(super) const MEMBERLIST: &[Known] = &[
    ("join_members", List, ""),
    ("node_name", Text, ""),
    ("randomize_node_name", Bool, "true"),
    ("cluster_label", Text, ""),
    ("cluster_label_verification_disabled", Bool, "false"),
    ("abort_if_cluster_fast_join_fails", Bool, "false"),
    ("abort_if_cluster_fast_join_fails_min_nodes", Int, "1"),
    ("abort_if_cluster_join_fails", Bool, "false"),
    ("min_join_backoff", Span, "1s"),
    ("max_join_backoff", Span, "1m"),
    ("max_join_retries", Int, "10"),
    ("rejoin_interval", Span, "0s"),
    ("rejoin_seed_nodes", List, ""),
    ("bind_addr", List, ""),
    ("bind_port", Int, "7946"),
    ("advertise_addr", Text, ""),
    ("advertise_port", Int, "7946"),
    ("gossip_interval", Span, "200ms"),
    ("gossip_nodes", Int, "3"),
    ("pull_push_interval", Span, "30s"),
    ("gossip_to_dead_nodes_time", Span, "30s"),
    ("dead_node_reclaim_time", Span, "0s"),
    ("left_ingesters_timeout", Span, "5m"),
    ("obsolete_entries_timeout", Span, "30s"),
    ("leave_timeout", Span, "20s"),
    ("broadcast_timeout_for_local_updates_on_shutdown", Span, "10s"),
    ("retransmit_factor", Int, "4"),
    ("stream_timeout", Span, "2s"),
    ("packet_dial_timeout", Span, "2s"),
    ("packet_write_timeout", Span, "5s"),
    ("max_concurrent_writes", Int, "3"),
    ("acquire_writer_timeout", Span, "250ms"),
    ("notify_interval", Span, "0s"),
    ("message_history_buffer_bytes", Int, "0"),
    ("compression_enabled", Bool, "true"),
    ("compression_algorithm", Text, "lzw"),
    ("received_messages_queue_size", Int, "1024"),
    ("processed_messages_queue_size", Int, "1024"),
    ("watch_prefix_buffer_size", Int, "128"),
    ("tls_enabled", Bool, "false"),
    ("zone_aware_routing.enabled", Bool, "false"),
    ("zone_aware_routing.instance_availability_zone", Text, ""),
    ("zone_aware_routing.role", Text, "member"),
];

/// Keys of sections that are known but do not decide about anything here.
const MEMBERLIST_MORE: &[&str] = &[
    "tls_cert_path",
    "tls_key_path",
    "tls_ca_path",
    "tls_server_name",
    "tls_insecure_skip_verify",
    "tls_cipher_suites",
    "tls_min_version",
    "zone_aware_routing",
    "propagation_delay_tracker",
    "transport_debug",
    "ca_cert",
];

/// `common:`.
pub(super) const COMMON: &[Known] = &[
    ("replication_factor", Int, "3"),
    ("path_prefix", Text, ""),
    ("persist_tokens", Bool, "false"),
    ("instance_addr", Text, ""),
    ("instance_interface_names", List, ""),
];

const COMMON_MORE: &[&str] = &["storage", "ring", "compactor_address", "compactor_grpc_address"];

/// `common.ring:`, and the rings that are written like it.
pub(super) const RING: &[Known] = &[
    ("kvstore.store", Store, "consul"),
    ("kvstore.prefix", Text, "collectors/"),
    ("heartbeat_period", Span, "15s"),
    ("heartbeat_timeout", Span, "1m"),
    ("tokens_file_path", Text, ""),
    ("zone_awareness_enabled", Bool, "false"),
    ("num_tokens", Int, "128"),
    ("replication_factor", Int, "3"),
    ("instance_id", Text, ""),
    ("instance_interface_names", List, ""),
    ("instance_port", Int, "0"),
    ("instance_addr", Text, ""),
    ("instance_availability_zone", Text, ""),
    ("instance_enable_ipv6", Bool, "false"),
];

/// `ingester.lifecycler:`, and that of the pattern ingesters.
pub(super) const LIFECYCLER: &[Known] = &[
    ("ring.kvstore.store", Store, "consul"),
    ("ring.kvstore.prefix", Text, "collectors/"),
    ("ring.heartbeat_timeout", Span, "1m"),
    ("ring.replication_factor", Int, "3"),
    ("ring.zone_awareness_enabled", Bool, "false"),
    ("ring.excluded_zones", Text, ""),
    ("heartbeat_period", Span, "5s"),
    ("heartbeat_timeout", Span, "1m"),
    ("num_tokens", Int, "128"),
    ("observe_period", Span, "0s"),
    ("join_after", Span, "0s"),
    ("min_ready_duration", Span, "15s"),
    ("final_sleep", Span, "0s"),
    ("tokens_file_path", Text, ""),
    ("availability_zone", Text, ""),
    ("unregister_on_shutdown", Bool, "true"),
    ("readiness_check_ring_health", Bool, "true"),
    ("interface_names", List, ""),
    ("enable_inet6", Bool, "false"),
    ("address", Text, ""),
    ("port", Int, "0"),
    ("id", Text, ""),
];

const KVSTORE: &[&str] = &["store", "prefix", "consul", "etcd", "multi"];

/// Other keys that decide about rings.
pub(super) const OTHERS: &[Known] = &[
    ("target", Text, "all"),
    ("ingester.autoforget_unhealthy", Bool, "false"),
    ("ingester.wal.enabled", Bool, "true"),
    ("ingester.wal.flush_on_shutdown", Bool, "false"),
    ("limits_config.ingestion_rate_strategy", Text, "global"),
    ("index_gateway.mode", Text, "simple"),
    ("ruler.enable_sharding", Bool, "false"),
    ("pattern_ingester.enabled", Bool, "false"),
    ("query_scheduler.use_scheduler_ring", Bool, "false"),
    ("frontend.scheduler_address", Text, ""),
    ("frontend.downstream_url", Text, ""),
    ("frontend_worker.scheduler_address", Text, ""),
    ("frontend_worker.frontend_address", Text, ""),
];

/// A ring's place in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RingPlace {
    pub(super) name: &'static str,
    /// Where its own keys stand.
    pub(super) path: &'static str,
    /// Whether it has a `lifecycler:`.
    pub(super) has_lifecycler: bool,
    /// Its heartbeat period in seconds, as long as `common.ring` is left alone.
    pub(super) period: &'static str,
    /// Which of the fields of [`RING`] it has.
    pub(super) fields: &'static [&'static str],
}

const BARE: &[&str] = &[
    "kvstore.store",
    "kvstore.prefix",
    "heartbeat_period",
    "heartbeat_timeout",
    "instance_id",
    "instance_interface_names",
    "instance_port",
    "instance_addr",
    "instance_enable_ipv6",
];

const WHOLE: &[&str] = &[
    "kvstore.store",
    "kvstore.prefix",
    "heartbeat_period",
    "heartbeat_timeout",
    "tokens_file_path",
    "zone_awareness_enabled",
    "num_tokens",
    "replication_factor",
    "instance_id",
    "instance_interface_names",
    "instance_port",
    "instance_addr",
    "instance_availability_zone",
    "instance_enable_ipv6",
];

const fn basic(
    name: &'static str,
    path: &'static str,
    period: &'static str,
    fields: &'static [&'static str],
) -> RingPlace {
    RingPlace { name, path, has_lifecycler: false, period, fields }
}

pub(super) const RINGS: [RingPlace; 7] = [
    RingPlace {
        name: "ingester",
        path: "ingester.lifecycler",
        has_lifecycler: true,
        period: "5s",
        fields: &[],
    },
    RingPlace {
        name: "pattern-ingester",
        path: "pattern_ingester.lifecycler",
        has_lifecycler: true,
        period: "5s",
        fields: &[],
    },
    basic("distributor", "distributor.ring", "5s", BARE),
    basic("compactor", "compactor.compactor_ring", "15s", WHOLE),
    basic("scheduler", "query_scheduler.scheduler_ring", "15s", WHOLE),
    basic("index-gateway", "index_gateway.ring", "15s", WHOLE),
    basic("ruler", "ruler.ring", "5s", BARE),
];

impl RingPlace {
    /// The path of a field of [`RING`] in this ring, whose lifecycler may call it something else.
    pub(super) fn key(&self, field: &str) -> String {
        let field = match (self.has_lifecycler, field) {
            (
                true,
                "kvstore.store"
                | "kvstore.prefix"
                | "heartbeat_timeout"
                | "replication_factor"
                | "zone_awareness_enabled",
            ) => return format!("{}.ring.{field}", self.path),
            (true, "instance_interface_names") => "interface_names",
            (true, "instance_addr") => "address",
            (true, "instance_port") => "port",
            (true, "instance_id") => "id",
            (true, "instance_availability_zone") => "availability_zone",
            (true, "instance_enable_ipv6") => "enable_inet6",
            (_, field) => field,
        };
        format!("{}.{field}", self.path)
    }
}

/// A mapping whose keys are all known: its path, and the keys.
pub(super) struct Section {
    pub(super) path: &'static str,
    known: &'static [Known],
    more: &'static [&'static str],
}

pub(super) const SECTIONS: [Section; 13] = [
    Section { path: "memberlist", known: MEMBERLIST, more: MEMBERLIST_MORE },
    Section {
        path: "memberlist.zone_aware_routing",
        known: &[],
        more: &["enabled", "instance_availability_zone", "role"],
    },
    Section { path: "common", known: COMMON, more: COMMON_MORE },
    Section { path: "common.ring", known: RING, more: &[] },
    Section { path: "ingester.lifecycler", known: LIFECYCLER, more: &[] },
    Section { path: "ingester.lifecycler.ring", known: &[], more: LIFECYCLER_RING },
    Section { path: "pattern_ingester.lifecycler", known: LIFECYCLER, more: &[] },
    Section { path: "pattern_ingester.lifecycler.ring", known: &[], more: LIFECYCLER_RING },
    Section { path: "distributor.ring", known: RING, more: &[] },
    Section { path: "compactor.compactor_ring", known: RING, more: &[] },
    Section { path: "query_scheduler.scheduler_ring", known: RING, more: &[] },
    Section { path: "index_gateway.ring", known: RING, more: &[] },
    Section { path: "ruler.ring", known: RING, more: &[] },
];

const LIFECYCLER_RING: &[&str] =
    &["kvstore", "heartbeat_timeout", "replication_factor", "zone_awareness_enabled", "excluded_zones"];

impl Section {
    /// The names of its keys, those of sections within it once.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let first = |path: &'static str| path.split('.').next().unwrap_or(path);
        let mut names = Vec::from_iter(self.known.iter().map(|known| first(known.0)));
        names.extend(self.more);
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The names of the keys in its `kvstore:`.
    pub(super) fn kvstore_names() -> Vec<&'static str> {
        KVSTORE.to_vec()
    }
}

/// Where people write something else than Loki: what they write, and what it is called.
pub(super) const ALIASES: [(&str, &str); 14] = [
    ("push_pull_interval", "pull_push_interval"),
    ("pushpull_interval", "pull_push_interval"),
    ("pullpush_interval", "pull_push_interval"),
    ("nodename", "node_name"),
    ("join", "join_members"),
    ("members", "join_members"),
    ("join_addresses", "join_members"),
    ("abort_if_join_fails", "abort_if_cluster_join_fails"),
    ("abort_if_fast_join_fails", "abort_if_cluster_fast_join_fails"),
    ("bind_address", "bind_addr"),
    ("advertise_address", "advertise_addr"),
    ("zone", "instance_availability_zone"),
    ("enable_ipv6", "instance_enable_ipv6"),
    ("kv_store", "kvstore"),
];

/// What hashicorp's library can be told, but Loki does not let anybody.
pub(super) const FIXED: [&str; 6] = [
    "probe_interval",
    "probe_timeout",
    "suspicion_mult",
    "suspicion_timeout",
    "indirect_checks",
    "disable_tcp_pings",
];

/// The flag that sets a key of single pods on their command line, where it is not simply the key.
pub(super) fn flag(key: &str) -> String {
    let dashed = |text: &str| text.replace('_', "-");
    match key {
        "memberlist.join_members" => "memberlist.join".into(),
        "memberlist.node_name" => "memberlist.nodename".into(),
        "memberlist.pull_push_interval" => "memberlist.pullpush-interval".into(),
        "memberlist.abort_if_cluster_join_fails" => "memberlist.abort-if-join-fails".into(),
        "memberlist.abort_if_cluster_fast_join_fails" => "memberlist.abort-if-fast-join-fails".into(),
        "memberlist.abort_if_cluster_fast_join_fails_min_nodes" => {
            "memberlist.abort-if-fast-join-fails-min-nodes".into()
        }
        "ingester.lifecycler.ring.replication_factor" => "distributor.replication-factor".into(),
        "ingester.lifecycler.ring.zone_awareness_enabled" => "distributor.zone-awareness-enabled".into(),
        "ingester.lifecycler.ring.heartbeat_timeout" => "ring.heartbeat-timeout".into(),
        "ingester.lifecycler.ring.kvstore.store" => "ring.store".into(),
        "ingester.autoforget_unhealthy" => "ingester.autoforget-unhealthy".into(),
        "common.replication_factor" => "common.replication-factor".into(),
        _ => match (key.strip_prefix("ingester.lifecycler."), key.strip_prefix("common.ring.")) {
            (Some(name), _) => format!("ingester.{}", dashed(name)),
            (_, Some(name)) => format!("common.storage.ring.{}", dashed(name.trim_start_matches("kvstore."))),
            _ => dashed(key),
        },
    }
}

/// The first version of Loki that knows a key, where that is not long ago.
pub(super) fn since(key: &str) -> Option<(u32, u32)> {
    match key {
        "memberlist.notify_interval" | "memberlist.obsolete_entries_timeout" => Some((3, 5)),
        "memberlist.abort_if_cluster_fast_join_fails" | "memberlist.watch_prefix_buffer_size" => Some((3, 6)),
        "memberlist.abort_if_cluster_fast_join_fails_min_nodes"
        | "memberlist.rejoin_seed_nodes"
        | "memberlist.zone_aware_routing.enabled"
        | "memberlist.zone_aware_routing.instance_availability_zone"
        | "memberlist.zone_aware_routing.role" => Some((3, 7)),
        _ => None,
    }
}
