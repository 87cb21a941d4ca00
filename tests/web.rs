//! That a browser answers as this machine does: one test, run natively and in headless Chromium, with one answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

use std::collections::BTreeSet;

use ringside::experiment::{Report, catalog, swarm};
use ringside::go::strconv::format_3g;
use ringside::loki::token_for;
use ringside::ring::{
    Desc, InstanceDesc, InstanceState, LookupBuffer, Operation, RandomTokenGenerator, Ring, RingConfig,
    SpreadMinimizingTokenGenerator, ownership_percent, wire,
};
use ringside::time::WallTime;
use sha2::{Digest as _, Sha256};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

const NOW: WallTime = WallTime::from_unix_secs(1_790_000_000);

#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn a_ring_answers_alike_here_and_in_the_browser() {
    let desc = desc();
    let ring = Ring::new(&desc, RingConfig::default());
    let mut digest = Sha256::new();

    digest.update(wire::encode_proto(&desc));
    let mut buffer = LookupBuffer::default();
    for n in 0..2_000 {
        let key = token_for("tenant-7", format!("{{app=\"loki\", pod=\"{n}\"}}"));
        for operation in [Operation::WRITE, Operation::WRITE_NO_EXTEND, Operation::READ] {
            match ring.get(key, operation, ring.health_at(NOW), &mut buffer) {
                Ok(set) => set.instances.iter().for_each(|instance| digest.update(instance.to_le_bytes())),
                Err(error) => digest.update(error.to_string()),
            }
        }
    }
    for owned in desc.count_tokens() {
        digest.update(format_3g(ownership_percent(owned)));
    }
    for size in [1, 5, 12] {
        let shard = ring.shuffle_shard("tenant-7", size);
        shard.ring(&ring).instances().iter().for_each(|(id, _)| digest.update(id.as_bytes()));
    }
    let generator = SpreadMinimizingTokenGenerator::new("ingester-zone-b-3", "b", &["a", "b", "c"], false);
    let spread = generator.unwrap().generate_tokens(512, &BTreeSet::new()).unwrap();
    spread.iter().for_each(|token| digest.update(token.to_le_bytes()));

    assert_eq!(
        hex::encode(digest.finalize()),
        "452f75a3f3922810e92ea34ce80ed3b030866812a51eb8409b0ab7401d351485"
    );
}

/// Whole clusters: every built-in scenario, and as many drawn at random as make fifty.
#[cfg_attr(target_arch = "wasm32", wasm_bindgen_test::wasm_bindgen_test)]
#[cfg_attr(not(target_arch = "wasm32"), test)]
fn fifty_clusters_run_alike_here_and_in_the_browser() {
    let drawn = (0..).map(swarm::scenario);
    let runs = catalog::all().chain(drawn).take(50).map(|scenario| {
        let report = Report::of(&scenario).unwrap();
        format!("{} {:016x}", scenario.name, report.simulation.fingerprint())
    });
    let runs = Vec::from_iter(runs).join("\n");
    assert_eq!(
        hex::encode(Sha256::digest(&runs)),
        "60486cf995f94ca2124fbcb40c4b6b8b80168eb01fd55b85ec2955cb9ae22066",
        "{runs}"
    );
}

/// Thirty instances in three zones: most are well, some leave, join, or have gone silent.
fn desc() -> Desc {
    let mut generator = RandomTokenGenerator::new(7);
    let instance = |n: usize| {
        let instance = InstanceDesc {
            zone: ["a", "b", "c"][n % 3].into(),
            state: match n % 10 {
                4 => InstanceState::Leaving,
                8 => InstanceState::Joining,
                _ => InstanceState::Active,
            },
            timestamp: NOW.unix_secs() - if n % 7 == 5 { 300 } else { 10 },
            tokens: generator.generate_tokens(128, &BTreeSet::new()),
            ..InstanceDesc::default()
        };
        (format!("ingester-{n}"), instance)
    };
    Vec::from_iter((0..30).map(instance))
        .iter()
        .map(|(id, instance)| (id.as_str(), instance.clone()))
        .collect()
}
