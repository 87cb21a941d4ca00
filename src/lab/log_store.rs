//! All lines that a run's processes have written, as far as the run has been seen.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::{Level, LogLine};
use crate::time::{Instant, WallTime};

/// The newest lines of a run, oldest first. Going back in time takes none away: what was seen stays until
/// [`Self::truncate`] says that it will not come to pass.
#[derive(Debug, Clone, Default)]
pub struct LogStore {
    lines: VecDeque<Line>,
    /// The number of the oldest line that is kept.
    first: u64,
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
pub const MOST_LINES: usize = 100_000;
/// The most lines that are looked through for the last ones of a pod.
const MOST_LOOKED_AT: usize = 20_000;

impl LogStore {
    /// A process wrote a line; lines come in the order of their times.
    pub fn push(&mut self, line: Line) {
        self.lines.push_back(line);
        if self.lines.len() > MOST_LINES {
            self.lines.pop_front();
            self.first += 1;
        }
    }

    /// What was written after an instant will not come to pass: the run goes on differently from there.
    pub fn truncate(&mut self, after: Instant) {
        self.lines.truncate(self.lines.partition_point(|line| line.at <= after));
        self.next = self.next.min(self.end());
        while self.passed.back().is_some_and(|number| *number >= self.next) {
            self.passed.pop_back();
        }
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

    /// The last lines, up to `most`, that a pod wrote up to an instant; oldest first.
    pub fn last_of(&self, pod: u32, at: Instant, most: usize) -> Vec<&Line> {
        let end = self.lines.partition_point(|line| line.at <= at);
        let before = self.lines.range(..end).rev().take(MOST_LOOKED_AT);
        let mut found = Vec::from_iter(before.filter(|line| line.pod == pod).take(most));
        found.reverse();
        found
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

    /// The row of the line with this number.
    pub fn row_of(&self, number: u64) -> Option<usize> {
        self.store.passed.binary_search(&number).ok()
    }

    /// How many of the lines were written up to an instant: the row before which a cursor stands.
    pub fn index_at(&self, at: Instant) -> usize {
        let lines = &self.store.lines;
        let first = self.store.first;
        self.store.passed.partition_point(|number| lines[(number - first) as usize].at <= at)
    }
}

impl Line {
    /// What it says, without the writer's clock and place in the source: the instant stands beside it.
    pub fn message(&self) -> String {
        let text = self.text();
        let is_stamp = |word: &&str| word.starts_with("ts=") || word.starts_with("caller=");
        // Both stand among the first words, where no word is quoted.
        let (head, rest) = text.split_once(" msg=").map_or((&*text, None), |(head, rest)| (head, Some(rest)));
        let mut said = Vec::from_iter(head.split(' ').filter(|word| !is_stamp(word))).join(" ");
        if let Some(rest) = rest {
            said.push_str(" msg=");
            said.push_str(rest);
        }
        said
    }

    /// How loud it is.
    pub fn level(&self) -> Level {
        self.line.level
    }

    /// The line as Loki prints it.
    pub fn text(&self) -> String {
        self.line.logfmt(self.clock)
    }

    /// The part of the process whose code writes it, and what that does.
    pub fn part(&self) -> &'static str {
        match self.line.caller.split(':').next().unwrap_or("") {
            "memberlist_client.go" => "memberlist KV (dskit): ring news over gossip",
            "memberlist_logger.go" | "tcp_transport.go" | "node_zone_aware_routing.go" => {
                "memberlist: who is alive, and what goes over the wire"
            }
            "resolver.go" => "DNS discovery (dskit): the names in join_members",
            "lifecycler.go" => "ingester's lifecycler (dskit): its own instance in the ring",
            "basic_lifecycler.go" | "basic_lifecycler_delegates.go" => {
                "lifecycler (dskit): the process's own instance in a ring"
            }
            "ring.go" => "ring client (dskit): the process's view of a ring",
            "client.go" | "etcd.go" => "ring store (dskit): Consul or etcd",
            "ringmanager.go" => "ring manager: the ring of the index gateway or scheduler",
            "ingester.go" => "ingester",
            "compactor.go" => "compactor",
            "ruler.go" => "ruler",
            "loki.go" => "Loki itself: modules and their order",
            "signals.go" => "signals: SIGTERM and SIGINT",
            _ => "Loki",
        }
    }
}

/// A text in pieces; those that are words of what is searched for are marked.
pub fn marked(text: &str, searched: &str) -> Vec<(bool, String)> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    for word in searched.split_whitespace().map(str::to_ascii_lowercase) {
        found.extend(lower.match_indices(&word).map(|(start, word)| (start, start + word.len())));
    }
    found.sort_unstable();
    let mut pieces = Vec::new();
    let mut done = 0;
    for (start, end) in found {
        let start = start.max(done);
        if end <= start {
            continue;
        }
        if start > done {
            pieces.push((false, text[done..start].to_owned()));
        }
        pieces.push((true, text[start..end].to_owned()));
        done = end;
    }
    if done < text.len() {
        pieces.push((false, text[done..].to_owned()));
    }
    pieces
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
    use crate::lab::Branch;
    use crate::sim::{Command, Scenario, Span, TimedCommand};

