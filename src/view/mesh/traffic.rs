//! Messages on their way, their counts for those who want no motion, and flows when they are too many.

use std::time::Duration;

use crate::snapshot::{Message, MessageKind, Snapshot};
use crate::time::Instant;
use crate::view::geometry::Point;
use crate::view::glyph::{draw_arrow, draw_message, role_of, style_of};
use crate::view::look::Look;
use crate::view::palette::Role;
use crate::view::scene::{Anchor, Scene, Style};

use super::MeshPicture;
use super::links::draw_way;

/// For how long a lost message is drawn if nothing else says so.
const LOST: Duration = Duration::from_millis(1);
/// Steps in which a lost message fades away.
const FADES: [f64; 3] = [1.0, 0.6, 0.3];
/// The widths of flows, from the thinnest up.
const WIDTHS: [f64; 4] = [0.75, 1.5, 2.75, 4.5];
const KINDS: usize = MessageKind::ALL.len();

/// How far on its way a message is, from 0 to 1; `None` before and after.
pub(super) fn progress(message: &Message, now: Instant, window: Duration) -> Option<f64> {
    let flight = message.arrives.map_or(LOST, |arrives| arrives.since(message.sent)).max(window);
    let since = now.since(message.sent);
    if now < message.sent || since > flight {
        return None;
    }
    Some(if flight.is_zero() { 1.0 } else { since.as_secs_f64() / flight.as_secs_f64() })
}

impl MeshPicture {
    pub(super) fn paint_messages(&mut self, snapshot: &Snapshot, look: &Look, scene: &mut Scene) {
        let mut layers = [0; KINDS];
        let lost = scene.layers_for([Role::Bad; FADES.len()].into_iter(), Style::Stroke(2.0));
        for (place, opacity) in FADES.into_iter().enumerate() {
            scene.layer_at(lost + place).faint(opacity);
        }
        for kind in MessageKind::ALL {
            layers[kind as usize] = scene.layers_for([role_of(kind)].into_iter(), style_of(kind));
        }
        let shown = snapshot.messages.len();
        let size = match shown {
            0..=150 => 4.5,
            151..=600 => 3.6,
            _ => 2.6,
        };
        let radius = self.layout.radius;
        for message in &snapshot.messages {
            let Some(progress) = progress(message, snapshot.now, look.window) else { continue };
            let Some(way) = self.way(message.from, message.to) else { continue };
            let gone = message.arrives.is_none() && progress >= 0.5;
            let share = if message.arrives.is_none() { progress.min(0.5) } else { progress };
            let (at, ahead) = (way.at(share, radius), way.ahead(share));
            self.messages.push((at, message.id));
            if look.points_at_message(message.id) {
                draw_way(scene.layer(role_of(message.kind), Style::Stroke(1.5)), &way, radius, 0.0, 1.0);
                scene.layer(Role::Ink, Style::Stroke(1.5)).disc(at, size + 5.0);
            }
            if gone {
                let fade = ((progress - 0.5) * 2.0 * FADES.len() as f64) as usize;
                let layer = scene.layer_at(lost + fade.min(FADES.len() - 1));
                let arm = size * 1.1;
                layer.line(Point::new(at.x - arm, at.y - arm), Point::new(at.x + arm, at.y + arm));
                layer.line(Point::new(at.x - arm, at.y + arm), Point::new(at.x + arm, at.y - arm));
            } else {
                draw_message(scene.layer_at(layers[message.kind as usize]), message.kind, at, ahead, size);
            }
        }
    }

