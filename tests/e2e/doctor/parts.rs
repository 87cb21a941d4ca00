//! Configurations and ring pages, alone and together.

use serde_json::json;

use super::{Doctor, FAST_JOIN, MISTAKES};
use crate::inspector::captured;
use crate::server::Site;

const ALONE: &str = "05_single_rf3/loki-1.ring.json.http";
const HEALTHY: &str = "02_healthy/loki-1.ring.json.http";

#[test]
fn a_configuration_shows_how_to_mend_it_and_runs_in_the_laboratory() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(MISTAKES);
    at.says("act");
    assert_eq!(at.kinds(), ["config"]);
    let timeout = "[data-finding=HEARTBEAT-TIMEOUT]";
    at.sees(timeout, "Line 12");
    assert_eq!(at.texts(&format!("{timeout} .minus")), ["-    heartbeat_timeout: 1m\n"]);
    assert_eq!(at.texts(&format!("{timeout} .plus")), ["+    heartbeat_timeout: 4m0s\n"]);

    at.click("[data-testid=config-part] > .related > summary");
    let told = at.texts("[data-testid=value]");
    assert!(
        told.iter().any(|row| row.contains("common.replication_factor") && row.contains("line 6")),
        "{told:?}"
    );
    let set = "const list = document.querySelector('[data-testid=values-filter]');
        list.value = 'all'; list.dispatchEvent(new Event('change', { bubbles: true }))";
    at.eval(set, &[]);
    at.wait_until("all values", |at| at.texts("[data-testid=value]").len() > told.len());

    at.sees("[data-testid=config-part]", "Assumed");
    at.click("[data-testid=run-it]");
    at.wait_until("the laboratory", |at| at.hash().starts_with("#/simulate"));
    at.wait_until("its cluster", |at| at.texts("[data-testid=nodes] tbody th") == ["loki-0"]);
    at.assert_console_is_clean();
}

#[test]
fn a_ring_that_contradicts_the_configuration_is_told() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste(&captured(ALONE));
    at.says("act");
    at.sees("[data-testid=read-with]", "replication factor 3");
    let three = "common: {replication_factor: 3, ring: {kvstore: {store: memberlist}}}\nmemberlist: {join_members: [a]}\n";
    at.drop_bytes(&[("loki.yaml", three.as_bytes())]);
    at.sees("#part-together [data-finding=RING-FACTOR]", "replication factor 3; the ring has 1");
    at.sees("[data-testid=read-with]", "as loki.yaml says");
    assert_eq!(at.kinds(), ["page", "config"]);

    // With the factor that the cluster has there is no contradiction, and the ring is well.
    at.click("[data-testid=input]:nth-child(2) [data-testid=input-remove]");
    at.drop_bytes(&[("loki.yaml", three.replace("factor: 3", "factor: 1").as_bytes())]);
    at.sees("[data-testid=read-with]", "replication factor 1");
    assert_eq!(at.texts("[data-finding=RING-FACTOR]"), [""; 0]);
    at.assert_console_is_clean();
}

#[test]
fn an_error_of_the_past_is_told_by_the_ring_of_now() {
    let site = Site::start();
    let at = Doctor::open(&site);
    let log = FAST_JOIN.replace("loki-0", "loki-1");
    at.drop_bytes(&[("ring.json", captured(HEALTHY).as_bytes()), ("loki-1.log", log.as_bytes())]);
    at.says("harmless");
    at.sees("#part-together [data-finding=LOG-PAST]", "the ring is healthy now");
    assert_eq!(at.texts("#doctor-summaries li").len(), 2);
    at.assert_console_is_clean();
}

#[test]
fn what_was_taken_for_something_else_can_be_corrected() {
    let site = Site::start();
    let at = Doctor::open(&site);
    at.paste("just words\n");
    at.says("unknown");
    assert_eq!(at.kinds(), ["log"]);
    let choose = "const list = document.querySelector('[data-testid=input-kind]');
        list.value = arguments[0]; list.dispatchEvent(new Event('change', { bubbles: true }))";
    at.eval(choose, &[json!("page")]);
    at.sees("[data-testid=input-problem]", "This is not JSON");
    at.eval(choose, &[json!("config")]);
    at.sees("[data-testid=input-problem]", "neither Loki's configuration");
    at.eval(choose, &[json!("log")]);
    at.says("unknown");
    at.assert_console_is_clean();
}
