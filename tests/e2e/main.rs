//! The built page in a real browser: `make test-e2e`.
//!
//! A test opens a [`page::Page`] on a [`server::Site`] and says what a reader does and sees. When one fails, what the
//! browser showed and logged lies in `target/e2e/`.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

mod access;
mod bad_input;
mod cluster;
mod display;
mod doctor;
mod fetching;
mod files;
mod inspector;
mod keyboard;
mod laboratory;
mod live;
mod page;
mod picture;
#[path = "../reach/proxy.rs"]
mod proxy;
mod rings;
mod screens;
mod server;
mod sharing;
mod simulate;
mod smoke;
mod table;
mod tracing;
mod vocabulary;
mod webdriver;
