//! Three answers that are always in sight, for the eyes that are chosen.

use leptos::prelude::*;

use crate::lab::{Answer, Verdicts, verdicts};
use crate::loki::{Labels, with_service_name};

use super::session::LabSession;

/// The observer's choice, the three answers, and the arithmetic of the one that is open.
#[component]
pub(super) fn VerdictBar() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let open = RwSignal::new(None::<usize>);
    let answers = Memo::new(move |_| {
        let (tenant, labels) = (session.tenant.get(), session.labels.get());
        session.read(|bench| {
            let labels = Labels::parse(&labels).map_err(|error| error.to_string())?;
            let Verdicts { write, read, ready, .. } =
                verdicts(bench.ring.as_ref(), bench.wall, &tenant, &with_service_name(&labels));
            Ok::<_, String>([("stream write", write), ("reads", read), ("a new ingester gets ready", ready)])
        })
    });
    let chip = move |place: usize| {
        let answer = Memo::new(move |_| {
            answers.with(|answers| match answers {
                Some(Ok(answers)) => Some(answers[place].clone()),
                _ => None,
            })
        });
        move || {
            answer.get().map(|(what, answer): (&str, Answer)| {
                view! {
                    <button type="button" class="lab-verdict" class:good=answer.ok class:bad=!answer.ok
                        data-testid=format!("verdict-{place}")
                        aria-expanded=move || (open.get() == Some(place)).to_string()
                        on:click=move |_| open.update(|open| *open = (*open != Some(place)).then_some(place))>
                        <span class="lab-verdict-what">{what}</span>
                        <strong>{answer.word.clone()}</strong>
                    </button>
                }
            })
        }
    };
    let explained = move || {
        let place = open.get()?;
        answers.with(|answers| match answers {
            Some(Ok(answers)) => Some(answers[place].1.clone()),
            _ => None,
        })
    };
    let wrong =
        move || answers.with(|answers| answers.as_ref().and_then(|answers| answers.as_ref().err().cloned()));
    let names = Memo::new(move |_| {
        session.deeds.track();
        session
            .read(|bench| Vec::from_iter(bench.snapshot.nodes.iter().map(|node| node.name.to_string())))
            .unwrap_or_default()
    });
    let observe = move |event: leptos::ev::Event| session.observe(event_target_value(&event).parse().ok());
    view! {
        <section class="lab-verdicts" aria-label="Verdicts">
            <label class="lab-observer">"seen by "
                <select data-testid="observer" on:change=observe
                    prop:value=move || session.observer.get().map_or(String::new(), |pod| pod.to_string())>
                    <option value="">"the truth"</option>
                    {move || names.get().into_iter().zip(0_u32..).map(|(name, pod)| view! {
                        <option value=pod.to_string() selected=move || session.observer.get() == Some(pod)>{name}</option>
                    }).collect_view()}
                </select>
            </label>
            {chip(0)} {chip(1)} {chip(2)}
            <label class="lab-stream">"stream "
                <input type="text" class="mono" data-testid="stream" prop:value=move || session.labels.get()
                    aria-invalid=move || wrong().is_some().to_string()
                    on:change=move |event| { session.labels.set(event_target_value(&event)); session.changed(); } />
            </label>
            <p class="error" role="alert">{wrong}</p>
            {move || explained().map(|answer| view! {
                <div class="lab-explained outcome" class:good=answer.ok class:bad=!answer.ok data-testid="explained">
                    <p>{answer.sentence}</p>
                    <ul>{answer.arithmetic.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
                </div>
            })}
        </section>
    }
}
