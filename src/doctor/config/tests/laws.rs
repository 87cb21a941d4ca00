//! What holds for every rule.

use std::collections::BTreeSet;

use super::super::{Severity, examine};
use super::examples::{EXAMPLES, SOUND};
use super::rules;

/// What no change of the text mends, or only one that nobody can guess.
const UNMENDED: [&str; 7] = [
    "AUTOFORGET-THREE",
    "CONFIG-TEXT",
    "DOCUMENTS",
    "JOIN-NONE",
    "KEY-TWICE",
    "NETWORK-POLICY",
    "SCALABLE-GONE",
];

/// Applies a unified diff as `patch` does, and fails where the text is not what it says.
fn patch(text: &str, diff: &str) -> String {
    let lines = Vec::from_iter(text.split_inclusive('\n'));
    let (mut patched, mut at) = (String::new(), 0);
    let mut rest = diff.split_inclusive('\n').skip(2).peekable();
    while let Some(head) = rest.next() {
        if head.starts_with('\\') {
            continue;
        }
        let ranges = head.strip_prefix("@@ -").unwrap_or_else(|| panic!("no head: {head}\n{diff}"));
        let (old, new) = ranges.split_once(" +").unwrap();
        let pair = |text: &str| {
            let text = text.split(' ').next().unwrap();
            let (start, count) = text.split_once(',').unwrap();
            (start.parse::<usize>().unwrap(), count.parse::<usize>().unwrap())
        };
        let ((start, old_count), (_, new_count)) = (pair(old), pair(new));
        let first = if old_count == 0 { start } else { start - 1 };
        patched.extend(lines[at..first].iter().copied());
        at = first;
        let (mut taken, mut given) = (0, 0);
        while let Some(line) = rest.next_if(|line| !line.starts_with("@@ ")) {
            let is_cut = rest.peek().is_some_and(|next| next.starts_with('\\'));
            let content = if is_cut { line[1..].trim_end_matches('\n') } else { &line[1..] };
            match line.as_bytes()[0] {
                b'+' => patched.push_str(content),
                b'\\' => continue,
                sign => {
                    assert_eq!(lines[at], content, "{diff}");
                    at += 1;
                    taken += 1;
                    if sign == b' ' {
                        patched.push_str(content);
                        given += 1;
                    }
                }
            }
            given += usize::from(line.starts_with('+'));
        }
        assert_eq!((taken, given), (old_count, new_count), "{diff}");
    }
    patched.extend(lines[at..].iter().copied());
    patched
}

#[test]
fn every_rule_has_an_example_that_breaks_it() {
    for (rule, text) in EXAMPLES {
        assert!(
            rules(text, Severity::Note).contains(rule),
            "{rule}: {:?}\n{text}",
            rules(text, Severity::Note)
        );
    }
    let sources = [
        include_str!("../rules/addresses.rs"),
        include_str!("../rules/gossip.rs"),
        include_str!("../rules/heartbeat.rs"),
        include_str!("../rules/join.rs"),
        include_str!("../rules/keys.rs"),
        include_str!("../rules/labels.rs"),
        include_str!("../rules/lifecycler.rs"),
        include_str!("../rules/modes.rs"),
        include_str!("../rules/replicas.rs"),
        include_str!("../rules/startup.rs"),
        include_str!("../rules/stores.rs"),
        include_str!("../rules/zones.rs"),
    ];
    let page = include_str!("../../../../docs/doctor-config.md");
    let literals = sources.iter().flat_map(|source| source.split('"'));
    let is_rule = |text: &&str| text.len() > 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
    for rule in literals.filter(is_rule) {
        assert!(EXAMPLES.iter().any(|(known, _)| *known == rule), "{rule} has no example");
        assert!(page.contains(&format!("`{rule}`")), "{rule} is not in docs/doctor-config.md");
    }
}

