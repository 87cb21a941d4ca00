//! `/ready` of an ingester, as far as the ring decides it.

use std::time::Duration;

use crate::kv::View;
use crate::log::Level;
use crate::ring::{HeartbeatHealth, InstanceDesc, InstanceState, NotReady};
use crate::time::{Instant, WallTime};

use super::super::{Context, Effect};
use super::IngesterLifecycler;

/// What the checks so far have found. Once ready, always ready.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Readiness {
    ready: bool,
    since: Option<Instant>,
}

impl IngesterLifecycler {
    /// Whether an instance may be taken as started; why not (`Lifecycler.CheckReady`).
    ///
    /// The time of `min_ready_duration` begins when somebody asks, and again after every failed check.
    pub fn check_ready(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) -> Result<(), String> {
        if self.readiness.ready {
            return Ok(());
        }
        if let Err(error) = self.check_ring(ctx, fx) {
            self.readiness.since = None;
            return Err(error);
        }
        let since = *self.readiness.since.get_or_insert(ctx.now);
        let hold = self.config.min_ready_duration;
        if ctx.now.since(since) < hold {
            return Err(format!("waiting for {} after being ready", crate::go::duration::format(hold)));
        }
        self.readiness.ready = true;
        Ok(())
    }

    fn check_ring(&self, ctx: &Context<'_>, fx: &mut Vec<Effect>) -> Result<(), String> {
        if self.tokens.is_empty() {
            return Err("this instance owns no tokens".to_owned());
        }
        if !ctx.known {
            return Err("no ring returned from the KV store".to_owned());
        }
        let timeout = self.config.heartbeat_timeout;
        if self.config.readiness_check_ring_health {
            return ring_is_ready(ctx.watched, ctx.wall, timeout).map_err(|error| {
                let text = "found an existing instance(s) with a problem in the ring, this instance cannot \
                            become ready until this problem is resolved. The /ring http endpoint on the \
                            distributor (or single binary) provides visibility into the ring.";
                let line = self.line(Level::Warn, "lifecycler.go:304", text).with("ring", self.ring());
                fx.push(line.with("err", error.to_string()).into());
                error.to_string()
            });
        }
        let own = ctx.watched.get(&self.identity.id);
        let own = own.ok_or_else(|| format!("instance {} not found in the ring", self.identity.id))?;
        instance_is_ready(own, HeartbeatHealth::at(ctx.wall, timeout)).map_err(|error| error.to_string())
    }
}

/// `Desc.IsReady`, for the instances in `view`.
fn ring_is_ready(view: View<'_>, now: WallTime, timeout: Duration) -> Result<(), NotReady> {
    let health = HeartbeatHealth::at(now, timeout);
    view.iter().try_for_each(|(_, instance)| instance_is_ready(instance, health))?;
    let has_tokens = view.iter().any(|(_, instance)| !instance.tokens.is_empty());
    if has_tokens { Ok(()) } else { Err(NotReady::NoTokens) }
}

/// `InstanceDesc.IsReady`.
fn instance_is_ready(instance: &InstanceDesc, health: HeartbeatHealth) -> Result<(), NotReady> {
    let addr = || instance.addr.clone();
    if !health.covers(instance.timestamp) {
        return Err(NotReady::PastHeartbeatTimeout { addr: addr() });
    }
    match instance.state {
        InstanceState::Active => Ok(()),
        state => Err(NotReady::NotActive { addr: addr(), state }),
    }
}
