//! Paints the band of tokens: arcs one by one where they are wide enough, stretches of the density where
//! they are not.

use super::camera::Camera;
use super::geometry::{KEYS, Span};
use super::mark::Mark;
use super::palette::{OWNER_HUES, Role, STRENGTHS, hue_of};
use super::picture::{Arc, Picture, half_of};
use super::scene::{Layer, Scene, Style};

/// From this many pixels an arc on average, arcs are drawn one by one.
const PIXELS_PER_ARC: f64 = 1.0;
/// The least length of a density stretch, in pixels.
const PIXELS_PER_CELL: f64 = 1.5;

/// The positions of the tokens whose arcs touch a span, as a start and a number, round the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Positions {
    start: usize,
    count: usize,
    total: usize,
}

impl Positions {
    pub(super) fn within(picture: &Picture, span: Span) -> Self {
        let topology = picture.ring().topology();
        let total = topology.tokens().len();
        if total == 0 || span.is_all() {
            return Self { start: 0, count: total, total };
        }
        let key = |at: f64| at.rem_euclid(KEYS) as u32;
        let (start, last) = (topology.search(key(span.from)), topology.search(key(span.to())));
        let count = (last + total - start) % total + 1;
        // A span from just after a token round to just before it begins and ends with the same token.
        let count = if count == 1 && span.len > KEYS / 2.0 { total } else { count };
        Self { start, count, total }
    }

    pub(super) fn len(self) -> usize {
        self.count
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        (0..self.count).map(move |i| (self.start + i) % self.total)
    }
}

/// What of a stretch lies in the span, counted as the span counts.
pub(super) fn clip(span: Span, from: f64, keys: f64) -> Option<(f64, f64)> {
    if span.is_all() {
        return Some((from, from + keys));
    }
    // The first turn in which the stretch ends beyond the span's start.
    let turns = (((span.from - from - keys) / KEYS).floor() + 1.0) * KEYS;
    let (start, end) = ((from + turns).max(span.from), (from + turns + keys).min(span.to()));
    (start < end).then_some((start, end))
}

/// Draws the keys from `from`, `keys` long, `offset` pixels outside the circle, clipped to the span.
pub(super) fn stroke(layer: &mut Layer, camera: &Camera, span: Span, from: f64, keys: f64, offset: f64) {
    let Some((start, end)) = clip(span, from, keys) else { return };
    polyline(layer, camera, start, end, offset);
    // A stretch of nearly the whole ring may reach the span's far end once more.
    if keys > KEYS - span.len
        && end < span.to()
        && let Some((start, end)) = clip(Span { from: end, len: span.to() - end }, from, keys)
    {
        polyline(layer, camera, start, end, offset);
    }
}

/// Straight pieces that stay within a seventh of a pixel of the circle.
fn polyline(layer: &mut Layer, camera: &Camera, start: f64, end: f64, offset: f64) {
    let piece = (1.2 / camera.radius()).sqrt() * KEYS / std::f64::consts::TAU;
    let pieces = ((end - start) / piece).ceil().clamp(1.0, 4096.0) as u32;
    layer.start(camera.at(start, offset));
    for i in 1..=pieces {
        layer.to(camera.at(start + (end - start) * f64::from(i) / f64::from(pieces), offset));
    }
}

pub(super) fn paint_band(picture: &Picture, camera: &Camera, span: Span, dim: bool, scene: &mut Scene) {
    let half = half_of(camera);
    let ground = scene.layer(Role::Line, Style::Stroke(half * 2.0));
    stroke(ground, camera, span, span.from, span.len, 0.0);
    let positions = Positions::within(picture, span);
    let pixels = span.len * camera.pixels_per_key();
    let opacity = if dim { 0.38 } else { 1.0 };
    if positions.len() as f64 * PIXELS_PER_ARC <= pixels {
        paint_arcs(picture, camera, span, positions, opacity, scene);
    } else {
        paint_density(picture, camera, span, opacity, scene);
    }
}

fn paint_arcs(
    picture: &Picture,
    camera: &Camera,
    span: Span,
    positions: Positions,
    opacity: f64,
    scene: &mut Scene,
) {
    let half = half_of(camera);
    let hues = (0..OWNER_HUES).map(|hue| Role::Owner { hue, strength: STRENGTHS - 1 });
    let first = scene.layers_for(hues, Style::Stroke(half * 2.0));
    let lanes = scene.layers_for([Role::Bad, Role::Warn].into_iter(), Style::Stroke(3.0));
    let hatch = scene.layers_for([Role::Surface].into_iter(), Style::Stroke(1.5));
    let seams = scene.layers_for([Role::Surface].into_iter(), Style::Stroke(1.0));
    let ppk = camera.pixels_per_key();
    let with_seams = positions.len() as f64 * 5.0 <= span.len * ppk;
    for arc in positions.iter().filter_map(|position| picture.arc(position)) {
        let (from, keys) = (f64::from(arc.from), arc.keys as f64);
        let layer = scene.layer_at(first + usize::from(hue_of(arc.owner)));
        layer.faint(opacity);
        stroke(layer, camera, span, from, keys, 0.0);
        let mark = picture.mark(arc.owner);
        if mark != Mark::Active {
            let lane = scene.layer_at(lanes + usize::from(mark != Mark::Unhealthy));
            stroke(lane, camera, span, from, keys, -half - 4.0);
        }
        if mark == Mark::Unhealthy && keys * ppk >= 3.0 {
            paint_hatch(scene.layer_at(hatch), camera, span, arc, half);
        }
        if with_seams {
            let token = f64::from(arc.token);
            scene.layer_at(seams).line(camera.at(token, -half), camera.at(token, half));
        }
    }
}

