use std::collections::BTreeSet;

use crate::go::rand::GoRand;

use super::Tokens;

/// Draws tokens at random (dskit ring/token_generator.go); what every Loki ring uses.
///
/// Loki seeds it with the clock. One generator keeps its stream over several calls.
#[derive(Debug, Clone)]
pub struct RandomTokenGenerator {
    rand: GoRand,
}

impl RandomTokenGenerator {
    /// A generator with this seed (`NewRandomTokenGeneratorWithSeed`).
    pub fn new(seed: i64) -> Self {
        Self { rand: GoRand::new(seed) }
    }

    /// `count` tokens, none of them in `taken`.
    pub fn generate_tokens(&mut self, count: usize, taken: &BTreeSet<u32>) -> Tokens {
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            let missing = count - drawn.len();
            drawn.extend(
                std::iter::repeat_with(|| self.rand.uint32())
                    .filter(|token| !taken.contains(token))
                    .take(missing),
            );
            drawn.sort_unstable();
            drawn.dedup();
        }
        drawn.into()
    }
}
