//! The laboratory without its page: what a reader does to a cluster and asks of it, as plain functions and data.
//!
//! Nothing here knows a browser or a clock: the page says how much time has passed and how much work may be done.

mod branch;
pub mod chart;
mod clock;
pub mod deeds;
pub mod handover;
pub mod inspect;
mod laboratory;
pub mod log_store;
pub mod observe;
pub mod plan;
mod record;
mod series;
pub mod settings;
pub mod share;
pub mod until;
pub mod verdicts;
pub mod yaml;

pub use branch::Branch;
pub use clock::{Clock, Speed};
pub use laboratory::{Frame, LabError, Laboratory, look_at_ring};
pub use log_store::LogStore;
pub use record::Record;
pub use series::{Sample, Series};
pub use until::{Found, Until};
pub use verdicts::{Answer, Verdicts, verdicts};

#[cfg(test)]
mod tests;
