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
    claims: Claims,
    zones: Vec<Arc<str>>,
    zone_of: Vec<u32>,
    instances_per_zone: Vec<u32>,
    /// For each zone the places of its tokens; empty while there is but one zone.
    positions_by_zone: Vec<Vec<u32>>,
}

/// Who claims which token: by token, and among equal tokens by owner.
#[derive(Debug)]
pub(super) struct Claims {
    pub(super) tokens: Vec<u32>,
    pub(super) owners: Vec<u32>,
    /// The space is cut into 2^k stretches of about one token each; the place of each one's first token,
    /// and after the last one the number of tokens.
    starts: Vec<u32>,
    /// A token lies in the stretch `token >> shift`.
    shift: u32,
}

/// How many tokens a look-up compares at once.
const WINDOW: usize = 8;

impl Claims {
    /// Sorts the claims of all `lists`; the owner is the list's place.
    ///
    /// Tokens lie evenly as a rule, so putting each where its upper bits say is nearly all of the work:
    /// first into buckets that fit the cache, then within each.
    pub(super) fn sorted<'a>(lists: impl Iterator<Item = &'a [u32]> + Clone) -> Self {
        const BUCKET_SIZE: usize = 1 << FINE_BITS;
        const MAX_COARSE_BITS: u32 = 11;

        let count: usize = lists.clone().map(<[u32]>::len).sum();
        let coarse_bits = (count / BUCKET_SIZE).max(2).ilog2().min(MAX_COARSE_BITS);
        let bucket = |token: u32| (token >> (u32::BITS - coarse_bits)) as usize;
        let mut places = vec![0; (1 << coarse_bits) + 1];
        for &token in lists.clone().flatten() {
            places[bucket(token) + 1] += 1;
        }
        accumulate(&mut places);
        let mut claims = vec![0u64; count];
        for (owner, list) in lists.enumerate() {
            for &token in list {
                let place = &mut places[bucket(token)];
                claims[*place as usize] = u64::from(token) << 32 | owner as u64;
                *place += 1;
            }
        }

        let (mut tokens, mut owners) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut scratch = vec![0; 4 * BUCKET_SIZE];
        let mut start = 0;
        // Filling moved the place of each bucket to its end.
        for end in places {
            let bucket = &mut claims[start..end as usize];
            start = end as usize;
            sort_bucket(bucket, u64::BITS - coarse_bits - FINE_BITS, &mut scratch);
            tokens.extend(bucket.iter().map(|claim| (claim >> 32) as u32));
            owners.extend(bucket.iter().map(|&claim| claim as u32));
        }
        Self::from_sorted(tokens, owners)
    }

    /// Claims that are sorted already.
    fn from_sorted(tokens: Vec<u32>, owners: Vec<u32>) -> Self {
        let shift = u32::BITS - tokens.len().max(2).ilog2();
        let mut starts = vec![0; (1 << (u32::BITS - shift)) + 1];
        for token in &tokens {
            starts[(token >> shift) as usize + 1] += 1;
        }
        accumulate(&mut starts);
        Self { tokens, owners, starts, shift }
    }

    /// One owner a token: the first.
    fn without_repetition(self) -> Self {
        if self.tokens.is_sorted_by(|a, b| a < b) {
            return self;
        }
        let mut claims: Vec<(u32, u32)> = self.tokens.into_iter().zip(self.owners).collect();
        claims.dedup_by_key(|(token, _)| *token);
        let (tokens, owners) = claims.into_iter().unzip();
        Self::from_sorted(tokens, owners)
    }
}

/// How many bits of a token tell its place within a bucket.
const FINE_BITS: u32 = 8;

/// Sorts claims that agree in the bits above `shift` + [`FINE_BITS`], with room to work in.
fn sort_bucket(bucket: &mut [u64], shift: u32, scratch: &mut [u64]) {
    let Some(scratch) = scratch.get_mut(..bucket.len()) else { return bucket.sort_unstable() };
    let fine = |claim: u64| (claim >> shift) as usize & ((1 << FINE_BITS) - 1);
    let mut places = [0; (1 << FINE_BITS) + 1];
    for &claim in &*bucket {
        places[fine(claim) + 1] += 1;
    }
    accumulate(&mut places);
    for &claim in &*bucket {
        let place = &mut places[fine(claim)];
        scratch[*place as usize] = claim;
        *place += 1;
    }
    // What shares all those bits stands together already: few moves are left.
    for (next, &claim) in scratch.iter().enumerate() {
        let mut place = next;
        while place > 0 && bucket[place - 1] > claim {
            bucket[place] = bucket[place - 1];
            place -= 1;
        }
        bucket[place] = claim;
    }
}

