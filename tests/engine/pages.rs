//! Pages of real Loki processes: all parse, and the judgement tells what was going on.

use std::path::{Path, PathBuf};

use ringside::live::ShownState;
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
            let name = page.strip_prefix(folder()).unwrap().display().to_string();
            // The other pages are not rings: `sim_pages` compares them with the simulation's.
            if name.contains("ring") {
                pages.push(name);
            }
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
            assert_eq!(report.shown_state, shown, "{name} {}", ring.id(report.index));
            unhealthy += usize::from(shown == ShownState::Unhealthy);
        }
    }
    assert!(unhealthy > 0);
}

#[test]
fn three_healthy_ingesters_are_healthy() {
    let (_, judgement) = judged("02_healthy/loki-1.ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Healthy);
    assert_eq!(judgement.summary, "All 3 instances ACTIVE. Reads succeed. Writes succeed for every key.");
    assert!(judgement.findings.is_empty(), "{:?}", judgement.findings);
    assert_eq!(judgement.margin, "One more instance may be lost, whichever it is.");
    let percent: f64 = judgement.instances.iter().map(|report| report.percent).sum();
    assert!((percent - 100.0).abs() < 0.001);
}

#[test]
fn one_killed_of_three_degrades_the_ring_and_is_named() {
    let (_, judgement) = judged("06_killed_after_heartbeat_timeout/loki-1.ring.json.http", 3);
    assert_eq!(judgement.verdict, Verdict::Degraded);
    assert_eq!(
        judgement.margin,
        "If one more instance is lost, all reads fail; writes fail for the keys that it holds."
    );
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

/// Nine instances in three zones, those of the given numbers dead.
fn zoned(dead: &[usize], zone_awareness_enabled: bool) -> Judgement {
    let shard = |i: usize| {
        let minute = if dead.contains(&i) { "00" } else { "09" };
        let tokens: Vec<String> =
            (0..16).map(|t: usize| ((t * 9 + i) * 29_000_000 % (1 << 32)).to_string()).collect();
        format!(
            r#"{{"id":"i-{i}","state":"ACTIVE","zone":"z{}","timestamp":"2026-01-01T10:{minute}:50Z","tokens":[{}]}}"#,
            i % 3,
            tokens.join(",")
        )
    };
    let shards: Vec<String> = (0..9).map(shard).collect();
    let text = format!(r#"{{"shards":[{}],"now":"2026-01-01T10:10:00Z"}}"#, shards.join(","));
    let page = ring_page::parse(&text).unwrap();
    let ring = Ring::new(&page.desc, RingConfig { zone_awareness_enabled, ..RingConfig::default() });
    judge(&ring, page.now.unwrap())
}

#[test]
fn with_zones_the_margin_names_the_zone_that_may_lose_more() {
    assert_eq!(zoned(&[], true).margin, "One more instance may be lost, whichever it is.");
    let judgement = zoned(&[0], true);
    assert_eq!(judgement.verdict, Verdict::Degraded);
    assert!(
        judgement
            .margin
            .starts_with("If one more instance is lost, all reads fail, unless it is in z0; writes may fail"),
        "{}",
        judgement.margin
    );
    assert_eq!(zoned(&[0, 3, 6], true).verdict, Verdict::Degraded);
}

#[test]
fn two_failing_zones_fail_all_reads_and_are_named() {
    let judgement = zoned(&[0, 1], true);
    assert_eq!(judgement.verdict, Verdict::Down);
    assert_eq!(judgement.margin, "There is nothing left to lose: requests fail already.");
    let reads = &judgement.findings[0];
    assert_eq!(reads.what, "Every query fails: too many unhealthy instances in the ring.");
    assert_eq!(
        reads.why,
        "One bad instance fails its zone, and these zones have one: z0, z1. \
         The ring bears unhealthy instances in 1 of its 3 zones."
    );
}

#[test]
fn zones_without_zone_awareness_are_worth_a_word() {
    let judgement = zoned(&[], false);
    assert_eq!(judgement.verdict, Verdict::Healthy);
    assert_eq!(judgement.findings[0].what, "The instances name 3 zones, but zone awareness is off here.");
}

#[test]
fn a_page_that_was_kept_for_hours_is_said_to_be_old() {
    let judgement = zoned(&[0, 1, 2, 3, 4, 5, 6, 7, 8], false);
    let old = judgement.findings.iter().find(|finding| finding.what.starts_with("Every heartbeat")).unwrap();
    assert_eq!(old.what, "Every heartbeat is older than 1m0s: the newest is 9m10s old.");
    assert!(old.advice.contains("2026-01-01T10:00:50Z"), "{}", old.advice);
}

#[test]
fn the_command_to_forget_names_each_dead_instance_and_quotes_it() {
    let commands = zoned(&[0, 4], false).findings.into_iter().find_map(|finding| finding.command).unwrap();
    assert_eq!(
        commands,
        "curl -X POST http://LOKI:3100/ring --data-urlencode 'forget=i-0'\n\
         curl -X POST http://LOKI:3100/ring --data-urlencode 'forget=i-4'"
    );
}
