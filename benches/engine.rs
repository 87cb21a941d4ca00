//! The engine's speed on the workloads that Go was measured on. `cargo bench` prints times; the ratios
//! to Go's figures stand in docs/benchmarks.md.

mod workloads;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ringside::loki::{Labels, token_for};
use ringside::ring::{
    Desc, InstanceDesc, LookupBuffer, Operation, RandomTokenGenerator, Ring, RingConfig,
    SpreadMinimizingTokenGenerator, wire,
};
use workloads::{NOW, NOW_SECS, all_tokens, desc, keys, ring};

fn get(c: &mut Criterion) {
    for zones in [0, 3] {
        for instances in [3, 100, 1000] {
            for tokens in [128, 512] {
                let ring = ring(&desc(instances, tokens, zones), zones);
                let health = ring.health_at(NOW);
                let mut buffer = LookupBuffer::default();
                let keys = keys();
                let mut next = 0;
                c.bench_function(
                    &format!("RingGet/zones={zones}/instances={instances}/tokens={tokens}"),
                    |b| {
                        b.iter(|| {
                            next = (next + 1) % keys.len();
                            let set = ring.get(keys[next], Operation::WRITE_NO_EXTEND, health, &mut buffer);
                            set.map(|set| set.instances.len()).unwrap_or(0)
                        });
                    },
                );
            }
        }
    }
}

fn merge(c: &mut Criterion) {
    let base = desc(100, 128, 0);
    let one: Desc = newer(&base).ingesters.into_iter().take(1).collect();
    let conflicting: Desc = {
        let stolen = base.ingesters.values().take(10).flat_map(|entry| entry.tokens.iter().copied().take(13));
        let entry = InstanceDesc { timestamp: NOW_SECS, tokens: stolen.collect(), ..InstanceDesc::default() };
        [("new", entry)].into_iter().collect()
    };
    for (name, into, other) in [
        ("identical_full_state_no_change", base.clone(), base.clone()),
        ("all_heartbeats_newer", base.clone(), newer(&base)),
        ("one_heartbeat_newer", base.clone(), one),
        ("full_state_into_empty", Desc::default(), base.clone()),
        ("new_instance_with_token_conflicts", base.clone(), conflicting),
    ] {
        c.bench_function(&format!("Merge/100x128/{name}"), |b| {
            b.iter_batched(
                || (into.clone(), other.clone()),
                |(mut into, other)| {
                    let change = into.merge(other, false, NOW);
                    (into, change)
                },
                BatchSize::LargeInput,
            );
        });
    }
}

fn tokens(c: &mut Criterion) {
    let mut group = c.benchmark_group("TokenGeneration");
    group.sample_size(10);
    for instances in [100, 1000] {
        let taken: BTreeSet<u32> =
            all_tokens(instances, 512).iter().flat_map(|tokens| tokens.to_vec()).collect();
        group.bench_function(format!("random/one_more_instance_into_{instances}x512"), |b| {
            let mut generator = RandomTokenGenerator::new(1);
            b.iter(|| generator.generate_tokens(512, &taken));
        });
        group.bench_function(format!("random/all_{instances}x512_one_after_the_other"), |b| {
            b.iter(|| all_tokens(instances, 512));
        });
        let last = instances - 1;
        group.bench_function(format!("spread_minimizing/instance_{last}_of_{instances}"), |b| {
            let generator = SpreadMinimizingTokenGenerator::new(&format!("i-{last}"), "z", &["z"], false)
                .expect("a valid name");
            b.iter(|| generator.generate_tokens(512, &BTreeSet::new()));
        });
    }
}

fn shuffle_shard(c: &mut Criterion) {
    for zones in [0, 3] {
        for (instances, tokens, size) in
            [(3, 128, 3), (100, 128, 3), (100, 128, 30), (1000, 128, 30), (1000, 512, 3), (1000, 512, 30)]
        {
            let ring = ring(&desc(instances, tokens, zones), zones);
            let name = format!(
                "ShuffleShardUncached/zones={zones}/instances={instances}/tokens={tokens}/size={size}"
            );
            c.bench_function(&name, |b| b.iter(|| ring.shuffle_shard(black_box("tenant"), size)));
        }
    }
}

fn other(c: &mut Criterion) {
    let mut group = c.benchmark_group("Other");
    group.sample_size(20);
    for (instances, tokens) in [(3, 128), (100, 128), (1000, 512)] {
        let size = format!("{instances}x{tokens}");
        let desc = desc(instances, tokens, 0);
        let bytes = wire::encode(&desc).expect("a ring can be encoded");
        group.bench_function(format!("build_ring_state/{size}"), |b| {
            b.iter(|| Ring::new(&desc, RingConfig::default()));
        });
        group.bench_function(format!("CountTokens/{size}"), |b| b.iter(|| desc.count_tokens()));
        group.bench_function(format!("encode_proto_snappy/{size}"), |b| b.iter(|| wire::encode(&desc)));
        group.bench_function(format!("decode_proto_snappy/{size}"), |b| b.iter(|| wire::decode(&bytes)));
    }
    let ring = ring(&desc(100, 128, 0), 0);
    let health = ring.health_at(NOW);
    let mut buffer = LookupBuffer::default();
    group.bench_function("GetReplicationSetForOperation/100x128", |b| {
        b.iter(|| {
            let set = ring.replication_set_for_operation(Operation::READ, health, &mut buffer);
            set.map(|set| set.instances.len()).unwrap_or(0)
        });
    });
    let text = "x".repeat(100);
    group.bench_function("TokenFor/100B_labels", |b| {
        b.iter(|| token_for(black_box("fake"), black_box(&text)))
    });
    let labels =
        Labels::from_pairs(["app", "env", "job", "namespace", "pod"].map(|name| (name, "some-value")));
    group.bench_function("StableHash/5_labels", |b| b.iter(|| black_box(&labels).stable_hash()));
}

/// `desc` with every heartbeat a second newer, its tokens read off the wire and so not shared.
fn newer(desc: &Desc) -> Desc {
    let beat = |entry: &InstanceDesc| InstanceDesc {
        timestamp: entry.timestamp + 1,
        tokens: entry.tokens.to_vec().into(),
        ..entry.clone()
    };
    desc.ingesters.iter().map(|(id, entry)| (Arc::clone(id), beat(entry))).collect()
}

criterion_group!(engine, get, merge, tokens, shuffle_shard, other);
criterion_main!(engine);
