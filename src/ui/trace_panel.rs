//! Traces a stream: its key, the walk round the ring, the replicas, and what a write and a read would meet.

use std::sync::Arc;

use leptos::prelude::*;

use crate::loki::trace::{Candidate, Replicas, StreamTrace, Unhealthy};
use crate::ring::{InstanceState, ReplicationStrategy, RingError, Skip, Step};
use crate::view::text;

use super::session::{Session, Shown};

/// Steps beyond these are folded away.
const UNFOLDED_STEPS: usize = 20;
/// Longer walks are told up to here, and then how many steps were left.
const TOLD_STEPS: usize = 150;

/// The panel.
#[component]
pub(super) fn TracePanel() -> impl IntoView {
    let session = expect_context::<Session>();
    let error = Memo::new(move |_| session.trace.with(|trace| trace.as_ref()?.as_ref().err().cloned()));
    let trace = move || session.trace.with(|trace| trace.as_ref()?.as_ref().ok().cloned());
    view! {
        <section class="panel trace" class:stale=move || session.is_stale.get() aria-labelledby="trace-title" id="trace">
            <ZonesStrip />
            <h2 id="trace-title">"Trace a stream"</h2>
            <div class="field">
                <label for="trace-tenant">"Tenant"</label>
                <input
                    id="trace-tenant" type="text" autocomplete="off" spellcheck="false"
                    prop:value=move || session.settings.with(|settings| settings.tenant.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        session.settings.update(|settings| settings.tenant = text);
                    }
                />
            </div>
            <div class="field">
                <label for="trace-labels">"Labels"</label>
                <input
                    id="trace-labels" type="text" class="mono" autocomplete="off" spellcheck="false"
                    aria-invalid=move || error.with(Option::is_some).to_string()
                    aria-describedby="trace-error"
                    prop:value=move || session.settings.with(|settings| settings.labels.clone())
                    on:input=move |event| {
                        let text = event_target_value(&event);
                        session.settings.update(|settings| settings.labels = text);
                    }
                />
                <p class="error" id="trace-error">{move || error.get()}</p>
            </div>
            <label class="check" for="trace-service-name">
                <input
                    id="trace-service-name" type="checkbox"
                    prop:checked=move || session.settings.with(|settings| settings.service_name)
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        session.settings.update(|settings| settings.service_name = on);
                    }
                />
                "Add service_name, as a push over HTTP does"
            </label>
            <div id="trace-result">
                {move || trace().and_then(|trace| session.with(|shown| result(session, shown, &trace)))}
            </div>
        </section>
    }
}

fn result(session: Session, shown: &Shown, trace: &Arc<StreamTrace>) -> impl IntoView + use<> {
    let steps = &trace.write.walk.steps;
    let mut taken = 0;
    let mut told = steps
        .iter()
        .take(TOLD_STEPS)
        .map(|step| {
            taken += usize::from(step.outcome.is_ok());
            let candidate = step.outcome.is_ok().then(|| trace.write.candidates.get(taken - 1)).flatten();
            step_view(session, shown, step, taken, candidate)
        })
        .collect::<Vec<_>>();
    let folded = told.split_off(told.len().min(UNFOLDED_STEPS));
    let left = steps.len().saturating_sub(TOLD_STEPS);
    view! {
        <dl class="facts">
            <dt>"Hashed as"</dt>
            <dd class="mono" id="trace-canonical">{trace.canonical.clone()}</dd>
            <dt>"Key"</dt>
            <dd class="mono"><span id="trace-key">{trace.key}</span>" "<span class="soft" id="trace-key-hex">{text::hex(trace.key)}</span></dd>
        </dl>
        <ol class="replicas" id="trace-replicas" aria-label="Replicas">
            {trace.write.candidates.iter().zip(1..).map(|(candidate, number)| replica(shown, candidate, number)).collect_view()}
        </ol>
        <VerdictLine id="trace-write" title="Write" outcome=trace.write.outcome.clone() arithmetic=trace.write.arithmetic.clone() />
        <VerdictLine id="trace-read" title="Read" outcome=trace.read.outcome.clone() arithmetic=trace.read.arithmetic.clone() />
        <h3 class="label">"The walk, clockwise from the key"</h3>
        <div id="trace-steps">
            <ol class="steps">{told}</ol>
            {(!folded.is_empty()).then(|| view! {
                <details>
                    <summary>{format!("{} more steps", text::count(folded.len() as u64))}</summary>
                    <ol class="steps">{folded}</ol>
                </details>
            })}
        </div>
        {(left > 0).then(|| view! { <p class="note">{format!("\u{2026} and {} more tokens.", text::count(left as u64))}</p> })}
    }
}