#[test]
fn what_a_rule_proposes_silences_it_and_breaks_no_other() {
    let mut mended = BTreeSet::new();
    for (rule, text) in EXAMPLES {
        let before = rules(text, Severity::Look);
        for finding in examine(text).unwrap().findings.iter().filter(|finding| finding.rule == *rule) {
            let Some(fix) = &finding.fix else { continue };
            let diff = fix.diff("config.yaml");
            let after = patch(text, &diff);
            assert_eq!(after, fix.apply(text), "{diff}");
            let left = rules(&after, Severity::Note);
            assert!(!left.contains(rule), "{rule} is still there:\n{diff}\n{after}");
            let new = Vec::from_iter(
                rules(&after, Severity::Look).into_iter().filter(|left| !before.contains(left)),
            );
            assert!(new.is_empty(), "{rule} leads to {new:?}:\n{diff}\n{after}");
            mended.insert(*rule);
        }
    }
    let unmended = EXAMPLES.iter().map(|(rule, _)| *rule).filter(|rule| !mended.contains(rule));
    assert_eq!(BTreeSet::from_iter(unmended), BTreeSet::from(UNMENDED));
}

#[test]
fn a_sound_configuration_is_left_alone() {
    assert_eq!(rules(SOUND, Severity::Note), [""; 0]);
}

#[test]
fn every_example_still_breaks_its_rule_with_windows_line_ends_and_a_byte_order_mark() {
    for (rule, text) in
        EXAMPLES.iter().filter(|(_, text)| !text.contains('\r') && !text.starts_with('\u{feff}'))
    {
        let text = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert!(rules(&text, Severity::Note).contains(rule), "{rule}");
        for finding in examine(&text).unwrap().findings.iter().filter(|finding| finding.rule == *rule) {
            let Some(fix) = &finding.fix else { continue };
            let after = patch(&text, &fix.diff("config.yaml"));
            assert!(!rules(&after, Severity::Note).contains(rule), "{rule}\n{after}");
            assert_eq!(after.matches('\n').count(), after.matches("\r\n").count(), "{rule}\n{after:?}");
        }
    }
}

#[test]
fn a_template_silences_the_rules_that_would_need_its_value() {
    for text in [
        "common:\n  replication_factor: ${RF}\nmemberlist:\n  cluster_label: a\n  rejoin_interval: 1m\n  join_members: [\"dns+a:7946\"]\n",
        "memberlist:\n  cluster_label: {{ .Values.label }}\n  rejoin_interval: ${X}\n  join_members:\n    - ${MEMBERS}\n",
        "memberlist:\n{{- if .Values.a }}\n  cluster_label: a\n{{- else }}\n  cluster_label: b\n{{- end }}\n  rejoin_interval: 1m\n  join_members: [\"dns+a:7946\"]\n",
        "ingester:\n  lifecycler:\n    availability_zone: ${ZONE}\n    ring:\n      zone_awareness_enabled: true\n",
    ] {
        assert_eq!(rules(text, Severity::Note), [""; 0], "{text}");
    }
}

#[test]
fn a_flag_on_a_command_line_silences_the_rules_of_its_key() {
    let flagged = "write:\n  replicas: 3\n  extraArgs:\n    - -memberlist.cluster-label=prod\n";
    assert!(!rules(flagged, Severity::Note).contains(&"LABEL-NONE"));
    assert!(rules("write:\n  replicas: 3\n", Severity::Note).contains(&"LABEL-NONE"));
}

#[test]
fn findings_come_heaviest_first_with_their_lines() {
    let text = "memberlist:\n  probe_interval: 1s\n  join_members: [\"dns+a:7946\"]\n  bind_port: x\n";
    let findings = examine(text).unwrap().findings;
    let shown = Vec::from_iter(findings.iter().map(|finding| (finding.rule, finding.severity, finding.line)));
    assert_eq!(
        shown,
        [
            ("KEY-FIXED", Severity::Act, Some(2)),
            ("VALUE-FORM", Severity::Act, Some(4)),
            ("REJOIN-OFF", Severity::Note, None),
            ("LABEL-NONE", Severity::Note, None),
        ]
    );
}
