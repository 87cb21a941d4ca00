use std::fmt::Write as _;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Args;
use ringside::experiment::convergence::{self, Comparison, Metric, Reference, Samples};
use ringside::memberlist::Config;

use crate::Outcome;
use crate::input::InputError;

/// How fast our clusters converge, and whether that is how fast the real ones do.
#[derive(Args)]
pub(crate) struct Convergence {
    /// Samples of real clusters to compare with
    #[arg(long, value_name = "SAMPLES.json")]
    against: PathBuf,
    /// How many clusters to run of each size, one message and one death each
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    trials: u32,
    /// Another seed draws other clusters
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Trials that one thread takes at a time.
const CHUNK: u32 = 10;

impl Convergence {
    pub(crate) fn run(&self) -> Result<(String, Outcome), InputError> {
        let path = || self.against.display().to_string();
        let text = std::fs::read_to_string(&self.against)
            .map_err(|source| InputError::Read { path: path(), source })?;
        let reference =
            Reference::parse(&text).map_err(|error| InputError::Samples { path: path(), error })?;

        let mut text = format!(
            "{:>5}  {:<24}{:>42}   {:>42}   {:>6}  {:>6}\n",
            "nodes", "metric", "ours: p50, p95, max", "theirs", "KS", "limit"
        );
        let mut misses = 0;
        for case in &reference.cases {
            let samples = self.samples(case.nodes);
            for metric in Metric::ALL {
                let comparison = Comparison::new(samples.of(metric), case.of(metric));
                misses += usize::from(!comparison.agrees());
                write_row(&mut text, case.nodes, metric, &comparison);
            }
        }
        let compared = reference.cases.len() * Metric::ALL.len();
        let _ = match misses {
            0 => writeln!(text, "all {compared} distributions agree ({} trials each)", self.trials),
            _ => writeln!(text, "{misses} of {compared} distributions differ ({} trials each)", self.trials),
        };
        Ok((text, if misses == 0 { Outcome::Healthy } else { Outcome::Unhealthy }))
    }

    /// The trials of one size, on all processors; in the order of the trials however many those are.
    fn samples(&self, nodes: usize) -> Samples {
        let config = Config::dskit();
        let next = AtomicU32::new(0);
        let chunks = self.trials.div_ceil(CHUNK);
        let work = || {
            let mut done = Vec::new();
            loop {
                let chunk = next.fetch_add(1, Ordering::Relaxed);
                if chunk >= chunks {
                    return done;
                }
                let trials = chunk * CHUNK..self.trials.min((chunk + 1) * CHUNK);
                done.push((chunk, convergence::run(&config, nodes, self.seed, trials)));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            // A thread that panicked has told so; its trials would be missing, which `samples` shows.
            done.extend(others.into_iter().filter_map(|thread| thread.join().ok()).flatten());
            done
        });
        done.sort_by_key(|(chunk, _)| *chunk);
        let mut samples = Samples::default();
        done.into_iter().for_each(|(_, later)| samples.append(later));
        samples
    }
}

fn write_row(text: &mut String, nodes: usize, metric: Metric, comparison: &Comparison) {
    let Comparison { ours, theirs, distance, limit } = comparison;
    let times = |summary: &convergence::Summary| {
        [summary.p50, summary.p95, summary.max].map(|time| format!("{:>14}", seconds(time))).concat()
    };
    let verdict = if comparison.agrees() { "ok" } else { "MISS" };
    let _ = writeln!(
        text,
        "{nodes:>5}  {:<24}{}   {}   {distance:>6.4}  {limit:>6.4}  {verdict}",
        metric.name(),
        times(ours),
        times(theirs),
    );
}

fn seconds(time: Duration) -> String {
    format!("{}.{:03}s", time.as_secs(), time.subsec_millis())
}
