//! The picture's twin: every instance with every fact, sorted, filtered, linked with the selection.

use std::sync::Arc;

use leptos::prelude::*;

use crate::time::{WallTime, age_text};
use crate::view::palette::hue_of;
use crate::view::table::{Column, Order, Row, arrange};
use crate::view::text;

use super::browser;
use super::session::Session;
use super::windowed::{Windowed, spacer};

/// The table.
#[component]
pub(super) fn RingTable() -> impl IntoView {
    let session = expect_context::<Session>();
    let filter = RwSignal::new(String::new());
    let order = RwSignal::new(Order::PROBLEMS_FIRST);
    let arranged = Memo::new(move |_| {
        session.shown.track();
        let places = session.with(|shown| filter.with(|filter| arrange(&shown.rows, filter, order.get())));
        Arc::new(places.unwrap_or_default())
    });
    let count = Memo::new(move |_| arranged.with(|places| places.len()));
    let windowed = Windowed::new(count);
    Effect::new(move || {
        let selected = session.focus.with(|focus| focus.instance);
        let place = selected.and_then(|instance| {
            arranged.with_untracked(|places| {
                session.with(|shown| {
                    places.iter().position(|&place| shown.rows[place as usize].index == instance)
                })
            })
        });
        if let Some(place) = place.flatten() {
            windowed.reveal(place);
        }
    });
    // A row that stays in the window keeps its elements: which ring, which line, which instance.
    let rows = move || {
        let (window, shown) = (windowed.window.get(), session.shown.get());
        arranged.with(|places| {
            let lines = places.iter().enumerate().take(window.end).skip(window.first);
            lines.map(|(line, &index)| (shown, line, index)).collect::<Vec<_>>()
        })
    };
    let zones = Memo::new(move |_| {
        session.shown.track();
        session.with(|shown| shown.picture.ring().topology().zones().len()).unwrap_or(0)
    });
    let no_hit = move || count.get() == 0 && !filter.with(String::is_empty);
    let total = move || {
        session.shown.track();
        session.with(|shown| shown.rows.len()).unwrap_or(0)
    };
    view! {
        <section class="panel table" aria-labelledby="table-title">
            <div class="row spread">
                <h2 id="table-title">"Instances"</h2>
                <span class="note" id="table-count">
                    {move || format!("{} of {}", text::count(count.get() as u64), text::count(total() as u64))}
                </span>
                <label class="unseen" for="table-filter">"Filter instances"</label>
                <input
                    id="table-filter" type="search" autocomplete="off" spellcheck="false"
                    placeholder="Filter: name, zone, state\u{2026}"
                    prop:value=move || filter.get()
                    on:input=move |event| filter.set(event_target_value(&event))
                />
            </div>
            <Show when=no_hit>
                <p class="row" id="no-match">
                    <span>{move || format!("No instance matches \u{201c}{}\u{201d}.", text::cut(&filter.get(), 40))}</span>
                    <button type="button" id="filter-clear" on:click=move |_| {
                        filter.set(String::new());
                        browser::focus("table-filter");
                    }>"Clear"</button>
                </p>
            </Show>
            <div class="scroller" id="ring-table-box" tabindex="0" role="region" aria-label="Rows"
                node_ref=windowed.node on:scroll=move |_| windowed.scrolled()>
                <table id="ring-table" aria-rowcount=move || count.get() + 1>
                    <thead>
                        <tr>
                            {Column::ALL.map(|column| heading(column, order, zones))}
                        </tr>
                    </thead>
                    <tbody>
                        {move || spacer(windowed.window.get().first)}
                        <For each=rows key=|row| *row children=move |(_, place, index)| {
                            session.with(|shown| shown.rows.get(index as usize).map(|row| table_row(session, row, place)))
                        } />
                        {move || spacer(count.get().saturating_sub(windowed.window.get().end))}
                    </tbody>
                </table>
            </div>
            <p class="note">
                "\u{201c}Owns\u{201d} is computed as the ring page does it: each zone is a ring of its own, so the column sums to 100\u{202f}% \
                for each zone. It ignores replication, states and health."
            </p>
        </section>
    }
}

fn heading(column: Column, order: RwSignal<Order>, zones: Memo<usize>) -> impl IntoView {
    let sorted = move || {
        let order = order.get();
        match (order.column == Some(column), order.descending) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    };
    let arrow = move || match sorted() {
        "ascending" => " \u{2191}",
        "descending" => " \u{2193}",
        _ => "",
    };
    let title = move || match column {
        Column::Ownership if zones.get() > 1 => "Owns (of its zone)",
        _ => column.title(),
    };
    view! {
        <th scope="col" aria-sort=sorted class:number=column.is_number()>
            <button type="button" data-testid=format!("sort-{}", column.key())
                on:click=move |_| order.update(|order| *order = order.clicked(column))>
                {title}<span aria-hidden="true">{arrow}</span>
            </button>
        </th>
    }
}

fn table_row(session: Session, row: &Row, place: usize) -> impl IntoView + use<> {
    let index = row.index;
    let selected = move || session.focus.with(|focus| focus.instance == Some(index));
    let toggle = move |_| session.select_instance((!selected()).then_some(index));
    let age = match row.heartbeat_age {
        Some(age) => format!("{} ago", age_text(age)),
        None => "in the future".to_owned(),
    };
    let registered = match row.registered {
        0 => "unknown".to_owned(),
        seconds => WallTime::from_unix_secs(seconds).to_rfc3339(),
    };
    let width =
        format!("{:.2}%", (row.percent / (row.expected_percent * 2.0).max(1e-9) * 100.0).clamp(0.0, 100.0));
    let dash = |text: &str| if text.is_empty() { "\u{2013}".to_owned() } else { text.to_owned() };
    view! {
        <tr
            data-testid="ring-row" data-instance=row.id.clone() data-state=row.mark.name()
            aria-rowindex=place + 2 class:selected=selected on:click=toggle
        >
            <th scope="row">
                <button type="button" class="name" title=row.id.clone() aria-pressed=move || selected().to_string()>
                    <i class=format!("hue hue-{}", hue_of(index) + 1) aria-hidden="true"></i>
                    {ends(&row.id)}
                </button>
            </th>
            <td class=format!("state {}", row.mark.tone())>
                <span aria-hidden="true">{row.mark.sign()}" "</span>{row.mark.name()}
            </td>
            <td>{dash(&row.zone)}</td>
            <td class="number">{age}</td>
            <td class="number">{text::count(row.tokens as u64)}</td>
            <td class="number owns">
                <span class="bar" aria-hidden="true"><i class=format!("hue-{}", hue_of(index) + 1) style:width=width></i></span>
                {text::share(row.percent)}
            </td>
            <td class="number">{text::signed_percent(row.deviation())}
                <span class="soft">{format!(" of {}", text::share(row.expected_percent))}</span></td>
            <td class="mono">{dash(&row.address)}</td>
            <td>{if row.read_only { "yes" } else { "no" }}</td>
            <td class="mono">{registered}</td>
        </tr>
    }
}

/// A name that gives way in its middle where there is no room for all of it.
fn ends(name: &str) -> impl IntoView + use<> {
    let (start, tail) = text::name_and_tail(name);
    let start = (!start.is_empty()).then(|| view! { <span class="start">{start.to_owned()}</span> });
    view! { <span class="ends">{start}<span>{tail.to_owned()}</span></span> }
}
