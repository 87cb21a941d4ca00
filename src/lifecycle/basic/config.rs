use std::sync::Arc;
use std::time::Duration;

use super::super::{LifecyclerKind, RingKind, Starter};

/// The settings of a [`super::BasicLifecycler`] (`ring.BasicLifecyclerConfig`) and of the delegates that Loki
/// hangs on it. All of them leave on stopping; the distributor's counts the healthy ones as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicLifecyclerConfig {
    /// The ring.
    pub kind: RingKind,
    /// What brings the instance to ACTIVE.
    pub starter: Starter,
    /// Tokens of one instance.
    pub num_tokens: usize,
    /// Time between two heartbeats.
    pub heartbeat_period: Duration,
    /// Age from which a heartbeat is too old.
    pub heartbeat_timeout: Duration,
    /// Entries are forgotten this many time-outs after their last heartbeat.
    pub forget_periods: u32,
    /// Where the tokens outlive the process; only with a ring manager or a compactor.
    pub tokens_file_path: Option<Arc<str>>,
}

impl BasicLifecyclerConfig {
    /// Loki's defaults; `common_ring` tells whether `common.ring` was touched. A ring that has no basic
    /// lifecycler in Loki is treated as a distributor's.
    pub const fn new(kind: RingKind, common_ring: bool) -> Self {
        let preset = kind.preset(common_ring);
        let (starter, forget_periods) = match preset.lifecycler {
            LifecyclerKind::Basic { starter, forget_periods } => (starter, forget_periods),
            LifecyclerKind::Ingester => (Starter::Direct, 2),
        };
        Self {
            kind,
            starter,
            num_tokens: preset.num_tokens,
            heartbeat_period: preset.heartbeat_period,
            heartbeat_timeout: preset.heartbeat_timeout,
            forget_periods,
            tokens_file_path: None,
        }
    }

    /// Age from which an entry is forgotten.
    pub const fn forget_period(&self) -> Duration {
        self.heartbeat_timeout.saturating_mul(self.forget_periods)
    }
}
