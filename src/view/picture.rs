//! The ring as a picture: what is worked out once for a ring and a canvas, and the answers to "what is
//! under this point".

use crate::ring::{Ring, Topology, token_distance};

use super::camera::Camera;
use super::density::Density;
use super::geometry::{Point, Size};
use super::labels::{Area, LETTER_WIDTH, place_name, radius_for_name, zone_offsets};
use super::mark::Mark;
use super::orbit::Orbit;
use super::palette::hue_of;
use super::text::{cut, short_names};

/// Up to so many instances, each has its name beside it.
const NAMED_INSTANCES: usize = 40;
/// On a canvas narrower than this names stand below the marks, and fewer have theirs.
const NARROW: f64 = 560.0;
const NAMED_ON_NARROW: usize = 12;
/// From so many instances on, marks are a crowd, in which only what is not ACTIVE stands out.
const CROWD: usize = 100;
/// The room for a replica's number after a name.
const NUMBER_WIDTH: f64 = 24.0;
/// Longer names are cut.
const LONGEST_NAME: usize = 18;
/// From this zoom on the instances around the ring make room for names along the band.
pub(super) const ORBIT_ENDS: f64 = 2.6;

/// One token's stretch of the ring: the keys from the token before it, up to one less than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Arc {
    /// The token's position in the ring's tokens.
    pub position: usize,
    /// The token.
    pub token: u32,
    /// Its first key, which is the token before it.
    pub from: u32,
    /// How many keys, 2³² for a ring of one token.
    pub keys: u64,
    /// The instance that owns it.
    pub owner: u32,
}

/// What a point can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// An instance's mark.
    Instance(u32),
    /// A token's arc, by the token's position.
    Token(usize),
}

/// What the reader points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Focus {
    /// Under the pointer.
    pub hover: Option<Target>,
    /// The selected instance.
    pub instance: Option<u32>,
    /// The selected token's position.
    pub token: Option<usize>,
}

/// A ring, prepared for painting.
#[derive(Debug)]
pub struct Picture {
    ring: Ring,
    marks: Vec<Mark>,
    names: Vec<String>,
    zone_names: Vec<String>,
    /// For each zone, how far outside the circle its name stands.
    zone_offsets: Vec<f64>,
    density: Density,
    orbit: Orbit,
    fitted: (Size, f64),
}

impl Picture {
    /// Prepares a ring whose instances are marked with `marks`.
    pub fn new(ring: Ring, marks: Vec<Mark>) -> Self {
        let ids: Vec<&str> = ring.instances().iter().map(|(id, _)| &**id).collect();
        let full = ids.iter().all(|id| id.chars().count() <= 10);
        let names = if full { ids } else { short_names(&ids) };
        let names = names.into_iter().map(|name| name.chars().take(LONGEST_NAME).collect()).collect();
        let zone_name =
            |zone: &str| if zone.is_empty() { "no zone".to_owned() } else { cut(zone, LONGEST_NAME) };
        let zone_names = ring.topology().zones().iter().map(|zone| zone_name(zone)).collect();
        let topology = ring.topology();
        let unwell = |owner: u32| marks.get(owner as usize) != Some(&Mark::Active);
        let density = Density::new(topology.tokens(), topology.owners(), hue_of, unwell);
        Self {
            ring,
            marks,
            names,
            zone_names,
            zone_offsets: Vec::new(),
            density,
            orbit: Orbit::default(),
            fitted: (Size::default(), 0.0),
        }
    }

    /// Takes over a ring that differs in heartbeats alone; whether it does.
    pub fn renew(&mut self, ring: &Ring, marks: &[Mark]) -> bool {
        let same = self.marks == marks && std::sync::Arc::ptr_eq(self.ring.topology(), ring.topology());
        if same {
            self.ring = ring.clone();
        }
        same
    }

