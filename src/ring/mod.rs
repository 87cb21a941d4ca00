//! dskit's `ring`: who owns which part of the 32-bit token space, and who answers for a key.
//!
//! Models dskit `ring/` at v0.0.0-20260814134254-4a836a70f745. A [`Desc`] is what the key-value store
//! holds and gossip merges; a [`Ring`] is a reader's prepared copy of it, for look-ups.

mod batch;
mod desc;
mod instance;
mod instance_map;
mod lookup;
mod operation;
mod ownership;
mod replication;
mod shuffle_shard;
mod spread_minimizing;
mod token_generator;
mod tokens;
mod topology;
pub mod wire;

pub use batch::{Answer, BatchTracker, Decision, ErrorFamily};
pub use desc::{Applied, Desc, NotReady, Tombstones};
pub use instance::{HeartbeatHealth, InstanceDesc, InstanceState};
pub use instance_map::InstanceMap;
pub use lookup::{LookupBuffer, Ring, RingConfig, RingUpdate, Skip, Step, Walk};
pub use operation::Operation;
pub use ownership::{TokenRangesError, ownership_percent, token_distance};
pub use replication::{QuorumError, ReplicationSet, ReplicationStrategy, RingError};
pub use shuffle_shard::{
    Subring, shuffle_shard_expected_instances, shuffle_shard_expected_instances_per_zone, shuffle_shard_seed,
};
pub use spread_minimizing::{SpreadMinimizingError, SpreadMinimizingTokenGenerator};
pub use token_generator::RandomTokenGenerator;
pub use tokens::Tokens;
pub use topology::Topology;
