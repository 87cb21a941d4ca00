//! A real cluster, as its pages show it: reading them, judging them, keeping them over time, comparing
//! them between processes, and knowing why one could not be read and how to get there.

pub mod compare;
pub mod cors;
pub mod failure;
mod findings;
pub mod forget;
pub mod history;
pub mod judge;
mod margin;
pub mod memberlist_page;
pub mod metrics_page;
pub mod origin;
pub mod over_time;
pub mod pasted;
pub mod paths;
pub mod poller;
pub mod recording;
pub mod ring_page;
mod shown_state;
pub mod streams;
pub mod watch;

pub use shown_state::ShownState;
