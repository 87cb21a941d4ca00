use std::collections::BTreeSet;
use std::time::Duration;

use ringside::go::rand::GoRand;
use ringside::ring::{
    RandomTokenGenerator, Ring, RingConfig, Subring, shuffle_shard_expected_instances,
    shuffle_shard_expected_instances_per_zone, shuffle_shard_seed,
};
use serde::Deserialize;

use super::support::{Cases, VectorFile, list, rings};

#[derive(Deserialize)]
struct ShardCase {
    ring: String,
    zone_awareness: bool,
    identifier: String,
    size: i64,
    lookback_s: Option<u64>,
    #[serde(default, deserialize_with = "list")]
    ids: Vec<String>,
    #[serde(default)]
    same_ring: bool,
}

#[test]
fn shuffle_shard() {
    let (mut file, vectors) = VectorFile::read::<Cases<ShardCase>>("shuffle_shard");
    let rings = rings();
    for case in &vectors.cases {
        let (desc, now) = &rings[&case.ring];
        let config = RingConfig { zone_awareness_enabled: case.zone_awareness, ..RingConfig::default() };
        let ring = Ring::new(desc, config);
        let size = usize::try_from(case.size).unwrap_or(0);
        let shard = match case.lookback_s {
            None => ring.shuffle_shard(&case.identifier, size),
            Some(lookback) => {
                ring.shuffle_shard_with_lookback(&case.identifier, size, Duration::from_secs(lookback), *now)
            }
        };
        let ids: Vec<String> = shard.ring(&ring).instances().iter().map(|(id, _)| id.to_string()).collect();
        let label = || {
            let ShardCase { ring, zone_awareness, identifier, size, lookback_s, .. } = case;
            format!("{ring} zones {zone_awareness} {identifier} size {size} lookback {lookback_s:?}")
        };
        file.check(label, &(ids, matches!(shard, Subring::Same)), &(case.ids.clone(), case.same_ring));
    }
    file.finish();
}

#[derive(Deserialize)]
struct RawFile {
    cases: Vec<RawCase>,
    go_rand: Vec<GoRandCase>,
    expected_instances: Vec<ExpectedInstances>,
    random_tokens: Vec<RandomTokens>,
}

#[derive(Deserialize)]
struct RawCase {
    identifier: String,
    zone: String,
    seed: String,
    #[serde(deserialize_with = "list")]
    uint32s: Vec<u32>,
}

#[derive(Deserialize)]
struct GoRandCase {
    seed: String,
    #[serde(deserialize_with = "list")]
    uint32s: Vec<u32>,
    #[serde(deserialize_with = "list")]
    int63s: Vec<String>,
}

#[derive(Deserialize)]
struct ExpectedInstances {
    shard_size: usize,
    zones: usize,
    per_zone: usize,
    total: usize,
}

#[derive(Deserialize)]
struct RandomTokens {
    seed: String,
    n: i64,
    #[serde(default, deserialize_with = "list")]
    taken: Vec<u32>,
    #[serde(default, deserialize_with = "list")]
    tokens: Vec<u32>,
}

fn uint32s(seed: i64, count: usize) -> Vec<u32> {
    let mut rand = GoRand::new(seed);
    (0..count).map(|_| rand.uint32()).collect()
}

#[test]
fn shuffle_raw() {
    let (mut file, vectors) = VectorFile::read::<RawFile>("shuffle_raw");
    for case in &vectors.cases {
        let seed = shuffle_shard_seed(&case.identifier, &case.zone);
        let ours = (seed.to_string(), uint32s(seed, case.uint32s.len()));
        let theirs = (case.seed.clone(), case.uint32s.clone());
        file.check(|| format!("{:?} {:?}", case.identifier, case.zone), &ours, &theirs);
    }
    for case in &vectors.go_rand {
        let seed: i64 = case.seed.parse().unwrap();
        let mut rand = GoRand::new(seed);
        let int63s: Vec<String> = (1..=1001).map(|_| rand.int63().to_string()).collect();
        let int63s = [0, 1, 2, 1000].map(|i| int63s[i].clone()).to_vec();
        let ours = (uint32s(seed, case.uint32s.len()), int63s);
        file.check(|| format!("go_rand {seed}"), &ours, &(case.uint32s.clone(), case.int63s.clone()));
    }
    for case in &vectors.expected_instances {
        let ours = (
            shuffle_shard_expected_instances_per_zone(case.shard_size, case.zones),
            shuffle_shard_expected_instances(case.shard_size, case.zones),
        );
        file.check(
            || format!("expected {} of {}", case.shard_size, case.zones),
            &ours,
            &(case.per_zone, case.total),
        );
    }
    for case in &vectors.random_tokens {
        let taken: BTreeSet<u32> = case.taken.iter().copied().collect();
        let mut generator = RandomTokenGenerator::new(case.seed.parse().unwrap());
        let ours = generator.generate_tokens(usize::try_from(case.n).unwrap_or(0), &taken).to_vec();
        file.check(|| format!("random tokens {} n {}", case.seed, case.n), &ours, &case.tokens);
    }
    file.finish();
}
