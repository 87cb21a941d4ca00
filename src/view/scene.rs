//! A picture as plain shapes: what a painter draws, in order, grouped so that a group takes one colour
//! and one call. A scene is filled anew for every frame and keeps its memory.

use super::geometry::Point;
use super::palette::Role;

/// How a layer's shapes are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Style {
    /// Filled.
    Fill,
    /// Lines of this width; the ends are cut off square.
    Stroke(f64),
    /// Dashed lines of this width.
    Dashed(f64),
    /// Dotted lines of this width.
    Dotted(f64),
}

/// Shapes of one role and one style.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its colour.
    pub role: Role,
    /// How it is drawn.
    pub style: Style,
    /// From 0 to 1.
    pub opacity: f64,
    /// The corners of all lines and outlines.
    pub points: Vec<Point>,
    /// Where in `points` each line or outline begins.
    pub starts: Vec<u32>,
    /// Circles: centre and radius.
    pub discs: Vec<(Point, f64)>,
}

/// A colour of an [`Image`]: roles laid over each other, from the surface up, each with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tint(pub [(Role, f64); 2]);

/// A picture within the picture, pixel by pixel of the screen. It lies below all layers and hides the
/// surface.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// Its upper left corner, rounded to a pixel of the screen.
    pub at: Point,
    /// How many pixels of the screen it is wide.
    pub columns: usize,
    /// The colours that its pixels name by their places, at most 256.
    pub tints: Vec<Tint>,
    /// Its pixels, row by row.
    pub texels: Vec<u8>,
}

/// Where a text stands as seen from its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of the point.
    Start,
    /// Around the point.
    Middle,
    /// To the left of the point.
    End,
}

/// A line of text, centred in height on its point.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Its point.
    pub at: Point,
    /// Its colour.
    pub role: Role,
    /// Which side of the point.
    pub anchor: Anchor,
    /// Its height in pixels.
    pub size: f64,
    /// Heavy type.
    pub strong: bool,
    /// Set on a soft ground of the surface's colour, for texts that cross shapes.
    pub halo: bool,
    /// Written from the bottom to the top, for columns' names.
    pub upwards: bool,
    range: (u32, u32),
}

/// A picture.
#[derive(Debug, Clone)]
pub struct Scene {
    /// How many pixels of the screen are as long as one of the picture's; for [`Image`]s alone.
    pub pixel_ratio: f64,
    image: Image,
    layers: Vec<Layer>,
    used: usize,
    labels: Vec<Label>,
    text: String,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            pixel_ratio: 1.0,
            image: Image::default(),
            layers: Vec::new(),
            used: 0,
            labels: Vec::new(),
            text: String::new(),
        }
    }
}

impl Scene {
    /// Empties the picture and keeps its memory.
    pub fn clear(&mut self) {
        self.used = 0;
        self.image.columns = 0;
        self.image.texels.clear();
        self.image.tints.clear();
        self.labels.clear();
        self.text.clear();
    }

    /// A new layer on top of all others.
    pub fn layer(&mut self, role: Role, style: Style) -> &mut Layer {
        if self.used == self.layers.len() {
            self.layers.push(Layer::empty());
        }
        let layer = &mut self.layers[self.used];
        self.used += 1;
        layer.points.clear();
        layer.starts.clear();
        layer.discs.clear();
        (layer.role, layer.style, layer.opacity) = (role, style, 1.0);
        layer
    }

    /// Lays an image of so many pixels of the screen there, in its first tint; a scene has one.
    pub fn image(&mut self, at: Point, columns: usize, rows: usize) -> &mut Image {
        (self.image.at, self.image.columns) = (at, columns);
        self.image.texels.clear();
        self.image.texels.resize(columns * rows, 0);
        self.image.tints.clear();
        &mut self.image
    }

    /// The image, if there is one.
    pub fn shown_image(&self) -> Option<&Image> {
        (self.image.columns > 0 && !self.image.texels.is_empty()).then_some(&self.image)
    }

    /// One new layer for each role, in that order; the first one's place, for [`Self::layer_at`].
    pub fn layers_for(&mut self, roles: impl Iterator<Item = Role>, style: Style) -> usize {
        let first = self.used;
        for role in roles {
            self.layer(role, style);
        }
        first
    }

    /// The layer at a place that [`Self::layers_for`] told.
    pub fn layer_at(&mut self, place: usize) -> &mut Layer {
        &mut self.layers[place]
    }

