//! Every command of the run, planned or given by hand: when, what, and whether it has come to pass.

use leptos::prelude::*;

use crate::go::duration;
use crate::lab::plan;
use crate::sim::TimedCommand;
use crate::time::Instant;

use super::super::browser;
use super::session::LabSession;
use super::transport::clock_text;

/// A command in the list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    /// Its place among those that were given.
    place: usize,
    at: Instant,
    words: String,
    note: String,
    json: String,
}

/// Which command is being changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Editing {
    Nothing,
    New,
    Row(usize),
}

/// The list.
#[component]
pub(super) fn CommandList() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let editing = RwSignal::new(Editing::Nothing);
    let rows = Memo::new(move |_| {
        session.deeds.track();
        session.with(|bench| rows_of(bench.lab.current().steps())).unwrap_or_default()
    });
    let done = Memo::new(move |_| {
        session.deeds.track();
        session.read(|bench| plan::done(bench.lab.current().steps(), bench.now())).unwrap_or(0)
    });
    let places = move || rows.with(|rows| rows.iter().cloned().enumerate().collect::<Vec<_>>());
    let summary = move || match (rows.with(Vec::len), done.get()) {
        (0, _) => "Nothing is done to this cluster yet. What you do to it will stand here.".to_owned(),
        (all, done) if all == done => format!("{all} done"),
        (all, done) => format!("{done} done, {} to come", all - done),
    };
    let save = move |_| {
        let file = session.with(|bench| {
            let scenario = bench.lab.current().scenario();
            (format!("{}.json", file_name(&scenario.name)), scenario.to_json())
        });
        if let Some((name, text)) = file {
            browser::download(&name, &text, "application/json");
        }
    };
    let copy = move |_| {
        let text = session.with(|bench| serde_json::to_string_pretty(bench.lab.current().steps()));
        let Some(Ok(text)) = text else { return };
        leptos::task::spawn_local(async move {
            session.say(match browser::copy(text).await {
                true => "Copied.",
                false => "The browser does not let this page copy; save the file instead.",
            });
        });
    };
    view! {
        <section class="panel lab-commands" aria-labelledby="lab-commands-title" data-testid="commands">
            <h2 id="lab-commands-title">"Commands"</h2>
            <p class="note" data-testid="commands-summary">{summary}</p>
            <ol>
                <For each=places key=|row| row.clone() let:row>
                    <RowView number=row.0 row=row.1 done editing />
                </For>
            </ol>
            <Show when=move || editing.get() == Editing::New fallback=move || view! {
                <button type="button" data-testid="command-add" on:click=move |_| editing.set(Editing::New)>"Add a command"</button>
            }>
                <Editor row=None editing />
            </Show>
            <Show when=move || rows.with(|rows| !rows.is_empty())>
                <div class="row">
                    <button type="button" class="quiet" data-testid="commands-copy" on:click=copy>"Copy as JSON"</button>
                    <button type="button" class="quiet" data-testid="commands-save" on:click=save>"Save scenario"</button>
                </div>
            </Show>
        </section>
    }
}

/// A name that any system takes for a file.
pub(super) fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let name: String = name.chars().take(60).map(plain).collect();
    if name.is_empty() { "scenario".to_owned() } else { name }
}

fn rows_of(steps: &[TimedCommand]) -> Vec<Row> {
    let row = |place: usize| {
        let TimedCommand { at, command, note } = &steps[place];
        let (words, json) = (command.words(), plan::to_json(command));
        Row { place, at: Instant::START + at.0, words, note: note.clone(), json }
    };
    plan::in_order(steps).into_iter().map(row).collect()
}

#[component]
fn RowView(
    /// Which it is by time.
    number: usize,
    row: Row,
    /// How many have come to pass.
    done: Memo<usize>,
    editing: RwSignal<Editing>,
) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let is_past = Memo::new(move |_| number < done.get());
    let Row { place, at, words, note, .. } = row.clone();
    let go = move |_| {
        session.act(|lab| {
            lab.clock.playing = false;
            lab.seek(at);
            Ok(())
        });
    };
    let is_edited = move || editing.get() == Editing::Row(place);
    let when = clock_text(at.nanos());
    let name = format!("Go to {when}: {words}");
    let change = format!("Edit: {words}");
    view! {
        <li class:past=move || is_past.get() data-testid="command">
            <div class="lab-command">
                <button type="button" class="lab-when" aria-label=name title="Go there" data-testid="command-go" on:click=go>{when}</button>
                <span class="lab-words">
                    {words}
                    <span class="unseen">{move || if is_past.get() { ", done" } else { ", to come" }}</span>
                    {(!note.is_empty()).then(|| view! { <span class="soft">" \u{2013} "{note}</span> })}
                </span>
                <button type="button" class="quiet" aria-label=change aria-expanded=move || is_edited().to_string()
                    data-testid="command-edit"
                    on:click=move |_| editing.set(if untrack(is_edited) { Editing::Nothing } else { Editing::Row(place) })>"Edit"</button>
            </div>
            {
                let row = StoredValue::new(row);
                view! {
                    <Show when=is_edited>
                        <Editor row=Some(row.get_value()) editing />
                    </Show>
                }
            }
        </li>
    }
}

