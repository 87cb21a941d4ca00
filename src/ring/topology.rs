use std::sync::Arc;

use super::InstanceDesc;

/// Everything about a ring that only changes with its membership: the sorted tokens and who owns each,
/// the zones, and an index into the tokens. Heartbeats and states are not part of it.
///
/// Instances are named by their index in the ring, which ascends with their IDs.
///
/// Models the derived fields of dskit's `Ring` (ring/ring.go:440-505). Differs: where two instances
/// claim one token, dskit's owner depends on the order of a Go map; here it is the smaller ID, and the
/// token stands once.
#[derive(Debug)]
pub struct Topology {
    tokens: Vec<u32>,
    owners: Vec<u32>,
    /// `starts[key >> shift]` is the index of the first token that is not below that stretch of keys.
    starts: Vec<u32>,
    shift: u32,
    zones: Vec<Arc<str>>,
    zone_of: Vec<u32>,
    instances_per_zone: Vec<u32>,
    /// For each zone the indices of its tokens in `tokens`; empty while there is but one zone.
    positions_by_zone: Vec<Vec<u32>>,
}

/// One instance's claim to one token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) token: u32,
    pub(super) owner: u32,
}

/// The claims of all `lists`, by token and then by owner; the owner is the list's place.
pub(super) fn sorted_claims<'a>(lists: impl Iterator<Item = &'a [u32]>) -> Vec<Claim> {
    const RADIX_BITS: u32 = 11;
    const WORTH_IT: usize = 4096;

    let mut claims: Vec<Claim> = Vec::new();
    for (owner, tokens) in lists.enumerate() {
        claims.extend(tokens.iter().map(|&token| Claim { token, owner: owner as u32 }));
    }
    if claims.len() < WORTH_IT {
        // Stable, and made of ascending runs: that is what the standard merge sort likes best.
        claims.sort_by_key(|claim| claim.token);
        return claims;
    }
    let mut sorted = vec![Claim { token: 0, owner: 0 }; claims.len()];
    for pass in 0..u32::BITS.div_ceil(RADIX_BITS) {
        let digit = |claim: &Claim| (claim.token >> (pass * RADIX_BITS)) as usize & ((1 << RADIX_BITS) - 1);
        let mut starts = [0u32; 1 << RADIX_BITS];
        for claim in &claims {
            starts[digit(claim)] += 1;
        }
        let mut next = 0;
        for start in &mut starts {
            (*start, next) = (next, next + *start);
        }
        for claim in &claims {
            let place = &mut starts[digit(claim)];
            sorted[*place as usize] = *claim;
            *place += 1;
        }
        std::mem::swap(&mut claims, &mut sorted);
    }
    claims
}

impl Topology {
    /// Prepares `instances`, which stand in the order of their IDs.
    pub(super) fn new(instances: &[(Arc<str>, InstanceDesc)]) -> Self {
        let mut claims = sorted_claims(instances.iter().map(|(_, instance)| &*instance.tokens));
        claims.dedup_by_key(|claim| claim.token);
        Self::from_claims(instances, &claims)
    }

    /// The part of `parent` that the `kept` instances own; `new_index` gives each its index in `instances`.
    pub(super) fn restricted(
        parent: &Self,
        instances: &[(Arc<str>, InstanceDesc)],
        new_index: impl Fn(u32) -> Option<u32>,
    ) -> Self {
        let claims: Vec<Claim> = parent
            .tokens
            .iter()
            .zip(&parent.owners)
            .filter_map(|(&token, &owner)| Some(Claim { token, owner: new_index(owner)? }))
            .collect();
        Self::from_claims(instances, &claims)
    }

    fn from_claims(instances: &[(Arc<str>, InstanceDesc)], claims: &[Claim]) -> Self {
        let mut zones: Vec<Arc<str>> =
            instances.iter().map(|(_, instance)| Arc::clone(&instance.zone)).collect();
        zones.sort_unstable();
        zones.dedup();
        let zone_index = |zone: &str| zones.binary_search_by(|known| (**known).cmp(zone)).unwrap_or(0) as u32;
        let zone_of: Vec<u32> = instances.iter().map(|(_, instance)| zone_index(&instance.zone)).collect();
        let mut instances_per_zone = vec![0; zones.len()];
        for &zone in &zone_of {
            instances_per_zone[zone as usize] += 1;
        }
        let mut positions_by_zone = Vec::new();
        if zones.len() > 1 {
            positions_by_zone = vec![Vec::with_capacity(2 * claims.len() / zones.len()); zones.len()];
            for (position, claim) in claims.iter().enumerate() {
                positions_by_zone[zone_of[claim.owner as usize] as usize].push(position as u32);
            }
        }

        // About one token a stretch, so that a look-up reads one start and compares once or twice.
        let stretch_bits = claims.len().max(1).ilog2();
        let shift = u32::BITS - stretch_bits.max(1);
        let mut starts = Vec::with_capacity((1 << stretch_bits.max(1)) + 1);
        for (position, claim) in claims.iter().enumerate() {
            let stretch = (claim.token >> shift) as usize;
            if stretch >= starts.len() {
                starts.resize(stretch + 1, position as u32);
            }
        }
        starts.resize((1 << stretch_bits.max(1)) + 1, claims.len() as u32);

        Self {
            tokens: claims.iter().map(|claim| claim.token).collect(),
            owners: claims.iter().map(|claim| claim.owner).collect(),
            starts,
            shift,
            zones,
            zone_of,
            instances_per_zone,
            positions_by_zone,
        }
    }

