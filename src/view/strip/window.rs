//! Which stretch of time is shown, and the scale over it.

use std::time::Duration;

use crate::time::Instant;

/// The shortest stretch: a microsecond.
const SHORTEST: u64 = 1_000;
/// The longest: 100 days.
const LONGEST: u64 = 100 * 86_400 * NANOS;
const NANOS: u64 = 1_000_000_000;

/// A stretch of virtual time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeWindow {
    /// From here.
    pub from: Instant,
    /// To here, later than `from`.
    pub to: Instant,
}

impl TimeWindow {
    /// The stretch from one instant on, at least a microsecond long.
    pub fn new(from: Instant, len: Duration) -> Self {
        let nanos = u64::try_from(len.as_nanos()).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
        Self { from, to: from + Duration::from_nanos(nanos) }
    }

    /// How long it is.
    pub fn length(self) -> Duration {
        self.to.since(self.from)
    }

    /// Whether an instant lies in it.
    pub fn holds(self, at: Instant) -> bool {
        self.from <= at && at <= self.to
    }

    /// Shows more (`factor` below 1) or less (above 1), `at` staying where it is.
    pub fn zoom_at(&mut self, at: Instant, factor: f64) {
        let len = self.nanos();
        if !factor.is_finite() || factor <= 0.0 {
            return;
        }
        let new = (len / factor).clamp(SHORTEST as f64, LONGEST as f64);
        let share = (at.nanos() as f64 - self.from.nanos() as f64) / len;
        let from = at.nanos() as f64 - share * new;
        *self =
            Self::new(Instant::from_nanos(from.max(0.0).round() as u64), Duration::from_nanos(new as u64));
    }

    /// Moves on by a share of its length, or back when negative; never before the beginning.
    pub fn pan(&mut self, share: f64) {
        let len = self.length();
        let from = self.from.nanos() as f64 + share * self.nanos();
        *self = Self::new(Instant::from_nanos(from.max(0.0).round() as u64), len);
    }

    /// A stretch of the same length with `now` in sight: the same one while `now` is well inside.
    pub fn following(self, now: Instant) -> Self {
        let (len, at) = (self.length(), now.nanos());
        let (early, late) = ((self.nanos() * 0.04) as u64, (self.nanos() * 0.86) as u64);
        let from = if at > self.from.nanos() + late {
            at - late
        } else if at < self.from.nanos() + early {
            at.saturating_sub(early)
        } else {
            self.from.nanos()
        };
        Self::new(Instant::from_nanos(from), len)
    }

    /// The marks of its scale: round instants with their texts, at most so many.
    pub fn ticks(self, most: f64) -> Vec<(Instant, String)> {
        let step = step_for(self, most.max(1.0)).max(1);
        let mut ticks = Vec::new();
        let mut next = Some(self.from.nanos().div_ceil(step).saturating_mul(step));
        while let Some(at) = next.filter(|&at| at <= self.to.nanos()) {
            ticks.push((Instant::from_nanos(at), tick_text(Instant::from_nanos(at), step)));
            next = at.checked_add(step);
        }
        ticks
    }

    pub(super) fn nanos(self) -> f64 {
        (self.to.nanos().saturating_sub(self.from.nanos())).max(1) as f64
    }
}

/// How far apart marks of the scale are, in nanoseconds: a round number, so that at most `most` of them
/// lie in the window.
fn step_for(window: TimeWindow, most: f64) -> u64 {
    let least = window.nanos() / most.max(1.0);
    let mut decade = 1_u64;
    while decade < NANOS {
        for round in [1, 2, 5] {
            if (decade * round) as f64 >= least {
                return decade * round;
            }
        }
        decade *= 10;
    }
    let seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400];
    let round = seconds.into_iter().map(|seconds| seconds * NANOS).find(|&step| step as f64 >= least);
    round.unwrap_or_else(|| (least / (86_400 * NANOS) as f64).ceil() as u64 * 86_400 * NANOS)
}

/// An instant on a scale of such steps: `0s`, `10s`, `1m`, `1m30s`, `42.18s`; within less than a
/// millisecond, how far after its millisecond: `+250µs`.
fn tick_text(at: Instant, step: u64) -> String {
    const MILLI: u64 = 1_000_000;
    if step < MILLI {
        let rest = at.nanos() % MILLI;
        return match (rest, step) {
            (0, _) => clock(at.nanos(), 3),
            (_, 1_000..) => format!("+{}\u{b5}s", rest / 1_000),
            _ => format!("+{}ns", rest),
        };
    }
    let digits = if step >= NANOS { 0 } else { 9 - step.ilog10() as usize };
    clock(at.nanos(), digits)
}

