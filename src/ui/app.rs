//! The frame around every page: header, navigation, the theme, and the route in the address's hash.

use leptos::ev;
use leptos::prelude::*;

use crate::view::settings::Settings;

use super::browser;
use super::doctor::{DoctorPage, DoctorSession};
use super::home::Home;
use super::lab::{Bequest, LabPage};
use super::live::LivePage;
use super::ring_page::RingPage;
use super::session::Session;
use super::theme::ThemeSwitch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Route {
    Home,
    Ring,
    Simulate,
    Live,
    Doctor,
    Unknown,
}

fn route(hash: &str) -> Route {
    match hash.split('?').next().unwrap_or_default().trim_matches('/') {
        "" => Route::Home,
        "ring" => Route::Ring,
        "simulate" => Route::Simulate,
        "live" => Route::Live,
        "doctor" => Route::Doctor,
        _ => Route::Unknown,
    }
}

fn settings_in(hash: &str) -> Settings {
    Settings::from_query(hash.split_once('?').map_or("", |(_, query)| query))
}

/// The whole page.
#[component]
pub(super) fn App() -> impl IntoView {
    let hash = browser::hash();
    let session = Session::new(settings_in(&hash));
    provide_context(session);
    provide_context(Bequest::default());
    provide_context(DoctorSession::new(session));
    let at = RwSignal::new(route(&hash));
    let embedded = session.embedded;

    let listener = window_event_listener(ev::hashchange, move |_| {
        let hash = browser::hash();
        let next = route(&hash);
        if at.get_untracked() != next {
            at.set(next);
        }
        if next == Route::Ring && hash.contains('?') {
            let mut settings = settings_in(&hash);
            if settings.sample.is_empty() {
                settings.sample = session.shown_sample();
            }
            let sample = settings.sample.clone();
            let reload = !sample.is_empty() && session.settings.with_untracked(|old| old.sample != sample);
            session.settings.set(settings);
            if reload {
                session.load_linked_sample(&sample);
            }
        }
    });
    on_cleanup(move || listener.remove());

    Effect::new(move || {
        let query = session.settings.with(Settings::to_query);
        if at.get() == Route::Ring && !embedded {
            let wanted = if query.is_empty() { "/ring".to_owned() } else { format!("/ring?{query}") };
            if browser::hash() != wanted {
                browser::replace_hash(&wanted);
            }
        }
    });

    let skip = move |event: ev::MouseEvent| {
        event.prevent_default();
        browser::focus("main");
    };
    let current = move |route: Route| (at.get() == route).then_some("page");
    view! {
        <header class="top" class:gone=embedded>
            <a class="skip" href="#/" on:click=skip>"Skip to the content"</a>
            <a class="brand" href="#/">
                <svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
                    <circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="3" />
                    <path d="M12 12 L17 5" stroke="currentColor" stroke-width="2" />
                    <circle cx="12" cy="12" r="1.8" fill="currentColor" />
                </svg>
                "Ringside"
            </a>
            <nav aria-label="Pages">
                <a href="#/" aria-current=move || current(Route::Home)>"Home"</a>
                <a href="#/simulate" id="nav-simulate" aria-current=move || current(Route::Simulate)>"Simulate"</a>
                <a href="#/live" id="nav-live" aria-current=move || current(Route::Live)>"Live"</a>
                <a href="#/doctor" id="nav-doctor" aria-current=move || current(Route::Doctor)>"Doctor"</a>
                <a href="#/ring" id="nav-ring" aria-current=move || current(Route::Ring)>"Ring inspector"</a>
            </nav>
            <ThemeSwitch dark=session.dark />
        </header>
        <main id="main" tabindex="-1" class:embedded=embedded>
            {move || match at.get() {
                Route::Home => view! { <Home /> }.into_any(),
                Route::Ring => view! { <RingPage /> }.into_any(),
                Route::Simulate => view! { <LabPage /> }.into_any(),
                Route::Live => view! { <LivePage /> }.into_any(),
                Route::Doctor => view! { <DoctorPage /> }.into_any(),
                Route::Unknown => view! {
                    <section class="lost">
                        <h1>"There is no such page"</h1>
                        <p>"This address leads nowhere. " <a href="#/ring">"Open the ring inspector"</a></p>
                    </section>
                }.into_any(),
            }}
        </main>
        <p class="unseen" role="status" aria-live="polite" id="said">{move || session.said.get()}</p>
    }
}
