//! What people paste: every wrapper, prefix and export brings the same reading.

use std::fs;

use ringside::doctor::log::{Reading, Verdict, report};
use serde_json::json;

use crate::{fixture, incident, read, read_files};

const LINES: [&str; 3] = [
    "level=error ts=2026-11-22T10:00:00.5Z caller=memberlist_client.go:646 msg=\"failed to fast-join the memberlist cluster at startup\" err=\"fast-join failed to reach minimum required seed nodes: joined 0, required 1\"",
    "level=warn ts=2026-11-22T10:00:01Z caller=memberlist_client.go:848 phase=startup msg=\"joining memberlist cluster\" attempts=1 max_attempts=10 err=\"found no nodes to join\"",
    "level=info ts=2026-11-22T10:00:06Z caller=memberlist_client.go:821 phase=startup msg=\"joining memberlist cluster succeeded\" reached_nodes=3 elapsed_time=6s",
];

fn wrapped(wrap: impl Fn(&str) -> String) -> Reading {
    read(&LINES.map(wrap).join("\n"))
}

fn check(reading: &Reading, pod: &str, format: &str) {
    assert_eq!(reading.verdict, Verdict::Harmless, "{format}: {}", reading.headline);
    let join = incident(reading, "A01");
    assert_eq!((join.pods.as_slice(), join.count), (&[pod.to_owned()][..], 1), "{format}");
    assert_eq!(join.first.map(|at| at.clock()).as_deref(), Some("10:00:00"), "{format}");
    assert_eq!(reading.totals.matched, 3, "{format}");
}

/// Puts around a line what others put around it.
type Wrap = fn(&str) -> String;

#[test]
fn every_wrapper_brings_the_same_reading() {
    let wrappers: [(&str, &str, Wrap); 14] = [
        ("plain", "log", str::to_owned),
        ("CRLF", "log", |line| format!("{line}\r")),
        ("kubectl --prefix", "loki-0", |line| format!("[pod/loki-0/loki] {line}")),
        ("kubectl --prefix --timestamps", "loki-0", |line| {
            format!("[pod/loki-0/loki] 2026-11-22T10:00:09.1Z {line}")
        }),
        ("stern", "loki-0", |line| format!("loki-0 loki {line}")),
        ("stern with colours", "loki-0", |line| {
            format!("\u{1b}[36mloki-0\u{1b}[0m \u{1b}[35mloki\u{1b}[0m {line}")
        }),
        ("coloured values", "log", |line| {
            line.replace("level=", "level=\u{1b}[31m").replace(" ts=", "\u{1b}[0m ts=")
        }),
        ("docker", "log", |line| {
            json!({"log": format!("{line}\n"), "stream": "stderr", "time": "2026-11-22T10:00:09Z"})
                .to_string()
        }),
        ("containerd", "log", |line| format!("2026-11-22T10:00:09.1+01:00 stderr F {line}")),
        ("journald", "node1", |line| format!("Nov 22 10:00:09 node1 loki[77]: {line}")),
        ("journald JSON", "node1", |line| {
            json!({"MESSAGE": line, "_HOSTNAME": "node1", "__REALTIME_TIMESTAMP": "1795341609000000"})
                .to_string()
        }),
        ("Explore, text", "log", |line| format!("2026-11-22T11:00:09.000+01:00\t{line}")),
        ("Explore, NDJSON", "loki-0", |line| {
            json!({"line": line, "timestamp": "1795341609000000000", "fields": {"pod": "loki-0", "job": "x"}})
                .to_string()
        }),
        ("compose", "loki-1", |line| format!("loki-1  | {line}")),
    ];
    for (format, pod, wrap) in wrappers {
        check(&wrapped(wrap), pod, format);
    }
}

#[test]
fn an_export_of_explore_is_read_in_whatever_order_and_shape() {
    let object = |line: &&str| json!({"line": line, "timestamp": "1795341609000000000", "date": "x", "fields": {"pod": "loki-0"}});
    let mut objects = Vec::from_iter(LINES.iter().map(object));
    objects.reverse();
    check(&read(&serde_json::to_string(&objects).unwrap()), "loki-0", "array");
    check(&read(&serde_json::to_string_pretty(&objects).unwrap()), "loki-0", "pretty array");

    let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let rows = LINES
        .map(|line| format!("{},{},{}", cell("2026-11-22 11:00"), cell(line), cell("1795341609000000000")));
    check(&read(&format!("\"Date\",\"Line\",\"tsNs\"\n{}\n", rows.join("\n"))), "log", "CSV");
}

