//! The JSON that a ring page answers, and whatever else gets pasted in its place.
//!
//! Models dskit ring/ring_http.go:32-178. Also takes the value of `/memberlist?viewKey=…&format=json`
//! (a bare `ring.Desc`), a response saved with its headers, and pages of older versions that lack fields.
//! The state UNHEALTHY hides what the instance itself said; such an entry counts as ACTIVE, and the
//! reader's own clock decides on its heartbeat.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, Visitor};

use crate::ring::{Desc, InstanceDesc, InstanceState, Tokens};
use crate::time::WallTime;

use super::ShownState;

/// The longest text that is looked at: about 3,000 instances of 512 tokens.
pub const MAX_PAGE_BYTES: usize = 32 << 20;

/// What a page says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingPage {
    /// The instances. Tombstones are left out, as for any reader of the ring.
    pub desc: Desc,
    /// The serving process's clock, if the page tells it.
    pub now: Option<WallTime>,
    /// The state that the page printed for each instance, `UNHEALTHY` included.
    pub reported: BTreeMap<Arc<str>, ShownState>,
    /// The IDs of tombstones; only a key's raw value shows them.
    pub tombstones: Vec<Arc<str>>,
}

/// Why a text is no ring. Nothing was taken from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Nothing but white space.
    #[error("there is nothing here: paste the JSON of a ring page")]
    Empty,
    /// More than [`MAX_PAGE_BYTES`].
    #[error("this is {} MiB; a ring page may have at most {} MiB", .bytes >> 20, MAX_PAGE_BYTES >> 20)]
    TooLarge {
        /// The text's length.
        bytes: usize,
    },
    /// The page for people.
    #[error(
        "this is the HTML page; the ring comes as JSON only to those who ask for it with an Accept header"
    )]
    Html,
    /// An HTTP answer that is no ring.
    #[error("the server answered {status:?} instead of a ring")]
    Status {
        /// The status line.
        status: String,
    },
    /// Not JSON at all.
    #[error("this is not JSON: it starts with {start:?}")]
    NotJson {
        /// Its first characters.
        start: String,
    },
    /// JSON that breaks off.
    #[error("the JSON breaks off at line {line}, column {column}: copy it whole")]
    Truncated {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// JSON with a mistake in it.
    #[error("the JSON is broken at line {line}, column {column}: {message}")]
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser said.
        message: String,
    },
    /// Other JSON.
    #[error("this is JSON, but no ring: expected an object with \"shards\" and \"now\", found {found}")]
    OtherJson {
        /// What is there instead.
        found: String,
    },
    /// A ring with a field of the wrong type or value.
    #[error("{path}: {message} (line {line}, column {column})")]
    Field {
        /// Where, such as `shards[3].tokens[17]`.
        path: String,
        /// What is wrong with it.
        message: String,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// Two entries of one ID.
    #[error("instance {id:?} stands twice in the list")]
    Duplicate {
        /// The ID.
        id: String,
    },
}

impl PageError {
    /// What to do, if it is more than to look at the place named.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Empty | Self::Html | Self::NotJson { .. } => {
                Some("curl -s -H 'Accept: application/json' http://LOKI:3100/ring")
            }
            Self::Status { .. } => Some(
                "/ring is served by distributors, ingesters, queriers and rulers; other rings have pages of their own, \
                 such as /compactor/ring",
            ),
            Self::OtherJson { .. } => Some(
                "a ring page is {\"shards\": [{\"id\": …, \"state\": …, \"tokens\": […]}], \"now\": …}; \
                 /memberlist?viewKey=collectors/ring&format=json works, too",
            ),
            Self::TooLarge { .. }
            | Self::Truncated { .. }
            | Self::Syntax { .. }
            | Self::Field { .. }
            | Self::Duplicate { .. } => None,
        }
    }
}

