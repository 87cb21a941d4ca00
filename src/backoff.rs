//! Growing waits with jitter.
//!
//! Models dskit backoff/backoff.go, without its count of tries: whoever waits counts them.

use std::time::Duration;

use crate::prng::Prng;

/// Waits, each drawn from a window; windows start at `min`..2·`min` and double, up to `max`.
#[derive(Debug, Clone)]
pub struct Backoff {
    low: Duration,
    high: Duration,
    max: Duration,
}

impl Backoff {
    /// The first wait is still to come.
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { low: min, high: (min * 2).min(max), max }
    }

    /// How long to wait now.
    pub fn next_delay(&mut self, prng: &mut Prng) -> Duration {
        if self.low >= self.high {
            return self.high;
        }
        let delay = prng.between(self.low, self.high);
        if self.high < self.max {
            self.low = (self.low * 2).min(self.max);
            self.high = (self.high * 2).min(self.max);
        }
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(min: u64, max: u64, expected: &[(u128, u128)]) {
        for seed in 0..50 {
            let mut prng = Prng::stream(seed, "test", 0);
            let mut backoff = Backoff::new(Duration::from_millis(min), Duration::from_millis(max));
            for (low, high) in expected {
                let delay = backoff.next_delay(&mut prng).as_millis();
                assert!((*low..*high).contains(&delay), "{delay} is not in {low}..{high}");
            }
        }
    }

    #[test]
    fn waits_lie_in_doubling_windows_up_to_their_maximum() {
        windows(100, 1000, &[(100, 200), (200, 400), (400, 800), (800, 1000), (800, 1000)]);
        let join = [(1, 2), (2, 4), (4, 8), (8, 16), (16, 32), (32, 60), (32, 60)];
        windows(1000, 60_000, &join.map(|(low, high)| (low * 1000, high * 1000)));
    }

    #[test]
    fn a_maximum_at_the_minimum_leaves_no_choice() {
        windows(500, 500, &[(500, 501), (500, 501)]);
    }
}
