use std::time::Duration;

use crate::time::Instant;

use super::Name;
use super::formula::remaining_suspicion_time;

/// How long a suspect has to answer (ml suspicion.go): the more accuse it, the shorter.
#[derive(Debug, Clone)]
pub(super) struct Suspicion {
    pub(super) name: Name,
    pub(super) start: Instant,
    pub(super) deadline: Instant,
    k: u32,
    min: Duration,
    max: Duration,
    lag: Duration,
    /// Who accused, the first one included: it does not count as a confirmation.
    accusers: Vec<Name>,
}

impl Suspicion {
    /// `from` accuses `name`; after `k` confirmations the time is `min`, without any `max`; then `lag` is added.
    pub(super) fn new(
        name: Name,
        from: Name,
        (k, min, max): (u32, Duration, Duration),
        start: Instant,
        lag: Duration,
    ) -> Self {
        let timeout = if k < 1 { min } else { max };
        Self { name, start, deadline: start + timeout + lag, k, min, max, lag, accusers: vec![from] }
    }

    /// Whether `from` says something new, which shortens the time.
    pub(super) fn confirm(&mut self, from: Name, now: Instant) -> bool {
        if self.confirmations() >= self.k || self.accusers.contains(&from) {
            return false;
        }
        self.accusers.push(from);
        let elapsed = now.since(self.start);
        let remaining = remaining_suspicion_time(self.confirmations(), self.k, elapsed, self.min, self.max);
        self.deadline = now + Duration::from_nanos(u64::try_from(remaining).unwrap_or(0)) + self.lag;
        true
    }

    pub(super) fn confirmations(&self) -> u32 {
        self.accusers.len() as u32 - 1
    }
}
