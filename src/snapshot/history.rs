use std::sync::Arc;

use crate::time::Instant;

/// What a node was when, and what happened: as much of a run as has been seen.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// One lane for each node, by number.
    pub lanes: Vec<Lane>,
    /// Faults and milestones, by time.
    pub milestones: Vec<Milestone>,
    /// How far the run has been seen.
    pub explored: Instant,
}

/// A node's past: each phase lasts until the next begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    phases: Vec<(Instant, Phase)>,
}

/// What a node is, as its lane shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// No process has been started.
    #[default]
    Waiting,
    /// The process runs, and is no instance in the ingesters' ring.
    Up,
    /// PENDING.
    Pending,
    /// JOINING.
    Joining,
    /// ACTIVE.
    Active,
    /// LEAVING.
    Leaving,
    /// Its heartbeat is too old for whoever watches.
    Unhealthy,
    /// The process stands still.
    Paused,
    /// The process is gone.
    Down,
}

/// Something worth a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Milestone {
    /// When.
    pub at: Instant,
    /// At which node, if at one.
    pub node: Option<u32>,
    /// Whether somebody did it; what is not a fault came of itself.
    pub is_fault: bool,
    /// What, in a few words.
    pub text: Arc<str>,
}

impl Lane {
    /// Since when it is what; oldest first. Before the first, it waits.
    pub fn phases(&self) -> &[(Instant, Phase)] {
        &self.phases
    }

    /// From now on it is something else.
    pub fn enter(&mut self, at: Instant, phase: Phase) {
        if self.at(at) != phase {
            self.phases.push((at, phase));
        }
    }

    /// It is again what it was before it was paused.
    pub fn resume(&mut self, at: Instant) {
        let before = self.phases.iter().rev().find(|(_, phase)| *phase != Phase::Paused);
        self.enter(at, before.map_or(Phase::Up, |(_, phase)| *phase));
    }

    /// What it is at an instant.
    pub fn at(&self, at: Instant) -> Phase {
        let next = self.phases.partition_point(|(since, _)| *since <= at);
        next.checked_sub(1).map_or(Phase::Waiting, |place| self.phases[place].1)
    }

    /// What comes after an instant is not known any more.
    pub fn truncate(&mut self, after: Instant) {
        self.phases.retain(|(since, _)| *since <= after);
    }
}

impl History {
    /// What comes after an instant is not known any more.
    pub fn truncate(&mut self, after: Instant) {
        self.lanes.iter_mut().for_each(|lane| lane.truncate(after));
        self.milestones.retain(|milestone| milestone.at <= after);
        self.explored = self.explored.min(after);
    }
}

impl Phase {
    /// All phases, in the order of a legend.
    pub const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Up,
        Self::Pending,
        Self::Joining,
        Self::Active,
        Self::Leaving,
        Self::Unhealthy,
        Self::Paused,
        Self::Down,
    ];

    /// Its name in a word or two.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "not started",
            Self::Up => "up",
            Self::Pending => "PENDING",
            Self::Joining => "JOINING",
            Self::Active => "ACTIVE",
            Self::Leaving => "LEAVING",
            Self::Unhealthy => "UNHEALTHY",
            Self::Paused => "paused",
            Self::Down => "down",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_what_it_became_last_until_it_is_cut_off() {
        let mut lane = Lane::default();
        let at = Instant::from_nanos;
        lane.enter(at(5), Phase::Up);
        lane.enter(at(7), Phase::Active);
        lane.enter(at(8), Phase::Active);
        assert_eq!(
            [4, 5, 6, 7, 9].map(|nanos| lane.at(at(nanos))),
            [Phase::Waiting, Phase::Up, Phase::Up, Phase::Active, Phase::Active]
        );
        assert_eq!(lane.phases().len(), 2, "nothing new is no phase");
        lane.enter(at(9), Phase::Paused);
        lane.resume(at(10));
        assert_eq!(lane.at(at(10)), Phase::Active);
        lane.truncate(at(6));
        assert_eq!(lane.at(at(9)), Phase::Up);
    }
}
