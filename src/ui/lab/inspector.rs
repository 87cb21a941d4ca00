//! What is known of what is selected, and what can be done to it; of the whole cluster while nothing is.

use std::collections::BTreeSet;

use leptos::prelude::*;

use crate::lab::inspect::{self, Fact, Section, Tone};
use crate::lab::observe::{Observer, Wanted};
use crate::log::Level;
use crate::snapshot::Snapshot;
use crate::view::beliefs;

use super::super::browser;
use super::deeds::DeedList;
use super::session::{Bench, Kind, LabSession, Selection};
use super::transport::span_text;

/// Real time between two looks while time passes; a crowd is looked at more rarely.
const PACE_MILLIS: f64 = 200.0;
const CROWD_PACE_MILLIS: f64 = 600.0;
const CROWD: usize = 150;
/// Sentences on who is mistaken.
const MISTAKES: usize = 8;
/// Lines of a node's log.
const LINES: usize = 8;
/// Sections that are closed until somebody opens them.
const CLOSED: [&str; 4] = [DEEDS, "Services", "Other rings", "Data"];
const DEEDS: &str = "What can be done";
const LOG: &str = "Its log";

/// What is selected, in a few words.
pub(super) fn title(bench: &Bench, on: Selection) -> String {
    let snapshot = &bench.snapshot;
    let name = |node: u32| snapshot.nodes.get(node as usize).map_or("?", |node| &*node.name);
    match on {
        Selection { node: Some(node), .. } => name(node).to_owned(),
        Selection { message: Some(message), .. } => format!("Message {message}"),
        Selection { link: Some((from, to)), .. } => format!("{} \u{2194} {}", name(from), name(to)),
        Selection { zone: Some(zone), .. } => {
            let zone = snapshot.zones.get(usize::from(zone)).filter(|zone| !zone.is_empty());
            zone.map_or("No zone".into(), |zone| format!("Zone {zone}"))
        }
        _ => "The cluster".into(),
    }
}

/// The panel.
#[component]
pub(super) fn Inspector() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let closed = RwSignal::new(BTreeSet::from(CLOSED.map(str::to_owned)));
    let own = StoredValue::new_local((Observer::default(), Snapshot::default()));
    let looked = StoredValue::new_local((f64::MIN, 0_u64, Selection::default()));
    let sections = Memo::new(move |before: Option<&Vec<Section>>| {
        let (on, deeds) = (session.selection.get(), session.deeds.get());
        session.tick.track();
        let now = browser::performance_now();
        let crowd = session.with(|bench| bench.snapshot.nodes.len() > CROWD) == Some(true);
        let pace = if crowd { CROWD_PACE_MILLIS } else { PACE_MILLIS };
        let (last, seen, of) = looked.get_value();
        if let Some(before) = before
            && session.playing.get_untracked()
            && now - last < pace
            && (seen, of) == (deeds, on)
        {
            return before.clone();
        }
        looked.set_value((now, deeds, on));
        let found = session.with(|bench| {
            let mut sections = sections_of(bench, on);
            if on == Selection::default() {
                let mistaken = own.try_update_value(|(eyes, snapshot)| mistakes(bench, eyes, snapshot));
                sections.extend(mistaken);
            }
            sections
        });
        found.unwrap_or_default()
    });
    let titles = Memo::new(move |_| {
        sections.with(|sections| Vec::from_iter(sections.iter().map(|section| section.title.clone())))
    });
    let title = Memo::new(move |_| {
        let on = session.selection.get();
        session.read(|bench| title(bench, on)).unwrap_or_default()
    });
    let is_nothing = Memo::new(move |_| session.selection.get() == Selection::default());
    let can_observe = Memo::new(move |_| session.selection.get().node);
    view! {
        <section class="panel lab-inspect" data-testid="inspector">
            <div class="row spread">
                <h2 data-testid="inspector-title">{move || title.get()}</h2>
                <Show when=move || !is_nothing.get()>
                    <button type="button" class="quiet icon" aria-label="Select nothing" title="Select nothing (Esc)"
                        data-testid="inspector-close"
                        on:click=move |_| { session.selection.set(Selection::default()); session.changed(); }>"\u{d7}"</button>
                </Show>
            </div>
            {move || can_observe.get().map(|node| view! {
                <button type="button" class="chip" data-testid="inspector-observe"
                    aria-pressed=move || (session.observer.get() == Some(node)).to_string()
                    on:click=move |_| {
                        let is_it = session.observer.get_untracked() == Some(node);
                        session.observe((!is_it).then_some(node));
                    }>"See everything as it does"</button>
            })}
            <Show when=move || is_nothing.get()>
                <p class="note">"Click a node, a message, a link or a zone in a picture, or a node in the list below."</p>
            </Show>
            <Show when=move || !is_nothing.get()>
                <Part closed title=DEEDS.to_owned()>
                    {move || view! { <DeedList on=session.selection.get() done=Callback::new(|()| ()) /> }}
                </Part>
            </Show>
            <For each=move || titles.get() key=Clone::clone children=move |title| {
                let name = title.clone();
                view! { <Part closed title><Facts sections title=name.clone() /></Part> }
            } />
            {move || can_observe.get().map(|node| view! {
                <Part closed title=LOG.to_owned()><LastLines node /></Part>
            })}
        </section>
    }
}

