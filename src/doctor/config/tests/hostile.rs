//! Texts that are no configuration, or one that wants to hurt.

use super::super::{ConfigError, MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR_BYTES, examine};

fn error(text: &str) -> String {
    examine(text).unwrap_err().to_string()
}

#[test]
fn what_is_no_configuration_is_told_by_what_it_is() {
    assert_eq!(examine("").unwrap_err(), ConfigError::Empty);
    assert_eq!(examine("# nothing\n---\n").unwrap_err(), ConfigError::Empty);
    assert_eq!(examine("  <!DOCTYPE html>").unwrap_err(), ConfigError::Html);
    assert!(error("apiVersion: v1\nkind: ConfigMap\ndata: {}\n").contains("Kubernetes ConfigMap"));
    assert!(error("groups: []\nfoo: 1\n").contains("it has groups, foo"));
    assert!(error("just words").contains("no keys"));
    assert!(error("- a\n- b\n").contains("no keys"));
}

#[test]
fn a_mistake_in_the_yaml_is_told_with_its_line() {
    assert_eq!(
        error("common:\n\treplication_factor: 3\n"),
        "line 2: a tab where YAML wants spaces: replace it by spaces"
    );
    assert!(
        error("common:\n  a: [1, 2\nmemberlist:\n").starts_with("line "),
        "{}",
        error("common:\n  a: [1, 2\nmemberlist:\n")
    );
    assert!(error("common: *nowhere\n").starts_with("line 1, "));
    assert!(error("common: &a\n  b: *a\n").contains("never ends"));
}

#[test]
fn nothing_of_the_text_is_repeated_in_an_error() {
    for text in [
        "password: hunter2\n",
        "a: \"hunter2\n",
        "- hunter2\n",
        "x: {hunter2: [\n",
        "kind: {a: hunter2}\napiVersion: 1\n",
    ] {
        assert!(!error(text).contains("hunter2"), "{}", error(text));
    }
}

#[test]
fn size_depth_and_number_are_bounded() {
    let long = "a".repeat(MAX_BYTES + 1);
    assert_eq!(examine(&long).unwrap_err(), ConfigError::TooLarge { bytes: MAX_BYTES + 1 });
    let deep = format!("common: {}", "[".repeat(MAX_DEPTH + 1));
    assert!(matches!(examine(&deep).unwrap_err(), ConfigError::TooDeep { .. }), "{}", error(&deep));
    let steps = (0..=MAX_DEPTH).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>();
    assert!(matches!(examine(&steps).unwrap_err(), ConfigError::TooDeep { .. }), "{}", error(&steps));
    let many = format!("common: [{}]", "1,".repeat(MAX_NODES + 1));
    assert!(matches!(examine(&many).unwrap_err(), ConfigError::TooMany { .. }));
    let value = format!("common:\n  path_prefix: \"{}\"\n", "x".repeat(MAX_SCALAR_BYTES + 1));
    assert!(
        matches!(examine(&value).unwrap_err(), ConfigError::LongValue { line: 2, .. }),
        "{}",
        error(&value)
    );
}

#[test]
fn a_billion_laughs_are_read_without_laughing() {
    let mut text = "a0: &a0 [lol, lol, lol]\n".to_owned();
    for level in 1..40 {
        let before = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{before}, {before}, {before}, {before}]\n"));
    }
    text.push_str("m0: &m0 {b: 1}\n");
    for level in 1..40 {
        let before = format!("*m{}", level - 1);
        text.push_str(&format!("m{level}: &m{level} {{<<: [{before}, {before}, {before}]}}\n"));
    }
    text.push_str("common: *m39\nmemberlist: *a39\n");
    assert!(examine(&text).is_ok());
}

#[test]
fn templates_that_never_end_are_words() {
    for begin in ["{{", "${", "$ {{ } "] {
        let text = format!("common:\n  path_prefix: \"{}\"\n", begin.repeat(50_000));
        assert_eq!(examine(&text).unwrap().get("common.path_prefix").unwrap().line(), Some(2));
    }
}

#[test]
fn many_keys_and_members_are_looked_at_once() {
    let keys = (0..50_000).map(|key| format!("  k{key}: 1\n")).collect::<String>();
    let members = "    - localhost\n".repeat(50_000);
    let text = format!("memberlist:\n{keys}  join_members:\n{members}common:\n  ring: {{a: b}}\n");
    let examined = examine(&text).unwrap();
    assert!(examined.findings.len() < 600, "{}", examined.findings.len());
    let same = "common:\n  replication_factor: 1\n".repeat(20_000);
    assert!(examine(&same).unwrap().findings.len() < 600);
}

#[test]
fn secrets_beside_a_mistake_are_not_shown() {
    let text = "common:\n  storage:\n    s3:\n      secret_access_key: hunter2\n  replication_factor: 2\n  # hunter2\nmemberlist:\n  \
                join_members:\n    - http://user:hunter2@loki:7946\nextra: {replicas: hunter2}\n";
    let flow = "common: {replication_factor: 2, storage: {s3: {secret_access_key: hunter2}}}\n";
    let args = "write:\n  extraArgs:\n    - -hunter2\n  replicas: 2\n  env: [hunter2]\n";
    let unknown = "memberlist:\n  passwrod: hunter2\n  join_members: [a]\n";
    for text in [text, flow, args, unknown] {
        let examined = examine(text).unwrap();
        assert!(!examined.findings.is_empty());
        for finding in &examined.findings {
            let fix = finding.fix.as_ref().map_or("", |fix| fix.hunks());
            let shown = format!("{} {} {} {fix}", finding.what, finding.why, finding.advice);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        for value in &examined.effective {
            assert!(!value.value.to_string().contains("hunter2"), "{}", value.key);
        }
    }
}

#[test]
fn a_response_saved_with_its_headers_is_read_with_its_own_lines() {
    let text = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ncommon:\n  replication_factor: 2\n";
    let examined = examine(text).unwrap();
    assert_eq!(examined.get("common.replication_factor").unwrap().line(), Some(5));
}

#[test]
fn no_text_makes_it_panic() {
    let examples = super::examples::EXAMPLES.iter().map(|(_, text)| *text);
    for (number, text) in examples.enumerate() {
        for cut in (number % 7..text.len()).step_by(7).filter(|cut| text.is_char_boundary(*cut)) {
            for put in ["", "{", "\"", "\t", "&a ", "*a", "- ", "é", "\n"] {
                if let Ok(examined) = examine(&format!("{}{put}{}", &text[..cut], &text[cut..])) {
                    let _ = super::super::scenario(&examined);
                }
            }
            let _ = examine(&text[..cut]);
        }
    }
}
