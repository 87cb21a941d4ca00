use std::time::Duration;

use super::Simulation;
use super::event::{WORLD, What};

/// A group that is restarted pod by pod, last first (a StatefulSet's `RollingUpdate`).
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    /// The pods still to do; the last one is next.
    left: Vec<u32>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Stop,
    WaitForExit,
    WaitForReady,
}

const LOOK: Duration = Duration::from_millis(500);

impl Simulation {
    /// Begins a rollout of a group.
    pub(super) fn begin_rollout(&mut self, group: usize) {
        let wanted = self.groups[group].wanted;
        let left = self.groups[group].pods.iter().take(wanted).copied().collect();
        self.rollouts.push(Rollout { left, stage: Stage::Stop });
        let index = self.rollouts.len() as u32 - 1;
        self.world.plan(self.world.now, WORLD, 0, What::Rollout(index));
    }

    /// Does a rollout's next step, if its time has come.
    pub(super) fn roll(&mut self, index: usize) {
        let Some(rollout) = self.rollouts.get_mut(index) else { return };
        let Some(pod) = rollout.left.last().copied() else { return };
        let asks = self.world.options.deployment.readiness_period.0 > Duration::ZERO;
        let state = &self.pods[pod as usize];
        let settled = state.is_up() && (state.ready || !asks);
        match rollout.stage {
            Stage::Stop => {
                rollout.stage = Stage::WaitForExit;
                self.terminate(pod);
            }
            Stage::WaitForExit if !state.is_up() => {
                rollout.stage = Stage::WaitForReady;
                self.world.plan(self.world.now, pod, 0, What::Start);
            }
            Stage::WaitForReady if settled => {
                rollout.left.pop();
                rollout.stage = Stage::Stop;
            }
            Stage::WaitForExit | Stage::WaitForReady => {}
        }
        self.world.plan(self.world.now + LOOK, WORLD, 0, What::Rollout(index as u32));
    }
}
