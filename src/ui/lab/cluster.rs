//! The cluster panel: every setting by its own name, what differs from the defaults, and what waits for a new run.

use std::sync::Arc;

use leptos::prelude::*;

use crate::lab::settings::{self, Draft, Edit, Section, Setting, Taken, Values};
use crate::sim::Scenario;
use crate::time::Instant;

use super::cluster_field::Field;
use super::cluster_groups::{FrontFields, Groups};
use super::cluster_yaml::LokiYaml;
use super::session::LabSession;

/// The settings that stand first, with the numbers of ingesters and zones.
const FIRST: [&str; 4] = ["replication_factor", "zone_awareness_enabled", "lifecycler.num_tokens", "store"];

/// What the panel shows: the cluster as it runs, and as it is wanted.
pub(super) struct State {
    pub(super) running: Scenario,
    pub(super) wanted: Scenario,
    pub(super) before: Values,
    pub(super) values: Values,
    /// Why what waits does not fit what runs.
    misfit: Option<String>,
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        (&self.running, &self.wanted, &self.misfit) == (&other.running, &other.wanted, &other.misfit)
    }
}

impl State {
    /// Whether a setting is not as by default; a run has no usual length.
    fn differs(&self, path: &str, setting: &Setting) -> bool {
        setting.section != Section::Run && !self.values.is_default(path)
    }
}

/// The panel's handle for its parts.
#[derive(Clone, Copy)]
pub(super) struct Panel {
    session: LabSession,
    draft: RwSignal<Draft>,
    state: Memo<Option<Arc<State>>>,
    words: RwSignal<String>,
    only_changed: RwSignal<bool>,
}

impl Panel {
    fn new(session: LabSession) -> Self {
        let draft = RwSignal::new(Draft::default());
        // What the clock does to the settings: commands come to pass.
        let moment = Memo::new(move |_| {
            let deeds = session.deeds.get();
            let done = session.read(|bench| {
                let now = next(bench.now());
                bench.lab.current().steps().iter().filter(|timed| Instant::START + timed.at.0 <= now).count()
            });
            (deeds, done)
        });
        let running = Memo::new(move |_| {
            // A memo that is only tracked never looks at its sources.
            moment.with(|_| ());
            session
                .with(|bench| settings::running(&bench.lab.current().scenario(), next(bench.now())))
                .map(Arc::new)
        });
        let state = Memo::new(move |_| {
            let running = Scenario::clone(running.get()?.as_ref());
            let (wanted, misfit) = match draft.with(|draft| draft.apply(&running)) {
                Ok(wanted) => (wanted, None),
                Err(error) => (running.clone(), Some(error.to_string())),
            };
            let (before, values) = (Values::of(&running), Values::of(&wanted));
            Some(Arc::new(State { running, wanted, before, values, misfit }))
        });
        // What waited for another cluster's new run waits no more.
        let cluster = Memo::new(move |_| {
            session.deeds.track();
            session.with(|bench| {
                let scenario = bench.lab.current().scenario();
                (scenario.name, scenario.options)
            })
        });
        Effect::new(move |seen: Option<()>| {
            cluster.with(|_| ());
            if seen.is_some() {
                draft.set(Draft::default());
            }
        });
        Self { session, draft, state, words: RwSignal::default(), only_changed: RwSignal::new(false) }
    }

    /// Asks the settings.
    pub(super) fn with<T: Default>(self, ask: impl FnOnce(&State) -> T) -> T {
        self.state.with(|state| state.as_deref().map(ask)).unwrap_or_default()
    }

    pub(super) fn with_untracked<T: Default>(self, ask: impl FnOnce(&State) -> T) -> T {
        self.state.with_untracked(|state| state.as_deref().map(ask)).unwrap_or_default()
    }

    /// Changes a setting: at once where that is possible.
    pub(super) fn put(self, path: &str, text: &str) -> Result<(), String> {
        self.take(Edit::Set { path: path.to_owned(), text: text.to_owned() })
    }

    pub(super) fn take(self, edit: Edit) -> Result<(), String> {
        let mut draft = self.draft.get_untracked();
        let taken = self.state.with_untracked(|state| match state {
            Some(state) => draft.take(&state.running, edit).map_err(|error| error.to_string()),
            None => Ok(Taken::Nothing),
        })?;
        if self.draft.with_untracked(|old| *old != draft) {
            self.draft.set(draft);
        }
        let Taken::AtOnce(command) = taken else { return Ok(()) };
        match self.session.command(vec![command]) {
            true => Ok(()),
            false => Err(self.session.problem.get_untracked().unwrap_or_default()),
        }
    }

    /// Whether a setting is to be shown, by what the reader searches for.
    pub(super) fn shows(self, path: &str, setting: &Setting) -> bool {
        self.words.with(|words| setting.has(words))
            && (!self.only_changed.get() || self.with(|state| state.differs(path, setting)))
    }

    /// What the reader searches for.
    pub(super) fn words_now(self) -> String {
        self.words.get()
    }

    /// Whether the reader searches for anything.
    pub(super) fn is_searching(self) -> bool {
        self.only_changed.get() || self.words.with(|words| !words.trim().is_empty())
    }
}

