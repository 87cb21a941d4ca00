use std::collections::BTreeSet;

use crate::kv::View;
use crate::prng::Prng;
use crate::ring::{RandomTokenGenerator, Tokens};

/// `own` and `missing` new tokens that nobody in `view` has, as a fresh random generator draws them.
///
/// Differs: dskit hands all of the ring's tokens to the generator; here only those that it runs into, which
/// gives the same draws without sorting a large ring's tokens every time.
pub(super) fn top_up(own: &Tokens, missing: usize, view: Option<View<'_>>, prng: &mut Prng) -> Tokens {
    if missing == 0 {
        return own.clone();
    }
    let seed = prng.next_u64() as i64;
    let mut taken = BTreeSet::new();
    loop {
        let drawn = RandomTokenGenerator::new(seed).generate_tokens(missing, &taken);
        // Rings are large and hits are rare: most tokens need no search.
        let mut may_hit = vec![false; 1 << 16];
        drawn.iter().for_each(|token| may_hit[(token >> 16) as usize] = true);
        let is_drawn = |token: &u32| may_hit[(token >> 16) as usize] && drawn.binary_search(token).is_ok();
        let known = taken.len();
        for (_, instance) in view.iter().flat_map(|view| view.iter()) {
            taken.extend(instance.tokens.iter().copied().filter(is_drawn));
        }
        if taken.len() == known {
            return own.iter().chain(drawn.iter()).copied().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{Desc, InstanceDesc};

    #[test]
    fn draws_are_those_of_a_generator_that_knows_all_tokens_of_the_ring() {
        let mut prng = Prng::stream(1, "test", 0);
        let seed = prng.clone().next_u64() as i64;
        // Three quarters of what the generator would draw are taken.
        let first = RandomTokenGenerator::new(seed).generate_tokens(40, &BTreeSet::new());
        let taken: Tokens = first.iter().copied().filter(|token| token % 4 != 0).collect();
        let owner = InstanceDesc { tokens: taken.clone(), ..InstanceDesc::default() };
        let desc = Desc::from_iter([("a", owner)]);

        let drawn = top_up(&Tokens::EMPTY, 40, Some(View::new(&desc)), &mut prng);

        let all = taken.iter().copied().collect();
        assert_eq!(drawn, RandomTokenGenerator::new(seed).generate_tokens(40, &all));
        assert!(drawn.iter().all(|token| !taken.contains(token)));
    }
}
