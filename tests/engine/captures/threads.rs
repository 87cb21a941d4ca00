//! Which of the real program's threads wrote a line: only within one is the order of lines given.

use super::line::Line;

/// The thread of a line.
pub(super) fn thread(line: &Line) -> String {
    let ring = match (line.field("ring"), line.field("component")) {
        ("", component) => component,
        (ring, _) => ring,
    };
    match line.file() {
        "memberlist_client" | "resolver" => "client of memberlist".into(),
        "memberlist_logger" if line.message().starts_with("failed to resolve ") => {
            "client of memberlist".into()
        }
        "memberlist_logger" | "tcp_transport" => "memberlist".into(),
        // One thread a ring, but most lines do not tell which.
        "ring" => format!("clients of rings {}{}", line.field("component"), line.message()),
        // Written by whoever asks `/ready`.
        "lifecycler" if line.caller.ends_with(":304") => format!("readiness {ring}"),
        "ringmanager" => {
            let words = Vec::from_iter(line.message().split(' '));
            format!("ring {}", if words[0] == "waiting" { words[2] } else { words[0] })
        }
        "compactor" if ["compactor.go:475", "compactor.go:493"].contains(&line.caller.as_str()) => {
            "compactor's loop".into()
        }
        "compactor" => "ring compactor".into(),
        "ruler" => "ring ruler".into(),
        // Delegates, and what fails under them, do not tell which ring they are about.
        "basic_lifecycler_delegates" | "basic_lifecycler" | "lifecycler" if ring.is_empty() => {
            format!("delegates {}", line.message())
        }
        "basic_lifecycler" | "basic_lifecycler_delegates" | "lifecycler" => format!("ring {ring}"),
        "loki" if line.caller == "loki.go:640" => format!("failures {}", line.field("module")),
        "loki" | "signals" => "process".into(),
        other => format!("file {other}"),
    }
}

/// Things that come one after the other whatever the threads do: none of the second before one of the first.
const MILESTONES: [(&str, &str); 7] = [
    ("memberlist fast-join ", "ring doesn't exist in KV store yet"),
    ("memberlist fast-join ", "instance not found in "),
    (" is ACTIVE in the ring", "Loki started"),
    ("Loki started", "this instance has been chosen"),
    ("=== received SIGINT/SIGTERM ===", "ring lifecycler is shutting down"),
    ("instance removed from the ", "leaving memberlist cluster"),
    ("leaving memberlist cluster", "Loki stopped"),
];

/// The milestones that the lines of one process pass in the wrong order.
pub(super) fn wrong_milestones(lines: &[Line]) -> Vec<String> {
    let has = |line: &Line, text: &str| line.message().contains(text);
    let wrong = |(before, after): &(&str, &str)| {
        let last = lines.iter().rposition(|line| has(line, before))?;
        let first = lines.iter().position(|line| has(line, after))?;
        (first < last).then(|| format!("{after:?} comes before {before:?}"))
    };
    MILESTONES.iter().filter_map(wrong).collect()
}
