use super::*;
use crate::live::{ShownState, ring_page};
use crate::ring::InstanceState;

const GAP: Duration = Duration::from_secs(30);

fn page(now: i64, entries: &[(&str, &str, i64, &[u32])]) -> RingPage {
    let shard = |(id, state, heartbeat, tokens): &(&str, &str, i64, &[u32])| {
        format!(
            r#"{{"id":"{id}","state":"{state}","timestamp":{heartbeat},"tokens":{tokens:?},"address":"{id}:1"}}"#
        )
    };
    let shards = entries.iter().map(shard).collect::<Vec<_>>().join(",");
    ring_page::parse(&format!(r#"{{"shards":[{shards}],"now":{now}}}"#)).unwrap()
}

fn at(second: i64) -> WallTime {
    WallTime::from_unix_secs(second)
}

fn sentences(history: &History) -> Vec<String> {
    history.changes().map(|change| format!("{} {}", change.id, change.what)).collect()
}

#[test]
fn what_joins_changes_and_leaves_is_told_in_order() {
    let mut history = History::default();
    assert_eq!(
        history.record(at(100), &page(100, &[("a", "ACTIVE", 99, &[1])]), GAP),
        0,
        "the first is no change"
    );
    history.record(at(105), &page(105, &[("a", "ACTIVE", 104, &[1]), ("b", "JOINING", 105, &[2])]), GAP);
    history.record(at(110), &page(110, &[("a", "LEAVING", 109, &[1]), ("b", "ACTIVE", 110, &[2, 3])]), GAP);
    history.record(at(115), &page(115, &[("b", "ACTIVE", 110, &[2, 3])]), GAP);
    assert_eq!(
        sentences(&history),
        [
            "b joined the ring as JOINING",
            "a ACTIVE \u{2192} LEAVING",
            "b tokens: 1 before, 2 now, 1 of them the same",
            "b JOINING \u{2192} ACTIVE",
            "a left the ring; it was LEAVING",
        ]
    );
    assert_eq!(
        history.changes().map(|change| change.at).collect::<Vec<_>>(),
        [at(105), at(110), at(110), at(110), at(115)]
    );
}

#[test]
fn a_heartbeat_after_a_long_time_is_a_gap_and_one_that_goes_back_is_told() {
    let mut history = History::default();
    for (now, heartbeat) in [(100, 100), (131, 130), (165, 165), (170, 150)] {
        history.record(at(now), &page(now, &[("a", "ACTIVE", heartbeat, &[1])]), GAP);
    }
    assert_eq!(
        sentences(&history),
        ["a a heartbeat after 35s without one", "a its heartbeat went back by 15s"]
    );
}

#[test]
fn an_instant_shows_what_had_come_by_then() {
    let mut history = History::default();
    history.record(at(100), &page(100, &[("a", "ACTIVE", 99, &[1])]), GAP);
    history.record(at(110), &page(110, &[("a", "LEAVING", 109, &[1])]), GAP);
    let state = |second| history.at(at(second)).unwrap().state(0);
    assert_eq!(state(50), ShownState::ACTIVE, "before the first, that one");
    assert_eq!((state(109), state(110)), (ShownState::ACTIVE, ShownState::Stated(InstanceState::Leaving)));
    assert_eq!(History::default().at(at(1)), None);
}

#[test]
fn a_frame_gives_back_its_page() {
    let original = page(100, &[("a", "UNHEALTHY", 1, &[1, 2]), ("b", "PENDING", 99, &[])]);
    let mut history = History::default();
    history.record(at(101), &original, GAP);
    assert_eq!(history.latest().unwrap().page(), original);
}

#[test]
fn polling_a_large_ring_costs_no_tokens_and_stays_bounded() {
    let tokens: Vec<u32> = (0..512).collect();
    let ids: Vec<String> = (0..1000).map(|id| format!("ingester-{id:04}")).collect();
    let mut history = History::default();
    let mut first = 0;
    for second in 0..2_000 {
        let entries = ids.iter().map(|id| (&**id, "ACTIVE", 1000 + second, &*tokens));
        let page = if second < 3 {
            page(1000 + second, &Vec::from_iter(entries))
        } else {
            let mut page = history.latest().unwrap().page();
            page.desc.ingesters.values_mut().for_each(|instance| instance.timestamp += 1);
            page
        };
        history.record(at(1000 + second), &page, GAP);
        if second == 0 {
            first = history.bytes();
        }
    }
    assert!(first > 2_000_000, "{first}");
    assert!(history.bytes() < first + 2_000 * 10_300, "{}", history.bytes());
    assert!(history.frames().all(|frame| Arc::ptr_eq(&frame.roster, &history.latest().unwrap().roster)));
}

#[test]
fn when_memory_is_short_older_frames_thin_out_and_the_first_and_last_stay() {
    let mut history = History::default();
    // Every page has other tokens, so that nothing is shared.
    for second in 0..2_000_i64 {
        let tokens: Vec<u32> = (0..20_000).map(|token| token * 7 + second as u32).collect();
        history.record(at(second), &page(second, &[("a", "ACTIVE", second, &tokens)]), GAP);
    }
    assert!(history.bytes() <= MAX_BYTES + 16 * 100_000, "{}", history.bytes());
    assert_eq!(history.frames().next().unwrap().at, at(0));
    assert_eq!((history.latest().unwrap().at, history.taken()), (at(1_999), 2_000));
    assert_eq!(history.changes().len(), 1_999, "changes stay longer");
}

#[test]
fn a_miss_that_repeats_counts_once_until_a_page_comes_between() {
    let mut history = History::default();
    history.miss(at(1), "no answer");
    history.miss(at(2), "no answer");
    history.miss(at(3), "404");
    history.record(at(4), &page(4, &[]), GAP);
    history.miss(at(5), "404");
    assert_eq!(history.misses().map(|miss| miss.at).collect::<Vec<_>>(), [at(1), at(3), at(5)]);
}
