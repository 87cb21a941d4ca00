//! A ring from an address: asked for once, with the right header, and every way in which that can fail.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::header::{ACCEPT, ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::http::{HeaderName, Request, StatusCode};
use tokio::sync::Notify;

use crate::inspector::{Inspector, captured, read};
use crate::server::{Site, listen};

const RING: &str = "06_killed_after_heartbeat_timeout/loki-1.ring.json.http";

/// A host that answers each path in its own way, and keeps a list of what it was asked.
struct Host {
    /// Without a slash at the end.
    address: String,
    /// `GET /ring application/json`
    asked: Arc<Mutex<Vec<String>>>,
    /// Lets `/slow/ring` answer.
    go: Arc<Notify>,
}

impl Host {
    fn start() -> Self {
        let saved = captured(RING);
        let ring = saved[saved.find('{').unwrap()..].to_owned();
        let (asked, go) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Notify::new()));
        let (list, wait) = (Arc::clone(&asked), Arc::clone(&go));
        let router = Router::new().fallback(move |request: Request<axum::body::Body>| {
            let accept =
                request.headers().get(ACCEPT).map(|accept| accept.to_str().unwrap()).unwrap_or_default();
            let path = request.uri().path().to_owned();
            list.lock().unwrap().push(format!("{} {path} {accept}", request.method()));
            let (ring, wait) = (ring.clone(), Arc::clone(&wait));
            async move {
                if path == "/slow/ring" {
                    wait.notified().await;
                }
                answer(&path, ring)
            }
        });
        Self { address: listen(router), asked, go }
    }

    /// What it was asked since the last look.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

type Answer = (StatusCode, [(HeaderName, &'static str); 2], String);

fn answer(path: &str, ring: String) -> Answer {
    const JSON: &str = "application/json";
    const OPEN: &str = "*";
    let (status, kind, origins, body) = match path {
        "/ring" | "/slow/ring" => (StatusCode::OK, JSON, OPEN, ring),
        // What Loki itself does: it names no origin that may read.
        "/closed/ring" => (StatusCode::OK, JSON, "null", ring),
        "/html/ring" => (StatusCode::OK, "text/html", OPEN, "<!DOCTYPE html><html></html>".to_owned()),
        "/failing/ring" => (StatusCode::INTERNAL_SERVER_ERROR, "text/plain", OPEN, "boom".to_owned()),
        "/login/ring" => (StatusCode::UNAUTHORIZED, "text/plain", OPEN, "no org id".to_owned()),
        _ => (StatusCode::NOT_FOUND, "text/plain", OPEN, "404 page not found".to_owned()),
    };
    (status, [(CONTENT_TYPE, kind), (ACCESS_CONTROL_ALLOW_ORIGIN, origins)], body)
}

#[test]
fn a_ring_is_fetched_once_and_as_json() {
    let (site, host) = (Site::start(), Host::start());
    let at = Inspector::open(&site);
    // Scheme and path are filled in; Enter is as good as the button.
    at.fill("#ring-url", host.address.strip_prefix("http://").unwrap());
    at.press("Enter");
    at.sees("#verdict-word", "Degraded");
    assert_eq!(at.states(), ["ACTIVE", "ACTIVE", "UNHEALTHY"]);
    assert_eq!(host.asked(), ["GET /ring application/json"]);
    let loaded = at.texts("[data-testid=loaded-ring]");
    assert_eq!(loaded[1], format!("{}/ring", host.address));

    at.click("#sample-three-healthy");
    at.sees("#verdict-word", "Healthy");
    at.click("#fetch-button");
    at.sees("#verdict-word", "Degraded");
    assert_eq!(host.asked(), ["GET /ring application/json"]);
    assert_eq!(at.texts("[data-testid=loaded-ring]"), loaded);

    let asked = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let foreign = Vec::from_iter(
        read::<Vec<String>>(at.eval(asked, &[])).into_iter().filter(|it| !it.starts_with(&site.address)),
    );
    assert_eq!(foreign, vec![format!("{}/ring", host.address); 2]);
    at.assert_console_is_clean();
}

#[test]
fn while_an_answer_takes_its_time_the_page_says_so_and_goes_on() {
    let (site, host) = (Site::start(), Host::start());
    let at = Inspector::open(&site);
    let address = format!("{}/slow/ring", host.address);
    at.put("#ring-url", &address);
    at.click("#fetch-button");
    at.sees("#busy", &format!("Reading {address}"));
    at.wait_until("the host is asked", |_| !host.asked().is_empty());
    assert_eq!(at.eval("return document.querySelector('#fetch-button').disabled", &[]), true);
    at.fill("#setting-rf", "4");
    at.sees("#trace-write", "RF 4");
    at.fill("#setting-rf", "3");
    assert_eq!(at.states(), ["ACTIVE"; 3]);
    host.go.notify_one();
    at.sees("#verdict-word", "Degraded");
    at.wait_until("nothing is under way", |at| at.texts("#busy") == [""]);
    assert_eq!(at.eval("return document.querySelector('#fetch-button').disabled", &[]), false);
    assert_eq!(host.asked(), [""; 0]);
    at.assert_console_is_clean();
}

#[test]
fn what_cannot_be_fetched_is_explained_with_the_command_that_can() {
    let (site, host) = (Site::start(), Host::start());
    let at = Inspector::open(&site);
    let closed_port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let nobody = format!("http://{closed_port}/ring");
    let failing = [
        (format!("{}/closed/ring", host.address), "Loki sends no CORS header"),
        (format!("{}/nothing", host.address), "There is no ring page at this path (404)"),
        (format!("{}/failing/ring", host.address), "The server failed (500)"),
        (format!("{}/login/ring", host.address), "The server wants a login (401)"),
        (nobody.clone(), "Nothing answers at this address"),
    ];
    let before = at.ring();
    for (address, message) in &failing {
        at.put("#ring-url", address);
        at.click("#fetch-button");
        at.sees("#error-alert", message);
        assert_eq!(
            at.texts("#error-alert code"),
            [format!("curl -s -H 'Accept: application/json' '{address}'")]
        );
        at.wait_until("nothing is under way", |at| at.texts("#busy") == [""]);
        assert_eq!(at.ring(), before, "{address}");
        at.assert_console_only_tells_of(address);
        at.dismiss();
    }
    let asked = host.asked();
    // The one that hides its answer is asked once more, to tell it from one that gives none; nobody is not there to be asked.
    assert_eq!(asked.len(), failing.len(), "{asked:?}");

    at.put("#ring-url", &format!("{}/html/ring", host.address));
    at.click("#fetch-button");
    at.sees("#error-alert", "this is the HTML page");
    assert!(at.texts("#error-alert code")[0].contains("-H 'Accept: application/json'"));

    let (asked, none) = (host.asked(), Vec::<String>::new());
    assert_eq!(asked, ["GET /html/ring application/json"]);
    for (typed, message) in [
        ("ftp://loki/ring", "no scheme to fetch a ring with"),
        ("http://lo ki/ring", "is no address"),
        ("javascript:alert(1)", "Nothing answers at this address"),
    ] {
        at.put("#ring-url", typed);
        at.click("#fetch-button");
        at.sees("#error-alert", message);
    }
    assert_eq!(host.asked(), none);
    assert_eq!(at.ring(), before);
    at.assert_console_only_tells_of(&host.address);
}
