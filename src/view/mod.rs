//! Pictures as plain shapes: a ring and what the reader points at become a scene that any canvas can draw.
//! Nothing here knows a browser.

mod band;
pub mod beliefs;
pub mod camera;
mod cluster;
#[cfg(test)]
mod cluster_fixtures;
#[cfg(test)]
mod cluster_scenes;
mod density;
pub mod endpoint;
#[cfg(test)]
mod fixtures;
pub mod geometry;
mod glyph;
mod labels;
mod look;
mod mark;
pub mod mesh;
pub mod observed;
mod orbit;
mod paint;
pub mod palette;
mod picture;
pub mod query;
pub mod scene;
#[cfg(test)]
mod scene_text;
pub mod settings;
pub mod strip;
pub mod table;
pub mod text;
mod trace;

pub use glyph::role_of;
pub use look::{Hover, Look};
pub use mark::Mark;
pub use paint::{LARGE, SMALL};
pub use picture::{Arc, Focus, Picture, Target};
pub use trace::TraceMarks;
