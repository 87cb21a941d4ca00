//! A watched cluster as a file: what every source said over time, to look at later and elsewhere.
//!
//! `{"ringside_recording": 1, "sources": [{"name", "address", "rosters": [[…]], "frames": […], "misses": […]}]}`.
//! A frame names its roster and has a letter for the state and an age in seconds for the heartbeat of each
//! entry, in the roster's order. Headers that were sent are not part of it.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ring::{InstanceState, Tokens};
use crate::time::WallTime;

use super::ShownState;
use super::history::{Entry, Frame, History, Miss, Roster};

/// The most bytes that are read.
pub const MAX_RECORDING_BYTES: usize = 128 << 20;
const VERSION: u64 = 1;
const MOST_SOURCES: usize = 64;

/// What one source said.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    /// What the reader calls it.
    pub name: String,
    /// Where it was asked; empty for what was pasted.
    pub address: String,
    /// What it said.
    pub history: History,
}

/// A text is no recording. Nothing was taken from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// More than [`MAX_RECORDING_BYTES`].
    #[error("the file has {} MiB; a recording may have at most {} MiB", .0 >> 20, MAX_RECORDING_BYTES >> 20)]
    TooLarge(usize),
    /// Not the JSON of a recording.
    #[error("this is no recording: {0}")]
    Shape(String),
    /// Another format's version.
    #[error(
        "the recording has version {0}, and this page reads version {VERSION}: open it with a newer page"
    )]
    Version(u64),
    /// Something in it does not fit together.
    #[error("sources[{source_place}].frames[{frame}]: {what}")]
    Frame {
        /// Which source.
        source_place: usize,
        /// Which of its frames.
        frame: usize,
        /// What is wrong.
        what: String,
    },
    /// More sources than a reader can follow.
    #[error("the recording has {0} sources; at most {MOST_SOURCES} are read")]
    Sources(usize),
}

#[derive(Serialize, Deserialize)]
struct File {
    ringside_recording: u64,
    sources: Vec<SourceFile>,
}

#[derive(Serialize, Deserialize)]
struct SourceFile {
    name: String,
    #[serde(default)]
    address: String,
    rosters: Vec<Vec<EntryFile>>,
    frames: Vec<FrameFile>,
    #[serde(default)]
    misses: Vec<MissFile>,
}

#[derive(Serialize, Deserialize)]
struct EntryFile {
    id: Arc<str>,
    #[serde(default)]
    address: Arc<str>,
    #[serde(default)]
    zone: Arc<str>,
    #[serde(default, skip_serializing_if = "is_zero")]
    registered: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    read_only: bool,
    #[serde(default, skip_serializing_if = "is_zero")]
    read_only_updated: i64,
    #[serde(default)]
    tokens: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct FrameFile {
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    now: Option<String>,
    roster: usize,
    states: String,
    /// `null` where there never was a heartbeat.
    ages: Vec<Option<i64>>,
}

#[derive(Serialize, Deserialize)]
struct MissFile {
    at: String,
    why: Arc<str>,
}

fn is_zero(number: &i64) -> bool {
    *number == 0
}

const LETTERS: [(char, ShownState); 6] = [
    ('A', ShownState::Stated(InstanceState::Active)),
    ('L', ShownState::Stated(InstanceState::Leaving)),
    ('P', ShownState::Stated(InstanceState::Pending)),
    ('J', ShownState::Stated(InstanceState::Joining)),
    ('X', ShownState::Stated(InstanceState::Left)),
    ('U', ShownState::Unhealthy),
];

/// The text of a file.
pub fn write(sources: &[(&str, &str, &History)]) -> String {
    let sources = sources.iter().map(|(name, address, history)| source_file(name, address, history));
    let file = File { ringside_recording: VERSION, sources: sources.collect() };
    serde_json::to_string(&file).unwrap_or_default()
}

/// Whether a text looks like a recording, well or not.
pub fn is_one(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with("{\"ringside_recording\"")
}

/// Reads a file. `gap` is as in [`History::record`].
pub fn read(text: &str, gap: Duration) -> Result<Vec<Recorded>, RecordingError> {
    if text.len() > MAX_RECORDING_BYTES {
        return Err(RecordingError::TooLarge(text.len()));
    }
    let mut json = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    let file: File = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| RecordingError::Shape(format!("{}: {}", error.path(), error.inner())))?;
    if file.ringside_recording != VERSION {
        return Err(RecordingError::Version(file.ringside_recording));
    }
    if file.sources.len() > MOST_SOURCES {
        return Err(RecordingError::Sources(file.sources.len()));
    }
    file.sources.into_iter().enumerate().map(|(place, source)| recorded(place, source, gap)).collect()
}

