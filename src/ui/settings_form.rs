//! The inputs beside the ring: what its JSON does not say.

use leptos::prelude::*;

use crate::view::settings::{Settings, SettingsError};

use super::session::Session;

/// The form. The default stands in for a value that makes no sense, and the field says so.
#[component]
pub(super) fn SettingsForm() -> impl IntoView {
    let session = expect_context::<Session>();
    let now_note = move || {
        session.shown.track();
        session.with(|shown| format!("{} ({})", shown.now.to_rfc3339(), shown.now_source)).unwrap_or_default()
    };
    view! {
        <section class="panel settings" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings that /ring does not tell"</h2>
            <div class="pair">
                <TextInput
                    id="setting-rf" title="Replication factor" mode="numeric"
                    read=|settings| settings.replication_factor.clone()
                    write=|settings, text| settings.replication_factor = text
                    error=|error| error.replication_factor.clone()
                />
                <TextInput
                    id="setting-timeout" title="Heartbeat timeout" mode="text"
                    read=|settings| settings.heartbeat_timeout.clone()
                    write=|settings, text| settings.heartbeat_timeout = text
                    error=|error| error.heartbeat_timeout.clone()
                />
            </div>
            <TextInput
                id="setting-now" title="Judge at (empty: the time in the data)" mode="text"
                read=|settings| settings.now.clone()
                write=|settings, text| settings.now = text
                error=|error| error.now.clone()
            />
            <p class="note mono" id="now-used">{now_note}</p>
            <label class="check" for="setting-zones">
                <input
                    id="setting-zones" type="checkbox"
                    prop:checked=move || session.settings.with(|settings| settings.zone_awareness)
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        session.settings.update(|settings| settings.zone_awareness = on);
                    }
                />
                "Zone awareness"
            </label>
            <label for="setting-strategy">"Ring of"</label>
            <select
                id="setting-strategy"
                on:change=move |event| {
                    let ignore = event_target_value(&event) == "ignore-unhealthy";
                    session.settings.update(|settings| settings.ignore_unhealthy = ignore);
                }
                prop:value=move || {
                    if session.settings.with(|settings| settings.ignore_unhealthy) { "ignore-unhealthy" } else { "default" }
                }
            >
                <option value="default">"Ingesters, distributors: a majority is needed"</option>
                <option value="ignore-unhealthy">"Compactor, scheduler, ruler \u{2026}: one is enough"</option>
            </select>
        </section>
    }
}

#[component]
fn TextInput(
    /// The element's ID.
    id: &'static str,
    /// The label.
    title: &'static str,
    /// Which keyboard a phone shows.
    mode: &'static str,
    /// Takes the text from the settings.
    read: fn(&Settings) -> String,
    /// Puts it there.
    write: fn(&mut Settings, String),
    /// What is wrong with it.
    error: fn(&SettingsError) -> Option<String>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let wrong = Memo::new(move |_| session.settings_error.with(error));
    let error_id = format!("{id}-error");
    view! {
        <div class="field">
            <label for=id>{title}</label>
            <input
                id=id type="text" inputmode=mode autocomplete="off" spellcheck="false"
                aria-invalid=move || wrong.with(Option::is_some).to_string()
                aria-describedby=error_id.clone()
                prop:value=move || session.settings.with(read)
                on:input=move |event| {
                    let text = event_target_value(&event);
                    session.settings.update(|settings| write(settings, text));
                }
            />
            <p class="error" id=error_id>{move || wrong.get()}</p>
        </div>
    }
}
