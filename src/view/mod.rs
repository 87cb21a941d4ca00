//! Pictures as plain shapes: a ring and what the reader points at become a scene that any canvas can draw.
//! Nothing here knows a browser.

mod band;
pub mod camera;
mod density;
pub mod endpoint;
#[cfg(test)]
mod fixtures;
pub mod geometry;
mod labels;
mod mark;
mod orbit;
mod paint;
pub mod palette;
mod picture;
pub mod query;
pub mod scene;
pub mod settings;
pub mod table;
pub mod text;
mod trace;

pub use mark::Mark;
pub use paint::{LARGE, SMALL};
pub use picture::{Arc, Focus, Picture, Target};
pub use trace::TraceMarks;
