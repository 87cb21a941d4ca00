//! Everything that, with the seed and the commands, makes a run: the cluster, its configuration, its world.
//!
//! Names and defaults are those of Loki's configuration where it has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::prng::Ratio;

use super::Span;

/// The cluster and the world it lives in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// What runs: one StatefulSet or Deployment after the other.
    pub groups: Vec<Group>,
    /// `common.replication_factor`.
    pub replication_factor: usize,
    /// `distributor.zone_awareness_enabled`.
    pub zone_awareness_enabled: bool,
    /// Where the rings are kept.
    pub store: StoreKind,
    /// `memberlist:`.
    pub memberlist: MemberlistOptions,
    /// `ingester.lifecycler:` and the rings' common settings.
    pub lifecycler: LifecyclerOptions,
    /// `ingester:`.
    pub ingester: IngesterOptions,
    /// Consul, etcd or whatever holds the rings when memberlist does not.
    pub central: CentralOptions,
    /// How packets travel.
    pub network: NetworkOptions,
    /// How names are found.
    pub dns: DnsOptions,
    /// How pods are started and restarted.
    pub deployment: DeploymentOptions,
    /// Who pushes and queries.
    pub workload: WorkloadOptions,
    /// What stands in the ingesters' tokens files at the beginning, by pod; read if `persist_tokens` is on.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens_files: BTreeMap<String, Vec<u32>>,
    /// The wall clock at the beginning: unix seconds.
    pub epoch: i64,
    /// How many entries of the journal are kept.
    pub journal: usize,
    /// Whether the journal also has every packet.
    pub journal_packets: bool,
}

/// Pods of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Group {
    /// The pods are called `name-0`, `name-1` and so on.
    pub name: String,
    /// Names of the first pods, where they are others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How many.
    pub count: usize,
    /// The first pod's number.
    pub first: usize,
    /// `-target`.
    pub target: Target,
    /// Zones, dealt out in turn; none is the empty zone.
    pub zones: Vec<String>,
    /// The first pod's address; the others follow it. Empty for one that is free.
    pub address: String,
    /// Whether its pods are another Loki cluster's, on the same network: behind no name of this one's, and
    /// out of its clients' reach.
    pub foreign: bool,
    /// `memberlist.cluster_label`, where it is another than everybody's.
    pub cluster_label: Option<String>,
    /// `memberlist.join_members`, where they are others than everybody's.
    pub join_members: Option<Vec<String>>,
    /// When its pods start, from the beginning.
    pub start_at: Span,
    /// The pods that start with the group; the rest wait for a command. All by default.
    pub started: Option<usize>,
}

/// What a process runs (loki pkg/loki/loki.go:826-874; read, write and backend up to Loki 3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// Everything in one process.
    #[default]
    All,
    /// Takes pushes.
    Distributor,
    /// Keeps recent logs.
    Ingester,
    /// Answers queries.
    Querier,
    /// Splits queries.
    QueryFrontend,
    /// Queues queries.
    QueryScheduler,
    /// Serves the index.
    IndexGateway,
    /// Compacts the index.
    Compactor,
    /// Evaluates rules.
    Ruler,
    /// Query-frontend and querier (up to Loki 3.7).
    Read,
    /// Ingester, distributor and pattern-ingester (up to Loki 3.7).
    Write,
    /// Scheduler, ruler, compactor and index gateway (up to Loki 3.7).
    Backend,
}

/// Where rings are kept (`kvstore.store`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum StoreKind {
    /// On every node, by gossip.
    #[default]
    Memberlist,
    /// In Consul.
    Consul,
    /// In etcd.
    Etcd,
    /// In the process's own memory; nobody else sees it.
    Inmemory,
}

/// `memberlist:` (protocol names; defaults as Loki's).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemberlistOptions {
    /// `join_members`: `host`, `host:port`, `dns+host:port`.
    pub join_members: Vec<String>,
    /// `randomize_node_name`.
    pub randomize_node_name: bool,
    /// `cluster_label`.
    pub cluster_label: String,
    /// `cluster_label_verification_disabled`.
    pub cluster_label_verification_disabled: bool,
    /// `abort_if_cluster_fast_join_fails`.
    pub abort_if_cluster_fast_join_fails: bool,
    /// `abort_if_cluster_fast_join_fails_min_nodes`.
    pub abort_if_cluster_fast_join_fails_min_nodes: usize,
    /// `abort_if_cluster_join_fails`.
    pub abort_if_cluster_join_fails: bool,
    /// `min_join_backoff`.
    pub min_join_backoff: Span,
    /// `max_join_backoff`.
    pub max_join_backoff: Span,
    /// `max_join_retries`.
    pub max_join_retries: usize,
    /// `rejoin_interval`; zero is off.
    pub rejoin_interval: Span,
    /// `left_ingesters_timeout`.
    pub left_ingesters_timeout: Span,
    /// `leave_timeout`.
    pub leave_timeout: Span,
    /// `broadcast_timeout_for_local_updates_on_shutdown`; zero waits for ever.
    pub broadcast_timeout_for_local_updates_on_shutdown: Span,
    /// `gossip_interval`.
    pub gossip_interval: Span,
    /// `gossip_nodes`.
    pub gossip_nodes: usize,
    /// `pull_push_interval`.
    pub pull_push_interval: Span,
    /// `gossip_to_dead_nodes_time`.
    pub gossip_to_dead_nodes_time: Span,
    /// `dead_node_reclaim_time`; zero is never.
    pub dead_node_reclaim_time: Span,
    /// `retransmit_factor`.
    pub retransmit_factor: u32,
    /// `stream_timeout`.
    pub stream_timeout: Span,
    /// `packet_dial_timeout`.
    pub packet_dial_timeout: Span,
    /// `max_concurrent_writes`.
    pub max_concurrent_writes: usize,
    /// `acquire_writer_timeout`.
    pub acquire_writer_timeout: Span,
    /// `zone_aware_routing.enabled`; the first pod of each zone is its bridge.
    pub zone_aware_routing: bool,
}

