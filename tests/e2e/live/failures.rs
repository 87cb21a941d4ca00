//! Every way in which asking can fail is told apart and explained, and the page recovers from each.

use std::net::{Ipv4Addr, TcpListener};

use super::pod::{Answer, Pod, Readers};
use super::{Live, ring};
use crate::server::Site;

fn good() -> String {
    ring(&[("a", "ACTIVE", 1), ("b", "ACTIVE", 1), ("c", "ACTIVE", 1)])
}

#[test]
fn each_answer_that_is_no_ring_is_told_apart_and_recovered_from() {
    let site = Site::start();
    let pod = Pod::start(&good(), &site.address);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Healthy");
    let cut = good()[..900].to_owned();
    for (answer, key, says) in [
        (Answer::Status(401), "login", "wants a login (401)"),
        (Answer::Status(403), "login", "wants a login (403)"),
        (Answer::Status(404), "not-found", "no ring page at this path"),
        (Answer::Status(405), "status", "answered 405"),
        (Answer::Status(500), "server-error", "The server failed (500)"),
        (Answer::Status(503), "server-error", "could not reach Loki"),
        (Answer::Html, "html", "An HTML page came instead of JSON"),
        (Answer::Json(cut), "truncated", "breaks off"),
        (Answer::Json("{\"shards\":[{\"id\":3}]}".into()), "no-ring", "Shards[0].id"),
        (Answer::Json("hello".into()), "no-ring", "is not JSON"),
        (Answer::BreaksOff(good()), "broke-off", "broke off"),
        (Answer::TooLarge, "too-large", "32 MiB"),
    ] {
        pod.answers(answer);
        at.click("[data-testid=source-refresh]");
        at.source_is(key);
        at.sees("[data-testid=failure]", says);
        assert_eq!(at.attributes("[data-testid=failure]", "data-failure"), [key]);
        // The last good ring stays.
        assert_eq!(at.states().len(), 3, "{key}");
        pod.shows(&good());
        at.click("[data-testid=failure-again]");
        at.source_is("fine");
        at.wait_until("the panel goes", |at| at.texts("[data-testid=failure]").is_empty());
    }
    at.assert_console_tells_of_requests_only();
}

#[test]
fn a_missing_header_is_told_from_a_server_that_is_not_there() {
    let site = Site::start();
    let pod = Pod::start(&good(), &site.address);
    let at = Live::open(&site);
    for readers in [Readers::Nobody, Readers::Origin("https://elsewhere.example".into())] {
        pod.is_read_by(readers);
        at.watch(&pod.address);
        at.source_is("cors");
        at.sees("[data-testid=failure]", "does not let this page read the answer");
        let snippets = at.attributes("[data-testid=snippet]", "data-snippet");
        assert_eq!(snippets.len(), 7, "{snippets:?}");
        pod.is_read_by(Readers::Origin(site.address.trim_end_matches('/').into()));
        at.click("[data-testid=failure-again]");
        at.source_is("fine");
        at.click("[data-testid=source-remove]");
    }
    let closed_port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    at.watch(&closed_port.to_string());
    at.source_is("unreachable");
    at.sees("[data-testid=failure]", "Nothing answers at this address");
    assert!(at.texts("[data-testid=snippet]").is_empty(), "no header helps there");
    at.assert_console_tells_of_requests_only();
}

#[test]
fn a_refused_preflight_is_told_from_a_missing_header_and_a_password_is_sent_where_it_is_let() {
    let site = Site::start();
    let origin = site.address.trim_end_matches('/');
    let pod = Pod::start(&good(), origin);
    let at = Live::open(&site);
    at.click("#live-headers summary");
    at.fill("#live-tenant", "team-a");
    at.fill("#live-user", "loki");
    at.fill("#live-secret", "secret");
    at.watch(&pod.address);
    at.source_is("preflight");
    at.sees("[data-testid=failure]", "does not accept the headers sent along");
    pod.is_read_by(Readers::Nobody);
    at.click("[data-testid=failure-again]");
    at.source_is("cors");
    // "loki:secret" in base 64.
    pod.wants_password("Basic bG9raTpzZWNyZXQ=");
    pod.is_read_by(Readers::OriginWithHeaders(origin.into()));
    pod.asked();
    at.click("[data-testid=failure-again]");
    at.source_is("fine");
    at.sees("#verdict-word", "Healthy");
    let asked = pod.asked();
    assert!(asked.iter().all(|asked| asked == "GET /ring" || asked == "OPTIONS /ring"), "{asked:?}");
    let kept =
        at.eval("return location.href + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)", &[]);
    let kept = kept.as_str().unwrap();
    assert!(
        !kept.contains("secret") && !kept.contains("bG9raTpzZWNyZXQ") && !kept.contains("team-a"),
        "{kept}"
    );
    at.assert_console_tells_of_requests_only();
}

#[test]
fn an_answer_that_never_comes_is_slow_and_repeated_failures_wait_longer() {
    let site = Site::start();
    let pod = Pod::start(&good(), &site.address);
    let at = Live::open(&site);
    pod.answers(Answer::Never);
    at.watch(&pod.address);
    at.source_is("slow");
    at.sees("[data-testid=failure]", "No answer within 15 s");
    pod.answers(Answer::Status(500));
    at.click("[data-testid=failure-again]");
    at.source_is("server-error");
    pod.asked();
    std::thread::sleep(std::time::Duration::from_secs(8));
    let asked = pod.asked().len();
    assert!((1..=4).contains(&asked), "{asked} requests in 8 s, at an interval of 1 s");
    pod.shows(&good());
    at.click("[data-testid=failure-again]");
    at.source_is("fine");
    at.assert_console_tells_of_requests_only();
}
