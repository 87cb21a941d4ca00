//! A real cluster, as its pages show it, and the ways to these pages from a browser.

pub mod cors;
mod findings;
pub mod judge;
mod margin;
pub mod origin;
pub mod paths;
pub mod ring_page;
