//! What charts show of a run: lines of plain numbers with their scales. Differs from a node's `/metrics`: these are
//! numbers of the whole cluster, as nobody in it could know them.

use std::time::Duration;

use crate::snapshot::MessageKind;
use crate::time::Instant;
use crate::view::palette::Role;
use crate::view::strip::TimeWindow;
use crate::view::{role_of, text};

use super::series::{Sample, Series};

/// What a chart is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Who shows the ring as it is.
    Agreement,
    /// Messages sent, by kind.
    Messages,
    /// Bytes sent, by kind.
    Bytes,
    /// Pushes that succeeded and that failed.
    Pushes,
    /// Queries that succeeded and that failed.
    Queries,
    /// How unevenly instances own the ring.
    Ownership,
}

/// A line's meaning and looks. The sign tells it as well as the colour does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// Its name.
    pub name: &'static str,
    /// Its colour.
    pub role: Role,
    /// The shape that stands on it here and there.
    pub sign: Sign,
}

/// Shapes on lines; those of messages are the mesh's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// A solid disc.
    Disc,
    /// A hollow circle.
    Ring,
    /// A triangle.
    Triangle,
    /// A plus.
    Plus,
    /// A diamond.
    Diamond,
    /// Two bars.
    Bars,
    /// A cross.
    Cross,
    /// A hollow square.
    Square,
}

/// A chart, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What it is about.
    pub subject: Subject,
    /// The stretch of time that it shows, from the beginning.
    pub window: TimeWindow,
    /// The scale's marks, from 0 up; the last is the highest value that is shown.
    pub scale: Vec<f64>,
    /// The lines, one for each trace, then those of the run beside.
    pub lines: Vec<Line>,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What it means.
    pub trace: Trace,
    /// Whether it is the run's beside.
    pub is_other: bool,
    /// Seconds from the beginning, and values.
    pub points: Vec<(f64, f64)>,
}

/// A chart shows at least so much time.
const SHORTEST: Duration = Duration::from_secs(30);
/// Memberlist's traffic is told as the mean of so much time.
const BEATS: Duration = Duration::from_secs(10);
/// Marks on the scale of values, about.
const MARKS: f64 = 4.0;

impl Subject {
    /// All charts, in their order on the page.
    pub const ALL: [Self; 6] =
        [Self::Agreement, Self::Messages, Self::Bytes, Self::Pushes, Self::Queries, Self::Ownership];

