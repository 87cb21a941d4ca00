//! Look-ups against models that are slow and obviously right.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use ringside::ring::{
    Desc, HeartbeatHealth, InstanceDesc, InstanceState, LookupBuffer, Operation, Ring, RingConfig,
    RingUpdate, token_distance,
};
use ringside::time::WallTime;

const NOW: WallTime = WallTime::from_unix_secs(10_000);

/// Reproducible runs: the same cases on every machine.
pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(7),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

pub(super) fn instance_state() -> impl Strategy<Value = InstanceState> {
    prop::sample::select(&InstanceState::ALL[..])
}

/// Rings in which no token has two owners; tokens crowd at both ends and in the middle.
fn ring_desc() -> impl Strategy<Value = Desc> {
    let token = prop_oneof![0u32..20, (u32::MAX - 20)..=u32::MAX, any::<u32>()];
    let entry = (
        prop_oneof![3 => Just(InstanceState::Active), 1 => instance_state()],
        prop_oneof![4 => Just(9_990i64), 1 => 9_900i64..10_050],
        prop::sample::select(&["", "za", "zb", "zc", "zd"][..]),
        prop::collection::vec(token, 0..6),
    );
    prop::collection::vec(entry, 0..9).prop_map(|entries| {
        let mut taken = BTreeSet::new();
        let instance = |(i, (state, timestamp, zone, tokens)): (usize, (_, _, &str, Vec<u32>))| {
            let tokens = tokens.into_iter().filter(|token| taken.insert(*token)).collect();
            let addr = format!("10.0.0.{i}:9095").into();
            (
                format!("i-{i}"),
                InstanceDesc { addr, zone: zone.into(), state, timestamp, tokens, ..Default::default() },
            )
        };
        entries.into_iter().enumerate().map(instance).collect()
    })
}

fn ring_config() -> impl Strategy<Value = RingConfig> {
    (1usize..5, any::<bool>(), any::<bool>()).prop_map(
        |(replication_factor, zone_awareness_enabled, excluded)| RingConfig {
            replication_factor,
            zone_awareness_enabled,
            excluded_zones: if excluded { vec!["zd".into()] } else { Vec::new() },
            ..RingConfig::default()
        },
    )
}

fn operation() -> impl Strategy<Value = Operation> {
    prop::sample::select(
        &[Operation::WRITE, Operation::WRITE_NO_EXTEND, Operation::READ, Operation::REPORTING][..],
    )
}

/// The replicas of a key by the letter: a list of all tokens turned to the key, walked one by one.
fn model_get(
    desc: &Desc,
    config: &RingConfig,
    key: u32,
    operation: Operation,
) -> Result<(Vec<String>, usize), String> {
    let visible: BTreeMap<&str, &InstanceDesc> = desc
        .ingesters
        .iter()
        .filter(|(_, entry)| !config.excluded_zones.contains(&entry.zone))
        .map(|(id, entry)| (&**id, entry))
        .collect();
    let mut tokens: Vec<(u32, &str)> =
        visible.iter().flat_map(|(id, entry)| entry.tokens.iter().map(|&token| (token, *id))).collect();
    if tokens.is_empty() {
        return Err("empty ring".to_owned());
    }
    // Strictly above the key first, then the rest.
    tokens.sort_by_key(|&(token, _)| (token <= key, token));

    let zone_of = |id: &str| &*visible[id].zone;
    let all_zones: BTreeSet<&str> = visible.values().map(|entry| &*entry.zone).collect();
    let mut found: Vec<&str> = Vec::new();
    let mut zones_done: BTreeSet<&str> = BTreeSet::new();
    let mut wanted = config.replication_factor;
    for (_, id) in tokens {
        let exhausted = |zone: &str| {
            !zone.is_empty() && visible.keys().filter(|id| zone_of(id) == zone).all(|id| found.contains(id))
        };
        let zones_satisfied = all_zones.iter().all(|zone| zones_done.contains(zone) || exhausted(zone));
        if found.len() >= wanted.min(visible.len()) || config.zone_awareness_enabled && zones_satisfied {
            break;
        }
        if found.contains(&id) || config.zone_awareness_enabled && zones_done.contains(zone_of(id)) {
            continue;
        }
        found.push(id);
        if operation.extends_on(visible[id].state) {
            wanted += 1;
        } else if config.zone_awareness_enabled && !zone_of(id).is_empty() {
            zones_done.insert(zone_of(id));
        }
    }

    let health = HeartbeatHealth::at(NOW, config.heartbeat_timeout);
    let required = config.replication_factor.max(found.len()) / 2 + 1;
    let (healthy, unhealthy): (Vec<&str>, Vec<&str>) =
        found.into_iter().partition(|id| visible[id].is_healthy(operation, health));
    if healthy.len() < required {
        let zones = if config.zone_awareness_enabled { " across different availability zones" } else { "" };
        let mut text =
            format!("at least {required} live replicas required{zones}, could only find {}", healthy.len());
        if !unhealthy.is_empty() {
            let addresses: Vec<&str> = unhealthy.iter().map(|id| &*visible[id].addr).collect();
            text += &format!(" - unhealthy instances: {}", addresses.join(","));
        }
        return Err(text);
    }
    let errors = healthy.len() - required;
    Ok((healthy.into_iter().map(str::to_owned).collect(), errors))
}

