//! Back in time, between two instants, into a file and out of it, and on to the laboratory.

use serde_json::json;

use super::pod::Pod;
use super::{Live, ring_at};
use crate::page::Screen;
use crate::server::Site;

const START: i64 = 1_790_000_000;

/// Watches three states of a ring: all well, one LEAVING, that one gone.
fn watched(site: &Site) -> (Pod, Live) {
    let pages = [
        ring_at(START, &[("loki-0", "ACTIVE", 1), ("loki-1", "ACTIVE", 1), ("loki-2", "ACTIVE", 1)]),
        ring_at(START + 5, &[("loki-0", "ACTIVE", 1), ("loki-1", "LEAVING", 1), ("loki-2", "ACTIVE", 1)]),
        ring_at(START + 10, &[("loki-0", "ACTIVE", 1), ("loki-2", "ACTIVE", 1)]),
    ];
    let pod = Pod::start(&pages[0], &site.address);
    let at = Live::open(site);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Healthy");
    pod.shows(&pages[1]);
    at.sees("#verdict-word", "Degraded");
    pod.shows(&pages[2]);
    at.sees("#verdict-summary", "All 2 instances");
    (pod, at)
}

#[test]
fn the_past_can_be_gone_to_by_keyboard_and_is_called_past() {
    let site = Site::start();
    let (_pod, at) = watched(&site);
    at.click("[data-testid=source-pause]");
    at.eval("document.querySelector('#live-time').focus()", &[]);
    at.press("Home");
    at.sees("#stage-notice", "PAST: as it was at");
    at.sees("#verdict-summary", "All 3 instances");
    at.click("#mark-instant-summary, #two-instants summary");
    at.click("#mark-instant");
    at.wait_until("the LEAVING one is seen", |at| {
        at.click("#live-forward");
        at.text("#verdict-summary").contains("2 of 3")
    });
    at.sees("#two-instants-from", "1 difference");
    at.click("#live-now");
    at.sees("#verdict-summary", "All 2 instances");
    at.wait_until("the difference is that one left", |at| {
        at.texts("#two-instants-table tbody tr")
            .iter()
            .any(|row| row.contains("loki-1") && row.contains("left the ring"))
    });
    at.click("[data-testid=live-timeline]");
    at.wait_until("the timeline has its lanes", |at| {
        at.attributes("[data-testid=canvas-timeline]", "aria-label")[0].contains("3 instances with 2 changes")
    });
    at.assert_console_is_clean();
}

#[test]
fn what_was_watched_is_saved_and_opened_again() {
    let site = Site::start();
    let (_pod, at) = watched(&site);
    let changes = at.changes();
    // Catches what the page saves.
    at.eval(
        "window.__saved = [];
         const make = URL.createObjectURL;
         URL.createObjectURL = blob => { blob.text().then(text => window.__saved.push(text)); return make(blob); };",
        &[],
    );
    at.click("#save-recording");
    at.wait_until("a file is saved", |at| at.eval("return window.__saved.length", &[]) == 1);
    let saved = at.eval("return window.__saved[0]", &[]).as_str().unwrap().to_owned();
    assert!(saved.starts_with("{\"ringside_recording\":1,"), "{}", &saved[..80]);

    let other = Live::open_at(&site, "#/live", Screen::DESK);
    other.drop_file("#main", "recording.json", &saved);
    other.source_is("recorded");
    other.sees("#stage-notice", "RECORDED");
    assert_eq!(other.changes(), changes);
    other.drop_file("#main", "recording.json", &saved.replacen("\"roster\":0", "\"roster\":9", 1));
    other.sees("#live-problem", "roster 9");
    other.assert_console_is_clean();
}

#[test]
fn what_was_seen_goes_on_in_the_laboratory_with_the_same_names() {
    let site = Site::start();
    let (_pod, at) = watched(&site);
    at.click("#what-if");
    at.wait_until("the laboratory has the cluster", |at| {
        let rows = at.texts("[data-testid=nodes] tbody th");
        rows == ["loki-0", "loki-2"]
    });
    at.wait_until("both are ACTIVE", |at| {
        at.texts("[data-testid=nodes] tbody tr").iter().all(|row| row.contains("ACTIVE"))
    });
    at.assert_console_is_clean();
}

#[test]
fn a_list_of_streams_is_placed_and_saved() {
    let site = Site::start();
    let (_pod, at) = watched(&site);
    at.eval("document.querySelector('#streams').open = true", &[]);
    at.eval(
        "document.querySelector('#streams-list').value = arguments[0]",
        &[json!("tenant,labels\nfake,{app=\"checkout\"}\nt2,{app=x}\n{app=\"a\", env=\"b\"}\n")],
    );
    at.click("#streams-place");
    at.sees("#streams-summary", "3 streams: writes fail for 0, 1 lines could not be read.");
    let rows = at.texts("[data-testid=stream]");
    assert!(rows[0].contains("loki-") && rows[0].contains("succeeds"), "{rows:?}");
    assert!(rows[1].contains("line 3"), "{rows:?}");
    at.assert_console_is_clean();
}
