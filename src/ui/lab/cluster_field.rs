//! One setting: its name, its value, its help, and the way back to its default.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlInputElement, HtmlSelectElement};

use crate::lab::settings::{Kind, Setting, is_live};

use super::cluster::Panel;

/// Fields so far: a setting may be on the page more than once.
static FIELDS: AtomicU32 = AtomicU32::new(0);

/// A setting.
#[component]
pub(super) fn Field(
    /// Its whole path.
    path: String,
    /// Which.
    setting: &'static Setting,
    /// What it is called here, if not as everywhere.
    #[prop(optional)]
    label: Option<&'static str>,
) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let label = label.unwrap_or(setting.label);
    let id = format!("lab-field-{}", FIELDS.fetch_add(1, Ordering::Relaxed));
    let path = StoredValue::new(path);
    let of = move |state: &super::cluster::State| path.with_value(|path| state.values.text(path));
    let value = Memo::new(move |_| panel.with(of));
    let runs_with = Memo::new(move |_| panel.with(|state| path.with_value(|path| state.before.text(path))));
    let wrong = RwSignal::new(None::<String>);
    let told = RwSignal::new(false);
    let put = move |text: &str| {
        let result = path.with_value(|path| panel.put(path, text));
        let is_good = result.is_ok();
        wrong.set(result.err());
        is_good
    };
    let is_changed = Memo::new(move |_| value.with(|value| value != setting.default));
    let waits = Memo::new(move |_| value.with(|value| runs_with.with(|before| value != before)));
    let shown = Memo::new(move |_| path.with_value(|path| panel.shows(path, setting)));
    let default = if setting.default.is_empty() { "nothing" } else { setting.default };
    let live = path.with_value(|path| is_live(path));
    let (name_id, note_id) = (format!("{id}-name"), format!("{id}-note"));
    let is_wide = matches!(setting.kind, Kind::Text | Kind::List | Kind::Choice(_) | Kind::Subset(_));
    view! {
        <div class="lab-field" class:wide=is_wide class:gone=move || !shown.get() class:changed=move || is_changed.get()
            data-testid=path.with_value(|path| format!("field-{path}"))>
            <button type="button" class="lab-what" title=setting.loki.unwrap_or("not in Loki's configuration")
                aria-expanded=move || told.get().to_string() on:click=move |_| told.update(|told| *told = !*told)>
                <span id=name_id.clone()>{label}</span>
                {setting.loki.map(|loki| view! { <code>{breakable(ending(loki))}</code> })}
                {live.then(|| view! { <span class="lab-live" title="A running cluster takes it at once">"live"</span> })}
            </button>
            <Control setting value put=Callback::new(move |text: String| put(&text)) name_id=name_id note_id=note_id.clone()
                wrong=Signal::derive(move || wrong.with(Option::is_some)) />
            <div class="lab-notes" id=note_id>
                <p class="error" role="alert">{move || wrong.get()}</p>
                <Show when=move || is_changed.get()>
                    <p class="lab-back">
                        <span>"default "<code>{default}</code></span>
                        <button type="button" class="quiet" data-testid="to-default" aria-label=format!("{label}: back to {default}")
                            on:click=move |_| { put(setting.default); }>"Back to it"</button>
                    </p>
                </Show>
                <Show when=move || waits.get()>
                    <p class="warn">{move || match runs_with.get() {
                        before if before.is_empty() => "Waits for a restart.".to_owned(),
                        before => format!("Waits for a restart; now {before}."),
                    }}</p>
                </Show>
                <Show when=move || told.get()>
                    <p class="soft">{setting.help}</p>
                    {setting.loki.map(|loki| view! { <p><code>{loki}</code></p> })}
                </Show>
            </div>
        </div>
    }
}

