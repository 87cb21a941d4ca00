//! Why a source brings no ring, and every way round it, ready to be copied.

use leptos::prelude::*;

use crate::live::cors::{Snippet, snippets};
use crate::live::failure::{Asked, Failure};
use crate::live::origin::Origin;
use crate::live::paths::RING_PATHS;
use crate::view::endpoint;

use super::super::browser;
use super::super::verdict_panel::Command;
use super::session::LiveSession;

/// A failing source: its number, its name, what was asked, and why it failed.
type Failing = (u32, String, Asked, Failure);

/// A panel for each source that fails; sources that fail alike share the ways round.
#[component]
pub(super) fn FailurePanels() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let failing = Memo::new(move |_| {
        session.changed.track();
        session
            .with(|bench| {
                let failing = bench.watched.iter().filter_map(|one| {
                    let (asked, failure) = one.failure.clone()?;
                    Some((one.id, one.source.name.to_string(), asked, failure))
                });
                failing.collect::<Vec<Failing>>()
            })
            .unwrap_or_default()
    });
    // By what it is, so that an unchanged panel keeps what the reader opened.
    let keys =
        move || failing.with(|failing| failing.iter().map(|one| (one.0, one.3.what())).collect::<Vec<_>>());
    view! {
        <div class="failures" role="alert" id="failures">
            <For each=keys key=Clone::clone children=move |(id, _)| {
                let this = failing.with_untracked(|failing| failing.iter().find(|one| one.0 == id).cloned());
                this.map(|failing| view! { <FailurePanel failing /> })
            } />
        </div>
    }
}

#[component]
fn FailurePanel(failing: Failing) -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let (id, name, asked, failure) = failing;
    let curl = endpoint::curl(&asked.address);
    view! {
        <section class="problem failure" data-testid="failure" data-failure=failure.key()>
            <p><strong><bdi>{name}</bdi></strong>": "{failure.what()}</p>
            <span class="soft">{failure.why(&asked)}</span>
            <details>
                <summary>"Check from a terminal"</summary>
                <Command command=format!("{curl} | head -c 400") session=session.ring />
            </details>
            {failure.wants_paths().then(|| view! { <Paths /> })}
            {failure.wants_cors().then(|| view! { <WaysRound asked=asked.clone() /> })}
            <div class="row">
                <button type="button" class="chip" data-testid="failure-again" on:click=move |_| session.refresh(id)>"Ask again"</button>
            </div>
        </section>
    }
}

/// The ring pages, and who serves each.
#[component]
fn Paths() -> impl IntoView {
    view! {
        <details data-testid="ring-paths">
            <summary>"Ring pages, and who serves them"</summary>
            <dl class="facts">
                {RING_PATHS.iter().map(|path| view! {
                    <dt class="mono">{path.path}</dt><dd>{path.served_by}</dd>
                }).collect_view()}
            </dl>
        </details>
    }
}

/// What lets this page read, from the one that changes least.
#[component]
fn WaysRound(asked: Asked) -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let page = Origin::parse(&browser::origin());
    let upstream = match endpoint::split(&asked.address).0 {
        "" => page.clone(),
        origin => Origin::parse(origin),
    };
    let snippets = match (page, upstream) {
        (Ok(page), Ok(upstream)) => snippets(&page, &upstream, asked.needs_consent).to_vec(),
        _ => Vec::new(),
    };
    let no_snippets = snippets.is_empty();
    view! {
        <div class="ways">
            <p><strong>"Ways round it"</strong></p>
            <p>"Paste what this prints, or use the bookmarklet, under \u{201c}Without asking\u{201d}:"</p>
            <Command command=endpoint::curl(&asked.address) session=session.ring />
            <details data-testid="let-it-ask">
                <summary>"Let this page ask directly: configurations for what stands before Loki"</summary>
                {snippets.into_iter().map(|snippet| view! { <Way snippet /> }).collect_view()}
            </details>
            {no_snippets.then(|| view! {
                <p class="soft">"Open this page over http or https from a host to get ready-made configurations for it."</p>
            })}
        </div>
    }
}

#[component]
fn Way(snippet: Snippet) -> impl IntoView {
    let session = expect_context::<LiveSession>();
    view! {
        <details data-testid="snippet" data-snippet=snippet.name>
            <summary>{snippet.name}</summary>
            <p class="soft">{snippet.note}</p>
            <Command command=snippet.text session=session.ring />
        </details>
    }
}
