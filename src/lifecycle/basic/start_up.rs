//! From a basic lifecycler's registration to ACTIVE, as Loki's ring manager and compactor drive it.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::log::Level;
use crate::prng::Ratio;
use crate::ring::InstanceState;

use super::super::alarm::Alarm;
use super::super::{Context, Effect, Starter, Timer};
use super::{BasicLifecycler, Phase};

/// How often a ring client hears of its own process's write before the writer looks; about so often in real
/// logs.
const HEARS_AT_ONCE: Ratio = Ratio::from_millionths(250_000);

/// How far `starting` of the ring manager or compactor is.
#[derive(Debug, Clone)]
pub(super) enum StartUp {
    /// Not begun, or waiting for the registration.
    Ahead,
    /// Polling the ring client for this state.
    Waiting {
        state: InstanceState,
        poll: Alarm,
        backoff: Backoff,
    },
    /// The loop shall change the state to ACTIVE.
    Activating,
    Succeeded,
    Failed(String),
}

impl BasicLifecycler {
    /// `starting` is over.
    pub(super) fn registered(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.config.starter != Starter::Direct && self.config.tokens_file_path.is_some() {
            let tokens = self.tokens().clone();
            if !tokens.is_empty() {
                fx.push(Effect::SaveTokens(Some(tokens)));
            }
        }
        self.phase = Phase::Looping;
        self.heartbeat = Alarm::every(Timer::Heartbeat, self.config.heartbeat_period, ctx.now, fx);
        match self.surroundings() {
            None => self.start_up_succeeded(fx),
            Some(who) if self.stop_requested => {
                self.fail_start_up(format!("unable to start {who} subservices: context canceled"));
            }
            Some(_) => self.wait_until(InstanceState::Joining, ctx, fx),
        }
    }

    pub(super) fn not_registered(&mut self, error: &str, fx: &mut Vec<Effect>) {
        let error = format!("register instance in the ring: {error}");
        let error = match self.surroundings() {
            None => error,
            Some(who) if self.stop_requested => {
                format!("unable to start {who} subservices: context canceled")
            }
            Some(who) => {
                format!("unable to start {who} subservices: not healthy, 0 terminated, 1 failed: [{error}]")
            }
        };
        self.end(Effect::Failed(error), fx);
    }

    pub(super) fn not_unregistered(&mut self, error: &str, fx: &mut Vec<Effect>) {
        let ring = self.ring();
        let error = format!("failed to unregister instance from the ring (ring: {ring}): {error}");
        let StartUp::Failed(first) = &self.start_up else {
            return self.end(Effect::Failed(error), fx);
        };
        let first = first.clone();
        let line = match self.config.starter {
            Starter::Compactor => ("compactor.go:401", "failed to gracefully stop compactor dependencies"),
            _ => ("ringmanager.go:172", "failed to gracefully stop ring manager dependencies"),
        };
        let mut line = self.line(Level::Error, line.0, line.1);
        if self.config.starter == Starter::RingManager {
            line = line.with("name", ring);
        }
        fx.push(line.with("err", error).into());
        self.end(Effect::Failed(first), fx);
    }

    /// `ring.WaitInstanceState`: looks at the ring client now, and later again.
    pub(super) fn wait_until(&mut self, state: InstanceState, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        let caller = match (self.config.starter, state) {
            (Starter::Compactor, InstanceState::Joining) => "compactor.go:416",
            (Starter::Compactor, _) => "compactor.go:430",
            (_, InstanceState::Joining) => "ringmanager.go:186",
            _ => "ringmanager.go:199",
        };
        let text = format!("waiting until {} is {state} in the ring", self.ring());
        fx.push(self.info(caller, text).into());
        if self.stop_requested {
            return self.fail_start_up("context canceled".to_owned());
        }
        let backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(1));
        self.start_up = StartUp::Waiting { state, poll: Alarm::off(Timer::Poll), backoff };
        // The ring client hears of the change of state a moment later, mostly too late for the first look; of
        // the registration it has heard by the time that both services run.
        if state == InstanceState::Joining || ctx.prng.chance(HEARS_AT_ONCE) {
            self.look(state, ctx, fx);
        } else {
            self.look_later(ctx, fx);
        }
    }

    pub(super) fn look(&mut self, wanted: InstanceState, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if ctx.watched.get(&self.identity.id).is_none_or(|found| found.state != wanted) {
            return self.look_later(ctx, fx);
        }
        let is_joining = wanted == InstanceState::Joining;
        let caller = match (self.config.starter, is_joining) {
            (Starter::Compactor, true) => "compactor.go:420",
            (Starter::Compactor, false) => "compactor.go:434",
            (_, true) => "ringmanager.go:190",
            (_, false) => "ringmanager.go:203",
        };
        let text = format!("{} is {wanted} in the ring", self.ring());
        fx.push(self.info(caller, text).into());
        match is_joining {
            true => self.start_up = StartUp::Activating,
            false => self.start_up_succeeded(fx),
        }
    }

    fn look_later(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if let StartUp::Waiting { poll, backoff, .. } = &mut self.start_up {
            *poll = Alarm::after(Timer::Poll, backoff.next_delay(ctx.prng), ctx.now, fx);
        }
    }

    fn start_up_succeeded(&mut self, fx: &mut Vec<Effect>) {
        self.start_up = StartUp::Succeeded;
        if !self.stop_requested {
            fx.push(Effect::Running);
        }
    }

    /// The ring manager or compactor takes its lifecycler down again.
    pub(super) fn fail_start_up(&mut self, error: String) {
        self.start_up = StartUp::Failed(error);
        self.stop_requested = true;
    }

    /// Who starts it, in error texts.
    fn surroundings(&self) -> Option<String> {
        match self.config.starter {
            Starter::Direct => None,
            Starter::RingManager => Some(format!("{} ring manager", self.ring())),
            Starter::Compactor => Some("compactor".to_owned()),
        }
    }
}
