//! The laboratory's settings and commands, as a reader changes them.

use crate::page::{Page, Screen};
use crate::server::Site;

fn open(site: &Site) -> Page {
    let page = Page::open(&site.address, Screen::DESK);
    page.go("#/simulate");
    page.sees("[data-testid=cluster]", "Replication factor");
    page
}

fn field(path: &str) -> String {
    format!("[data-testid='field-{path}']")
}

/// Sets the text of a setting, as somebody who then goes on.
#[track_caller]
fn set(page: &Page, path: &str, text: &str) {
    let input = format!("{} input", field(path));
    page.fill(&input, text);
    page.press("Enter");
}

#[track_caller]
fn value(page: &Page, path: &str) -> String {
    let script = "return document.querySelector(arguments[0]).value";
    page.eval(script, &[format!("{} input", field(path)).into()]).as_str().unwrap_or_default().to_owned()
}

#[test]
fn what_a_running_cluster_cannot_take_waits_for_a_restart() {
    let site = Site::start();
    let page = open(&site);
    set(&page, "replication_factor", "0");
    page.sees(&field("replication_factor"), "0 is not possible; allowed: a whole number from 1 to 100");
    set(&page, "replication_factor", "1");
    page.sees("[data-testid=waiting]", "Replication factor: 3 \u{2192} 1");
    page.sees(&field("replication_factor"), "default 3");
    page.click("[data-testid=restart]");
    page.wait_until("nothing waits", |page| {
        page.eval("return document.querySelector('[data-testid=waiting]') === null", &[]) == true
    });
    assert_eq!(value(&page, "replication_factor"), "1");
    page.click(&format!("{} [data-testid=to-default]", field("replication_factor")));
    page.sees("[data-testid=waiting]", "Replication factor: 1 \u{2192} 3");
    page.click("[data-testid=drop-changes]");
    page.wait_until("it is as it runs", |page| value(page, "replication_factor") == "1");
    page.assert_console_is_clean();
}

#[test]
fn what_a_running_cluster_can_take_is_a_command_that_stands_in_the_list() {
    let site = Site::start();
    let page = open(&site);
    set(&page, "groups.0.count", "4");
    page.sees("[data-testid=command]", "scale loki to 4");
    assert_eq!(value(&page, "groups.0.count"), "4");
    page.fill("[data-testid=settings-search]", "duplication");
    set(&page, "network.duplication", "1.50%");
    page.wait_until("the text as it is written", |page| value(page, "network.duplication") == "1.5%");
    page.sees("[data-testid=commands]", "1.5000 % of packets arrive twice");
    page.assert_console_is_clean();
}

#[test]
fn settings_are_found_by_their_names_and_read_as_lokis_own() {
    let site = Site::start();
    let page = open(&site);
    page.fill("[data-testid=settings-search]", "pull_push_interval");
    page.sees(&field("memberlist.pull_push_interval"), "memberlist.pull_push_interval");
    assert!(!page.text("[data-testid=cluster]").contains("Replication factor"));
    page.fill("[data-testid=settings-search]", " ");
    page.sees("[data-testid=cluster]", "Replication factor");
    set(&page, "lifecycler.num_tokens", "64");
    page.click("[data-testid=fold-Yaml]");
    page.sees("[data-testid=yaml]", "num_tokens: 64  # default: 128");
}

#[test]
fn commands_are_added_changed_and_taken_back() {
    let site = Site::start();
    let page = open(&site);
    // The scenario has one of its own, at 30s.
    page.sees("[data-testid=commands-summary]", "0 done, 1 to come");
    page.click("[data-testid=command-add]");
    page.fill("[data-testid=command-at]", "soon");
    page.click("[data-testid=command-save]");
    page.sees("[data-testid=command-error]", "\"soon\" is not a duration");
    page.fill("[data-testid=command-at]", "20s");
    page.click("[data-testid=command-save]");
    page.sees("[data-testid=command]", "kill -9 loki-2");
    page.sees("[data-testid=commands-summary]", "0 done, 2 to come");

    page.click("[data-testid=command-edit]");
    page.click("[data-testid=command-editor] summary");
    page.fill("[data-testid=command-json]", r#"{"pause": {"pod": "loki-7"}}"#);
    page.click("[data-testid=command-save]");
    page.sees("[data-testid=command-error]", "no pod is called \"loki-7\"");
    page.fill("[data-testid=command-json]", r#"{"pause": {"pod": "loki-1"}}"#);
    page.click("[data-testid=command-save]");
    page.sees("[data-testid=command]", "loki-1 is paused");

    page.click("[data-testid=command-go]");
    page.sees("[data-testid=now]", "00:20.000");
    page.sees("[data-testid=commands-summary]", "1 done, 1 to come");
    page.click("[data-testid=command-edit]");
    page.click("[data-testid=command-delete]");
    page.sees("[data-testid=commands-summary]", "0 done, 1 to come");
    page.assert_console_is_clean();
}
