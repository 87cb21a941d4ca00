//! The ways from a browser to a real cluster: through nginx with the very text that the page prints, through the
//! relay, and by the bookmarklet on the cluster's own origin.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use ringside::live::cors::nginx;
use ringside::live::origin::Origin;

use super::pod::{Pod, Readers};
use super::{Live, ring};
use crate::inspector::read;
use crate::page::{Page, Screen};
use crate::proxy::Proxy;
use crate::server::Site;

fn cluster(site: &Site) -> Pod {
    let pod = Pod::start(&ring(&[("a", "ACTIVE", 1), ("b", "ACTIVE", 1), ("c", "ACTIVE", 1)]), &site.address);
    pod.is_read_by(Readers::Nobody);
    pod
}

#[test]
fn the_text_for_nginx_that_the_page_prints_lets_the_page_read() {
    let site = Site::start();
    let pod = cluster(&site);
    let at = Live::open(&site);
    at.watch(&pod.address);
    at.source_is("cors");
    let printed = at.texts("[data-snippet=nginx] pre");
    let expected = nginx(
        &Origin::parse(site.address.trim_end_matches('/')).unwrap(),
        &Origin::parse(&pod.address).unwrap(),
        false,
    );
    assert_eq!(printed, [expected.text.as_str()]);
    let proxy = Proxy::nginx("page", &printed[0]);
    at.click("[data-testid=source-remove]");
    at.watch(&format!("{}/ring", proxy.address));
    at.source_is("fine");
    at.sees("#verdict-word", "Healthy");
    at.assert_console_tells_of_requests_only();
}

/// `ringside-cli relay`, until dropped.
struct Relay(Child, String);

impl Relay {
    fn start(upstream: &str, origin: &str) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ringside-cli"))
            .args(["relay", "--to", upstream, "--allow-origin", origin, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the relay starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split_whitespace().find(|word| word.starts_with("http://127.0.0.1:"));
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}")).to_owned();
        Self(process, address)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_relay_lets_the_page_read_with_and_without_headers() {
    let site = Site::start();
    let pod = cluster(&site);
    let relay = Relay::start(&pod.address, site.address.trim_end_matches('/'));
    let at = Live::open(&site);
    at.watch(&relay.1);
    at.source_is("fine");
    at.sees("#verdict-word", "Healthy");
    at.click("[data-testid=source-remove]");
    at.click("#live-headers summary");
    at.fill("#live-tenant", "team-a");
    at.watch(&relay.1);
    at.source_is("fine");
    let asked = pod.asked();
    assert!(asked.iter().all(|asked| asked == "GET /ring"), "{asked:?}");
    at.assert_console_is_clean();
}

#[test]
fn the_bookmarklet_copies_a_pod_on_its_own_origin_and_the_page_takes_it() {
    let site = Site::start();
    let pod = cluster(&site);
    pod.has_pages_beside(r#"{"SortedMembers":[{"Name":"a-0259e398","Addr":"10.0.0.0","Port":7946}]}"#, "");
    let at = Live::open(&site);
    let bookmarklet: String =
        read(at.eval("return document.querySelector('#bookmarklet').getAttribute('href')", &[]));
    assert!(bookmarklet.starts_with("javascript:"), "{bookmarklet}");

    let cluster = Page::open(&format!("{}/ring", pod.address), Screen::DESK);
    pod.asked();
    // The clipboard of a headless browser is not to be read; what is written into it is.
    let script = format!(
        "window.alert = text => window.__told = text;
         Object.defineProperty(navigator, 'clipboard', {{ value: {{ writeText: async text => {{ window.__copied = text; }} }} }});
         {}",
        bookmarklet.strip_prefix("javascript:").unwrap()
    );
    cluster.eval(&script, &[]);
    cluster.wait_until("it says so", |page| {
        page.eval("return window.__told ?? ''", &[]).as_str().unwrap().contains("Copied")
    });
    let copied: String = read(cluster.eval("return window.__copied", &[]));
    let mut asked = pod.asked();
    asked.retain(|asked| asked != "GET /favicon.ico");
    assert_eq!(asked, ["GET /ring", "GET /memberlist"]);

    at.eval("document.querySelector('#live-given').open = true", &[]);
    at.eval("document.querySelector('#live-text').value = arguments[0]", &[copied.into()]);
    at.click("#live-take");
    at.source_is("given");
    at.sees("#verdict-word", "Healthy");
    at.sees("[data-testid=source]", "1 member");
    at.assert_console_is_clean();
}
