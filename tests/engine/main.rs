//! The engine's tests beyond the modules' own: replays of real processes, conformance with the
//! real Go code, laws, models, pages.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

mod behaviour;
mod captures;
mod cluster;
mod conformance;
mod convergence;
mod merge_laws;
mod models;
mod pages;
mod sim_pages;
mod swarm;
mod timelines;