/// Slanted strokes across an unhealthy owner's arc.
fn paint_hatch(layer: &mut Layer, camera: &Camera, span: Span, arc: Arc, half: f64) {
    let step = 6.0 / camera.pixels_per_key();
    let Some((start, end)) = clip(span, f64::from(arc.from), arc.keys as f64) else { return };
    let mut at = start + step / 2.0;
    while at < end {
        layer.line(camera.at(at - step / 2.0, -half), camera.at(at + step / 2.0, half));
        at += step;
    }
}

fn paint_density(picture: &Picture, camera: &Camera, span: Span, opacity: f64, scene: &mut Scene) {
    let circumference = KEYS * camera.pixels_per_key();
    let Some((bits, cells)) = picture.density().level(circumference / PIXELS_PER_CELL) else { return };
    let half = half_of(camera);
    let roles = (0..OWNER_HUES * STRENGTHS)
        .map(|index| Role::Owner { hue: index / STRENGTHS, strength: index % STRENGTHS });
    let first = scene.layers_for(roles, Style::Stroke(half * 2.0));
    let unwell = if picture.marks().contains(&Mark::Unhealthy) { Role::Bad } else { Role::Warn };
    let lanes = scene.layers_for([unwell; 3].into_iter(), Style::Stroke(3.0));
    let keys = KEYS / cells.len() as f64;
    debug_assert_eq!(cells.len(), 1 << bits);
    let start = (span.from / keys).floor();
    let count = if span.is_all() { cells.len() } else { (span.len / keys).ceil() as usize + 1 };
    let cell = |i: usize| cells[(start as i64 + i as i64).rem_euclid(cells.len() as i64) as usize];
    let mut i = 0;
    while i < count.min(cells.len()) {
        let look = cell(i);
        let mut end = i + 1;
        while end < count && cell(end) == look {
            end += 1;
        }
        let (from, len) = ((start + i as f64) * keys, (end - i) as f64 * keys);
        let middle = camera.at(from + len / 2.0, 0.0);
        if end - i > 8 || camera.size().holds(middle, half + 32.0) {
            let layer = scene.layer_at(first + usize::from(look.hue() * STRENGTHS + look.strength()));
            layer.faint(opacity);
            polyline(layer, camera, from, from + len, 0.0);
            if look.worry() > 0 {
                let lane = scene.layer_at(lanes + usize::from(look.worry()) - 1);
                lane.faint([0.35, 0.7, 1.0][usize::from(look.worry()) - 1]);
                polyline(lane, camera, from, from + len, -half - 4.0);
            }
        }
        i = end;
    }
}

/// Draws the arcs of one instance in full colour over the dimmed band, with a lane outside of it.
pub(super) fn paint_owned(picture: &Picture, camera: &Camera, span: Span, instance: u32, scene: &mut Scene) {
    let half = half_of(camera);
    let hue = Role::Owner { hue: hue_of(instance), strength: STRENGTHS - 1 };
    let own = scene.layers_for([hue].into_iter(), Style::Stroke(half * 2.0));
    let lane = scene.layers_for([Role::Ink].into_iter(), Style::Stroke(3.0));
    // Arcs thinner than a pixel must not look like more than they are: only the lane widens them.
    let pixel = 1.0 / camera.pixels_per_key();
    let tokens = picture.ring().instance(instance).tokens.as_slice();
    let from = tokens.partition_point(|&token| f64::from(token) < span.from.max(0.0));
    // From the first visible token round to the one after the last visible.
    for i in 0..tokens.len() {
        let token = tokens[(from + i) % tokens.len()];
        if !span.is_all() && i > 0 && !near(span, token) {
            continue;
        }
        let Some(arc) = picture.position_of(instance, token).and_then(|position| picture.arc(position))
        else {
            continue;
        };
        for (place, least, offset) in [(own, 0.6, 0.0), (lane, 1.2, half + 5.0)] {
            let keys = (arc.keys as f64).max(least * pixel);
            stroke(scene.layer_at(place), camera, span, f64::from(arc.token) - keys, keys, offset);
        }
    }
}

