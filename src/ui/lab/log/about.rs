//! What is known of a line: who wrote it, which part of the process, and what it says field by field.

use leptos::prelude::*;

use crate::lab::log_store::Line;

use super::super::super::browser;
use super::super::session::{LabSession, Selection};
use super::super::transport::span_text;

/// The line that somebody clicked.
#[component]
pub(super) fn About(chosen: RwSignal<Option<(u64, Line)>>, names: Memo<Vec<String>>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    view! {
        <div aria-live="polite">
            {move || chosen.get().map(|(_, line)| {
                let name = names.with_untracked(|names| names.get(line.pod as usize).cloned()).unwrap_or_default();
                let pod = line.pod;
                let text = StoredValue::new(line.text());
                let select = move |_| {
                    session.selection.set(Selection { node: Some(pod), ..Selection::default() });
                    session.changed();
                };
                let copy = move |_| {
                    leptos::task::spawn_local(async move {
                        if browser::copy(text.get_value()).await {
                            session.say("Copied.");
                        }
                    });
                };
                let fact = |label: String, value: String| view! {
                    <div><dt>{label}</dt><dd class="mono">{value}</dd></div>
                };
                let fields = line.line.context.iter().chain(&line.line.fields);
                let fields = Vec::from_iter(fields.map(|(key, value)| fact((*key).to_owned(), value.to_string())));
                view! {
                    <section class="lab-log-about outcome" class:warn=line.level() == crate::log::Level::Warn
                        class:bad=line.level() == crate::log::Level::Error data-testid="log-about">
                        <div class="row spread">
                            <h3>{line.line.message.to_string()}</h3>
                            <button type="button" class="quiet icon" aria-label="Close" on:click=move |_| chosen.set(None)>"\u{d7}"</button>
                        </div>
                        <dl class="lab-log-fields">
                            {fact("node".into(), name.clone())}
                            {fact("part".into(), line.part().to_owned())}
                            {fact("written at".into(), format!("{} of the run", span_text(line.at)))}
                            {fact("its own clock".into(), line.clock.to_rfc3339())}
                            {fact("level".into(), line.level().name().to_owned())}
                            {fact("caller".into(), line.line.caller.to_owned())}
                            {fields}
                        </dl>
                        <div class="row">
                            <button type="button" on:click=select data-testid="log-select">{format!("Select {name}")}</button>
                            <button type="button" on:click=copy>"Copy the line"</button>
                        </div>
                    </section>
                }
            })}
        </div>
    }
}
