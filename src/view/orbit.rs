//! Where the instances stand around the ring: one sector for each zone, and in it as many rows as it takes.

use super::camera::Camera;
use super::geometry::{KEYS, Point};

const MAX_SPACING: f64 = 30.0;
const MIN_SPACING: f64 = 5.0;

/// The places of all instances, for one size of the ring.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Orbit {
    /// For each instance, its angle in keys and its row.
    places: Vec<(f64, u32)>,
    /// For each zone, where its sector begins and how long it is, in keys.
    sectors: Vec<(f64, f64)>,
    spacing: f64,
    rows: u32,
    offset: f64,
}

impl Orbit {
    /// Places instances, whose zones are `zone_of`, around a circle of `radius` pixels, the first row
    /// `offset` pixels outside of it.
    pub(super) fn new(zone_of: &[usize], zones: usize, radius: f64, offset: f64) -> Self {
        if zone_of.is_empty() {
            return Self::default();
        }
        let circumference = std::f64::consts::TAU * (radius + offset);
        let deepest = (radius * 0.16).max(24.0);
        let gap = if zones > 1 { MAX_SPACING.min(circumference * 0.02) } else { 0.0 };
        let room = circumference - gap * zones as f64;
        let mut spacing = MAX_SPACING;
        let rows = loop {
            let rows = (zone_of.len() as f64 * spacing / room).ceil().max(1.0);
            if rows * spacing <= deepest || spacing <= MIN_SPACING || rows <= 1.0 {
                break rows as u32;
            }
            spacing -= 0.5;
        };
        let keys_per_pixel = KEYS / circumference;
        let mut in_zone = vec![0_usize; zones.max(1)];
        for &zone in zone_of {
            in_zone[zone] += 1;
        }
        let mut sectors = Vec::with_capacity(in_zone.len());
        let mut from = 0.0;
        for &count in &in_zone {
            let len = room * keys_per_pixel * count as f64 / zone_of.len() as f64;
            sectors.push((from + gap * keys_per_pixel / 2.0, len));
            from += len + gap * keys_per_pixel;
        }
        let mut next = vec![0_usize; in_zone.len()];
        let places = zone_of
            .iter()
            .map(|&zone| {
                let (place, (start, len)) = (next[zone], sectors[zone]);
                next[zone] += 1;
                let columns = in_zone[zone].div_ceil(rows as usize);
                let column = place / rows as usize;
                (start + len * (column as f64 + 0.5) / columns as f64, (place % rows as usize) as u32)
            })
            .collect();
        Self { places, sectors, spacing, rows, offset }
    }

    /// How far outside the circle the outermost row ends.
    pub(super) fn depth(&self) -> f64 {
        self.offset + f64::from(self.rows.saturating_sub(1)) * self.spacing + self.mark_radius()
    }

    /// How large an instance's mark is.
    pub(super) fn mark_radius(&self) -> f64 {
        (self.spacing * 0.34).clamp(1.8, 7.0)
    }

    /// An instance's angle, in keys.
    pub(super) fn angle(&self, instance: u32) -> f64 {
        self.places[instance as usize].0
    }

    /// Where an instance stands.
    pub(super) fn at(&self, camera: &Camera, instance: u32) -> Point {
        let (key, row) = self.places[instance as usize];
        camera.at(key, self.offset + f64::from(row) * self.spacing)
    }

    /// For each zone the stretch that its sector takes, in keys: start and length.
    pub(super) fn sectors(&self) -> &[(f64, f64)] {
        &self.sectors
    }

    /// The instance whose mark is under a point.
    pub(super) fn hit(&self, camera: &Camera, point: Point) -> Option<u32> {
        let reach = (self.mark_radius() + 3.0).max(self.spacing * 0.5).min(16.0);
        let (_, offset) = camera.place(point);
        if offset < self.offset - reach || offset > self.depth() + reach {
            return None;
        }
        let nearest = |&instance: &u32| self.at(camera, instance).distance(point);
        (0..self.places.len() as u32)
            .min_by(|a, b| nearest(a).total_cmp(&nearest(b)))
            .filter(|instance| nearest(instance) <= reach)
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Size;
    use super::*;

    #[test]
    fn marks_do_not_overlap_and_every_mark_can_be_hit() {
        let camera = Camera::home(Size { width: 900.0, height: 900.0 }, 100.0);
        for (count, zones) in [(1, 1), (3, 1), (30, 3), (300, 3), (1000, 1), (1000, 4)] {
            let zone_of: Vec<usize> = (0..count).map(|i| i % zones).collect();
            let orbit = Orbit::new(&zone_of, zones, camera.radius(), 30.0);
            assert!(orbit.depth() < 100.0, "{count}: {}", orbit.depth());
            for instance in 0..count as u32 {
                assert_eq!(
                    orbit.hit(&camera, orbit.at(&camera, instance)),
                    Some(instance),
                    "{count} in {zones}"
                );
            }
            let mut nearest = f64::MAX;
            for a in 0..count as u32 {
                for b in 0..a {
                    nearest = nearest.min(orbit.at(&camera, a).distance(orbit.at(&camera, b)));
                }
            }
            assert!(nearest >= orbit.mark_radius() * 2.0, "{count} in {zones}: {nearest}");
        }
    }

    #[test]
    fn a_zone_is_one_sector() {
        let zone_of = [0, 1, 2, 0, 1, 2];
        let orbit = Orbit::new(&zone_of, 3, 300.0, 30.0);
        for (instance, &zone) in zone_of.iter().enumerate() {
            let (from, len) = orbit.sectors()[zone];
            let angle = orbit.angle(instance as u32);
            assert!(from < angle && angle < from + len);
        }
    }

    #[test]
    fn nothing_is_hit_in_an_empty_ring() {
        let camera = Camera::home(Size { width: 300.0, height: 300.0 }, 30.0);
        assert_eq!(Orbit::default().hit(&camera, Point::new(150.0, 150.0)), None);
    }
}
