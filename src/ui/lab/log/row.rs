use std::sync::Arc;

use leptos::prelude::*;

use crate::lab::log_store::{Line, marked};
use crate::time::Instant;

use super::super::inspector::tone_of;
use super::super::transport::span_text;

/// A line in sight, with the words that are searched for.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) line: Line,
}

impl Row {
    /// Numbers are given anew when a run goes on differently; the line itself is another one then.
    pub(super) fn key(&self) -> (u64, usize, String) {
        (self.number, Arc::as_ptr(&self.line.line) as usize, self.text.clone())
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

/// One line.
#[component]
pub(super) fn LogRow(
    row: Row,
    names: Memo<Vec<String>>,
    now: Memo<Instant>,
    is_single: Memo<bool>,
    chosen: RwSignal<Option<(u64, Line)>>,
    on_click: Callback<(u64, Line)>,
) -> impl IntoView {
    let Row { number, text, line } = row;
    let (at, pod) = (line.at, line.pod);
    let is_to_come = Memo::new(move |_| now.get() < at);
    let is_chosen =
        Memo::new(move |_| chosen.with(|chosen| chosen.as_ref().is_some_and(|(one, _)| *one == number)));
    let name = move || {
        (!is_single.get()).then(|| {
            let name = names.with(|names| names.get(pod as usize).cloned()).unwrap_or_default();
            view! { <span class="lab-log-pod">{name}</span> }
        })
    };
    let tone = tone_of(line.level());
    let pieces = marked(&line.message(), &text);
    view! {
        <div class=format!("lab-log-row {tone}") class:to-come=move || is_to_come.get() role="option"
            id=format!("lab-line-{number}") aria-selected=move || is_chosen.get().to_string() data-testid="log-line"
            on:click=move |_| on_click.run((number, line.clone()))>
            <span class="lab-log-at">{span_text(at)}</span>
            {name}
            <span>
                {pieces.into_iter().map(|(is_found, piece)| match is_found {
                    true => view! { <mark>{piece}</mark> }.into_any(),
                    false => piece.into_any(),
                }).collect_view()}
            </span>
        </div>
    }
}
