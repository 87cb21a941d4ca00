//! Paints a look-up: the key's needle, the walk clockwise from it, the tokens it met and the numbered
//! replicas it took.

use crate::ring::Walk;

use super::band::stroke;
use super::camera::Camera;
use super::geometry::{KEYS, Point, Span};
use super::palette::Role;
use super::picture::{Picture, half_of};
use super::scene::{Anchor, Scene, Style};

/// More steps than this are not drawn one by one.
const DRAWN_STEPS: usize = 400;
const BADGE_RADIUS: f64 = 9.0;
const BADGE_SPACING: f64 = 24.0;

/// A look-up, ready to be painted.
#[derive(Debug, Clone, PartialEq)]
pub struct TraceMarks {
    /// The key.
    pub key: u32,
    /// How many keys the walk passes.
    pub walked: f64,
    steps: Vec<Step>,
    /// Instances taken, and whether each is healthy.
    replicas: Vec<(u32, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    token: u32,
    /// The replica's place in `replicas`.
    taken: Option<usize>,
}

impl TraceMarks {
    /// A walk from `key`; `healthy` tells of each instance whether it can serve.
    pub fn new(picture: &Picture, key: u32, walk: &Walk, healthy: impl Fn(u32) -> bool) -> Self {
        let mut replicas = Vec::new();
        let mut steps = Vec::with_capacity(walk.steps.len().min(DRAWN_STEPS));
        let mut walked = 0.0;
        let mut at = key;
        for step in &walk.steps {
            let Some(arc) = picture.arc(step.position) else { continue };
            walked += f64::from(arc.token.wrapping_sub(at));
            at = arc.token;
            let taken = step.outcome.is_ok().then(|| {
                replicas.push((step.instance, healthy(step.instance)));
                replicas.len() - 1
            });
            if steps.len() < DRAWN_STEPS || taken.is_some() {
                steps.push(Step { token: arc.token, taken });
            }
        }
        Self { key, walked: walked.min(KEYS), steps, replicas }
    }

