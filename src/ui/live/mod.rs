//! A real cluster, watched: asked again and again, drawn, judged, compared between its pods, kept.

mod asking;
mod changes;
mod disagreements;
mod forget;
mod help;
mod pictures;
mod session;
mod sources;
mod streams;
mod transport;

use std::time::Duration;

use leptos::context::Provider;
use leptos::ev;
use leptos::prelude::*;

use crate::go::duration;
use crate::view::query;
use crate::view::settings::Settings;

use super::browser;
use super::drops::accept_drops;
use super::ring_table::RingTable;
use super::session::Session;
use super::settings_form::SettingsForm;
use super::token_table::TokenTable;
use super::trace_panel::TracePanel;
use super::verdict_panel::VerdictPanel;
use changes::Changes;
use disagreements::Disagreements;
use forget::ForgetPanel;
use help::FailurePanels;
use pictures::Pictures;
use session::LiveSession;
use sources::SourcesPanel;
use streams::StreamsPanel;
use transport::Transport;

/// The page at `#/live`.
#[component]
pub(super) fn LivePage() -> impl IntoView {
    let page = expect_context::<Session>();
    let link = link_of(&browser::hash());
    let ring = Session::beside(page, link.settings);
    let session = LiveSession::new(ring);
    if let Some(interval) = link.interval {
        session.set_interval(interval);
    }
    for address in &link.addresses {
        // A link may have been sent by anybody: it names addresses, and the reader lets them be asked.
        session.watch("", address, Default::default(), false, true);
    }

    let pumping = set_interval_with_handle(move || session.pump(), Duration::from_millis(250));
    let ticking =
        set_interval_with_handle(move || session.tick.update(|tick| *tick += 1), Duration::from_secs(1));
    let visibility =
        window_event_listener(ev::visibilitychange, move |_| session.set_hidden(browser::is_hidden()));
    let dropping = RwSignal::new(false);
    accept_drops(dropping, move |files| sources::take_files(session, files));
    on_cleanup(move || {
        pumping.iter().for_each(IntervalHandle::clear);
        ticking.iter().for_each(IntervalHandle::clear);
        visibility.remove();
        session.abort_all();
    });
    Effect::new(move || {
        session.changed.track();
        let query = ring.settings.with(Settings::to_query);
        let wanted = link_to(&session.addresses(), session.interval.get(), &query);
        if browser::hash() != wanted && browser::hash().trim_start_matches('/').starts_with("live") {
            browser::replace_hash(&wanted);
        }
    });

    view! {
        // A context of its own below this page: the pages beside it have other rings.
        <Provider value=ring>
            <Provider value=session>
                <Content />
            </Provider>
        </Provider>
        <div class="drop-hint" class:shown=move || dropping.get() aria-hidden="true">
            "Drop ring pages or a recording here"
        </div>
    }
}

#[component]
fn Content() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let ring = session.ring;
    let has_ring = Memo::new(move |_| {
        ring.shown.track();
        ring.with(|_| ()).is_some()
    });
    let has_sources = Memo::new(move |_| {
        session.changed.track();
        session.with(|bench| !bench.watched.is_empty()).unwrap_or(false)
    });
    view! {
        <h1 class="unseen">"Live: a real cluster"</h1>
        <div class="inspector live">
            <div class="inputs">
                <SourcesPanel />
                <Show when=move || has_sources.get()>
                    <SettingsForm />
                </Show>
            </div>
            <div class="picture">
                <FailurePanels />
                <Show when=move || has_ring.get() fallback=move || view! { <Welcome has_sources /> }>
                    <Pictures />
                    <Transport />
                    <Changes />
                </Show>
            </div>
            <div class="answers">
                <Show when=move || has_ring.get()>
                    <VerdictPanel />
                    <Disagreements />
                    <ForgetPanel />
                    <TracePanel />
                </Show>
            </div>
            <div class="tables">
                <Show when=move || has_ring.get()>
                    <RingTable />
                    <StreamsPanel />
                    <TokenTable />
                </Show>
            </div>
        </div>
    }
}

/// What stands where a ring would be.
#[component]
fn Welcome(has_sources: Memo<bool>) -> impl IntoView {
    view! {
        <div class="panel welcome" id="live-welcome">
            {move || match has_sources.get() {
                true => view! { <p class="soft">"No ring has come yet."</p> }.into_any(),
                false => view! {
                    <h2>"Look at a real cluster"</h2>
                    <p>"Enter the address of a ring page, or paste what one answers. You get the ring drawn, a verdict with its reasons, \
                        and from then on everything that changes."</p>
                    <p>"Several pods of one cluster may be watched at once: each has a copy of its own, and where they differ you see who \
                        does not know whom."</p>
                    <p class="soft">"Nothing is sent but GET requests to the addresses that you enter, and nothing leaves this page. Loki lets no \
                        other site read its pages by default; when that is in the way, this page says how to get round it."</p>
                }.into_any(),
            }}
        </div>
    }
}

/// What an address of this page says.
#[derive(Default)]
struct Link {
    addresses: Vec<String>,
    interval: Option<Duration>,
    settings: Settings,
}

/// More addresses than these are not taken from a link.
const MOST_ADDRESSES: usize = 16;

fn link_of(hash: &str) -> Link {
    let query = hash.split_once('?').map_or("", |(_, query)| query);
    let mut link = Link { settings: Settings::from_query(query), ..Link::default() };
    link.settings.sample = String::new();
    for (name, value) in query::read(query) {
        match (name, value) {
            ("url", Some(value)) if link.addresses.len() < MOST_ADDRESSES => {
                link.addresses.extend(crate::view::endpoint::complete(&value).ok());
            }
            ("every", Some(value)) => link.interval = duration::parse(&value).ok(),
            _ => {}
        }
    }
    link
}

fn link_to(addresses: &[String], interval: Duration, settings: &str) -> String {
    let interval = session::interval_text(interval);
    let mut pairs = Vec::from_iter(addresses.iter().map(|address| ("url", &**address)));
    if interval != "5s" {
        pairs.push(("every", &interval));
    }
    let own = query::write(pairs);
    let parts = Vec::from_iter([own.as_str(), settings].into_iter().filter(|part| !part.is_empty()));
    match parts.is_empty() {
        true => "/live".to_owned(),
        false => format!("/live?{}", parts.join("&")),
    }
}
