//! Configurations that people have: nothing in them is an alarm that is not one.

use std::path::PathBuf;

use super::super::{Flavour, Severity, Value, examine};
use super::rules;

fn folder(name: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor/config").join(name);
    let mut files = Vec::from_iter(std::fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        (name, std::fs::read_to_string(path).unwrap())
    }));
    files.sort();
    assert!(files.len() > 10, "{}", files.len());
    files
}

#[test]
fn what_loki_and_its_chart_come_with_alarms_nobody() {
    for (name, text) in folder("shipped") {
        assert_eq!(rules(&text, Severity::Look), [""; 0], "{name}");
    }
}

#[test]
fn what_is_said_of_recorded_processes_is_true() {
    for (name, text) in folder("captures") {
        let expected: &[&str] = match name.as_str() {
            // Each has its loopback address, and a name in its list that should be others.
            "04a.yaml" | "04b.yaml" => &["ADDRESS-LOOPBACK", "BIND-LOOPBACK"],
            "10-bind-other.yaml" => &["BIND-ADVERTISE"],
            "10-malformed-ip.yaml" | "10-not-an-ip.yaml" => &["BIND-FORM"],
            "10-not-local.yaml" => &["BIND-ADVERTISE"],
            "11-abort-join.yaml" => &["ABORT-JOIN", "RETRIES-FEW"],
            "11-abort-fast-join.yaml" => &["ABORT-FAST-JOIN"],
            _ => &[],
        };
        assert_eq!(sorted(&text), expected, "{name}");
    }
}

fn sorted(text: &str) -> Vec<&'static str> {
    let mut rules = rules(text, Severity::Look);
    rules.sort_unstable();
    rules
}

/// What `/config` prints: every key with the value that Loki runs with.
fn spelled_out(text: &str) -> String {
    let mut text_of_all = String::new();
    let mut open: Vec<&str> = Vec::new();
    let examined = examine(text).unwrap();
    let mut values = Vec::from_iter(&examined.effective);
    values.sort_by_key(|value| value.key.split('.').collect::<Vec<_>>());
    for value in values {
        let path = Vec::from_iter(value.key.split('.'));
        let (name, sections) = path.split_last().unwrap();
        let same = open.iter().zip(sections).take_while(|(a, b)| a == b).count();
        open.truncate(same);
        for section in &sections[same..] {
            text_of_all.push_str(&format!("{}{section}:\n", "  ".repeat(open.len())));
            open.push(section);
        }
        let shown = match &value.value {
            Value::Text(text) => format!("{text:?}"),
            Value::List(items) => format!("{items:?}"),
            other => other.to_string(),
        };
        text_of_all.push_str(&format!("{}{name}: {shown}\n", "  ".repeat(open.len())));
    }
    text_of_all
}

#[test]
fn no_default_is_held_against_anybody_because_it_is_spelled_out() {
    for (name, text) in folder("shipped").into_iter().chain(folder("captures")) {
        if examine(&text).unwrap().flavour == Flavour::Helm {
            continue;
        }
        let before = sorted(&text);
        let all = spelled_out(&text);
        let after = examine(&all).unwrap();
        assert!(after.effective.iter().all(super::super::EffectiveValue::is_given), "{name}");
        assert_eq!(sorted(&all), before, "{name}\n{all}");
    }
}
