//! A ring becomes a picture, a table and a verdict; the settings and the link change them.

use std::fs;

use ringside::live::judge::judge;
use ringside::live::ring_page;
use ringside::ring::{Ring, RingConfig};
use ringside::time::WallTime;
use ringside::view::settings::Settings;
use serde::Deserialize;
use serde_json::json;

use crate::inspector::{Inspector, captured, captures, judged, read};
use crate::page::{Page, Screen};
use crate::server::Site;

const KILLED: &str = "06_killed_after_heartbeat_timeout/loki-1.ring.json.http";

#[test]
fn a_pasted_ring_becomes_a_picture_a_table_and_a_verdict() {
    let site = Site::start();
    let at = Inspector::open(&site);
    assert_eq!((at.verdict(), at.states()), ("healthy".to_owned(), vec!["ACTIVE".to_owned(); 3]));
    let healthy = at.picture("#ring-canvas");
    assert!(at.ink("#ring-canvas") > 0.02, "{}", at.ink("#ring-canvas"));

    // Into the clipboard and out of it: a paste needs no button.
    at.put("#ring-text", &captured(KILLED));
    at.click("#ring-text");
    at.press("Control+a");
    at.press("Control+x");
    assert_eq!((at.value("#ring-text"), at.verdict()), (String::new(), "healthy".to_owned()));
    at.press("Control+v");
    at.sees("#verdict-word", "Degraded");
    at.settle();

    let (_, ring, judgement) = judged(&captured(KILLED), RingConfig::default());
    assert_eq!(at.text("#verdict-summary"), judgement.summary);
    assert!(at.text("#said").contains(&judgement.summary), "{}", at.text("#said"));
    assert!(at.attribute("#ring-canvas", "aria-label").contains("3 instances, 384 tokens"));
    assert!(at.texts("[data-testid=finding] summary")[0].contains("UNHEALTHY: loki-3."));
    assert_ne!(at.picture("#ring-canvas"), healthy);
    assert_eq!(at.texts("#table-count"), ["3 of 3"]);
    let rows = at.rows();
    assert_eq!(rows[0].id, "loki-3", "problems come first");
    for row in &rows {
        let instance = ring.instance(ring.index_of(&row.id).unwrap());
        assert_eq!(row.id, row.cells[0]);
        assert_eq!(row.state, if row.id == "loki-3" { "UNHEALTHY" } else { "ACTIVE" });
        assert_eq!((&*row.cells[4], &*row.cells[7]), ("128", &*instance.addr));
    }
    assert_eq!(rows.len(), ring.instances().len());
    at.assert_console_is_clean();
}

#[derive(Debug, Deserialize)]
struct Seen {
    alert: String,
    verdict: String,
    summary: String,
    states: Vec<(String, String)>,
}

#[test]
fn every_captured_page_is_read_as_the_library_reads_it() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let see = "const find = id => document.getElementById(id);
        find('ring-text').value = arguments[0];
        find('ring-text').dispatchEvent(new InputEvent('input', { bubbles: true }));
        find('load-button').click();
        return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done({
            alert: find('error-alert').textContent,
            verdict: find('verdict-word').dataset.verdict,
            summary: find('verdict-summary').textContent,
            states: [...document.querySelectorAll('[data-testid=ring-row]')]
                .map(row => [row.dataset.instance, row.dataset.state]),
        }))))";
    let (mut rings, mut refused) = (0, 0);
    for path in pages() {
        let name = path.strip_prefix(captures()).unwrap().display().to_string();
        let text = fs::read_to_string(&path).unwrap();
        let mut seen: Seen = read(at.eval(see, &[json!(text)]));
        // The table has problems first.
        seen.states.sort();
        let page = match ring_page::parse(&text) {
            Ok(page) => page,
            Err(error) => {
                assert!(seen.alert.contains(&error.to_string()), "{name}: {}", seen.alert);
                refused += 1;
                continue;
            }
        };
        rings += 1;
        assert_eq!(seen.alert, "", "{name}");
        let ring = Ring::new(&page.desc, RingConfig::default());
        let ids = Vec::from_iter(ring.instances().iter().map(|(id, _)| id.to_string()));
        assert_eq!(Vec::from_iter(seen.states.iter().map(|(id, _)| id.clone())), ids, "{name}");
        // A key's raw value tells no clock: the browser's decides.
        let Some(now) = page.now else {
            assert!(at.text("#now-used").contains("this browser's clock"), "{}", at.text("#now-used"));
            continue;
        };
        let judgement = judge(&ring, now);
        assert_eq!((&*seen.verdict, &seen.summary), (judgement.verdict.name(), &judgement.summary), "{name}");
        for (report, (_, state)) in judgement.instances.iter().zip(&seen.states) {
            assert_eq!(&report.shown_state.to_string(), state, "{name}");
        }
    }
    assert!(rings > 75 && refused > 3, "{rings} rings, {refused} refused");
    at.assert_console_is_clean();
}

