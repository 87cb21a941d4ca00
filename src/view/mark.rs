//! How an instance's state is shown: a shape and a colour for each, and UNHEALTHY above all of them.

use crate::ring::InstanceState;

use super::geometry::Point;
use super::palette::{Role, hue_of};
use super::scene::{Scene, Style};

/// What a picture shows of an instance's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Heartbeat too old, whatever the state: a cross.
    Unhealthy,
    /// A solid disc.
    Active,
    /// A triangle pointing down.
    Leaving,
    /// A hollow circle.
    Pending,
    /// A hollow triangle pointing up.
    Joining,
    /// A dash.
    Left,
}

impl Mark {
    /// All marks, in the order of a legend.
    pub const ALL: [Self; 6] =
        [Self::Active, Self::Pending, Self::Joining, Self::Leaving, Self::Left, Self::Unhealthy];

    /// The mark of an instance in `state`.
    pub const fn of(state: InstanceState, healthy: bool) -> Self {
        match state {
            _ if !healthy => Self::Unhealthy,
            InstanceState::Active => Self::Active,
            InstanceState::Leaving => Self::Leaving,
            InstanceState::Pending => Self::Pending,
            InstanceState::Joining => Self::Joining,
            InstanceState::Left => Self::Left,
        }
    }

    /// A rank by which the worst comes first: UNHEALTHY, the states that pass, ACTIVE.
    pub const fn worst_first(self) -> u8 {
        match self {
            Self::Unhealthy => 0,
            Self::Leaving => 1,
            Self::Pending => 2,
            Self::Joining => 3,
            Self::Left => 4,
            Self::Active => 5,
        }
    }

    /// The word that stands for it, as on the ring page.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unhealthy => "UNHEALTHY",
            Self::Active => InstanceState::Active.name(),
            Self::Leaving => InstanceState::Leaving.name(),
            Self::Pending => InstanceState::Pending.name(),
            Self::Joining => InstanceState::Joining.name(),
            Self::Left => InstanceState::Left.name(),
        }
    }

    /// The sign that stands for it in text, of the same shape.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Unhealthy => "\u{2715}",
            Self::Active => "\u{25cf}",
            Self::Leaving => "\u{25bc}",
            Self::Pending => "\u{25cb}",
            Self::Joining => "\u{25b3}",
            Self::Left => "\u{2012}",
        }
    }

    /// The word's colour class in the style sheet.
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Unhealthy => "bad",
            Self::Active => "good",
            Self::Leaving | Self::Pending | Self::Joining | Self::Left => "warn",
        }
    }
}

/// The radius of a mark that must stand out of a crowd.
const LOUD_RADIUS: f64 = 4.0;

/// Draws the marks of a crowd: the ACTIVE in one quiet colour, so that the others stand out in theirs.
pub(super) fn paint_crowd(
    scene: &mut Scene,
    marks: impl Iterator<Item = (u32, Point, Mark)>,
    radius: f64,
    opacity: f64,
) {
    let quiet = scene.layers_for([Role::LineStrong].into_iter(), Style::Fill);
    let rim = scene.layers_for([Role::Surface].into_iter(), Style::Fill);
    let warn = scene.layers_for([Role::Warn].into_iter(), Style::Fill);
    let bad = scene.layers_for([Role::Bad].into_iter(), Style::Stroke(2.0));
    for (_, at, mark) in marks {
        if mark == Mark::Active {
            scene.layer_at(quiet).disc(at, radius);
            continue;
        }
        let loud = radius.max(LOUD_RADIUS);
        scene.layer_at(rim).disc(at, loud + 1.5);
        let corner = |x: f64, y: f64| Point::new(at.x + x * loud, at.y + y * loud);
        match mark {
            Mark::Unhealthy => {
                let layer = scene.layer_at(bad);
                layer.line(corner(-1.0, -1.0), corner(1.0, 1.0));
                layer.line(corner(-1.0, 1.0), corner(1.0, -1.0));
            }
            Mark::Joining => {
                scene.layer_at(warn).outline([corner(-1.1, 0.8), corner(1.1, 0.8), corner(0.0, -1.1)]);
            }
            Mark::Leaving => {
                scene.layer_at(warn).outline([corner(-1.1, -0.8), corner(1.1, -0.8), corner(0.0, 1.1)]);
            }
            _ => scene.layer_at(warn).disc(at, loud),
        }
    }
    for layer in quiet..=bad {
        scene.layer_at(layer).faint(opacity);
    }
}

/// Draws the marks of instances: their indices, points and marks.
pub(super) fn paint_marks(
    scene: &mut Scene,
    marks: impl Iterator<Item = (u32, Point, Mark)> + Clone,
    radius: f64,
    opacity: f64,
) {
    let pure = |hue| Role::Owner { hue, strength: 3 };
    let hues = 0..super::palette::OWNER_HUES;
    let solid = scene.layers_for(hues.clone().map(pure), Style::Fill);
    let hollow = scene.layers_for(hues.clone().map(pure), Style::Stroke((radius * 0.4).max(1.0)));
    let paper = scene.layers_for([Role::Surface].into_iter(), Style::Fill);
    let cross = scene.layers_for([Role::Bad].into_iter(), Style::Stroke((radius * 0.45).clamp(1.5, 2.5)));
    for (instance, at, mark) in marks {
        let hue = usize::from(hue_of(instance));
        let corner = |x: f64, y: f64| Point::new(at.x + x * radius, at.y + y * radius);
        match mark {
            Mark::Active => scene.layer_at(solid + hue).disc(at, radius),
            Mark::Leaving => {
                scene.layer_at(solid + hue).outline([
                    corner(-1.1, -0.8),
                    corner(1.1, -0.8),
                    corner(0.0, 1.1),
                ]);
            }
            Mark::Pending => scene.layer_at(hollow + hue).disc(at, radius * 0.9),
            Mark::Joining => {
                scene.layer_at(hollow + hue).outline([
                    corner(-1.0, 0.8),
                    corner(1.0, 0.8),
                    corner(0.0, -1.0),
                ]);
            }
            Mark::Left => scene.layer_at(hollow + hue).line(corner(-1.0, 0.0), corner(1.0, 0.0)),
            Mark::Unhealthy => {
                let arm = (radius * 1.1).max(3.0) / radius;
                scene.layer_at(solid + hue).disc(at, radius * 0.55);
                scene.layer_at(paper).disc(at, radius * 0.35);
                let layer = scene.layer_at(cross);
                layer.line(corner(-arm, -arm), corner(arm, arm));
                layer.line(corner(-arm, arm), corner(arm, -arm));
            }
        }
    }
    for layer in solid..=cross {
        scene.layer_at(layer).faint(opacity);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_states_share_a_sign() {
        for (i, a) in Mark::ALL.iter().enumerate() {
            assert!(Mark::ALL[..i].iter().all(|b| a.sign() != b.sign() && a.name() != b.name()));
        }
    }

    #[test]
    fn an_old_heartbeat_outweighs_the_state() {
        for state in InstanceState::ALL {
            assert_eq!(Mark::of(state, false), Mark::Unhealthy);
            assert_eq!(Mark::of(state, true).name(), state.name());
        }
    }
}