    /// Writes a text.
    pub fn label(
        &mut self,
        at: Point,
        role: Role,
        anchor: Anchor,
        text: std::fmt::Arguments<'_>,
    ) -> &mut Label {
        let from = self.text.len() as u32;
        // Writing to a String cannot fail.
        let _ = std::fmt::Write::write_fmt(&mut self.text, text);
        let range = (from, self.text.len() as u32);
        self.labels.push(Label {
            at,
            role,
            anchor,
            size: 12.0,
            strong: false,
            halo: false,
            upwards: false,
            range,
        });
        let last = self.labels.len() - 1;
        &mut self.labels[last]
    }

    /// The layers, lowest first.
    pub fn layers(&self) -> impl Iterator<Item = &Layer> {
        self.layers[..self.used].iter().filter(|layer| !layer.is_empty())
    }

    /// The texts, which stand above all layers.
    pub fn labels(&self) -> impl Iterator<Item = (&Label, &str)> {
        self.labels.iter().map(|label| (label, &self.text[label.range.0 as usize..label.range.1 as usize]))
    }
}

impl Layer {
    fn empty() -> Self {
        Self {
            role: Role::Ink,
            style: Style::Fill,
            opacity: 1.0,
            points: Vec::new(),
            starts: Vec::new(),
            discs: Vec::new(),
        }
    }

    /// Whether nothing is to be drawn.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty() && self.discs.is_empty()
    }

    /// Draws it see-through.
    pub fn faint(&mut self, opacity: f64) -> &mut Self {
        self.opacity = opacity;
        self
    }

    /// Begins a line or an outline.
    pub fn start(&mut self, point: Point) {
        self.starts.push(self.points.len() as u32);
        self.points.push(point);
    }

    /// Goes on to a point.
    pub fn to(&mut self, point: Point) {
        self.points.push(point);
    }

    /// Draws a straight line.
    pub fn line(&mut self, from: Point, to: Point) {
        self.start(from);
        self.to(to);
    }

    /// Draws a closed outline through the points.
    pub fn outline<const N: usize>(&mut self, points: [Point; N]) {
        self.starts.push(self.points.len() as u32);
        self.points.extend(points);
        self.points.extend(points.first());
    }

    /// Draws an upright rectangle.
    pub fn rect(&mut self, at: Point, width: f64, height: f64) {
        let Point { x, y } = at;
        let (right, bottom) = (x + width, y + height);
        self.outline([at, Point::new(right, y), Point::new(right, bottom), Point::new(x, bottom)]);
    }

    /// Draws a circle.
    pub fn disc(&mut self, center: Point, radius: f64) {
        self.discs.push((center, radius));
    }

    /// The lines and outlines.
    pub fn lines(&self) -> impl Iterator<Item = &[Point]> {
        let ends = self.starts.iter().skip(1).copied().chain([self.points.len() as u32]);
        self.starts.iter().zip(ends).map(|(&from, to)| &self.points[from as usize..to as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cleared_scene_shows_nothing_of_the_last_frame() {
        let mut scene = Scene::default();
        scene.layer(Role::Ink, Style::Fill).outline([Point::new(0.0, 0.0), Point::new(1.0, 0.0)]);
        scene.layer(Role::Bad, Style::Fill);
        scene.label(Point::default(), Role::Ink, Anchor::Middle, format_args!("{}", 7)).strong = true;
        assert_eq!(scene.layers().count(), 1, "an empty layer is not drawn");
        assert_eq!(scene.layers().next().unwrap().lines().next().unwrap().len(), 3);
        assert_eq!(scene.labels().map(|(_, text)| text).collect::<Vec<_>>(), ["7"]);
        scene.clear();
        assert_eq!((scene.layers().count(), scene.labels().count()), (0, 0));
        assert!(scene.layer(Role::Good, Style::Stroke(1.0)).is_empty());
    }

    #[test]
    fn an_image_is_gone_with_its_frame() {
        let mut scene = Scene::default();
        assert!(scene.shown_image().is_none());
        let image = scene.image(Point::default(), 3, 2);
        image.tints.push(Tint([(Role::Good, 1.0), (Role::Ink, 0.5)]));
        image.texels[5] = 1;
        assert_eq!(scene.shown_image().unwrap().texels, [0, 0, 0, 0, 0, 1]);
        scene.clear();
        assert!(scene.shown_image().is_none());
        assert_eq!(scene.image(Point::default(), 1, 1).texels, [0], "nothing of the last one is left");
    }
}
