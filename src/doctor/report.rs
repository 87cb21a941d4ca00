//! Everything that was given to the doctor, as one report: the most urgent part decides, and the parts follow.
//!
//! A log has a verdict of its own. A ring is judged by [`crate::live::judge`], with what a configuration among the
//! parts says of it. Of findings the heaviest decides: what is to be acted on is [`Urgency::Act`]; what is only to be looked at is not a
//! matter of waiting, so it has a word of its own.

mod markdown;

use crate::live::judge::{self, Judgement, judge};
use crate::live::pasted::Pages;
use crate::live::ring_page::RingPage;
use crate::ring::{Ring, RingConfig};
use crate::time::WallTime;

use super::config::{Examined, Finding, Severity, Value};
use super::log::{Reading, Verdict};
use super::together::{self, Contradiction, LogFacts};

pub use markdown::{markdown, origin};

/// What it all comes to; the greater is the more urgent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing was recognised, so nothing is said.
    #[default]
    Unknown,
    /// Nothing to do.
    Harmless,
    /// Nothing fails by it now; it should be looked at.
    Look,
    /// Normal for now; it says until when.
    Wait,
    /// Something is to be done.
    Act,
}

impl Urgency {
    /// A word that stays.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Harmless => "harmless",
            Self::Look => "look",
            Self::Wait => "wait",
            Self::Act => "act",
        }
    }

    /// The word for it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Unknown => "Nothing recognised",
            Self::Harmless => "Harmless",
            Self::Look => "Look",
            Self::Wait => "Wait",
            Self::Act => "Act",
        }
    }
}

impl From<Verdict> for Urgency {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Unknown => Self::Unknown,
            Verdict::Harmless => Self::Harmless,
            Verdict::Wait => Self::Wait,
            Verdict::Act => Self::Act,
        }
    }
}

impl From<Severity> for Urgency {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Harmless,
            Severity::Look => Self::Look,
            Severity::Act => Self::Act,
        }
    }
}

impl From<judge::Severity> for Urgency {
    fn from(severity: judge::Severity) -> Self {
        match severity {
            judge::Severity::Info => Self::Harmless,
            judge::Severity::Warning => Self::Look,
            judge::Severity::Critical => Self::Act,
        }
    }
}

/// A configuration that was examined.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigPart {
    /// What it was given as.
    pub name: String,
    /// What was found.
    pub examined: Examined,
}

/// Pages of a process.
#[derive(Debug, Clone, PartialEq)]
pub struct PagePart {
    /// What they were given as.
    pub name: String,
    /// What they say.
    pub pages: Pages,
    /// The ring, judged, and how it was read.
    pub judged: Option<Judged>,
}

/// A ring's verdict, and with which settings it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub judgement: Judgement,
    /// Those settings.
    pub config: RingConfig,
    /// Where they come from: the name of a configuration among the parts.
    pub from: Option<String>,
}

/// A part, in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// `log`, `page`, `config` or `together`.
    pub part: &'static str,
    /// What it was given as; the log of several files is one.
    pub name: String,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What is the case.
    pub headline: String,
    /// Why.
    pub why: String,
    /// For what is worth a wait: until when.
    pub until: Option<String>,
    /// What to do, or to look at first.
    pub first: String,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// All logs, read together.
    pub log: Option<Reading>,
    /// Pages, in the order in which they were given.
    pub pages: Vec<PagePart>,
    /// Configurations, likewise.
    pub configs: Vec<ConfigPart>,
    /// Where the parts contradict each other.
    pub together: Vec<Contradiction>,
    /// The parts, most urgent first; what stands first is the verdict.
    pub summaries: Vec<Summary>,
}

impl Report {
    /// Lays the parts together. Rings that do not tell their time are judged at `now`.
    pub fn new(
        log: Option<Reading>,
        pages: Vec<(String, Pages)>,
        configs: Vec<ConfigPart>,
        now: WallTime,
    ) -> Self {
        let config = configs.first();
        let pages = pages.into_iter().map(|(name, pages)| {
            let judged = pages.ring.as_ref().map(|ring| judged(ring, &pages, config, now));
            PagePart { name, pages, judged }
        });
        let pages = Vec::from_iter(pages);
        let facts = log.as_ref().map(LogFacts::of);
        let examined = config.map(|config| &config.examined);
        let rings = pages
            .iter()
            .filter_map(|part| Some((part.pages.ring.as_ref()?, &part.judged.as_ref()?.judgement)));
        let mut together = Vec::new();
        for ring in rings.map(Some).chain([None]) {
            for found in together::compare(examined, ring, facts.as_ref()) {
                if !together.contains(&found) {
                    together.push(found);
                }
            }
        }
        together.sort_by_key(|found: &Contradiction| std::cmp::Reverse(found.severity));
        let mut report = Self { log, pages, configs, together, summaries: Vec::new() };
        report.summaries = report.summarise();
        report
    }

