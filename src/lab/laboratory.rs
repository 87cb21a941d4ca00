//! All that a reader has on the bench: branches of a run, one cursor, a clock, and what is under way.

use std::sync::Arc;
use std::time::Duration;

use crate::ring::{Ring, RingConfig};
use crate::sim::{
    Command, CommandError, Scenario, ScenarioError, Simulation, SimulationError, Span, TimedCommand,
};
use crate::time::{Instant, WallTime};

use super::branch::Branch;
use super::clock::Clock;
use super::observe;
use super::until::{Found, Progress, Search, Until};

/// A laboratory with one cluster in it.
#[derive(Debug)]
pub struct Laboratory {
    branches: Vec<Branch>,
    current: usize,
    compared: Option<usize>,
    /// How fast time passes.
    pub clock: Clock,
    job: Option<Job>,
    undo: Vec<Undo>,
    /// How many branches were ever made.
    named: u32,
    /// Counts changes of anything that can be seen.
    version: u64,
    /// Real time since something worth a look happened, while idle stretches are skipped.
    lingers: Duration,
}

/// What is under way, a frame at a time.
#[derive(Debug)]
enum Job {
    /// To an instant.
    Seek(Instant),
    /// Until something happens.
    Until(Box<Search>),
}

/// How to take back what was done last.
#[derive(Debug)]
enum Undo {
    /// Another branch was made.
    Made { made: Arc<str>, current: Arc<str>, at: Instant },
    /// A branch got other commands, and nothing of it was lost.
    Changed { branch: Arc<str>, steps: Vec<TimedCommand>, at: Instant },
}

/// What a frame brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// Whether anything is to be seen anew.
    pub changed: bool,
    /// What a search came to.
    pub found: Option<Result<Found, String>>,
}

/// Why something could not be done. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabError {
    /// The engine refuses the command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The engine refuses the run.
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    /// The settings make no scenario.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// More branches than these are not kept: the oldest one that nobody looks at goes.
const MOST_BRANCHES: usize = 6;
const MOST_UNDOS: usize = 50;
/// How long something that happened is looked at before idle time is skipped again.
const LINGER: Duration = Duration::from_millis(1_500);

impl Laboratory {
    /// A scenario at its beginning.
    pub fn new(scenario: Scenario) -> Result<Self, LabError> {
        let branch = Branch::new("run 1", scenario)?;
        Ok(Self {
            branches: vec![branch],
            current: 0,
            compared: None,
            clock: Clock::new(),
            job: None,
            undo: Vec::new(),
            named: 1,
            version: 0,
            lingers: Duration::ZERO,
        })
    }

    /// All branches, oldest first.
    pub fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The branch that is looked at.
    pub fn current(&self) -> &Branch {
        &self.branches[self.current]
    }

    /// The same, for questions.
    pub fn current_mut(&mut self) -> &mut Branch {
        &mut self.branches[self.current]
    }

    /// The place of the branch that is looked at.
    pub fn current_index(&self) -> usize {
        self.current
    }

    /// The branch that is looked at beside it, at the same instant.
    pub fn compared(&self) -> Option<&Branch> {
        self.branches.get(self.compared?)
    }

    /// Its place.
    pub fn compared_index(&self) -> Option<usize> {
        self.compared
    }

    /// The cluster at the cursor.
    pub fn simulation(&self) -> &Simulation {
        self.current().simulation()
    }

    /// A number that changes with everything that can be seen.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether something goes on that takes frames.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    /// What is searched for, if anything is.
    pub fn searches_for(&self) -> Option<&Until> {
        match &self.job {
            Some(Job::Until(search)) => Some(search.until()),
            _ => None,
        }
    }

    /// Lets a frame's share of time pass: `real` is how long the last frame took, and `may_go_on` is asked after each
    /// slice of work.
    pub fn frame(&mut self, real: Duration, mut may_go_on: impl FnMut() -> bool) -> Frame {
        let mut frame = Frame::default();
        let before = (self.now(), self.simulation().steps());
        match self.job.take() {
            Some(Job::Seek(to)) => {
                let is_there = self.branches[self.current].advance(to, &mut may_go_on);
                self.job = (!is_there).then_some(Job::Seek(to));
            }
            Some(Job::Until(mut search)) => {
                let branch = &mut self.branches[self.current];
                let progress = loop {
                    let progress = search.run(branch.timeline_mut(), 500);
                    branch.collect();
                    if !matches!(progress, Progress::Going) || !may_go_on() {
                        break progress;
                    }
                };
                match progress {
                    Progress::Found(found) => {
                        self.clock.playing = false;
                        frame.found = Some(Ok(found));
                    }
                    Progress::Nothing(_) => {
                        self.clock.playing = false;
                        frame.found = Some(Err(search.until().to_string()));
                    }
                    Progress::Going => self.job = Some(Job::Until(search)),
                }
            }
            None if self.clock.playing => self.play(real, &mut may_go_on),
            None => {}
        }
        let to = self.now();
        if let Some(compared) = self.compared {
            let other = &mut self.branches[compared];
            if other.now() > to {
                other.rewind(to);
            }
            if other.now() < to {
                other.advance(to, &mut may_go_on);
                frame.changed = true;
            }
        }
        if (self.now(), self.simulation().steps()) != before || frame.found.is_some() {
            frame.changed = true;
        }
        self.version += u64::from(frame.changed);
        frame
    }