/// An instant to the millisecond: `42.180s`.
pub(super) fn instant_text(at: Instant) -> String {
    clock(at.nanos(), 3)
}

/// Hours, minutes and seconds without what is zero at the end.
fn clock(nanos: u64, digits: usize) -> String {
    let (seconds, rest) = (nanos / NANOS, nanos % NANOS);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let fraction = format!("{rest:09}");
    let fraction = if digits == 0 { String::new() } else { format!(".{}", &fraction[..digits.min(9)]) };
    let tail = seconds > 0 || rest > 0 && digits > 0;
    match (hours, minutes) {
        (0, 0) if nanos == 0 => "0s".to_owned(),
        (0, 0) => format!("{seconds}{fraction}s"),
        (0, _) if tail => format!("{minutes}m{seconds}{fraction}s"),
        (0, _) => format!("{minutes}m"),
        (_, 0) if !tail => format!("{hours}h"),
        _ if !tail => format!("{hours}h{minutes}m"),
        _ => format!("{hours}h{minutes}m{seconds}{fraction}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Instant {
        Instant::from_nanos(nanos)
    }

    #[test]
    fn zooming_keeps_the_instant_under_the_pointer() {
        let mut window = TimeWindow::new(at(40 * NANOS), Duration::from_secs(60));
        let share = |window: TimeWindow| (55.0 * 1e9 - window.from.nanos() as f64) / window.nanos();
        let before = share(window);
        for _ in 0..12 {
            window.zoom_at(at(55 * NANOS), 1.7);
            assert!((share(window) - before).abs() < 1e-3, "{window:?}");
        }
        for _ in 0..200 {
            window.zoom_at(at(55 * NANOS), 2.0);
        }
        assert_eq!(window.length(), Duration::from_micros(1), "no shorter than a microsecond");
        for _ in 0..200 {
            window.zoom_at(at(55 * NANOS), 0.5);
        }
        assert_eq!((window.from, window.length()), (Instant::START, Duration::from_nanos(LONGEST)));
        let before = window;
        [0.0, -1.0, f64::NAN].into_iter().for_each(|factor| window.zoom_at(at(1), factor));
        assert_eq!(window, before, "no such factor");
    }

    #[test]
    fn nothing_is_before_the_beginning() {
        let mut window = TimeWindow::new(at(10 * NANOS), Duration::from_secs(100));
        window.pan(0.5);
        assert_eq!(window.from, at(60 * NANOS));
        window.pan(-2.0);
        assert_eq!((window.from, window.to), (Instant::START, at(100 * NANOS)));
    }

    #[test]
    fn a_window_follows_only_what_would_leave_it() {
        let window = TimeWindow::new(at(100 * NANOS), Duration::from_secs(100));
        assert_eq!(window.following(at(150 * NANOS)), window);
        for now in [190, 1_000, 20, 0] {
            let moved = window.following(at(now * NANOS));
            assert!(moved.holds(at(now * NANOS)) && moved.length() == window.length(), "{now}: {moved:?}");
            assert_eq!(moved.following(at(now * NANOS)), moved, "it comes to rest");
        }
    }

    #[test]
    fn the_scale_has_round_numbers_down_to_nanoseconds() {
        let step = |nanos: u64| step_for(TimeWindow::new(at(0), Duration::from_nanos(nanos)), 8.0);
        assert_eq!(step(60 * NANOS), 10 * NANOS);
        assert_eq!(step(600 * NANOS), 120 * NANOS);
        assert_eq!(step(2 * NANOS), 500_000_000);
        assert_eq!(step(1_000), 200);
        assert_eq!(step(90 * 86_400 * NANOS), 12 * 86_400 * NANOS);
        assert_eq!(tick_text(at(0), NANOS), "0s");
        assert_eq!(tick_text(at(90 * NANOS), 30 * NANOS), "1m30s");
        assert_eq!(tick_text(at(120 * NANOS), 30 * NANOS), "2m");
        assert_eq!(tick_text(at(7_200 * NANOS), 3_600 * NANOS), "2h");
        assert_eq!(tick_text(at(42_180_000_000), 20_000_000), "42.18s");
        assert_eq!(tick_text(at(60_050_000_000), 50_000_000), "1m0.05s");
        assert_eq!(tick_text(at(42_180_250_000), 50_000), "+250\u{b5}s");
        assert_eq!(tick_text(at(42_180_000_000), 50_000), "42.180s");
        assert_eq!(tick_text(at(42_180_000_200), 200), "+200ns");
    }
}
