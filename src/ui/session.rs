//! What the page holds: the loaded rings, the one that is shown, and the signals that tell of changes.
//!
//! Rings and pictures are large: they stay in the [`Engine`], outside the reactive graph. `shown` counts
//! the rings shown so far; whoever reads it is told when there is another one.

use std::sync::Arc;

use leptos::prelude::*;

use crate::live::ShownState;
use crate::live::judge::{Finding, Judgement, judge_after};
use crate::live::origin::Origin;
use crate::live::ring_page::{self, MAX_PAGE_BYTES, RingPage};
use crate::loki::trace::{StreamTrace, trace_stream};
use crate::loki::{Labels, with_service_name};
use crate::ring::Ring;
use crate::time::WallTime;
use crate::view::settings::{Settings, SettingsError};
use crate::view::table::Row;
use crate::view::{Focus, Mark, Picture, TraceMarks, endpoint, text};

use super::{browser, fetch, samples};

/// Something that did not work, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// What happened.
    pub(super) what: String,
    /// A command to run instead, or an explanation.
    pub(super) help: Option<String>,
}

/// A ring that was loaded.
pub(super) struct Loaded {
    name: String,
    /// The sample's key, if it is one.
    sample: String,
    page: Arc<RingPage>,
    /// This machine's clock at loading, for pages that do not tell theirs.
    at: WallTime,
    /// What somebody who watches it found besides.
    found: Vec<Finding>,
    /// The origin of the process that answered, for commands.
    origin: Option<Origin>,
}

/// Where the shown ring comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// What it was loaded as.
    pub(super) name: String,
    /// Whether it came with the page.
    pub(super) is_sample: bool,
}

/// The ring that is shown.
pub(super) struct Shown {
    /// Its picture, which holds the ring itself.
    pub(super) picture: Picture,
    /// Its verdict.
    pub(super) judgement: Judgement,
    /// Its table.
    pub(super) rows: Vec<Row>,
    /// The clock that it was judged by.
    pub(super) now: WallTime,
    /// Where that clock comes from.
    pub(super) now_source: &'static str,
    /// The look-up painted into the picture.
    pub(super) trace: Option<TraceMarks>,
}

#[derive(Default)]
pub(super) struct Engine {
    loaded: Vec<Loaded>,
    /// The last good one: it stays when something fails.
    pub(super) shown: Option<Shown>,
}

/// A handle on all of it.
#[derive(Clone, Copy)]
pub(super) struct Session {
    engine: StoredValue<Engine, LocalStorage>,
    /// Whether the page is a guest in another one.
    pub(super) embedded: bool,
    /// The inputs beside the ring.
    pub(super) settings: RwSignal<Settings>,
    /// What is wrong with them.
    pub(super) settings_error: RwSignal<SettingsError>,
    /// The names of the loaded rings.
    pub(super) names: RwSignal<Vec<String>>,
    /// Which of them is shown.
    pub(super) current: RwSignal<Option<usize>>,
    /// Counts rings shown.
    pub(super) shown: RwSignal<u32>,
    /// What the reader points at.
    pub(super) focus: RwSignal<Focus>,
    /// The traced stream, or what is wrong with its labels.
    pub(super) trace: RwSignal<Option<Result<Arc<StreamTrace>, String>>>,
    /// Where the ring that is shown comes from.
    pub(super) source: RwSignal<Option<Source>>,
    /// Whether something else was to be loaded last, and could not be.
    pub(super) is_stale: RwSignal<bool>,
    /// What stands over the picture, such as that it is old.
    pub(super) notice: RwSignal<Option<String>>,
    /// What did not work last.
    pub(super) problem: RwSignal<Option<Problem>>,
    /// What is under way.
    pub(super) busy: RwSignal<Option<String>>,
    /// Milestones for those who do not see the page.
    pub(super) said: RwSignal<String>,
    /// Whether the page is dark.
    pub(super) dark: RwSignal<bool>,
}

impl Session {
    /// An empty session with the settings of a link.
    pub(super) fn new(settings: Settings) -> Self {
        let session = Self {
            engine: StoredValue::new_local(Engine::default()),
            embedded: browser::is_embedded(),
            settings: RwSignal::new(settings),
            settings_error: RwSignal::default(),
            names: RwSignal::default(),
            current: RwSignal::default(),
            shown: RwSignal::new(0),
            focus: RwSignal::default(),
            trace: RwSignal::new(None),
            source: RwSignal::default(),
            is_stale: RwSignal::new(false),
            notice: RwSignal::default(),
            problem: RwSignal::default(),
            busy: RwSignal::default(),
            said: RwSignal::default(),
            dark: RwSignal::new(super::theme::initially_dark()),
        };
        session.keep_current();
        session
    }

