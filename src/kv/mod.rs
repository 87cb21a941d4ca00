//! Key-value stores that hold rings: dskit's over memberlist, and central ones.

mod edit;
mod memberlist;
mod message;
mod store;
mod value;

pub use edit::{Answer, Edit, View};
pub use memberlist::{Attempt, Batch, KvCounters, MemberlistKv, tombstones};
pub use message::{Clock, Key, KvMessage, RingBroadcast};
pub use store::{Contested, Store, Transition};
pub use value::Value;
