//! What forgetting an instance would do, and the command for it. The page itself never sends it.

use leptos::prelude::*;

use crate::live::ShownState;
use crate::live::forget::forecast;
use crate::live::judge::ANY_LOKI;

use super::super::verdict_panel::Command;
use super::session::LiveSession;

/// The panel: on the selected instance, or else on one that is chosen here.
#[component]
pub(super) fn ForgetPanel() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let ring = session.ring;
    let candidates = Memo::new(move |_| {
        ring.shown.track();
        ring.with(|shown| {
            let unwell =
                shown.judgement.instances.iter().filter(|report| report.shown_state != ShownState::ACTIVE);
            unwell
                .take(50)
                .map(|report| (report.index, shown.picture.ring().id(report.index).to_string()))
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
    });
    let told = Memo::new(move |_| {
        ring.shown.track();
        let instance = ring.focus.get().instance?;
        ring.with(|shown| {
            let id = (instance as usize) < shown.picture.ring().instances().len();
            let id = id.then(|| shown.picture.ring().id(instance).to_string())?;
            let mut told = forecast(shown.picture.ring(), shown.now, &shown.judgement, &id)?;
            if let Some(origin) = session.shown_origin() {
                told.command = told.command.replace(ANY_LOKI, &origin.to_string());
            }
            Some(told)
        })?
    });
    view! {
        <section class="panel" aria-labelledby="forget-title" id="forget">
            <h2 id="forget-title">"What if it were forgotten?"</h2>
            {move || match told.get() {
                None => view! {
                    <p class="soft">"Select an instance to foretell what its Forget button would do. This page never presses it."</p>
                    <div class="row wrap">
                        {candidates.get().into_iter().map(|(index, id)| view! {
                            <button type="button" class="chip" data-testid="forget-candidate" on:click=move |_| ring.select_instance(Some(index))>
                                <bdi>{id}</bdi>
                            </button>
                        }).collect_view()}
                    </div>
                }.into_any(),
                Some(told) => view! {
                    <p class=if told.is_advisable { "good" } else { "warn" } id="forget-headline">{told.headline}</p>
                    <ul class="copies">{told.effects.into_iter().map(|effect| view! { <li>{effect}</li> }).collect_view()}</ul>
                    {told.is_advisable.then(|| view! { <Command command=told.command session=ring /> })}
                    <button type="button" class="chip" on:click=move |_| ring.select_instance(None)>"Another one"</button>
                }.into_any(),
            }}
        </section>
    }
}
