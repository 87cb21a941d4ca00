//! The live page against servers on loopback: watching, comparing, going back, and every way to fail.

mod failures;
mod hostile;
mod looks;
mod pod;
mod reach;
mod soak;
mod time;
mod watching;

use std::ops::Deref;

use serde_json::json;

use crate::inspector::{PAINTED, read};
use crate::page::{Page, Screen};
use crate::server::Site;

/// The live page in a browser of its own.
struct Live(Page);

impl Live {
    #[track_caller]
    fn open(site: &Site) -> Self {
        Self::open_at(site, "#/live?every=1s", Screen::DESK)
    }

    #[track_caller]
    fn open_at(site: &Site, route: &str, screen: Screen) -> Self {
        let at = Self(Page::open(&format!("{}{route}", site.address), screen));
        at.wait_until("the form", |at| at.texts("#live-add").len() == 1);
        at
    }

    #[track_caller]
    fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        self.0.wait_until(what, |_| condition(self));
    }

    /// Types an address and watches it.
    #[track_caller]
    fn watch(&self, address: &str) {
        self.fill("#live-url", address);
        self.click("#live-add");
    }

    /// The same with a name, and other pages of the same pod.
    #[track_caller]
    fn watch_pod(&self, name: &str, address: &str, others: bool) {
        if self.eval("return document.querySelector('#live-headers').open", &[]) == false {
            self.click("#live-headers summary");
        }
        self.fill("#live-name", name);
        self.eval("document.querySelector('#live-others').checked = arguments[0]", &[json!(others)]);
        self.watch(address);
    }

    #[track_caller]
    fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent)";
        read(self.eval(script, &[json!(selector)]))
    }

    /// The state of every instance in the table, by ID.
    #[track_caller]
    fn states(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('#ring-table tbody tr:not(.spacer)')]
            .map(row => row.querySelector('th').textContent.trim() + ' ' + row.querySelector('.state').textContent.trim()).sort()";
        read(self.eval(script, &[]))
    }

    /// What was seen to change, newest first, without times.
    #[track_caller]
    fn changes(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('#changes-table [data-testid=change]')]
            .map(row => row.querySelector('th').textContent + ' ' + row.lastElementChild.textContent)";
        read(self.eval(script, &[]))
    }

    /// Waits until the only source is in this condition.
    #[track_caller]
    fn source_is(&self, status: &str) {
        self.wait_until(&format!("the source is {status}"), |at| {
            at.attributes("[data-testid=source]", "data-status") == [status]
        });
    }

    #[track_caller]
    fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.getAttribute(arguments[1]) ?? '')";
        read(self.eval(script, &[json!(selector), json!(name)]))
    }

    #[track_caller]
    fn settle(&self) {
        self.eval(PAINTED, &[]);
    }

    /// Nothing was logged but that requests failed, as a browser does by itself.
    #[track_caller]
    fn assert_console_tells_of_requests_only(&self) {
        let lines = self.console();
        let faults = lines.iter().filter(|line| {
            let of_requests = ["Failed to load resource", "blocked by CORS policy", "net::ERR"];
            !line.starts_with("INFO") && !of_requests.iter().any(|words| line.contains(words))
        });
        let faults = Vec::from_iter(faults);
        assert!(faults.is_empty(), "the console has {faults:#?}");
    }
}

impl Deref for Live {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

/// A ring page with these instances: ID, state, seconds since the heartbeat.
fn ring(instances: &[(&str, &str, i64)]) -> String {
    ring_at(1_790_000_000, instances)
}

fn ring_at(now: i64, instances: &[(&str, &str, i64)]) -> String {
    let shards = instances.iter().map(|(id, state, age)| {
        // Its own, whoever else is there.
        let place = id.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 200);
        let tokens = Vec::from_iter((0..64).map(|token: u32| token * 66_000_000 + place * 300_007 + 7));
        json!({
            "id": id, "state": state, "address": format!("10.0.0.{place}:9095"), "zone": "",
            "timestamp": now - age, "registered_timestamp": 1_780_000_000, "tokens": tokens,
        })
    });
    json!({ "shards": Vec::from_iter(shards), "now": now }).to_string()
}
