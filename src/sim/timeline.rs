//! A run that can be looked at anywhere: checkpoints on the way, and what lies between them run again.
//!
//! Checkpoints are shared between forks, and are as many as fit into some memory.

use std::sync::Arc;
use std::time::Duration;

use crate::time::Instant;

use super::command::in_order;
use super::{Advance, Command, CommandError, Scenario, Simulation, SimulationError, Span, TimedCommand};

/// A simulation with its past.
#[derive(Debug, Clone)]
pub struct Timeline {
    /// Its steps are the commands, whatever a checkpoint knew of them.
    scenario: Scenario,
    present: Simulation,
    /// Copies of the past, oldest first; the first is the beginning.
    checkpoints: Vec<Arc<Simulation>>,
    /// The time between two checkpoints; grows when there are too many.
    spacing: Duration,
}

const FIRST_SPACING: Duration = Duration::from_secs(30);

/// How many checkpoints of so many pods are kept: as many as take up to 256 MB, two at least, 64 at most.
///
/// What a copy owns is mostly what every pod knows of every other one.
fn most_checkpoints(pods: usize) -> usize {
    const MEMORY: usize = 256 << 20;
    const POD: usize = 18 << 10;
    const PAIR: usize = 64;

    (MEMORY / (pods * POD + pods * pods * PAIR).max(1)).clamp(2, 64)
}

