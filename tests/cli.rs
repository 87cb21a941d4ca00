//! The command line as a script sees it: output, errors, exit status.

#![allow(clippy::unwrap_used, reason = "a test that cannot run its program has failed")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const HEALTHY: &str = "02_healthy/loki-1.ring.json.http";
const ONE_KILLED: &str = "06_killed_after_heartbeat_timeout/loki-1.ring.json.http";
const SINGLE: &str = "05_single_rf3/loki-1.ring.json.http";

fn page(name: &str) -> String {
    format!("{}/tests/fixtures/pages/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn cli(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringside-cli")).args(arguments).output().unwrap()
}

fn cli_with_input(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringside-cli"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn one_line_error(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

#[test]
fn an_owner_is_told_with_key_canonical_labels_and_walk_order() {
    let labels = r#"{namespace="prod", app="api"}"#;
    let output = cli(&["owner", &page(HEALTHY), "--tenant", "t", "--labels", labels, "--rf", "3", "--json"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "{\"key\":820850960,\"labels\":\"{app=\\\"api\\\", namespace=\\\"prod\\\"}\",\
         \"instances\":[\"loki-1\",\"loki-2\",\"loki-3\"],\"max_errors\":1}\n"
    );
}

#[test]
fn a_stream_without_quorum_exits_1_with_lokis_error() {
    let output = cli(&["owner", &page(SINGLE), "--tenant", "t", "--labels", r#"{app="api"}"#, "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let answer = json(&output);
    assert_eq!(answer["error"], "at least 2 live replicas required, could only find 1");
    assert!(answer["key"].is_u64() && answer.get("instances").is_none());
}

#[test]
fn the_operation_decides_who_takes_part() {
    let owner = |op| {
        let page = page("08_leaving_in_final_sleep/loki-1.ring.json.http");
        json(&cli(&[
            "owner",
            &page,
            "--tenant",
            "t",
            "--labels",
            r#"{app="api"}"#,
            "--rf",
            "1",
            "--op",
            op,
            "--json",
        ]))
    };
    assert!(owner("read").get("error").is_none());
    for op in ["write", "write-no-extend", "read"] {
        assert!(owner(op)["key"].is_u64(), "{op}");
    }
}

#[test]
fn the_service_name_is_discovered_only_when_asked_for() {
    let owner = |more: &[&str]| {
        let page = page(HEALTHY);
        let given = ["owner", &page, "--tenant", "t", "--labels", r#"{app="nginx"}"#, "--json"];
        json(&cli(&[&given, more].concat()))
    };
    assert_eq!(owner(&[])["labels"], r#"{app="nginx"}"#);
    assert_eq!(owner(&["--discover-service-name"])["labels"], r#"{app="nginx", service_name="nginx"}"#);
}

#[test]
fn a_healthy_ring_exits_0_and_one_with_a_dead_ingester_1() {
    let healthy = cli(&["ring", &page(HEALTHY), "--json"]);
    assert_eq!(healthy.status.code(), Some(0));
    let report = json(&healthy);
    assert_eq!(report["verdict"], "healthy");
    let instances = report["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 3);
    let owned: u64 = instances.iter().map(|instance| instance["owned"].as_u64().unwrap()).sum();
    assert_eq!(owned, 1 << 32);
    assert_eq!(instances[0]["id"], "loki-1");
    assert_eq!(instances[0]["state"], "ACTIVE");
    assert_eq!(instances[0]["tokens"], 128);

    let degraded = cli(&["ring", &page(ONE_KILLED), "--json"]);
    assert_eq!(degraded.status.code(), Some(1));
    assert_eq!(json(&degraded)["verdict"], "degraded");
    assert_eq!(json(&degraded)["instances"][2]["state"], "UNHEALTHY");
}

#[test]
fn the_readers_clock_and_timeout_decide_on_heartbeats() {
    let verdict = |more: &[&str]| {
        let page = page(HEALTHY);
        json(&cli(&[&["ring", &page, "--json"], more].concat()))["verdict"].clone()
    };
    assert_eq!(verdict(&[]), "healthy");
    assert_eq!(verdict(&["--now", "2026-11-22T10:13:00Z"]), "down");
    assert_eq!(verdict(&["--now", "2026-11-22T10:13:00Z", "--heartbeat-timeout", "5m"]), "healthy");
    assert_eq!(verdict(&["--heartbeat-timeout", "1s"]), "down");
}

#[test]
fn a_dash_reads_standard_input() {
    let text = std::fs::read_to_string(page(HEALTHY)).unwrap();
    let output = cli_with_input(&["ring", "-"], &text);
    assert_eq!(output.status.code(), Some(0));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.starts_with("HEALTHY: All 3 instances ACTIVE."), "{shown}");
}

#[test]
fn bad_input_exits_2_with_one_line_that_says_what_to_do() {
    let error = one_line_error(&cli_with_input(&["ring", "-"], "<!DOCTYPE html>"));
    assert!(error.contains("standard input: this is the HTML page"), "{error}");
    assert!(error.contains("curl -s -H 'Accept: application/json'"), "{error}");

    let error = one_line_error(&cli_with_input(&["ring", "-"], "{\"shards\":[{"));
    assert!(error.contains("breaks off at line 1, column 12"), "{error}");

    let error = one_line_error(&cli(&["owner", &page(HEALTHY), "--tenant", "t", "--labels", "{a"]));
    assert_eq!(error, "ringside-cli: --labels: 1:3: parse error: unexpected end of input inside braces");

    let error = one_line_error(&cli(&["ring", "/no/such/file"]));
    assert!(error.contains("/no/such/file: No such file"), "{error}");
    let error = one_line_error(&cli_with_input(&["ring", "-"], "\u{1}\u{0}"));
    assert!(error.contains("not JSON"), "{error}");
}

#[test]
fn impossible_options_exit_2() {
    for options in
        [&["--rf", "0"][..], &["--rf", "many"], &["--heartbeat-timeout", "1"], &["--now", "yesterday"]]
    {
        let output = cli(&[&["ring", &page(HEALTHY)], options].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(options[1]));
    }
}

#[test]
fn names_that_would_steer_a_terminal_are_shown_escaped() {
    let hostile = r#"{"shards":[{"id":"\u001b[31mred\u202e","state":"ACTIVE","tokens":[1]}]}"#;
    let output = cli_with_input(&["ring", "-", "--rf", "1"], hostile);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{shown:?}");
    assert!(shown.contains(r"\u{1b}[31mred\u{202e}"), "{shown}");
}

fn samples(name: &str, text: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn convergence_is_compared_metric_by_metric_and_a_difference_exits_1() {
    let case = |first_suspect: &str| {
        format!(
            r#"{{"cases":[{{"nodes":3,"message_to_half_ms":{{"samples":[20,60,100,140,180]}},
            "message_to_all_ms":{{"samples":[20,60,105,140,190]}},
            "kill_to_first_suspect_s":{{"samples":{first_suspect}}},
            "kill_to_first_dead_s":{{"samples":[25.5,27,28.1,30,33]}},
            "kill_to_dead_everywhere_s":{{"samples":[25.6,27.1,28.2,30.1,33.1]}}}}]}}"#
        )
    };
    let run = |path: &str| cli(&["convergence", "--against", path, "--trials", "30"]);
    let same = run(&samples("same.json", &case("[5.5,7,8.1,10,13]")));
    assert_eq!(same.status.code(), Some(0));
    let text = String::from_utf8(same.stdout).unwrap();
    assert_eq!(text.matches("  ok\n").count(), 5, "{text}");
    assert!(text.ends_with("all 5 distributions agree (30 trials each)\n"), "{text}");

    let other = run(&samples("other.json", &case("[1,1,2,2,3]")));
    assert_eq!(other.status.code(), Some(1));
    let text = String::from_utf8(other.stdout).unwrap();
    assert!(
        text.contains("MISS") && text.ends_with("1 of 5 distributions differ (30 trials each)\n"),
        "{text}"
    );
}

#[test]
fn samples_that_make_no_sense_exit_2_with_one_line() {
    let run = |path: &str| one_line_error(&cli(&["convergence", "--against", path]));
    assert!(run("/no/such/file").contains("/no/such/file: No such file"));
    assert!(
        run(&samples("bad.json", "\u{1}{")).contains("not a file of convergence samples: expected value")
    );
    assert!(run(&samples("empty.json", r#"{"cases":[]}"#)).contains("give at least one cluster size"));
}
