//! What the doctor knows of messages: `catalogue.json`, which needs no Rust to be extended. docs/doctor.md explains its fields.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::matcher::Matcher;
use super::pattern::{Pattern, PatternError};

/// The file that is built in.
pub const EMBEDDED: &str = include_str!("catalogue.json");

/// The catalogue, ready to match.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// In the file's order.
    pub entries: Vec<Entry>,
    /// Compiled patterns with the entry of each.
    pub patterns: Vec<(usize, Pattern)>,
    /// Finds candidate lines, and the patterns that a text may have.
    pub matcher: Matcher,
    ids: BTreeMap<String, usize>,
    judges: BTreeMap<String, Vec<Rule>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "_about")]
    _about: String,
    judges: BTreeMap<String, Vec<Rule>>,
    entries: Vec<Entry>,
}

/// One message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Short and stable, such as `A01`.
    pub id: String,
    /// Patterns in the notation of [`Pattern`]; any of them will do.
    #[serde(rename = "match")]
    pub patterns: Vec<String>,
    /// In which part of a structured line.
    #[serde(default, rename = "in")]
    pub part: Part,
    /// Fields of which a structured line has to have one; tells apart what is said in the same words.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The part of Loki that says it.
    pub from: String,
    /// The level it is logged at, or where else it is seen.
    pub level: String,
    /// What it means, in a few words.
    pub title: String,
    /// When it is said.
    pub when: String,
    /// What it is taken for when no rule decides.
    pub verdict: Kind,
    /// Why, in a sentence.
    pub why: String,
    /// For `wait`: until when, and for what to look.
    #[serde(default)]
    pub until: String,
    /// What to look at.
    pub check: String,
    /// What to do.
    pub fix: String,
    /// The name of a list of rules, looked at after its own.
    #[serde(default)]
    pub judge: Option<String>,
    /// The first that holds decides.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// Another wording of this entry: judged and counted with it.
    #[serde(default)]
    pub same_as: Option<String>,
    /// Entries that, seen nearby, are the cause of this one.
    #[serde(default)]
    pub follows_from: Vec<String>,
    /// Captures or fields that name whom it is about, the first that is there.
    #[serde(default)]
    pub peer: Vec<String>,
    /// What it says of the process that writes it.
    #[serde(default)]
    pub mark: Option<Mark>,
    /// Heavier incidents of one verdict come first; 50 unless said.
    #[serde(default = "middle")]
    pub weight: u8,
    /// Threads and pages, `https`.
    #[serde(default)]
    pub links: Vec<String>,
    /// Since or until when it is worded so.
    #[serde(default)]
    pub versions: Option<String>,
    /// A built-in scenario that shows it.
    #[serde(default)]
    pub scenario: Option<String>,
}

const fn middle() -> u8 {
    50
}

/// Which part of a structured line a pattern is looked for in; a line without structure is one part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The message, else an error.
    #[default]
    Any,
    /// Only the message.
    Msg,
    /// Only `err=` and its kin.
    Err,
}

/// What an entry says when nothing else decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Nothing to do.
    Harmless,
    /// Normal for now.
    Wait,
    /// Something is to be done.
    Act,
    /// Only the echo of another failure; alone, something to look into.
    Secondary,
}

/// What a line tells about the process that wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// A process begins.
    Start,
    /// Only said while a process starts.
    Boot,
    /// All modules run.
    Up,
    /// It is part of the cluster.
    Joined,
    /// It begins to stop.
    Stopping,
    /// It stopped as it should.
    Stopped,
    /// It gave up.
    Crashed,
    /// It found another member dead.
    PeerFailed,
}

/// A verdict with its condition.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What it is then.
    pub verdict: Kind,
    /// All of it has to hold.
    pub when: Condition,
    /// Why, in a sentence.
    pub why: String,
    /// What it means then, if that is more than the entry's own title.
    #[serde(default)]
    pub title: Option<String>,
}

