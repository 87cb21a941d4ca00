//! The same settings as Loki would read them.

use leptos::prelude::*;

use crate::lab::yaml::to_loki_yaml;

use super::super::browser;
use super::cluster::{Fold, Panel};
use super::session::LabSession;

/// The configuration, to copy or to keep.
#[component]
pub(super) fn LokiYaml() -> impl IntoView {
    let panel = expect_context::<Panel>();
    let all = RwSignal::new(false);
    view! {
        <div class:gone=move || panel.is_searching()>
            <Fold title=Signal::stored("As Loki reads it (YAML)".to_owned()) changed=Signal::stored(0) key="Yaml">
                <Text all />
            </Fold>
        </div>
    }
}

#[component]
fn Text(all: RwSignal<bool>) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let session = expect_context::<LabSession>();
    let text = Memo::new(move |_| panel.with(|state| to_loki_yaml(&state.wanted.options, all.get())));
    let copy = move |_| {
        let text = text.get_untracked();
        leptos::task::spawn_local(async move {
            session.say(match browser::copy(text).await {
                true => "Copied.",
                false => "The browser does not let this page copy; select the text instead.",
            });
        });
    };
    let save =
        move |_| text.with_untracked(|text| browser::download("loki-rings.yaml", text, "application/yaml"));
    view! {
        <label class="check">
            <input type="checkbox" prop:checked=move || all.get() data-testid="yaml-all"
                on:change=move |event| all.set(event_target_checked(&event)) />
            "Defaults, too"
        </label>
        <pre class="lab-yaml" tabindex="0" role="region" aria-label="Loki's configuration" data-testid="yaml">{text}</pre>
        <div class="row">
            <button type="button" data-testid="yaml-copy" on:click=copy>"Copy"</button>
            <button type="button" data-testid="yaml-save" on:click=save>"Save"</button>
        </div>
    }
}
