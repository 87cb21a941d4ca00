//! Everything that changed since the page was opened, and what differs between two instants.

use leptos::prelude::*;

use crate::live::history::{Change, between};
use crate::live::watch::gap_for;
use crate::view::text;

use super::session::LiveSession;

/// Rows made at once.
const MOST_ROWS: usize = 200;

type Row = (String, String, String, bool);

fn row(change: &Change) -> Row {
    (change.at.to_rfc3339(), change.id.to_string(), change.what.to_string(), change.what.is_bad())
}

/// The panel.
#[component]
pub(super) fn Changes() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let filter = RwSignal::new(String::new());
    let rows = Memo::new(move |_| {
        session.changed.track();
        session.shown.track();
        let place = session.shown_place().unwrap_or_default();
        let wanted = filter.get().to_lowercase();
        session
            .sources(|sources| {
                let history = &sources.get(place)?.history;
                let fits = |row: &Row| {
                    wanted.is_empty()
                        || row.1.to_lowercase().contains(&wanted)
                        || row.2.to_lowercase().contains(&wanted)
                };
                let rows = history.changes().rev().map(row).filter(fits).take(MOST_ROWS);
                Some((rows.collect::<Vec<_>>(), history.changes().len() as u64, history.forgotten_changes()))
            })
            .flatten()
            .unwrap_or_default()
    });
    let count = move || {
        let (shown, all, forgotten) =
            rows.with(|(rows, all, forgotten)| (rows.len() as u64, *all, *forgotten));
        let forgotten = if forgotten > 0 {
            format!(", {} older ones forgotten", text::count(forgotten))
        } else {
            String::new()
        };
        format!("{} of {}{forgotten}", text::count(shown), text::count(all))
    };
    view! {
        <section class="panel" aria-labelledby="changes-title" id="changes">
            <div class="row spread">
                <h2 id="changes-title">"Changes"</h2>
                <span class="note" id="changes-count">{count}</span>
                <label class="unseen" for="changes-filter">"Filter changes"</label>
                <input id="changes-filter" type="search" autocomplete="off" spellcheck="false" placeholder="Filter: name, UNHEALTHY\u{2026}"
                    on:input=move |event| filter.set(event_target_value(&event)) />
            </div>
            {move || match rows.with(|(rows, ..)| rows.is_empty()) {
                true => view! { <p class="soft">"Nothing has changed since the first page."</p> }.into_any(),
                false => view! { <ChangeTable rows=Signal::derive(move || rows.with(|(rows, ..)| rows.clone())) id="changes-table" /> }.into_any(),
            }}
            <TwoInstants />
        </section>
    }
}

#[component]
fn ChangeTable(rows: Signal<Vec<Row>>, id: &'static str) -> impl IntoView {
    view! {
        <div class="scroller changes-box" tabindex="0" role="region" aria-label="Changes">
            <table id=id>
                <thead><tr><th scope="col">"Seen at"</th><th scope="col">"Instance"</th><th scope="col">"What"</th></tr></thead>
                <tbody>
                    {move || rows.get().into_iter().map(|(at, id, what, is_bad)| view! {
                        <tr data-testid="change">
                            <td class="mono">{at}</td>
                            <th scope="row"><bdi>{id}</bdi></th>
                            <td class=if is_bad { "bad" } else { "" }>{what}</td>
                        </tr>
                    }).collect_view()}
                </tbody>
            </table>
        </div>
    }
}

/// What differs between an instant that was marked and the one that is shown.
#[component]
fn TwoInstants() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let difference = Memo::new(move |_| {
        session.changed.track();
        session.cursor.track();
        session.shown.track();
        let mark = session.mark.get()?;
        let shown = session.frame()?;
        let place = session.shown_place()?;
        let gap = gap_for(session.heartbeat_timeout());
        session.sources(|sources| {
            let marked = sources.get(place)?.history.at(mark)?;
            // From the earlier one to the later one, however they were chosen.
            let (old, new) = if marked.at <= shown.at { (marked, &shown) } else { (&shown, marked) };
            let rows = between(old, new, gap).iter().map(row).collect::<Vec<_>>();
            Some((old.at.to_rfc3339(), new.at.to_rfc3339(), rows))
        })?
    });
    let mark = move |_| session.mark.set(session.frame().map(|frame| frame.at));
    view! {
        <details id="two-instants">
            <summary>"Compare two instants"</summary>
            <div class="row">
                <button type="button" id="mark-instant" on:click=mark>"Mark this instant"</button>
                <p class="note">"Then go to another one: what differs stands here."</p>
            </div>
            {move || difference.get().map(|(from, to, rows)| {
                let none = rows.is_empty();
                view! {
                    <p class="note" id="two-instants-from">{format!("From {from} to {to}: {}", match rows.len() {
                        0 => "nothing but heartbeats.".to_owned(),
                        1 => "1 difference.".to_owned(),
                        count => format!("{} differences.", text::count(count as u64)),
                    })}</p>
                    {(!none).then(|| view! { <ChangeTable rows=Signal::stored(rows) id="two-instants-table" /> })}
                }
            })}
        </details>
    }
}
