//! What it all comes to: a word, why, and what to do first.

use leptos::prelude::*;

use crate::doctor::report::{Urgency, markdown};
use crate::doctor::together::Contradiction;

use super::super::browser;
use super::super::session::Session;
use super::parts::{finding, sign, tone};
use super::prose::{copy, prose, told};
use super::session::{DoctorSession, Stage};

/// The panel at the top of the report.
#[component]
pub(super) fn VerdictPanel() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    let page = expect_context::<Session>();
    let text = move || session.report.with_untracked(|report| markdown(report));
    let save = move |_| browser::download("ringside-report.md", &text(), "text/markdown");
    let is_reading =
        Memo::new(move |_| session.opening.get() > 0 || matches!(session.stage.get(), Stage::Running(_)));
    view! {
        <section class="panel verdict doctor-verdict" aria-labelledby="verdict-title" id="verdict">
            {move || session.is_example().then(|| view! { <p id="source" class="sample">"EXAMPLE \u{b7} not your cluster"</p> })}
            <h2 id="verdict-title" class="unseen">"Verdict"</h2>
            {move || {
                let report = session.report.get();
                match report.summaries.first().cloned() {
                    None if is_reading.get() => view! { <p class="soft" id="doctor-reading">"Reading\u{2026}"</p> }.into_any(),
                    None => view! { <p class="soft">"Nothing could be read yet: see what stands at the inputs."</p> }.into_any(),
                    Some(first) => {
                        let (class, sign) = tone(first.urgency);
                        view! {
                            <p class=format!("verdict-word {class}") id="verdict-word" data-verdict=first.urgency.key()>
                                <span class="sign" aria-hidden="true">{sign}</span>
                                {first.urgency.title()}
                            </p>
                            <p id="verdict-headline">{prose(&first.headline)}</p>
                            <p id="verdict-why">{prose(&first.why)}</p>
                            {first.until.as_deref().and_then(|until| told("Wait until", until))}
                            {told("First", &first.first)}
                        }.into_any()
                    }
                }
            }}
            {move || {
                let report = session.report.get();
                (report.summaries.len() > 1).then(|| view! {
                    <ul class="doctor-summaries" id="doctor-summaries" aria-label="Parts">
                        {report.summaries.iter().map(|summary| {
                            let part = summary.part;
                            view! {
                                <li>
                                    {sign(summary.urgency)}
                                    <button type="button" class="name" on:click=move |_| show_part(part)>
                                        <span><strong>{summary.urgency.title()}</strong>", "<bdi>{summary.name.clone()}</bdi>": "{summary.headline.clone()}</span>
                                    </button>
                                </li>
                            }
                        }).collect_view()}
                    </ul>
                })
            }}
            <Show when=move || session.report.with(|report| !report.is_empty())>
                <div class="row wrap">
                    <button type="button" id="copy-report" on:click=move |_| copy(page, text())>"Copy report"</button>
                    <button type="button" id="save-report" on:click=save>"Save as .md"</button>
                    <span class="note">"Markdown, for a ticket"</span>
                </div>
            </Show>
        </section>
    }
}

fn show_part(part: &'static str) {
    let id = format!("part-{part}");
    if let Some(element) = browser::element(&id) {
        element.scroll_into_view();
    }
    browser::focus(&id);
}

/// What only shows when the parts lie side by side.
#[component]
pub(super) fn Together() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    view! {
        {move || {
            let found = session.report.with(|report| report.together.clone());
            (!found.is_empty()).then(|| view! {
                <section class="panel" aria-labelledby="together-title" id="part-together" tabindex="-1">
                    <h2 id="together-title">"Laid side by side"</h2>
                    <ul class="findings">{found.into_iter().map(contradiction).collect_view()}</ul>
                </section>
            })
        }}
    }
}

fn contradiction(found: Contradiction) -> impl IntoView {
    let urgency = Urgency::from(found.severity);
    let word = match urgency {
        Urgency::Act => "Act",
        Urgency::Look => "Look",
        _ => "Good to know",
    };
    let Contradiction { rule, what, why, check, .. } = found;
    finding(urgency, word, rule.to_owned(), what, urgency > Urgency::Harmless, move || {
        view! { <p>{prose(&why)}</p>{told("Check", &check)} }
    })
}
