//! Every route on every screen: that it fits, and a picture of it in `target/screenshots/`.

use crate::page::{Page, Screen, artefacts};
use crate::server::Site;

/// Routes of the page, each with the name of its pictures.
const ROUTES: [(&str, &str); 3] = [
    ("#/", "home"),
    ("#/ring?sample=three-healthy", "ring-of-three"),
    ("#/ring?sample=thirty-in-three-zones", "ring-of-thirty"),
];

const SCREENS: [Screen; 4] = [Screen::DESK, Screen::DESK.dark(), Screen::PHONE, Screen::PHONE.dark()];

/// Resolves when a frame has been painted since.
const PAINTED: &str =
    "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))";

#[test]
fn every_route_fits_every_screen() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    for (route, name) in ROUTES {
        for screen in SCREENS {
            page.show_on(screen);
            page.go("");
            page.go(route);
            page.wait_until("there is a page", |page| {
                page.eval("return document.querySelector('main') !== null", &[]) == true
            });
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
