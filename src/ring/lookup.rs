//! Look-ups in a prepared ring.
//!
//! Models dskit ring/ring.go:411-792. Differs: the answer for the whole ring comes in the order of the
//! IDs, where Go's order is that of a map.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::{
    Desc, HeartbeatHealth, InstanceDesc, Operation, QuorumError, ReplicationSet, ReplicationStrategy,
    RingError, Topology,
};

/// What a reader of the ring is configured with; the defaults are Loki's for the ingester ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingConfig {
    /// `common.replication_factor`; at least 1.
    pub replication_factor: usize,
    /// `zone_awareness_enabled`.
    pub zone_awareness_enabled: bool,
    /// `heartbeat_timeout`.
    pub heartbeat_timeout: Duration,
    /// `excluded_zones`: their instances are not seen at all.
    pub excluded_zones: Vec<Arc<str>>,
    /// How a key's instances are judged.
    pub strategy: ReplicationStrategy,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self {
            replication_factor: 3,
            zone_awareness_enabled: false,
            heartbeat_timeout: Duration::from_secs(60),
            excluded_zones: Vec::new(),
            strategy: ReplicationStrategy::Default,
        }
    }
}

/// A reader's copy of the ring, prepared for look-ups.
#[derive(Debug, Clone)]
pub struct Ring {
    pub(super) config: RingConfig,
    pub(super) instances: Vec<(Arc<str>, InstanceDesc)>,
    pub(super) topology: Arc<Topology>,
}

/// What an update meant for a [`Ring`] (`RingCompare`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RingUpdate {
    /// The very same ring.
    Equal,
    /// Only states and heartbeats differ: the topology stays.
    EqualButStatesAndTimestamps,
    /// Anything else: the topology is new.
    Different,
}

/// Room for look-ups to work in, so that none allocates; use one per thread for any number of rings.
#[derive(Debug, Clone, Default)]
pub struct LookupBuffer {
    picked: Vec<u32>,
    /// The walk in which each instance was examined last.
    seen: Vec<u32>,
    walk: u32,
    zones: Vec<ZoneCount>,
}

#[derive(Debug, Clone, Copy)]
struct ZoneCount {
    found: u32,
    examined: u32,
}

/// One token of a walk, and what became of its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its position in [`Topology::tokens`].
    pub position: usize,
    /// Its owner's index.
    pub instance: u32,
    /// What the walk did with the owner.
    pub outcome: Result<Taken, Skip>,
}

/// The owner of a token went into the replica set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Its state makes the operation look for one more instance.
    pub extends: bool,
}

/// Why a walk passed a token by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// Its owner was examined already.
    SameInstance,
    /// Its owner's zone has its share of replicas.
    ZoneHasReplica,
}

/// A key's walk, token by token, with what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The tokens looked at, in order.
    pub steps: Vec<Step>,
    /// The instances taken, in order, healthy or not.
    pub taken: Vec<u32>,
}

impl Ring {
    /// Prepares `desc` for look-ups. Excluded zones are left out.
    pub fn new(desc: &Desc, config: RingConfig) -> Self {
        let instances = visible(desc, &config);
        let topology = Arc::new(Topology::new(&instances));
        Self { config, instances, topology }
    }

