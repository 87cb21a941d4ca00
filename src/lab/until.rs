//! Running until something happens, and no event further.
//!
//! Most conditions begin with something that the journal tells, so that between two entries of it there is nothing
//! to do. A heartbeat grows too old by time alone, without any event: such a condition has a deadline, at which
//! the run has to stop and look.

mod stale;
mod text;
mod views;

use std::time::Duration;

use crate::lifecycle::RingKind;
use crate::log::Level;
use crate::memberlist::State;
use crate::ring::InstanceState;
use crate::sim::{Entry, Exit, Happening, Simulation, Span, Timeline, state_name};
use crate::time::Instant;

use stale::Stale;
use views::Agreement;

pub use text::UntilError;

/// What to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// A push fails.
    FirstFailedPush,
    /// A query fails.
    FirstFailedQuery,
    /// All running processes show the same ingesters' ring.
    ViewsAgree,
    /// Some process takes an instance's heartbeat as too old, by its own clock.
    Unhealthy {
        /// The instance's ID.
        id: String,
    },
    /// Some process's memberlist suspects a pod's node.
    Suspected {
        /// The pod's name.
        pod: String,
    },
    /// A process writes a line with this text in it, in whichever case.
    LogLine {
        /// The text.
        text: String,
    },
    /// An instant comes.
    At(Instant),
    /// Anything worth a look: a start, an end, a fault, another state in anybody's ring, a suspicion, a warning, the
    /// first failure after a success.
    NextMilestone,
}

/// What came to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// When.
    pub at: Instant,
    /// What, in one sentence.
    pub why: String,
    /// At which pod, if at one.
    pub pod: Option<u32>,
}

/// How a search stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// It came to pass; the run stands at that event.
    Found(Found),
    /// Not yet; call again.
    Going,
    /// It does not come to pass: nothing is planned any more, or the time is up. Why, in one sentence.
    Nothing(String),
}

/// A search under way.
#[derive(Debug, Clone)]
pub struct Search {
    until: Until,
    began: Instant,
    /// How many of the journal's entries have been looked at.
    seen: u64,
    pushes_failed: u64,
    queries_failed: u64,
    /// Whether the last push, and the last query, failed: then the next failure is no first one.
    failing: (bool, bool),
    is_fresh: bool,
    agreement: Agreement,
    stale: Stale,
}

/// How much virtual time a search goes through.
pub const LONGEST: Duration = Duration::from_secs(3600);

impl Search {
    /// A search that begins where the simulation stands.
    pub fn new(until: Until, simulation: &Simulation) -> Self {
        let journal = &simulation.world.journal;
        let tally = simulation.world.ledger.tally;
        let failed = |what: &Happening| match what {
            Happening::Push { error, .. } => (Some(error.is_some()), None),
            Happening::Query { error, .. } => (None, Some(error.is_some())),
            _ => (None, None),
        };
        let mut failing = (None, None);
        if until == Until::NextMilestone {
            for entry in journal.entries().rev() {
                let (push, query) = failed(&entry.what);
                failing = (failing.0.or(push), failing.1.or(query));
                if failing.0.is_some() && failing.1.is_some() {
                    break;
                }
            }
        }
        Self {
            until,
            began: simulation.now(),
            seen: journal.written(),
            pushes_failed: tally.pushes_failed,
            queries_failed: tally.queries_failed,
            failing: (failing.0.unwrap_or(false), failing.1.unwrap_or(false)),
            is_fresh: true,
            agreement: Agreement::default(),
            stale: Stale::default(),
        }
    }

    /// What is searched for.
    pub fn until(&self) -> &Until {
        &self.until
    }

    /// Since when.
    pub fn began(&self) -> Instant {
        self.began
    }

    /// When the search gives up.
    pub fn limit(&self) -> Instant {
        match self.until {
            Until::At(_) => Instant::NEVER,
            _ => self.began + LONGEST,
        }
    }

