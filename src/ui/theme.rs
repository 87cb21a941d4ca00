//! Light or dark: the system's choice until the reader makes one, which is remembered.

use leptos::prelude::*;

use super::browser;

const STORED_AS: &str = "ringside-theme";

/// Whether the page is dark, as the reader or the system wants it.
pub(super) fn initially_dark() -> bool {
    match browser::read_stored(STORED_AS).as_deref() {
        Some("dark") => true,
        Some("light") => false,
        _ => browser::matches_media("(prefers-color-scheme: dark)"),
    }
}

fn apply(dark: bool) {
    let root = browser::window()
        .and_then(|window| window.document())
        .and_then(|document| document.document_element());
    if let Some(root) = root {
        let _ = root.set_attribute("data-theme", if dark { "dark" } else { "light" });
    }
}

/// The switch. Sets the theme before anything is painted.
#[component]
pub(super) fn ThemeSwitch(
    /// Whether the page is dark.
    dark: RwSignal<bool>,
) -> impl IntoView {
    apply(dark.get_untracked());
    let toggle = move |_| {
        let now = !dark.get_untracked();
        browser::store(STORED_AS, if now { "dark" } else { "light" });
        apply(now);
        dark.set(now);
    };
    view! {
        <button
            id="theme-switch"
            class="quiet"
            type="button"
            on:click=toggle
        >
            <span aria-hidden="true">{move || if dark.get() { "\u{25d1}" } else { "\u{25d0}" }}</span>
            <span class="theme-word">{move || if dark.get() { " Light" } else { " Dark" }}</span>
            <span class="unseen">" theme"</span>
        </button>
    }
}
