use std::fmt::Write as _;

use clap::Args;
use ringside::go::strconv::format_3g;
use ringside::live::judge::{Finding, Judgement, Severity, Verdict, judge};
use ringside::ring::Ring;
use ringside::time::{WallTime, age_text};
use serde::Serialize;

use crate::input::{InputError, RingInput};
use crate::{Outcome, for_terminal};

/// The instances of a ring, and a verdict.
#[derive(Args)]
pub(crate) struct RingCommand {
    #[command(flatten)]
    ring: RingInput,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    verdict: &'static str,
    summary: &'a str,
    margin: &'a str,
    now: String,
    instances: Vec<Instance<'a>>,
    reads: Option<Reads>,
    writes: Writes,
    readiness: Option<Readiness>,
    findings: Vec<ShownFinding<'a>>,
}

#[derive(Serialize)]
struct Instance<'a> {
    id: &'a str,
    state: String,
    zone: &'a str,
    address: &'a str,
    heartbeat_age_seconds: f64,
    tokens: usize,
    owned: u64,
    percent: f64,
}

#[derive(Serialize)]
struct Reads {
    ok: bool,
    healthy: usize,
    may_fail: Option<usize>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Writes {
    ok: bool,
    failing_keys: u64,
    failing_percent: f64,
    error: Option<String>,
}

#[derive(Serialize)]
struct Readiness {
    ok: bool,
    error: Option<String>,
}

#[derive(Serialize)]
struct ShownFinding<'a> {
    severity: &'static str,
    what: &'a str,
    why: &'a str,
    advice: &'a str,
    check: Option<&'a str>,
    command: Option<&'a str>,
}

impl RingCommand {
    pub(crate) fn run(&self) -> Result<(String, Outcome), InputError> {
        let (ring, now) = self.ring.read()?;
        let judgement = judge(&ring, now);
        let outcome =
            if judgement.verdict == Verdict::Healthy { Outcome::Healthy } else { Outcome::Unhealthy };
        let text =
            if self.json { json(&ring, now, &judgement) } else { for_terminal(&text(&ring, &judgement)) };
        Ok((text, outcome))
    }
}

fn json(ring: &Ring, now: WallTime, judgement: &Judgement) -> String {
    let instances = judgement.instances.iter().map(|report| {
        let instance = ring.instance(report.index);
        let timestamp = WallTime::from_unix_secs(instance.timestamp);
        Instance {
            id: ring.id(report.index),
            state: report.shown_state.to_string(),
            zone: &instance.zone,
            address: &instance.addr,
            heartbeat_age_seconds: (now.unix_nanos() - timestamp.unix_nanos()) as f64 / 1e9,
            tokens: report.tokens,
            owned: report.owned_keys,
            percent: report.percent,
        }
    });
    let writes = &judgement.writes;
    let report = Report {
        verdict: judgement.verdict.name(),
        summary: &judgement.summary,
        margin: &judgement.margin,
        now: now.to_rfc3339(),
        instances: instances.collect(),
        reads: judgement.reads.as_ref().map(|reads| Reads {
            ok: reads.outcome.is_ok(),
            healthy: reads.healthy,
            may_fail: reads.outcome.as_ref().ok().copied(),
            error: reads.outcome.as_ref().err().map(ToString::to_string),
        }),
        writes: Writes {
            ok: writes.failing_keys == 0,
            failing_keys: writes.failing_keys,
            failing_percent: writes.failing_keys as f64 / (1u64 << 32) as f64 * 100.0,
            error: writes.example.as_ref().map(|(_, error)| error.to_string()),
        },
        readiness: judgement.readiness.as_ref().map(|readiness| Readiness {
            ok: readiness.is_ok(),
            error: readiness.as_ref().err().map(ToString::to_string),
        }),
        findings: judgement
            .findings
            .iter()
            .map(|finding| ShownFinding {
                severity: severity(finding.severity),
                what: &finding.what,
                why: &finding.why,
                advice: &finding.advice,
                check: finding.check.as_deref(),
                command: finding.command.as_deref(),
            })
            .collect(),
    };
    let mut text = serde_json::to_string(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn text(ring: &Ring, judgement: &Judgement) -> String {
    let mut text = String::new();
    let (verdict, summary) = (judgement.verdict.name().to_uppercase(), &judgement.summary);
    let _ = writeln!(text, "{verdict}: {summary} {}\n", judgement.margin);
    let rows = judgement.instances.iter().map(|report| {
        let instance = ring.instance(report.index);
        [
            ring.id(report.index).to_string(),
            report.shown_state.to_string(),
            instance.zone.to_string(),
            instance.addr.to_string(),
            report.heartbeat_age.map_or_else(|| "in the future".to_owned(), age_text),
            report.tokens.to_string(),
            format!("{}%", format_3g(report.percent)),
        ]
    });
    let header = ["INSTANCE", "STATE", "ZONE", "ADDRESS", "HEARTBEAT", "TOKENS", "OWNS"].map(str::to_owned);
    text.push_str(&table(std::iter::once(header).chain(rows).collect()));
    for finding in &judgement.findings {
        let Finding { what, why, advice, check, command, .. } = finding;
        let _ = writeln!(text, "\n[{}] {what}\n  why   {why}", severity(finding.severity));
        for (head, lines) in [("check", check), ("do", &Some(advice.clone())), ("", command)] {
            for (number, line) in lines.iter().flat_map(|lines| lines.lines()).enumerate() {
                let _ = writeln!(text, "  {:5} {line}", if number == 0 { head } else { "" });
            }
        }
    }
    text
}

/// Columns as wide as their widest cell.
pub(crate) fn table<const N: usize>(rows: Vec<[String; N]>) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    }
}