    /// An instance's number among the replicas, from 1.
    pub fn replica(&self, instance: u32) -> Option<usize> {
        self.replicas.iter().position(|&(replica, _)| replica == instance).map(|place| place + 1)
    }
}

pub(super) fn paint_trace(_: &Picture, camera: &Camera, span: Span, trace: &TraceMarks, scene: &mut Scene) {
    let half = half_of(camera);
    let key = f64::from(trace.key);
    let lane = -half - 12.0;

    let needle = scene.layer(Role::Needle, Style::Stroke(2.0));
    let length = (camera.radius() * 0.78).min(camera.home_radius() * 0.78);
    needle.line(camera.at(key, -length), camera.at(key, half + 6.0));
    let head = scene.layer(Role::Needle, Style::Fill);
    head.outline(arrow(camera, key, -half + 2.0));
    head.disc(camera.at(key, -length), 3.5);

    let walk = scene.layer(Role::Needle, Style::Dashed(1.5));
    stroke(walk, camera, span, key, trace.walked, lane);

    let near = |token: u32| camera.size().holds(camera.at(f64::from(token), 0.0), 80.0);
    let ticks = scene.layers_for([Role::LineStrong, Role::Needle].into_iter(), Style::Stroke(1.5));
    for step in trace.steps.iter().filter(|step| near(step.token)) {
        let token = f64::from(step.token);
        let layer = scene.layer_at(ticks + usize::from(step.taken.is_some()));
        layer.line(camera.at(token, lane - 4.0), camera.at(token, lane + 4.0));
    }
    paint_badges(camera, trace, half, scene);
}

/// An arrow head at a key, pointing outward.
fn arrow(camera: &Camera, key: f64, offset: f64) -> [Point; 3] {
    let (tip, base) = (camera.at(key, offset), camera.at(key, offset - 10.0));
    let (dx, dy) = ((tip.x - base.x) * 0.5, (tip.y - base.y) * 0.5);
    [tip, Point::new(base.x - dy, base.y + dx), Point::new(base.x + dy, base.y - dx)]
}

fn paint_badges(camera: &Camera, trace: &TraceMarks, half: f64, scene: &mut Scene) {
    let offset = -half - 12.0 - 26.0;
    let radius = (camera.radius() + offset).max(BADGE_RADIUS);
    let keys_per_pixel = KEYS / (std::f64::consts::TAU * radius);
    let key = f64::from(trace.key);
    let taken: Vec<(f64, usize)> = trace
        .steps
        .iter()
        .filter_map(|step| Some((key + f64::from(step.token.wrapping_sub(trace.key)), step.taken?)))
        .collect();
    let wanted: Vec<f64> = taken.iter().map(|&(at, _)| at / keys_per_pixel).collect();
    // The needle stands in the way of badges near the key: they begin beside it.
    let places = spread(&wanted, BADGE_SPACING, key / keys_per_pixel + BADGE_SPACING * 0.75);

    let leaders = scene.layers_for([Role::LineStrong].into_iter(), Style::Stroke(1.0));
    let solid = scene.layers_for([Role::Needle].into_iter(), Style::Fill);
    let paper = scene.layers_for([Role::Surface].into_iter(), Style::Fill);
    let rim = scene.layers_for([Role::Bad].into_iter(), Style::Dashed(2.0));
    for (&(token, replica), place) in taken.iter().zip(places) {
        let at = camera.at(place * keys_per_pixel, offset);
        if !camera.size().holds(at, 40.0) {
            continue;
        }
        scene.layer_at(leaders).line(camera.at(token, -half - 2.0), at);
        let healthy = trace.replicas[replica].1;
        let role = if healthy { Role::Surface } else { Role::Bad };
        if healthy {
            scene.layer_at(solid).disc(at, BADGE_RADIUS);
        } else {
            scene.layer_at(paper).disc(at, BADGE_RADIUS + 2.0);
            scene.layer_at(rim).disc(at, BADGE_RADIUS + 2.0);
        }
        let sign = if healthy { "" } else { "\u{2715}" };
        scene.label(at, role, Anchor::Middle, format_args!("{}{sign}", replica + 1)).strong = true;
    }
}

/// Moves ascending places apart to `least` between neighbours, none before `first`, each as near as the
/// ones before it allow.
fn spread(wanted: &[f64], least: f64, first: f64) -> Vec<f64> {
    let mut next = first;
    wanted
        .iter()
        .map(|&place| {
            let placed = place.max(next);
            next = placed + least;
            placed
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use crate::ring::{LookupBuffer, Operation};

    use super::super::fixtures::picture;
    use super::super::geometry::Size;
    use super::super::picture::Focus;
    use super::*;

    #[test]
    fn badges_keep_their_order_and_their_distance() {
        assert_eq!(spread(&[10.0, 11.0, 100.0], 20.0, 0.0), [10.0, 30.0, 100.0]);
        assert_eq!(spread(&[10.0], 20.0, 15.0), [15.0]);
    }

    #[test]
    fn a_walk_shows_its_key_and_its_numbered_replicas() {
        let mut picture = picture(5, 64, 1);
        let size = Size { width: 800.0, height: 800.0 };
        let camera = Camera::home(size, picture.fit(size));
        let key = 4_294_967_000;
        let walk = picture.ring().trace(key, Operation::WRITE_NO_EXTEND, &mut LookupBuffer::default());
        let trace = TraceMarks::new(&picture, key, &walk, |instance| instance != walk.taken[1]);
        assert!(trace.walked > 0.0 && trace.walked < KEYS / 4.0, "across the top: {}", trace.walked);
        assert_eq!(trace.replica(walk.taken[2]), Some(3));
        let mut scene = Scene::default();
        picture.paint(&camera, Focus::default(), Some(&trace), &mut scene);
        let labels: Vec<&str> = scene.labels().map(|(_, text)| text).collect();
        for badge in ["1", "2\u{2715}", "3"] {
            assert!(labels.contains(&badge), "{badge} in {labels:?}");
        }
    }
}
