//! Complete logs of real Loki processes: the story that is told of them is what was done to them.

use std::fs;

use ringside::doctor::log::catalogue::Catalogue;
use ringside::doctor::log::{MomentKind, Reading, Verdict};

use crate::{fixture, incident, incidents, read_files};

/// The logs of a capture, or those whose names begin with `start`.
fn files(capture: &str, start: &str) -> Vec<(String, Vec<u8>)> {
    let folder = fixture("captures").join(capture);
    let mut files = Vec::from_iter(fs::read_dir(folder).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
    }));
    files.retain(|(name, _)| name.starts_with(start));
    files.sort();
    assert!(!files.is_empty());
    files
}

fn decode(files: &[(String, Vec<u8>)]) -> Reading {
    let files = Vec::from_iter(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    read_files(&files, usize::MAX).0
}

fn capture(name: &str) -> Reading {
    decode(&files(name, ""))
}

fn kinds(reading: &Reading, pod: &str) -> Vec<MomentKind> {
    let own = reading.timeline.iter().filter(|moment| moment.pod == pod && moment.id.is_none());
    own.map(|moment| moment.kind).collect()
}

#[test]
fn a_single_process_that_joins_itself_is_nothing_to_worry_about() {
    let reading = capture("01_single_rf1");
    assert_eq!(reading.verdict, Verdict::Harmless, "{}", reading.headline);
    use MomentKind::{Joined, Start, Stopped, Stopping, Up};
    assert_eq!(kinds(&reading, "loki-1"), [Start, Joined, Up, Stopping, Stopped]);
}

#[test]
fn three_that_start_together_and_stop_are_harmless_although_one_waited_for_another() {
    let reading = capture("02_three_rf3_healthy");
    assert_eq!(reading.verdict, Verdict::Harmless, "{}", reading.headline);
    assert_eq!(incident(&reading, "E01").verdict, Verdict::Harmless);
    assert_eq!(reading.totals.pods, ["igw-4", "loki-1", "loki-2", "loki-3"]);
}

#[test]
fn a_dead_join_list_means_act_and_the_lines_before_follow_from_it() {
    let reading = capture("03_first_pod_alone_dead_join");
    assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, "A11"));
    let gave_up = incident(&reading, "A11");
    let symptoms =
        Vec::from_iter(gave_up.symptoms.iter().map(|symptom| (symptom.id.as_str(), symptom.count)));
    assert!(symptoms.contains(&("A10", 10)) && symptoms.contains(&("A01", 2)), "{symptoms:?}");
    assert_eq!(gave_up.reasons[0].id, "A18");
    assert_eq!(incident(&reading, "G03").count, 4);
}

#[test]
fn names_that_never_resolve_mean_act_with_prefix_and_without() {
    for (name, cause) in [("04a_first_pod_alone_dns_plain", "A17"), ("04b_first_pod_alone_dns_prefix", "A19")]
    {
        let reading = capture(name);
        assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, "A01"), "{name}");
        assert_eq!(reading.incidents[0].title, "Never joined the cluster: this process runs alone");
        assert!(reading.incidents[0].symptoms.iter().any(|symptom| symptom.id == cause), "{name}");
    }
}

#[test]
fn the_first_seconds_of_the_same_log_only_mean_wait() {
    for (name, _) in [("03_first_pod_alone_dead_join", 0), ("04a_first_pod_alone_dns_plain", 0)] {
        let packed = &files(name, "")[0].1;
        let text = plain(packed);
        let early = text.lines().take(90).collect::<Vec<_>>().join("\n");
        let reading = crate::read(&early);
        assert_eq!(reading.verdict, Verdict::Wait, "{name}: {} {}", reading.headline, reading.why);
        assert_eq!(reading.incidents[0].id, "A01");
        assert!(
            reading.why.contains("Wait until: `joining memberlist cluster succeeded` follows"),
            "{}",
            reading.why
        );
    }
}

#[test]
fn a_single_replica_with_factor_three_cannot_take_pushes() {
    let reading = capture("05_single_replica_rf3");
    assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, "G03"));
    assert_eq!(incident(&reading, "G01").verdict, Verdict::Act);
    assert_eq!(incident(&reading, "G06").verdict, Verdict::Harmless, "the push before the ring existed");
}

#[test]
fn a_killed_process_is_named_with_the_time_and_what_followed_from_it() {
    let reading = capture("06_sigkill_one_of_three");
    assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, "B02"));
    let dead = incidents(&reading, "B02");
    assert_eq!(Vec::from_iter(dead.iter().map(|dead| dead.verdict)), [Verdict::Act, Verdict::Wait]);
    assert!(
        dead.iter()
            .all(|dead| dead.peers.iter().all(|peer| peer.name == "loki-3")
                && dead.pods == ["loki-1", "loki-2"])
    );
    assert_eq!(dead[1].first.unwrap().clock(), "10:16:37");
    let refused = dead.iter().flat_map(|dead| &dead.symptoms).filter(|symptom| symptom.id == "H08");
    assert_eq!(refused.map(|symptom| symptom.count).sum::<u64>(), 199);

    let vanished = incident(&reading, "vanished");
    assert_eq!(
        (vanished.pods.as_slice(), vanished.first.unwrap().clock().as_str()),
        (&["loki-3".to_owned()][..], "10:16:07")
    );
    assert!(kinds(&reading, "loki-3").contains(&MomentKind::Vanished));
}

#[test]
fn the_log_of_one_survivor_is_enough_to_name_the_dead() {
    let reading = decode(&files("06_sigkill_one_of_three", "log-loki-1"));
    assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, "B02"));
    assert_eq!(reading.incidents[0].peers[0].name, "loki-3");
}

