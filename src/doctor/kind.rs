//! Tells what somebody pasted or dropped: a log, a configuration, or a page that a process answered. The reader can correct it.

use super::config::{self, ConfigError, MAX_BYTES};

/// What a text is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lines of Loki, in any wrapper; also whatever is nothing else.
    Log,
    /// Loki's configuration, or values of its Helm chart.
    Config,
    /// `/ring`, `/memberlist` or `/metrics`, or what the bookmarklet copies.
    Page,
}

impl Kind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Log, Self::Config, Self::Page];

    /// A word that stays.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Config => "config",
            Self::Page => "page",
        }
    }

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Log => "Log",
            Self::Config => "Configuration",
            Self::Page => "Ring page",
        }
    }

    /// The other way round.
    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// Bytes from which it is told; a configuration has to be here as a whole, and none is longer.
pub const LOOKED_AT: usize = MAX_BYTES;

/// Bytes in which marks of pages and sections are looked for.
const HEAD: usize = 64 << 10;

/// Lines of them.
const HEAD_LINES: usize = 400;

/// What only pages of a process have.
const PAGE_KEYS: [&str; 4] = ["\"shards\"", "\"SortedMembers\"", "\"ringside_capture\"", "\"ingesters\""];

/// Sections that only a configuration or the chart's values have: with nothing after the colon.
const SECTIONS: [&str; 14] = [
    "auth_enabled",
    "backend",
    "common",
    "compactor",
    "deploymentMode",
    "distributor",
    "ingester",
    "limits_config",
    "loki",
    "memberlist",
    "schema_config",
    "server",
    "singleBinary",
    "storage_config",
];

/// Tells it from the first bytes, at most [`LOOKED_AT`] of them; `is_whole` says that no more follow.
pub fn tell(bytes: &[u8], is_whole: bool) -> Kind {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]);
    let head = head.trim_start_matches('\u{feff}').trim_start();
    if is_page(head) {
        return Kind::Page;
    }
    let whole = std::str::from_utf8(bytes).ok().filter(|_| is_whole && bytes.len() <= MAX_BYTES);
    match whole.map(config::examine) {
        Some(Ok(_) | Err(ConfigError::Wrapped { .. })) => Kind::Config,
        // One with a mistake in it is still one, and its reader wants to know where.
        _ if head.lines().take(HEAD_LINES).any(is_section) => Kind::Config,
        _ => Kind::Log,
    }
}

fn is_page(head: &str) -> bool {
    let begins = |start: &str| head.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start));
    if begins("<!doctype") || begins("<html") || begins("# HELP ") || begins("# TYPE ") {
        return true;
    }
    // Saved with its head, or with the request before it.
    let response = match head.starts_with('#') {
        true => head.find("\nHTTP/").map(|at| &head[at + 1..]),
        false => begins("HTTP/").then_some(head),
    };
    let body = match response {
        Some(response) => {
            let parts = response.split_once("\n\n").or_else(|| response.split_once("\r\n\r\n"));
            parts.map_or("", |(_, body)| body)
        }
        None => head,
    };
    if !body.trim_start().starts_with('{') || !PAGE_KEYS.iter().any(|key| body.contains(key)) {
        return false;
    }
    // A log has an object a line.
    let mut lines = body.lines().map(str::trim).filter(|line| !line.is_empty());
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    !(first.ends_with('}') && second.starts_with('{'))
}

fn is_section(line: &str) -> bool {
    let Some((key, rest)) = line.split_once(':') else { return false };
    SECTIONS.contains(&key) && (rest.trim().is_empty() || rest.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Kind {
        tell(text.as_bytes(), true)
    }

    #[test]
    fn pages_are_told_by_their_keys_with_and_without_a_head() {
        for text in [
            r#"{"shards":[{"id":"a"}],"now":"2026-11-22T10:11:36Z"}"#,
            "\u{feff} {\n \"SortedMembers\": []}",
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"shards\":[",
            "### request\nGET /ring HTTP/1.1\nHost: a\n### response\nHTTP/1.1 200 OK\n\n{\"shards\":null}",
            "{\"ringside_capture\":1,\"pages\":[]}",
            "<!DOCTYPE html><html>",
            "# HELP loki_ring_members Number of members\n",
        ] {
            assert_eq!(told(text), Kind::Page, "{text}");
        }
    }

    #[test]
    fn lines_are_a_log_in_whatever_they_are_wrapped() {
        for text in [
            "level=warn ts=2026-11-22T10:15:37Z caller=memberlist_client.go:1 msg=\"joining memberlist cluster\"",
            "{\"level\":\"info\",\"msg\":\"x\",\"shards\":3}\n{\"level\":\"info\",\"msg\":\"\\\"shards\\\"\"}",
            "[{\"line\":\"level=info\",\"timestamp\":\"1\"}]",
            "ingester-0 level=error msg=\"memberlist: failed\"",
            "just words",
            "",
        ] {
            assert_eq!(told(text), Kind::Log, "{text}");
        }
        assert_eq!(tell(&[0x1f, 0x8b, 8, 0], true), Kind::Log);
    }

    #[test]
    fn configurations_are_told_even_with_a_mistake_in_them() {
        for text in [
            "memberlist:\n  join_members: [a]\n",
            "loki:\n  commonConfig: {replication_factor: 1}\n",
            "auth_enabled: false\ncommon:\n\tring: x\n",
            "common: # ours\n  ring: {kvstore: {store: memberlist\n",
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.yaml: |\n    common: {}\n",
        ] {
            assert_eq!(told(text), Kind::Config, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_told_from_its_beginning_alone() {
        let start = "memberlist:\n  join_members: [a]\n";
        assert_eq!(tell(start.as_bytes(), false), Kind::Config);
        assert_eq!(tell(b"level=info msg=x\n", false), Kind::Log);
    }

    #[test]
    fn kinds_come_back_from_their_keys() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_key(kind.key()), Some(kind));
        }
        assert_eq!(Kind::of_key("other"), None);
    }
}
