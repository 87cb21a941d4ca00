use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::{Operation, Tokens};

/// The state that an instance gives itself (dskit ring/ring.proto:64-75); the discriminant is the number
/// on the wire. UNHEALTHY is none of them: it is what a reader concludes from the heartbeat's age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum InstanceState {
    /// Takes reads and writes.
    #[default]
    Active = 0,
    /// Shutting down: still read from, no longer written to.
    Leaving = 1,
    /// In the ring without tokens, or waiting to take them.
    Pending = 2,
    /// Has tokens and watches for conflicts.
    Joining = 3,
    /// A tombstone; readers of the ring never see it.
    Left = 4,
}

impl InstanceState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Active, Self::Leaving, Self::Pending, Self::Joining, Self::Left];

    /// The name that the ring page prints.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Leaving => "LEAVING",
            Self::Pending => "PENDING",
            Self::Joining => "JOINING",
            Self::Left => "LEFT",
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for InstanceState {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or(())
    }
}

/// One entry of the ring (dskit ring/ring.proto, `InstanceDesc`). Its ID is the key it stands under.
///
/// Differs: no `versions` (Loki never sets them); the copy of the ID is made when encoding.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceDesc {
    /// `host:port` of gRPC.
    pub addr: Arc<str>,
    /// Availability zone; may be empty.
    pub zone: Arc<str>,
    /// The state it gives itself.
    pub state: InstanceState,
    /// Unix seconds of the last heartbeat, by the writer's clock; also the version that merges compare.
    pub timestamp: i64,
    /// Unix seconds of the registration; 0 when unknown.
    pub registered_timestamp: i64,
    /// Excluded from shuffle shards.
    pub read_only: bool,
    /// Unix seconds of the last change of `read_only`; 0 when it never changed.
    pub read_only_updated_timestamp: i64,
    /// What it owns in the token space.
    pub tokens: Tokens,
}

impl InstanceDesc {
    /// Whether its state and its heartbeat let it take part in `operation` (dskit ring/model.go:178-182).
    pub fn is_healthy(&self, operation: Operation, health: HeartbeatHealth) -> bool {
        operation.is_healthy(self.state) && health.covers(self.timestamp)
    }

    /// What merges compare: of two entries of one instance the one with the greater value stays. That is
    /// the heartbeat's second, and at equal seconds LEFT.
    #[inline]
    pub const fn precedence(&self) -> i64 {
        self.timestamp
            .saturating_mul(2)
            .saturating_add((self.state as u8 == InstanceState::Left as u8) as i64)
    }
}

/// Which heartbeats are recent enough, for one reader's clock and time-out.
///
/// A heartbeat is healthy when `now - timestamp <= timeout` (dskit ring/model.go:186-188): inclusive,
/// `now` with nanoseconds, timestamps in whole seconds, and always for timestamps in the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatHealth {
    oldest_healthy: i64,
}

impl HeartbeatHealth {
    /// Heartbeats as seen at `now` with `timeout`. A time-out of zero is no "never": it leaves only the
    /// current second and the future healthy.
    pub fn at(now: WallTime, timeout: Duration) -> Self {
        let oldest_nanos = now.unix_nanos().saturating_sub_unsigned(timeout.as_nanos());
        let oldest_secs =
            oldest_nanos.div_euclid(1_000_000_000) + i128::from(oldest_nanos.rem_euclid(1_000_000_000) > 0);
        Self { oldest_healthy: oldest_secs.clamp(i64::MIN.into(), i64::MAX.into()) as i64 }
    }

    /// Whether a heartbeat of this unix second is recent enough.
    #[inline]
    pub const fn covers(self, timestamp: i64) -> bool {
        timestamp >= self.oldest_healthy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_heartbeat_is_healthy_up_to_the_timeout_and_not_a_nanosecond_longer() {
        let exactly = WallTime::from_unix_secs(1060);
        assert!(HeartbeatHealth::at(exactly, MINUTE).covers(1000));
        let later = WallTime::from_unix_nanos(1_060_000_000_001);
        assert!(!HeartbeatHealth::at(later, MINUTE).covers(1000));
        assert!(HeartbeatHealth::at(later, MINUTE).covers(1001));
        assert!(HeartbeatHealth::at(later, MINUTE).covers(i64::MAX));
        assert!(!HeartbeatHealth::at(later, Duration::ZERO).covers(1060));
    }
}
