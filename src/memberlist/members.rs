use std::time::Duration;

use crate::prng::Prng;
use crate::time::Instant;

use super::{Address, Meta, Name, State};

/// What one node knows of a member (`memberlist.NodeState`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeState {
    /// Who.
    pub name: Name,
    /// Where it listens.
    pub address: Address,
    /// What it says of itself.
    pub meta: Meta,
    /// Its latest announcement that is known here.
    pub incarnation: u32,
    /// As what it counts.
    pub state: State,
    /// Since when.
    pub state_change: Instant,
}

impl NodeState {
    /// Whether it is gone, by accident or on purpose.
    pub const fn dead_or_left(&self) -> bool {
        matches!(self.state, State::Dead | State::Left)
    }
}

/// The member table, in the random order in which members are probed.
#[derive(Debug, Clone, Default)]
pub(super) struct Members {
    nodes: Vec<NodeState>,
    /// Places in `nodes`, sorted by name.
    places: Vec<(Name, u32)>,
    not_gone: usize,
}

impl Members {
    pub(super) fn as_slice(&self) -> &[NodeState] {
        &self.nodes
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// How many are alive or suspect.
    pub(super) fn not_gone(&self) -> usize {
        self.not_gone
    }

    pub(super) fn place(&self, name: Name) -> Option<usize> {
        let found = self.places.binary_search_by_key(&name, |(name, _)| *name).ok()?;
        Some(self.places[found].1 as usize)
    }

    pub(super) fn get(&self, name: Name) -> Option<&NodeState> {
        Some(&self.nodes[self.place(name)?])
    }

    /// What is not the state: that has a count to keep.
    pub(super) fn update(&mut self, place: usize, incarnation: u32, address: Address, meta: Meta) {
        let node = &mut self.nodes[place];
        (node.incarnation, node.address, node.meta) = (incarnation, address, meta);
    }

    pub(super) fn set_incarnation(&mut self, place: usize, incarnation: u32) {
        self.nodes[place].incarnation = incarnation;
    }

    /// The state before.
    pub(super) fn set_state(&mut self, place: usize, state: State, now: Instant) -> State {
        let node = &mut self.nodes[place];
        let before = node.state;
        self.not_gone -= usize::from(!node.dead_or_left());
        (node.state, node.state_change) = (state, now);
        self.not_gone += usize::from(!node.dead_or_left());
        before
    }

    /// Puts a new node in a random place, and whoever was there at the end. The place.
    pub(super) fn insert(&mut self, node: NodeState, prng: &mut Prng) -> usize {
        let last = self.nodes.len();
        let place = prng.index(last);
        self.not_gone += usize::from(!node.dead_or_left());
        if let Err(at) = self.places.binary_search_by_key(&node.name, |(name, _)| *name) {
            self.places.insert(at, (node.name, last as u32));
        }
        self.nodes.push(node);
        self.nodes.swap(place, last);
        for moved in [place, last] {
            self.note_place(moved);
        }
        place
    }

    /// Drops whoever is gone for longer than `keep`, and shuffles the others (`resetNodes`).
    pub(super) fn reset(
        &mut self,
        now: Instant,
        keep: Duration,
        prng: &mut Prng,
        mut reaped: impl FnMut(Name),
    ) {
        self.nodes.retain(|node| {
            let stays = !node.dead_or_left() || now.since(node.state_change) <= keep;
            if !stays {
                reaped(node.name);
            }
            stays
        });
        prng.shuffle(&mut self.nodes);
        self.places.clear();
        self.places.extend(self.nodes.iter().zip(0..).map(|(node, place)| (node.name, place)));
        self.places.sort_unstable();
    }

    fn note_place(&mut self, place: usize) {
        let name = self.nodes[place].name;
        if let Ok(found) = self.places.binary_search_by_key(&name, |(name, _)| *name) {
            self.places[found].1 = place as u32;
        }
    }
}

/// Adds random places to `chosen` until it has `k`, at most three draws for each of the `candidates`, with
/// replacement (`kRandomNodes`): fewer may come out, even where there are enough.
pub(super) fn k_random_nodes(
    prng: &mut Prng,
    chosen: &mut Vec<u32>,
    k: usize,
    candidates: usize,
    place: impl Fn(usize) -> u32,
    excluded: impl Fn(u32) -> bool,
) {
    for _ in 0..3 * candidates {
        if chosen.len() >= k {
            return;
        }
        let drawn = place(prng.index(candidates));
        if !excluded(drawn) && !chosen.contains(&drawn) {
            chosen.push(drawn);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_choice_may_miss_a_peer_of_a_small_cluster() {
        let mut prng = Prng::stream(1, "choice", 0);
        let mut missed = 0;
        for _ in 0..10_000 {
            let mut chosen = Vec::new();
            k_random_nodes(&mut prng, &mut chosen, 3, 3, |drawn| drawn as u32, |place| place == 0);
            assert!(chosen.len() <= 2 && !chosen.contains(&0));
            missed += 2 - chosen.len();
        }
        // 20,000 times (2/3)^9.
        assert!((430..610).contains(&missed), "{missed}");
    }

    #[test]
    fn the_chosen_are_different_and_no_more_than_wanted() {
        let mut prng = Prng::stream(1, "choice", 0);
        for _ in 0..1000 {
            let mut chosen = vec![7];
            k_random_nodes(&mut prng, &mut chosen, 3, 100, |drawn| drawn as u32, |place| place % 2 == 0);
            assert!(chosen[0] == 7 && chosen.len() == 3 && chosen[1..].iter().all(|place| place % 2 == 1));
            chosen.sort_unstable();
            chosen.dedup();
            assert_eq!(chosen.len(), 3);
        }
        k_random_nodes(&mut prng, &mut Vec::new(), 3, 0, |drawn| drawn as u32, |_| false);
    }
}
