//! Sentences with code in them, and what can be copied.

use leptos::prelude::*;

use crate::doctor::prose::{Piece, commands, links, pieces};

use super::super::browser;
use super::super::session::Session;
use super::super::verdict_panel::Command;

/// A sentence; what stands between backticks is code.
pub(super) fn prose(text: &str) -> impl IntoView + use<> {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Words(words) => view! { <span>{words.to_owned()}</span> }.into_any(),
        Piece::Code(code) => view! { <code>{code.to_owned()}</code> }.into_any(),
    };
    pieces(text).into_iter().map(piece).collect_view()
}

/// A sentence under a heading of one word, with the commands in it to copy; nothing if it says nothing.
pub(super) fn told(heading: &'static str, text: &str) -> Option<impl IntoView + use<>> {
    let session = expect_context::<Session>();
    let commands = commands(text).into_iter().map(|command| {
        let command = command.to_owned();
        view! { <Command command session /> }
    });
    (!text.is_empty()).then(|| {
        view! {
            <p class="told"><strong>{heading}": "</strong>{prose(text)}</p>
            {commands.collect_view()}
        }
    })
}

/// Where to read more: links, and places in sources.
pub(super) fn sources(source: &str) -> impl IntoView + use<> {
    let part = |part: Piece<'_>| match part {
        Piece::Code(link) => view! { <li>{outside(link)}</li> }.into_any(),
        Piece::Words(place) => view! { <li class="soft">{place.to_owned()}</li> }.into_any(),
    };
    view! { <ul class="doctor-links">{links(source).into_iter().map(part).collect_view()}</ul> }
}

/// A link out of the page; what is none is words.
pub(super) fn outside(link: &str) -> impl IntoView + use<> {
    let shown = link.trim_start_matches("https://").to_owned();
    match link.starts_with("https://") {
        true => {
            view! { <a href=link.to_owned() rel="noopener noreferrer" target="_blank">{shown}</a> }.into_any()
        }
        false => view! { <span>{shown}</span> }.into_any(),
    }
}

/// Puts a text into the clipboard, and says so.
pub(super) fn copy(session: Session, text: String) {
    leptos::task::spawn_local(async move {
        let said = match browser::copy(text).await {
            true => "Copied",
            false => "The browser did not allow it: save the report instead, or select and copy it.",
        };
        // The same words twice would not be told twice.
        session.said.set(String::new());
        request_animation_frame(move || session.said.set(said.to_owned()));
    });
}

/// A button that copies.
#[component]
pub(super) fn CopyButton(text: String, label: &'static str) -> impl IntoView {
    let session = expect_context::<Session>();
    view! {
        <button type="button" class="chip" data-testid="copy" on:click=move |_| copy(session, text.clone())>{label}</button>
    }
}

/// A list of which more is shown when asked for.
pub(super) fn cut<T, V>(
    all: Vec<T>,
    step: usize,
    what: &'static str,
    row: impl Fn(&T) -> V + Send + Sync + 'static,
) -> impl IntoView
where
    T: Send + Sync + 'static,
    V: IntoView + 'static,
{
    let shown = RwSignal::new(step);
    let count = all.len();
    let rows = StoredValue::new(all);
    let row = StoredValue::new(row);
    view! {
        <For each=move || 0..shown.get().min(count) key=|place| *place children=move |place| {
            rows.with_value(|rows| row.with_value(|row| row(&rows[place])))
        } />
        {move || (shown.get() < count).then(|| {
            let rest = count - shown.get();
            view! {
                <li class="more"><button type="button" class="chip" data-testid="more"
                    on:click=move |_| shown.update(|shown| *shown += step * 10)>
                    {format!("Show {} more {what}", rest.min(step * 10))}{(rest > step * 10).then(|| format!(" of {rest}"))}
                </button></li>
            }
        })}
    }
}