#[test]
fn replication_factor_one_makes_a_single_replica_healthy() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.show_sample("single-replica", 1);
    assert_eq!((at.verdict(), at.states()), ("down".to_owned(), vec!["ACTIVE".to_owned()]));
    let findings = at.texts("[data-testid=finding] summary");
    assert!(
        findings[0].contains("Replication factor 3 needs at least 2 instances; there is 1."),
        "{findings:?}"
    );

    // The words of Loki's own log.
    assert_eq!(at.texts("#trace-write code"), ["at least 2 live replicas required, could only find 1"]);
    assert_eq!(at.texts("#trace-read code"), ["too many unhealthy instances in the ring"]);
    assert_eq!(at.attribute("#trace-write", "data-outcome"), "error");

    at.fill("#setting-rf", "1");
    at.sees("#verdict-word", "Healthy");
    assert!(at.text("#verdict-summary").starts_with("The only instance is ACTIVE. Reads succeed."));
    for outcome in ["#trace-write", "#trace-read"] {
        assert_eq!(at.attribute(outcome, "data-outcome"), "ok");
    }

    // A ring whose strategy passes over the unhealthy needs no majority of three.
    at.fill("#setting-rf", "3");
    at.sees("#verdict-word", "Down");
    at.click("#setting-strategy option[value=ignore-unhealthy]");
    at.sees("#verdict-word", "Healthy");
    at.assert_console_is_clean();
}

#[test]
fn the_timeout_and_the_clock_decide_who_is_unhealthy() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let text = captured(KILLED);
    at.paste(&text);
    assert_eq!(at.states(), ["ACTIVE", "ACTIVE", "UNHEALTHY"]);
    assert!(at.text("#now-used").contains("from the data"), "{}", at.text("#now-used"));

    at.fill("#setting-timeout", "5m");
    at.sees("#verdict-word", "Healthy");
    assert_eq!(at.states(), ["ACTIVE"; 3]);
    at.fill("#setting-timeout", "1m");
    at.sees("#verdict-word", "Degraded");

    // When the heartbeat of the killed one was just a minute old, and an hour after all of them.
    let (page, ..) = judged(&text, RingConfig::default());
    let last_heartbeat = page.desc.ingesters.get("loki-3").unwrap().timestamp;
    let in_time = WallTime::from_unix_secs(last_heartbeat + 60).to_rfc3339();
    at.put("#setting-now", &in_time);
    at.sees("#verdict-word", "Healthy");
    assert_eq!(at.text("#now-used"), format!("{in_time} (as typed)"));
    at.put("#setting-now", &WallTime::from_unix_secs(last_heartbeat + 3_600).to_rfc3339());
    at.sees("#verdict-word", "Down");
    assert_eq!(at.states(), ["UNHEALTHY"; 3]);
    at.put("#setting-now", "");
    at.sees("#verdict-word", "Degraded");
    at.assert_console_is_clean();
}

#[test]
fn a_setting_that_makes_no_sense_is_told_beside_it_and_the_default_stands_in() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let before = at.ring();
    let bad = [
        ("rf", "0", "from 1 to"),
        ("rf", "three", "from 1 to"),
        ("rf", "99999999999999999999", "from 1 to"),
        ("timeout", "1", "is not a duration"),
        ("timeout", "-1m", "is not a duration"),
        ("now", "noon", "is not an RFC 3339 time"),
        ("now", "<img src=x onerror=alert(1)>", "is not an RFC 3339 time"),
    ];
    for (name, value, message) in bad {
        let (field, error) = (format!("#setting-{name}"), format!("#setting-{name}-error"));
        let good = at.value(&field);
        // Typed key by key, some of them would make sense on the way.
        at.put(&field, value);
        at.sees(&error, message);
        assert_eq!(at.attribute(&field, "aria-invalid"), "true", "{value}");
        assert_eq!(at.attribute(&field, "aria-describedby"), error[1..], "{value}");
        assert!(at.text(&error).contains("ignored, using"), "{}", at.text(&error));
        assert_eq!(at.ring(), before, "{value}");
        at.put(&field, &good);
        at.wait_until("the message goes", |at| at.text(&error).is_empty());
        assert_eq!(at.attribute(&field, "aria-invalid"), "false", "{value}");
    }
    at.assert_console_is_clean();
}

