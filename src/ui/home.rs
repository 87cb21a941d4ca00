//! The first page: one sentence, one running ring, three doors.

use leptos::html::Canvas;
use leptos::prelude::*;

use crate::live::ring_page;
use crate::ring::{LookupBuffer, Operation, Ring, RingConfig};
use crate::view::camera::Camera;
use crate::view::{Focus, Mark, Picture, TraceMarks};

use super::session::Session;
use super::surface::{Surface, watch_size};
use super::{browser, samples};

const GLIDE_MILLIS: f64 = 900.0;
const REST: std::time::Duration = std::time::Duration::from_millis(2_600);
/// The golden ratio of 2³²: steps by it come everywhere without a pattern.
const STEP: u32 = 2_654_435_769;

/// The page at `#/`.
#[component]
pub(super) fn Home() -> impl IntoView {
    let session = expect_context::<Session>();
    let walker = StoredValue::new_local(None::<Walker>);
    let node = NodeRef::<Canvas>::new();
    node.on_load(move |canvas| {
        let Some(surface) = Surface::new(canvas.clone()) else { return };
        walker.set_value(Walker::new(surface));
        request_animation_frame(move || frame(walker));
        watch_size(&canvas, move || request_animation_frame(move || repaint(walker)));
    });
    Effect::new(move || {
        session.dark.track();
        let _ = walker.try_update_value(|walker| {
            if let Some(walker) = walker {
                walker.surface.restyle();
            }
        });
        repaint(walker);
    });
    view! {
        <div class="home">
            <div class="home-text">
                <h1>"See the ring, not the startup logs"</h1>
                <p class="lead">
                    "Ringside shows the hash ring of Grafana Loki: who owns what, who is well, and where a stream goes. "
                    "If the ingesters are ACTIVE and logs are flowing, ring errors from the startup have most likely passed."
                </p>
                <p><a class="button primary" id="open-doctor" href="#/doctor">"What does this log mean?"</a></p>
                <p class="soft">
                    "Paste a log, a configuration or a ring page: harmless, worth a wait, or to be acted on, and what first."
                </p>
                <p><a class="button" id="open-laboratory" href="#/simulate">"Break a cluster in the laboratory"</a></p>
                <p class="soft">
                    "A whole cluster runs in this page: kill an ingester, cut a link, go back in time, and see what everybody believes."
                </p>
                <p><a class="button" id="open-inspector" href="#/ring">"Open the ring inspector"</a></p>
                <p class="soft">
                    "Paste what " <code>"/ring"</code> " answers. It is read in this page and sent nowhere."
                </p>
            </div>
            <figure>
                <canvas id="home-canvas" node_ref=node role="img"
                    aria-label="A hash ring of three ingesters, captured from a running Loki. A needle points at a key; the walk clockwise from it finds the key's three replicas."
                ></canvas>
                <figcaption class="soft">"A captured ring of three ingesters. The needle is a stream\u{2019}s key; the numbers are its replicas."</figcaption>
            </figure>
        </div>
    }
}

/// A ring whose needle goes from key to key.
struct Walker {
    surface: Surface,
    picture: Picture,
    buffer: LookupBuffer,
    key: u32,
    glide: Option<f64>,
}

impl Walker {
    fn new(surface: Surface) -> Option<Self> {
        let page = ring_page::parse(samples::FIRST).ok()?;
        let ring = Ring::new(&page.desc, RingConfig::default());
        let marks = vec![Mark::Active; ring.instances().len()];
        let picture = Picture::new(ring, marks);
        Some(Self { surface, picture, buffer: LookupBuffer::default(), key: 0x2a00_0000, glide: None })
    }

    /// Where the needle is; between two keys it shows no replicas yet.
    fn paint(&mut self) -> Option<()> {
        let size = self.surface.fit()?;
        let camera = Camera::home(size, self.picture.fit(size));
        let progress = self.glide.map_or(1.0, |start| (browser::performance_now() - start) / GLIDE_MILLIS);
        let eased = 1.0 - (1.0 - progress.clamp(0.0, 1.0)).powi(3);
        let behind = (f64::from(STEP) * (1.0 - eased)) as u32;
        let key = self.key.wrapping_sub(behind);
        let walk = self.picture.ring().trace(key, Operation::WRITE_NO_EXTEND, &mut self.buffer);
        let trace = TraceMarks::new(&self.picture, key, &walk, |_| true);
        self.surface.paint(|scene| self.picture.paint(&camera, Focus::default(), Some(&trace), scene));
        if progress >= 1.0 {
            self.glide = None;
        }
        Some(())
    }
}

type Walkers = StoredValue<Option<Walker>, LocalStorage>;

fn repaint(walker: Walkers) {
    let _ = walker.try_update_value(|walker| walker.as_mut().and_then(Walker::paint));
}

/// Paints while the needle moves, then rests.
fn frame(walker: Walkers) {
    let moving = walker.try_update_value(|walker| {
        let walker = walker.as_mut()?;
        walker.paint();
        Some(walker.glide.is_some())
    });
    match moving.flatten() {
        // The page is gone.
        None => {}
        Some(true) => request_animation_frame(move || frame(walker)),
        Some(false) if browser::wants_less_motion() => {}
        Some(false) => set_timeout(
            move || {
                let _ = walker.try_update_value(|walker| {
                    if let Some(walker) = walker {
                        walker.key = walker.key.wrapping_add(STEP);
                        walker.glide = Some(browser::performance_now());
                    }
                });
                request_animation_frame(move || frame(walker));
            },
            REST,
        ),
    }
}
