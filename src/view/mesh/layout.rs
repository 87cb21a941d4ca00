//! Where nodes and names stand: a circle for the cluster with one sector for each zone, in as many rows as
//! it takes, and a circle of its own for another cluster's nodes.

use std::f64::consts::TAU;

use crate::snapshot::Snapshot;
use crate::view::cluster::Names;
use crate::view::geometry::{Point, Size};
use crate::view::labels::{Area, LETTER_WIDTH, anchor_for};
use crate::view::scene::Anchor;
use crate::view::text::cut;

/// Up to so many nodes, each has its name beside it.
const NAMED: usize = 40;
/// On a canvas narrower than this, fewer have theirs.
const NARROW: f64 = 560.0;
const NAMED_ON_NARROW: usize = 16;
/// Nodes closer than this make a further row, while there is depth for it.
const WANTED_SPACING: f64 = 17.0;
const MAX_SPACING: f64 = 62.0;
const LEAST_RADIUS: f64 = 40.0;
/// What a text keeps free to the canvas's edge.
const EDGE: f64 = 4.0;
/// Where the stroke of a sector lies, inside the nodes.
const SECTOR_INSET: f64 = 12.0;

/// The places of all nodes for one size of the canvas.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    size: Size,
    /// For each node what its place depends on.
    nodes: Vec<(u16, bool)>,
    zones: usize,
    /// For each node, its point and the direction away from its circle's centre, of length 1.
    places: Vec<(Point, (f64, f64))>,
    /// For each node, the centre of its circle.
    pub(super) centers: [Point; 2],
    /// The radius of a node's mark.
    pub(super) radius: f64,
    /// Whether every node has its name beside it.
    pub(super) named: bool,
    pub(super) sectors: Vec<Sector>,
}

/// A zone's stretch of a circle.
#[derive(Debug, Clone)]
pub(super) struct Sector {
    pub(super) zone: u16,
    pub(super) foreign: bool,
    center: Point,
    radius: f64,
    /// Angles from the top, clockwise.
    from: f64,
    to: f64,
    pub(super) name: String,
    pub(super) at: Point,
    pub(super) anchor: Anchor,
}

/// A circle before its names have their places.
struct Circle {
    center: Point,
    radius: f64,
    spacing: f64,
    /// For each of its nodes: number, angle and distance from the centre.
    nodes: Vec<(u32, f64, f64)>,
    /// For each of its zones: number, and the angles from and to.
    zones: Vec<(u16, f64, f64)>,
}

impl Layout {
    /// Works the places out anew if the nodes, their zones or the size changed.
    pub(super) fn fit(&mut self, snapshot: &Snapshot, names: &Names, renamed: bool, size: Size) {
        let key = snapshot.nodes.iter().map(|node| (node.zone, node.foreign));
        let same = self.size == size
            && !renamed
            && self.zones == snapshot.zones.len()
            && self.nodes.len() == snapshot.nodes.len()
            && self.nodes.iter().copied().eq(key.clone());
        if same {
            return;
        }
        let nodes: Vec<(u16, bool)> = key.collect();
        let most = if size.width < NARROW { NAMED_ON_NARROW } else { NAMED };
        *self = Self {
            size,
            zones: snapshot.zones.len(),
            places: vec![(size.middle(), (0.0, -1.0)); nodes.len()],
            named: nodes.len() <= most,
            nodes,
            ..Self::default()
        };
        self.arrange(snapshot, names);
    }

    fn arrange(&mut self, snapshot: &Snapshot, names: &Names) {
        let Size { width, height } = self.size;
        let foreign = self.nodes.iter().any(|node| node.1);
        let wide = width >= height * 1.1;
        // Another cluster has the smaller part, to the right or below.
        let (home, away) = match (foreign, wide) {
            (false, _) => ((Point::default(), self.size), None),
            (true, true) => {
                let cut = width * 0.62;
                let rest = Size { width: width - cut, height };
                ((Point::default(), Size { width: cut, height }), Some((Point::new(cut, 0.0), rest)))
            }
            (true, false) => {
                let cut = height * 0.6;
                let rest = Size { width, height: height - cut };
                ((Point::default(), Size { width, height: cut }), Some((Point::new(0.0, cut), rest)))
            }
        };
        let mut least = f64::MAX;
        for (foreign, area) in [(false, Some(home)), (true, away)] {
            let Some((corner, size)) = area else { continue };
            let circle = self.circle(snapshot, names, foreign, corner, size);
            self.centers[usize::from(foreign)] = circle.center;
            least = least.min(circle.spacing);
            for &(node, angle, distance) in &circle.nodes {
                let (sine, cosine) = angle.sin_cos();
                let at = Point::new(circle.center.x + distance * sine, circle.center.y - distance * cosine);
                self.places[node as usize] = (at, (sine, -cosine));
            }
            self.radius = (least * 0.3).clamp(1.8, 11.0);
            self.name_zones(snapshot, names, foreign, &circle, corner, size);
        }
    }

