//! What the benchmarks measure, natively and in the browser: rings like those that Go's figures were
//! taken on (`vectors/go_bench.json`), tokens from the random generator, one generator a ring.

use std::collections::BTreeSet;

use ringside::ring::{Desc, InstanceDesc, RandomTokenGenerator, Ring, RingConfig, Tokens};
use ringside::time::WallTime;

pub(crate) const NOW_SECS: i64 = 1_700_000_000;
pub(crate) const NOW: WallTime = WallTime::from_unix_secs(NOW_SECS);

/// A ring of ACTIVE instances with fresh heartbeats; with zones, they take turns.
pub(crate) fn desc(instances: usize, tokens: usize, zones: usize) -> Desc {
    let entry = |(i, tokens): (usize, Tokens)| {
        let desc = InstanceDesc {
            addr: format!("10.{}.{}.{}:9095", i >> 16, i >> 8 & 255, i & 255).into(),
            zone: if zones == 0 { "".into() } else { format!("zone-{}", i % zones).into() },
            timestamp: NOW_SECS,
            registered_timestamp: NOW_SECS - 3600,
            tokens,
            ..InstanceDesc::default()
        };
        (format!("ingester-{i}"), desc)
    };
    all_tokens(instances, tokens).into_iter().enumerate().map(entry).collect()
}

/// The tokens of all instances, drawn one instance after the other.
pub(crate) fn all_tokens(instances: usize, tokens: usize) -> Vec<Tokens> {
    let mut generator = RandomTokenGenerator::new(42);
    let mut taken = BTreeSet::new();
    let mut drawn = Vec::with_capacity(instances);
    for _ in 0..instances {
        let tokens = generator.generate_tokens(tokens, &taken);
        taken.extend(tokens.iter().copied());
        drawn.push(tokens);
    }
    drawn
}

/// A ring of RF 3, zone-aware if it has zones.
pub(crate) fn ring(desc: &Desc, zones: usize) -> Ring {
    Ring::new(desc, RingConfig { zone_awareness_enabled: zones > 0, ..RingConfig::default() })
}

/// The keys to look up, in a fixed order without pattern.
pub(crate) fn keys() -> Vec<u32> {
    let mut rand = ringside::go::rand::GoRand::new(1);
    (0..4096).map(|_| rand.uint32()).collect()
}
