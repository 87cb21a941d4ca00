//! The cluster as a mesh: nodes on a circle, messages on their way between them, and what is wrong with
//! the links.

mod layout;
mod links;
mod nodes;
mod traffic;

use crate::snapshot::{Snapshot, Trouble};

use super::cluster::{Names, nodes_text, plural};
use super::geometry::{Point, Size};
use super::labels::{Area, LETTER_WIDTH};
use super::look::Look;
use super::scene::{Anchor, Scene};

use layout::Layout;

/// What a point can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeshTarget {
    /// A node.
    Node(u32),
    /// A message, by its number.
    Message(u64),
    /// A faulty link.
    Link {
        /// From here.
        from: u32,
        /// To there.
        to: u32,
    },
    /// A zone, by its number.
    Zone(u16),
}

/// The mesh, with what it takes to tell what is under the pointer.
#[derive(Debug, Clone, Default)]
pub struct MeshPicture {
    layout: Layout,
    names: Names,
    /// The messages that were painted last.
    messages: Vec<(Point, u64)>,
    /// The faulty links that were painted last.
    links: Vec<Way>,
    /// Pairs of nodes, when messages are counted instead of shown.
    pairs: Vec<(u32, u32)>,
}

/// The bent way from one node to another; the way back bends to the other side.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Way {
    ends: (u32, u32),
    from: Point,
    bend: Point,
    to: Point,
}

impl MeshPicture {
    /// A picture of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills `scene` with the cluster.
    pub fn paint(&mut self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        scene.clear();
        let renamed = self.names.refresh(snapshot);
        self.layout.fit(snapshot, &self.names, renamed, size);
        self.messages.clear();
        self.links.clear();
        if snapshot.nodes.is_empty() {
            scene.label(
                size.middle(),
                super::palette::Role::InkSoft,
                Anchor::Middle,
                format_args!("no nodes"),
            );
            return;
        }
        self.paint_sectors(look, scene);
        self.paint_links(snapshot, look, size, scene);
        if !snapshot.flows.is_empty() {
            self.paint_flows(snapshot, look, scene);
        } else if look.reduced_motion {
            self.paint_counts(snapshot, look, scene);
        }
        self.paint_nodes(snapshot, look, size, scene);
        if snapshot.flows.is_empty() && !look.reduced_motion {
            self.paint_messages(snapshot, look, scene);
        }
        self.paint_drag(look, scene);
    }