    /// Another session on the same page, with settings and a ring of its own.
    pub(super) fn beside(page: Self, settings: Settings) -> Self {
        Self { dark: page.dark, said: page.said, embedded: page.embedded, ..Self::new(settings) }
    }

    /// Rebuilds what depends on the settings, whenever they change.
    fn keep_current(self) {
        let ring_inputs = Memo::new(move |_| {
            self.settings.with(|settings| {
                (
                    settings.replication_factor.clone(),
                    settings.zone_awareness,
                    settings.heartbeat_timeout.clone(),
                    settings.now.clone(),
                    settings.ignore_unhealthy,
                )
            })
        });
        Effect::new(move || {
            // A memo that is only tracked never looks at its sources.
            ring_inputs.with(|_| ());
            self.current.track();
            self.names.track();
            self.rebuild();
        });
        let trace_inputs = Memo::new(move |_| {
            self.settings
                .with(|settings| (settings.tenant.clone(), settings.labels.clone(), settings.service_name))
        });
        Effect::new(move || {
            trace_inputs.with(|_| ());
            self.shown.track();
            self.retrace();
        });
    }

    /// What the ring that is shown says; `None` while there is none.
    pub(super) fn with<T>(self, ask: impl FnOnce(&Shown) -> T) -> Option<T> {
        self.engine.try_with_value(|engine| engine.shown.as_ref().map(ask)).flatten()
    }

    /// The same for what is worked out for a canvas.
    pub(super) fn with_mut<T>(self, ask: impl FnOnce(&mut Shown) -> T) -> Option<T> {
        self.engine.try_update_value(|engine| engine.shown.as_mut().map(ask)).flatten()
    }

    /// Takes in a text under a name, which may be a sample's; the last good ring stays when it is none.
    /// Whether it was one.
    pub(super) fn load(self, name: &str, text: &str, sample: &str) -> bool {
        match ring_page::parse(text) {
            Ok(page) => {
                let loaded = Loaded {
                    name: name.to_owned(),
                    sample: sample.to_owned(),
                    page: Arc::new(page),
                    at: browser::clock(),
                    found: Vec::new(),
                    origin: None,
                };
                let place = self.engine.try_update_value(|engine| {
                    match engine.loaded.iter().position(|other| other.name == name) {
                        Some(place) => {
                            engine.loaded[place] = loaded;
                            place
                        }
                        None => {
                            engine.loaded.push(loaded);
                            engine.loaded.len() - 1
                        }
                    }
                });
                self.dismiss();
                self.settings.update(|settings| {
                    let left = samples::Sample::find(&settings.sample);
                    if sample.is_empty() && left.is_some_and(|left| left.has_zones) {
                        // That was the sample's setting, not the reader's.
                        settings.zone_awareness = false;
                    }
                    sample.clone_into(&mut settings.sample);
                });
                self.focus.set(Focus::default());
                self.current.set(place);
                let names = self.engine.try_with_value(|engine| {
                    engine.loaded.iter().map(|loaded| loaded.name.clone()).collect()
                });
                self.names.set(names.unwrap_or_default());
                true
            }
            Err(error) => {
                let help = error.help().map(|help| help.to_owned());
                self.fail(Problem { what: format!("{name}: {error}"), help });
                false
            }
        }
    }

    /// Shows a page that was watched, in place of the one shown; of the same name, it goes on: camera and
    /// selection stay. `found` comes beside the verdict's own findings.
    /// `origin` is where commands go.
    pub(super) fn follow(
        self,
        name: &str,
        page: Arc<RingPage>,
        at: WallTime,
        found: Vec<Finding>,
        origin: Option<Origin>,
    ) {
        let loaded = Loaded { name: name.to_owned(), sample: String::new(), page, at, found, origin };
        self.engine.try_update_value(|engine| engine.loaded = vec![loaded]);
        let goes_on =
            self.names.with_untracked(|names| *names == [name]) && self.current.get_untracked() == Some(0);
        if goes_on {
            self.rebuild();
        } else {
            self.focus.set(Focus::default());
            self.current.set(Some(0));
            self.names.set(vec![name.to_owned()]);
        }
    }

