//! Loki's ingesters forgetting unhealthy ones (loki pkg/ingester/ingester.go:462-529), off by default.

use std::sync::Arc;

use crate::go::duration;
use crate::kv::{Answer, Edit, View};
use crate::log::Level;
use crate::ring::HeartbeatHealth;

use super::super::alarm::Alarm;
use super::super::{Cas, Context, Effect, Identity, Timer};
use super::IngesterLifecyclerConfig;

/// A loop of its own beside the lifecycler's: a look at the ring every heartbeat period.
#[derive(Debug, Clone)]
pub(super) struct AutoForget {
    ticker: Alarm,
    is_busy: bool,
    forget_list: Vec<Arc<str>>,
    forgotten: u64,
}

impl AutoForget {
    pub(super) const fn new() -> Self {
        Self { ticker: Alarm::off(Timer::AutoForget), is_busy: false, forget_list: Vec::new(), forgotten: 0 }
    }

    pub(super) const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    pub(super) fn start(
        &mut self,
        config: &IngesterLifecyclerConfig,
        ctx: &Context<'_>,
        fx: &mut Vec<Effect>,
    ) {
        let text = format!(
            "autoforget is enabled and will remove unhealthy instances from the ring after {} with no heartbeat",
            duration::format(config.heartbeat_timeout)
        );
        fx.push(config.kind.line(Level::Info, "ingester.go:475", text).into());
        self.ticker = Alarm::every(Timer::AutoForget, config.heartbeat_period, ctx.now, fx);
    }

    pub(super) fn timer(&mut self, ctx: &Context<'_>, fx: &mut Vec<Effect>) {
        self.ticker.arrive(ctx.now, fx);
        self.proceed(fx);
    }

    pub(super) fn attempt(
        &mut self,
        config: &IngesterLifecyclerConfig,
        own: &Identity,
        view: Option<View<'_>>,
        ctx: &Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        self.forget_list.clear();
        let Some(view) = view else { return Answer::Unchanged };
        let health = HeartbeatHealth::at(ctx.wall, config.heartbeat_timeout);
        let unhealthy = || view.iter().filter(|(_, instance)| !health.covers(instance.timestamp));
        let mut warn = |caller, text: String| fx.push(config.kind.line(Level::Warn, caller, text).into());
        if unhealthy().any(|(id, _)| *id == own.id) {
            let text = format!(
                "autoforget has seen our ID `{}` as unhealthy in the ring, network may be partitioned, \
                 skip forgeting ingesters this round",
                own.id
            );
            warn("ingester.go:497", text);
            return Answer::Unchanged;
        }
        let (bad, all) = (unhealthy().count(), view.len());
        if bad + 1 == all {
            let text = format!(
                "autoforget have seen {bad} unhealthy ingesters out of {all}, network may be partioned, \
                 skip forgeting ingesters this round"
            );
            warn("ingester.go:505", text);
            return Answer::Unchanged;
        }
        if bad == 0 {
            return Answer::Unchanged;
        }
        self.forget_list.extend(unhealthy().map(|(id, _)| Arc::clone(id)));
        Answer::Edit(Edit { put: None, remove: self.forget_list.clone() })
    }

    pub(super) fn cas_done(
        &mut self,
        config: &IngesterLifecyclerConfig,
        result: Result<(), String>,
        fx: &mut Vec<Effect>,
    ) {
        self.is_busy = false;
        match result {
            Ok(()) => {
                let timeout = duration::format(config.heartbeat_timeout);
                for id in &self.forget_list {
                    let text = format!(
                        "autoforget removed ingester {id} from the ring because it was not healthy after {timeout}"
                    );
                    fx.push(config.kind.line(Level::Info, "ingester.go:524", text).into());
                }
                self.forgotten += self.forget_list.len() as u64;
            }
            Err(error) => fx.push(config.kind.line(Level::Warn, "ingester.go:519", error).into()),
        }
        self.proceed(fx);
    }

    fn proceed(&mut self, fx: &mut Vec<Effect>) {
        if !self.is_busy && self.ticker.take() {
            self.is_busy = true;
            fx.push(Effect::Cas(Cas::AutoForget));
        }
    }
}
