use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use ringside::doctor::config::{self, EffectiveValue, Examined, Finding, MAX_BYTES, Origin, Severity, Value};
use serde::Serialize;
use serde_json::Value as Json;

use crate::input::{self, InputError};
use crate::ring::table;
use crate::{Outcome, for_terminal};

/// What is wrong with a configuration, why, and how to mend it.
#[derive(Args)]
pub(crate) struct ConfigCommand {
    /// Loki's configuration, what /config prints, or values of its Helm chart; `-` reads standard input
    #[arg(value_name = "FILE", required = true)]
    paths: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Show the values that are defaults, too
    #[arg(long)]
    all: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    findings: Vec<ShownFinding<'a>>,
    effective: Vec<ShownValue<'a>>,
}

#[derive(Serialize)]
struct ShownFinding<'a> {
    rule: &'static str,
    severity: &'static str,
    file: &'a str,
    line: Option<usize>,
    what: &'a str,
    why: &'a str,
    #[serde(rename = "do")]
    advice: &'a str,
    source: &'static str,
    fix: Option<String>,
}

#[derive(Serialize)]
struct ShownValue<'a> {
    file: &'a str,
    key: &'a str,
    value: Json,
    origin: &'static str,
    from: Option<&'a str>,
    line: Option<usize>,
    note: &'a str,
}

impl ConfigCommand {
    pub(crate) fn run(&self) -> Result<(String, Outcome), InputError> {
        let mut files = Vec::new();
        for path in &self.paths {
            let text = input::read(path, MAX_BYTES)?;
            let examined = config::examine(&text)
                .map_err(|error| InputError::Config { path: input::name(path), error })?;
            files.push((input::name(path), examined));
        }
        let acts = files.iter().any(|(_, examined)| examined.worst() == Some(Severity::Act));
        let outcome = if acts { Outcome::Unhealthy } else { Outcome::Healthy };
        let text = if self.json { json(&files) } else { for_terminal(&self.text(&files)) };
        Ok((text, outcome))
    }

    fn text(&self, files: &[(String, Examined)]) -> String {
        let mut text = String::new();
        for (index, (name, examined)) in files.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            let _ = writeln!(text, "{name}: {}", summary(&examined.findings));
            for finding in &examined.findings {
                show(&mut text, name, finding);
            }
            let shown = |value: &&EffectiveValue| self.all || value.origin != Origin::Default;
            let rows = Vec::from_iter(examined.effective.iter().filter(shown).map(row));
            if !rows.is_empty() {
                let header = ["KEY", "VALUE", "FROM"].map(str::to_owned);
                text.push('\n');
                text.push_str(&table(std::iter::once(header).chain(rows).collect()));
            }
        }
        text
    }
}

fn summary(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    match (count(Severity::Act), count(Severity::Look), count(Severity::Note)) {
        (0, 0, 0) => "nothing to say.".into(),
        (0, 0, notes) => format!("nothing to do; {notes} to know."),
        (acts, looks, notes) => format!("{acts} to act on, {looks} to look at, {notes} to know."),
    }
}

fn show(text: &mut String, name: &str, finding: &Finding) {
    let Finding { rule, severity, line, what, why, advice, source, fix } = finding;
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let _ = writeln!(
        text,
        "\n[{}] {name}{line} {rule}: {what}\n  why   {why}\n  do    {advice}\n  see   {source}",
        severity.name()
    );
    if let Some(fix) = fix {
        let _ = write!(text, "\n{}", fix.diff(name));
    }
}

fn row(value: &EffectiveValue) -> [String; 3] {
    let from = match &value.origin {
        Origin::Given { line } => format!("line {line}"),
        Origin::Default => "default".to_owned(),
        Origin::Derived { from, line: Some(line) } => format!("{from}, line {line}"),
        Origin::Derived { from, line: None } => from.clone(),
    };
    let note = if value.note.is_empty() { String::new() } else { format!(" ({})", value.note) };
    [value.key.clone(), value.value.to_string(), format!("{from}{note}")]
}

fn json(files: &[(String, Examined)]) -> String {
    let findings = files.iter().flat_map(|(name, examined)| {
        examined.findings.iter().map(move |finding| ShownFinding {
            rule: finding.rule,
            severity: finding.severity.name(),
            file: name,
            line: finding.line,
            what: &finding.what,
            why: &finding.why,
            advice: &finding.advice,
            source: finding.source,
            fix: finding.fix.as_ref().map(|fix| fix.diff(name)),
        })
    });
    let effective = files.iter().flat_map(|(name, examined)| {
        examined.effective.iter().map(move |value| ShownValue {
            file: name,
            key: &value.key,
            value: match &value.value {
                Value::Unknown => Json::Null,
                Value::Bool(value) => (*value).into(),
                Value::Int(value) => (*value).into(),
                Value::List(items) => items.clone().into(),
                other => other.to_string().into(),
            },
            origin: match value.origin {
                Origin::Given { .. } => "given",
                Origin::Default => "default",
                Origin::Derived { .. } => "derived",
            },
            from: match &value.origin {
                Origin::Derived { from, .. } => Some(from),
                _ => None,
            },
            line: value.line(),
            note: &value.note,
        })
    });
    let report = Report { findings: findings.collect(), effective: effective.collect() };
    let mut text = serde_json::to_string(&report).unwrap_or_default();
    text.push('\n');
    text
}
