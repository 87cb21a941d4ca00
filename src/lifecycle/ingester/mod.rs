mod auto_forget;
mod config;
mod readiness;
mod ring;
mod steps;

use std::time::Duration;

use crate::kv::{Answer, View};
use crate::log::{Level, LogLine};
use crate::ring::{InstanceState, Tokens};
use crate::time::Instant;

use super::alarm::Alarm;
use super::{Cas, Context, Effect, Identity, RingKind, Timer};
use auto_forget::AutoForget;
use readiness::Readiness;

pub use config::IngesterLifecyclerConfig;

/// The lifecycler of ingesters and their like (`ring.Lifecycler`): PENDING without tokens, then ACTIVE (or
/// JOINING, while it observes its tokens), heartbeats, and LEAVING on its way out.
#[derive(Debug, Clone)]
pub struct IngesterLifecycler {
    config: IngesterLifecyclerConfig,
    identity: Identity,
    /// What the tokens file held when the process started.
    tokens_file: Option<Tokens>,
    clears_tokens: bool,

    state: InstanceState,
    tokens: Tokens,
    /// Unix seconds; 0 when unknown.
    registered_at: i64,
    read_only: bool,
    /// Unix seconds; 0 when it never changed.
    read_only_updated_at: i64,
    verified: bool,
    /// As the last try of a compare-and-swap saw the ring; counts only once that has succeeded.
    seen: RingCounts,
    readiness: Readiness,

    phase: Phase,
    /// The compare-and-swap that the loop waits for.
    busy: Option<Cas>,
    stop_requested: bool,
    heartbeat: Alarm,
    join_after: Alarm,
    observe: Alarm,
    final_sleep: Alarm,
    counts: RingCounts,
    heartbeats: u64,
    flush_began: Option<Instant>,
    flush_took: Option<Duration>,
    auto_forget: Option<AutoForget>,
}

/// The ring as a lifecycler saw it when it last wrote to it; what an ingester's limits are shared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RingCounts {
    /// All instances.
    pub instances: usize,
    /// Those healthy for writing.
    pub healthy_instances: usize,
    /// Those healthy for writing in the own zone.
    pub healthy_instances_in_zone: usize,
    /// Zones that have an instance.
    pub zones: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    /// The first entry is being written.
    Joining,
    /// `loop`.
    Looping,
    /// `stopping`: LEAVING is being written.
    Leaving,
    /// `processShutdown` runs beside the heartbeats.
    ShuttingDown,
    Unregistering,
    Done,
}

impl IngesterLifecycler {
    /// One that is not started yet. `tokens_file` is what stands in the tokens file, if there is one.
    pub fn new(config: IngesterLifecyclerConfig, identity: Identity, tokens_file: Option<Tokens>) -> Self {
        Self {
            auto_forget: config.autoforget_unhealthy.then(AutoForget::new),
            config,
            identity,
            tokens_file,
            clears_tokens: false,
            state: InstanceState::Pending,
            tokens: Tokens::EMPTY,
            registered_at: 0,
            read_only: false,
            read_only_updated_at: 0,
            verified: false,
            seen: RingCounts::default(),
            readiness: Readiness::default(),
            phase: Phase::New,
            busy: None,
            stop_requested: false,
            heartbeat: Alarm::off(Timer::Heartbeat),
            join_after: Alarm::off(Timer::JoinAfter),
            observe: Alarm::off(Timer::Observe),
            final_sleep: Alarm::off(Timer::FinalSleep),
            counts: RingCounts::default(),
            heartbeats: 0,
            flush_began: None,
            flush_took: None,
        }
    }

    /// The state that it believes itself in.
    pub const fn state(&self) -> InstanceState {
        self.state
    }

