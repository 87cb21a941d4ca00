//! Whatever is pasted, dropped or linked in place of a ring: the page says what is wrong with it, keeps the last good
//! ring, and takes every text for text.

use serde_json::{Value, json};

use crate::inspector::{Inspector, captured, read};
use crate::page::Screen;
use crate::server::Site;

const RING: &str = "02_healthy/loki-1.ring.json.http";

/// A ring as JSON, to be spoilt.
fn ring() -> Value {
    let saved = captured(RING);
    serde_json::from_str(&saved[saved.find('{').unwrap()..]).unwrap()
}

/// The ring with another value at a place.
fn spoilt(place: &str, value: Value) -> String {
    let mut ring = ring();
    *ring.pointer_mut(place).unwrap() = value;
    ring.to_string()
}

#[test]
fn what_is_no_ring_is_named_and_the_last_good_ring_stays() {
    const CURL: &str = "curl -s -H 'Accept: application/json'";
    let whole = ring().to_string();
    let mut twice = ring();
    let first = twice["shards"][0].clone();
    twice["shards"].as_array_mut().unwrap().push(first);
    let bad = [
        (String::new(), "there is nothing here", CURL),
        (" \n\t ".to_owned(), "there is nothing here", CURL),
        ("<!DOCTYPE html>\n<html><b>Ring Status</b></html>".to_owned(), "this is the HTML page", CURL),
        (whole[..whole.len() / 2].to_owned(), "the JSON breaks off at line 1, column", "copy it whole"),
        (whole.replacen(':', "=", 1), "the JSON is broken at line 1, column 7: expected `:`", ""),
        (
            "{\"status\": \"success\", \"data\": []}".to_owned(),
            "no ring: ",
            "an object with \"data\", \"status\"",
        ),
        ("[1, 2]".to_owned(), "this is JSON, but no ring", "a list"),
        (
            spoilt("/shards/1/tokens/5", json!("x")),
            "shards[1].tokens[5]: invalid type: string \"x\"",
            "line 1",
        ),
        (spoilt("/shards/0/tokens/0", json!(4_294_967_296_u64)), "shards[0].tokens[0]: invalid value", "u32"),
        (spoilt("/shards/2/tokens/127", json!(-1)), "shards[2].tokens[127]: invalid value: integer `-1`", ""),
        (spoilt("/shards/0/state", json!("HAPPY")), "shards[0].state: \"HAPPY\" is no state", "UNHEALTHY"),
        (spoilt("/shards/0/timestamp", json!("noon")), "shards[0].timestamp: ", "noon"),
        (spoilt("/shards/1", json!(7)), "shards[1]: invalid type: integer `7`", ""),
        (twice.to_string(), "instance \"loki-1\" stands twice", ""),
        (
            "level=error caller=ring.go msg=\"empty ring\"".to_owned(),
            "this is not JSON",
            "level=error caller",
        ),
        ("404 page not found\n".to_owned(), "answered \"404 page not found\"", "/compactor/ring"),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\nno".to_owned(), "503 Service Unavailable", ""),
        ("\u{0}\u{1}\u{feff}".to_owned(), "this is not JSON", CURL),
        ("[".repeat(20_000), "no ring", "a list"),
        ("{\"shards\":".repeat(20_000), "shards", ""),
    ];
    let site = Site::start();
    let at = Inspector::open(&site);
    at.paste(&captured(RING));
    let before = at.ring();
    assert_eq!(at.texts("#error-alert"), [""]);
    assert_eq!(at.attribute("#error-alert", "role"), "alert");
    for (text, message, more) in bad {
        let start = text.chars().take(40).collect::<String>();
        at.paste(&text);
        let said = at.texts("#error-alert").concat();
        assert!(said.contains(message) && said.contains(more), "{start:?}: {said}");
        assert!(said.len() < 600, "{start:?}: {} bytes of message", said.len());
        assert_eq!(at.ring(), before, "{start:?}");
        assert_eq!(at.texts("#source"), ["Not what you just loaded: still showing pasted"]);
        at.dismiss();
        assert_eq!(at.texts("#source"), ["pasted"]);
    }
    at.put("#ring-text", "nonsense");
    at.click("#load-button");
    at.sees("#error-alert", "this is not JSON");
    at.click("#error-dismiss");
    at.wait_until("the message goes", |at| at.text("#error-alert").is_empty());
    at.paste("nonsense");
    at.paste(&captured(RING));
    assert_eq!(at.text("#error-alert"), "");
    assert_eq!((at.ring(), at.texts("#source")), (before, vec!["pasted".to_owned()]));
    at.assert_console_is_clean();
}

#[test]
fn fifty_megabytes_are_refused_before_they_are_read() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let before = at.ring();
    let refused = |source: &str| {
        at.wait_until(source, |at| at.text("#error-alert").contains("a ring page may have at most"));
        assert!(at.text("#error-alert").contains("MB"), "{}", at.text("#error-alert"));
        assert_eq!(at.ring(), before, "{source}");
        at.dismiss();
    };
    at.eval(
        "const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(50e6)], 'large.json'));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));",
        &[],
    );
    refused("a file");
    at.eval(
        "const data = new DataTransfer();
        data.setData('text/plain', '{\"shards\": ['.padEnd(50e6, ' '));
        const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
        document.querySelector('#ring-text').dispatchEvent(paste);",
        &[],
    );
    refused("the clipboard");
    // A real field takes many seconds for that much: here it only says that it has it.
    at.eval(
        "const field = document.querySelector('#ring-text');
        Object.defineProperty(field, 'value', { configurable: true, get: () => '{\"shards\": ['.padEnd(50e6, ' ') });
        field.dispatchEvent(new InputEvent('input', { bubbles: true }));
        document.querySelector('#load-button').click();",
        &[],
    );
    refused("the text field");
    at.eval("delete document.querySelector('#ring-text').value", &[]);
    at.paste(&captured("05_single_rf3/loki-1.ring.json.http"));
    at.sees("#table-count", "1 of 1");
    at.assert_console_is_clean();
}

