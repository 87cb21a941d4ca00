//! Go's `strconv` quoting and `fmt`'s `%.3g`, as far as they reach Loki's label strings, ring pages and errors.

use std::fmt::Write as _;

/// `strconv.AppendQuote`: `bytes` between double quotes; what Go does not call printable is escaped,
/// bytes that are not UTF-8 become `\xNN`.
pub fn append_quote(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            append_escaped(out, c, '"');
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push('"');
}

/// `strconv.Quote`.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    append_quote(&mut out, text.as_bytes());
    out
}

/// `strconv.QuoteRune`, what `%q` prints of a rune.
pub fn quote_rune(c: char) -> String {
    let mut out = String::from("'");
    append_escaped(&mut out, c, '\'');
    out.push('\'');
    out
}

fn append_escaped(out: &mut String, c: char, quote: char) {
    match c {
        _ if c == quote || c == '\\' => out.extend(['\\', c]),
        _ if is_print(c) => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ => {
            let code = c as u32;
            let _ = match code {
                0..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
                0..0x1_0000 => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
        }
    }
}

/// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
///
/// Rust's standard library has the same table behind `escape_debug` and nowhere else: past the first
/// character of a string (which may be a combining mark and is treated apart), it leaves alone
/// exactly the printable ones, quotes and backslashes.
pub fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    let mut text = String::from("a");
    text.push(c);
    text.escape_debug().nth(1) == Some(c)
}

/// `fmt.Sprintf("%.3g", value)`: three significant digits, no trailing zeros, an exponent outside 1e-4..1e3.
pub fn format_3g(value: f64) -> String {
    let scientific = format!("{value:.2e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |number: &str| match number.contains('.') {
        true => number.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => number.to_owned(),
    };
    if !(-4..3).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
    // Through the rounded digits, so that 9.999 becomes 10 and not 10.0.
    let rounded: f64 = scientific.parse().unwrap_or(value);
    trim(&format!("{rounded:.*}", (2 - exponent).max(0) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_escapes_what_go_escapes() {
        assert_eq!(quote("a\"b\n\u{e9}\u{1}\\\u{7f}\u{200b}"), r#""a\"b\né\x01\\\x7f\u200b""#);
        assert_eq!(
            quote("\u{a0}\u{feff}\u{e000}\u{1f680}\u{301}"),
            "\"\\u00a0\\ufeff\\ue000\u{1f680}\u{301}\""
        );
        let mut out = String::new();
        append_quote(&mut out, b"\xff\xfeok");
        assert_eq!(out, r#""\xff\xfeok""#);
        assert_eq!(quote_rune('\''), r"'\''");
        assert_eq!(quote_rune('"'), "'\"'");
    }

    #[test]
    fn three_significant_digits_as_go_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (100.0, "100"),
            (99.99, "100"),
            (33.333, "33.3"),
            (2.328_306_4e-8, "2.33e-08"),
            (0.000_12, "0.00012"),
            (0.000_012, "1.2e-05"),
            (1234.0, "1.23e+03"),
            (9.999, "10"),
            (0.5, "0.5"),
        ] {
            assert_eq!(format_3g(value), text);
        }
    }
}