/// Something with a heading that can be closed, and stays so.
#[component]
pub(super) fn Part(closed: RwSignal<BTreeSet<String>>, title: String, children: ChildrenFn) -> impl IntoView {
    let key = StoredValue::new(title.clone());
    let is_open = Memo::new(move |_| closed.with(|closed| key.with_value(|key| !closed.contains(key))));
    let toggle = move |event: leptos::ev::MouseEvent| {
        // The element would open itself; it opens because it is no more closed.
        event.prevent_default();
        closed.update(|closed| {
            let key = key.get_value();
            if !closed.remove(&key) {
                closed.insert(key);
            }
        });
    };
    view! {
        <details class="lab-part" open=move || is_open.get()>
            <summary on:click=toggle><h3>{title}</h3></summary>
            <Show when=move || is_open.get()>{children()}</Show>
        </details>
    }
}

/// The rows of a section: they stay in place while their words change.
#[component]
fn Facts(sections: Memo<Vec<Section>>, title: String) -> impl IntoView {
    let title = StoredValue::new(title);
    let rows = Memo::new(move |_| {
        sections.with(|sections| {
            let section = title.with_value(|title| sections.iter().find(|section| section.title == *title));
            section.map_or_else(Vec::new, |section| section.rows.clone())
        })
    });
    let count = Memo::new(move |_| rows.with(Vec::len));
    view! {
        <ul class="lab-facts">
            <For each=move || 0..count.get() key=|place| *place children=move |place| {
                let fact = Memo::new(move |_| rows.with(|rows| rows.get(place).cloned()));
                view! { <FactRow fact /> }
            } />
        </ul>
    }
}

#[component]
fn FactRow(fact: Memo<Option<Fact>>) -> impl IntoView {
    let part = move |part: fn(&Fact) -> String| {
        move || fact.with(|fact| fact.as_ref().map_or_else(String::new, part))
    };
    let help = Memo::new(move |_| fact.with(|fact| fact.as_ref().and_then(|fact| fact.help)));
    let class = part(|fact| {
        match fact.tone {
            Tone::Plain => "lab-fact",
            Tone::Good => "lab-fact is-good",
            Tone::Warn => "lab-fact is-warn",
            Tone::Bad => "lab-fact is-bad",
        }
        .to_owned()
    });
    view! {
        <li class=class title=move || help.get()>
            <span class="lab-label" aria-description=move || help.get()>{part(|fact| fact.label.to_string())}</span>
            <span class="lab-value">{part(|fact| fact.value.clone())}</span>
        </li>
    }
}

fn sections_of(bench: &mut Bench, on: Selection) -> Vec<Section> {
    let simulation = bench.lab.simulation();
    match on {
        Selection { node: Some(node), .. } => inspect::node(simulation, node, bench.ring.as_ref()),
        Selection { message: Some(message), .. } => inspect::message(simulation, message),
        Selection { link: Some((from, to)), .. } => inspect::link(simulation, from, to),
        Selection { zone: Some(zone), .. } => inspect::zone(simulation, zone),
        _ => inspect::cluster(simulation, bench.lab.current().record().series.samples()),
    }
}

/// Who believes what is not so.
fn mistakes(bench: &Bench, eyes: &mut Observer, snapshot: &mut Snapshot) -> Section {
    let shown = bench.panes.iter().any(|pane| pane.kind == Kind::Beliefs);
    let beliefs = if shown {
        Some(&bench.snapshot)
    } else if bench.snapshot.nodes.len() <= CROWD {
        let wanted = Wanted { observer: None, messages: std::time::Duration::ZERO, beliefs: true };
        eyes.observe(bench.lab.simulation(), wanted, snapshot);
        Some(&*snapshot)
    } else {
        None
    };
    let fact = |value: String, tone: Tone| Fact { label: "".into(), value, tone, help: None };
    let rows = match beliefs {
        None => vec![fact("In so large a cluster the Beliefs picture tells.".into(), Tone::Plain)],
        Some(snapshot) => match beliefs::disagreements(snapshot, MISTAKES) {
            lines if lines.is_empty() => vec![fact("Nobody.".into(), Tone::Good)],
            lines => lines.into_iter().map(|line| fact(line, Tone::Warn)).collect(),
        },
    };
    Section { title: "Who is mistaken".into(), rows }
}

/// The last lines of a node's log, up to the cursor.
#[component]
fn LastLines(node: u32) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let lines = Memo::new(move |_| {
        let lines = session.read(|bench| {
            let now = bench.now();
            let lines = bench.lab.current().record().log.last_of(node, now, LINES);
            Vec::from_iter(lines.iter().map(|line| (line.at, line.level(), line.line.to_string())))
        });
        lines.unwrap_or_default()
    });
    view! {
        <ul class="lab-last-lines" data-testid="last-lines">
            <For each=move || lines.get() key=Clone::clone children=|(at, level, text)| view! {
                <li class=tone_of(level)><span class="soft">{span_text(at)}" "</span>{text}</li>
            } />
        </ul>
        <Show when=move || lines.with(Vec::is_empty)><p class="note">"It has written nothing yet."</p></Show>
    }
}

/// The class of a line's colour.
pub(super) const fn tone_of(level: Level) -> &'static str {
    match level {
        Level::Debug => "soft",
        Level::Info => "",
        Level::Warn => "warn",
        Level::Error => "bad",
    }
}