/// One of those that the walk found.
fn replica(shown: &Shown, candidate: &Candidate, number: usize) -> impl IntoView + use<> {
    let ring = shown.picture.ring();
    let zone = &ring.instance(candidate.instance).zone;
    let mark = shown.picture.mark(candidate.instance);
    let parts = [&**ring.id(candidate.instance), zone, mark.name()];
    let line = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" \u{b7} ");
    view! {
        <li class:unhealthy=candidate.health.is_err()>
            <span class="badge">{number}</span>" "<span>{line}</span>
        </li>
    }
}

/// What to say of an instance that was found and cannot take part.
fn unhealthy_reason(shown: &Shown, why: Unhealthy) -> String {
    let is_read = shown.picture.ring().config().strategy == ReplicationStrategy::Default;
    match why {
        Unhealthy::State(InstanceState::Leaving) if is_read => {
            "LEAVING: not written to, still read".to_owned()
        }
        why => format!("taken, but not healthy: {why}"),
    }
}

/// Offers zone awareness for a ring that names zones.
#[component]
fn ZonesStrip() -> impl IntoView {
    let session = expect_context::<Session>();
    let named = Memo::new(move |_| {
        session.shown.track();
        let count = session.with(|shown| {
            let ring = shown.picture.ring();
            let named = ring.topology().zones().iter().filter(|zone| !zone.is_empty()).count();
            if ring.config().zone_awareness_enabled { 0 } else { named }
        });
        count.unwrap_or(0)
    });
    view! {
        <Show when=move || { named.get() > 1 }>
            <div class="strip" id="zones-strip">
                <p>{move || format!("{} zones named, zone awareness is off here.", named.get())}</p>
                <button type="button" id="turn-on-zones"
                    on:click=move |_| session.settings.update(|settings| settings.zone_awareness = true)>"Turn on"</button>
            </div>
        </Show>
    }
}

fn step_view(
    session: Session,
    shown: &Shown,
    step: &Step,
    number: usize,
    candidate: Option<&Candidate>,
) -> impl IntoView + use<> {
    let position = step.position;
    let token = shown.picture.arc(position).map_or(0, |arc| arc.token);
    let name = shown.picture.ring().id(step.instance).to_string();
    let zone = &shown.picture.ring().instance(step.instance).zone;
    let (class, badge, reason) = match (step.outcome, candidate) {
        (Ok(_), Some(Candidate { health: Err(why), .. })) => {
            ("step taken unhealthy", number.to_string(), unhealthy_reason(shown, *why))
        }
        (Ok(taken), _) => {
            let more = if taken.extends { "; its state asks for one more" } else { "" };
            ("step taken", number.to_string(), format!("replica {number}{more}"))
        }
        (Err(Skip::SameInstance), _) => ("step", String::new(), "passed over: same instance".to_owned()),
        (Err(Skip::ZoneHasReplica), _) => {
            ("step", String::new(), format!("passed over: zone {zone} has its replica"))
        }
    };
    view! {
        <li class=class data-testid="trace-step">
            <span class="badge" aria-hidden="true">{badge}</span>
            <button type="button" class="name" on:click=move |_| session.select_token(Some(position))>
                {name}<span class="soft mono">{format!(" {token}")}</span>
            </button>
            <span class="reason">{reason}</span>
        </li>
    }
}

#[component]
fn VerdictLine(
    /// The element's ID.
    id: &'static str,
    /// What is asked for.
    title: &'static str,
    /// The replica set or Loki's error.
    outcome: Result<Replicas, RingError>,
    /// How it comes about.
    arithmetic: String,
) -> impl IntoView {
    let (class, sign, word) = match &outcome {
        Ok(replicas) if has_no_margin(replicas) => ("warn", "!", "succeeds, no margin"),
        Ok(_) => ("good", "\u{2713}", "succeeds"),
        Err(_) => ("bad", "\u{2715}", "fails"),
    };
    let slack = outcome.as_ref().ok().map(|replicas| {
        let of = replicas.instances.len();
        match (replicas.max_unavailable_zones, replicas.max_errors) {
            (Some(0), _) => format!("{of} instances asked; no further zone may fail"),
            (Some(zones), _) => format!(
                "{of} instances asked; {zones} more zone{} may fail",
                if zones == 1 { "" } else { "s" }
            ),
            (None, 0) => format!("{of} instances asked; none of them may fail"),
            (None, errors) => format!("{of} instances asked; {errors} of them may fail"),
        }
    });
    view! {
        <div class=format!("outcome {class}") id=id data-outcome=if outcome.is_ok() { "ok" } else { "error" }>
            <p class="outcome-word"><span class="sign" aria-hidden="true">{sign}</span>{format!("{title} {word}")}</p>
            {outcome.as_ref().err().map(|error| view! { <code class="block">{error.to_string()}</code> })}
            {slack.map(|slack| view! { <p>{slack}</p> })}
            <p class="soft">{arithmetic}</p>
        </div>
    }
}

/// Whether the next one lost is one too many.
fn has_no_margin(replicas: &Replicas) -> bool {
    match replicas.max_unavailable_zones {
        Some(zones) => zones == 0,
        None => replicas.max_errors == 0,
    }
}