    fn at(secs: u64) -> Instant {
        Instant::START + Duration::from_secs(secs)
    }

    fn branch() -> Branch {
        Branch::new("run", Scenario::parse(r#"{"name": "t", "until": "5m"}"#).unwrap()).unwrap()
    }

    fn play(branch: &mut Branch, until: u64) -> &mut LogStore {
        assert!(branch.advance(at(until), || true));
        &mut branch.record_mut().log
    }

    fn killed(dark: bool) -> Branch {
        let command = Command::Kill { pod: "loki-1".into(), dark };
        let step = TimedCommand { at: Span::secs(30), command, note: String::new() };
        branch().with_steps("run", vec![step]).unwrap()
    }

    fn texts(store: &mut LogStore, filter: &Filter) -> Vec<String> {
        let view = store.view(filter);
        Vec::from_iter((0..view.len()).map(|row| view.line(row).unwrap().text()))
    }

    #[test]
    fn every_line_is_kept_once_however_often_time_goes_back() {
        let mut straight = branch();
        let all = texts(play(&mut straight, 40), &Filter::default());
        assert!(all.len() > 30, "{}", all.len());
        let mut wandering = branch();
        for until in [25, 10, 40] {
            wandering.rewind(at(until));
            play(&mut wandering, until);
        }
        assert_eq!(texts(&mut wandering.record_mut().log, &Filter::default()), all);
    }

    #[test]
    fn a_run_that_goes_on_differently_keeps_what_came_before_and_takes_what_comes_now() {
        let mut run = branch();
        play(&mut run, 60).view(&Filter::default());
        run.rewind(at(20));
        play(&mut run, 20);
        let mut steps = run.steps().to_vec();
        steps.push(TimedCommand {
            at: Span::secs(21),
            command: Command::Terminate { pod: "loki-1".into() },
            note: String::new(),
        });
        let mut other = run.with_steps("other", steps.clone()).unwrap();
        play(&mut other, 60);
        let mut known_from_the_beginning = branch().with_steps("whole", steps).unwrap();
        play(&mut known_from_the_beginning, 60);
        assert_eq!(
            texts(&mut other.record_mut().log, &Filter::default()),
            texts(&mut known_from_the_beginning.record_mut().log, &Filter::default())
        );
        let filter = Filter { text: "received SIGINT/SIGTERM".into(), ..Filter::default() };
        assert_eq!(other.record_mut().log.view(&filter).len(), 1);
        assert_eq!(run.record_mut().log.view(&filter).len(), 0);
    }

    #[test]
    fn a_filter_asks_for_loudness_a_pod_and_words_in_any_order_and_case() {
        let mut run = killed(true);
        let store = play(&mut run, 100);
        let warnings = Filter { level: Some(Level::Warn), ..Filter::default() };
        let loud = texts(store, &warnings);
        assert!(!loud.is_empty() && loud.iter().all(|line| !line.contains("level=info")), "{loud:?}");
        let mine = Filter { pod: Some(2), ..Filter::default() };
        let view = store.view(&mine);
        assert!(!view.is_empty() && (0..view.len()).all(|row| view.line(row).unwrap().pod == 2));
        let words = Filter { text: "FAILED  suspect loki-1".into(), ..Filter::default() };
        let found = texts(store, &words);
        let all = texts(store, &Filter::default()).into_iter();
        let has = |line: &String| {
            ["failed", "suspect", "loki-1"].iter().all(|word| line.to_lowercase().contains(word))
        };
        assert_eq!(found, Vec::from_iter(all.filter(has)));
        assert!(found.iter().any(|line| line.contains("Suspect loki-1")), "{found:?}");
        let none = Filter { text: "suspect nobody".into(), ..Filter::default() };
        assert!(store.view(&none).is_empty());
    }

    #[test]
    fn a_view_that_grew_with_the_log_is_the_one_that_is_made_anew() {
        let filter = Filter { text: "memberlist".into(), ..Filter::default() };
        let mut growing = branch();
        for until in [5, 20, 60] {
            play(&mut growing, until).view(&filter);
        }
        let mut whole = branch();
        let all = texts(play(&mut whole, 60), &filter);
        assert_eq!(texts(&mut growing.record_mut().log, &filter), all);
    }

    #[test]
    fn the_cursor_stands_before_the_first_line_that_is_still_to_come() {
        let mut run = branch();
        let store = play(&mut run, 60);
        let filter = Filter::default();
        let view = store.view(&filter);
        let place = view.index_at(at(10));
        assert!(view.line(place - 1).unwrap().at <= at(10));
        assert!(view.line(place).is_none_or(|line| line.at > at(10)));
    }

    #[test]
    fn words_are_marked_wherever_they_stand_and_pieces_make_the_line() {
        let whole = |text, searched| {
            let pieces = marked(text, searched);
            assert_eq!(pieces.iter().map(|(_, piece)| &**piece).collect::<String>(), text);
            Vec::from_iter(pieces.into_iter().filter(|(is_found, _)| *is_found).map(|(_, piece)| piece))
        };
        assert_eq!(whole("level=WARN msg=warned", "warn msg"), ["WARN", "msg", "warn"]);
        assert_eq!(whole("aXb \u{e4}ab", "ab axb xb"), ["aXb", "ab"]);
        assert_eq!(whole("nothing", "zz"), Vec::<String>::new());
        assert_eq!(whole("", "a"), Vec::<String>::new());
    }

    #[test]
    fn every_line_of_a_run_is_of_a_part_that_is_named() {
        let mut run = killed(true);
        let store = play(&mut run, 100);
        let view = store.view(&Filter::default());
        let lines = (0..view.len()).map(|row| view.line(row).unwrap());
        let nameless =
            Vec::from_iter(lines.filter(|line| line.part() == "Loki").map(|line| line.line.caller));
        assert_eq!(nameless, [""; 0]);
    }

    #[test]
    fn the_last_lines_of_a_pod_are_those_before_the_cursor() {
        let mut run = branch();
        let store = play(&mut run, 60);
        let last = store.last_of(1, at(10), 3);
        assert!(last.len() == 3 && last.iter().all(|line| line.pod == 1 && line.at <= at(10)));
        let last = last[2].text();
        let view = store.view(&Filter { pod: Some(1), ..Filter::default() });
        assert_eq!(view.line(view.index_at(at(10)) - 1).unwrap().text(), last);
    }

    #[test]
    fn the_oldest_lines_go_first_and_rows_keep_their_numbers() {
        let line = |secs| Line {
            at: at(secs),
            pod: 0,
            line: Arc::new(LogLine::new(Level::Info, "a.go:1", "hello")),
            clock: WallTime::from_unix_secs(0),
        };
        let mut store = LogStore::default();
        (0..MOST_LINES as u64 + 10).for_each(|secs| store.push(line(secs)));
        assert_eq!((store.len(), store.dropped()), (MOST_LINES, 10));
        let view = store.view(&Filter::default());
        assert_eq!((view.line(0).unwrap().at, view.number(0)), (at(10), Some(10)));
        assert_eq!((view.row_of(12), view.row_of(9)), (Some(2), None));
    }
}
