//! Log lines as Loki's processes write them: go-kit's logfmt.
//!
//! Models go-kit/log's logfmt encoder and the fields that dskit's and Loki's loggers put first.

use std::borrow::Cow;
use std::fmt;

use crate::time::WallTime;

/// How loud a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Hidden unless asked for.
    Debug,
    /// News.
    Info,
    /// May be of interest to an operator.
    Warn,
    /// Went wrong, at least for now.
    Error,
}

impl Level {
    /// The value of `level=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One line of a process's log, without the time, which is the writer's to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How loud.
    pub level: Level,
    /// `file.go:line` of the call in the version that is modelled.
    pub caller: &'static str,
    /// Fields that stand before `msg`, such as `component` and `phase`.
    pub context: Vec<(&'static str, Cow<'static, str>)>,
    /// The message.
    pub message: Cow<'static, str>,
    /// Fields after `msg`.
    pub fields: Vec<(&'static str, Cow<'static, str>)>,
}

impl LogLine {
    /// A line with no fields yet.
    pub fn new(level: Level, caller: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { level, caller, context: Vec::new(), message: message.into(), fields: Vec::new() }
    }

    /// With one more field after `msg`.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.push((key, value.into()));
        self
    }

    /// With one more field before `msg`.
    #[must_use]
    pub fn within(mut self, key: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    /// The line as it stands in the file, written at `at`.
    pub fn logfmt(&self, at: WallTime) -> String {
        let mut out = String::new();
        let mut put = |key: &str, value: &str| {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(key);
            out.push('=');
            append_value(&mut out, value);
        };
        let time = at.to_rfc3339();
        // dskit's adapter for memberlist's own lines puts the level last.
        if self.caller.starts_with("memberlist_logger.go") {
            put("ts", &time);
            put("caller", self.caller);
            put("level", self.level.name());
        } else {
            put("level", self.level.name());
            put("ts", &time);
            put("caller", self.caller);
        }
        self.context.iter().for_each(|(key, value)| put(key, value));
        put("msg", &self.message);
        self.fields.iter().for_each(|(key, value)| put(key, value));
        out
    }
}

impl fmt::Display for LogLine {
    /// Level, message and fields, for people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level.name(), self.message)?;
        self.fields.iter().try_for_each(|(key, value)| write!(f, " {key}={value}"))
    }
}

/// A value of logfmt: bare where that is safe, else quoted like a JSON string.
fn append_value(out: &mut String, value: &str) {
    let bare = |c: char| c > ' ' && c != '=' && c != '"' && c != '\u{7f}' && c != char::REPLACEMENT_CHARACTER;
    if value.chars().all(bare) {
        out.push_str(value);
        return;
    }
    out.push('"');
    for c in value.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_as_loki_wrote_it() {
        let at = WallTime::parse_rfc3339("2026-11-22T09:56:14.876528607Z").unwrap();
        let line = LogLine::new(Level::Info, "memberlist_client.go:782", "fast-joining node failed")
            .with("node", "127.0.0.99:7946")
            .with("err", "1 error occurred:\n\t* failed to join\n\n");
        assert_eq!(
            line.logfmt(at),
            "level=info ts=2026-11-22T09:56:14.876528607Z caller=memberlist_client.go:782 \
             msg=\"fast-joining node failed\" node=127.0.0.99:7946 \
             err=\"1 error occurred:\\n\\t* failed to join\\n\\n\""
        );
    }

    #[test]
    fn empty_values_stay_bare_and_context_stands_before_the_message() {
        let at = WallTime::from_unix_secs(0);
        let line =
            LogLine::new(Level::Warn, "ring.go:1", "x").within("phase", "startup").with("cluster_label", "");
        assert_eq!(
            line.logfmt(at),
            "level=warn ts=1970-01-01T00:00:00Z caller=ring.go:1 phase=startup msg=x cluster_label="
        );
    }

    #[test]
    fn lines_of_the_library_have_another_key_order() {
        let at = WallTime::from_unix_secs(0);
        let line =
            LogLine::new(Level::Warn, "memberlist_logger.go:74", "Refuting a suspect message (from: a)");
        assert_eq!(
            line.logfmt(at),
            "ts=1970-01-01T00:00:00Z caller=memberlist_logger.go:74 level=warn \
             msg=\"Refuting a suspect message (from: a)\""
        );
    }
}
