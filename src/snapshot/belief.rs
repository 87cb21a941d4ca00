use crate::memberlist::State;
use crate::ring::InstanceState;

use super::Instance;

/// How an instance stands in somebody's copy of the ingesters' ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum RingBelief {
    /// It is not there.
    #[default]
    Absent,
    /// Its heartbeat is too old, whatever it said.
    Unhealthy,
    /// PENDING.
    Pending,
    /// JOINING.
    Joining,
    /// ACTIVE.
    Active,
    /// LEAVING.
    Leaving,
    /// A tombstone is there, which no reader sees.
    Left,
}

/// What one observer believes of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Belief {
    /// In the ring.
    pub ring: RingBelief,
    /// The heartbeat's age in eighths of its time-out, at most 8; 0 if there is none.
    pub age: u8,
    /// In memberlist; `None` when the observer never heard of it, or forgot it.
    pub member: Option<State>,
}

/// What observers believe of everybody. Rows are observers and columns subjects, both by the node's number; the
/// observers are all nodes, or the first few.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beliefs {
    nodes: usize,
    cells: Vec<Belief>,
    /// Whether an observer believes anything: its process runs.
    knows: Vec<bool>,
    truth: Vec<Belief>,
    /// Whether `truth` is no more than the newest that any observer knows.
    pub only_newest: bool,
}

impl Beliefs {
    /// Makes room for so many nodes, of which the first `observers` believe something of all; nobody believes
    /// anything if their numbers change.
    pub fn resize(&mut self, observers: usize, nodes: usize) {
        if (self.knows.len(), self.nodes) != (observers, nodes) {
            *self = Self {
                nodes,
                cells: vec![Belief::default(); observers * nodes],
                knows: vec![false; observers],
                truth: vec![Belief::default(); nodes],
                only_newest: self.only_newest,
            };
        }
    }

    /// How many of the nodes observe.
    pub fn observers(&self) -> usize {
        self.knows.len()
    }

    /// What the row of what is the case is called.
    pub fn truth_name(&self) -> &'static str {
        if self.only_newest { "newest" } else { "truth" }
    }

    /// How many nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// What an observer believes, by subject; `None` if its process does not run.
    pub fn row(&self, observer: u32) -> Option<&[Belief]> {
        let start = observer as usize * self.nodes;
        self.knows.get(observer as usize)?.then(|| &self.cells[start..start + self.nodes])
    }

    /// Lets an observer believe something.
    pub fn row_mut(&mut self, observer: u32) -> &mut [Belief] {
        self.knows[observer as usize] = true;
        let start = observer as usize * self.nodes;
        &mut self.cells[start..start + self.nodes]
    }

    /// An observer believes nothing: its process does not run.
    pub fn silence(&mut self, observer: u32) {
        self.knows[observer as usize] = false;
    }

    /// What is the case, by subject.
    pub fn truth(&self) -> &[Belief] {
        &self.truth
    }

    /// The same, to be filled.
    pub fn truth_mut(&mut self) -> &mut [Belief] {
        &mut self.truth
    }

    /// How many of the observers believe of all subjects what the truth says, without regard to ages; and how
    /// many observers there are.
    pub fn agreement(&self) -> (usize, usize) {
        let rows = (0..self.observers() as u32).filter_map(|observer| self.row(observer));
        let agrees = |row: &[Belief]| row.iter().zip(&self.truth).all(|(one, truth)| one.agrees_with(*truth));
        rows.fold((0, 0), |(agreeing, all), row| (agreeing + usize::from(agrees(row)), all + 1))
    }
}

impl Belief {
    /// The instance as readers of the ring see it. A heartbeat that is too old hides the state behind it, which was
    /// ACTIVE in all likelihood.
    pub const fn instance(self) -> Option<Instance> {
        let state = match self.ring {
            RingBelief::Absent | RingBelief::Left => return None,
            RingBelief::Pending => InstanceState::Pending,
            RingBelief::Joining => InstanceState::Joining,
            RingBelief::Active | RingBelief::Unhealthy => InstanceState::Active,
            RingBelief::Leaving => InstanceState::Leaving,
        };
        Some(Instance { state, healthy: !matches!(self.ring, RingBelief::Unhealthy) })
    }

    /// Whether two say the same, without regard to ages. No reader of a ring sees a tombstone, and a member that is
    /// dead, that left or that was never heard of is asked for nothing: these differences are none.
    pub fn agrees_with(self, other: Self) -> bool {
        self.ring_agrees_with(other) && self.member_agrees_with(other)
    }

    /// Whether two say the same of memberlist.
    pub fn member_agrees_with(self, other: Self) -> bool {
        let away = |member: Option<State>| matches!(member, None | Some(State::Dead | State::Left));
        self.member == other.member || away(self.member) && away(other.member)
    }

    /// Whether two say the same of the ring.
    pub fn ring_agrees_with(self, other: Self) -> bool {
        let gone = |belief: RingBelief| matches!(belief, RingBelief::Absent | RingBelief::Left);
        self.ring == other.ring || gone(self.ring) && gone(other.ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_believe_nothing_do_not_disagree() {
        let mut beliefs = Beliefs::default();
        beliefs.resize(3, 3);
        let active = Belief { ring: RingBelief::Active, age: 1, member: Some(State::Alive) };
        beliefs.truth_mut().fill(active);
        beliefs.row_mut(0).fill(Belief { age: 3, ..active });
        beliefs.row_mut(1).fill(active);
        assert_eq!(beliefs.agreement(), (2, 2), "ages differ, beliefs do not");
        beliefs.row_mut(1)[2].member = Some(State::Suspect);
        assert_eq!(beliefs.agreement(), (1, 2));
        beliefs.silence(1);
        assert_eq!((beliefs.agreement(), beliefs.row(1)), ((1, 1), None));
    }

    #[test]
    fn a_few_may_observe_many() {
        let mut beliefs = Beliefs::default();
        beliefs.resize(2, 5);
        beliefs.row_mut(1)[4].ring = RingBelief::Active;
        assert_eq!((beliefs.row(1).unwrap().len(), beliefs.row(2)), (5, None));
        assert_eq!(beliefs.agreement(), (0, 1));
    }

    #[test]
    fn a_tombstone_and_no_entry_are_the_same_to_a_reader() {
        let mut beliefs = Beliefs::default();
        beliefs.resize(1, 1);
        beliefs.row_mut(0)[0].ring = RingBelief::Left;
        assert_eq!(beliefs.agreement(), (1, 1));
    }
}