    /// The largest circle in an area that leaves room for the names around it.
    fn circle(&self, snapshot: &Snapshot, names: &Names, foreign: bool, corner: Point, size: Size) -> Circle {
        let has_zones = self.has_names_of_zones(snapshot, foreign);
        let middle = size.middle();
        let center = Point::new(corner.x + middle.x, corner.y + middle.y);
        let edge = if has_zones { 30.0 } else { 14.0 };
        let mut radius = middle.x.min(middle.y) - edge - if self.named { 14.0 } else { 2.0 };
        for _ in 0..3 {
            let circle = self.rows(foreign, center, radius.max(LEAST_RADIUS));
            if !self.named {
                return circle;
            }
            let mark = (circle.spacing * 0.3).clamp(1.8, 11.0);
            let largest = circle.nodes.iter().map(|&(node, angle, _)| {
                let (sine, cosine) = angle.sin_cos();
                let name = names.of(node).chars().count() as f64 * LETTER_WIDTH;
                let beside = if anchor_for(sine) == Anchor::Middle { name / 2.0 } else { name };
                let across = (middle.x - EDGE - beside) / sine.abs().max(1e-6);
                let down = (middle.y - edge - 6.0) / cosine.abs().max(1e-6);
                across.min(down) - name_offset(mark, sine)
            });
            let fits = largest.fold(middle.x.min(middle.y) - edge, f64::min);
            if (fits - radius).abs() < 1.0 {
                break;
            }
            radius = fits;
        }
        self.rows(foreign, center, radius.max(LEAST_RADIUS))
    }

    /// Places nodes on a circle whose outermost row has this radius.
    fn rows(&self, foreign: bool, center: Point, radius: f64) -> Circle {
        let mut members: Vec<(u16, u32)> = (0_u32..)
            .zip(&self.nodes)
            .filter(|(_, node)| node.1 == foreign)
            .map(|(number, node)| (node.0, number))
            .collect();
        members.sort_unstable();
        let total = members.len().max(1);
        let zones = members.chunk_by(|a, b| a.0 == b.0).count();
        let gap = if zones > 1 { (0.5 / zones as f64).min(0.16) } else { 0.0 };
        let room = TAU - gap * zones as f64;
        // With k rows, as far apart as nodes in the innermost row are.
        let spacing_of = |rows: usize| {
            let columns = total.div_ceil(rows) as f64;
            radius * room / (columns + (rows - 1) as f64 * room)
        };
        let mut rows = 1;
        while spacing_of(rows) < WANTED_SPACING
            && rows < 16
            && spacing_of(rows + 1) > spacing_of(rows)
            && rows as f64 * spacing_of(rows + 1) < radius * 0.36
        {
            rows += 1;
        }
        let spacing = spacing_of(rows).min(MAX_SPACING);
        let inner = radius - (rows - 1) as f64 * spacing;
        let mut circle =
            Circle { center, radius: inner, spacing, nodes: Vec::with_capacity(total), zones: Vec::new() };
        let mut from = gap / 2.0;
        for zone in members.chunk_by(|a, b| a.0 == b.0) {
            let len = room * zone.len() as f64 / total as f64;
            let columns = zone.len().div_ceil(rows) as f64;
            for (place, &(_, node)) in zone.iter().enumerate() {
                let (column, row) = (place / rows, place % rows);
                // Every other row stands in the gaps of its neighbours.
                let shift = if row % 2 == 1 {
                    0.75
                } else if rows > 1 {
                    0.25
                } else {
                    0.5
                };
                let angle = from + len * (column as f64 + shift) / columns;
                circle.nodes.push((node, angle, inner + row as f64 * spacing));
            }
            circle.zones.push((zone[0].0, from, from + len));
            from += len + gap;
        }
        circle
    }

