//! The page. The only module that knows Leptos and the browser.
//!
//! Rings, pictures and verdicts live in the [`session::Session`]'s engine, outside the reactive graph;
//! components read small signals and ask the engine for what they show.

// `#[component]` makes public items of every component.
#![allow(unreachable_pub)]

mod app;
mod browser;
mod canvas2d;
mod doctor;
mod drops;
mod fetch;
mod home;
mod lab;
mod live;
mod load_panel;
mod readout;
mod ring_page;
mod ring_table;
mod samples;
mod session;
mod settings_form;
mod stage;
mod stage_input;
mod surface;
mod theme;
mod token_table;
mod trace_panel;
mod verdict_panel;
mod windowed;

/// Puts the application into the document; where there is none, in a worker, reads logs for a page that has one.
pub fn start() {
    if browser::window().is_none() {
        return doctor::serve();
    }
    // What index.html shows until the program runs.
    if let Some(waiting) = browser::element("boot") {
        waiting.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
