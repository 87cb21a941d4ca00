use std::sync::Arc;

use crate::ring::{Desc, InstanceDesc, InstanceState};
use crate::sim::{Pod, Process, Simulation, StoreKind};
use crate::time::Instant;

use super::RING;

/// Whether all views of the ring agree, without comparing all of them after every event: as long as two processes
/// differ in one known instance there is nothing else to look at.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreement {
    difference: Option<Difference>,
}

/// Two processes that differ.
#[derive(Debug, Clone)]
struct Difference {
    /// Their pods, and what their copies were made of.
    pods: [(u32, Stamp); 2],
    /// In which instance; `None` when one has no ring at all.
    id: Option<Arc<str>>,
}

/// Changes whenever a process's copy of the ring changes, or the process does.
type Stamp = (u32, u64, usize);

impl Agreement {
    /// Why all agree, if they do; `news` when somebody may run or not run since the last call, or may have learnt
    /// of an instance.
    pub(super) fn check(&mut self, simulation: &Simulation, news: bool) -> Option<String> {
        let mut from = 0;
        if let Some(difference) = &mut self.difference {
            let still = difference.pods.map(|(pod, known)| Some(known) == stamp_of(simulation, pod));
            if still == [true; 2] || difference.holds(simulation) {
                return None;
            }
            from = difference.pods[1].0;
        } else if !news && simulation.world.options.store == StoreKind::Memberlist {
            // A central store tells without a word in the journal.
            return None;
        }
        let observers = Vec::from_iter(simulation.pods.iter().filter_map(observer));
        let (first, reference) = *observers.first()?;
        // Whoever differed last may well differ again.
        let start = observers.partition_point(|(pod, _)| pod.index < from);
        let others = observers[start..].iter().chain(&observers[..start]);
        self.difference = others.filter(|(pod, _)| pod.index != first.index).find_map(|(pod, process)| {
            let id = first_difference(ring(reference), ring(process))?;
            let stamped = |pod: &Pod| stamp_of(simulation, pod.index).map(|stamp| (pod.index, stamp));
            Some(Difference { pods: [stamped(first)?, stamped(pod)?], id })
        });
        if self.difference.is_some() {
            return None;
        }
        if simulation.pods.iter().any(|pod| is_yet_to_start(pod, simulation)) {
            return None;
        }
        let instances = ring(reference).map_or(0, |desc| living(desc).count());
        let views = observers.len();
        match (views, instances) {
            (_, 0) => None,
            (1, _) => Some(format!("{} is the only one, and knows {}", first.name, count(instances))),
            _ => Some(format!("all {views} views show the same {}", count(instances))),
        }
    }
}

impl Difference {
    /// Whether they differ still; takes note of what they were compared by.
    fn holds(&mut self, simulation: &Simulation) -> bool {
        let [one, other] = self.pods.map(|(pod, _)| simulation.pods.get(pod as usize).and_then(observer));
        let (Some((one, mine)), Some((other, theirs))) = (one, other) else { return false };
        let differs = match (&self.id, ring(mine), ring(theirs)) {
            (None, mine, theirs) => mine.is_some() != theirs.is_some(),
            (Some(id), Some(mine), Some(theirs)) => !alike(entry(mine, id), entry(theirs, id)),
            (Some(_), ..) => false,
        };
        for (place, pod) in [one, other].into_iter().enumerate() {
            if let Some(stamp) = stamp_of(simulation, pod.index) {
                self.pods[place] = (pod.index, stamp);
            }
        }
        differs
    }
}

/// A pod whose process looks at the ring.
fn observer(pod: &Pod) -> Option<(&Pod, &Process)> {
    let process = pod.process.as_deref().filter(|_| !pod.paused && !pod.foreign)?;
    process.slot(RING).map(|_| (pod, process))
}

/// Whether a pod belongs to those that its group begins with, and has not begun yet: while a cluster starts, the first
/// one agrees with itself.
fn is_yet_to_start(pod: &Pod, simulation: &Simulation) -> bool {
    let group = &simulation.world.options.groups[pod.group as usize];
    let begins = Instant::START + group.start_at.0;
    let started = group.started.unwrap_or(group.count);
    pod.epoch == 0 && !pod.foreign && pod.ordinal < started && simulation.now() >= begins
}

fn ring(process: &Process) -> Option<&Desc> {
    process.desc(RING)
}

fn stamp_of(simulation: &Simulation, pod: u32) -> Option<Stamp> {
    let (_, process) = observer(simulation.pods.get(pod as usize)?)?;
    let slot = process.slot(RING)?;
    let version = process.kv.store.get(slot.key).map_or(0, |value| value.version + 1);
    Some((process.epoch, version, slot.watched.as_ref().map_or(0, |desc| Arc::as_ptr(desc).addr())))
}

fn living(desc: &Desc) -> impl Iterator<Item = (&Arc<str>, &InstanceDesc)> {
    desc.ingesters.iter().filter(|(_, entry)| entry.state != InstanceState::Left)
}

fn entry<'a>(desc: &'a Desc, id: &str) -> Option<&'a InstanceDesc> {
    desc.ingesters.get(id).filter(|entry| entry.state != InstanceState::Left)
}

/// Heartbeats do not count: they differ all the time.
fn alike(mine: Option<&InstanceDesc>, theirs: Option<&InstanceDesc>) -> bool {
    match (mine, theirs) {
        (Some(mine), Some(theirs)) => mine.state == theirs.state && mine.tokens == theirs.tokens,
        (mine, theirs) => mine.is_none() && theirs.is_none(),
    }
}

/// An instance in which two copies differ: `Some(None)` when one of them is none at all, `None` when they agree.
fn first_difference(mine: Option<&Desc>, theirs: Option<&Desc>) -> Option<Option<Arc<str>>> {
    let (mine, theirs) = match (mine, theirs) {
        (Some(mine), Some(theirs)) => (mine, theirs),
        (None, None) => return None,
        _ => return Some(None),
    };
    let (mut ours, mut others) = (living(mine), living(theirs));
    loop {
        match (ours.next(), others.next()) {
            (None, None) => return None,
            (Some((id, one)), Some((other, two))) if id == other && alike(Some(one), Some(two)) => {}
            // The smaller name is the one that the other lacks, or they are the same.
            (Some((id, _)), Some((other, _))) => return Some(Some(Arc::clone(id.min(other)))),
            (Some((id, _)), None) | (None, Some((id, _))) => return Some(Some(Arc::clone(id))),
        }
    }
}

fn count(instances: usize) -> String {
    if instances == 1 { "1 instance".into() } else { format!("{instances} instances") }
}
