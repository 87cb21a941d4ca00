mod config;
mod ring;
mod start_up;

use std::borrow::Cow;

use crate::kv::{Answer, View};
use crate::log::{Level, LogLine};
use crate::ring::{InstanceDesc, InstanceState, Tokens};

use super::alarm::Alarm;
use super::select::select;
use super::{Cas, Context, Effect, Identity, RingKind, Starter, Timer};
use start_up::StartUp;

pub use config::BasicLifecyclerConfig;

/// The two changes of state that it makes.
const TO_ACTIVE: Cas = Cas::ChangeState(InstanceState::Active);
const TO_LEAVING: Cas = Cas::ChangeState(InstanceState::Leaving);

/// The lifecycler of all other rings (`ring.BasicLifecycler`), with what Loki puts around it: delegates, and
/// the ring manager or compactor that takes the instance from JOINING to ACTIVE.
#[derive(Debug, Clone)]
pub struct BasicLifecycler {
    config: BasicLifecyclerConfig,
    identity: Identity,
    /// What the tokens file held when the process started.
    tokens_file: Option<Tokens>,
    /// Its entry as it last wrote or read it; `None` while it is not registered.
    current: Option<InstanceDesc>,
    /// ACTIVE and healthy instances at the last heartbeat; a distributor divides global limits by it.
    healthy_instances: usize,

    phase: Phase,
    start_up: StartUp,
    /// The compare-and-swap that the loop waits for.
    busy: Option<Running>,
    /// The delegate's change to LEAVING, which runs beside the heartbeats.
    leaving: Option<Running>,
    /// The delegate has nothing more to do.
    has_left: bool,
    stop_requested: bool,
    heartbeat: Alarm,
    heartbeats: u64,
}

/// A compare-and-swap and the own entry as its last try left it.
#[derive(Debug, Clone)]
struct Running {
    cas: Cas,
    entry: Option<InstanceDesc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Registering,
    /// `running`.
    Looping,
    /// `stopping`, up to the end of the delegate.
    Leaving,
    Unregistering,
    Done,
}

#[derive(Debug, Clone, Copy)]
enum Ready {
    Heartbeat,
    Activate,
    Stop,
    HasLeft,
}

impl BasicLifecycler {
    /// One that is not started yet. `tokens_file` is what stands in the tokens file, if there is one.
    pub const fn new(config: BasicLifecyclerConfig, identity: Identity, tokens_file: Option<Tokens>) -> Self {
        Self {
            config,
            identity,
            tokens_file,
            current: None,
            healthy_instances: 0,
            phase: Phase::New,
            start_up: StartUp::Ahead,
            busy: None,
            leaving: None,
            has_left: false,
            stop_requested: false,
            heartbeat: Alarm::off(Timer::Heartbeat),
            heartbeats: 0,
        }
    }

    /// The state that it believes itself in; PENDING while it is not registered.
    pub fn state(&self) -> InstanceState {
        self.current.as_ref().map_or(InstanceState::Pending, |entry| entry.state)
    }

    /// Its tokens.
    pub fn tokens(&self) -> &Tokens {
        self.current.as_ref().map_or(&Tokens::EMPTY, |entry| &entry.tokens)
    }

    /// Tokens that it is to own (`ring_member_tokens_to_own`).
    pub fn tokens_to_own(&self) -> usize {
        match self.phase {
            Phase::Done => 0,
            _ => self.config.num_tokens,
        }
    }

    /// Whether the service is Running: with a ring manager or compactor, theirs.
    pub fn is_running(&self) -> bool {
        self.phase == Phase::Looping && matches!(self.start_up, StartUp::Succeeded) && !self.stop_requested
    }

    /// Whether the service is Terminated or Failed.
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Who it is in the ring.
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Which ring.
    pub const fn kind(&self) -> RingKind {
        self.config.kind
    }

    /// Its settings.
    pub const fn config(&self) -> &BasicLifecyclerConfig {
        &self.config
    }

    /// Heartbeats written (`ring_member_heartbeats_total`).
    pub const fn heartbeats(&self) -> u64 {
        self.heartbeats
    }

