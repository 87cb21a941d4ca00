//! A real cluster, as its pages show it.

mod findings;
pub mod judge;
mod margin;
pub mod ring_page;
