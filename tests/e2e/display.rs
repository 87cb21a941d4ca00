//! Light and dark, small and sharp screens, and readers who want less motion.

use serde_json::{Value, json};

use crate::inspector::{Inspector, captured, read};
use crate::page::{Page, Screen};
use crate::server::Site;

#[test]
fn the_system_chooses_the_theme_until_the_reader_does_for_good() {
    let site = Site::start();
    let at = Inspector::open_at(&site, "#/ring", Screen::DESK.dark());
    assert_eq!(theme(&at), "dark");
    at.show_on(Screen::DESK);
    reload(&at);
    assert_eq!(theme(&at), "light");
    at.settle();
    let (paper, picture) = (paper(&at), at.picture("#ring-canvas"));

    at.click("#theme-switch");
    at.wait_until("dark", |at| at.eval("return document.documentElement.dataset.theme", &[]) == "dark");
    assert_eq!(
        (theme(&at), at.texts("#theme-switch")),
        ("dark".to_owned(), vec!["\u{25d1} Light theme".to_owned()])
    );
    at.settle();
    assert_ne!(self::paper(&at), paper);
    let dark = at.picture("#ring-canvas");
    assert_ne!(dark, picture);

    reload(&at);
    assert_eq!(theme(&at), "dark");
    at.settle();
    assert_eq!(at.picture("#ring-canvas"), dark);
    at.show_on(Screen::DESK.dark());
    at.click("#theme-switch");
    reload(&at);
    assert_eq!(theme(&at), "light");
    at.settle();
    assert_eq!(at.picture("#ring-canvas"), picture);
    at.assert_console_is_clean();
}

fn theme(at: &Inspector) -> String {
    at.attribute("html", "data-theme")
}

fn paper(at: &Inspector) -> String {
    read(at.eval("return getComputedStyle(document.body).backgroundColor", &[]))
}

#[track_caller]
fn reload(at: &Inspector) {
    at.eval("window.__before = true; location.reload()", &[]);
    at.wait_until("the page starts again", |at| {
        at.eval("return !window.__before && document.querySelector('#verdict-word') !== null", &[]) == true
    });
}

#[test]
fn nothing_is_wider_than_a_small_telephone() {
    let site = Site::start();
    let small = Screen { width: 360, height: 740, ..Screen::PHONE };
    let at = Inspector::open_at(&site, "#/ring", small);
    let fits = |what: &str| {
        at.settle();
        let widths = "const wide = [...document.querySelectorAll('body *')]
                .filter(at => at.getBoundingClientRect().right > 360.5 && !at.closest('.scroller, .unseen'));
            return [innerWidth, document.documentElement.scrollWidth, wide.map(at => at.outerHTML.slice(0, 120))]";
        let (window, needed, wide): (u32, u32, Vec<String>) = read(at.eval(widths, &[]));
        assert_eq!((window, needed), (360, 360), "{what}: {wide:#?}");
    };
    fits("three ingesters");
    for (sample, instances) in [("one-unhealthy", 3), ("single-replica", 1), ("thirty-in-three-zones", 30)] {
        at.show_sample(sample, instances);
        at.eval("document.querySelectorAll('details').forEach(details => details.open = true)", &[]);
        fits(sample);
    }
    at.click("[data-testid=ring-row] button");
    at.sees("#readout", "tokens");
    fits("a selected instance");
    let saved = captured("02_healthy/loki-1.ring.json.http").replace("loki-1", &"long-name".repeat(40));
    at.paste(&saved);
    fits("long names");
    at.put("#trace-labels", &format!("{{app=\"{}\"}}", "x".repeat(300)));
    fits("long labels");
    at.put("#setting-now", &"x".repeat(300));
    fits("a long mistake");
    at.paste(&format!("{{\"{}\": 1}}", "x".repeat(300)));
    fits("a long message");
    at.eval("location.hash = '#/'", &[]);
    at.wait_until("home", |at| at.eval("return !!document.querySelector('#home-canvas')", &[]) == true);
    fits("home");
    at.eval("location.hash = '#/nowhere'", &[]);
    at.sees("main h1", "There is no such page");
    fits("nowhere");
    at.assert_console_is_clean();
}

#[test]
fn the_canvas_has_every_pixel_of_its_screen_and_follows_the_window() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let sizes = "const canvas = document.querySelector('#ring-canvas');
        const area = canvas.getBoundingClientRect();
        return [canvas.width, canvas.height, area.width, area.height, devicePixelRatio]";
    let screen = |width: u32, height: u32, ratio: f64| {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": ratio, "mobile": false });
        at.devtools("Emulation.setDeviceMetricsOverride", metrics);
    };
    let fits = |ratio: f64| {
        let mut seen = [0.0; 5];
        at.wait_until(&format!("a canvas for {ratio}"), |at| {
            at.settle();
            seen = read(at.eval(sizes, &[]));
            seen[4] == ratio && seen[0] == (seen[2] * ratio).round() && seen[1] == (seen[3] * ratio).round()
        });
        assert!(at.ink("#ring-canvas") > 0.01);
        seen
    };
    let plain = fits(1.0);
    screen(1440, 900, 2.0);
    reload(&at);
    let sharp = fits(2.0);
    assert_eq!((sharp[0], sharp[1]), (plain[0] * 2.0, plain[1] * 2.0));
    screen(1000, 700, 2.0);
    at.wait_until("another size", |at| read::<[f64; 5]>(at.eval(sizes, &[]))[2] != sharp[2]);
    let small = fits(2.0);
    assert!(small[1] < sharp[1], "{small:?}");
    // Over to another screen.
    screen(1200, 800, 1.5);
    assert!(fits(1.5)[3] > small[3]);
    screen(1440, 900, 1.0);
    assert_eq!(fits(1.0), plain);
    at.assert_console_is_clean();
}

#[test]
fn the_ring_at_home_moves_unless_the_reader_wants_less_motion() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    // Rests take no time, and are counted.
    let script = "window.__rests = 0;
        const wait = window.setTimeout;
        window.setTimeout = (then, millis, ...more) => { window.__rests += 1; return wait(then, 0, ...more); }";
    page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script }));
    let picture = "return document.querySelector('#home-canvas')?.toDataURL() ?? ''";
    let frames = "return new Promise(done => {
        let left = 30;
        const next = () => (left -= 1) > 0 ? requestAnimationFrame(next) : done(window.__rests);
        next();
    })";
    let start = |motion: &str| {
        page.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [
            { "name": "prefers-reduced-motion", "value": motion },
            { "name": "prefers-color-scheme", "value": "light" },
        ] }),
        );
        page.eval("window.__before = true; location.reload()", &[]);
        page.wait_until("the page starts again", |page| {
            page.eval("return !window.__before && !!document.querySelector('#home-canvas')", &[]) == true
        });
        page.eval(crate::inspector::PAINTED, &[]);
        page.eval(picture, &[])
    };

    let moving = start("no-preference");
    page.wait_until("the needle moves", |page| page.eval(picture, &[]) != moving);
    assert_ne!(page.eval(frames, &[]), json!(0));

    let still = start("reduce");
    assert_ne!(still, Value::from(""));
    assert_eq!(page.eval(frames, &[]), json!(0), "no rest that a motion follows");
    assert_eq!(page.eval(picture, &[]), still);
    page.assert_console_is_clean();
}
