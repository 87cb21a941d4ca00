//! Runs that answer a question: scenarios with expectations, and experiments with numbers.

pub mod catalog;
pub mod convergence;
mod expect;
mod report;
pub mod swarm;

pub use report::{Checked, Report};
