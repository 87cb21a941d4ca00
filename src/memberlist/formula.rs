//! How times and counts grow with the cluster (ml util.go:119-160, suspicion.go:86-104).
//!
//! Integers come out. Logarithms are computed with the four exact operations alone, in the order of Go's
//! `math.Log` (which is FreeBSD's), so that every machine gets the same bits as Go.

use std::time::Duration;

use super::Config;

/// From how many nodes on the interval between full exchanges grows.
const PUSH_PULL_SCALE_THRESHOLD: usize = 32;

/// The shortest time a suspect of `n` nodes has to answer (`suspicionTimeout`).
pub fn suspicion_timeout(suspicion_mult: u32, n: usize, interval: Duration) -> Duration {
    let node_scale = log10(n.max(1) as f64).max(1.0);
    let thousandths = (node_scale * 1000.0) as u64;
    let factor = u128::from(suspicion_mult) * u128::from(thousandths);
    let nanos = interval.as_nanos().saturating_mul(factor) / 1000;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// For a suspect of `n` nodes: how many confirmations are wanted, and its time with all of them and with
/// none (`suspectNode`).
pub fn suspicion_bounds(config: &Config, n: usize) -> (u32, Duration, Duration) {
    let wanted = config.suspicion_mult.saturating_sub(2);
    // Besides this node and the suspect.
    let k = if n.saturating_sub(2) < wanted as usize { 0 } else { wanted };
    let min = suspicion_timeout(config.suspicion_mult, n, config.probe_interval);
    (k, min, min.saturating_mul(config.suspicion_max_timeout_mult))
}

/// How often one node sends one message when it counts `n` nodes (`retransmitLimit`).
pub fn retransmit_limit(retransmit_mult: u32, n: usize) -> u32 {
    // The digits of n: the ceiling of log10(n + 1).
    retransmit_mult.saturating_mul(n.checked_ilog10().map_or(0, |digits| digits + 1))
}

/// The time between two full exchanges of one of `n` nodes (`pushPullScale`).
pub fn push_pull_scale(interval: Duration, n: usize) -> Duration {
    match n {
        ..=PUSH_PULL_SCALE_THRESHOLD => interval,
        _ => interval.saturating_mul((n - 1).ilog2() + 2 - PUSH_PULL_SCALE_THRESHOLD.ilog2()),
    }
}

/// How long a suspect has left, in nanoseconds, after `n` of `k` wanted confirmations and `elapsed` time
/// (`remainingSuspicionTime`); negative when its time is over.
pub fn remaining_suspicion_time(n: u32, k: u32, elapsed: Duration, min: Duration, max: Duration) -> i64 {
    let (min_secs, max_secs) = (seconds(min), seconds(max));
    let fraction = log(f64::from(n) + 1.0) / log(f64::from(k) + 1.0);
    let raw = max_secs - fraction * (max_secs - min_secs);
    let millis = (1000.0 * raw).floor() as i64;
    millis.saturating_mul(1_000_000).max(nanos(min)).saturating_sub(nanos(elapsed))
}

/// `time.Duration.Seconds`.
fn seconds(duration: Duration) -> f64 {
    duration.as_secs() as f64 + f64::from(duration.subsec_nanos()) / 1e9
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// `math.Log10`, of positive numbers.
fn log10(x: f64) -> f64 {
    use std::f64::consts::{LOG2_E, LOG10_2};
    let (fraction, exponent) = split(x);
    let log2 = if fraction == 0.5 { exponent - 1.0 } else { log(fraction) * LOG2_E + exponent };
    log2 * LOG10_2
}

/// `math.Log`, of positive numbers: x = 2^k · (1 + f) with 1 + f between √½ and √2; the logarithm of 1 + f
/// comes from a polynomial in s = f / (2 + f).
fn log(x: f64) -> f64 {
    const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const ODD: [f64; 4] = [
        6.666_666_666_666_735e-1,
        2.857_142_874_366_239e-1,
        1.818_357_216_161_805e-1,
        1.479_819_860_511_658_6e-1,
    ];
    const EVEN: [f64; 3] = [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];

    let (mut fraction, mut k) = split(x);
    if fraction < std::f64::consts::FRAC_1_SQRT_2 {
        (fraction, k) = (fraction * 2.0, k - 1.0);
    }
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let odd = s2 * (ODD[0] + s4 * (ODD[1] + s4 * (ODD[2] + s4 * ODD[3])));
    let even = s4 * (EVEN[0] + s4 * (EVEN[1] + s4 * EVEN[2]));
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + (odd + even)) + k * LN_2_LOW)) - f)
}

/// `math.Frexp`, of positive normal numbers: x = fraction · 2^exponent with ½ ≤ fraction < 1.
fn split(x: f64) -> (f64, f64) {
    const EXPONENT: u64 = 0x7ff << 52;
    const HALF: u64 = 1022;
    let bits = x.to_bits();
    let exponent = ((bits & EXPONENT) >> 52) as i64 - HALF as i64;
    (f64::from_bits(bits & !EXPONENT | HALF << 52), exponent as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspect_of_a_big_cluster_gets_more_time() {
        let timeout = |n| suspicion_timeout(4, n, Duration::from_secs(5)).as_millis();
        assert_eq!([1, 10, 11, 20, 50, 100].map(timeout), [20_000, 20_000, 20_820, 26_020, 33_960, 40_000]);
    }

    #[test]
    fn a_message_is_sent_four_times_for_each_digit_of_the_cluster() {
        assert_eq!([0, 1, 9, 10, 99, 100].map(|n| retransmit_limit(4, n)), [0, 4, 4, 8, 8, 12]);
        // Where Go's logarithm has to be exact for that.
        assert!((1..=15).all(|digits| log10(10_u64.pow(digits) as f64).ceil() == f64::from(digits)));
        assert_eq!(retransmit_limit(u32::MAX, usize::MAX), u32::MAX);
    }

    #[test]
    fn full_exchanges_become_rare_above_32_nodes() {
        let scaled = |n| push_pull_scale(Duration::from_secs(30), n).as_secs();
        assert_eq!([0, 32, 33, 64, 65, 128, 129, 1024].map(scaled), [30, 30, 60, 60, 90, 90, 120, 180]);
    }

    #[test]
    fn times_without_end_stay_without_end() {
        assert!(suspicion_timeout(u32::MAX, usize::MAX, Duration::MAX) > Duration::from_secs(1 << 34));
        assert_eq!(push_pull_scale(Duration::MAX, 33), Duration::MAX);
        let over = remaining_suspicion_time(1, 2, Duration::MAX, Duration::MAX, Duration::MAX);
        assert_eq!(over, 0);
    }

    #[test]
    fn confirmations_shorten_the_wait_by_logarithm() {
        let (min, max) = (Duration::from_secs(20), Duration::from_secs(120));
        let remaining = |n| remaining_suspicion_time(n, 2, Duration::from_secs(1), min, max) / 1_000_000;
        assert_eq!([0, 1, 2, 3].map(remaining), [119_000, 55_907, 19_000, 19_000]);
        assert_eq!(remaining_suspicion_time(0, 0, Duration::ZERO, min, max), 20_000_000_000);
    }
}
