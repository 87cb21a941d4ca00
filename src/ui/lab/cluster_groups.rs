//! Groups of pods, and the short way for the usual case of one group of ingesters.

use leptos::prelude::*;

use crate::lab::settings::{self, Edit, target_word};
use crate::sim::Target;

use super::cluster::{Fold, Panel};
use super::cluster_field::Field;

/// The numbers of ingesters and zones, where there is one group of ingesters.
#[component]
pub(super) fn FrontFields() -> impl IntoView {
    let panel = expect_context::<Panel>();
    let front = Memo::new(move |_| panel.with(|state| settings::front(&state.wanted)));
    let group = Memo::new(move |_| front.get().map(|front| front.group));
    let zones = move || front.get().map_or(1, |front| front.zones);
    let wrong = RwSignal::new(None::<String>);
    let told = RwSignal::new(false);
    let put = move |event: leptos::ev::Event| {
        let text = event_target_value(&event);
        let path = group.get_untracked().map(|group| format!("groups.{group}.zones")).unwrap_or_default();
        let wanted = match text.trim().parse::<usize>() {
            Ok(zones) => panel.with_untracked(|state| {
                let dealt = settings::with_zones(&state.wanted, zones).map_err(|error| error.to_string());
                Some(dealt.map(|scenario| settings::Values::of(&scenario).text(&path)))
            }),
            Err(_) => Some(Err(format!("{text:?} is not a number of zones; allowed: 1 to 26"))),
        };
        let result = wanted.unwrap_or(Ok(String::new())).and_then(|zones| panel.put(&path, &zones));
        wrong.set(result.err());
    };
    let count = settings::of_group().iter().find(|setting| setting.path == "count");
    let hidden = move || panel.is_searching();
    view! {
        {move || group.get().zip(count).map(|(group, setting)| view! {
            <Field path=format!("groups.{group}.count") setting label="Ingesters" />
            <div class="lab-field" class:gone=hidden data-testid="field-zones">
                <button type="button" class="lab-what" aria-expanded=move || told.get().to_string()
                    on:click=move |_| told.update(|told| *told = !*told)><span id="lab-zones-name">"Zones"</span></button>
                <input type="text" inputmode="numeric" class="mono" autocomplete="off" aria-labelledby="lab-zones-name"
                    aria-describedby="lab-zones-note" aria-invalid=move || wrong.with(Option::is_some).to_string()
                    prop:value=move || zones().to_string() on:change=put />
                <div class="lab-notes" id="lab-zones-note">
                    <p class="error" role="alert">{move || wrong.get()}</p>
                    <Show when=move || told.get()>
                        <p class="soft">"The ingesters are dealt out to so many zones in turn. Zones matter to writes only with zone awareness."</p>
                    </Show>
                </div>
            </div>
        })}
    }
}

/// All groups, each with its settings.
#[component]
pub(super) fn Groups() -> impl IntoView {
    let panel = expect_context::<Panel>();
    let count = Memo::new(move |_| panel.with(|state| state.wanted.options.groups.len()));
    let found = move || settings::of_group().iter().any(|setting| setting.has(&panel.words_now()));
    let target = RwSignal::new("querier".to_owned());
    let wrong = RwSignal::new(None::<String>);
    let add = move |_| {
        let chosen =
            TARGETS.into_iter().find(|known| target.with_untracked(|word| target_word(*known) == *word));
        wrong.set(chosen.and_then(|target| panel.take(Edit::AddGroup(target)).err()));
    };
    view! {
        <div class:gone=move || panel.is_searching() && !found()>
            <Fold title=Signal::derive(move || format!("Pods ({} {})", count.get(), if count.get() == 1 { "group" } else { "groups" }))
                changed=Signal::stored(0) key="Pods">
                <For each=move || 0..count.get() key=|number| *number let:number>
                    <GroupView number />
                </For>
                <div class="row lab-add">
                    <label>"Target"
                        <select data-testid="group-target" prop:value=move || target.get() on:change=move |event| target.set(event_target_value(&event))>
                            {TARGETS.into_iter().map(|known| {
                                let word = target_word(known);
                                view! { <option value=word.clone() selected=word == "querier">{word.clone()}</option> }
                            }).collect_view()}
                        </select>
                    </label>
                    <button type="button" data-testid="group-add" on:click=add>"Add three pods"</button>
                </div>
                <p class="error" role="alert">{move || wrong.get()}</p>
            </Fold>
        </div>
    }
}

/// One group.
#[component]
fn GroupView(number: usize) -> impl IntoView {
    let panel = expect_context::<Panel>();
    let name = Memo::new(move |_| {
        panel
            .with(|state| state.wanted.options.groups.get(number).map(|group| group.name.clone()))
            .unwrap_or_default()
    });
    let title = Memo::new(move |_| {
        panel
            .with(|state| {
                let group = state.wanted.options.groups.get(number)?;
                Some(format!("{} \u{d7} {}", group.count, target_word(group.target)))
            })
            .unwrap_or_default()
    });
    let several = Memo::new(move |_| panel.with(|state| state.wanted.options.groups.len() > 1));
    let wrong = RwSignal::new(None::<String>);
    let remove = move |_| {
        let edit = Edit::RemoveGroup { number, name: name.get_untracked() };
        wrong.set(panel.take(edit).err());
    };
    view! {
        <fieldset class="lab-group" data-testid=format!("group-{number}")>
            <legend>{name}": "{title}</legend>
            {settings::of_group().iter().map(|setting| view! {
                <Field path=format!("groups.{number}.{}", setting.path) setting />
            }).collect_view()}
            <Show when=move || several.get()>
                <button type="button" class="quiet" data-testid="group-remove" on:click=remove>{move || format!("Remove {}", name.get())}</button>
            </Show>
            <p class="error" role="alert">{move || wrong.get()}</p>
        </fieldset>
    }
}

const TARGETS: [Target; 12] = [
    Target::All,
    Target::Distributor,
    Target::Ingester,
    Target::Querier,
    Target::QueryFrontend,
    Target::QueryScheduler,
    Target::IndexGateway,
    Target::Compactor,
    Target::Ruler,
    Target::Read,
    Target::Write,
    Target::Backend,
];
