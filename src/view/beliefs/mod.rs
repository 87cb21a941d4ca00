//! What everybody believes of everybody, as a table of colours: rows are observers, columns are subjects, and
//! what is the case stands on top. The upper left half of a cell is the ring's, the lower right one
//! memberlist's. Where all agree it is calm; a half that is not the case stands out.

mod cells;
mod pixels;
mod sentences;
mod tints;

use crate::snapshot::Snapshot;

use super::cluster::{Names, plural};
use super::geometry::{Point, Size};
use super::labels::LETTER_WIDTH;
use super::look::{Hover, Look};
use super::palette::Role;
use super::scene::{Anchor, Scene, Style};

pub use sentences::{disagreements, words};

/// From this height or width on, rows and columns have their names.
const NAMED: f64 = 14.0;
/// Cells narrower than this are painted pixel by pixel.
const PIXELS: f64 = 14.0;
const WIDEST: f64 = 118.0;
const TALLEST: f64 = 54.0;
const EDGE: f64 = 6.0;
/// The row of the truth is at least so tall.
const TRUTH: f64 = 9.0;

/// A cell, by the numbers of two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BeliefCell {
    /// Who believes; `None` for the row of what is the case.
    pub observer: Option<u32>,
    /// Of whom.
    pub subject: u32,
}

/// The table of beliefs, with what it takes to tell what is under the pointer.
#[derive(Debug, Clone, Default)]
pub struct BeliefPicture {
    names: Names,
    grid: Grid,
    /// Subjects by columns of pixels, and how far into its cell each is.
    columns: Vec<(u32, f32)>,
    /// Where each column of pixels begins, in subjects.
    spans: Vec<u32>,
    /// A row of cells as places of their tints: ring, memberlist.
    codes: Vec<[u8; 2]>,
    /// For each observer whether it believes what is not the case, for each subject whether anybody does of it.
    mistaken: [Vec<bool>; 2],
}

/// Where the cells are.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Grid {
    nodes: u32,
    /// Observers.
    rows: u32,
    /// The upper left corner of the row of the truth.
    corner: Point,
    /// A cell's.
    width: f64,
    height: f64,
    /// The height of the row of the truth.
    truth: f64,
    /// What it keeps free below.
    gap: f64,
}

impl BeliefPicture {
    /// A picture of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Fills `scene` with the table of beliefs.
    pub fn paint(&mut self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        scene.clear();
        self.names.refresh(snapshot);
        let nodes = snapshot.beliefs.nodes().min(snapshot.nodes.len());
        let rows = snapshot.beliefs.observers().min(nodes);
        let names = (self.names.longest(), snapshot.beliefs.truth_name().len());
        self.grid = Grid::fit((rows as u32, nodes as u32), names, size, scene.pixel_ratio);
        if nodes == 0 {
            scene.label(size.middle(), Role::InkSoft, Anchor::Middle, format_args!("no nodes"));
            return;
        }
        if self.grid.has_shapes() {
            self.paint_cells(snapshot, scene);
        } else {
            self.paint_pixels(snapshot, scene);
            self.paint_outlines(snapshot, scene);
            self.paint_mistaken(scene);
        }
        self.paint_pointed(snapshot, look, scene);
        self.paint_names(snapshot, look, size, scene);
    }

    /// The cell that was painted at a point.
    pub fn hit(&self, at: Point) -> Option<BeliefCell> {
        self.grid.cell_at(at)
    }

    /// Where a cell is: its upper left corner and its size.
    pub fn place_of(&self, cell: BeliefCell) -> (Point, Size) {
        let grid = self.grid;
        let height = if cell.observer.is_none() { grid.truth } else { grid.height };
        (grid.at(cell.observer, cell.subject), Size { width: grid.width, height })
    }

