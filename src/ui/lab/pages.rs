//! What a node would answer at this instant, in the real formats.

use leptos::prelude::*;

use crate::lab::inspect::pages;
use crate::sim::Response;

use super::super::browser;
use super::session::LabSession;

/// Real time between two questions while time passes.
const PACE_MILLIS: f64 = 500.0;
/// More of a body than this is not shown.
const MOST_BYTES: usize = 100_000;

/// What is asked for; it outlives the panel.
#[derive(Clone, Copy)]
pub(super) struct PagesState {
    /// Whose page; without one the observer's, else the selected node's, else the first one's.
    pod: RwSignal<Option<u32>>,
    path: RwSignal<String>,
}

impl PagesState {
    pub(super) fn new() -> Self {
        Self { pod: RwSignal::new(None), path: RwSignal::new("/ring".into()) }
    }
}

/// An answer, as it is shown.
#[derive(Debug, Clone, PartialEq)]
struct Shown {
    status: String,
    ok: bool,
    text: String,
    /// How much there is in all, if that is more than is shown.
    cut: Option<usize>,
}

/// The panel.
#[component]
pub(super) fn PagesPanel(state: PagesState) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let PagesState { pod, path } = state;
    let whose = Memo::new(move |_| {
        let fallback = session.observer.get().or(session.selection.get().node);
        pod.get().or(fallback).unwrap_or(0)
    });
    let names = Memo::new(move |_| {
        session.deeds.track();
        session
            .read(|bench| Vec::from_iter(bench.snapshot.nodes.iter().map(|node| node.name.to_string())))
            .unwrap_or_default()
    });
    let paths = Memo::new(move |_| {
        let whose = whose.get();
        session.read(|bench| pages::paths(bench.lab.simulation(), whose)).unwrap_or_default()
    });
    // A path that this process does not serve is still a question: the answer is 404.
    let offered = Memo::new(move |_| {
        let mut offered = paths.get();
        let path = path.get();
        if !offered.contains(&path) {
            offered.push(path);
        }
        offered
    });
    let asked = StoredValue::new_local((f64::MIN, 0_u64));
    let answer = Memo::new(move |before: Option<&((u32, String), Option<Shown>)>| {
        let question = (whose.get(), path.get());
        let deeds = session.deeds.get();
        session.tick.track();
        let now = browser::performance_now();
        let (last, seen) = asked.get_value();
        if let Some(before) = before
            && session.playing.get_untracked()
            && before.0 == question
            && seen == deeds
            && now - last < PACE_MILLIS
        {
            return before.clone();
        }
        asked.set_value((now, deeds));
        let shown = ask(session, question.0, &question.1).map(|(response, text)| shown(&response, text));
        (question, shown)
    });
    let part = move |part: fn(&Shown) -> String| {
        Memo::new(move |_| answer.with(|(_, shown)| shown.as_ref().map_or_else(String::new, part)))
    };
    let status = part(|shown| shown.status.clone());
    let text = part(|shown| shown.text.clone());
    let ok = Memo::new(move |_| answer.with(|(_, shown)| shown.as_ref().is_some_and(|shown| shown.ok)));
    let cut = Memo::new(move |_| answer.with(|(_, shown)| shown.as_ref().and_then(|shown| shown.cut)));
    let whole = move || ask(session, whose.get_untracked(), &path.get_untracked()).map(|(_, text)| text);
    let copy = move |_| {
        let Some(text) = whole() else { return };
        leptos::task::spawn_local(async move {
            session.say(match browser::copy(text).await {
                true => "Copied.",
                false => "The browser did not allow it: select the text and copy it.",
            });
        });
    };
    view! {
        <div class="lab-pages" data-testid="pages">
            <div class="lab-bar">
                <label>"node "
                    <select data-testid="pages-pod" on:change=move |event| pod.set(event_target_value(&event).parse().ok())
                        prop:value=move || pod.get().map_or(String::new(), |pod| pod.to_string())>
                        <option value="">{move || names.with(|names| {
                            let fallback = session.observer.get().or(session.selection.get().node).unwrap_or(0);
                            let name = names.get(fallback as usize).cloned().unwrap_or_default();
                            format!("the observer or selected one ({name})")
                        })}</option>
                        {move || names.get().into_iter().zip(0_u32..).map(|(name, number)| view! {
                            <option value=number.to_string() selected=move || pod.get() == Some(number)>{name}</option>
                        }).collect_view()}
                    </select>
                </label>
                <label>"GET "
                    <select data-testid="pages-path" class="mono" on:change=move |event| path.set(event_target_value(&event))
                        prop:value=move || path.get()>
                        {move || offered.get().into_iter().map(|one| {
                            let is_it = path.get_untracked() == one;
                            view! { <option value=one.clone() selected=is_it>{one.clone()}</option> }
                        }).collect_view()}
                    </select>
                </label>
                <button type="button" data-testid="pages-copy" on:click=copy>"Copy"</button>
                <p class="lab-page-status" class:good=move || ok.get() class:bad=move || !ok.get() data-testid="pages-status">
                    {move || status.get()}
                </p>
            </div>
            <pre class="lab-page" tabindex="0" role="region" aria-label="The answer" data-testid="pages-body">{move || text.get()}</pre>
            {move || cut.get().map(|all| view! {
                <p class="note">{format!("Here are the first {} kB of {} kB; Copy takes all.", MOST_BYTES / 1000, all / 1000)}</p>
            })}
            <p class="note">"Asking here has no consequences. A real question to /ready would: it starts min_ready_duration."</p>
        </div>
    }
}

/// The answer, and its body as people read it.
fn ask(session: LabSession, pod: u32, path: &str) -> Option<(Response, String)> {
    session.with(|bench| {
        let response = pages::ask(bench.lab.current_mut().simulation_mut(), pod, path);
        // Some pages that answer in JSON call it text.
        let text = match response.body.starts_with(['{', '[']) {
            true => pages::pretty(&response.body),
            false => response.body.clone(),
        };
        (response, text)
    })
}

fn shown(response: &Response, mut text: String) -> Shown {
    let status = match response.status {
        0 => "no answer".to_owned(),
        status => format!("{status} {} \u{b7} {}", response.reason(), response.content_type),
    };
    let all = text.len();
    let end = text.floor_char_boundary(MOST_BYTES);
    text.truncate(end);
    Shown { status, ok: response.status == 200, text, cut: (all > MOST_BYTES).then_some(all) }
}
