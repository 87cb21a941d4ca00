//! A process's packets and streams: what memberlist wants sent, and what comes of it.

use std::time::Duration;

use crate::kv::MemberlistKv;
use crate::log::{Level, LogLine};
use crate::memberlist::{self, Address, Delegate, Memberlist, Name, Note, Output, Packet, PushPull, State};
use crate::time::Instant;

use super::event::{Arrival, StreamBack, StreamError, StreamIn, What};
use super::joiner::{JoinContext, JoinOutput};
use super::journal::Happening;
use super::modules::ServiceState;
use super::network::Dial;
use super::pod::Pod;
use super::process::{Leaving, Process};
use super::traffic::exchange_bytes;
use super::{Joiner, PacketKind, World};

/// Streams that a process has opened and not seen the end of.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchanges {
    open: Vec<Exchange>,
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Exchange {
    id: u32,
    to: Address,
    /// Whom it is with; nobody knows yet when joining.
    name: Option<Name>,
}

/// Which half of which full exchange.
#[derive(Clone, Copy)]
struct Half {
    answer: bool,
    join: bool,
}

type Batch = <MemberlistKv as Delegate>::Batch;
type Everything = PushPull<<MemberlistKv as Delegate>::State>;

impl Process {
    /// Lets memberlist do something, and does what it asks for.
    pub(super) fn with_swim(
        &mut self,
        world: &mut World,
        act: impl FnOnce(&mut Memberlist, &mut MemberlistKv, &mut Vec<Output<MemberlistKv>>),
    ) -> bool {
        let Some(swim) = &mut self.swim else { return false };
        let mut out = std::mem::take(&mut world.outbox.0);
        self.kv.set_members(swim.num_members());
        self.kv.store.set_contested(&world.contested);
        act(swim, &mut self.kv, &mut out);
        let left = self.carry_out_all(&mut out, world);
        if self.kv.store.has_transitions() {
            self.note_transitions(world);
        }
        world.outbox.0 = out;
        left
    }

    /// Does what memberlist asks for; whether it says that its goodbye is over.
    pub(super) fn carry_out(&mut self, mut out: Vec<Output<MemberlistKv>>, world: &mut World) -> bool {
        self.carry_out_all(&mut out, world)
    }

    fn carry_out_all(&mut self, out: &mut Vec<Output<MemberlistKv>>, world: &mut World) -> bool {
        let mut left = false;
        for output in out.drain(..) {
            match output {
                Output::Packet { to, packet } => self.send(to, packet, world),
                Output::Timer { at, timer } => world.plan(at, self.pod, self.epoch, What::Swim(timer)),
                Output::PushPull { to, name } => self.open_stream(to, Some(name), world),
                Output::LeaveDone => left = true,
                Output::Note(note) => self.take_note(note, world),
            }
        }
        left
    }

    /// A timer of memberlist is due.
    pub(super) fn swim_timer(&mut self, timer: memberlist::Timer, pod: &mut Pod, world: &mut World) {
        if timer == memberlist::Timer::Gossip {
            // The gossiping loop waits for writers itself, so a tick that finds none free comes late.
            let blocked = self.writers.blocked_until(world.now);
            if blocked > world.now {
                return world.plan(blocked, self.pod, self.epoch, What::Swim(timer));
            }
        }
        let now = world.now;
        if self.with_swim(world, |swim, kv, out| swim.handle_timer(now, timer, kv, out)) {
            self.left(pod, world);
        }
    }

    /// A packet is there.
    pub(super) fn receive(&mut self, arrival: &Arrival, pod: &mut Pod, world: &mut World) {
        self.writers.counters.packets_received += 1;
        self.writers.counters.packets_received_bytes += u64::from(arrival.packet.bytes);
        if !self.accepts_label_of(arrival.sender, world) {
            let label = world.hosts[arrival.sender as usize].label.to_string();
            let text = format!("discarding packet with unacceptable label {label:?}: from={}", arrival.from);
            return self.say(world, LogLine::new(Level::Error, LIBRARY, text));
        }
        let now = world.now;
        if self
            .with_swim(world, |swim, kv, out| swim.handle_packet(now, arrival.from, &arrival.packet, kv, out))
        {
            self.left(pod, world);
        }
    }

    fn accepts_label_of(&self, sender: u32, world: &World) -> bool {
        let (mine, theirs) = (&world.hosts[self.pod as usize].label, &world.hosts[sender as usize].label);
        std::sync::Arc::ptr_eq(mine, theirs)
            || mine == theirs
            || world.options.memberlist.cluster_label_verification_disabled
    }

