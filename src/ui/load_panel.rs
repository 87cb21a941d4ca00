//! Where a ring comes from: pasted text, files, an address, or a sample.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, Event, FileList, HtmlInputElement, SubmitEvent};

use crate::view::{endpoint, text};

use super::samples::SAMPLES;
use super::session::{Problem, Session};

/// Longer pastes are loaded without passing through the text field, which would stall on them.
const SHOWN_PASTE: usize = 200_000;

/// Reads files one after the other; each becomes a ring to switch to.
pub(super) fn load_files(session: Session, files: &FileList) {
    let files: Vec<web_sys::File> = (0..files.length()).filter_map(|i| files.get(i)).collect();
    leptos::task::spawn_local(async move {
        let mut first_problem = None;
        let mut any = false;
        for file in files {
            let name = file.name();
            if !session.fits(&name, file.size() as usize) {
                first_problem = first_problem.or(session.problem.get_untracked());
                continue;
            }
            session.busy.set(Some(name.clone()));
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            match text {
                Some(text) => any |= session.load(&name, &text, ""),
                None => {
                    let what = format!("{name} could not be read. Is it still there?");
                    session.fail(Problem { what, help: None });
                }
            }
            first_problem = first_problem.or(session.problem.get_untracked());
        }
        // A good file after a bad one does not hide what was wrong.
        session.problem.set(first_problem);
        session.is_stale.update(|is_stale| *is_stale &= !any);
        session.busy.set(None);
    });
}

fn load_pasted(session: Session, pasted: &str) {
    if session.fits("The text", pasted.len()) {
        session.load("pasted", pasted, "");
    }
}

/// The panel.
#[component]
pub(super) fn LoadPanel() -> impl IntoView {
    let session = expect_context::<Session>();
    let pasted = RwSignal::new(String::new());
    let large = RwSignal::new(None::<usize>);
    let address = RwSignal::new(String::new());

    let on_paste = move |event: ClipboardEvent| {
        let data = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
        let Some(data) = data.filter(|data| !data.is_empty()) else { return };
        if data.len() > SHOWN_PASTE {
            event.prevent_default();
            pasted.set(String::new());
            large.set(Some(data.len()));
        } else if !pasted.with_untracked(String::is_empty) {
            // Into a text that is being edited: that is for the button.
            return;
        }
        load_pasted(session, &data);
    };
    let on_files = move |event: Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        if let Some(files) = input.files() {
            load_files(session, &files);
        }
        // So that choosing the same file again is a change.
        input.set_value("");
    };
    let on_fetch = move |event: SubmitEvent| {
        event.prevent_default();
        match endpoint::complete(&address.get_untracked()) {
            Err(error) => session.fail(Problem { what: error.to_string(), help: None }),
            Ok(address) => {
                session.busy.set(Some(address.clone()));
                leptos::task::spawn_local(async move {
                    if let Some(text) = session.fetch(&address).await {
                        session.load(&address, &text, "");
                    }
                    session.busy.set(None);
                });
            }
        }
    };

    view! {
        <section class="panel load" aria-labelledby="load-title">
            <h2 id="load-title">"Load a ring"</h2>
            <label for="ring-text">"Paste the JSON of " <code>"/ring"</code></label>
            <textarea
                id="ring-text"
                rows="4"
                spellcheck="false"
                autocomplete="off"
                placeholder="curl -s -H 'Accept: application/json' http://loki:3100/ring"
                prop:value=move || pasted.get()
                on:input=move |event| {
                    large.set(None);
                    pasted.set(event_target_value(&event));
                }
                on:paste=on_paste
            ></textarea>
            {move || large.get().map(|size| view! {
                <p class="note">{format!("Loaded {} from the clipboard; too long to show here.", text::bytes(size))}</p>
            })}
            <div class="row">
                <button
                    id="load-button"
                    type="button"
                    class="primary"
                    on:click=move |_| pasted.with_untracked(|text| load_pasted(session, text))
                >"Load"</button>
                <label class="button" for="ring-files">"Choose files\u{2026}"</label>
                <input id="ring-files" class="unseen" type="file" multiple accept=".json,.txt,.http,application/json" on:change=on_files />
            </div>
            <p class="note">"\u{2026} or drop files anywhere on the page."</p>
            <form class="row" on:submit=on_fetch>
                <label class="unseen" for="ring-url">"Address of a ring page"</label>
                <input
                    id="ring-url"
                    type="text"
                    inputmode="url"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder="http://loki:3100/ring"
                    prop:value=move || address.get()
                    on:input=move |event| address.set(event_target_value(&event))
                />
                <button id="fetch-button" type="submit" disabled=move || session.busy.get().is_some()>"Fetch once"</button>
            </form>
            <p class="label" id="samples-title">"Or look at a sample"</p>
            <div class="samples" role="group" aria-labelledby="samples-title">
                {SAMPLES.map(|sample| view! {
                    <button
                        type="button"
                        id=format!("sample-{}", sample.key)
                        class="chip"
                        title=sample.note
                        aria-pressed=move || session.settings.with(|settings| settings.sample == sample.key).to_string()
                        on:click=move |_| session.load_sample(sample)
                    >{sample.title}</button>
                })}
            </div>
            <Alert />
            <LoadedRings />
        </section>
    }
}

/// What did not work; the last good ring stays on the page.
#[component]
fn Alert() -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <div role="alert" id="error-alert" aria-live="assertive">
            {move || session.problem.get().map(|problem| view! {
                <div class="problem">
                    <p>{problem.what}</p>
                    {problem.help.map(|help| view! { <code class="block">{help}</code> })}
                    <button type="button" class="quiet" id="error-dismiss" on:click=move |_| session.dismiss()>"Dismiss"</button>
                </div>
            })}
        </div>
        <p class="note busy" id="busy">
            {move || session.busy.get().map(|what| format!("Reading {what}\u{2026}"))}
        </p>
    }
}

/// The rings loaded so far, to switch between.
#[component]
fn LoadedRings() -> impl IntoView {
    let session = expect_context::<Session>();
    let several = move || session.names.with(|names| names.len() > 1);
    view! {
        <Show when=several>
            <p class="label" id="loaded-title">"Loaded"</p>
            <ul class="loaded" id="loaded-rings" aria-labelledby="loaded-title">
                {move || session.names.get().into_iter().enumerate().map(|(place, name)| view! {
                    <li>
                        <button
                            type="button"
                            class="chip"
                            data-testid="loaded-ring"
                            aria-pressed=move || (session.current.get() == Some(place)).to_string()
                            on:click=move |_| session.switch_to(place)
                        >{name}</button>
                    </li>
                }).collect_view()}
            </ul>
        </Show>
    }
}
