//! What each node was when, and the messages between their lanes.

use crate::snapshot::{History, MessageKind, Phase, Snapshot};
use crate::time::Instant;
use crate::view::geometry::Point;
use crate::view::glyph::role_of;
use crate::view::look::Look;
use crate::view::palette::Role;
use crate::view::scene::{Scene, Style};

use super::StripPicture;

/// Lanes at least this tall show a phase's pattern, thinner ones its colour alone.
const PATTERNED: f64 = 6.0;
/// Messages are drawn where a second is at least this long.
const PIXELS_PER_SECOND: f64 = 60.0;
/// The distance of slanted strokes.
const HATCH: f64 = 6.0;

/// The layers of all phases, the worst on top.
struct Layers {
    first: usize,
    tall: bool,
}

impl Layers {
    const UP: usize = 0;
    const ACTIVE: usize = 1;
    const PALE: usize = 2;
    const HATCHED: usize = 3;
    const OUTLINE: usize = 4;
    const BARS: usize = 5;
    const WAITING: usize = 6;
    const DOWN: usize = 7;
    const UNWELL: usize = 8;

    fn new(scene: &mut Scene, height: f64) -> Self {
        let tall = height >= PATTERNED;
        let first = scene.layers_for([Role::LineStrong, Role::Good, Role::Warn].into_iter(), Style::Fill);
        scene.layers_for([Role::Warn].into_iter(), Style::Stroke(1.5));
        scene.layers_for([Role::Warn].into_iter(), Style::Stroke(1.5));
        scene.layers_for([Role::Ink].into_iter(), Style::Fill);
        scene.layers_for([Role::LineStrong].into_iter(), Style::Dotted(1.5));
        scene.layers_for([Role::Bad].into_iter(), Style::Stroke(1.5));
        scene.layers_for([Role::Bad].into_iter(), Style::Fill);
        scene.layer_at(first + Self::UNWELL).faint(if tall { 0.35 } else { 0.9 });
        scene.layer_at(first + Self::ACTIVE).faint(if tall { 0.55 } else { 0.75 });
        scene.layer_at(first + Self::PALE).faint(if tall { 0.25 } else { 0.9 });
        scene.layer_at(first + Self::UP).faint(0.6);
        Self { first, tall }
    }

    /// Draws a phase that lasts from `left` to `right`.
    fn draw(&self, scene: &mut Scene, phase: Phase, left: f64, right: f64, top: f64, height: f64) {
        let middle = top + height / 2.0;
        let wide = right - left;
        let at = Point::new(left, top);
        let bar = |share: f64| (Point::new(left, middle - height * share / 2.0), height * share);
        match phase {
            Phase::Waiting if self.tall => {
                let line = scene.layer_at(self.first + Self::WAITING);
                line.line(Point::new(left, middle), Point::new(right, middle));
            }
            Phase::Waiting => {}
            Phase::Up => {
                let (at, height) = bar(if self.tall { 0.3 } else { 1.0 });
                scene.layer_at(self.first + Self::UP).rect(at, wide, height);
            }
            Phase::Active => scene.layer_at(self.first + Self::ACTIVE).rect(at, wide, height),
            Phase::Pending | Phase::Joining | Phase::Leaving if !self.tall => {
                scene.layer_at(self.first + Self::PALE).rect(at, wide, height);
            }
            Phase::Pending => self.outline(scene, left, right, top, height),
            Phase::Joining => {
                scene.layer_at(self.first + Self::PALE).rect(at, wide, height);
                self.outline(scene, left, right, top, height);
                self.hatch(scene, left, right, top, height, false);
            }
            Phase::Leaving => {
                scene.layer_at(self.first + Self::PALE).rect(at, wide, height);
                self.outline(scene, left, right, top, height);
                self.hatch(scene, left, right, top, height, true);
            }
            Phase::Unhealthy => {
                scene.layer_at(self.first + Self::UNWELL).rect(at, wide, height);
                if self.tall {
                    // Crosses, so that it is not told by its colour alone.
                    let (arm, line) = ((height * 0.22).min(4.0), self.first + Self::DOWN);
                    let count = ((wide / (HATCH * 2.5)) as u32).min(400);
                    for place in 0..count {
                        let x = left + (f64::from(place) + 0.5) * wide / f64::from(count.max(1));
                        let layer = scene.layer_at(line);
                        layer.line(Point::new(x - arm, middle - arm), Point::new(x + arm, middle + arm));
                        layer.line(Point::new(x - arm, middle + arm), Point::new(x + arm, middle - arm));
                    }
                }
            }
            Phase::Paused if self.tall => {
                for y in [0.22, 0.62] {
                    let at = Point::new(left, top + height * y);
                    scene.layer_at(self.first + Self::BARS).rect(at, wide, height * 0.16);
                }
            }
            Phase::Paused => scene.layer_at(self.first + Self::BARS).rect(at, wide, height),
            Phase::Down => {
                let line = scene.layer_at(self.first + Self::DOWN);
                line.line(Point::new(left, middle), Point::new(right, middle));
                if self.tall {
                    let arm = (height * 0.3).min(5.0);
                    let at = left + arm + 2.0;
                    if at + arm <= right {
                        line.line(Point::new(at - arm, middle - arm), Point::new(at + arm, middle + arm));
                        line.line(Point::new(at - arm, middle + arm), Point::new(at + arm, middle - arm));
                    }
                }
            }
        }
    }

