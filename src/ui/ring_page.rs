//! The ring inspector: load a ring, see it, judge it, trace a stream through it.

use leptos::prelude::*;

use crate::view::settings::Settings;

use super::browser;
use super::drops::accept_drops;
use super::load_panel::{LoadPanel, load_files};
use super::ring_table::RingTable;
use super::samples;
use super::session::Session;
use super::settings_form::SettingsForm;
use super::stage::Stage;
use super::token_table::TokenTable;
use super::trace_panel::TracePanel;
use super::verdict_panel::VerdictPanel;

/// The page at `#/ring`.
#[component]
pub(super) fn RingPage() -> impl IntoView {
    let session = expect_context::<Session>();
    if session.current.get_untracked().is_none() {
        let settings = session.settings.get_untracked();
        match (&*settings.sample, settings == Settings::default()) {
            ("", true) => session.load_linked_sample(samples::FIRST_KEY),
            // The link was made from a ring that it cannot carry.
            ("", false) => {}
            (sample, _) => session.load_linked_sample(sample),
        }
    }
    if session.embedded {
        return view! { <RingFigure /> }.into_any();
    }
    let dropping = RwSignal::new(false);
    accept_drops(dropping, move |files| load_files(session, files));
    let has_ring = move || session.shown.get() > 0;
    view! {
        <h1 class="unseen">"Ring inspector"</h1>
        <div class="inspector">
            <div class="inputs">
                <LoadPanel />
                <SettingsForm />
            </div>
            <div class="picture">
                <Show when=has_ring fallback=|| view! { <p class="empty panel"><NoRing /></p> }>
                    <Stage />
                </Show>
            </div>
            <div class="answers">
                <VerdictPanel />
                <TracePanel />
            </div>
            <div class="tables">
                <RingTable />
                <TokenTable />
            </div>
        </div>
        <div class="drop-hint" class:shown=move || dropping.get() aria-hidden="true">
            "Drop ring pages here"
        </div>
    }
    .into_any()
}

/// The ring with its verdict, for other pages.
#[component]
fn RingFigure() -> impl IntoView {
    view! {
        <h1 class="unseen">"A hash ring"</h1>
        <div class="guest">
            <Stage />
            <VerdictPanel />
            <p class="note"><a href=browser::address_of_its_own target="_blank" rel="noopener">"Open in Ringside"</a></p>
        </div>
    }
}

/// What stands where a ring would be.
#[component]
pub(super) fn NoRing() -> impl IntoView {
    let session = expect_context::<Session>();
    let from_link = session.settings.with_untracked(|it| it.sample.is_empty() && *it != Settings::default());
    match from_link {
        true => "This link carries the settings, not the ring: paste it again.",
        false => "No ring yet: paste one, or look at a sample.",
    }
}
