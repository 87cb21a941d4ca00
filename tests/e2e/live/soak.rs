//! A large ring, asked every second for five minutes, does not let the page grow: `make soak`.

use std::time::Duration;

use serde_json::json;

use super::Live;
use super::pod::Pod;
use crate::server::Site;

const INSTANCES: usize = 1_000;
const TOKENS: usize = 512;
const SECONDS: i64 = 300;

fn large_ring(tokens: &[Vec<u32>], second: i64) -> String {
    let now = 1_790_000_000 + second;
    let shards = tokens.iter().enumerate().map(|(place, tokens)| {
        // Every instance has its heartbeat in a second of its own.
        let age = (second + place as i64) % 15;
        json!({ "id": format!("ingester-{place:04}"), "state": "ACTIVE", "address": format!("10.0.{}.{}:9095", place / 250, place % 250),
                "zone": format!("zone-{}", place % 3), "timestamp": now - age, "registered_timestamp": 1_789_000_000, "tokens": tokens })
    });
    json!({ "shards": Vec::from_iter(shards), "now": now }).to_string()
}

#[test]
#[ignore = "takes five minutes; `make soak` runs it"]
fn five_minutes_of_a_thousand_instances_every_second_do_not_grow() {
    let site = Site::start();
    let mut word = 1_u64;
    let mut next = || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (word >> 32) as u32
    };
    let tokens = Vec::from_iter((0..INSTANCES).map(|_| Vec::from_iter((0..TOKENS).map(|_| next()))));
    let pod = Pod::start(&large_ring(&tokens, 0), &site.address);
    let at = Live::open_at(&site, "?bench=1#/live?every=1s", crate::page::Screen::DESK);
    at.watch(&pod.address);
    at.sees("#verdict-word", "Healthy");
    // The module's memory never shrinks: what it needs at the most is what it has.
    let memory =
        || at.eval("return window.__ringside_frames.memory.buffer.byteLength", &[]).as_f64().unwrap() / 1e6;
    let mut early = 0.0;
    for second in 1..=SECONDS {
        pod.shows(&large_ring(&tokens, second));
        std::thread::sleep(Duration::from_secs(1));
        if second == SECONDS / 5 {
            early = memory();
        }
    }
    let (late, pages) = (memory(), pod.asked().len());
    println!("{pages} pages; wasm memory {early:.0} MB after one minute, {late:.0} MB after five");
    assert!(pages > 100, "only {pages} pages came");
    assert!(late <= early * 1.25 + 16.0, "{early:.0} MB after one minute, {late:.0} MB after five");
    at.assert_console_is_clean();
}
