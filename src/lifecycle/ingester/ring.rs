//! What an ingester's lifecycler does to the ring: the callbacks of its compare-and-swaps.

use std::collections::BTreeSet;

use crate::kv::{Answer, Edit, View};
use crate::log::Level;
use crate::ring::{HeartbeatHealth, InstanceDesc, InstanceState, Operation, Tokens};
use crate::time::WallTime;

use super::super::token_draw::top_up;
use super::super::{Context, Effect};
use super::{IngesterLifecycler, RingCounts};

impl IngesterLifecycler {
    /// `initRing`: takes over the entry that is there, or makes one.
    pub(super) fn init_ring(
        &mut self,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        let Some(found) = view.and_then(|view| view.get(&self.identity.id)) else {
            return self.init_new(view, ctx, fx);
        };
        self.registered_at = found.registered_timestamp;
        self.read_only = found.read_only;
        self.read_only_updated_at = found.read_only_updated_timestamp;
        if found.state == InstanceState::Joining {
            let text = "instance found in ring as JOINING, setting to PENDING";
            fx.push(self.line(Level::Warn, "lifecycler.go:739", text).with("ring", self.ring()).into());
            // dskit changes the state of a copy, and hands back the ring as it was.
            return Answer::Edit(Edit::default());
        }
        let line = self.info("lifecycler.go:747", "existing instance found in ring");
        let line = line.with("state", found.state.name()).with("tokens", found.tokens.len().to_string());
        let line = line.with("ring", self.ring()).with("readOnly", found.read_only.to_string());
        fx.push(line.with("readOnlyStateUpdate", read_only_update_text(found)).into());

        let mut entry = found.clone();
        if entry.state == InstanceState::Leaving {
            entry.tokens = self.trim_tokens(&found.tokens, view, ctx, fx);
            entry.state = InstanceState::Active;
        }
        self.state = entry.state;
        self.set_tokens(entry.tokens.clone(), fx);
        entry.addr = self.identity.addr.clone();
        entry.zone = self.identity.zone.clone();
        if entry == *found {
            self.seen = self.count(view, Some(found), ctx.wall);
            return Answer::Unchanged;
        }
        entry.timestamp = ctx.wall.unix_secs();
        self.put(entry, view, ctx)
    }

    fn init_new(&mut self, view: Option<View<'_>>, ctx: &Context<'_>, fx: &mut Vec<Effect>) -> Answer {
        self.registered_at = ctx.wall.unix_secs();
        self.read_only = false;
        self.read_only_updated_at = 0;
        let from_file = self.tokens_file.clone().filter(|tokens| !tokens.is_empty());
        let Some(tokens) = from_file.filter(|_| self.config.tokens_file_path.is_some()) else {
            let text = "instance not found in ring, adding with no tokens";
            fx.push(self.info("lifecycler.go:721", text).with("ring", self.ring()).into());
            return self.put(self.entry(Tokens::EMPTY, ctx.wall), view, ctx);
        };
        let line = self.info("lifecycler.go:710", "adding tokens from file");
        fx.push(line.with("num_tokens", tokens.len().to_string()).into());
        if tokens.len() >= self.config.num_tokens {
            self.state = InstanceState::Active;
        }
        self.set_tokens(tokens.clone(), fx);
        self.put(self.entry(tokens, ctx.wall), view, ctx)
    }

