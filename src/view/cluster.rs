//! What the pictures of a cluster share: names, marks and counts.

use std::sync::Arc;

use crate::memberlist::State;
use crate::snapshot::{Node, ProcessState, RingBelief, Snapshot};

use super::mark::Mark;
use super::text::{count, cut, short_names};

/// Longer names are cut.
const LONGEST_NAME: usize = 18;

/// The names of all nodes as pictures write them, worked out anew only when the nodes are others.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    whole: Vec<Arc<str>>,
    short: Vec<String>,
}

impl Names {
    /// Takes over the snapshot's names; whether they are others than before.
    pub(super) fn refresh(&mut self, snapshot: &Snapshot) -> bool {
        let same = self.whole.len() == snapshot.nodes.len()
            && self.whole.iter().zip(&snapshot.nodes).all(|(one, node)| *one == node.name);
        if same {
            return false;
        }
        self.whole = snapshot.nodes.iter().map(|node| node.name.clone()).collect();
        let names: Vec<&str> = self.whole.iter().map(|name| &**name).collect();
        let fit = names.iter().all(|name| name.chars().count() <= 10);
        let names = if fit { names } else { short_names(&names) };
        self.short = names.into_iter().map(|name| cut(name, LONGEST_NAME)).collect();
        true
    }

    /// A node's name, shortened to what tells it from the others.
    pub(super) fn of(&self, node: u32) -> &str {
        self.short.get(node as usize).map_or("", String::as_str)
    }

    /// How many letters the longest has.
    pub(super) fn longest(&self) -> usize {
        self.short.iter().map(|name| name.chars().count()).max().unwrap_or(0)
    }
}

/// How a node's place in the ring is shown; `None` when it has none.
pub(super) fn mark_of(node: &Node) -> Option<Mark> {
    node.instance.map(|instance| Mark::of(instance.state, instance.healthy))
}

/// Whether a node is to be pointed out.
pub(super) fn is_unwell(node: &Node) -> bool {
    node.process != ProcessState::Up
        || node.blocked
        || node.member.is_some_and(|state| state != State::Alive)
        || mark_of(node).is_some_and(|mark| mark != Mark::Active)
}

/// The mark of what somebody believes; `None` when it is not there.
pub(super) const fn mark_of_belief(belief: RingBelief) -> Option<Mark> {
    match belief {
        RingBelief::Absent => None,
        RingBelief::Unhealthy => Some(Mark::Unhealthy),
        RingBelief::Pending => Some(Mark::Pending),
        RingBelief::Joining => Some(Mark::Joining),
        RingBelief::Active => Some(Mark::Active),
        RingBelief::Leaving => Some(Mark::Leaving),
        RingBelief::Left => Some(Mark::Left),
    }
}

/// A node's condition in a word: what its process does, unless it is up; else how it stands in the ring.
pub(super) fn condition(node: &Node) -> &'static str {
    match node.process {
        ProcessState::Up => mark_of(node).map_or(ProcessState::Up.name(), Mark::name),
        process => process.name(),
    }
}

/// `5 nodes: 4 ACTIVE, 1 down`.
pub(super) fn nodes_text(snapshot: &Snapshot) -> String {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for node in &snapshot.nodes {
        let word = condition(node);
        match counts.iter_mut().find(|(other, _)| *other == word) {
            Some((_, number)) => *number += 1,
            None => counts.push((word, 1)),
        }
    }
    counts.sort_by_key(|&(_, number)| std::cmp::Reverse(number));
    let parts: Vec<String> =
        counts.iter().map(|(word, number)| format!("{} {word}", count(*number))).collect();
    let all = plural(snapshot.nodes.len() as u64, "node");
    if parts.is_empty() { all } else { format!("{all}: {}", parts.join(", ")) }
}

/// `1 node`, `2 nodes`.
pub(super) fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}
