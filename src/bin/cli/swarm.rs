use std::fmt::Write as _;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use ringside::experiment::swarm;

use crate::Outcome;
use crate::input::InputError;

/// Run clusters drawn at random, with faults drawn at random, and look at all rules.
#[derive(Args)]
pub(crate) struct Swarm {
    /// How many seeds
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    from: u64,
    /// Print the first seed's scenario instead, to be changed and run
    #[arg(long)]
    print: bool,
}

impl Swarm {
    pub(crate) fn run(self) -> Result<(String, Outcome), InputError> {
        if self.print {
            return Ok((format!("{}\n", swarm::scenario(self.from).to_json()), Outcome::Healthy));
        }
        let (failed, events, print) = self.run_all();
        let mut out = String::new();
        for outcome in &failed {
            let failure = outcome.failure.as_deref().unwrap_or_default();
            let _ = writeln!(out, "seed {}: {failure}", outcome.seed);
            let _ = writeln!(out, "  replay: ringside-cli swarm --seeds 1 --from {}", outcome.seed);
        }
        let last = self.from.saturating_add(self.seeds).saturating_sub(1);
        let _ = writeln!(
            out,
            "seeds {} to {last}: {} failed, {events} events, fingerprint {print:016x}",
            self.from,
            failed.len()
        );
        Ok((out, if failed.is_empty() { Outcome::Healthy } else { Outcome::Unhealthy }))
    }

    /// The failures by seed, the events of all, and a fingerprint of all that depends on no thread.
    fn run_all(&self) -> (Vec<swarm::Outcome>, u64, u64) {
        let next = AtomicU64::new(0);
        let results = Mutex::new((Vec::new(), 0, 0));
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        if index >= self.seeds {
                            break;
                        }
                        let outcome = swarm::run(self.from.wrapping_add(index));
                        let Ok(mut results) = results.lock() else { break };
                        results.1 += outcome.events;
                        results.2 ^= outcome.fingerprint.rotate_left((outcome.seed % 64) as u32);
                        if outcome.failure.is_some() {
                            results.0.push(outcome);
                        }
                    }
                });
            }
        });
        let (mut failed, events, print): (Vec<swarm::Outcome>, u64, u64) =
            results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        failed.sort_by_key(|outcome| outcome.seed);
        (failed, events, print)
    }
}
