//! Chance, by name: every part of a simulated world draws from a stream of its own, so that a change here
//! moves no draw there.
//!
//! Integers only. The distribution of an integer is computed here and not by the generator's crate, whose
//! distributions may change between releases while its words do not.

use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};
use xxhash_rust::xxh64::xxh64;

/// One stream of chance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prng(Xoshiro256PlusPlus);

/// A probability in millionths: 1,000,000 is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ratio(u32);

impl Ratio {
    /// Never.
    pub const ZERO: Self = Self(0);

    /// Certain.
    pub const ONE: Self = Self(Self::WHOLE);

    const WHOLE: u32 = 1_000_000;

    /// `millionths` of certainty, at most certain.
    pub const fn from_millionths(millionths: u32) -> Self {
        Self(if millionths < Self::WHOLE { millionths } else { Self::WHOLE })
    }

    /// In millionths.
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl Prng {
    /// The stream `name` of the world that `seed` makes; `index` tells apart the many of one name.
    pub fn stream(seed: u64, name: &str, index: u64) -> Self {
        let named = xxh64(name.as_bytes(), seed);
        Self(Xoshiro256PlusPlus::seed_from_u64(xxh64(&index.to_le_bytes(), named)))
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in `0..bound`; 0 when there is nothing to choose from. One word a draw.
    ///
    /// The product's high half: off from uniform by less than `bound` in 2^64.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform in `0..bound` for places in a list.
    #[inline]
    pub fn index(&mut self, bound: usize) -> usize {
        self.below(bound as u64) as usize
    }

    /// Uniform in `low..high`, in nanoseconds; `low` when there is nothing between.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = high.saturating_sub(low);
        low + Duration::from_nanos(self.below(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Whether something of this probability happens. Always takes one word.
    #[inline]
    pub fn chance(&mut self, ratio: Ratio) -> bool {
        self.below(Ratio::WHOLE.into()) < ratio.0.into()
    }

    /// Puts `items` in random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_depends_on_seed_name_and_index_alone() {
        let first = |seed, name, index| Prng::stream(seed, name, index).next_u64();
        assert_eq!(first(1, "gossip", 0), first(1, "gossip", 0));
        assert_ne!(first(1, "gossip", 0), first(2, "gossip", 0));
        assert_ne!(first(1, "gossip", 0), first(1, "probe", 0));
        assert_ne!(first(1, "gossip", 0), first(1, "gossip", 1));
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_all_of_it() {
        let mut prng = Prng::stream(7, "test", 0);
        let mut seen = [0; 5];
        for _ in 0..1000 {
            seen[prng.index(5)] += 1;
        }
        assert!(seen.iter().all(|count| (150..250).contains(count)), "{seen:?}");
        assert_eq!(prng.below(0), 0);
        assert_eq!(prng.between(Duration::from_secs(3), Duration::from_secs(1)), Duration::from_secs(3));
    }

    #[test]
    fn certain_things_happen_and_impossible_ones_do_not() {
        let mut prng = Prng::stream(7, "test", 0);
        assert!((0..100).all(|_| prng.chance(Ratio::ONE) && !prng.chance(Ratio::ZERO)));
        let half = Ratio::from_millionths(500_000);
        let happened = (0..1000).filter(|_| prng.chance(half)).count();
        assert!((450..550).contains(&happened), "{happened}");
    }
}
