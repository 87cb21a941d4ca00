//! The laboratory without its page: what a reader does to a cluster and asks of it, as plain functions and data.
//!
//! Nothing here knows a browser or a clock: the page says how much time has passed and how much work may be done.

pub mod log_store;
pub mod verdicts;
