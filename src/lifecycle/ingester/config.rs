use std::sync::Arc;
use std::time::Duration;

use super::super::RingKind;

/// The settings of an [`super::IngesterLifecycler`] (`ring.LifecyclerConfig`, and what Loki's ingester adds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngesterLifecyclerConfig {
    /// The ring.
    pub kind: RingKind,
    /// Tokens of one instance.
    pub num_tokens: usize,
    /// Time between two heartbeats.
    pub heartbeat_period: Duration,
    /// Age from which a heartbeat is too old: `ring.heartbeat_timeout`.
    pub heartbeat_timeout: Duration,
    /// How long to watch the own tokens before going ACTIVE; zero to go ACTIVE at once.
    pub observe_period: Duration,
    /// How long to stay PENDING.
    pub join_after: Duration,
    /// How long `/ready` holds back after all other checks have passed.
    pub min_ready_duration: Duration,
    /// How long a stopping instance sleeps before it leaves the ring.
    pub final_sleep: Duration,
    /// Where the tokens outlive the process.
    pub tokens_file_path: Option<Arc<str>>,
    /// Whether a stopping instance leaves the ring.
    pub unregister_on_shutdown: bool,
    /// Whether `/ready` asks for everybody to be well, or only for itself.
    pub readiness_check_ring_health: bool,
    /// Whether a stopping instance flushes all chunks; only with transfers disabled, as ingesters have them.
    pub flush_on_shutdown: bool,
    /// Whether it forgets unhealthy others (Loki's ingesters only).
    pub autoforget_unhealthy: bool,
}

impl IngesterLifecyclerConfig {
    /// Loki's defaults; `common_ring` tells whether `common.ring` was touched.
    ///
    /// Differs: pattern ingesters are set to flush when they stop, but have nothing that takes time.
    pub const fn new(kind: RingKind, common_ring: bool) -> Self {
        let preset = kind.preset(common_ring);
        Self {
            kind,
            num_tokens: preset.num_tokens,
            heartbeat_period: preset.heartbeat_period,
            heartbeat_timeout: preset.heartbeat_timeout,
            observe_period: Duration::ZERO,
            join_after: Duration::ZERO,
            min_ready_duration: Duration::from_secs(15),
            final_sleep: Duration::ZERO,
            tokens_file_path: None,
            unregister_on_shutdown: true,
            readiness_check_ring_health: true,
            flush_on_shutdown: false,
            autoforget_unhealthy: false,
        }
    }
}
