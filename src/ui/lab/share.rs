//! Links and files that bring back exactly this, and what becomes of them where they are opened.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use crate::experiment::catalog;
use crate::lab::handover::Handover;
use crate::lab::share::{Proof, Shared, snippet};
use crate::time::Instant;

use super::super::browser;
use super::commands::file_name;
use super::session::{Kind, LabSession, Selection};
use super::transport::clock_text;

/// The scenario that the page opens with when the address names none.
const FIRST: &str = "healthy-3";
/// No file of ours is longer.
const LONGEST_FILE: f64 = 20e6;

/// What was opened.
#[derive(Debug, Clone, PartialEq)]
enum Arrival {
    /// Its instant is still to be reached.
    Coming(Box<Shared>),
    /// It is there.
    There(Instant, Proof),
}

/// A cluster that another page leaves to the laboratory.
#[derive(Clone, Copy, Default)]
pub(in crate::ui) struct Bequest(RwSignal<Option<Handover>>);

impl Bequest {
    /// Leaves a cluster, and goes to the laboratory.
    pub(in crate::ui) fn leave(self, handover: Handover) {
        self.0.set(Some(handover));
        browser::go("#/simulate");
    }
}

/// What became of the link or the file that was opened last.
#[derive(Clone, Copy)]
pub(super) struct Arrivals(RwSignal<Option<Arrival>>);

/// Opens what the address names, now and whenever it changes; the first scenario if it names none.
pub(super) fn open_address(session: LabSession) {
    let arrivals = Arrivals(RwSignal::new(None));
    provide_context(arrivals);
    let left = expect_context::<Bequest>().0.try_update(Option::take).flatten();
    let inherits = left.is_some_and(|Handover { scenario, at }| {
        let shared = Shared { at, ..Shared::new(scenario) };
        open_shared(session, arrivals, shared)
    });
    if !inherits
        && !open_link(session, arrivals)
        && let Some(scenario) = catalog::find(FIRST)
    {
        session.open(scenario);
    }
    let changed = window_event_listener(ev::hashchange, move |_| {
        if browser::hash().trim_start_matches('/').starts_with("simulate?") {
            open_link(session, arrivals);
        }
    });
    on_cleanup(move || changed.remove());
    Effect::new(move || {
        let Some(Arrival::Coming(shared)) = arrivals.0.get() else { return };
        let seen = session.read(|bench| {
            let is_there = bench.now() == shared.at;
            (!bench.lab.is_busy())
                .then(|| is_there.then(|| Proof::of(bench.lab.current(), shared.fingerprint)))
        });
        match seen.flatten() {
            None => {}
            // The reader went elsewhere before it was reached.
            Some(None) => arrivals.0.set(None),
            Some(Some(proof)) => {
                look_as(session, &shared);
                arrivals.0.set(Some(Arrival::There(shared.at, proof)));
            }
        }
    });
}

/// Opens the address's link; whether it is one, and nothing is wrong with it.
fn open_link(session: LabSession, arrivals: Arrivals) -> bool {
    let hash = browser::hash();
    match Shared::from_link(hash.split_once('?').map_or("", |(_, query)| query)) {
        Ok(Some(shared)) => open_shared(session, arrivals, shared),
        Ok(None) => false,
        Err(error) => {
            session.problem.set(Some(format!("This link cannot be opened. {error}")));
            false
        }
    }
}

fn open_shared(session: LabSession, arrivals: Arrivals, shared: Shared) -> bool {
    if !session.open(shared.scenario.clone()) {
        return false;
    }
    if let Some(kind) = Kind::of(&shared.picture) {
        session.kind.set(kind);
        session.beside.set(shared.second.as_deref().and_then(Kind::of));
    }
    let at = shared.at;
    arrivals.0.set(Some(Arrival::Coming(Box::new(shared))));
    session.act(|lab| {
        lab.clock.playing = false;
        lab.seek(at);
        Ok(())
    })
}

/// Whose eyes, and what is chosen: names that may only exist at that instant.
fn look_as(session: LabSession, shared: &Shared) {
    let find = |name: &Option<String>| {
        let name = name.as_deref()?;
        session.with(|bench| bench.pod(name)).flatten()
    };
    let node = find(&shared.selected);
    session.selection.set(Selection { node, ..Selection::default() });
    session.observer.set(find(&shared.observer));
    session.changed();
}

