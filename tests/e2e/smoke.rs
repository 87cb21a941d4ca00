//! Whatever else the page does, it starts, keeps quiet, and keeps to itself.

use crate::page::{Page, Screen};
use crate::server::{Site, static_host};

#[test]
fn the_page_starts_without_a_word_on_the_console() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    wait_for_start(&page);
    assert!(page.eval("return document.title", &[]).as_str().unwrap().contains("Ringside"));
    page.assert_console_is_clean();
}

#[test]
fn the_page_starts_below_any_path_of_a_plain_static_host() {
    let page = Page::open(&static_host("/tools/ring"), Screen::PHONE);
    wait_for_start(&page);
    page.assert_console_is_clean();
}

#[test]
fn the_page_asks_nothing_of_another_host() {
    let site = Site::start();
    let page = Page::open(&site.address, Screen::DESK);
    wait_for_start(&page);
    let asked = page.eval("return performance.getEntriesByType('resource').map(entry => entry.name)", &[]);
    let asked = Vec::from_iter(asked.as_array().unwrap().iter().map(|address| address.as_str().unwrap()));
    assert!(asked.iter().any(|address| address.ends_with(".wasm")), "{asked:?}");
    let foreign = Vec::from_iter(asked.iter().filter(|address| !address.starts_with(&site.address)));
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn the_server_sends_webassembly_compressed_typed_and_to_be_kept() {
    let site = Site::start();
    let index = ureq::get(&site.address).call().unwrap().body_mut().read_to_string().unwrap();
    let wasm = index.split(['"', '\'']).find(|word| word.ends_with(".wasm")).unwrap();
    let address = format!("{}{}", site.address, wasm.trim_start_matches("./"));
    let response = ureq::get(address).header("accept-encoding", "gzip, br").call().unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/wasm");
    assert_eq!(header("content-encoding"), "br");
    assert!(header("cache-control").contains("immutable"), "{}", header("cache-control"));
}

/// The script that starts the page has run, and something stands in the document.
fn wait_for_start(page: &Page) {
    page.wait_until("the page starts", |page| {
        page.eval("return 'wasmBindings' in window && document.querySelector('main') !== null", &[]) == true
    });
}