    /// A returning instance's tokens, brought to the number that it should have.
    fn trim_tokens(
        &self,
        tokens: &Tokens,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Tokens {
        let desired = self.config.num_tokens;
        if tokens.len() == desired {
            return tokens.clone();
        }
        let (caller, text) = if tokens.len() < desired {
            ("lifecycler.go:755", "existing instance has too few tokens, adding difference")
        } else {
            ("lifecycler.go:762", "existing instance has too many tokens, removing difference")
        };
        let line = self.info(caller, text).with("current_tokens", tokens.len().to_string());
        fx.push(line.with("desired_tokens", desired.to_string()).into());
        if tokens.len() < desired {
            return top_up(tokens, desired - tokens.len(), view, ctx.prng);
        }
        let mut shuffled = tokens.to_vec();
        ctx.prng.shuffle(&mut shuffled);
        shuffled.truncate(desired);
        shuffled.into()
    }

    /// `autoJoin`: new tokens at every try.
    pub(super) fn auto_join(
        &mut self,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        let own = self.tokens_in(view);
        if !own.is_empty() {
            let text = "tokens already exist for this instance - wasn't expecting any!";
            let line = self.line(Level::Error, "lifecycler.go:925", text);
            fx.push(line.with("num_tokens", own.len().to_string()).with("ring", self.ring()).into());
        }
        let tokens = top_up(&own, self.config.num_tokens.saturating_sub(own.len()), view, ctx.prng);
        let observes = !self.config.observe_period.is_zero();
        self.state = if observes { InstanceState::Joining } else { InstanceState::Active };
        self.set_tokens(tokens.clone(), fx);
        self.put(self.entry(tokens, ctx.wall), view, ctx)
    }

    /// `updateConsul`: heartbeats and changes of state. The ring's tokens stay, not the remembered ones.
    pub(super) fn update(
        &mut self,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        let tokens = match view.and_then(|view| view.get(&self.identity.id)) {
            Some(found) => found.tokens.clone(),
            None => {
                let text = "instance is missing in the ring (e.g. the ring backend storage has been reset), \
                            registering the instance with an updated registration timestamp";
                fx.push(self.info("lifecycler.go:963", text).with("ring", self.ring()).into());
                self.registered_at = ctx.wall.unix_secs();
                self.tokens.clone()
            }
        };
        self.put(self.entry(tokens, ctx.wall), view, ctx)
    }

    /// `verifyTokens`: what a conflict took away is drawn anew.
    pub(super) fn verify_tokens(
        &mut self,
        view: Option<View<'_>>,
        ctx: &mut Context<'_>,
        fx: &mut Vec<Effect>,
    ) -> Answer {
        let own = self.tokens_in(view);
        self.verified = own == self.tokens;
        if self.verified {
            return Answer::Unchanged;
        }
        let missing = self.config.num_tokens as i64 - own.len() as i64;
        let line = self.info("lifecycler.go:820", "generating new tokens");
        fx.push(line.with("count", missing.to_string()).with("ring", self.ring()).into());
        let tokens = top_up(&own, usize::try_from(missing).unwrap_or(0), view, ctx.prng);
        self.set_tokens(tokens.clone(), fx);
        Answer::Edit(Edit::put(&self.identity.id, self.entry(tokens, ctx.wall)))
    }

    /// `unregister`.
    pub(super) fn unregister(&self, view: Option<View<'_>>) -> Answer {
        match view {
            Some(_) => Answer::Edit(Edit::remove(&self.identity.id)),
            None => Answer::Fail("found empty ring when trying to unregister".to_owned()),
        }
    }

    fn put(&mut self, entry: InstanceDesc, view: Option<View<'_>>, ctx: &Context<'_>) -> Answer {
        self.seen = self.count(view, Some(&entry), ctx.wall);
        Answer::Edit(Edit::put(&self.identity.id, entry))
    }

    /// Its entry as it writes it now (`Desc.AddIngester`).
    fn entry(&self, tokens: Tokens, now: WallTime) -> InstanceDesc {
        InstanceDesc {
            addr: self.identity.addr.clone(),
            zone: self.identity.zone.clone(),
            state: self.state,
            timestamp: now.unix_secs(),
            registered_timestamp: self.registered_at,
            read_only: self.read_only,
            read_only_updated_timestamp: self.read_only_updated_at,
            tokens,
        }
    }

    fn tokens_in(&self, view: Option<View<'_>>) -> Tokens {
        let found = view.and_then(|view| view.get(&self.identity.id));
        found.map_or(Tokens::EMPTY, |found| found.tokens.clone())
    }

    fn set_tokens(&mut self, tokens: Tokens, fx: &mut Vec<Effect>) {
        if self.config.tokens_file_path.is_some() {
            fx.push(Effect::SaveTokens(Some(tokens.clone())));
        }
        self.tokens = tokens;
    }

    /// `updateCounters`, for the ring in `view` with `own` as the own entry.
    fn count(&self, view: Option<View<'_>>, own: Option<&InstanceDesc>, now: WallTime) -> RingCounts {
        let health = HeartbeatHealth::at(now, self.config.heartbeat_timeout);
        let entries = view.into_iter().flat_map(|view| view.iter());
        let others = entries.filter(|(id, _)| **id != self.identity.id).map(|(_, instance)| instance);
        let mut counts = RingCounts::default();
        let mut zones = BTreeSet::new();
        let mut last_zone = None;
        for instance in others.chain(own) {
            counts.instances += 1;
            if instance.is_healthy(Operation::WRITE, health) {
                counts.healthy_instances += 1;
                counts.healthy_instances_in_zone += usize::from(instance.zone == self.identity.zone);
            }
            if last_zone.replace(&*instance.zone) != Some(&*instance.zone) {
                zones.insert(&*instance.zone);
            }
        }
        counts.zones = zones.len();
        counts
    }
}

/// The time of the last change of `read_only`, as Go prints it in a log line.
fn read_only_update_text(entry: &InstanceDesc) -> String {
    match entry.read_only_updated_timestamp {
        1.. => WallTime::from_unix_secs(entry.read_only_updated_timestamp).to_rfc3339(),
        _ => "0001-01-01T00:00:00Z".to_owned(),
    }
}
