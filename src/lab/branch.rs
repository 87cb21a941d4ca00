use std::sync::Arc;

use crate::sim::{
    Advance, Command, CommandError, Scenario, Simulation, SimulationError, Span, TimedCommand, Timeline,
};
use crate::time::Instant;

use super::record::Record;

/// One course of events: a run that can be gone through back and forth, with what has been seen of it.
#[derive(Debug, Clone)]
pub struct Branch {
    /// Its name for people.
    pub name: Arc<str>,
    /// When it left another one, and which.
    pub left: Option<(Arc<str>, Instant)>,
    timeline: Timeline,
    record: Record,
    /// How much of its journal the scenario itself would keep.
    journal: usize,
}

/// Events between two looks at the journal, which keeps several times as many entries.
const SLICE: u64 = 2_000;
/// The journal keeps at least so much in a laboratory: every message of a slice and more.
const JOURNAL: usize = 20_000;

impl Branch {
    /// A scenario at its beginning.
    pub fn new(name: &str, mut scenario: Scenario) -> Result<Self, SimulationError> {
        let journal = scenario.options.journal;
        scenario.options.journal = journal.max(JOURNAL);
        let mut timeline = Timeline::new(scenario)?;
        timeline.present_mut().world.watch_packets = true;
        let mut branch = Self { name: name.into(), left: None, timeline, record: Record::default(), journal };
        branch.collect();
        Ok(branch)
    }

    /// The cluster as it is at the cursor.
    pub fn simulation(&self) -> &Simulation {
        self.timeline.present()
    }

    /// The same, for questions that change nothing but what the asked one knows of itself.
    pub fn simulation_mut(&mut self) -> &mut Simulation {
        self.timeline.present_mut()
    }

    /// The run itself.
    pub fn timeline_mut(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// What has been seen of the run.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// The same, to be looked through.
    pub fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }

    /// Where the cursor is.
    pub fn now(&self) -> Instant {
        self.timeline.now()
    }

    /// The run as a scenario.
    pub fn scenario(&self) -> Scenario {
        let mut scenario = self.timeline.export();
        scenario.options.journal = self.journal;
        scenario
    }

    /// The commands, done and planned, in the order in which they were given.
    pub fn steps(&self) -> &[TimedCommand] {
        self.timeline.steps()
    }

    /// How long the scenario runs.
    pub fn until(&self) -> Span {
        self.timeline.until()
    }

    /// Does something now, where nobody has been further.
    pub fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        self.timeline.apply(command)
    }

    /// Whether nobody has been further than the cursor.
    pub fn is_at_its_end(&self) -> bool {
        self.now() >= self.record.history.explored
    }

    /// Lets time pass up to `until`, a slice at a time, while it may; whether it got there.
    pub fn advance(&mut self, until: Instant, mut may_go_on: impl FnMut() -> bool) -> bool {
        loop {
            let to = until.min(self.record.series.next_at().max(self.now()));
            let reached = self.timeline.advance(to, SLICE) == Advance::Reached;
            self.collect();
            if reached && to >= until {
                return true;
            }
            if !may_go_on() {
                return false;
            }
        }
    }

    /// Lets exactly one event happen.
    pub fn step(&mut self) {
        self.timeline.step();
        self.collect();
    }

    /// Goes to the event before the present one.
    pub fn step_back(&mut self) {
        self.timeline.step_back();
        self.record.rewound(self.timeline.present());
    }

    /// Goes back to the nearest place that is kept at or before an instant; [`Self::advance`] goes on from there.
    pub fn rewind(&mut self, to: Instant) {
        self.timeline.rewind(to);
        self.record.rewound(self.timeline.present());
    }

    /// Takes in what happened.
    pub fn collect(&mut self) {
        self.record.collect(self.timeline.present());
        self.record.sample(self.timeline.present());
    }

    /// The same run up to the cursor, with a future of its own.
    pub fn fork(&self, name: &str) -> Self {
        let mut fork =
            Self { name: name.into(), left: Some((Arc::clone(&self.name), self.now())), ..self.clone() };
        fork.forget_the_future();
        fork
    }

    /// What was seen after the cursor will come differently.
    pub fn forget_the_future(&mut self) {
        // Everything of this instant happens before what is changed.
        while self.timeline.advance(self.now(), u64::MAX) == Advance::OutOfBudget {}
        self.record.collect(self.timeline.present());
        self.record.truncate(self.timeline.present());
    }

    /// The same run with other commands. The cursor stays, or goes back to where the first difference is.
    pub fn with_steps(&self, name: &str, steps: Vec<TimedCommand>) -> Result<Self, SimulationError> {
        let timeline = self.timeline.with_steps(steps)?;
        let left = Some((Arc::clone(&self.name), timeline.now()));
        let mut branch =
            Self { name: name.into(), left, timeline, record: self.record.clone(), journal: self.journal };
        branch.record.rewound(branch.timeline.present());
        branch.forget_the_future();
        Ok(branch)
    }
}