    fn outline(&self, scene: &mut Scene, left: f64, right: f64, top: f64, height: f64) {
        let at = Point::new(left + 0.75, top + 0.75);
        scene.layer_at(self.first + Self::OUTLINE).rect(at, (right - left - 1.5).max(0.5), height - 1.5);
    }

    fn hatch(&self, scene: &mut Scene, left: f64, right: f64, top: f64, height: f64, falling: bool) {
        let layer = scene.layer_at(self.first + Self::HATCHED);
        let bottom = top + height;
        let strokes = ((right - left + height) / HATCH) as u32;
        for stroke in 1..=strokes {
            let foot = left + f64::from(stroke) * HATCH;
            let (cut_left, cut_right) = ((left - (foot - height)).max(0.0), (foot - right).max(0.0));
            let (a, b) = (foot - height + cut_left, foot - cut_right);
            let (low, high) = (bottom - cut_left, top + cut_right);
            match falling {
                false => layer.line(Point::new(a, low), Point::new(b, high)),
                true => layer.line(Point::new(a, top + bottom - low), Point::new(b, top + bottom - high)),
            }
        }
    }
}

impl StripPicture {
    pub(super) fn paint_lanes(&self, history: &History, look: &Look, scene: &mut Scene) {
        let area = self.area;
        let gap = (area.height * 0.22).min(6.0) * f64::from(u8::from(area.height >= 3.0));
        let (inset, height) = (gap / 2.0, (area.height - gap).max(1.0));
        let pointed = [look.node, look.hovered_node()];
        for node in pointed.into_iter().flatten().filter(|&node| node < area.nodes) {
            let ground = scene.layer(Role::Accent, Style::Fill);
            ground.faint(0.14).rect(Point::new(0.0, area.y_of(node)), area.right, area.height.max(2.0));
        }
        let layers = Layers::new(scene, height);
        let explored = history.explored.min(area.window.to);
        for (node, lane) in (0..area.nodes).zip(&history.lanes) {
            let top = area.y_of(node) + inset;
            let phases = lane.phases();
            let begun = phases.partition_point(|(since, _)| *since <= area.window.from);
            let mut since = area.window.from;
            let mut phase = begun.checked_sub(1).map_or(Phase::Waiting, |place| phases[place].1);
            let end = |at: Instant| area.x_of(at.min(explored));
            for &(at, next) in &phases[begun..] {
                if at >= explored {
                    break;
                }
                layers.draw(scene, phase, area.x_of(since), end(at), top, height);
                (since, phase) = (at, next);
            }
            if explored > since {
                layers.draw(scene, phase, area.x_of(since), end(explored), top, height);
            }
        }
    }

    pub(super) fn paint_messages(&mut self, snapshot: &Snapshot, look: &Look, scene: &mut Scene) {
        let area = self.area;
        let per_second = self.width() / area.window.nanos() * 1e9;
        if per_second < PIXELS_PER_SECOND || area.height < 4.0 {
            return;
        }
        let roles = MessageKind::ALL.map(role_of);
        let lines = scene.layers_for(roles.into_iter(), Style::Stroke(1.25));
        let thick = scene.layers_for([role_of(MessageKind::PushPull)].into_iter(), Style::Stroke(2.5));
        let lost = scene.layers_for([Role::Bad].into_iter(), Style::Dashed(1.25));
        let crosses = scene.layers_for([Role::Bad].into_iter(), Style::Stroke(1.75));
        let dots = scene.layers_for(roles.into_iter(), Style::Fill);
        let crowd = snapshot.messages.len() > 600;
        for message in &snapshot.messages {
            if message.from >= area.nodes || message.to >= area.nodes {
                continue;
            }
            let ends = message.arrives.unwrap_or(message.sent);
            if ends < area.window.from || message.sent > area.window.to {
                continue;
            }
            let from = Point::new(area.x_of(message.sent), self.y_of(message.from));
            let to = Point::new(area.x_of(ends), self.y_of(message.to));
            let kind = message.kind as usize;
            let to = if message.arrives.is_some() {
                let layer = if message.kind == MessageKind::PushPull { thick } else { lines + kind };
                scene.layer_at(layer).line(from, to);
                if !crowd {
                    scene.layer_at(dots + kind).disc(to, 2.25);
                }
                to
            } else {
                // It goes half the way, ahead in time by as much as can be seen.
                let to = Point::new(from.x + 10.0, (from.y + to.y) / 2.0);
                scene.layer_at(lost).line(from, to);
                let arm = 3.0;
                let layer = scene.layer_at(crosses);
                layer.line(Point::new(to.x - arm, to.y - arm), Point::new(to.x + arm, to.y + arm));
                layer.line(Point::new(to.x - arm, to.y + arm), Point::new(to.x + arm, to.y - arm));
                to
            };
            self.strokes.push((from, to, message.id));
            if look.points_at_message(message.id) {
                scene.layer(Role::Ink, Style::Stroke(2.5)).line(from, to);
                scene.layer(Role::Ink, Style::Fill).disc(to, 3.5);
            }
        }
    }
}
