//! The processes that write the logs: whose lines they are, and from when to when each run of them lasted.

use super::catalogue::Mark;
use super::stamp::Stamp;

/// Runs of one process that are told apart; a crash loop of more is one long run at its end.
const MOST_RUNS: usize = 500;

/// Seconds in which all lines of one start come.
const START_TAKES: i64 = 60;

/// One writer: a pod that prefixes name, or a file.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// What prefixes or the file call it.
    pub(super) name: String,
    /// What it calls itself when it starts.
    pub(super) own_name: Option<String>,
    /// Hosts that it says it listens on.
    pub(super) addresses: Vec<String>,
    /// In the order of the log; never empty once a line was seen.
    pub(super) runs: Vec<Run>,
    /// The next line begins another run: a log that is told backwards came to a start.
    ended: bool,
}

/// One run of a process, as far as its log tells.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    /// The earliest time seen.
    pub(super) first: Option<Stamp>,
    /// The latest time seen.
    pub(super) last: Option<Stamp>,
    /// When it began, if the log says so.
    pub(super) start: Option<Stamp>,
    /// A line said that it begins, even if none said when.
    pub(super) started: bool,
    /// When all modules ran.
    pub(super) up: Option<Stamp>,
    /// When it joined the cluster, first.
    pub(super) joined: Option<Stamp>,
    /// When it began to stop.
    pub(super) stopping: Option<Stamp>,
    /// When it had stopped.
    pub(super) stopped: Option<Stamp>,
    /// When it gave up.
    pub(super) crashed: Option<Stamp>,
}

impl Run {
    /// Whether its log says how it ended.
    pub(super) const fn ended_with_a_word(&self) -> bool {
        self.stopping.is_some() || self.stopped.is_some() || self.crashed.is_some()
    }
}

impl Process {
    /// One whose lines are to come.
    pub(super) fn named(name: String) -> Self {
        Self { name, ..Self::default() }
    }

    /// Notes a line and its mark; answers the number of its run.
    pub(super) fn note(&mut self, time: Option<Stamp>, mark: Option<Mark>) -> usize {
        if self.runs.is_empty() {
            self.runs.push(Run::default());
        }
        if self.ended && self.runs.len() < MOST_RUNS {
            self.runs.push(Run::default());
        }
        self.ended = false;
        match mark {
            Some(Mark::Start) => self.begin(time),
            Some(Mark::Boot) => self.boot(time),
            _ => {}
        }
        let last = self.runs.len() - 1;
        let run = &mut self.runs[last];
        if let Some(time) = time {
            run.first = Some(run.first.map_or(time, |first| first.min(time)));
            run.last = Some(run.last.map_or(time, |last| last.max(time)));
            let place = match mark {
                Some(Mark::Up) => Some(&mut run.up),
                Some(Mark::Joined) => Some(&mut run.joined),
                Some(Mark::Stopping) => Some(&mut run.stopping),
                Some(Mark::Stopped) => Some(&mut run.stopped),
                Some(Mark::Crashed) => Some(&mut run.crashed),
                _ => None,
            };
            if let Some(place) = place {
                *place = Some(place.map_or(time, |known| known.min(time)));
            }
        }
        last
    }

    /// A line says that a process begins.
    fn begin(&mut self, time: Option<Stamp>) {
        let Some(run) = self.runs.last_mut() else { return };
        let backwards = time.zip(run.first).is_some_and(|(time, first)| time < first) && !run.started;
        let is_new = (run.first.is_some() || run.started) && !backwards;
        // Some lines of a start may have come before the one that says so.
        let just_began = run
            .start
            .zip(time)
            .is_some_and(|(start, time)| (time.0 - start.0).abs() < START_TAKES * super::stamp::SECOND / 6);
        if is_new && !(just_began && !run.ended_with_a_word() && !run.started) && self.runs.len() < MOST_RUNS
        {
            self.runs.push(Run::default());
        }
        self.ended = backwards;
        if let Some(run) = self.runs.last_mut() {
            run.start = time.or(run.start);
            run.started = true;
        }
    }

    /// A line that only a starting process says.
    fn boot(&mut self, time: Option<Stamp>) {
        let (Some(run), Some(time)) = (self.runs.last_mut(), time) else { return };
        match (run.start, run.first) {
            (Some(start), _) if time.seconds_since(start) < 5 * START_TAKES => {}
            (Some(_), _) if !run.ended_with_a_word() => {}
            (None, None) => run.start = Some(time),
            (None, Some(first)) if time.seconds_since(first).abs() < START_TAKES => {
                run.start = Some(first.min(time));
            }
            _ if self.runs.len() < MOST_RUNS => self.runs.push(Run { start: Some(time), ..Run::default() }),
            _ => {}
        }
    }

    /// What it is called in sentences: by itself, by prefixes, else by its file without the folder.
    pub(super) fn shown_name(&self) -> &str {
        self.own_name.as_deref().unwrap_or_else(|| self.name.rsplit(['/', '\\']).next().unwrap_or_default())
    }
}

/// A memberlist name without the eight hexadecimal digits that dskit appends: `loki-3-6b7a65c4` is `loki-3`.
pub(super) fn without_suffix(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((base, end))
            if end.len() == 8 && end.bytes().all(|b| b.is_ascii_hexdigit()) && !base.is_empty() =>
        {
            base
        }
        _ => name,
    }
}

/// The host of `host:port`, without brackets; an IPv6 address without a port is all host.
pub(super) fn host(address: &str) -> &str {
    if let Some(inside) = address.strip_prefix('[') {
        return inside.split(']').next().unwrap_or_default();
    }
    match address.split_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Option<Stamp> {
        Some(Stamp(1_700_000_000 * super::super::stamp::SECOND).plus(seconds))
    }

    #[test]
    fn a_start_begins_a_run_forwards_and_backwards() {
        let mut forwards = Process::default();
        let marks = [
            (0, Some(Mark::Start)),
            (5, None),
            (90, Some(Mark::Stopping)),
            (100, Some(Mark::Start)),
            (105, None),
        ];
        let runs = marks.map(|(seconds, mark)| forwards.note(at(seconds), mark));
        assert_eq!(runs, [0, 0, 0, 1, 1]);
        let mut backwards = Process::default();
        let mut reversed = marks;
        reversed.reverse();
        let runs = reversed.map(|(seconds, mark)| backwards.note(at(seconds), mark));
        assert_eq!(runs, [0, 0, 1, 1, 1]);
        assert_eq!(backwards.runs[1].start, at(0));
    }

    #[test]
    fn without_the_first_line_other_lines_of_a_start_tell_it() {
        let mut process = Process::default();
        process.note(at(3), Some(Mark::Boot));
        assert_eq!(process.runs[0].start, at(3));
        process.note(at(900), None);
        process.note(at(901), Some(Mark::Crashed));
        process.note(at(990), Some(Mark::Boot));
        assert_eq!((process.runs.len(), process.runs[1].start), (2, at(990)));
    }

    #[test]
    fn names_and_addresses_are_reduced_to_what_identifies() {
        assert_eq!(without_suffix("loki-3-6b7a65c4"), "loki-3");
        assert_eq!(without_suffix("loki-ingester-0"), "loki-ingester-0");
        for (address, expected) in
            [("10.0.0.1:9095", "10.0.0.1"), ("[::1]:7946", "::1"), ("::1", "::1"), ("a.svc:7946", "a.svc")]
        {
            assert_eq!(host(address), expected);
        }
    }
}