    /// Its title, which names the unit.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Agreement => "View agreement, in processes",
            Self::Messages => "Messages per second",
            Self::Bytes => "Bytes per second",
            Self::Pushes => "Pushes per second",
            Self::Queries => "Reads per second",
            Self::Ownership => "Ownership spread, in % of an equal share",
        }
    }

    /// What it counts, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Agreement => {
                "Processes that have the ring, and those of them whose copy shows every instance in its real state."
            }
            Self::Messages => "What memberlist sent, lost or not, by kind; means of 10s.",
            Self::Bytes => "The size of what memberlist sent, by kind; means of 10s.",
            Self::Pushes => "Pushes of the traffic that ended in each second.",
            Self::Queries => "Queries of the traffic that ended in each second.",
            Self::Ownership => {
                "The least and the most that an instance owns of the ring; 100 % is what all in its zone would own if they were alike."
            }
        }
    }

    /// A word for names of files and elements.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Agreement => "agreement",
            Self::Messages => "messages",
            Self::Bytes => "bytes",
            Self::Pushes => "pushes",
            Self::Queries => "queries",
            Self::Ownership => "ownership",
        }
    }

    /// Its lines.
    pub fn traces(self) -> Vec<Trace> {
        let trace = |name, role, sign| Trace { name, role, sign };
        match self {
            Self::Agreement => vec![
                trace("agree with the truth", Role::Accent, Sign::Disc),
                trace("have the ring", Role::InkSoft, Sign::Square),
            ],
            Self::Messages | Self::Bytes => {
                Vec::from_iter(MessageKind::ALL.map(|kind| trace(kind.name(), role_of(kind), sign_of(kind))))
            }
            Self::Pushes | Self::Queries => {
                vec![trace("succeeded", Role::Good, Sign::Disc), trace("failed", Role::Bad, Sign::Cross)]
            }
            Self::Ownership => vec![
                trace("the most", Role::Owner { hue: 1, strength: 3 }, Sign::Triangle),
                trace("the least", Role::Owner { hue: 0, strength: 3 }, Sign::Disc),
            ],
        }
    }

    /// The value of one of its lines at a place of a series. Rates are of the time since the sample before, those of
    /// memberlist's traffic, which comes in beats, of a longer time.
    fn value(self, series: &Series, place: usize, line: usize) -> f64 {
        let samples = series.samples();
        let Some(sample) = samples.get(place) else { return 0.0 };
        let beats = matches!(self, Self::Messages | Self::Bytes);
        let rate = |count: &dyn Fn(&Sample) -> u64| {
            let since = sample.at_nanos.saturating_sub(if beats { BEATS.as_nanos() as u64 } else { 0 });
            let first = samples[..place].partition_point(|sample| sample.at_nanos < since);
            let before = samples.get(first.min(place.saturating_sub(1))).unwrap_or(sample);
            let seconds = sample.at_nanos.saturating_sub(before.at_nanos) as f64 / 1e9;
            count(sample).saturating_sub(count(before)) as f64 / seconds.max(1e-9)
        };
        match (self, line) {
            (Self::Agreement, 0) => f64::from(sample.agreeing),
            (Self::Agreement, _) => f64::from(sample.observers),
            (Self::Messages, kind) => rate(&|sample| sample.messages.get(kind).copied().unwrap_or(0)),
            (Self::Bytes, kind) => rate(&|sample| sample.bytes.get(kind).copied().unwrap_or(0)),
            (Self::Pushes, 0) => rate(&|sample| sample.pushes_ok),
            (Self::Pushes, _) => rate(&|sample| sample.pushes_failed),
            (Self::Queries, 0) => rate(&|sample| sample.queries_ok),
            (Self::Queries, _) => rate(&|sample| sample.queries_failed),
            (Self::Ownership, 0) => sample.most_owned,
            (Self::Ownership, _) => sample.least_owned,
        }
    }

    /// The values of all lines at an instant; nothing if nobody has been there.
    pub fn values_at(self, series: &Series, at: Instant) -> Option<Vec<f64>> {
        let later = series.samples().partition_point(|sample| sample.at_nanos <= at.nanos());
        let place = later.checked_sub(1)?;
        let end = series.samples().last()?.at_nanos.saturating_add(series.spacing().as_nanos() as u64);
        (at.nanos() <= end)
            .then(|| (0..self.traces().len()).map(|line| self.value(series, place, line)).collect())
    }

    /// A value with its unit.
    pub fn words(self, value: f64) -> String {
        match self {
            Self::Agreement => format!("{value:.0}"),
            Self::Messages | Self::Pushes | Self::Queries => format!("{}/s", short(value)),
            Self::Bytes => format!("{}/s", text::bytes(value as usize)),
            Self::Ownership => text::percent(value),
        }
    }

    /// A value on the scale, whose unit the title names.
    pub fn mark(self, value: f64) -> String {
        match self {
            Self::Bytes => text::bytes(value as usize),
            Self::Ownership => format!("{value:.0}\u{202f}%"),
            _ => short(value),
        }
    }
}

impl Chart {
    /// The chart of a run, beside another if there is one, up to an instant, with no more points than tell something
    /// on so many columns of pixels.
    pub fn new(
        subject: Subject,
        main: &Series,
        other: Option<&Series>,
        until: Instant,
        columns: usize,
    ) -> Self {
        let traces = subject.traces();
        let window = Self::window(until);
        let mut lines = Vec::new();
        for (series, is_other) in [(Some(main), false), (other, true)] {
            let Some(series) = series else { continue };
            let rows = Vec::from_iter((0..series.samples().len()).map(|place| {
                let at = series.samples()[place].at_nanos as f64 / 1e9;
                (at, Vec::from_iter((0..traces.len()).map(|line| subject.value(series, place, line))))
            }));
            let kept = telling(&rows, columns);
            lines.extend(traces.iter().enumerate().map(|(line, &trace)| Line {
                trace,
                is_other,
                points: kept.iter().map(|&place| (rows[place].0, rows[place].1[line])).collect(),
            }));
        }
        let highest =
            lines.iter().flat_map(|line| &line.points).fold(0.0, |most: f64, point| most.max(point.1));
        Self { subject, window, scale: scale(highest, matches!(subject, Subject::Agreement)), lines }
    }

