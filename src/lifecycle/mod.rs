//! How an instance enters a ring, stays in it and leaves it.
//!
//! Models dskit ring/{lifecycler,basic_lifecycler,basic_lifecycler_delegates}.go, Loki's
//! pkg/util/ring/ringmanager.go, the ring part of pkg/compactor/compactor.go and the auto-forget of
//! pkg/ingester/ingester.go. State machines without a clock and without a store: whoever owns one tells it
//! what happened and carries out the [`Effect`]s that it answers with. Where a Go `select` finds several
//! things ready it takes one at random; so does this.
//!
//! Differs: tokens are always drawn at random (no ring of Loki's is configured otherwise); no observe period
//! for basic lifecyclers, and none of them stays in the ring when it stops (as in Loki); a tokens file is
//! whole or missing.

mod alarm;
mod basic;
mod ingester;
mod ring_kind;
mod select;
#[cfg(test)]
mod tests;
mod token_draw;

use std::sync::Arc;

use crate::kv::{Answer, View};
use crate::log::LogLine;
use crate::prng::Prng;
use crate::ring::{InstanceState, Tokens};
use crate::time::{Instant, WallTime};

pub use basic::{BasicLifecycler, BasicLifecyclerConfig};
pub use ingester::{IngesterLifecycler, IngesterLifecyclerConfig, RingCounts};
pub use ring_kind::{LifecyclerKind, RingKind, RingPreset, Starter};

/// What a lifecycler may look at while it handles something.
#[derive(Debug)]
pub struct Context<'a> {
    /// Virtual time.
    pub now: Instant,
    /// The process's own clock.
    pub wall: WallTime,
    /// Chance: tokens, jitter, the choices of `select`.
    pub prng: &'a mut Prng,
    /// The ring as the process's own ring client shows it.
    pub watched: View<'a>,
    /// Whether the ring's key exists there.
    pub known: bool,
}

/// What a lifecycler wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Run this compare-and-swap on the ring's key: call `attempt` for every try, then `cas_done` once.
    Cas(Cas),
    /// Its context is cancelled: instead of sleeping between two tries, now or later, this compare-and-swap
    /// fails with `failed to CAS-update key K: context canceled`.
    CancelCas(Cas),
    /// Call `timer` then. Timers are never taken back; those that lost their meaning are ignored.
    Timer {
        /// When.
        at: Instant,
        /// With what.
        timer: Timer,
    },
    /// A line for the process's log.
    Log(LogLine),
    /// The service is Running.
    Running,
    /// The service is Terminated; nothing comes after this.
    Stopped,
    /// The service is Failed, with this error; nothing comes after this.
    Failed(String),
    /// The tokens file was written, or deleted.
    SaveTokens(Option<Tokens>),
    /// Flush all chunks, then call `flushed`.
    Flush,
}

/// The compare-and-swaps of lifecyclers. At most one of each runs at a time in one lifecycler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cas {
    /// The first entry.
    Register,
    /// An ingester takes its tokens.
    AutoJoin,
    /// Proof of life.
    Heartbeat,
    /// After the observe period: are the tokens still its own?
    VerifyTokens,
    /// Another state.
    ChangeState(InstanceState),
    /// The entry's end.
    Unregister,
    /// Loki's ingesters forget unhealthy ones.
    AutoForget,
}

/// The timers of lifecyclers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// `join_after` is over.
    JoinAfter,
    /// The observe period is over.
    Observe,
    /// A heartbeat is due.
    Heartbeat,
    /// `final_sleep` is over.
    FinalSleep,
    /// A round of auto-forget is due.
    AutoForget,
    /// Look again whether the ring client shows the new state.
    Poll,
}

/// Who an instance is in its ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its key in the ring.
    pub id: Arc<str>,
    /// `host:port` of gRPC.
    pub addr: Arc<str>,
    /// Availability zone; may be empty.
    pub zone: Arc<str>,
}

/// Either kind of lifecycler.
#[derive(Debug, Clone)]
pub enum Lifecycler {
    /// `ring.Lifecycler`.
    Ingester(IngesterLifecycler),
    /// `ring.BasicLifecycler`, with what Loki puts around it.
    Basic(BasicLifecycler),
}

/// Calls one method of whichever lifecycler it is.
macro_rules! either {
    ($self:expr, $lifecycler:ident => $call:expr) => {
        match $self {
            Lifecycler::Ingester($lifecycler) => $call,
            Lifecycler::Basic($lifecycler) => $call,
        }
    };
}

impl Lifecycler {
    /// Starts the service. Only the first call does anything.
    pub fn start(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        either!(self, lifecycler => lifecycler.start(ctx, fx));
    }

    /// A timer that it asked for.
    pub fn timer(&mut self, timer: Timer, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        either!(self, lifecycler => lifecycler.timer(timer, ctx, fx));
    }

    /// One try of a compare-and-swap: what to do with the ring as it stands, `None` when the key is absent.
    pub fn attempt(
        &mut self,
        cas: Cas,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        either!(self, lifecycler => lifecycler.attempt(cas, view, ctx, fx))
    }

    /// The end of a compare-and-swap, with the store's error if it failed.
    pub fn cas_done(
        &mut self,
        cas: Cas,
        result: Result<(), String>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) {
        either!(self, lifecycler => lifecycler.cas_done(cas, result, ctx, fx));
    }

    /// Asks the service to stop; [`Effect::Stopped`] or [`Effect::Failed`] follows, perhaps much later.
    pub fn stop(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        either!(self, lifecycler => lifecycler.stop(ctx, fx));
    }

    /// The flush is over.
    pub fn flushed(&mut self, ctx: &mut Context<'_>, fx: &mut Vec<Effect>) {
        if let Self::Ingester(lifecycler) = self {
            lifecycler.flushed(ctx, fx);
        }
    }

    /// The state that it believes itself in.
    pub fn state(&self) -> InstanceState {
        either!(self, lifecycler => lifecycler.state())
    }

    /// The tokens that it believes it owns.
    pub fn tokens(&self) -> &Tokens {
        either!(self, lifecycler => lifecycler.tokens())
    }

    /// Whether the service is Running.
    pub fn is_running(&self) -> bool {
        either!(self, lifecycler => lifecycler.is_running())
    }

    /// Whether the service is Terminated or Failed.
    pub fn is_done(&self) -> bool {
        either!(self, lifecycler => lifecycler.is_done())
    }

    /// Who it is in the ring.
    pub fn identity(&self) -> &Identity {
        either!(self, lifecycler => lifecycler.identity())
    }

    /// Which ring.
    pub fn kind(&self) -> RingKind {
        either!(self, lifecycler => lifecycler.kind())
    }

    /// Heartbeats so far: those tried by an ingester (`member_consul_heartbeats_total`), those written by
    /// the others (`ring_member_heartbeats_total`).
    pub fn heartbeats(&self) -> u64 {
        either!(self, lifecycler => lifecycler.heartbeats())
    }
}

impl From<LogLine> for Effect {
    fn from(line: LogLine) -> Self {
        Self::Log(line)
    }
}
