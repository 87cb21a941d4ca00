//! Wall-clock instants, as the reader of a ring has them, and instants of a simulation's own time.

use std::ops::Add;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::go::duration;

/// An instant of the wall clock, in nanoseconds since 1970-01-01T00:00:00Z; may lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    unix_nanos: i128,
}

/// An instant of virtual time: nanoseconds since a simulation began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Instant {
    nanos: u64,
}

impl Instant {
    /// The beginning.
    pub const START: Self = Self { nanos: 0 };

    /// Later than everything that happens (after 584 years).
    pub const NEVER: Self = Self { nanos: u64::MAX };

    /// The instant `nanos` after the beginning.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self { nanos }
    }

    /// Nanoseconds since the beginning.
    pub const fn nanos(self) -> u64 {
        self.nanos
    }

    /// How long after `earlier` this is; zero when it is before.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.nanos.saturating_sub(earlier.nanos))
    }

    /// The instant `duration` earlier, never before the beginning.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self { nanos: self.nanos.saturating_sub(nanos) }
    }
}

impl Add<Duration> for Instant {
    type Output = Self;

    /// Never later than [`Instant::NEVER`].
    fn add(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self { nanos: self.nanos.saturating_add(nanos) }
    }
}

/// How long ago something was, for people: rounded up to tenths of a second, so that an age just past its
/// limit shows it.
pub fn age_text(age: Duration) -> String {
    const SHOWN: Duration = Duration::from_millis(100);

    let tenths = age.as_nanos().div_ceil(SHOWN.as_nanos());
    duration::format(Duration::from_millis(tenths.saturating_mul(SHOWN.as_millis()) as u64))
}

/// The text is no RFC 3339 instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an RFC 3339 time such as 2026-08-22T10:11:12Z: {reason}")]
pub struct TimeError {
    text: String,
    reason: String,
}

impl WallTime {
    /// The instant `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_unix_secs(seconds: i64) -> Self {
        Self { unix_nanos: seconds as i128 * 1_000_000_000 }
    }

    /// The instant `nanos` after 1970-01-01T00:00:00Z.
    pub const fn from_unix_nanos(nanos: i128) -> Self {
        Self { unix_nanos: nanos }
    }

    /// Reads RFC 3339, with any offset and any number of fractional digits.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        OffsetDateTime::parse(text, &Rfc3339)
            .map(|parsed| Self { unix_nanos: parsed.unix_timestamp_nanos() })
            .map_err(|error| TimeError { text: text.chars().take(80).collect(), reason: error.to_string() })
    }

    /// Writes RFC 3339 in UTC; instants beyond year 9999 are written as seconds.
    pub fn to_rfc3339(self) -> String {
        OffsetDateTime::from_unix_timestamp_nanos(self.unix_nanos)
            .ok()
            .and_then(|instant| instant.format(&Rfc3339).ok())
            .unwrap_or_else(|| format!("@{}", self.unix_secs()))
    }

    /// Whole seconds since 1970, rounded down (`time.Time.Unix`).
    pub const fn unix_secs(self) -> i64 {
        self.unix_nanos.div_euclid(1_000_000_000) as i64
    }

    /// Nanoseconds since 1970.
    pub const fn unix_nanos(self) -> i128 {
        self.unix_nanos
    }

    /// The instant `nanos` later, or earlier when negative.
    pub const fn offset(self, nanos: i64) -> Self {
        Self { unix_nanos: self.unix_nanos + nanos as i128 }
    }

    /// How long after `earlier` this is; `None` when it is before.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let nanos = self.unix_nanos - earlier.unix_nanos;
        u64::try_from(nanos).ok().map(Duration::from_nanos).or((nanos > 0).then_some(Duration::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_just_past_its_limit_shows_it() {
        assert_eq!(age_text(Duration::from_millis(60_001)), "1m0.1s");
        assert_eq!(age_text(Duration::from_nanos(60_000_000_001)), "1m0.1s");
        assert_eq!(age_text(Duration::from_secs(60)), "1m0s");
        assert_eq!(age_text(Duration::from_millis(14_577)), "14.6s");
    }

    #[test]
    fn instants_read_and_print_in_utc() {
        let instant = WallTime::parse_rfc3339("2026-11-22T10:55:03.094612473+01:00").unwrap();
        assert_eq!(instant.to_rfc3339(), "2026-11-22T09:55:03.094612473Z");
        assert_eq!(instant.unix_secs(), 1_795_341_303);
        assert_eq!(WallTime::from_unix_secs(-1).to_rfc3339(), "1969-12-31T23:59:59Z");
        assert_eq!(WallTime::from_unix_secs(i64::MAX).to_rfc3339(), "@9223372036854775807");
        assert!(WallTime::parse_rfc3339("2026-11-22").is_err());
    }

    #[test]
    fn what_lies_ahead_was_not_yet() {
        let (early, late) = (WallTime::from_unix_secs(5), WallTime::from_unix_secs(7));
        assert_eq!(late.since(early), Some(Duration::from_secs(2)));
        assert_eq!(early.since(late), None);
    }
}
