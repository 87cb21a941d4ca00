//! The parts of one line: logfmt, JSON, or plain words.

use std::borrow::Cow;

use serde_json::Value;

use super::stamp::Stamp;

/// How loud a line is, as far as the doctor cares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loudness {
    /// Info, debug, or not said.
    #[default]
    Quiet,
    /// A warning.
    Warn,
    /// An error, or worse.
    Error,
}

/// A named part: name and value.
type Pair<'l> = (Cow<'l, str>, Cow<'l, str>);

/// What a line says.
#[derive(Debug, Default)]
pub(super) struct Fields<'l> {
    /// How loud.
    pub(super) loudness: Loudness,
    /// Its own time.
    pub(super) time: Option<Stamp>,
    /// The message; the whole line when there is no structure.
    pub(super) msg: Cow<'l, str>,
    /// Whether the line has named parts.
    pub(super) structured: bool,
    /// The named parts, message included.
    pub(super) pairs: Vec<Pair<'l>>,
    /// The line ends inside a quoted value, or before its message: a terminal may have cut it.
    pub(super) open: bool,
}

/// More parts than a line has; the rest is not looked at.
const MOST_PAIRS: usize = 64;

/// Names of parts that hold errors.
const ERRORS: [&str; 5] = ["err", "error", "reason", "errors", "cause"];

impl<'l> Fields<'l> {
    /// Takes a line apart, after [`super::envelope`] has taken off what others put around it.
    pub(super) fn parse(line: &'l str) -> Self {
        let line = line.trim();
        if line.starts_with('{')
            && let Ok(Value::Object(object)) = serde_json::from_str(line)
        {
            return Self::of_json(&object);
        }
        let (pairs, open) = logfmt(line);
        let known = |key: &str| matches!(key, "level" | "lvl" | "msg" | "ts" | "caller" | "err" | "error");
        if pairs.iter().any(|(key, _)| known(key)) {
            let open = open || !pairs.iter().any(|(key, _)| *key == "msg");
            return Self { open, ..Self::of_pairs(pairs) };
        }
        Self { loudness: loudness_of_words(line), msg: line.into(), ..Self::default() }
    }

    /// The parts of a JSON object; what is nested in it is left out.
    pub(super) fn of_json(object: &serde_json::Map<String, Value>) -> Self {
        let text = |value: &Value| match value {
            Value::String(text) => Some(Cow::Owned(text.clone())),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
            _ => None,
        };
        let pairs = object.iter().filter_map(|(key, value)| Some((Cow::Owned(key.clone()), text(value)?)));
        Self::of_pairs(pairs.take(MOST_PAIRS).collect())
    }

    fn of_pairs(pairs: Vec<Pair<'l>>) -> Self {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| pairs.iter().find(|(key, _)| key == name))
                .map(|(_, value)| value.clone())
        };
        let msg = first(&["msg", "message", "log", "line", "text"]).unwrap_or_default();
        let loudness = first(&["level", "lvl", "severity", "detected_level"])
            .map_or(Loudness::Quiet, |level| loudness(&level));
        let time =
            first(&["ts", "time", "timestamp", "@timestamp", "t"]).and_then(|text| Stamp::parse(&text));
        Self { loudness, time, msg, structured: true, pairs, open: false }
    }

    /// The value of a named part.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref())
    }

    /// The parts that hold errors.
    pub(super) fn errors(&self) -> impl Iterator<Item = &str> {
        let errors = self.pairs.iter().filter(|(key, _)| ERRORS.contains(&key.as_ref()));
        errors.map(|(_, value)| value.as_ref())
    }
}

/// How loud the value of `level` is.
fn loudness(level: &str) -> Loudness {
    let is = |start: &str| level.get(..start.len()).is_some_and(|l| l.eq_ignore_ascii_case(start));
    match () {
        () if is("warn") => Loudness::Warn,
        () if ["err", "fatal", "crit", "panic", "emerg", "alert", "dpanic"].iter().any(|name| is(name)) => {
            Loudness::Error
        }
        () => Loudness::Quiet,
    }
}

