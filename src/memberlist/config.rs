use std::time::Duration;

use super::Zone;

/// A node's tuning (`memberlist.Config`), with the field names of the library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Between two rounds of probing.
    pub probe_interval: Duration,
    /// How long a direct ping may take before others are asked to ping.
    pub probe_timeout: Duration,
    /// How many others are asked.
    pub indirect_checks: usize,
    /// How far a node's own bad health can stretch its probe interval: the score stays below this.
    pub awareness_max_multiplier: u32,
    /// Multiplies the suspicion time-out.
    pub suspicion_mult: u32,
    /// The longest suspicion time-out, as a multiple of the shortest.
    pub suspicion_max_timeout_mult: u32,
    /// Multiplies the retransmission limit.
    pub retransmit_mult: u32,
    /// Between two rounds of gossip.
    pub gossip_interval: Duration,
    /// How many peers a round of gossip aims at.
    pub gossip_nodes: usize,
    /// How long a dead node still gets gossip, and stays in the table.
    pub gossip_to_the_dead_time: Duration,
    /// Between two exchanges of full state, before scaling; zero turns them off.
    pub push_pull_interval: Duration,
    /// How many peers a round of full exchange aims at.
    pub push_pull_nodes: usize,
    /// After how long a dead node's name may be taken at another address; zero is never.
    pub dead_node_reclaim_time: Duration,
    /// How long a stream may take.
    pub tcp_timeout: Duration,
    /// How many bytes one packet may carry.
    pub udp_buffer_size: usize,
    /// Zone-aware choice of gossip and push/pull peers (dskit kv/memberlist/node_zone_aware_routing.go);
    /// `None` is off.
    pub zone_aware_routing: Option<ZoneAwareRouting>,
}

/// What a node says of itself for zone-aware routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZoneAwareRouting {
    /// Its zone.
    pub zone: Zone,
    /// Its part in it.
    pub role: NodeRole,
}

/// A node's part in zone-aware routing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NodeRole {
    /// Talks inside its zone.
    #[default]
    Member,
    /// Also talks to other zones' bridges.
    Bridge,
}

impl Config {
    /// What dskit makes of Loki's default flags (dskit kv/memberlist/memberlist_client.go:500-560 over
    /// ml config.go:321-362).
    pub fn dskit() -> Self {
        Self {
            probe_interval: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(2),
            indirect_checks: 3,
            awareness_max_multiplier: 8,
            suspicion_mult: 4,
            suspicion_max_timeout_mult: 6,
            retransmit_mult: 4,
            gossip_interval: Duration::from_millis(200),
            gossip_nodes: 3,
            gossip_to_the_dead_time: Duration::from_secs(30),
            push_pull_interval: Duration::from_secs(30),
            push_pull_nodes: 1,
            dead_node_reclaim_time: Duration::ZERO,
            tcp_timeout: Duration::from_secs(2),
            udp_buffer_size: 10 << 20,
            zone_aware_routing: None,
        }
    }

    /// With zone-aware routing; a bridge exchanges full state with two peers a round.
    pub fn with_zone_aware_routing(self, routing: ZoneAwareRouting) -> Self {
        let push_pull_nodes = if routing.role == NodeRole::Bridge { 2 } else { self.push_pull_nodes };
        Self { push_pull_nodes, zone_aware_routing: Some(routing), ..self }
    }
}