fn source_file(name: &str, address: &str, history: &History) -> SourceFile {
    let mut rosters: Vec<&Arc<Roster>> = Vec::new();
    let mut frames = Vec::new();
    for frame in history.frames() {
        // A roster is that of the frame before, nearly always.
        let roster = match rosters.last() {
            Some(last) if Arc::ptr_eq(last, &frame.roster) => rosters.len() - 1,
            _ => {
                rosters.push(&frame.roster);
                rosters.len() - 1
            }
        };
        let second = frame.at.unix_secs();
        let places = 0..frame.roster.entries().len();
        let letter = |place| {
            LETTERS.iter().find(|(_, state)| *state == frame.state(place)).map_or('A', |(letter, _)| *letter)
        };
        let age = |place| match frame.heartbeat(place) {
            0 => None,
            heartbeat => Some(second.saturating_sub(heartbeat)),
        };
        frames.push(FrameFile {
            at: frame.at.to_rfc3339(),
            now: frame.server_now.map(WallTime::to_rfc3339),
            roster,
            states: places.clone().map(letter).collect(),
            ages: places.map(age).collect(),
        });
    }
    let entry = |entry: &Entry| EntryFile {
        id: Arc::clone(&entry.id),
        address: Arc::clone(&entry.addr),
        zone: Arc::clone(&entry.zone),
        registered: entry.registered_timestamp,
        read_only: entry.read_only,
        read_only_updated: entry.read_only_updated_timestamp,
        tokens: entry.tokens.to_vec(),
    };
    SourceFile {
        name: name.to_owned(),
        address: address.to_owned(),
        rosters: rosters.into_iter().map(|roster| roster.entries().iter().map(entry).collect()).collect(),
        frames,
        misses: history
            .misses()
            .map(|miss| MissFile { at: miss.at.to_rfc3339(), why: Arc::clone(&miss.why) })
            .collect(),
    }
}

fn recorded(place: usize, source: SourceFile, gap: Duration) -> Result<Recorded, RecordingError> {
    let rosters = Vec::from_iter(source.rosters.into_iter().map(roster));
    let mut frames: Vec<Frame> = Vec::with_capacity(source.frames.len());
    for (number, frame) in source.frames.into_iter().enumerate() {
        let wrong = |what: String| RecordingError::Frame { source_place: place, frame: number, what };
        let time = |text: &str| WallTime::parse_rfc3339(text).map_err(|error| wrong(error.to_string()));
        let at = time(&frame.at)?;
        if frames.last().is_some_and(|last| last.at > at) {
            return Err(wrong(format!("at {} lies before the frame before it", frame.at)));
        }
        let now = frame.now.as_deref().map(time).transpose()?;
        let roster = rosters
            .get(frame.roster)
            .ok_or_else(|| wrong(format!("roster {} of {} does not exist", frame.roster, rosters.len())))?;
        let roster =
            roster.as_ref().map_err(|id| wrong(format!("instance {id:?} stands twice in its roster")))?;
        let states = frame.states.chars().map(|letter| {
            let known = LETTERS.iter().find(|(known, _)| *known == letter);
            known.map(|(_, state)| *state).ok_or_else(|| wrong(format!("{letter:?} is no state")))
        });
        let second = at.unix_secs();
        let heartbeat = |age: &Option<i64>| age.map_or(0, |age| second.saturating_sub(age));
        let heartbeats = frame.ages.iter().map(heartbeat).collect();
        let states = states.collect::<Result<Vec<_>, _>>()?;
        let counts = (states.len(), frame.ages.len(), roster.entries().len());
        let frame = Frame::of_parts(at, now, Arc::clone(roster), states, heartbeats);
        frames.push(frame.ok_or_else(|| {
            wrong(format!("{} states and {} ages for {} instances", counts.0, counts.1, counts.2))
        })?);
    }
    let miss = |miss: MissFile| Some(Miss { at: WallTime::parse_rfc3339(&miss.at).ok()?, why: miss.why });
    let misses = source.misses.into_iter().filter_map(miss).collect();
    Ok(Recorded {
        name: source.name,
        address: source.address,
        history: History::from_frames(frames, misses, gap),
    })
}

