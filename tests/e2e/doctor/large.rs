//! Large logs: with progress, to be cancelled, on a page that goes on; and where no worker can start.

use serde_json::json;

use super::{Doctor, FAST_JOIN};
use crate::inspector::read;
use crate::page::{Page, Screen};
use crate::server::{Site, static_host};

/// Drops a log of so many megabytes, made in the page: sending it there would take longer than reading it.
const DROP: &str = "
    const [lines, megabytes] = arguments;
    const block = lines.repeat(Math.ceil(1e6 / lines.length));
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(Array(megabytes).fill(block), 'large.log'));
    window.__frames = 0;
    const count = () => { window.__frames += 1; requestAnimationFrame(count); };
    requestAnimationFrame(count);
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));";

fn frames(at: &Doctor) -> u64 {
    read(at.eval("return window.__frames", &[]))
}

#[test]
fn a_large_log_shows_progress_can_be_cancelled_and_leaves_the_page_moving() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.wait_until("the field", |at| at.texts("#doctor-read").len() == 1);
    let lines = format!(
        "{FAST_JOIN}{}",
        "level=info ts=2026-01-01T00:01:00Z caller=metrics.go:1 msg=\"nothing of interest\"\n".repeat(80)
    );
    at.eval(DROP, &[json!(lines), json!(60)]);
    at.sees("#doctor-progress", "of 60");
    at.wait_until("it gets on", |at| {
        let share = at.eval("return document.querySelector('#doctor-progress progress')?.value ?? 0", &[]);
        share.as_f64().unwrap() > 0.05
    });
    let before = frames(&at);
    at.wait_until("frames pass", |at| frames(at) > before + 5);
    at.click("#doctor-cancel");
    at.sees("#doctor-cancelled", "not read");
    assert_eq!(at.texts("#doctor-totals"), [""; 0]);

    at.click("#doctor-cancelled button");
    at.wait_until("a verdict", |at| at.texts("#verdict-word").len() == 1);
    at.sees("#doctor-totals", "from 1 pod");
    assert_eq!(at.texts("#doctor-on-page"), [""; 0]);
    at.assert_console_is_clean();
}

#[test]
fn the_worker_starts_below_any_path_of_a_plain_static_host() {
    let at = Doctor(Page::open(&format!("{}#/doctor", static_host("/tools/ring")), Screen::DESK));
    at.paste(FAST_JOIN);
    at.says("harmless");
    assert_eq!(at.texts("#doctor-on-page"), [""; 0]);
    at.assert_console_is_clean();
}

#[test]
fn where_no_worker_can_start_the_page_reads_by_itself_and_says_so() {
    let site = Site::start();
    for (script, why) in [
        ("window.Worker = class { constructor() { throw new Error('not here') } }", "not here"),
        (
            "const Own = window.Worker; window.Worker = class extends Own { constructor(_, options) { super('./gone.js', options) } }",
            "its script could not be loaded",
        ),
    ] {
        let at = Doctor::open_at(&site, "#/");
        at.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
        at.eval("location.hash = '#/doctor'; location.reload()", &[]);
        at.wait_until("the page is new", |at| !at.texts("#doctor-read").is_empty());
        at.paste(FAST_JOIN);
        at.says("harmless");
        at.sees("#doctor-on-page", why);
    }
}

#[test]
fn a_file_that_is_read_on_the_page_can_be_cancelled_too() {
    let site = Site::start();
    let at = Doctor::open_at(&site, "#/");
    let script = "window.Worker = class { constructor() { throw new Error('not here') } }";
    at.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    at.eval("location.hash = '#/doctor'; location.reload()", &[]);
    at.wait_until("the page is new", |at| !at.texts("#doctor-read").is_empty());
    at.eval(DROP, &[json!(FAST_JOIN), json!(60)]);
    at.sees("#doctor-progress", "of 60");
    let before = frames(&at);
    at.wait_until("frames pass", |at| frames(at) > before + 2);
    at.click("#doctor-cancel");
    at.sees("#doctor-cancelled", "not read");
}
