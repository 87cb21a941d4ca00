//! The parts of Go's standard library whose exact behaviour shows in Loki's answers.

pub mod duration;
pub mod rand;
pub mod strconv;
