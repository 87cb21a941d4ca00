use std::time::Duration;

use crate::log::{Level, LogLine};
use crate::ring::{InstanceState, ReplicationStrategy};

/// Every ring of Loki's that instances join with a lifecycler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RingKind {
    /// Ingesters: who stores which stream.
    Ingester,
    /// Distributors: how many share a global rate limit.
    Distributor,
    /// Compactors: who leads.
    Compactor,
    /// Query schedulers: which two take queries.
    Scheduler,
    /// Index gateways, in mode `ring`.
    IndexGateway,
    /// Rulers, with sharding enabled.
    Ruler,
    /// Pattern ingesters, if enabled.
    PatternIngester,
    /// Ingest limits, if enabled.
    IngestLimits,
    /// Front ends of ingest limits, if enabled.
    IngestLimitsFrontend,
    /// Instances of Loki's own user interface, if enabled.
    Ui,
    /// Builders of data objects (experimental).
    DataobjConsumer,
}

/// Which lifecycler stands behind a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifecyclerKind {
    /// `ring.Lifecycler`: PENDING, then ACTIVE.
    Ingester,
    /// `ring.BasicLifecycler` with Loki's delegates.
    Basic {
        /// What surrounds it.
        starter: Starter,
        /// Entries are forgotten this many heartbeat time-outs after their last heartbeat.
        forget_periods: u32,
    },
}

/// What brings a basic lifecycler's instance from its registration to ACTIVE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Starter {
    /// Nothing: it registers as ACTIVE.
    Direct,
    /// It registers as JOINING, with a tokens file; once the own ring client shows that, ACTIVE
    /// (loki pkg/util/ring/ringmanager.go:162-206).
    RingManager,
    /// The same in the compactor's own words (loki pkg/compactor/compactor.go:391-437).
    Compactor,
}

/// A ring as Loki sets it up when nothing is configured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RingPreset {
    /// The `name` of its metrics and the `ring` of its log lines.
    pub name: &'static str,
    /// Its key, with the store's prefix.
    pub key: &'static str,
    /// Which lifecycler.
    pub lifecycler: LifecyclerKind,
    /// Tokens of one instance.
    pub num_tokens: usize,
    /// Replication factor.
    pub replication_factor: usize,
    /// How a key's instances are judged.
    pub strategy: ReplicationStrategy,
    /// Time between two heartbeats.
    pub heartbeat_period: Duration,
    /// Age from which a heartbeat is too old.
    pub heartbeat_timeout: Duration,
    /// The page that shows it.
    pub page: &'static str,
}

