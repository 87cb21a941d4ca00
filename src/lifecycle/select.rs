use crate::prng::Prng;

/// Go's `select` over what is ready: one of it at random, nothing when nothing is.
pub(super) fn select<T: Copy, const N: usize>(cases: [(bool, T); N], prng: &mut Prng) -> Option<T> {
    let ready = cases.iter().filter(|(is_ready, _)| *is_ready).count();
    let chosen = if ready > 1 { prng.index(ready) } else { 0 };
    cases.iter().filter(|(is_ready, _)| *is_ready).nth(chosen).map(|(_, case)| *case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_ready_is_chosen_and_all_of_it_is_sometimes() {
        let mut prng = Prng::stream(1, "test", 0);
        assert_eq!(select([(false, 'a'), (false, 'b')], &mut prng), None);
        assert_eq!(select([(false, 'a'), (true, 'b')], &mut prng), Some('b'));
        let chosen =
            Vec::from_iter((0..100).map(|_| select([(true, 'a'), (false, 'b'), (true, 'c')], &mut prng)));
        assert!((30..70).contains(&chosen.iter().filter(|case| **case == Some('a')).count()));
        assert!(!chosen.contains(&Some('b')));
    }
}
