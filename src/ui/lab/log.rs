//! The log of all nodes, or of one: Loki's own lines, of which only those in sight are in the document.

mod about;
mod row;

use std::time::Duration;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;

use crate::lab::log_store::{Filter, Line, View};
use crate::log::Level;
use crate::time::Instant;
use crate::view::table::Window;

use super::super::browser;
use super::session::{Bench, LabSession};
use about::About;
use row::{LogRow, Row};

/// The height that the style sheet gives a line, for a mouse and for a finger.
const LINE_HEIGHT: f64 = 26.0;
const TOUCH_LINE_HEIGHT: f64 = 40.0;
/// More lines than these are no text for a clipboard.
const MOST_COPIED: usize = 20_000;
/// How long typing has to rest before it is searched for.
const REST: Duration = Duration::from_millis(150);

/// Whose lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    All,
    /// Those of the selected node; all while none is.
    Selected,
    Pod(u32),
}

/// What is looked for and at; it outlives the panel.
#[derive(Clone, Copy)]
pub(super) struct LogState {
    level: RwSignal<Option<Level>>,
    whose: RwSignal<Whose>,
    text: RwSignal<String>,
    /// Whether the line at the cursor stays in sight.
    follows: RwSignal<bool>,
    /// The line that somebody clicked, with its number.
    chosen: RwSignal<Option<(u64, Line)>>,
}

impl LogState {
    pub(super) fn new() -> Self {
        Self {
            level: RwSignal::new(None),
            whose: RwSignal::new(Whose::All),
            text: RwSignal::default(),
            follows: RwSignal::new(true),
            chosen: RwSignal::new(None),
        }
    }
}

/// How many lines there are, and where in them the cursor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Extent {
    shown: usize,
    all: usize,
    dropped: u64,
    /// The row before which the cursor stands.
    cursor: usize,
    now: Instant,
}

fn view<'a>(bench: &'a mut Bench, filter: &Filter) -> View<'a> {
    bench.lab.current_mut().record_mut().log.view(filter)
}

