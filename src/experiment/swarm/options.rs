//! Which clusters are drawn: small ones of every kind, with every option off its default now and then.

use crate::sim::{Group, MemberlistOptions, Options, PodManagement, Span, StoreKind, Target};

use super::Draw;

impl Draw {
    pub(super) fn options(&mut self) -> Options {
        let mut options = Options::default();
        let zones = match self.up_to(3) {
            0 => vec!["zone-a".to_owned(), "zone-b".to_owned(), "zone-c".to_owned()],
            1 => vec!["zone-a".to_owned()],
            _ => Vec::new(),
        };
        options.groups = self.groups(&zones);
        options.replication_factor = 1 + self.up_to(2) as usize;
        options.zone_awareness_enabled = zones.len() == 3 && self.one_in(2);
        if self.one_in(7) {
            options.store = self.one_of(&[StoreKind::Consul, StoreKind::Etcd, StoreKind::Inmemory]);
        }
        options.memberlist = self.memberlist(&options);
        self.lifecycler(&mut options);
        self.world(&mut options);
        self.people(&mut options);
        options.journal = 200;
        options.journal_packets = self.one_in(20);
        options
    }

    fn groups(&mut self, zones: &[String]) -> Vec<Group> {
        let group = |name: &str, count: u64, target| Group {
            name: name.into(),
            count: count as usize,
            target,
            zones: zones.to_vec(),
            ..Group::default()
        };
        let mut groups = match self.up_to(5) {
            0..=2 => vec![group("loki", 1 + self.up_to(6), Target::All)],
            3..=4 => vec![
                group("ingester", 1 + self.up_to(5), Target::Ingester),
                group("distributor", 1 + self.up_to(1), Target::Distributor),
                group("querier", self.up_to(1), Target::Querier),
                group("rest", 1, self.one_of(&REST)),
            ],
            _ => vec![
                group("write", 1 + self.up_to(3), Target::Write),
                group("read", 1, Target::Read),
                group("backend", self.up_to(2), Target::Backend),
            ],
        };
        if self.one_in(4) {
            groups[0].started = Some(self.up_to(groups[0].count as u64) as usize);
        }
        if self.one_in(6) {
            groups[0].start_at = Span::secs(self.up_to(30));
        }
        if self.one_in(8) {
            groups[0].address = "10.88.0.250".into();
            groups[0].first = self.one_of(&[0, 0, 1]);
        }
        if self.one_in(10) {
            let mut other = group("other", 1 + self.up_to(2), Target::All);
            other.foreign = true;
            other.cluster_label = self.one_of(&[None, Some("other".into())]);
            other.join_members = self.one_of(&[None, Some(Vec::new()), Some(vec!["10.244.0.10".into()])]);
            groups.push(other);
        }
        groups
    }

    fn memberlist(&mut self, options: &Options) -> MemberlistOptions {
        let mut memberlist = MemberlistOptions::default();
        memberlist.join_members = match self.up_to(5) {
            0 | 1 => vec!["gossip-ring".into()],
            2 => vec!["10.244.0.10:7946".into(), "10.244.0.11:7946".into()],
            3 => vec!["dns+gossip-ring".into(), "nowhere:7946".into(), "gossip-ring.loki.svc".into()],
            _ => memberlist.join_members,
        };
        memberlist.rejoin_interval = self.one_of(&[Span::ZERO, Span::secs(20), Span::secs(60)]);
        memberlist.randomize_node_name = !self.one_in(5);
        memberlist.gossip_nodes = self.one_of(&[3, 3, 3, 1, 6]);
        memberlist.pull_push_interval = self.one_of(&[Span::secs(30), Span::secs(30), Span::secs(10)]);
        memberlist.left_ingesters_timeout = self.one_of(&[Span::secs(300), Span::secs(300), Span::secs(30)]);
        memberlist.cluster_label = self.one_of(&[String::new(), "prod".to_owned()]);
        memberlist.zone_aware_routing = options.groups[0].zones.len() == 3 && self.one_in(3);
        memberlist.cluster_label_verification_disabled = self.one_in(10);
        memberlist.abort_if_cluster_fast_join_fails = self.one_in(12);
        memberlist.abort_if_cluster_join_fails = self.one_in(12);
        self.sometimes(&mut memberlist.abort_if_cluster_fast_join_fails_min_nodes, &[0, 2]);
        self.sometimes(&mut memberlist.min_join_backoff, &[Span::millis(100), Span::secs(5)]);
        self.sometimes(&mut memberlist.max_join_backoff, &[Span::secs(5), Span::secs(20)]);
        self.sometimes(&mut memberlist.max_join_retries, &[1, 3, 30]);
        self.sometimes(&mut memberlist.leave_timeout, &[Span::millis(200), Span::secs(5)]);
        let broadcast_timeout = &mut memberlist.broadcast_timeout_for_local_updates_on_shutdown;
        self.sometimes(broadcast_timeout, &[Span::ZERO, Span::millis(1)]);
        self.sometimes(&mut memberlist.gossip_interval, &[Span::millis(50), Span::secs(1)]);
        self.sometimes(&mut memberlist.gossip_to_dead_nodes_time, &[Span::ZERO, Span::secs(90)]);
        self.sometimes(&mut memberlist.dead_node_reclaim_time, &[Span::secs(5)]);
        self.sometimes(&mut memberlist.retransmit_factor, &[1, 2, 8]);
        self.sometimes(&mut memberlist.stream_timeout, &[Span::secs(10)]);
        self.sometimes(&mut memberlist.packet_dial_timeout, &[Span::millis(500), Span::secs(5)]);
        self.sometimes(&mut memberlist.max_concurrent_writes, &[1, 20]);
        self.sometimes(&mut memberlist.acquire_writer_timeout, &[Span::ZERO, Span::secs(1)]);
        memberlist
    }

