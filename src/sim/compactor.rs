//! Which compactor compacts.
//!
//! Models loki pkg/compactor/compactor.go:461-532: every compactor asks its ring every 5 s who owns key 0, and
//! compacts while that is itself.

use std::time::Duration;

use crate::lifecycle::{Lifecycler, RingKind};
use crate::log::{Level, LogLine};
use crate::ring::{LookupBuffer, Operation};

use super::World;
use super::event::What;
use super::modules::{ServiceState, Work};
use super::process::Process;

const POLL: Duration = Duration::from_secs(5);
const KEY: u32 = 0;

impl Process {
    pub(super) fn plan_leader_poll(&self, world: &mut World) {
        world.plan(world.now + POLL, self.pod, self.epoch, What::LeaderPoll);
    }

    /// Looks who should compact.
    pub(super) fn leader_poll(&mut self, world: &mut World) {
        let runs = |work: Work| matches!(work, Work::Member(RingKind::Compactor, _));
        if !self.modules.iter().any(|it| runs(it.work) && it.state == ServiceState::Running) {
            return;
        }
        self.plan_leader_poll(world);
        let line = match self.should_compact(world) {
            Err(line) => line,
            Ok(compacts) if compacts == self.compacts => return,
            Ok(true) => {
                let text = "this instance has been chosen to run the compactor, starting compactor";
                LogLine::new(Level::Info, "compactor.go:493", text)
            }
            Ok(false) => {
                let text = "this instance should no longer run the compactor, stopping compactor";
                self.say(world, LogLine::new(Level::Info, "compactor.go:524", text));
                LogLine::new(Level::Info, "compactor.go:529", "compactor stopped")
            }
        };
        if line.level == Level::Info {
            self.compacts = !self.compacts;
        }
        self.say(world, line);
    }

    fn should_compact(&mut self, world: &World) -> Result<bool, LogLine> {
        let trouble = |error: String| {
            let text = "error asking ring for who should run the compactor, will check again";
            LogLine::new(Level::Error, "compactor.go:481", text).with("err", error)
        };
        let own = self.slot(RingKind::Compactor).and_then(|slot| slot.lifecycler.as_ref());
        let own = own.map(Lifecycler::identity).map(|identity| identity.addr.clone());
        let health = self.health(world);
        let ring = self.ring(RingKind::Compactor, world).ok_or_else(|| trouble("empty ring".into()))?;
        let mut buffer = LookupBuffer::default();
        let set = ring.get(KEY, Operation::WRITE, health, &mut buffer);
        match *set.map_err(|error| trouble(error.to_string()))?.instances {
            [leader] => Ok(own.is_some_and(|own| ring.instance(leader).addr == own)),
            _ => {
                let text = "too many addresses (more that one) return when asking the ring who should run \
                            the compactor, will check again";
                Err(LogLine::new(Level::Error, "compactor.go:487", text))
            }
        }
    }
}
