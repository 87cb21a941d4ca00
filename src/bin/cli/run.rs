use std::path::Path;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ringside::experiment::{Report, catalog};
use ringside::go::duration;
use ringside::sim::{Happening, Scenario, Simulation};
use ringside::time::Instant;
use serde_json::{Value, json};

use crate::input::InputError;
use crate::{Outcome, for_terminal};

/// Run a scenario in virtual time.
#[derive(Args)]
pub(crate) struct Run {
    /// A file with a scenario, or the name of a built-in one (see `scenarios`).
    scenario: String,
    /// Use another seed than the scenario's.
    #[arg(long)]
    seed: Option<u64>,
    /// Stop at this time instead, such as 2m.
    #[arg(long, value_parser = duration::parse)]
    until: Option<Duration>,
    /// Change a setting, such as replication_factor=1 or memberlist.rejoin_interval=1m. Repeatable.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    settings: Vec<(String, String)>,
    /// What to print.
    #[arg(long, value_enum, default_value_t = Format::Summary)]
    format: Format,
    /// Only what concerns this pod.
    #[arg(long)]
    node: Option<String>,
}

/// What `run` prints.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// What came of it.
    Summary,
    /// One JSON object an event, the summary last.
    Jsonl,
    /// The log lines as the processes write them.
    Logfmt,
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text:?} is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads a scenario from a file, or takes the built-in one of this name.
pub(crate) fn load(name: &str) -> Result<Scenario, InputError> {
    if let Some(scenario) = catalog::find(name) {
        return Ok(scenario);
    }
    if !Path::new(name).exists() && !name.ends_with(".json") {
        let known = Vec::from_iter(catalog::names()).join(", ");
        return Err(InputError::scenario(format!(
            "no scenario is called {name:?}; there are {known}, or give a file"
        )));
    }
    let text =
        std::fs::read_to_string(name).map_err(|error| InputError::scenario(format!("{name}: {error}")))?;
    Scenario::parse(&text).map_err(|error| InputError::scenario(format!("{name}: {error}")))
}

impl Run {
    pub(crate) fn run(self) -> Result<(String, Outcome), InputError> {
        let mut scenario = load(&self.scenario)?;
        if !self.settings.is_empty() {
            scenario = scenario.with_settings(&self.settings).map_err(InputError::scenario)?;
        }
        if let Some(seed) = self.seed {
            scenario.seed = seed;
        }
        if let Some(until) = self.until {
            scenario.until.0 = until;
            scenario.expect.retain(|expectation| expectation.at.is_some_and(|at| at.0 <= until));
        }
        if !matches!(self.format, Format::Summary) {
            // Everything that is printed has to be kept.
            scenario.options.journal = usize::MAX;
        }
        let report = Report::of(&scenario).map_err(InputError::scenario)?;
        let pod = match &self.node {
            None => None,
            Some(name) => Some(report.simulation.known_pod(name).map_err(InputError::scenario)?),
        };
        let outcome = if report.is_as_expected() { Outcome::Healthy } else { Outcome::Unhealthy };
        let text = match self.format {
            Format::Summary => report.to_text(),
            Format::Jsonl => jsonl(&report, pod),
            Format::Logfmt => logfmt(&report.simulation, pod),
        };
        Ok((for_terminal(&text), outcome))
    }
}

fn logfmt(simulation: &Simulation, pod: Option<u32>) -> String {
    let mut out = String::new();
    for entry in simulation.world.journal.entries() {
        if let Happening::Log { line, clock } = &entry.what
            && (pod.is_none() || entry.pod == pod)
        {
            out.push_str(&line.logfmt(*clock));
            out.push('\n');
        }
    }
    out
}

fn jsonl(report: &Report, pod: Option<u32>) -> String {
    let mut out = String::new();
    for entry in report.simulation.world.journal.entries() {
        if pod.is_some() && entry.pod != pod {
            continue;
        }
        let node = entry.pod.map(|pod| report.simulation.pods[pod as usize].name.to_string());
        let mut object = json!({ "t": seconds(entry.at), "node": node, "kind": entry.what.kind() });
        if let (Some(object), Value::Object(details)) = (object.as_object_mut(), details(&entry.what, report))
        {
            object.extend(details);
        }
        out.push_str(&object.to_string());
        out.push('\n');
    }
    out.push_str(&report.to_json().to_string());
    out.push('\n');
    out
}

fn details(what: &Happening, report: &Report) -> Value {
    let name = |pod: u32| report.simulation.pods[pod as usize].name.to_string();
    match what {
        Happening::Log { line, clock } => json!({
            "level": line.level.name(),
            "msg": line.message,
            "caller": line.caller,
            "line": line.logfmt(*clock),
        }),
        Happening::Fault { text } => json!({ "text": text }),
        Happening::Started { run } => json!({ "run": run }),
        Happening::Exited { reason } => json!({ "reason": format!("{reason:?}").to_lowercase() }),
        Happening::Member { name, state } => {
            json!({ "member": name, "state": ringside::sim::state_name(*state) })
        }
        Happening::Instance { ring, id, state } => {
            json!({ "ring": ring, "id": id, "state": state.name() })
        }
        Happening::Readiness { ready, body } => json!({ "ready": ready, "body": body }),
        Happening::Push { error, written } => {
            json!({ "ok": error.is_none(), "error": error, "written": written })
        }
        Happening::Query { error, asked } => json!({ "ok": error.is_none(), "error": error, "asked": asked }),
        Happening::Packet { id, to, arrives, kind, messages, bytes } => json!({
            "id": id, "to": name(*to), "arrives": arrives.map(seconds), "head": kind.name(), "messages": messages,
            "bytes": bytes,
        }),
        Happening::PushPull { id, to, arrives, answer, join, bytes } => json!({
            "id": id, "to": name(*to), "arrives": arrives.map(seconds), "answer": answer, "join": join,
            "bytes": bytes,
        }),
    }
}

fn seconds(at: Instant) -> f64 {
    at.nanos() as f64 / 1e9
}

/// List the built-in scenarios.
#[derive(Args)]
pub(crate) struct Scenarios {
    /// Print one of them as JSON, to start one's own from.
    name: Option<String>,
}

impl Scenarios {
    pub(crate) fn run(self) -> Result<(String, Outcome), InputError> {
        if let Some(name) = self.name {
            return Ok((format!("{}\n", load(&name)?.to_json()), Outcome::Healthy));
        }
        let width = catalog::names().map(str::len).max().unwrap_or(0);
        let lines = catalog::all().map(|scenario| format!("{:width$}  {}\n", scenario.name, scenario.title));
        Ok((lines.collect(), Outcome::Healthy))
    }
}