/// The shown instant, with what is looked at.
fn shown(session: LabSession) -> Option<Shared> {
    let (observer, node) = (session.observer.get_untracked(), session.selection.get_untracked().node);
    let (kind, beside) = (session.kind.get_untracked(), session.beside.get_untracked());
    session.with(|bench| {
        let pods = &bench.lab.simulation().pods;
        let name = |pod: Option<u32>| pods.get(pod? as usize).map(|pod| pod.name.to_string());
        Shared {
            picture: kind.key().to_owned(),
            second: beside.map(|kind| kind.key().to_owned()),
            observer: name(observer),
            selected: name(node),
            ..Shared::of(bench.lab.current())
        }
    })
}

/// Reads a file that was chosen or dropped.
fn open_file(session: LabSession, arrivals: Arrivals, file: web_sys::File) {
    leptos::task::spawn_local(async move {
        let name = file.name();
        if file.size() > LONGEST_FILE {
            session.problem.set(Some(format!("{name} is larger than 20 MB; no file of Ringside is.")));
            return;
        }
        let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
        let Some(text) = text else {
            session.problem.set(Some(format!("{name} could not be read. Is it still there?")));
            return;
        };
        match Shared::from_file(&text) {
            Ok(shared) => {
                session.sharing.set(false);
                session.problem.set(None);
                open_shared(session, arrivals, shared);
            }
            Err(error) => session.problem.set(Some(format!("{name} cannot be opened. {error}"))),
        }
    });
}

/// Opens the panel.
#[component]
pub(super) fn ShareButton() -> impl IntoView {
    let session = expect_context::<LabSession>();
    view! {
        <button type="button" data-testid="share-button" on:click=move |_| session.sharing.set(true)>"Share this instant\u{2026}"</button>
    }
}

/// Whether what was opened is the same run here.
#[component]
pub(super) fn ArrivalLine() -> impl IntoView {
    let arrivals = expect_context::<Arrivals>();
    let line = |arrival: Arrival| match arrival {
        Arrival::Coming(shared) => ("", format!("Running to {} \u{2026}", clock_text(shared.at.nanos()))),
        Arrival::There(at, Proof::Same(print)) => (
            "good",
            format!(
                "The same run as was shared, at {}: same fingerprint {print:016x}.",
                clock_text(at.nanos())
            ),
        ),
        Arrival::There(at, Proof::Unsaid(print)) => (
            "",
            format!(
                "Opened at {}. The link has no fingerprint to compare with {print:016x}.",
                clock_text(at.nanos())
            ),
        ),
        Arrival::There(_, Proof::Other { shared, here }) => (
            "bad",
            format!(
                "This version of Ringside answers differently from the one that wrote the link: fingerprint {here:016x} \
                 instead of {shared:016x}. What you see may not be what was shared."
            ),
        ),
    };
    view! {
        {move || arrivals.0.get().map(line).map(|(tone, text)| view! {
            <div class="lab-arrival" role="status" data-testid="arrival">
                <p class=tone>{text}</p>
                <button type="button" class="quiet" on:click=move |_| arrivals.0.set(None)>"Dismiss"</button>
            </div>
        })}
    }
}

/// The texts of the panel.
#[derive(Debug, Clone, PartialEq)]
struct Texts {
    about: String,
    link: Result<String, String>,
    snippet: Option<String>,
    file: (String, String),
}

fn texts(session: LabSession) -> Option<Texts> {
    let shared = shown(session)?;
    let scenario = &shared.scenario;
    let title = if scenario.title.is_empty() { scenario.name.clone() } else { scenario.title.clone() };
    let steps = match scenario.steps.len() {
        0 => "no commands".to_owned(),
        1 => "one command".to_owned(),
        count => format!("{count} commands"),
    };
    let eyes = shared.observer.as_ref().map_or("in truth".to_owned(), |name| format!("as {name} sees it"));
    let at = clock_text(shared.at.nanos());
    let print = shared.fingerprint.map(|print| format!("; fingerprint {print:016x}")).unwrap_or_default();
    let address = |query: &str| format!("{}#/simulate?{query}", browser::base_address());
    let query = shared.to_link().map_err(|error| error.to_string());
    Some(Texts {
        about: format!("{title}, seed {}, {steps}, at {at}, {eyes}{print}.", scenario.seed),
        snippet: query.as_ref().ok().map(|query| snippet(&address(&format!("{query}&embed=1")), &title)),
        link: query.map(|query| address(&query)),
        file: (format!("{}.ringside.json", file_name(&scenario.name)), shared.to_file()),
    })
}

