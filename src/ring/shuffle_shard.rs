//! Shuffle sharding: the stable, tenant-specific part of a ring.
//!
//! Models dskit ring/ring.go:946-1203 and ring/shard/shard.go. Loki uses it for index gateways, rulers
//! and limits, never for the classic ingester ring. Differs: nothing is cached here.

use std::sync::Arc;
use std::time::Duration;

use md5::{Digest, Md5};

use crate::go::rand::GoRand;
use crate::time::WallTime;

use super::{InstanceDesc, Ring, Topology};

/// What is left of a ring for one tenant.
#[derive(Debug, Clone)]
pub enum Subring {
    /// The ring itself: nothing had to be left out.
    Same,
    /// A ring of its own.
    Part(Ring),
}

/// The seed of a tenant's generator in one zone: the first eight bytes of an MD5 sum, big-endian.
pub fn shuffle_shard_seed(identifier: &str, zone: &str) -> i64 {
    let mut md5 = Md5::new().chain_update(identifier);
    if !zone.is_empty() {
        md5 = md5.chain_update([0]).chain_update(zone);
    }
    let sum: [u8; 16] = md5.finalize().into();
    (u128::from_be_bytes(sum) >> 64) as i64
}

/// How many instances a shard takes from each zone, rounded up; `usize::MAX` stays.
pub const fn shuffle_shard_expected_instances_per_zone(size: usize, zones: usize) -> usize {
    if size == usize::MAX { size } else { size.div_ceil(if zones == 0 { 1 } else { zones }) }
}

/// How many instances a shard has when every zone has enough.
pub const fn shuffle_shard_expected_instances(size: usize, zones: usize) -> usize {
    shuffle_shard_expected_instances_per_zone(size, zones).wrapping_mul(zones)
}

/// Which instances belong to the shard's past, as unix seconds; `None` when only the present counts.
#[derive(Clone, Copy)]
struct Lookback(Option<i64>);

impl Lookback {
    fn new(period: Duration, now: WallTime) -> Self {
        let until = now.unix_nanos() - period.as_nanos() as i128;
        Self((!period.is_zero()).then(|| WallTime::from_unix_nanos(until).unix_secs()))
    }

    fn includes(self, instance: &InstanceDesc) -> bool {
        let updated = instance.read_only_updated_timestamp;
        match self.0 {
            _ if !instance.read_only => true,
            None => false,
            Some(until) => updated <= 0 || updated >= until,
        }
    }

    /// Whether somebody else served the instance's part within the period, so that the walk goes on.
    fn looks_further(self, instance: &InstanceDesc) -> bool {
        self.0.is_some_and(|until| {
            instance.registered_timestamp >= until
                || instance.read_only
                || instance.read_only_updated_timestamp >= until
        })
    }
}

impl Ring {
    /// The `size` instances that serve `identifier` (`ShuffleShard`); 0 takes all. Read-only instances
    /// are left out, states and heartbeats do not matter.
    pub fn shuffle_shard(&self, identifier: &str, size: usize) -> Subring {
        self.shuffle_shard_with_lookback(identifier, size, Duration::ZERO, WallTime::from_unix_secs(0))
    }

