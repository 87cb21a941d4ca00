//! The table of instances, the picture's twin: sorted, filtered, scrolled, and linked with the picture.

use std::cmp::Reverse;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::inspector::{Inspector, read};
use crate::server::Site;

/// A heartbeat five minutes before the others.
const LATE: &str = "2026-11-22T09:55:00Z";

/// Twelve instances, no two alike.
fn twelve() -> Vec<Value> {
    let shard = |i: usize| {
        let state = ["ACTIVE", "LEAVING", "PENDING", "JOINING"][i % 4];
        let zone = ["zone-b", "zone-a", "zone-c"][i % 3];
        let token = |n: usize| i * 350_000_000 + n * 1_000_000;
        let timestamp = match i {
            6 => LATE.to_owned(),
            _ => format!("2026-11-22T09:59:{}Z", i * 5 % 12 + 40),
        };
        json!({
            "id": format!("ingester-{i}"),
            "state": state,
            "address": format!("10.0.0.{}:9095", i * 7 % 12 + 1),
            "timestamp": timestamp,
            "registered_timestamp": format!("2026-11-{:02}T08:00:00Z", i * 11 % 12 + 1),
            "read_only": i % 5 == 1,
            "zone": zone,
            "tokens": (0..i * 5 % 12 + 1).map(token).collect::<Vec<_>>(),
        })
    };
    (0..12).map(shard).collect()
}

/// What a column is sorted by, so that it can be compared.
fn sorting(column: &str, shard: &Value) -> (i64, String) {
    let text = |name: &str| shard[name].as_str().unwrap().to_owned();
    let number = |text: &str| text.parse::<i64>().unwrap();
    let is_late = text("timestamp") == LATE;
    match column {
        "instance" => (number(text("id").strip_prefix("ingester-").unwrap()), String::new()),
        "state" if is_late => (0, String::new()),
        "state" => {
            let order = ["LEAVING", "PENDING", "JOINING", "ACTIVE"];
            (1 + order.iter().position(|state| *state == text("state")).unwrap() as i64, String::new())
        }
        "zone" => (0, text("zone")),
        // The later the heartbeat, the smaller its age.
        "heartbeat" if is_late => (0, String::new()),
        "heartbeat" => (-number(&text("timestamp")[17..19]), String::new()),
        "tokens" => (shard["tokens"].as_array().unwrap().len() as i64, String::new()),
        "address" => (number(text("address").split(['.', ':']).nth(3).unwrap()), String::new()),
        "read-only" => (i64::from(shard["read_only"].as_bool().unwrap()), String::new()),
        "registered" => (0, text("registered_timestamp")),
        _ => panic!("{column}"),
    }
}

#[test]
fn a_click_on_a_heading_sorts_and_another_turns_the_order_round() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let mut shards = twelve();
    at.paste(&json!({ "shards": shards, "now": "2026-11-22T10:00:00Z" }).to_string());
    shards.sort_by_key(|shard| sorting("instance", shard));
    assert_eq!(at.texts("#table-count"), ["12 of 12"]);
    let headings = "return [...document.querySelectorAll('#ring-table th[aria-sort]')]
        .filter(th => th.ariaSort !== 'none').map(th => [th.querySelector('button').dataset.testid, th.ariaSort])";
    assert_eq!(at.eval(headings, &[]), json!([]));
    let ids = || Vec::from_iter(at.rows().into_iter().map(|row| row.id));
    assert_eq!(ids(), sorted_ids(&shards, false, |shard| sorting("state", shard)), "problems first");

    let columns = [
        "state",
        "zone",
        "heartbeat",
        "tokens",
        "ownership",
        "expected",
        "address",
        "read-only",
        "registered",
        "instance",
    ];
    for column in columns {
        for order in ["ascending", "descending"] {
            let descending = order == "descending";
            at.eval(&format!("document.querySelector('[data-testid=sort-{column}]').click()"), &[]);
            at.settle();
            assert_eq!(at.eval(headings, &[]), json!([[format!("sort-{column}"), order]]));
            if let "ownership" | "expected" = column {
                let cell = if column == "ownership" { 5 } else { 6 };
                let numbers = Vec::from_iter(at.rows().iter().map(|row| percent(&row.cells[cell])));
                assert!(numbers.is_sorted_by(|a, b| if descending { a >= b } else { a <= b }), "{numbers:?}");
                assert!(numbers[0] != numbers[11], "{numbers:?}");
                continue;
            }
            let expected = sorted_ids(&shards, descending, |shard| sorting(column, shard));
            assert_eq!(ids(), expected, "{column}, {order}");
        }
    }
    at.assert_console_is_clean();
}

/// The names of the instances in the order of a key.
fn sorted_ids<K: Ord>(shards: &[Value], descending: bool, key: impl Fn(&Value) -> K) -> Vec<String> {
    let mut sorted = shards.to_vec();
    match descending {
        true => sorted.sort_by_key(|shard| Reverse(key(shard))),
        false => sorted.sort_by_key(key),
    }
    sorted.iter().map(|shard| shard["id"].as_str().unwrap().to_owned()).collect()
}

