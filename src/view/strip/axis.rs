//! The scale of time and the flags above it.

use crate::snapshot::History;
use crate::view::geometry::{Point, Size};
use crate::view::labels::LETTER_WIDTH;
use crate::view::look::{Hover, Look};
use crate::view::palette::Role;
use crate::view::scene::{Anchor, Scene, Style};
use crate::view::text::cut;

use super::{FLAGS, SCALE, StripPicture};

/// Flags closer than this share a place.
const CLOSEST: f64 = 3.0;
/// The rows that flags' texts stand in.
const ROWS: [f64; 2] = [8.0, 22.0];
const LONGEST_TEXT: usize = 34;

impl StripPicture {
    pub(super) fn paint_scale(&self, scene: &mut Scene) {
        let area = &self.area;
        let wide = area.right - area.left;
        let grid = scene.layers_for([Role::Line].into_iter(), Style::Stroke(1.0));
        for (instant, text) in area.window.ticks(wide / 76.0) {
            let x = area.x_of(instant);
            scene.layer_at(grid).line(Point::new(x, FLAGS + SCALE - 3.0), Point::new(x, area.bottom()));
            let half = text.chars().count() as f64 * LETTER_WIDTH / 2.0;
            // At either end it leans inwards.
            let place = x.clamp(area.left.min(x + half), (area.right + 4.0 - half).max(area.left));
            let label = scene.label(
                Point::new(place, FLAGS + 6.0),
                Role::InkSoft,
                Anchor::Middle,
                format_args!("{text}"),
            );
            label.size = 11.0;
        }
    }

    pub(super) fn paint_flags(&mut self, history: &History, look: &Look, size: Size, scene: &mut Scene) {
        let area = self.area;
        let poles = scene.layers_for([Role::LineStrong, Role::Bad].into_iter(), Style::Stroke(1.0));
        (poles..poles + 2).for_each(|place| _ = scene.layer_at(place).faint(0.55));
        let marks = scene.layers_for([Role::InkSoft, Role::Bad].into_iter(), Style::Fill);
        let rings = scene.layers_for([Role::Ink].into_iter(), Style::Stroke(1.5));
        let first = history.milestones.partition_point(|milestone| milestone.at < area.window.from);
        let mut last = f64::MIN;
        // Up to where each row of texts is taken.
        let mut taken = [f64::MIN; ROWS.len()];
        for (place, milestone) in history.milestones.iter().enumerate().skip(first) {
            if milestone.at > area.window.to {
                break;
            }
            let x = area.x_of(milestone.at);
            let pointed = look.hover == Some(Hover::Milestone(place));
            if x - last < CLOSEST && !pointed && !milestone.is_fault {
                continue;
            }
            last = x;
            self.flags.push((x, place));
            let fault = usize::from(milestone.is_fault);
            let foot = milestone.node.filter(|&node| node < area.nodes);
            let foot = foot.map_or(area.bottom(), |node| area.y_of(node) + area.height / 2.0);
            scene.layer_at(poles + fault).line(Point::new(x, FLAGS - 2.0), Point::new(x, foot));
            let text = cut(&milestone.text, LONGEST_TEXT);
            let width = text.chars().count() as f64 * (LETTER_WIDTH - 0.6);
            let row = (0..ROWS.len()).find(|&row| x > taken[row] && x + 9.0 + width < size.width);
            let y = ROWS[row.unwrap_or(1)];
            let layer = scene.layer_at(marks + fault);
            if milestone.is_fault {
                layer.outline([
                    Point::new(x, y - 6.0),
                    Point::new(x + 5.5, y + 5.0),
                    Point::new(x - 5.5, y + 5.0),
                ]);
            } else {
                layer.disc(Point::new(x, y), 3.5);
            }
            scene.layer_at(poles + fault).line(Point::new(x, y + 6.0), Point::new(x, FLAGS - 2.0));
            if pointed {
                scene.layer_at(rings).disc(Point::new(x, y), 8.0);
            }
            if row.is_some() || pointed {
                taken[row.unwrap_or(1)] = x + 18.0 + width;
                let role = if milestone.is_fault { Role::Bad } else { Role::Ink };
                let fits = x + 9.0 + width < size.width;
                let (at, anchor) = if fits { (x + 9.0, Anchor::Start) } else { (x - 9.0, Anchor::End) };
                let label = scene.label(Point::new(at, y), role, anchor, format_args!("{text}"));
                (label.size, label.strong, label.halo) = (11.5, pointed, true);
            }
        }
    }
}