    /// The most urgent part.
    pub fn verdict(&self) -> Urgency {
        self.summaries.first().map_or(Urgency::Unknown, |first| first.urgency)
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        self.log.is_none() && self.pages.is_empty() && self.configs.is_empty()
    }

    /// A state says more than a log, so at the same urgency it stands first.
    fn summarise(&self) -> Vec<Summary> {
        let mut summaries = Vec::from_iter(self.pages.iter().map(of_page));
        summaries.extend(self.log.as_ref().map(of_log));
        summaries.extend(self.configs.iter().map(of_config));
        let heaviest = self.together.first().filter(|found| found.severity > Severity::Note);
        summaries.extend(heaviest.map(|found| Summary {
            part: "together",
            name: "Laid side by side".to_owned(),
            urgency: found.severity.into(),
            headline: found.what.clone(),
            why: found.why.clone(),
            until: None,
            first: found.check.clone(),
        }));
        summaries.sort_by_key(|summary| std::cmp::Reverse(summary.urgency));
        summaries
    }
}

/// Judges a ring as the cluster would that has this configuration.
fn judged(page: &RingPage, pages: &Pages, config: Option<&ConfigPart>, now: WallTime) -> Judged {
    let mut ring_config = RingConfig::default();
    let value = |key: &str| config.and_then(|part| part.examined.get(key)).map(|known| &known.value);
    match value("ingester.lifecycler.ring.replication_factor") {
        Some(Value::Int(factor)) if (1..=1_000).contains(factor) => {
            ring_config.replication_factor = *factor as usize;
        }
        _ => {
            let factor = pages.metrics.as_ref().and_then(|metrics| metrics.replication_factor);
            let factor = factor.and_then(|factor| usize::try_from(factor).ok());
            ring_config.replication_factor =
                factor.filter(|factor| (1..=1_000).contains(factor)).unwrap_or(3);
        }
    }
    if let Some(Value::Bool(aware)) = value("ingester.lifecycler.ring.zone_awareness_enabled") {
        ring_config.zone_awareness_enabled = *aware;
    }
    if let Some(Value::Span(timeout)) = value("ingester.lifecycler.ring.heartbeat_timeout") {
        ring_config.heartbeat_timeout = *timeout;
    }
    let ring = Ring::new(&page.desc, ring_config.clone());
    let judgement = judge(&ring, page.now.or(pages.at).unwrap_or(now));
    Judged { judgement, config: ring_config, from: config.map(|part| part.name.clone()) }
}

fn of_log(reading: &Reading) -> Summary {
    // Until when to wait stands by itself.
    let first = reading.incidents.first().filter(|_| reading.verdict == Verdict::Wait);
    let name = match reading.totals.files.as_slice() {
        [name] => name.clone(),
        files => format!("{} logs", files.len()),
    };
    Summary {
        part: "log",
        name,
        urgency: reading.verdict.into(),
        headline: reading.headline.clone(),
        why: first.map_or(&reading.why, |first| &first.why).clone(),
        until: first.and_then(|first| first.until.clone()),
        // Why says it already.
        first: String::new(),
    }
}

fn of_page(part: &PagePart) -> Summary {
    let summary = |urgency, headline: String, why: String, first: String| Summary {
        part: "page",
        name: part.name.clone(),
        urgency,
        headline,
        why,
        until: None,
        first,
    };
    let Some(Judged { judgement, .. }) = &part.judged else {
        let members = part.pages.memberlist.as_ref().map(|page| page.members.len());
        let headline = match members {
            Some(1) => "The page knows one member.".to_owned(),
            Some(count) => format!("The page knows {count} members."),
            None => "These are metrics, without a ring.".to_owned(),
        };
        let why = "Members and metrics alone come to no verdict: paste /ring of the same pod, too.";
        return summary(Urgency::Unknown, headline, why.to_owned(), String::new());
    };
    let heaviest = judgement.findings.first();
    let found = heaviest.map_or(Urgency::Harmless, |finding| finding.severity.into());
    let urgency = match judgement.verdict {
        judge::Verdict::Healthy => found,
        judge::Verdict::Degraded => found.max(Urgency::Look),
        judge::Verdict::Down => Urgency::Act,
    };
    let (why, first) = match heaviest.filter(|finding| finding.severity > judge::Severity::Info) {
        Some(finding) => (format!("{} {}", finding.what, finding.why), finding.advice.clone()),
        None => (judgement.margin.clone(), String::new()),
    };
    summary(urgency, judgement.summary.clone(), why, first)
}

fn of_config(part: &ConfigPart) -> Summary {
    let findings = &part.examined.findings;
    let (headline, why, first) = match findings.first() {
        Some(finding) if finding.severity > Severity::Note => {
            (finding.what.clone(), finding.why.clone(), finding.advice.clone())
        }
        _ => (
            "Nothing in the configuration is wrong for rings and memberlist.".to_owned(),
            "Keys that do not concern them were not looked at.".to_owned(),
            String::new(),
        ),
    };
    let urgency = findings.first().map_or(Urgency::Harmless, |finding| finding.severity.into());
    Summary { part: "config", name: part.name.clone(), urgency, headline, why, until: None, first }
}

