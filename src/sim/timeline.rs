//! A run that can be looked at anywhere: checkpoints on the way, and what lies between them run again.

use std::time::Duration;

use crate::time::Instant;

use super::{Advance, Command, CommandError, Scenario, Simulation, SimulationError, Span, TimedCommand};

/// A simulation with its past.
#[derive(Debug, Clone)]
pub struct Timeline {
    scenario: Scenario,
    present: Simulation,
    /// Copies of the past, oldest first; the first is the beginning.
    checkpoints: Vec<Simulation>,
    /// The time between two checkpoints; grows when there are too many.
    spacing: Duration,
}

const MOST_CHECKPOINTS: usize = 64;
const FIRST_SPACING: Duration = Duration::from_secs(30);

impl Timeline {
    /// A scenario at its beginning.
    pub fn new(scenario: Scenario) -> Result<Self, SimulationError> {
        let present = Simulation::of(&scenario)?;
        Ok(Self { checkpoints: vec![present.clone()], present, scenario, spacing: FIRST_SPACING })
    }

    /// The cluster as it is now.
    pub fn present(&self) -> &Simulation {
        &self.present
    }

    /// The cluster as it is now, for questions that change nothing but what the asked one knows of itself.
    pub fn present_mut(&mut self) -> &mut Simulation {
        &mut self.present
    }

    /// The present instant.
    pub fn now(&self) -> Instant {
        self.present.now()
    }

    /// Lets time pass up to `until`, but no more than `budget` events; keeps checkpoints on the way.
    pub fn advance(&mut self, until: Instant, budget: u64) -> Advance {
        let mut left = budget;
        loop {
            let due = self.next_checkpoint();
            let before = self.present.steps();
            let result = self.present.advance(until.min(due), left);
            left -= (self.present.steps() - before).min(left);
            if result == Advance::OutOfBudget {
                return result;
            }
            if until < due {
                return Advance::Reached;
            }
            self.keep();
        }
    }

    /// Lets exactly one event happen.
    pub fn step(&mut self) {
        if self.present.next_at().is_some_and(|at| at > self.next_checkpoint()) {
            self.keep();
        }
        self.present.step();
    }

    /// Goes to the event before the present one.
    pub fn step_back(&mut self) {
        let wanted = self.present.steps().saturating_sub(1);
        self.restore(|past| past.steps() <= wanted);
        while self.present.steps() < wanted && self.present.step().is_some() {}
    }

    /// Goes to an instant, in the past or ahead.
    pub fn seek(&mut self, to: Instant) {
        let now = self.present.now();
        let kept_on_the_way = self.checkpoints.iter().any(|past| past.now() > now && past.now() <= to);
        if to < now || kept_on_the_way {
            self.restore(|past| past.now() <= to);
        }
        while self.advance(to, u64::MAX) == Advance::OutOfBudget {}
    }

    /// Takes a command a nanosecond from now. What was planned or done after now is not the future any more.
    pub fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        let at = Span(Duration::from_nanos(self.present.now().nanos().saturating_add(1)));
        self.plan(TimedCommand { at, command, note: String::new() })
    }

    /// Plans a command that lies ahead.
    pub fn plan(&mut self, timed: TimedCommand) -> Result<(), CommandError> {
        self.present.plan_command(timed.clone())?;
        let now = self.present.now();
        self.checkpoints.retain(|past| past.now() <= now);
        self.scenario.steps.push(timed);
        Ok(())
    }

    /// Another future from here.
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// The run so far as a scenario: run again it is the same.
    pub fn export(&self) -> Scenario {
        self.scenario.clone()
    }

    fn next_checkpoint(&self) -> Instant {
        self.checkpoints.last().map_or(Instant::START, |past| past.now() + self.spacing)
    }

    fn keep(&mut self) {
        self.checkpoints.push(self.present.clone());
        if self.checkpoints.len() > MOST_CHECKPOINTS {
            self.spacing *= 2;
            let mut index = 0;
            self.checkpoints.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// Goes back to the newest checkpoint of which `fits` holds, and plans what has been asked for since.
    fn restore(&mut self, fits: impl Fn(&Simulation) -> bool) {
        let Some(past) = self.checkpoints.iter().rev().find(|past| fits(past)) else { return };
        self.present = past.clone();
        for timed in &self.scenario.steps[past.commands().len()..] {
            // It was taken once, so it is taken again.
            let _ = self.present.plan_command(timed.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline() -> Timeline {
        Timeline::new(Scenario::parse(r#"{"name": "t", "until": "5m"}"#).unwrap()).unwrap()
    }

    fn at(secs: u64) -> Instant {
        Instant::START + Duration::from_secs(secs)
    }

    fn print_at(timeline: &mut Timeline, secs: u64) -> u64 {
        timeline.seek(at(secs));
        timeline.present().fingerprint()
    }

    #[test]
    fn going_back_and_forth_ends_where_going_straight_ends() {
        let straight = print_at(&mut timeline(), 60);
        let mut wandering = timeline();
        for secs in [45, 7, 59, 0, 33] {
            wandering.seek(at(secs));
        }
        assert_eq!(print_at(&mut wandering, 60), straight);
    }

    #[test]
    fn one_event_back_and_one_ahead_is_no_change() {
        let mut timeline = timeline();
        timeline.seek(at(25));
        timeline.step();
        let (steps, print) = (timeline.present().steps(), timeline.present().fingerprint());
        timeline.step_back();
        assert_eq!(timeline.present().steps(), steps - 1);
        timeline.step();
        assert_eq!(timeline.present().fingerprint(), print);
    }

    #[test]
    fn a_command_given_on_the_way_is_the_same_as_one_known_from_the_beginning() {
        let mut live = timeline();
        live.seek(at(20));
        live.apply(Command::Kill { pod: "loki-1".into(), dark: false }).unwrap();
        let print = print_at(&mut live, 50);
        let mut again = Timeline::new(live.export()).unwrap();
        assert_eq!(print_at(&mut again, 50), print);
        live.seek(at(10));
        assert_eq!(print_at(&mut live, 50), print);
    }

    #[test]
    fn a_fork_has_its_own_future() {
        let mut one = timeline();
        one.seek(at(20));
        let mut other = one.fork();
        other.apply(Command::Kill { pod: "loki-1".into(), dark: false }).unwrap();
        assert_ne!(print_at(&mut other, 25), print_at(&mut one, 25));
        assert!(one.present().pods[1].is_up() && !other.present().pods[1].is_up());
    }

    #[test]
    fn a_command_in_the_past_is_refused() {
        let mut timeline = timeline();
        timeline.seek(at(20));
        let late = TimedCommand { at: Span::secs(5), command: Command::Heal {}, note: String::new() };
        assert!(matches!(timeline.plan(late), Err(CommandError::Past { .. })));
    }

    #[test]
    fn checkpoints_thin_out_instead_of_growing_without_end() {
        let mut timeline = timeline();
        timeline.spacing = Duration::from_millis(100);
        timeline.seek(at(40));
        assert!(timeline.checkpoints.len() <= MOST_CHECKPOINTS);
        assert!(timeline.spacing > Duration::from_millis(100));
    }
}
