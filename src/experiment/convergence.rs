//! How fast news spreads through a cluster, and how fast a death is noticed.
//!
//! The set-up is that of measurements with the real library under a virtual clock: nodes start one after
//! the other, up to 5 s apart, each joins through the first; packets take no time and none is lost.
//!
//! - A message is queued on a random node at a random instant. Every node passes it on when it first sees it,
//!   through its own queue, and full exchanges carry all messages.
//! - A node vanishes at a random instant: packets to it are lost silently, streams fail at once.
//!
//! One trial depends on its seed and number alone, so trials may run on as many threads as there are. Each has
//! a new cluster; the phases of one cluster's gossip shift the median of its messages by some 3 %, so many
//! messages of one cluster (as the measurements have, it seems) differ a little from one message of many.

mod cluster;
mod compare;
mod reference;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::memberlist::Config;
use crate::prng::Prng;
use crate::time::Instant;

pub use compare::{Comparison, Summary, ks_distance};
pub use reference::{Reference, ReferenceCase, ReferenceError};

use cluster::Cluster;

/// The longest time between the starts of two nodes.
const START_GAP: Duration = Duration::from_secs(5);

/// How long the cluster runs after the last node has joined, before anything is measured.
const SETTLE: Duration = Duration::from_secs(40);

/// After how long a message counts as delivered, be it or not.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(120);

/// After how long a death counts as noticed, be it or not.
const KILL_PATIENCE: Duration = Duration::from_secs(300);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// From the queueing of a message until more than half of the nodes have it.
    MessageToHalf,
    /// Until all nodes have it.
    MessageToAll,
    /// From a node's end until the first survivor suspects it.
    KillToFirstSuspect,
    /// Until the first survivor counts it as dead.
    KillToFirstDead,
    /// Until all survivors that know it do.
    KillToDeadEverywhere,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::MessageToHalf,
        Self::MessageToAll,
        Self::KillToFirstSuspect,
        Self::KillToFirstDead,
        Self::KillToDeadEverywhere,
    ];

    /// Its name, without unit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MessageToHalf => "message_to_half",
            Self::MessageToAll => "message_to_all",
            Self::KillToFirstSuspect => "kill_to_first_suspect",
            Self::KillToFirstDead => "kill_to_first_dead",
            Self::KillToDeadEverywhere => "kill_to_dead_everywhere",
        }
    }
}

/// Samples of every metric, in the order of [`Metric::ALL`], each in the order of its trials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples([Vec<Duration>; 5]);

impl Samples {
    /// The samples of one metric.
    pub fn of(&self, metric: Metric) -> &[Duration] {
        &self.0[metric as usize]
    }

    /// Adds the trials that come after these.
    pub fn append(&mut self, later: Self) {
        for (mine, later) in self.0.iter_mut().zip(later.0) {
            mine.extend(later);
        }
    }

    fn push(&mut self, metric: Metric, sample: Duration) {
        self.0[metric as usize].push(sample);
    }
}

/// Runs the `trials` of these numbers, each with a cluster of its own of `nodes` (at least 2): one message, and
/// when it has spread, one death.
pub fn run(config: &Config, nodes: usize, seed: u64, trials: Range<u32>) -> Samples {
    let mut samples = Samples::default();
    let config = Arc::new(config.clone());
    for trial in trials {
        let mut prng = Prng::stream(seed, "convergence", (nodes as u64) << 32 | u64::from(trial));
        let mut cluster = Cluster::settled(&config, nodes, &mut prng);
        spread_message(&mut cluster, &mut prng, &mut samples);
        kill_one(&mut cluster, &mut prng, &mut samples);
    }
    samples
}

fn spread_message(cluster: &mut Cluster, prng: &mut Prng, samples: &mut Samples) {
    cluster.run_for(prng.between(Duration::ZERO, START_GAP));
    let queued = cluster.now();
    cluster.queue_message(prng.index(cluster.len()));
    cluster.run_until(queued + MESSAGE_PATIENCE, |cluster| cluster.arrivals().len() == cluster.len());
    let arrival = |place: usize| {
        cluster.arrivals().get(place).map_or(MESSAGE_PATIENCE, |arrival| arrival.since(queued))
    };
    samples.push(Metric::MessageToHalf, arrival(cluster.len() / 2));
    samples.push(Metric::MessageToAll, arrival(cluster.len() - 1));
}

fn kill_one(cluster: &mut Cluster, prng: &mut Prng, samples: &mut Samples) {
    cluster.run_for(prng.between(Duration::ZERO, START_GAP));
    let killed = cluster.now();
    cluster.kill(prng.index(cluster.len()));
    cluster.run_until(killed + KILL_PATIENCE, Cluster::dead_everywhere);
    let after =
        |event: Option<Instant>| event.unwrap_or(killed + KILL_PATIENCE).since(killed).min(KILL_PATIENCE);
    let everywhere = cluster.dead_everywhere().then_some(cluster.now());
    samples.push(Metric::KillToFirstSuspect, after(cluster.first_suspicion()));
    samples.push(Metric::KillToFirstDead, after(cluster.first_death()));
    samples.push(Metric::KillToDeadEverywhere, after(everywhere));
}
