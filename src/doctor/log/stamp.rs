//! Instants as log lines have them.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::WallTime;

/// Nanoseconds since 1970-01-01T00:00:00Z; RFC 3339 in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub i64);

/// A second in nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;

/// Years that a log may come from; anything else is a number that only looks like a time.
const YEARS: std::ops::Range<i64> = 2000..2200;

impl Stamp {
    /// The instant `seconds` later.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(SECOND)))
    }

    /// Seconds since `earlier`; negative when it is before.
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / SECOND
    }

    /// Reads what logs put where their time stands: RFC 3339, also with a space for the `T` and without an offset (then UTC),
    /// or seconds, milliseconds, microseconds or nanoseconds since 1970.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() >= 9 && bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.') {
            return from_number(text);
        }
        if bytes.len() < 19 || !text.is_ascii() || bytes[4] != b'-' || bytes[7] != b'-' || bytes[13] != b':' {
            return None;
        }
        let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        if !matches!(bytes[10], b'T' | b't' | b' ') || !YEARS.contains(&year) || !(1..=12).contains(&month) {
            return None;
        }
        if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let mut rest = &text[19..];
        let mut nanos = 0;
        if let Some(fraction) = rest.strip_prefix(['.', ',']) {
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            for place in 0..9 {
                let digit = fraction.as_bytes().get(place).filter(|_| place < digits);
                nanos = nanos * 10 + digit.map_or(0, |b| i64::from(b - b'0'));
            }
            rest = &fraction[digits..];
        }
        let offset = match rest.trim_start().as_bytes() {
            [] | [b'Z' | b'z', ..] => 0,
            [sign @ (b'+' | b'-'), h1, h2, minutes @ ..] if h1.is_ascii_digit() && h2.is_ascii_digit() => {
                let minutes = minutes.strip_prefix(b":").unwrap_or(minutes);
                let tens = |pair: &[u8]| i64::from(pair[0] - b'0') * 10 + i64::from(pair[1] - b'0');
                let within = minutes.get(..2).filter(|pair| pair.iter().all(u8::is_ascii_digit));
                let seconds = tens(&[*h1, *h2]) * 3600 + within.map_or(0, tens) * 60;
                if *sign == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some(Self(seconds * SECOND + nanos))
    }

    /// The time of day in UTC, to the second: `10:16:12`.
    pub fn clock(self) -> String {
        let of_day = self.0.div_euclid(SECOND).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
    }

    /// RFC 3339 in UTC, to the second.
    pub fn to_text(self) -> String {
        WallTime::from_unix_secs(self.0.div_euclid(SECOND)).to_rfc3339()
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&WallTime::from_unix_nanos(self.0.into()).to_rfc3339())
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not an RFC 3339 time"))
    }
}

/// A count of seconds or of a smaller unit since 1970, by its size.
fn from_number(text: &str) -> Option<Stamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = match whole.len() {
        9..=10 => SECOND,
        13 => 1_000_000,
        16 => 1_000,
        19 => 1,
        _ => return None,
    };
    let nanos = whole.parse::<i64>().ok()?.checked_mul(scale)?;
    let part = match (scale, fraction.is_empty()) {
        (SECOND, false) => format!("{:0<9}", fraction.get(..fraction.len().min(9))?).parse::<i64>().ok()?,
        _ => 0,
    };
    let stamp = Stamp(nanos.checked_add(part)?);
    (946_684_800..7_258_118_400).contains(&(stamp.0 / SECOND)).then_some(stamp)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_logs_are_the_instants_that_the_time_crate_reads() {
        for text in
            ["2026-11-22T10:15:37.438123456Z", "2024-02-29T23:59:59+05:30", "2100-03-01T00:00:00-08:00"]
        {
            let expected = WallTime::parse_rfc3339(text).unwrap().unix_nanos();
            assert_eq!(Stamp::parse(text).map(|stamp| i128::from(stamp.0)), Some(expected), "{text}");
        }
        let utc = Stamp::parse("2026-11-22T10:15:37.5Z");
        for same in
            ["2026-11-22 10:15:37.5", "2026-11-22 10:15:37,500 +0000", "1795342537500", "1795342537.5"]
        {
            assert_eq!(Stamp::parse(same), utc, "{same}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "2026", "9999999999999999999", "2026-13-01T00:00:00Z", "127.0.0.1", "12345678901"] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn json_has_rfc_3339_and_comes_back() {
        let stamp = Stamp::parse("2026-11-22T10:15:37.438Z").unwrap();
        let json = serde_json::to_string(&stamp).unwrap();
        assert_eq!(json, "\"2026-11-22T10:15:37.438Z\"");
        assert_eq!(serde_json::from_str::<Stamp>(&json).unwrap(), stamp);
    }
}
