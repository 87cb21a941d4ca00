//! Links with something wrong, and the sectors that zones take.

use crate::snapshot::{Link, Snapshot, Trouble};
use crate::view::cluster::plural;
use crate::view::geometry::{Point, Size};
use crate::view::glyph::draw_arrow;
use crate::view::look::{Hover, Look};
use crate::view::palette::Role;
use crate::view::scene::{Anchor, Layer, Scene, Style};

use super::{MeshPicture, Way};

/// More faulty links than this are drawn faintly, without their signs.
const FEW: usize = 200;
/// Of more than this, only as many are drawn.
const MOST: usize = 3_000;

impl MeshPicture {
    pub(super) fn paint_sectors(&self, look: &Look, scene: &mut Scene) {
        let arcs = scene.layers_for([Role::Line].into_iter(), Style::Stroke(2.0));
        for sector in &self.layout.sectors {
            if self.layout.sectors.len() > 1 {
                for (place, point) in sector.arc().enumerate() {
                    let layer = scene.layer_at(arcs);
                    if place == 0 { layer.start(point) } else { layer.to(point) }
                }
            }
            if !sector.name.is_empty() {
                let pointed = look.hover == Some(Hover::Zone(sector.zone));
                let role = if pointed { Role::Ink } else { Role::InkSoft };
                let label = scene.label(sector.at, role, sector.anchor, format_args!("{}", sector.name));
                (label.strong, label.halo) = (true, true);
            }
        }
        if self.layout.sectors.iter().any(|sector| sector.foreign) {
            let center = self.layout.centers[1];
            scene.label(center, Role::InkSoft, Anchor::Middle, format_args!("another cluster")).halo = true;
        }
    }

    pub(super) fn paint_links(&mut self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        let all = &snapshot.links;
        if all.is_empty() {
            return;
        }
        let few = all.len() <= FEW;
        // Of a large crowd every so many-th: it is the crowd that is to be seen.
        let step = all.len().div_ceil(MOST);
        let width = if few { 1.75 } else { 1.0 };
        let cut = scene.layers_for([Role::Bad].into_iter(), Style::Stroke(width));
        scene.layers_for([Role::Warn].into_iter(), Style::Dashed(width));
        scene.layers_for([Role::Warn].into_iter(), Style::Dotted(width + 0.5));
        let bars = scene.layers_for([Role::Bad].into_iter(), Style::Stroke(2.5));
        let arrows = scene.layers_for([Role::Bad, Role::Warn].into_iter(), Style::Fill);
        if !few {
            let opacity = (60.0 / (all.len() as f64 / step as f64)).clamp(0.1, 0.4);
            (cut..cut + 3).for_each(|place| _ = scene.layer_at(place).faint(opacity));
        }
        for link in all.iter().step_by(step) {
            let Some(way) = self.way(link.from, link.to) else { continue };
            self.links.push(way);
            let line = scene.layer_at(cut + link.trouble as usize);
            if !few {
                line.line(way.at(0.0, self.layout.radius), way.at(1.0, self.layout.radius));
                continue;
            }
            self.draw_link(line, link, &way);
            let tip = way.at(1.0, self.layout.radius);
            draw_arrow(
                scene.layer_at(arrows + usize::from(link.trouble != Trouble::Cut)),
                tip,
                way.ahead(0.96),
                9.0,
            );
            if link.trouble == Trouble::Cut {
                let (at, (dx, dy)) = (way.at(0.5, self.layout.radius), way.ahead(0.5));
                for share in [-3.0, 3.0] {
                    let middle = Point::new(at.x + dx * share, at.y + dy * share);
                    scene.layer_at(bars).line(
                        Point::new(middle.x - dy * 5.0, middle.y + dx * 5.0),
                        Point::new(middle.x + dy * 5.0, middle.y - dx * 5.0),
                    );
                }
            }
        }
        if let Some(Hover::Link { from, to }) = look.hover
            && let Some(way) = self.way(from, to)
        {
            draw_way(scene.layer(Role::Ink, Style::Stroke(2.5)), &way, self.layout.radius, 0.0, 1.0);
        }
        if !few {
            let cut = all.iter().filter(|link| link.trouble == Trouble::Cut).count();
            let text = match all.len() - cut {
                0 => format!("{} cut", plural(cut as u64, "link")),
                worse => format!("{} cut, {worse} slow or lossy", plural(cut as u64, "link")),
            };
            // In a corner, which no circle reaches.
            let at = Point::new(8.0, size.height - 10.0);
            let label = scene.label(at, Role::Bad, Anchor::Start, format_args!("{text}"));
            (label.strong, label.halo) = (true, true);
        }
    }

    fn draw_link(&self, layer: &mut Layer, link: &Link, way: &Way) {
        let radius = self.layout.radius;
        if link.trouble == Trouble::Cut {
            let gap = (4.0 / way.from.distance(way.to).max(1.0)).min(0.2);
            draw_way(layer, way, radius, 0.0, 0.5 - gap);
            draw_way(layer, way, radius, 0.5 + gap, 1.0);
        } else {
            draw_way(layer, way, radius, 0.0, 1.0);
        }
    }
}

/// Draws a stretch of a way.
pub(super) fn draw_way(layer: &mut Layer, way: &Way, radius: f64, from: f64, to: f64) {
    const PIECES: u32 = 10;
    layer.start(way.at(from, radius));
    for piece in 1..=PIECES {
        layer.to(way.at(from + (to - from) * f64::from(piece) / f64::from(PIECES), radius));
    }
}
