//! Names that a cluster may have been given by anybody are text, and the page stays in shape.

use serde_json::json;

use super::Live;
use super::pod::{Answer, Pod};
use crate::server::Site;

#[test]
fn script_tags_turned_text_and_ten_kilobytes_are_text() {
    let site = Site::start();
    let long = "x".repeat(10_000);
    let ids = [
        "<script>window.hacked = 1</script>",
        "<img src=x onerror='window.hacked=1'>",
        "\u{202e}gnp.exe",
        &long,
    ];
    let shard = |(place, id): (usize, &&str)| json!({ "id": id, "state": "ACTIVE", "address": id, "zone": id, "timestamp": 1_790_000_000, "tokens": [place * 1000 + 1] });
    let shards = Vec::from_iter(ids.iter().enumerate().map(shard));
    let pod = Pod::start(&json!({ "shards": shards, "now": 1_790_000_001 }).to_string(), &site.address);
    let at = Live::open(&site);
    at.watch_pod("<b>bold</b>", &pod.address, false);
    at.sees("#verdict-word", "Healthy");
    at.sees("[data-testid=source-name]", "<b>bold</b>");
    pod.shows(&json!({ "shards": shards[1..], "now": 1_790_000_005 }).to_string());
    at.wait_until("one is gone", |at| !at.changes().is_empty());
    for kind in ["beliefs", "timeline", "ring"] {
        at.click(&format!("[data-testid=live-{kind}]"));
        at.settle();
    }
    pod.answers(Answer::Json("<script>window.hacked = 1</script>".into()));
    at.click("[data-testid=source-refresh]");
    at.source_is("html");
    assert_eq!(at.eval("return window.hacked ?? null", &[]), serde_json::Value::Null);
    let wide = at.eval("return document.documentElement.scrollWidth - innerWidth", &[]);
    assert!(wide.as_f64().unwrap() <= 0.0, "the page is {wide} px too wide");
    at.assert_console_is_clean();
}
