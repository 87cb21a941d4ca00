//! Whether the ring is healthy, and why; and first of all, whose ring that is.

use leptos::prelude::*;

use crate::live::judge::{Finding, Severity, Verdict};

use super::browser;
use super::ring_page::NoRing;
use super::session::{Session, Source};

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
            let words = (judgement.summary.clone(), judgement.margin.clone());
            (judgement.verdict, words, judgement.findings.clone())
        })
    });
    view! {
        <section class="panel verdict" class:stale=move || session.is_stale.get() aria-labelledby="verdict-title" id="verdict">
            {move || session.source.get().map(|source| source_line(source, session.is_stale.get()))}
            <h2 id="verdict-title">"Verdict"</h2>
            {move || match judged.get() {
                None => view! { <p class="soft"><NoRing /></p> }.into_any(),
                Some((verdict, (summary, margin), findings)) => {
                    let (class, sign) = tone(verdict);
                    view! {
                        <p class=format!("verdict-word {class}") id="verdict-word" data-verdict=verdict.name()>
                            <span class="sign" aria-hidden="true">{sign}</span>
                            {verdict.name()}
                        </p>
                        <p id="verdict-margin">{margin}</p>
                        <p id="verdict-summary">{summary}</p>
                        <ul class="findings">
                            {findings.into_iter().map(|it| finding(session, it)).collect_view()}
                        </ul>
                    }.into_any()
                }
            }}
        </section>
    }
}

fn source_line(source: Source, is_stale: bool) -> impl IntoView {
    let name = match source.is_sample {
        true => format!("SAMPLE \u{b7} {} \u{b7} not your cluster", source.name),
        false => source.name,
    };
    view! {
        <p id="source" class:sample=source.is_sample>
            {is_stale.then(|| view! { <strong>"Not what you just loaded: still showing "</strong> })}
            {name}
        </p>
    }
}

fn finding(session: Session, finding: Finding) -> impl IntoView {
    let (class, sign, word) = match finding.severity {
        Severity::Critical => ("bad", "\u{2715}", "Act now"),
        Severity::Warning => ("warn", "!", "Look"),
        Severity::Info => ("plain", "i", "Good to know"),
    };
    view! {
        <li data-testid="finding">
            <details open=finding.severity == Severity::Critical>
                <summary>
                    <span class=format!("sign {class}") aria-hidden="true">{sign}</span>
                    <span class="what">
                        <span class=format!("severity {class}")>{word}<span class="unseen">": "</span></span>
                        <span>{finding.what}</span>
                    </span>
                </summary>
                <p>{finding.why}</p>
                <p class="advice">{finding.advice}</p>
                {finding.command.map(|command| command_line(session, command))}
            </details>
        </li>
    }
}

/// A command to run elsewhere, and the way there.
fn command_line(session: Session, command: String) -> impl IntoView {
    let shown = command.clone();
    let copy = move |_| {
        let command = command.clone();
        leptos::task::spawn_local(async move {
            let said = match browser::copy(command).await {
                true => "Copied",
                false => "The browser did not allow it: select the command and copy it.",
            };
            // The same words twice would not be told twice.
            session.said.set(String::new());
            request_animation_frame(move || session.said.set(said.to_owned()));
        });
    };
    view! {
        <div class="command">
            <pre tabindex="0" aria-label="Command">{shown}</pre>
            <button type="button" data-testid="copy-command" on:click=copy>"Copy"</button>
        </div>
    }
}