    /// ACTIVE and healthy instances at the last heartbeat, counted by distributors only; 0 before the first.
    pub const fn healthy_instances(&self) -> usize {
        self.healthy_instances
    }

    /// Starts the service. Only the first call does anything.
    pub fn start(&mut self, _: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase == Phase::New {
            self.phase = Phase::Registering;
            self.run(Cas::Register, fx);
        }
    }

    /// A timer that it asked for.
    pub fn timer(&mut self, timer: Timer, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase == Phase::Done {
            return;
        }
        match timer {
            Timer::Heartbeat => self.heartbeat.arrive(ctx.now, fx),
            Timer::Poll => {
                if let StartUp::Waiting { state, poll, .. } = &mut self.start_up {
                    let state = *state;
                    poll.arrive(ctx.now, fx);
                    if poll.take() {
                        self.look(state, ctx, fx);
                    }
                }
            }
            Timer::JoinAfter | Timer::Observe | Timer::FinalSleep | Timer::AutoForget => {}
        }
        self.proceed(ctx, fx);
    }

    /// One try of a compare-and-swap: what to do with the ring as it stands, `None` when the key is absent.
    pub fn attempt(
        &mut self,
        cas: Cas,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        let (entry, answer) = match cas {
            Cas::Register => self.register(view, ctx, fx),
            Cas::Heartbeat => self.write_heartbeat(view, ctx, fx),
            Cas::ChangeState(state) => self.write_state(state, view, ctx, fx),
            Cas::Unregister => return self.unregister(view),
            Cas::AutoJoin | Cas::VerifyTokens | Cas::AutoForget => return Answer::Unchanged,
        };
        let running = [&mut self.busy, &mut self.leaving];
        if let Some(running) = running.into_iter().flatten().find(|running| running.cas == cas) {
            running.entry = Some(entry);
        }
        answer
    }

    /// The end of a compare-and-swap, with the store's error if it failed.
    pub fn cas_done(
        &mut self,
        cas: Cas,
        result: Result<(), String>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) {
        let is_it = |running: &mut Running| running.cas == cas;
        let Some(running) = self.busy.take_if(is_it).or_else(|| self.leaving.take_if(is_it)) else { return };
        if result.is_ok() && cas != Cas::Unregister {
            self.current = running.entry.or(self.current.take());
        }
        match (cas, result) {
            (Cas::Register, Ok(())) => self.registered(ctx, fx),
            (Cas::Register, Err(error)) => self.not_registered(&error, fx),
            (Cas::Heartbeat, Ok(())) => self.heartbeats += 1,
            (Cas::Heartbeat, Err(error)) => {
                let line = self.warn("basic_lifecycler.go:527", "failed to heartbeat instance in the ring");
                fx.push(line.with("ring", self.ring()).with("err", error).into());
            }
            (TO_LEAVING, result) => {
                if let Err(error) = result {
                    self.state_unchanged(InstanceState::Leaving, &error, fx);
                    let text = "failed to change instance state to LEAVING in the ring";
                    let line = self.line(Level::Error, "basic_lifecycler_delegates.go:34", text);
                    fx.push(line.with("err", error).into());
                }
                self.has_left = true;
            }
            (TO_ACTIVE, Ok(())) => self.wait_until(InstanceState::Active, ctx, fx),
            (TO_ACTIVE, Err(error)) => {
                self.state_unchanged(InstanceState::Active, &error, fx);
                self.fail_start_up(format!("switch instance to ACTIVE in the ring: {error}"));
            }
            (Cas::Unregister, Ok(())) => {
                self.current = None;
                let line = self.info("basic_lifecycler.go:305", "instance removed from the ring");
                fx.push(line.with("ring", self.ring()).into());
                self.finish(fx);
            }
            (Cas::Unregister, Err(error)) => self.not_unregistered(&error, fx),
            (Cas::ChangeState(_) | Cas::AutoJoin | Cas::VerifyTokens | Cas::AutoForget, _) => {}
        }
        self.proceed(ctx, fx);
    }

