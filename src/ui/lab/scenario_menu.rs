//! The scenarios that come with the page, the seed, and what the shown one is about.

use leptos::prelude::*;

use crate::experiment::catalog;
use crate::sim::Scenario;

use super::session::LabSession;

/// What is told of the scenario that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shown {
    name: String,
    title: String,
    about: String,
    watch: Vec<String>,
    seed: u64,
}

/// The menu with what the chosen scenario shows.
#[component]
pub(super) fn ScenarioMenu() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let shown = Memo::new(move |_| {
        session.deeds.track();
        session.with(|bench| {
            let Scenario { name, title, about, watch, seed, .. } = bench.lab.current().scenario();
            Shown { name, title, about, watch, seed }
        })
    });
    let field =
        move |pick: fn(&Shown) -> String| shown.with(|shown| shown.as_ref().map(pick).unwrap_or_default());
    let choose = move |event: leptos::ev::Event| {
        if let Some(scenario) = catalog::find(&event_target_value(&event)) {
            session.open(scenario);
        }
    };
    let reseed = move |event: leptos::ev::Event| {
        let Ok(seed) = event_target_value(&event).trim().parse::<u64>() else {
            session.problem.set(Some("A seed is a whole number from 0 to 18446744073709551615.".into()));
            return;
        };
        session.act(|lab| {
            let scenario = Scenario { seed, ..lab.current().scenario() };
            lab.restart(scenario)
        });
    };
    view! {
        <section class="panel lab-scenario">
            <label>"Scenario"
                <select data-testid="scenario" on:change=choose prop:value=move || field(|shown| shown.name.clone())>
                    {catalog::groups().map(|(heading, scenarios)| view! {
                        <optgroup label=heading>
                            {scenarios.into_iter().map(|scenario| {
                                let name = scenario.name.clone();
                                view! {
                                    <option value=scenario.name selected=move || field(|shown| shown.name.clone()) == name>{scenario.title}</option>
                                }
                            }).collect_view()}
                        </optgroup>
                    }).collect_view()}
                </select>
            </label>
            <label>"Seed"
                <input type="text" inputmode="numeric" data-testid="seed" prop:value=move || field(|shown| shown.seed.to_string())
                    on:change=reseed />
            </label>
            <details open>
                <summary>"What it shows"</summary>
                <p data-testid="about">{move || marked(&field(|shown| shown.about.clone()))}</p>
                <ul class="lab-watch">
                    {move || shown.with(|shown| shown.as_ref().map(|shown| shown.watch.clone()).unwrap_or_default())
                        .into_iter().map(|line| view! { <li>{marked(&line)}</li> }).collect_view()}
                </ul>
            </details>
        </section>
    }
}

/// A text in which what stands between back-ticks is code.
fn marked(text: &str) -> Vec<AnyView> {
    let piece = |(place, piece): (usize, &str)| match place % 2 {
        0 => piece.to_owned().into_any(),
        _ => view! { <code>{piece.to_owned()}</code> }.into_any(),
    };
    text.split('`').enumerate().map(piece).collect()
}
