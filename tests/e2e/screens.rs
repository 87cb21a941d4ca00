//! Every route on every screen: that it fits, and a picture of it in `target/screenshots/`.

use std::thread;
use std::time::Duration;

use ringside::lab::share::Shared;
use ringside::sim::Scenario;
use ringside::time::Instant;
use serde_json::json;

use crate::page::{Page, Screen, artefacts};
use crate::server::Site;

/// Routes of the page, each with the name of its pictures.
pub(crate) const ROUTES: [(&str, &str); 6] = [
    ("#/", "home"),
    ("#/simulate", "simulate"),
    ("#/live", "live"),
    ("#/doctor", "doctor"),
    ("#/ring?sample=three-healthy", "ring-of-three"),
    ("#/ring?sample=thirty-in-three-zones", "ring-of-thirty"),
];

pub(crate) const SCREENS: [Screen; 4] =
    [Screen::DESK, Screen::DESK.dark(), Screen::PHONE, Screen::PHONE.dark()];

/// Resolves when a frame has been painted since.
const PAINTED: &str =
    "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))";

#[test]
fn every_route_fits_every_screen() {
    fits_every_screen(&ROUTES.map(|(route, name)| (route.to_owned(), name.to_owned())));
}

#[test]
#[ignore = "`make screenshots` takes them for people to look at"]
fn every_picture_of_a_cluster_fits_every_screen() {
    let cluster = |nodes: u32, picture: &str| {
        let scenario = json!({
            "name": format!("of-{nodes}"), "title": format!("{nodes} pods"), "until": "5m",
            "options": { "groups": [{ "name": "loki", "count": nodes, "zones": ["zone-a", "zone-b", "zone-c"] }] },
            "steps": [
                { "at": "15s", "do": { "workload": { "pushes_per_second": 5, "queries_per_second": 2 } } },
                { "at": "19.5s", "do": { "kill": { "pod": "loki-1" } } },
            ],
        });
        let at = Instant::from_nanos(20_500_000_000);
        let scenario = Scenario::parse(&scenario.to_string()).unwrap();
        let shared = Shared { at, picture: picture.to_owned(), ..Shared::new(scenario) };
        (format!("#/simulate?{}", shared.to_link().unwrap()), format!("simulate-{nodes}-{picture}"))
    };
    let pictures = ["ring", "mesh", "beliefs", "timeline"];
    let routes = [3, 30, 300].iter().flat_map(|nodes| pictures.map(|picture| cluster(*nodes, picture)));
    fits_every_screen(&Vec::from_iter(routes));
}

#[track_caller]
fn fits_every_screen(routes: &[(String, String)]) {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    for (route, name) in routes {
        for screen in SCREENS {
            page.show_on(screen);
            page.go("");
            page.go(route);
            page.wait_until("there is a page", |page| {
                page.eval("return document.querySelector('main') !== null", &[]) == true
            });
            // Hundreds of nodes take their time.
            while page.eval("return document.body.innerText.includes('Running to ')", &[]) == true {
                thread::sleep(Duration::from_millis(100));
            }
            page.eval(PAINTED, &[]);
            let Screen { width, height, scheme } = screen;
            let file = format!("{name}-{width}x{height}-{}.png", scheme.name());
            page.screenshot(&artefacts("screenshots").join(&file));
            let needed = page.eval("return document.documentElement.scrollWidth", &[]).as_u64().unwrap();
            assert!(needed <= u64::from(width), "{file} needs {needed} pixels");
            page.assert_console_is_clean();
        }
    }
}