#[test]
fn processes_that_stop_as_they_should_are_harmless() {
    let reading = capture("08_graceful_shutdown");
    assert_eq!(reading.verdict, Verdict::Harmless, "{}", reading.headline);
    let stops = kinds(&reading, "loki-3").into_iter().filter(|kind| *kind == MomentKind::Stopped).count();
    assert_eq!(stops, 3);
    assert!(incidents(&reading, "vanished").is_empty());
}

#[test]
fn a_wrong_bind_address_is_an_exit_with_its_echoes_under_it() {
    for (start, id) in [
        ("log-loki-1-not-local", "A23"),
        ("log-loki-1-port-taken", "A23"),
        ("log-loki-1-not-an-ip", "H10"),
        ("log-loki-1-malformed-ip", "H10"),
    ] {
        let reading = decode(&files("10_wrong_bind_addr", start));
        assert_eq!((reading.verdict, reading.incidents[0].id.as_str()), (Verdict::Act, id), "{start}");
        let acts = reading.incidents.iter().filter(|incident| incident.verdict == Verdict::Act);
        assert_eq!(acts.count(), 1, "{start}: {:#?}", reading.incidents);
        assert!(reading.incidents[0].symptoms.iter().any(|symptom| symptom.id == "A30"), "{start}");
    }
    let reading = decode(&files("10_wrong_bind_addr", "log-loki-1-bind-other"));
    assert_eq!(reading.verdict, Verdict::Harmless, "{}", reading.headline);
}

#[test]
fn the_abort_switches_make_a_failed_join_an_exit() {
    let slow = decode(&files("11_abort_if_join_fails", "log-loki-1"));
    assert_eq!((slow.verdict, slow.incidents[0].id.as_str()), (Verdict::Act, "A12"));
    let fast = decode(&files("11_abort_if_join_fails", "log-loki-2"));
    assert_eq!((fast.verdict, fast.incidents[0].id.as_str()), (Verdict::Act, "A01"));
    assert!(fast.incidents[0].why.contains("gave up and exited"), "{}", fast.incidents[0].why);
    for reading in [slow, fast] {
        assert!(reading.timeline.iter().any(|moment| moment.kind == MomentKind::Crashed));
    }
}

#[test]
fn nearly_all_loud_lines_about_rings_and_gossip_are_recognised() {
    const ABOUT: [&str; 22] = [
        "memberlist",
        "ring",
        "lifecycler",
        "gossip",
        "ingester",
        "scheduler",
        "instance",
        "replica",
        "quorum",
        "heartbeat",
        "autoforget",
        "join",
        "resolver",
        "KV",
        "token",
        "bind addr",
        "broadcast",
        "module failed",
        "transport",
        "healthcheck",
        "unhealthy",
        "suspect",
    ];
    let (mut about, mut recognised) = (0, 0);
    let mut missed = Vec::new();
    for folder in fs::read_dir(fixture("captures")).unwrap() {
        let folder = folder.unwrap().file_name().into_string().unwrap();
        for (name, packed) in files(&folder, "") {
            let text = plain(&packed);
            let loud = |line: &str| line.contains("level=warn") || line.contains("level=error");
            let is_about = |line: &str| ABOUT.iter().any(|word| line.contains(word));
            for line in text.lines().filter(|line| loud(line) && is_about(line)) {
                about += 1;
                match crate::id_of(line) {
                    Some(_) => recognised += 1,
                    None => missed.push(format!("{folder}/{name}: {line}")),
                }
            }
        }
    }
    assert!(about > 300, "{about}");
    assert!(recognised * 100 >= about * 95, "{recognised} of {about}\n{}", missed.join("\n"));
}

#[test]
fn any_chunks_and_any_packing_give_the_same_reading() {
    let packed = files("06_sigkill_one_of_three", "");
    let unpacked =
        Vec::from_iter(packed.iter().map(|(name, bytes)| (name.clone(), plain(bytes).into_bytes())));
    let expected = decode(&unpacked);
    assert_eq!(decode(&packed), expected);
    for chunk in [1, 7, 1000, 65_537] {
        for files in [&packed, &unpacked] {
            let files = Vec::from_iter(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
            assert!(read_files(&files, chunk).0 == expected, "chunks of {chunk}");
        }
    }
}

#[test]
fn a_reading_goes_through_json_and_back() {
    let reading = capture("06_sigkill_one_of_three");
    let json = serde_json::to_string(&reading).unwrap();
    assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading);
    assert!(
        reading
            .incidents
            .iter()
            .all(|incident| incident.id == "vanished" || Catalogue::embedded().index(&incident.id).is_some())
    );
}

#[test]
fn a_log_told_backwards_has_the_same_verdict() {
    for name in ["01_single_rf1", "03_first_pod_alone_dead_join", "05_single_replica_rf3"] {
        let text = plain(&files(name, "")[0].1);
        let backwards = text.lines().rev().collect::<Vec<_>>().join("\n");
        let (there, back) = (crate::read(&text), crate::read(&backwards));
        assert_eq!((there.verdict, &there.incidents[0].id), (back.verdict, &back.incidents[0].id), "{name}");
    }
}

/// The text of a gzip file with a plain header.
fn plain(packed: &[u8]) -> String {
    let name =
        if packed[3] & 8 != 0 { packed[10..].iter().position(|byte| *byte == 0).unwrap() + 1 } else { 0 };
    let body = &packed[10 + name..packed.len() - 8];
    String::from_utf8(miniz_oxide::inflate::decompress_to_vec(body).unwrap()).unwrap()
}
