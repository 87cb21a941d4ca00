//! What is under the pointer, or else selected, in one line under the picture.

use leptos::prelude::*;

use crate::time::age_text;
use crate::view::{Focus, Target, text};

use super::session::{Session, Shown};
use super::token_table::{range, share};

/// The line.
#[component]
pub(super) fn Readout() -> impl IntoView {
    let session = expect_context::<Session>();
    let parts = Memo::new(move |_| {
        session.shown.track();
        let focus = session.focus.get();
        session.with(|shown| describe(shown, focus)).unwrap_or_default()
    });
    view! {
        <p class="readout" id="readout">
            {move || {
                let parts = parts.get();
                if parts.is_empty() {
                    view! { <span class="soft">"Point at an arc or an instance. Click the ring, then scroll to zoom (or Ctrl + scroll); drag to move; double click to fit."</span> }.into_any()
                } else {
                    parts.into_iter().map(|part| view! { <span>{part}</span> }).collect_view().into_any()
                }
            }}
        </p>
    }
}

fn describe(shown: &Shown, focus: Focus) -> Vec<String> {
    let selected = focus.token.map(Target::Token).or(focus.instance.map(Target::Instance));
    let picture = &shown.picture;
    match focus.hover.or(selected) {
        Some(Target::Token(position)) => {
            let Some(arc) = picture.arc(position) else { return Vec::new() };
            let owner = picture.ring().id(arc.owner);
            let mark = picture.mark(arc.owner);
            vec![
                format!("{} {owner} {}", mark.sign(), mark.name()),
                format!("token {}", arc.token),
                format!("keys {}", range(arc)),
                format!("{} keys, {} of the ring", text::count(arc.keys), share(arc)),
            ]
        }
        Some(Target::Instance(instance)) => {
            let Some(row) = shown.rows.get(instance as usize) else { return Vec::new() };
            let age =
                row.heartbeat_age.map_or("in the future".to_owned(), |age| format!("{} ago", age_text(age)));
            let mut parts = vec![
                format!("{} {} {}", row.mark.sign(), row.id, row.mark.name()),
                format!("heartbeat {age}"),
                format!("{} tokens", text::count(row.tokens as u64)),
                format!("owns {}", text::share(row.percent)),
            ];
            if !row.zone.is_empty() {
                parts.insert(1, row.zone.clone());
            }
            parts
        }
        None => Vec::new(),
    }
}