#[test]
fn json_logs_are_read_like_logfmt() {
    let lines = [
        json!({"level": "error", "ts": "2026-11-22T10:00:00.5Z", "msg": "failed to fast-join the memberlist cluster at startup", "err": "x"}),
        json!({"level": "warn", "ts": "2026-11-22T10:00:01Z", "msg": "joining memberlist cluster", "attempts": 1, "err": "found no nodes to join"}),
        json!({"level": "info", "ts": "2026-11-22T10:00:06Z", "msg": "joining memberlist cluster succeeded", "reached_nodes": 3}),
    ];
    check(&read(&lines.map(|line| line.to_string()).join("\n")), "log", "JSON");
}

#[test]
fn lines_that_a_terminal_wrapped_are_put_together_again() {
    for width in [60, 80, 97] {
        let cut = |line: &str| {
            let chars = Vec::from_iter(line.chars());
            let pieces =
                chars.chunks(width).map(|piece| piece.iter().collect::<String>().trim_end().to_owned());
            pieces.collect::<Vec<_>>().join("\n")
        };
        check(&wrapped(cut), "log", &format!("cut at {width}"));
    }
    let truncated = wrapped(|line| line.chars().take(130).collect());
    assert_eq!(incident(&truncated, "A01").count, 1);
}

#[test]
fn shells_of_windows_write_utf_16() {
    let text = LINES.join("\r\n");
    let little =
        Vec::from_iter([0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)));
    let big = Vec::from_iter([0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)));
    for bytes in [&little, &big] {
        for chunk in [1, 3, usize::MAX] {
            check(&read_files(&[("log", bytes)], chunk).0, "log", "UTF-16");
        }
    }
}

#[test]
fn several_pods_in_one_stream_are_told_apart() {
    let lines = ["loki-0", "loki-1"].map(|pod| LINES.map(|line| format!("[pod/{pod}/loki] {line}")));
    let mixed = Vec::from_iter((0..3).flat_map(|n| [lines[0][n].clone(), lines[1][n].clone()]));
    let without_success =
        mixed.iter().filter(|line| !(line.contains("loki-1") && line.contains("succeeded")));
    let reading = read(&without_success.cloned().collect::<Vec<_>>().join("\n"));
    assert_eq!(reading.verdict, Verdict::Wait);
    let verdicts = reading.incidents.iter().filter(|incident| incident.id == "A01");
    let told = Vec::from_iter(verdicts.map(|incident| (incident.verdict, incident.pods.join(","))));
    assert_eq!(told, [(Verdict::Wait, "loki-1".to_owned()), (Verdict::Harmless, "loki-0".to_owned())]);
}

#[test]
fn other_languages_and_broken_text_around_a_line_do_not_hide_it() {
    let mut bytes = "Störung! 障害が発生しました\n".as_bytes().to_vec();
    bytes.extend(b"\xff\xfe\x80 ");
    bytes.extend(LINES.join("\n").bytes());
    bytes.extend(b"\n\xc3\x28 level=error msg=\"caf\xe9\"\n");
    let reading = read_files(&[("log", &bytes)], usize::MAX).0;
    assert_eq!(incident(&reading, "A01").verdict, Verdict::Harmless);
    assert_eq!((reading.unknown.len(), reading.unknown[0].text.as_str()), (1, "caf\u{fffd}"));
}

#[test]
fn a_report_is_markdown_that_does_only_what_it_says() {
    let hostile =
        "level=error ts=2026-11-22T10:00:00Z msg=\"<script>alert(1)</script> ```js [x](http://evil) @all\"";
    let reading = read(&format!(
        "{}\n{hostile}\nlevel=warn msg=\"Suspect `a`<b> has failed, no acks received\"",
        LINES.join("\n")
    ));
    let report = report::markdown(&reading);
    assert!(report.starts_with("## Wait: "), "{report}");
    let outside_code = Vec::from_iter(report.lines().map(|line| line.split("` ").next().unwrap()));
    assert!(outside_code.iter().all(|line| !line.contains("<script>") && !line.contains("<b>")), "{report}");
    assert!(report.contains("```` <script>alert(1)</script> ```js"), "{report}");
    assert!(fs::metadata(fixture("lines.json")).is_ok());
}
