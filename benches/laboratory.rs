//! The laboratory in headless Chromium without a graphics card: the work of a frame while a cluster runs, how soon
//! scrubbing answers, and what the page holds in memory while it is left running. `make bench-web` runs it on the built
//! page; `RINGSIDE_MINUTES=30` lets the last part run for so long.

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

use std::io::Write as _;
use std::thread;
use std::time::Duration;

use page::{Page, Screen};
use ringside::lab::share::Shared;
use ringside::sim::Scenario;
use ringside::time::Instant;
use serde_json::{Value, json};
use server::Site;

/// How long each picture runs, in seconds.
const SECONDS: u64 = 20;

fn main() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    for (nodes, picture) in
        [(200, "mesh"), (1000, "mesh"), (200, "beliefs"), (200, "timeline"), (200, "ring")]
    {
        open(&page, nodes, picture, 60);
        page.click("[data-testid=play]");
        thread::sleep(Duration::from_secs(2));
        page.eval("window.__ringside_lab_frames.length = 0", &[]);
        thread::sleep(Duration::from_secs(SECONDS));
        report(&format!("{nodes} nodes, {picture}, at 1x"), &frames(&page));
        page.click("[data-testid=play]");
    }

    open(&page, 100, "mesh", 120);
    report("100 nodes, scrubbing within 2 minutes", &scrub(&page, 120));

    let minutes = std::env::var("RINGSIDE_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    open(&page, 200, "mesh", 60);
    page.click("[data-testid=play]");
    for minute in 0..=minutes {
        page.eval("window.__ringside_lab_frames.length = 0", &[]);
        thread::sleep(Duration::from_secs(if minute == 0 { 5 } else { 60 }));
        report(&format!("left running, minute {minute}: {}", memory(&page)), &frames(&page));
    }
}

/// Opens a cluster that is well, with one picture, at a second.
fn open(page: &Page, nodes: u32, picture: &str, second: u64) {
    let scenario = json!({
        "name": format!("bench-{nodes}"), "title": "A cluster to measure", "until": "10m",
        "options": { "groups": [{ "name": "loki", "count": nodes }] },
        "steps": [{ "at": "30s", "do": { "workload": { "pushes_per_second": 20, "queries_per_second": 2 } } }],
    });
    let scenario = Scenario::parse(&scenario.to_string()).unwrap();
    let at = Instant::from_nanos(second * 1_000_000_000);
    let shared = Shared { at, picture: picture.to_owned(), ..Shared::new(scenario) };
    page.go("?bench=1#/");
    page.go(&format!("?bench=1#/simulate?{}", shared.to_link().unwrap()));
    let there = format!("{:02}:{:02}.000", second / 60, second % 60);
    // A thousand nodes that all join take minutes.
    let is_there =
        || page.eval("return document.querySelector('[data-testid=now]')?.innerText ?? ''", &[]) == there;
    while !is_there() {
        thread::sleep(Duration::from_millis(200));
    }
}

/// Milliseconds of work of each frame, ascending.
fn frames(page: &Page) -> Vec<f64> {
    sorted(&page.eval("return window.__ringside_lab_frames", &[]))
}

fn sorted(times: &Value) -> Vec<f64> {
    let mut times = Vec::from_iter(times.as_array().into_iter().flatten().filter_map(Value::as_f64));
    times.sort_by(f64::total_cmp);
    times
}

/// Puts the cursor here and there, and gives the milliseconds until the page shows it.
fn scrub(page: &Page, seconds: u64) -> Vec<f64> {
    let script = "
        const bar = document.querySelector('[data-testid=scrubber]'), now = document.querySelector('[data-testid=now]');
        const shown = () => now.innerText.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000;
        const frame = () => new Promise(requestAnimationFrame);
        const jump = async to => {
            const start = performance.now();
            bar.value = to;
            bar.dispatchEvent(new Event('input', { bubbles: true }));
            while (Math.abs(shown() - to) > 1 && performance.now() - start < 20000) await frame();
            return performance.now() - start;
        };
        const run = async () => {
            const times = [];
            for (const to of arguments[0]) times.push(await jump(to));
            return times;
        };
        return run();";
    let places = (1..40_u64).map(|step| step * 7_919_003 % (seconds * 1000));
    sorted(&page.eval(script, &[places.collect()]))
}

/// What the page holds, as the browser tells it.
fn memory(page: &Page) -> String {
    page.devtools("HeapProfiler.collectGarbage", json!({}));
    let bytes = page.eval("return performance.memory.usedJSHeapSize", &[]).as_f64().unwrap_or(0.0);
    let wasm = page
        .eval("return window.__ringside_lab_frames.memory.buffer.byteLength", &[])
        .as_f64()
        .unwrap_or(0.0);
    format!("JS {:.0} MB, wasm {:.0} MB", bytes / 1e6, wasm / 1e6)
}

fn report(name: &str, frames: &[f64]) {
    let at = |share: f64| {
        frames.get((frames.len() as f64 * share) as usize).or(frames.last()).copied().unwrap_or(0.0)
    };
    let _ = writeln!(
        std::io::stdout(),
        "{name:44} {:4} times: p50 {:.1} ms, p95 {:.1} ms, max {:.1} ms",
        frames.len(),
        at(0.50),
        at(0.95),
        at(1.0)
    );
}
