//! Whether the ring is healthy, and why.

use leptos::prelude::*;

use crate::live::judge::{Finding, Severity, Verdict};

use super::session::Session;

fn tone(verdict: Verdict) -> (&'static str, &'static str) {
    match verdict {
        Verdict::Healthy => ("good", "\u{2713}"),
        Verdict::Degraded => ("warn", "!"),
        Verdict::Down => ("bad", "\u{2715}"),
    }
}

/// The panel.
#[component]
pub(super) fn VerdictPanel() -> impl IntoView {
    let session = expect_context::<Session>();
    let judged = Memo::new(move |_| {
        session.shown.track();
        session.with(|shown| {
            let judgement = &shown.judgement;
            (judgement.verdict, judgement.summary.clone(), judgement.findings.clone())
        })
    });
    view! {
        <section class="panel verdict" aria-labelledby="verdict-title" id="verdict">
            <h2 id="verdict-title">"Verdict"</h2>
            {move || judged.get().map(|(verdict, summary, findings)| {
                let (class, sign) = tone(verdict);
                view! {
                    <p class=format!("verdict-word {class}") id="verdict-word" data-verdict=verdict.name()>
                        <span class="sign" aria-hidden="true">{sign}</span>
                        {verdict.name()}
                    </p>
                    <p id="verdict-summary">{summary}</p>
                    <ul class="findings">
                        {findings.into_iter().map(finding).collect_view()}
                    </ul>
                }
            })}
        </section>
    }
}

fn finding(finding: Finding) -> impl IntoView {
    let (class, sign, word) = match finding.severity {
        Severity::Critical => ("bad", "\u{2715}", "Act: "),
        Severity::Warning => ("warn", "!", "Look: "),
        Severity::Info => ("plain", "i", "Good to know: "),
    };
    view! {
        <li data-testid="finding">
            <details open=finding.severity == Severity::Critical>
                <summary>
                    <span class=format!("sign {class}") aria-hidden="true">{sign}</span>
                    <span class="unseen">{word}</span>
                    {finding.what}
                </summary>
                <p>{finding.why}</p>
                <p class="advice">{finding.advice}</p>
            </details>
        </li>
    }
}