    /// What was painted at a point, or no farther from it than `slack` for what is small.
    pub fn hit(&self, at: Point, slack: f64) -> Option<MeshTarget> {
        let nearest_node = (0..)
            .map_while(|node| Some((node, self.layout.at(node)?.distance(at))))
            .min_by(|a: &(u32, f64), b| a.1.total_cmp(&b.1));
        let node_within = |reach: f64| {
            nearest_node.filter(|(_, distance)| *distance <= reach).map(|(node, _)| MeshTarget::Node(node))
        };
        let nearest_message = self
            .messages
            .iter()
            .map(|&(point, id)| (id, point.distance(at)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let message_within = |reach: f64| {
            nearest_message.filter(|(_, distance)| *distance <= reach).map(|(id, _)| MeshTarget::Message(id))
        };
        let radius = self.layout.radius;
        let link = || {
            let near = |way: &Way| way.distance(at, radius);
            let nearest = self.links.iter().min_by(|a, b| near(a).total_cmp(&near(b)))?;
            let (from, to) = nearest.ends;
            (near(nearest) <= 4.0 + slack).then_some(MeshTarget::Link { from, to })
        };
        let zone = || {
            let over = |sector: &&layout::Sector| {
                let width = sector.name.chars().count() as f64 * LETTER_WIDTH;
                let area = Area::of_text(sector.at, sector.anchor, width);
                !sector.name.is_empty() && area.meets(&Area::of_mark(at, slack.max(0.5)))
            };
            self.layout.sectors.iter().find(over).map(|sector| MeshTarget::Zone(sector.zone))
        };
        node_within(radius + 3.0)
            .or_else(|| message_within(6.0))
            .or_else(|| node_within(radius + 3.0 + slack))
            .or_else(|| message_within(6.0 + slack))
            .or_else(link)
            .or_else(zone)
    }

    /// Where a node stands, as it was painted last.
    pub fn place_of(&self, node: u32) -> Option<Point> {
        self.layout.at(node)
    }

    fn way(&self, from: u32, to: u32) -> Option<Way> {
        let (start, end) = (self.layout.at(from)?, self.layout.at(to)?);
        Some(Way::new((from, to), start, end, self.layout.center_between(from, to)))
    }
}

impl Way {
    fn new(ends: (u32, u32), from: Point, to: Point, center: Option<Point>) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = (dx * dx + dy * dy).sqrt().max(1e-6);
        let bow = (length * 0.07).clamp(4.0, 22.0);
        let middle = Point::new((from.x + to.x) / 2.0, (from.y + to.y) / 2.0);
        let toward = center.unwrap_or(middle);
        let bend = Point::new(
            middle.x + (toward.x - middle.x) * 0.3 - dy / length * bow * 2.0,
            middle.y + (toward.y - middle.y) * 0.3 + dx / length * bow * 2.0,
        );
        Self { ends, from, bend, to }
    }

    /// The point after a share of the way, between the rims of both marks.
    fn at(&self, share: f64, radius: f64) -> Point {
        let length = self.from.distance(self.to).max(1e-6);
        let rim = ((radius + 4.0) / length).min(0.3);
        let t = rim + (1.0 - 2.0 * rim) * share;
        let u = 1.0 - t;
        let (a, b, c) = (u * u, 2.0 * u * t, t * t);
        Point::new(
            a * self.from.x + b * self.bend.x + c * self.to.x,
            a * self.from.y + b * self.bend.y + c * self.to.y,
        )
    }

    /// The direction after a share of the way, of length 1.
    fn ahead(&self, share: f64) -> (f64, f64) {
        let u = 1.0 - share;
        let dx = u * (self.bend.x - self.from.x) + share * (self.to.x - self.bend.x);
        let dy = u * (self.bend.y - self.from.y) + share * (self.to.y - self.bend.y);
        let length = (dx * dx + dy * dy).sqrt();
        if length > 0.0 { (dx / length, dy / length) } else { (1.0, 0.0) }
    }

    fn distance(&self, at: Point, radius: f64) -> f64 {
        (0..=24).map(|step| self.at(f64::from(step) / 24.0, radius).distance(at)).fold(f64::MAX, f64::min)
    }
}

/// The picture in a sentence or three, for those who do not see it.
pub fn summary(snapshot: &Snapshot) -> String {
    let mut text = format!("{}.", nodes_text(snapshot));
    let cut = snapshot.links.iter().filter(|link| link.trouble == Trouble::Cut).count();
    let worse = snapshot.links.len() - cut;
    match (cut, worse) {
        (0, 0) => {}
        (cut, 0) => text.push_str(&format!(" {} cut.", plural(cut as u64, "link"))),
        (0, worse) => text.push_str(&format!(" {} slow or lossy.", plural(worse as u64, "link"))),
        (cut, worse) => {
            text.push_str(&format!(" {} cut, {worse} slow or lossy.", plural(cut as u64, "link")));
        }
    }
    if snapshot.flows.is_empty() {
        let under_way = snapshot
            .messages
            .iter()
            .filter(|message| message.sent <= snapshot.now)
            .filter(|message| message.arrives.is_some_and(|arrives| arrives > snapshot.now));
        text.push_str(&format!(" {} under way.", plural(under_way.count() as u64, "message")));
    } else {
        let rate: f32 = snapshot.flows.iter().map(|flow| flow.per_second).sum();
        text.push_str(&format!(" About {} a second.", plural(rate.round() as u64, "message")));
    }
    text
}
