//! A reading as Markdown, for a ticket. Whatever a log says is shown as it is and does nothing: no link, no tag, no mention.

use std::fmt::Write as _;

use super::reading::{Incident, Reading, Related, Verdict};

/// Routine incidents are only named; more lines of the timeline than this are left out.
const MOST_MOMENTS: usize = 40;

/// The whole reading.
pub fn markdown(reading: &Reading) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "## {}: {}\n\n{}",
        verdict_word(reading.verdict),
        words(&reading.headline),
        words(&reading.why)
    );
    let (routine, incidents): (Vec<_>, Vec<_>) =
        reading.incidents.iter().partition(|incident| incident.routine);
    for incident in incidents {
        one(&mut out, incident);
    }
    if !routine.is_empty() {
        let names = routine
            .iter()
            .map(|incident| format!("{} ({} {}×)", words(&incident.title), incident.id, incident.count));
        let _ = writeln!(out, "\n### Routine\n\n{}", names.collect::<Vec<_>>().join("; "));
    }
    if !reading.timeline.is_empty() {
        let _ = writeln!(out, "\n### Timeline (UTC)\n");
        for moment in reading.timeline.iter().take(MOST_MOMENTS) {
            let _ = writeln!(out, "- {} {}", moment.at.to_text(), words(&moment.text));
        }
        if reading.timeline.len() > MOST_MOMENTS {
            let _ = writeln!(out, "- … and {} more", reading.timeline.len() - MOST_MOMENTS);
        }
    }
    if !reading.unknown.is_empty() {
        let _ = writeln!(out, "\n### Not in the catalogue\n");
        for line in &reading.unknown {
            let _ = writeln!(out, "- {}× {}: {}", line.count, line.level, code(&line.text));
        }
        if reading.unknown_others > 0 {
            let _ = writeln!(out, "- … and {} more lines", reading.unknown_others);
        }
    }
    let totals = &reading.totals;
    let _ = write!(
        out,
        "\n{} lines, {} recognised, {} errors, {} warnings",
        totals.lines, totals.matched, totals.errors, totals.warnings
    );
    if let (Some(first), Some(last)) = (totals.first, totals.last) {
        let _ = write!(out, ", {} to {}", first.to_text(), last.to_text());
    }
    if !totals.pods.is_empty() {
        let _ = write!(out, ", from {}", words(&super::words::list(&totals.pods)));
    }
    out.push_str(".\n");
    out
}

fn one(out: &mut String, incident: &Incident) {
    let _ = writeln!(
        out,
        "\n### {}: {} ({})\n",
        verdict_word(incident.verdict),
        words(&incident.title),
        incident.id
    );
    let _ = writeln!(out, "{} {}\n", words(&incident.happened), words(&incident.why));
    if let Some(until) = &incident.until {
        let _ = writeln!(out, "- **Wait until:** {}", words(until));
    }
    for (name, text) in [("Check", &incident.check), ("Do", &incident.fix)] {
        if incident.verdict > Verdict::Harmless && !text.is_empty() {
            let _ = writeln!(out, "- **{name}:** {}", words(text));
        }
    }
    for (name, related) in [("Reason given", &incident.reasons), ("Follows from it", &incident.symptoms)] {
        if !related.is_empty() {
            let _ =
                writeln!(out, "- **{name}:** {}", related.iter().map(said).collect::<Vec<_>>().join("; "));
        }
    }
    if !incident.links.is_empty() && incident.verdict > Verdict::Harmless {
        let _ = writeln!(out, "- **Threads:** {}", incident.links.join(" "));
    }
    for evidence in &incident.evidence {
        let _ = writeln!(out, "- {}:{} {}", code(&evidence.file), evidence.line, code(&evidence.text));
    }
}

fn said(related: &Related) -> String {
    format!("{} ({} {}×)", words(&related.title), related.id, related.count)
}

const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unknown => "Unknown",
        Verdict::Harmless => "Harmless",
        Verdict::Wait => "Wait",
        Verdict::Act => "Act",
    }
}

/// Text in a sentence: signs that Markdown or a forge obeys are escaped.
fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '!' => out.extend(['\\', c]),
            // No mention of anybody, no reference by a zero-width space after the sign.
            '@' => out.push_str("@\u{200b}"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            ':' if before.is_ascii_alphabetic() && text.contains("://") => out.push_str(":\u{200b}"),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// Text as code: between more backticks than it has in a row.
fn code(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.trim().is_empty() {
        return "(empty)".to_owned();
    }
    // A space on both sides is taken off again, and keeps backticks at the ends apart from the fence.
    format!("{fence} {text} {fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_log_says_does_nothing_in_a_ticket() {
        assert_eq!(code("a `b` ``c`` <script>"), "``` a `b` ``c`` <script> ```");
        assert_eq!(code("x\ny"), "` x y `");
        assert_eq!(words("<img> [a](b) @team"), "\\<img\\> \\[a\\](b) @\u{200b}team");
        assert!(!words("see http://evil").contains("http://"));
    }
}