/// Changes a command, or makes a new one.
#[component]
fn Editor(row: Option<Row>, editing: RwSignal<Editing>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let place = row.as_ref().map(|row| row.place);
    let templates = session.with(|bench| plan::templates(bench.lab.simulation())).unwrap_or_default();
    let begin =
        |index: usize| templates.get(index).map(|(_, command)| plan::to_json(command)).unwrap_or_default();
    let now = session.with(|bench| bench.now()).unwrap_or_default();
    // A new one lies a little ahead, where it changes nothing that was seen.
    let at = row.as_ref().map_or(now + std::time::Duration::from_secs(5), |row| row.at);
    let at = RwSignal::new(duration::format(at.since(Instant::START)));
    let note = RwSignal::new(row.as_ref().map(|row| row.note.clone()).unwrap_or_default());
    let json = RwSignal::new(row.map_or_else(|| begin(0), |row| row.json));
    let wrong = RwSignal::new(None::<String>);
    let labels = Vec::from_iter(templates.iter().map(|(label, _)| *label));
    let templates = StoredValue::new(templates);
    let names = Memo::new(move |_| {
        json.with(|json| plan::fields(json)).into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    });
    let change = move |steps: Vec<TimedCommand>| {
        let result = session.with(|bench| bench.lab.change(steps)).unwrap_or(Ok(()));
        wrong.set(result.as_ref().err().map(ToString::to_string));
        if result.is_ok() {
            editing.set(Editing::Nothing);
            session.changed();
        }
    };
    let steps = move || session.with(|bench| bench.lab.current().steps().to_vec()).unwrap_or_default();
    let save = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let timed = plan::parse(at.get_untracked().trim(), &json.get_untracked(), &note.get_untracked());
        match timed {
            Err(error) => wrong.set(Some(error.to_string())),
            Ok(timed) => {
                let mut steps = steps();
                match place.and_then(|place| steps.get_mut(place)) {
                    Some(step) => *step = timed,
                    None => steps.push(timed),
                }
                change(steps);
            }
        }
    };
    let delete = move |_| {
        let mut steps = steps();
        if let Some(place) = place.filter(|place| *place < steps.len()) {
            steps.remove(place);
            change(steps);
        }
    };
    let choose = move |event: leptos::ev::Event| {
        let index = event_target_value(&event).parse::<usize>().ok();
        let chosen = index.and_then(|index| {
            templates.with_value(|all| all.get(index).map(|(_, command)| plan::to_json(command)))
        });
        if let Some(chosen) = chosen {
            json.set(chosen);
        }
    };
    let field = move |name: String| {
        let known = name.clone();
        let value = Memo::new(move |_| {
            json.with(|json| plan::fields(json))
                .into_iter()
                .find(|(name, _)| *name == known)
                .map(|(_, text)| text)
                .unwrap_or_default()
        });
        let key = name.clone();
        let put = move |text: String| json.update(|json| *json = plan::with_field(json, &key, &text));
        let is_flag = value.with_untracked(|value| value == "true" || value == "false");
        match is_flag {
            true => view! {
                <label class="check">
                    <input type="checkbox" prop:checked=move || value.with(|value| value == "true")
                        on:change=move |event| put(event_target_checked(&event).to_string()) />
                    {name}
                </label>
            }
            .into_any(),
            false => view! {
                <label>{name}
                    <input type="text" class="mono" autocomplete="off" spellcheck="false" prop:value=move || value.get()
                        on:change=move |event| put(event_target_value(&event)) />
                </label>
            }
            .into_any(),
        }
    };
    view! {
        <form class="lab-editor" on:submit=save data-testid="command-editor"
            on:keydown=move |event| if event.key() == "Escape" { editing.set(Editing::Nothing); event.stop_propagation(); }>
            {place.is_none().then(|| view! {
                <label>"What"
                    <select data-testid="command-kind" on:change=choose>
                        {labels.into_iter().enumerate().map(|(index, label)| view! {
                            <option value=index.to_string()>{label}</option>
                        }).collect_view()}
                    </select>
                </label>
            })}
            <label>"At, from the beginning"
                <input type="text" class="mono" autocomplete="off" data-testid="command-at" prop:value=move || at.get()
                    on:input=move |event| at.set(event_target_value(&event)) />
            </label>
            <For each=move || names.get() key=|name| name.clone() children=field />
            <label>"Why (for people)"
                <input type="text" data-testid="command-note" prop:value=move || note.get()
                    on:input=move |event| note.set(event_target_value(&event)) />
            </label>
            <details>
                <summary>"As JSON"</summary>
                <textarea rows="4" spellcheck="false" aria-label="The command as JSON" data-testid="command-json"
                    prop:value=move || json.get() on:input=move |event| json.set(event_target_value(&event))></textarea>
            </details>
            <p class="error" role="alert" data-testid="command-error">{move || wrong.get()}</p>
            <div class="row">
                <button type="submit" class="primary" data-testid="command-save">{if place.is_some() { "Change" } else { "Add" }}</button>
                <button type="button" class="quiet" on:click=move |_| editing.set(Editing::Nothing)>"Cancel"</button>
                {place.map(|_| view! {
                    <button type="button" class="quiet bad" data-testid="command-delete" on:click=delete>"Delete"</button>
                })}
            </div>
        </form>
    }
}
