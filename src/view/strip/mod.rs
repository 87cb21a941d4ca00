//! The run as lanes of nodes over time: what each was when, messages between them as slanted strokes, and
//! what happened as flags above.

mod axis;
mod lanes;
mod window;

use crate::snapshot::{History, Phase, Snapshot};
use crate::time::Instant;

use super::cluster::{Names, plural};
use super::geometry::{Point, Size};
use super::labels::LETTER_WIDTH;
use super::look::Look;
use super::palette::Role;
use super::scene::{Anchor, Scene, Style};
use super::text;

pub use window::TimeWindow;

/// The height of the flags, and that of the scale below them.
const FLAGS: f64 = 36.0;
const SCALE: f64 = 18.0;
/// Lanes are no taller than this.
const TALLEST: f64 = 44.0;
/// From this height on, a lane has its name.
const NAMED: f64 = 13.0;
const EDGE: f64 = 6.0;

/// What a point can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StripTarget {
    /// A node, at its name.
    Node(u32),
    /// A milestone's flag, by its place in the history.
    Milestone(usize),
    /// A message, by its number.
    Message(u64),
    /// A node's lane at an instant.
    Lane {
        /// The node.
        node: u32,
        /// When.
        at: Instant,
    },
}

/// The timeline, with what it takes to tell what is under the pointer.
#[derive(Debug, Clone, Default)]
pub struct StripPicture {
    names: Names,
    area: Area,
    /// The flags that were painted last, by their places in the history.
    flags: Vec<(f64, usize)>,
    /// The messages that were painted last.
    strokes: Vec<(Point, Point, u64)>,
}

/// Where the lanes are, and which stretch of time they show.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    window: TimeWindow,
    left: f64,
    right: f64,
    top: f64,
    /// A lane's.
    height: f64,
    nodes: u32,
}

impl Default for Area {
    fn default() -> Self {
        let window = TimeWindow::new(Instant::START, std::time::Duration::from_secs(60));
        Self { window, left: 0.0, right: 1.0, top: 0.0, height: 1.0, nodes: 0 }
    }
}

impl StripPicture {
    /// A picture of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills `scene` with what of the history lies in the window.
    pub fn paint(
        &mut self,
        history: &History,
        snapshot: &Snapshot,
        window: TimeWindow,
        look: &Look,
        size: Size,
        scene: &mut Scene,
    ) {
        scene.clear();
        self.names.refresh(snapshot);
        self.flags.clear();
        self.strokes.clear();
        let nodes = snapshot.nodes.len().min(history.lanes.len()) as u32;
        self.area = Area::fit(nodes, self.names.longest(), window, size);
        self.paint_scale(scene);
        if nodes == 0 {
            scene.label(size.middle(), Role::InkSoft, Anchor::Middle, format_args!("no nodes"));
        }
        self.paint_lanes(history, look, scene);
        self.paint_messages(snapshot, look, scene);
        self.paint_flags(history, look, size, scene);
        self.paint_future(history, snapshot, scene);
        self.paint_names(look, scene);
        self.paint_cursor(snapshot, size, scene);
    }

    /// What was painted at a point, or no farther from it than `slack` for what is small.
    pub fn hit(&self, at: Point, slack: f64) -> Option<StripTarget> {
        let area = &self.area;
        if at.y < FLAGS + slack.min(4.0) {
            let nearest = self.flags.iter().min_by(|a, b| (a.0 - at.x).abs().total_cmp(&(b.0 - at.x).abs()));
            return nearest
                .filter(|(x, _)| (x - at.x).abs() <= 7.0 + slack)
                .map(|&(_, place)| StripTarget::Milestone(place));
        }
        let node = area.node_at(at.y)?;
        if at.x < area.left {
            return Some(StripTarget::Node(node));
        }
        let far = |stroke: &(Point, Point, u64)| distance_to(at, stroke.0, stroke.1);
        let stroke = self.strokes.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
        match stroke.filter(|stroke| far(stroke) <= 3.0 + slack / 2.0) {
            Some(&(_, _, id)) => Some(StripTarget::Message(id)),
            None => Some(StripTarget::Lane { node, at: self.instant_at(at.x) }),
        }
    }

    /// The instant at a place from the left edge, as it was painted last; within the window.
    pub fn instant_at(&self, x: f64) -> Instant {
        let Area { window, left, right, .. } = self.area;
        let share = ((x - left) / (right - left).max(1.0)).clamp(0.0, 1.0);
        Instant::from_nanos(window.from.nanos() + (share * window.nanos()).round() as u64)
    }

    /// The place of an instant from the left edge, as it was painted last; may lie outside of the canvas.
    pub fn x_of(&self, at: Instant) -> f64 {
        self.area.x_of(at)
    }

    /// How many pixels the window's length is.
    pub fn width(&self) -> f64 {
        self.area.right - self.area.left
    }

    /// The middle of a node's lane, from the upper edge.
    pub fn y_of(&self, node: u32) -> f64 {
        self.area.y_of(node) + self.area.height / 2.0
    }

