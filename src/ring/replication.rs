use std::fmt;
use std::sync::Arc;

/// Which instances answer for a key or for the whole ring, and how many of them may fail.
///
/// Models dskit ring/replication_set.go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicationSet<'b> {
    /// Instance indices; for a key, in the order of the walk.
    pub instances: &'b [u32],
    /// How many of the instances may fail.
    pub max_errors: usize,
    /// How many zones may fail; only in sets for the whole ring.
    pub max_unavailable_zones: usize,
    /// Whether success is counted in zones; only in sets for the whole ring.
    pub zone_awareness_enabled: bool,
}

/// How a key's instances are judged (dskit ring/replication_strategy.go).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplicationStrategy {
    /// A majority of max(RF, instances found) must be healthy: ingester, distributor, pattern ingester.
    #[default]
    Default,
    /// One healthy instance is enough: compactor, scheduler, index gateway, ruler.
    IgnoreUnhealthy,
}

/// Why the ring has no answer; the text is dskit's. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// No instance, or none with tokens.
    #[error("empty ring")]
    EmptyRing,
    /// Too many instances (or zones) of the whole ring are unhealthy.
    #[error("too many unhealthy instances in the ring")]
    TooManyUnhealthyInstances,
    /// Too few instances of one key's set are healthy.
    #[error(transparent)]
    Quorum(QuorumError),
    /// The caller asked for more replicas than the strategy can give.
    #[error(
        "per-call replication factor {asked} cannot exceed the configured replication factor {configured} with this replication strategy"
    )]
    ReplicationFactor {
        /// Replicas asked for.
        asked: usize,
        /// Replicas configured.
        configured: usize,
    },
    /// No instance has this ID.
    #[error("instance not found in the ring")]
    InstanceNotFound,
}

/// Too few instances of a key's set are healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumError {
    /// The strategy that said so.
    pub strategy: ReplicationStrategy,
    /// Whether the message speaks of zones.
    pub zone_awareness_enabled: bool,
    /// Healthy instances required.
    pub required: usize,
    /// Healthy instances found.
    pub found: usize,
    /// `host:port` of the unhealthy ones, in the order of the walk.
    pub unhealthy: Vec<Arc<str>>,
}

impl std::error::Error for QuorumError {}

impl fmt::Display for QuorumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, zones) = match (self.strategy, self.zone_awareness_enabled) {
            (ReplicationStrategy::IgnoreUnhealthy, _) => ("healthy replica", ""),
            (ReplicationStrategy::Default, false) => ("live replicas", ""),
            (ReplicationStrategy::Default, true) => ("live replicas", " across different availability zones"),
        };
        let Self { required, found, .. } = self;
        write!(f, "at least {required} {kind} required{zones}, could only find {found}")?;
        for (i, addr) in self.unhealthy.iter().enumerate() {
            f.write_str(if i == 0 { " - unhealthy instances: " } else { "," })?;
            f.write_str(addr)?;
        }
        Ok(())
    }
}

impl ReplicationStrategy {
    /// How many of the `found` instances must be healthy for the set to be of use.
    pub const fn required(self, replication_factor: usize, found: usize) -> usize {
        match self {
            Self::Default => (if found > replication_factor { found } else { replication_factor }) / 2 + 1,
            Self::IgnoreUnhealthy => 1,
        }
    }

    /// Whether a call may ask for more replicas than configured.
    pub const fn supports_expanded_replication(self) -> bool {
        matches!(self, Self::IgnoreUnhealthy)
    }
}
