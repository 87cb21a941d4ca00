//! Wall-clock instants, as the reader of a ring has them.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// An instant of the wall clock, in nanoseconds since 1970-01-01T00:00:00Z; may lie before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    unix_nanos: i128,
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

    /// How long after `earlier` this is; `None` when it is before.
    pub fn since(self, earlier: Self) -> Option<Duration> {
        let nanos = self.unix_nanos - earlier.unix_nanos;
        u64::try_from(nanos).ok().map(Duration::from_nanos).or((nanos > 0).then_some(Duration::MAX))
    }
}
