//! All lines that a run's processes have written, as far as the run has been seen.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::{Level, LogLine};
use crate::sim::{Happening, Simulation};
use crate::time::{Instant, WallTime};

/// The newest lines of a run, oldest first. Going back in time takes none away: what was seen stays until
/// [`Self::truncate`] says that it will not come to pass.
#[derive(Debug, Clone, Default)]
pub struct LogStore {
    lines: VecDeque<Line>,
    /// The number of the oldest line that is kept.
    first: u64,
    /// How many of the journal's entries have been looked at.
    seen: u64,
    missed: bool,
    filter: Filter,
    /// The numbers of the lines that pass the filter.
    passed: VecDeque<u64>,
    /// The number of the next line to be put to the filter.
    next: u64,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    /// When it was written.
    pub at: Instant,
    /// By which pod.
    pub pod: u32,
    /// What it says.
    pub line: Arc<LogLine>,
    /// The writer's own clock.
    pub clock: WallTime,
    /// The journal's number of it.
    entry: u64,
}

/// Which lines are to be seen. By default all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// At least this loud.
    pub level: Option<Level>,
    /// Of this pod alone.
    pub pod: Option<u32>,
    /// Words that all stand in the line, in whichever case.
    pub text: String,
}

/// The lines that pass a filter, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    store: &'a LogStore,
}

/// The most lines that are kept.
pub const MOST_LINES: usize = 50_000;

impl LogStore {
    /// Takes what the processes have written since the last call. Call it at least as often as the journal
    /// forgets; [`Self::has_gaps`] tells when it was too late.
    pub fn collect(&mut self, simulation: &Simulation) {
        let journal = &simulation.world.journal;
        let written = journal.written();
        if written <= self.seen {
            return;
        }
        let fresh = Vec::from_iter(journal.since(self.seen));
        let mut number = written - fresh.len() as u64;
        self.missed |= number > self.seen;
        for entry in fresh {
            if let (Happening::Log { line, clock }, Some(pod)) = (&entry.what, entry.pod) {
                self.lines.push_back(Line {
                    at: entry.at,
                    pod,
                    line: Arc::clone(line),
                    clock: *clock,
                    entry: number,
                });
            }
            number += 1;
        }
        self.seen = written;
        while self.lines.len() > MOST_LINES {
            self.lines.pop_front();
            self.first += 1;
        }
    }

    /// What was written after an instant will not come to pass: the run goes on differently from there.
    pub fn truncate(&mut self, after: Instant) {
        let kept = self.lines.partition_point(|line| line.at <= after);
        if kept == self.lines.len() {
            // What comes after the last line may have been looked at, but was no line.
            self.seen = self.lines.back().map_or(0, |line| line.entry + 1).min(self.seen);
            return;
        }
        self.seen = kept.checked_sub(1).map_or(0, |last| self.lines[last].entry + 1);
        self.lines.truncate(kept);
        self.next = self.next.min(self.end());
        while self.passed.back().is_some_and(|number| *number >= self.next) {
            self.passed.pop_back();
        }
    }

    /// Forgets everything: another run begins.
    pub fn clear(&mut self) {
        *self = Self { filter: std::mem::take(&mut self.filter), ..Self::default() };
    }

    /// How many lines are kept.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many lines were dropped because there were too many.
    pub fn dropped(&self) -> u64 {
        self.first
    }

    /// Whether lines are missing that the journal had forgotten before they were collected.
    pub fn has_gaps(&self) -> bool {
        self.missed
    }

    /// The lines that pass `filter`. As long as the filter stays the same only new lines are put to it.
    pub fn view(&mut self, filter: &Filter) -> View<'_> {
        if self.filter != *filter {
            self.filter = filter.clone();
            self.passed.clear();
            self.next = self.first;
        }
        while self.passed.front().is_some_and(|number| *number < self.first) {
            self.passed.pop_front();
        }
        let words = Vec::from_iter(filter.text.split_whitespace().map(str::to_ascii_lowercase));
        let mut text = String::new();
        for number in self.next.max(self.first)..self.end() {
            let line = &self.lines[(number - self.first) as usize];
            if filter.passes(line, &words, &mut text) {
                self.passed.push_back(number);
            }
        }
        self.next = self.end();
        View { store: self }
    }

    /// The number of the next line.
    fn end(&self) -> u64 {
        self.first + self.lines.len() as u64
    }
}