/// How many findings of each severity, in words.
pub fn counts(findings: &[Finding]) -> String {
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    match (count(Severity::Act), count(Severity::Look), count(Severity::Note)) {
        (0, 0, 0) => "nothing to say".to_owned(),
        (0, 0, notes) => format!("nothing to do, {notes} to know"),
        (acts, looks, notes) => format!("{acts} to act on, {looks} to look at, {notes} to know"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::config::examine;
    use crate::doctor::log::Decoder;
    use crate::live::pasted;

    const HEALTHY: &str = include_str!("../../tests/fixtures/pages/02_healthy/loki-1.ring.json.http");
    const ALONE: &str = include_str!("../../tests/fixtures/pages/05_single_rf3/loki-1.ring.json.http");
    pub(super) const FIRST_POD: &str = include_str!("../../public/samples/doctor/fast-join.log");
    pub(super) const DEAD_LIST: &str = include_str!("../../public/samples/doctor/dead-join-list.log");
    pub(super) const MISTAKES: &str = include_str!("../../public/samples/doctor/mistakes.yaml");

    pub(super) fn report(logs: &[&str], pages: &[&str], configs: &[&str]) -> Report {
        let log = (!logs.is_empty()).then(|| {
            let mut decoder = Decoder::new();
            for (place, log) in logs.iter().enumerate() {
                decoder.begin_file(&format!("log-{place}"));
                decoder.feed(log.as_bytes());
            }
            decoder.finish()
        });
        let pages = pages.iter().map(|page| ("ring".to_owned(), pasted::parse(page).unwrap()));
        let configs = configs
            .iter()
            .map(|config| ConfigPart { name: "config".into(), examined: examine(config).unwrap() });
        Report::new(log, pages.collect(), configs.collect(), WallTime::from_unix_secs(0))
    }

    #[test]
    fn nothing_given_is_nothing_said() {
        let nothing = report(&[], &[], &[]);
        assert!(nothing.is_empty());
        assert_eq!(nothing.verdict(), Urgency::Unknown);
    }

    #[test]
    fn the_examples_are_what_they_are_called() {
        assert_eq!(report(&[FIRST_POD], &[], &[]).verdict(), Urgency::Harmless);
        assert_eq!(report(&[DEAD_LIST], &[], &[]).verdict(), Urgency::Act);
        let mistakes = report(&[], &[], &[MISTAKES]);
        assert_eq!(mistakes.verdict(), Urgency::Act);
        assert!(mistakes.configs[0].examined.findings.iter().any(|finding| finding.fix.is_some()));
    }

    #[test]
    fn the_most_urgent_part_decides_whatever_it_is() {
        let harmless = report(&[&FIRST_POD.replace("loki-0", "loki-1")], &[HEALTHY], &[]);
        assert_eq!(harmless.verdict(), Urgency::Harmless);
        assert_eq!(harmless.summaries[0].part, "page", "a state says more than a log");
        assert_eq!(report(&[FIRST_POD], &[ALONE], &[]).verdict(), Urgency::Act);
        let by_log = report(&[DEAD_LIST], &[HEALTHY], &[]);
        assert_eq!((by_log.verdict(), by_log.summaries[0].part), (Urgency::Act, "log"));
    }

    #[test]
    fn a_ring_is_judged_with_the_replication_factor_of_the_configuration() {
        let alone = |configs: &[&str]| report(&[], &[ALONE], configs);
        let judged = |report: &Report| report.pages[0].judged.clone().unwrap();
        assert_eq!(judged(&alone(&[])).judgement.verdict, judge::Verdict::Down);
        let one = alone(&["common: {replication_factor: 1}\n"]);
        assert_eq!(judged(&one).judgement.verdict, judge::Verdict::Healthy);
        assert_eq!(judged(&one).from.as_deref(), Some("config"));
    }

    #[test]
    fn contradictions_count_once_and_weigh_in() {
        let three = "common: {replication_factor: 3}\nmemberlist: {join_members: [a]}\n";
        let both = report(&[], &[ALONE, ALONE], &[three]);
        let rules = Vec::from_iter(both.together.iter().map(|found| found.rule));
        assert_eq!(rules, ["RING-FACTOR"]);
        assert!(both.summaries.iter().any(|summary| summary.part == "together"));
    }

    #[test]
    fn what_is_only_to_be_looked_at_is_no_matter_of_waiting() {
        assert!(Urgency::Harmless < Urgency::Look && Urgency::Look < Urgency::Wait);
        assert_eq!(Urgency::from(Severity::Look), Urgency::Look);
        assert_eq!(counts(&[]), "nothing to say");
    }
}
