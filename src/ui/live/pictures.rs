//! The pictures of a watched cluster: the ring as the shown source has it, all copies beside each other,
//! and what became of everybody.

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{PointerEvent, WheelEvent};

use crate::snapshot::{History, Snapshot};
use crate::time::{Instant, WallTime};
use crate::view::beliefs::{self, BeliefPicture};
use crate::view::geometry::{Point, Size};
use crate::view::observed;
use crate::view::strip::{StripPicture, StripTarget, TimeWindow};
use crate::view::{Hover, Look};

use super::super::stage::Stage;
use super::super::surface::{Surface, watch_size};
use super::session::{Kind, LiveSession};

/// The tabs and the picture that is chosen.
#[component]
pub(super) fn Pictures() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    view! {
        <div class="live-tabs segments" role="group" aria-label="Picture">
            {Kind::ALL.map(|kind| view! {
                <button type="button" class="segment" data-testid=format!("live-{}", kind.key())
                    aria-pressed=move || (session.kind.get() == kind).to_string()
                    on:click=move |_| session.kind.set(kind)>{kind.name()}</button>
            })}
        </div>
        {move || match session.kind.get() {
            Kind::Ring => view! { <Stage /> }.into_any(),
            kind => view! { <Copies kind /> }.into_any(),
        }}
    }
}

/// What a canvas needs between two frames.
struct Inner {
    surface: Surface,
    kind: Kind,
    snapshot: Snapshot,
    history: History,
    beliefs: BeliefPicture,
    strip: StripPicture,
    /// The time that is shown, once the reader has chosen it.
    window: Option<TimeWindow>,
    hover: Option<Hover>,
    start: Option<WallTime>,
    pressed: Option<f64>,
    size: Size,
}

impl Inner {
    fn look_again(&mut self, session: LiveSession) {
        let Some((start, end)) = session.extent() else { return };
        let at = session.cursor.get_untracked().unwrap_or(end);
        self.start = Some(start);
        match self.kind {
            Kind::Timeline => {
                let place = session.shown_place().unwrap_or_default();
                let seen = session.sources(|sources| observed::timeline(sources, place, at));
                (self.snapshot, self.history) = seen.unwrap_or_default();
            }
            _ => {
                let timeout = session.heartbeat_timeout();
                session.sources(|sources| observed::beliefs(sources, at, timeout, &mut self.snapshot));
            }
        }
    }

    fn paint(&mut self) {
        let Some(size) = self.surface.fit() else { return };
        self.size = size;
        let look = Look { hover: self.hover, ..Look::default() };
        match self.kind {
            Kind::Timeline => {
                let window = self.shown_window();
                let (strip, history, snapshot) = (&mut self.strip, &self.history, &self.snapshot);
                self.surface.paint(|scene| strip.paint(history, snapshot, window, &look, size, scene));
            }
            _ => {
                let (picture, snapshot) = (&mut self.beliefs, &self.snapshot);
                self.surface.paint(|scene| picture.paint(snapshot, &look, size, scene));
            }
        }
    }

    /// Everything that was seen and a little room, at least half a minute.
    fn shown_window(&self) -> TimeWindow {
        let end = self.history.explored.max(Instant::from_nanos(30_000_000_000));
        self.window.unwrap_or(TimeWindow { from: Instant::START, to: end + end.since(Instant::START) / 20 })
    }

    fn hit(&self, at: Point) -> Option<Hover> {
        match self.kind {
            Kind::Timeline => self.strip.hit(at, 3.0).map(Hover::from),
            _ => self.beliefs.hit(at).map(Hover::from),
        }
    }

    /// What is under the pointer, or the whole picture, in words.
    fn words(&self) -> String {
        let name = |node: u32| self.snapshot.nodes.get(node as usize).map_or("", |node| &*node.name);
        let time = |at: Instant| {
            self.start.map(|start| observed::wall_of(start, at).to_rfc3339()).unwrap_or_default()
        };
        match self.hover {
            Some(Hover::Cell(cell)) => beliefs::words(&self.snapshot, cell),
            Some(Hover::Node(node)) => name(node).to_owned(),
            Some(Hover::Lane { node, at }) => {
                let phase = self.history.lanes.get(node as usize).map_or("", |lane| lane.at(at).name());
                let phase = if phase == "not started" { "not in the ring yet" } else { phase };
                format!("{} at {}: {phase}", name(node), time(at))
            }
            Some(Hover::Milestone(place)) => {
                let milestone = self.history.milestones.get(place);
                milestone.map_or(String::new(), |one| format!("{} {}", time(one.at), one.text))
            }
            _ => String::new(),
        }
    }

    fn summary(&self) -> String {
        match self.kind {
            Kind::Timeline => {
                format!(
                    "Timeline of {} instances with {} changes. The list of changes below says the same.",
                    self.history.lanes.len(),
                    self.history.milestones.len()
                )
            }
            _ => format!("Copies beside each other. {}", beliefs::summary(&self.snapshot)),
        }
    }
}

