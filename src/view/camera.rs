//! Where the ring lies on the canvas, and how large. Only the circle grows with the zoom: the thickness
//! of the band and everything around it keep their pixels, so that the picture stays legible from the
//! whole ring down to a single key.

use super::geometry::{KEYS, Point, Size, Span, angle_of, key_at};
use std::f64::consts::TAU;

/// The largest magnification: one key is this many pixels long.
const MAX_PIXELS_PER_KEY: f64 = 2.0;
const MIN_ZOOM: f64 = 0.6;

/// A look at the ring.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Camera {
    size: Size,
    /// What is kept free around the circle when all of it is shown.
    margin: f64,
    center: Point,
    radius: f64,
}

impl Camera {
    /// The whole ring on a canvas of this size, with `margin` pixels around the circle.
    pub fn home(size: Size, margin: f64) -> Self {
        let mut camera = Self { size, margin, center: size.middle(), radius: 1.0 };
        camera.radius = camera.home_radius();
        camera
    }

    /// The canvas's size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The ring's centre on the screen.
    pub fn center(&self) -> Point {
        self.center
    }

    /// The radius of the circle that the band lies on.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// The radius when the whole ring is shown.
    pub fn home_radius(&self) -> f64 {
        (self.size.width.min(self.size.height) / 2.0 - self.margin).max(48.0)
    }

    /// How many times larger than at home.
    pub fn zoom(&self) -> f64 {
        self.radius / self.home_radius()
    }

    /// The length of one key on the circle.
    pub fn pixels_per_key(&self) -> f64 {
        self.radius * TAU / KEYS
    }

    /// Whether the whole ring is shown, unmoved.
    pub fn is_home(&self) -> bool {
        *self == Self::home(self.size, self.margin)
    }

    /// The point at `key`, `offset` pixels outside the circle.
    pub fn at(&self, key: f64, offset: f64) -> Point {
        let (sin, cos) = angle_of(key).sin_cos();
        let radius = self.radius + offset;
        Point::new(self.center.x + radius * sin, self.center.y - radius * cos)
    }

    /// The place on the ring that a point looks at from the centre, and how far outside the circle it is.
    pub fn place(&self, point: Point) -> (f64, f64) {
        let (dx, dy) = (point.x - self.center.x, point.y - self.center.y);
        (key_at(dx.atan2(-dy)), (dx * dx + dy * dy).sqrt() - self.radius)
    }

    /// Zooms by `factor`; the key under `point` stays under it.
    pub fn zoom_at(&mut self, point: Point, factor: f64) {
        let max = MAX_PIXELS_PER_KEY * KEYS / TAU;
        let radius = (self.radius * factor).clamp(self.home_radius() * MIN_ZOOM, max);
        let (key, _) = self.place(point);
        let before = self.at(key, 0.0);
        self.radius = radius;
        let after = self.at(key, 0.0);
        self.center = Point::new(self.center.x + before.x - after.x, self.center.y + before.y - after.y);
        if factor > 1.0 && radius > self.home_radius() * 1.5 {
            // Along the pointer's own ray the band may come to the middle: the key stays under the pointer.
            let (_, offset) = self.place(self.size.middle());
            let (sin, cos) = angle_of(key).sin_cos();
            let shift = offset * 0.2 * factor.log2().min(1.0);
            self.center = Point::new(self.center.x + shift * sin, self.center.y - shift * cos);
        }
        self.settle(factor < 1.0);
    }

    /// Moves the picture by this many pixels.
    pub fn pan(&mut self, dx: f64, dy: f64) {
        self.center = Point::new(self.center.x + dx, self.center.y + dy);
        self.settle(false);
    }

    /// Looks at a place on the ring so closely that `keys_wide` keys take half of the canvas's smaller side.
    pub fn look_at(&mut self, key: f64, keys_wide: f64) {
        let across = self.size.width.min(self.size.height) * 0.5;
        let max = MAX_PIXELS_PER_KEY * KEYS / TAU;
        self.radius = (across / keys_wide.max(1.0) * KEYS / TAU).clamp(self.home_radius(), max);
        let (sin, cos) = angle_of(key).sin_cos();
        let middle = self.size.middle();
        if self.radius > self.home_radius() * 1.5 {
            self.center = Point::new(middle.x - self.radius * sin, middle.y + self.radius * cos);
        } else {
            *self = Self::home(self.size, self.margin);
        }
    }

    /// The whole ring on the same canvas.
    pub fn at_home(&self) -> Self {
        Self::home(self.size, self.margin)
    }

    /// Moves to a place on the ring without changing the zoom.
    pub fn look_there(&mut self, key: f64) {
        let keys_wide = self.size.width.min(self.size.height) * 0.5 / self.pixels_per_key();
        self.look_at(key, keys_wide);
    }

    /// [`Self::resize`], if canvas or margin are others.
    pub fn resize_if_needed(&mut self, size: Size, margin: f64) {
        if (self.size, self.margin) != (size, margin) {
            self.resize(size, margin);
        }
    }

    /// Fits another canvas or margin; what was in the middle stays there.
    pub fn resize(&mut self, size: Size, margin: f64) {
        if self.is_home() || self.size.width < 1.0 {
            *self = Self::home(size, margin);
            return;
        }
        let (old, new) = (self.size.middle(), size.middle());
        self.center = Point::new(self.center.x + new.x - old.x, self.center.y + new.y - old.y);
        (self.size, self.margin) = (size, margin);
        self.settle(false);
    }

