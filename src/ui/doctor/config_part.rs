//! What configurations say: findings with their mending, the values that Loki would run with, and a run of it.

use leptos::prelude::*;

use crate::doctor::config::{self, EffectiveValue, Finding, Flavour, Origin, Severity, Simulated};
use crate::doctor::report::{ConfigPart, Urgency, counts, origin};
use crate::lab::handover::Handover;
use crate::time::Instant;

use super::super::lab::Bequest;
use super::parts::finding;
use super::prose::{CopyButton, prose, sources, told};
use super::session::DoctorSession;

/// The parts of all configurations.
#[component]
pub(super) fn ConfigParts() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    view! {
        {move || {
            let configs = session.report.with(|report| report.configs.clone());
            configs.into_iter().enumerate().map(|(place, part)| {
                let id = if place == 0 { "part-config".to_owned() } else { format!("part-config-{place}") };
                view! { <Config part id /> }
            }).collect_view()
        }}
    }
}

#[component]
fn Config(part: ConfigPart, id: String) -> impl IntoView {
    let ConfigPart { name, examined } = part;
    let title = format!("{id}-title");
    let (heading, own) = (title.clone(), id.clone());
    let flavour = match examined.flavour {
        Flavour::Loki => "Loki\u{2019}s configuration",
        Flavour::Helm => "Values of the Helm chart",
    };
    let run = config::scenario(&examined).map_err(|error| error.to_string());
    let head = format!("{flavour}: {}.", counts(&examined.findings));
    let findings = examined.findings.into_iter().map(|found| one(&name, found)).collect_view();
    view! {
        <section class="panel" aria-labelledby=title id=own tabindex="-1" data-testid="config-part">
            <h2 id=heading>"What the configuration says: "<bdi>{name}</bdi></h2>
            <p class="note">{head}</p>
            <ul class="findings" data-testid="config-findings">{findings}</ul>
            <Run run />
            <Values values=examined.effective id />
        </section>
    }
}

fn one(name: &str, found: Finding) -> impl IntoView + use<> {
    let urgency = Urgency::from(found.severity);
    let word = match found.severity {
        Severity::Act => "Act",
        Severity::Look => "Look",
        Severity::Note => "Good to know",
    };
    let Finding { rule, severity, line, what, why, advice, source, fix } = found;
    let what = match line {
        Some(line) => format!("Line {line}: {what}"),
        None => what,
    };
    let diff = fix.map(|fix| fix.diff(name));
    finding(urgency, word, rule.to_owned(), what, severity == Severity::Act, move || {
        view! {
            <p>{prose(&why)}</p>
            {told("Do", &advice)}
            {diff.clone().map(|diff| view! { <Diff diff /> })}
            {sources(source)}
        }
    })
}

/// A change: each line has its sign, and a colour besides.
#[component]
fn Diff(diff: String) -> impl IntoView {
    let lines = diff.lines().map(|line| {
        let class = match line.as_bytes() {
            [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] | [b'@', ..] => "head",
            [b'-', ..] => "minus",
            [b'+', ..] => "plus",
            _ => "",
        };
        view! { <span class=class>{format!("{line}\n")}</span> }
    });
    view! {
        <div class="command diff" data-testid="diff">
            <pre tabindex="0" aria-label="Change">{lines.collect_view()}</pre>
            <CopyButton text=diff.clone() label="Copy" />
        </div>
    }
}

/// The cluster that it describes, in the laboratory; what is not in it is told before.
#[component]
fn Run(run: Result<Simulated, String>) -> impl IntoView {
    let bequest = expect_context::<Bequest>();
    match run {
        Err(why) => {
            view! { <p class="note">{format!("The laboratory cannot run it: {why}.")}</p> }.into_any()
        }
        Ok(Simulated { scenario, assumed, left_out }) => {
            let list = |title: &'static str, all: Vec<String>| {
                (!all.is_empty()).then(|| view! {
                    <p class="label">{title}</p>
                    <ul class="doctor-told">{all.into_iter().map(|one| view! { <li>{one}</li> }).collect_view()}</ul>
                })
            };
            view! {
                <div class="doctor-run">
                    <p>"See what this cluster does when it starts, and break it:"</p>
                    {list("Assumed, because the text does not tell", assumed)}
                    {list("Left out, because the laboratory does not have it", left_out)}
                    <div><button type="button" data-testid="run-it" on:click=move |_| {
                        bequest.leave(Handover { scenario: scenario.clone(), at: Instant::START });
                    }>"Run it in the laboratory"</button></div>
                </div>
            }
            .into_any()
        }
    }
}

/// What Loki would run with.
#[component]
fn Values(values: Vec<EffectiveValue>, id: String) -> impl IntoView {
    let all = RwSignal::new(false);
    let total = values.len();
    let told = values.iter().filter(|value| value.origin != Origin::Default).count();
    let values = StoredValue::new(values);
    let select = format!("{id}-values");
    let rows = move || {
        values.with_value(|values| {
            let shown = values.iter().filter(|value| all.get() || value.origin != Origin::Default);
            shown
                .map(|value| {
                    let is_default = value.origin == Origin::Default;
                    view! {
                        <tr class:soft=is_default data-testid="value">
                            <th scope="row" class="mono">{value.key.clone()}</th>
                            <td class="mono"><bdi>{value.value.to_string()}</bdi></td>
                            <td>{origin(value)}</td>
                        </tr>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <details class="related">
            <summary>{format!("Effective values: {told} given or derived, {total} in all")}</summary>
            <div class="row">
                <label for=select.clone()>"Show"</label>
                <select id=select data-testid="values-filter" on:change=move |event| all.set(event_target_value(&event) == "all")>
                    <option value="told">"given and derived"</option>
                    <option value="all">"all"</option>
                </select>
            </div>
            <div class="scroller" tabindex="0" role="region" aria-label="Effective values">
                <table class="doctor-values">
                    <thead><tr><th scope="col">"Key"</th><th scope="col">"Value"</th><th scope="col">"From"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}