#[test]
fn a_link_shows_another_reader_the_same() {
    let site = Site::start();
    let at = Inspector::open(&site);
    assert_eq!(at.eval("return location.hash", &[]), "#/ring?sample=three-healthy");
    at.show_sample("thirty-in-three-zones", 30);
    at.fill("#setting-rf", "5");
    at.fill("#setting-timeout", "2m30s");
    at.put("#setting-now", "2026-11-22T11:00:00.5+01:00");
    // A ring of several zones: the sample comes with zone awareness, and offers it when it is off.
    at.click("#setting-zones");
    at.click("#turn-on-zones");
    at.fill("#trace-tenant", "team ü&a");
    at.put("#trace-labels", "{app=\"a+b%20\", env=\"#?&=\"}");
    at.click("#trace-service-name");
    at.settle();
    let link = read::<String>(at.eval("return location.hash", &[]));
    let query = link.strip_prefix("#/ring?").unwrap();
    let settings = Settings::from_query(query);
    assert_eq!(
        settings,
        Settings {
            replication_factor: "5".to_owned(),
            zone_awareness: true,
            heartbeat_timeout: "2m30s".to_owned(),
            now: "2026-11-22T11:00:00.5+01:00".to_owned(),
            ignore_unhealthy: false,
            tenant: "team ü&a".to_owned(),
            labels: "{app=\"a+b%20\", env=\"#?&=\"}".to_owned(),
            service_name: false,
            sample: "thirty-in-three-zones".to_owned(),
        }
    );

    let other = Inspector::open_at(&site, &link, Screen::DESK);
    other.sees("#table-count", "of 30");
    other.settle();
    for field in ["#setting-rf", "#setting-timeout", "#setting-now", "#trace-tenant", "#trace-labels"] {
        assert_eq!(other.value(field), at.value(field), "{field}");
    }
    let boxes =
        "return ['setting-zones', 'trace-service-name'].map(id => document.getElementById(id).checked)";
    assert_eq!(other.eval(boxes, &[]), json!([true, false]));
    for answer in ["#verdict", "#trace-result", "#now-used"] {
        assert_eq!(other.text(answer), at.text(answer), "{answer}");
    }
    assert_eq!(other.eval("return location.hash", &[]), json!(link));
    assert_eq!(other.picture("#ring-canvas"), at.picture("#ring-canvas"));

    // The other way round: the address bar of an open page.
    other.eval("location.hash = '#/ring?sample=single-replica&rf=1'", &[]);
    other.sees("#table-count", "of 1");
    other.sees("#verdict-word", "Healthy");
    assert_eq!(other.value("#trace-tenant"), "fake");
    at.assert_console_is_clean();
    other.assert_console_is_clean();
}

#[test]
fn a_link_from_a_pasted_ring_asks_for_the_ring_and_keeps_the_settings() {
    let site = Site::start();
    let page = Page::open(&format!("{}#/ring?rf=1&timeout=5m", site.address), Screen::DESK);
    page.sees(".picture", "This link carries the settings, not the ring");
    let at = Inspector::from(page);
    at.paste(&captured("05_single_rf3/loki-1.ring.json.http"));
    at.sees("#verdict-word", "Healthy");
    assert_eq!((at.value("#setting-rf"), at.value("#setting-timeout")), ("1".to_owned(), "5m".to_owned()));
    assert!(at.ink("#ring-canvas") > 0.02);
    at.assert_console_is_clean();
}

#[test]
fn the_command_of_a_finding_is_copied() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.show_sample("one-unhealthy", 3);
    let commands = at.texts("[data-finding=unhealthy] pre");
    assert!(commands[0].starts_with("kubectl get pods"), "first what checks it: {commands:?}");
    let command = &commands[1];
    assert!(command.contains("forget"), "{command}");
    at.click("[data-finding=unhealthy] .command:last-of-type [data-testid=copy-command]");
    at.sees("#said", "Copied");
    at.click("#ring-url");
    at.press("Control+v");
    at.wait_until("the command", |at| at.value("#ring-url") == *command);
    at.assert_console_is_clean();
}

fn pages() -> Vec<std::path::PathBuf> {
    let below = |folder: &std::path::Path| {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let folders = below(&captures()).into_iter().filter(|path| path.is_dir());
    let mut pages = Vec::from_iter(folders.flat_map(|folder| below(&folder)));
    pages.retain(|path| path.to_string_lossy().ends_with("ring.json.http"));
    pages.sort();
    pages
}