    /// The rows and columns of what is selected and under the pointer.
    fn paint_pointed(&self, snapshot: &Snapshot, look: &Look, scene: &mut Scene) {
        let grid = self.grid;
        let outline = |scene: &mut Scene, role: Role, width: f64, at: Point, across: f64, down: f64| {
            let layer = scene.layer(role, Style::Stroke(width));
            layer.rect(Point::new(at.x - 1.0, at.y - 1.0), across + 2.0, down + 2.0);
        };
        let row = |scene: &mut Scene, role: Role, width: f64, node: u32| {
            outline(scene, role, width, grid.at(Some(node), 0), grid.across(), grid.height);
        };
        if let Some(observer) = snapshot.observer.filter(|&node| node < grid.rows) {
            row(scene, Role::Ink, 1.25, observer);
        }
        if let Some(node) = look.node.filter(|&node| node < grid.nodes) {
            if node < grid.rows {
                row(scene, Role::Accent, 2.0, node);
            }
            let top = grid.at(None, node);
            outline(scene, Role::Accent, 2.0, top, grid.width, grid.bottom() - top.y);
        }
        if let Some(Hover::Cell(cell)) = look.hover
            && cell.subject < grid.nodes
        {
            let (at, size) = self.place_of(cell);
            let least = 5.0_f64;
            let (width, height) = (size.width.max(least), size.height.max(least));
            outline(scene, Role::Surface, 4.0, at, width, height);
            outline(scene, Role::Ink, 2.0, at, width, height);
        }
    }

    fn paint_names(&self, snapshot: &Snapshot, look: &Look, size: Size, scene: &mut Scene) {
        let grid = self.grid;
        let pointed = match look.hover {
            Some(Hover::Cell(cell)) => (cell.observer, Some(cell.subject)),
            _ => (look.hovered_node(), look.hovered_node()),
        };
        let (rows, columns) = (grid.height >= NAMED, grid.width >= NAMED);
        let beside = grid.corner.x - 7.0;
        let truth = Point::new(beside, grid.corner.y + grid.truth / 2.0);
        scene
            .label(truth, Role::Ink, Anchor::End, format_args!("{}", snapshot.beliefs.truth_name()))
            .strong = true;
        for node in 0..grid.nodes {
            let name = self.names.of(node);
            let letters = name.chars().count() as f64 * LETTER_WIDTH;
            let is = |other: Option<u32>| other == Some(node);
            let (over_row, over_column) = (is(pointed.0), is(pointed.1));
            let selected = is(look.node);
            if node < grid.rows && (rows || over_row || selected) {
                let at = grid.at(Some(node), 0);
                let y = (at.y + grid.height / 2.0).clamp(EDGE, (size.height - EDGE).max(EDGE));
                let at = Point::new(beside, y);
                let knows = snapshot.beliefs.row(node).is_some();
                let role = if knows || over_row { Role::Ink } else { Role::InkSoft };
                // Without room to the left it stands on the cells.
                let fits = letters <= beside;
                let (at, anchor) =
                    if fits { (at, Anchor::End) } else { (Point::new(EDGE, at.y), Anchor::Start) };
                let label = scene.label(at, role, anchor, format_args!("{name}"));
                (label.strong, label.halo) = (over_row || selected, !fits || !rows);
            }
            if columns || over_column || selected {
                let at = grid.at(None, node);
                let x = at.x + grid.width / 2.0;
                let upright = letters + 4.0 > grid.width;
                let level = !columns || !upright;
                let anchor = if level { Anchor::Middle } else { Anchor::Start };
                let half = letters / 2.0 + EDGE;
                let x = if columns { x } else { x.clamp(half, (size.width - half).max(half)) };
                let at = Point::new(x, at.y - if level { 11.0 } else { 6.0 });
                let label = scene.label(at, Role::Ink, anchor, format_args!("{name}"));
                (label.strong, label.halo) = (over_column || selected, !columns);
                label.upwards = !level;
            }
        }
    }
}

