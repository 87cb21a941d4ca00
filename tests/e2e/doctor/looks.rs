//! What the page looks like with each sort of report: pictures in `target/screenshots/`.

use serde_json::json;

use super::{DEAD_LIST, Doctor, FAST_JOIN, MISTAKES};
use crate::access::assert_no_violation;
use crate::inspector::captured;
use crate::page::{Screen, artefacts};
use crate::screens::SCREENS;
use crate::server::Site;

/// Fits every screen; keeps a picture of each.
#[track_caller]
fn looks(at: &Doctor, name: &str) {
    for screen in SCREENS {
        at.show_on(screen);
        // A page that is open keeps its theme until the reader switches it.
        at.eval("document.documentElement.dataset.theme = arguments[0]", &[json!(screen.scheme.name())]);
        at.settle();
        let Screen { width, height, scheme } = screen;
        let file = format!("doctor-{name}-{width}x{height}-{}.png", scheme.name());
        at.screenshot(&artefacts("screenshots").join(&file));
        let needed = at.eval("return document.documentElement.scrollWidth", &[]).as_u64().unwrap();
        assert!(needed <= u64::from(width), "{file} needs {needed} pixels");
    }
    at.show_on(Screen::DESK);
}

#[test]
fn axe_finds_no_violation_in_a_report_of_all_parts() {
    let site = Site::start();
    for screen in [Screen::DESK, Screen::PHONE.dark()] {
        let at = Doctor::open_at(&site, "");
        at.show_on(screen);
        at.go("");
        at.go("#/doctor");
        let ring = captured("06_killed_after_heartbeat_timeout/loki-1.ring.json.http");
        at.drop_bytes(&[
            ("loki-0.log", DEAD_LIST.as_bytes()),
            ("loki.yaml", MISTAKES.as_bytes()),
            ("ring.json", ring.as_bytes()),
            ("other.log", b"level=error msg=\"nobody knows this\""),
        ]);
        at.wait_until("all parts", |at| {
            at.texts("#unknown, [data-testid=page-part], [data-testid=config-part]").len() == 3
        });
        assert_no_violation(&at, &format!("{screen:?}"));
    }
}

#[test]
#[ignore = "`make screenshots` takes them for people to look at"]
fn every_sort_of_report_fits_every_screen() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(FAST_JOIN);
    at.says("harmless");
    looks(&at, "harmless");
    at.click("#doctor-clear");
    at.paste(DEAD_LIST);
    at.says("act");
    looks(&at, "act");
    at.click("#doctor-clear");
    at.paste(MISTAKES);
    at.says("act");
    looks(&at, "config");
    at.drop_bytes(&[(
        "ring.json",
        captured("06_killed_after_heartbeat_timeout/loki-1.ring.json.http").as_bytes(),
    )]);
    at.wait_until("the ring", |at| at.texts("[data-testid=page-part]").len() == 1);
    at.eval("scrollTo(0, 0)", &[]);
    looks(&at, "together");
    at.click("#doctor-clear");
    // 500 000 lines.
    let script = "const [log, lines] = arguments;
        const filler = 'level=info ts=2026-01-01T00:00:30Z caller=metrics.go:1 msg=\"nothing of interest\"\\n'.repeat(1000);
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([log, ...Array(lines / 1000).fill(filler), log], 'loki-0.log'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))";
    at.eval(script, &[json!(DEAD_LIST), json!(500_000)]);
    at.says("act");
    at.sees("#doctor-totals", "500\u{202f}066 lines");
    looks(&at, "500000-lines");
    at.assert_console_is_clean();
}
