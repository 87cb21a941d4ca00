//! A report as Markdown, for a ticket.

use std::fmt::Write as _;

use crate::doctor::config::{EffectiveValue, Finding, Origin};
use crate::doctor::escape::{block, words};
use crate::doctor::log::report as log_report;
use crate::doctor::together::Contradiction;
use crate::live::judge;

use super::{ConfigPart, Judged, PagePart, Report, Urgency};

/// Effective values beyond these are left out.
const MOST_VALUES: usize = 100;

/// The whole report. A log alone is told by its own part.
pub fn markdown(report: &Report) -> String {
    let mut out = String::new();
    if let (Some(log), [], []) = (&report.log, report.pages.as_slice(), report.configs.as_slice()) {
        return log_report::markdown(log);
    }
    if let Some(first) = report.summaries.first() {
        let _ =
            writeln!(out, "# {}: {}\n\n{}", first.urgency.title(), words(&first.headline), words(&first.why));
        for (name, text) in [("Wait until", first.until.as_deref()), ("First", Some(first.first.as_str()))] {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                let _ = writeln!(out, "\n**{name}:** {}", words(text));
            }
        }
    }
    if report.summaries.len() > 1 {
        out.push('\n');
        for summary in &report.summaries {
            let _ = writeln!(
                out,
                "- **{}**, {}: {}",
                summary.urgency.title(),
                words(&summary.name),
                words(&summary.headline)
            );
        }
    }
    if !report.together.is_empty() {
        out.push_str("\n## Laid side by side\n");
        report.together.iter().for_each(|found| contradiction(&mut out, found));
    }
    report.pages.iter().for_each(|part| page(&mut out, part));
    report.configs.iter().for_each(|part| config(&mut out, part));
    if let Some(log) = &report.log {
        let _ = write!(out, "\n{}", log_report::markdown(log));
    }
    out
}

fn contradiction(out: &mut String, found: &Contradiction) {
    let Contradiction { rule, severity, what, why, check } = found;
    let word = Urgency::from(*severity).title();
    let _ = writeln!(out, "\n### {word}: {} ({rule})\n\n{}\n", words(what), words(why));
    let _ = writeln!(out, "- **Check:** {}", words(check));
}

fn page(out: &mut String, part: &PagePart) {
    let _ = writeln!(out, "\n## Ring page: {}", words(&part.name));
    if let Some(Judged { judgement, config, .. }) = &part.judged {
        let zones = if config.zone_awareness_enabled { ", with zone awareness" } else { "" };
        let _ = writeln!(
            out,
            "\n{}: {} {}\n\nRead with replication factor {}{zones}.",
            judgement.verdict.name(),
            words(&judgement.summary),
            words(&judgement.margin),
            config.replication_factor
        );
        judgement.findings.iter().for_each(|finding| ring_finding(out, finding));
    }
    if let Some(members) = &part.pages.memberlist {
        let _ = writeln!(out, "\n{} members in /memberlist.", members.members.len());
    }
}

fn ring_finding(out: &mut String, finding: &judge::Finding) {
    let word = Urgency::from(finding.severity).title();
    let _ = writeln!(out, "\n### {word}: {}\n\n{}\n", words(&finding.what), words(&finding.why));
    let _ = writeln!(out, "- **Do:** {}", words(&finding.advice));
    for command in [&finding.check, &finding.command].into_iter().flatten() {
        let _ = write!(out, "\n{}", block(command, "sh"));
    }
}

fn config(out: &mut String, part: &ConfigPart) {
    let _ = writeln!(
        out,
        "\n## Configuration: {}\n\n{}.",
        words(&part.name),
        super::counts(&part.examined.findings)
    );
    part.examined.findings.iter().for_each(|finding| config_finding(out, &part.name, finding));
    let told = Vec::from_iter(part.examined.effective.iter().filter(|value| value.origin != Origin::Default));
    if told.is_empty() {
        return;
    }
    out.push_str("\n| Key | Value | From |\n| --- | --- | --- |\n");
    for value in told.iter().take(MOST_VALUES) {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            words(&value.key),
            words(&value.value.to_string()),
            words(&origin(value))
        );
    }
    if told.len() > MOST_VALUES {
        let _ = writeln!(out, "\n… and {} more", told.len() - MOST_VALUES);
    }
}

fn config_finding(out: &mut String, name: &str, finding: &Finding) {
    let Finding { rule, severity, line, what, why, advice, source, fix } = finding;
    let word = Urgency::from(*severity).title();
    let line = line.map_or_else(String::new, |line| format!(", line {line}"));
    let _ = writeln!(out, "\n### {word}: {} ({rule}{line})\n\n{}\n", words(what), words(why));
    let _ = writeln!(out, "- **Do:** {}\n- **See:** {source}", words(advice));
    if let Some(fix) = fix {
        let _ = write!(out, "\n{}", block(&fix.diff(name), "diff"));
    }
}

/// Where a value comes from, in words.
pub fn origin(value: &EffectiveValue) -> String {
    let from = match &value.origin {
        Origin::Given { line } => format!("line {line}"),
        Origin::Default => "default".to_owned(),
        Origin::Derived { from, line: Some(line) } => format!("{from}, line {line}"),
        Origin::Derived { from, line: None } => from.clone(),
    };
    match value.note.as_str() {
        "" => from,
        note => format!("{from} ({note})"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{DEAD_LIST, MISTAKES, report};
    use super::*;

    #[test]
    fn a_log_alone_is_told_by_its_own_part() {
        let alone = report(&[DEAD_LIST], &[], &[]);
        let Some(log) = &alone.log else { panic!("there is a log") };
        assert_eq!(markdown(&alone), log_report::markdown(log));
    }

    #[test]
    fn several_parts_have_one_verdict_at_the_top_and_all_their_findings() {
        let text = markdown(&report(&[DEAD_LIST], &[], &[MISTAKES]));
        assert!(text.starts_with("# Act: "), "{text}");
        for part in ["## Configuration: config", "```diff\n", "| Key | Value | From |", "## Act: "] {
            assert!(text.contains(part), "no {part:?} in {text}");
        }
    }

    #[test]
    fn names_of_others_do_nothing_in_a_ticket() {
        let mut both = report(&[DEAD_LIST], &[], &[MISTAKES]);
        both.configs[0].name = "<img src=x> @team".to_owned();
        let text = markdown(&both);
        let outside_code = text.split("```").step_by(2).collect::<String>();
        assert!(outside_code.contains("## Configuration: \\<img"), "{text}");
        assert!(!outside_code.contains(" <img") && !outside_code.contains("@team"), "{text}");
    }
}
