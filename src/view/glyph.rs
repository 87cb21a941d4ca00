//! The shapes of the pictures of a cluster: one for each state of an instance, one for each kind of message.
//! Colours say the same as shapes, and never more.

use crate::snapshot::MessageKind;

use super::geometry::Point;
use super::mark::Mark;
use super::palette::{Role, STRENGTHS};
use super::scene::{Layer, Scene, Style};

/// The layers that marks of any state are drawn into.
#[derive(Debug, Clone, Copy)]
pub(super) struct Marks(usize);

impl Marks {
    /// New layers for marks of about this radius.
    pub(super) fn new(scene: &mut Scene, radius: f64, opacity: f64) -> Self {
        let line = Style::Stroke((radius * 0.3).clamp(1.25, 2.5));
        let first = scene.layers_for([Role::Good, Role::Warn].into_iter(), Style::Fill);
        scene.layers_for([Role::Warn, Role::Bad, Role::LineStrong].into_iter(), line);
        for place in first..first + 5 {
            scene.layer_at(place).faint(opacity);
        }
        Self(first)
    }

    /// Draws the mark; that of `None`, which is no instance of the ring, is a hollow square.
    pub(super) fn draw(self, scene: &mut Scene, at: Point, mark: Option<Mark>, radius: f64) {
        let corner = |x: f64, y: f64| Point::new(at.x + x * radius, at.y + y * radius);
        let [well, full, hollow, cross, quiet] = [0, 1, 2, 3, 4].map(|place| self.0 + place);
        match mark {
            Some(Mark::Active) => scene.layer_at(well).disc(at, radius),
            Some(Mark::Leaving) => {
                scene.layer_at(full).outline([corner(-1.1, -0.8), corner(1.1, -0.8), corner(0.0, 1.1)]);
            }
            Some(Mark::Pending) => scene.layer_at(hollow).disc(at, radius * 0.85),
            Some(Mark::Joining) => {
                scene.layer_at(hollow).outline([corner(-1.0, 0.75), corner(1.0, 0.75), corner(0.0, -1.0)]);
            }
            Some(Mark::Left) => scene.layer_at(quiet).line(corner(-1.0, 0.0), corner(1.0, 0.0)),
            Some(Mark::Unhealthy) => {
                let layer = scene.layer_at(cross);
                layer.line(corner(-0.85, -0.85), corner(0.85, 0.85));
                layer.line(corner(-0.85, 0.85), corner(0.85, -0.85));
            }
            None => scene.layer_at(quiet).rect(corner(-0.6, -0.6), radius * 1.2, radius * 1.2),
        }
    }
}

/// The colour of a kind of message.
pub const fn role_of(kind: MessageKind) -> Role {
    let hue = match kind {
        MessageKind::Ping | MessageKind::Ack => 0,
        MessageKind::IndirectPing => 7,
        MessageKind::Nack => 3,
        MessageKind::Gossip => 1,
        MessageKind::PushPull => 2,
    };
    Role::Owner { hue, strength: STRENGTHS - 1 }
}

/// How a kind of message is drawn: full, or with lines.
pub(super) const fn style_of(kind: MessageKind) -> Style {
    match kind {
        MessageKind::Ping | MessageKind::IndirectPing | MessageKind::Gossip => Style::Fill,
        MessageKind::Ack => Style::Stroke(1.5),
        MessageKind::Nack | MessageKind::PushPull => Style::Stroke(2.0),
    }
}

/// Draws a message on its way in a direction, whose length is 1.
pub(super) fn draw_message(layer: &mut Layer, kind: MessageKind, at: Point, ahead: (f64, f64), radius: f64) {
    let (dx, dy) = (ahead.0 * radius, ahead.1 * radius);
    // Ahead along the way, aside to its right.
    let corner =
        |ahead: f64, aside: f64| Point::new(at.x + dx * ahead - dy * aside, at.y + dy * ahead + dx * aside);
    match kind {
        MessageKind::Ping => layer.disc(at, radius * 0.9),
        MessageKind::Ack => layer.disc(at, radius * 0.85),
        MessageKind::IndirectPing => {
            layer.outline([corner(1.4, 0.0), corner(-0.9, 1.1), corner(-0.9, -1.1)]);
        }
        MessageKind::Nack => {
            layer.line(corner(-1.1, 0.0), corner(1.1, 0.0));
            layer.line(corner(0.0, -1.1), corner(0.0, 1.1));
        }
        MessageKind::Gossip => {
            layer.outline([corner(1.2, 0.0), corner(0.0, 1.2), corner(-1.2, 0.0), corner(0.0, -1.2)]);
        }
        MessageKind::PushPull => {
            layer.line(corner(-1.6, -0.65), corner(1.6, -0.65));
            layer.line(corner(-1.6, 0.65), corner(1.6, 0.65));
        }
    }
}

/// Draws a filled arrow's head whose tip is there.
pub(super) fn draw_arrow(layer: &mut Layer, tip: Point, ahead: (f64, f64), length: f64) {
    let back = |aside: f64| {
        Point::new(tip.x - (ahead.0 - ahead.1 * aside) * length, tip.y - (ahead.1 + ahead.0 * aside) * length)
    };
    layer.outline([tip, back(0.45), back(-0.45)]);
}
