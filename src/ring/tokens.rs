use std::sync::Arc;

/// One instance's tokens: ascending, without repetition, shared between copies.
///
/// Models dskit ring/tokens.go and the normalisation of ring/model.go:320-351. Differs: dskit sorts a
/// list when it is merged, so the very first value of a key may stay unsorted there; here no unsorted
/// list can exist.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Tokens(Option<Arc<[u32]>>);

impl Tokens {
    /// No tokens at all, as a PENDING or LEFT instance has them.
    pub const EMPTY: Self = Self(None);

    /// How many tokens.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The tokens, ascending.
    pub fn as_slice(&self) -> &[u32] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether both are the same allocation: a cheap "nothing changed", never a proof of difference.
    pub(crate) fn shares_storage(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl From<Vec<u32>> for Tokens {
    fn from(mut tokens: Vec<u32>) -> Self {
        if !tokens.is_sorted_by(|a, b| a < b) {
            tokens.sort_unstable();
            tokens.dedup();
        }
        Self((!tokens.is_empty()).then(|| tokens.into()))
    }
}

impl FromIterator<u32> for Tokens {
    fn from_iter<I: IntoIterator<Item = u32>>(tokens: I) -> Self {
        Vec::from_iter(tokens).into()
    }
}

impl std::ops::Deref for Tokens {
    type Target = [u32];

    fn deref(&self) -> &[u32] {
        self.as_slice()
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.as_slice()).finish()
    }
}