    /// Takes in a newer `desc`; the topology is rebuilt only if it has to be.
    pub fn update(&mut self, desc: &Desc) -> RingUpdate {
        let instances = visible(desc, &self.config);
        let update = compare(&self.instances, &instances);
        match update {
            RingUpdate::Equal => return update,
            RingUpdate::EqualButStatesAndTimestamps => {}
            RingUpdate::Different => self.topology = Arc::new(Topology::new(&instances)),
        }
        self.instances = instances;
        update
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &RingConfig {
        &self.config
    }

    /// Tokens, owners and zones.
    pub fn topology(&self) -> &Arc<Topology> {
        &self.topology
    }

    /// All visible instances with their IDs, in the order of the IDs.
    pub fn instances(&self) -> &[(Arc<str>, InstanceDesc)] {
        &self.instances
    }

    /// The instance with this index.
    #[inline]
    pub fn instance(&self, index: u32) -> &InstanceDesc {
        &self.instances[index as usize].1
    }

    /// The ID of the instance with this index.
    pub fn id(&self, index: u32) -> &Arc<str> {
        &self.instances[index as usize].0
    }

    /// The index of the instance with this ID.
    pub fn index_of(&self, id: &str) -> Option<u32> {
        self.instances.binary_search_by(|(known, _)| (**known).cmp(id)).ok().map(|index| index as u32)
    }

    /// Which heartbeats count as recent for this ring's time-out.
    pub fn health_at(&self, now: WallTime) -> HeartbeatHealth {
        HeartbeatHealth::at(now, self.config.heartbeat_timeout)
    }

    /// The instances that form the replicas of `key` (`Ring.Get`).
    pub fn get<'b>(
        &self,
        key: u32,
        operation: Operation,
        health: HeartbeatHealth,
        buffer: &'b mut LookupBuffer,
    ) -> Result<ReplicationSet<'b>, RingError> {
        self.get_with_replication_factor(key, operation, health, self.config.replication_factor, buffer)
    }

    /// [`Self::get`] for more replicas than configured (`GetWithOptions(WithReplicationFactor)`); fewer
    /// are taken as the configured number.
    pub fn get_with_replication_factor<'b>(
        &self,
        key: u32,
        operation: Operation,
        health: HeartbeatHealth,
        replication_factor: usize,
        buffer: &'b mut LookupBuffer,
    ) -> Result<ReplicationSet<'b>, RingError> {
        if self.topology.tokens().is_empty() {
            return Err(RingError::EmptyRing);
        }
        let configured = self.config.replication_factor;
        let replication_factor = replication_factor.max(configured);
        if replication_factor > configured && !self.config.strategy.supports_expanded_replication() {
            return Err(RingError::ReplicationFactor { asked: replication_factor, configured });
        }
        self.walk(key, operation, replication_factor, buffer, |_| {});
        self.filter(operation, health, replication_factor, &mut buffer.picked)
    }

    /// What [`Self::get`] does for `key`, token by token. The steps end where the walk ends.
    pub fn trace(&self, key: u32, operation: Operation, buffer: &mut LookupBuffer) -> Walk {
        let mut steps = Vec::new();
        buffer.picked.clear();
        if !self.topology.tokens().is_empty() {
            self.walk(key, operation, self.config.replication_factor, buffer, |step| steps.push(step));
        }
        Walk { steps, taken: buffer.picked.clone() }
    }

    /// Fills `buffer.picked` with the distinct instances for `key`, healthy or not
    /// (`findInstancesForKey`). The ring has tokens.
    #[inline]
    fn walk(
        &self,
        key: u32,
        operation: Operation,
        replication_factor: usize,
        buffer: &mut LookupBuffer,
        mut on_step: impl FnMut(Step),
    ) {
        let topology = &*self.topology;
        let zone_aware = self.config.zone_awareness_enabled;
        let target_per_zone = (replication_factor / self.config.replication_factor.max(1)).max(1) as u32;
        let mut open_zones = topology.zones().len();
        let mut wanted = replication_factor;
        buffer.start(self.instances.len(), if zone_aware { open_zones } else { 0 });

        let owners = topology.owners();
        let start = topology.search(key);
        for position in (start..owners.len()).chain(0..start) {
            if buffer.picked.len() >= wanted.min(self.instances.len()) || zone_aware && open_zones == 0 {
                break;
            }
            let instance = owners[position];
            if buffer.was_seen(instance) {
                on_step(Step { position, instance, outcome: Err(Skip::SameInstance) });
                continue;
            }
            let InstanceDesc { zone, state, .. } = self.instance(instance);
            let extends = operation.extends_on(*state);
            if zone_aware && !zone.is_empty() {
                let total = topology.instances_per_zone()[topology.zone_of(instance)];
                let count = &mut buffer.zones[topology.zone_of(instance)];
                if count.found >= target_per_zone {
                    on_step(Step { position, instance, outcome: Err(Skip::ZoneHasReplica) });
                    continue;
                }
                count.examined += 1;
                // An instance that extends the set does not count, so that the next one of its zone may follow.
                count.found += u32::from(!extends);
                if count.found >= target_per_zone || count.examined >= total {
                    open_zones -= 1;
                }
            }
            wanted += usize::from(extends);
            buffer.take(instance);
            on_step(Step { position, instance, outcome: Ok(Taken { extends }) });
        }
    }

    /// Drops the unhealthy from `picked` and judges what is left, as the ring's strategy does
    /// (`ReplicationStrategy.Filter`). On an error `picked` is as before.
    #[inline]
    pub fn filter<'b>(
        &self,
        operation: Operation,
        health: HeartbeatHealth,
        replication_factor: usize,
        picked: &'b mut Vec<u32>,
    ) -> Result<ReplicationSet<'b>, RingError> {
        let required = self.config.strategy.required(replication_factor, picked.len());
        let is_healthy = |&instance: &u32| self.instance(instance).is_healthy(operation, health);
        let healthy = picked.iter().filter(|instance| is_healthy(instance)).count();
        if healthy < required {
            let unhealthy = picked.iter().filter(|instance| !is_healthy(instance));
            return Err(RingError::Quorum(QuorumError {
                strategy: self.config.strategy,
                zone_awareness_enabled: self.config.zone_awareness_enabled,
                required,
                found: healthy,
                unhealthy: unhealthy.map(|&instance| Arc::clone(&self.instance(instance).addr)).collect(),
            }));
        }
        if healthy < picked.len() {
            picked.retain(is_healthy);
        }
        Ok(ReplicationSet {
            instances: picked,
            max_errors: healthy - required,
            max_unavailable_zones: 0,
            zone_awareness_enabled: false,
        })
    }

    /// Every healthy instance, without any quorum (`GetAllHealthy`).
    pub fn get_all_healthy<'b>(
        &self,
        operation: Operation,
        health: HeartbeatHealth,
        buffer: &'b mut LookupBuffer,
    ) -> Result<ReplicationSet<'b>, RingError> {
        if self.instances.is_empty() {
            return Err(RingError::EmptyRing);
        }
        buffer.pick(
            (0..self.instances.len() as u32).filter(|&i| self.instance(i).is_healthy(operation, health)),
        );
        Ok(ReplicationSet {
            instances: &buffer.picked,
            max_errors: 0,
            max_unavailable_zones: 0,
            zone_awareness_enabled: false,
        })
    }

    /// Whom to ask for a read of everything (`GetReplicationSetForOperation`). Every instance of the
    /// ring counts, with or without tokens.
    pub fn replication_set_for_operation<'b>(
        &self,
        operation: Operation,
        health: HeartbeatHealth,
        buffer: &'b mut LookupBuffer,
    ) -> Result<ReplicationSet<'b>, RingError> {
        if self.topology.tokens().is_empty() {
            return Err(RingError::EmptyRing);
        }
        let all = 0..self.instances.len() as u32;
        let is_healthy = |instance: u32| self.instance(instance).is_healthy(operation, health);
        if self.config.zone_awareness_enabled {
            let zones = self.topology.zones();
            let mut fails = vec![false; zones.len()];
            for instance in all.clone().filter(|&instance| !is_healthy(instance)) {
                fails[self.topology.zone_of(instance)] = true;
            }
            let failing = fails.iter().filter(|&&fails| fails).count();
            let tolerated = zones.len().min(self.config.replication_factor) / 2;
            if failing > tolerated {
                return Err(RingError::TooManyUnhealthyInstances);
            }
            buffer.pick(all.filter(|&instance| !fails[self.topology.zone_of(instance)]));
            return Ok(ReplicationSet {
                instances: &buffer.picked,
                max_errors: 0,
                max_unavailable_zones: tolerated - failing,
                zone_awareness_enabled: true,
            });
        }
        let required = self.required_for_read_of_all();
        buffer.pick(all.filter(|&instance| is_healthy(instance)));
        match buffer.picked.len().checked_sub(required) {
            None => Err(RingError::TooManyUnhealthyInstances),
            Some(max_errors) => Ok(ReplicationSet {
                instances: &buffer.picked,
                max_errors,
                max_unavailable_zones: 0,
                zone_awareness_enabled: false,
            }),
        }
    }

    /// How many instances of the whole ring a read of everything needs healthy, without zone awareness:
    /// max(instances, RF) − RF/2.
    pub fn required_for_read_of_all(&self) -> usize {
        let replication_factor = self.config.replication_factor;
        self.instances.len().max(replication_factor) - replication_factor / 2
    }
}

