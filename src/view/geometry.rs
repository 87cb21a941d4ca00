//! Points on the screen and places on the ring. Lengths are CSS pixels, y grows downwards; angles are
//! radians clockwise from 12 o'clock, where key 0 is.

use std::f64::consts::TAU;

/// How many keys the ring has, 2³².
pub const KEYS: f64 = 4_294_967_296.0;

/// A point on the screen, from the canvas's upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

impl Point {
    /// The point at these coordinates.
    pub const fn new(x: f64, y: f64) -> Self {
        Self { x, y }
    }

    /// The distance between two points.
    pub fn distance(self, other: Self) -> f64 {
        let (dx, dy) = (self.x - other.x, self.y - other.y);
        (dx * dx + dy * dy).sqrt()
    }
}

/// The size of a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Size {
    /// Across.
    pub width: f64,
    /// Down.
    pub height: f64,
}

impl Size {
    /// The middle of the canvas.
    pub fn middle(self) -> Point {
        Point::new(self.width / 2.0, self.height / 2.0)
    }

    /// Whether the point is on the canvas or no farther than `margin` from it.
    pub fn holds(self, point: Point, margin: f64) -> bool {
        point.x >= -margin
            && point.y >= -margin
            && point.x <= self.width + margin
            && point.y <= self.height + margin
    }
}

/// The angle of a place on the ring, in keys from 0.
pub fn angle_of(key: f64) -> f64 {
    key / KEYS * TAU
}

/// The place on the ring at an angle, in keys, at least 0 and below 2³².
pub fn key_at(angle: f64) -> f64 {
    let key = angle.rem_euclid(TAU) / TAU * KEYS;
    if key < KEYS { key } else { 0.0 }
}

/// A stretch of the ring, clockwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Its first key; may lie below 0 or above 2³², for stretches across the top.
    pub from: f64,
    /// How many keys, at most 2³².
    pub len: f64,
}

impl Span {
    /// The whole ring.
    pub const ALL: Self = Self { from: 0.0, len: KEYS };

    /// Whether it is the whole ring.
    pub fn is_all(self) -> bool {
        self.len >= KEYS
    }

    /// Where the stretch ends, counted like `from`.
    pub fn to(self) -> f64 {
        self.from + self.len
    }

    /// Whether a key lies in it.
    pub fn holds(self, key: f64) -> bool {
        (key - self.from).rem_euclid(KEYS) <= self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_of_the_keys_is_a_quarter_of_the_circle() {
        assert_eq!(angle_of(KEYS / 4.0), TAU / 4.0);
        assert_eq!(key_at(TAU * 1.25), KEYS / 4.0);
        assert_eq!(key_at(-TAU / 4.0), KEYS * 0.75);
        assert!(key_at(-1e-300) < KEYS);
    }

    #[test]
    fn a_span_across_the_top_holds_keys_on_both_sides() {
        let span = Span { from: -10.0, len: 20.0 };
        assert!(span.holds(0.0) && span.holds(KEYS - 5.0) && span.holds(10.0));
        assert!(!span.holds(11.0) && !span.holds(KEYS - 11.0));
    }
}
