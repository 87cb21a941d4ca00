//! Numbers and names as people read them.

/// A count with thin spaces between the thousands: `512 000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A percentage with as many digits as tell something: `33.4 %`, `0.098 %`.
pub fn percent(value: f64) -> String {
    let digits = match value {
        10.0.. => 1,
        1.0.. => 2,
        0.0005.. => 3,
        _ if value == 0.0 => 0,
        _ => 6,
    };
    format!("{value:.digits$}\u{202f}%")
}

/// A share with two decimals, for columns: `33.37 %`.
pub fn share(value: f64) -> String {
    format!("{value:.2}\u{202f}%")
}

/// A deviation with its sign, a real minus if it is negative: `+1.5 %`, `−12.0 %`.
pub fn signed_percent(value: f64) -> String {
    let sign = if value < -0.05 { '\u{2212}' } else { '+' };
    format!("{sign}{:.1}\u{202f}%", value.abs())
}

/// A name in two parts, the second being its last 16 characters, which tell it from its like: what does
/// not fit is left out of the first. A name of 16 or fewer is the second part alone.
pub fn name_and_tail(name: &str) -> (&str, &str) {
    const TAIL: usize = 16;
    let cut = name.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
    name.split_at(cut)
}

/// At most `most` characters of a text, with an ellipsis for the rest.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}\u{2026}", &text[..at]),
        None => text.to_owned(),
    }
}

/// A key as Loki's logs never print it, but people compare it: `0x1a2b3c4d`.
pub fn hex(key: u32) -> String {
    format!("0x{key:08x}")
}

/// A size in bytes: `5.1 MB`.
pub fn bytes(size: usize) -> String {
    match size {
        0..1_000 => format!("{size}\u{202f}B"),
        1_000..1_000_000 => format!("{:.1}\u{202f}kB", size as f64 / 1e3),
        _ => format!("{:.1}\u{202f}MB", size as f64 / 1e6),
    }
}

/// The names without what all of them begin with, cut after a hyphen: `ingester-zone-a-0` among its like
/// becomes `a-0`. One name alone stays whole.
pub fn short_names<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let Some((first, rest)) = names.split_first() else { return Vec::new() };
    if rest.is_empty() {
        return vec![first];
    }
    let shared = rest.iter().fold(first.len(), |shared, name| {
        first.bytes().zip(name.bytes()).take(shared).take_while(|(a, b)| a == b).count()
    });
    let cut = first.get(..shared).and_then(|prefix| prefix.rfind('-')).map_or(0, |hyphen| hyphen + 1);
    names.iter().map(|name| name.get(cut..).filter(|rest| !rest.is_empty()).unwrap_or(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(512_000), "512\u{202f}000");
        assert_eq!(count(0), "0");
        assert_eq!(count(4_294_967_296), "4\u{202f}294\u{202f}967\u{202f}296");
        assert_eq!(percent(33.3333), "33.3\u{202f}%");
        assert_eq!(percent(0.0977), "0.098\u{202f}%");
        assert_eq!(percent(0.0), "0\u{202f}%");
        assert_eq!(hex(26), "0x0000001a");
        assert_eq!(share(33.3666), "33.37\u{202f}%");
        assert_eq!(signed_percent(-12.04), "\u{2212}12.0\u{202f}%");
        assert_eq!(signed_percent(-0.01), "+0.0\u{202f}%");
        assert_eq!(bytes(5_123_456), "5.1\u{202f}MB");
    }

    #[test]
    fn a_long_name_keeps_its_end_and_a_long_text_its_beginning() {
        assert_eq!(name_and_tail("loki-ingester-zone-a-0"), ("loki-i", "ngester-zone-a-0"));
        assert_eq!(name_and_tail("loki-1"), ("", "loki-1"));
        assert_eq!(name_and_tail(&"\u{fc}".repeat(17)), ("\u{fc}", &*"\u{fc}".repeat(16)));
        assert_eq!(cut("\u{fc}\u{fc}\u{fc}", 2), "\u{fc}\u{fc}\u{2026}");
        assert_eq!(cut("noon", 4), "noon");
    }

    #[test]
    fn short_names_drop_what_all_share() {
        assert_eq!(short_names(&["ingester-zone-a-0", "ingester-zone-b-12"]), ["a-0", "b-12"]);
        assert_eq!(short_names(&["loki-1", "loki-2"]), ["1", "2"]);
        assert_eq!(short_names(&["alpha", "beta"]), ["alpha", "beta"]);
        assert_eq!(short_names(&["loki-1"]), ["loki-1"]);
        assert_eq!(short_names(&["a-", "a-b"]), ["a-", "b"]);
        assert!(short_names(&[]).is_empty());
    }
}
