//! A text for each rule, no longer than it has to be.

/// What most examples start from: three processes that find each other.
pub(super) const SOUND: &str = "\
memberlist:
  cluster_label: prod
  rejoin_interval: 1m
  join_members:
    - dns+loki-memberlist.logs.svc.cluster.local:7946
";

/// The rule, and a text that breaks it.
pub(super) const EXAMPLES: &[(&str, &str)] = &[
    ("INGESTERS-NONE", "deploymentMode: SingleBinary\nloki:\n  auth_enabled: false\n"),
    (
        "RF-REPLICAS",
        "deploymentMode: SingleBinary\nsingleBinary:\n  replicas: 1\nloki:\n  commonConfig:\n    path_prefix: /data\n",
    ),
    ("RF-REPLICAS", "deploymentMode: SingleBinary\nsingleBinary: {replicas: 1}\n"),
    (
        "RF-REPLICAS",
        "deploymentMode: SimpleScalable\nwrite:\n  replicas: 2\nloki:\n  commonConfig:\n    replication_factor: 5\n",
    ),
    ("RF-SLACK", "deploymentMode: SimpleScalable\nwrite:\n  replicas: 2\n"),
    ("RF-EVEN", "common:\n  replication_factor: 2\nmemberlist:\n  join_members: [\"dns+loki:7946\"]\n"),
    (
        "RF-EVEN",
        "deploymentMode: SimpleScalable\nloki:\n  structuredConfig:\n    common:\n      replication_factor: 2\n",
    ),
    (
        "RF-PLACE",
        "common:\n  ring:\n    replication_factor: 1\n    kvstore:\n      store: memberlist\nmemberlist:\n  join_members: [a]\n",
    ),
    (
        "RF-TWO",
        "common:\n  replication_factor: 3\ningester:\n  lifecycler:\n    ring:\n      replication_factor: 1\n",
    ),
    ("ZONE-MISSING", "ingester:\n  lifecycler:\n    ring:\n      zone_awareness_enabled: true\n"),
    (
        "ZONE-MISSING",
        "common:\n  ring:\n    zone_awareness_enabled: true\n    instance_availability_zone: \"\"\n    kvstore: {store: memberlist}\n",
    ),
    (
        "ZONES-FEW",
        "deploymentMode: Distributed\ningester:\n  replicas: 6\nloki:\n  commonConfig:\n    replication_factor: 7\n  \
         ingester:\n    lifecycler:\n      ring:\n        zone_awareness_enabled: true\n",
    ),
    ("ZONES-UNUSED", "deploymentMode: Distributed\ningester:\n  replicas: 3\n"),
    ("ZONES-UNUSED", "ingester:\n  lifecycler:\n    availability_zone: a\n"),
    (
        "ROUTING-ROLE",
        "memberlist:\n  zone_aware_routing:\n    enabled: true\n    role: Bridge\n    instance_availability_zone: a\n",
    ),
    ("ROUTING-ZONE", "memberlist:\n  zone_aware_routing:\n    enabled: true\n"),
    (
        "ROUTING-ZONE",
        "memberlist:\n  zone_aware_routing: {enabled: true, instance_availability_zone: europe-west-1-zone-a}\n",
    ),
    (
        "CHART-MEMBERLIST",
        "loki:\n  memberlistConfig:\n    cluster_label: prod\nsingleBinary:\n  replicas: 3\n",
    ),
    ("JOIN-NONE", "common:\n  ring:\n    kvstore:\n      store: memberlist\n"),
    ("JOIN-FORM", "memberlist:\n  join_members:\n    - http://loki-memberlist.logs:7946/x\n"),
    ("JOIN-FORM", "memberlist:\n  join_members: [\"loki-1:7946,loki-2:7946\"]\n"),
    ("JOIN-FORM", "memberlist:\n  join_members: [\"srv+loki:7946\", 'dns+loki:7946']\n"),
    ("JOIN-NOWHERE", "memberlist:\n  join_members:\n    - loki-1:7946\n    - 0.0.0.0:7946\n"),
    ("JOIN-NOWHERE", "memberlist:\n  join_members: [loki-memberlist.svc.cluster.local, \"loki-1:7946\"]\n"),
    ("JOIN-PORT-MISSING", "memberlist:\n  join_members:\n    - dns+loki-memberlist.logs.svc.cluster.local\n"),
    ("JOIN-PORT", "memberlist:\n  join_members: [\"dns+loki:9095\"]\n"),
    ("JOIN-PORT-MOVED", "memberlist:\n  bind_port: 7947\n  join_members:\n    - loki-1\n    - \"loki-2\"\n"),
    (
        "JOIN-LOOPBACK",
        "memberlist:\n  join_members:\n    - localhost:7946\n    - loki-1:7946\n    - 127.0.0.1\n",
    ),
    ("JOIN-OTHER", "memberlist:\n  join_members:\n    - dns+loki:7946\n    - dns+tempo-gossip.traces:7946\n"),
    ("JOIN-PLAIN", "memberlist:\n  join_members:\n    - loki-memberlist.logs.svc.cluster.local\n"),
    ("NOT-READY-HIDDEN", "deploymentMode: SimpleScalable\n"),
    (
        "ABORT-DEADLOCK",
        "loki:\n  extraMemberlistConfig:\n    abort_if_cluster_fast_join_fails: true\nmemberlist:\n  service:\n    annotations: {}\n",
    ),
    (
        "ABORT-DEADLOCK",
        "loki:\n  extraMemberlistConfig:\n    abort_if_cluster_join_fails: true\nmemberlist: {service: {publishNotReadyAddresses: false}}\n",
    ),
    (
        "ABORT-FAST-JOIN",
        "memberlist:\n  abort_if_cluster_fast_join_fails: true\n  join_members: [\"dns+a:7946\"]\n",
    ),
    (
        "ABORT-MIN-NODES",
        "memberlist:\n  abort_if_cluster_fast_join_fails: true\n  abort_if_cluster_fast_join_fails_min_nodes: 2\n  join_members: [a]\n",
    ),
    ("ABORT-JOIN", "memberlist:\n  abort_if_cluster_join_fails: yes\n  join_members: [a]\n"),
    ("RETRIES-FEW", "memberlist:\n  max_join_retries: 1\n  join_members: [a]\n"),
    ("REJOIN-OFF", "memberlist:\n  join_members: [a]\n"),
    ("REJOIN-OFTEN", "memberlist:\n  rejoin_interval: 1s\n  join_members: [a]\n"),
    ("LABEL-NONE", "memberlist:\n  join_members: [a]\n"),
    (
        "LABEL-UNCHECKED",
        "memberlist:\n  cluster_label: a\n  cluster_label_verification_disabled: true\n  join_members: [a]\n",
    ),
    ("NODE-NAME", "memberlist:\n  randomize_node_name: false\n  join_members: [a]\n"),
    ("ADDRESS-ANY", "common:\n  instance_addr: 0.0.0.0\n  ring:\n    kvstore:\n      store: memberlist\n"),
    ("ADDRESS-ANY", "memberlist:\n  advertise_addr: \"::\"\n"),
    (
        "ADDRESS-LOOPBACK",
        "common:\n  ring:\n    instance_addr: 127.0.0.1\n    kvstore:\n      store: memberlist\nmemberlist:\n  join_members: [\"loki-2:7946\"]\n",
    ),
    ("ADDRESS-FORM", "memberlist:\n  advertise_addr: loki-1.example\n  bind_port: 7946\n"),
    (
        "INTERFACE-LOOPBACK",
        "ingester:\n  lifecycler:\n    interface_names: [lo]\nmemberlist:\n  join_members: [\"loki-2:7946\"]\n",
    ),
    ("BIND-FORM", "memberlist:\n  bind_addr:\n    - not-an-ip\n  bind_port: 7946\n"),
    ("BIND-FORM", "memberlist:\n  bind_addr: [\"127.0.0.300\"]\n"),
    ("BIND-LOOPBACK", "memberlist:\n  bind_addr: [\"127.0.0.1\"]\n  join_members: [\"loki-2:7946\"]\n"),
    ("BIND-ADVERTISE", "memberlist:\n  bind_addr: [10.0.0.1]\n  advertise_addr: 192.0.2.1\n"),
    ("IPV6-OFF", "memberlist:\n  bind_addr: [\"::\"]\n  join_members: [\"dns+loki:7946\"]\n"),
    (
        "IPV6-OFF",
        "common:\n  ring:\n    kvstore:\n      store: memberlist\nmemberlist:\n  join_members: [\"[fd00::1]:7946\"]\n",
    ),
    ("HEARTBEAT-COMMON", "common:\n  ring:\n    kvstore:\n      store: memberlist\n"),
    ("HEARTBEAT-TIMEOUT", "ingester:\n  lifecycler:\n    heartbeat_period: 30s\n"),
    ("HEARTBEAT-TIMEOUT", "common:\n  ring:\n    heartbeat_timeout: 20s\n    kvstore: {store: memberlist}\n"),
    ("HEARTBEAT-TIMEOUT", "distributor:\n  ring:\n    heartbeat_timeout: 0\n"),
    ("HEARTBEAT-LONG", "ingester:\n  lifecycler:\n    ring:\n      heartbeat_timeout: 30m\n"),
    (
        "AUTOFORGET-TWO",
        "deploymentMode: SimpleScalable\nwrite:\n  replicas: 2\nloki:\n  ingester:\n    autoforget_unhealthy: true\n",
    ),
    ("AUTOFORGET-THREE", "write:\n  replicas: 3\nloki:\n  ingester:\n    autoforget_unhealthy: true\n"),
    (
        "OBSERVE-PERIOD",
        "ingester:\n  lifecycler:\n    observe_period: 5s\nmemberlist:\n  join_members: [a]\n",
    ),
    ("FINAL-SLEEP", "ingester:\n  lifecycler:\n    final_sleep: 10m\n"),
    ("UNREGISTER-OFF", "ingester:\n  lifecycler:\n    unregister_on_shutdown: false\n"),
    ("TOKENS", "ingester:\n  lifecycler:\n    num_tokens: 1\n"),
    ("TOKENS", "common:\n  ring:\n    num_tokens: 4096\n    kvstore:\n      store: memberlist\n"),
    ("TOKENS-PATH", "common:\n  persist_tokens: true\n"),
    (
        "COMMON-RING-STORE",
        "common:\n  ring:\n    instance_availability_zone: a\nmemberlist:\n  join_members: [\"dns+loki:7946\"]\n",
    ),
    (
        "COMMON-RING-STORE",
        "common:\r\n  instance_addr: 10.0.0.1\r\nmemberlist:\r\n  join_members: [\"dns+loki:7946\"]\r\n",
    ),
    ("INMEMORY", "common:\n  ring:\n    kvstore:\n      store: inmemory\n"),
    (
        "INMEMORY",
        "singleBinary:\n  replicas: 3\ndeploymentMode: SingleBinary\nloki:\n  commonConfig:\n    ring:\n      kvstore:\n        store: inmemory\n",
    ),
    (
        "MEMBERLIST-UNUSED",
        "common:\n  replication_factor: 1\n  ring:\n    kvstore:\n      store: etcd\nmemberlist:\n  join_members: [a]\n",
    ),
    (
        "STORE-MIXED",
        "distributor:\n  ring:\n    kvstore:\n      store: etcd\nmemberlist:\n  join_members: [a]\n",
    ),
    (
        "STORE-NONE",
        "server:\n  http_listen_port: 3100\ncommon:\n  replication_factor: 1\nschema_config:\n  configs: []\n",
    ),
    ("STORE-UNKNOWN", "common:\n  replication_factor: 1\n  ring:\n    kvstore:\n      store: in-memory\n"),
    ("SCALABLE-GONE", "deploymentMode: SimpleScalable\nloki:\n  image:\n    tag: 4.0.1\n"),
    ("SCALABLE-GONE", "target: write\ncommon:\n  replication_factor: 3\n"),
    (
        "KEY-TOO-NEW",
        "loki:\n  image:\n    tag: 3.4.2\n  extraMemberlistConfig:\n    cluster_label: a\n    abort_if_cluster_fast_join_fails: false\n",
    ),
    ("NETWORK-POLICY", "networkPolicy:\n  enabled: true\nwrite:\n  replicas: 3\n"),
    (
        "POLICY-UDP",
        "write:\n  replicas: 3\nextraObjects:\n  - kind: NetworkPolicy\n    spec:\n      ingress:\n        - ports:\n            - port: 7946\n              protocol: UDP\n",
    ),
    ("CONFIG-TEXT", "loki:\n  config: |\n    auth_enabled: false\nwrite:\n  replicas: 3\n"),
    ("DOCUMENTS", "common:\n  replication_factor: 3\n---\nfoo: 1\n"),
    ("GOSSIP-INTERVAL", "memberlist:\n  gossip_interval: 10ms\n  join_members: [a]\n"),
    ("PULL-PUSH", "memberlist:\n  pull_push_interval: 0s\n  join_members: [a]\n"),
    ("TOMBSTONES", "memberlist:\n  left_ingesters_timeout: 1s\n  join_members: [a]\n"),
    ("DIAL-TIMEOUT", "memberlist:\n  packet_dial_timeout: 10s\n  join_members: [a]\n"),
    ("STREAM-TIMEOUT", "memberlist:\n  stream_timeout: 100ms\n  join_members: [a]\n"),
    ("DEAD-NODES", "memberlist:\n  gossip_to_dead_nodes_time: 1s\n  join_members: [a]\n"),
    ("LEAVE-TIMEOUT", "memberlist:\n  leave_timeout: 1ms\n  join_members: [a]\n"),
    ("GOSSIP-NODES", "memberlist:\n  gossip_nodes: 0\n  join_members: [a]\n"),
    ("RETRANSMIT", "memberlist:\n  retransmit_factor: 1\n  join_members: [a]\n"),
    ("WRITERS", "memberlist:\n  max_concurrent_writes: 1\n  join_members: [a]\n"),
    ("KEY-FIXED", "memberlist:\n  probe_interval: 1s\n  join_members: [a]\n"),
    ("KEY-UNKNOWN", "memberlist:\n  push_pull_interval: 30s\n  join_members: [a]\n"),
    ("KEY-UNKNOWN", "memberlist:\n  colour: red\n  join_members: [a]\n"),
    ("KEY-UNKNOWN", "common:\n  replication_factor: 1\n  ring:\n    kvstore:\n      stroe: memberlist\n"),
    ("KEY-UNKNOWN", "memberlst:\n  join_members: [a]\nserver: {}\n"),
    ("KEY-UNKNOWN", "\u{feff}memberlist: {joinMembers: [a]}\n"),
    ("KEY-TWICE", "memberlist:\n  bind_port: 7946\n  bind_port: 7947\n"),
    ("CHART-IGNORED", "loki:\n  memberlist:\n    cluster_label: a\nwrite:\n  replicas: 3\n"),
    ("CHART-IGNORED", "memberlist:\n  join_members: [a]\nwrite:\n  replicas: 3\n"),
    ("DURATION-UNIT", "common:\n  ring:\n    heartbeat_period: 15\n    kvstore: {store: memberlist}\n"),
    ("VALUE-FORM", "memberlist:\n  gossip_interval: 1 s\n  join_members: [a]\n"),
    ("VALUE-FORM", "memberlist:\n  join_members: dns+loki:7946\n"),
    ("VALUE-FORM", "common:\n  replication_factor: three\n"),
];