    /// Shows nothing.
    pub(super) fn clear(self) {
        self.engine.try_update_value(|engine| *engine = Engine::default());
        self.focus.set(Focus::default());
        self.names.set(Vec::new());
        self.current.set(None);
        self.source.set(None);
        self.notice.set(None);
        self.trace.set(None);
        self.shown.update(|shown| *shown += 1);
    }

    /// Something could not be loaded: says so, and marks the ring that stays.
    pub(super) fn fail(self, problem: Problem) {
        self.problem.set(Some(problem));
        self.is_stale.set(true);
    }

    /// Forgets what did not work.
    pub(super) fn dismiss(self) {
        self.problem.set(None);
        self.is_stale.set(false);
    }

    /// The key of the sample that is shown, if it is one.
    pub(super) fn shown_sample(self) -> String {
        let current = self.current.get_untracked();
        let sample = self.engine.try_with_value(|engine| Some(engine.loaded.get(current?)?.sample.clone()));
        sample.flatten().unwrap_or_default()
    }

    /// Shows another one of the loaded rings.
    pub(super) fn switch_to(self, place: usize) {
        self.focus.set(Focus::default());
        self.is_stale.set(false);
        let sample = self.engine.try_with_value(|engine| Some(engine.loaded.get(place)?.sample.clone()));
        self.settings.update(|settings| settings.sample = sample.flatten().unwrap_or_default());
        self.current.set(Some(place));
    }

    /// Refuses what is too large to look at, before it is read.
    pub(super) fn fits(self, name: &str, size: usize) -> bool {
        let fits = size <= MAX_PAGE_BYTES;
        if !fits {
            let what = format!(
                "{name} has {}: a ring page may have at most {}. Nothing was loaded.",
                text::bytes(size),
                text::bytes(MAX_PAGE_BYTES)
            );
            self.fail(Problem { what, help: None });
        }
        fits
    }

    /// Loads the built-in ring that a link names: the link has its settings, too.
    pub(super) fn load_linked_sample(self, key: &str) {
        self.load_sample_then(key, || {});
    }

    /// Loads a built-in ring that the reader chose, with zone awareness as it needs it.
    pub(super) fn load_sample(self, sample: samples::Sample) {
        self.load_sample_then(sample.key, move || {
            self.settings.update(|settings| settings.zone_awareness = sample.has_zones);
        });
    }

    fn load_sample_then(self, key: &str, done: impl FnOnce() + 'static) {
        let Some(sample) = samples::Sample::find(key) else {
            let what = format!("This link names a sample that does not exist: {key}.");
            self.fail(Problem { what, help: None });
            return;
        };
        if key == samples::FIRST_KEY {
            self.load(sample.title, samples::FIRST, key);
            done();
            return;
        }
        self.busy.set(Some(sample.title.to_owned()));
        leptos::task::spawn_local(async move {
            if let Some(text) = self.fetch(&sample.address()).await
                && self.load(sample.title, &text, sample.key)
            {
                done();
            }
            self.busy.set(None);
        });
    }

    /// What an address answers, or a problem that says why it does not.
    pub(super) async fn fetch(self, address: &str) -> Option<String> {
        let controller = web_sys::AbortController::new().ok()?;
        match fetch::ask(address, &fetch::Headers::default(), &controller).await {
            Ok(answer) => Some(answer.text),
            Err(fetch::Missed::Aborted) => None,
            Err(fetch::Missed::Failed(asked, failure)) => {
                let what = format!("{address}: {} {}", failure.what(), failure.why(&asked));
                self.fail(Problem { what, help: Some(endpoint::curl(address)) });
                None
            }
        }
    }

