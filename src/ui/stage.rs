//! The picture on its canvas: paints a frame when something changed, and never otherwise.

use leptos::html::Canvas;
use leptos::prelude::*;

use crate::view::Mark;
use crate::view::camera::Camera;
use crate::view::geometry::Point;

use super::browser;
use super::readout::Readout;
use super::session::Session;
use super::surface::{Surface, watch_size};

const GLIDE_MILLIS: f64 = 220.0;

/// What the canvas needs between two frames.
pub(super) struct Inner {
    surface: Surface,
    pub(super) camera: Option<Camera>,
    glide: Option<Glide>,
    scheduled: bool,
    pub(super) pointers: Vec<(i32, Point)>,
    /// How far the pointer went since it was pressed.
    pub(super) dragged: f64,
}

#[derive(Clone, Copy)]
struct Glide {
    from: Camera,
    to: Camera,
    start: f64,
}

/// A handle on the canvas.
#[derive(Clone, Copy)]
pub(super) struct StageHandle {
    inner: StoredValue<Option<Inner>, LocalStorage>,
    pub(super) session: Session,
    /// Whether more or less than the whole ring shows.
    pub(super) zoomed: RwSignal<bool>,
}

impl StageHandle {
    fn new(session: Session) -> Self {
        Self { inner: StoredValue::new_local(None), session, zoomed: RwSignal::new(false) }
    }

    pub(super) fn with<T>(self, ask: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(|inner| inner.as_mut().map(ask)).flatten()
    }

    /// Asks for a frame.
    pub(super) fn invalidate(self) {
        let ask = self.with(|inner| !std::mem::replace(&mut inner.scheduled, true));
        if ask == Some(true) {
            request_animation_frame(move || self.frame());
        }
    }

    fn restyle(self) {
        self.with(|inner| inner.surface.restyle());
        self.invalidate();
    }

    fn frame(self) {
        let focus = self.session.focus.get_untracked();
        let painted = self.with(|inner| {
            inner.scheduled = false;
            let size = inner.surface.fit()?;
            self.session.with_mut(|shown| {
                let margin = shown.picture.fit(size);
                let mut camera = inner.camera.unwrap_or_else(|| Camera::home(size, margin));
                if let Some(glide) = inner.glide {
                    let progress =
                        ((browser::performance_now() - glide.start) / GLIDE_MILLIS).clamp(0.0, 1.0);
                    let eased = 1.0 - (1.0 - progress) * (1.0 - progress);
                    camera = glide.from.toward(&glide.to, eased);
                    if progress >= 1.0 {
                        inner.glide = None;
                    }
                }
                camera.resize_if_needed(size, margin);
                inner.camera = Some(camera);
                inner.surface.paint(|scene| shown.picture.paint(&camera, focus, shown.trace.as_ref(), scene));
                (!camera.is_home(), inner.glide.is_some())
            })
        });
        if let Some((zoomed, gliding)) = painted.flatten() {
            if self.zoomed.get_untracked() != zoomed {
                self.zoomed.set(zoomed);
            }
            if gliding {
                self.invalidate();
            }
        }
    }

    /// Moves the camera at once.
    pub(super) fn steer(self, turn: impl FnOnce(&mut Camera)) {
        self.with(|inner| {
            inner.glide = None;
            if let Some(camera) = &mut inner.camera {
                turn(camera);
            }
        });
        self.invalidate();
    }

    /// Moves the camera smoothly, or at once for those who want less motion.
    pub(super) fn glide(self, turn: impl FnOnce(&mut Camera)) {
        if browser::wants_less_motion() {
            self.steer(turn);
            return;
        }
        self.with(|inner| {
            let Some(from) = inner.camera else { return };
            let mut to = inner.glide.map_or(from, |glide| glide.to);
            turn(&mut to);
            inner.glide = Some(Glide { from, to, start: browser::performance_now() });
        });
        self.invalidate();
    }

    pub(super) fn go_home(self) {
        self.glide(|camera| *camera = camera.at_home());
    }

    pub(super) fn zoom_by(self, factor: f64) {
        self.glide(move |camera| {
            let point = self.point_of_interest(camera).unwrap_or_else(|| camera.size().middle());
            camera.zoom_at(point, factor);
        });
    }

