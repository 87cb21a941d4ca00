use std::time::Duration;

/// How unwell a node finds itself (ml awareness.go): 0 is healthy, and each point stretches its probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awareness {
    score: u32,
    max: u32,
}

impl Awareness {
    /// Healthy; the score stays below `max`.
    pub fn new(max: u32) -> Self {
        Self { score: 0, max }
    }

    /// Worse by `delta`, better when negative.
    pub fn apply_delta(&mut self, delta: i32) {
        self.score = self.score.saturating_add_signed(delta).min(self.max.saturating_sub(1));
    }

    /// The score.
    pub const fn health_score(self) -> u32 {
        self.score
    }

    /// `timeout`, and once more for each point.
    pub fn scale_timeout(self, timeout: Duration) -> Duration {
        timeout.saturating_mul(self.score.saturating_add(1))
    }
}
