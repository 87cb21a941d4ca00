//! The picture's speed in headless Chromium without a graphics card: what a frame costs while 1,000
//! instances of 512 tokens are panned. `make bench-web` runs it on the built page.

#![allow(
    clippy::unwrap_used,
    dead_code,
    reason = "the words of the end-to-end tests, not all of them needed"
)]

#[path = "../tests/e2e/page.rs"]
mod page;
#[path = "../tests/e2e/server.rs"]
mod server;
#[path = "../tests/e2e/vocabulary.rs"]
mod vocabulary;
#[path = "../tests/e2e/webdriver.rs"]
mod webdriver;
mod workloads;

use std::io::Write as _;

use page::{Page, Screen};
use ringside::ring::{Desc, InstanceDesc};
use serde_json::{Value, json};
use server::Site;

/// Steps of the pointer in one measurement.
const MOVES: u32 = 240;

fn main() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    page.go("?bench=1#/ring");
    page.upload("#ring-files", "thousand.json", &ring_page(&workloads::desc(1000, 512, 0)));
    page.sees("#verdict-summary", "All 1000 instances");

    report("1,000 x 512, the whole ring", &measure(&page));
    for _ in 0..12 {
        page.click("#zoom-in");
    }
    report("1,000 x 512, zoomed in", &measure(&page));
    page.click("#zoom-reset");
    page.click("[data-testid=ring-row] button");
    report("1,000 x 512, one instance selected", &measure(&page));
}

/// Drags the picture about, and gives the milliseconds of work that each frame took, ascending.
fn measure(page: &Page) -> Vec<f64> {
    page.eval("document.querySelector('#ring-canvas').scrollIntoView({ block: 'center' }); window.__ringside_frames.length = 0", &[]);
    let corner = page.eval(
        "const box = document.querySelector('#ring-canvas').getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]",
        &[],
    );
    let (x, y) = (corner[0].as_f64().unwrap(), corner[1].as_f64().unwrap());
    let mouse = |kind: &str, x: f64, y: f64| {
        let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
        page.devtools("Input.dispatchMouseEvent", event);
    };
    mouse("mousePressed", x, y);
    for step in 0..MOVES {
        let swing = f64::from(step % 60) - 30.0;
        mouse("mouseMoved", x + swing * 4.0, y + f64::from(step % 40) * 3.0 - 60.0);
    }
    mouse("mouseReleased", x, y);
    let frames = page.eval("return window.__ringside_frames", &[]);
    let mut frames: Vec<f64> = frames.as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    frames.sort_by(f64::total_cmp);
    frames
}

fn report(name: &str, frames: &[f64]) {
    let at = |share: f64| {
        frames.get((frames.len() as f64 * share) as usize).or(frames.last()).copied().unwrap_or(0.0)
    };
    let _ = writeln!(
        std::io::stdout(),
        "{name:36} {:4} frames, work a frame: p50 {:.1} ms, p95 {:.1} ms, max {:.1} ms",
        frames.len(),
        at(0.50),
        at(0.95),
        at(1.0)
    );
}

/// The ring as its page would answer.
fn ring_page(desc: &Desc) -> String {
    let time = |seconds: i64| ringside::time::WallTime::from_unix_secs(seconds).to_rfc3339();
    let shard = |(id, instance): (&std::sync::Arc<str>, &InstanceDesc)| {
        json!({
            "id": **id, "state": instance.state.name(), "address": *instance.addr, "zone": *instance.zone,
            "timestamp": time(instance.timestamp), "registered_timestamp": time(instance.registered_timestamp),
            "tokens": instance.tokens.as_slice(),
        })
    };
    let shards: Vec<Value> = desc.ingesters.iter().map(shard).collect();
    json!({ "shards": shards, "now": workloads::NOW.to_rfc3339() }).to_string()
}
