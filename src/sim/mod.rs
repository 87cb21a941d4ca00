//! A whole Loki cluster in virtual time: processes, gossip, rings, names, cables, and what goes wrong.
//!
//! Everything comes from a seed, the options and the commands: integer time, one total order of events,
//! chance by name. Nothing here reads a clock or a hash map's order, so a run is the same wherever it runs.
//!
//! ```text
//!   Scenario ──► Simulation::step ── pops (time, order) ──► Pod ──► Process ─┬─► memberlist::Memberlist ─ packets ─► Network
//!                    ▲                                                       ├─► kv::MemberlistKv ◄─ lifecycle::Lifecycler
//!                    └──────────── plans ◄── World (scheduler, network, dns, central store, journal) ◄──────┘
//! ```

mod bounds;
mod central;
mod checker;
mod command;
mod compactor;
mod config;
mod dns;
mod event;
mod gossip;
mod joiner;
mod journal;
mod modules;
mod names;
mod network;
mod options;
mod pages;
mod pod;
mod process;
mod rings;
mod rollout;
mod scenario;
mod scheduler;
mod services;
mod simulation;
mod span;
mod timeline;
mod traffic;
mod transport;
mod words;
mod workload;
mod world;

pub use bounds::MOST_PODS;
pub use central::Central;
pub use checker::{Checker, SETTLING, Violation};
pub use command::CommandError;
pub use dns::Dns;
pub use event::{Arrival, Event, PushIn, StreamBack, StreamError, StreamIn, What};
pub use gossip::state_name;
pub use joiner::Joiner;
pub use journal::{Entry, Exit, Happening, Journal};
pub use modules::{Module, Running, ServiceState, Work};
pub use network::{Dial, Network};
pub use options::{
    CentralOptions, DeploymentOptions, DnsOptions, Group, IngesterOptions, LifecyclerOptions,
    MemberlistOptions, NetworkOptions, Options, PodManagement, StoreKind, Target, WorkloadOptions,
};
pub use pages::{Response, page};
pub use pod::Pod;
pub use process::Process;
pub use rings::{RingSlot, shown_state};
pub use scenario::{
    Command, Condition, Expectation, OptionsError, Scenario, ScenarioError, TimedCommand, WorkloadChange,
};
pub use scheduler::{Planned, Scheduler};
pub use simulation::{Advance, Simulation, SimulationError};
pub use span::Span;
pub use timeline::Timeline;
pub use traffic::{PacketKind, Sent, Traffic};
pub use transport::{TransportCounters, Writers};
pub use workload::{Ledger, Requests, Tally};
pub use world::{Host, World};