impl Timeline {
    /// A scenario at its beginning.
    pub fn new(scenario: Scenario) -> Result<Self, SimulationError> {
        let present = Simulation::of(&scenario)?;
        Ok(Self { checkpoints: vec![Arc::new(present.clone())], present, scenario, spacing: FIRST_SPACING })
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

    /// The commands, done and planned, in the order in which they were given.
    pub fn steps(&self) -> &[TimedCommand] {
        &self.scenario.steps
    }

    /// How long the scenario runs.
    pub fn until(&self) -> Span {
        self.scenario.until
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
        self.rewind(to);
        while self.advance(to, u64::MAX) == Advance::OutOfBudget {}
    }

    /// Goes to the nearest instant up to `to` that takes no running: [`Self::advance`] does the rest.
    pub fn rewind(&mut self, to: Instant) {
        let now = self.present.now();
        let kept_on_the_way = self.checkpoints.iter().any(|past| past.now() > now && past.now() <= to);
        if to < now || kept_on_the_way {
            self.restore(|past| past.now() <= to);
        }
    }

    /// Takes a command a nanosecond from now. Commands that were planned for later stay planned.
    pub fn apply(&mut self, command: Command) -> Result<(), CommandError> {
        self.present.check_now(&command)?;
        let at = Span(Duration::from_nanos(self.present.now().nanos().saturating_add(1)));
        self.plan(TimedCommand { at, command, note: String::new() })
    }

    /// Plans a command that lies ahead. What was run beyond it is forgotten.
    pub fn plan(&mut self, timed: TimedCommand) -> Result<(), CommandError> {
        self.present.plan_command(timed.clone())?;
        let at = Instant::START + timed.at.0;
        self.checkpoints.retain(|past| past.steps() == 0 || past.now() < at);
        self.scenario.steps.push(timed);
        Ok(())
    }

    /// The same run with other commands: as it is now if all that differs lies ahead, else at the last checkpoint
    /// before it. What is common to both need not be run again.
    pub fn with_steps(&self, steps: Vec<TimedCommand>) -> Result<Self, SimulationError> {
        let scenario = Scenario { steps, ..self.scenario.clone() };
        // A command is refused here if it were in a scenario's file.
        Simulation::of(&scenario)?;
        let differs_at = first_difference(&self.scenario.steps, &scenario.steps);
        let stays = |past: &Simulation| past.steps() == 0 || differs_at.is_none_or(|at| past.now() < at);
        let checkpoints = Vec::from_iter(self.checkpoints.iter().filter(|past| stays(past)).map(Arc::clone));
        let newest = checkpoints.last().map_or(&self.present, |past| &**past);
        let mut present = if stays(&self.present) { &self.present } else { newest }.clone();
        present.replace_commands(&scenario.steps);
        present.world.watch_packets = self.present.world.watch_packets;
        Ok(Self { scenario, present, checkpoints, spacing: self.spacing })
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
        self.checkpoints.push(Arc::new(self.present.clone()));
        while self.checkpoints.len() > most_checkpoints(self.present.pods.len()) {
            self.spacing *= 2;
            let mut index = 0;
            self.checkpoints.retain(|_| {
                index += 1;
                index % 2 == 1
            });
        }
    }

    /// Goes back to the newest checkpoint of which `fits` holds, with the commands as they are by now.
    fn restore(&mut self, fits: impl Fn(&Simulation) -> bool) {
        let Some(past) = self.checkpoints.iter().rev().find(|past| fits(past)) else { return };
        let watch_packets = self.present.world.watch_packets;
        self.present = Simulation::clone(past);
        self.present.replace_commands(&self.scenario.steps);
        self.present.world.watch_packets = watch_packets;
    }
}

/// When two lists of commands first differ in what is done; `None` if never.
fn first_difference(old: &[TimedCommand], new: &[TimedCommand]) -> Option<Instant> {
    let (mut old_order, mut new_order) = (in_order(old).into_iter(), in_order(new).into_iter());
    loop {
        let pair = (old_order.next().map(|place| &old[place]), new_order.next().map(|place| &new[place]));
        let at = match pair {
            (Some(one), Some(other)) if (one.at, &one.command) == (other.at, &other.command) => continue,
            (Some(one), Some(other)) => one.at.min(other.at),
            (Some(only), None) | (None, Some(only)) => only.at,
            (None, None) => return None,
        };
        return Some(Instant::START + at.0);
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
        assert!(timeline.checkpoints.len() <= most_checkpoints(3));
        assert!(timeline.spacing > Duration::from_millis(100));
    }

    #[test]
    fn the_more_pods_the_fewer_checkpoints() {
        let most = [1, 100, 300, 1000, 10_000].map(most_checkpoints);
        assert_eq!((most[0], most[4]), (64, 2));
        assert!(most.is_sorted_by(|a, b| a >= b), "{most:?}");
    }

    fn kill(secs: u64, pod: &str) -> TimedCommand {
        let command = Command::Kill { pod: pod.into(), dark: false };
        TimedCommand { at: Span::secs(secs), command, note: String::new() }
    }

    #[test]
    fn other_commands_make_the_run_that_had_them_from_the_beginning() {
        let steps = vec![kill(20, "loki-1"), kill(70, "loki-2")];
        let mut old = timeline().with_steps(steps.clone()).unwrap();
        old.seek(at(100));
        let edits = [
            vec![],
            vec![steps[1].clone(), steps[0].clone()],
            vec![steps[0].clone(), kill(80, "loki-2")],
            vec![steps[0].clone(), kill(65, "loki-0"), steps[1].clone()],
            vec![kill(0, "loki-0"), steps[1].clone()],
            vec![steps[0].clone(), steps[1].clone(), kill(100, "loki-0"), kill(101, "loki-0")],
        ];
        for (number, steps) in edits.into_iter().enumerate() {
            let mut edited = old.with_steps(steps.clone()).unwrap();
            let mut fresh = timeline().with_steps(steps.clone()).unwrap();
            assert_eq!(print_at(&mut edited, 110), print_at(&mut fresh, 110), "{number}");
            edited.seek(at(50));
            assert_eq!(print_at(&mut edited, 110), fresh.present().fingerprint(), "{number}");
            assert_eq!(edited.export().steps, steps);
        }
    }

    #[test]
    fn what_two_lists_of_commands_have_in_common_is_not_run_again() {
        let mut old = timeline().with_steps(vec![kill(95, "loki-1")]).unwrap();
        old.seek(at(100));
        let ahead = old.with_steps(vec![kill(95, "loki-1"), kill(200, "loki-2")]).unwrap();
        assert_eq!(ahead.now(), at(100));
        let behind = old.with_steps(vec![kill(96, "loki-1")]).unwrap();
        assert_eq!(behind.now(), at(90));
        let wrong = old.with_steps(vec![kill(95, "loki-1"), kill(96, "loki-9")]);
        assert!(matches!(wrong, Err(SimulationError::Command { index: 1, .. })));
    }

    #[test]
    fn rewinding_takes_no_running_and_the_rest_can_be_run_in_slices() {
        let mut timeline = timeline();
        let print = print_at(&mut timeline, 80);
        timeline.seek(at(95));
        timeline.present_mut().world.watch_packets = true;
        timeline.rewind(at(80));
        assert_eq!(timeline.now(), at(60));
        assert!(timeline.present().world.watch_packets, "who watches goes on watching");
        let mut slices = 0;
        while timeline.advance(at(80), 100) == Advance::OutOfBudget {
            slices += 1;
        }
        assert!(slices > 1);
        assert_eq!(timeline.present().fingerprint(), print);
        timeline.rewind(at(95));
        assert_eq!(timeline.now(), at(90), "the checkpoint ahead is nearer");
    }

    #[test]
    fn a_pod_that_came_by_scaling_is_known_wherever_one_goes() {
        let mut timeline = timeline();
        timeline.seek(at(20));
        timeline.apply(Command::Scale { group: "loki".into(), count: 4 }).unwrap();
        timeline.seek(at(40));
        timeline.apply(Command::Kill { pod: "loki-3".into(), dark: false }).unwrap();
        let print = print_at(&mut timeline, 60);
        timeline.seek(at(10));
        assert_eq!(print_at(&mut timeline, 60), print);
        assert_eq!(timeline.present().pods[3].epoch, 2, "killed, and started again");
        let mut again = Timeline::new(timeline.export()).unwrap();
        assert_eq!(print_at(&mut again, 60), print);
    }

    #[test]
    fn a_message_under_way_can_be_lost_or_late_and_only_then() {
        let mut scenario = Scenario::parse(r#"{"name": "t", "until": "5m"}"#).unwrap();
        scenario.options.network.latency_min = Span::millis(200);
        scenario.options.network.latency_max = Span::millis(200);
        let mut timeline = Timeline::new(scenario).unwrap();
        timeline.seek(at(20));
        let under_way = timeline.present().world.traffic.messages() - 1;
        let mut other = timeline.fork();
        timeline.apply(Command::Drop { message: under_way }).unwrap();
        timeline.seek(at(21));
        let again = timeline.apply(Command::Drop { message: under_way });
        assert_eq!(again, Err(CommandError::NoSuchMessage { message: under_way }));
        other.apply(Command::Delay { message: under_way, by: Span::secs(1) }).unwrap();
        other.seek(Instant::START + Duration::from_millis(21_100));
        other.apply(Command::Drop { message: under_way }).unwrap();
        let (print, other_print) = (print_at(&mut timeline, 40), print_at(&mut other, 40));
        assert_ne!(print, other_print);
        for (live, print) in [(&mut timeline, print), (&mut other, other_print)] {
            live.seek(at(5));
            assert_eq!(print_at(live, 40), print);
            assert_eq!(print_at(&mut Timeline::new(live.export()).unwrap(), 40), print);
        }
    }
}
