//! What the live page holds: sources with their histories and their timing, outside of the reactive
//! graph, and small signals that say that there is something new.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use web_sys::AbortController;

use crate::go::duration;
use crate::live::failure::{Asked, Failure};
use crate::live::history::Frame;
use crate::live::judge::Finding;
use crate::live::origin::Origin;
use crate::live::pasted::Pages;
use crate::live::poller::{Poller, is_stale};
use crate::live::recording::{self, Recorded};
use crate::live::watch::{Source, SourceKind, extent, gap_for};
use crate::live::{compare, over_time, pasted};
use crate::time::{Instant, WallTime, age_text};
use crate::view::endpoint;

use super::super::browser;
use super::super::fetch::Headers;
use super::super::session::Session;

/// The pictures of a watched cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ring,
    Beliefs,
    Timeline,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Ring, Self::Beliefs, Self::Timeline];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ring => "Ring",
            Self::Beliefs => "Beliefs",
            Self::Timeline => "Timeline",
        }
    }

    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Beliefs => "beliefs",
            Self::Timeline => "timeline",
        }
    }
}

/// A source with what the page does about it.
pub(super) struct Watched {
    /// Stays the same while others come and go.
    pub(super) id: u32,
    pub(super) source: Source,
    pub(super) poller: Option<Poller>,
    pub(super) headers: Headers,
    /// Other pages of the same process that are asked for, too; one that does not come is not asked for again.
    pub(super) beside: Vec<&'static str>,
    pub(super) controller: Option<AbortController>,
    pub(super) failure: Option<(Asked, Failure)>,
    pub(super) took: Option<Duration>,
    /// The page's clock at the last answer.
    pub(super) answered: Option<Instant>,
}

/// A source as its line in the list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: u32,
    pub(super) name: Arc<str>,
    pub(super) address: Arc<str>,
    pub(super) kind: SourceKind,
    pub(super) asking: bool,
    pub(super) paused: bool,
    /// The failure's key and what happened.
    pub(super) failing: Option<(&'static str, String)>,
    pub(super) instances: Option<usize>,
    pub(super) members: Option<usize>,
    pub(super) replication_factor: Option<u64>,
    pub(super) round_trip: Option<Duration>,
    pub(super) pages: u64,
}

#[derive(Default)]
pub(super) struct Bench {
    pub(super) watched: Vec<Watched>,
    next_id: u32,
}

/// A handle on the live page.
#[derive(Clone, Copy)]
pub(super) struct LiveSession {
    bench: StoredValue<Bench, LocalStorage>,
    /// The ring that is shown, as on the inspector's page.
    pub(super) ring: Session,
    /// Counts changes of anything: pages, failures, sources.
    pub(super) changed: RwSignal<u32>,
    /// Counts requests made: nothing but their sources' lines changes by them.
    pub(super) asked: RwSignal<u32>,
    /// Counts seconds.
    pub(super) tick: RwSignal<u32>,
    /// The source whose ring is shown.
    pub(super) shown: RwSignal<Option<u32>>,
    /// The instant that is shown; none for now.
    pub(super) cursor: RwSignal<Option<WallTime>>,
    /// The other instant of a comparison.
    pub(super) mark: RwSignal<Option<WallTime>>,
    pub(super) interval: RwSignal<Duration>,
    pub(super) kind: RwSignal<Kind>,
    /// What could not be taken in.
    pub(super) problem: RwSignal<Option<String>>,
}

/// The page's clock.
pub(super) fn now() -> Instant {
    Instant::from_nanos((browser::performance_now() * 1e6) as u64)
}

impl LiveSession {
    pub(super) fn new(ring: Session) -> Self {
        let session = Self {
            bench: StoredValue::new_local(Bench::default()),
            ring,
            changed: RwSignal::new(0),
            asked: RwSignal::new(0),
            tick: RwSignal::new(0),
            shown: RwSignal::new(None),
            cursor: RwSignal::new(None),
            mark: RwSignal::new(None),
            interval: RwSignal::new(Duration::from_secs(5)),
            kind: RwSignal::new(Kind::Ring),
            problem: RwSignal::new(None),
        };
        Effect::new(move || {
            session.changed.track();
            session.shown.track();
            session.cursor.track();
            session.show();
        });
        Effect::new(move || {
            session.tick.track();
            session.changed.track();
            session.cursor.track();
            session.ring.notice.set(session.staleness());
        });
        session
    }

