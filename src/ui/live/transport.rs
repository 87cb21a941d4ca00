//! Back in time and to now: the same as dragging on the timeline, for keyboards and screen readers, and
//! what can be done with all that was seen.

use leptos::prelude::*;

use crate::lab::handover::hand_over;

use super::super::browser;
use super::super::lab::Bequest;
use super::session::LiveSession;

/// The bar below the picture.
#[component]
pub(super) fn Transport() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let bequest = expect_context::<Bequest>();
    let frames = Memo::new(move |_| {
        session.changed.track();
        session.shown.track();
        let place = session.shown_place().unwrap_or_default();
        session
            .sources(|sources| {
                let frames = sources.get(place).map(|source| source.history.frames());
                frames.map(|frames| frames.map(|frame| frame.at).collect::<Vec<_>>())
            })
            .flatten()
            .unwrap_or_default()
    });
    let last = move || frames.with(|frames| frames.len().saturating_sub(1));
    let place = move || match session.cursor.get() {
        None => last(),
        Some(at) => frames.with(|frames| frames.partition_point(|frame| *frame <= at).saturating_sub(1)),
    };
    let go = move |place: usize| {
        let at =
            frames.with_untracked(|frames| frames.get(place).copied().filter(|_| place + 1 < frames.len()));
        session.cursor.set(at);
    };
    let text = move || {
        let count = frames.with(Vec::len);
        let at = session.cursor.get().or_else(|| frames.with(|frames| frames.last().copied()));
        let at = at.map(|at| at.to_rfc3339()).unwrap_or_default();
        let which = if session.cursor.get().is_none() { "Newest page" } else { "Page" };
        format!("{which} {} of {count}, {at}", place() + 1)
    };
    let problem = RwSignal::new(None::<String>);
    let what_if = move |_| {
        let handed = session.ring.with(|shown| hand_over(shown.picture.ring(), shown.now));
        match handed {
            Some(Ok(handover)) => bequest.leave(handover),
            Some(Err(error)) => problem.set(Some(error.to_string())),
            None => {}
        }
    };
    let save = move |_| {
        let now = browser::clock().to_rfc3339();
        let stamp: String = now.chars().filter(|c| c.is_ascii_digit() || *c == 'T').take(15).collect();
        browser::download(&format!("ringside-recording-{stamp}.json"), &session.record(), "application/json");
    };
    view! {
        <div class="live-transport panel" role="group" aria-label="Time">
            <div class="row">
                <button type="button" id="live-back" aria-label="The page before" disabled=move || place() == 0
                    on:click=move |_| go(place().saturating_sub(1))>"\u{2039}"</button>
                <input id="live-time" type="range" min="0" max=move || last().to_string() prop:value=move || place().to_string()
                    aria-label="Page" aria-valuetext=text
                    on:input=move |event| {
                        if let Ok(place) = event_target_value(&event).parse() {
                            go(place);
                        }
                    } />
                <button type="button" id="live-forward" aria-label="The page after" disabled=move || session.cursor.get().is_none()
                    on:click=move |_| go(place() + 1)>"\u{203a}"</button>
                <button type="button" id="live-now" disabled=move || session.cursor.get().is_none()
                    on:click=move |_| session.cursor.set(None)>"Now"</button>
            </div>
            <p class="note" id="live-when">{text}</p>
            <div class="row">
                <button type="button" id="what-if" class="primary" on:click=what_if>"What if\u{2026}: open it in the laboratory"</button>
                <button type="button" id="save-recording" on:click=save>"Save recording"</button>
            </div>
            <p class="error" role="alert">{move || problem.get()}</p>
        </div>
    }
}
