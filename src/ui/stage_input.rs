//! Pointers, wheel and keys on the picture.

use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent, PointerEvent, WheelEvent};

use crate::view::Target;
use crate::view::geometry::Point;

use super::stage::StageHandle;

/// A press that moves less than this is a click.
const CLICK_SLACK: f64 = 5.0;
/// What a finger may miss the band by.
const FINGER_SLACK: f64 = 14.0;

fn point(event: &web_sys::MouseEvent) -> Point {
    Point::new(f64::from(event.offset_x()), f64::from(event.offset_y()))
}

impl StageHandle {
    fn hit(self, at: Point, slack: f64) -> Option<Target> {
        let camera = self.with(|inner| inner.camera)??;
        self.session.with(|shown| shown.picture.hit(&camera, at, slack))?
    }

    fn hover(self, target: Option<Target>) {
        use leptos::prelude::{GetUntracked, Update};
        if self.session.focus.get_untracked().hover != target {
            self.session.focus.update(|focus| focus.hover = target);
        }
    }

    pub(super) fn pointer_down(self, event: &PointerEvent) {
        if event.button() != 0 {
            return;
        }
        if let Some(element) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        self.with(|inner| {
            inner.pointers.retain(|(id, _)| *id != event.pointer_id());
            inner.pointers.push((event.pointer_id(), point(event)));
            inner.dragged = if inner.pointers.len() > 1 { f64::MAX } else { 0.0 };
        });
    }

    pub(super) fn pointer_move(self, event: &PointerEvent) {
        let at = point(event);
        let before = self.with(|inner| {
            let known = inner.pointers.clone();
            if let Some((_, place)) = inner.pointers.iter_mut().find(|(id, _)| *id == event.pointer_id()) {
                inner.dragged += place.distance(at);
                *place = at;
                return Some((known, inner.dragged));
            }
            None
        });
        let Some((before, dragged)) = before.flatten() else {
            if event.pointer_type() != "touch" {
                self.hover(self.hit(at, 0.0));
            }
            return;
        };
        match &before[..] {
            [(_, from)] if dragged >= CLICK_SLACK => {
                self.hover(None);
                self.steer(|camera| camera.pan(at.x - from.x, at.y - from.y));
            }
            [(first, a), (_, b)] => {
                let (moved, still) = if *first == event.pointer_id() { (*a, *b) } else { (*b, *a) };
                let factor = at.distance(still) / moved.distance(still).max(1.0);
                let middle = |p: Point| Point::new((p.x + still.x) / 2.0, (p.y + still.y) / 2.0);
                let (old, new) = (middle(moved), middle(at));
                self.steer(|camera| {
                    camera.zoom_at(old, factor.clamp(0.2, 5.0));
                    camera.pan(new.x - old.x, new.y - old.y);
                });
            }
            _ => {}
        }
    }

    pub(super) fn pointer_up(self, event: &PointerEvent) {
        let clicked = self.with(|inner| {
            let known = inner.pointers.iter().any(|(id, _)| *id == event.pointer_id());
            inner.pointers.retain(|(id, _)| *id != event.pointer_id());
            known && inner.dragged < CLICK_SLACK
        });
        if clicked == Some(true) {
            let slack = if event.pointer_type() == "touch" { FINGER_SLACK } else { 0.0 };
            match self.hit(point(event), slack) {
                Some(Target::Instance(instance)) => self.session.select_instance(Some(instance)),
                Some(Target::Token(position)) => self.session.select_token(Some(position)),
                None => self.session.select_instance(None),
            }
        }
    }

    pub(super) fn pointer_gone(self, event: &PointerEvent) {
        self.with(|inner| inner.pointers.retain(|(id, _)| *id != event.pointer_id()));
    }

    pub(super) fn pointer_left(self) {
        self.hover(None);
    }

    /// Zooms once the reader is at the picture, by a click or the keyboard; until then the page scrolls.
    pub(super) fn wheel(self, event: &WheelEvent) {
        if !(super::browser::has_focus("ring-canvas") || event.ctrl_key() || event.meta_key()) {
            return;
        }
        event.prevent_default();
        let unit = match event.delta_mode() {
            WheelEvent::DOM_DELTA_LINE => 16.0,
            WheelEvent::DOM_DELTA_PAGE => 400.0,
            _ => 1.0,
        };
        // A pinch on a touch pad comes as small wheel steps with the control key.
        let doubling = if event.ctrl_key() { 60.0 } else { 260.0 };
        let at = point(event);
        let factor = (-event.delta_y() * unit / doubling).clamp(-2.0, 2.0).exp2();
        self.steer(|camera| camera.zoom_at(at, factor));
        self.hover(self.hit(at, 0.0));
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        match &*event.key() {
            "ArrowRight" => self.step_token(1),
            "ArrowLeft" => self.step_token(-1),
            "ArrowDown" => self.step_instance(1),
            "ArrowUp" => self.step_instance(-1),
            "+" | "=" => self.zoom_by(2.0),
            "-" => self.zoom_by(0.5),
            "0" => self.go_home(),
            "Enter" => self.look_at_token(true),
            "Escape" => self.session.select_instance(None),
            _ => return,
        }
        event.prevent_default();
    }

    fn step_token(self, by: isize) {
        use leptos::prelude::{GetUntracked, Set, Update};
        let session = self.session;
        let focus = session.focus.get_untracked();
        let next = session.with(|shown| shown.picture.step(focus.token, focus.instance, by)).flatten();
        let Some(position) = next else { return };
        // Selects no instance: the next step goes on through the same tokens.
        session.focus.update(|focus| focus.token = Some(position));
        let said = session.with(|shown| {
            let arc = shown.picture.arc(position)?;
            Some(format!("Token {} of {}", arc.token, shown.picture.ring().id(arc.owner)))
        });
        session.said.set(said.flatten().unwrap_or_default());
        self.look_at_token(false);
    }

    fn step_instance(self, by: i64) {
        use leptos::prelude::{GetUntracked, Set};
        let session = self.session;
        let count = session.with(|shown| shown.rows.len()).unwrap_or(0) as i64;
        if count == 0 {
            return;
        }
        let from = match session.focus.get_untracked().instance {
            Some(instance) => i64::from(instance),
            None if by > 0 => -1,
            None => 0,
        };
        let next = (from + by).rem_euclid(count) as u32;
        session.select_instance(Some(next));
        let said = session.with(|shown| {
            let row = &shown.rows[next as usize];
            format!("{}, {}, owns {}", row.id, row.mark.name(), crate::view::text::share(row.percent))
        });
        session.said.set(said.unwrap_or_default());
    }

    /// Brings the selected token into view; `close` goes near enough to see it by itself.
    fn look_at_token(self, close: bool) {
        use leptos::prelude::GetUntracked;
        let session = self.session;
        let Some(position) = session.focus.get_untracked().token else { return };
        let Some(arc) = session.with(|shown| shown.picture.arc(position)).flatten() else { return };
        let middle = f64::from(arc.token) - arc.keys as f64 / 2.0;
        let shows = self.with(|inner| {
            inner.camera.is_some_and(|camera| camera.size().holds(camera.at(middle, 0.0), -20.0))
        });
        if close {
            self.glide(|camera| camera.look_at(middle, arc.keys as f64 * 3.0));
        } else if shows == Some(false) {
            self.glide(|camera| camera.look_there(middle));
        }
    }
}
