//! One line of a log, without what no two runs share.

use std::fmt;

/// A line of logfmt: its level, where it was written, and its fields in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// `info` and so on.
    pub level: String,
    /// `file.go:line`.
    pub caller: String,
    /// Everything else but the time.
    pub fields: Vec<(String, String)>,
}

/// Durations and times.
const TIMES: [&str; 5] =
    ["elapsed_time", "last_heartbeat_at", "registered_at", "running_time", "startup_time"];

impl Line {
    /// Reads a line.
    pub(super) fn parse(text: &str) -> Self {
        let mut line = Self { level: String::new(), caller: String::new(), fields: Vec::new() };
        let mut rest = text.trim_end();
        while let Some((key, after)) = rest.split_once('=') {
            let (value, after) = value(after);
            rest = after;
            match key {
                "ts" => {}
                "level" => line.level = value,
                "caller" => line.caller = value,
                _ if TIMES.contains(&key) => line.fields.push((key.into(), "*".into())),
                _ => line.fields.push((key.into(), without_suffixes(&value))),
            }
        }
        line
    }

    /// A field's value; empty if it has none.
    pub(super) fn field(&self, key: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }

    /// What it says.
    pub(super) fn message(&self) -> &str {
        self.field("msg")
    }

    /// The file it was written from, without `.go`.
    pub(super) fn file(&self) -> &str {
        self.caller.split(".go").next().unwrap_or_default()
    }

    /// Writes something else into a field.
    pub(super) fn set(&mut self, key: &str, value: &str) {
        self.fields.iter_mut().filter(|(known, _)| known == key).for_each(|(_, old)| *old = value.into());
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.caller)?;
        self.fields.iter().try_for_each(|(key, value)| write!(f, " {key}={value:?}"))
    }
}

/// The value that `text` begins with, and what comes after it.
fn value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let (value, rest) = text.split_once(' ').unwrap_or((text, ""));
        return (value.into(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted[at + 1..].trim_start()),
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, other)) => value.push(other),
                None => {}
            },
            other => value.push(other),
        }
    }
    (value, "")
}

/// Names of members end in eight random hex digits.
fn without_suffixes(text: &str) -> String {
    let mut out = String::new();
    for (place, part) in text.split('-').enumerate() {
        let digits = part.chars().take_while(|c| c.is_ascii_hexdigit() && !c.is_uppercase()).count();
        let ends = part[digits..].chars().next().is_none_or(|c| !c.is_alphanumeric());
        out.push_str(if place > 0 { "-" } else { "" });
        if place > 0 && digits == 8 && ends {
            out.push('*');
            out.push_str(&part[digits..]);
        } else {
            out.push_str(part);
        }
    }
    out
}

#[test]
fn a_line_loses_its_times_and_random_names() {
    let line = Line::parse(
        "level=info ts=2026-11-22T10:15:37.822Z caller=memberlist_client.go:563 msg=\"a \\\"b\\\"\\n\" \
         cluster_label= node=loki-1-d5f6acf3 elapsed_time=1.5ms err=\"with loki-3-4aa6fd89 (0)\"",
    );
    assert_eq!(
        line.to_string(),
        "info memberlist_client.go:563 msg=\"a \\\"b\\\"\\n\" cluster_label=\"\" node=\"loki-1-*\" \
         elapsed_time=\"*\" err=\"with loki-3-* (0)\""
    );
}
