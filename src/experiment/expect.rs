//! Whether what should hold does.

use crate::lifecycle::RingKind;
use crate::sim::{Condition, Happening, Pod, Process, Simulation};

/// Why a condition does not hold; `Ok` when it does.
pub(super) fn holds(condition: &Condition, simulation: &Simulation) -> Result<(), String> {
    match condition {
        Condition::RingState { via, ring, id, state } => {
            let ring = simulation.known_ring(ring).map_err(|error| error.to_string())?;
            let process = process(simulation, via)?;
            same(&shown(process, simulation, ring, id), state)
        }
        Condition::Members { via, count } => {
            let members =
                process(simulation, via)?.swim.as_ref().map_or(0, crate::memberlist::Memberlist::num_members);
            same(&members.to_string(), &count.to_string())
        }
        Condition::Ready { pod, ready } => {
            let index = simulation.known_pod(pod).map_err(|error| error.to_string())?;
            let (status, body) = simulation.copy_ready(index);
            if (status == 200) == *ready {
                Ok(())
            } else {
                Err(format!("/ready says {status} {}", body.trim_end()))
            }
        }
        Condition::Logged { pod, text, times } => {
            let count = logged(simulation, pod, text)?;
            if count >= *times { Ok(()) } else { Err(format!("logged {count} times")) }
        }
        Condition::NeverLogged { pod, text } => match logged(simulation, pod, text)? {
            0 => Ok(()),
            count => Err(format!("logged {count} times")),
        },
        Condition::PushesFailed { min, max } => {
            within(simulation.world.ledger.tally.pushes_failed, *min, *max)
        }
        Condition::QueriesFailed { min, max } => {
            within(simulation.world.ledger.tally.queries_failed, *min, *max)
        }
        Condition::Errors { text, min, max } => {
            let errors = simulation.world.ledger.errors.iter().filter(|(error, _)| error.contains(text));
            within(errors.map(|(_, count)| *count).sum(), *min, *max)
        }
        Condition::LinesLost { min, max } => within(simulation.world.ledger.tally.lines_lost, *min, *max),
        Condition::Agreement {} => disagreement(simulation).map_or(Ok(()), Err),
    }
}

/// Two live processes whose copies of the ingesters' ring differ, in words.
pub(super) fn disagreement(simulation: &Simulation) -> Option<String> {
    let opinion = |pod: &Pod| pod.process.as_ref()?.opinion();
    let mut live = simulation.pods.iter().filter(|pod| pod.is_up() && !pod.paused && !pod.foreign);
    let first = live.next()?;
    let mine = opinion(first);
    let other = live.find(|pod| opinion(pod) != mine)?;
    Some(format!("{} and {} see different rings", first.name, other.name))
}

fn process<'a>(simulation: &'a Simulation, name: &str) -> Result<&'a Process, String> {
    let pod = simulation.known_pod(name).map_err(|error| error.to_string())?;
    simulation.pods[pod as usize].process.as_deref().ok_or_else(|| format!("{name} is down"))
}

/// How a process's ring page shows an instance now.
fn shown(process: &Process, simulation: &Simulation, ring: RingKind, id: &str) -> String {
    let health = process.health(&simulation.world);
    match process.view(ring).and_then(|view| view.get(id)) {
        None => "absent".into(),
        Some(entry) => crate::sim::shown_state(entry.state, health.covers(entry.timestamp)).into(),
    }
}

fn logged(simulation: &Simulation, name: &str, text: &str) -> Result<u64, String> {
    let pod = simulation.known_pod(name).map_err(|error| error.to_string())?;
    let lines =
        simulation.world.journal.entries().filter(|entry| entry.pod == Some(pod)).filter(
            |entry| match &entry.what {
                Happening::Log { line, .. } => line.to_string().contains(text),
                _ => false,
            },
        );
    Ok(lines.count() as u64)
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found}")) }
}

fn within(found: u64, min: u64, max: u64) -> Result<(), String> {
    if (min..=max).contains(&found) { Ok(()) } else { Err(format!("found {found}")) }
}
