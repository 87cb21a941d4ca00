//! A key-value store outside the cluster: Consul, etcd, or one process's own memory.
//!
//! Models dskit kv/{consul/client,etcd/etcd,consul/mock}.go: read, change, write if nobody else did. Differs:
//! the store is one machine that answers in order; Consul's rate limit on watches is not modelled.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::ring::{Desc, InstanceState};

use super::StoreKind;
use crate::kv::{Edit, Key};

/// The store.
#[derive(Debug, Clone, Default)]
pub struct Central {
    values: BTreeMap<(u32, Key), (u64, Arc<Desc>)>,
    index: u64,
    down: bool,
}

/// What a reader gets: the version, and the ring if there is one.
pub(super) type Versioned = (u64, Option<Arc<Desc>>);

impl Central {
    /// Whether it is away.
    pub fn is_down(&self) -> bool {
        self.down
    }

    /// Takes it away or brings it back.
    pub fn set_down(&mut self, down: bool) {
        self.down = down;
    }

    /// Reads a key of `owner`'s store; 0 is the store that all share.
    pub fn get(&self, owner: u32, key: Key) -> Versioned {
        match self.values.get(&(owner, key)) {
            Some((version, desc)) => (*version, Some(Arc::clone(desc))),
            None => (0, None),
        }
    }

    /// Writes `edit` on top of the version that was read; whether nobody else wrote in between.
    pub fn cas(&mut self, owner: u32, key: Key, seen: u64, edit: &Edit) -> bool {
        let (version, desc) = self.get(owner, key);
        if version != seen {
            return false;
        }
        let mut desc = desc.map_or_else(Desc::default, |desc| Desc::clone(&desc));
        if let Some((id, entry)) = &edit.put {
            desc.ingesters.insert(Arc::clone(id), entry.clone());
        }
        desc.ingesters.retain(|id, entry| {
            entry.state != InstanceState::Left && !edit.remove.iter().any(|removed| **removed == *id)
        });
        self.index += 1;
        self.values.insert((owner, key), (self.index, Arc::new(desc)));
        true
    }

    /// Forgets what was in the memory of a process that is gone.
    pub fn drop_owner(&mut self, owner: u32) {
        self.values.retain(|(held, _), _| *held != owner);
    }
}

impl StoreKind {
    /// The error of a compare-and-swap that lost every race (dskit kv/consul/client.go:201,
    /// kv/etcd/etcd.go:200).
    pub fn exhausted(self, key: &str) -> String {
        format!("failed to CAS {key}")
    }

    /// What a client says when it cannot reach the store.
    pub const fn unreachable(self) -> &'static str {
        match self {
            Self::Consul => "Get \"http://consul:8500/v1/kv\": dial tcp: connect: connection refused",
            Self::Etcd => "context deadline exceeded",
            Self::Memberlist | Self::Inmemory => "unavailable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::InstanceDesc;

    #[test]
    fn a_write_on_an_old_version_is_refused_and_changes_nothing() {
        let mut central = Central::default();
        let key = Key(0);
        let edit = |id: &str| Edit::put(&id.into(), InstanceDesc::default());
        assert!(central.cas(0, key, 0, &edit("a")));
        assert!(!central.cas(0, key, 0, &edit("b")));
        let (version, desc) = central.get(0, key);
        assert_eq!(desc.unwrap().ingesters.len(), 1);
        assert!(central.cas(0, key, version, &Edit::remove(&"a".into())));
        assert!(central.get(0, key).1.unwrap().ingesters.is_empty());
    }

    #[test]
    fn a_processs_own_memory_is_nobody_elses() {
        let mut central = Central::default();
        assert!(central.cas(1, Key(0), 0, &Edit::put(&"a".into(), InstanceDesc::default())));
        assert_eq!(central.get(2, Key(0)), (0, None));
        central.drop_owner(1);
        assert_eq!(central.get(1, Key(0)), (0, None));
    }
}
