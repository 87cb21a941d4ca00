//! The runs on the bench: which one is looked at, and which one beside it.

use leptos::prelude::*;

use crate::lab::Branch;
use crate::time::Instant;

use super::session::LabSession;
use super::transport::span_text;

/// What the choice shows of the runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Runs {
    names: Vec<String>,
    current: usize,
    compared: Option<usize>,
}

/// The choice among runs, and of one to compare with; absent while there is only one.
#[component]
pub(super) fn Branches() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let runs = Memo::new(move |_| {
        session.deeds.track();
        let runs = session.read(|bench| Runs {
            names: bench.lab.branches().iter().map(described).collect(),
            current: bench.lab.current_index(),
            compared: bench.lab.compared_index(),
        });
        runs.unwrap_or_default()
    });
    let place = |event: leptos::ev::Event| event_target_value(&event).parse::<usize>().ok();
    let select = move |event: leptos::ev::Event| {
        if let Some(chosen) = place(event) {
            session.act(|lab| {
                lab.select(chosen);
                Ok(())
            });
        }
    };
    let compare = move |event: leptos::ev::Event| {
        let chosen = place(event);
        session.act(|lab| {
            lab.compare(chosen);
            Ok(())
        });
    };
    let discard = move |_| {
        session.act(|lab| {
            if let Some(place) = lab.compared_index() {
                lab.discard(place);
            }
            Ok(())
        });
    };
    let options = move |leave_out: Option<usize>, chosen: Option<usize>| {
        let names = runs.with(|runs| runs.names.clone());
        let option = |(place, name): (usize, String)| {
            view! { <option value=place.to_string() selected=chosen == Some(place)>{name}</option> }
        };
        names
            .into_iter()
            .enumerate()
            .filter(move |(place, _)| leave_out != Some(*place))
            .map(option)
            .collect_view()
    };
    let value = |place: Option<usize>| place.map_or(String::new(), |place| place.to_string());
    view! {
        <Show when=move || runs.with(|runs| runs.names.len() > 1)>
            <div class="lab-branches">
                <label>"run "
                    <select data-testid="run" on:change=select prop:value=move || runs.with(|runs| value(Some(runs.current)))>
                        {move || options(None, Some(runs.with(|runs| runs.current)))}
                    </select>
                </label>
                <label>"compare with "
                    <select data-testid="compare" on:change=compare prop:value=move || runs.with(|runs| value(runs.compared))>
                        <option value="">"no other"</option>
                        {move || options(Some(runs.with(|runs| runs.current)), runs.with(|runs| runs.compared))}
                    </select>
                </label>
                <Show when=move || runs.with(|runs| runs.compared.is_some())>
                    <button type="button" class="quiet" data-testid="discard" on:click=discard
                        title="Forgets the run that is shown beside">"Discard it"</button>
                </Show>
            </div>
        </Show>
    }
}

/// A run's name, with where it left another one.
fn described(branch: &Branch) -> String {
    match &branch.left {
        Some((other, at)) if *at > Instant::START => {
            format!("{}, off {other} at {}", branch.name, span_text(*at))
        }
        _ => branch.name.to_string(),
    }
}