/// The lifecyclers' and rings' settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifecyclerOptions {
    /// `heartbeat_period` of all rings that have 5 s by default.
    pub heartbeat_period: Span,
    /// `heartbeat_timeout` of all rings.
    pub heartbeat_timeout: Span,
    /// `num_tokens` of the ingester ring.
    pub num_tokens: usize,
    /// `join_after`.
    pub join_after: Span,
    /// `observe_period`.
    pub observe_period: Span,
    /// `min_ready_duration`.
    pub min_ready_duration: Span,
    /// `final_sleep`.
    pub final_sleep: Span,
    /// `unregister_on_shutdown`.
    pub unregister_on_shutdown: bool,
    /// `readiness_check_ring_health`.
    pub readiness_check_ring_health: bool,
    /// Whether `tokens_file_path` is set (`common.persist_tokens`).
    pub persist_tokens: bool,
    /// Rings that are switched on besides the ingesters': distributor, compactor, scheduler,
    /// index-gateway, ruler, pattern-ingester.
    pub rings: Vec<String>,
}

/// The ingesters' settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngesterOptions {
    /// `autoforget_unhealthy`.
    pub autoforget_unhealthy: bool,
    /// `wal.enabled`.
    pub wal: bool,
    /// How long the replay of the write-ahead log takes before the ingester joins.
    pub wal_replay: Span,
    /// `wal.flush_on_shutdown`.
    pub flush_on_shutdown: bool,
    /// How long a flush takes.
    pub flush_duration: Span,
    /// After how long an accepted line is in the object store.
    pub flush_after: Span,
}

/// A central store's behaviour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CentralOptions {
    /// One way, the fastest.
    pub latency_min: Span,
    /// One way, the slowest.
    pub latency_max: Span,
    /// From a write to a watcher's notice.
    pub watch_delay: Span,
}

/// How packets travel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkOptions {
    /// One way, the fastest.
    pub latency_min: Span,
    /// One way, the slowest.
    pub latency_max: Span,
    /// Added between zones, one way.
    pub latency_between_zones: Span,
    /// Segments lost, in millionths. TCP sends them again, so loss is delay, and time-outs when it is high.
    pub loss: u32,
    /// Packets that arrive twice, in millionths. TCP never does this; the protocol must stand it.
    pub duplication: u32,
}

/// How names are found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DnsOptions {
    /// The headless service in front of all pods.
    pub service: String,
    /// `publishNotReadyAddresses`.
    pub publish_not_ready_addresses: bool,
    /// How long a question takes.
    pub latency: Span,
    /// From a pod's readiness to its address in the answers, and from its death to its absence.
    pub update_delay: Span,
    /// How long a resolver keeps an answer.
    pub cache: Span,
    /// The server that errors name.
    pub server: String,
}

/// How pods are started and restarted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeploymentOptions {
    /// `podManagementPolicy`.
    pub pod_management: PodManagement,
    /// Pods of a parallel group start within this time.
    pub start_spread: Span,
    /// `readinessProbe.initialDelaySeconds`.
    pub readiness_initial_delay: Span,
    /// `readinessProbe.periodSeconds`; zero: nobody asks.
    pub readiness_period: Span,
    /// The first pause of a container that crashes; doubles up to five minutes. Zero: it stays down.
    pub restart_backoff: Span,
    /// How long a process takes from its start to its first module.
    pub init: Span,
    /// `terminationGracePeriodSeconds`.
    pub termination_grace_period: Span,
}

/// In which order a StatefulSet's pods start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
pub enum PodManagement {
    /// All at once.
    #[default]
    Parallel,
    /// Each when the one before is ready.
    OrderedReady,
}

