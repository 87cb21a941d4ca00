//! The tokens of the selected instance, each with the keys that fall to it.

use std::sync::Arc;

use leptos::prelude::*;

use crate::view::text;
use crate::view::{Arc as TokenArc, Target};

use super::session::Session;
use super::windowed::{Windowed, spacer};

/// The disclosure; empty until an instance is selected.
#[component]
pub(super) fn TokenTable() -> impl IntoView {
    let session = expect_context::<Session>();
    let instance = Memo::new(move |_| {
        session.shown.track();
        session.focus.with(|focus| focus.instance)
    });
    let name = move || {
        let instance = instance.get()?;
        session.with(|shown| {
            shown.picture.ring().instances().get(instance as usize).map(|(id, _)| id.to_string())
        })?
    };
    let arcs = Memo::new(move |_| {
        session.shown.track();
        let found =
            instance.get().and_then(|instance| session.with(|shown| arcs_of(&shown.picture, instance)));
        Arc::new(found.unwrap_or_default())
    });
    let count = Memo::new(move |_| arcs.with(|arcs| arcs.len()));
    let windowed = Windowed::new(count);
    let rows = move || {
        let (window, shown) = (windowed.window.get(), session.shown.get());
        arcs.with(|arcs| {
            let lines = arcs.iter().enumerate().take(window.end).skip(window.first);
            lines.map(|(line, &arc)| (shown, line, arc)).collect::<Vec<_>>()
        })
    };
    Effect::new(move || {
        let Some(token) = session.focus.with(|focus| focus.token) else { return };
        if let Some(place) = arcs.with_untracked(|arcs| arcs.iter().position(|arc| arc.position == token)) {
            windowed.reveal(place);
        }
    });
    view! {
        <details class="panel table" id="tokens-details">
            <summary>
                <h2>{move || match name() {
                    Some(name) => format!("Tokens of {name} ({})", text::count(count.get() as u64)),
                    None => "Tokens of an instance: select one".to_owned(),
                }}</h2>
            </summary>
            <div class="scroller" tabindex="0" role="region" aria-label="Tokens"
                node_ref=windowed.node on:scroll=move |_| windowed.scrolled()>
                <table id="token-table" aria-rowcount=move || count.get() + 1>
                    <thead><tr>
                        <th scope="col" class="number">"Token"</th>
                        <th scope="col">"Owns the keys"</th>
                        <th scope="col" class="number">"Keys"</th>
                        <th scope="col" class="number">"Of the ring"</th>
                    </tr></thead>
                    <tbody>
                        {move || spacer(windowed.window.get().first)}
                        <For each=rows key=|row| *row children=move |(_, line, arc)| row(session, arc, line) />
                        {move || spacer(count.get().saturating_sub(windowed.window.get().end))}
                    </tbody>
                </table>
            </div>
            <p class="note">
                "A key falls to the first token above it, whatever its zone: with several zones this is the walk\u{2019}s first stop, and the \
                column \u{201c}Owns\u{201d} above counts within the zone."
            </p>
        </details>
    }
}

fn arcs_of(picture: &crate::view::Picture, instance: u32) -> Vec<TokenArc> {
    let Some((_, desc)) = picture.ring().instances().get(instance as usize) else { return Vec::new() };
    let positions = desc.tokens.iter().filter_map(|&token| picture.position_of(instance, token));
    positions.filter_map(|position| picture.arc(position)).collect()
}

fn row(session: Session, arc: TokenArc, place: usize) -> impl IntoView {
    let selected = move || session.focus.with(|focus| focus.token == Some(arc.position));
    let hover = move |target| session.focus.update(|focus| focus.hover = target);
    view! {
        <tr data-testid="token-row" aria-rowindex=place + 2 class:selected=selected
            on:pointerenter=move |_| hover(Some(Target::Token(arc.position)))
            on:pointerleave=move |_| hover(None)
            on:click=move |_| session.select_token(Some(arc.position))>
            <th scope="row" class="number">
                <button type="button" class="name mono" aria-pressed=move || selected().to_string()>{arc.token}</button>
            </th>
            <td class="mono">{range(arc)}</td>
            <td class="number">{text::count(arc.keys)}</td>
            <td class="number">{share(arc)}</td>
        </tr>
    }
}

/// The keys that fall to a token, both ends included.
pub(super) fn range(arc: TokenArc) -> String {
    format!("{} \u{2013} {}", arc.from, arc.token.wrapping_sub(1))
}

/// How much of all keys that is.
pub(super) fn share(arc: TokenArc) -> String {
    text::percent(arc.keys as f64 / crate::view::geometry::KEYS * 100.0)
}
