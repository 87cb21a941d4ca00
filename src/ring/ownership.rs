//! Who owns how much of the token space, and which ranges of it.
//!
//! Models dskit ring/ring.go:813-845 and ring/token_range.go.

use super::{Desc, Ring, RingConfig, RingError, Topology};

/// Why an instance's token ranges cannot be told; the text is dskit's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRangesError {
    /// No such instance.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The instance has no zone.
    #[error("zone not set")]
    ZoneNotSet,
    /// Only rings with zone awareness and as many zones as replicas have ranges of their own.
    #[error("can't use ring configuration for computing token ranges")]
    UnsuitableConfig,
    /// The instance's zone has no tokens.
    #[error("no tokens for zone")]
    NoTokensForZone,
}

/// How far it is from one token to the next, clockwise; a token is the whole ring away from itself.
#[inline]
pub const fn token_distance(from: u32, to: u32) -> u64 {
    let distance = to.wrapping_sub(from) as u64;
    if distance == 0 { 1 << 32 } else { distance }
}

/// What the ring page prints as ownership, in percent: the page divides by 2³² − 1.
pub fn ownership_percent(owned: u64) -> f64 {
    owned as f64 / f64::from(u32::MAX) * 100.0
}

impl Topology {
    /// How many keys each instance owns, by instance index, each zone being a ring of its own
    /// (`CountTokens`): with Z zones that have tokens the sum is Z · 2³². Replication, states and health
    /// play no part.
    pub fn owned_keys(&self) -> Vec<u64> {
        let mut owned = vec![0; self.instance_count()];
        let (tokens, owners) = (self.tokens(), self.owners());
        for zone in 0..self.zones().len() {
            let mut positions = self.positions_in_zone(zone);
            let Some(last) = positions.next_back() else { continue };
            let mut previous = tokens[last];
            for position in self.positions_in_zone(zone) {
                owned[owners[position] as usize] += token_distance(previous, tokens[position]);
                previous = tokens[position];
            }
        }
        owned
    }
}

impl Desc {
    /// [`Topology::owned_keys`] without a prepared ring, in the order of the IDs.
    pub fn count_tokens(&self) -> Vec<u64> {
        Ring::new(self, RingConfig::default()).topology().owned_keys()
    }
}

impl Ring {
    /// The inclusive ranges of keys that the instance owns in its zone, ascending
    /// (`GetTokenRangesForInstance`).
    pub fn token_ranges(&self, id: &str) -> Result<Vec<(u32, u32)>, TokenRangesError> {
        let index = self.index_of(id).ok_or(RingError::InstanceNotFound)?;
        if self.instance(index).zone.is_empty() {
            return Err(TokenRangesError::ZoneNotSet);
        }
        let topology = &*self.topology;
        if !self.config.zone_awareness_enabled || self.config.replication_factor != topology.zones().len() {
            return Err(TokenRangesError::UnsuitableConfig);
        }
        let (tokens, owners) = (topology.tokens(), topology.owners());
        let positions = || topology.positions_in_zone(topology.zone_of(index));
        let Some(last) = positions().next_back() else { return Err(TokenRangesError::NoTokensForZone) };

        // A token owns the keys from the token before it up to one less than itself.
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut own = |start: u32, end: u32| match ranges.last_mut() {
            Some((_, previous_end)) if u64::from(*previous_end) + 1 == u64::from(start) => {
                *previous_end = end
            }
            _ => ranges.push((start, end)),
        };
        let mut previous = None;
        for position in positions() {
            let token = tokens[position];
            if owners[position] == index && token > 0 {
                own(previous.unwrap_or(0), token - 1);
            }
            previous = Some(token);
        }
        if positions().next().is_some_and(|first| owners[first] == index) {
            own(tokens[last], u32::MAX);
        }
        Ok(ranges)
    }
}