impl RingKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Ingester,
        Self::Distributor,
        Self::Compactor,
        Self::Scheduler,
        Self::IndexGateway,
        Self::Ruler,
        Self::PatternIngester,
        Self::IngestLimits,
        Self::IngestLimitsFrontend,
        Self::Ui,
        Self::DataobjConsumer,
    ];

    /// The ring's settings; `common_ring` tells whether `common.ring` was touched, which sets the same
    /// heartbeat and key prefix for all (loki pkg/util/ring/ring_config.go:61-67, pkg/loki/config_wrapper.go).
    pub const fn preset(self, common_ring: bool) -> RingPreset {
        use ReplicationStrategy::{Default, IgnoreUnhealthy};

        const fn basic(starter: Starter, forget_periods: u32) -> LifecyclerKind {
            LifecyclerKind::Basic { starter, forget_periods }
        }
        const INGESTER: LifecyclerKind = LifecyclerKind::Ingester;
        let (name, key, page) = self.names(common_ring);
        let (lifecycler, num_tokens, replication_factor, strategy, heartbeat_secs) = match self {
            Self::Ingester => (INGESTER, 128, 3, Default, 5),
            Self::Distributor => (basic(Starter::Direct, 2), 1, 1, Default, 5),
            Self::Compactor => (basic(Starter::Compactor, 10), 1, 1, IgnoreUnhealthy, 15),
            Self::Scheduler => (basic(Starter::RingManager, 10), 1, 2, IgnoreUnhealthy, 15),
            Self::IndexGateway => (basic(Starter::RingManager, 10), 128, 3, IgnoreUnhealthy, 15),
            Self::Ruler => (basic(Starter::Direct, 2), 128, 1, IgnoreUnhealthy, 5),
            Self::PatternIngester => (INGESTER, 128, 1, Default, 5),
            Self::IngestLimits | Self::IngestLimitsFrontend | Self::DataobjConsumer => {
                (INGESTER, 128, 3, Default, 5)
            }
            Self::Ui => (basic(Starter::RingManager, 10), 1, 1, IgnoreUnhealthy, 15),
        };
        RingPreset {
            name,
            key,
            lifecycler,
            num_tokens,
            replication_factor,
            strategy,
            heartbeat_period: Duration::from_secs(if common_ring { 15 } else { heartbeat_secs }),
            heartbeat_timeout: Duration::from_secs(60),
            page,
        }
    }

    /// The `name` of its metrics and the `ring` of its log lines.
    pub const fn name(self) -> &'static str {
        self.names(false).0
    }

    const fn names(self, common_ring: bool) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Ingester => ("ingester", "collectors/ring", "/ring"),
            Self::Distributor => ("distributor", "collectors/distributor", "/distributor/ring"),
            Self::Compactor => ("compactor", "collectors/compactor", "/compactor/ring"),
            Self::Scheduler => ("scheduler", "collectors/scheduler", "/scheduler/ring"),
            Self::IndexGateway => ("index-gateway", "collectors/index-gateway", "/indexgateway/ring"),
            Self::Ruler if common_ring => ("ruler", "collectors/rulers", "/ruler/ring"),
            Self::Ruler => ("ruler", "rulers/rulers", "/ruler/ring"),
            Self::PatternIngester => ("pattern-ingester", "collectors/pattern-ring", "/pattern/ring"),
            Self::IngestLimits => ("ingest-limits", "collectors/ingest-limits", "/ingest-limits/ring"),
            Self::IngestLimitsFrontend => (
                "ingest-limits-frontend",
                "collectors/ingest-limits-frontend",
                "/ingest-limits-frontend/ring",
            ),
            Self::Ui => ("ui", "collectors/ui", "/ui/ring"),
            Self::DataobjConsumer => {
                ("dataobj-consumer", "collectors/dataobj-consumer", "/dataobj-consumer/ring")
            }
        }
    }

    /// The `component` that stands in its log lines, if any.
    pub const fn component(self) -> Option<&'static str> {
        match self {
            Self::Ingester
            | Self::PatternIngester
            | Self::Distributor
            | Self::IngestLimitsFrontend
            | Self::DataobjConsumer => Some(self.name()),
            Self::Compactor
            | Self::Scheduler
            | Self::IndexGateway
            | Self::Ruler
            | Self::IngestLimits
            | Self::Ui => None,
        }
    }

    /// Whether its instances hand their data over when they stop, which none of them really does: ingesters
    /// say that it is disabled, the others that it is done (`FlushTransferer.TransferOut`).
    pub(super) const fn disables_transfers(self) -> bool {
        matches!(self, Self::Ingester | Self::PatternIngester)
    }

    pub(super) fn line(
        self,
        level: Level,
        caller: &'static str,
        message: impl Into<std::borrow::Cow<'static, str>>,
    ) -> LogLine {
        let line = LogLine::new(level, caller, message);
        match self.component() {
            Some(component) => line.within("component", component),
            None => line,
        }
    }
}

impl Starter {
    /// The state that an instance registers with.
    pub const fn register_state(self) -> InstanceState {
        match self {
            Self::Direct => InstanceState::Active,
            Self::RingManager | Self::Compactor => InstanceState::Joining,
        }
    }
}
