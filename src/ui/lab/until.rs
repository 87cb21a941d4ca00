//! Run until something happens.

use leptos::html::Div;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::go::duration;
use crate::lab::Until;
use crate::time::Instant;

use super::actions::Action;
use super::session::LabSession;

/// The button with its list.
#[component]
pub(super) fn UntilMenu() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let open = RwSignal::new(false);
    let text = RwSignal::new(String::new());
    let time = RwSignal::new(String::new());
    let wrong = RwSignal::new(None::<String>);
    let go = move |action: Action| {
        open.set(false);
        session.run(action);
    };
    let entry = move |action: Action, id: &'static str, words: &'static str| {
        view! {
            <li><button type="button" class="quiet" data-testid=id on:click=move |_| go(action)>{words}</button></li>
        }
    };
    let until = move |until: Until| {
        open.set(false);
        session.act(|lab| {
            lab.run_until(until);
            Ok(())
        });
    };
    let line = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let text = text.get_untracked();
        if !text.trim().is_empty() {
            until(Until::LogLine { text });
        }
    };
    let at = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match duration::parse(time.get_untracked().trim()) {
            Ok(span) => {
                wrong.set(None);
                let to = Instant::START + span;
                open.set(false);
                session.act(|lab| {
                    lab.clock.playing = false;
                    lab.seek(to);
                    Ok(())
                });
            }
            Err(error) => wrong.set(Some(error.to_string())),
        }
    };
    let selected = move || {
        let node = session.selection.get().node?;
        session
            .read(|bench| bench.snapshot.nodes.get(node as usize).map(|node| node.name.to_string()))
            .flatten()
    };
    let whole = NodeRef::<Div>::new();
    // It closes when the keyboard, or a click elsewhere, leaves it.
    let left = move |event: leptos::ev::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        let stays = whole.get_untracked().is_some_and(|whole| whole.contains(to.as_ref()));
        if !stays {
            open.set(false);
        }
    };
    let running = move || session.read(|bench| bench.lab.is_busy()).unwrap_or(false);
    view! {
        <div class="lab-until" node_ref=whole on:focusout=left
            on:keydown=move |event| if event.key() == "Escape" && open.get_untracked() { open.set(false); event.stop_propagation(); }>
            <Show when=move || !running() fallback=move || view! {
                <button type="button" data-testid="until-stop" on:click=move |_| { session.act(|lab| { lab.stop(); Ok(()) }); }>"stop"</button>
            }>
                <button type="button" data-testid="until" aria-expanded=move || open.get().to_string()
                    on:click=move |_| open.update(|open| *open = !*open)>"until\u{2026}"</button>
            </Show>
            <Show when=move || open.get()>
                <div class="lab-popover" role="group" aria-label="Run until" tabindex="-1">
                    <h2>"Run until"</h2>
                    <ul>
                        {entry(Action::UntilFailedPush, "until-push", "a push fails")}
                        {entry(Action::UntilFailedQuery, "until-query", "a query fails")}
                        {entry(Action::UntilAgreement, "until-agree", "all views of the ring agree")}
                        {entry(Action::Next, "until-next", "the next interesting event")}
                        {move || selected().map(|name| view! {
                            <li><button type="button" class="quiet" data-testid="until-unhealthy"
                                on:click=move |_| go(Action::UntilUnhealthy)>{format!("{name} is UNHEALTHY anywhere")}</button></li>
                            <li><button type="button" class="quiet" data-testid="until-suspected"
                                on:click=move |_| go(Action::UntilSuspected)>{selected().map(|name| format!("{name} is suspected"))}</button></li>
                        })}
                    </ul>
                    <form on:submit=line class="field">
                        <label>"a log line contains "
                            <input type="text" data-testid="until-text" prop:value=move || text.get()
                                on:input=move |event| text.set(event_target_value(&event)) />
                        </label>
                        <button type="submit">"Run"</button>
                    </form>
                    <form on:submit=at class="field">
                        <label>"a time, such as 2m30s "
                            <input type="text" data-testid="until-time" prop:value=move || time.get()
                                on:input=move |event| time.set(event_target_value(&event)) />
                        </label>
                        <button type="submit">"Go there"</button>
                    </form>
                    <p class="error" role="alert">{move || wrong.get()}</p>
                </div>
            </Show>
        </div>
    }
}
