//! The laboratory on the page. A [`session::LabSession`] holds one; nothing here is global, so that a page can have
//! several figures.

mod actions;
mod below;
mod branches;
mod charts;
mod cluster;
mod cluster_field;
mod cluster_groups;
mod cluster_yaml;
mod commands;
mod deeds;
mod icon;
mod inspector;
mod key;
mod log;
mod memory;
mod menu;
mod pages;
mod palette;
mod pane;
mod scenario_menu;
mod session;
mod share;
mod stage;
mod transport;
mod twin;
mod until;
mod verdict_bar;

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::browser;
use below::Below;
use cluster::ClusterPanel;
use commands::CommandList;
use deeds::FaultPanel;
use inspector::Inspector;
use palette::{Palette, Sheet};
use scenario_menu::ScenarioMenu;
use session::LabSession;
use share::{ArrivalLine, ShareButton, SharePanel};
use stage::Stage;
use transport::Transport;
use verdict_bar::VerdictBar;

pub(super) use share::Bequest;

/// The page at `#/simulate`.
#[component]
pub(super) fn LabPage() -> impl IntoView {
    let page = expect_context::<super::session::Session>();
    let session = LabSession::new(page.dark);
    provide_context(session);
    memory::recall(session);
    share::open_address(session);
    if !page.embedded {
        memory::keep(session);
    }
    let keys = window_event_listener(ev::keydown, move |event| {
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|element| takes_text(&element));
        let Some(action) = actions::action_of(&event) else { return };
        let chord = event.ctrl_key() || event.meta_key();
        if (typing && !chord) || event.default_prevented() {
            return;
        }
        // Space and Enter belong to a button that has the keyboard.
        let on_button = event.key() == " " && session_button(&event);
        if !on_button {
            event.prevent_default();
            session.run(action);
        }
    });
    on_cleanup(move || keys.remove());
    Effect::new(move || page.said.set(session.said.get()));
    if page.embedded {
        return view! { <Figure /> }.into_any();
    }
    view! {
        <h1 class="unseen">"Simulate: the laboratory"</h1>
        <div class="lab">
            <aside class="lab-side" aria-label="Cluster and faults">
                <ScenarioMenu />
                <ShareButton />
                <ClusterPanel />
                <FaultPanel />
                <CommandList />
            </aside>
            <div class="lab-centre">
                <Problem />
                <ArrivalLine />
                <Stage />
                <VerdictBar />
                <Transport />
            </div>
            <aside class="lab-inspector" aria-label="Inspector">
                <Inspector />
            </aside>
            <Below />
        </div>
        <Palette />
        <SharePanel />
        <Sheet />
    }
    .into_any()
}

/// The pictures with their clock, for other pages.
#[component]
fn Figure() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let title = Memo::new(move |_| {
        session.deeds.track();
        session.with(|bench| bench.lab.current().scenario().title).unwrap_or_default()
    });
    view! {
        <h1 class="unseen">{title}</h1>
        <div class="lab-figure">
            <Problem />
            <ArrivalLine />
            <Stage bare=true />
            <VerdictBar />
            <Transport />
            <p class="note">
                {title}" · "
                <a href=browser::address_of_its_own target="_blank" rel="noopener">"Open in Ringside"</a>
            </p>
        </div>
    }
}

/// What did not work.
#[component]
fn Problem() -> impl IntoView {
    let session = expect_context::<LabSession>();
    view! {
        {move || session.problem.get().map(|what| view! {
            <div class="problem" role="alert" data-testid="lab-problem">
                <p>{what}</p>
                <button type="button" class="quiet" on:click=move |_| session.problem.set(None)>"Dismiss"</button>
            </div>
        })}
    }
}

/// Whether keys pressed in an element are typed into it.
fn takes_text(element: &web_sys::Element) -> bool {
    match element.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => {
            element.get_attribute("type").is_none_or(|kind| !matches!(&*kind, "checkbox" | "radio" | "range"))
        }
        _ => element.has_attribute("contenteditable"),
    }
}

fn session_button(event: &web_sys::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| matches!(element.tag_name().as_str(), "BUTTON" | "SUMMARY" | "A" | "INPUT"))
}