/// The panel.
#[component]
pub(super) fn LogPanel(state: LogState) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let LogState { level, whose, text, follows, chosen } = state;
    let filter = Memo::new(move |_| {
        let pod = match whose.get() {
            Whose::All => None,
            Whose::Selected => session.selection.get().node,
            Whose::Pod(pod) => Some(pod),
        };
        Filter { level: level.get(), pod, text: text.get() }
    });
    let extent = Memo::new(move |_| {
        let filter = filter.get();
        let extent = session.read(|bench| {
            let now = bench.now();
            let log = &bench.lab.current().record().log;
            let (all, dropped) = (log.len(), log.dropped());
            let view = view(bench, &filter);
            Extent { shown: view.len(), all, dropped, cursor: view.index_at(now), now }
        });
        extent.unwrap_or_default()
    });
    let shown = Memo::new(move |_| extent.with(|extent| extent.shown));
    let height = if browser::matches_media("(pointer: coarse)") { TOUCH_LINE_HEIGHT } else { LINE_HEIGHT };
    let node = NodeRef::<Div>::new();
    let position = RwSignal::new((0.0, 480.0));
    let window = Memo::new(move |_| {
        let (top, seen) = position.get();
        Window::at(shown.get(), top, seen, height)
    });
    let rows = Memo::new(move |_| {
        let (window, filter) = (window.get(), filter.get());
        let rows = session.read(|bench| {
            let view = view(bench, &filter);
            Vec::from_iter((window.first..window.end).filter_map(|row| {
                let (number, line) = (view.number(row)?, view.line(row)?);
                Some(Row { number, text: filter.text.clone(), line: line.clone() })
            }))
        });
        rows.unwrap_or_default()
    });
    let names = Memo::new(move |_| {
        session.deeds.track();
        session
            .read(|bench| Vec::from_iter(bench.snapshot.nodes.iter().map(|node| node.name.to_string())))
            .unwrap_or_default()
    });
    // Where the box was scrolled to last, and how much was in it.
    let known = StoredValue::new((0_i32, 0_i32));
    let scroll = move |row: f64| {
        request_animation_frame(move || {
            let Some(node) = node.try_get_untracked().flatten() else { return };
            node.set_scroll_top((row * height) as i32);
            known.set_value((node.scroll_top(), node.scroll_height()));
            position.set((f64::from(node.scroll_top()), f64::from(node.client_height())));
        });
    };
    let visible = move || node.get_untracked().map_or(1.0, |node| f64::from(node.client_height()) / height);
    Effect::new(move || {
        let cursor = extent.with(|extent| extent.cursor);
        if node.get().is_some() && follows.get() {
            scroll((cursor as f64 - visible()).max(0.0).ceil());
        }
    });
    let scrolled = move |_| {
        let Some(node) = node.get_untracked() else { return };
        let (top, all) = (node.scroll_top(), node.scroll_height());
        let (last_top, last_all) = known.get_value();
        known.set_value((top, all));
        position.set((f64::from(top), f64::from(node.client_height())));
        // What the reader did, and not lines that came or went.
        if all == last_all && (top - last_top).abs() > 1 {
            let cursor = extent.with_untracked(|extent| extent.cursor) as f64;
            let end = (cursor * height - f64::from(node.client_height())).max(0.0);
            follows.set((f64::from(top) - end).abs() < 2.0 * height);
        }
    };
    let go = move |number: u64, line: Line| {
        let at = line.at;
        follows.set(false);
        chosen.set(Some((number, line)));
        session.act(|lab| {
            lab.clock.playing = false;
            lab.seek(at);
            Ok(())
        });
    };
    let step = move |by: i64| {
        let now = chosen.with_untracked(|chosen| chosen.as_ref().map(|(number, _)| *number));
        let found = session.with(|bench| {
            let view = view(bench, &filter.get_untracked());
            let from = now.and_then(|number| view.row_of(number)).map(|row| row as i64 + by);
            let cursor = extent.with_untracked(|extent| extent.cursor) as i64 - 1;
            let row = from.unwrap_or(cursor).clamp(0, (view.len() as i64 - 1).max(0)) as usize;
            Some((row, view.number(row)?, view.line(row)?.clone()))
        });
        let Some(Some((row, number, line))) = found else { return };
        follows.set(false);
        chosen.set(Some((number, line)));
        let (top, seen) = position.get_untracked();
        let row = row as f64;
        if row * height < top {
            scroll(row);
        } else if (row + 1.0) * height > top + seen {
            scroll((row + 1.0 - visible()).ceil());
        }
    };
    let keys = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowDown" => step(1),
            "ArrowUp" => step(-1),
            "Enter" => {
                if let Some((number, line)) = chosen.get_untracked() {
                    go(number, line);
                }
            }
            "End" => follows.set(true),
            "Home" => {
                follows.set(false);
                scroll(0.0);
            }
            "PageUp" | "PageDown" => {
                // The browser scrolls; time does not move.
                event.stop_propagation();
                return;
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let counts = move || {
        let Extent { shown, all, dropped, .. } = extent.get();
        let more = if dropped > 0 { format!("; {dropped} older ones are not kept") } else { String::new() };
        match filter.with(|filter| *filter == Filter::default()) {
            true => format!("{all} lines{more}"),
            false => format!("{shown} of {all} lines{more}"),
        }
    };
    let now = Memo::new(move |_| extent.with(|extent| extent.now));
    let is_single = Memo::new(move |_| filter.with(|filter| filter.pod.is_some()));
    view! {
        <div class="lab-log" data-testid="log">
            <Bar state names filter />
            <div class="row spread">
                <p class="note" role="status" data-testid="log-count">{counts}</p>
                <button type="button" class="chip" data-testid="log-follow"
                    aria-pressed=move || follows.get().to_string()
                    on:click=move |_| follows.update(|follows| *follows = !*follows)>"Follow the cursor"</button>
            </div>
            <div class="lab-log-lines mono" class:fingers=height == TOUCH_LINE_HEIGHT node_ref=node tabindex="0"
                role="listbox" aria-label="Log lines; Enter goes to the instant of the chosen one"
                aria-activedescendant=move || chosen.with(|chosen| chosen.as_ref().map(|(number, _)| format!("lab-line-{number}")))
                on:scroll=scrolled on:keydown=keys data-testid="log-lines">
                <div class="lab-log-space" role="presentation" style:height=move || format!("{}px", shown.get() as f64 * height)>
                    <div role="presentation" style:transform=move || format!("translateY({}px)", window.get().first as f64 * height)>
                        <For each=move || rows.get() key=Row::key children=move |row| view! {
                            <LogRow row names now is_single chosen on_click=Callback::new(move |(number, line)| go(number, line)) />
                        } />
                    </div>
                </div>
            </div>
            <Show when=move || shown.get() == 0>
                <p class="note">{move || if extent.with(|extent| extent.all) == 0 {
                    "Nobody has written anything yet."
                } else {
                    "No line passes these filters."
                }}</p>
            </Show>
            <About chosen names />
        </div>
    }
}