/// Reads a ring from whatever a person pasted.
pub fn parse(text: &str) -> Result<RingPage, PageError> {
    if text.len() > MAX_PAGE_BYTES {
        return Err(PageError::TooLarge { bytes: text.len() });
    }
    let body = body(text)?;
    let start: String = body.chars().take(40).collect();
    match body.chars().next() {
        None => return Err(PageError::Empty),
        Some('<') => return Err(PageError::Html),
        Some('{') => {}
        Some('[' | '"') => return Err(PageError::OtherJson { found: found_instead(body) }),
        Some(_) if body.starts_with("404 ") => return Err(PageError::Status { status: start }),
        Some(_) => return Err(PageError::NotJson { start }),
    }

    let mut json = serde_json::Deserializer::from_str(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let page = match Page::deserialize(tracked).and_then(|page| json.end().map(|()| page)) {
        Ok(page) => page,
        Err(error) => return Err(explain(body, &error, &track.path().to_string())),
    };
    match (page.shards, page.ingesters) {
        (Some(shards), _) => ring_of_shards(shards.0, page.now.0),
        (None, Some(ingesters)) => ring_of_entries(ingesters.0),
        (None, None) => Err(PageError::OtherJson { found: found_instead(body) }),
    }
}

/// The text without byte order mark, headers and white space around it.
fn body(text: &str) -> Result<&str, PageError> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let response = match text.starts_with("HTTP/") {
        true => text,
        false if text.starts_with('#') => text.find("\nHTTP/").map_or(text, |at| &text[at + 1..]),
        false => return Ok(text),
    };
    let (head, body) =
        response.split_once("\n\n").or_else(|| response.split_once("\r\n\r\n")).unwrap_or((response, ""));
    let status = head.lines().next().unwrap_or_default();
    let code = status.split_whitespace().nth(1).unwrap_or_default();
    if response.starts_with("HTTP/") && code != "200" {
        return Err(PageError::Status { status: status.chars().take(80).collect() });
    }
    Ok(body.trim())
}

fn explain(body: &str, error: &serde_json::Error, path: &str) -> PageError {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let message =
        message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message).to_owned();
    match error.classify() {
        serde_json::error::Category::Eof => PageError::Truncated { line, column },
        serde_json::error::Category::Data if path == "." => {
            PageError::OtherJson { found: found_instead(body) }
        }
        serde_json::error::Category::Data => {
            PageError::Field { path: path.to_owned(), message, line, column }
        }
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => {
            PageError::Syntax { line, column, message }
        }
    }
}

/// Names what a JSON text holds, for one who expected a ring.
fn found_instead(body: &str) -> String {
    const SHOWN: usize = 6;
    match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(body) {
        Ok(object) if object.is_empty() => "an empty object".to_owned(),
        Ok(object) => {
            let keys: Vec<String> = object
                .keys()
                .take(SHOWN)
                .map(|key| format!("{:?}", key.chars().take(40).collect::<String>()))
                .collect();
            let more = if object.len() > SHOWN { ", …" } else { "" };
            format!("an object with {}{more}", keys.join(", "))
        }
        Err(_) if body.starts_with('[') => "a list".to_owned(),
        Err(_) => "a single value".to_owned(),
    }
}

fn ring_of_shards(shards: Vec<Shard<'_>>, now: Option<WallTime>) -> Result<RingPage, PageError> {
    let mut page = RingPage { desc: Desc::default(), now, reported: BTreeMap::new(), tombstones: Vec::new() };
    for shard in shards {
        let id: Arc<str> = shard.id.into();
        let instance = InstanceDesc {
            addr: shard.address.0.into(),
            zone: shard.zone.0.into(),
            state: shard.state.assumed(),
            timestamp: shard.timestamp.0,
            registered_timestamp: shard.registered_timestamp.0,
            read_only: shard.read_only.0,
            read_only_updated_timestamp: shard.read_only_updated_timestamp.0,
            tokens: Tokens::from(shard.tokens.0),
        };
        page.reported.insert(Arc::clone(&id), shard.state);
        page.take(id, instance)?;
    }
    Ok(page)
}

fn ring_of_entries(entries: BTreeMap<String, Entry<'_>>) -> Result<RingPage, PageError> {
    let mut page =
        RingPage { desc: Desc::default(), now: None, reported: BTreeMap::new(), tombstones: Vec::new() };
    for (id, entry) in entries {
        let id: Arc<str> = id.into();
        let instance = InstanceDesc {
            addr: entry.addr.0.into(),
            zone: entry.zone.0.into(),
            state: entry.state.0,
            timestamp: entry.timestamp,
            registered_timestamp: entry.registered_timestamp,
            read_only: entry.read_only,
            read_only_updated_timestamp: entry.read_only_updated_timestamp,
            tokens: Tokens::from(entry.tokens.0),
        };
        page.reported.insert(Arc::clone(&id), ShownState::Stated(instance.state));
        page.take(id, instance)?;
    }
    Ok(page)
}

impl RingPage {
    /// The state that the page printed for one of its instances.
    pub fn shown_state(&self, id: &str) -> ShownState {
        self.reported.get(id).copied().unwrap_or(ShownState::Unhealthy)
    }

