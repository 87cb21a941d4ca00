//! The ring as a picture: what is worked out once for a ring and a canvas, and the answers to "what is
//! under this point".

use crate::ring::{Ring, Topology, token_distance};

use super::camera::Camera;
use super::density::Density;
use super::geometry::{Point, Size};
use super::mark::Mark;
use super::orbit::Orbit;
use super::palette::hue_of;
use super::text::short_names;

/// Up to so many instances, each has its name beside it.
const NAMED_INSTANCES: usize = 40;
/// On a canvas narrower than this names stand below the marks, and fewer have theirs.
const NARROW: f64 = 560.0;
const NAMED_ON_NARROW: usize = 12;
/// About the width of a letter of the smaller text.
pub(super) const LETTER_WIDTH: f64 = 7.0;
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
        let names = names.into_iter().map(|name| name.chars().take(18).collect()).collect();
        let topology = ring.topology();
        let unwell = |owner: u32| marks.get(owner as usize) != Some(&Mark::Active);
        let density = Density::new(topology.tokens(), topology.owners(), hue_of, unwell);
        Self { ring, marks, names, density, orbit: Orbit::default(), fitted: (Size::default(), 0.0) }
    }

    /// Places the instances for a canvas; returns the margin that the camera has to keep.
    pub fn fit(&mut self, size: Size) -> f64 {
        if self.fitted.0 == size {
            return self.fitted.1;
        }
        let longest = self.names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as f64;
        let narrow = size.width < NARROW;
        let beside = match () {
            () if narrow => 12.0,
            () if self.has_names(size) => longest * LETTER_WIDTH + 14.0,
            () => 10.0,
        };
        let zone_names = if self.shows_zones() { 20.0 } else { 0.0 };
        let topology = self.ring.topology();
        let zone_of: Vec<usize> = (0..self.marks.len() as u32).map(|i| topology.zone_of(i)).collect();
        let mut radius = size.width.min(size.height) / 2.0;
        // The orbit depends on the radius and the radius on the orbit: twice is near enough.
        for _ in 0..2 {
            self.orbit = Orbit::new(&zone_of, topology.zones().len(), radius, half_band(radius) + 22.0);
            let depth = self.orbit.depth() + zone_names;
            let across = size.width / 2.0 - depth - beside;
            let down = size.height / 2.0 - depth - if self.has_names(size) { 24.0 } else { 8.0 };
            radius = across.min(down).max(48.0);
        }
        let margin = size.width.min(size.height) / 2.0 - radius;
        self.fitted = (size, margin);
        margin
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
    fn an_empty_ring_has_nothing_to_point_at() {
        let mut picture = Picture::new(ring(0, 0, 1), Vec::new());
        let margin = picture.fit(SIZE);
        let camera = Camera::home(SIZE, margin);
        assert_eq!(picture.hit(&camera, camera.at(5.0, 0.0), 10.0), None);
        assert_eq!(picture.step(None, None, 1), None);
    }
}
