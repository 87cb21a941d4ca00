//! Cells that are large enough for shapes, signs and, if there is room, words.

use crate::memberlist::State;
use crate::snapshot::{Belief, RingBelief, Snapshot};
use crate::view::cluster::{condition, mark_of_belief};
use crate::view::geometry::Point;
use crate::view::labels::LETTER_WIDTH;
use crate::view::mark::Mark;
use crate::view::palette::Role;
use crate::view::scene::{Anchor, Scene, Style};

use super::tints::{TINTS, halves, is_loud, tint};
use super::{BeliefCell, BeliefPicture};

/// A cell of this size has words in it.
const WORDS: (f64, f64) = (88.0, 34.0);
/// At most so many cells that are not the case have an outline when cells are pixels.
const OUTLINED: usize = 2_500;
/// From this size of a cell on.
const OUTLINED_FROM: f64 = 6.0;
/// The length of a flag, and its least width.
const FLAG: f64 = 5.0;
const FLAG_WIDTH: f64 = 1.5;

impl BeliefPicture {
    pub(super) fn paint_cells(&self, snapshot: &Snapshot, scene: &mut Scene) {
        let beliefs = &snapshot.beliefs;
        let under = scene.layers_for((0..TINTS as u8).map(|place| tint(place).0[0].0), Style::Fill);
        let over = scene.layers_for((0..TINTS as u8).map(|place| tint(place).0[1].0), Style::Fill);
        for place in 0..TINTS {
            let [(_, low), (_, high)] = tint(place as u8).0;
            scene.layer_at(under + place).faint(low);
            scene.layer_at(over + place).faint(high);
        }
        let own = scene.layers_for([Role::LineStrong].into_iter(), Style::Stroke(1.0));
        let inner = scene.layers_for([Role::Surface].into_iter(), Style::Stroke(4.0));
        let outer = scene.layers_for([Role::Ink].into_iter(), Style::Stroke(2.0));
        let hatch = scene.layers_for([Role::LineStrong].into_iter(), Style::Stroke(1.0));
        scene.layer_at(hatch).faint(0.5);
        let nodes = self.grid.nodes;
        let rows = std::iter::once((None, Some(beliefs.truth())))
            .chain((0..self.grid.rows).map(|node| (Some(node), beliefs.row(node))));
        for (observer, row) in rows {
            let Some(row) = row else {
                self.paint_silence(snapshot, observer.unwrap_or(0), hatch, scene);
                continue;
            };
            for (subject, (&one, &truth)) in (0..nodes).zip(row.iter().zip(beliefs.truth())) {
                let (at, size) = self.place_of(BeliefCell { observer, subject });
                let (width, height) = (size.width - 1.5, size.height - 1.5);
                let corners = Corners::of(at, width, height);
                let codes = halves(one, truth);
                for (code, half) in codes.into_iter().zip([corners.upper(0.0), corners.lower(0.0)]) {
                    scene.layer_at(under + usize::from(code)).outline(half);
                    if tint(code).0[1].1 > 0.0 {
                        scene.layer_at(over + usize::from(code)).outline(half);
                    }
                }
                if observer == Some(subject) {
                    scene.layer_at(own).rect(at, width, height);
                }
                for (code, half) in codes.into_iter().zip([corners.upper(2.0), corners.lower(2.0)]) {
                    if is_loud(code) {
                        scene.layer_at(inner).outline(half);
                        scene.layer_at(outer).outline(half);
                    }
                }
                self.write_cell(one, codes, &corners, scene);
            }
        }
    }

    /// Outlines of what is not the case over cells that are painted pixel by pixel.
    pub(super) fn paint_outlines(&self, snapshot: &Snapshot, scene: &mut Scene) {
        if self.grid.width < OUTLINED_FROM {
            return;
        }
        let beliefs = &snapshot.beliefs;
        let layer = scene.layers_for([Role::Ink].into_iter(), Style::Stroke(1.25));
        let mut left = OUTLINED;
        for observer in 0..self.grid.rows {
            let Some(row) = beliefs.row(observer) else { continue };
            for (subject, (&one, &truth)) in (0..self.grid.nodes).zip(row.iter().zip(beliefs.truth())) {
                if left > 0 && !one.agrees_with(truth) {
                    let (at, size) = self.place_of(BeliefCell { observer: Some(observer), subject });
                    scene.layer_at(layer).rect(
                        Point::new(at.x + 0.5, at.y + 0.5),
                        size.width - 2.0,
                        size.height - 2.0,
                    );
                    left -= 1;
                }
            }
        }
    }

    /// Flags beside the rows of those who are mistaken, and above the columns of those about whom somebody is: a cell of
    /// a pixel or two is easily missed.
    pub(super) fn paint_mistaken(&self, scene: &mut Scene) {
        let grid = self.grid;
        let layer = scene.layers_for([Role::Bad].into_iter(), Style::Fill);
        let length = FLAG.min(grid.gap - 1.0);
        for (node, _) in (0_u32..).zip(&self.mistaken[0]).filter(|(_, mistaken)| **mistaken) {
            let at = grid.at(Some(node), 0);
            let tall = grid.height.max(FLAG_WIDTH);
            let top = at.y + (grid.height - tall) / 2.0;
            scene.layer_at(layer).rect(Point::new(at.x + grid.across() + 1.0, top), length, tall);
        }
        for (node, _) in (0_u32..).zip(&self.mistaken[1]).filter(|(_, mistaken)| **mistaken) {
            let at = grid.at(None, node);
            let wide = grid.width.max(FLAG_WIDTH);
            let left = at.x + (grid.width - wide) / 2.0;
            scene.layer_at(layer).rect(Point::new(left, grid.top() - length - 0.5), wide, length);
        }
    }

