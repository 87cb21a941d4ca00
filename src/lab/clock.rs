use std::fmt;
use std::time::Duration;

/// How fast virtual time passes: a place on a scale of 1, 2, 5, 10 and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Speed(i8);

impl Speed {
    /// 1/100×.
    pub const SLOWEST: Self = Self(-6);
    /// 1,000×.
    pub const FASTEST: Self = Self(9);
    /// As real time.
    pub const REAL: Self = Self(0);

    /// All speeds, slowest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (Self::SLOWEST.0..=Self::FASTEST.0).map(Self)
    }

    /// The next faster one, if there is one.
    #[must_use]
    pub fn faster(self) -> Self {
        Self(self.0 + 1).min(Self::FASTEST)
    }

    /// The next slower one, if there is one.
    #[must_use]
    pub fn slower(self) -> Self {
        Self(self.0 - 1).max(Self::SLOWEST)
    }

    /// Its place on the scale, 0 for real time.
    pub const fn place(self) -> i8 {
        self.0
    }

    /// The speed at a place on the scale, or the nearest there is.
    pub fn at(place: i8) -> Self {
        Self(place.clamp(Self::SLOWEST.0, Self::FASTEST.0))
    }

    /// Virtual time that passes in so much real time.
    pub fn of(self, real: Duration) -> Duration {
        let (times, of) = self.ratio();
        Duration::from_nanos((real.as_nanos() * u128::from(times) / u128::from(of)) as u64)
    }

    /// Virtual over real.
    pub fn factor(self) -> f64 {
        let (times, of) = self.ratio();
        f64::from(times) / f64::from(of)
    }

    fn ratio(self) -> (u32, u32) {
        let step = |place: u32| [1, 2, 5][place as usize % 3] * 10_u32.pow(place / 3);
        match self.0 {
            0.. => (step(self.0 as u32), 1),
            _ => (1, step(u32::from(self.0.unsigned_abs()))),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ratio() {
            (times, 1) => write!(f, "{times}\u{d7}"),
            (_, of) => write!(f, "1/{of}\u{d7}"),
        }
    }
}

/// Decides how much virtual time a frame is given, and sees what came of it.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Whether time passes.
    pub playing: bool,
    /// How fast it should.
    pub speed: Speed,
    /// Whether stretches in which nothing happens are run through as fast as possible.
    pub skips_idle: bool,
    /// Virtual and real time of the last frames, in nanoseconds, older ones counting less.
    passed: (f64, f64),
}

/// A frame that took longer was no frame: the page was hidden, or the machine slept.
const LONGEST_FRAME: Duration = Duration::from_millis(100);
/// How much of the past a frame of 16 ms leaves.
const MEMORY: f64 = 0.95;
/// Below this share of the wanted speed the page says so.
const NOTABLE: f64 = 0.85;

impl Clock {
    /// A clock that stands.
    pub fn new() -> Self {
        Self { playing: false, speed: Speed::REAL, skips_idle: false, passed: (0.0, 0.0) }
    }

    /// The virtual time that a frame should bring, when so much real time has passed since the last one. What an
    /// earlier frame did not manage is not made up for.
    pub fn wanted(&self, real: Duration) -> Duration {
        if self.playing { self.speed.of(real.min(LONGEST_FRAME)) } else { Duration::ZERO }
    }

    /// Takes down what a frame of so much real time really brought.
    pub fn note(&mut self, real: Duration, reached: Duration) {
        let add = |old: f64, new: Duration| old * MEMORY + new.as_nanos() as f64;
        self.passed = (add(self.passed.0, reached), add(self.passed.1, real.min(LONGEST_FRAME)));
    }

    /// Forgets how fast it was.
    pub fn reset(&mut self) {
        self.passed = (0.0, 0.0);
    }

    /// How fast time really passes, if that is notably slower than it should.
    pub fn lags(&self) -> Option<f64> {
        let factor = self.passed.0 / self.passed.1.max(1.0);
        let is_known = self.playing && !self.skips_idle && self.passed.1 > 3e8;
        (is_known && factor < self.speed.factor() * NOTABLE).then_some(factor)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(16);

    #[test]
    fn speeds_go_from_a_hundredth_to_a_thousand() {
        let all = Vec::from_iter(Speed::all().map(|speed| speed.to_string()));
        assert_eq!(
            all.join(" "),
            "1/100\u{d7} 1/50\u{d7} 1/20\u{d7} 1/10\u{d7} 1/5\u{d7} 1/2\u{d7} 1\u{d7} 2\u{d7} 5\u{d7} 10\u{d7} 20\u{d7} 50\u{d7} 100\u{d7} 200\u{d7} 500\u{d7} 1000\u{d7}"
        );
        assert_eq!(Speed::FASTEST.faster(), Speed::FASTEST);
        assert_eq!(Speed::SLOWEST.slower(), Speed::SLOWEST);
        assert_eq!(Speed::at(2).of(FRAME), Duration::from_millis(80));
        assert_eq!(Speed::at(-6).of(FRAME), Duration::from_micros(160));
    }

    #[test]
    fn a_hidden_page_is_not_made_up_for() {
        let clock = Clock { playing: true, ..Clock::new() };
        assert_eq!(clock.wanted(Duration::from_secs(3600)), LONGEST_FRAME);
        assert_eq!(Clock::new().wanted(FRAME), Duration::ZERO);
    }

    #[test]
    fn a_clock_that_cannot_follow_says_how_fast_it_is() {
        let mut clock = Clock { playing: true, speed: Speed::at(6), ..Clock::new() };
        for _ in 0..100 {
            clock.note(FRAME, FRAME * 12);
        }
        assert!((clock.lags().unwrap() - 12.0).abs() < 0.1, "{:?}", clock.lags());
        for _ in 0..200 {
            clock.note(FRAME, FRAME * 100);
        }
        assert_eq!(clock.lags(), None);
    }
}
