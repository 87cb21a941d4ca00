//! What a basic lifecycler and its delegates do to the ring: the callbacks of its compare-and-swaps.

use crate::go::duration;
use crate::kv::{Answer, Edit, View};
use crate::ring::{HeartbeatHealth, InstanceDesc, InstanceState, Tokens};
use crate::time::WallTime;

use super::super::token_draw::top_up;
use super::super::{Context, Effect, RingKind, Starter};
use super::BasicLifecycler;

impl BasicLifecycler {
    /// `registerInstance`: writes its entry whether or not there is one.
    pub(super) fn register(
        &self,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> (InstanceDesc, Answer) {
        let id = &self.identity.id;
        let found = view.and_then(|view| view.get(id));
        let text =
            if found.is_some() { "instance found in the ring" } else { "instance not found in the ring" };
        let caller = if found.is_some() { "basic_lifecycler.go:322" } else { "basic_lifecycler.go:324" };
        let mut line = self.info(caller, text).with("instance", id.to_string()).with("ring", self.ring());
        if let Some(found) = found {
            line = line.with("state", found.state.name()).with("tokens", found.tokens.len().to_string());
            line = line.with("registered_at", time_text(found.registered_timestamp));
            line = line.with("last_heartbeat_at", time_text(found.timestamp));
        }
        fx.push(line.into());

        let own = self.tokens_to_keep(found, fx);
        let missing = self.config.num_tokens.saturating_sub(own.len());
        let now = ctx.wall.unix_secs();
        let entry = InstanceDesc {
            addr: self.identity.addr.clone(),
            zone: self.identity.zone.clone(),
            state: self.config.starter.register_state(),
            timestamp: now,
            registered_timestamp: found.map_or(now, |found| found.registered_timestamp),
            read_only: found.is_some_and(|found| found.read_only),
            read_only_updated_timestamp: found.map_or(0, |found| found.read_only_updated_timestamp.max(0)),
            tokens: top_up(&own, missing, view, ctx.prng),
        };
        (entry.clone(), Answer::Edit(Edit::put(id, entry)))
    }

    /// `TokensPersistencyDelegate` before `OnRingInstanceRegister`: the ring's tokens, else the file's.
    fn tokens_to_keep(&self, found: Option<&InstanceDesc>, fx: &mut Vec<Effect>) -> Tokens {
        let in_ring = found.map_or(Tokens::EMPTY, |found| found.tokens.clone());
        if self.config.starter == Starter::Direct {
            return in_ring;
        }
        let caller_and_text = if self.config.tokens_file_path.is_none() {
            ("basic_lifecycler_delegates.go:63", "not loading tokens from file, tokens file path is empty")
        } else if !in_ring.is_empty() {
            ("basic_lifecycler_delegates.go:69", "not loading tokens from file, instance already in the ring")
        } else {
            return self.tokens_file.clone().unwrap_or_default();
        };
        fx.push(self.info(caller_and_text.0, caller_and_text.1).into());
        in_ring
    }

    /// `heartbeat`, with the delegates that look at the ring meanwhile.
    pub(super) fn write_heartbeat(
        &mut self,
        view: Option<View<'_>>,
        ctx: &Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> (InstanceDesc, Answer) {
        let (mut entry, was_there) = self.own_entry(view, ctx.wall, fx);
        let not_forgotten = HeartbeatHealth::at(ctx.wall, self.config.forget_period());
        let healthy = HeartbeatHealth::at(ctx.wall, self.config.heartbeat_timeout);
        let counts = self.config.kind == RingKind::Distributor;
        let is_counted = |instance: &InstanceDesc| {
            instance.state == InstanceState::Active && healthy.covers(instance.timestamp)
        };
        let mut edit = Edit::default();
        let mut healthy_instances = usize::from(counts && !was_there && is_counted(&entry));
        for (id, instance) in view.into_iter().flat_map(|view| view.iter()) {
            if not_forgotten.covers(instance.timestamp) {
                healthy_instances += usize::from(counts && is_counted(instance));
                continue;
            }
            let text = "auto-forgetting instance from the ring because it is unhealthy for a long time";
            let line = self.warn("basic_lifecycler_delegates.go:147", text).with("instance", id.to_string());
            let line = line.with("last_heartbeat", unix_text(instance.timestamp));
            fx.push(line.with("forget_period", duration::format(self.config.forget_period())).into());
            // The same write puts its own entry back.
            if *id != self.identity.id {
                edit.remove.push(id.clone());
            }
        }
        self.healthy_instances = healthy_instances;
        entry.timestamp = ctx.wall.unix_secs();
        edit.put = Some((self.identity.id.clone(), entry.clone()));
        (entry, Answer::Edit(edit))
    }

    /// `changeState`.
    pub(super) fn write_state(
        &self,
        state: InstanceState,
        view: Option<View<'_>>,
        ctx: &Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> (InstanceDesc, Answer) {
        let (mut entry, was_there) = self.own_entry(view, ctx.wall, fx);
        if entry.state == state && was_there {
            return (entry, Answer::Unchanged);
        }
        entry.state = state;
        entry.timestamp = ctx.wall.unix_secs();
        (entry.clone(), Answer::Edit(Edit::put(&self.identity.id, entry)))
    }

    /// `unregisterInstance`.
    pub(super) fn unregister(&self, view: Option<View<'_>>) -> Answer {
        match view {
            Some(_) => Answer::Edit(Edit::remove(&self.identity.id)),
            None => Answer::Fail("found empty ring when trying to unregister".to_owned()),
        }
    }

    /// Its entry and whether it was in the ring; if not, one from memory that counts as registered now
    /// (`updateInstance`).
    fn own_entry(&self, view: Option<View<'_>>, now: WallTime, fx: &mut Vec<Effect>) -> (InstanceDesc, bool) {
        if let Some(found) = view.and_then(|view| view.get(&self.identity.id)) {
            return (found.clone(), true);
        }
        let text = "instance is missing in the ring (e.g. the ring backend storage has been reset), \
                    registering the instance with an updated registration timestamp";
        fx.push(self.warn("basic_lifecycler.go:480", text).with("ring", self.ring()).into());
        let read_only_since = self.current.as_ref().filter(|entry| entry.read_only);
        let entry = InstanceDesc {
            addr: self.identity.addr.clone(),
            zone: self.identity.zone.clone(),
            state: self.state(),
            timestamp: now.unix_secs(),
            registered_timestamp: now.unix_secs(),
            read_only: read_only_since.is_some(),
            read_only_updated_timestamp: read_only_since.map_or(0, |entry| entry.read_only_updated_timestamp),
            tokens: self.tokens().clone(),
        };
        (entry, false)
    }
}

/// `time.Time.String` of a timestamp of which 0 means "unknown".
fn time_text(unix_secs: i64) -> String {
    match unix_secs {
        0 => "0001-01-01 00:00:00 +0000 UTC".to_owned(),
        _ => unix_text(unix_secs),
    }
}

/// `time.Unix(unix_secs, 0).String()`, on a machine that keeps UTC.
fn unix_text(unix_secs: i64) -> String {
    WallTime::from_unix_secs(unix_secs).to_rfc3339().replace('T', " ").replace('Z', " +0000 UTC")
}