    /// The row of one who knows nothing.
    fn paint_silence(&self, snapshot: &Snapshot, observer: u32, hatch: usize, scene: &mut Scene) {
        let (grid, at) = (self.grid, self.grid.at(Some(observer), 0));
        let (right, bottom) = (at.x + grid.across() - 1.5, at.y + grid.height - 1.5);
        let (tall, step) = (bottom - at.y, 7.0);
        let strokes = ((right - at.x + tall) / step) as u32;
        for stroke in 1..=strokes {
            // From the lower left to the upper right, cut off at both ends of the row.
            let foot = at.x + f64::from(stroke) * step;
            let (cut_left, cut_right) = ((at.x - (foot - tall)).max(0.0), (foot - right).max(0.0));
            scene.layer_at(hatch).line(
                Point::new(foot - tall + cut_left, bottom - cut_left),
                Point::new(foot - cut_right, at.y + cut_right),
            );
        }
        let word = snapshot.nodes.get(observer as usize).map_or("", condition);
        let text = match snapshot.beliefs.only_newest {
            true => "no page yet".to_owned(),
            false => format!("{word}: believes nothing"),
        };
        if grid.height >= super::NAMED && grid.across() > text.len() as f64 * LETTER_WIDTH + 16.0 {
            let middle = Point::new(at.x + grid.across() / 2.0, at.y + grid.height / 2.0);
            scene.label(middle, Role::InkSoft, Anchor::Middle, format_args!("{text}")).halo = true;
        }
    }

    fn write_cell(&self, one: Belief, codes: [u8; 2], corners: &Corners, scene: &mut Scene) {
        let Corners { at, width, height } = *corners;
        let words = width >= WORDS.0 && height >= WORDS.1;
        let role = |code: u8| if is_loud(code) { Role::Surface } else { Role::Ink };
        if words {
            let ring = mark_of_belief(one.ring).map_or("not there", Mark::name);
            let member = one.member.map_or("unknown", member_word);
            let upper = Point::new(at.x + 6.0, at.y + 11.0);
            let lower = Point::new(at.x + width - 6.0, at.y + height - 11.0);
            let label = scene.label(upper, role(codes[0]), Anchor::Start, format_args!("{ring}"));
            (label.size, label.strong) = (11.0, is_loud(codes[0]));
            let label = scene.label(lower, role(codes[1]), Anchor::End, format_args!("{member}"));
            (label.size, label.strong) = (11.0, is_loud(codes[1]));
            return;
        }
        let size = (width.min(height) * 0.36).clamp(6.0, 12.0);
        let mut sign = |at: Point, code: u8, text: &str| {
            let label = scene.label(at, role(code), Anchor::Middle, format_args!("{text}"));
            (label.size, label.strong) = (size, is_loud(code));
        };
        if let Some(mark) = mark_of_belief(one.ring)
            && (one.ring != RingBelief::Active || is_loud(codes[0]))
        {
            sign(Point::new(at.x + width * 0.28, at.y + height * 0.3), codes[0], mark.sign());
        }
        let member = match one.member {
            Some(State::Suspect) => "?",
            Some(State::Dead) => "\u{2715}",
            Some(State::Left) => "\u{2012}",
            Some(State::Alive) if is_loud(codes[1]) => "\u{25cf}",
            Some(State::Alive) | None => return,
        };
        sign(Point::new(at.x + width * 0.73, at.y + height * 0.72), codes[1], member);
    }
}

/// What memberlist's states are called.
pub(super) const fn member_word(state: State) -> &'static str {
    match state {
        State::Alive => "alive",
        State::Suspect => "suspect",
        State::Dead => "dead",
        State::Left => "left",
    }
}

/// A cell on the canvas.
#[derive(Clone, Copy)]
struct Corners {
    at: Point,
    width: f64,
    height: f64,
}

impl Corners {
    const fn of(at: Point, width: f64, height: f64) -> Self {
        Self { at, width, height }
    }

    /// The upper left half, smaller by `inset` on all sides.
    fn upper(&self, inset: f64) -> [Point; 3] {
        let (x, y) = (self.at.x + inset, self.at.y + inset);
        let slant = inset * 2.4;
        [
            Point::new(x, y),
            Point::new(self.at.x + self.width - slant, y),
            Point::new(x, self.at.y + self.height - slant),
        ]
    }

    /// The lower right half, likewise.
    fn lower(&self, inset: f64) -> [Point; 3] {
        let (right, bottom) = (self.at.x + self.width - inset, self.at.y + self.height - inset);
        let slant = inset * 2.4;
        [
            Point::new(right, bottom),
            Point::new(self.at.x + slant, bottom),
            Point::new(right, self.at.y + slant),
        ]
    }
}
