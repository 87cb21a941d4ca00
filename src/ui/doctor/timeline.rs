//! When what happened.

use std::sync::Arc;

use leptos::prelude::*;

use crate::doctor::log::{Moment, MomentKind, Reading};

use super::prose::cut;

/// Moments shown at first.
const MOMENTS: usize = 30;

/// The list; it is there when lines have times.
#[component]
pub(super) fn Timeline(reading: Arc<Reading>) -> impl IntoView {
    let moments = reading.timeline.clone();
    (!moments.is_empty()).then(|| {
        view! {
            <section class="panel" aria-labelledby="timeline-title" id="timeline">
                <h2 id="timeline-title">"When (UTC)"</h2>
                <ol class="moments">{cut(moments, MOMENTS, "moments", moment)}</ol>
            </section>
        }
    })
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
