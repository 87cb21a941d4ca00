//! Values of settings as text, and back.

use serde_json::Value;

use crate::go::duration;
use crate::sim::Span;

use super::{Kind, Setting};

/// The text of a value.
pub(super) fn written(kind: Kind, value: &Value) -> String {
    match (kind, value) {
        (Kind::Percent, Value::Number(millionths)) => percent(millionths.as_u64().unwrap_or_default()),
        (_, Value::String(text)) => text.clone(),
        (_, Value::Null) => String::new(),
        (_, Value::Array(items)) => {
            let items = items.iter().map(|item| item.as_str().unwrap_or_default());
            items.collect::<Vec<_>>().join(", ")
        }
        (_, other) => other.to_string(),
    }
}

/// The value that a text says, or what would be allowed.
pub(super) fn read(setting: &Setting, text: &str) -> Result<Value, String> {
    let trimmed = text.trim();
    if trimmed.is_empty() && setting.is_optional() {
        return Ok(Value::Null);
    }
    let value = match setting.kind {
        Kind::Bool => trimmed.parse().ok().map(Value::Bool),
        Kind::Count { min, max } => {
            trimmed.parse().ok().filter(|count| (min..=max).contains(count)).map(|count: u64| count.into())
        }
        Kind::Duration { min } => {
            let parsed = duration::parse(trimmed).ok().map(Span);
            parsed.filter(|span| *span >= min).map(|span| span.to_string().into())
        }
        Kind::Percent => millionths(trimmed).map(Value::from),
        Kind::Text => Some(text.into()),
        Kind::Choice(choices) => choices.contains(&trimmed).then(|| trimmed.into()),
        Kind::Subset(choices) => {
            let items = Vec::from_iter(items(trimmed));
            items.iter().all(|item| choices.contains(item)).then(|| items.into())
        }
        Kind::List => Some(items(trimmed).collect()),
    };
    value.ok_or_else(|| allowed(setting.kind))
}

fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '\n']).map(str::trim).filter(|item| !item.is_empty())
}

fn allowed(kind: Kind) -> String {
    match kind {
        Kind::Bool => "true or false".into(),
        Kind::Count { min, max: u64::MAX } => format!("a whole number from {min}"),
        Kind::Count { min, max } => format!("a whole number from {min} to {max}"),
        Kind::Duration { min: Span::ZERO } => "a number with a unit, such as 200ms, 15s, 1m or 1h30m".into(),
        Kind::Duration { min } => {
            format!("a number with a unit, such as 200ms, 15s, 1m or 1h30m; at least {min}")
        }
        Kind::Percent => "0% to 100%, with at most four decimals".into(),
        Kind::Text | Kind::List => "any text".into(),
        Kind::Choice(choices) => choices.join(", "),
        Kind::Subset(choices) => format!("any of {}, with commas between them", choices.join(", ")),
    }
}

/// Millionths as per cent: `2%`, `0.25%`.
fn percent(millionths: u64) -> String {
    let number = format!("{}.{:04}", millionths / 10_000, millionths % 10_000);
    format!("{}%", number.trim_end_matches('0').trim_end_matches('.'))
}

fn millionths(text: &str) -> Option<u32> {
    const DECIMALS: usize = 4;

    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = [whole, fraction].iter().all(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    if !is_number || fraction.len() > DECIMALS || whole.is_empty() || whole.len() > 3 {
        return None;
    }
    let millionths = format!("{whole}{fraction:0<DECIMALS$}").parse().ok()?;
    (millionths <= 1_000_000).then_some(millionths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cent_reads_and_prints_to_the_millionth() {
        for (text, count) in
            [("0%", 0), ("2%", 20_000), ("0.25%", 2_500), ("0.0001%", 1), ("100%", 1_000_000)]
        {
            assert_eq!(millionths(text), Some(count));
            assert_eq!(percent(count.into()), text);
        }
        assert_eq!(millionths("2.50 %"), Some(25_000));
        assert_eq!(millionths("7"), Some(70_000));
        for text in ["", "%", "-1%", "100.1%", "0.00001%", ".5%", "1e2%", "5%%", "+5%", "99999999999%"] {
            assert_eq!(millionths(text), None, "{text}");
        }
    }
}