    /// A packet is a connection of its own, through one of the few writers.
    fn send(&mut self, to: Address, packet: Packet<Batch>, world: &mut World) {
        let Some((writer, start)) = self.writers.acquire(world.now) else { return };
        self.writers.counters.packets_sent += 1;
        self.writers.counters.packets_sent_bytes += u64::from(packet.bytes);
        let kind = PacketKind::of(packet.head);
        let id = world.traffic.count(kind, packet.bytes);
        let timeout = world.options.memberlist.packet_dial_timeout.0;
        let (host, dial) = world.dial(self.pod, to, timeout);
        if let Some(host) = host {
            let arrives = match dial {
                Dial::Open { delivered, .. } => Some(start + delivered),
                Dial::Refused(_) | Dial::Silence => None,
            };
            world.note_sent(self.pod, || Happening::Packet {
                id,
                to: host,
                arrives,
                kind,
                messages: (packet.rumours.len()
                    + packet.batch.as_ref().map_or(0, |batch| MemberlistKv::batch_size(batch).1))
                    as u32,
                bytes: packet.bytes,
            });
        }
        match (host, dial) {
            (Some(host), Dial::Open { connected, delivered, doubled }) => {
                self.writers.occupy(writer, start + connected);
                let epoch = world.hosts[host as usize].epoch;
                let from = self.address().unwrap_or(to);
                let arrival = Box::new(Arrival { id, sender: self.pod, from, packet });
                if let Some(doubled) = doubled {
                    world.plan(start + doubled, host, epoch, What::Packet(arrival.clone()));
                }
                world.plan(start + delivered, host, epoch, What::Packet(arrival));
            }
            (_, Dial::Refused(after)) => {
                // Memberlist never hears of it, and not even the log does.
                self.writers.occupy(writer, start + after);
                self.writers.counters.packets_sent_errors += 1;
            }
            _ => {
                self.writers.occupy(writer, start + timeout);
                world.plan(start + timeout, self.pod, self.epoch, What::WriteFailed { to });
            }
        }
    }

    /// A packet's connection came to nothing, which only the log hears of.
    pub(super) fn write_failed(&mut self, to: Address, world: &mut World) {
        self.writers.counters.packets_sent_errors += 1;
        let line = LogLine::new(Level::Warn, "tcp_transport.go:507", "WriteTo failed")
            .within("component", "memberlist TCPTransport")
            .with("addr", to.to_string())
            .with("err", StreamError::DialTimeout.text(to));
        self.say(world, line);
    }

    /// Opens a stream and sends everything over it.
    fn open_stream(&mut self, to: Address, name: Option<Name>, world: &mut World) {
        let id = self.exchanges.next;
        self.exchanges.next += 1;
        self.exchanges.open.push(Exchange { id, to, name });
        self.writers.counters.outgoing_streams += 1;
        let timeout = world.options.memberlist.stream_timeout.0;
        let half = Half { answer: false, join: name.is_none() };
        let (after, error) = match world.dial(self.pod, to, timeout) {
            (Some(host), Dial::Open { connected, delivered, .. }) => {
                let Some(swim) = &mut self.swim else { return };
                let state = swim.local_push_pull(&mut self.kv, half.join);
                let arrives = world.now + delivered;
                let number = self.count_half(host, half, Some(&state), Some(arrives), world);
                let opened =
                    StreamIn { id: number, sender: self.pod, epoch: self.epoch, exchange: id, state };
                let epoch = world.hosts[host as usize].epoch;
                world.plan(arrives, host, epoch, What::StreamIn(Box::new(opened)));
                (connected + timeout, StreamError::ReadTimeout)
            }
            (host, dial) => {
                if let Some(host) = host {
                    self.count_half(host, half, None, None, world);
                }
                match dial {
                    Dial::Refused(after) => (after, StreamError::Refused),
                    _ => (timeout, StreamError::DialTimeout),
                }
            }
        };
        let what = What::StreamFailed { exchange: id, error };
        world.plan(world.now + after, self.pod, self.epoch, what);
    }

    /// Counts one half of a full exchange that is sent, or cannot be; gives its number.
    fn count_half(
        &self,
        to: u32,
        half: Half,
        state: Option<&Everything>,
        arrives: Option<Instant>,
        world: &mut World,
    ) -> u64 {
        let bytes = state.map_or(0, exchange_bytes);
        let id = world.traffic.count(PacketKind::PushPull, bytes);
        let Half { answer, join } = half;
        world.note_sent(self.pod, || Happening::PushPull { id, to, arrives, answer, join, bytes });
        id
    }

