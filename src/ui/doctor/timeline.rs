//! When what happened.

use std::sync::Arc;

use leptos::html::Canvas;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::ResizeObserver;

use crate::doctor::lanes::lanes;
use crate::doctor::log::{Moment, MomentKind, Reading};
use crate::snapshot::{History, Snapshot};
use crate::time::Instant;
use crate::view::Look;
use crate::view::strip::{StripPicture, TimeWindow};

use super::super::session::Session;
use super::super::surface::Surface;
use super::prose::cut;

/// Moments shown at first.
const MOMENTS: usize = 30;

/// The list; it is there when lines have times.
#[component]
pub(super) fn Timeline(reading: Arc<Reading>) -> impl IntoView {
    let moments = reading.timeline.clone();
    let picture = lanes(&moments).map(|(snapshot, history)| view! { <Lanes snapshot history /> });
    (!moments.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="timeline-title" id="timeline">
                <h2 id="timeline-title">"When (UTC)"</h2>
                {picture}
                <ol class="moments">{cut(moments, MOMENTS, "moments", moment)}</ol>
            </section>
        }
    })
}

/// What a canvas needs between two frames.
struct Inner {
    surface: Surface,
    strip: StripPicture,
    snapshot: Snapshot,
    history: History,
}

impl Inner {
    fn paint(&mut self) {
        let Some(size) = self.surface.fit() else { return };
        let end = self.history.explored.max(Instant::from_nanos(1_000_000_000));
        let window = TimeWindow { from: Instant::START, to: end + end.since(Instant::START) / 20 };
        let (strip, history, snapshot) = (&mut self.strip, &self.history, &self.snapshot);
        self.surface.paint(|scene| strip.paint(history, snapshot, window, &Look::default(), size, scene));
    }
}

/// The list as a picture: who ran when, and where the flags are.
#[component]
fn Lanes(snapshot: Snapshot, history: History) -> impl IntoView {
    let session = expect_context::<Session>();
    let inner = StoredValue::new_local(None::<Inner>);
    let label = format!(
        "Timeline of {} pods with {} moments. The list below says the same.",
        history.lanes.len(),
        history.milestones.len()
    );
    let height = format!("{}px", 56 + 26 * history.lanes.len());
    let parts = StoredValue::new_local(Some((snapshot, history)));
    let repaint = move || {
        inner.try_update_value(|inner| inner.iter_mut().for_each(Inner::paint));
    };
    let node = NodeRef::<Canvas>::new();
    node.on_load(move |canvas| {
        let parts = parts.try_update_value(Option::take).flatten();
        let (Some(surface), Some((snapshot, history))) = (Surface::new(canvas.clone()), parts) else {
            return;
        };
        inner.set_value(Some(Inner { surface, strip: StripPicture::new(), snapshot, history }));
        repaint();
        let resized = Closure::<dyn FnMut()>::new(move || request_animation_frame(repaint));
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&canvas);
            let kept = StoredValue::new_local(Some((observer, resized)));
            on_cleanup(move || {
                if let Some(Some((observer, _))) = kept.try_update_value(Option::take) {
                    observer.disconnect();
                }
            });
        }
    });
    Effect::new(move || {
        session.dark.track();
        inner.try_update_value(|inner| inner.iter_mut().for_each(|inner| inner.surface.restyle()));
        repaint();
    });
    view! {
        <figure class="doctor-lanes" style:height=height>
            <canvas data-testid="lanes" role="img" aria-label=label node_ref=node></canvas>
        </figure>
    }
}

fn moment(moment: &Moment) -> impl IntoView + use<> {
    let (class, sign) = tone(moment.kind);
    view! {
        <li data-testid="moment">
            <time class="mono" title=moment.at.to_text()>{moment.at.clock()}</time>
            <span class=format!("moment-sign {class}") aria-hidden="true">{sign}</span>
            <span>{moment.text.clone()}</span>
        </li>
    }
}

const fn tone(kind: MomentKind) -> (&'static str, &'static str) {
    match kind {
        MomentKind::Start => ("plain", "\u{25b7}"),
        MomentKind::Joined => ("good", "\u{25cf}"),
        MomentKind::Up => ("good", "\u{2713}"),
        MomentKind::Incident => ("warn", "!"),
        MomentKind::PeerFailed => ("warn", "\u{25cb}"),
        MomentKind::Stopping => ("plain", "\u{25bd}"),
        MomentKind::Stopped => ("plain", "\u{25a0}"),
        MomentKind::Crashed | MomentKind::Vanished => ("bad", "\u{2715}"),
    }
}
