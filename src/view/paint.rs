//! Paints the whole ring picture: band, marks around it, ticks, names, what is pointed at and a trace.

use super::band::{Positions, clip, paint_band, paint_owned, stroke};
use super::camera::Camera;
use super::geometry::{KEYS, Point, Span};
use super::labels::{LETTER_WIDTH, anchor_for, place_name, place_zone};
use super::mark::{paint_crowd, paint_marks};
use super::palette::Role;
use super::picture::{Focus, ORBIT_ENDS, Picture, Target, half_of};
use super::scene::{Anchor, Scene, Style};
use super::text;
use super::trace::{TraceMarks, paint_trace};

/// The heights of the two kinds of text on a picture.
pub const SMALL: f64 = 12.0;
/// The one larger text.
pub const LARGE: f64 = 20.0;

impl Picture {
    /// Fills `scene` with the picture that `camera` sees.
    pub fn paint(&self, camera: &Camera, focus: Focus, trace: Option<&TraceMarks>, scene: &mut Scene) {
        scene.clear();
        let span = camera.visible(60.0);
        if self.ring().topology().tokens().is_empty() {
            let band = scene.layer(Role::Line, Style::Dashed(2.0));
            stroke(band, camera, span, span.from, span.len, 0.0);
            scene.label(camera.center(), Role::InkSoft, Anchor::Middle, format_args!("no tokens"));
        } else {
            paint_band(self, camera, span, focus.instance.is_some(), scene);
        }
        if let Some(instance) = focus.instance {
            paint_owned(self, camera, span, instance, scene);
        }
        self.paint_focus(camera, span, focus, scene);
        self.paint_ticks(camera, span, scene);
        if let Some(trace) = trace {
            paint_trace(self, camera, span, trace, scene);
        }
        let fade = ((ORBIT_ENDS - camera.zoom()) / 0.6).clamp(0.0, 1.0);
        if fade > 0.0 {
            self.paint_orbit(camera, focus, trace, fade, scene);
        }
        self.paint_arc_names(camera, span, scene);
        // A trace needs the middle of a small ring for itself.
        if camera.zoom() < 1.6 && camera.home_radius() > if trace.is_some() { 150.0 } else { 70.0 } {
            self.paint_center(camera, trace, scene);
        }
    }

    /// The arc under the pointer and the selected token's.
    fn paint_focus(&self, camera: &Camera, span: Span, focus: Focus, scene: &mut Scene) {
        let half = half_of(camera);
        let least = 2.0 / camera.pixels_per_key();
        let hovered = match focus.hover {
            Some(Target::Token(position)) => Some(position),
            _ => None,
        };
        for (position, role, width) in [(hovered, Role::Ink, 2.0), (focus.token, Role::Accent, 2.5)] {
            let Some(arc) = position.and_then(|position| self.arc(position)) else { continue };
            let keys = (arc.keys as f64).max(least);
            let from = f64::from(arc.token) - keys;
            let layer = scene.layer(role, Style::Stroke(width));
            stroke(layer, camera, span, from, keys, -half - 1.0);
            stroke(layer, camera, span, from, keys, half + 1.0);
            for end in [from, from + keys] {
                layer.line(camera.at(end, -half - 2.0), camera.at(end, half + 2.0));
            }
            if role == Role::Accent {
                let middle = from + keys / 2.0;
                let (tip, base) = (camera.at(middle, half + 4.0), camera.at(middle, half + 14.0));
                let (dx, dy) = ((base.x - tip.x) * 0.5, (base.y - tip.y) * 0.5);
                let pointer = scene.layer(Role::Accent, Style::Fill);
                let side = |sign: f64| Point::new(base.x - dy * sign, base.y + dx * sign);
                pointer.outline([tip, side(1.0), side(-1.0)]);
            }
        }
    }

    /// The scale inside the band: the quarters at home, round numbers in powers of two when zoomed in.
    fn paint_ticks(&self, camera: &Camera, span: Span, scene: &mut Scene) {
        let half = half_of(camera);
        let close = camera.zoom() > 1.6;
        if !close && camera.home_radius() < 100.0 {
            return;
        }
        let step = match close {
            false => KEYS / 4.0,
            true => (130.0 / camera.pixels_per_key()).log2().ceil().exp2().clamp(1.0, KEYS / 4.0),
        };
        let first = (span.from / step).ceil();
        let count = if span.is_all() { KEYS / step } else { (span.to() / step).floor() - first + 1.0 };
        let base = if close { -half - 2.0 } else { -half - 8.0 };
        let ticks = scene.layers_for([Role::LineStrong].into_iter(), Style::Stroke(1.0));
        for i in 0..count.clamp(0.0, 64.0) as u32 {
            let key = ((first + f64::from(i)) * step).rem_euclid(KEYS);
            let to = camera.at(key, base - 7.0);
            if !camera.size().holds(to, if close { -30.0 } else { 20.0 }) {
                continue;
            }
            scene.layer_at(ticks).line(camera.at(key, base), to);
            let at = camera.at(key, base - 11.0);
            let anchor = anchor_for(-(to.x - camera.center().x) / camera.radius().max(1.0));
            let at = Point::new(at.x, at.y + if at.y > to.y { 4.0 } else { -4.0 });
            let name = ["0", "2\u{b3}\u{2070}", "2\u{b3}\u{b9}", "3\u{b7}2\u{b3}\u{2070}"];
            match close {
                true => scene.label(at, Role::InkSoft, anchor, format_args!("{key:.0}")),
                false => {
                    let quarter = name[(key / (KEYS / 4.0)) as usize % 4];
                    scene.label(at, Role::InkSoft, anchor, format_args!("{quarter}"))
                }
            };
        }
    }

