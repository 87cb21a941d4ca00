//! Where names stand around the ring: an instance's beside its mark, a zone's beyond them, none over another
//! and none over a mark.

use super::camera::Camera;
use super::geometry::{Point, Size, angle_of};
use super::orbit::Orbit;
use super::scene::Anchor;

/// About the width of a letter of the smaller text.
pub(super) const LETTER_WIDTH: f64 = 7.0;
/// Half of a line's height.
const HALF_LINE: f64 = 8.0;
/// What a text keeps free to the canvas's edge.
const EDGE: f64 = 3.0;

/// What a text or a mark takes of the canvas.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    /// That of a text of this width.
    pub(super) fn of_text(at: Point, anchor: Anchor, width: f64) -> Self {
        let (left, right) = sides(anchor, width);
        Self { left: at.x - left, top: at.y - HALF_LINE, right: at.x + right, bottom: at.y + HALF_LINE }
    }

    /// That of a mark.
    pub(super) fn of_mark(at: Point, radius: f64) -> Self {
        Self { left: at.x - radius, top: at.y - radius, right: at.x + radius, bottom: at.y + radius }
    }

    /// Whether two areas have a point in common.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// Whether all of it is on the canvas.
    pub(super) fn is_on(&self, size: Size) -> bool {
        self.left >= 0.0 && self.top >= 0.0 && self.right <= size.width && self.bottom <= size.height
    }
}

/// How far a text of this width goes to the left and to the right of its point.
fn sides(anchor: Anchor, width: f64) -> (f64, f64) {
    match anchor {
        Anchor::Start => (0.0, width),
        Anchor::Middle => (width / 2.0, width / 2.0),
        Anchor::End => (width, 0.0),
    }
}

/// On which side of a point on a circle a text goes, for the sine of the point's angle.
pub(super) fn anchor_for(sine: f64) -> Anchor {
    match sine {
        0.25.. => Anchor::Start,
        ..=-0.25 => Anchor::End,
        _ => Anchor::Middle,
    }
}

/// Shifts a text of this width sideways onto the canvas, if its point is on or near it.
pub(super) fn kept_on(size: Size, at: Point, anchor: Anchor, width: f64) -> Point {
    let (left, right) = sides(anchor, width);
    let (least, most) = (left + EDGE, size.width - right - EDGE);
    let x = if size.holds(at, 60.0) && least < most { at.x.clamp(least, most) } else { at.x };
    Point::new(x, at.y)
}

/// How far outside the circle the name of an instance at an angle of this sine stands.
fn name_offset(orbit: &Orbit, sine: f64) -> f64 {
    // Above and below the ring a name keeps clear of its mark's rim.
    orbit.depth() + 9.0 + 7.0 * (1.0 - sine.abs())
}

/// The largest radius of the circle with which an instance's name of this width stays on the canvas.
pub(super) fn radius_for_name(size: Size, orbit: &Orbit, instance: u32, width: f64) -> f64 {
    let (sine, cosine) = angle_of(orbit.angle(instance)).sin_cos();
    let (left, right) = sides(anchor_for(sine), width);
    let across = size.width / 2.0 - EDGE - if sine < 0.0 { left } else { right };
    let down = size.height / 2.0 - EDGE - HALF_LINE;
    let least = 1e-6;
    (across / sine.abs().max(least)).min(down / cosine.abs().max(least)) - name_offset(orbit, sine)
}

/// Where the name of an instance stands; `below` its mark, for want of room beside it.
pub(super) fn place_name(
    orbit: &Orbit,
    camera: &Camera,
    instance: u32,
    width: f64,
    below: bool,
) -> (Point, Anchor) {
    let (size, mark) = (camera.size(), orbit.at(camera, instance));
    let clear = orbit.mark_radius() + 12.0;
    if below {
        let at = Point::new(mark.x, mark.y + clear);
        return (kept_on(size, at, Anchor::Middle, width), Anchor::Middle);
    }
    let angle = orbit.angle(instance);
    let sine = angle_of(angle).sin();
    let (at, anchor) = (camera.at(angle, name_offset(orbit, sine)), anchor_for(sine));
    let kept = kept_on(size, at, anchor, width);
    if kept.x == at.x {
        return (at, anchor);
    }
    // Too long for the room beside the mark: away from it, up or down.
    let away = if mark.y < camera.center().y { -clear } else { clear };
    (Point::new(kept.x, mark.y + away), anchor)
}

/// Where the name of a zone stands, `offset` outside the circle.
pub(super) fn place_zone(
    orbit: &Orbit,
    camera: &Camera,
    zone: usize,
    offset: f64,
    width: f64,
) -> (Point, Anchor) {
    let (from, len) = orbit.sectors()[zone];
    let middle = from + len / 2.0;
    let anchor = anchor_for(angle_of(middle).sin());
    (kept_on(camera.size(), camera.at(middle, offset), anchor, width), anchor)
}

/// How far outside the circle each zone's name of these widths stands clear of what is taken and of the
/// others; `None` when one finds no place on the canvas.
pub(super) fn zone_offsets(
    orbit: &Orbit,
    camera: &Camera,
    widths: &[f64],
    mut taken: Vec<Area>,
) -> Option<Vec<f64>> {
    let mut offsets = Vec::with_capacity(widths.len());
    for (zone, &width) in widths.iter().enumerate() {
        let area = |offset: f64| {
            let (at, anchor) = place_zone(orbit, camera, zone, offset, width);
            Area::of_text(at, anchor, width)
        };
        let offset = (0..40).map(|step| orbit.depth() + 12.0 + 4.0 * f64::from(step)).find(|&offset| {
            let area = area(offset);
            area.is_on(camera.size()) && !taken.iter().any(|other| other.meets(&area))
        })?;
        taken.push(area(offset));
        offsets.push(offset);
    }
    Some(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_leaves_the_canvas_is_shifted_back() {
        let size = Size { width: 200.0, height: 100.0 };
        assert_eq!(kept_on(size, Point::new(190.0, 50.0), Anchor::Start, 60.0), Point::new(137.0, 50.0));
        assert_eq!(kept_on(size, Point::new(10.0, 50.0), Anchor::End, 60.0), Point::new(63.0, 50.0));
        assert_eq!(kept_on(size, Point::new(900.0, 50.0), Anchor::Start, 60.0).x, 900.0, "far away it stays");
        assert_eq!(anchor_for(0.9), Anchor::Start);
    }

    #[test]
    fn a_name_without_room_beside_its_mark_stands_clear_of_it() {
        let size = Size { width: 700.0, height: 700.0 };
        let camera = Camera::home(size, 60.0);
        let orbit = Orbit::new(&[0; 100], 1, camera.radius(), 30.0);
        for instance in 0..100 {
            let (at, anchor) = place_name(&orbit, &camera, instance, 300.0, false);
            let name = Area::of_text(at, anchor, 300.0);
            let mark = Area::of_mark(orbit.at(&camera, instance), orbit.mark_radius());
            assert!(!name.meets(&mark), "{instance}: {name:?} {mark:?}");
        }
    }
}
