//! The laboratory, the way a learner goes: break something, see what it means, go back, try something else.

use crate::laboratory::Bench;
use crate::page::Screen;
use crate::server::Site;

/// When the three are well, in seconds.
const WELL: f64 = 60.0;

#[test]
fn a_killed_instance_is_unhealthy_a_minute_later_and_the_past_can_be_changed() {
    let site = Site::start();
    let at = Bench::open(&site);
    at.click("[data-testid=play]");
    at.wait_until("time passes", |at| at.now() > 0.1);
    at.click("[data-testid=play]");
    at.scrub(WELL);
    at.sees_of("loki-1", "ACTIVE");
    at.sees("[data-testid=verdict-0]", "3/3");

    at.click_node("healthy-3", 1);
    at.sees("[data-testid=menu]", "kill -9");
    at.click("[data-testid=menu] [data-testid=deed-k]");
    at.sees_of("loki-1", "down");
    at.sees("[data-testid=verdict-1]", "3/3");
    at.click("[data-testid=until]");
    at.click("[data-testid=until-unhealthy]");
    at.sees_of("loki-1", "UNHEALTHY");
    let unhealthy = at.now();
    assert!((WELL + 55.0..WELL + 66.0).contains(&unhealthy), "{unhealthy}");
    at.sees("[data-testid=verdict-0]", "2/3");
    at.click("[data-testid=verdict-1]");
    at.sees("[data-testid=explained]", "loki-1");

    // Back to before it was missed: the other way to lose it.
    at.scrub(WELL + 20.0);
    at.sees_of("loki-1", "ACTIVE");
    at.press("b");
    at.wait_until("another run", |at| at.count("[data-testid=run] option") == 2);
    at.click("[data-testid=node-row]");
    at.press("k");
    at.sees_of("loki-0", "down");
    at.scrub(WELL + 90.0);
    at.sees("[data-testid=verdict-1]", "1/3");
    at.choose("[data-testid=compare]", "0");
    at.wait_until("two pictures", |at| at.count(".lab-pane") == 2);
    at.choose("[data-testid=run]", "0");
    at.sees("[data-testid=verdict-1]", "2/3");
    at.assert_console_is_clean();
}

#[test]
fn the_same_without_a_mouse() {
    let site = Site::start();
    let at = Bench::open(&site);
    at.press(" ");
    at.wait_until("time passes", |at| at.now() > 0.1);
    at.press(" ");
    for _ in 0..6 {
        at.press("l");
    }
    at.sees_of("loki-1", "ACTIVE");
    at.focus("[data-testid=pane-mesh] canvas");
    at.press("ArrowRight");
    at.press("ArrowRight");
    at.sees("#said", "loki-1");
    at.press("Enter");
    at.sees("[data-testid=menu]", "kill -9");
    at.press("k");
    at.sees_of("loki-1", "down");
    at.press("Control+k");
    at.wait_until("the palette", |at| at.focused() == "palette");
    at.type_into("[data-testid=palette]", "UNHEALTHY");
    at.press("Enter");
    at.sees_of("loki-1", "UNHEALTHY");
    at.sees("[data-testid=verdict-0]", "2/3");
    at.press("Home");
    at.wait_until("the beginning", |at| at.now() == 0.0);
    at.press("?");
    at.sees("[data-testid=sheet]", "Play or pause");
    at.press("Escape");
    at.wait_until("the sheet is gone", |at| at.count("[data-testid=sheet]") == 0);
    at.assert_console_is_clean();
}

#[test]
fn a_guest_has_no_chrome() {
    let site = Site::start();
    for address in ["?embed=1#/simulate", "#/simulate?embed=1"] {
        let at = Bench::open_at(&site.address, address, Screen { width: 600, height: 420, ..Screen::DESK });
        at.wait_until("no header", |at| {
            at.eval("return getComputedStyle(document.querySelector('header')).display", &[]) == "none"
        });
        assert_eq!((at.count(".lab-side"), at.count("[data-testid=play]")), (0, 1));
        let link = at.eval("return document.querySelector('.lab-figure a').getAttribute('href')", &[]);
        assert!(link.as_str().is_some_and(|link| link.ends_with("#/simulate")), "{link}");
        at.assert_console_is_clean();
    }
}
