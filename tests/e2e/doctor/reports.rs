//! From a log to a verdict, and what can be done with it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{DEAD_LIST, Doctor, FAST_JOIN};
use crate::inspector::read;
use crate::server::Site;

fn captured_log(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor/captures").join(path)).unwrap()
}

#[test]
fn a_fast_join_log_is_harmless_within_three_actions() {
    let site = Site::start();
    // The first is to open the page, the second the door, the third to paste.
    let at = Doctor::open_at(&site, "");
    at.click("#open-doctor");
    at.paste(FAST_JOIN);
    at.says("harmless");
    at.sees("#verdict-headline", "The quick first join reached nobody");
    at.sees("#verdict-why", "The full join, which always follows, reached the cluster.");
    at.sees("#doctor-totals", "42 lines");
    assert_eq!(at.texts("#doctor-on-page"), [""; 0], "a worker reads");
    assert_eq!(at.texts("[data-testid=moment]").len(), 4);
    at.assert_console_is_clean();
}

#[test]
fn a_dropped_gzip_of_another_pod_is_read_together_with_the_first() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(FAST_JOIN);
    at.says("harmless");
    let dead = captured_log("03_first_pod_alone_dead_join/log-loki-1.run1.txt.gz");
    at.drop_bytes(&[("loki-1.log.gz", &dead)]);
    at.says("act");
    assert_eq!(at.kinds(), ["log", "log"]);
    at.sees("#doctor-totals", "from 2 pods");
    at.click("[data-testid=input]:nth-child(2) [data-testid=input-remove]");
    at.says("harmless");
    at.click("#doctor-clear");
    at.wait_until("nothing is given", |at| at.texts("#verdict").is_empty());
    at.assert_console_is_clean();
}

#[test]
fn an_example_is_told_to_be_one_and_goes_when_the_readers_own_log_comes() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.click("#example-dead-join-list");
    at.says("act");
    at.sees("#source", "EXAMPLE");
    at.sees("[data-testid=input]", "EXAMPLE");
    at.paste(FAST_JOIN);
    at.says("harmless");
    assert_eq!(at.texts("#source"), [""; 0]);
    assert_eq!(at.kinds(), ["log"]);
    at.assert_console_is_clean();
}

#[test]
fn show_me_opens_the_laboratory_with_that_scenario_and_back_brings_the_report() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(DEAD_LIST);
    at.says("act");
    at.click("[data-testid=show-me]");
    at.wait_until("the laboratory", |at| at.hash().contains("simulate?scenario=wrong-join-list"));
    at.wait_until("its canvas", |at| !at.texts(".lab-canvas").is_empty());
    at.eval("history.back()", &[]);
    at.says("act");
    at.sees("#verdict-headline", "Gave up joining");
    at.assert_console_is_clean();
}

#[test]
fn the_report_can_be_copied_for_a_ticket() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(DEAD_LIST);
    at.says("act");
    // The clipboard of a headless browser is not to be read; what is written into it is.
    at.eval(
        "Object.defineProperty(navigator, 'clipboard', { value: { writeText: async text => { window.__copied = text; } } })",
        &[],
    );
    at.click("#copy-report");
    at.wait_until("it says so", |at| at.texts("#said") == ["Copied"]);
    let copied: String = read(at.eval("return window.__copied", &[]));
    assert!(copied.starts_with("## Act: Gave up joining"), "{copied}");
    assert!(copied.contains("**Check:**") && copied.contains("pasted `:33"), "{copied}");
    at.assert_console_is_clean();
}

#[test]
fn everything_can_be_done_with_the_keyboard() {
    let site = Site::start();
    let at = Doctor::open(&site);
    let focused = |at: &Doctor| -> String {
        read(at.eval("return document.activeElement.id || document.activeElement.textContent.trim()", &[]))
    };
    at.wait_until("the field has the keyboard", |at| focused(at) == "doctor-text");
    at.type_into("#doctor-text", "level=error msg=\"joining memberlist cluster failed\" err=x");
    at.press("Tab");
    assert_eq!(focused(&at), "doctor-read");
    at.press("Enter");
    at.says("act");
    for wanted in ["copy-report", "save-report", "Show me"] {
        let mut stops = Vec::new();
        while focused(&at) != wanted {
            assert!(stops.len() < 40, "Tab never came to {wanted}: {stops:?}");
            at.press("Tab");
            stops.push(focused(&at));
        }
    }
    at.press("Enter");
    at.wait_until("the laboratory", |at| at.hash().contains("simulate?scenario="));
    at.assert_console_is_clean();
}

#[test]
fn what_a_log_says_is_text_and_the_page_stays_in_shape() {
    let site = Site::start();
    let at = Doctor::open(&site);
    let long = "x".repeat(10_000);
    let lines = [
        "level=error msg=\"<script>window.hacked = 1</script>\" err=\"<img src=x onerror='window.hacked=1'>\"",
        "level=warn msg=\"joining memberlist cluster failed\" err=\"<img src=x onerror='window.hacked=1'> \u{202e}gnp.exe\"",
        &format!("level=error msg=\"{long}\" err=\"joining {long}\""),
        &format!("level=info ts=2026-11-22T10:00:00Z msg=\"Starting Loki\" version=\"{long}\""),
    ];
    at.drop_bytes(&[
        ("<b>bold</b>\u{202e}.log", lines.join("\n").as_bytes()),
        (&long[..180], b"level=error msg=\"\""),
    ]);
    at.wait_until("a verdict", |at| at.texts("#verdict-word").len() == 1);
    at.wait_until("the lines", |at| at.texts("[data-testid=unknown]").len() >= 2);
    let shown = at.texts("[data-testid=unknown]").join("\n");
    assert!(shown.contains("<script>window.hacked = 1</script>"), "{shown}");
    assert_eq!(at.eval("return window.hacked ?? null", &[]), Value::Null);
    for screen in crate::screens::SCREENS {
        at.show_on(screen);
        let wide = at.eval("return document.documentElement.scrollWidth - innerWidth", &[]);
        assert!(wide.as_f64().unwrap() <= 0.0, "{screen:?} is {wide} px too narrow");
    }
    at.assert_console_is_clean();
}

#[test]
fn nothing_is_asked_of_anybody_but_the_pages_own_files() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.click("#example-mistakes");
    at.says("act");
    at.paste(DEAD_LIST);
    at.wait_until("the log is read", |at| at.texts("#doctor-totals").len() == 1);
    let asked: Vec<String> =
        read(at.eval("return performance.getEntriesByType('resource').map(entry => entry.name)", &[]));
    let foreign = Vec::from_iter(asked.iter().filter(|address| !address.starts_with(&site.address)));
    assert!(foreign.is_empty(), "{foreign:?}");
    // The program is not fetched once more for the worker.
    assert_eq!(asked.iter().filter(|address| address.ends_with(".wasm")).count(), 1, "{asked:?}");
    assert!(asked.iter().any(|address| address.ends_with("doctor-worker.js")), "{asked:?}");
    at.assert_console_is_clean();
}

#[test]
fn links_of_incidents_lead_outside_without_telling_from_where() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(DEAD_LIST);
    at.says("act");
    at.wait_until("links", |at| !at.texts(".doctor-links a").is_empty());
    let script = "return [...document.querySelectorAll('.doctor-links a')]
        .every(link => link.href.startsWith('https://') && link.rel.includes('noopener') && link.target === '_blank')";
    assert_eq!(at.eval(script, &[]), json!(true));
}