    pub(super) fn with<T>(self, ask: impl FnOnce(&Bench) -> T) -> Option<T> {
        self.bench.try_with_value(ask)
    }

    pub(super) fn with_mut<T>(self, ask: impl FnOnce(&mut Bench) -> T) -> Option<T> {
        self.bench.try_update_value(ask)
    }

    pub(super) fn watched_mut<T>(self, id: u32, ask: impl FnOnce(&mut Watched) -> T) -> Option<T> {
        self.with_mut(|bench| bench.watched.iter_mut().find(|one| one.id == id).map(ask)).flatten()
    }

    /// Whether the page is still there: an answer may come later.
    pub(super) fn is_open(self) -> bool {
        self.changed.try_get_untracked().is_some()
    }

    pub(super) fn touch(self) {
        self.changed.update(|count| *count += 1);
    }

    /// How long heartbeats may stay away, by the settings.
    pub(super) fn gap(self) -> Duration {
        gap_for(self.heartbeat_timeout())
    }

    pub(super) fn heartbeat_timeout(self) -> Duration {
        self.ring.settings.with_untracked(|settings| settings.config().0.heartbeat_timeout)
    }

    /// Watches an address from now on; one that is watched already is asked again.
    pub(super) fn watch(self, name: &str, address: &str, headers: Headers, with_others: bool, paused: bool) {
        let beside = if with_others { vec!["/memberlist", "/metrics"] } else { Vec::new() };
        let known = self
            .with(|bench| bench.watched.iter().find(|one| *one.source.address == *address).map(|one| one.id));
        let id = match known.flatten() {
            Some(id) => {
                self.watched_mut(id, |one| (one.headers, one.beside) = (headers, beside));
                id
            }
            None => {
                let name = if name.is_empty() { endpoint_name(address) } else { name.to_owned() };
                let interval = self.interval.get_untracked();
                let id = self.add(Source::new(&name, address, SourceKind::Polled));
                self.watched_mut(id, |one| {
                    let mut poller = Poller::new(interval, u64::from(id) ^ clock_seed());
                    poller.set_paused(paused);
                    (one.poller, one.headers, one.beside) = (Some(poller), headers, beside);
                });
                id
            }
        };
        if self.shown.get_untracked().is_none() {
            self.shown.set(Some(id));
        }
        self.touch();
        if !paused {
            self.refresh(id);
        }
    }

    fn add(self, source: Source) -> u32 {
        self.with_mut(|bench| {
            let id = bench.next_id;
            bench.next_id += 1;
            bench.watched.push(Watched {
                id,
                source,
                poller: None,
                headers: Headers::default(),
                beside: Vec::new(),
                controller: None,
                failure: None,
                took: None,
                answered: None,
            });
            id
        })
        .unwrap_or_default()
    }

    /// Takes in what was pasted or dropped under a name: pages of one process, or a recording.
    pub(super) fn take(self, name: &str, text: &str) -> bool {
        if recording::is_one(text) {
            return self.open_recording(name, text);
        }
        match pasted::parse(text) {
            Ok(pages) => {
                self.take_pages(name, pages);
                self.problem.set(None);
                true
            }
            Err(error) => {
                let help = error.help().map(|help| format!(" Try: {help}")).unwrap_or_default();
                self.problem.set(Some(format!("{name}: {error}.{help} Nothing was taken from it.")));
                false
            }
        }
    }

    fn take_pages(self, name: &str, pages: Pages) {
        let address = pages.origin.clone().unwrap_or_default();
        let name = pages.origin.as_deref().map_or(name.to_owned(), endpoint_name);
        let known = self.with(|bench| {
            let same = |one: &&Watched| {
                *one.source.name == *name || !address.is_empty() && one.source.address.starts_with(&address)
            };
            bench.watched.iter().find(same).map(|one| one.id)
        });
        let id = known.flatten().unwrap_or_else(|| self.add(Source::new(&name, &address, SourceKind::Given)));
        // A page is as old as it says; one that does not say is as old as its being pasted.
        let at = pages.at.or(pages.ring.as_ref().and_then(|ring| ring.now)).unwrap_or_else(browser::clock);
        let gap = self.gap();
        self.watched_mut(id, |one| {
            if let Some(ring) = &pages.ring {
                one.source.history.record(at, ring, gap);
                one.failure = None;
            }
            if pages.memberlist.is_some() {
                one.source.memberlist = pages.memberlist;
            }
            if pages.metrics.is_some() {
                one.source.metrics = pages.metrics;
            }
        });
        let shown = self.shown.get_untracked();
        let has_frames = |id: u32| {
            self.with(|bench| {
                bench.watched.iter().any(|one| one.id == id && one.source.history.latest().is_some())
            }) == Some(true)
        };
        if shown.is_none_or(|shown| !has_frames(shown)) {
            self.shown.set(Some(id));
        }
        self.touch();
    }