/// How loud a line without named parts is: `[ERR] memberlist: …`, `panic: …`.
fn loudness_of_words(line: &str) -> Loudness {
    let start = line.get(..line.floor_char_boundary(80)).unwrap_or_default().to_ascii_lowercase();
    if ["[err", "[fatal", "[crit", "panic: ", "fatal error: "].iter().any(|mark| start.contains(mark)) {
        Loudness::Error
    } else if start.contains("[warn") {
        Loudness::Warn
    } else {
        Loudness::Quiet
    }
}

/// The pairs of a logfmt line, and whether it ends inside a quoted value.
fn logfmt(line: &str) -> (Vec<Pair<'_>>, bool) {
    let (mut pairs, mut rest) = (Vec::new(), line);
    while pairs.len() < MOST_PAIRS {
        rest = rest.trim_start();
        let Some(end) = rest.find(|c: char| c == '=' || c.is_whitespace()) else { break };
        let key = &rest[..end];
        let Some(value) = rest[end..].strip_prefix('=') else {
            rest = &rest[end..];
            continue;
        };
        if let Some(quoted) = value.strip_prefix('"') {
            let (text, length, closed) = unquote(quoted);
            pairs.push((key.into(), text));
            if !closed {
                return (pairs, true);
            }
            rest = &quoted[length..];
        } else {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            pairs.push((key.into(), value[..end].into()));
            rest = &value[end..];
        }
    }
    (pairs, false)
}

/// The text up to the closing quote, how many bytes it and the quote take, and whether there was one.
fn unquote(quoted: &str) -> (Cow<'_, str>, usize, bool) {
    let bytes = quoted.as_bytes();
    let mut end = 0;
    while let Some(step) = memchr::memchr2(b'"', b'\\', &bytes[end..]) {
        end += step;
        if bytes[end] == b'"' {
            return (unescape(&quoted[..end]), end + 1, true);
        }
        end = (end + 2).min(bytes.len());
    }
    (unescape(quoted), quoted.len(), false)
}

/// The escapes of a quoted value undone; one that is none of Go's stays as it is.
fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return text.into();
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let taken = match after.chars().next() {
            Some('n') => ('\n', 1),
            Some('t') => ('\t', 1),
            Some('r') => ('\r', 1),
            Some('u') => {
                let code = after.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                code.and_then(char::from_u32).map_or(('\\', 0), |c| (c, 5))
            }
            Some(c) => (c, c.len_utf8()),
            None => ('\\', 0),
        };
        out.push(taken.0);
        rest = &after[taken.1..];
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_key_orders_of_loki_are_read() {
        for line in [
            "level=warn ts=2026-11-22T10:15:37Z caller=a.go:1 msg=\"x \\\"y\\\"\" err=z",
            "ts=2026-11-22T10:15:37Z caller=memberlist_logger.go:74 level=warn msg=\"x \\\"y\\\"\" err=z",
            r#"{"ts":"2026-11-22T10:15:37Z","level":"WARN","msg":"x \"y\"","err":"z","n":{"deep":[1]}}"#,
        ] {
            let fields = Fields::parse(line);
            assert_eq!((fields.loudness, fields.msg.as_ref()), (Loudness::Warn, "x \"y\""), "{line}");
            assert_eq!(Vec::from_iter(fields.errors()), ["z"]);
            assert_eq!(fields.time, Stamp::parse("2026-11-22T10:15:37Z"));
            assert!(!fields.open);
        }
    }

    #[test]
    fn a_line_that_a_terminal_cut_is_open() {
        assert!(Fields::parse("level=warn msg=\"half a mess").open);
        assert!(Fields::parse("level=warn ts=2026-11-22T10:15:37Z caller=a.go:1").open);
        assert!(!Fields::parse("level=warn msg=x err=\"whole\"").open);
    }

    #[test]
    fn plain_words_are_one_message() {
        let fields = Fields::parse("2024/01/01 [ERR] memberlist: Conflicting address");
        assert_eq!((fields.loudness, fields.structured), (Loudness::Error, false));
        assert_eq!(Fields::parse("a = b \\").msg, "a = b \\");
    }

    #[test]
    fn hostile_lines_are_words_and_no_trouble() {
        let deep = "{\"a\":".repeat(5000);
        assert!(!Fields::parse(&deep).structured);
        for line in ["msg=\"\\", "msg=\"\\u12", "=", "\"", "level=\u{0}", "msg=\"\\é\""] {
            Fields::parse(line);
        }
    }
}
