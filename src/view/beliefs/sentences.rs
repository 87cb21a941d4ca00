//! What is believed and not the case, in sentences.

use crate::memberlist::State;
use crate::snapshot::{Belief, ProcessState, Snapshot};
use crate::view::cluster::mark_of_belief;
use crate::view::mark::Mark;

use super::BeliefCell;
use super::cells::member_word;

/// More observers than this are counted, not named.
const NAMED: usize = 3;

/// One way to be wrong about a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Error {
    Ring(Option<Mark>),
    Member(Option<State>),
}

/// At most so many sentences on who believes what that is not the case, such as `loki-2 takes loki-1 for
/// suspect; it is alive`. Observers that err alike share one.
pub fn disagreements(snapshot: &Snapshot, most: usize) -> Vec<String> {
    let beliefs = &snapshot.beliefs;
    let mut sentences = Vec::new();
    for (subject, (node, &truth)) in snapshot.nodes.iter().zip(beliefs.truth()).enumerate() {
        let mut errors: Vec<(Error, Vec<u32>)> = Vec::new();
        let mut note = |error: Error, observer: u32| match errors.iter_mut().find(|(one, _)| *one == error) {
            Some((_, observers)) => observers.push(observer),
            None => errors.push((error, vec![observer])),
        };
        for observer in 0..snapshot.nodes.len() as u32 {
            let Some(&one) = beliefs.row(observer).and_then(|row| row.get(subject)) else { continue };
            if !one.ring_agrees_with(truth) {
                note(Error::Ring(mark_of_belief(one.ring)), observer);
            }
            if !one.member_agrees_with(truth) {
                note(Error::Member(one.member), observer);
            }
        }
        for (error, observers) in errors {
            if sentences.len() == most {
                return sentences;
            }
            let who = names(snapshot, &observers);
            let s = if observers.len() == 1 { "s" } else { "" };
            let name = &node.name;
            sentences.push(match error {
                Error::Ring(None | Some(Mark::Left)) => {
                    let do_not = if s.is_empty() { "do" } else { "does" };
                    format!("{who} {do_not} not show {name}; the truth is {}", in_ring(node.process, truth))
                }
                Error::Ring(Some(mark)) => {
                    format!(
                        "{who} show{s} {name} as {}; the truth is {}",
                        mark.name(),
                        in_ring(node.process, truth)
                    )
                }
                Error::Member(None) => {
                    let do_not = if s.is_empty() { "do" } else { "does" };
                    format!("{who} {do_not} not know {name}; it is {}", in_memberlist(node.process, truth))
                }
                Error::Member(Some(state)) => format!(
                    "{who} take{s} {name} for {}; it is {}",
                    member_word(state),
                    in_memberlist(node.process, truth)
                ),
            });
        }
    }
    sentences
}

/// A cell in words, such as `loki-2 shows loki-1 as ACTIVE in the ring and takes it for suspect`.
pub fn words(snapshot: &Snapshot, cell: BeliefCell) -> String {
    let name = |node: u32| snapshot.nodes.get(node as usize).map_or("", |node| &*node.name);
    let (who, row) = match cell.observer {
        Some(observer) => (name(observer), snapshot.beliefs.row(observer)),
        None if snapshot.beliefs.only_newest => ("the newest of all copies", Some(snapshot.beliefs.truth())),
        None => ("the truth", Some(snapshot.beliefs.truth())),
    };
    let subject = name(cell.subject);
    let Some(&one) = row.and_then(|row| row.get(cell.subject as usize)) else {
        return match snapshot.beliefs.only_newest {
            true => format!("{who} has not shown its ring yet"),
            false => format!("{who} believes nothing: its process does not run"),
        };
    };
    let ring = match mark_of_belief(one.ring) {
        None | Some(Mark::Left) => format!("does not show {subject} in the ring"),
        Some(mark) => format!("shows {subject} as {} in the ring", mark.name()),
    };
    match one.member {
        // Nobody was asked for members.
        None if snapshot.beliefs.only_newest => format!("{who} {ring}"),
        None => format!("{who} {ring} and does not know it as a member"),
        Some(state) => format!("{who} {ring} and takes it for {}", member_word(state)),
    }
}

fn names(snapshot: &Snapshot, observers: &[u32]) -> String {
    let name = |&node: &u32| snapshot.nodes.get(node as usize).map_or("", |node| &*node.name);
    match observers {
        _ if observers.len() > NAMED => format!("{} nodes", observers.len()),
        [] => String::new(),
        [one] => name(one).to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(name).collect();
            format!("{} and {}", rest.join(", "), name(last))
        }
    }
}

fn in_ring(process: ProcessState, truth: Belief) -> &'static str {
    match process {
        ProcessState::Up => match mark_of_belief(truth.ring) {
            None | Some(Mark::Left) => "that it is not in the ring",
            Some(mark) => mark.name(),
        },
        process => process.name(),
    }
}

fn in_memberlist(process: ProcessState, truth: Belief) -> &'static str {
    match process {
        ProcessState::Up => truth.member.map_or("no member", member_word),
        process => process.name(),
    }
}
