//! Several processes' copies of one ring beside each other: who does not know whom, and who has older
//! news than another.
//!
//! `/ring` shows one process's copy. What all would agree on, once gossip is through, is the merge of
//! the copies: of two entries of one instance the newer one stays (dskit ring/model.go:228-305). That
//! merge is what each copy is held against; it is the newest news, not the truth.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::go::duration;
use crate::ring::InstanceState;
use crate::time::WallTime;

use super::ShownState;
use super::history::Frame;
use super::judge::{Finding, Severity};
use super::watch::{Source, frames_at};

/// Heartbeats that differ by no more than this are the same news on its way.
pub const HEARTBEAT_SLACK: Duration = Duration::from_secs(20);

/// An instance as the newest of all copies has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// Its ID.
    pub id: Arc<str>,
    /// Its heartbeat in unix seconds, the newest that any copy has.
    pub heartbeat: i64,
    /// The state that the page with that heartbeat printed.
    pub state: ShownState,
}

impl Newest {
    /// Whether a copy that shows this state by this heartbeat has the same news. Whether one and the same
    /// heartbeat is too old is a question of when each was asked.
    pub fn is_same_news(&self, shows: ShownState, heartbeat: i64) -> bool {
        shows == self.state
            || heartbeat == self.heartbeat && [shows, self.state].contains(&ShownState::Unhealthy)
    }
}

/// The newest of all copies, by ID.
pub fn newest<'f>(frames: impl IntoIterator<Item = &'f Frame>) -> Vec<Newest> {
    let mut all: BTreeMap<&Arc<str>, (i64, InstanceState, WallTime, ShownState)> = BTreeMap::new();
    for frame in frames {
        for (place, entry) in frame.roster.entries().iter().enumerate() {
            let state = frame.state(place);
            // Within one second the later state of a life stays; of two equal ones that of the later page.
            let news = (frame.heartbeat(place), state.assumed(), frame.at, state);
            let known = all.entry(&entry.id).or_insert(news);
            if (news.0, news.1, news.2) > (known.0, known.1, known.2) {
                *known = news;
            }
        }
    }
    let newest =
        |(id, (heartbeat, _, _, state)): (&Arc<str>, _)| Newest { id: Arc::clone(id), heartbeat, state };
    all.into_iter().map(newest).collect()
}

/// What a copy has otherwise than the newest one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// It does not have the instance at all.
    Unknown,
    /// It shows another state.
    State {
        /// What it shows.
        shows: ShownState,
        /// What the newest copy shows.
        newest: ShownState,
    },
    /// Its heartbeat is this much older.
    Older(Duration),
    /// It has other tokens.
    Tokens {
        /// How many it has.
        has: usize,
        /// How many the newest copy has.
        newest: usize,
    },
}

/// A difference, with who has it and of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The sources that have it, by their place.
    pub sources: Vec<usize>,
    /// Of which instance.
    pub id: Arc<str>,
    /// What.
    pub difference: Difference,
}

/// All differences between the copies, by instance; sources that differ alike share one. A source
/// without a frame has no copy to differ.
pub fn disagreements(frames: &[Option<&Frame>]) -> Vec<Disagreement> {
    let known = || frames.iter().copied().flatten();
    let mut found: Vec<Disagreement> = Vec::new();
    for newest in newest(known()) {
        let first = found.len();
        let tokens = known()
            .filter_map(|frame| Some((frame, frame.roster.place(&newest.id)?)))
            .max_by_key(|(frame, place)| frame.heartbeat(*place))
            .map(|(frame, place)| &frame.roster.entries()[place].tokens);
        for (source, frame) in frames.iter().enumerate() {
            let Some(frame) = frame else { continue };
            for difference in differences(frame, &newest, tokens) {
                let same = found[first..].iter_mut().find(|one| one.difference == difference);
                match same {
                    Some(same) => same.sources.push(source),
                    None => found.push(Disagreement {
                        sources: vec![source],
                        id: Arc::clone(&newest.id),
                        difference,
                    }),
                }
            }
        }
    }
    found
}