    fn open_recording(self, name: &str, text: &str) -> bool {
        match recording::read(text, self.gap()) {
            Err(error) => {
                self.problem.set(Some(format!("{name}: {error}. Nothing was taken from it.")));
                false
            }
            Ok(sources) => {
                for Recorded { name, address, history } in sources {
                    let mut source = Source::new(&name, &address, SourceKind::Recorded);
                    source.history = history;
                    let id = self.add(source);
                    if self.shown.get_untracked().is_none() {
                        self.shown.set(Some(id));
                    }
                }
                self.problem.set(None);
                self.touch();
                true
            }
        }
    }

    /// Everything that was watched, as a file.
    pub(super) fn record(self) -> String {
        self.with(|bench| {
            let sources = bench
                .watched
                .iter()
                .map(|one| (&*one.source.name, &*one.source.address, &one.source.history));
            recording::write(&Vec::from_iter(sources))
        })
        .unwrap_or_default()
    }

    /// Forgets a source and everything that it said.
    pub(super) fn remove(self, id: u32) {
        self.with_mut(|bench| {
            if let Some(place) = bench.watched.iter().position(|one| one.id == id) {
                let gone = bench.watched.remove(place);
                gone.controller.iter().for_each(AbortController::abort);
            }
        });
        if self.shown.get_untracked() == Some(id) {
            self.shown.set(self.with(|bench| bench.watched.first().map(|one| one.id)).flatten());
        }
        if self.with(|bench| bench.watched.is_empty()) == Some(true) {
            self.cursor.set(None);
            self.mark.set(None);
        }
        self.touch();
    }

    pub(super) fn lines(self) -> Vec<Line> {
        let line = |one: &Watched| Line {
            id: one.id,
            name: Arc::clone(&one.source.name),
            address: Arc::clone(&one.source.address),
            kind: one.source.kind,
            asking: one.poller.as_ref().is_some_and(Poller::is_under_way),
            paused: one.poller.as_ref().is_some_and(Poller::is_paused),
            failing: one.failure.as_ref().map(|(_, failure)| (failure.key(), failure.what())),
            instances: one.source.history.latest().map(|frame| frame.roster.entries().len()),
            members: one.source.memberlist.as_ref().map(|page| page.members.len()),
            replication_factor: one.source.metrics.as_ref().and_then(|page| page.replication_factor),
            round_trip: one.took,
            pages: one.source.history.taken(),
        };
        self.with(|bench| bench.watched.iter().map(line).collect()).unwrap_or_default()
    }

    /// How long ago a polled source answered last, by the page's own clock; otherwise by the wall clock.
    pub(super) fn age(self, id: u32) -> Option<Duration> {
        self.with(|bench| {
            let one = bench.watched.iter().find(|one| one.id == id)?;
            match one.answered {
                Some(at) => Some(now().since(at)),
                None => browser::clock().since(one.source.history.latest()?.at),
            }
        })?
    }

