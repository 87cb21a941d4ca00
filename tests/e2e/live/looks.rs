//! What the live page looks like in each of its conditions: that it fits, and pictures in `target/screenshots/`.

use serde_json::json;

use super::pod::{Answer, Pod, Readers, page};
use super::{Live, ring};
use crate::page::{Scheme, Screen, artefacts};
use crate::screens::SCREENS;
use crate::server::Site;

/// Fits every screen; keeps a picture of each.
#[track_caller]
fn looks(at: &Live, name: &str, screens: &[Screen]) {
    for screen in screens {
        at.show_on(*screen);
        at.eval(
            "if ((document.documentElement.dataset.theme === 'dark') !== arguments[0]) document.querySelector('#theme-switch').click()",
            &[json!(matches!(screen.scheme, Scheme::Dark))],
        );
        at.eval("scrollTo(0, 0)", &[]);
        at.settle();
        let Screen { width, height, scheme } = *screen;
        let file = format!("live-{name}-{width}x{height}-{}.png", scheme.name());
        at.screenshot(&artefacts("screenshots").join(&file));
        let needed = at.eval("return document.documentElement.scrollWidth", &[]).as_u64().unwrap();
        assert!(needed <= u64::from(width), "{file} needs {needed} pixels");
    }
}

fn many(count: usize, bad: &[usize]) -> String {
    let ids = Vec::from_iter(
        (0..count).map(|place| format!("ingester-zone-{}-{place}", ["a", "b", "c"][place % 3])),
    );
    let instance = |(place, id): (usize, &'static str)| match bad.contains(&place) {
        true => (id, "UNHEALTHY", 90),
        false => (id, "ACTIVE", (place % 5) as i64),
    };
    let ids = ids.into_iter().map(|id| &*id.leak());
    ring(&Vec::from_iter(ids.enumerate().map(instance)))
}

#[test]
fn a_cluster_with_a_dead_ingester_fits_every_screen() {
    let site = Site::start();
    let pod = Pod::start(&page("06_killed_after_heartbeat_timeout/loki-1.ring.json.http"), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Degraded");
    looks(&at, "one-dead", &SCREENS);
    pod.is_read_by(Readers::Nobody);
    at.click("[data-testid=source-refresh]");
    at.source_is("cors");
    looks(&at, "failing-cors", &SCREENS);
    at.assert_console_tells_of_requests_only();
}

#[test]
#[ignore = "`make screenshots` takes them for people to look at"]
fn every_condition_fits_every_screen() {
    let site = Site::start();
    let pod = Pod::start(&page("06_healthy/loki-1.ring.json.http"), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Healthy");
    looks(&at, "healthy", &SCREENS);
    pod.shows(&page("06_killed_after_heartbeat_timeout/loki-1.ring.json.http"));
    at.sees("#verdict-word", "Degraded");
    for kind in ["timeline", "ring"] {
        at.click(&format!("[data-testid=live-{kind}]"));
        looks(&at, &format!("one-dead-{kind}"), &SCREENS);
    }
    pod.shows(&many(300, &[7, 8]));
    at.sees("#verdict-word", "Down");
    for kind in ["timeline", "ring"] {
        at.click(&format!("[data-testid=live-{kind}]"));
        looks(&at, &format!("300-{kind}"), &SCREENS);
    }
    for (answer, key) in [
        (Answer::Status(401), "login"),
        (Answer::Status(404), "not-found"),
        (Answer::Status(503), "server-error"),
        (Answer::Html, "html"),
        (Answer::Json(many(3, &[])[..500].to_owned()), "truncated"),
        (Answer::Json("{}".into()), "no-ring"),
        (Answer::TooLarge, "too-large"),
        (Answer::Never, "slow"),
    ] {
        pod.answers(answer);
        at.click("[data-testid=source-refresh]");
        at.source_is(key);
        looks(&at, &format!("failing-{key}"), &[Screen::DESK, Screen::PHONE.dark()]);
    }
    pod.shows(&many(3, &[]));
    at.click("[data-testid=failure-again]");
    at.source_is("fine");
    at.click("[data-testid=source-remove]");

    let one = Pod::start(&many(30, &[]), &site.address);
    let other = Pod::start(&many(28, &[4]), &site.address);
    at.watch_pod("ingester-zone-a-0", &one.address, false);
    at.watch_pod("ingester-zone-b-1", &other.address, false);
    at.wait_until("they disagree", |at| !at.texts("[data-testid=disagreement]").is_empty());
    at.click("[data-testid=live-beliefs]");
    looks(&at, "two-pods", &SCREENS);
    at.assert_console_tells_of_requests_only();
}
