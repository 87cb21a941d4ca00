use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use ringside::loki::trace::{KeyTrace, trace_key};
use ringside::loki::{Labels, token_for, with_service_name};
use ringside::ring::{Operation, Ring, Skip};
use serde::Serialize;

use crate::input::{InputError, RingInput};
use crate::{Outcome, for_terminal};

/// Who owns a stream.
#[derive(Args)]
pub(crate) struct Owner {
    #[command(flatten)]
    ring: RingInput,
    /// The tenant (X-Scope-OrgID); Loki uses "fake" without authentication
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The stream's labels, such as '{namespace="prod", app="api"}'
    #[arg(long, value_name = "LABELS")]
    labels: String,
    /// What the look-up is for; Loki's distributor uses write-no-extend
    #[arg(long, value_enum, default_value = "write-no-extend")]
    op: OperationName,
    /// Add the service_name label first, as Loki does with streams pushed over HTTP
    #[arg(long)]
    discover_service_name: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum OperationName {
    Write,
    WriteNoExtend,
    Read,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Answer<'a> {
    Replicas { key: u32, labels: &'a str, instances: Vec<&'a str>, max_errors: usize },
    Error { key: u32, error: String },
}

impl Owner {
    pub(crate) fn run(&self) -> Result<(String, Outcome), InputError> {
        let mut labels = Labels::parse(&self.labels)?;
        if self.discover_service_name {
            labels = with_service_name(&labels);
        }
        let (ring, now) = self.ring.read()?;
        let operation = match self.op {
            OperationName::Write => Operation::WRITE,
            OperationName::WriteNoExtend => Operation::WRITE_NO_EXTEND,
            OperationName::Read => Operation::READ,
        };
        let canonical = labels.to_string();
        let key = token_for(&self.tenant, &canonical);
        let trace = trace_key(&ring, key, operation, now);
        let outcome = if trace.outcome.is_ok() { Outcome::Healthy } else { Outcome::Unhealthy };
        let text = match self.json {
            true => json(&ring, key, &canonical, &trace),
            false => for_terminal(&text(&ring, key, &canonical, &trace)),
        };
        Ok((text, outcome))
    }
}

fn json(ring: &Ring, key: u32, labels: &str, trace: &KeyTrace) -> String {
    let answer = match &trace.outcome {
        Ok(replicas) => Answer::Replicas {
            key,
            labels,
            instances: replicas.instances.iter().map(|&instance| &**ring.id(instance)).collect(),
            max_errors: replicas.max_errors,
        },
        Err(error) => Answer::Error { key, error: error.to_string() },
    };
    let mut text = serde_json::to_string(&answer).unwrap_or_default();
    text.push('\n');
    text
}

fn text(ring: &Ring, key: u32, labels: &str, trace: &KeyTrace) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "labels    {labels}\nkey       {key} (0x{key:08x})");
    let skipped = |reason| trace.walk.steps.iter().filter(|step| step.outcome == Err(reason)).count();
    let _ = writeln!(
        text,
        "walk      {} tokens looked at; passed by: {} of an instance seen before, {} of a zone that has its replica",
        trace.walk.steps.len(),
        skipped(Skip::SameInstance),
        skipped(Skip::ZoneHasReplica),
    );
    for (place, candidate) in trace.candidates.iter().enumerate() {
        let instance = ring.instance(candidate.instance);
        let zone = if instance.zone.is_empty() { String::new() } else { format!(" in {}", instance.zone) };
        let health = candidate
            .health
            .map_or_else(|reason| format!("left out: {reason}"), |()| "takes part".to_owned());
        let id = ring.id(candidate.instance);
        let _ = writeln!(
            text,
            "replica {} {id}{zone} ({}, {}): {health}",
            place + 1,
            instance.addr,
            instance.state
        );
    }
    let _ = writeln!(text, "quorum    {}", trace.arithmetic);
    let _ = match &trace.outcome {
        Ok(replicas) => writeln!(text, "answer    succeeds; {} of them may fail", replicas.max_errors),
        Err(error) => writeln!(text, "answer    fails: {error}"),
    };
    text
}
