//! What a capture saw at its moments, and what the simulator shows then.

use std::collections::BTreeMap;

use ringside::lifecycle::RingKind;
use ringside::ring::{HeartbeatHealth, InstanceState};
use ringside::sim::{Happening, Process, Simulation, Span, shown_state};
use ringside::time::Instant;
use serde::Deserialize;

/// What was seen through one process at one time.
#[derive(Debug, Deserialize)]
pub(super) struct Moment {
    at: Span,
    via: String,
    #[serde(flatten)]
    seen: Seen,
}

/// Kinds of moments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Seen {
    /// `/ready`: status and text.
    Ready(u16, String),
    /// A ring page: state and number of tokens by instance.
    Ring { name: String, shows: BTreeMap<String, (String, usize)> },
    /// How many members `/memberlist` lists.
    Members(usize),
    /// `/memberlist` comes to list so many between these times.
    MembersBecome { count: usize, not_before: Span, not_after: Span },
    /// A push's status and text; nothing if the client gave up.
    Push(Option<(u16, String)>),
}

/// Runs a simulation to its end; tells what does not agree with the capture on the way.
pub(super) fn disagreements(moments: &[Moment], simulation: &mut Simulation, until: Span) -> Vec<String> {
    let mut out = Vec::new();
    let mut looks: Vec<(Span, &str, Look<'_>)> = Vec::new();
    for Moment { at, via, seen } in moments {
        match seen {
            Seen::Ready(status, text) => looks.push((*at, via, Look::Ready(*status, text))),
            Seen::Ring { name, shows } => looks.push((*at, via, Look::Ring(name, shows))),
            Seen::Members(count) => looks.push((*at, via, Look::Members(*count, true))),
            Seen::MembersBecome { count, not_before, not_after } => {
                looks.push((*not_before, via, Look::Members(*count, false)));
                looks.push((*not_after, via, Look::Members(*count, true)));
            }
            Seen::Push(_) => {}
        }
    }
    looks.sort_by_key(|(at, ..)| *at);
    for (at, via, look) in looks {
        simulation.run_until(Instant::START + at.0);
        if let Err(found) = look.check(simulation, via) {
            out.push(format!("at {at} through {via}: {look:?}, but here {found}"));
        }
    }
    simulation.run_until(Instant::START + until.0);
    out.extend(pushes(moments, simulation));
    out
}

#[derive(Debug)]
enum Look<'a> {
    Ready(u16, &'a str),
    Ring(&'a str, &'a BTreeMap<String, (String, usize)>),
    /// Whether it is so many.
    Members(usize, bool),
}

impl Look<'_> {
    fn check(&self, simulation: &Simulation, via: &str) -> Result<(), String> {
        let pod = simulation.pod(via).ok_or("there is no such pod")?;
        let process = pod.process.as_deref().ok_or("it is down")?;
        let same = |is: bool, found: String| if is { Ok(()) } else { Err(found) };
        match self {
            Self::Ready(status, text) => {
                let answer = simulation.world.journal.entries().rev().find_map(|entry| match &entry.what {
                    Happening::Readiness { ready, body } if entry.pod == Some(pod.index) => {
                        (entry.at == simulation.now()).then(|| (*ready, body.clone()))
                    }
                    _ => None,
                });
                let (ready, body) = answer.ok_or("nobody asked")?;
                same(ready == (*status == 200) && sorted(&body) == sorted(text), format!("it says {body:?}"))
            }
            Self::Ring(name, shows) => {
                let kind = simulation.known_ring(name).map_err(|error| error.to_string())?;
                let found = shown(process, simulation, kind);
                same(found == **shows, format!("it shows {found:?}"))
            }
            Self::Members(count, is) => {
                let found = process.swim.as_ref().map_or(0, |swim| swim.num_members());
                same((found == *count) == *is, format!("it lists {found}"))
            }
        }
    }
}

/// The states are a Go map's, in any order.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines = Vec::from_iter(text.trim_end().lines());
    lines.sort_unstable();
    lines
}

/// A ring page.
fn shown(process: &Process, simulation: &Simulation, kind: RingKind) -> BTreeMap<String, (String, usize)> {
    let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
    let health = HeartbeatHealth::at(process.wall(&simulation.world), timeout);
    let Some(desc) = process.desc(kind) else { return BTreeMap::new() };
    let living = desc.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left);
    let row = |entry: &ringside::ring::InstanceDesc| {
        (shown_state(entry.state, health.covers(entry.timestamp)).to_owned(), entry.tokens.len())
    };
    living.map(|(id, entry)| (id.to_string(), row(entry))).collect()
}

/// The pushes through each process, in their order.
fn pushes(moments: &[Moment], simulation: &Simulation) -> Vec<String> {
    let mut expected: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for Moment { via, seen, .. } in moments {
        if let Seen::Push(result) = seen {
            let answer = result.as_ref().map(|(status, text)| format!("{status} {text}"));
            expected.entry(via).or_default().extend(answer);
        }
    }
    let found = |via: &str| {
        let pod = simulation.pod(via).map(|pod| pod.index);
        let entries = simulation.world.journal.entries().filter(move |entry| entry.pod == pod);
        Vec::from_iter(entries.filter_map(|entry| match &entry.what {
            Happening::Push { error: None, .. } => Some("204 ".to_owned()),
            Happening::Push { error: Some(error), .. } => Some(format!("500 {error}")),
            _ => None,
        }))
    };
    let differ = expected.into_iter().filter_map(|(via, expected)| {
        let found = found(via);
        (found != expected).then(|| format!("pushes through {via}: Loki {expected:?}, here {found:?}"))
    });
    differ.collect()
}