    fn lifecycler(&mut self, options: &mut Options) {
        let lifecycler = &mut options.lifecycler;
        lifecycler.num_tokens = self.one_of(&[1, 4, 16, 64]);
        lifecycler.heartbeat_period = self.one_of(&[Span::secs(5), Span::secs(5), Span::secs(15)]);
        self.sometimes(&mut lifecycler.heartbeat_timeout, &[Span::secs(120)]);
        lifecycler.join_after = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(3)]);
        lifecycler.observe_period = self.one_of(&[Span::ZERO, Span::ZERO, Span::ZERO, Span::secs(4)]);
        self.sometimes(&mut lifecycler.min_ready_duration, &[Span::ZERO, Span::secs(30)]);
        lifecycler.final_sleep = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(10)]);
        lifecycler.unregister_on_shutdown = !self.one_in(4);
        lifecycler.persist_tokens = self.one_in(3);
        lifecycler.readiness_check_ring_health = !self.one_in(4);
        lifecycler.rings = match self.up_to(3) {
            0 | 1 => Vec::new(),
            2 => RINGS.map(String::from).into(),
            _ => std::mem::take(&mut lifecycler.rings),
        };
        options.ingester.autoforget_unhealthy = self.one_in(3);
        options.ingester.wal = !self.one_in(3);
        options.ingester.wal_replay = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(20)]);
        options.ingester.flush_on_shutdown = self.one_in(4);
        self.sometimes(&mut options.ingester.flush_duration, &[Span::ZERO, Span::secs(30)]);
        self.sometimes(&mut options.ingester.flush_after, &[Span::secs(20)]);
    }

    fn world(&mut self, options: &mut Options) {
        let network = &mut options.network;
        network.latency_max = self.one_of(&[Span::millis(1), Span::millis(20), Span::millis(200)]);
        network.loss = self.one_of(&[0, 0, 0, 1_000, 20_000]);
        network.duplication = self.one_of(&[0, 0, 0, 10_000]);
        self.sometimes(&mut network.latency_between_zones, &[Span::millis(2), Span::millis(80)]);
        options.dns.publish_not_ready_addresses = !self.one_in(3);
        options.dns.cache = self.one_of(&[Span::ZERO, Span::ZERO, Span::secs(30)]);
        self.sometimes(&mut options.dns.latency, &[Span::ZERO, Span::millis(300)]);
        self.sometimes(&mut options.dns.update_delay, &[Span::ZERO, Span::secs(5)]);
        let central = &mut options.central;
        self.sometimes(&mut central.latency_max, &[Span::millis(1), Span::millis(500)]);
        self.sometimes(&mut central.watch_delay, &[Span::ZERO, Span::secs(1)]);
    }

    fn people(&mut self, options: &mut Options) {
        let deployment = &mut options.deployment;
        deployment.start_spread = self.one_of(&[Span::ZERO, Span::secs(3), Span::secs(30)]);
        deployment.pod_management =
            self.one_of(&[PodManagement::Parallel, PodManagement::Parallel, PodManagement::OrderedReady]);
        deployment.restart_backoff = self.one_of(&[Span::ZERO, Span::secs(10)]);
        self.sometimes(&mut deployment.readiness_period, &[Span::ZERO, Span::secs(1)]);
        self.sometimes(&mut deployment.readiness_initial_delay, &[Span::ZERO]);
        self.sometimes(&mut deployment.init, &[Span::ZERO, Span::secs(2)]);
        self.sometimes(&mut deployment.termination_grace_period, &[Span::secs(3)]);
        let workload = &mut options.workload;
        workload.pushes_per_second = self.one_of(&[0, 1, 5]);
        workload.queries_per_second = self.one_of(&[0, 1]);
        workload.shards = self.one_of(&[1, 1, 4]);
        self.sometimes(&mut workload.streams, &[1, 1000]);
        self.sometimes(&mut workload.streams_per_push, &[5]);
        self.sometimes(&mut workload.lines_per_stream, &[10]);
        self.sometimes(&mut workload.skew, &[1, 3]);
        self.sometimes(&mut workload.push_timeout, &[Span::millis(100)]);
    }
}

const REST: [Target; 5] =
    [Target::Compactor, Target::Ruler, Target::QueryScheduler, Target::QueryFrontend, Target::IndexGateway];

const RINGS: [&str; 6] =
    ["distributor", "compactor", "scheduler", "index-gateway", "ruler", "pattern-ingester"];