    /// What has to stand over the picture: that it is no picture of now.
    fn staleness(self) -> Option<String> {
        let id = self.shown.get()?;
        let (kind, paused, failing) = self.with(|bench| {
            let one = bench.watched.iter().find(|one| one.id == id)?;
            let paused = one.poller.as_ref().is_some_and(Poller::is_paused);
            one.source.history.latest()?;
            Some((one.source.kind, paused, one.failure.is_some()))
        })??;
        if let Some(cursor) = self.cursor.get() {
            return Some(format!("PAST: as it was at {}", cursor.to_rfc3339()));
        }
        let age = self.age(id)?;
        let text = age_text(Duration::from_secs(age.as_secs()));
        match kind {
            SourceKind::Recorded => Some("RECORDED: not your cluster now".to_owned()),
            SourceKind::Given if age > Duration::from_secs(60) => Some(format!("PASTED: {text} old")),
            SourceKind::Given => None,
            SourceKind::Polled if failing || is_stale(age, self.interval.get_untracked()) => {
                let why = match (failing, paused) {
                    (true, _) => ", no readable answer since",
                    (false, true) => ", paused",
                    (false, false) => "",
                };
                Some(format!("STALE: {text} old{why}"))
            }
            SourceKind::Polled => None,
        }
    }

    /// The frame of the shown source at the cursor.
    pub(super) fn frame(self) -> Option<Frame> {
        let id = self.shown.get_untracked()?;
        let cursor = self.cursor.get_untracked();
        self.with(|bench| {
            let source = &bench.watched.iter().find(|one| one.id == id)?.source;
            match cursor {
                None => source.history.latest().cloned(),
                Some(at) => source.history.at(at).cloned(),
            }
        })?
    }

    /// Gives the shown source's ring to the panels that show one.
    fn show(self) {
        let Some(frame) = self.frame() else {
            if self.ring.current.get_untracked().is_some() {
                self.ring.clear();
            }
            return;
        };
        let Some(id) = self.shown.get_untracked() else { return };
        let differing = self.differing(&frame);
        let found = self.with(|bench| {
            let one = bench.watched.iter().find(|one| one.id == id)?;
            let mut found = over_time::find(&one.source.history, &frame);
            found.extend(differing);
            Some((Arc::clone(&one.source.name), Arc::clone(&one.source.address), found))
        });
        let Some((name, address, found)) = found.flatten() else { return };
        let ignores = endpoint::ignores_unhealthy(&address);
        if !address.is_empty() && self.ring.settings.with_untracked(|it| it.ignore_unhealthy) != ignores {
            self.ring.settings.update(|settings| settings.ignore_unhealthy = ignores);
        }
        self.ring.follow(&name, Arc::new(frame.page()), frame.at, found, self.shown_origin());
    }

    /// That copies differ, beside what is found in the one that is shown.
    fn differing(self, frame: &Frame) -> Option<Finding> {
        let at = self.cursor.get_untracked().or_else(|| Some(self.extent()?.1)).unwrap_or(frame.at);
        self.sources(|sources| compare::finding(sources, at))?
    }

    /// Where the shown source is, for commands; nowhere for what was pasted.
    pub(super) fn shown_origin(self) -> Option<Origin> {
        let place = self.shown_place()?;
        let address = self.with(|bench| Arc::clone(&bench.watched[place].source.address))?;
        Origin::parse(endpoint::split(&address).0).ok()
    }

    /// The sources, for what looks at all of them.
    pub(super) fn sources<T>(self, ask: impl FnOnce(&[&Source]) -> T) -> Option<T> {
        self.with(|bench| ask(&Vec::from_iter(bench.watched.iter().map(|one| &one.source))))
    }

    /// The place of the shown source among them.
    pub(super) fn shown_place(self) -> Option<usize> {
        let id = self.shown.get_untracked()?;
        self.with(|bench| bench.watched.iter().position(|one| one.id == id))?
    }

    /// From when to when anything is known.
    pub(super) fn extent(self) -> Option<(WallTime, WallTime)> {
        self.sources(extent)?
    }

    /// Names that a reader gave, for a link: addresses alone, never headers.
    pub(super) fn addresses(self) -> Vec<String> {
        let all = self.with(|bench| {
            let polled = bench.watched.iter().filter(|one| one.poller.is_some());
            BTreeSet::from_iter(polled.map(|one| one.source.address.to_string()))
        });
        all.unwrap_or_default().into_iter().collect()
    }
}

/// What an address is called: its host, and its path if that is not `/ring`.
fn endpoint_name(address: &str) -> String {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.strip_suffix("/ring").unwrap_or(rest).to_owned()
}

/// So that two readers do not ask in step.
fn clock_seed() -> u64 {
    (browser::clock().unix_nanos() / 1_000_000) as u64
}

/// An interval as people choose it.
pub(super) fn interval_text(interval: Duration) -> String {
    duration::format(interval)
}