/// Who pushes and queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WorkloadOptions {
    /// Pushes a second, over all distributors; 0 is none.
    pub pushes_per_second: u32,
    /// How many streams there are.
    pub streams: u32,
    /// Streams in one push.
    pub streams_per_push: u32,
    /// Lines in each stream of a push.
    pub lines_per_stream: u32,
    /// How unequal streams are: 0 is alike; with s, stream k has a share like 1/(k+1)^s, for s up to 3.
    pub skew: u32,
    /// Into how many shards a pushed stream is split (`shard_streams`); 1 is none.
    pub shards: u32,
    /// Queries a second, over all queriers; 0 is none.
    pub queries_per_second: u32,
    /// `ingester.client.timeout`.
    pub push_timeout: Span,
    /// The tenant.
    pub tenant: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            groups: vec![Group::default()],
            replication_factor: 3,
            zone_awareness_enabled: false,
            store: StoreKind::default(),
            memberlist: MemberlistOptions::default(),
            lifecycler: LifecyclerOptions::default(),
            ingester: IngesterOptions::default(),
            central: CentralOptions::default(),
            network: NetworkOptions::default(),
            dns: DnsOptions::default(),
            deployment: DeploymentOptions::default(),
            workload: WorkloadOptions::default(),
            tokens_files: BTreeMap::new(),
            epoch: 1_767_225_600,
            journal: 20_000,
            journal_packets: false,
        }
    }
}

impl Default for Group {
    fn default() -> Self {
        Self {
            name: "loki".into(),
            names: Vec::new(),
            count: 3,
            first: 0,
            target: Target::All,
            zones: Vec::new(),
            address: String::new(),
            foreign: false,
            cluster_label: None,
            join_members: None,
            start_at: Span::ZERO,
            started: None,
        }
    }
}

impl Default for MemberlistOptions {
    fn default() -> Self {
        Self {
            join_members: vec!["dns+gossip-ring:7946".into()],
            randomize_node_name: true,
            cluster_label: String::new(),
            cluster_label_verification_disabled: false,
            abort_if_cluster_fast_join_fails: false,
            abort_if_cluster_fast_join_fails_min_nodes: 1,
            abort_if_cluster_join_fails: false,
            min_join_backoff: Span::secs(1),
            max_join_backoff: Span::secs(60),
            max_join_retries: 10,
            rejoin_interval: Span::ZERO,
            left_ingesters_timeout: Span::secs(300),
            leave_timeout: Span::secs(20),
            broadcast_timeout_for_local_updates_on_shutdown: Span::secs(10),
            gossip_interval: Span::millis(200),
            gossip_nodes: 3,
            pull_push_interval: Span::secs(30),
            gossip_to_dead_nodes_time: Span::secs(30),
            dead_node_reclaim_time: Span::ZERO,
            retransmit_factor: 4,
            stream_timeout: Span::secs(2),
            packet_dial_timeout: Span::secs(2),
            max_concurrent_writes: 3,
            acquire_writer_timeout: Span::millis(250),
            zone_aware_routing: false,
        }
    }
}

impl Default for LifecyclerOptions {
    fn default() -> Self {
        Self {
            heartbeat_period: Span::secs(5),
            heartbeat_timeout: Span::secs(60),
            num_tokens: 128,
            join_after: Span::ZERO,
            observe_period: Span::ZERO,
            min_ready_duration: Span::secs(15),
            final_sleep: Span::ZERO,
            unregister_on_shutdown: true,
            readiness_check_ring_health: true,
            persist_tokens: false,
            rings: ["distributor", "compactor", "scheduler", "index-gateway"].map(String::from).into(),
        }
    }
}

impl Default for IngesterOptions {
    fn default() -> Self {
        Self {
            autoforget_unhealthy: false,
            wal: true,
            wal_replay: Span::ZERO,
            flush_on_shutdown: false,
            flush_duration: Span::secs(5),
            flush_after: Span::secs(30 * 60),
        }
    }
}

impl Default for CentralOptions {
    fn default() -> Self {
        Self { latency_min: Span::millis(1), latency_max: Span::millis(5), watch_delay: Span::millis(10) }
    }
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            latency_min: Span(std::time::Duration::from_micros(250)),
            latency_max: Span::millis(1),
            latency_between_zones: Span::ZERO,
            loss: 0,
            duplication: 0,
        }
    }
}

impl Default for DnsOptions {
    fn default() -> Self {
        Self {
            service: "gossip-ring".into(),
            publish_not_ready_addresses: true,
            latency: Span::millis(1),
            update_delay: Span::millis(500),
            cache: Span::ZERO,
            server: "10.96.0.10:53".into(),
        }
    }
}

impl Default for DeploymentOptions {
    fn default() -> Self {
        Self {
            pod_management: PodManagement::Parallel,
            start_spread: Span::secs(3),
            readiness_initial_delay: Span::secs(15),
            readiness_period: Span::secs(10),
            restart_backoff: Span::secs(10),
            init: Span::millis(20),
            termination_grace_period: Span::secs(300),
        }
    }
}

impl Default for WorkloadOptions {
    fn default() -> Self {
        Self {
            pushes_per_second: 0,
            streams: 100,
            streams_per_push: 1,
            lines_per_stream: 1,
            skew: 0,
            shards: 1,
            queries_per_second: 0,
            push_timeout: Span::secs(5),
            tenant: "fake".into(),
        }
    }
}

impl NetworkOptions {
    /// Segments lost.
    pub fn loss(&self) -> Ratio {
        Ratio::from_millionths(self.loss)
    }

    /// Packets that arrive twice.
    pub fn duplication(&self) -> Ratio {
        Ratio::from_millionths(self.duplication)
    }
}