    fn play(&mut self, real: Duration, may_go_on: &mut impl FnMut() -> bool) {
        let branch = &mut self.branches[self.current];
        let from = branch.now();
        let wanted = self.clock.wanted(real);
        let told = branch.simulation().world.journal.told();
        if self.clock.skips_idle && self.lingers == Duration::ZERO {
            // Nothing has happened for a while: as fast as possible, until something does.
            loop {
                branch.advance(branch.now() + Duration::from_millis(50), || false);
                if branch.simulation().world.journal.told() > told {
                    self.lingers = LINGER;
                    break;
                }
                if !may_go_on() {
                    break;
                }
            }
        } else {
            branch.advance(from + wanted, may_go_on);
            self.lingers = match branch.simulation().world.journal.told() > told {
                true => LINGER,
                false => self.lingers.saturating_sub(real),
            };
        }
        self.clock.note(real, branch.now().since(from));
    }

    /// Where the cursor is.
    pub fn now(&self) -> Instant {
        self.current().now()
    }

    /// Goes to an instant; frames bring it there.
    pub fn seek(&mut self, to: Instant) {
        let branch = &mut self.branches[self.current];
        if to < branch.now() || to > branch.now() + Duration::from_secs(30) {
            branch.rewind(to);
        }
        self.job = Some(Job::Seek(to));
        self.touch();
    }

    /// Goes on until something happens; frames bring it there.
    pub fn run_until(&mut self, until: Until) {
        let search = Search::new(until, self.simulation());
        self.job = Some(Job::Until(Box::new(search)));
        self.touch();
    }

    /// Gives up what is under way.
    pub fn stop(&mut self) {
        self.job = None;
        self.clock.playing = false;
        self.touch();
    }

    /// Lets exactly one event happen.
    pub fn step(&mut self) {
        self.pause();
        self.current_mut().step();
        self.touch();
    }

    /// Goes to the event before the present one.
    pub fn step_back(&mut self) {
        self.pause();
        self.current_mut().step_back();
        self.touch();
    }

    /// Time passes, or does not.
    pub fn toggle(&mut self) {
        self.job = None;
        self.clock.playing = !self.clock.playing;
        self.clock.reset();
        self.touch();
    }

    fn pause(&mut self) {
        self.job = None;
        self.clock.playing = false;
    }

    /// Does something to the cluster now. If others have been further than the cursor, that becomes another branch.
    pub fn act(&mut self, commands: Vec<Command>) -> Result<(), LabError> {
        let at = Span(Duration::from_nanos(self.now().nanos().saturating_add(1)));
        let new = commands.into_iter().map(|command| TimedCommand { at, command, note: String::new() });
        let steps = Vec::from_iter(self.current().steps().iter().cloned().chain(new));
        self.change(steps)?;
        // While time stands still, what is done has to show all the same.
        if !self.clock.playing && !matches!(self.job, Some(Job::Until(_))) {
            self.seek(Instant::START + at.0);
        }
        Ok(())
    }

    /// Gives the run other commands. What has been seen stays as another branch, if it would come differently.
    pub fn change(&mut self, steps: Vec<TimedCommand>) -> Result<(), LabError> {
        let at = self.now();
        let old = self.current();
        let differs = first_difference(old.steps(), &steps);
        let is_new_future = differs > at && old.is_at_its_end();
        let (name, left) = match is_new_future {
            true => (old.name.to_string(), old.left.clone()),
            false => (format!("run {}", self.named + 1), None),
        };
        let mut branch = old.with_steps(&name, steps)?;
        if is_new_future {
            branch.left = left;
            let old = std::mem::replace(&mut self.branches[self.current], branch);
            self.push_undo(Undo::Changed { branch: Arc::clone(&old.name), steps: old.steps().to_vec(), at });
        } else {
            self.add(branch);
        }
        if self.now() < at {
            self.seek(at);
        }
        self.touch();
        Ok(())
    }

    /// Starts over with another scenario or other settings; the old runs stay while there is room.
    pub fn restart(&mut self, scenario: Scenario) -> Result<(), LabError> {
        let branch = Branch::new(&format!("run {}", self.named + 1), scenario)?;
        self.add(branch);
        self.compared = None;
        self.touch();
        Ok(())
    }