    /// Somebody opened a stream: the answer is what was known before.
    pub(super) fn stream_in(&mut self, stream: StreamIn, pod: &mut Pod, world: &mut World) {
        self.writers.counters.incoming_streams += 1;
        let way = world.network.pass(self.pod, stream.sender);
        if !self.accepts_label_of(stream.sender, world) {
            let label = world.hosts[stream.sender as usize].label.to_string();
            let text = format!("discarding stream with unacceptable label {label:?}");
            self.say(world, LogLine::new(Level::Error, LIBRARY, text));
            if let Some(way) = way {
                let what = What::StreamFailed { exchange: stream.exchange, error: StreamError::Closed };
                world.plan(world.now + way, stream.sender, stream.epoch, what);
            }
            return;
        }
        let now = world.now;
        let mut reply = None;
        let left = self.with_swim(world, |swim, kv, out| {
            reply = Some(swim.handle_push_pull(now, &stream.state, kv, out));
        });
        if let Some(state) = reply {
            let arrives = way.map(|way| now + way);
            let half = Half { answer: true, join: stream.state.join };
            let id = self.count_half(stream.sender, half, Some(&state), arrives, world);
            if let Some(at) = arrives {
                let back = StreamBack { id, exchange: stream.exchange, state };
                world.plan(at, stream.sender, stream.epoch, What::StreamBack(Box::new(back)));
            }
        }
        if left {
            self.left(pod, world);
        }
    }

    /// The answer over an own stream is there.
    pub(super) fn stream_back(&mut self, back: &StreamBack, pod: &mut Pod, world: &mut World) {
        let Some(exchange) = self.close(back.exchange) else { return };
        let now = world.now;
        let left =
            self.with_swim(world, |swim, kv, out| swim.handle_push_pull_reply(now, &back.state, kv, out));
        if exchange.name.is_none() {
            self.join_step(pod, world, |joiner, ctx| joiner.exchanged(Ok(()), ctx));
        }
        if left {
            self.left(pod, world);
        }
    }

    /// An own stream came to nothing.
    pub(super) fn stream_failed(&mut self, id: u32, error: StreamError, pod: &mut Pod, world: &mut World) {
        let Some(exchange) = self.close(id) else { return };
        if matches!(error, StreamError::Refused | StreamError::DialTimeout) {
            self.writers.counters.outgoing_stream_errors += 1;
        }
        let text = error.text(exchange.to);
        match exchange.name {
            None => self.join_step(pod, world, |joiner, ctx| joiner.exchanged(Err(text), ctx)),
            Some(name) => {
                let name = world.names[name.0 as usize].to_string();
                let text = format!("Push/Pull with {name} failed: {text}");
                self.say(world, LogLine::new(Level::Error, LIBRARY, text));
            }
        }
    }

    fn close(&mut self, id: u32) -> Option<Exchange> {
        let place = self.exchanges.open.iter().position(|exchange| exchange.id == id)?;
        Some(self.exchanges.open.swap_remove(place))
    }

