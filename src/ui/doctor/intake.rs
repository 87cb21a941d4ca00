//! The field, the files, the examples, and the list of what was given.

use leptos::ev;
use leptos::html::Textarea;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement};

use crate::doctor::kind::Kind;
use crate::view::text;

use super::super::browser;
use super::session::{DoctorSession, Line, Stage};

/// Something to try the page with.
struct Example {
    key: &'static str,
    file: &'static str,
    title: &'static str,
    note: &'static str,
}

const EXAMPLES: [Example; 3] = [
    Example {
        key: "fast-join",
        file: "fast-join.log",
        title: "First pod: failed to fast-join",
        note: "written by the laboratory: three pods start at once, and their names resolve late",
    },
    Example {
        key: "dead-join-list",
        file: "dead-join-list.log",
        title: "A dead join list",
        note: "captured from a running Loki, shortened: the only seed is an address where nobody listens",
    },
    Example {
        key: "mistakes",
        file: "mistakes.yaml",
        title: "A configuration with mistakes",
        note: "made up",
    },
];

const FIELD: &str = "doctor-text";

const PLACEHOLDER: &str =
    "level=error \u{2026} msg=\"failed to fast-join the memberlist cluster at startup\" \u{2026}";

/// Whatever is pasted anywhere on the page is taken, but into a text that is being edited.
pub(super) fn accept_pastes(session: DoctorSession) {
    let paste = window_event_listener(ev::paste, move |event| {
        let target = event.target().and_then(|target| target.dyn_into::<HtmlElement>().ok());
        if let Some(target) = &target {
            let is_field = target.id() == FIELD;
            let has_text = is_field && !value_of(FIELD).is_empty();
            if has_text || !is_field && matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA") {
                return;
            }
        }
        let Some(data) = event.clipboard_data() else { return };
        if let Some(files) = data.files().filter(|files| files.length() > 0) {
            event.prevent_default();
            session.take_files(&files);
        } else if let Some(text) = data.get_data("text/plain").ok().filter(|text| !text.trim().is_empty()) {
            // A long text would stall the field; its place is in the list.
            event.prevent_default();
            session.take_text(&text);
        }
    });
    on_cleanup(move || paste.remove());
}

fn value_of(id: &str) -> String {
    let field = browser::element(id).and_then(|field| field.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    field.map(|field| field.value()).unwrap_or_default()
}

/// The panel.
#[component]
pub(super) fn Intake(has_input: Memo<bool>) -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    let node = NodeRef::<Textarea>::new();
    node.on_load(move |field| {
        // On a telephone a keyboard would cover the page.
        if !has_input.get_untracked() && !browser::matches_media("(pointer: coarse)") {
            request_animation_frame(move || {
                let _ = field.focus();
            });
        }
    });
    let read = move |_| {
        if let Some(field) = node.get_untracked() {
            session.take_text(&field.value());
            field.set_value("");
        }
    };
    let on_files = move |event: Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        if let Some(files) = input.files().filter(|files| files.length() > 0) {
            session.take_files(&files);
        }
        // So that choosing the same file again is a change.
        input.set_value("");
    };
    let lines = Memo::new(move |_| session.lines());
    let ids = move || lines.with(|lines| lines.iter().map(|line| line.id).collect::<Vec<_>>());
    let shows_examples = move || !has_input.get() || session.is_example();
    view! {
        <section class="panel doctor-intake" aria-labelledby="doctor-title">
            <h2 id="doctor-title">{move || if has_input.get() { "Given" } else { "What does it mean?" }}</h2>
            <ul class="source-list" id="doctor-inputs" aria-label="Inputs">
                <For each=ids key=|id| *id children=move |id| {
                    let line = Memo::new(move |_| lines.with(|lines| lines.iter().find(|line| line.id == id).cloned()));
                    view! { <Input id line /> }
                } />
            </ul>
            <Reading />
            <label for=FIELD>"Paste a log, a configuration, or a ring page"</label>
            <textarea id=FIELD rows=move || if has_input.get() { "2" } else { "9" } spellcheck="false" autocomplete="off" node_ref=node
                placeholder=PLACEHOLDER></textarea>
            <div class="row wrap">
                <button type="button" id="doctor-read" class="primary" on:click=read>"Read it"</button>
                <label class="button" for="doctor-files">"Choose files\u{2026}"</label>
                <input id="doctor-files" class="unseen" type="file" multiple on:change=on_files />
                <Show when=move || has_input.get()>
                    <button type="button" class="quiet" id="doctor-clear" on:click=move |_| {
                        session.clear();
                        browser::focus(FIELD);
                    }>"Start over"</button>
                </Show>
            </div>
            <p class="note">"Or drop files anywhere: of several pods, compressed with gzip, all at once. What it is, is told by what it holds."</p>
            <div role="alert" id="doctor-problem">
                {move || session.problem.get().map(|problem| view! {
                    <div class="problem">
                        <p>{problem}</p>
                        <button type="button" class="quiet" on:click=move |_| session.problem.set(None)>"Dismiss"</button>
                    </div>
                })}
            </div>
            <Show when=shows_examples>
                <p class="label" id="examples-title">"Try an example"</p>
                <div class="samples" role="group" aria-labelledby="examples-title">
                    {EXAMPLES.map(|example| view! {
                        <button type="button" class="chip" id=format!("example-{}", example.key) title=example.note
                            on:click=move |_| open_example(session, &example)>{example.title}</button>
                    })}
                </div>
            </Show>
            <p class="note" id="doctor-promise">"Nothing leaves this browser: it is all read in this page."</p>
        </section>
    }
}