/// Turns numbers into the sums up to each.
fn accumulate(numbers: &mut [u32]) {
    let mut sum = 0;
    for number in numbers {
        sum += *number;
        *number = sum;
    }
}

impl Topology {
    /// Prepares `instances`, which stand in the order of their IDs.
    pub(super) fn new(instances: &[(Arc<str>, InstanceDesc)]) -> Self {
        let claims = Claims::sorted(instances.iter().map(|(_, instance)| &*instance.tokens));
        Self::from_claims(instances, claims.without_repetition())
    }

    /// The part of `parent` that the kept instances own; `new_index` gives each its index in `instances`.
    pub(super) fn restricted(
        parent: &Self,
        instances: &[(Arc<str>, InstanceDesc)],
        new_index: impl Fn(u32) -> Option<u32>,
    ) -> Self {
        let claims = parent.tokens().iter().zip(parent.owners());
        let (tokens, owners) = claims.filter_map(|(&token, &owner)| Some((token, new_index(owner)?))).unzip();
        Self::from_claims(instances, Claims::from_sorted(tokens, owners))
    }

    fn from_claims(instances: &[(Arc<str>, InstanceDesc)], claims: Claims) -> Self {
        let mut zones: Vec<Arc<str>> = Vec::new();
        for (_, instance) in instances {
            if let Err(place) = zones.binary_search(&instance.zone) {
                zones.insert(place, Arc::clone(&instance.zone));
            }
        }
        let zone_index = |zone| zones.binary_search(zone).unwrap_or_default() as u32;
        let zone_of: Vec<u32> = instances.iter().map(|(_, instance)| zone_index(&instance.zone)).collect();
        let mut instances_per_zone = vec![0; zones.len()];
        for &zone in &zone_of {
            instances_per_zone[zone as usize] += 1;
        }
        let mut positions_by_zone = Vec::new();
        if zones.len() > 1 {
            positions_by_zone = vec![Vec::new(); zones.len()];
            for (position, &owner) in claims.owners.iter().enumerate() {
                positions_by_zone[zone_of[owner as usize] as usize].push(position as u32);
            }
        }
        Self { claims, zones, zone_of, instances_per_zone, positions_by_zone }
    }

    /// All tokens, ascending; a token two instances claim stands once.
    pub fn tokens(&self) -> &[u32] {
        &self.claims.tokens
    }

    /// The owners of [`Self::tokens`], as instance indices.
    pub fn owners(&self) -> &[u32] {
        &self.claims.owners
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
        let len = if self.zones.len() > 1 { self.positions_by_zone[zone].len() } else { self.tokens().len() };
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
        let Claims { tokens, starts, shift, .. } = &self.claims;
        let stretch = (key >> shift) as usize;
        let (from, to) = (starts[stretch] as usize, starts[stretch + 1] as usize);
        let below = match tokens.get(from..from + WINDOW) {
            // Tokens past the stretch are above the key, so that counting all of them needs no branch.
            Some(window) if to - from <= WINDOW => {
                window.iter().map(|&token| usize::from(token <= key)).sum()
            }
            _ => tokens[from..to].partition_point(|&token| token <= key),
        };
        let position = from + below;
        if position < tokens.len() { position } else { 0 }
    }

    /// [`Self::search`] among one zone's tokens; the answer counts within the zone.
    pub(super) fn search_in_zone(&self, zone: usize, key: u32) -> usize {
        if self.zones.len() <= 1 {
            return self.search(key);
        }
        let positions = &self.positions_by_zone[zone];
        let found = positions.partition_point(|&position| self.tokens()[position as usize] <= key);
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
    fn claims_come_out_sorted_and_equal_tokens_in_owner_order() {
        let scattered =
            |owner: u32| (0..400u32).map(|i| i.wrapping_mul(2_654_435_761) ^ (owner & 1)).collect();
        let crowded = |owner: u32| (0..400u32).map(|i| (i * 7 + owner * 3) % 900).collect();
        for lists in [(0..40).map(scattered).collect::<Vec<Vec<u32>>>(), (0..40).map(crowded).collect()] {
            let claims = Claims::sorted(lists.iter().map(|list| &list[..]));
            let mut expected: Vec<(u32, u32)> = Vec::new();
            for (owner, list) in lists.iter().enumerate() {
                expected.extend(list.iter().map(|&token| (token, owner as u32)));
            }
            expected.sort_unstable();
            assert_eq!(
                claims.tokens.iter().copied().zip(claims.owners.iter().copied()).collect::<Vec<_>>(),
                expected
            );
        }
    }
}
