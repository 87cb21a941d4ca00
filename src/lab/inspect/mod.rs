//! What the inspector shows of a node, an instance, a link, a message or the whole cluster: plain rows, in words and with units.
//!
//! Nothing is decided here: states, ages and answers are those that the pages of the process itself would show.

mod cluster;
mod due;
mod gossip;
mod instance;
mod link;
mod message;
mod node;
pub mod pages;
mod truth;

use std::borrow::Cow;
use std::time::Duration;

use crate::sim::{Simulation, Span};
use crate::time::{Instant, WallTime, age_text};

pub use cluster::{cluster, zone};
pub use instance::instance;
pub use link::link;
pub use message::{InFlight, message, messages_between};
pub use node::node;

/// Rows under one heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// The rows.
    pub rows: Vec<Fact>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What it is about; empty where the value is a whole sentence.
    pub label: Cow<'static, str>,
    /// What is the case.
    pub value: String,
    /// How it is.
    pub tone: Tone,
    /// What the label means, for those who ask.
    pub help: Option<&'static str>,
}

/// How a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Tone {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Section {
    fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    /// Adds a row.
    fn fact(&mut self, label: impl Into<Cow<'static, str>>, value: impl Into<String>) -> &mut Fact {
        let fact = Fact { label: label.into(), value: value.into(), tone: Tone::Plain, help: None };
        self.rows.push(fact);
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// Adds a row that is a whole sentence.
    fn sentence(&mut self, value: impl Into<String>) -> &mut Fact {
        self.fact("", value)
    }

    /// Adds up to `most` of these rows, and counts the others.
    fn some(&mut self, rows: impl IntoIterator<Item = (Cow<'static, str>, String, Tone)>, most: usize) {
        let mut more = 0_usize;
        for (number, (label, value, tone)) in rows.into_iter().enumerate() {
            if number < most {
                self.fact(label, value).tone(tone);
            } else {
                more += 1;
            }
        }
        if more > 0 {
            self.sentence(format!("and {more} more"));
        }
    }
}

impl Fact {
    fn tone(&mut self, tone: Tone) -> &mut Self {
        self.tone = tone;
        self
    }

    fn help(&mut self, help: &'static str) -> &mut Self {
        self.help = Some(help);
        self
    }
}

/// The time since the beginning, in whole milliseconds.
fn since_start(at: Instant) -> Span {
    Span(Duration::from_millis(at.nanos() / 1_000_000))
}

/// A pod's name.
fn name(simulation: &Simulation, pod: u32) -> &str {
    simulation.pods.get(pod as usize).map_or("nobody", |pod| &pod.name)
}

/// How long before `now` a unix second was, in words.
fn ago(unix_secs: i64, now: WallTime) -> String {
    let at = WallTime::from_unix_secs(unix_secs);
    match now.since(at) {
        Some(age) => format!("{} ago", age_text(age)),
        None => format!("{} ahead", age_text(at.since(now).unwrap_or_default())),
    }
}

/// The time of day of a unix second, in UTC.
fn time_of_day(unix_secs: i64) -> String {
    let text = WallTime::from_unix_secs(unix_secs).to_rfc3339();
    text.get(11..19).map_or(text.clone(), str::to_owned)
}

/// `1 token`, `2 tokens`.
fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

#[cfg(test)]
mod tests;
