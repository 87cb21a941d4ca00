//! The command line as a script sees it: output, errors, exit status.

#![allow(clippy::unwrap_used, reason = "a test that cannot run its program has failed")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use ringside::experiment::catalog;
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

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_first_pod_logs_what_frightens_people_and_becomes_active() {
    let output = cli(&["run", "fast-join-first-pod", "--format", "logfmt"]);
    assert_eq!(output.status.code(), Some(0));
    let log = text(&output);
    let places = [
        "msg=\"memberlist fast-join starting\" nodes_found=1 to_join=4",
        "level=error ts=2026-01-01T00:00:00.02Z caller=memberlist_client.go:646 msg=\"failed to fast-join the memberlist \
         cluster at startup\" err=\"fast-join failed to reach minimum required seed nodes: joined 0, required 1\"",
        "msg=\"instance not found in ring, adding with no tokens\" ring=ingester",
        "msg=\"auto-joining cluster after timeout\" ring=ingester",
        "msg=\"Loki started\"",
        "msg=\"joining memberlist cluster failed\"",
    ]
    .map(|line| log.find(line).unwrap_or_else(|| panic!("no {line:?} in\n{log}")));
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_run_in_json_ends_with_a_summary_and_is_the_same_again() {
    let run = |seed: &str| {
        text(&cli(&["run", "sigkill-one-of-three", "--until", "1m", "--seed", seed, "--format", "jsonl"]))
    };
    let (first, again) = (run("3"), run("3"));
    assert_eq!(first, again);
    assert_ne!(first, run("4"));
    let events = Vec::from_iter(first.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    let (summary, events) = events.split_last().unwrap();
    assert!(events.iter().all(|event| event["t"].is_f64() && event["kind"].is_string()), "{first}");
    assert!(events.iter().any(|event| event["kind"] == "instance" && event["state"] == "ACTIVE"));
    assert_eq!(summary["kind"], "summary");
    assert_eq!(summary["fingerprint"].as_str().unwrap().len(), 16);
}

#[test]
fn a_setting_changes_what_comes_of_a_run() {
    let failed = |settings: &[&str]| {
        let output =
            cli(&[&["run", "fast-join-first-pod", "--until", "40s", "--format", "jsonl"], settings].concat());
        let summary: Value = serde_json::from_str(text(&output).lines().last().unwrap()).unwrap();
        summary["tally"]["pushes_failed"].as_u64().unwrap()
    };
    assert_eq!(failed(&[]), 1);
    assert_eq!(failed(&["--set", "replication_factor=1"]), 0);
}

#[test]
fn a_run_that_cannot_be_exits_2_with_one_line_that_names_the_field() {
    let error = |arguments: &[&str]| one_line_error(&cli(arguments));
    assert!(error(&["run", "no-such"]).contains("fast-join-first-pod"));
    let bad = |setting: &str| error(&["run", "fast-join-first-pod", "--set", setting]);
    assert!(
        bad("replication_factor=0")
            .contains("options.replication_factor: 0 is not possible; allowed: 1 to 100")
    );
    assert!(bad("gosip=1").contains("gosip: no such setting"));
    assert!(
        bad("store=redis").contains("options.store: unknown variant `redis`, expected one of `memberlist`")
    );
    let file =
        samples("unknown.json", r#"{"name": "x", "until": "1m", "options": {"dns": {"serviec": "a"}}}"#);
    assert!(error(&["run", &file]).contains("options.dns.serviec: unknown field"));
    let file = samples(
        "nobody.json",
        r#"{"name": "x", "until": "1m", "steps": [{"at": "1s", "do": {"kill": {"pod": "x"}}}]}"#,
    );
    assert!(
        error(&["run", &file]).contains("steps[0]: no pod is called \"x\"; pods are loki-0, loki-1, loki-2")
    );
}

#[test]
fn every_scenario_of_the_list_can_be_printed_and_run_from_its_file() {
    let list = text(&cli(&["scenarios"]));
    assert_eq!(list.lines().count(), catalog::names().count(), "{list}");
    let json = text(&cli(&["scenarios", "sigkill-one-of-three"]));
    let file = samples("own.json", &json);
    let until = ["--until", "30s"];
    let run = |name: &str| text(&cli(&[&["run", name], &until[..]].concat()));
    assert_eq!(run(&file), run("sigkill-one-of-three"));
}

#[test]
fn a_swarm_without_failures_exits_0_and_prints_its_scenarios() {
    let output = cli(&["swarm", "--seeds", "3", "--from", "5"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output).starts_with("seeds 5 to 7: 0 failed"), "{}", text(&output));
    let printed: Value = serde_json::from_str(&text(&cli(&["swarm", "--print", "--from", "5"]))).unwrap();
    assert_eq!(printed["name"], "swarm-5");
}

#[test]
fn a_page_of_a_run_is_what_loki_would_send() {
    let ring = cli(&["page", "sigkill-one-of-three", "/ring", "--node", "loki-1", "--at", "30s"]);
    assert_eq!(ring.status.code(), Some(0));
    let states =
        Vec::from_iter(json(&ring)["shards"].as_array().unwrap().iter().map(|shard| shard["state"].clone()));
    assert_eq!(states, ["ACTIVE", "ACTIVE", "ACTIVE"]);
}

fn log(name: &str) -> String {
    format!("{}/tests/fixtures/doctor/captures/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_log_that_needs_nothing_exits_0_and_one_that_needs_action_exits_1() {
    let harmless = cli(&["decode", &log("01_single_rf1/log-loki-1.run1.txt.gz")]);
    assert_eq!(harmless.status.code(), Some(0));
    assert!(String::from_utf8(harmless.stdout).unwrap().starts_with("HARMLESS: Nothing to do."));
    let act = cli(&["decode", "--markdown", &log("03_first_pod_alone_dead_join/log-loki-1.run1.txt.gz")]);
    assert_eq!(act.status.code(), Some(1));
    assert!(String::from_utf8(act.stdout).unwrap().starts_with("## Act: Gave up joining"));
    assert_eq!(cli_with_input(&["decode"], "nothing known\n").status.code(), Some(0));
    assert!(one_line_error(&cli(&["decode", "/no/such/log"])).contains("/no/such/log: "));
}

#[test]
fn each_line_of_a_log_is_printed_with_its_verdict_and_the_summary_last() {
    let input = "level=error ts=2026-11-22T10:00:00Z msg=\"failed to fast-join the memberlist cluster at startup\" err=x\n\
                 level=info ts=2026-11-22T10:00:01Z msg=\"uploading tables\"\n\
                 level=info ts=2026-11-22T10:00:09Z msg=\"joining memberlist cluster succeeded\" reached_nodes=3\n\
                 level=error ts=2026-11-22T10:00:10Z msg=\"something \u{1b}[31melse\"\n";
    let output = cli_with_input(&["decode", "--json", "-"], input);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = Vec::from_iter(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
    assert_eq!(
        lines[0],
        serde_json::json!({"file": "standard input", "line": 1, "id": "A01", "verdict": "harmless"})
    );
    assert_eq!((&lines[2]["id"], &lines[2]["verdict"]), (&Value::Null, &Value::from("unknown")));
    let summary = &lines[3]["summary"];
    assert_eq!(
        (&summary["verdict"], &summary["lines"], &summary["matched"]),
        (&"harmless".into(), &4.into(), &2.into())
    );
    assert_eq!(summary["incidents"][0]["id"], "A01");
    assert!(!text.contains('\u{1b}'), "control characters never reach a terminal");
}