    /// Places the instances for a canvas; returns the margin that the camera has to keep.
    pub fn fit(&mut self, size: Size) -> f64 {
        if self.fitted.0 == size {
            return self.fitted.1;
        }
        let narrow = size.width < NARROW;
        let beside = if narrow { 12.0 } else { 10.0 };
        let shows_zones = self.shows_zones();
        let outside = if shows_zones { 20.0 } else { 0.0 };
        let topology = self.ring.topology();
        let zone_of: Vec<usize> = (0..self.marks.len() as u32).map(|i| topology.zone_of(i)).collect();
        let zones = topology.zones().len();
        let mut radius = size.width.min(size.height) / 2.0;
        let orbit = |radius: f64| Orbit::new(&zone_of, zones, radius, half_band(radius) + 22.0);
        // The orbit depends on the radius and the radius on the orbit: twice is near enough.
        for _ in 0..2 {
            self.orbit = orbit(radius);
            let depth = self.orbit.depth() + outside;
            let across = size.width / 2.0 - depth - beside;
            let down = size.height / 2.0 - depth - if self.has_names(size) { 24.0 } else { 8.0 };
            radius = across.min(down);
            if self.has_names(size) && !narrow {
                let largest = (0..self.marks.len() as u32)
                    .map(|i| radius_for_name(size, &self.orbit, i, self.name_width(i) + NUMBER_WIDTH));
                radius = largest.fold(radius, f64::min);
            }
            radius = radius.max(48.0);
        }
        // A little smaller, as long as a zone's name has no place.
        let least = (radius * 0.7).max(48.0);
        loop {
            self.orbit = orbit(radius);
            let camera = Camera::home(size, size.width.min(size.height) / 2.0 - radius);
            let offsets = if shows_zones { self.place_zones(&camera) } else { Some(Vec::new()) };
            if offsets.is_none() && radius - 6.0 >= least {
                radius -= 6.0;
                continue;
            }
            self.zone_offsets = offsets.unwrap_or_else(|| vec![self.orbit.depth() + 14.0; zones]);
            break;
        }
        let margin = size.width.min(size.height) / 2.0 - radius;
        self.fitted = (size, margin);
        margin
    }

    fn place_zones(&self, camera: &Camera) -> Option<Vec<f64>> {
        let instances = 0..self.marks.len() as u32;
        let mark = |i: u32| Area::of_mark(self.orbit.at(camera, i), self.orbit.mark_radius() + 1.0);
        let mut taken: Vec<Area> = instances.clone().map(mark).collect();
        if self.has_names(camera.size()) {
            taken.extend(instances.map(|i| {
                let width = self.name_width(i) + NUMBER_WIDTH;
                let (at, anchor) = place_name(&self.orbit, camera, i, width, self.names_below(camera.size()));
                Area::of_text(at, anchor, width)
            }));
        }
        let widths: Vec<f64> =
            self.zone_names.iter().map(|name| name.chars().count() as f64 * LETTER_WIDTH).collect();
        zone_offsets(&self.orbit, camera, &widths, taken)
    }

    fn name_width(&self, instance: u32) -> f64 {
        self.name(instance).chars().count() as f64 * LETTER_WIDTH
    }

    /// The ring.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// An instance's mark.
    pub fn mark(&self, instance: u32) -> Mark {
        self.marks[instance as usize]
    }

    /// An instance's name, shortened to what tells it from the others.
    pub fn name(&self, instance: u32) -> &str {
        &self.names[instance as usize]
    }

    /// The arc of the token at a position.
    pub fn arc(&self, position: usize) -> Option<Arc> {
        arc(self.ring.topology(), position)
    }

    /// The position of an instance's token; `None` when another instance owns it.
    pub fn position_of(&self, instance: u32, token: u32) -> Option<usize> {
        let topology = self.ring.topology();
        let position = topology.search(token.wrapping_sub(1));
        let found =
            topology.tokens().get(position) == Some(&token) && topology.owners()[position] == instance;
        found.then_some(position)
    }

    /// What is under a point; `slack` widens the band, for fingers.
    pub fn hit(&self, camera: &Camera, point: Point, slack: f64) -> Option<Target> {
        if camera.zoom() < ORBIT_ENDS
            && let Some(instance) = self.orbit.hit(camera, point)
        {
            return Some(Target::Instance(instance));
        }
        let (key, offset) = camera.place(point);
        let reach = half_of(camera) + slack;
        let tokens = self.ring.topology().tokens();
        (offset.abs() <= reach && !tokens.is_empty())
            .then(|| Target::Token(self.ring.topology().search(key as u32)))
    }

