//! A cluster that changes while it is watched, several pods of it, and what is told of each.

use std::time::Duration;

use super::pod::{Answer, Pod, page};
use super::{Live, ring};
use crate::page::Screen;
use crate::server::Site;

#[test]
fn a_captured_cluster_is_followed_through_a_kill_and_back() {
    let site = Site::start();
    let pod = Pod::start(&page("06_healthy/loki-1.ring.json.http"), &site.address);
    let at = Live::open(&site);
    at.watch(pod.address.strip_prefix("http://").unwrap());
    at.sees("#verdict-word", "Healthy");
    at.source_is("fine");
    assert_eq!(at.states(), ["loki-1 ● ACTIVE", "loki-2 ● ACTIVE", "loki-3 ● ACTIVE"]);

    pod.shows(&page("06_killed_before_heartbeat_timeout/loki-1.ring.json.http"));
    pod.asked();
    at.wait_until("it is asked again", |_| !pod.asked().is_empty());
    pod.shows(&page("06_killed_after_heartbeat_timeout/loki-1.ring.json.http"));
    at.sees("#verdict-word", "Degraded");
    at.wait_until("one is UNHEALTHY", |at| at.states().iter().any(|state| state.contains("UNHEALTHY")));
    assert!(at.changes()[0].starts_with("loki-3 ACTIVE \u{2192} UNHEALTHY"), "{:?}", at.changes());

    pod.shows(&page("06_restarted_same_id/loki-1.ring.json.http"));
    at.sees("#verdict-word", "Healthy");
    pod.shows(&page("06_after_forget/loki-1.ring.json.http"));
    at.sees("#verdict-summary", "2 instances");
    assert!(at.changes()[0].starts_with("loki-3 left the ring"), "{:?}", at.changes());

    let methods = pod.asked();
    assert!(methods.iter().all(|asked| asked == "GET /ring"), "{methods:?}");
    at.assert_console_is_clean();
}

#[test]
fn selection_and_what_is_open_stay_while_pages_come() {
    let site = Site::start();
    let pod =
        Pod::start(&ring(&[("a", "ACTIVE", 1), ("b", "LEAVING", 1), ("c", "ACTIVE", 1)]), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Degraded");
    at.click("[data-finding=leaving] summary");
    at.click("#ring-table tbody tr:nth-child(1) button");
    at.sees("#forget-headline", "Do not forget b");
    // Another heartbeat, and a newcomer that shifts places.
    pod.shows(&ring(&[("a", "ACTIVE", 0), ("aa", "ACTIVE", 0), ("b", "LEAVING", 0), ("c", "ACTIVE", 0)]));
    at.sees("#verdict-summary", "3 of 4 instances");
    at.sees("#forget-headline", "Do not forget b");
    assert_eq!(at.eval("return document.querySelector('[data-finding=leaving] details').open", &[]), true);
    at.assert_console_is_clean();
}

#[test]
fn one_request_is_under_way_at_a_time_and_none_while_paused_or_away() {
    let site = Site::start();
    let pod = Pod::start(&ring(&[("a", "ACTIVE", 1)]), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.source_is("fine");
    at.click("[data-testid=source-pause]");
    at.source_is("paused");
    std::thread::sleep(Duration::from_millis(400));
    pod.asked();
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(pod.asked(), [""; 0], "paused");
    at.click("[data-testid=source-refresh]");
    at.wait_until("it is asked by hand", |_| pod.asked().len() == 1);

    pod.answers(Answer::Never);
    at.click("[data-testid=source-pause]");
    at.wait_until("it is asked", |_| !pod.asked().is_empty());
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(pod.asked(), [""; 0], "the answer is still to come");
    // Leaving gives the request up, and coming back begins anew.
    at.click("#nav-ring");
    at.wait_until("the inspector", |at| at.texts("#ring-text").len() == 1);
    pod.shows(&ring(&[("a", "ACTIVE", 1)]));
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(pod.asked(), [""; 0], "nobody watches");
    at.assert_console_is_clean();
}

#[test]
fn what_stops_coming_is_called_stale_on_the_picture() {
    let site = Site::start();
    let pod = Pod::start(&ring(&[("a", "ACTIVE", 1)]), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.source_is("fine");
    at.click("[data-testid=source-pause]");
    at.sees("#stage-notice", "STALE: 11s old, paused");
    at.click("[data-testid=source-pause]");
    at.wait_until("it is fresh again", |at| at.texts("#stage-notice").is_empty());
    at.assert_console_is_clean();
}

#[test]
fn two_pods_that_disagree_are_shown_beside_each_other() {
    let site = Site::start();
    let all = ring(&[("loki-0", "ACTIVE", 2), ("loki-1", "ACTIVE", 2), ("loki-2", "ACTIVE", 2)]);
    let one = Pod::start(&all, &site.address);
    let other = Pod::start(&ring(&[("loki-0", "ACTIVE", 40), ("loki-1", "ACTIVE", 2)]), &site.address);
    one.has_pages_beside(
        r#"{"SortedMembers":[{"Name":"loki-0-0259e398","Addr":"10.0.0.0","Port":7946}]}"#,
        "loki_distributor_replication_factor 2\n",
    );
    let at = Live::open(&site);
    at.watch_pod("loki-0", &one.address, true);
    at.sees("#verdict-word", "Healthy");
    at.watch_pod("loki-1", &other.address, false);
    at.wait_until("they disagree", |at| at.texts("[data-testid=disagreement]").len() == 2);
    assert_eq!(
        at.texts("[data-testid=disagreement]"),
        ["loki-1 on loki-0: a heartbeat 38s older", "loki-1 on loki-2: not in its ring"]
    );
    at.click("[data-testid=live-beliefs]");
    at.wait_until("the picture tells", |at| {
        at.attributes("[data-testid=canvas-beliefs]", "aria-label")[0]
            .contains("1 of 2 copies differ from the newest")
    });
    at.sees("[data-testid=source]", "1 member");
    at.click("[data-testid=use-rf]");
    at.wait_until("the factor is used", |at| {
        at.eval("return document.querySelector('#setting-rf').value", &[]) == "2"
    });

    other.shows(&all);
    at.sees("#disagreements", "All sources agree");
    at.assert_console_is_clean();
}

#[test]
fn a_link_names_addresses_and_asks_none_of_them_by_itself() {
    let site = Site::start();
    let pod = Pod::start(&ring(&[("a", "ACTIVE", 1)]), &site.address);
    let link = format!("#/live?url={}&every=2s&rf=1", pod.ring_page().replace('/', "%2F"));
    let at = Live::open_at(&site, &link, Screen::DESK);
    at.source_is("paused");
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(pod.asked(), [""; 0]);
    at.click("[data-testid=source-pause]");
    at.sees("#verdict-word", "Healthy");
    assert_eq!(at.eval("return document.querySelector('#live-interval').value", &[]), "2");
    at.assert_console_is_clean();
}