    /// [`Self::shuffle_shard`] with whoever served `identifier` in the `lookback` before `now`
    /// (`ShuffleShardWithLookback`); for reads only.
    pub fn shuffle_shard_with_lookback(
        &self,
        identifier: &str,
        size: usize,
        lookback: Duration,
        now: WallTime,
    ) -> Subring {
        let lookback = Lookback::new(lookback, now);
        if size == 0 {
            return self.without_read_only(lookback);
        }
        // Were all registered within the period, all of them would be in.
        let registered = self.instances.iter().map(|(_, instance)| instance.registered_timestamp);
        let oldest_registered =
            match self.instances.iter().any(|(_, instance)| instance.registered_timestamp == 0) {
                true => 0,
                false => registered.min().unwrap_or(0),
            };
        if lookback.0.is_some_and(|until| oldest_registered > 0 && oldest_registered >= until) {
            return Subring::Same;
        }

        let mut shard = vec![false; self.instances.len()];
        if !self.config.zone_awareness_enabled {
            let tokens = self.topology.tokens().len();
            let start = |key| self.topology.search(key);
            self.pick(&mut shard, shuffle_shard_seed(identifier, ""), size, lookback, tokens, start, |i| i);
            return self.subring(&shard);
        }
        let zones = self.topology.zones();
        let per_zone = shuffle_shard_expected_instances_per_zone(size, zones.len());
        for (zone, name) in zones.iter().enumerate() {
            if per_zone >= self.topology.instances_per_zone()[zone] as usize {
                for (index, (_, instance)) in self.instances.iter().enumerate() {
                    shard[index] |=
                        self.topology.zone_of(index as u32) == zone && lookback.includes(instance);
                }
                continue;
            }
            let tokens = self.topology.positions_in_zone(zone).len();
            let start = |key| self.topology.search_in_zone(zone, key);
            let position = |i| self.topology.zone_position(zone, i);
            self.pick(
                &mut shard,
                shuffle_shard_seed(identifier, name),
                per_zone,
                lookback,
                tokens,
                start,
                position,
            );
        }
        self.subring(&shard)
    }

    /// Takes up to `count` instances into `shard`: one draw each, and from there clockwise through the
    /// `tokens` of a zone, or of the whole ring.
    #[expect(clippy::too_many_arguments, reason = "one loop for zones and for the whole ring")]
    fn pick(
        &self,
        shard: &mut [bool],
        seed: i64,
        count: usize,
        lookback: Lookback,
        tokens: usize,
        start: impl Fn(u32) -> usize,
        position: impl Fn(usize) -> usize,
    ) {
        let mut rand = GoRand::new(seed);
        for _ in 0..count {
            let start = start(rand.uint32());
            let found = (start..tokens).chain(0..start.min(tokens)).any(|i| {
                let index = self.topology.owners()[position(i)];
                let instance = self.instance(index);
                if shard[index as usize] || !lookback.includes(instance) {
                    return false;
                }
                shard[index as usize] = true;
                !lookback.looks_further(instance)
            });
            if !found {
                break;
            }
        }
    }

    fn without_read_only(&self, lookback: Lookback) -> Subring {
        let read_only = self.instances.iter().filter(|(_, instance)| instance.read_only);
        let oldest_update = read_only.map(|(_, instance)| instance.read_only_updated_timestamp).min();
        match (oldest_update, lookback.0) {
            // dskit counts read-only instances only once a ring has had instances.
            (None, _) if !self.instances.is_empty() => return Subring::Same,
            (Some(oldest), Some(until)) if oldest >= until => return Subring::Same,
            _ => {}
        }
        let included = self.instances.iter().map(|(_, instance)| lookback.includes(instance));
        self.subring(&included.collect::<Vec<bool>>())
    }

    fn subring(&self, kept: &[bool]) -> Subring {
        let mut instances = Vec::new();
        let mut new_index = Vec::with_capacity(kept.len());
        for (instance, &kept) in self.instances.iter().zip(kept) {
            new_index.push(kept.then_some(instances.len() as u32));
            if kept {
                instances.push(instance.clone());
            }
        }
        let topology = Topology::restricted(&self.topology, &instances, |owner| new_index[owner as usize]);
        Subring::Part(Ring { config: self.config.clone(), instances, topology: Arc::new(topology) })
    }
}

impl Subring {
    /// The ring to look things up in; `parent` is the one that the shard was taken from.
    pub fn ring<'a>(&'a self, parent: &'a Ring) -> &'a Ring {
        match self {
            Self::Same => parent,
            Self::Part(ring) => ring,
        }
    }
}
