//! Nodes: how they stand in the ring as a mark, in memberlist as an outline around it, and what their
//! process really does on top.

use crate::memberlist::State;
use crate::snapshot::{ProcessState, Snapshot};
use crate::view::cluster::{is_unwell, mark_of};
use crate::view::geometry::{Point, Size};
use crate::view::glyph::Marks;
use crate::view::labels::{Area, LETTER_WIDTH, kept_on};
use crate::view::look::Look;
use crate::view::palette::Role;
use crate::view::scene::{Anchor, Scene, Style};

use super::MeshPicture;

/// In a crowd, at most so many of those that are unwell are named.
const NAMED_UNWELL: usize = 24;

impl MeshPicture {
    pub(super) fn paint_nodes(&self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        let radius = self.layout.radius;
        let large = radius >= 4.0;
        // What lies below a mark does not show through it.
        let paper = scene.layers_for([Role::Surface].into_iter(), Style::Fill);
        let outlines = scene.layers_for([Role::LineStrong].into_iter(), Style::Stroke(1.25));
        scene.layers_for([Role::Warn].into_iter(), Style::Dashed(2.0));
        scene.layers_for([Role::Bad].into_iter(), Style::Stroke(2.0));
        scene.layers_for([Role::Bad].into_iter(), Style::Dotted(2.0));
        let waiting = scene.layers_for([Role::LineStrong].into_iter(), Style::Dotted(1.25));
        let ghosts = Marks::new(scene, radius, 0.35);
        let marks = Marks::new(scene, radius, 1.0);
        let halos = scene.layers_for([Role::Surface].into_iter(), Style::Stroke(5.0));
        let slashes =
            scene.layers_for([Role::Ink].into_iter(), Style::Stroke(if large { 2.0 } else { 1.25 }));
        let badges = scene.layers_for([Role::Surface, Role::Ink, Role::Bad].into_iter(), Style::Fill);
        let rim = radius + if large { 4.0 } else { 2.0 };
        for (number, node) in (0_u32..).zip(&snapshot.nodes) {
            let Some(at) = self.layout.at(number) else { continue };
            scene.layer_at(paper).disc(at, rim);
            if node.process == ProcessState::Waiting {
                scene.layer_at(waiting).disc(at, radius);
                continue;
            }
            match node.member {
                Some(State::Alive) if !large => {}
                Some(state) => scene.layer_at(outlines + state as usize).disc(at, rim),
                None => {}
            }
            let down = node.process == ProcessState::Down;
            (if down { ghosts } else { marks }).draw(scene, at, mark_of(node), radius);
            if down {
                let arm = rim * 0.95;
                let (low, high) = (Point::new(at.x - arm, at.y + arm), Point::new(at.x + arm, at.y - arm));
                if large {
                    scene.layer_at(halos).line(low, high);
                }
                scene.layer_at(slashes).line(low, high);
            }
            if node.process == ProcessState::Paused {
                let (at, tall) = if large {
                    (Point::new(at.x + radius * 0.95, at.y - radius * 0.95), 8.0)
                } else {
                    (at, radius * 2.4)
                };
                scene.layer_at(badges).disc(at, tall * 0.85);
                for x in [-0.38, 0.12] {
                    scene.layer_at(badges + 1).rect(
                        Point::new(at.x + x * tall, at.y - tall / 2.0),
                        tall * 0.26,
                        tall,
                    );
                }
            }
            if node.blocked {
                self.draw_gate(scene, badges + 2, number, at, rim);
            }
        }
        self.paint_pointed(snapshot, look, rim, scene);
        self.paint_names(snapshot, look, size, scene);
    }

    /// A bar in front of a node, on the side that the others are on.
    fn draw_gate(&self, scene: &mut Scene, layer: usize, node: u32, at: Point, rim: f64) {
        let (dx, dy) = self.layout.outward(node);
        let (inner, outer, half) = (rim + 2.0, rim + 5.0, rim.max(5.0));
        let corner =
            |away: f64, aside: f64| Point::new(at.x - dx * away - dy * aside, at.y - dy * away + dx * aside);
        scene.layer_at(layer).outline([
            corner(inner, -half),
            corner(outer, -half),
            corner(outer, half),
            corner(inner, half),
        ]);
    }

    fn paint_pointed(&self, snapshot: &Snapshot, look: &Look, rim: f64, scene: &mut Scene) {
        let selected = look.node.and_then(|node| self.layout.at(node));
        if let Some(at) = selected {
            // Dark, light, dark: it stands out from any colour.
            for (role, width) in [(Role::Ink, 5.0), (Role::Surface, 1.5)] {
                scene.layer(role, Style::Stroke(width)).disc(at, rim + 4.0);
            }
        }
        let hovered = look.hovered_node().filter(|node| look.node != Some(*node));
        let observer = snapshot.observer.filter(|node| look.node != Some(*node));
        for (node, style) in [(hovered, Style::Stroke(1.5)), (observer, Style::Dotted(2.0))] {
            if let Some(at) = node.and_then(|node| self.layout.at(node)) {
                scene.layer(Role::Ink, style).disc(at, rim + 3.0);
            }
        }
    }

    fn paint_names(&self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        if self.layout.named {
            for (number, node) in (0_u32..).zip(&snapshot.nodes) {
                let (at, anchor) = self.layout.name_place(number);
                let role = if node.process == ProcessState::Up { Role::Ink } else { Role::InkSoft };
                let label = scene.label(at, role, anchor, format_args!("{}", self.names.of(number)));
                label.strong = look.points_at(number);
                label.halo = true;
            }
            return;
        }
        let mut taken: Vec<Area> = Vec::new();
        let pointed = [look.node, look.hovered_node()];
        let unwell = (0_u32..)
            .zip(&snapshot.nodes)
            .filter(|(number, node)| is_unwell(node) && !pointed.contains(&Some(*number)))
            .map(|(number, _)| number);
        let mut named = 0;
        for number in pointed.into_iter().flatten().chain(unwell) {
            let Some(at) = self.layout.at(number) else { continue };
            let always = pointed.contains(&Some(number));
            if named >= NAMED_UNWELL {
                break;
            }
            let (at, anchor, area) = self.free_place(number, at, size);
            if !always && taken.iter().any(|other| other.meets(&area)) {
                continue;
            }
            taken.push(area);
            named += 1;
            let role = if always { Role::Ink } else { Role::InkSoft };
            let label = scene.label(at, role, anchor, format_args!("{}", self.names.of(number)));
            (label.strong, label.halo) = (always, true);
        }
    }

    fn free_place(&self, node: u32, mark: Point, size: Size) -> (Point, Anchor, Area) {
        let width = self.names.of(node).chars().count() as f64 * LETTER_WIDTH;
        let (at, anchor) = self.layout.name_place(node);
        let kept = kept_on(size, at, anchor, width);
        let y = if kept.x != at.x { mark.y - self.layout.radius - 12.0 } else { kept.y };
        let kept = Point::new(kept.x, y.clamp(10.0, (size.height - 10.0).max(10.0)));
        (kept, anchor, Area::of_text(kept, anchor, width))
    }
}
