use std::sync::Arc;
use std::time::Duration;

use crate::ring::{HeartbeatHealth, InstanceState};
use crate::sim::{Pod, Process, Simulation, Span, StoreKind};
use crate::time::{Instant, WallTime, age_text};

use super::RING;

/// When some process will take an instance's heartbeat as too old, if nothing happens.
///
/// A copy's heartbeats only ever grow younger, unless its journal tells of another state, so the instant that was
/// found once is never too late; when it comes, everybody is asked again.
#[derive(Debug, Clone, Default)]
pub(super) struct Stale {
    /// Not before then.
    next: Option<Instant>,
    is_known: bool,
    /// What a central store has told everybody; it does so without a word in the journal.
    told: usize,
}

impl Stale {
    /// Who takes it as too old now, in words; `news` when the journal tells of rings, or of who runs.
    pub(super) fn check(&mut self, id: &str, simulation: &Simulation, news: bool) -> Option<(String, u32)> {
        if news || self.was_told(simulation) {
            self.is_known = false;
        }
        self.deadline(id, simulation).filter(|due| *due <= simulation.now())?;
        let stale = |pod: &Pod| {
            let process = observer(pod)?;
            let entry = process.desc(RING)?.ingesters.get(id)?;
            let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
            let wall = process.wall(&simulation.world);
            let is_stale = entry.state != InstanceState::Left
                && !HeartbeatHealth::at(wall, timeout).covers(entry.timestamp);
            let age = wall.since(WallTime::from_unix_secs(entry.timestamp)).unwrap_or_default();
            is_stale.then(|| {
                let why = format!(
                    "{} takes {id} as UNHEALTHY: its last heartbeat is {} old, the limit {}",
                    pod.name,
                    age_text(age),
                    Span(timeout)
                );
                (why, pod.index)
            })
        };
        let found = simulation.pods.iter().find_map(stale);
        // It was due, and somebody has heard of it meanwhile.
        self.is_known = found.is_some();
        found
    }

    /// When the first one may take it as too old, by time alone.
    pub(super) fn deadline(&mut self, id: &str, simulation: &Simulation) -> Option<Instant> {
        if !self.is_known || self.next.is_some_and(|due| due <= simulation.now()) {
            self.next = simulation.pods.iter().filter_map(|pod| due(pod, id, simulation)).min();
            self.is_known = true;
        }
        self.next
    }

    fn was_told(&mut self, simulation: &Simulation) -> bool {
        if simulation.world.options.store == StoreKind::Memberlist {
            return false;
        }
        let watched = |pod: &Pod| {
            let slot = pod.process.as_ref()?.slot(RING)?;
            slot.watched
                .as_ref()
                .map(|desc| Arc::as_ptr(desc).addr().wrapping_mul(2 * pod.index as usize + 1))
        };
        let told = simulation.pods.iter().filter_map(watched).fold(0, usize::wrapping_add);
        std::mem::replace(&mut self.told, told) != told
    }
}

/// A process that looks at the ring by its own clock.
fn observer(pod: &Pod) -> Option<&Process> {
    let process = pod.process.as_deref().filter(|_| !pod.paused && !pod.foreign)?;
    process.slot(RING).map(|_| process)
}

/// The first nanosecond at which a pod's process takes the instance's heartbeat as too old.
fn due(pod: &Pod, id: &str, simulation: &Simulation) -> Option<Instant> {
    let process = observer(pod)?;
    let entry = process.desc(RING)?.ingesters.get(id).filter(|entry| entry.state != InstanceState::Left)?;
    let timeout = simulation.world.options.lifecycler.heartbeat_timeout.0;
    let last_good = WallTime::from_unix_secs(entry.timestamp).unix_nanos() + timeout.as_nanos() as i128;
    let began = simulation.world.clock(process.clock_offset).at(Instant::START).unix_nanos();
    let nanos = u64::try_from((last_good - began + 1).max(0)).unwrap_or(u64::MAX);
    Some(Instant::START + Duration::from_nanos(nanos))
}
