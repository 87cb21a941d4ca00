//! The whole way without a mouse.

use crate::inspector::{Inspector, read};
use crate::server::Site;

/// Presses Tab until the keyboard is there; every stop on the way shows that it has it.
#[track_caller]
fn tab_to(at: &Inspector, wanted: &str) {
    let mut stops = Vec::new();
    for _ in 0..80 {
        at.press("Tab");
        let stop = at.focused();
        assert!(shows_focus(at), "{stop} does not show that it has the keyboard");
        if stop == wanted {
            return;
        }
        stops.push(stop);
    }
    panic!("Tab never came to {wanted}: {stops:?}");
}

/// The element with the keyboard has an outline; that of a file's input is on its label.
#[track_caller]
fn shows_focus(at: &Inspector) -> bool {
    let script = "const at = document.activeElement;
        const drawn = at.type === 'file' ? document.querySelector(`label[for=${at.id}]`) : at;
        const { outlineStyle, outlineWidth } = getComputedStyle(drawn);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2";
    read(at.eval(script, &[]))
}

#[test]
fn everything_can_be_done_with_the_keyboard() {
    let site = Site::start();
    let at = Inspector::open(&site);

    at.press("Tab");
    assert_eq!(at.focused(), "Skip to the content");
    assert!(shows_focus(&at));
    at.press("Enter");
    assert_eq!(
        (at.focused(), at.eval("return location.hash", &[])),
        ("main".to_owned(), "#/ring?sample=three-healthy".into())
    );

    tab_to(&at, "sample-one-unhealthy");
    at.press("Enter");
    at.sees("#verdict-word", "Degraded");

    tab_to(&at, "ring-canvas");
    at.press("ArrowRight");
    at.sees("#readout", "token ");
    let first = at.text("#readout");
    at.sees("#said", "Token ");
    at.press("ArrowRight");
    at.wait_until("the next token", |at| at.text("#readout") != first);
    let second = at.text("#readout");
    at.press("ArrowLeft");
    at.wait_until("the first token", |at| at.text("#readout") == first);
    // The first and the last are neighbours.
    at.press("ArrowLeft");
    at.wait_until("the last token", |at| ![&*first, &*second].contains(&&*at.text("#readout")));

    at.press("Escape");
    at.sees("#readout", "Point at an arc");
    at.press("ArrowDown");
    at.sees("#readout", "loki-1 ACTIVE");
    at.press("ArrowUp");
    at.sees("#readout", "loki-3 UNHEALTHY");
    at.sees("#said", "loki-3, UNHEALTHY, owns");
    // With an instance selected, arrows go along its own tokens.
    at.press("ArrowRight");
    at.sees("#readout", "token ");
    let own = at.text("#readout");
    at.press("ArrowRight");
    at.wait_until("another token", |at| at.text("#readout") != own);
    assert!(own.contains("loki-3") && at.text("#readout").contains("loki-3"), "{own}");

    let zoomed = "return !document.querySelector('#zoom-reset').disabled";
    for (there, back) in [("Enter", "0"), ("Plus", "-"), ("=", "0")] {
        at.press(there);
        at.wait_until(there, |at| at.eval(zoomed, &[]) == true);
        at.press(back);
        at.wait_until(back, |at| at.eval(zoomed, &[]) == false);
    }
    assert_eq!(at.focused(), "ring-canvas");
    at.press("Escape");
    at.sees("#readout", "Point at an arc");

    tab_to(&at, "sort-ownership");
    at.press("Space");
    at.wait_until("sorted", |at| {
        at.attribute("th:has([data-testid=sort-ownership])", "aria-sort") == "ascending"
    });
    at.press("Enter");
    at.wait_until("sorted", |at| {
        at.attribute("th:has([data-testid=sort-ownership])", "aria-sort") == "descending"
    });
    assert_eq!(at.focused(), "sort-ownership");
    let largest = at.rows()[0].id.clone();
    tab_to(&at, &largest);
    at.press("Enter");
    at.sees("#readout", &largest);
    tab_to(&at, &at.text("#tokens-details summary"));
    at.press("Enter");
    at.wait_until("tokens", |at| !at.texts("[data-testid=token-row]").is_empty());
    at.assert_console_is_clean();
}

#[test]
fn every_control_has_a_name_and_every_id_is_used_once() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.click("#sample-one-unhealthy");
    at.sees("#verdict-word", "Degraded");
    let nameless = "const named = at => at.getAttribute('aria-label') || at.getAttribute('aria-labelledby')
            || at.textContent.trim() || at.labels?.length;
        return [...document.querySelectorAll('a, button, input, select, textarea, canvas, [role=region], nav')]
            .filter(at => !named(at)).map(at => at.outerHTML)";
    assert_eq!(read::<Vec<String>>(at.eval(nameless, &[])), [""; 0]);
    let broken = "const ids = [...document.querySelectorAll('[id]')].map(at => at.id);
        const names = ['for', 'aria-labelledby', 'aria-describedby', 'aria-controls'];
        const used = names.flatMap(name => [...document.querySelectorAll(`[${name}]`)]
            .flatMap(at => at.getAttribute(name).split(' ')));
        return [...ids.filter((id, place) => ids.indexOf(id) !== place), ...used.filter(id => !ids.includes(id))]";
    assert_eq!(read::<Vec<String>>(at.eval(broken, &[])), [""; 0]);
    let headings = at.eval("return [...document.querySelectorAll('h1, h2')].map(at => at.tagName)", &[]);
    assert_eq!(read::<Vec<String>>(headings).iter().filter(|it| *it == "H1").count(), 1);
    at.assert_console_is_clean();
}
