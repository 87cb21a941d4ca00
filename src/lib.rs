//! Ringside: the hash ring of Grafana Loki, rebuilt so that it answers bit for bit like the real code.
//!
//! The modules stand in layers, lowest first; a module may use those before it, never those after it
//! (`tests/tidy.rs` holds them to it):
//!
//! | module | what |
//! | --- | --- |
//! | [`go`] | the parts of Go's standard library that Loki's answers depend on |
//! | [`time`] | wall-clock instants and RFC 3339 |
//! | [`ring`] | dskit's ring: data model, merge, tokens, look-ups, shuffle shards, batches |
//! | [`loki`] | what Loki adds: label sets, keys, stream sharding, its push quorum |
//! | [`prng`], [`backoff`], [`log`] | chance by name, dskit's back-off, logfmt |
//! | [`memberlist`] | one node of Grafana's memberlist |
//! | [`kv`] | what a node stores of rings, and how changes travel |
//! | [`lifecycle`] | how instances enter, stay in and leave a ring |
//! | [`sim`] | a whole cluster in virtual time |
//! | [`experiment`] | scenarios, the swarm, convergence |
//! | [`live`] | a real cluster's pages: parsing `/ring`, judging it, letting a browser read it |
//! | [`snapshot`] | a cluster at one instant, as pictures may know it |
//! | [`view`] | pictures as plain shapes: geometry, hit regions, no canvas |
//! | [`lab`] | the laboratory without its page: branches of a run, its clock, its settings, its links |
//! | [`doctor`] | logs and configurations, and what these and a ring say together: what is wrong, and how to mend it |
//! | `ui` | the page: the only module that knows the browser (feature `web`) |

pub mod backoff;
pub mod doctor;
pub mod experiment;
pub mod go;
pub mod kv;
pub mod lab;
pub mod lifecycle;
pub mod live;
pub mod log;
pub mod loki;
pub mod memberlist;
pub mod prng;
pub mod ring;
pub mod sim;
pub mod snapshot;
pub mod time;
#[cfg(feature = "web")]
pub mod ui;
pub mod view;