fn open_example(session: DoctorSession, example: &Example) {
    let (file, address) = (example.file, format!("samples/doctor/{}", example.file));
    leptos::task::spawn_local(async move {
        let answer = gloo_net::http::Request::get(&address).send().await.ok().filter(|answer| answer.ok());
        let text = match answer {
            Some(answer) => answer.text().await.ok(),
            None => None,
        };
        match text {
            Some(text) => session.take_example(file, &text),
            None => session.problem.set(Some(format!(
                "The example could not be fetched from {address}: is the page still connected to where it came from?"
            ))),
        }
    });
}

/// One of the inputs.
#[component]
fn Input(id: u32, line: Memo<Option<Line>>) -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    let name = move || line.with(|line| line.as_ref().map(|line| line.name.clone())).unwrap_or_default();
    let kind = Memo::new(move |_| line.with(|line| line.as_ref().map_or(Kind::Log, |line| line.kind)));
    let size = move || line.with(|line| line.as_ref().map(|line| text::bytes(line.size)));
    let problem = move || line.with(|line| line.as_ref().and_then(|line| line.problem.clone()));
    let is_example = line.with_untracked(|line| line.as_ref().is_some_and(|line| line.is_example));
    view! {
        <li class="source" data-testid="input" data-kind=move || kind.get().key()>
            <div class="row spread">
                <strong class="doctor-name"><bdi>{name}</bdi></strong>
                {is_example.then(|| view! { <span class="tag">"EXAMPLE"</span> })}
                <span class="note">{size}</span>
            </div>
            <div class="row">
                <select aria-label=move || format!("What {} is", name()) data-testid="input-kind" on:change=move |event| {
                    if let Some(kind) = Kind::of_key(&event_target_value(&event)) {
                        session.set_kind(id, kind);
                    }
                }>
                    {Kind::ALL.map(|own| view! {
                        <option value=own.key() selected=move || kind.get() == own>{own.title()}</option>
                    })}
                </select>
                <button type="button" class="chip" data-testid="input-remove" aria-label=move || format!("Remove {}", name())
                    on:click=move |_| session.remove(id)>"Remove"</button>
            </div>
            {move || problem().map(|problem| view! { <p class="note bad" data-testid="input-problem">{format!("\u{2715} {problem}")}</p> })}
        </li>
    }
}

/// How far the logs are.
#[component]
fn Reading() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    let running = Memo::new(move |_| matches!(session.stage.get(), Stage::Running(_)));
    let progress = move || match session.stage.get() {
        Stage::Running(progress) => progress,
        _ => Default::default(),
    };
    let share = move || {
        let progress = progress();
        if progress.of > 0.0 { progress.read / progress.of } else { 0.0 }
    };
    let words = move || {
        let progress = progress();
        format!(
            "{} of {}, {} lines",
            text::bytes(progress.read as usize),
            text::bytes(progress.of as usize),
            text::count(progress.lines as u64)
        )
    };
    view! {
        {move || running.get().then(|| view! {
            <div class="doctor-progress" id="doctor-progress">
                <progress max="1" prop:value=share aria-label="Logs read"></progress>
                <span class="note">{words}</span>
                <button type="button" class="chip" id="doctor-cancel" on:click=move |_| session.cancel()>"Cancel"</button>
            </div>
        })}
        {move || match session.stage.get() {
            Stage::Cancelled => Some(view! {
                <div class="strip" id="doctor-cancelled">
                    <p>"Cancelled: the logs are not read, and not part of the report."</p>
                    <button type="button" class="chip" on:click=move |_| session.read_again()>"Read them"</button>
                </div>
            }.into_any()),
            Stage::Failed(why) => Some(view! {
                <div class="problem" id="doctor-failed" role="alert">
                    <p>{format!("The logs could not be read. {why}")}</p>
                    <button type="button" class="quiet" on:click=move |_| session.read_again()>"Try again"</button>
                </div>
            }.into_any()),
            _ => None,
        }}
        {move || session.on_page.get().map(|why| view! {
            <p class="note warn" id="doctor-on-page">
                {format!("! No worker could start here ({why}), so the page reads logs itself: it works, only less smoothly.")}
            </p>
        })}
    }
}