impl View<'_> {
    /// How many lines.
    pub fn len(&self) -> usize {
        self.store.passed.len()
    }

    /// Whether none passes.
    pub fn is_empty(&self) -> bool {
        self.store.passed.is_empty()
    }

    /// The line in this row.
    pub fn line(&self, row: usize) -> Option<&Line> {
        let number = self.store.passed.get(row)?;
        self.store.lines.get(number.checked_sub(self.store.first)? as usize)
    }

    /// A number of the line in this row that stays its own while lines come and go.
    pub fn number(&self, row: usize) -> Option<u64> {
        self.store.passed.get(row).copied()
    }

    /// How many of the lines were written up to an instant: the row before which a cursor stands.
    pub fn index_at(&self, at: Instant) -> usize {
        let lines = &self.store.lines;
        let first = self.store.first;
        self.store.passed.partition_point(|number| lines[(number - first) as usize].at <= at)
    }
}

impl Line {
    /// How loud it is.
    pub fn level(&self) -> Level {
        self.line.level
    }

    /// The line as Loki prints it.
    pub fn text(&self) -> String {
        self.line.logfmt(self.clock)
    }
}

impl Filter {
    fn passes(&self, line: &Line, words: &[String], text: &mut String) -> bool {
        if self.level.is_some_and(|level| line.level() < level) || self.pod.is_some_and(|pod| line.pod != pod)
        {
            return false;
        }
        if words.is_empty() {
            return true;
        }
        write_plain(&line.line, text);
        words.iter().all(|word| text.contains(&**word))
    }
}

