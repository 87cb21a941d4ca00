//! What the options mean for one process.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use crate::kv::Key;
use crate::lifecycle::{
    BasicLifecycler, BasicLifecyclerConfig, Identity, IngesterLifecycler, IngesterLifecyclerConfig,
    Lifecycler, LifecyclerKind, RingKind, Starter,
};
use crate::memberlist::{Config, NodeRole, Zone, ZoneAwareRouting};

use super::modules::{Running, Work};
use super::pod::Pod;
use super::rings::RingSlot;
use super::{LifecyclerOptions, MemberlistOptions, Options, Span, World};

/// The rings that the options switch on; the ingesters' is always one.
pub(super) fn enabled_rings(options: &Options) -> Vec<RingKind> {
    RingKind::ALL
        .into_iter()
        .filter(|kind| {
            *kind == RingKind::Ingester || options.lifecycler.rings.iter().any(|name| name == kind.name())
        })
        .collect()
}

/// What the modules hold of rings, one slot a ring: some watch what another one joins.
pub(super) fn ring_slots(modules: &[Running], options: &Options, pod: &Pod, world: &World) -> Vec<RingSlot> {
    let mut slots: Vec<RingSlot> = Vec::new();
    for running in modules {
        let (kind, joins) = match running.work {
            Work::Client(kind) => (kind, false),
            Work::Member(kind, _) => (kind, true),
            Work::Ingester => (RingKind::Ingester, true),
            Work::None | Work::Memberlist => continue,
        };
        let place = world.rings.iter().position(|known| *known == kind).unwrap_or_default();
        let known = slots.iter().position(|slot| slot.kind == kind).unwrap_or_else(|| {
            slots.push(RingSlot::new(kind, Key(place as u8), None));
            slots.len() - 1
        });
        if joins {
            slots[known].lifecycler = Some(lifecycler(kind, options, pod, world));
        }
    }
    slots
}

impl LifecyclerOptions {
    /// Whether the rings are configured by `common.ring`: then their heartbeats do not come every 5 s.
    pub(super) fn is_common(&self) -> bool {
        self.heartbeat_period != Span::secs(5)
    }
}

/// `server.grpc_listen_port`.
const GRPC_PORT: u16 = 9095;

fn lifecycler(kind: RingKind, options: &Options, pod: &Pod, world: &World) -> Lifecycler {
    let settings = &options.lifecycler;
    let ip = Ipv4Addr::from(world.hosts[pod.index as usize].ip);
    // Loki never tells the distributors' ring which port it is.
    let port = if kind == RingKind::Distributor { 0 } else { GRPC_PORT };
    let identity = Identity {
        id: Arc::clone(&pod.name),
        addr: format!("{ip}:{port}").into(),
        zone: Arc::clone(&pod.zone),
    };
    let common = settings.is_common();
    let tokens_file: Option<Arc<str>> =
        settings.persist_tokens.then(|| format!("/var/loki/{}.tokens", kind.name()).into());
    let saved = pod.tokens.get(&kind).cloned().filter(|_| settings.persist_tokens);
    match kind.preset(common).lifecycler {
        LifecyclerKind::Ingester => {
            let mut config = IngesterLifecyclerConfig::new(kind, common);
            config.heartbeat_period = settings.heartbeat_period.0;
            config.heartbeat_timeout = settings.heartbeat_timeout.0;
            config.tokens_file_path = tokens_file;
            // Pattern ingesters have a `lifecycler:` of their own.
            if kind == RingKind::Ingester {
                config.observe_period = settings.observe_period.0;
                config.join_after = settings.join_after.0;
                config.min_ready_duration = settings.min_ready_duration.0;
                config.final_sleep = pod.final_sleep.unwrap_or(settings.final_sleep).0;
                config.readiness_check_ring_health = settings.readiness_check_ring_health;
                config.num_tokens = settings.num_tokens;
                config.unregister_on_shutdown = settings.unregister_on_shutdown;
                config.flush_on_shutdown = options.ingester.flush_on_shutdown || !options.ingester.wal;
                config.autoforget_unhealthy = options.ingester.autoforget_unhealthy;
            }
            Lifecycler::Ingester(IngesterLifecycler::new(config, identity, saved))
        }
        LifecyclerKind::Basic { .. } => {
            let mut config = BasicLifecyclerConfig::new(kind, common);
            config.heartbeat_timeout = settings.heartbeat_timeout.0;
            if common || kind.preset(false).heartbeat_period == Duration::from_secs(5) {
                config.heartbeat_period = settings.heartbeat_period.0;
            }
            if config.starter != Starter::Direct {
                config.tokens_file_path = tokens_file;
            }
            Lifecycler::Basic(BasicLifecycler::new(config, identity, saved))
        }
    }
}

pub(super) fn memberlist_options(options: &Options, pod: &Pod) -> Arc<MemberlistOptions> {
    let mut memberlist = options.memberlist.clone();
    if let Some(members) = &options.groups[pod.group as usize].join_members {
        memberlist.join_members = members.clone();
    }
    Arc::new(memberlist)
}

pub(super) fn swim_config(options: &Options, pod: &Pod) -> Config {
    let memberlist = &options.memberlist;
    let config = Config {
        retransmit_mult: memberlist.retransmit_factor,
        gossip_interval: memberlist.gossip_interval.0,
        gossip_nodes: memberlist.gossip_nodes,
        gossip_to_the_dead_time: memberlist.gossip_to_dead_nodes_time.0,
        push_pull_interval: memberlist.pull_push_interval.0,
        dead_node_reclaim_time: memberlist.dead_node_reclaim_time.0,
        tcp_timeout: memberlist.stream_timeout.0,
        ..Config::dskit()
    };
    if !memberlist.zone_aware_routing {
        return config;
    }
    let role = if pod.is_bridge { NodeRole::Bridge } else { NodeRole::Member };
    config.with_zone_aware_routing(ZoneAwareRouting { zone: Zone(pod.zone_number), role })
}
