//! One chart on one canvas.

use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters_canvas::CanvasBackend;
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d as Context, HtmlCanvasElement};

use crate::lab::chart::{Chart, Line, Sign};
use crate::time::Instant;
use crate::view::palette::{Rgb, Role};
use crate::view::strip::TimeWindow;

use super::super::super::canvas2d::FACE;

/// What is painted.
pub(super) struct Frame {
    pub(super) chart: Chart,
    pub(super) cursor: Instant,
    pub(super) faults: Vec<Instant>,
    /// The names of the run and of the one beside.
    pub(super) names: [String; 2],
}

/// The colours of the theme.
pub(super) struct Sheet {
    colours: Vec<RGBColor>,
}

type Area = DrawingArea<CanvasBackend, Shift>;

/// What stands left, right, above and below of the lines, in pixels of the page.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 14.0;
const ABOVE: f64 = 8.0;
const BELOW: f64 = 24.0;
/// The room for title and legend of a picture that stands alone.
const TITLE: f64 = 64.0;
/// Between two signs on a line.
const BETWEEN_SIGNS: f64 = 72.0;
const TEXT: f64 = 11.0;

impl Sheet {
    pub(super) fn new(colours: &[String]) -> Self {
        let parse = |text: &String| Rgb::parse(text).unwrap_or(Rgb([128; 3]));
        let colours = colours.iter().map(parse).map(|Rgb([red, green, blue])| RGBColor(red, green, blue));
        Self { colours: colours.collect() }
    }

    /// The instant at a place of a chart that is so wide.
    pub(super) fn instant_at(x: f64, width: f64, until: Instant) -> Instant {
        let window = Chart::window(until);
        let share = ((x - LEFT) / (width - LEFT - RIGHT).max(1.0)).clamp(0.0, 1.0);
        Instant::from_nanos((window.to.nanos() as f64 * share) as u64).min(until)
    }

    /// The place of an instant on a chart that is so wide.
    pub(super) fn x_of(at: Instant, width: f64, until: Instant) -> Option<f64> {
        let window: TimeWindow = Chart::window(until);
        let share = at.nanos() as f64 / window.to.nanos().max(1) as f64;
        window.holds(at).then_some(LEFT + share * (width - LEFT - RIGHT))
    }

    /// Paints it, with title and legend if it stands alone. A canvas that cannot be painted stays as it is.
    pub(super) fn paint(
        &self,
        canvas: HtmlCanvasElement,
        frame: &Frame,
        (width, _, ratio): (f64, f64, f64),
        alone: bool,
    ) {
        let context = canvas.get_context("2d").ok().flatten();
        if let Some(context) = context.and_then(|context| context.dyn_into::<Context>().ok()) {
            // A sharp corner would reach far below the axis.
            context.set_line_join("round");
        }
        if let Some(backend) = CanvasBackend::with_canvas_object(canvas) {
            let brush = Brush { sheet: self, ratio };
            let _ = brush.paint(&backend.into_drawing_area(), frame, width, alone);
        }
    }

    fn colour(&self, role: Role) -> RGBColor {
        self.colours.get(role.index()).copied().unwrap_or(RGBColor(128, 128, 128))
    }
}

/// From 0 up to somewhere, with marks and their texts.
struct Scale {
    to: f64,
    marks: Vec<(f64, String)>,
}

impl Ranged for Scale {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (value / self.to * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        let marks = self.marks.iter().map(|(value, _)| *value);
        if hint.weight().allow_light_points() { Vec::new() } else { marks.collect() }
    }

    fn range(&self) -> std::ops::Range<f64> {
        0.0..self.to
    }
}

impl ValueFormatter<f64> for Scale {
    fn format_ext(&self, value: &f64) -> String {
        let mark = self.marks.iter().find(|(mark, _)| mark == value);
        mark.map_or(String::new(), |(_, text)| text.clone())
    }
}