    /// Asks the service to stop. A compare-and-swap of its loop that sleeps is cut short.
    pub fn stop(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase == Phase::New {
            self.end(Effect::Stopped, fx);
        }
        if self.phase == Phase::Done || self.stop_requested {
            return;
        }
        self.stop_requested = true;
        fx.extend(self.busy.iter().map(|running| Effect::CancelCas(running.cas)));
        if matches!(self.start_up, StartUp::Waiting { .. }) {
            self.start_up = StartUp::Failed("context canceled".to_owned());
        }
        self.proceed(ctx, fx);
    }

    /// Goes on until there is something to wait for.
    fn proceed(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        while self.busy.is_none() && matches!(self.phase, Phase::Looping | Phase::Leaving) {
            let is_looping = self.phase == Phase::Looping;
            let activates = matches!(self.start_up, StartUp::Activating);
            let cases = [
                (self.heartbeat.has_fired(), Ready::Heartbeat),
                (is_looping && activates, Ready::Activate),
                (is_looping && self.stop_requested, Ready::Stop),
                (!is_looping && self.has_left, Ready::HasLeft),
            ];
            match select(cases, ctx.prng) {
                Some(Ready::Heartbeat) => {
                    self.heartbeat.take();
                    self.run(Cas::Heartbeat, fx);
                }
                Some(Ready::Activate) => self.run(TO_ACTIVE, fx),
                Some(Ready::Stop) => self.leave(ctx, fx),
                Some(Ready::HasLeft) => {
                    self.phase = Phase::Unregistering;
                    let line = self.info("basic_lifecycler.go:442", "unregistering instance from ring");
                    fx.push(line.with("ring", self.ring()).into());
                    self.run(Cas::Unregister, fx);
                }
                None => return,
            }
        }
    }

    /// The way from `running` to `stopping`.
    fn leave(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) {
        if matches!(self.start_up, StartUp::Activating) {
            let error = "switch instance to ACTIVE in the ring: lifecycler not running";
            self.start_up = StartUp::Failed(error.to_owned());
        }
        if self.config.starter == Starter::RingManager {
            let text = format!("stopping {} ring manager", self.ring());
            fx.push(self.line(Level::Debug, "ringmanager.go:226", text).into());
        }
        let line = self.info("basic_lifecycler.go:265", "ring lifecycler is shutting down");
        fx.push(line.with("ring", self.ring()).into());
        self.phase = Phase::Leaving;
        self.heartbeat = Alarm::every(Timer::Heartbeat, self.config.heartbeat_period, ctx.now, fx);
        self.leaving = Some(Running { cas: TO_LEAVING, entry: None });
        fx.push(Effect::Cas(TO_LEAVING));
    }

    fn finish(&mut self, fx: &mut Vec<Effect>) {
        let last = match &self.start_up {
            StartUp::Failed(error) => Effect::Failed(error.clone()),
            _ => Effect::Stopped,
        };
        self.end(last, fx);
    }

    fn end(&mut self, last: Effect, fx: &mut Vec<Effect>) {
        self.phase = Phase::Done;
        fx.push(last);
    }

    fn run(&mut self, cas: Cas, fx: &mut Vec<Effect>) {
        self.busy = Some(Running { cas, entry: None });
        fx.push(Effect::Cas(cas));
        if self.stop_requested && self.phase == Phase::Looping {
            fx.push(Effect::CancelCas(cas));
        }
    }

    fn state_unchanged(&self, to: InstanceState, error: &str, fx: &mut Vec<Effect>) {
        let line = self.warn("basic_lifecycler.go:548", "failed to change instance state in the ring");
        let line = line.with("from", self.state().name()).with("to", to.name());
        fx.push(line.with("err", error.to_owned()).into());
    }

    fn ring(&self) -> &'static str {
        self.config.kind.name()
    }

    fn line(&self, level: Level, caller: &'static str, text: impl Into<Cow<'static, str>>) -> LogLine {
        self.config.kind.line(level, caller, text)
    }

    fn info(&self, caller: &'static str, text: impl Into<Cow<'static, str>>) -> LogLine {
        self.line(Level::Info, caller, text)
    }

    fn warn(&self, caller: &'static str, text: impl Into<Cow<'static, str>>) -> LogLine {
        self.line(Level::Warn, caller, text)
    }
}
