//! One canvas with one picture of the instant.

use crate::loki::trace::trace_stream;
use crate::loki::{Labels, with_service_name};
use crate::ring::Ring;
use crate::snapshot::{History, Node, Snapshot};
use crate::time::{Instant, WallTime};
use crate::view::beliefs::BeliefPicture;
use crate::view::camera::Camera;
use crate::view::geometry::{Point, Size};
use crate::view::mesh::MeshPicture;
use crate::view::strip::{StripPicture, TimeWindow};
use crate::view::{Focus, Hover, Look, Mark, Picture, Target, TraceMarks};

use super::super::browser;
use super::super::surface::Surface;
use super::session::{Bench, Kind, Selection};

/// A canvas and what is painted on it.
pub(super) struct Pane {
    /// Tells panes apart.
    pub(super) id: u32,
    /// Which picture.
    pub(super) kind: Kind,
    /// Whether it shows the branch beside.
    pub(super) is_other: bool,
    surface: Surface,
    size: Size,
    mesh: MeshPicture,
    beliefs: BeliefPicture,
    strip: StripPicture,
    ring: Option<RingPane>,
    /// The time that the timeline shows, once the reader has chosen it.
    pub(super) window: Option<TimeWindow>,
    /// What is under the pointer.
    pub(super) hover: Option<Hover>,
    /// A line drawn from a node.
    pub(super) drag: Option<(u32, Point)>,
    reduced_motion: bool,
}

struct RingPane {
    picture: Picture,
    camera: Option<Camera>,
    marks: Vec<Mark>,
}

/// Something that a point of a pane means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Hit {
    Thing(Hover),
    /// An instant of the timeline.
    At(Instant),
}

impl Pane {
    pub(super) fn new(id: u32, kind: Kind, is_other: bool, surface: Surface) -> Self {
        Self {
            id,
            kind,
            is_other,
            surface,
            size: Size::default(),
            mesh: MeshPicture::new(),
            beliefs: BeliefPicture::new(),
            strip: StripPicture::new(),
            ring: None,
            window: None,
            hover: None,
            drag: None,
            reduced_motion: browser::wants_less_motion(),
        }
    }

    /// Reads the colours of the theme.
    pub(super) fn restyle(&mut self) {
        self.surface.restyle();
    }

    /// Paints the bench's instant.
    pub(super) fn paint(
        &mut self,
        bench: &Bench,
        selection: Selection,
        tenant: &str,
        labels: Option<&Labels>,
    ) {
        let Some(size) = self.surface.fit() else { return };
        self.size = size;
        let (snapshot, ring, branch) = bench.side(self.is_other);
        let look = Look {
            node: selection.node,
            hover: self.hover,
            message: selection.message,
            drag: self.drag,
            reduced_motion: self.reduced_motion,
            window: bench.window(),
        };
        match self.kind {
            Kind::Mesh => {
                let mesh = &mut self.mesh;
                self.surface.paint(|scene| mesh.paint(snapshot, &look, size, scene));
            }
            Kind::Beliefs => {
                let beliefs = &mut self.beliefs;
                self.surface.paint(|scene| beliefs.paint(snapshot, &look, size, scene));
            }
            Kind::Timeline => {
                let history = &branch.record().history;
                let window = self.window.unwrap_or_else(|| whole(history, snapshot.now));
                let strip = &mut self.strip;
                self.surface.paint(|scene| strip.paint(history, snapshot, window, &look, size, scene));
            }
            Kind::Ring => self.paint_ring(ring, bench.wall, snapshot, &look, (tenant, labels)),
        }
    }