/// Beliefs or timeline on a canvas of their own.
#[component]
fn Copies(kind: Kind) -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let inner = StoredValue::new_local(None::<Inner>);
    let words = RwSignal::new(String::new());
    let summary = RwSignal::new(String::new());
    let with = move |change: &mut dyn FnMut(&mut Inner)| {
        inner.try_update_value(|inner| inner.as_mut().map(change));
    };
    let repaint = move || with(&mut Inner::paint);
    let look_again = move || {
        with(&mut |inner| {
            inner.look_again(session);
            inner.paint();
            let (told, said) = (inner.summary(), inner.words());
            if summary.with_untracked(|old| *old != told) {
                summary.set(told);
            }
            if words.with_untracked(|old| *old != said) {
                words.set(said);
            }
        });
    };
    let node = NodeRef::<Canvas>::new();
    node.on_load(move |canvas| {
        let Some(surface) = Surface::new(canvas.clone()) else { return };
        inner.set_value(Some(Inner {
            surface,
            kind,
            snapshot: Snapshot::default(),
            history: History::default(),
            beliefs: BeliefPicture::new(),
            strip: StripPicture::new(),
            window: None,
            hover: None,
            start: None,
            pressed: None,
            size: Size::default(),
        }));
        look_again();
        watch_size(&canvas, move || request_animation_frame(repaint));
    });
    Effect::new(move || {
        session.changed.track();
        session.shown.track();
        session.cursor.track();
        session.ring.settings.track();
        look_again();
    });
    Effect::new(move || {
        session.ring.dark.track();
        with(&mut |inner| inner.surface.restyle());
        repaint();
    });
    let hover = move |at: Option<Point>| {
        with(&mut |inner| {
            let hover = at.and_then(|at| inner.hit(at));
            if inner.hover != hover {
                inner.hover = hover;
                words.set(inner.words());
                inner.paint();
            }
        });
    };
    let scrub = move |x: f64| {
        let mut to = None;
        with(&mut |inner| {
            let at = inner.strip.instant_at(x);
            // To the right of everything is now.
            to = Some(if at >= inner.history.explored {
                None
            } else {
                inner.start.map(|start| observed::wall_of(start, at))
            });
        });
        if let Some(to) = to {
            session.cursor.set(to);
        }
    };
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let at = point(&event);
        match kind {
            Kind::Timeline => {
                if let Some(element) =
                    event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok())
                {
                    let _ = element.set_pointer_capture(event.pointer_id());
                }
                let mut target = None;
                with(&mut |inner| {
                    inner.pressed = Some(at.x);
                    target = inner.strip.hit(at, 3.0).and_then(|target| match target {
                        StripTarget::Milestone(place) => {
                            inner.history.milestones.get(place).map(|one| inner.strip.x_of(one.at) + 0.5)
                        }
                        _ => None,
                    });
                });
                scrub(target.unwrap_or(at.x));
            }
            _ => hover(Some(at)),
        }
    };
    let moved = move |event: PointerEvent| {
        let mut pressed = false;
        with(&mut |inner| pressed = inner.pressed.is_some());
        if pressed { scrub(point(&event).x) } else { hover(Some(point(&event))) }
    };
    let released = move || with(&mut |inner| inner.pressed = None);
    let wheel = move |event: WheelEvent| {
        if kind != Kind::Timeline {
            return;
        }
        event.prevent_default();
        let factor = (-event.delta_y() / 240.0).exp2().clamp(0.25, 4.0);
        with(&mut |inner| {
            let at = inner.strip.instant_at(f64::from(event.offset_x()));
            let mut window = inner.shown_window();
            window.zoom_at(at, factor);
            inner.window = Some(window);
            inner.paint();
        });
    };
    let hint = match kind {
        Kind::Timeline => "Drag to go back in time, scroll to zoom, double-click for all of it.",
        _ => {
            "Rows are sources, columns are instances; the newest of all copies stands on top. Upper left: in the ring; lower right: in \
             memberlist, if it was asked. An outline: not as the newest. Darker: an older heartbeat."
        }
    };
    view! {
        <figure class="stage">
            <div class="canvas-box">
                <canvas class="live-canvas" data-testid=format!("canvas-{}", kind.key()) tabindex="0" role="img" aria-label=move || summary.get() node_ref=node
                    on:pointerdown=down on:pointermove=moved
                    on:pointerup=move |_| released() on:pointercancel=move |_| released()
                    on:pointerleave=move |_| hover(None) on:wheel=wheel
                    on:dblclick=move |_| with(&mut |inner| {
                        inner.window = None;
                        inner.paint();
                    })></canvas>
                {move || session.ring.notice.get().map(|notice| view! { <p class="stage-notice">{notice}</p> })}
            </div>
            <p class="readout">
                {move || match words.get() {
                    words if words.is_empty() => view! { <span class="soft">{hint}</span> }.into_any(),
                    words => view! { <span>{words}</span> }.into_any(),
                }}
            </p>
        </figure>
    }
}

fn point(event: &PointerEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}
