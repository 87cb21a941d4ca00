//! What can be done to something, as a list of buttons: each with its key while the list has the keyboard, and with the
//! reason where it makes no sense now.

use std::collections::BTreeSet;

use leptos::ev::KeyboardEvent;
use leptos::html::{Div, Input};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::lab::deeds::{Act, Deed, Question, Target, deeds_for};

use super::super::browser;
use super::inspector::Part;
use super::session::{LabSession, Selection};

/// What a selection is a target of.
fn target_of(on: Selection) -> Option<Target> {
    let node = on.node.map(Target::Node);
    let message = on.message.map(Target::Message);
    let link = on.link.map(|(from, to)| Target::Link { from, to });
    node.or(message).or(link).or(on.zone.map(Target::Zone))
}

/// What can be done to a selection; nothing to nothing.
#[component]
pub(super) fn DeedList(on: Selection, done: Callback<()>) -> impl IntoView {
    target_of(on).map(|target| view! { <Deeds target done /> })
}

/// What can be done to a target. `done` is called after each deed.
#[component]
pub(super) fn Deeds(target: Target, done: Callback<()>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let list = NodeRef::<Div>::new();
    let asking = RwSignal::new(None::<(usize, Question)>);
    let deeds = Memo::new(move |_| {
        let observer = session.observer.get();
        session.read(|bench| deeds_for(target, observer, bench.lab.simulation())).unwrap_or_default()
    });
    let count = Memo::new(move |_| deeds.with(Vec::len));
    let act = move |place: usize| {
        // While time passes, what is shown may be a little old.
        let observer = session.observer.get_untracked();
        let now = session.with(|bench| deeds_for(target, observer, bench.lab.simulation()));
        let Some(deed) = now.and_then(|mut deeds| (place < deeds.len()).then(|| deeds.swap_remove(place)))
        else {
            return;
        };
        match (deed.why_not, deed.act) {
            (Some(why_not), _) => session.say(format!("Not now: {why_not}.")),
            (None, Act::Ask(question)) => asking.set(Some((place, question))),
            (None, Act::Do(commands)) => {
                asking.set(None);
                session.command(commands);
                done.run(());
            }
        }
    };
    let keys = move |event: KeyboardEvent| {
        let on = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        let is_typing = on.is_some_and(|element| element.tag_name() == "INPUT");
        if is_typing || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let key = event.key();
        match key.as_str() {
            "ArrowDown" => step(list, 1),
            "ArrowUp" => step(list, -1),
            _ => {
                let mut letters = key.chars();
                let (Some(letter), None) = (letters.next(), letters.next()) else { return };
                let place =
                    deeds.with_untracked(|deeds| deeds.iter().position(|deed| deed.key == Some(letter)));
                let Some(place) = place else { return };
                act(place);
            }
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let answered = Callback::new(move |is_done: bool| {
        if let (Some(list), Some((place, _))) = (list.get_untracked(), asking.get_untracked()) {
            focus_first(&list, &format!("[data-place='{place}']"));
        }
        asking.set(None);
        if is_done {
            done.run(());
        }
    });
    view! {
        <div class="lab-deeds" node_ref=list on:keydown=keys data-testid="deeds">
            <ul>
                <For each=move || 0..count.get() key=|place| *place children=move |place| view! {
                    <li>
                        <DeedButton deeds place on_act=Callback::new(act) />
                        {move || asking.get().filter(|(asked, _)| *asked == place).map(|(_, question)| view! {
                            <Answer question answered />
                        })}
                    </li>
                } />
            </ul>
        </div>
    }
}

/// One button. What it does may change under it, as from pausing to going on.
#[component]
fn DeedButton(deeds: Memo<Vec<Deed>>, place: usize, on_act: Callback<usize>) -> impl IntoView {
    let part = move |part: fn(&Deed) -> Option<String>| {
        Memo::new(move |_| deeds.with(|deeds| deeds.get(place).and_then(part)))
    };
    let label = part(|deed| Some(deed.label.clone()));
    let key = part(|deed| deed.key.map(String::from));
    let why_not = part(|deed| deed.why_not.clone());
    let is_danger = Memo::new(move |_| deeds.with(|deeds| deeds.get(place).is_some_and(|deed| deed.danger)));
    view! {
            <button type="button" class="lab-deed" data-place=place.to_string() class:danger=move || is_danger.get()
                aria-disabled=move || why_not.with(Option::is_some).to_string()
                aria-keyshortcuts=move || key.get()
                data-testid=move || format!("deed-{}", key.get().unwrap_or_default())
                on:click=move |_| on_act.run(place)>
                <span>
                    {move || label.get()}
                    {move || why_not.get().map(|why| view! { <span class="lab-why-not">{why}</span> })}
                </span>
                {move || key.get().map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
            </button>
    }
}

/// Asks what has to be said first.
#[component]
fn Answer(question: Question, answered: Callback<bool>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let input = NodeRef::<Input>::new();
    let text = RwSignal::new(question.proposal().to_owned());
    let wrong = RwSignal::new(None::<String>);
    input.on_load(|input| {
        request_animation_frame(move || {
            let _ = input.focus();
            input.select();
        });
    });
    let prompt = question.prompt();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        match question.answer(&text.get_untracked()) {
            Ok(command) => {
                if session.command(vec![command]) {
                    answered.run(true);
                }
            }
            Err(why) => wrong.set(Some(why)),
        }
    };
    let escape = move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            event.prevent_default();
            event.stop_propagation();
            answered.run(false);
        }
    };
    view! {
        <form class="lab-answer" data-testid="deed-question" on:submit=submit on:keydown=escape>
            <label>{prompt}
                <input type="text" class="mono" node_ref=input data-testid="deed-answer" autocomplete="off"
                    aria-invalid=move || wrong.with(Option::is_some).to_string()
                    prop:value=move || text.get()
                    on:input=move |event| { text.set(event_target_value(&event)); wrong.set(None); } />
            </label>
            <p class="error" role="alert">{move || wrong.get()}</p>
            <div class="row">
                <button type="submit" class="primary" data-testid="deed-do">"Do it"</button>
                <button type="button" on:click=move |_| answered.run(false)>"Cancel"</button>
            </div>
        </form>
    }
}