/// The roster, or an ID that stands twice in it.
fn roster(entries: Vec<EntryFile>) -> Result<Arc<Roster>, Arc<str>> {
    let mut entries = Vec::from_iter(entries.into_iter().map(|entry| Entry {
        id: entry.id,
        addr: entry.address,
        zone: entry.zone,
        tokens: Tokens::from(entry.tokens),
        registered_timestamp: entry.registered,
        read_only: entry.read_only,
        read_only_updated_timestamp: entry.read_only_updated,
    }));
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    match entries.windows(2).find(|pair| pair[0].id == pair[1].id) {
        Some(pair) => Err(Arc::clone(&pair[0].id)),
        None => Ok(Arc::new(Roster::new(entries))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;

    const GAP: Duration = Duration::from_secs(30);

    fn watched() -> History {
        let mut history = History::default();
        for (second, state) in [(1000, "ACTIVE"), (1005, "LEAVING"), (1010, "UNHEALTHY")] {
            let text = format!(
                r#"{{"shards":[{{"id":"a","state":"ACTIVE","timestamp":{second},"tokens":[3,1,2],"zone":"z"}},
                {{"id":"b","state":"{state}","address":"10.0.0.1:9095","timestamp":900,"tokens":[9]}}],"now":{second}}}"#
            );
            history.record(WallTime::from_unix_secs(second + 1), &ring_page::parse(&text).unwrap(), GAP);
        }
        history.miss(WallTime::from_unix_secs(1020), "no answer");
        history
    }

    #[test]
    fn what_is_written_is_read_again_to_the_last_heartbeat() {
        let history = watched();
        let text = write(&[("pod", "http://pod:3100/ring", &history)]);
        assert!(is_one(&text));
        let read = &read(&text, GAP).unwrap()[0];
        assert_eq!((&*read.name, &*read.address), ("pod", "http://pod:3100/ring"));
        assert!(read.history.frames().eq(history.frames()));
        assert!(read.history.changes().eq(history.changes()));
        assert!(read.history.misses().eq(history.misses()));
        assert_eq!(text.matches("\"tokens\"").count(), 2, "a roster that stays is written once");
    }

    #[test]
    fn what_does_not_fit_together_is_refused_with_its_place() {
        let text = write(&[("pod", "", &watched())]);
        for (what, with, says) in [
            (
                "\"states\":\"AL\"",
                "\"states\":\"A\"",
                "sources[0].frames[1]: 1 states and 2 ages for 2 instances",
            ),
            ("\"states\":\"AU\"", "\"states\":\"A?\"", "sources[0].frames[2]: '?' is no state"),
            ("\"roster\":0", "\"roster\":7", "sources[0].frames[0]: roster 7 of 1 does not exist"),
            ("\"id\":\"b\"", "\"id\":\"a\"", "stands twice"),
            ("1970-01-01T00:16:46Z", "1970-01-01T00:16:00Z", "lies before the frame before it"),
            ("\"ringside_recording\":1", "\"ringside_recording\":9", "version 9"),
        ] {
            let broken = text.replacen(what, with, if what.contains("roster\"") { 1 } else { 9 });
            assert_ne!(broken, text, "{what}");
            let error = read(&broken, GAP).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        for text in [
            "",
            "{}",
            "{\"ringside_recording\":1}",
            "[]",
            "{\"ringside_recording\":1,\"sources\":[{\"frames\":3}]}",
        ] {
            assert!(matches!(read(text, GAP), Err(RecordingError::Shape(_))), "{text}");
        }
    }
}