struct Brush<'a> {
    sheet: &'a Sheet,
    ratio: f64,
}

type Painted = Result<(), DrawingAreaErrorKind<<CanvasBackend as DrawingBackend>::ErrorType>>;

impl Brush<'_> {
    fn paint(&self, root: &Area, frame: &Frame, width: f64, alone: bool) -> Painted {
        let Frame { chart, cursor, faults, .. } = frame;
        let colour = |role| self.sheet.colour(role);
        root.fill(&colour(Role::Surface))?;
        let text = |role: Role| (FACE, self.px(TEXT)).into_font().color(&colour(role));
        let (until, top) = (chart.window.to.nanos() as f64 / 1e9, chart.top());
        let times = Scale { to: until, marks: chart.times((width - LEFT - RIGHT) / 76.0) };
        let words = |value: &f64| (*value, chart.subject.mark(*value));
        let values = Scale { to: top, marks: chart.scale.iter().map(words).collect() };
        let above = if alone { ABOVE + TITLE } else { ABOVE };
        let mut plot = ChartBuilder::on(root)
            .margin_top(self.px(above))
            .margin_right(self.px(RIGHT))
            .x_label_area_size(self.px(BELOW))
            .y_label_area_size(self.px(LEFT))
            .build_cartesian_2d(times, values)?;
        plot.configure_mesh()
            .max_light_lines(0)
            .bold_line_style(colour(Role::Line).stroke_width(self.wide(1.0)))
            .axis_style(colour(Role::LineStrong).stroke_width(self.wide(1.0)))
            .set_all_tick_mark_size(self.px(3.0))
            .label_style(text(Role::InkSoft))
            .draw()?;
        let outline = chart.disagreement();
        if outline.len() > 2 {
            plot.draw_series([Polygon::new(outline, colour(Role::Bad).mix(0.35))])?;
        }
        // The first line lies on top.
        for line in chart.lines.iter().rev() {
            let style = colour(line.trace.role).stroke_width(self.wide(1.5));
            let points = line.points.iter().copied();
            if line.is_other {
                plot.draw_series(DashedLineSeries::new(points, self.px(6.0), self.px(4.0), style))?;
            } else {
                plot.draw_series(LineSeries::new(points, style))?;
            }
        }
        for (number, line) in chart.lines.iter().enumerate().rev() {
            let back = self.px(BETWEEN_SIGNS * number as f64 / chart.lines.len() as f64);
            for at in self.sign_places(line, back, |point| plot.backend_coord(&point)) {
                self.sign(root, line, at)?;
            }
        }
        let foot = |at: Instant| plot.backend_coord(&(at.nanos() as f64 / 1e9, 0.0));
        let head = |at: Instant| plot.backend_coord(&(at.nanos() as f64 / 1e9, top));
        let mut last = i32::MIN;
        for &at in faults.iter().filter(|at| chart.window.holds(**at)) {
            let (x, y) = foot(at);
            // Two faults closer than a pixel are one mark.
            if x != last {
                self.fault(root, (x, y), head(at))?;
            }
            last = x;
        }
        if chart.window.holds(*cursor) {
            let style = colour(Role::Ink).stroke_width(self.wide(1.5));
            root.draw(&PathElement::new([foot(*cursor), head(*cursor)], style))?;
        }
        if alone { self.title(root, frame) } else { Ok(()) }
    }

    /// A length of the page in pixels of the screen.
    fn px(&self, length: f64) -> i32 {
        (length * self.ratio).round().max(1.0) as i32
    }

    /// The same for the width of a line.
    fn wide(&self, width: f64) -> u32 {
        self.px(width).unsigned_abs()
    }

    /// Where signs stand: far enough apart, the last one so far back from the end of the line, where no other line of
    /// the chart has one.
    fn sign_places(
        &self,
        line: &Line,
        back: i32,
        place: impl Fn((f64, f64)) -> (i32, i32),
    ) -> Vec<(i32, i32)> {
        let mut places = Vec::new();
        let apart = self.px(BETWEEN_SIGNS);
        let Some(mut next) = line.points.last().map(|point| place(*point).0 - back) else { return places };
        for point in line.points.iter().rev() {
            let at = place(*point);
            if at.0 <= next {
                places.push(at);
                next -= apart;
            }
        }
        places
    }

    fn sign(&self, root: &Area, line: &Line, (x, y): (i32, i32)) -> Painted {
        let colour = self.sheet.colour(line.trace.role);
        let radius = self.px(3.5);
        let at = |dx: i32, dy: i32| (x + dx * radius / 2, y + dy * radius / 2);
        let stroke = colour.stroke_width(self.wide(1.5));
        let paper = self.sheet.colour(Role::Surface).filled();
        let path = |points: [(i32, i32); 2]| root.draw(&PathElement::new(points, stroke));
        match line.trace.sign {
            Sign::Disc => root.draw(&Circle::new((x, y), radius, colour.filled())),
            Sign::Ring => {
                root.draw(&Circle::new((x, y), radius, paper))?;
                root.draw(&Circle::new((x, y), radius, stroke))
            }
            Sign::Triangle => root.draw(&Polygon::new([at(0, -3), at(3, 2), at(-3, 2)], colour)),
            Sign::Diamond => root.draw(&Polygon::new([at(0, -3), at(3, 0), at(0, 3), at(-3, 0)], colour)),
            Sign::Plus => path([at(-3, 0), at(3, 0)]).and_then(|()| path([at(0, -3), at(0, 3)])),
            Sign::Cross => path([at(-2, -2), at(2, 2)]).and_then(|()| path([at(-2, 2), at(2, -2)])),
            Sign::Bars => {
                root.draw(&Rectangle::new([at(-3, -2), at(3, 2)], paper))?;
                path([at(-3, -1), at(3, -1)])?;
                path([at(-3, 1), at(3, 1)])
            }
            Sign::Square => {
                root.draw(&Rectangle::new([at(-2, -2), at(2, 2)], paper))?;
                root.draw(&Rectangle::new([at(-2, -2), at(2, 2)], stroke))
            }
        }
    }

    /// A red triangle on the axis, and a faint pole above it.
    fn fault(&self, root: &Area, (x, y): (i32, i32), head: (i32, i32)) -> Painted {
        let bad = self.sheet.colour(Role::Bad);
        let pole = ShapeStyle { color: bad.mix(0.5), filled: false, stroke_width: self.wide(1.0) };
        root.draw(&PathElement::new([(x, y), head], pole))?;
        let (half, tall) = (self.px(4.5), self.px(8.0));
        root.draw(&Polygon::new([(x, y - tall), (x + half, y), (x - half, y)], bad))
    }

    /// The title, and each line's sign with its name.
    fn title(&self, root: &Area, frame: &Frame) -> Painted {
        let ink = self.sheet.colour(Role::Ink);
        let left = self.px(LEFT);
        let title = (FACE, self.px(16.0)).into_font().color(&ink);
        root.draw_text(frame.chart.subject.title(), &title, (left, self.px(12.0)))?;
        let small = (FACE, self.px(12.0)).into_font().color(&ink);
        let named = small.pos(Pos::new(HPos::Left, VPos::Center));
        let (mut x, y) = (left + self.px(6.0), self.px(50.0));
        for line in frame.chart.lines.iter().filter(|line| !line.is_other) {
            self.sign(root, line, (x, y))?;
            root.draw_text(line.trace.name, &named, (x + self.px(9.0), y))?;
            let (wide, _) = root.estimate_text_size(line.trace.name, &named)?;
            x += wide as i32 + self.px(32.0);
        }
        let [main, other] = &frame.names;
        if !other.is_empty() {
            root.draw_text(&format!("solid: {main}; dashed: {other}"), &named, (x, y))?;
        }
        Ok(())
    }
}
