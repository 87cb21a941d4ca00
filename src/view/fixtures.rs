//! Rings of any size, for tests of the pictures.

use std::sync::Arc;

use crate::ring::{Desc, InstanceDesc, InstanceState, Ring, RingConfig};

use super::mark::Mark;
use super::picture::Picture;

/// A ring of `count` instances in `zones` zones, with tokens spread by a multiplicative hash.
pub(super) fn ring(count: u32, tokens: u32, zones: u32) -> Ring {
    let instance = |index: u32| {
        let tokens: Vec<u32> = (0..tokens)
            .map(|i| (index * tokens + i).wrapping_mul(2_654_435_761).wrapping_add(index * 977))
            .collect();
        let desc = InstanceDesc {
            addr: Arc::from(format!("10.0.0.{index}:9095")),
            zone: Arc::from(if zones > 1 { format!("zone-{}", index % zones) } else { String::new() }),
            state: InstanceState::Active,
            timestamp: 1_000,
            tokens: tokens.into(),
            ..Default::default()
        };
        (format!("ingester-{index:04}"), desc)
    };
    let desc: Desc = (0..count).map(instance).collect();
    Ring::new(&desc, RingConfig::default())
}

/// The same, prepared for painting; everybody is well.
pub(super) fn picture(count: u32, tokens: u32, zones: u32) -> Picture {
    Picture::new(ring(count, tokens, zones), vec![Mark::Active; count as usize])
}
