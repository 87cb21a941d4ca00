use std::time::Duration;

/// What a list of samples looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Half of the samples are at most this (nearest rank).
    pub p50: Duration,
    /// 95 % are.
    pub p95: Duration,
    /// All are.
    pub max: Duration,
}

/// Two lists of samples of the same thing, if they are of the same thing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Ours.
    pub ours: Summary,
    /// Theirs.
    pub theirs: Summary,
    /// How far apart the shares of samples below any value are, at most (Kolmogorov and Smirnov).
    pub distance: f64,
    /// What the distance stays below in 99.9 % of the cases when both come from one distribution.
    pub limit: f64,
}

impl Comparison {
    /// Compares two lists that are not empty.
    pub fn new(ours: &[Duration], theirs: &[Duration]) -> Self {
        let [ours, theirs] = [ours, theirs].map(|samples| {
            let mut sorted = samples.to_vec();
            sorted.sort_unstable();
            sorted
        });
        let (a, b) = (ours.len() as f64, theirs.len() as f64);
        Self {
            ours: Summary::of(&ours),
            theirs: Summary::of(&theirs),
            distance: ks_distance(&ours, &theirs),
            limit: 1.95 * ((a + b) / (a * b)).sqrt(),
        }
    }

    /// Whether they may well come from one distribution.
    pub fn agrees(&self) -> bool {
        self.distance <= self.limit
    }
}

impl Summary {
    fn of(sorted: &[Duration]) -> Self {
        let rank = |percent: usize| {
            let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(place).copied().unwrap_or_default()
        };
        Self { p50: rank(50), p95: rank(95), max: rank(100) }
    }
}

/// The largest difference between the shares of samples at or below a value; both sorted.
pub fn ks_distance(ours: &[Duration], theirs: &[Duration]) -> f64 {
    let share = |samples: &[Duration], value| {
        samples.partition_point(|sample| *sample <= value) as f64 / samples.len() as f64
    };
    let gaps = ours.iter().chain(theirs).map(|&value| (share(ours, value) - share(theirs, value)).abs());
    gaps.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(samples: &[u64]) -> Vec<Duration> {
        samples.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn the_distance_is_the_largest_gap_between_the_shares() {
        let four = millis(&[1, 2, 3, 4]);
        assert_eq!(ks_distance(&four, &four), 0.0);
        assert_eq!(ks_distance(&four, &millis(&[3, 4, 5, 6])), 0.5);
        assert_eq!(ks_distance(&four, &millis(&[5])), 1.0);
        assert_eq!(ks_distance(&millis(&[2, 2, 2]), &millis(&[1, 2, 2])), 1.0 / 3.0);
    }

    #[test]
    fn a_shifted_distribution_does_not_agree() {
        let ours: Vec<u64> = (0..1000).collect();
        let compare = |shift: u64| {
            let theirs: Vec<u64> = (shift..1000 + shift).collect();
            Comparison::new(&millis(&ours), &millis(&theirs))
        };
        assert!(compare(80).agrees());
        assert!(!compare(90).agrees());
        assert_eq!(compare(0).ours.p95, Duration::from_millis(949));
    }
}
