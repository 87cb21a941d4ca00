use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::lifecycle::RingKind;
use crate::sim::{Condition, Expectation, Scenario, Simulation, SimulationError, Span, shown_state};
use crate::time::Instant;

use super::expect;

/// What came of a scenario.
#[derive(Debug, Clone)]
pub struct Report {
    /// The cluster at the end.
    pub simulation: Simulation,
    /// The expectations, in the order of their times.
    pub checked: Vec<Checked>,
    name: String,
    seed: u64,
    until: Span,
}

/// An expectation, and what was found.
#[derive(Debug, Clone)]
pub struct Checked {
    /// When it was looked at.
    pub at: Span,
    /// What should hold.
    pub condition: Condition,
    /// What was found instead.
    pub failure: Option<String>,
}

impl Report {
    /// Runs a scenario to its end, looking at what it expects on the way.
    pub fn of(scenario: &Scenario) -> Result<Self, SimulationError> {
        let mut simulation = Simulation::of(scenario)?;
        let mut expected = Vec::from_iter(scenario.expect.iter());
        expected.sort_by_key(|expectation| expectation.at.unwrap_or(scenario.until));
        let mut checked = Vec::new();
        for Expectation { at, condition } in expected {
            let at = at.unwrap_or(scenario.until);
            simulation.run_until(Instant::START + at.0);
            let failure = expect::holds(condition, &simulation).err();
            checked.push(Checked { at, condition: condition.clone(), failure });
        }
        simulation.run_until(Instant::START + scenario.until.0);
        Ok(Self {
            simulation,
            checked,
            name: scenario.name.clone(),
            seed: scenario.seed,
            until: scenario.until,
        })
    }

    /// Whether every expectation held.
    pub fn is_as_expected(&self) -> bool {
        self.checked.iter().all(|checked| checked.failure.is_none())
    }

    /// The summary as one JSON object.
    pub fn to_json(&self) -> Value {
        let tally = &self.simulation.world.ledger.tally;
        json!({
            "kind": "summary",
            "scenario": self.name,
            "seed": self.seed,
            "until": self.until,
            "events": self.simulation.steps(),
            "fingerprint": format!("{:016x}", self.simulation.fingerprint()),
            "pods": Vec::from_iter(self.simulation.pods.iter().map(|pod| json!({
                "name": &*pod.name,
                "up": pod.is_up(),
                "paused": pod.paused,
                "ready": pod.ready,
                "runs": pod.epoch,
                "ring": self.states(pod.index),
            }))),
            "tally": tally,
            "errors": self.simulation.world.ledger.errors,
            "expectations": Vec::from_iter(self.checked.iter().map(|checked| json!({
                "at": checked.at,
                "that": checked.condition,
                "held": checked.failure.is_none(),
                "found": checked.failure,
            }))),
        })
    }

    /// The summary for people.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        let simulation = &self.simulation;
        let _ = writeln!(
            out,
            "{} (seed {}) after {}: {} events",
            self.name,
            self.seed,
            self.until,
            simulation.steps()
        );
        let width = simulation.pods.iter().map(|pod| pod.name.len()).max().unwrap_or(0);
        for pod in simulation.pods.iter().take(50) {
            let up = match (pod.is_up(), pod.paused) {
                (false, _) => "down",
                (true, true) => "paused",
                (true, false) => "up",
            };
            let _ = writeln!(out, "  {:width$}  {up:6}  {}", pod.name, self.states(pod.index));
        }
        if simulation.pods.len() > 50 {
            let _ = writeln!(out, "  and {} more", simulation.pods.len() - 50);
        }
        let tally = &simulation.world.ledger.tally;
        if tally.pushes_ok + tally.pushes_failed + tally.queries_ok + tally.queries_failed > 0 {
            let _ = writeln!(
                out,
                "pushes {} ok, {} failed; queries {} ok, {} failed; lines {} accepted, {} lost",
                tally.pushes_ok,
                tally.pushes_failed,
                tally.queries_ok,
                tally.queries_failed,
                tally.lines_accepted,
                tally.lines_lost
            );
        }
        for (error, count) in &simulation.world.ledger.errors {
            let _ = writeln!(out, "  {count} x {error}");
        }
        for checked in &self.checked {
            let condition = serde_json::to_string(&checked.condition).unwrap_or_default();
            let _ = match &checked.failure {
                None => writeln!(out, "held    at {}: {condition}", checked.at),
                Some(found) => writeln!(out, "FAILED  at {}: {condition}: {found}", checked.at),
            };
        }
        let _ = writeln!(out, "fingerprint {:016x}", simulation.fingerprint());
        out
    }

    /// How many ingesters a pod's own ring shows in which state, such as `3 ACTIVE`.
    fn states(&self, pod: u32) -> String {
        let world = &self.simulation.world;
        let Some(process) = &self.simulation.pods[pod as usize].process else { return "-".into() };
        let Some(view) = process.view(RingKind::Ingester) else { return "no ring".into() };
        let health = process.health(world);
        let mut counts: Vec<(&str, usize)> = Vec::new();
        for (_, entry) in view.iter() {
            let state = shown_state(entry.state, health.covers(entry.timestamp));
            match counts.iter_mut().find(|(known, _)| *known == state) {
                Some((_, count)) => *count += 1,
                None => counts.push((state, 1)),
            }
        }
        counts.sort_unstable();
        let parts = Vec::from_iter(counts.iter().map(|(state, count)| format!("{count} {state}")));
        if parts.is_empty() { "empty ring".into() } else { parts.join(", ") }
    }
}
