//! The metrics of rings and memberlist, as far as the simulation has their values.
//!
//! Models dskit ring/{ring,lifecycler_metrics,basic_lifecycler_metrics}.go and kv/memberlist/{metrics,
//! tcp_transport}.go, under the prefixes that Loki gives them. Differs: what nothing in the simulation can
//! count is left out: durations, messages that are invalid or find a full queue, pending notifications,
//! connections that are neither packet nor stream, the bytes of streams; a zone that is gone from the ring
//! is gone from its metric.

use std::collections::BTreeMap;

use super::super::World;
use super::super::modules::{ServiceState, Work};
use super::super::process::Process;
use super::super::rings::RingSlot;
use super::exposition::Exposition;
use super::exposition::Kind::{Counter, Gauge};
use crate::kv::{View, tombstones};
use crate::lifecycle::{Lifecycler, RingKind};
use crate::ring::{Desc, HeartbeatHealth, InstanceDesc, InstanceState};
use crate::time::WallTime;

/// How metrics call an instance whose heartbeat is too old; the page writes it in capitals.
const UNHEALTHY: &str = "Unhealthy";

/// All states that a ring's metrics tell, whether or not an instance has them.
const STATES: [&str; 5] = [
    UNHEALTHY,
    InstanceState::Active.name(),
    InstanceState::Leaving.name(),
    InstanceState::Pending.name(),
    InstanceState::Joining.name(),
];

impl Process {
    /// The `/metrics` page.
    pub(super) fn metrics(&self, world: &World) -> Exposition {
        let mut out = Exposition::default();
        for slot in &self.rings {
            self.client_metrics(slot, world, &mut out);
            if let Some(lifecycler) = &slot.lifecycler {
                self.lifecycler_metrics(slot.kind, lifecycler, &mut out);
            }
        }
        if self.modules.iter().any(|running| running.module.name == "distributor") {
            let factor = world.options.replication_factor as f64;
            let help = "The configured replication factor.";
            out.add(Gauge, "loki_distributor_replication_factor", help, &[], factor);
        }
        if self.uses_memberlist(world) {
            self.store_metrics(world, &mut out);
            self.transport_metrics(&mut out);
        }
        out
    }

    /// dskit ring/ring.go:351-372, 868-920.
    fn client_metrics(&self, slot: &RingSlot, world: &World, out: &mut Exposition) {
        let name = slot.kind.name();
        let empty = Desc::default();
        let has_begun = self.client_of(slot.kind) != Some(ServiceState::Waiting);
        let view = View::new(self.desc(slot.kind).filter(|_| has_begun).unwrap_or(&empty));
        let tokens: usize = view.iter().map(|(_, instance)| instance.tokens.len()).sum();
        out.add(
            Gauge,
            "loki_ring_tokens_total",
            "Number of tokens in the ring",
            &[("name", name)],
            tokens as f64,
        );
        if !has_begun {
            return;
        }
        // A client counts when its ring changes: who falls silent while nothing else changes stays ACTIVE.
        let counted_at = self.ring_changed_at(slot, world);
        let health = HeartbeatHealth::at(counted_at, world.options.lifecycler.heartbeat_timeout.0);
        let mut states = BTreeMap::from(STATES.map(|state| (state, (0_usize, 0_i64))));
        for (_, instance) in view.iter() {
            let (members, oldest) = states.entry(state_name(instance, health)).or_default();
            *members += 1;
            if *oldest == 0 || instance.timestamp < *oldest {
                *oldest = instance.timestamp;
            }
        }
        for (state, (members, oldest)) in states {
            let labels = [("name", name), ("state", state)];
            out.add(Gauge, "loki_ring_members", "Number of members in the ring", &labels, members as f64);
            let help = "Timestamp of the oldest member in the ring.";
            out.add(Gauge, "loki_ring_oldest_member_timestamp", help, &labels, oldest as f64);
        }
        if slot.kind == RingKind::Ingester && world.options.zone_awareness_enabled {
            zone_metrics(name, view, health, out);
        }
    }

