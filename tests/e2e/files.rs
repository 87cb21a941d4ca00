//! Rings from files: several at once, chosen or dropped, and the switch between what was loaded.

use crate::inspector::{Inspector, captured};
use crate::server::Site;

const KILLED: &str = "06_killed_after_heartbeat_timeout/loki-1.ring.json.http";
const ALONE: &str = "05_single_rf3/loki-1.ring.json.http";

#[test]
fn of_three_dropped_files_the_good_ones_load_and_the_bad_one_is_named() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let (killed, alone) = (captured(KILLED), captured(ALONE));
    at.drop_all(
        "#ring-canvas",
        &[
            ("killed.json.http", &killed),
            ("logs.txt", "level=error msg=\"at least 2 live replicas required\""),
            ("alone.json.http", &alone),
        ],
    );
    at.sees("#error-alert", "logs.txt: this is not JSON");
    at.sees("#verdict-word", "Down");
    assert_eq!(at.texts("[data-testid=loaded-ring]")[1..], ["killed.json.http", "alone.json.http"]);
    assert_eq!(pressed(&at), ["alone.json.http"]);
    assert!(!at.text("#error-alert").contains("alone"), "{}", at.text("#error-alert"));

    for (place, verdict, instances) in
        [(2, "Degraded", 3), (1, "Healthy", 3), (3, "Down", 1), (2, "Degraded", 3)]
    {
        at.click(&format!("#loaded-rings li:nth-child({place}) button"));
        at.sees("#verdict-word", verdict);
        at.settle();
        assert_eq!(at.rows().len(), instances);
        assert_eq!(pressed(&at), [&*at.texts("[data-testid=loaded-ring]")[place - 1]]);
    }
    // One ring's picture is not another's.
    let killed = at.picture("#ring-canvas");
    at.click("#loaded-rings li:nth-child(1) button");
    at.sees("#verdict-word", "Healthy");
    at.settle();
    assert_ne!(at.picture("#ring-canvas"), killed);
    at.assert_console_is_clean();
}

#[test]
fn chosen_files_load_too_and_again_when_they_are_chosen_again() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let (killed, alone) = (captured(KILLED), captured(ALONE));
    at.upload_all(
        "#ring-files",
        &[
            ("chosen-page.html", "<!DOCTYPE html><html>"),
            ("chosen-1.json", &alone),
            ("chosen-2.json", &killed),
        ],
    );
    at.sees("#error-alert", "chosen-page.html: this is the HTML page");
    at.sees("#verdict-word", "Degraded");
    assert_eq!(at.texts("[data-testid=loaded-ring]")[1..], ["chosen-1.json", "chosen-2.json"]);

    at.upload("#ring-files", "chosen-2.json", &alone);
    at.sees("#verdict-word", "Down");
    assert_eq!(at.texts("[data-testid=loaded-ring]")[1..], ["chosen-1.json", "chosen-2.json"]);
    assert_eq!(at.text("#error-alert"), "");
    at.assert_console_is_clean();
}

/// The rings that are marked as shown.
fn pressed(at: &Inspector) -> Vec<String> {
    at.texts("[data-testid=loaded-ring][aria-pressed=true]")
}