/// The number that a cell begins with.
fn percent(cell: &str) -> f64 {
    cell.split('\u{202f}').next().unwrap().replace('\u{2212}', "-").parse().unwrap()
}

#[test]
fn a_filter_leaves_the_rows_that_have_every_word() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.show_sample("thirty-in-three-zones", 30);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/samples/thirty-in-three-zones.json");
    let sample: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let matching = |zone: &str, state: &str| {
        let shards = sample["shards"].as_array().unwrap().iter();
        let matching = shards.filter(|shard| shard["zone"] == zone && shard["state"] == state);
        let mut ids = Vec::from_iter(matching.map(|shard| shard["id"].as_str().unwrap().to_owned()));
        ids.sort();
        ids
    };
    let zone = sample["shards"][0]["zone"].as_str().unwrap();
    for state in ["ACTIVE", "LEAVING"] {
        let expected = matching(zone, state);
        at.fill("#table-filter", &format!("{} {zone}", state.to_lowercase()));
        at.sees("#table-count", &format!("{} of 30", expected.len()));
        at.settle();
        let mut shown = Vec::from_iter(at.rows().into_iter().map(|row| row.id));
        shown.sort();
        assert_eq!(shown, expected, "{state}");
    }
    at.fill("#table-filter", "no such instance");
    at.sees("#table-count", "0 of 30");
    assert!(at.rows().is_empty());
    at.sees("#no-match", "No instance matches \u{201c}no such instance\u{201d}");
    at.click("#filter-clear");
    at.sees("#table-count", "30 of 30");
    assert_eq!((at.focused(), at.value("#table-filter")), ("table-filter".to_owned(), String::new()));

    // Only rows in view are made; scrolling makes the rest.
    let last = "[data-testid=ring-row][aria-rowindex='31']";
    assert_eq!(at.attribute("#ring-table", "aria-rowcount"), "31");
    at.eval("const box = document.querySelector('#ring-table-box'); box.scrollTop = box.scrollHeight", &[]);
    at.wait_until("the last row", |at| {
        at.eval("return !!document.querySelector(arguments[0])", &[json!(last)]) == true
    });
    at.assert_console_is_clean();
}

#[test]
fn no_number_and_no_state_is_cut() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let cut = "return [...document.querySelectorAll('#ring-table .number, #ring-table .state')]
        .filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)";
    for (sample, instances) in [("one-unhealthy", 3), ("single-replica", 1), ("thirty-in-three-zones", 30)] {
        at.show_sample(sample, instances);
        assert_eq!(read::<Vec<String>>(at.eval(cut, &[])), [""; 0], "{sample}");
    }
    // Hours and days after.
    at.put("#setting-now", "2026-11-29T23:59:59.1Z");
    at.sees("#verdict-word", "Down");
    at.settle();
    assert_eq!(read::<Vec<String>>(at.eval(cut, &[])), [""; 0], "{:?}", at.rows()[0]);
    at.assert_console_is_clean();
}

#[test]
fn a_row_selects_its_instance_in_the_picture_and_lists_its_tokens() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.settle();
    let nothing = (at.text("#readout"), at.picture("#ring-canvas"));
    let row = "[data-testid=ring-row][data-instance=loki-2]";
    at.click(&format!("{row} td:nth-child(4)"));
    at.sees("#readout", "loki-2 ACTIVE");
    at.settle();
    assert_eq!(at.attribute(&format!("{row} button"), "aria-pressed"), "true");
    assert_eq!(at.texts("[data-testid=ring-row] [aria-pressed=true]"), ["loki-2"]);
    assert!(at.texts("#readout")[0].contains(&at.rows()[1].cells[5]), "{:?}", at.texts("#readout"));
    let instance = at.picture("#ring-canvas");
    assert_ne!(instance, nothing.1);

    assert_eq!(at.text("#tokens-details summary"), "Tokens of loki-2 (128)");
    at.click("#tokens-details summary");
    let token = "[data-testid=token-row]:nth-child(3)";
    let text = at.text(&format!("{token} th"));
    at.click(&format!("{token} button"));
    at.sees("#readout", &format!("token {text}"));
    at.sees("#readout", &at.text(&format!("{token} td:nth-child(2)")));
    at.eval("document.activeElement.blur(); document.querySelector('main').scrollIntoView()", &[]);
    at.settle();
    assert_ne!(at.picture("#ring-canvas"), instance);
    let tokens =
        Vec::from_iter(at.texts("[data-testid=token-row] th").iter().map(|it| it.parse::<u32>().unwrap()));
    assert!(tokens.len() > 5 && tokens.is_sorted(), "{tokens:?}");

    at.click(&format!("{row} button"));
    at.wait_until("nothing is selected", |at| at.texts("[aria-pressed=true]") == ["3 ingesters, healthy"]);

    at.assert_console_is_clean();
}
