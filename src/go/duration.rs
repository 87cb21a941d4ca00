//! Durations as Go writes and reads them: `1m0s`, `1h30m`, `1.5s`, `250ms`.

use std::time::Duration;

const NANOS_PER_SECOND: u128 = 1_000_000_000;
const UNITS: [(&str, u128); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
];

/// The text is no duration that Go's `time.ParseDuration` would take, or a negative one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a duration: write a number with a unit, such as 15s, 1m or 1h30m")]
pub struct DurationError {
    text: String,
}

/// `time.ParseDuration` for durations that are not negative.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let error = || DurationError { text: text.to_owned() };
    let mut rest = text.trim().strip_prefix('+').unwrap_or(text.trim());
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(error());
    }
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|c| !is_number(c)).ok_or_else(error)?);
        let (name, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let &(_, scale) = UNITS.iter().find(|(unit, _)| *unit == name).ok_or_else(error)?;
        nanos = nanos.checked_add(scaled(digits, scale).ok_or_else(error)?).ok_or_else(error)?;
        rest = after;
    }
    match i64::try_from(nanos) {
        Ok(nanos) => Ok(Duration::from_nanos(nanos as u64)),
        Err(_) => Err(error()),
    }
}

fn is_number(c: char) -> bool {
    c.is_ascii_digit() || c == '.'
}

/// `digits`, a decimal number, times `scale`, rounded down.
fn scaled(digits: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let mut nanos = u128::from(whole) * scale;
    let mut place = scale;
    for digit in fraction.chars() {
        place /= 10;
        nanos += u128::from(digit.to_digit(10)?) * place;
    }
    Some(nanos)
}

/// `Duration.String`: `0s`, `1.5ms`, `1m0s`, `26h3m0.25s`.
pub fn format(duration: Duration) -> String {
    let nanos = duration.as_nanos();
    let (unit, name) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "\u{b5}s"),
        1_000_000..NANOS_PER_SECOND => (1_000_000, "ms"),
        _ => (NANOS_PER_SECOND, "s"),
    };
    let minutes = nanos / (60 * NANOS_PER_SECOND);
    let rest = decimal(nanos % (60 * NANOS_PER_SECOND), unit);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{rest}{name}"),
        (0, minutes) => format!("{minutes}m{rest}{name}"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}{name}"),
    }
}

/// `nanos` counted in `unit`s (a power of ten), without trailing zeros.
fn decimal(nanos: u128, unit: u128) -> String {
    let width = unit.ilog10() as usize;
    let number = format!("{}.{:0width$}", nanos / unit, nanos % unit);
    number.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print_as_in_go() {
        for (text, nanos, printed) in [
            ("1m", 60_000_000_000, "1m0s"),
            ("1h30m", 5_400_000_000_000, "1h30m0s"),
            ("1.5s", 1_500_000_000, "1.5s"),
            ("90s", 90_000_000_000, "1m30s"),
            ("61.25s", 61_250_000_000, "1m1.25s"),
            ("250ms", 250_000_000, "250ms"),
            ("1500us", 1_500_000, "1.5ms"),
            ("10ns", 10, "10ns"),
            ("10h", 36_000_000_000_000, "10h0m0s"),
            ("0", 0, "0s"),
            ("0s", 0, "0s"),
        ] {
            let duration = parse(text).unwrap();
            assert_eq!(duration, Duration::from_nanos(nanos), "{text}");
            assert_eq!(format(duration), printed);
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in ["", "1", "m", "-1m", "1x", "1m-", ".s", "1..5s", "9999999h", "1 m"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