#[test]
fn hostile_names_are_shown_as_text_and_nothing_more() {
    let hostile = [
        "<img src=x onerror=window.__pwned=1>".to_owned(),
        "\"><script>window.__pwned=1</script>".to_owned(),
        "javascript:window.__pwned=1".to_owned(),
        "&lt;b&gt;'`${window.__pwned=1}{{__pwned=1}}".to_owned(),
        "\u{202e}evitca\u{0} \u{7}\u{1b}[31m".to_owned(),
        "x".repeat(10_000),
        String::new(),
    ];
    let mut ring = ring();
    let template = ring["shards"][0].clone();
    let shards = hostile.iter().enumerate().map(|(place, id)| {
        let mut shard = template.clone();
        for field in ["id", "address", "zone"] {
            shard[field] = json!(id);
        }
        shard["tokens"] = json!([place * 500_000_000, place * 500_000_000 + 77]);
        shard
    });
    ring["shards"] = Value::from_iter(shards);
    let ring = ring.to_string();

    let site = Site::start();
    let at = Inspector::open(&site);
    // The page has one script of its own, and no picture.
    let foreign = "return [document.querySelectorAll('script').length, document.querySelectorAll('main img, main b, \
        main iframe, main script, main [onerror], main a:not([href^=\"#/\"])').length, window.__pwned === undefined]";
    let before = at.eval(foreign, &[]);
    let untouched = |what: &str| {
        at.settle();
        assert_eq!(at.eval(foreign, &[]), before, "{what}");
        let size = "const page = document.documentElement; return [page.scrollWidth, page.scrollHeight]";
        let (width, height): (u32, u32) = read(at.eval(size, &[]));
        assert!(width <= 1440 && height < 5_000, "{what} needs {width} x {height} pixels");
    };
    assert_eq!(before[1], 0);

    at.paste(&ring);
    assert_eq!(at.text("#error-alert"), "");
    untouched("a ring");
    let rows = at.rows();
    assert_eq!(rows.len(), hostile.len());
    for id in &hostile {
        let row = rows.iter().find(|row| row.id == *id).unwrap_or_else(|| panic!("{id} is missing"));
        let shown = if id.is_empty() { "\u{2013}" } else { id.trim() };
        assert_eq!((&*row.cells[2], &*row.cells[7]), (shown, shown), "{id}");
        assert_eq!(row.cells[0], id.trim(), "{id}");
    }
    for (line, row) in rows.iter().enumerate() {
        at.eval("document.querySelectorAll('[data-testid=ring-row]')[arguments[0]].click()", &[json!(line)]);
        at.settle();
        let start = row.id.trim().chars().take(30).collect::<String>();
        assert!(at.texts("#readout")[0].contains(&start), "{start}: {:?}", at.texts("#readout"));
        untouched(&start);
    }
    at.click("#setting-zones");
    untouched("zones");

    at.put("#trace-labels", "{app=\"<img src=x onerror=window.__pwned=1>\"}");
    untouched("labels");
    assert!(at.text("#trace-canonical").contains("<img src=x onerror=window.__pwned=1>"));
    at.put("#trace-labels", "<img src=x onerror=window.__pwned=1>");
    untouched("broken labels");
    assert!(at.text("#trace-error").contains("parse error"), "{}", at.text("#trace-error"));

    at.paste("{\"<img src=x onerror=window.__pwned=1>\": 1}");
    assert!(at.text("#error-alert").contains("<img src=x onerror="), "{}", at.text("#error-alert"));
    untouched("a message");
    at.drop_file("main", "<img src=x onerror=window.__pwned=1>.json", &ring);
    at.wait_until("the file is loaded", |at| at.texts("[data-testid=loaded-ring]").len() == 3);
    assert!(at.texts("[data-testid=loaded-ring]")[2].starts_with("<img src=x onerror="));
    untouched("a file's name");

    // And the page still does its work.
    at.show_sample("single-replica", 1);
    assert_eq!(at.verdict(), "down");
    at.assert_console_is_clean();
}

#[test]
fn a_link_that_makes_no_sense_shows_the_first_ring_or_says_what_is_missing() {
    let site = Site::start();
    let link = "#/ring?rf=%zz&timeout=%3Cimg%20src%3Dx%20onerror%3Dwindow.__pwned%3D1%3E&unknown=1&&=";
    let at = Inspector::open_at(&site, "#/ring", Screen::DESK);
    at.eval("location.hash = arguments[0]", &[json!(link)]);
    at.sees("#setting-timeout-error", "is not a duration");
    assert_eq!((at.value("#setting-rf"), at.verdict()), ("3".to_owned(), "healthy".to_owned()));

    at.eval("location.hash = '#/ring?sample=%3Cimg%20src%3Dx%20onerror%3Dwindow.__pwned%3D1%3E'", &[]);
    at.sees("#error-alert", "a sample that does not exist: <img src=x onerror=window.__pwned=1>");
    assert_eq!(at.verdict(), "healthy");
    at.eval("location.hash = '#/nowhere'", &[]);
    at.sees("main h1", "There is no such page");
    at.click("main a");
    at.sees("#verdict-word", "Healthy");
    assert_eq!(at.eval("return window.__pwned ?? 'untouched'", &[]), "untouched");
    at.assert_console_is_clean();
}
