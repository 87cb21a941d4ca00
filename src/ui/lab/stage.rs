//! The canvases: one picture, or two side by side, and what the pointer does on them.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::ev;
use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Element, PointerEvent, WheelEvent};

use crate::view::Hover;
use crate::view::geometry::Point;

use super::super::surface::{Surface, watch_size};

use super::actions::Action;
use super::branches::Branches;
use super::pane::{Hit, Pane};
use super::session::{Kind, LabSession, Selection};

/// A press that moves less than this is a click.
const CLICK_SLACK: f64 = 5.0;
/// What a finger may miss by.
const FINGER_SLACK: f64 = 12.0;

/// What a reader opened a menu on, and where, in pixels of the pane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Menu {
    pub(super) on: Selection,
    pub(super) at: Point,
}

/// The pictures with their tabs; without, if they are `bare`.
#[component]
pub(super) fn Stage(#[prop(optional)] bare: bool) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let comparing = Memo::new(move |_| {
        session.deeds.track();
        session.with(|bench| bench.lab.compared_index()).flatten()
    });
    let beside = move || match comparing.get() {
        Some(_) => Some((session.kind.get(), true)),
        None => session.beside.get().map(|kind| (kind, false)),
    };
    view! {
        <section class="lab-stage" aria-label="Pictures">
            {(!bare).then(|| view! { <Tabs comparing /> })}
            <div class="lab-panes" class:two=move || beside().is_some()>
                {move || view! { <PaneView kind=session.kind.get() is_other=false /> }}
                {move || beside().map(|(kind, is_other)| view! { <PaneView kind is_other /> })}
            </div>
        </section>
    }
}

#[component]
fn Tabs(comparing: Memo<Option<usize>>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let choose = move |kind: Kind| {
        if session.beside.get_untracked() == Some(kind) {
            session.beside.set(Some(session.kind.get_untracked()));
        }
        session.kind.set(kind);
        session.changed();
    };
    let beside = move |event: ev::Event| {
        session.beside.set(Kind::of(&event_target_value(&event)));
        session.changed();
    };
    let tool = move |action: Action, name: &'static str, key: &'static str| {
        view! {
            <button type="button" class="quiet" title=format!("{name} ({key})") on:click=move |_| session.run(action)>{name}</button>
        }
    };
    view! {
        <div class="lab-tabs">
            <div role="group" aria-label="Picture" class="segments">
                {Kind::ALL.into_iter().zip(1..).map(|(kind, number)| view! {
                    <button type="button" class="segment" data-testid=format!("picture-{}", kind.key())
                        aria-pressed=move || (session.kind.get() == kind).to_string()
                        title=format!("{} ({number})", kind.name())
                        on:click=move |_| choose(kind)>{kind.name()}</button>
                }).collect_view()}
            </div>
            <label class="beside" class:gone=move || comparing.get().is_some()>
                "beside it "
                <select data-testid="beside" on:change=beside
                    prop:value=move || session.beside.get().map_or("", Kind::key)>
                    <option value="">"nothing"</option>
                    {Kind::ALL.into_iter().map(|kind| view! {
                        <option value=kind.key() selected=move || session.beside.get() == Some(kind)>{kind.name()}</option>
                    }).collect_view()}
                </select>
            </label>
            <Branches />
            <div class="lab-tools">
                {tool(Action::Undo, "Undo", "u")} {tool(Action::Fork, "Branch off", "b")}
                {tool(Action::Palette, "Find\u{2026}", "Ctrl or \u{2318} + K")} {tool(Action::Sheet, "Keys", "?")}
            </div>
        </div>
    }
}

static NEXT_PANE: AtomicU32 = AtomicU32::new(0);

#[derive(Clone, Copy, Default)]
struct Press {
    pointer: i32,
    from: Point,
    last: Point,
    moved: f64,
    node: Option<u32>,
}

