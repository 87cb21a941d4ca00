//! What others put around a line: kubectl's and stern's prefixes, Docker's and containerd's and journald's wrappers, Grafana's exports,
//! colours. They say which pod and when, where the line does not.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::stamp::Stamp;

/// A line, unwrapped.
#[derive(Debug, Default)]
pub(super) struct Unwrapped {
    /// The pod, container or host that a wrapper names.
    pub(super) pod: Option<String>,
    /// The time that a wrapper gives.
    pub(super) time: Option<Stamp>,
    /// The line itself.
    pub(super) body: Body,
}

/// The line without its wrappers.
#[derive(Debug)]
pub(super) enum Body {
    /// Text, to be read by [`Fields::parse`].
    Text(String),
    /// A JSON object that is the line itself.
    Json(Map<String, Value>),
}

impl Default for Body {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Body {
    /// The parts of the line.
    pub(super) fn fields(&self) -> Fields<'_> {
        match self {
            Self::Text(text) => Fields::parse(text),
            Self::Json(object) => Fields::of_json(object),
        }
    }
}

/// Wrappers in wrappers; real ones are three deep at most (stern around Docker's JSON around a time).
const MOST_LAYERS: usize = 5;

/// How far into a line its own structure may begin.
const LONGEST_PREFIX: usize = 300;

/// Takes the wrappers off a line.
pub(super) fn unwrap(line: &str) -> Unwrapped {
    let mut unwrapped = Unwrapped::default();
    let mut text = plain(line).trim().to_owned();
    for _ in 0..MOST_LAYERS {
        if text.starts_with('{')
            && let Ok(Value::Object(object)) = serde_json::from_str::<Value>(&text)
        {
            match open_json(object, &mut unwrapped) {
                Ok(inner) => text = plain(&inner).trim().to_owned(),
                Err(object) => {
                    unwrapped.body = Body::Json(object);
                    return unwrapped;
                }
            }
            continue;
        }
        match prefix(&text) {
            0 => break,
            length => {
                read_prefix(&text[..length], &mut unwrapped);
                text = text[length..].trim_start().to_owned();
            }
        }
    }
    unwrapped.body = Body::Text(text);
    unwrapped
}

/// The line inside a wrapper's JSON, or the object back when it is no wrapper.
fn open_json(
    mut object: Map<String, Value>,
    unwrapped: &mut Unwrapped,
) -> Result<String, Map<String, Value>> {
    let names = ["line", "log", "MESSAGE", "body", "message", "Line"];
    let is_line_itself = object.contains_key("msg");
    let key = names.into_iter().find(|name| object.get(*name).is_some_and(Value::is_string));
    let Some(key) = key.filter(|_| !is_line_itself) else { return Err(object) };
    let times = ["timestamp", "time", "ts", "tsNs", "@timestamp", "__REALTIME_TIMESTAMP", "date", "Date"];
    let time = times.iter().find_map(|name| match object.get(*name)? {
        Value::String(text) => Stamp::parse(text),
        Value::Number(number) => Stamp::parse(&number.to_string()),
        _ => None,
    });
    let pod = pod_of(&object);
    // `message` is also what other loggers call `msg`: with a level beside it, it is the line itself.
    if key == "message" && object.contains_key("level") {
        unwrapped.time = time.or(unwrapped.time);
        unwrapped.pod = pod.or(unwrapped.pod.take());
        return Err(object);
    }
    unwrapped.time = time.or(unwrapped.time);
    unwrapped.pod = pod.or(unwrapped.pod.take());
    match object.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(object),
    }
}

/// The pod that a wrapper's labels name, from the most telling name to the least.
fn pod_of(object: &Map<String, Value>) -> Option<String> {
    let names = [
        "pod",
        "pod_name",
        "podName",
        "k8s_pod_name",
        "instance",
        "container_name",
        "container",
        "CONTAINER_NAME",
        "hostname",
        "_HOSTNAME",
        "host",
    ];
    let nested = ["kubernetes", "fields", "labels", "stream", "attributes", "resource"];
    let maps = nested.iter().filter_map(|name| object.get(*name)?.as_object());
    let maps = Vec::from_iter(maps.chain([object]));
    names.iter().find_map(|name| {
        let named = maps.iter().find_map(|map| map.get(*name)?.as_str());
        named.filter(|text| !text.is_empty() && text.len() <= 253).map(str::to_owned)
    })
}