fn differences(frame: &Frame, newest: &Newest, tokens: Option<&crate::ring::Tokens>) -> Vec<Difference> {
    let Some(place) = frame.roster.place(&newest.id) else { return vec![Difference::Unknown] };
    let mut found = Vec::new();
    let shows = frame.state(place);
    let heartbeat = frame.heartbeat(place);
    if !newest.is_same_news(shows, heartbeat) {
        found.push(Difference::State { shows, newest: newest.state });
    }
    let behind = Duration::from_secs(newest.heartbeat.saturating_sub(heartbeat).max(0) as u64);
    if behind > HEARTBEAT_SLACK {
        found.push(Difference::Older(behind));
    }
    let has = &frame.roster.entries()[place].tokens;
    if let Some(tokens) = tokens.filter(|tokens| *tokens != has) {
        found.push(Difference::Tokens { has: has.len(), newest: tokens.len() });
    }
    found
}

/// That copies differ, as a finding on any of them.
pub fn finding(sources: &[&Source], at: WallTime) -> Option<Finding> {
    let all = disagreements(&frames_at(sources, at));
    let who = BTreeSet::from_iter(all.iter().flat_map(|one| one.sources.iter().copied()));
    let whom = BTreeSet::from_iter(all.iter().map(|one| &one.id)).len();
    let names = Vec::from_iter(who.iter().map(|place| &*sources[*place].name)).join(", ");
    let instances = if whom == 1 { "1 instance".to_owned() } else { format!("{whom} instances") };
    (!who.is_empty()).then(|| Finding {
        key: "copies",
        severity: Severity::Warning,
        what: format!("{} of {} copies differ from the newest, on {instances}: {names}.", who.len(), sources.len()),
        why: "A verdict is on one pod\u{2019}s copy of the ring. A pod whose copy is old sends reads and writes by it, whatever the \
              others know."
            .to_owned(),
        advice: "See \u{201c}Copies of the ring\u{201d}. If it lasts longer than a minute, look whether that pod hears the others."
            .to_owned(),
        check: Some("kubectl logs POD | grep -iE 'memberlist|gossip|push/pull' | tail -50".to_owned()),
        command: None,
    })
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("not in its ring"),
            Self::State { shows, newest } => write!(f, "{shows}, where the newest news is {newest}"),
            Self::Older(by) => write!(f, "a heartbeat {} older", duration::format(*by)),
            Self::Tokens { has, newest } => write!(f, "other tokens ({has}, the newest news has {newest})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;

    fn frame(entries: &[(&str, &str, i64)]) -> Frame {
        let shard = |(id, state, heartbeat): &(&str, &str, i64)| {
            format!(r#"{{"id":"{id}","state":"{state}","timestamp":{heartbeat},"tokens":[{}]}}"#, id.len())
        };
        let shards = entries.iter().map(shard).collect::<Vec<_>>().join(",");
        let page = ring_page::parse(&format!(r#"{{"shards":[{shards}],"now":1000}}"#)).unwrap();
        Frame::new(WallTime::from_unix_secs(1000), &page, None)
    }

    fn sentences(frames: &[Option<&Frame>]) -> Vec<String> {
        let all = disagreements(frames);
        all.iter().map(|one| format!("{:?} {}: {}", one.sources, one.id, one.difference)).collect()
    }

    #[test]
    fn copies_that_differ_by_news_under_way_agree() {
        let (a, b) = (frame(&[("x", "ACTIVE", 990)]), frame(&[("x", "ACTIVE", 1000)]));
        assert_eq!(sentences(&[Some(&a), Some(&b)]), [""; 0]);
        assert_eq!(sentences(&[]), [""; 0]);
    }

    #[test]
    fn who_knows_less_or_older_things_is_named_and_those_alike_together() {
        let newest = frame(&[("gone", "ACTIVE", 1000), ("x", "LEAVING", 1000), ("y", "ACTIVE", 1000)]);
        let old = frame(&[("x", "ACTIVE", 955), ("y", "ACTIVE", 995)]);
        assert_eq!(
            sentences(&[Some(&old), None, Some(&newest), Some(&old.clone())]),
            [
                "[0, 3] gone: not in its ring",
                "[0, 3] x: ACTIVE, where the newest news is LEAVING",
                "[0, 3] x: a heartbeat 45s older"
            ]
        );
    }

    #[test]
    fn other_tokens_are_a_disagreement() {
        let a = frame(&[("x", "ACTIVE", 1000)]);
        let mut page = a.page();
        page.desc.ingesters.get_mut("x").unwrap().tokens = vec![7, 8].into();
        page.desc.ingesters.get_mut("x").unwrap().timestamp = 1001;
        let b = Frame::new(WallTime::from_unix_secs(1000), &page, None);
        assert_eq!(sentences(&[Some(&a), Some(&b)]), ["[0] x: other tokens (1, the newest news has 2)"]);
    }
}