/// The line without its time and its quotes, in lower case.
fn write_plain(line: &LogLine, text: &mut String) {
    text.clear();
    for part in ["level=", line.level.name(), " caller=", line.caller] {
        text.push_str(part);
    }
    let message = ("msg", line.message.clone());
    for (key, value) in line.context.iter().chain([&message]).chain(&line.fields) {
        for part in [" ", key, "=", value] {
            text.push_str(part);
        }
    }
    text.make_ascii_lowercase();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::{Command, Scenario, Timeline};

    fn at(secs: u64) -> Instant {
        Instant::START + Duration::from_secs(secs)
    }

    fn timeline() -> Timeline {
        Timeline::new(Scenario::parse(r#"{"name": "t", "until": "5m"}"#).unwrap()).unwrap()
    }

    /// Runs second by second, as a page does.
    fn play(timeline: &mut Timeline, store: &mut LogStore, until: u64) {
        let from = timeline.now().nanos() / 1_000_000_000;
        for secs in from..=until {
            timeline.seek(at(secs));
            store.collect(timeline.present());
        }
    }

    fn texts(store: &mut LogStore, filter: &Filter) -> Vec<String> {
        let view = store.view(filter);
        Vec::from_iter((0..view.len()).map(|row| view.line(row).unwrap().text()))
    }

    #[test]
    fn every_line_is_kept_once_however_often_time_goes_back() {
        let (mut straight, mut wandering) = (LogStore::default(), LogStore::default());
        play(&mut timeline(), &mut straight, 40);
        let mut run = timeline();
        for until in [25, 10, 40] {
            run.seek(at(until.min(10)));
            play(&mut run, &mut wandering, until);
        }
        let all = texts(&mut straight, &Filter::default());
        assert!(all.len() > 30, "{}", all.len());
        assert_eq!(texts(&mut wandering, &Filter::default()), all);
        assert!(!straight.has_gaps());
    }

    #[test]
    fn a_run_that_goes_on_differently_keeps_what_came_before_and_takes_what_comes_now() {
        let mut store = LogStore::default();
        let mut run = timeline();
        play(&mut run, &mut store, 60);
        let before = Vec::from_iter(store.lines.iter().filter(|line| line.at <= at(20)).map(Line::text));
        store.view(&Filter::default());
        run.seek(at(20));
        store.truncate(at(20));
        assert_eq!(texts(&mut store, &Filter::default()), before);
        run.apply(Command::Terminate { pod: "loki-1".into() }).unwrap();
        play(&mut run, &mut store, 60);
        let mut known_from_the_beginning = LogStore::default();
        play(&mut Timeline::new(run.export()).unwrap(), &mut known_from_the_beginning, 60);
        assert_eq!(
            texts(&mut store, &Filter::default()),
            texts(&mut known_from_the_beginning, &Filter::default())
        );
        let filter = Filter { text: "received SIGINT/SIGTERM".into(), ..Filter::default() };
        assert_eq!(store.view(&filter).len(), 1);
    }

    #[test]
    fn a_filter_asks_for_loudness_a_pod_and_words_in_any_order_and_case() {
        let mut store = LogStore::default();
        let mut run = timeline();
        run.seek(at(30));
        run.apply(Command::Kill { pod: "loki-1".into(), dark: true }).unwrap();
        play(&mut run, &mut store, 100);
        let warnings = Filter { level: Some(Level::Warn), ..Filter::default() };
        let loud = texts(&mut store, &warnings);
        assert!(!loud.is_empty() && loud.iter().all(|line| !line.contains("level=info")), "{loud:?}");
        let mine = Filter { pod: Some(2), ..Filter::default() };
        let view = store.view(&mine);
        assert!(!view.is_empty() && (0..view.len()).all(|row| view.line(row).unwrap().pod == 2));
        let words = Filter { text: "FAILED  suspect loki-1".into(), ..Filter::default() };
        let found = texts(&mut store, &words);
        assert!(!found.is_empty() && found.iter().all(|line| line.contains("Suspect loki-1")), "{found:?}");
        let none = Filter { text: "suspect nobody".into(), ..Filter::default() };
        assert!(store.view(&none).is_empty());
    }

    #[test]
    fn a_view_that_grew_with_the_log_is_the_one_that_is_made_anew() {
        let filter = Filter { text: "memberlist".into(), ..Filter::default() };
        let (mut growing, mut whole) = (LogStore::default(), LogStore::default());
        let mut run = timeline();
        for until in [5, 20, 60] {
            play(&mut run, &mut growing, until);
            growing.view(&filter);
        }
        play(&mut timeline(), &mut whole, 60);
        assert_eq!(texts(&mut growing, &filter), texts(&mut whole, &filter));
    }

    #[test]
    fn a_cursor_stands_behind_all_lines_of_its_instant() {
        let mut store = LogStore::default();
        play(&mut timeline(), &mut store, 30);
        let instants = Vec::from_iter(store.lines.iter().map(|line| line.at));
        let view = store.view(&Filter::default());
        assert_eq!(view.index_at(Instant::NEVER), instants.len());
        let middle = instants[instants.len() / 2];
        let row = view.index_at(middle);
        assert!(
            view.line(row - 1).unwrap().at == middle && view.line(row).is_none_or(|line| line.at > middle)
        );
    }

    #[test]
    fn the_oldest_lines_go_when_there_are_too_many() {
        let mut store = LogStore::default();
        play(&mut timeline(), &mut store, 10);
        let line = store.lines[0].clone();
        store.view(&Filter::default());
        store.lines.extend(std::iter::repeat_n(line, MOST_LINES));
        play(&mut timeline(), &mut store, 5);
        let mut run = timeline();
        run.seek(at(20));
        store.collect(run.present());
        assert_eq!(store.len(), MOST_LINES);
        assert!(store.dropped() > 0);
        assert_eq!(store.view(&Filter::default()).len(), MOST_LINES);
    }
}