/// Whether `text` begins as a line of a log does, and not as the rest of one that a terminal cut.
pub(super) fn begins_a_line(text: &str) -> bool {
    let text = plain(text);
    let text = text.trim_start();
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    let signs = ["level=", "ts=", "lvl=", "caller=", "time=", "t=", "{", "["];
    signs.iter().any(|sign| text.starts_with(sign)) || Stamp::parse(word).is_some() || has_prefix(text)
}

/// Whether a prefix stands before a line's time or JSON; other parts of a line may well begin a piece of it.
fn has_prefix(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(LONGEST_PREFIX)];
    [" ts=", "\tts=", " {\"", "\t{\""].iter().any(|sign| head.contains(sign))
}

/// How many bytes of `text` are a prefix that is not the line's own; 0 when there is none.
fn prefix(text: &str) -> usize {
    let start = structure(text);
    if start > 0 {
        return start;
    }
    let trimmed = |length: usize| if text.len() > length { length } else { 0 };
    // Without structure, only what is unmistakable: `[pod/name/container]`, a time, a stream of containerd.
    if text.starts_with("[pod/") {
        return text.find(']').map_or(0, |end| trimmed(end + 1));
    }
    let word = text.find([' ', '\t']).unwrap_or(text.len());
    if Stamp::parse(&text[..word]).is_some() && text.starts_with(|c: char| c.is_ascii_digit()) {
        return trimmed(word + 1);
    }
    if ["stdout F ", "stderr F ", "stdout P ", "stderr P "].iter().any(|mark| text.starts_with(mark)) {
        return trimmed(9);
    }
    0
}

/// Where the first sign of logfmt or JSON in the first bytes of `text` is, at the start of a word; 0 when nowhere.
fn structure(text: &str) -> usize {
    const SIGNS: [&str; 9] = ["level=", "ts=", "lvl=", "caller=", "time=", "t=", "msg=", "{\"", "logger="];

    let head = &text[..text.floor_char_boundary(LONGEST_PREFIX)];
    // Inside a quoted value nothing begins.
    let quoted = head.find("=\"").unwrap_or(head.len());
    let at = SIGNS.iter().filter_map(|sign| {
        let mut from = 0;
        while let Some(step) = head[from..].find(sign) {
            let at = from + step;
            if at == 0 || head[..at].ends_with([' ', '\t', ':', '|', ']']) {
                return Some(at);
            }
            from = at + 1;
        }
        None
    });
    at.min().filter(|at| *at <= quoted).unwrap_or(0)
}

/// Takes time and pod from what stands before a line.
fn read_prefix(prefix: &str, unwrapped: &mut Unwrapped) {
    if let Some(inside) = prefix.trim_start().strip_prefix("[pod/").and_then(|rest| rest.split(']').next()) {
        unwrapped.pod = inside.split('/').next().map(str::to_owned);
        let rest = prefix.split_once(']').map_or("", |(_, rest)| rest);
        unwrapped.time = rest.split_whitespace().find_map(Stamp::parse).or(unwrapped.time);
        return;
    }
    let mut words = Vec::new();
    for word in prefix.split([' ', '\t', '|', '›', '│', '>']).filter(|word| !word.is_empty()) {
        if let Some(time) = Stamp::parse(word) {
            unwrapped.time = Some(time);
        } else if !is_noise(word) {
            words.push(word.trim_end_matches(':'));
        }
    }
    // `pod container` (stern), `namespace pod container`, `host program[pid]:` (journald), `service` (Docker Compose).
    let pod = match words[..] {
        [] => None,
        [one] | [one, _] => Some(one),
        [_, second, ..] => Some(second),
    };
    let named = pod.filter(|word| {
        word.len() <= 253 && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    });
    if let Some(name) = named {
        unwrapped.pod = Some(name.to_owned());
    }
}

/// Words of prefixes that name nobody: streams, dates of syslog, marks.
fn is_noise(word: &str) -> bool {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

    matches!(word, "stdout" | "stderr" | "F" | "P" | "+" | "-" | "•")
        || word.chars().all(|c| c.is_ascii_digit() || ":.,+-/TZ".contains(c))
        || (word.len() == 3 && MONTHS.contains(word))
        || !word.contains(|c: char| c.is_ascii_alphabetic())
}