    /// Where on the band the selection is, else the needle, if that shows.
    fn point_of_interest(self, camera: &Camera) -> Option<Point> {
        let focus = self.session.focus.get_untracked();
        let (toward, _) = camera.place(camera.size().middle());
        self.session.with(|shown| {
            let token = focus.token.or_else(|| shown.picture.nearest_token(focus.instance?, toward as u32));
            let arc = token.and_then(|position| shown.picture.arc(position));
            let selected = arc.map(|arc| f64::from(arc.token) - arc.keys as f64 / 2.0);
            let needle = shown.trace.as_ref().map(|trace| f64::from(trace.key));
            let points = [selected, needle].into_iter().flatten().map(|key| camera.at(key, 0.0));
            points.into_iter().find(|&point| camera.size().holds(point, 0.0))
        })?
    }
}

/// The canvas, its buttons, the legend and the readout.
#[component]
pub(super) fn Stage() -> impl IntoView {
    let session = expect_context::<Session>();
    let stage = StageHandle::new(session);
    let node = NodeRef::<Canvas>::new();

    node.on_load(move |canvas| {
        let Some(surface) = Surface::new(canvas.clone()) else { return };
        stage.inner.set_value(Some(Inner {
            surface,
            camera: None,
            glide: None,
            scheduled: false,
            pointers: Vec::new(),
            dragged: 0.0,
        }));
        stage.invalidate();
        watch_size(&canvas, move || stage.invalidate());
    });
    let resize = window_event_listener(leptos::ev::resize, move |_| stage.invalidate());
    on_cleanup(move || resize.remove());
    Effect::new(move || {
        session.shown.track();
        session.focus.track();
        session.trace.track();
        stage.invalidate();
    });
    Effect::new(move || {
        session.current.track();
        session.names.track();
        stage.with(|inner| (inner.camera, inner.glide) = (None, None));
        stage.invalidate();
    });
    Effect::new(move || {
        session.dark.track();
        stage.restyle();
    });

    let label = move || {
        session.shown.track();
        session
            .with(|shown| {
                let ring = shown.picture.ring();
                let (instances, tokens) = (ring.instances().len(), ring.topology().tokens().len());
                format!("The ring: {instances} instances, {tokens} tokens. {}", shown.judgement.summary)
            })
            .unwrap_or_default()
    };
    view! {
        <figure class="stage">
            <div class="canvas-box">
                <canvas
                    id="ring-canvas" tabindex="0" role="application" aria-roledescription="picture of the ring"
                    aria-label=label aria-describedby="canvas-help readout"
                    class:zoomed=move || stage.zoomed.get()
                    node_ref=node
                    on:pointerdown=move |event| stage.pointer_down(&event)
                    on:pointermove=move |event| stage.pointer_move(&event)
                    on:pointerup=move |event| stage.pointer_up(&event)
                    on:pointercancel=move |event| stage.pointer_gone(&event)
                    on:pointerleave=move |_| stage.pointer_left()
                    on:wheel=move |event| stage.wheel(&event)
                    on:dblclick=move |_| stage.go_home()
                    on:keydown=move |event| stage.key(&event)
                ></canvas>
                {move || session.notice.get().map(|notice| view! { <p class="stage-notice" id="stage-notice">{notice}</p> })}
            </div>
            <div class="zoom" role="group" aria-label="Zoom">
                <button type="button" id="zoom-in" aria-label="Zoom in" on:click=move |_| stage.zoom_by(2.0)>"+"</button>
                <button type="button" id="zoom-out" aria-label="Zoom out" on:click=move |_| stage.zoom_by(0.5)>"\u{2212}"</button>
                <button type="button" id="zoom-reset" title="Show the whole ring"
                    disabled=move || !stage.zoomed.get() on:click=move |_| stage.go_home()>"Fit"</button>
            </div>
            <Readout />
            <p class="unseen" id="canvas-help">
                "Left and right arrow: previous and next token, of the selected instance if one is selected. Up and down arrow: previous \
                and next instance. Plus and minus: zoom. Enter: look at the selected token. 0: the whole ring. Escape: select nothing. \
                The table of instances below says everything that the picture shows."
            </p>
            <figcaption class="legend" aria-label="Legend">
                {Mark::ALL.into_iter().filter(|mark| *mark != Mark::Left).map(|mark| view! {
                    <span><span class=mark.tone() aria-hidden="true">{mark.sign()}</span>" "{mark.name()}</span>
                }).collect_view()}
                <span><span class="lane" aria-hidden="true"></span>" inner ring: tokens of instances that are not ACTIVE"</span>
                <span class="soft">"0 at the top, clockwise"</span>
            </figcaption>
        </figure>
    }
}
