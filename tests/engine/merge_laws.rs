//! The laws that make the ring a CRDT, on random rings.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use ringside::ring::{Desc, InstanceDesc, InstanceState};
use ringside::time::WallTime;

use super::models::{config, instance_state};

const NOW: WallTime = WallTime::from_unix_secs(1_000_000);

/// Rings of few instances, few seconds and few tokens, so that everything collides.
fn small_desc() -> impl Strategy<Value = Desc> {
    let entry = (instance_state(), 0i64..6, prop::collection::vec(0u32..12, 0..4)).prop_map(
        |(state, timestamp, tokens)| {
            let tokens = if state == InstanceState::Left { Vec::new() } else { tokens };
            InstanceDesc { state, timestamp, tokens: tokens.into(), ..InstanceDesc::default() }
        },
    );
    prop::collection::btree_map("[a-d]", entry, 0..4).prop_map(Desc::from_iter)
}

fn merged(mut into: Desc, others: &[&Desc]) -> Desc {
    for other in others {
        into.merge((*other).clone(), false, NOW);
    }
    into
}

/// What merges agree on in whatever order: each entry's heartbeat, and whether it left.
fn versions(desc: &Desc) -> BTreeMap<Arc<str>, (i64, bool)> {
    let version = |entry: &InstanceDesc| (entry.timestamp, entry.state == InstanceState::Left);
    desc.ingesters.iter().map(|(id, entry)| (Arc::clone(id), version(entry))).collect()
}

proptest! {
    #![proptest_config(config(512))]

    #[test]
    fn merging_a_second_time_changes_nothing(a in small_desc(), b in small_desc()) {
        let once = merged(a, &[&b]);
        let mut twice = once.clone();
        prop_assert_eq!(twice.merge(b, false, NOW), None);
        prop_assert_eq!(twice, once);
    }

    #[test]
    fn versions_do_not_depend_on_the_order(a in small_desc(), b in small_desc(), c in small_desc()) {
        let empty = Desc::default();
        let expected = versions(&merged(empty.clone(), &[&a, &b, &c]));
        for order in [[&a, &c, &b], [&b, &a, &c], [&b, &c, &a], [&c, &a, &b], [&c, &b, &a]] {
            prop_assert_eq!(&versions(&merged(empty.clone(), &order)), &expected);
        }
        let grouped = merged(empty.clone(), &[&merged(merged(empty, &[&b]), &[&c])]);
        prop_assert_eq!(versions(&merged(grouped, &[&a])), expected);
    }

    #[test]
    fn a_tombstone_outlives_every_entry_that_is_not_newer(a in small_desc(), b in small_desc()) {
        let result = merged(a.clone(), &[&b]);
        for (id, left) in a.ingesters.iter().filter(|(_, entry)| entry.state == InstanceState::Left) {
            let newer = b.ingesters.get(id).is_some_and(|entry| entry.timestamp > left.timestamp);
            prop_assert!(newer || result.ingesters[id].state == InstanceState::Left);
        }
    }

    #[test]
    fn the_change_holds_what_was_news_and_brings_another_reader_up_to_date(a in small_desc(), b in small_desc()) {
        let mut ours = merged(Desc::default(), &[&a]);
        let before = ours.clone();
        let change = ours.merge(b, false, NOW).unwrap_or_default();
        for (id, entry) in &change.ingesters {
            prop_assert_eq!(&ours.ingesters[id], entry);
            prop_assert!(before.ingesters.get(id).is_none_or(|old| versions_differ(old, entry)));
        }
        prop_assert_eq!(versions(&merged(before, &[&change])), versions(&ours));
    }

    #[test]
    fn heartbeats_never_go_back_and_no_token_has_two_owners(a in small_desc(), b in small_desc()) {
        let before = merged(Desc::default(), &[&a]);
        let after = merged(before.clone(), &[&b]);
        for (id, entry) in &before.ingesters {
            prop_assert!(after.ingesters[id].timestamp >= entry.timestamp);
        }
        let mut tokens: Vec<u32> = after.ingesters.values().flat_map(|entry| entry.tokens.to_vec()).collect();
        let count = tokens.len();
        tokens.sort_unstable();
        tokens.dedup();
        prop_assert_eq!(tokens.len(), count);
    }

    #[test]
    fn a_local_cas_turns_whoever_it_misses_into_a_tombstone(a in small_desc(), b in small_desc()) {
        let mut ours = a.clone();
        let change = ours.merge(b.clone(), true, NOW).unwrap_or_default();
        for (id, entry) in &a.ingesters {
            if !b.ingesters.contains_key(id) && entry.state != InstanceState::Left {
                let gone = &ours.ingesters[id];
                prop_assert_eq!((gone.state, gone.timestamp, gone.tokens.len()), (InstanceState::Left, NOW.unix_secs(), 0));
                prop_assert!(change.ingesters.contains_key(id));
            }
        }
    }
}

fn versions_differ(old: &InstanceDesc, new: &InstanceDesc) -> bool {
    new.timestamp > old.timestamp || new.state == InstanceState::Left && old.state != InstanceState::Left
}
