//! The order of what happens at nearly the same time.
//!
//! Probes, gossip and time-outs are multiples of 200 ms, counted from one start, so again and again two of them
//! fall on one instant; whether the gossip of an instant brings what a time-out of that instant decides
//! makes 200 ms. In Go that is a race of goroutines: the gossip ticker is made a little after the probe's,
//! and a time-out is set a little after the tick that it follows from.

use std::time::Duration;

use crate::prng::Prng;
use crate::time::Instant;

use super::Memberlist;

/// How much later than the probe's ticker that of gossip is made.
pub(super) const LAG: Duration = Duration::from_micros(10);

/// How much later than its cause a time-out is set: on average as much.
pub(super) fn lag(prng: &mut Prng) -> Duration {
    prng.between(Duration::ZERO, LAG * 2)
}

/// The first tick after `now` of a ticker that was made at `start`.
pub(super) fn next_tick(start: Instant, now: Instant, interval: Duration) -> Instant {
    let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX).max(1);
    let elapsed = now.nanos().saturating_sub(start.nanos());
    let next = (elapsed / interval).saturating_add(1).saturating_mul(interval);
    Instant::from_nanos(start.nanos().saturating_add(next))
}

impl Memberlist {
    /// When a time-out is over that is set now.
    pub(super) fn after(&mut self, now: Instant, timeout: Duration) -> Instant {
        now + timeout + lag(&mut self.prng)
    }
}
