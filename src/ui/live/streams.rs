//! Many streams at once: a list in, a table out.

use std::sync::Arc;

use leptos::html::Textarea;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, HtmlInputElement};

use crate::live::streams::{Placed, place_all, to_csv};
use crate::view::text;

use super::super::browser;
use super::session::LiveSession;

const MOST_ROWS: usize = 500;
const LARGEST_FILE: f64 = 8e6;

/// The panel.
#[component]
pub(super) fn StreamsPanel() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let node = NodeRef::<Textarea>::new();
    let placed = RwSignal::new(None::<Result<Arc<Vec<Placed>>, String>>);
    let place = move |list: &str| {
        let (tenant, service_name) =
            session.ring.settings.with_untracked(|settings| (settings.tenant.clone(), settings.service_name));
        let result = session
            .ring
            .with(|shown| place_all(shown.picture.ring(), shown.now, list, &tenant, service_name));
        placed.set(result.map(|result| result.map(Arc::new).map_err(|error| error.to_string())));
    };
    let on_file = move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        let Some((input, file)) = input.and_then(|input| Some((input.clone(), input.files()?.get(0)?)))
        else {
            return;
        };
        input.set_value("");
        if file.size() > LARGEST_FILE {
            placed.set(Some(Err(format!(
                "{} has {}: take a part of it",
                file.name(),
                text::bytes(file.size() as usize)
            ))));
            return;
        }
        leptos::task::spawn_local(async move {
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            if !session.is_open() {
                return;
            }
            match text {
                Some(text) => place(&text),
                None => placed.set(Some(Err(format!("{} could not be read", file.name())))),
            }
        });
    };
    let save = move |_| {
        if let Some(Ok(placed)) = placed.get_untracked() {
            browser::download("streams.csv", &to_csv(&placed), "text/csv");
        }
    };
    view! {
        <details class="panel" id="streams">
            <summary>"Where many streams go"</summary>
            <label for="streams-list">"One stream a line: tenant,labels. A line without a tenant is taken for the one above."</label>
            <textarea id="streams-list" rows="4" spellcheck="false" autocomplete="off" node_ref=node
                placeholder="fake,{app=\"checkout\", env=\"prod\"}"></textarea>
            <div class="row">
                <button type="button" id="streams-place" on:click=move |_| {
                    if let Some(node) = node.get_untracked() {
                        place(&node.value());
                    }
                }>"Place them"</button>
                <label class="button" for="streams-file">"Choose a CSV file\u{2026}"</label>
                <input id="streams-file" class="unseen" type="file" accept=".csv,.txt,text/csv" on:change=on_file />
                <button type="button" id="streams-save" disabled=move || !placed.with(|placed| matches!(placed, Some(Ok(_)))) on:click=save>"Save as CSV"</button>
            </div>
            {move || placed.get().map(|placed| match placed {
                Err(error) => view! { <p class="error" role="alert">{error}</p> }.into_any(),
                Ok(placed) => view! { <StreamTable placed /> }.into_any(),
            })}
        </details>
    }
}

#[component]
fn StreamTable(placed: Arc<Vec<Placed>>) -> impl IntoView {
    let failing =
        placed.iter().filter(|one| one.outcome.as_ref().is_ok_and(|place| place.error.is_some())).count();
    let unread = placed.iter().filter(|one| one.outcome.is_err()).count();
    let rest = placed.len().saturating_sub(MOST_ROWS);
    let summary = format!(
        "{} streams: writes fail for {}, {} lines could not be read.",
        text::count(placed.len() as u64),
        text::count(failing as u64),
        text::count(unread as u64)
    );
    view! {
        <p id="streams-summary">{summary}</p>
        <div class="scroller" tabindex="0" role="region" aria-label="Streams">
            <table id="streams-table">
                <thead><tr>
                    <th scope="col">"Tenant"</th><th scope="col">"Labels"</th><th scope="col">"Key"</th>
                    <th scope="col">"Replicas"</th><th scope="col">"Write"</th>
                </tr></thead>
                <tbody>
                    {placed.iter().take(MOST_ROWS).map(|one| {
                        let (key, replicas, class, write) = match &one.outcome {
                            Err(error) => (String::new(), String::new(), "warn", format!("line {}: {error}", one.line)),
                            Ok(place) => {
                                let replicas = place.replicas.iter().map(|(id, well)| format!("{id}{}", if *well { "" } else { " \u{2715}" }));
                                let (class, write) = match &place.error {
                                    None => ("good", "\u{2713} succeeds".to_owned()),
                                    Some(error) => ("bad", format!("\u{2715} {error}")),
                                };
                                (place.key.to_string(), replicas.collect::<Vec<_>>().join(", "), class, write)
                            }
                        };
                        view! {
                            <tr data-testid="stream">
                                <td><bdi>{text::cut(&one.tenant, 40)}</bdi></td><td class="mono"><bdi>{text::cut(&one.labels, 120)}</bdi></td>
                                <td class="mono">{key}</td><td><bdi>{replicas}</bdi></td><td class=class>{write}</td>
                            </tr>
                        }
                    }).collect_view()}
                </tbody>
            </table>
        </div>
        {(rest > 0).then(|| view! { <p class="note">{format!("and {} more in the CSV", text::count(rest as u64))}</p> })}
    }
}