    /// A branch of its own from here.
    pub fn fork(&mut self) {
        let fork = self.current().fork(&format!("run {}", self.named + 1));
        self.add(fork);
        self.touch();
    }

    fn add(&mut self, branch: Branch) {
        let (made, current) = (Arc::clone(&branch.name), Arc::clone(&self.current().name));
        let undo = Undo::Made { made, current, at: self.now() };
        self.push_undo(undo);
        self.named += 1;
        self.branches.push(branch);
        let last = self.branches.len() - 1;
        let looked_at = [self.current, last, self.compared.unwrap_or(last)];
        self.current = last;
        if self.branches.len() > MOST_BRANCHES
            && let Some(oldest) = (0..last).find(|place| !looked_at.contains(place))
        {
            self.drop_branch(oldest);
        }
        self.job = None;
    }

    fn drop_branch(&mut self, place: usize) {
        self.branches.remove(place);
        let shift = |index: usize| if index > place { index - 1 } else { index };
        self.current = shift(self.current).min(self.branches.len() - 1);
        self.compared = self.compared.filter(|compared| *compared != place).map(shift);
    }

    fn push_undo(&mut self, undo: Undo) {
        self.undo.push(undo);
        if self.undo.len() > MOST_UNDOS {
            self.undo.remove(0);
        }
    }

    /// Whether anything can be taken back.
    pub fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    /// Takes back what was done last.
    pub fn undo(&mut self) {
        let place = |name: &Arc<str>, lab: &Self| lab.branches.iter().position(|branch| branch.name == *name);
        match self.undo.pop() {
            None => return,
            Some(Undo::Made { made, current, at }) => {
                if let (Some(made), Some(_)) = (place(&made, self), place(&current, self)) {
                    self.drop_branch(made);
                    self.current = place(&current, self).unwrap_or(0);
                    self.seek(at);
                }
            }
            Some(Undo::Changed { branch, steps, at }) => {
                if let Some(place) = place(&branch, self)
                    && let Ok(mut before) = self.branches[place].with_steps(&branch, steps)
                {
                    before.left = self.branches[place].left.clone();
                    self.branches[place] = before;
                    self.current = place;
                    self.seek(at);
                }
            }
        }
        self.pause_playing();
        self.touch();
    }

    fn pause_playing(&mut self) {
        self.clock.playing = false;
    }

    /// Looks at another branch, at the same instant.
    pub fn select(&mut self, place: usize) {
        if place < self.branches.len() && place != self.current {
            let at = self.now();
            if self.compared == Some(place) {
                self.compared = Some(self.current);
            }
            self.current = place;
            self.seek(at);
        }
    }

    /// Looks at a branch beside the current one, or at none.
    pub fn compare(&mut self, place: Option<usize>) {
        self.compared = place.filter(|place| *place < self.branches.len() && *place != self.current);
        self.touch();
    }

    /// Gives up a branch that is not looked at.
    pub fn discard(&mut self, place: usize) {
        if place < self.branches.len() && place != self.current {
            self.drop_branch(place);
            self.touch();
        }
    }

    fn touch(&mut self) {
        self.version += 1;
    }
}

/// Brings a ring for look-ups up to what an observer sees, and gives the clock that it judges by. Only another
/// membership makes it anew.
pub fn look_at_ring(simulation: &Simulation, observer: Option<u32>, ring: &mut Option<Ring>) -> WallTime {
    let options = &simulation.world.options;
    let config = RingConfig {
        replication_factor: options.replication_factor,
        zone_awareness_enabled: options.zone_awareness_enabled,
        heartbeat_timeout: options.lifecycler.heartbeat_timeout.0,
        ..RingConfig::default()
    };
    match (observe::ring_of(simulation, observer), ring) {
        (None, ring) => *ring = None,
        (Some(desc), Some(ring)) if *ring.config() == config => {
            ring.update(&desc);
        }
        (Some(desc), ring) => *ring = Some(Ring::new(&desc, config)),
    }
    observe::clock_of(simulation, observer)
}

/// The time of the first command that only one of two lists has, or that comes in another order.
fn first_difference(old: &[TimedCommand], new: &[TimedCommand]) -> Instant {
    let sorted = |steps: &[TimedCommand]| {
        let mut steps = steps.to_vec();
        steps.sort_by_key(|timed| timed.at);
        steps
    };
    let (old, new) = (sorted(old), sorted(new));
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let next = [old.get(same), new.get(same)].into_iter().flatten().map(|timed| timed.at).min();
    next.map_or(Instant::NEVER, |at| Instant::START + at.0)
}
