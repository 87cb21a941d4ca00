//! The loops of an ingester's lifecycler: from its first entry to its last.

use crate::go::duration;
use crate::log::Level;
use crate::ring::InstanceState;

use super::super::alarm::Alarm;
use super::super::select::select;
use super::super::{Cas, Context, Effect, Timer};
use super::{IngesterLifecycler, Phase};

/// What the loops select from.
#[derive(Debug, Clone, Copy)]
enum Ready {
    JoinAfter,
    Observe,
    Heartbeat,
    Stop,
    ShutDown,
}

impl IngesterLifecycler {
    /// Goes on until there is something to wait for.
    pub(super) fn proceed(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        while self.busy.is_none() && matches!(self.phase, Phase::Looping | Phase::ShuttingDown) {
            let is_looping = self.phase == Phase::Looping;
            let cases = [
                (is_looping && self.join_after.has_fired(), Ready::JoinAfter),
                (is_looping && self.observe.has_fired(), Ready::Observe),
                (self.heartbeat.has_fired(), Ready::Heartbeat),
                (is_looping && self.stop_requested, Ready::Stop),
                (self.final_sleep.has_fired(), Ready::ShutDown),
            ];
            match select(cases, ctx.prng) {
                Some(Ready::JoinAfter) => self.join(fx),
                Some(Ready::Observe) => self.observed(fx),
                Some(Ready::Heartbeat) => {
                    self.heartbeat.take();
                    self.heartbeats += 1;
                    self.run(Cas::Heartbeat, fx);
                }
                Some(Ready::Stop) => self.leave(ctx, fx),
                Some(Ready::ShutDown) => self.shut_down(fx),
                None => return,
            }
        }
    }

    fn join(&mut self, fx: &mut Vec<Effect>) {
        self.join_after.take();
        let line = self.line(Level::Debug, "lifecycler.go:558", "JoinAfter expired");
        fx.push(line.with("ring", self.ring()).into());
        if self.state == InstanceState::Pending {
            let line = self.info("lifecycler.go:562", "auto-joining cluster after timeout");
            fx.push(line.with("ring", self.ring()).into());
            self.run(Cas::AutoJoin, fx);
        }
    }

    fn observed(&mut self, fx: &mut Vec<Effect>) {
        self.observe.take();
        if self.state != InstanceState::Joining {
            let line =
                self.line(Level::Error, "lifecycler.go:586", "unexpected state while observing tokens");
            fx.push(line.with("state", self.state.name()).with("ring", self.ring()).into());
        }
        self.verified = false;
        self.run(Cas::VerifyTokens, fx);
    }

    pub(super) fn verification_done(
        &mut self,
        result: Result<(), String>,
        ctx: &Context<'_>,
        fx: &mut Vec<Effect>,
    ) {
        if let Err(error) = result {
            fx.push(self.error("lifecycler.go:840", "failed to verify tokens", error).into());
        }
        if !self.verified {
            let line = self.info("lifecycler.go:597", "token verification failed, observing");
            fx.push(line.with("ring", self.ring()).into());
            self.observe = Alarm::after(Timer::Observe, self.config.observe_period, ctx.now, fx);
            return;
        }
        let line = self.info("lifecycler.go:590", "token verification successful");
        fx.push(line.with("ring", self.ring()).into());
        if let Err(error) = self.change_state(InstanceState::Active, fx) {
            fx.push(self.error("lifecycler.go:594", "failed to set state to ACTIVE", error).into());
        }
    }

    /// The way from `loop` to `stopping`, up to LEAVING.
    fn leave(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) {
        let line = self.info("lifecycler.go:612", "lifecycler loop() exited gracefully");
        fx.push(line.with("ring", self.ring()).into());
        self.phase = Phase::Leaving;
        self.heartbeat = Alarm::every(Timer::Heartbeat, self.config.heartbeat_period, ctx.now, fx);
        if let Err(error) = self.change_state(InstanceState::Leaving, fx) {
            fx.push(self.error("lifecycler.go:636", "failed to set state to LEAVING", error).into());
            self.process_shutdown(ctx, fx);
        }
    }

    pub(super) fn process_shutdown(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) {
        self.phase = Phase::ShuttingDown;
        let mut flushes = false;
        if self.config.kind.disables_transfers() {
            fx.push(self.info("lifecycler.go:1083", "transfers are disabled").into());
            flushes = self.config.flush_on_shutdown;
        }
        if flushes {
            self.flush_began = Some(ctx.now);
            fx.push(Effect::Flush);
        } else {
            self.sleep_finally(ctx, fx);
        }
    }

    pub(super) fn sleep_finally(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) {
        let line = self.info("lifecycler.go:1100", "lifecycler entering final sleep before shutdown");
        fx.push(line.with("final_sleep", duration::format(self.config.final_sleep)).into());
        self.final_sleep = Alarm::sleep(Timer::FinalSleep, self.config.final_sleep, ctx.now, fx);
    }

    fn shut_down(&mut self, fx: &mut Vec<Effect>) {
        self.final_sleep.take();
        if !self.config.unregister_on_shutdown {
            return self.finish(fx);
        }
        self.phase = Phase::Unregistering;
        let line = self.line(Level::Debug, "lifecycler.go:1123", "unregistering instance from ring");
        fx.push(line.with("ring", self.ring()).into());
        self.run(Cas::Unregister, fx);
    }

    pub(super) fn finish(&mut self, fx: &mut Vec<Effect>) {
        if let Some(path) = self.config.tokens_file_path.clone().filter(|_| self.clears_tokens) {
            fx.push(Effect::SaveTokens(None));
            let line = self.info("lifecycler.go:672", "removed tokens file from disk");
            fx.push(line.with("path", path.to_string()).into());
        }
        self.end(Effect::Stopped, fx);
    }

    /// `changeState`, for the steps that it allows.
    fn change_state(&mut self, state: InstanceState, fx: &mut Vec<Effect>) -> Result<(), String> {
        use InstanceState::{Active, Joining, Leaving, Pending};

        let allowed = matches!(
            (self.state, state),
            (Pending, Joining) | (Joining, Pending) | (Joining | Pending, Active) | (Active, Leaving)
        );
        if !allowed {
            return Err(format!("changing instance state from {} -> {state} is disallowed", self.state));
        }
        let line = self.info("lifecycler.go:997", "changing instance state from");
        let line = line.with("old_state", self.state.name()).with("new_state", state.name());
        fx.push(line.with("ring", self.ring()).into());
        self.state = state;
        self.run(Cas::ChangeState(state), fx);
        Ok(())
    }

    pub(super) fn run(&mut self, cas: Cas, fx: &mut Vec<Effect>) {
        self.busy = Some(cas);
        fx.push(Effect::Cas(cas));
        if self.stop_requested && self.phase == Phase::Looping {
            fx.push(Effect::CancelCas(cas));
        }
    }

    /// The loop ends with an error: no clean-up, the entry stays as it is.
    pub(super) fn fail(&mut self, error: String, fx: &mut Vec<Effect>) {
        let line = self.line(Level::Error, "lifecycler.go:626", "lifecycler loop() exited with error");
        fx.push(line.with("err", error.clone()).into());
        self.end(Effect::Failed(error), fx);
    }

    pub(super) fn end(&mut self, last: Effect, fx: &mut Vec<Effect>) {
        self.phase = Phase::Done;
        fx.push(last);
    }
}