    /// Lets the way into the cluster go on, and does what it asks for.
    pub(super) fn join_step(
        &mut self,
        pod: &mut Pod,
        world: &mut World,
        act: impl FnOnce(&mut Joiner, &mut JoinContext<'_>),
    ) {
        let mut out = Vec::new();
        let options = std::sync::Arc::clone(&self.memberlist);
        let mut ctx = JoinContext {
            now: world.now,
            options: &options,
            dns: &mut world.dns,
            prng: &mut self.prng,
            out: &mut out,
        };
        act(&mut self.joiner, &mut ctx);
        for output in out {
            match output {
                JoinOutput::Wait { until, token } => {
                    world.plan(until, self.pod, self.epoch, What::Join { token })
                }
                JoinOutput::Exchange(address) => self.open_stream(address, None, world),
                JoinOutput::Log(line) => self.say(world, line),
                JoinOutput::FastJoined(result) => self.fast_joined(result, pod, world),
                JoinOutput::Joined { ok } => self.joined(ok, world),
                JoinOutput::Rejoined => {
                    let next = world.now + world.options.memberlist.rejoin_interval.0;
                    world.plan(next, self.pod, self.epoch, What::Rejoin);
                }
            }
        }
    }

    /// The client of memberlist stops: own messages go out, then the goodbye.
    pub(super) fn leave(&mut self, world: &mut World) {
        if let Some(line) = self.joiner.stop(world.now) {
            self.say(world, line);
        }
        self.kv_state = ServiceState::Stopping;
        self.kv.stop_broadcasting();
        self.say(world, LogLine::new(Level::Info, "memberlist_client.go:995", "leaving memberlist cluster"));
        let timeout = world.options.memberlist.broadcast_timeout_for_local_updates_on_shutdown.0;
        let deadline = if timeout > Duration::ZERO { world.now + timeout } else { Instant::NEVER };
        self.leaving = Some(Leaving::Draining { deadline });
        world.plan(world.now, self.pod, self.epoch, What::LeavePoll);
    }

    /// Looks whether the own messages are out.
    pub(super) fn leave_poll(&mut self, pod: &mut Pod, world: &mut World) {
        const POLL: Duration = Duration::from_millis(250);

        let Some(Leaving::Draining { deadline }) = self.leaving else { return };
        let count = self.kv.queued_local();
        let nodes = self.swim.as_ref().map_or(0, Memberlist::num_members);
        if count > 0 && nodes > 1 && world.now < deadline {
            let text = "waiting for locally-generated broadcast messages to be sent out";
            let line = LogLine::new(Level::Info, "memberlist_client.go:1006", text);
            self.say(world, line.with("count", count.to_string()).with("nodes", nodes.to_string()));
            return world.plan(world.now + POLL, self.pod, self.epoch, What::LeavePoll);
        }
        if count > 0 {
            let text = "locally-generated broadcast messages left the queue";
            let line = LogLine::new(Level::Warn, "memberlist_client.go:1014", text);
            self.say(world, line.with("count", count.to_string()).with("nodes", nodes.to_string()));
        }
        self.leaving = Some(Leaving::Leaving);
        let now = world.now;
        let timeout = world.options.memberlist.leave_timeout.0;
        if self.with_swim(world, |swim, _, out| swim.leave(now, out)) {
            self.left(pod, world);
        } else {
            world.plan(now + timeout, self.pod, self.epoch, What::LeaveTimeout);
        }
    }

    /// The goodbye took too long.
    pub(super) fn leave_timeout(&mut self, pod: &mut Pod, world: &mut World) {
        if self.leaving == Some(Leaving::Leaving) {
            let line = LogLine::new(
                Level::Error,
                "memberlist_client.go:1019",
                "error when leaving memberlist cluster",
            );
            self.say(world, line.with("err", "timeout waiting for leave broadcast"));
            self.left(pod, world);
        }
    }

    /// The goodbye is over.
    fn left(&mut self, pod: &mut Pod, world: &mut World) {
        if self.leaving.take() == Some(Leaving::Leaving) {
            self.gossip_stopped(pod, world);
        }
    }

    fn take_note(&mut self, note: Note, world: &mut World) {
        let name = |name: Name| world.names[name.0 as usize].to_string();
        let (level, text) = match note {
            Note::StateChanged { name, to, .. } => {
                world.mix(u64::from(self.pod) << 36 | u64::from(name.0) << 4 | to as u64);
                let name = std::sync::Arc::clone(&world.names[name.0 as usize]);
                return world.note(Some(self.pod), Happening::Member { name, state: to });
            }
            Note::Reaped { .. } => return,
            Note::ProbeFailed { name: who } => {
                (Level::Info, format!("Suspect {} has failed, no acks received", name(who)))
            }
            Note::MarkingFailed { name: who, confirmations } => (
                Level::Info,
                format!(
                    "Marking {} as failed, suspect timeout reached ({confirmations} peer confirmations)",
                    name(who)
                ),
            ),
            Note::RefutingSuspect { from } => {
                (Level::Warn, format!("Refuting a suspect message (from: {})", name(from)))
            }
            Note::RefutingDead { from } => {
                (Level::Warn, format!("Refuting a dead message (from: {})", name(from)))
            }
            Note::RefutingAlive { name: who, theirs } => {
                (Level::Warn, format!("Refuting an alive message for '{}' ({theirs})", name(who)))
            }
            Note::ConflictingAddress { name: who, mine, theirs, old_state } => (
                Level::Error,
                format!(
                    "Conflicting address for {}. Mine: {mine} Theirs: {theirs} Old state: {}",
                    name(who),
                    old_state as u8
                ),
            ),
            Note::UpdatingAddress { name: who, from, to } => (
                Level::Info,
                format!("Updating address for left or failed node {} from {from} to {to}", name(who)),
            ),
            Note::UnexpectedPing { target, from } => {
                (Level::Warn, format!("Got ping for unexpected node '{}' from={from}", name(target)))
            }
            Note::ZoneWithoutBridge { zone } => {
                let zone = world.zones[zone.0 as usize].to_string();
                let text = "memberlist zone-aware routing is skipped because a zone has no alive bridge";
                let line =
                    LogLine::new(Level::Warn, "node_zone_aware_routing.go:176", text).with("zone", zone);
                return self.say(world, line);
            }
        };
        self.say(world, LogLine::new(level, LIBRARY, text));
    }
}

/// Where memberlist's own lines come from, as dskit passes them on.
const LIBRARY: &str = "memberlist_logger.go:74";

/// The name of a member's state.
pub const fn state_name(state: State) -> &'static str {
    match state {
        State::Alive => "alive",
        State::Suspect => "suspect",
        State::Dead => "dead",
        State::Left => "left",
    }
}
