//! The ways from a page to a real cluster, on real servers: the relay, and the configurations of others.

#![allow(clippy::unwrap_used, reason = "a test that cannot run its servers has failed")]

mod caddy;
mod docs;
mod nginx;
mod proxy;
mod relay;
mod upstream;

/// The origin of the page in all tests.
const PAGE: &str = "https://docs.example";