    /// How far the module is that watches a ring.
    fn client_of(&self, kind: RingKind) -> Option<ServiceState> {
        let watches = |work: Work| matches!(work, Work::Client(of) | Work::Member(of, _) if of == kind);
        self.modules.iter().find(|running| watches(running.work)).map(|running| running.state)
    }

    fn ring_changed_at(&self, slot: &RingSlot, world: &World) -> WallTime {
        let at = if slot.watched.is_some() { slot.watched_at } else { self.kv.changed_at(slot.key) };
        world.clock(self.clock_offset).at(at)
    }

    fn lifecycler_metrics(&self, kind: RingKind, lifecycler: &Lifecycler, out: &mut Exposition) {
        // The registerers of ring managers and of the compactor have no prefix.
        let prefix = match (lifecycler, kind) {
            (Lifecycler::Ingester(_), _) | (_, RingKind::Distributor | RingKind::Ruler) => "loki_",
            _ => "",
        };
        let labels = [("name", kind.name())];
        let id = &lifecycler.identity().id;
        let own = self.view(kind).and_then(|view| view.get(id));
        let read_only = f64::from(u8::from(own.is_some_and(|own| own.read_only)));
        let help = "Set to 1 if this lifecycler's instance entry is in read-only state.";
        out.add(Gauge, format!("{prefix}lifecycler_read_only"), help, &labels, read_only);
        match lifecycler {
            Lifecycler::Ingester(ingester) => {
                let help = "The total number of heartbeats sent to consul.";
                let heartbeats = ingester.heartbeats() as f64;
                out.add(Counter, "loki_member_consul_heartbeats_total", help, &labels, heartbeats);
                if kind == RingKind::Ingester {
                    let help = "Total number of ingesters automatically forgotten";
                    let name = "loki_ingester_autoforget_unhealthy_ingesters_total";
                    out.add(Counter, name, help, &[], ingester.forgotten() as f64);
                }
            }
            Lifecycler::Basic(basic) => {
                let counter = format!("{prefix}ring_member_heartbeats_total");
                let help = "The total number of heartbeats sent.";
                out.add(Counter, counter, help, &labels, basic.heartbeats() as f64);
                let gauge = format!("{prefix}ring_member_tokens_owned");
                let help = "The number of tokens owned in the ring.";
                out.add(Gauge, gauge, help, &labels, basic.tokens().len() as f64);
                let gauge = format!("{prefix}ring_member_tokens_to_own");
                let help = "The number of tokens to own in the ring.";
                out.add(Gauge, gauge, help, &labels, basic.tokens_to_own() as f64);
            }
        }
    }

    fn store_metrics(&self, world: &World, out: &mut Exposition) {
        let counters = &self.kv.counters;
        let plain = [
            ("cas_attempt_total", "Attempted CAS operations", counters.cas_attempts),
            ("cas_failure_total", "Failed CAS operations", counters.cas_failures),
            ("cas_success_total", "Successful CAS operations", counters.cas_successes),
            (
                "received_broadcasts_bytes_total",
                "Total size of received broadcast user messages",
                counters.received_broadcasts_bytes,
            ),
            (
                "received_broadcasts_total",
                "Number of received broadcast user messages",
                counters.received_broadcasts,
            ),
            ("state_pulls_bytes_total", "Total size of pulled state", counters.state_pulls_bytes),
            (
                "state_pulls_total",
                "How many times did this node pull full state from another node",
                counters.state_pulls,
            ),
            ("state_pushes_bytes_total", "Total size of pushed state", counters.state_pushes_bytes),
            (
                "state_pushes_total",
                "How many times did this node push its full state to another node",
                counters.state_pushes,
            ),
        ];
        for (name, help, value) in plain {
            out.add(Counter, client(name), help, &[], value as f64);
        }
        let node = self.swim.as_ref().filter(|_| self.has_node());
        let members = node.map_or(0, |node| node.num_members());
        let help = "Number of members in memberlist cluster";
        out.add(Gauge, client("cluster_members_count"), help, &[], members as f64);
        let score = node.map_or(0, |node| node.health_score());
        let help = "Health score of this cluster. Lower value is better. 0 = healthy";
        out.add(Gauge, client("cluster_node_health_score"), help, &[], score.into());
        let help = "Number of values in KV Store";
        out.add(Gauge, client("kv_store_count"), help, &[], self.kv.store.keys().count() as f64);
        for (key, value) in self.kv.store.keys() {
            let labels = [("key", world.key_name(key))];
            let help = "Number of tombstones currently present in KV store values";
            let present = tombstones(value.desc()) as f64;
            out.add(Gauge, client("kv_store_value_tombstones"), help, &labels, present);
            let help = "Total number of tombstones which have been removed from KV store values";
            let removed = value.tombstones_removed as f64;
            out.add(Counter, client("kv_store_value_tombstones_removed_total"), help, &labels, removed);
        }
        let queues = [("gossip", self.kv.queued_gossip()), ("local", self.kv.queued_local())];
        for (queue, messages) in queues {
            let help = "Number of user messages in the broadcast queue";
            let messages = if node.is_some() { messages } else { 0 };
            out.add(Gauge, client("messages_in_broadcast_queue"), help, &[("queue", queue)], messages as f64);
        }
        let help = "Total size of messages waiting in the broadcast queue";
        let bytes = self.kv.queued_bytes() as f64;
        out.add(Gauge, client("messages_in_broadcast_queue_bytes"), help, &[], bytes);
    }