    fn take(&mut self, id: Arc<str>, instance: InstanceDesc) -> Result<(), PageError> {
        if instance.state == InstanceState::Left {
            self.tombstones.push(id);
            return Ok(());
        }
        match self.desc.ingesters.insert(Arc::clone(&id), instance) {
            None => Ok(()),
            Some(_) => Err(PageError::Duplicate { id: id.chars().take(80).collect() }),
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    shards: Option<OrNull<Vec<Shard<'a>>>>,
    #[serde(borrow, default, deserialize_with = "present")]
    ingesters: Option<OrNull<BTreeMap<String, Entry<'a>>>>,
    #[serde(default)]
    now: Now,
}

#[derive(Deserialize)]
struct Shard<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    state: ShownState,
    #[serde(borrow, default)]
    address: OrNull<Cow<'a, str>>,
    #[serde(default)]
    timestamp: Seconds,
    #[serde(default)]
    registered_timestamp: Seconds,
    #[serde(default)]
    read_only: OrNull<bool>,
    #[serde(default)]
    read_only_updated_timestamp: Seconds,
    #[serde(borrow, default)]
    zone: OrNull<Cow<'a, str>>,
    #[serde(default)]
    tokens: OrNull<Vec<u32>>,
}

/// An entry of a key's raw value: Go leaves out what is zero.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    addr: OrNull<Cow<'a, str>>,
    #[serde(default)]
    timestamp: i64,
    #[serde(default)]
    state: StateNumber,
    #[serde(default)]
    tokens: OrNull<Vec<u32>>,
    #[serde(borrow, default)]
    zone: OrNull<Cow<'a, str>>,
    #[serde(default)]
    registered_timestamp: i64,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    read_only_updated_timestamp: i64,
}

/// A value for which Go may write `null`: an empty list, an empty map.
#[derive(Default)]
struct OrNull<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for OrNull<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(deserializer)?.unwrap_or_default()))
    }
}

/// A field that is there, be it `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A state as protobuf numbers it, in a key's raw value.
#[derive(Default)]
struct StateNumber(InstanceState);

impl<'de> Deserialize<'de> for StateNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = i64::deserialize(deserializer)?;
        let state = InstanceState::ALL.into_iter().find(|state| *state as i64 == number);
        state.map(Self).ok_or_else(|| D::Error::custom(format!("{number} is no state; they go from 0 to 4")))
    }
}

/// RFC 3339 as unix seconds; Go's zero time, an empty text and `null` are 0.
#[derive(Default)]
struct Seconds(i64);

/// Go's `time.Time{}`: 0001-01-01T00:00:00Z.
const GO_ZERO_SECONDS: i64 = -62_135_596_800;

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = Now::deserialize(deserializer)?.0.map_or(0, WallTime::unix_secs);
        Ok(Self(if seconds == GO_ZERO_SECONDS { 0 } else { seconds }))
    }
}

/// RFC 3339, unix seconds, or nothing.
#[derive(Default)]
struct Now(Option<WallTime>);

impl<'de> Deserialize<'de> for Now {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimeVisitor;

        impl Visitor<'_> for TimeVisitor {
            type Value = Now;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time such as \"2026-08-22T10:11:12Z\"")
            }

            fn visit_unit<E>(self) -> Result<Now, E> {
                Ok(Now(None))
            }

            fn visit_i64<E>(self, seconds: i64) -> Result<Now, E> {
                Ok(Now(Some(WallTime::from_unix_secs(seconds))))
            }

            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Now, E> {
                i64::try_from(seconds)
                    .map_err(|_| E::custom("too many seconds"))
                    .and_then(|s| self.visit_i64(s))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Now, E> {
                match text {
                    "" => Ok(Now(None)),
                    text => match WallTime::parse_rfc3339(text) {
                        Ok(time) => Ok(Now(Some(time))),
                        Err(error) => {
                            spelled(text).map(|time| Now(Some(time))).ok_or_else(|| E::custom(error))
                        }
                    },
                }
            }
        }

        deserializer.deserialize_any(TimeVisitor)
    }
}

/// A time as Go spells it, and as older versions of the page had it: `2021-03-01 10:00:00.5 +0000 UTC`.
fn spelled(text: &str) -> Option<WallTime> {
    let mut words = text.split_whitespace();
    let (date, time, offset) = (words.next()?, words.next()?, words.next()?);
    let (hours, minutes) = offset.split_at_checked(3)?;
    WallTime::parse_rfc3339(&format!("{date}T{time}{hours}:{minutes}")).ok()
}

#[cfg(test)]
mod tests;