    /// Finds places for the names of a circle's zones, clear of nodes, names and each other.
    fn name_zones(
        &mut self,
        snapshot: &Snapshot,
        names: &Names,
        foreign: bool,
        circle: &Circle,
        corner: Point,
        size: Size,
    ) {
        let has_names = self.has_names_of_zones(snapshot, foreign);
        let mut taken: Vec<Area> = Vec::new();
        for &(node, ..) in &circle.nodes {
            taken.push(Area::of_mark(self.places[node as usize].0, self.radius + 2.0));
            if self.named {
                let width = names.of(node).chars().count() as f64 * LETTER_WIDTH;
                let (at, anchor) = self.name_place(node);
                taken.push(Area::of_text(at, anchor, width));
            }
        }
        let outermost = circle.nodes.iter().map(|node| node.2).fold(circle.radius, f64::max);
        for &(zone, from, to) in &circle.zones {
            let name = match snapshot.zones.get(usize::from(zone)) {
                Some(name) if !name.is_empty() => cut(name, 18),
                _ => "no zone".to_owned(),
            };
            let (sine, cosine) = ((from + to) / 2.0).sin_cos();
            let width = name.chars().count() as f64 * LETTER_WIDTH;
            let place = |offset: f64, anchor: Anchor| {
                let distance = outermost + offset;
                let at = Point::new(circle.center.x + distance * sine, circle.center.y - distance * cosine);
                (kept_in(corner, size, at, anchor, width), anchor)
            };
            let outside =
                (0..40).map(|step| place(self.radius + 12.0 + 4.0 * f64::from(step), anchor_for(sine)));
            let free = |(at, anchor): &(Point, Anchor)| {
                let area = Area::of_text(*at, *anchor, width);
                area.is_on(self.size) && !taken.iter().any(|other| other.meets(&area))
            };
            let inside = circle.radius - outermost - SECTOR_INSET - 18.0;
            let (at, anchor) = outside.clone().find(free).unwrap_or_else(|| place(inside, anchor_for(-sine)));
            if has_names {
                taken.push(Area::of_text(at, anchor, width));
            }
            let name = if has_names { name } else { String::new() };
            let (center, radius) = (circle.center, circle.radius);
            self.sectors.push(Sector { zone, foreign, center, radius, from, to, name, at, anchor });
        }
    }

    fn has_names_of_zones(&self, snapshot: &Snapshot, foreign: bool) -> bool {
        let named = |zone: u16| snapshot.zones.get(usize::from(zone)).is_some_and(|name| !name.is_empty());
        self.nodes.iter().any(|&(zone, away)| away == foreign && named(zone))
    }

    /// Where a node stands.
    pub(super) fn at(&self, node: u32) -> Option<Point> {
        self.places.get(node as usize).map(|place| place.0)
    }

    /// The direction away from the centre of a node's circle.
    pub(super) fn outward(&self, node: u32) -> (f64, f64) {
        self.places.get(node as usize).map_or((0.0, -1.0), |place| place.1)
    }

    /// What a way between two nodes bends toward.
    pub(super) fn center_between(&self, from: u32, to: u32) -> Option<Point> {
        let of = |node: u32| self.nodes.get(node as usize).map(|node| node.1);
        let (from, to) = (of(from)?, of(to)?);
        (from == to).then(|| self.centers[usize::from(from)])
    }

    /// Where a node's name stands.
    pub(super) fn name_place(&self, node: u32) -> (Point, Anchor) {
        let (at, (sine, down)) = self.places[node as usize];
        let offset = name_offset(self.radius, sine);
        (Point::new(at.x + sine * offset, at.y + down * offset), anchor_for(sine))
    }
}

impl Sector {
    /// Points along the sector's stroke.
    pub(super) fn arc(&self) -> impl Iterator<Item = Point> {
        let radius = (self.radius - SECTOR_INSET - 4.0).max(8.0);
        let pieces = ((self.to - self.from) * radius / 6.0).ceil().clamp(2.0, 256.0) as u32;
        (0..=pieces).map(move |piece| {
            let angle = self.from + (self.to - self.from) * f64::from(piece) / f64::from(pieces);
            let (sine, cosine) = angle.sin_cos();
            Point::new(self.center.x + radius * sine, self.center.y - radius * cosine)
        })
    }
}

fn name_offset(radius: f64, sine: f64) -> f64 {
    // Above and below a circle a name keeps clear of the outline around its mark.
    radius + 12.0 + 4.0 * (1.0 - sine.abs())
}

fn kept_in(corner: Point, size: Size, at: Point, anchor: Anchor, width: f64) -> Point {
    let (left, right) = match anchor {
        Anchor::Start => (0.0, width),
        Anchor::Middle => (width / 2.0, width / 2.0),
        Anchor::End => (width, 0.0),
    };
    let (least, most) = (corner.x + left + EDGE, corner.x + size.width - right - EDGE);
    let x = if least < most { at.x.clamp(least, most) } else { at.x };
    Point::new(x, at.y)
}
