//! Whether the ring is healthy, and why; and first of all, whose ring that is.

use leptos::prelude::*;

use crate::go::duration;
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
            (judgement.verdict, judgement.summary.clone(), judgement.margin.clone())
        })
    });
    let assumes = Memo::new(move |_| {
        session.shown.track();
        session
            .with(|shown| {
                let config = shown.picture.ring().config();
                let zones = if config.zone_awareness_enabled { "on" } else { "off" };
                let timeout = duration::format(config.heartbeat_timeout);
                format!(
                    "Assumes replication factor {}, time-out {timeout}, zone awareness {zones}.",
                    config.replication_factor
                )
            })
            .unwrap_or_default()
    });
    let findings = Memo::new(move |_| {
        session.shown.track();
        session.with(|shown| shown.judgement.findings.clone()).unwrap_or_default()
    });
    // By kind, so that what the reader opened stays open while its numbers change.
    let keys = move || findings.with(|all| all.iter().map(|finding| finding.key).collect::<Vec<_>>());
    view! {
        <section class="panel verdict" class:stale=move || session.is_stale.get() aria-labelledby="verdict-title" id="verdict">
            {move || session.source.get().map(|source| source_line(source, session.is_stale.get()))}
            <h2 id="verdict-title">"Verdict"</h2>
            {move || session.notice.get().map(|notice| view! { <p class="verdict-notice">{notice}</p> })}
            {move || match judged.get() {
                None => view! { <p class="soft"><NoRing /></p> }.into_any(),
                Some((verdict, summary, margin)) => {
                    let (class, sign) = tone(verdict);
                    view! {
                        <p class=format!("verdict-word {class}") id="verdict-word" data-verdict=verdict.name()>
                            <span class="sign" aria-hidden="true">{sign}</span>
                            {verdict.name()}
                        </p>
                        <p id="verdict-margin">{margin}</p>
                        <p id="verdict-summary">{summary}</p>
                        <p class="note" id="verdict-assumes">{assumes}</p>
                    }.into_any()
                }
            }}
            <ul class="findings">
                <For each=keys key=|key| *key children=move |key| finding_item(session, findings, key) />
            </ul>
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

fn finding_item(session: Session, findings: Memo<Vec<Finding>>, key: &'static str) -> impl IntoView {
    let this = Memo::new(move |_| findings.with(|all| all.iter().find(|one| one.key == key).cloned()));
    let part = move |take: fn(Finding) -> String| move || this.get().map(take);
    let weight = Memo::new(move |_| this.with(|one| one.as_ref().map_or(Severity::Info, |one| one.severity)));
    let words = move || match weight.get() {
        Severity::Critical => ("bad", "\u{2715}", "Act now"),
        Severity::Warning => ("warn", "!", "Look"),
        Severity::Info => ("plain", "i", "Good to know"),
    };
    let commands = move |take: fn(Finding) -> Option<String>, title: &'static str| {
        let lines = Memo::new(move |_| this.get().and_then(take));
        move || {
            lines.get().map(|lines| {
                view! {
                    <p class="label">{title}</p>
                    <Command command=lines session />
                }
            })
        }
    };
    view! {
        <li data-testid="finding" data-finding=key>
            <details open=weight.get_untracked() == Severity::Critical>
                <summary>
                    <span class=move || format!("sign {}", words().0) aria-hidden="true">{move || words().1}</span>
                    <span class="what">
                        <span class=move || format!("severity {}", words().0)>{move || words().2}<span class="unseen">": "</span></span>
                        <span>{part(|one| one.what)}</span>
                    </span>
                </summary>
                <p>{part(|one| one.why)}</p>
                {commands(|one| one.check, "Check")}
                <p class="advice">{part(|one| one.advice)}</p>
                {commands(|one| one.command, "Only if it is gone for good")}
            </details>
        </li>
    }
}

/// Commands to run elsewhere, and the way there.
#[component]
pub(super) fn Command(
    /// The lines.
    command: String,
    /// Who says that they were copied.
    session: Session,
) -> impl IntoView {
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