    /// The tokens that it believes it owns; the ring may have given some of them to others.
    pub const fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Whether the service is Running, which it is from its start on.
    pub const fn is_running(&self) -> bool {
        matches!(self.phase, Phase::Joining | Phase::Looping)
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
    pub const fn config(&self) -> &IngesterLifecyclerConfig {
        &self.config
    }

    /// Heartbeats tried (`member_consul_heartbeats_total`).
    pub const fn heartbeats(&self) -> u64 {
        self.heartbeats
    }

    /// The ring when it last wrote to it.
    pub const fn counts(&self) -> RingCounts {
        self.counts
    }

    /// Ingesters forgotten (`ingester_autoforget_unhealthy_ingesters_total`).
    pub fn forgotten(&self) -> u64 {
        self.auto_forget.as_ref().map_or(0, AutoForget::forgotten)
    }

    /// How long the flush took (`shutdown_duration_seconds{op="flush"}`).
    pub const fn flush_took(&self) -> Option<Duration> {
        self.flush_took
    }

    /// Whether to delete the tokens file when it stops.
    pub const fn set_clear_tokens_on_shutdown(&mut self, clear: bool) {
        self.clears_tokens = clear;
    }

    /// Starts the service. Only the first call does anything.
    pub fn start(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase != Phase::New {
            return;
        }
        fx.push(Effect::Running);
        if self.config.tokens_file_path.is_none() {
            let text = "not loading tokens from file, tokens file path is empty";
            fx.push(self.info("lifecycler.go:694", text).into());
        }
        self.phase = Phase::Joining;
        self.run(Cas::Register, fx);
        if let Some(auto_forget) = &mut self.auto_forget {
            auto_forget.start(&self.config, ctx, fx);
        }
    }

    /// A timer that it asked for.
    pub fn timer(&mut self, timer: Timer, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase == Phase::Done {
            return;
        }
        match timer {
            Timer::JoinAfter => self.join_after.arrive(ctx.now, fx),
            Timer::Observe => self.observe.arrive(ctx.now, fx),
            Timer::Heartbeat => self.heartbeat.arrive(ctx.now, fx),
            Timer::FinalSleep => self.final_sleep.arrive(ctx.now, fx),
            Timer::AutoForget => {
                if let Some(auto_forget) = &mut self.auto_forget {
                    auto_forget.timer(ctx, fx);
                }
            }
            Timer::Poll => {}
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
        match cas {
            Cas::Register => self.init_ring(view, ctx, fx),
            Cas::AutoJoin => self.auto_join(view, ctx, fx),
            Cas::Heartbeat | Cas::ChangeState(_) => self.update(view, ctx, fx),
            Cas::VerifyTokens => self.verify_tokens(view, ctx, fx),
            Cas::Unregister => self.unregister(view),
            Cas::AutoForget => match &mut self.auto_forget {
                Some(auto_forget) => auto_forget.attempt(&self.config, &self.identity, view, ctx, fx),
                None => Answer::Unchanged,
            },
        }
    }

    /// The end of a compare-and-swap, with the store's error if it failed.
    pub fn cas_done(
        &mut self,
        cas: Cas,
        result: Result<(), String>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) {
        if self.phase == Phase::Done {
            return;
        }
        if cas == Cas::AutoForget {
            if let Some(auto_forget) = &mut self.auto_forget {
                auto_forget.cas_done(&self.config, result, fx);
            }
            return;
        }
        if self.busy != Some(cas) {
            return;
        }
        self.busy = None;
        if result.is_ok() && !matches!(cas, Cas::VerifyTokens | Cas::Unregister) {
            self.counts = self.seen;
        }
        match (cas, result) {
            (Cas::Register, Ok(())) => {
                self.phase = Phase::Looping;
                self.join_after = Alarm::after(Timer::JoinAfter, self.config.join_after, ctx.now, fx);
                self.heartbeat = Alarm::every(Timer::Heartbeat, self.config.heartbeat_period, ctx.now, fx);
            }
            (Cas::Register, Err(error)) => {
                self.fail(format!("failed to join the ring {}: {error}", self.ring()), fx)
            }
            (Cas::AutoJoin, Ok(())) => {
                if !self.config.observe_period.is_zero() {
                    let line = self.info("lifecycler.go:571", "observing tokens before going ACTIVE");
                    fx.push(line.with("ring", self.ring()).into());
                    self.observe = Alarm::after(Timer::Observe, self.config.observe_period, ctx.now, fx);
                }
            }
            (Cas::AutoJoin, Err(error)) => {
                self.fail(
                    format!("failed to pick tokens in the KV store, ring: {}: {error}", self.ring()),
                    fx,
                );
            }
            (Cas::Heartbeat, Err(error)) => {
                let caller =
                    if self.phase == Phase::Looping { "lifecycler.go:605" } else { "lifecycler.go:653" };
                fx.push(self.error(caller, "failed to write to the KV store, sleeping", error).into());
            }
            (Cas::VerifyTokens, result) => self.verification_done(result, ctx, fx),
            (Cas::ChangeState(InstanceState::Leaving), result) => {
                if let Err(error) = result {
                    fx.push(self.error("lifecycler.go:636", "failed to set state to LEAVING", error).into());
                }
                self.process_shutdown(ctx, fx);
            }
            (Cas::ChangeState(_), Err(error)) => {
                fx.push(self.error("lifecycler.go:594", "failed to set state to ACTIVE", error).into());
            }
            (Cas::Unregister, Ok(())) => {
                let line = self.info("lifecycler.go:665", "instance removed from the KV store");
                fx.push(line.with("ring", self.ring()).into());
                self.finish(fx);
            }
            (Cas::Unregister, Err(error)) => {
                let error = format!("failed to unregister from the KV store, ring: {}: {error}", self.ring());
                self.end(Effect::Failed(error), fx);
            }
            (Cas::Heartbeat | Cas::ChangeState(_) | Cas::AutoForget, _) => {}
        }
        self.proceed(ctx, fx);
    }

    /// Asks the service to stop. A compare-and-swap of its loop that sleeps is cut short.
    pub fn stop(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if self.phase == Phase::New {
            self.end(Effect::Stopped, fx);
        }
        if self.stop_requested || self.phase == Phase::Done {
            return;
        }
        self.stop_requested = true;
        fx.extend(self.busy.map(Effect::CancelCas));
        self.proceed(ctx, fx);
    }

    /// The flush is over.
    pub fn flushed(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if let Some(began) = self.flush_began.take() {
            self.flush_took = Some(ctx.now.since(began));
            self.sleep_finally(ctx, fx);
            self.proceed(ctx, fx);
        }
    }

    fn ring(&self) -> &'static str {
        self.config.kind.name()
    }

    fn line(&self, level: Level, caller: &'static str, message: &'static str) -> LogLine {
        self.config.kind.line(level, caller, message)
    }

    fn info(&self, caller: &'static str, message: &'static str) -> LogLine {
        self.line(Level::Info, caller, message)
    }

    fn error(&self, caller: &'static str, message: &'static str, error: String) -> LogLine {
        self.line(Level::Error, caller, message).with("ring", self.ring()).with("err", error)
    }
}
