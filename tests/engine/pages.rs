//! Pages of real Loki processes: all parse, and the judgement tells what was going on.

use std::path::{Path, PathBuf};

use ringside::live::judge::{Judgement, Verdict, judge};
use ringside::live::ring_page::{self, PageError, RingPage};
use ringside::ring::{Ring, RingConfig};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages")
}

fn read(page: &str) -> String {
    let path = folder().join(page);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn all_pages() -> Vec<String> {
    let mut pages = Vec::new();
    for state in
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
    {
        for page in std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path()) {
            pages.push(page.strip_prefix(folder()).unwrap().display().to_string());
        }
    }
    pages.sort();
    pages
}

fn judged(page: &str, replication_factor: usize) -> (RingPage, Judgement) {
    let page = ring_page::parse(&read(page)).unwrap();
    let ring = Ring::new(&page.desc, RingConfig { replication_factor, ..RingConfig::default() });
    let judgement = judge(&ring, page.now.unwrap());
    (page, judgement)
}

#[test]
fn every_captured_ring_of_every_kind_parses() {
    let mut parsed = 0;
    for name in all_pages() {
        let text = read(&name);
        match ring_page::parse(&text) {
            Ok(page) => {
                parsed += 1;
                assert_eq!(
                    page.desc.ingesters.len() + page.tombstones.len(),
                    text.matches("\"addr").count(),
                    "{name}"
                );
            }
            Err(PageError::Status { status }) => {
                assert!(status.contains("404") || status.contains("405"), "{name}")
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
    assert!(parsed > 75, "{parsed}");
}

#[test]
fn what_a_page_shows_as_unhealthy_the_readers_clock_computes_too() {
    let mut unhealthy = 0;
    for name in all_pages().iter().filter(|name| name.ends_with("ring.json.http")) {
        let Ok(page) = ring_page::parse(&read(name)) else { continue };
        // A key's raw value tells no clock.
        let Some(now) = page.now else { continue };
        let ring = Ring::new(&page.desc, RingConfig::default());
        for report in judge(&ring, now).instances {
            let shown = page.reported[ring.id(report.index)];
            assert_eq!(report.shown_state.to_string(), shown, "{name} {}", ring.id(report.index));
            unhealthy += usize::from(shown == "UNHEALTHY");
        }
    }
    assert!(unhealthy > 0);
}

#[test]
fn three_healthy_ingesters_are_healthy() {
    let (_, judgement) = judged("02_healthy/loki-1.ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Healthy);
    assert_eq!(judgement.summary, "All 3 instances ACTIVE. Reads succeed. Every key has its quorum.");
    assert!(judgement.findings.is_empty(), "{:?}", judgement.findings);
    let percent: f64 = judgement.instances.iter().map(|report| report.percent).sum();
    assert!((percent - 100.0).abs() < 0.001);
}

#[test]
fn one_killed_of_three_degrades_the_ring_and_is_named() {
    let (_, judgement) = judged("06_killed_after_heartbeat_timeout/loki-1.ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Degraded);
    assert_eq!(judgement.writes.failing_keys, 0);
    assert_eq!(judgement.writes.keys_without_slack, 1 << 32);
    assert_eq!(judgement.reads.unwrap().outcome, Ok(0));
    assert!(judgement.readiness.unwrap().is_err());
    assert_eq!(judgement.findings[0].what, "UNHEALTHY: loki-3.");
}

#[test]
fn a_single_replica_with_replication_factor_three_is_down_although_it_is_active() {
    let (_, judgement) = judged("05_single_rf3/loki-1.ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Down);
    assert_eq!(
        judgement.writes.example.unwrap().1.to_string(),
        "at least 2 live replicas required, could only find 1"
    );
    assert_eq!(judgement.findings[0].what, "Replication factor 3 needs at least 2 instances; there is 1.");
    let (_, judgement) = judged("05_single_rf3/loki-1.ring.json.http", 1);
    assert_eq!(judgement.verdict, Verdict::Healthy);
}

#[test]
fn an_empty_ring_is_down() {
    let (_, judgement) = judged("01_healthy/loki-1.indexgateway_ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Down);
    assert_eq!(judgement.findings[0].what, "The ring is empty.");
}
