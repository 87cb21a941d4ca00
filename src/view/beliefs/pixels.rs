//! Cells that are too small for shapes, pixel by pixel of the screen. Where several cells share a pixel, the
//! one that is not the case is the one to be seen.

use crate::snapshot::{Belief, Snapshot};
use crate::view::geometry::Point;
use crate::view::scene::Scene;

use super::BeliefPicture;
use super::tints::{HATCH, NOTHING, TINTS, halves, is_loud, tint};

/// From so many pixels of the screen on, a cell has two halves; below, one colour.
const HALVED: f64 = 3.0;
/// From so many on, a line of surface between it and the next one.
const SEAMED: f64 = 5.0;
/// A place that lies so little before a whole one is that one.
const ROUNDING: f64 = 1e-6;

impl BeliefPicture {
    pub(super) fn paint_pixels(&mut self, snapshot: &Snapshot, scene: &mut Scene) {
        let (grid, ratio) = (self.grid, scene.pixel_ratio);
        let cell = grid.width * ratio;
        let columns = (grid.across() * ratio).round().max(1.0) as usize;
        let top = ((grid.top() - grid.corner.y) * ratio).round() as usize;
        let truth = ((grid.truth * ratio).round() as usize).min(top);
        let below = ((grid.bottom() - grid.top()) * ratio).round().max(1.0) as usize;
        self.columns.clear();
        self.columns.extend((0..columns).map(|x| {
            let at = (x as f64 + 0.5) * f64::from(grid.nodes) / columns as f64;
            (at as u32, at.fract() as f32)
        }));
        let per_pixel = f64::from(grid.nodes) / columns as f64;
        self.spans.clear();
        self.spans.extend((0..=columns).map(|x| (x as f64 * per_pixel + ROUNDING) as u32));
        let image = scene.image(Point::new(grid.corner.x, grid.corner.y), columns, top + below);
        image.tints.extend((0..TINTS as u8).map(tint));
        let beliefs = &snapshot.beliefs;
        let case = beliefs.truth();
        for (side, count) in self.mistaken.iter_mut().zip([grid.rows.max(1), grid.nodes]) {
            side.clear();
            side.resize(count as usize, false);
        }
        self.encode(std::iter::once((0, case)), case);
        for y in 0..truth {
            self.draw_row(&mut image.texels[y * columns..][..columns], cell, y as f64 / truth as f64, 1.0);
        }
        let rows = f64::from(grid.rows) / below as f64;
        let mut drawn = None;
        for y in 0..below {
            let row_at = |y: usize| (y as f64 * rows + ROUNDING) as u32;
            let (from, next) = (row_at(y), row_at(y + 1));
            let to = if rows > 1.0 { next.max(from + 1) } else { from + 1 };
            let line = &mut image.texels[(top + y) * columns..][..columns];
            if drawn != Some((from, to)) {
                drawn = Some((from, to));
                self.codes.clear();
                let known = (from..to).filter_map(|observer| Some((observer, beliefs.row(observer)?)));
                self.encode(known, case);
            }
            if self.codes.is_empty() {
                (0..columns).filter(|x| (x + y) % 5 == 0).for_each(|x| line[x] = HATCH);
                continue;
            }
            let into = ((y as f64 + 0.5) * rows).fract();
            self.draw_row(line, cell, into, cell);
        }
    }

    /// The tints of a row of cells; of several rows, the more telling ones. Notes who is mistaken about whom.
    fn encode<'b>(&mut self, rows: impl Iterator<Item = (u32, &'b [Belief])>, truth: &[Belief]) {
        self.codes.clear();
        self.codes.resize(truth.len(), [NOTHING; 2]);
        let [observers, subjects] = &mut self.mistaken;
        let mut empty = true;
        for (observer, row) in rows {
            empty = false;
            let mut is_mistaken = false;
            let cells = row.iter().zip(truth).zip(self.codes.iter_mut().zip(subjects.iter_mut()));
            for ((&one, &truth), (code, subject)) in cells {
                let [ring, member] = halves(one, truth);
                if is_loud(ring) || is_loud(member) {
                    (is_mistaken, *subject) = (true, true);
                }
                *code = [code[0].max(ring), code[1].max(member)];
            }
            observers[observer as usize] |= is_mistaken;
        }
        if empty {
            self.codes.clear();
        }
    }

    /// Draws one line of pixels, which is `into` its cells by this share.
    fn draw_row(&self, line: &mut [u8], cell: f64, into: f64, tall: f64) {
        let whole = |[ring, member]: [u8; 2]| if is_loud(member) && !is_loud(ring) { member } else { ring };
        if cell < 1.0 {
            let last = self.codes.len() - 1;
            for (pixel, span) in line.iter_mut().zip(self.spans.windows(2)) {
                let from = (span[0] as usize).min(last);
                let codes = &self.codes[from..(span[1] as usize).clamp(from + 1, last + 1)];
                *pixel = codes.iter().map(|&code| whole(code)).max().unwrap_or(NOTHING);
            }
            return;
        }
        if cell < HALVED {
            for (pixel, &(subject, _)) in line.iter_mut().zip(&self.columns) {
                *pixel = whole(self.codes[subject as usize]);
            }
            return;
        }
        let seam = if cell >= SEAMED { 1.0 / cell } else { 0.0 } as f32;
        if tall >= SEAMED && into as f32 > 1.0 - seam {
            return;
        }
        for (pixel, &(subject, across)) in line.iter_mut().zip(&self.columns) {
            if across > 1.0 - seam {
                continue;
            }
            let [ring, member] = self.codes[subject as usize];
            *pixel = if across + (into as f32) < 1.0 - seam { ring } else { member };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memberlist::State;
    use crate::view::cluster_fixtures::cluster;
    use crate::view::geometry::Size;
    use crate::view::look::Look;
    use crate::view::palette::Role;

    /// The texels that are loud, and how many flags there are, of so many nodes of which one is mistaken about one.
    fn painted(nodes: u32, observer: u32, subject: usize, ratio: f64) -> (usize, usize) {
        let mut snapshot = cluster(nodes, 1);
        snapshot.beliefs.row_mut(observer)[subject].member = Some(State::Suspect);
        let mut scene = Scene::default();
        scene.pixel_ratio = ratio;
        let size = Size { width: 380.0, height: 300.0 };
        BeliefPicture::new().paint(&snapshot, &Look::default(), size, &mut scene);
        let loud = scene.shown_image().unwrap().texels.iter().filter(|&&texel| is_loud(texel)).count();
        let flags =
            scene.layers().filter(|layer| layer.role == Role::Bad).map(|layer| layer.starts.len()).sum();
        (loud, flags)
    }

    #[test]
    fn one_that_is_mistaken_about_one_is_seen_at_every_size_and_place() {
        for nodes in [60, 299, 1_000] {
            for (observer, subject) in [(0, 0), (7, 1), (nodes - 1, nodes as usize - 1), (nodes / 2, 17)] {
                for ratio in [1.0, 1.5, 2.0] {
                    let (loud, flags) = painted(nodes, observer, subject, ratio);
                    assert!(loud > 0, "{observer} about {subject} of {nodes} at {ratio}");
                    assert_eq!(flags, 2, "beside its row and above its column");
                }
            }
        }
    }
}