    fn transport_metrics(&self, out: &mut Exposition) {
        let counters = &self.writers.counters;
        let plain = [
            ("incoming_streams_total", "Number of incoming memberlist streams", counters.incoming_streams),
            (
                "outgoing_stream_errors_total",
                "Number of errors when opening memberlist stream to another node",
                counters.outgoing_stream_errors,
            ),
            ("outgoing_streams_total", "Number of outgoing streams", counters.outgoing_streams),
            (
                "packets_dropped_total",
                "Number of dropped memberlist packets. These packets were not sent due to timeout waiting for a \
                 writer.",
                counters.packets_dropped,
            ),
            (
                "packets_received_bytes_total",
                "Total bytes received as packets. This metric only tracks broadcast packets, and does not include \
                 full state syncs or pings.",
                counters.packets_received_bytes,
            ),
            ("packets_received_total", "Number of received memberlist packets", counters.packets_received),
            (
                "packets_sent_bytes_total",
                "Total bytes sent as packets. This metric only tracks broadcast packets, and does not include full \
                 state syncs or pings.",
                counters.packets_sent_bytes,
            ),
            (
                "packets_sent_errors_total",
                "Number of errors when sending memberlist packets",
                counters.packets_sent_errors,
            ),
            ("packets_sent_total", "Number of memberlist packets sent", counters.packets_sent),
        ];
        for (name, help, value) in plain {
            out.add(Counter, format!("loki_memberlist_tcp_transport_{name}"), help, &[], value as f64);
        }
    }
}

fn client(name: &str) -> String {
    format!("loki_memberlist_client_{name}")
}

fn state_name(instance: &InstanceDesc, health: HeartbeatHealth) -> &'static str {
    if health.covers(instance.timestamp) { instance.state.name() } else { UNHEALTHY }
}

/// The members of each zone that owns tokens, up to 32 zones.
fn zone_metrics(name: &str, view: View<'_>, health: HeartbeatHealth, out: &mut Exposition) {
    const MOST_ZONES: usize = 32;

    let mut zones = BTreeMap::new();
    for (_, instance) in view.iter().filter(|(_, instance)| !instance.tokens.is_empty()) {
        zones.insert(&*instance.zone, STATES.map(|state| (state, 0_usize)));
    }
    let mut zones = BTreeMap::from_iter(zones.into_iter().take(MOST_ZONES));
    for (_, instance) in view.iter() {
        let state = state_name(instance, health);
        let counts = zones.get_mut(&*instance.zone).into_iter().flatten();
        counts.filter(|(counted, _)| *counted == state).for_each(|(_, members)| *members += 1);
    }
    for (zone, counts) in zones {
        for (state, members) in counts {
            let labels = [("name", name), ("state", state), ("zone", zone)];
            let help = "Number of ring members for each zone/state pair";
            out.add(Gauge, "loki_ring_zone_members", help, &labels, members as f64);
        }
    }
}
