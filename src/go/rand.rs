//! Models Go's `math/rand` source (go1.27 `math/rand/rng.go`): an additive lagged Fibonacci generator
//! over 64-bit words. A tenant's shuffle shard is whatever this generator says.
//!
//! Differs: Go ships its 607-word start table as data; here it is computed, by jumping the generator
//! that made it 7.8e12 steps ahead (see [`start_table`]).

use std::sync::OnceLock;

const LENGTH: usize = 607;
const TAP: usize = 273;
const FEED: usize = LENGTH - TAP;
const INT31_MAX: i64 = (1 << 31) - 1;

/// Steps that Go's authors ran the generator for, before they wrote its state down as a table.
const START_TABLE_STEPS: u64 = 7_800_000_000_000;

/// `rand.NewSource(seed)`, seeded and ready.
#[derive(Clone)]
pub struct GoRand {
    words: [u64; LENGTH],
    tap: usize,
    feed: usize,
}

impl GoRand {
    /// `rand.New(rand.NewSource(seed))`. Seeds that are congruent modulo 2³¹ − 1 give the same stream.
    pub fn new(seed: i64) -> Self {
        let mut lcg = Lcg::new(seed);
        for _ in 0..20 {
            lcg.step();
        }
        let table = start_table();
        let words = std::array::from_fn(|i| lcg.word(40, 20) ^ table[i]);
        Self { words, tap: 0, feed: FEED }
    }

    /// `Source64.Uint64`.
    pub fn uint64(&mut self) -> u64 {
        self.tap = self.tap.checked_sub(1).unwrap_or(LENGTH - 1);
        self.feed = self.feed.checked_sub(1).unwrap_or(LENGTH - 1);
        let word = self.words[self.feed].wrapping_add(self.words[self.tap]);
        self.words[self.feed] = word;
        word
    }

    /// `Rand.Int63`: 0 ≤ n < 2⁶³.
    pub fn int63(&mut self) -> i64 {
        (self.uint64() & (u64::MAX >> 1)) as i64
    }

    /// `Rand.Uint32`: the upper bits of [`Self::int63`], not of the whole word.
    pub fn uint32(&mut self) -> u32 {
        (self.int63() >> 31) as u32
    }
}

impl std::fmt::Debug for GoRand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GoRand").field("tap", &self.tap).field("feed", &self.feed).finish_non_exhaustive()
    }
}

/// `seedrand`: the Lehmer generator x ← 48271·x mod (2³¹ − 1) that spreads a seed over the state.
struct Lcg(i64);

impl Lcg {
    fn new(seed: i64) -> Self {
        Self(match seed.wrapping_rem(INT31_MAX) {
            0 => 89_482_311,
            negative if negative < 0 => negative + INT31_MAX,
            positive => positive,
        })
    }

    fn step(&mut self) -> u64 {
        self.0 = self.0 * 48_271 % INT31_MAX;
        self.0 as u64
    }

    fn word(&mut self, high_shift: u32, middle_shift: u32) -> u64 {
        let (high, middle, low) = (self.step(), self.step(), self.step());
        (high << high_shift) ^ (middle << middle_shift) ^ low
    }
}

/// The state that every seeding starts from (`rngCooked`), computed once.
///
/// The recurrence is linear over the integers modulo 2⁶⁴: with s the sequence of written words, oldest
/// first, `s[n+607] = s[n+334] + s[n]`. So `s[N+t]` is the same linear mix of `s[t]`, `s[t+1]`, … for every t,
/// and its coefficients are those of x^N modulo x⁶⁰⁷ − x³³⁴ − 1: 43 squarings instead of 7.8e12 steps.
fn start_table() -> &'static [u64; LENGTH] {
    static TABLE: OnceLock<[u64; LENGTH]> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut lcg = Lcg::new(1);
        for _ in 0..20 {
            lcg.step();
        }
        let initial: [u64; LENGTH] = std::array::from_fn(|_| lcg.word(20, 10));

        // The slot that call k writes is (334 - k) mod 607, for k = 1, 2, …; the initial words are
        // what calls -606..=0 would have written.
        let slot = |call: i64| (FEED as i64 - call).rem_euclid(LENGTH as i64) as usize;
        let mut sequence = Vec::with_capacity(2 * LENGTH);
        sequence.extend((0..LENGTH).map(|j| initial[slot(j as i64 - (LENGTH as i64 - 1))]));
        for n in 0..LENGTH {
            sequence.push(u64::wrapping_add(sequence[n + FEED], sequence[n]));
        }

        let mix = power_of_x(START_TABLE_STEPS);
        let mut table = [0; LENGTH];
        for t in 0..LENGTH {
            let word = mix
                .iter()
                .zip(&sequence[t..])
                .fold(0u64, |sum, (&coefficient, &word)| sum.wrapping_add(coefficient.wrapping_mul(word)));
            let call = (START_TABLE_STEPS + t as u64) as i64 - (LENGTH as i64 - 1);
            table[slot(call)] = word;
        }
        table
    })
}

/// The coefficients of x^exponent modulo x⁶⁰⁷ − x³³⁴ − 1, lowest degree first.
fn power_of_x(exponent: u64) -> Vec<u64> {
    let mut power = vec![0u64; LENGTH];
    power[0] = 1;
    for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
        let mut square = vec![0u64; 2 * LENGTH];
        for (i, &a) in power.iter().enumerate() {
            for (target, &b) in square[i..].iter_mut().zip(&power) {
                *target = target.wrapping_add(a.wrapping_mul(b));
            }
        }
        if exponent >> bit & 1 == 1 {
            square.rotate_right(1);
        }
        for degree in (LENGTH..2 * LENGTH).rev() {
            let coefficient = square[degree];
            square[degree - LENGTH] = square[degree - LENGTH].wrapping_add(coefficient);
            square[degree - TAP] = square[degree - TAP].wrapping_add(coefficient);
        }
        square.truncate(LENGTH);
        power = square;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computed_table_has_the_ends_of_gos() {
        let table = start_table();
        assert_eq!(table[0] as i64, -4_181_792_142_133_755_926);
        assert_eq!(table[LENGTH - 1] as i64, 4_152_330_101_494_654_406);
    }

    #[test]
    fn seeds_are_taken_modulo_a_mersenne_prime() {
        let draws = |seed| {
            let mut rand = GoRand::new(seed);
            [rand.uint32(), rand.uint32()]
        };
        assert_eq!(draws(0), [4_059_586_549, 1_052_117_029]);
        assert_eq!(draws(INT31_MAX), draws(0));
        assert_eq!(draws(-1), [1_697_317_822, 256_193_504]);
    }
}