    /// Whether it has come to pass. To be called after every event, and at every deadline.
    pub fn check(&mut self, simulation: &Simulation) -> Option<Found> {
        let at = simulation.now();
        let is_first = std::mem::replace(&mut self.is_fresh, false);
        let found = |why: String, pod: Option<u32>| Some(Found { at, why, pod });
        match &self.until {
            Until::At(instant) => {
                (at >= *instant).then(|| Found { at, why: format!("it is {}", text::time(at)), pod: None })
            }
            Until::FirstFailedPush => {
                let failed = simulation.world.ledger.tally.pushes_failed;
                if failed == self.pushes_failed {
                    return None;
                }
                self.pushes_failed = failed;
                let (why, pod) = failure(simulation, "a push", is_push);
                found(why, pod)
            }
            Until::FirstFailedQuery => {
                let failed = simulation.world.ledger.tally.queries_failed;
                if failed == self.queries_failed {
                    return None;
                }
                self.queries_failed = failed;
                let (why, pod) = failure(simulation, "a query", is_query);
                found(why, pod)
            }
            Until::ViewsAgree => {
                let news = self.news(simulation);
                self.agreement.check(simulation, news || is_first).and_then(|why| found(why, None))
            }
            Until::Unhealthy { .. } => {
                let news = self.news(simulation);
                let Until::Unhealthy { id } = &self.until else { return None };
                self.stale
                    .check(id, simulation, news || is_first)
                    .and_then(|(why, pod)| found(why, Some(pod)))
            }
            Until::Suspected { pod } if is_first => {
                let pod = pod.clone();
                self.seen = simulation.world.journal.written();
                suspected_already(&pod, simulation).and_then(|(why, pod)| found(why, Some(pod)))
            }
            Until::Suspected { .. } | Until::LogLine { .. } | Until::NextMilestone => {
                self.check_journal(simulation)
            }
        }
    }

    /// When it may come to pass by time alone, if nothing happens before.
    pub fn deadline(&mut self, simulation: &Simulation) -> Option<Instant> {
        match &self.until {
            Until::At(instant) => Some(*instant),
            Until::Unhealthy { id } => self.stale.deadline(id, simulation),
            _ => None,
        }
    }

    /// Lets the run go on until it comes to pass, but no further than `budget` events.
    pub fn run(&mut self, timeline: &mut Timeline, budget: u64) -> Progress {
        if self.is_fresh
            && let Some(found) = self.check(timeline.present())
        {
            return Progress::Found(found);
        }
        for _ in 0..budget {
            let deadline = self.deadline(timeline.present());
            let limit = self.limit();
            let next = timeline.present().next_at();
            let to = [next, deadline].into_iter().flatten().min();
            match to {
                None => return Progress::Nothing("nothing is planned any more".into()),
                Some(to) if to > limit => {
                    timeline.advance(limit, u64::MAX);
                    return Progress::Nothing(format!("not within {}", Span(LONGEST)));
                }
                // What happens at the deadline itself comes first: it may put it off.
                Some(to) if next == Some(to) => timeline.step(),
                Some(to) => {
                    timeline.advance(to, u64::MAX);
                }
            }
            if let Some(found) = self.check(timeline.present()) {
                return Progress::Found(found);
            }
        }
        Progress::Going
    }

    /// Whether the journal tells anything new of rings or of who runs.
    fn news(&mut self, simulation: &Simulation) -> bool {
        let journal = &simulation.world.journal;
        let written = journal.written();
        if written == self.seen {
            return false;
        }
        let mut fresh = 0;
        let mut tells = false;
        for entry in journal.since(self.seen) {
            fresh += 1;
            tells |= matches!(
                entry.what,
                Happening::Instance { .. }
                    | Happening::Started { .. }
                    | Happening::Exited { .. }
                    | Happening::Fault { .. }
            );
        }
        // What is not kept may have told anything.
        tells |= fresh < written - self.seen;
        self.seen = written;
        tells
    }

    fn check_journal(&mut self, simulation: &Simulation) -> Option<Found> {
        let journal = &simulation.world.journal;
        let written = journal.written();
        if written == self.seen {
            return None;
        }
        let seen = std::mem::replace(&mut self.seen, written);
        for entry in journal.since(seen) {
            let why = match &self.until {
                Until::Suspected { pod } => suspicion(pod, entry, simulation),
                Until::LogLine { text } => line_with(text, entry, simulation),
                _ => milestone(entry, &mut self.failing, simulation),
            };
            if let Some(why) = why {
                return Some(Found { at: entry.at, why, pod: entry.pod });
            }
        }
        None
    }
}

fn is_push(what: &Happening) -> Option<&String> {
    match what {
        Happening::Push { error, .. } => error.as_ref(),
        _ => None,
    }
}

fn is_query(what: &Happening) -> Option<&String> {
    match what {
        Happening::Query { error, .. } => error.as_ref(),
        _ => None,
    }
}