/// What a value is changed with.
#[component]
fn Control(
    setting: &'static Setting,
    value: Memo<String>,
    /// Whether the text could stand there.
    put: Callback<String, bool>,
    name_id: String,
    note_id: String,
    wrong: Signal<bool>,
) -> impl IntoView {
    let invalid = move || wrong.get().to_string();
    let commit = move |input: &HtmlInputElement| {
        // The text as it is written from now on: 60s is 1m0s.
        if put.run(input.value()) {
            input.set_value(&value.get_untracked());
        }
    };
    let change = move |event: leptos::ev::Event| {
        if let Some(input) = input_of(&event) {
            commit(&input);
        }
    };
    match setting.kind {
        Kind::Bool => {
            let change = move |event: leptos::ev::Event| {
                if !put.run(event_target_checked(&event).to_string())
                    && let Some(input) = input_of(&event)
                {
                    input.set_checked(value.with_untracked(|value| value == "true"));
                }
            };
            view! {
                <input type="checkbox" aria-labelledby=name_id aria-describedby=note_id
                    prop:checked=move || value.with(|value| value == "true") on:change=change />
            }
            .into_any()
        }
        Kind::Choice(choices) => {
            let change = move |event: leptos::ev::Event| {
                let select = event.target().and_then(|target| target.dyn_into::<HtmlSelectElement>().ok());
                if !put.run(event_target_value(&event))
                    && let Some(select) = select
                {
                    select.set_value(&value.get_untracked());
                }
            };
            view! {
                <select aria-labelledby=name_id aria-describedby=note_id prop:value=move || value.get() on:change=change>
                    {choices.iter().map(|choice| view! {
                        <option value=*choice selected=move || value.with(|value| value == choice)>{*choice}</option>
                    }).collect_view()}
                </select>
            }
            .into_any()
        }
        Kind::Subset(choices) => {
            let has = move |choice: &str| value.with(|value| value.split(", ").any(|item| item == choice));
            let turn = move |choice: &'static str, on: bool| {
                let wanted = |item: &&&str| if **item == choice { on } else { untrack(|| has(item)) };
                let items = Vec::from_iter(choices.iter().filter(wanted).copied());
                put.run(items.join(", "));
            };
            view! {
                <div role="group" class="lab-subset" aria-labelledby=name_id aria-describedby=note_id>
                    {choices.iter().map(|choice| view! {
                        <label class="check">
                            <input type="checkbox" prop:checked=move || has(choice)
                                on:change=move |event| turn(choice, event_target_checked(&event)) />
                            {*choice}
                        </label>
                    }).collect_view()}
                </div>
            }
            .into_any()
        }
        kind => {
            let mode = match kind {
                Kind::Count { .. } => "numeric",
                Kind::Percent => "decimal",
                _ => "text",
            };
            // The arrows count, as in a field for numbers; that one would hide what is wrong.
            let keys = move |event: leptos::ev::KeyboardEvent| {
                let Kind::Count { min, max } = kind else { return };
                let Some(input) = input_of(&event) else { return };
                let Ok(count) = input.value().trim().parse::<u64>() else { return };
                let count = match event.key().as_str() {
                    "ArrowUp" => count.saturating_add(1),
                    "ArrowDown" => count.saturating_sub(1),
                    _ => return,
                };
                event.prevent_default();
                input.set_value(&count.clamp(min, max).to_string());
                commit(&input);
            };
            view! {
                <input type="text" inputmode=mode class="mono" autocomplete="off" spellcheck="false"
                    aria-labelledby=name_id aria-describedby=note_id aria-invalid=invalid
                    prop:value=move || value.get() on:change=change on:keydown=keys />
            }
            .into_any()
        }
    }
}

fn input_of(event: &web_sys::Event) -> Option<HtmlInputElement> {
    event.target().and_then(|target| target.dyn_into().ok())
}

/// The last two words of a path.
fn ending(path: &'static str) -> &'static str {
    let dot = path.rmatch_indices('.').nth(1).map_or(0, |(place, _)| place + 1);
    path.get(dot..).unwrap_or(path)
}

/// A path that may go on in the next line after each of its words.
fn breakable(path: &'static str) -> impl IntoView {
    path.split_inclusive(['.', '_']).map(|word| view! { {word}<wbr /> }).collect_view()
}
