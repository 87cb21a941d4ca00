//! Every page by the rules of axe-core, in light and dark.

use std::fs;
use std::path::Path;

use crate::inspector::PAINTED;
use crate::page::{Page, Screen};
use crate::screens::ROUTES;
use crate::server::Site;

/// What is wrong, a line for each element.
const VIOLATIONS: &str = "
    return axe.run(document, { resultTypes: ['violations'] }).then(found => found.violations.flatMap(
        rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')}: ${node.failureSummary}`)))";

#[test]
fn axe_finds_no_violation_on_any_page_in_light_and_dark() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    for (route, _) in ROUTES {
        for screen in [Screen::DESK, Screen::DESK.dark(), Screen::PHONE, Screen::PHONE.dark()] {
            page.show_on(screen);
            page.go("");
            page.go(route);
            page.wait_until("there is a page", |page| {
                page.eval("return document.querySelector('main h1') !== null", &[]) == true
            });
            assert_no_violation(&page, &format!("{route} {screen:?}"));
        }
    }
}

/// Fails when axe-core finds something on what the page shows.
#[track_caller]
pub(crate) fn assert_no_violation(page: &Page, what: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/axe-core.js");
    let axe = fs::read_to_string(&file).expect("`make tools` installs axe-core");
    page.eval(PAINTED, &[]);
    page.eval(&axe, &[]);
    let violations = page.eval(VIOLATIONS, &[]);
    let violations = violations.as_array().cloned().unwrap_or_default();
    let lines = Vec::from_iter(violations.iter().filter_map(|line| line.as_str()));
    assert!(lines.is_empty(), "{what}:\n{}", lines.join("\n"));
}