    /// The stretch of time that is shown when so much of a run has been seen.
    pub fn window(until: Instant) -> TimeWindow {
        TimeWindow::new(Instant::START, until.since(Instant::START).max(SHORTEST))
    }

    /// The highest value that is shown.
    pub fn top(&self) -> f64 {
        self.scale.last().copied().unwrap_or(1.0)
    }

    /// The marks on the scale of time, at most so many.
    pub fn times(&self, most: f64) -> Vec<(f64, String)> {
        let ticks = self.window.ticks(most).into_iter();
        ticks.map(|(at, text)| (at.nanos() as f64 / 1e9, text)).collect()
    }

    /// Where there is disagreement: the outline of what lies between those that agree and those that could.
    pub fn disagreement(&self) -> Vec<(f64, f64)> {
        match (self.subject, self.lines.as_slice()) {
            (Subject::Agreement, [agreeing, all, ..]) => {
                all.points.iter().chain(agreeing.points.iter().rev()).copied().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Sign {
    /// The same shape in text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Disc => "\u{25cf}",
            Self::Ring => "\u{25cb}",
            Self::Triangle => "\u{25b2}",
            Self::Plus => "+",
            Self::Diamond => "\u{25c6}",
            Self::Bars => "=",
            Self::Cross => "\u{2715}",
            Self::Square => "\u{25a1}",
        }
    }
}

/// The shape of a message in the mesh.
pub const fn sign_of(kind: MessageKind) -> Sign {
    match kind {
        MessageKind::Ping => Sign::Disc,
        MessageKind::Ack => Sign::Ring,
        MessageKind::IndirectPing => Sign::Triangle,
        MessageKind::Nack => Sign::Plus,
        MessageKind::Gossip => Sign::Diamond,
        MessageKind::PushPull => Sign::Bars,
    }
}

/// The rows that a chart needs: of those that share a column of pixels the least and the greatest of each line, and the
/// last of all.
fn telling(rows: &[(f64, Vec<f64>)], columns: usize) -> Vec<usize> {
    let columns = columns.max(1);
    if rows.len() <= columns * 2 {
        return (0..rows.len()).collect();
    }
    let mut kept = Vec::new();
    for (chunk, first) in
        rows.chunks(rows.len().div_ceil(columns)).zip((0..).step_by(rows.len().div_ceil(columns)))
    {
        let from = kept.len();
        for line in 0..chunk[0].1.len() {
            let by_value = |a: &(usize, &(f64, Vec<f64>)), b: &(usize, &(f64, Vec<f64>))| {
                a.1.1[line].total_cmp(&b.1.1[line])
            };
            let numbered = || chunk.iter().enumerate();
            kept.extend(numbered().min_by(by_value).map(|(place, _)| first + place));
            kept.extend(numbered().max_by(by_value).map(|(place, _)| first + place));
        }
        kept[from..].sort_unstable();
    }
    kept.push(rows.len() - 1);
    kept.dedup();
    kept
}

/// Round marks from 0 to a value or a little more.
fn scale(highest: f64, whole: bool) -> Vec<f64> {
    let least = (highest / MARKS).max(if whole { 0.3 } else { 0.05 });
    let mut decade = if whole { 1.0 } else { 0.1 };
    let step = loop {
        if let Some(step) = [1.0, 2.0, 2.5, 5.0]
            .iter()
            .map(|round| round * decade)
            .find(|step| *step >= least && (!whole || step.fract() == 0.0))
        {
            break step;
        }
        decade *= 10.0;
    };
    let marks = (highest / step).ceil().max(1.0) as u32;
    (0..=marks).map(|mark| f64::from(mark) * step).collect()
}

/// A number with as many digits as tell something.
fn short(value: f64) -> String {
    match value {
        10_000.0.. => text::count(value.round() as u64),
        100.0.. => format!("{value:.0}"),
        _ if (value - value.round()).abs() < 1e-9 => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    /// Ten pings and one failed push each second, a burst of 500 gossip in second `burst`.
    fn series(seconds: u64, burst: u64) -> Series {
        let mut series = Series::new();
        for second in 0..=seconds {
            let gossip = if second >= burst { 500 } else { 0 };
            series.push(Sample {
                at_nanos: at(second).nanos(),
                agreeing: if second == burst { 2 } else { 5 },
                observers: 5,
                messages: [second * 10, 0, 0, 0, gossip, 0],
                bytes: [second * 600, 0, 0, 0, gossip * 1_400, 0],
                pushes_failed: second,
                least_owned: 95.0,
                most_owned: 104.5,
                ..Sample::default()
            });
        }
        series
    }

    #[test]
    fn counts_become_rates_of_the_time_between_two_samples() {
        let series = series(60, 20);
        let messages = |second: u64| Subject::Messages.values_at(&series, at(second)).unwrap();
        assert_eq!(messages(20), [10.0, 0.0, 0.0, 0.0, 50.0, 0.0], "a mean of ten seconds");
        assert_eq!([messages(19)[4], messages(29)[4], messages(30)[4]], [0.0, 50.0, 0.0]);
        assert_eq!(messages(3)[0], 10.0, "or of as much as there is");
        assert_eq!(Subject::Pushes.values_at(&series, at(42)).unwrap(), [0.0, 1.0]);
        assert_eq!(Subject::Bytes.words(700_000.0), format!("{}/s", text::bytes(700_000)));
        assert_eq!(Subject::Messages.values_at(&series, at(0)).unwrap()[0], 0.0, "nothing was before");
    }

    #[test]
    fn where_nobody_has_been_there_is_no_value() {
        let series = series(60, 20);
        assert_eq!(Subject::Agreement.values_at(&series, at(61)).unwrap(), [5.0, 5.0], "it is not due yet");
        assert_eq!(Subject::Agreement.values_at(&series, at(62)), None);
        assert_eq!(Subject::Agreement.values_at(&Series::new(), at(0)), None);
    }

    #[test]
    fn a_thinned_chart_still_shows_a_burst_of_one_second() {
        let series = series(3_600, 1_234);
        let chart = Chart::new(Subject::Messages, &series, None, at(3_600), 200);
        let gossip = &chart.lines[4];
        assert!(gossip.points.len() <= 200 * 12 + 1, "{}", gossip.points.len());
        assert!(gossip.points.iter().any(|point| point.1 == 50.0));
        assert!(gossip.points.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(gossip.points.last().unwrap().0, 3_600.0);
        assert_eq!(chart.top(), 60.0);
        let agreement = Chart::new(Subject::Agreement, &series, None, at(3_600), 200);
        assert!(agreement.disagreement().contains(&(1_234.0, 2.0)));
    }

    #[test]
    fn the_run_beside_has_its_lines_after_the_first_ones_on_one_scale() {
        let (main, other) = (series(30, 9), series(90, 40));
        let chart = Chart::new(Subject::Pushes, &main, Some(&other), at(90), 500);
        let kinds = Vec::from_iter(chart.lines.iter().map(|line| (line.trace.name, line.is_other)));
        assert_eq!(kinds, [("succeeded", false), ("failed", false), ("succeeded", true), ("failed", true)]);
        assert_eq!((chart.lines[1].points.len(), chart.lines[3].points.len()), (31, 91));
        assert_eq!(chart.window.to, at(90));
    }

    #[test]
    fn scales_have_round_marks_that_reach_the_highest_value() {
        assert_eq!(scale(0.0, true), [0.0, 1.0]);
        assert_eq!(scale(3.0, true), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(scale(300.0, true), [0.0, 100.0, 200.0, 300.0]);
        assert_eq!(scale(104.5, false), [0.0, 50.0, 100.0, 150.0]);
        for highest in [0.01, 0.7, 9.0, 17.0, 1e3, 54_321.0, 1e9] {
            let marks = scale(highest, false);
            assert!(
                (2..=6).contains(&marks.len()) && *marks.last().unwrap() >= highest,
                "{highest}: {marks:?}"
            );
        }
    }

    #[test]
    fn no_two_lines_of_a_chart_share_a_sign() {
        for subject in Subject::ALL {
            let traces = subject.traces();
            for (place, trace) in traces.iter().enumerate() {
                assert!(traces[..place].iter().all(|other| other.sign != trace.sign), "{subject:?}");
            }
        }
    }
}