    fn paint_orbit(
        &self,
        camera: &Camera,
        focus: Focus,
        trace: Option<&TraceMarks>,
        fade: f64,
        scene: &mut Scene,
    ) {
        let orbit = self.orbit();
        let all =
            self.marks().iter().enumerate().map(|(i, &mark)| (i as u32, orbit.at(camera, i as u32), mark));
        match self.is_crowd() {
            true => paint_crowd(scene, all, orbit.mark_radius(), fade),
            false => paint_marks(scene, all, orbit.mark_radius(), fade),
        }
        let size = camera.size();
        let has_names = self.has_names(size);
        let radius = orbit.mark_radius();
        let rank = |instance: u32| trace.and_then(|trace| trace.replica(instance));
        let hovered = match focus.hover {
            Some(Target::Instance(instance)) => Some(instance),
            Some(Target::Token(position)) => self.arc(position).map(|arc| arc.owner),
            None => None,
        };
        for instance in 0..self.marks().len() as u32 {
            let selected = focus.instance == Some(instance);
            let pointed = selected || hovered == Some(instance);
            let replica = rank(instance);
            if selected {
                // Dark, light, dark: it stands out from any colour.
                for (role, width) in [(Role::Ink, 5.0), (Role::Surface, 1.5)] {
                    scene.layer(role, Style::Stroke(width)).disc(orbit.at(camera, instance), radius + 4.5);
                }
            } else if replica.is_some() || pointed {
                scene.layer(Role::Ink, Style::Stroke(1.5)).disc(orbit.at(camera, instance), radius + 3.0);
            }
            if !has_names && !pointed && replica.is_none() {
                continue;
            }
            let role = if fade < 0.7 { Role::InkSoft } else { Role::Ink };
            let short = has_names || self.names_below(size);
            let name = if short { self.name(instance) } else { self.ring().id(instance) };
            let suffix = replica.map(|number| format!("\u{2009}\u{b7}\u{2009}#{number}")).unwrap_or_default();
            let letters = name.chars().count() + suffix.chars().count();
            let width = letters as f64 * LETTER_WIDTH;
            let (at, anchor) = place_name(orbit, camera, instance, width, self.names_below(size));
            let label = scene.label(at, role, anchor, format_args!("{name}{suffix}"));
            label.strong = pointed || replica.is_some();
            label.halo = !has_names || self.names_below(size);
        }
        if self.shows_zones() && fade >= 0.7 {
            self.paint_zones(camera, scene);
        }
    }

    fn paint_zones(&self, camera: &Camera, scene: &mut Scene) {
        let orbit = self.orbit();
        let line = scene.layers_for([Role::Line].into_iter(), Style::Stroke(2.0));
        let half = half_of(camera);
        for (zone, (name, offset)) in self.zone_names().enumerate() {
            let Some(&(from, len)) = orbit.sectors().get(zone) else { continue };
            stroke(scene.layer_at(line), camera, Span::ALL, from, len, half + 11.0);
            let width = name.chars().count() as f64 * LETTER_WIDTH;
            let (at, anchor) = place_zone(orbit, camera, zone, offset, width);
            let label = scene.label(at, Role::InkSoft, anchor, format_args!("{name}"));
            label.strong = true;
            label.halo = true;
        }
    }

    /// Once arcs are wide, who owns them and which token it is.
    fn paint_arc_names(&self, camera: &Camera, span: Span, scene: &mut Scene) {
        if camera.zoom() < ORBIT_ENDS {
            return;
        }
        let ppk = camera.pixels_per_key();
        let positions = Positions::within(self, span);
        if positions.len() as f64 * 24.0 > span.len * ppk {
            return;
        }
        let half = half_of(camera);
        let mut last = Point::new(f64::MIN, f64::MIN);
        for arc in positions.iter().filter_map(|position| self.arc(position)) {
            // In the middle of what shows of it.
            let Some((from, to)) = clip(span, f64::from(arc.from), arc.keys as f64) else { continue };
            let at = camera.at((from + to) / 2.0, half + 30.0);
            let crowded = (at.y - last.y).abs() < 34.0 && (at.x - last.x).abs() < 96.0;
            if (to - from) * ppk < 18.0 || crowded || !camera.size().holds(at, -16.0) {
                continue;
            }
            last = at;
            let anchor = anchor_for((at.x - camera.center().x) / camera.radius());
            let (name, sign) = (self.name(arc.owner), self.mark(arc.owner).sign());
            scene.label(at, Role::Ink, anchor, format_args!("{sign} {name}")).strong = true;
            let below = Point::new(at.x, at.y + 15.0);
            scene.label(below, Role::InkSoft, anchor, format_args!("{}", arc.token));
        }
    }

