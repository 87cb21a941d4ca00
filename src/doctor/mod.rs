//! What a person can paste besides a ring, examined: what is wrong, why, and how to mend it.

pub mod config;
pub mod together;