impl Grid {
    /// A grid for names of so many letters at the most, and for the name of the row of the truth.
    fn fit(
        (rows, nodes): (u32, u32),
        (longest, truth_name): (usize, usize),
        size: Size,
        pixel_ratio: f64,
    ) -> Self {
        if nodes == 0 {
            return Self::default();
        }
        // A few who observe many have rows as tall as can be, whatever that makes of a cell.
        let is_flat = rows * 3 < nodes;
        let (text, least) = (longest as f64 * LETTER_WIDTH, truth_name as f64 * LETTER_WIDTH);
        let left = (text.max(least) + 14.0).min(size.width * 0.34);
        let across = |left: f64| ((size.width - left - EDGE) / f64::from(nodes)).min(WIDEST);
        let gap = 7.0;
        let down = |top: f64| {
            let room = size.height - top - gap - EDGE;
            let alike = room / f64::from(rows + 1);
            let height = if alike < TRUTH { (room - TRUTH) / f64::from(rows.max(1)) } else { alike };
            height.clamp(0.0, TALLEST)
        };
        let level = across(left) >= text + 4.0;
        let top = match level {
            true => 26.0,
            false if across(left) < NAMED => 24.0,
            false => (text + 12.0).min(size.height * 0.3),
        };
        let (mut width, mut height) = (across(left), down(top));
        let named = height >= NAMED && (width >= NAMED || is_flat);
        if !named {
            // Square, and only room for the names that are asked for.
            let left = least + 14.0;
            width = across(left).min(down(24.0));
            height = width;
        }
        if !is_flat {
            (width, height) = (width.min(height * 2.4), height.min(width * 1.4));
        }
        let (left, top) = if named { (left, top) } else { (least + 14.0, 24.0) };
        let truth = height.max(TRUTH);
        let total = (width * f64::from(nodes), truth + gap + height * f64::from(rows));
        let free = |all: f64, used: f64, before: f64| before + ((all - before - EDGE - used) / 2.0).max(0.0);
        // On whole pixels of the screen, so that an image and the shapes over it agree.
        let whole = |length: f64| (length * pixel_ratio).round() / pixel_ratio;
        // With its names in the middle, and a little above the middle.
        let x = left + (free(size.width, total.0, left) - left).min(size.width);
        let y = top + ((free(size.height, total.1, top) - top) * 0.6).max(0.0);
        Self { nodes, rows, corner: Point::new(whole(x), whole(y)), width, height, truth: whole(truth), gap }
    }

    fn has_shapes(&self) -> bool {
        self.width.min(self.height) >= PIXELS
    }

    fn across(&self) -> f64 {
        self.width * f64::from(self.nodes)
    }

    /// Where the observers' rows begin.
    fn top(&self) -> f64 {
        self.corner.y + self.truth + self.gap
    }

    fn bottom(&self) -> f64 {
        self.top() + self.height * f64::from(self.rows)
    }

    /// A cell's upper left corner.
    fn at(&self, observer: Option<u32>, subject: u32) -> Point {
        let y = observer.map_or(self.corner.y, |row| self.top() + self.height * f64::from(row));
        Point::new(self.corner.x + self.width * f64::from(subject), y)
    }

    fn cell_at(&self, at: Point) -> Option<BeliefCell> {
        let column = ((at.x - self.corner.x) / self.width).floor();
        if !(0.0..f64::from(self.nodes)).contains(&column) {
            return None;
        }
        let subject = column as u32;
        if (self.corner.y..self.corner.y + self.truth).contains(&at.y) {
            return Some(BeliefCell { observer: None, subject });
        }
        let row = ((at.y - self.top()) / self.height).floor();
        let observer = (0.0..f64::from(self.rows)).contains(&row).then_some(row as u32)?;
        Some(BeliefCell { observer: Some(observer), subject })
    }
}

/// The picture in a sentence or two, for those who do not see it.
pub fn summary(snapshot: &Snapshot) -> String {
    let (agreeing, all) = snapshot.beliefs.agreement();
    let nodes = plural(snapshot.beliefs.nodes() as u64, "node");
    let running = plural(all as u64, "running node");
    if snapshot.beliefs.only_newest {
        let nodes = plural(snapshot.beliefs.nodes() as u64, "instance");
        let copies = if all == 1 { "1 copy".to_owned() } else { format!("{all} copies") };
        return match all - agreeing {
            _ if all == 0 => format!("{nodes}. No copy of the ring has come yet."),
            0 => format!("{nodes} in {copies}, which agree."),
            wrong => format!("{nodes}. {wrong} of {copies} differ from the newest."),
        };
    }
    match all - agreeing {
        _ if all == 0 => format!("{nodes}. None of them runs, so that nobody believes anything."),
        0 => format!("{nodes}. What is the case is what all of {running} believe."),
        1 => format!("{nodes}. 1 of {running} believes what is not the case."),
        wrong => format!("{nodes}. {wrong} of {running} believe what is not the case."),
    }
}