fn get(
    ring: &Ring,
    key: u32,
    operation: Operation,
    buffer: &mut LookupBuffer,
) -> Result<(Vec<String>, usize), String> {
    let names = |set: &[u32]| set.iter().map(|&index| ring.id(index).to_string()).collect();
    ring.get(key, operation, ring.health_at(NOW), buffer)
        .map(|set| (names(set.instances), set.max_errors))
        .map_err(|error| error.to_string())
}

fn interesting_keys(desc: &Desc) -> BTreeSet<u32> {
    let tokens = desc.ingesters.values().flat_map(|entry| entry.tokens.to_vec());
    let around = tokens.flat_map(|token| [token.wrapping_sub(1), token, token.wrapping_add(1)]);
    around.chain([0, 1 << 31, u32::MAX]).collect()
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn a_key_has_the_replicas_of_the_slow_walk(desc in ring_desc(), config in ring_config(), operation in operation()) {
        let ring = Ring::new(&desc, config.clone());
        let mut buffer = LookupBuffer::default();
        for key in interesting_keys(&desc) {
            prop_assert_eq!(
                get(&ring, key, operation, &mut buffer),
                model_get(&desc, &config, key, operation),
                "key {}", key
            );
        }
    }

    #[test]
    fn a_trace_takes_the_instances_that_the_look_up_judges(desc in ring_desc(), config in ring_config(), key in any::<u32>()) {
        let ring = Ring::new(&desc, config);
        let mut buffer = LookupBuffer::default();
        let walk = ring.trace(key, Operation::WRITE, &mut buffer);
        let taken: Vec<u32> = walk.steps.iter().filter(|step| step.outcome.is_ok()).map(|step| step.instance).collect();
        prop_assert_eq!(&taken, &walk.taken);
        let distinct: BTreeSet<u32> = taken.iter().copied().collect();
        prop_assert_eq!(distinct.len(), taken.len());
        if let Ok(set) = ring.get(key, Operation::WRITE, ring.health_at(NOW), &mut buffer) {
            prop_assert!(set.instances.iter().all(|instance| distinct.contains(instance)));
        }
    }

    #[test]
    fn ownership_is_the_distance_to_the_token_before_in_the_zone(desc in ring_desc()) {
        let owned = desc.count_tokens();
        for ((id, entry), owned) in desc.ingesters.iter().zip(owned) {
            let in_zone: Vec<u32> = desc
                .ingesters
                .values()
                .filter(|other| other.zone == entry.zone)
                .flat_map(|other| other.tokens.to_vec())
                .collect();
            let before = |token: u32| in_zone.iter().copied().min_by_key(|&other| token_distance(other, token));
            let expected: u64 = entry.tokens.iter().map(|&token| token_distance(before(token).unwrap(), token)).sum();
            prop_assert_eq!(owned, expected, "{}", id);
        }
    }

    #[test]
    fn token_ranges_hold_the_keys_that_fall_to_the_instance(desc in ring_desc()) {
        let zones: BTreeSet<&str> = desc.ingesters.values().map(|entry| &*entry.zone).collect();
        let config = RingConfig {
            replication_factor: zones.len().max(1),
            zone_awareness_enabled: true,
            ..RingConfig::default()
        };
        let ring = Ring::new(&desc, config);
        for (id, entry) in &desc.ingesters {
            let Ok(ranges) = ring.token_ranges(id) else { continue };
            let in_zone = desc.ingesters.iter().filter(|(_, other)| other.zone == entry.zone);
            let mut tokens: Vec<(u32, &str)> =
                in_zone.flat_map(|(id, other)| other.tokens.iter().map(move |&token| (token, &**id))).collect();
            for key in interesting_keys(&desc) {
                tokens.sort_by_key(|&(token, _)| (token <= key, token));
                let owns = tokens[0].1 == &**id;
                prop_assert_eq!(ranges.iter().any(|(start, end)| (*start..=*end).contains(&key)), owns, "key {}", key);
            }
        }
    }

    #[test]
    fn an_updated_ring_answers_like_a_new_one(a in ring_desc(), b in ring_desc(), config in ring_config(), beats in 0i64..40) {
        let mut later = a.clone();
        for entry in later.ingesters.values_mut() {
            entry.timestamp += beats;
        }
        let mut ring = Ring::new(&a, config.clone());
        let same_topology = ring.update(&later) != RingUpdate::Different;
        prop_assert!(same_topology);
        let mut buffer = LookupBuffer::default();
        for desc in [&later, &b, &a] {
            ring.update(desc);
            let fresh = Ring::new(desc, config.clone());
            for key in interesting_keys(desc) {
                let ours = get(&ring, key, Operation::READ, &mut buffer);
                prop_assert_eq!(ours, get(&fresh, key, Operation::READ, &mut LookupBuffer::default()));
            }
        }
    }
}