/// A nanosecond from now, when what was just ordered is done.
fn next(now: Instant) -> Instant {
    Instant::from_nanos(now.nanos().saturating_add(1))
}

/// The panel.
#[component]
pub(super) fn ClusterPanel() -> impl IntoView {
    let panel = Panel::new(expect_context());
    provide_context(panel);
    let changed = Memo::new(move |_| {
        panel.with(|state| {
            state.values.changed().iter().filter(|change| state.differs(&change.path, change.setting)).count()
        })
    });
    let sections = Section::ALL.into_iter().skip(1);
    view! {
        <section class="panel lab-cluster" aria-labelledby="lab-cluster-title" data-testid="cluster">
            <h2 id="lab-cluster-title">"Cluster"</h2>
            <Waiting />
            <div class="field">
                <label for="lab-cluster-search">"Find a setting"</label>
                <input id="lab-cluster-search" type="search" autocomplete="off" spellcheck="false" data-testid="settings-search"
                    placeholder="gossip_interval, timeout, zone"
                    prop:value=move || panel.words.get()
                    on:input=move |event| panel.words.set(event_target_value(&event)) />
            </div>
            <label class="check">
                <input type="checkbox" data-testid="settings-changed" prop:checked=move || panel.only_changed.get()
                    on:change=move |event| panel.only_changed.set(event_target_checked(&event)) />
                {move || match changed.get() {
                    0 => "Only what is not the default (nothing)".to_owned(),
                    count => format!("Only what is not the default ({count})"),
                }}
            </label>
            <div class="lab-first">
                <FrontFields />
                {FIRST.into_iter().filter_map(settings::find).map(|setting| view! {
                    <Field path=setting.path.to_owned() setting />
                }).collect_view()}
            </div>
            <Groups />
            {sections.map(|section| view! { <SectionView section /> }).collect_view()}
            <LokiYaml />
        </section>
    }
}

/// The settings under one heading.
#[component]
fn SectionView(section: Section) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let of_section = move || {
        settings::all().filter(move |setting| setting.section == section && !FIRST.contains(&setting.path))
    };
    let found = Memo::new(move |_| of_section().any(|setting| panel.shows(setting.path, setting)));
    let changed = Memo::new(move |_| {
        panel.with(|state| of_section().filter(|setting| state.differs(setting.path, setting)).count())
    });
    let fields = move || {
        of_section().map(|setting| view! { <Field path=setting.path.to_owned() setting /> }).collect_view()
    };
    view! {
        <div class:gone=move || panel.is_searching() && !found.get()>
            <Fold title=Signal::stored(section.name().to_owned()) changed key=section.name()>{fields()}</Fold>
        </div>
    }
}

/// A part that opens; what is in it is made when it first does.
#[component]
pub(super) fn Fold(
    /// Its heading.
    #[prop(into)]
    title: Signal<String>,
    /// How many settings in it are not as by default.
    #[prop(into)]
    changed: Signal<usize>,
    /// Its name for tests.
    key: &'static str,
    children: ChildrenFn,
) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let opened = RwSignal::new(false);
    let is_open = move || opened.get() || panel.is_searching();
    let children = StoredValue::new(children);
    let mark = move || match changed.get() {
        0 => String::new(),
        1 => "1 changed".to_owned(),
        count => format!("{count} changed"),
    };
    view! {
        <div class="lab-fold">
            <h3>
                <button type="button" class="quiet" aria-expanded=move || is_open().to_string() data-testid=format!("fold-{key}")
                    on:click=move |_| opened.update(|open| *open = !*open)>
                    <span class="lab-turn" aria-hidden="true">"\u{203a}"</span>
                    <span>{title}</span>
                    <span class="lab-count">{mark}</span>
                </button>
            </h3>
            <Show when=is_open>{children.with_value(|children| children())}</Show>
        </div>
    }
}

/// What waits for a new run.
#[component]
fn Waiting() -> impl IntoView {
    let panel = expect_context::<Panel>();
    let words = Memo::new(move |_| panel.with(|state| panel.draft.with(|draft| draft.words(&state.running))));
    let misfit = move || panel.with(|state| state.misfit.clone());
    let restart = move |_| {
        let draft = panel.draft.get_untracked();
        let done = panel.session.act(|lab| {
            let scenario = draft.apply(&lab.current().scenario())?;
            lab.restart(scenario)
        });
        if done {
            panel.session.say("Started over with the change; the run before is kept.");
        }
    };
    view! {
        <Show when=move || words.with(|words| !words.is_empty())>
            <div class="lab-waiting" role="status" data-testid="waiting">
                <p>"A running cluster cannot take this:"</p>
                <ul>{move || words.get().into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
                <p class="error">{misfit}</p>
                <div class="row">
                    <button type="button" class="primary" data-testid="restart" on:click=restart>"Restart with the change"</button>
                    <button type="button" class="quiet" data-testid="drop-changes"
                        on:click=move |_| panel.draft.set(Draft::default())>"Drop it"</button>
                </div>
            </div>
        </Show>
    }
}
