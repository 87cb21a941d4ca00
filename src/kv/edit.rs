use std::sync::Arc;

use crate::ring::{Desc, InstanceDesc, InstanceState};

/// A ring as its clients see it: without tombstones.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    desc: &'a Desc,
}

/// What one compare-and-swap wants to change in a ring.
///
/// dskit's callbacks return the whole new ring; theirs only ever put one entry in or take entries out,
/// and those differences are all that the merge sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// The entry that is written.
    pub put: Option<(Arc<str>, InstanceDesc)>,
    /// The entries that are taken out; they become LEFT.
    pub remove: Vec<Arc<str>>,
}

/// What a compare-and-swap's callback answers to the ring it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing is to be written: done.
    Unchanged,
    /// Write this.
    Edit(Edit),
    /// Give up with this error.
    Fail(String),
}

impl<'a> View<'a> {
    /// The ring in `desc`.
    pub fn new(desc: &'a Desc) -> Self {
        Self { desc }
    }

    /// The instance of this ID.
    pub fn get(self, id: &str) -> Option<&'a InstanceDesc> {
        self.desc.ingesters.get(id).filter(|entry| entry.state != InstanceState::Left)
    }

    /// All instances, by ID.
    pub fn iter(self) -> impl Iterator<Item = (&'a Arc<str>, &'a InstanceDesc)> + Clone {
        self.desc.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left)
    }

    /// How many.
    pub fn len(self) -> usize {
        self.iter().count()
    }

    /// Whether there is nobody.
    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// The ring on its own.
    pub fn to_desc(self) -> Desc {
        self.iter().map(|(id, entry)| (Arc::clone(id), entry.clone())).collect()
    }
}

impl Edit {
    /// Writes one entry.
    pub fn put(id: &Arc<str>, entry: InstanceDesc) -> Self {
        Self { put: Some((Arc::clone(id), entry)), remove: Vec::new() }
    }

    /// Takes one entry out.
    pub fn remove(id: &Arc<str>) -> Self {
        Self { put: None, remove: vec![Arc::clone(id)] }
    }
}