    /// All tokens, ascending; a token two instances claim stands once.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The owners of [`Self::tokens`], as instance indices.
    pub fn owners(&self) -> &[u32] {
        &self.owners
    }

    /// The names of all zones, sorted, also of instances without tokens; an absent zone is `""`.
    pub fn zones(&self) -> &[Arc<str>] {
        &self.zones
    }

    /// How many instances the ring has, with or without tokens.
    pub fn instance_count(&self) -> usize {
        self.zone_of.len()
    }

    /// The index in [`Self::zones`] of an instance's zone.
    #[inline]
    pub fn zone_of(&self, instance: u32) -> usize {
        self.zone_of[instance as usize] as usize
    }

    /// How many instances each zone has, with or without tokens.
    pub fn instances_per_zone(&self) -> &[u32] {
        &self.instances_per_zone
    }

    /// The positions in [`Self::tokens`] of one zone's tokens, ascending.
    pub fn positions_in_zone(
        &self,
        zone: usize,
    ) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + '_ {
        let len = if self.zones.len() > 1 { self.positions_by_zone[zone].len() } else { self.tokens.len() };
        (0..len).map(move |i| self.zone_position(zone, i))
    }

    /// The position in [`Self::tokens`] of a zone's `i`-th token.
    #[inline]
    pub(super) fn zone_position(&self, zone: usize, i: usize) -> usize {
        if self.zones.len() > 1 { self.positions_by_zone[zone][i] as usize } else { i }
    }

    /// The position of the token that `key` falls to: the first one strictly above it, round the ring
    /// (`searchToken`, dskit ring/util.go:130-140). Without tokens the answer is 0.
    #[inline]
    pub fn search(&self, key: u32) -> usize {
        const FEW: usize = 8;

        let stretch = (key >> self.shift) as usize;
        let (from, to) = (self.starts[stretch] as usize, self.starts[stretch + 1] as usize);
        let candidates = &self.tokens[from..to];
        let below = match candidates.len() {
            0..=FEW => candidates.iter().take_while(|&&token| token <= key).count(),
            _ => candidates.partition_point(|&token| token <= key),
        };
        let position = from + below;
        if position < self.tokens.len() { position } else { 0 }
    }

    /// [`Self::search`] among one zone's tokens; the answer counts within the zone.
    pub(super) fn search_in_zone(&self, zone: usize, key: u32) -> usize {
        if self.zones.len() <= 1 {
            return self.search(key);
        }
        let positions = &self.positions_by_zone[zone];
        let found = positions.partition_point(|&position| self.tokens[position as usize] <= key);
        if found < positions.len() { found } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology(tokens: &[u32]) -> Topology {
        let instance = InstanceDesc { tokens: tokens.to_vec().into(), ..Default::default() };
        Topology::new(&[("i".into(), instance)])
    }

    #[test]
    fn a_key_falls_to_the_first_token_strictly_above_it() {
        for tokens in [&[0, 5, u32::MAX][..], &[7], &[0], &[u32::MAX], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]] {
            let topology = topology(tokens);
            for key in [0, 1, 4, 5, 6, 7, 10, 11, u32::MAX - 1, u32::MAX] {
                let expected = tokens.iter().position(|&token| token > key).unwrap_or(0);
                assert_eq!(topology.search(key), expected, "{key} in {tokens:?}");
            }
        }
    }

    #[test]
    fn many_claims_come_out_sorted_and_equal_tokens_in_owner_order() {
        let lists: Vec<Vec<u32>> = (0..40)
            .map(|owner| (0..400u32).map(|i| i.wrapping_mul(2_654_435_761) ^ (owner & 1)).collect())
            .collect();
        let claims = sorted_claims(lists.iter().map(|list| &list[..]));
        assert_eq!(claims.len(), 16_000);
        assert!(claims.is_sorted_by_key(|claim| (claim.token, claim.owner)));
    }
}