    fn rebuild(self) {
        let (config, typed_now, error) = self.settings.with_untracked(Settings::config);
        self.settings_error.set(error);
        let Some(current) = self.current.get_untracked() else { return };
        let source = self.engine.try_with_value(|engine| {
            engine.loaded.get(current).map(|loaded| {
                let source = Source { name: loaded.name.clone(), is_sample: !loaded.sample.is_empty() };
                (Arc::clone(&loaded.page), source, loaded.at, loaded.found.clone(), loaded.origin.clone())
            })
        });
        let Some((page, source, loaded_at, found, origin)) = source.flatten() else { return };
        let (now, now_source) = match (typed_now, page.now) {
            (Some(typed), _) => (typed, "as typed"),
            (None, Some(now)) => (now, "from the data"),
            (None, None) => (loaded_at, "this browser's clock at loading: the data does not tell its own"),
        };
        let last = self.engine.try_update_value(|engine| engine.shown.take()).flatten();
        let ring = match last.as_ref().map(|last| last.picture.ring()).filter(|ring| *ring.config() == config)
        {
            None => Ring::new(&page.desc, config),
            Some(ring) => {
                let mut ring = ring.clone();
                ring.update(&page.desc);
                ring
            }
        };
        let mut judgement =
            judge_after(&ring, now, last.as_ref().map(|last| (last.picture.ring(), &last.judgement)));
        judgement.findings.extend(found);
        if let Some(origin) = origin.map(|origin| origin.to_string()) {
            judgement.findings = judgement.findings.into_iter().map(|finding| finding.at(&origin)).collect();
        }
        judgement.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let rows = rows(&ring, &judgement);
        let marks: Vec<Mark> = rows.iter().map(|row| row.mark).collect();
        if let Some(last) = &last {
            self.refocus(last.picture.ring(), &ring);
        }
        let said = format!("{}: {}", source.name, judgement.summary);
        let is_news = last.as_ref().is_none_or(|last| last.judgement.summary != judgement.summary)
            || self.source.with_untracked(|old| old.as_ref() != Some(&source));
        let mut kept = last.map(|last| last.picture);
        let renewed = kept.as_mut().is_some_and(|picture| picture.renew(&ring, &marks));
        let picture = kept.filter(|_| renewed).unwrap_or_else(|| Picture::new(ring, marks));
        let shown = Shown { picture, judgement, rows, now, now_source, trace: None };
        self.engine.try_update_value(|engine| engine.shown = Some(shown));
        if is_news {
            self.said.set(said);
            self.source.set(Some(source));
        }
        self.shown.update(|shown| *shown += 1);
    }

    /// Keeps what is selected when places have shifted.
    fn refocus(self, before: &Ring, now: &Ring) {
        let focus = self.focus.get_untracked();
        if Arc::ptr_eq(before.topology(), now.topology()) || focus == Focus::default() {
            return;
        }
        let instance = focus.instance.filter(|&instance| (instance as usize) < before.instances().len());
        let instance = instance.and_then(|instance| now.index_of(before.id(instance)));
        self.focus.set(Focus { instance, ..Focus::default() });
    }

    fn retrace(self) {
        let (tenant, labels, service_name) = self.settings.with_untracked(|settings| {
            (settings.tenant.clone(), settings.labels.clone(), settings.service_name)
        });
        let parsed = Labels::parse(&labels).map_err(|error| error.to_string());
        let trace = self.with_mut(|shown| {
            shown.trace = None;
            let labels = parsed?;
            let labels = if service_name { with_service_name(&labels) } else { labels };
            let trace = trace_stream(shown.picture.ring(), &tenant, &labels, shown.now);
            let healthy = |instance| {
                trace.write.candidates.iter().any(|other| other.instance == instance && other.health.is_ok())
            };
            if !trace.write.walk.steps.is_empty() {
                shown.trace = Some(TraceMarks::new(&shown.picture, trace.key, &trace.write.walk, healthy));
            }
            Ok(Arc::new(trace))
        });
        // What is the same is not told again: panels would lose what the reader opened.
        if self.trace.with_untracked(|old| *old != trace) {
            self.trace.set(trace);
        }
    }

    /// Selects an instance, or none.
    pub(super) fn select_instance(self, instance: Option<u32>) {
        self.focus.update(|focus| (focus.instance, focus.token) = (instance, None));
    }

    /// Selects a token and its owner, or none.
    pub(super) fn select_token(self, position: Option<usize>) {
        let owner = position.and_then(|position| self.with(|shown| shown.picture.arc(position)).flatten());
        self.focus.update(|focus| {
            focus.token = position;
            focus.instance = owner.map(|arc| arc.owner);
        });
    }
}

fn rows(ring: &Ring, judgement: &Judgement) -> Vec<Row> {
    let row = |report: &crate::live::judge::InstanceReport| {
        let instance = ring.instance(report.index);
        let mark = match report.shown_state {
            ShownState::Stated(state) => Mark::of(state, true),
            ShownState::Unhealthy => Mark::Unhealthy,
        };
        Row {
            index: report.index,
            id: ring.id(report.index).to_string(),
            zone: instance.zone.to_string(),
            address: instance.addr.to_string(),
            mark,
            heartbeat_age: report.heartbeat_age,
            tokens: report.tokens,
            percent: report.percent,
            expected_percent: report.expected_percent,
            read_only: instance.read_only,
            registered: instance.registered_timestamp,
        }
    };
    judgement.instances.iter().map(row).collect()
}