/// What can be done to what is no node: the network, name server, store and zones.
#[component]
pub(super) fn FaultPanel() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let done = Callback::new(|()| ());
    let zones = Memo::new(move |_| {
        let zones = session.read(|bench| {
            let numbered = bench.snapshot.zones.iter().zip(0_u16..);
            Vec::from_iter(
                numbered
                    .filter(|(zone, _)| !zone.is_empty())
                    .map(|(zone, number)| (number, zone.to_string())),
            )
        });
        zones.unwrap_or_default()
    });
    let closed = RwSignal::new(BTreeSet::new());
    let group = move |title: String, target: Target| {
        closed.update(|closed| {
            closed.insert(title.clone());
        });
        view! { <Part closed title><Deeds target done /></Part> }
    };
    view! {
        <details class="panel lab-panel" data-testid="faults">
            <summary><h2>"Faults"</h2></summary>
            <p class="note">"For a node, a link or a message: click it in a picture, or select it below."</p>
            {group("Network".into(), Target::Network)}
            {group("Name server".into(), Target::Dns)}
            {group("Ring store".into(), Target::Store)}
            <For each=move || zones.get() key=Clone::clone children=move |(number, name)| {
                group(format!("Zone {name}"), Target::Zone(number))
            } />
        </details>
    }
}

/// Moves the keyboard to the first of these.
pub(super) fn focus_first(within: &web_sys::Element, selector: &str) {
    if let Ok(Some(found)) = within.query_selector(selector)
        && let Ok(found) = found.dyn_into::<web_sys::HtmlElement>()
    {
        let _ = found.focus();
    }
}

/// Moves the keyboard by so many buttons.
fn step(list: NodeRef<Div>, by: i32) {
    let Some(list) = list.get_untracked() else { return };
    let active = browser::window().and_then(|window| window.document()?.active_element());
    let buttons = list.get_elements_by_tag_name("button");
    let count = buttons.length() as i32;
    let at = (0..count).find(|place| buttons.item(*place as u32) == active);
    let next = at.map_or(0, |at| (at + by).rem_euclid(count.max(1)));
    if let Some(next) =
        buttons.item(next as u32).and_then(|next| next.dyn_into::<web_sys::HtmlElement>().ok())
    {
        let _ = next.focus();
    }
}
