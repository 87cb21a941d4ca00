//! What all parts have in common: a sign and a word for each urgency, and findings that open.

use leptos::prelude::*;

use crate::doctor::report::Urgency;

/// The colour class and the sign.
pub(super) const fn tone(urgency: Urgency) -> (&'static str, &'static str) {
    match urgency {
        Urgency::Unknown => ("plain", "?"),
        Urgency::Harmless => ("good", "\u{2713}"),
        Urgency::Look => ("warn", "!"),
        Urgency::Wait => ("warn", "\u{2026}"),
        Urgency::Act => ("bad", "\u{2715}"),
    }
}

/// The sign alone.
pub(super) fn sign(urgency: Urgency) -> impl IntoView {
    let (class, sign) = tone(urgency);
    view! { <span class=format!("sign {class}") aria-hidden="true">{sign}</span> }
}

/// Something found: its title, and a body that is made when it is opened first.
pub(super) fn finding<V: IntoView + 'static>(
    urgency: Urgency,
    word: &'static str,
    key: String,
    title: String,
    open: bool,
    body: impl Fn() -> V + Send + Sync + 'static,
) -> impl IntoView {
    let opened = RwSignal::new(open);
    // What is good to know is no good news.
    let is_note = urgency == Urgency::Harmless && word != urgency.title();
    let (class, mark) = if is_note { ("plain", "i") } else { tone(urgency) };
    let shown_key = key.clone();
    let node = NodeRef::<leptos::html::Details>::new();
    let toggled = move |_| {
        if node.get_untracked().is_some_and(|node| node.open()) {
            opened.set(true);
        }
    };
    view! {
        <li data-testid="finding" data-finding=key data-urgency=urgency.key()>
            <details open=open node_ref=node on:toggle=toggled>
                <summary>
                    <span class=format!("sign {class}") aria-hidden="true">{mark}</span>
                    <span class="what">
                        <span class=format!("severity {class}")>{word}<span class="unseen">": "</span></span>
                        <span>{title}</span>
                    </span>
                    <span class="note mono doctor-id">{shown_key}</span>
                </summary>
                <Show when=move || opened.get()><div class="doctor-body">{body()}</div></Show>
            </details>
        </li>
    }
}