fn visible(desc: &Desc, config: &RingConfig) -> Vec<(Arc<str>, InstanceDesc)> {
    desc.ingesters
        .iter()
        .filter(|(_, instance)| !config.excluded_zones.contains(&instance.zone))
        .map(|(id, instance)| (Arc::clone(id), instance.clone()))
        .collect()
}

fn compare(ours: &[(Arc<str>, InstanceDesc)], theirs: &[(Arc<str>, InstanceDesc)]) -> RingUpdate {
    if ours.len() != theirs.len() {
        return RingUpdate::Different;
    }
    let compared = ours.iter().zip(theirs).try_fold(RingUpdate::Equal, |so_far, ((id, a), (other_id, b))| {
        let same_place = id == other_id && a.addr == b.addr && a.zone == b.zone;
        let same_facts = a.registered_timestamp == b.registered_timestamp
            && a.read_only == b.read_only
            && a.read_only_updated_timestamp == b.read_only_updated_timestamp;
        let same_tokens = a.tokens.shares_storage(&b.tokens) || a.tokens == b.tokens;
        match same_place && same_facts && same_tokens {
            false => ControlFlow::Break(RingUpdate::Different),
            true if a.timestamp == b.timestamp && a.state == b.state => ControlFlow::Continue(so_far),
            true => ControlFlow::Continue(RingUpdate::EqualButStatesAndTimestamps),
        }
    });
    match compared {
        ControlFlow::Break(update) | ControlFlow::Continue(update) => update,
    }
}

impl LookupBuffer {
    fn start(&mut self, instances: usize, zones: usize) {
        self.picked.clear();
        self.zones.clear();
        self.zones.resize(zones, ZoneCount { found: 0, examined: 0 });
        self.walk = self.walk.wrapping_add(1);
        if self.seen.len() < instances || self.walk == 0 {
            self.seen.clear();
            self.seen.resize(instances.max(self.seen.capacity()), 0);
            self.walk = 1;
        }
    }

    #[inline]
    fn was_seen(&self, instance: u32) -> bool {
        self.seen[instance as usize] == self.walk
    }

    #[inline]
    fn take(&mut self, instance: u32) {
        self.seen[instance as usize] = self.walk;
        self.picked.push(instance);
    }

    fn pick(&mut self, instances: impl Iterator<Item = u32>) {
        self.picked.clear();
        self.picked.extend(instances);
    }
}