/// `text` without colours and other control sequences of terminals.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text.into();
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        rest = match after.chars().next() {
            // A control sequence ends with its first letter or sign from `@` on.
            Some('[') => {
                let end = after[1..].find(|c: char| ('@'..='~').contains(&c));
                end.map_or("", |end| &after[1 + end + 1..])
            }
            // An operating system command ends with a bell or an escape.
            Some(']') => {
                let end = after.find(['\u{7}', '\u{1b}']);
                end.map_or("", |end| after[end..].trim_start_matches('\u{7}'))
            }
            Some(c) => &after[c.len_utf8()..],
            None => "",
        };
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "level=warn ts=2024-08-19T12:56:15.6Z caller=a.go:1 msg=\"x y\"";

    fn pod_and_time(line: &str) -> (Option<String>, Option<String>) {
        let unwrapped = unwrap(line);
        assert_eq!(unwrapped.body.fields().msg, "x y", "{line}");
        (unwrapped.pod, unwrapped.time.map(Stamp::clock))
    }

    #[test]
    fn prefixes_and_wrappers_give_pod_and_time() {
        let escaped = serde_json::to_string(LINE).unwrap();
        for (line, pod, time) in [
            (LINE.to_owned(), None, None),
            (format!("[pod/loki-0/loki] {LINE}"), Some("loki-0"), None),
            (format!("[pod/loki-0/loki] 2024-08-19T12:56:16Z {LINE}"), Some("loki-0"), Some("12:56:16")),
            (format!("loki-0 loki {LINE}"), Some("loki-0"), None),
            (format!("loki-0 loki 2024-08-19T12:56:16.123456789Z {LINE}"), Some("loki-0"), Some("12:56:16")),
            (format!("logging loki-0 loki {LINE}"), Some("loki-0"), None),
            (format!("logging loki-0 › loki {LINE}"), Some("loki-0"), None),
            (format!("2024-08-19T12:56:16+02:00 stderr F {LINE}"), None, Some("10:56:16")),
            (format!("2024-08-19T12:56:16.000Z\t{LINE}"), None, Some("12:56:16")),
            (format!("Aug 19 12:56:16 node7 loki[812]: {LINE}"), Some("node7"), None),
            (format!("loki-1  | {LINE}"), Some("loki-1"), None),
            (
                format!("{{\"log\":{escaped},\"stream\":\"stderr\",\"time\":\"2024-08-19T12:56:16Z\"}}"),
                None,
                Some("12:56:16"),
            ),
            (
                format!(
                    "{{\"line\":{escaped},\"timestamp\":\"1724072176000000000\",\"fields\":{{\"pod\":\"loki-2\"}}}}"
                ),
                Some("loki-2"),
                Some("12:56:16"),
            ),
            (
                format!(
                    "{{\"MESSAGE\":{escaped},\"__REALTIME_TIMESTAMP\":\"1724072176000000\",\"_HOSTNAME\":\"n1\"}}"
                ),
                Some("n1"),
                Some("12:56:16"),
            ),
            (format!("\u{1b}[35mloki-0\u{1b}[0m \u{1b}[36mloki\u{1b}[0m {LINE}"), Some("loki-0"), None),
        ] {
            let expected = (pod.map(str::to_owned), time.map(str::to_owned));
            assert_eq!(pod_and_time(&line), expected, "{line}");
        }
    }

    #[test]
    fn bare_text_loses_only_what_is_unmistakable() {
        let body = |line: &str| unwrap(line).body.fields().msg.into_owned();
        assert_eq!(body("[pod/loki-0/loki] 2024-08-19T12:56:16Z [ERR] memberlist: x"), "[ERR] memberlist: x");
        assert_eq!(body("at least 2 live replicas required"), "at least 2 live replicas required");
        assert_eq!(body("2024-08-19T12:56:16Z stderr F panic: x"), "panic: x");
    }

    #[test]
    fn hostile_wrappers_end() {
        let mut line = LINE.to_owned();
        for _ in 0..20 {
            line = format!("{{\"log\":{}}}", serde_json::to_string(&line).unwrap());
        }
        unwrap(&line);
        for line in
            ["\u{1b}[", "\u{1b}", "\u{1b}]x", "[pod/", "[pod/]", "{\"log\":1}", "é level=", "stderr F "]
        {
            unwrap(line);
        }
    }
}