/// The panel; files dropped anywhere on the page are opened, too.
#[component]
pub(super) fn SharePanel() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let arrivals = expect_context::<Arrivals>();
    let shown = RwSignal::new(None::<Texts>);
    let close = NodeRef::<leptos::html::Button>::new();
    Effect::new(move || {
        let open = session.sharing.get();
        shown.set(open.then(|| texts(session)).flatten());
    });
    Effect::new(move || {
        if let Some(close) = close.get() {
            let _ = close.focus();
        }
    });
    accept_drops(session, arrivals);
    let choose = move |event: ev::Event| {
        let input = event.target().and_then(|target| target.dyn_into::<web_sys::HtmlInputElement>().ok());
        let Some(input) = input else { return };
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            open_file(session, arrivals, file);
        }
        // So that choosing the same file again is a change.
        input.set_value("");
    };
    view! {
        <Show when=move || session.sharing.get()>
            <div class="veil" on:click=move |_| session.sharing.set(false)></div>
            <div class="lab-sheet lab-share" role="dialog" aria-modal="true" aria-label="Share this instant" data-testid="share"
                on:keydown=move |event| if event.key() == "Escape" { session.sharing.set(false); event.stop_propagation(); }>
                <div class="row spread">
                    <h2>"Share this instant"</h2>
                    <button type="button" node_ref=close on:click=move |_| session.sharing.set(false)>"Close"</button>
                </div>
                {move || shown.get().map(|texts| {
                    let (name, file) = texts.file;
                    view! {
                        <p class="note" data-testid="share-about">{texts.about}</p>
                        {match texts.link {
                            Ok(link) => view! { <Copied label="Link" id="share-link" text=link /> }.into_any(),
                            Err(why) => view! { <p class="warn" role="alert" data-testid="share-too-long">{why}</p> }.into_any(),
                        }}
                        {texts.snippet.map(|snippet| view! { <Copied label="To embed it in another page" id="share-embed" text=snippet /> })}
                        <div class="row lab-files">
                            <button type="button" data-testid="share-save" on:click=move |_| browser::download(&name, &file, "application/json")>"Save as a file"</button>
                            <label class="button" for="share-file">"Open a file\u{2026}"</label>
                            <input id="share-file" class="unseen" type="file" accept=".json,application/json" data-testid="share-open" on:change=choose />
                        </div>
                        <p class="note">"A file dropped on the page is opened, too. Nothing leaves this machine: all of it is in the link."</p>
                    }
                })}
            </div>
        </Show>
    }
}

/// A text to copy.
#[component]
fn Copied(label: &'static str, id: &'static str, text: String) -> impl IntoView {
    let done = RwSignal::new(None::<bool>);
    let input = NodeRef::<leptos::html::Input>::new();
    let kept = StoredValue::new(text.clone());
    let copy = move |_| {
        let text = kept.get_value();
        leptos::task::spawn_local(async move {
            let copied = browser::copy(text).await;
            done.set(Some(copied));
            if !copied && let Some(input) = input.get_untracked() {
                input.select();
            }
        });
    };
    let said = move || match done.get() {
        None => "",
        Some(true) => "Copied.",
        Some(false) => "The browser does not let this page copy. It is selected: press Ctrl or \u{2318} + C.",
    };
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <div class="row">
                <input id=id type="text" class="mono" readonly node_ref=input data-testid=id prop:value=text
                    on:focus=move |_| if let Some(input) = input.get_untracked() { input.select() } />
                <button type="button" data-testid=format!("{id}-copy") on:click=copy>"Copy"</button>
            </div>
            <p class="note" role="status">{said}</p>
        </div>
    }
}

fn accept_drops(session: LabSession, arrivals: Arrivals) {
    let carries_files = |event: &ev::DragEvent| {
        event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
    };
    let over = window_event_listener(ev::dragover, move |event| {
        if carries_files(&event) {
            event.prevent_default();
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        if carries_files(&event) {
            event.prevent_default();
            let files = event.data_transfer().and_then(|data| data.files());
            if let Some(file) = files.and_then(|files| files.get(0)) {
                open_file(session, arrivals, file);
            }
        }
    });
    on_cleanup(move || {
        over.remove();
        drop.remove();
    });
}
