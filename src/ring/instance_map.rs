use std::ops::Index;
use std::sync::Arc;

use super::InstanceDesc;

/// Instances by ID: a sorted list, because rings are read, copied and merged whole far more often than
/// they gain or lose an entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceMap(Vec<Entry>);

type Entry = (Arc<str>, InstanceDesc);

impl InstanceMap {
    /// How many entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, in the order of their IDs.
    pub fn as_slice(&self) -> &[(Arc<str>, InstanceDesc)] {
        &self.0
    }

    /// The entry of this ID.
    pub fn get(&self, id: &str) -> Option<&InstanceDesc> {
        self.search(id).ok().map(|place| &self.0[place].1)
    }

    /// The entry of this ID, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut InstanceDesc> {
        self.search(id).ok().map(|place| &mut self.0[place].1)
    }

    /// Whether there is an entry of this ID.
    pub fn contains_key(&self, id: &str) -> bool {
        self.search(id).is_ok()
    }

    /// Puts an entry in, and gives back the one that stood in its place.
    pub fn insert(&mut self, id: Arc<str>, instance: InstanceDesc) -> Option<InstanceDesc> {
        match self.search(&id) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, instance)),
            Err(place) => {
                self.0.insert(place, (id, instance));
                None
            }
        }
    }

    /// Takes an entry out.
    pub fn remove(&mut self, id: &str) -> Option<InstanceDesc> {
        self.search(id).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &InstanceDesc) -> bool) {
        self.0.retain(|(id, instance)| keep(id, instance));
    }

    /// The IDs, ascending.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Arc<str>> + Clone {
        self.0.iter().map(|(id, _)| id)
    }

    /// The instances, in the order of their IDs.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &InstanceDesc> + Clone {
        self.0.iter().map(|(_, instance)| instance)
    }

    /// The instances, to be changed.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut InstanceDesc> {
        self.0.iter_mut().map(|(_, instance)| instance)
    }

    /// IDs and instances, in the order of the IDs.
    pub fn iter(&self) -> <&Self as IntoIterator>::IntoIter {
        self.into_iter()
    }

    /// Where in [`Self::as_slice`] the entry of this ID stands.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.search(id).ok()
    }

    fn search(&self, id: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| (**known).cmp(id))
    }

    /// The entry at a place that a [`Cursor`] found.
    pub(super) fn at_mut(&mut self, place: usize) -> &mut InstanceDesc {
        &mut self.0[place].1
    }

    /// Puts in entries whose IDs are new and ascending.
    pub(super) fn insert_new(&mut self, mut added: Vec<(Arc<str>, InstanceDesc)>) {
        match added.len() {
            0 => {}
            1 => added.into_iter().for_each(|(id, instance)| {
                self.insert(id, instance);
            }),
            _ => {
                // Two ascending runs: the stable sort merges them in one pass.
                self.0.append(&mut added);
                self.0.sort_by(|a, b| a.0.cmp(&b.0));
            }
        }
    }
}

/// Finds ascending IDs one after the other, each from where the last one was: a full state costs a
/// comparison or two an entry, a single entry a binary search.
#[derive(Default)]
pub(super) struct Cursor(usize);

impl Cursor {
    /// The place of `id` in `map`, if it has it.
    pub(super) fn find(&mut self, map: &InstanceMap, id: &str) -> Option<usize> {
        let rest = &map.0[self.0..];
        let mut step = 1;
        while step < rest.len() && *rest[step - 1].0 < *id {
            step *= 2;
        }
        let window = &rest[step / 2..step.min(rest.len())];
        let found = window.binary_search_by(|(known, _)| (**known).cmp(id));
        self.0 += step / 2 + found.unwrap_or_else(|place| place);
        found.is_ok().then_some(self.0)
    }
}

impl Index<&str> for InstanceMap {
    type Output = InstanceDesc;

    /// # Panics
    ///
    /// If there is no such entry.
    fn index(&self, id: &str) -> &InstanceDesc {
        self.get(id).unwrap_or_else(|| panic!("no instance {id:?}"))
    }
}

impl FromIterator<(Arc<str>, InstanceDesc)> for InstanceMap {
    /// Of several entries of one ID the last one stays.
    fn from_iter<I: IntoIterator<Item = (Arc<str>, InstanceDesc)>>(entries: I) -> Self {
        let mut entries = Vec::from_iter(entries);
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                if same {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        Self(entries)
    }
}

impl<'a> IntoIterator for &'a InstanceMap {
    type Item = (&'a Arc<str>, &'a InstanceDesc);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Entry>, fn(&'a Entry) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter().map(|(id, instance)| (id, instance))
    }
}

impl IntoIterator for InstanceMap {
    type Item = (Arc<str>, InstanceDesc);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(ids: impl IntoIterator<Item = u32>) -> InstanceMap {
        ids.into_iter().map(|id| (format!("{id:03}").into(), InstanceDesc::default())).collect()
    }

    #[test]
    fn a_cursor_finds_what_a_search_finds() {
        let map = map((0..200).filter(|id| id % 3 != 0));
        for stride in [1, 2, 7, 50, 199] {
            let mut cursor = Cursor::default();
            for id in (0..210).step_by(stride) {
                let id = format!("{id:03}");
                assert_eq!(cursor.find(&map, &id), map.search(&id).ok(), "{id} by {stride}");
            }
        }
        assert_eq!(Cursor::default().find(&InstanceMap::default(), "a"), None);
    }

    #[test]
    fn the_last_of_several_entries_of_one_id_stays() {
        let entry = |timestamp| InstanceDesc { timestamp, ..InstanceDesc::default() };
        let map: InstanceMap = [("b", 1), ("a", 2), ("b", 3)]
            .map(|(id, timestamp)| (id.into(), entry(timestamp)))
            .into_iter()
            .collect();
        assert_eq!(map.len(), 2);
        assert_eq!(map["b"].timestamp, 3);
    }
}
