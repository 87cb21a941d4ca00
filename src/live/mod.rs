//! A real cluster, as its pages show it.

mod findings;
pub mod judge;
pub mod ring_page;