    /// The next token clockwise (`by` > 0) or back from `position`; with an instance, among its own.
    pub fn step(&self, position: Option<usize>, instance: Option<u32>, by: isize) -> Option<usize> {
        let topology = self.ring.topology();
        let total = topology.tokens().len();
        let Some(instance) = instance else {
            let from = position.map_or(if by > 0 { -1 } else { 0 }, |position| position as isize);
            return (total > 0).then(|| (from + by).rem_euclid(total as isize) as usize);
        };
        let own = self.ring.instance(instance).tokens.as_slice();
        let at = position.map(|position| topology.tokens()[position]);
        let from = match at {
            Some(token) => own.partition_point(|&other| other < token) as isize,
            None if by > 0 => -1,
            None => 0,
        };
        // From between two of its tokens, the next one is the one at `from` itself.
        let between = at.is_some_and(|token| own.get(from as usize) != Some(&token)) && by > 0;
        let next = from + by - isize::from(between);
        let next = (!own.is_empty()).then(|| own[next.rem_euclid(own.len() as isize) as usize])?;
        self.position_of(instance, next)
    }

    /// The position of an instance's token that is nearest to a key, either way round.
    pub fn nearest_token(&self, instance: u32, key: u32) -> Option<usize> {
        let tokens = self.ring.instances().get(instance as usize)?.1.tokens.as_slice();
        let distance = |token: u32| token.wrapping_sub(key).min(key.wrapping_sub(token));
        let nearest = tokens.iter().copied().min_by_key(|&token| distance(token))?;
        self.position_of(instance, nearest)
    }

    pub(super) fn density(&self) -> &Density {
        &self.density
    }

    pub(super) fn orbit(&self) -> &Orbit {
        &self.orbit
    }

    pub(super) fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether every instance has its name beside it.
    pub(super) fn has_names(&self, size: Size) -> bool {
        self.marks.len() <= if size.width < NARROW { NAMED_ON_NARROW } else { NAMED_INSTANCES }
    }

    /// Whether names stand below the marks, for want of room beside them.
    pub(super) fn names_below(&self, size: Size) -> bool {
        size.width < NARROW
    }

    /// Whether there are so many instances that only those that are not ACTIVE stand out.
    pub(super) fn is_crowd(&self) -> bool {
        self.marks.len() > CROWD
    }

    /// The zones' names and how far outside the circle each stands.
    pub(super) fn zone_names(&self) -> impl Iterator<Item = (&str, f64)> {
        self.zone_names.iter().map(String::as_str).zip(self.zone_offsets.iter().copied())
    }

    pub(super) fn shows_zones(&self) -> bool {
        self.ring.topology().zones().len() > 1
    }
}

/// Half of the band's thickness, for the radius that the whole ring is shown with.
fn half_band(home_radius: f64) -> f64 {
    (home_radius * 0.055).clamp(8.0, 17.0)
}

/// Half of the band's thickness as a camera sees it: zoomed in, there is room for more.
pub(super) fn half_of(camera: &Camera) -> f64 {
    let more = ((camera.zoom().max(1.0).log2() - 1.5) * 0.2).clamp(0.0, 1.5);
    half_band(camera.home_radius()) * (1.0 + more)
}