/// Whether a token lies in the span or the span's length after it, so that its arc can reach into it.
fn near(span: Span, token: u32) -> bool {
    Span { from: span.from, len: (span.len * 2.0).clamp(KEYS / 16.0, KEYS) }.holds(f64::from(token))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::picture;
    use super::super::geometry::{Point, Size};
    use super::*;

    const SIZE: Size = Size { width: 1000.0, height: 800.0 };

    fn drawn(picture: &Picture, camera: &Camera) -> (usize, Scene) {
        let mut scene = Scene::default();
        paint_band(picture, camera, camera.visible(40.0), false, &mut scene);
        let lines = scene.layers().map(|layer| layer.starts.len()).sum();
        (lines, scene)
    }

    #[test]
    fn few_tokens_are_drawn_one_by_one() {
        let picture = picture(3, 128, 1);
        let (lines, scene) = drawn(&picture, &Camera::home(SIZE, 80.0));
        let arcs: usize = scene
            .layers()
            .filter(|layer| matches!(layer.role, Role::Owner { .. }))
            .map(|layer| layer.starts.len())
            .sum();
        assert_eq!(arcs, 384);
        assert!(lines <= 1 + 2 * 384, "the ground, the arcs and their seams");
    }

    #[test]
    fn half_a_million_tokens_take_no_more_shapes_than_pixels() {
        let picture = picture(1000, 512, 1);
        let mut camera = Camera::home(SIZE, 80.0);
        let mut single = false;
        for _ in 0..60 {
            let (lines, scene) = drawn(&picture, &camera);
            let pixels = camera.visible(40.0).len * camera.pixels_per_key();
            assert!(lines as f64 <= pixels * 1.5 + 40.0, "{lines} lines on {pixels} pixels");
            let points: usize = scene.layers().map(|layer| layer.points.len()).sum();
            assert!(points < 12_000, "{points} points at zoom {}", camera.zoom());
            single |= camera.zoom() > 10.0 && scene.layers().any(|layer| layer.role == Role::Surface);
            camera.zoom_at(Point::new(820.0, 400.0), 1.3);
        }
        assert!(single, "zooming in brings single tokens back");
    }

    #[test]
    fn the_positions_in_a_span_are_those_whose_arcs_touch_it() {
        let picture = picture(5, 20, 1);
        for (from, len) in
            [(0.0, KEYS / 7.0), (KEYS * 0.9, KEYS / 5.0), (-KEYS * 0.05, KEYS / 10.0), (77.0, 1.0)]
        {
            let span = Span { from, len };
            let mut found: Vec<usize> = Positions::within(&picture, span).iter().collect();
            found.sort_unstable();
            let touches = |position: &usize| {
                let arc = picture.arc(*position).unwrap();
                let within =
                    |key: f64| Span { from: f64::from(arc.from), len: arc.keys as f64 - 1.0 }.holds(key);
                span.holds(f64::from(arc.from)) || within(from.rem_euclid(KEYS))
            };
            let expected: Vec<usize> = (0..100).filter(touches).collect();
            assert_eq!(found, expected, "{span:?}");
        }
    }

    #[test]
    fn a_stretch_is_cut_to_the_span_wherever_the_span_counts_from() {
        let camera = Camera::home(SIZE, 80.0);
        let mut scene = Scene::default();
        let layer = scene.layer(Role::Ink, Style::Stroke(1.0));
        let span = Span { from: -1000.0, len: 2000.0 };
        stroke(layer, &camera, span, KEYS - 500.0, 100.0, 0.0);
        stroke(layer, &camera, span, 400.0, 5_000.0, 0.0);
        assert_eq!(layer.starts.len(), 2);
        let expected =
            [camera.at(-500.0, 0.0), camera.at(-400.0, 0.0), camera.at(400.0, 0.0), camera.at(1000.0, 0.0)];
        for (found, expected) in layer.points.iter().zip(expected) {
            assert!(found.distance(expected) < 1e-6);
        }
        stroke(layer, &camera, span, 5_000.0, 100.0, 0.0);
        assert_eq!(layer.starts.len(), 2, "nothing of a stretch outside");
    }

    #[test]
    fn a_stretch_of_nearly_the_whole_ring_reaches_a_span_from_both_ends() {
        let camera = Camera::home(SIZE, 80.0);
        let mut scene = Scene::default();
        let layer = scene.layer(Role::Ink, Style::Stroke(1.0));
        let span = Span { from: 1_000.0, len: 10_000.0 };
        stroke(layer, &camera, span, 9_000.0, KEYS - 6_000.0, 0.0);
        let ends: Vec<_> = layer.lines().map(|line| (line[0], line[line.len() - 1])).collect();
        let expected = [(1_000.0, 3_000.0), (9_000.0, 11_000.0)];
        assert_eq!(ends.len(), 2);
        for ((from, to), (start, end)) in ends.into_iter().zip(expected) {
            assert!(from.distance(camera.at(start, 0.0)) < 1e-6 && to.distance(camera.at(end, 0.0)) < 1e-6);
        }
    }

    #[test]
    fn an_instance_is_drawn_with_every_one_of_its_tokens() {
        let picture = picture(300, 128, 3);
        let camera = Camera::home(SIZE, 80.0);
        let mut scene = Scene::default();
        paint_owned(&picture, &camera, Span::ALL, 7, &mut scene);
        assert!(scene.layers().all(|layer| layer.starts.len() == 128));
    }
}
