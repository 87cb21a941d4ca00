//! Grafana's fork of HashiCorp's memberlist: who is in the cluster, and how news spreads (SWIM, Lifeguard).
//!
//! Models github.com/grafana/memberlist v0.3.1-0.20260515134459 as dskit configures it. A [`Memberlist`] is
//! one node and has no clock, network or thread: what happens to it comes in with the instant, and what
//! it wants done goes out as [`Output`]s.
//!
//! ```text
//!            handle_timer, handle_packet, handle_push_pull
//!   world ─────────────────────────────────────────────────► Memberlist ── notify_msg, merge_remote_state ─► Delegate
//!         ◄───────────────────────────────────────────────── (table, queue) ◄─ get_broadcasts, local_state ──
//!            Packet, PushPull, Timer, LeaveDone, Note
//! ```
//!
//! Differs: names, zones and versions are numbers, so message sizes are those of typical names; a packet's
//! messages are handled before the next packet's, so the hand-off queues never overflow; a full exchange
//! does not hold up the next one; what Go leaves to a race of goroutines is drawn (`clockwork`).

mod awareness;
mod broadcast;
mod clockwork;
mod config;
mod delegate;
pub mod formula;
mod members;
mod message;
mod node;
mod output;
mod probe;
mod spread;
mod suspicion;
#[cfg(test)]
mod tests;
mod transitions;
mod zones;

pub use awareness::Awareness;
pub use broadcast::{Sent, TransmitLimitedQueue};
pub use config::{Config, NodeRole, ZoneAwareRouting};
pub use delegate::Delegate;
pub use members::NodeState;
pub use message::{Address, Head, Meta, Name, Packet, PushNodeState, PushPull, Rumour, State, Zone};
pub use node::Memberlist;
pub use output::{Note, Output, Timer};
