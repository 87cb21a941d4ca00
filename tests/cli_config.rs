//! `ringside-cli config` as a script sees it: output, diffs, errors, exit status.

#![allow(clippy::unwrap_used, reason = "a test that cannot run its program has failed")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn fixture(name: &str) -> String {
    format!("{}/tests/fixtures/doctor/config/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn cli(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringside-cli"))
        .arg("config")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

const WRONG: &str = "memberlist:\n  push_pull_interval: 30s\n  cluster_label: a\n  rejoin_interval: 1m\n  join_members:\n    - dns+loki:7946\n";

#[test]
fn what_is_to_be_acted_on_exits_1_with_the_diff_that_mends_it() {
    let output = cli(&["-"], WRONG);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.starts_with(
        "standard input: 1 to act on, 0 to look at, 0 to know.\n\n[act] standard input:2 KEY-UNKNOWN: "
    ));
    let diff = "\n--- standard input\n+++ standard input\n@@ -1,3 +1,3 @@\n memberlist:\n-  push_pull_interval: 30s\n\
                +  pull_push_interval: 30s\n   cluster_label: a\n";
    assert!(text.contains(diff), "{text}");
    assert!(text.contains("memberlist.cluster_label  ") && text.contains("line 3"), "{text}");
    assert!(!text.contains("memberlist.gossip_nodes"), "{text}");
    assert!(stdout(&cli(&["-", "--all"], WRONG)).contains("memberlist.gossip_nodes"));
}

#[test]
fn a_configuration_with_nothing_to_act_on_exits_0() {
    let output = cli(&[&fixture("shipped/local.yaml"), &fixture("captures/11-abort-join.yaml")], "");
    assert_eq!(output.status.code(), Some(0));
    let text = stdout(&output);
    assert!(text.contains("local.yaml: nothing to do; 1 to know."), "{text}");
    assert!(text.contains("11-abort-join.yaml: 0 to act on, 2 to look at, "), "{text}");
}

#[test]
fn json_is_one_object_with_findings_and_values() {
    let output = cli(&["-", &fixture("captures/10-not-an-ip.yaml"), "--json"], WRONG);
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "KEY-UNKNOWN");
    assert_eq!(finding["severity"], "act");
    assert_eq!((finding["file"].as_str(), finding["line"].as_u64()), (Some("standard input"), Some(2)));
    assert!(finding["fix"].as_str().unwrap().starts_with("--- standard input\n"));
    for field in ["what", "why", "do", "source"] {
        assert!(!finding[field].as_str().unwrap().is_empty(), "{field}");
    }
    let values = report["effective"].as_array().unwrap();
    let store = values.iter().find(|value| value["key"] == "ingester.lifecycler.ring.kvstore.store").unwrap();
    assert_eq!((&store["value"], &store["origin"]), (&"memberlist".into(), &"derived".into()));
    assert_eq!((&store["from"], &store["line"]), (&"memberlist.join_members".into(), &5.into()));
    let factor = values.iter().find(|value| value["key"] == "common.replication_factor").unwrap();
    assert_eq!(
        (&factor["value"], &factor["origin"], &factor["line"]),
        (&3.into(), &"default".into(), &Value::Null)
    );
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["rule"] == "BIND-FORM"));
}

#[test]
fn bad_input_exits_2_with_one_line() {
    for (arguments, input, expected) in [
        (["-"], "", "standard input: there is nothing here"),
        (["-"], "a: [", "standard input: line "),
        (["-"], "a:\n\tb: 1\n", "standard input: line 2: a tab"),
        (["no-such-file.yaml"], "", "no-such-file.yaml: "),
    ] {
        let output = cli(&arguments, input);
        assert_eq!(output.status.code(), Some(2), "{input:?}");
        assert!(output.stdout.is_empty());
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.starts_with(&format!("ringside-cli: {expected}")), "{error}");
    }
}

#[test]
fn what_a_text_holds_does_not_reach_the_terminal_as_it_is() {
    let output = cli(&["-"], "memberlist:\n  \"a\\e[31mb\": 1\n");
    assert!(!stdout(&output).contains('\u{1b}'), "{}", stdout(&output));
}