/// What has to hold of a group: the lines of one process, about one peer, with less than two minutes between them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Condition {
    /// One of these is said by the same process after the last line, `within` so many seconds.
    pub followed_by: Vec<String>,
    /// One of these was said before the first line, `within` so many seconds.
    pub preceded_by: Vec<String>,
    /// One of these is still said when `within` seconds have passed since the first line.
    pub still_seen: Vec<String>,
    /// Seconds, for the conditions beside it.
    pub within: i64,
    /// All lines lie in the first so many seconds of the process.
    pub at_start: Option<i64>,
    /// All lines lie between the beginning of a stop of the process and so many seconds after it.
    pub at_stop: Option<i64>,
    /// The log of the process goes on for so many seconds without it.
    pub quiet_after: Option<i64>,
    /// The process never says it again after this group.
    pub not_again: bool,
    /// From the first line to the last there are at least so many seconds.
    pub lasts: Option<i64>,
    /// … at most so many seconds.
    pub lasts_at_most: Option<i64>,
    /// At least so many lines, and in the mean so many `within` seconds.
    pub repeats: Option<u64>,
    /// At least so many peers are named by the process.
    pub peers: Option<usize>,
    /// A process of the peer's name starts within so many seconds after the first line.
    pub peer_back: Option<i64>,
    /// A capture or field of the line has this value; `a|b` allows two, `~a` whatever has `a` in it.
    pub with: BTreeMap<String, String>,
    /// The error that the line gives is one of these.
    pub inner: Vec<String>,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// Its JSON is not of the shape.
    #[error("the catalogue's JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A pattern is wrong.
    #[error("entry {id}: {error}")]
    Pattern {
        /// The entry.
        id: String,
        /// What is wrong.
        error: PatternError,
    },
    /// Something names what is not there, or is there twice.
    #[error("entry {id}: {what}")]
    Entry {
        /// The entry.
        id: String,
        /// What is wrong.
        what: String,
    },
}

impl Catalogue {
    /// The built-in catalogue; tests hold it to be sound.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> =
            LazyLock::new(|| Catalogue::parse(EMBEDDED).unwrap_or_default());
        &CATALOGUE
    }

    /// Reads and checks a catalogue.
    pub fn parse(json: &str) -> Result<Self, CatalogueError> {
        let File { judges, entries, .. } = serde_json::from_str(json)?;
        let (mut ids, mut patterns) = (BTreeMap::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            let fault = |what: String| CatalogueError::Entry { id: entry.id.clone(), what };
            if ids.insert(entry.id.clone(), index).is_some() {
                return Err(fault("the id is taken".to_owned()));
            }
            if entry.patterns.is_empty() {
                return Err(fault("no pattern".to_owned()));
            }
            for text in &entry.patterns {
                let pattern = Pattern::parse(text)
                    .map_err(|error| CatalogueError::Pattern { id: entry.id.clone(), error })?;
                patterns.push((index, pattern));
            }
        }
        let matcher = Matcher::new(patterns.iter().map(|(_, pattern)| pattern));
        let catalogue = Self { entries, patterns, matcher, ids, judges };
        catalogue.check()?;
        Ok(catalogue)
    }

    /// The entry with this id.
    pub fn index(&self, id: &str) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// The entry that `entry` is judged and counted with: itself, unless it is another wording.
    pub fn canonical(&self, entry: usize) -> usize {
        self.entries[entry].same_as.as_deref().and_then(|id| self.index(id)).unwrap_or(entry)
    }

    /// The rules of an entry, in the order in which they are looked at.
    pub fn rules(&self, entry: usize) -> impl Iterator<Item = &Rule> {
        let entry = &self.entries[self.canonical(entry)];
        let shared = entry.judge.as_deref().and_then(|name| self.judges.get(name));
        entry.rules.iter().chain(shared.into_iter().flatten())
    }

    /// Everything that names something names what is there.
    fn check(&self) -> Result<(), CatalogueError> {
        for (index, entry) in self.entries.iter().enumerate() {
            let fault = |what: String| Err(CatalogueError::Entry { id: entry.id.clone(), what });
            let texts = [
                ("from", &entry.from),
                ("level", &entry.level),
                ("title", &entry.title),
                ("when", &entry.when),
                ("why", &entry.why),
                ("check", &entry.check),
                ("fix", &entry.fix),
            ];
            if let Some((name, _)) = texts.iter().find(|(_, text)| text.trim().is_empty()) {
                return fault(format!("{name} is empty"));
            }
            if entry.verdict == Kind::Wait && entry.until.is_empty() {
                return fault("`wait` without `until`: say for what to look".to_owned());
            }
            if let Some(link) = entry.links.iter().find(|link| !link.starts_with("https://")) {
                return fault(format!("the link {link} is not https"));
            }
            if let Some(judge) = entry.judge.as_ref().filter(|name| !self.judges.contains_key(*name)) {
                return fault(format!("there is no judge {judge}"));
            }
            if self.rules(index).count() > 32 {
                return fault("more than 32 rules".to_owned());
            }
            let ruled = self.rules(index).flat_map(|rule| {
                let when = &rule.when;
                [&when.followed_by, &when.preceded_by, &when.still_seen, &when.inner].into_iter().flatten()
            });
            let named = ruled.chain(&entry.follows_from).chain(&entry.same_as);
            if let Some(id) = named.into_iter().find(|id| self.index(id).is_none()) {
                return fault(format!("names {id}, which is not there"));
            }
        }
        Ok(())
    }
}