    /// The look part of the way from `self` to `target`, for `progress` from 0 to 1.
    pub fn toward(&self, target: &Self, progress: f64) -> Self {
        if progress >= 1.0 {
            return *target;
        }
        let ratio = target.radius / self.radius;
        // Geometric in size, and the centre moves so that a pure zoom keeps its fixed point.
        let radius = self.radius * (ratio.log2() * progress).exp2();
        let moved = match (target.radius - self.radius).abs() < 1e-6 {
            true => progress,
            false => (radius - self.radius) / (target.radius - self.radius),
        };
        let mix = |from: f64, to: f64| from + (to - from) * moved;
        let center = Point::new(mix(self.center.x, target.center.x), mix(self.center.y, target.center.y));
        Self { center, radius, ..*target }
    }

    /// The stretch of the ring that can touch the canvas, with `margin` pixels to spare.
    pub fn visible(&self, margin: f64) -> Span {
        let Size { width, height } = self.size;
        if self.size.holds(self.center, margin + 1.0) {
            return Span::ALL;
        }
        let corners = [
            (-margin, -margin),
            (width + margin, -margin),
            (-margin, height + margin),
            (width + margin, height + margin),
        ];
        let middle = self.size.middle();
        let (toward, _) = self.place(middle);
        let (mut before, mut after) = (0.0_f64, 0.0_f64);
        for (x, y) in corners {
            let (key, _) = self.place(Point::new(x, y));
            // The canvas spans less than half a turn as seen from a centre outside of it.
            let turn = (key - toward + KEYS / 2.0).rem_euclid(KEYS) - KEYS / 2.0;
            before = before.min(turn);
            after = after.max(turn);
        }
        Span { from: toward + before, len: (after - before).min(KEYS) }
    }

    /// Keeps the band within reach, and leads back home when zoomed out.
    fn settle(&mut self, leaving: bool) {
        let home = self.home_radius();
        let middle = self.size.middle();
        if leaving && self.radius < home * 2.0 {
            let pull = ((home * 2.0 - self.radius) / home).clamp(0.0, 1.0);
            self.center.x += (middle.x - self.center.x) * pull;
            self.center.y += (middle.y - self.center.y) * pull;
        }
        let (key, offset) = self.place(middle);
        let reach = self.size.width.min(self.size.height) * 0.45;
        let allowed = offset.clamp(-home.max(reach), reach);
        if allowed != offset {
            let (sin, cos) = angle_of(key).sin_cos();
            let shift = offset - allowed;
            self.center = Point::new(self.center.x + shift * sin, self.center.y - shift * cos);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 800.0, height: 600.0 };

    #[test]
    fn key_zero_is_at_the_top_and_keys_run_clockwise() {
        let camera = Camera::home(SIZE, 50.0);
        let (top, right) = (camera.at(0.0, 0.0), camera.at(KEYS / 4.0, 0.0));
        assert!((top.x - 400.0).abs() < 1e-9 && (top.y - 50.0).abs() < 1e-9, "{top:?}");
        assert!((right.x - 650.0).abs() < 1e-9 && (right.y - 300.0).abs() < 1e-9, "{right:?}");
    }

    #[test]
    fn zooming_keeps_the_key_under_the_pointer_down_to_single_keys() {
        let mut camera = Camera::home(SIZE, 50.0);
        let key = 3_000_000_017.0;
        for _ in 0..200 {
            let pointer = camera.at(key, 5.0);
            camera.zoom_at(pointer, 1.2);
            let (under, _) = camera.place(pointer);
            assert!((under - key).abs() < 0.01, "{under} at zoom {}", camera.zoom());
        }
        assert!(camera.pixels_per_key() > 1.9);
        let next = camera.at(key + 1.0, 0.0).distance(camera.at(key, 0.0));
        assert!((next - 2.0).abs() < 0.01, "a key is {next} pixels long");
    }

    #[test]
    fn zooming_out_all_the_way_leads_home() {
        let mut camera = Camera::home(SIZE, 50.0);
        camera.zoom_at(Point::new(700.0, 100.0), 500.0);
        assert!(!camera.visible(0.0).is_all());
        for _ in 0..60 {
            camera.zoom_at(Point::new(10.0, 590.0), 0.8);
        }
        assert!(camera.center().distance(SIZE.middle()) < 1.0, "{camera:?}");
    }

    #[test]
    fn the_visible_span_holds_every_key_on_the_canvas_and_few_others() {
        let mut camera = Camera::home(SIZE, 50.0);
        camera.zoom_at(Point::new(650.0, 300.0), 1000.0);
        let span = camera.visible(0.0);
        let ppk = camera.pixels_per_key();
        assert!(span.len * ppk < 1700.0, "{} pixels", span.len * ppk);
        for step in 0..2000 {
            let key = span.from - span.len + span.len * 3.0 * f64::from(step) / 2000.0;
            if SIZE.holds(camera.at(key, 0.0), 0.0) {
                assert!(span.holds(key));
            }
        }
    }

    #[test]
    fn the_band_cannot_be_dragged_out_of_sight() {
        let mut camera = Camera::home(SIZE, 50.0);
        camera.zoom_at(Point::new(400.0, 50.0), 300.0);
        for _ in 0..500 {
            camera.pan(37.0, 59.0);
        }
        let (_, offset) = camera.place(SIZE.middle());
        assert!(offset.abs() <= 300.0, "the band is {offset} pixels from the middle");
    }

    #[test]
    fn a_resize_at_home_stays_at_home() {
        let mut camera = Camera::home(SIZE, 50.0);
        camera.resize(Size { width: 390.0, height: 400.0 }, 20.0);
        assert!(camera.is_home());
        assert_eq!(camera.radius(), 175.0);
    }
}