    fn paint_ring(
        &mut self,
        ring: Option<&Ring>,
        now: WallTime,
        snapshot: &Snapshot,
        look: &Look,
        (tenant, labels): (&str, Option<&Labels>),
    ) {
        let empty;
        let ring = match ring {
            Some(ring) => ring,
            None => {
                empty = Ring::new(&crate::ring::Desc::default(), crate::ring::RingConfig::default());
                &empty
            }
        };
        let health = ring.health_at(now);
        let marks = Vec::from_iter(
            ring.instances().iter().map(|(_, entry)| Mark::of(entry.state, health.covers(entry.timestamp))),
        );
        let old = self.ring.take();
        let same = |old: &RingPane| {
            old.marks == marks && std::sync::Arc::ptr_eq(old.picture.ring().topology(), ring.topology())
        };
        let mut pane = match old {
            Some(old) if same(&old) => old,
            old => RingPane {
                picture: Picture::new(ring.clone(), marks.clone()),
                camera: old.and_then(|old| old.camera),
                marks,
            },
        };
        let margin = pane.picture.fit(self.size);
        let mut camera = pane.camera.unwrap_or_else(|| Camera::home(self.size, margin));
        camera.resize_if_needed(self.size, margin);
        pane.camera = Some(camera);
        let trace = labels.filter(|_| !ring.instances().is_empty()).map(|labels| {
            let trace = trace_stream(ring, tenant, &with_service_name(labels), now);
            let healthy = |instance| {
                trace.write.candidates.iter().any(|other| other.instance == instance && other.health.is_ok())
            };
            TraceMarks::new(&pane.picture, trace.key, &trace.write.walk, healthy)
        });
        let instance = |node: Option<u32>| instance_of(ring, snapshot.nodes.get(node? as usize)?);
        let hover = match look.hover {
            Some(Hover::Node(node)) => instance(Some(node)).map(Target::Instance),
            _ => None,
        };
        let focus = Focus { hover, instance: instance(look.node), token: None };
        self.surface.paint(|scene| pane.picture.paint(&camera, focus, trace.as_ref(), scene));
        self.ring = Some(pane);
    }

    /// What is under a point.
    pub(super) fn hit(&self, bench: &Bench, at: Point, slack: f64) -> Option<Hit> {
        match self.kind {
            Kind::Mesh => self.mesh.hit(at, slack).map(|target| Hit::Thing(target.into())),
            Kind::Beliefs => self.beliefs.hit(at).map(|cell| Hit::Thing(cell.into())),
            Kind::Timeline => match self.strip.hit(at, slack) {
                Some(target) => Some(Hit::Thing(target.into())),
                None => Some(Hit::At(self.strip.instant_at(at.x))),
            },
            Kind::Ring => {
                let pane = self.ring.as_ref()?;
                let owner = match pane.picture.hit(pane.camera.as_ref()?, at, slack)? {
                    Target::Instance(instance) => instance,
                    Target::Token(position) => pane.picture.arc(position)?.owner,
                };
                let id = pane.picture.ring().id(owner);
                bench.pod(id).map(|node| Hit::Thing(Hover::Node(node)))
            }
        }
    }

    /// The instant at a place of the timeline.
    pub(super) fn instant_at(&self, x: f64) -> Instant {
        self.strip.instant_at(x)
    }

    /// Zooms around a point.
    pub(super) fn zoom(&mut self, bench: &Bench, at: Point, factor: f64) {
        match self.kind {
            Kind::Ring => {
                if let Some(camera) = self.ring.as_mut().and_then(|pane| pane.camera.as_mut()) {
                    camera.zoom_at(at, factor);
                }
            }
            Kind::Timeline => {
                let instant = self.strip.instant_at(at.x);
                let mut window = self.window.unwrap_or_else(|| whole(self.history(bench), bench.now()));
                window.zoom_at(instant, factor);
                self.window = Some(window);
            }
            Kind::Mesh | Kind::Beliefs => {}
        }
    }

    /// Moves what can be moved.
    pub(super) fn pan(&mut self, bench: &Bench, by: Point) {
        match self.kind {
            Kind::Ring => {
                if let Some(camera) = self.ring.as_mut().and_then(|pane| pane.camera.as_mut()) {
                    camera.pan(by.x, by.y);
                }
            }
            Kind::Timeline => {
                let mut window = self.window.unwrap_or_else(|| whole(self.history(bench), bench.now()));
                window.pan(-by.x / self.strip.width().max(1.0));
                self.window = Some(window);
            }
            Kind::Mesh | Kind::Beliefs => {}
        }
    }

    /// Shows everything again.
    pub(super) fn go_home(&mut self) {
        self.window = None;
        if let Some(camera) = self.ring.as_mut().and_then(|pane| pane.camera.as_mut()) {
            *camera = camera.at_home();
        }
    }

    fn history<'b>(&self, bench: &'b Bench) -> &'b History {
        &bench.side(self.is_other).2.record().history
    }
}

/// The instance of a node in a ring.
fn instance_of(ring: &Ring, node: &Node) -> Option<u32> {
    ring.index_of(&node.name)
}

/// Everything that was seen, and a little room.
fn whole(history: &History, now: Instant) -> TimeWindow {
    let end = history.explored.max(now).max(Instant::from_nanos(30_000_000_000));
    TimeWindow { from: Instant::START, to: end + end.since(Instant::START) / 20 }
}
