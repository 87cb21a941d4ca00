use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lifecycle::RingKind;
use crate::memberlist::State;
use crate::ring::InstanceState;
use crate::sim::{Entry, Exit, Happening, Simulation};
use crate::snapshot::{History, Lane, Milestone, Phase};
use crate::time::Instant;

use super::log_store::{Line, LogStore};
use super::observe;
use super::series::Series;

/// What has been seen of a run, as far as anybody went in it: it stays when somebody goes back.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// Lanes and milestones.
    pub history: History,
    /// What charts show.
    pub series: Series,
    /// The log of all pods.
    pub log: LogStore,
    /// How many happenings have been taken in, since the beginning.
    taken: u64,
    /// Entries of the present's journal that have been looked at, and how many of them were happenings.
    looked_at: (u64, u64),
    pushes: Outcome,
    queries: Outcome,
    /// What was told last of each member that was not well.
    members: BTreeMap<Arc<str>, State>,
    paused: Vec<bool>,
    /// Who owns how much, until an instance comes or goes.
    owned: Option<(f64, f64)>,
}

/// How requests of one kind went last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Outcome {
    #[default]
    Unknown,
    Ok,
    Failed,
}

impl Record {
    /// Takes in what the simulation's journal has, as far as it is new.
    pub fn collect(&mut self, simulation: &Simulation) {
        let journal = &simulation.world.journal;
        let (seen, mut told) = self.looked_at;
        if journal.written() > seen {
            self.history.lanes.resize_with(simulation.pods.len(), Lane::default);
            self.paused.resize(simulation.pods.len(), false);
            for entry in journal.since(seen).filter(|entry| !entry.what.is_message()) {
                told += 1;
                if told > self.taken {
                    self.take(entry, simulation);
                }
            }
            self.looked_at = (journal.written(), journal.told());
            self.taken = self.taken.max(journal.told());
        }
        self.history.explored = self.history.explored.max(simulation.now());
    }

    /// Takes a sample for the charts, if one is due.
    pub fn sample(&mut self, simulation: &Simulation) {
        if simulation.now() >= self.series.next_at() && simulation.now() >= self.history.explored {
            let owned = *self.owned.get_or_insert_with(|| observe::ownership_spread(simulation));
            self.series.push(observe::sample(simulation, owned));
        }
    }

    /// The simulation went back, or was looked at for the first time: what comes is known as far as it was taken in.
    pub fn rewound(&mut self, simulation: &Simulation) {
        let journal = &simulation.world.journal;
        self.looked_at = (journal.written(), journal.told());
    }

    /// Everything after the simulation's present is not known any more: it will come differently. All events of the
    /// present instant must have happened.
    pub fn truncate(&mut self, simulation: &Simulation) {
        let now = simulation.now();
        self.history.truncate(now);
        self.series.truncate(now);
        self.log.truncate(now);
        self.taken = simulation.world.journal.told();
        (self.pushes, self.queries) = (Outcome::Unknown, Outcome::Unknown);
        self.members.clear();
        self.owned = None;
        self.paused = simulation.pods.iter().map(|pod| pod.paused).collect();
        self.rewound(simulation);
    }

    fn take(&mut self, entry: &Entry, simulation: &Simulation) {
        let at = entry.at;
        let name =
            || entry.pod.map_or_else(|| Arc::from(""), |pod| Arc::clone(&simulation.pods[pod as usize].name));
        match &entry.what {
            Happening::Log { line, clock } => {
                let pod = entry.pod.unwrap_or(u32::MAX);
                self.log.push(Line { at, pod, line: Arc::clone(line), clock: *clock });
            }
            Happening::Fault { text } => {
                self.mark(at, entry.pod, true, text.as_str().into());
                self.note_pauses(at, simulation);
            }
            Happening::Started { run } => {
                self.enter(entry.pod, at, Phase::Up);
                if *run > 1 {
                    self.mark(at, entry.pod, false, format!("{} runs again", name()).into());
                }
            }
            Happening::Exited { reason } => {
                self.enter(entry.pod, at, Phase::Down);
                let how = match reason {
                    Exit::Stopped => "has stopped",
                    Exit::Killed => "is dead",
                    Exit::Failed => "gave up",
                };
                self.mark(at, entry.pod, false, format!("the process of {} {how}", name()).into());
            }
            Happening::Instance { ring, id, state } => {
                self.owned = None;
                if *ring == RingKind::Ingester.name() && *id == name() {
                    let phase = match state {
                        InstanceState::Pending => Phase::Pending,
                        InstanceState::Joining => Phase::Joining,
                        InstanceState::Active => Phase::Active,
                        InstanceState::Leaving => Phase::Leaving,
                        InstanceState::Left => Phase::Up,
                    };
                    self.enter(entry.pod, at, phase);
                }
            }
            Happening::Member { name: member, state } => {
                let news = match state {
                    State::Alive | State::Left => {
                        self.members.remove(member);
                        return;
                    }
                    _ => self.members.insert(Arc::clone(member), *state) != Some(*state),
                };
                if news {
                    let how = if *state == State::Suspect { "suspects" } else { "declares dead:" };
                    self.mark(at, entry.pod, false, format!("{} {how} {member}", name()).into());
                }
            }
            Happening::Readiness { ready, .. } => {
                let how = if *ready { "is ready" } else { "is not ready" };
                self.mark(at, entry.pod, false, format!("{} {how}", name()).into());
            }
            Happening::Push { error, .. } => {
                let turn = self.pushes.turn(error.as_deref(), "pushes");
                self.turned(turn, entry);
            }
            Happening::Query { error, .. } => {
                let turn = self.queries.turn(error.as_deref(), "queries");
                self.turned(turn, entry);
            }
            Happening::Packet { .. } | Happening::PushPull { .. } => {}
        }
    }

    fn enter(&mut self, pod: Option<u32>, at: Instant, phase: Phase) {
        if let Some(lane) = pod.and_then(|pod| self.history.lanes.get_mut(pod as usize)) {
            lane.enter(at, phase);
        }
    }

    fn mark(&mut self, at: Instant, node: Option<u32>, is_fault: bool, text: Arc<str>) {
        self.history.milestones.push(Milestone { at, node, is_fault, text });
    }

    fn turned(&mut self, text: Option<String>, entry: &Entry) {
        if let Some(text) = text {
            self.mark(entry.at, entry.pod, false, text.into());
        }
    }

    /// A fault may have stopped or resumed processes; what they do then is what they did before.
    fn note_pauses(&mut self, at: Instant, simulation: &Simulation) {
        for (pod, lane) in simulation.pods.iter().zip(&mut self.history.lanes) {
            let was = std::mem::replace(&mut self.paused[pod.index as usize], pod.paused);
            match (was, pod.paused) {
                (false, true) => lane.enter(at, Phase::Paused),
                (true, false) if pod.is_up() => lane.resume(at),
                _ => {}
            }
        }
    }
}

impl Outcome {
    /// The words for a turn to the better or the worse.
    fn turn(&mut self, error: Option<&str>, what: &str) -> Option<String> {
        let now = if error.is_none() { Self::Ok } else { Self::Failed };
        let before = std::mem::replace(self, now);
        match (before, error) {
            (Self::Unknown | Self::Ok, Some(error)) => Some(format!("{what} fail: {error}")),
            (Self::Failed, None) => Some(format!("{what} succeed again")),
            _ => None,
        }
    }
}