/// The arc of the token at `position`.
fn arc(topology: &Topology, position: usize) -> Option<Arc> {
    let tokens = topology.tokens();
    let &token = tokens.get(position)?;
    let from = tokens[(position + tokens.len() - 1) % tokens.len()];
    Some(Arc { position, token, from, keys: token_distance(from, token), owner: topology.owners()[position] })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{picture, ring};
    use super::super::labels::place_zone;
    use super::*;

    const SIZE: Size = Size { width: 800.0, height: 700.0 };

    #[test]
    fn a_point_on_the_band_is_the_first_token_above_its_key() {
        let mut picture = picture(3, 128, 1);
        let margin = picture.fit(SIZE);
        let camera = Camera::home(SIZE, margin);
        for position in [0, 1, 200, 383] {
            let arc = picture.arc(position).unwrap();
            let middle = f64::from(arc.from) + arc.keys as f64 / 2.0;
            assert_eq!(picture.hit(&camera, camera.at(middle, 3.0), 0.0), Some(Target::Token(position)));
        }
        assert_eq!(picture.hit(&camera, SIZE.middle(), 0.0), None);
        let mark = picture.orbit().at(&camera, 2);
        assert_eq!(picture.hit(&camera, mark, 0.0), Some(Target::Instance(2)));
    }

    #[test]
    fn arcs_follow_each_other_and_cover_the_ring() {
        let picture = picture(3, 128, 1);
        let total: u64 = (0..384).map(|position| picture.arc(position).unwrap().keys).sum();
        assert_eq!(total, 1 << 32);
        assert_eq!(picture.arc(384), None);
    }

    #[test]
    fn steps_go_round_the_ring_and_round_an_instance() {
        let picture = picture(3, 4, 1);
        assert_eq!(picture.step(None, None, 1), Some(0));
        assert_eq!(picture.step(Some(11), None, 1), Some(0));
        assert_eq!(picture.step(Some(0), None, -1), Some(11));
        let mut position = None;
        for _ in 0..4 {
            position = picture.step(position, Some(1), 1);
            assert_eq!(picture.arc(position.unwrap()).unwrap().owner, 1);
        }
        let first = picture.step(None, Some(1), 1);
        assert_eq!(picture.step(position, Some(1), 1), first, "four steps are once round");
    }

    #[test]
    fn the_nearest_token_is_found_across_the_top() {
        let picture = picture(3, 4, 1);
        let token = |position: Option<usize>| picture.arc(position.unwrap()).unwrap().token;
        let own: Vec<u32> = picture.ring().instance(1).tokens.as_slice().to_vec();
        for &wanted in &own {
            assert_eq!(token(picture.nearest_token(1, wanted.wrapping_add(3))), wanted);
        }
        let away = |token: u32| token.min(token.wrapping_neg());
        let nearest = own.iter().copied().min_by_key(|&token| away(token)).unwrap();
        assert_eq!(token(picture.nearest_token(1, 0)), nearest);
        assert_eq!(picture.nearest_token(9, 0), None);
    }

    #[test]
    fn no_name_stands_over_another_or_over_a_mark_or_leaves_the_canvas() {
        for (count, zones) in [(3, 3), (6, 3), (30, 3), (40, 2), (12, 4), (300, 3)] {
            for size in [Size { width: 664.0, height: 710.0 }, Size { width: 900.0, height: 560.0 }] {
                let mut picture = picture(count, 16, zones);
                let camera = Camera::home(size, picture.fit(size));
                let names = picture.has_names(size).then_some(0..count).into_iter().flatten();
                let mut texts: Vec<Area> = names
                    .map(|i| {
                        let width = picture.name_width(i) + NUMBER_WIDTH;
                        let (at, anchor) = place_name(picture.orbit(), &camera, i, width, false);
                        Area::of_text(at, anchor, width)
                    })
                    .collect();
                for (zone, (name, offset)) in picture.zone_names().enumerate() {
                    let width = name.chars().count() as f64 * LETTER_WIDTH;
                    let (at, anchor) = place_zone(picture.orbit(), &camera, zone, offset, width);
                    let area = Area::of_text(at, anchor, width);
                    assert!(!texts.iter().any(|text| text.meets(&area)), "{name} of {count} on {size:?}");
                    texts.push(area);
                }
                for text in &texts {
                    assert!(text.is_on(size), "{count} in {zones} on {size:?}: {text:?}");
                    for i in 0..count {
                        let mark =
                            Area::of_mark(picture.orbit().at(&camera, i), picture.orbit().mark_radius());
                        assert!(!text.meets(&mark), "{count} in {zones} on {size:?}: {text:?} over {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn an_empty_ring_has_nothing_to_point_at() {
        let mut picture = Picture::new(ring(0, 0, 1), Vec::new());
        let margin = picture.fit(SIZE);
        let camera = Camera::home(SIZE, margin);
        assert_eq!(picture.hit(&camera, camera.at(5.0, 0.0), 10.0), None);
        assert_eq!(picture.step(None, None, 1), None);
    }
}