    /// One line for each pair of nodes with messages on their way, and how many they are.
    pub(super) fn paint_counts(&mut self, snapshot: &Snapshot, look: &Look, scene: &mut Scene) {
        let shown =
            snapshot.messages.iter().filter(|message| progress(message, snapshot.now, look.window).is_some());
        self.pairs.clear();
        self.pairs.extend(shown.map(|message| (message.from, message.to)));
        self.pairs.sort_unstable();
        let radius = self.layout.radius;
        let lines = scene.layers_for([Role::Accent].into_iter(), Style::Stroke(1.25));
        let arrows = scene.layers_for([Role::Accent].into_iter(), Style::Fill);
        let pairs = self.pairs.chunk_by(|a, b| a == b);
        let few = pairs.clone().count() <= 60;
        scene.layer_at(lines).faint(if few { 0.8 } else { 0.35 });
        for pair in pairs {
            let Some(way) = self.way(pair[0].0, pair[0].1) else { continue };
            draw_way(scene.layer_at(lines), &way, radius, 0.0, 1.0);
            if few {
                draw_arrow(scene.layer_at(arrows), way.at(1.0, radius), way.ahead(0.96), 8.0);
                let at = way.at(0.36, radius);
                scene.label(at, Role::Ink, Anchor::Middle, format_args!("{}", pair.len())).halo = true;
            }
        }
    }

    pub(super) fn paint_flows(&self, snapshot: &Snapshot, look: &Look, scene: &mut Scene) {
        let radius = self.layout.radius;
        let most = snapshot.flows.iter().map(|flow| flow.per_second).fold(0.0, f32::max).max(1e-9);
        let count = snapshot.flows.len();
        let opacity = (40.0 / (count as f64).sqrt() / 10.0).clamp(0.12, 0.8);
        let mut layers = [0; WIDTHS.len()];
        for (place, width) in layers.iter_mut().zip(WIDTHS) {
            *place = scene.layers_for([Role::Accent].into_iter(), Style::Stroke(width));
            let dimmed = if look.node.is_some() { 0.4 } else { 1.0 };
            scene.layer_at(*place).faint(opacity * dimmed);
        }
        let mut own = [0; WIDTHS.len()];
        for (place, width) in own.iter_mut().zip(WIDTHS) {
            *place = scene.layers_for([Role::Accent].into_iter(), Style::Stroke(width));
        }
        let lost = scene.layers_for([Role::Bad].into_iter(), Style::Dashed(1.25));
        let arrows = scene.layers_for([Role::Accent].into_iter(), Style::Fill);
        for flow in &snapshot.flows {
            let Some(way) = self.way(flow.from, flow.to) else { continue };
            let share = flow.per_second / most;
            let width = WIDTHS.len() - 1 - [0.5, 0.2, 0.05].iter().filter(|&&least| share < least).count();
            let is_own = look.node.is_some_and(|node| node == flow.from || node == flow.to);
            let layer = scene.layer_at(if is_own { own[width] } else { layers[width] });
            if count <= 1_500 || is_own {
                draw_way(layer, &way, radius, 0.0, 1.0);
            } else {
                layer.start(way.at(0.0, radius));
                [0.25, 0.5, 0.75, 1.0].into_iter().for_each(|share| layer.to(way.at(share, radius)));
            }
            if flow.lost_per_second > 0.02 * flow.per_second && (count <= 300 || is_own) {
                draw_way(scene.layer_at(lost), &way, radius, 0.5, 1.0);
            }
            if count <= 200 || is_own {
                let length = 6.0 + 1.5 * WIDTHS[width];
                draw_arrow(scene.layer_at(arrows), way.at(1.0, radius), way.ahead(0.96), length);
            }
        }
    }

    pub(super) fn paint_drag(&self, look: &Look, scene: &mut Scene) {
        let Some((node, to)) = look.drag else { return };
        let Some(from) = self.layout.at(node) else { return };
        let length = from.distance(to);
        if length > self.layout.radius {
            let ahead = ((to.x - from.x) / length, (to.y - from.y) / length);
            scene.layer(Role::Accent, Style::Dashed(2.0)).line(from, to);
            draw_arrow(scene.layer(Role::Accent, Style::Fill), to, ahead, 10.0);
        }
    }
}