    fn paint_names(&self, look: &Look, scene: &mut Scene) {
        let area = &self.area;
        for node in 0..area.nodes {
            let pointed = look.points_at(node);
            if area.height < NAMED && !pointed {
                continue;
            }
            let name = self.names.of(node);
            let y = area.y_of(node) + area.height / 2.0;
            let letters = name.chars().count() as f64 * LETTER_WIDTH;
            let fits = letters <= area.left - 8.0;
            let (x, anchor) = if fits { (area.left - 8.0, Anchor::End) } else { (4.0, Anchor::Start) };
            let label = scene.label(Point::new(x, y), Role::Ink, anchor, format_args!("{name}"));
            (label.strong, label.halo) = (pointed, !fits || area.height < NAMED);
        }
    }

    /// Dims what was seen already and lies ahead of the cursor, and hides what nobody has seen.
    fn paint_future(&self, history: &History, snapshot: &Snapshot, scene: &mut Scene) {
        let area = &self.area;
        let clamp = |at: Instant| area.x_of(at).clamp(area.left, area.right);
        let (now, end) = (clamp(snapshot.now), clamp(history.explored.max(snapshot.now)));
        let bottom = area.bottom();
        if end > now {
            let veil = scene.layer(Role::Surface, Style::Fill);
            veil.faint(0.62).rect(Point::new(now, area.top - 1.0), end - now, bottom - area.top + 2.0);
            let edge = scene.layer(Role::LineStrong, Style::Dotted(1.0));
            edge.line(Point::new(end, area.top), Point::new(end, bottom));
        }
    }

    fn paint_cursor(&self, snapshot: &Snapshot, size: Size, scene: &mut Scene) {
        let area = &self.area;
        if !area.window.holds(snapshot.now) {
            return;
        }
        let x = area.x_of(snapshot.now);
        let top = FLAGS + SCALE;
        scene
            .layer(Role::Surface, Style::Stroke(4.0))
            .line(Point::new(x, top), Point::new(x, area.bottom().min(size.height)));
        let line = scene.layer(Role::Accent, Style::Stroke(2.0));
        line.line(Point::new(x, top - 4.0), Point::new(x, area.bottom().min(size.height)));
        let head = scene.layer(Role::Accent, Style::Fill);
        head.outline([
            Point::new(x - 6.0, top - 9.0),
            Point::new(x + 6.0, top - 9.0),
            Point::new(x + 6.0, top - 4.0),
            Point::new(x, top + 2.0),
            Point::new(x - 6.0, top - 4.0),
        ]);
    }
}

impl Area {
    fn fit(nodes: u32, longest: usize, window: TimeWindow, size: Size) -> Self {
        let top = FLAGS + SCALE;
        let room = (size.height - top - EDGE).max(1.0);
        let height = (room / f64::from(nodes.max(1))).min(TALLEST);
        let names = longest as f64 * LETTER_WIDTH + 16.0;
        let left = if height >= NAMED { names.min(size.width * 0.3) } else { names.min(size.width * 0.14) };
        let right = (size.width - EDGE).max(left + 1.0);
        Self { window, left, right, top, height, nodes }
    }

    fn x_of(&self, at: Instant) -> f64 {
        let since = at.nanos() as f64 - self.window.from.nanos() as f64;
        self.left + since / self.window.nanos() * (self.right - self.left)
    }

    /// A lane's upper edge.
    fn y_of(&self, node: u32) -> f64 {
        self.top + self.height * f64::from(node)
    }

    fn bottom(&self) -> f64 {
        self.y_of(self.nodes)
    }

    fn node_at(&self, y: f64) -> Option<u32> {
        let lane = ((y - self.top) / self.height).floor();
        (0.0..f64::from(self.nodes)).contains(&lane).then_some(lane as u32)
    }
}

/// How far a point is from a line's nearest point.
fn distance_to(at: Point, from: Point, to: Point) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let squares = dx * dx + dy * dy;
    let along = if squares > 0.0 {
        (((at.x - from.x) * dx + (at.y - from.y) * dy) / squares).clamp(0.0, 1.0)
    } else {
        0.0
    };
    at.distance(Point::new(from.x + dx * along, from.y + dy * along))
}

/// The picture in a sentence or two, for those who do not see it.
pub fn summary(history: &History, snapshot: &Snapshot) -> String {
    let mut counts = [0_u64; Phase::ALL.len()];
    for lane in &history.lanes {
        counts[lane.at(snapshot.now) as usize] += 1;
    }
    let parts: Vec<String> = Phase::ALL
        .into_iter()
        .filter(|phase| counts[*phase as usize] > 0)
        .map(|phase| format!("{} {}", text::count(counts[phase as usize]), phase.name()))
        .collect();
    let now = window::instant_text(snapshot.now);
    let faults = history.milestones.iter().filter(|milestone| milestone.is_fault).count() as u64;
    let lanes = plural(history.lanes.len() as u64, "node");
    let of_them = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{lanes} at {now}{of_them}. {} so far.", plural(faults, "fault"))
}