#[component]
fn PaneView(kind: Kind, is_other: bool) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let id = NEXT_PANE.fetch_add(1, Ordering::Relaxed);
    let node = NodeRef::<Canvas>::new();
    let press = StoredValue::new_local(None::<Press>);
    let menu = RwSignal::new(None::<Menu>);
    node.on_load(move |canvas| {
        let Some(surface) = Surface::new(canvas.clone()) else { return };
        session.with(|bench| bench.panes.push(Pane::new(id, kind, is_other, surface)));
        session.changed();
        watch_size(&canvas, move || session.invalidate());
    });
    on_cleanup(move || {
        session.with(|bench| bench.panes.retain(|pane| pane.id != id));
    });
    Effect::new(move || {
        session.dark.track();
        session.with(|bench| bench.panes.iter_mut().for_each(Pane::restyle));
        session.invalidate();
    });
    let hit = move |at: Point, slack: f64| {
        session.with(|bench| {
            let pane = bench.panes.iter().find(|pane| pane.id == id)?;
            pane.hit(bench, at, slack)
        })?
    };
    let in_pane = move |change: &mut dyn FnMut(&mut Pane, &super::session::Bench)| {
        session.with(|bench| {
            let mut panes = std::mem::take(&mut bench.panes);
            if let Some(pane) = panes.iter_mut().find(|pane| pane.id == id) {
                change(pane, bench);
            }
            bench.panes = panes;
        });
        session.invalidate();
    };
    let hover = move |target: Option<Hover>| {
        let before =
            session.with(|bench| bench.panes.iter().find(|pane| pane.id == id).map(|pane| pane.hover));
        if before.flatten() != Some(target) {
            in_pane(&mut |pane, _| pane.hover = target);
            session.hovered.update(|count| *count += 1);
        }
    };
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        menu.set(None);
        let at = point(&event);
        let node = match hit(at, slack_of(&event)) {
            Some(Hit::Thing(Hover::Node(node))) if kind == Kind::Mesh => Some(node),
            _ => None,
        };
        press.set_value(Some(Press { pointer: event.pointer_id(), from: at, last: at, moved: 0.0, node }));
    };
    let moved = move |event: PointerEvent| {
        let at = point(&event);
        let Some(mut pressed) = press.get_value().filter(|press| press.pointer == event.pointer_id()) else {
            let target = match hit(at, 0.0) {
                Some(Hit::Thing(thing)) => Some(thing),
                _ => None,
            };
            return hover(target);
        };
        let by = Point::new(at.x - pressed.last.x, at.y - pressed.last.y);
        pressed.moved += by.x.abs() + by.y.abs();
        pressed.last = at;
        press.set_value(Some(pressed));
        if pressed.moved <= CLICK_SLACK {
            return;
        }
        match (kind, pressed.node) {
            (Kind::Mesh, Some(from)) => in_pane(&mut |pane, _| pane.drag = Some((from, at))),
            (Kind::Timeline, _) if !event.shift_key() => {
                let to = session.with(|bench| {
                    bench.panes.iter().find(|pane| pane.id == id).map(|pane| pane.instant_at(at.x))
                });
                if let Some(Some(to)) = to {
                    session.act(|lab| {
                        lab.clock.playing = false;
                        lab.seek(to);
                        Ok(())
                    });
                }
            }
            _ => in_pane(&mut |pane, bench| pane.pan(bench, by)),
        }
    };
    let choose = move |thing: Hover, at: Point, opens: bool| {
        let on = match thing {
            Hover::Node(node) | Hover::Lane { node, .. } => {
                Selection { node: Some(node), ..Selection::default() }
            }
            Hover::Message(message) => Selection { message: Some(message), ..Selection::default() },
            Hover::Link { from, to } => Selection { link: Some((from, to)), ..Selection::default() },
            Hover::Zone(zone) => Selection { zone: Some(zone), ..Selection::default() },
            Hover::Cell(cell) => {
                session.observer.set(cell.observer);
                Selection { node: Some(cell.subject), ..Selection::default() }
            }
            Hover::Milestone(place) => {
                let at = session.with(|bench| {
                    bench.lab.current().record().history.milestones.get(place).map(|milestone| milestone.at)
                });
                if let Some(Some(at)) = at {
                    session.act(|lab| {
                        lab.seek(at);
                        Ok(())
                    });
                }
                return;
            }
        };
        session.selection.set(on);
        session.changed();
        if opens {
            menu.set(Some(Menu { on, at }));
        }
    };
    let up = move |event: PointerEvent| {
        let Some(pressed) = press.try_update_value(Option::take).flatten() else { return };
        let at = point(&event);
        in_pane(&mut |pane, _| pane.drag = None);
        if pressed.moved > CLICK_SLACK {
            // A line from one node to another is the link between them.
            if let (Some(from), Some(Hit::Thing(Hover::Node(to)))) = (pressed.node, hit(at, FINGER_SLACK))
                && from != to
            {
                choose(Hover::Link { from, to }, at, true);
            }
            return;
        }
        match hit(pressed.from, slack_of(&event)) {
            Some(Hit::Thing(thing)) => choose(thing, at, kind == Kind::Mesh || kind == Kind::Ring),
            Some(Hit::At(instant)) => {
                session.act(|lab| {
                    lab.seek(instant);
                    Ok(())
                });
            }
            None => {
                session.selection.set(Selection::default());
                session.changed();
            }
        }
    };
    let wheel = move |event: WheelEvent| {
        let zooms = matches!(kind, Kind::Ring | Kind::Timeline)
            && (event.ctrl_key() || event.meta_key() || kind == Kind::Timeline || has_focus(&event));
        if zooms {
            event.prevent_default();
            let factor = (-event.delta_y() / 240.0).exp2().clamp(0.25, 4.0);
            in_pane(&mut |pane, bench| pane.zoom(bench, point(&event), factor));
        }
    };
    let key = move |event: ev::KeyboardEvent| {
        match event.key().as_str() {
            "ArrowDown" | "ArrowRight" if kind != Kind::Timeline => session.step_node(1),
            "ArrowUp" | "ArrowLeft" if kind != Kind::Timeline => session.step_node(-1),
            "ArrowDown" => session.step_node(1),
            "ArrowUp" => session.step_node(-1),
            "+" | "=" => in_pane(&mut |pane, bench| pane.zoom(bench, middle(&node), 2.0)),
            "-" => in_pane(&mut |pane, bench| pane.zoom(bench, middle(&node), 0.5)),
            "0" => in_pane(&mut |pane, _| pane.go_home()),
            "Enter" => {
                let on = session.selection.get_untracked();
                if on != Selection::default() {
                    menu.set(Some(Menu { on, at: middle(&node) }));
                }
            }
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    let label = move || {
        session.read(|bench| {
            let (snapshot, ring, branch) = bench.side(is_other);
            let history = &branch.record().history;
            format!("{} picture. {}", kind.name(), super::twin::summary(kind, snapshot, history, ring))
        })
    };
    let caption = move || {
        is_other.then(|| {
            session.read(|bench| bench.lab.compared().map(|branch| branch.name.to_string())).flatten()
        })
    };
    view! {
        <figure class="lab-pane" data-testid=format!("pane-{}{}", kind.key(), if is_other { "-other" } else { "" })>
            <div class="canvas-box lab-canvas-box">
                <canvas node_ref=node tabindex="0" role="application" aria-roledescription="picture of the cluster"
                    aria-label=label
                    class="lab-canvas"
                    on:pointerdown=down on:pointermove=moved on:pointerup=up
                    on:pointercancel=move |_| press.set_value(None)
                    on:pointerleave=move |_| hover(None)
                    on:wheel=wheel on:keydown=key
                    on:dblclick=move |_| in_pane(&mut |pane, _| pane.go_home())
                ></canvas>
                <super::menu::NodeMenu menu />
                {move || caption().flatten().map(|name| view! { <span class="lab-branch-tag">{name}</span> })}
            </div>
            <super::twin::Readout pane=id kind />
            <super::key::Key kind />
        </figure>
    }
}

fn point(event: &web_sys::MouseEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

fn slack_of(event: &PointerEvent) -> f64 {
    if event.pointer_type() == "touch" { FINGER_SLACK } else { 2.0 }
}

fn middle(canvas: &NodeRef<Canvas>) -> Point {
    let size = canvas.get_untracked().map(|canvas| (canvas.client_width(), canvas.client_height()));
    size.map_or(Point::default(), |(width, height)| {
        Point::new(f64::from(width) / 2.0, f64::from(height) / 2.0)
    })
}

/// Whether the wheel turns over an element that has the keyboard.
fn has_focus(event: &WheelEvent) -> bool {
    let active = super::super::browser::window().and_then(|window| window.document()?.active_element());
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    active.is_some() && active == target
}
