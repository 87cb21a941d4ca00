//! Links and files that bring back exactly this.

use serde_json::Value;

use crate::page::{Page, Screen};
use crate::server::Site;

const LINK: &str =
    "#/simulate?scenario=sigkill-one-of-three&seed=7&t=1m15s&view=beliefs&view2=mesh&observer=loki-2";

#[track_caller]
fn value(page: &Page, selector: &str) -> String {
    page.wait_until(selector, |page| {
        page.eval("return document.querySelector(arguments[0]) !== null", &[selector.into()]) == true
    });
    let text = page.eval("return document.querySelector(arguments[0]).value", &[selector.into()]);
    text.as_str().unwrap_or_default().to_owned()
}

#[track_caller]
fn share(page: &Page) -> String {
    page.press("Control+k");
    page.fill("[data-testid=palette]", "share");
    page.press("Enter");
    value(page, "[data-testid=share-link]")
}

#[test]
fn a_link_brings_back_the_instant_the_pictures_and_the_fingerprint() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    page.go(LINK);
    page.sees("[data-testid=arrival]", "The link has no fingerprint");
    page.sees("[data-testid=now]", "01:15.000");
    let pressed =
        "return document.querySelector('[data-testid=picture-beliefs]').getAttribute('aria-pressed')";
    assert_eq!(page.eval(pressed, &[]), "true");
    let link = share(&page);
    let (address, rest) = link.split_once(LINK).unwrap_or_else(|| panic!("{link}"));
    assert_eq!(address, site.address);
    assert!(rest.starts_with("&fp="), "{link}");
    assert!(value(&page, "[data-testid=share-embed]").contains("&amp;embed=1\" title="));

    page.go("");
    page.go(&link[address.len()..]);
    page.sees("[data-testid=arrival]", "The same run as was shared, at 01:15.000: same fingerprint ");
    // Another link while the page is open; one digit of its fingerprint is not that of the run.
    let last = if link.ends_with('0') { "1" } else { "0" };
    page.go(&format!("{}{last}", &link[address.len()..link.len() - 1]));
    page.sees("[data-testid=arrival]", "answers differently");
    page.assert_console_is_clean();
}

#[test]
fn a_link_that_makes_no_sense_says_so_and_the_page_works() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::PHONE);
    page.go("#/simulate?s=AAAA");
    page.sees("[data-testid=lab-problem]", "This link cannot be opened. the link's scenario is damaged");
    page.sees("[data-testid=now]", "00:00.000");
    page.assert_console_is_clean();
}

#[test]
fn a_file_is_opened_wherever_it_comes_from() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    page.go("#/simulate");
    let file = r#"{"ringside": 1, "at": "12s", "scenario": {"name": "mine", "seed": 9, "until": "1m"}}"#;
    page.drop_file(".lab-centre", "mine.json", file);
    page.sees("[data-testid=now]", "00:12.000");
    assert_eq!(value(&page, "[data-testid=seed]"), "9");
    share(&page);
    page.upload("[data-testid=share-open]", "other.json", &file.replace("12s", "5s"));
    page.sees("[data-testid=now]", "00:05.000");
    share(&page);
    page.upload("[data-testid=share-open]", "bad.json", "{}");
    page.sees("[data-testid=lab-problem]", "bad.json cannot be opened. ");
    page.assert_console_is_clean();
}

#[test]
fn what_was_chosen_is_remembered_on_this_machine() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    page.go("#/simulate");
    page.click("[data-testid=picture-timeline]");
    page.press("]");
    page.sees("[data-testid=speed-name]", "2\u{d7}");
    let kept = "return localStorage.getItem('ringside-lab') || ''";
    page.wait_until("it is kept", |page| {
        let kept = page.eval(kept, &[]);
        kept.as_str().is_some_and(|kept| kept.contains("picture=timeline") && kept.contains("speed=1"))
    });
    page.go("");
    page.go("#/simulate");
    page.sees("[data-testid=speed-name]", "2\u{d7}");
    let pressed =
        "return document.querySelector('[data-testid=picture-timeline]').getAttribute('aria-pressed')";
    assert_eq!(page.eval(pressed, &[]), Value::from("true"));
    page.assert_console_is_clean();
}