/// The filters, and what can be taken along.
#[component]
fn Bar(state: LogState, names: Memo<Vec<String>>, filter: Memo<Filter>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let LogState { level, whose, text, follows, .. } = state;
    let choose_level = move |event: leptos::ev::Event| {
        level.set(match &*event_target_value(&event) {
            "debug" => Some(Level::Debug),
            "info" => Some(Level::Info),
            "warn" => Some(Level::Warn),
            "error" => Some(Level::Error),
            _ => None,
        });
        follows.set(true);
    };
    let choose_node = move |event: leptos::ev::Event| {
        whose.set(match &*event_target_value(&event) {
            "selected" => Whose::Selected,
            number => number.parse().map_or(Whose::All, Whose::Pod),
        });
        follows.set(true);
    };
    let mut search = debounce(REST, move |wanted: String| text.set(wanted));
    let whole = move |most: usize| {
        let filter = filter.get_untracked();
        let names = names.get_untracked();
        let lines = session.with(|bench| {
            let view = view(bench, &filter);
            let mut lines = String::new();
            for row in view.len().saturating_sub(most)..view.len() {
                let Some(line) = view.line(row) else { continue };
                if let (None, Some(name)) = (filter.pod, names.get(line.pod as usize)) {
                    lines.push_str(name);
                    lines.push(' ');
                }
                lines.push_str(&line.text());
                lines.push('\n');
            }
            lines
        });
        lines.unwrap_or_default()
    };
    let copy = move |_| {
        let lines = whole(MOST_COPIED);
        leptos::task::spawn_local(async move {
            session.say(match browser::copy(lines).await {
                true => "Copied.",
                false => "The browser did not allow it; Download saves the lines as a file.",
            });
        });
    };
    let download = move |_| browser::download("ringside.log", &whole(usize::MAX), "text/plain");
    view! {
        <div class="lab-bar">
            <label>"search "
                <input type="search" data-testid="log-search" placeholder="words in a line" prop:value=move || text.get()
                    on:input=move |event| search(event_target_value(&event)) />
            </label>
            <label>"level "
                <select data-testid="log-level" on:change=choose_level prop:value=move || level.get().map_or("", Level::name)>
                    <option value="">"all"</option>
                    <option value="info">"info and above"</option>
                    <option value="warn">"warn and above"</option>
                    <option value="error">"error"</option>
                </select>
            </label>
            <label>"node "
                <select data-testid="log-node" on:change=choose_node prop:value=move || match whose.get() {
                    Whose::All => String::new(),
                    Whose::Selected => "selected".into(),
                    Whose::Pod(pod) => pod.to_string(),
                }>
                    <option value="">"all"</option>
                    <option value="selected">"the selected one"</option>
                    {move || names.get().into_iter().zip(0_u32..).map(|(name, number)| view! {
                        <option value=number.to_string() selected=move || whose.get() == Whose::Pod(number)>{name}</option>
                    }).collect_view()}
                </select>
            </label>
            <button type="button" data-testid="log-copy" on:click=copy>"Copy"</button>
            <button type="button" data-testid="log-download" on:click=download>"Download"</button>
        </div>
    }
}