    fn paint_center(&self, camera: &Camera, trace: Option<&TraceMarks>, scene: &mut Scene) {
        let center = camera.center();
        let line = |dy: f64| Point::new(center.x, center.y + dy);
        let instances = self.marks().len() as u64;
        let tokens = self.ring().topology().tokens().len() as u64;
        let (head, tail) = (plural(instances, "instance"), plural(tokens, "token"));
        if tokens == 0 {
            return;
        }
        // The needle of a trace starts below the middle or above it: the text keeps to the other half.
        let down = trace.is_some_and(|trace| (trace.key as f64 - KEYS / 2.0).abs() > KEYS / 4.0);
        let shift = if trace.is_none() {
            0.0
        } else if down {
            34.0
        } else {
            -34.0
        };
        let label = scene.label(line(shift - 11.0), Role::Ink, Anchor::Middle, format_args!("{head}"));
        (label.size, label.strong) = (LARGE, true);
        scene.label(line(shift + 11.0), Role::InkSoft, Anchor::Middle, format_args!("{tail}"));
    }
}

fn plural(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", text::count(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{picture, ring};
    use super::super::geometry::Size;
    use super::*;

    fn labels(scene: &Scene) -> Vec<&str> {
        scene.labels().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_small_ring_has_its_names_on_the_canvas_at_any_width() {
        for width in [360.0, 390.0, 700.0, 1400.0] {
            let size = Size { width, height: 600.0_f64.min(width) };
            let mut picture = picture(3, 128, 1);
            let margin = picture.fit(size);
            let camera = Camera::home(size, margin);
            let mut scene = Scene::default();
            picture.paint(&camera, Focus::default(), None, &mut scene);
            assert!(["0000", "0001", "0002"].iter().all(|name| labels(&scene).contains(name)));
            for (label, text) in scene.labels() {
                let length = text.chars().count() as f64 * 6.6;
                let (left, right) = match label.anchor {
                    Anchor::Start => (0.0, length),
                    Anchor::Middle => (length / 2.0, length / 2.0),
                    Anchor::End => (length, 0.0),
                };
                let at = label.at;
                assert!(at.x >= left && at.x + right <= width, "{text} leaves a canvas of {width}: {at:?}");
                assert!(at.y >= 6.0 && at.y <= size.height - 6.0, "{text}: {at:?}");
            }
        }
    }

    #[test]
    fn an_empty_ring_says_so() {
        let mut picture = Picture::new(ring(0, 0, 1), Vec::new());
        let size = Size { width: 500.0, height: 500.0 };
        let camera = Camera::home(size, picture.fit(size));
        let mut scene = Scene::default();
        picture.paint(&camera, Focus::default(), None, &mut scene);
        assert!(labels(&scene).contains(&"no tokens"));
    }

    #[test]
    fn zooming_in_names_the_arcs() {
        let mut picture = picture(1000, 512, 1);
        let size = Size { width: 900.0, height: 800.0 };
        let mut camera = Camera::home(size, picture.fit(size));
        camera.look_at(1e9, 50_000.0);
        let mut scene = Scene::default();
        picture.paint(&camera, Focus::default(), None, &mut scene);
        let owner = picture.arc(picture.ring().topology().search(1_000_000_000)).unwrap().owner;
        let name = format!("\u{25cf} {}", picture.name(owner));
        assert!(labels(&scene).contains(&&*name), "{name} in {:?}", labels(&scene));
    }

    #[test]
    fn a_selected_instance_stands_out_of_a_dimmed_band() {
        let mut picture = picture(30, 128, 3);
        let size = Size { width: 700.0, height: 700.0 };
        let camera = Camera::home(size, picture.fit(size));
        let mut scene = Scene::default();
        let focus = Focus { instance: Some(4), ..Focus::default() };
        picture.paint(&camera, focus, None, &mut scene);
        let dimmed = scene.layers().filter(|layer| layer.opacity < 0.5).count();
        assert!(dimmed > 4);
        assert!(scene.layers().any(|layer| layer.style == Style::Stroke(5.0) && layer.discs.len() == 1));
        assert!(camera.at(0.0, 0.0) != Point::default());
    }
}
