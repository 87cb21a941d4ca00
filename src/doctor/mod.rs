//! The doctor: reads what an operator has at hand (logs, a configuration, a ring), and says whether it is harmless, worth a
//! wait, or needs a deed.

pub mod config;
mod escape;
pub mod kind;
pub mod lanes;
pub mod log;
pub mod prose;
pub mod report;
pub mod together;