/// The newest failure of a kind, in words, and whose it was.
fn failure(
    simulation: &Simulation,
    what: &str,
    error: impl Fn(&Happening) -> Option<&String>,
) -> (String, Option<u32>) {
    let newest = simulation.world.journal.entries().rev().take(1000);
    let failed = newest.filter_map(|entry| Some((error(&entry.what)?, entry.pod))).next();
    match failed {
        Some((error, Some(pod))) => {
            (format!("{what} to {} failed: {error}", name(simulation, pod)), Some(pod))
        }
        Some((error, None)) => (format!("{what} failed: {error}"), None),
        None => (format!("{what} failed"), None),
    }
}

fn name(simulation: &Simulation, pod: u32) -> &str {
    simulation.pods.get(pod as usize).map_or("nobody", |pod| &pod.name)
}

/// Whether a memberlist name is that of a pod: its own, or with the eight digits that tell its processes apart.
fn is_node_of(node: &str, pod: &str) -> bool {
    let Some(rest) = node.strip_prefix(pod) else { return false };
    let is_suffix = |digits: &str| digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    rest.is_empty() || rest.strip_prefix('-').is_some_and(is_suffix)
}

fn suspected_already(pod: &str, simulation: &Simulation) -> Option<(String, u32)> {
    let names = &simulation.world.names;
    simulation.pods.iter().find_map(|observer| {
        let swim = observer.process.as_ref()?.swim.as_ref()?;
        let mut suspects = swim.members().iter().filter(|member| member.state == State::Suspect);
        let suspect = suspects.find(|member| is_node_of(&names[member.name.0 as usize], pod))?;
        let node = &names[suspect.name.0 as usize];
        Some((format!("{} suspects {node} already", observer.name), observer.index))
    })
}

fn suspicion(pod: &str, entry: &Entry, simulation: &Simulation) -> Option<String> {
    match (&entry.what, entry.pod) {
        (Happening::Member { name: node, state: State::Suspect }, Some(observer))
            if is_node_of(node, pod) =>
        {
            Some(format!("{} suspects {node}", name(simulation, observer)))
        }
        _ => None,
    }
}

fn line_with(text: &str, entry: &Entry, simulation: &Simulation) -> Option<String> {
    let (Happening::Log { line, .. }, Some(pod)) = (&entry.what, entry.pod) else { return None };
    let said = line.to_string();
    let matches = said.to_ascii_lowercase().contains(&text.to_ascii_lowercase());
    matches.then(|| format!("{} says: {said}", name(simulation, pod)))
}

/// What makes an entry worth stopping at, in words.
fn milestone(entry: &Entry, failing: &mut (bool, bool), simulation: &Simulation) -> Option<String> {
    let who = entry.pod.map_or("somebody", |pod| name(simulation, pod));
    match &entry.what {
        Happening::Started { run: 1 } => Some(format!("{who} starts")),
        Happening::Started { run } => Some(format!("{who} starts, for the {} time", ordinal(*run))),
        Happening::Exited { reason } => Some(match reason {
            Exit::Stopped => format!("{who} has stopped"),
            Exit::Killed => format!("{who} was killed"),
            Exit::Failed => format!("{who} gave up"),
        }),
        Happening::Fault { text } => Some(text.clone()),
        Happening::Instance { ring, id, state: InstanceState::Left } => {
            Some(format!("{id} is gone from {who}'s {ring} ring"))
        }
        Happening::Instance { ring, id, state } => Some(format!("{id} is {state} in {who}'s {ring} ring")),
        Happening::Member { state: State::Alive, .. } => None,
        Happening::Member { name: node, state } => {
            Some(format!("{who} counts {node} as {}", state_name(*state)))
        }
        Happening::Readiness { ready: true, .. } => Some(format!("{who} is ready")),
        Happening::Readiness { ready: false, body } => {
            let body = body.trim_end();
            let body = if body.is_empty() { String::new() } else { format!(": {}", body.replace('\n', " ")) };
            Some(format!("{who} is not ready{body}"))
        }
        Happening::Log { line, .. } => (line.level >= Level::Warn).then(|| format!("{who} says: {line}")),
        Happening::Push { error, .. } => first_failure(&mut failing.0, "push", who, error.as_deref()),
        Happening::Query { error, .. } => first_failure(&mut failing.1, "query", who, error.as_deref()),
        Happening::Packet { .. } | Happening::PushPull { .. } => None,
    }
}

fn first_failure(failing: &mut bool, what: &str, who: &str, error: Option<&str>) -> Option<String> {
    let was = std::mem::replace(failing, error.is_some());
    error.filter(|_| !was).map(|error| format!("a {what} to {who} failed: {error}"))
}

fn ordinal(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// The ring that all of this is about.
const RING: RingKind = RingKind::Ingester;

#[cfg(test)]
mod tests;
