//! Verdicts in time: the same line is harmless, to be waited for, or something to act on, by what surrounds it.

use ringside::doctor::log::{Reading, Verdict};

use crate::{incident, read, read_files};

/// A line so many seconds after ten o'clock.
fn at(seconds: u32, rest: &str) -> String {
    let (h, m, s) = (10 + seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("ts=2026-11-22T{h:02}:{m:02}:{s:02}Z {rest}\n")
}

const START: &str = "level=info msg=\"Starting Loki\" version=\"(version=3.1.0, branch=x)\"";
const FAILED: &str = "level=error msg=\"failed to fast-join the memberlist cluster at startup\" err=x";
const JOINED: &str = "level=info msg=\"joining memberlist cluster succeeded\" reached_nodes=2";
const NEWS: &str = "level=info msg=\"uploading tables\"";

fn only(lines: &[(u32, &str)]) -> Reading {
    read(&lines.iter().map(|(seconds, line)| at(*seconds, line)).collect::<String>())
}

#[test]
fn a_failed_first_join_is_judged_by_what_follows() {
    let attempt = "level=warn msg=\"joining memberlist cluster\" attempts=3 err=\"found no nodes to join\"";
    for (lines, verdict) in [
        (vec![(0, FAILED)], Verdict::Wait),
        (vec![(0, FAILED), (20, JOINED)], Verdict::Harmless),
        (vec![(0, FAILED), (20, attempt), (160, attempt)], Verdict::Act),
        (vec![(0, FAILED), (20, attempt), (400, NEWS)], Verdict::Harmless),
        (vec![(0, FAILED), (2, "level=error msg=\"error running loki\" err=x")], Verdict::Act),
        (
            vec![
                (0, FAILED),
                (60, "level=error msg=\"joining memberlist cluster failed\" err=x"),
                (600, NEWS),
            ],
            Verdict::Act,
        ),
    ] {
        let reading = only(&lines);
        assert_eq!(reading.verdict, verdict, "{lines:?}: {} {}", reading.headline, reading.why);
    }
}

#[test]
fn lines_without_any_time_are_judged_by_their_order() {
    let text = |lines: [&str; 2]| lines.join("\n");
    assert_eq!(read(&text([FAILED, JOINED])).verdict, Verdict::Harmless);
    assert_eq!(read(&text([JOINED, FAILED])).verdict, Verdict::Wait);
}

#[test]
fn a_success_of_another_process_does_not_count() {
    let (a, b) = (at(0, FAILED), at(20, JOINED));
    let reading = read_files(&[("a.log", a.as_bytes()), ("b.log", b.as_bytes())], usize::MAX).0;
    assert_eq!(reading.verdict, Verdict::Wait);
}

#[test]
fn an_empty_ring_is_harmless_at_the_start_and_not_minutes_later() {
    let empty = "level=error msg=\"error getting ingester clients\" err=\"empty ring\"";
    assert_eq!(incident(&only(&[(0, START), (1, empty), (40, NEWS)]), "G07").verdict, Verdict::Harmless);
    assert_eq!(incident(&only(&[(0, START), (1, empty)]), "G07").verdict, Verdict::Wait);
    let long = Vec::from_iter([(0, START)].into_iter().chain((0..20).map(|n| (600 + n * 10, empty))));
    assert_eq!(incident(&only(&long), "G07").verdict, Verdict::Act);
}

#[test]
fn refuting_once_is_harmless_and_all_the_time_is_not() {
    let refuting = "level=warn msg=\"Refuting a suspect message (from: loki-1-aabbccdd)\"";
    assert_eq!(only(&[(100, refuting), (400, NEWS)]).verdict, Verdict::Harmless);
    let often = Vec::from_iter((0..12).map(|n| (n * 40, refuting)));
    let reading = only(&often);
    assert_eq!((reading.verdict, reading.incidents[0].count), (Verdict::Act, 12));
    assert_eq!(reading.incidents[0].peers[0].name, "loki-1");
}

#[test]
fn an_address_that_does_not_answer_is_harmless_when_it_ends_and_act_when_it_goes_on() {
    let failed = "level=warn component=\"memberlist TCPTransport\" msg=\"WriteTo failed\" addr=10.0.0.5:7946 err=\"dial tcp 10.0.0.5:7946: i/o timeout\"";
    let short = Vec::from_iter((0..5).map(|n| (n * 10, failed)).chain([(200, NEWS)]));
    assert_eq!(only(&short).verdict, Verdict::Harmless);
    let long = Vec::from_iter((0..40).map(|n| (n * 10, failed)));
    assert_eq!(only(&long).verdict, Verdict::Act);
}

#[test]
fn symptoms_about_the_dead_member_follow_from_its_death() {
    let dead = "level=info msg=\"Marking loki-3-aabbccdd as failed, suspect timeout reached (2 peer confirmations)\"";
    let suspect = "level=info msg=\"Suspect loki-3-aabbccdd has failed, no acks received\"";
    let other = "level=info msg=\"Suspect loki-9-aabbccdd has failed, no acks received\"";
    let reading = only(&[(0, suspect), (3, other), (20, dead)]);
    let death = incident(&reading, "B02");
    assert_eq!((death.symptoms.len(), death.symptoms[0].id.as_str(), death.symptoms[0].count), (1, "B01", 2));
}

#[test]
fn an_ingester_waits_for_a_starting_neighbour_but_not_for_a_ghost() {
    let blocked = |inner: &str| {
        format!(
            "level=warn msg=\"found an existing instance(s) with a problem in the ring, this instance cannot become ready until this problem is resolved.\" ring=ingester err=\"{inner}\""
        )
    };
    let starting = blocked("instance 10.0.0.2:9095 in state PENDING");
    let ghost = blocked("instance 10.0.0.2:9095 past heartbeat timeout");
    assert_eq!(only(&[(0, START), (2, &starting), (60, NEWS)]).verdict, Verdict::Harmless);
    assert_eq!(only(&[(0, START), (2, &starting)]).verdict, Verdict::Wait);
    assert_eq!(only(&[(0, START), (2, &ghost)]).verdict, Verdict::Act);
}

#[test]
fn auto_forget_on_a_single_ingester_is_noise_and_on_two_it_is_not() {
    let line = |n: u32, all: u32| {
        format!(
            "level=warn msg=\"autoforget have seen {n} unhealthy ingesters out of {all}, network may be partioned, skip forgeting ingesters this round\""
        )
    };
    assert_eq!(only(&[(0, &line(0, 1)), (15, &line(0, 1))]).verdict, Verdict::Harmless);
    assert_eq!(only(&[(0, &line(1, 2)), (15, &line(1, 2))]).verdict, Verdict::Act);
}

#[test]
fn a_process_that_is_killed_again_and_again_needs_action() {
    let once = [
        (0, START),
        (5, "level=info msg=\"Loki started\""),
        (90, NEWS),
        (95, START),
        (99, "level=info msg=\"Loki started\""),
    ];
    assert_eq!(only(&once).verdict, Verdict::Wait);
    let twice = Vec::from_iter(once.into_iter().chain([
        (200, NEWS),
        (210, START),
        (215, "level=info msg=\"Loki started\""),
    ]));
    let reading = only(&twice);
    assert_eq!(
        (reading.verdict, reading.incidents[0].id.as_str(), reading.incidents[0].count),
        (Verdict::Act, "vanished", 2)
    );
    assert_eq!(reading.totals.versions, ["3.1.0"]);
}

#[test]
fn every_line_has_the_verdict_of_its_time() {
    let text =
        [at(0, FAILED), at(20, JOINED), at(500, START), at(501, FAILED), at(502, "level=error msg=what")]
            .concat();
    let (_, lines) = read_files(&[("log", text.as_bytes())], usize::MAX);
    let told = Vec::from_iter(lines.iter().map(|(line, id, verdict)| (*line, id.as_deref(), *verdict)));
    use Verdict::{Harmless, Unknown, Wait};
    assert_eq!(
        told,
        [
            (1, Some("A01"), Harmless),
            (2, Some("A09"), Harmless),
            (3, Some("H01"), Harmless),
            (4, Some("A01"), Wait),
            (5, None, Unknown)
        ]
    );
}
