//! Pages of simulated processes, against those of real ones in the same situation.
//!
//! Two pages are alike when they are the same text but for numbers, times and memberlist's random names: so
//! keys, their order, nulls, states and the number of tokens all have to agree.

use std::path::Path;
use std::time::Duration;

use ringside::live::{ShownState, ring_page};
use ringside::sim::{Command, Options, Response, Scenario, Simulation, page};
use ringside::time::Instant;

const RINGS: [(&str, &str); 7] = [
    ("/ring", "loki-1.ring.json"),
    ("/distributor/ring", "loki-1.distributor_ring.json"),
    ("/compactor/ring", "loki-1.compactor_ring.json"),
    ("/scheduler/ring", "loki-1.scheduler_ring.json"),
    ("/indexgateway/ring", "loki-1.indexgateway_ring.json"),
    ("/ruler/ring", "loki-1.ruler_ring.json"),
    ("/pattern/ring", "loki-1.pattern_ring.json"),
];

const RAW_RING: &str = "/memberlist?viewKey=collectors/ring&format=json";

/// Metrics of the captures that the simulation does not have, by the start of their names, and why.
const LEFT_OUT: [(&str, &str); 13] = [
    ("kv_request_duration_seconds", "a store by gossip takes no time here"),
    ("loki_kv_request_duration_seconds", "the same"),
    ("loki_dns_", "the simulation's names belong to the world, not to a process"),
    ("loki_memberlist_client_messages_to_broadcast_dropped_total", "encoding never fails"),
    ("loki_memberlist_client_pending_key_notifications", "nothing watches a prefix"),
    (
        "loki_memberlist_client_received_broadcasts_dropped_total",
        "no queue of received messages is ever full",
    ),
    ("loki_memberlist_client_received_broadcasts_invalid_total", "messages are never damaged"),
    ("loki_memberlist_tcp_transport_packets_received_errors_total", "nor are packets"),
    ("loki_memberlist_tcp_transport_received_bytes_total", "streams have no size"),
    ("loki_memberlist_tcp_transport_sent_bytes_total", "the same"),
    ("loki_memberlist_tcp_transport_unknown_connections_total", "nobody else connects"),
    ("loki_ruler_ring_check_errors_total", "no rule is evaluated"),
    ("loki_ruler_sync_rules_total", "the same"),
];

/// Metrics that the simulation has and a capture cannot: only names with `ring` or `memberlist` were kept.
fn was_not_captured(name: &str) -> bool {
    name.ends_with("lifecycler_read_only")
        || matches!(
            name,
            "loki_distributor_replication_factor"
                | "loki_ingester_autoforget_unhealthy_ingesters_total"
                | "loki_member_consul_heartbeats_total"
        )
}

struct Cluster {
    simulation: Simulation,
}

impl Cluster {
    /// Single binaries as the captures' configuration has them: every pod knows every pod's address.
    fn of(count: usize, address: &str) -> Self {
        let first: std::net::Ipv4Addr = address.parse().unwrap();
        let members = Vec::from_iter(
            (0..count as u32).map(|pod| format!("{}:7946", std::net::Ipv4Addr::from(u32::from(first) + pod))),
        );
        let text = serde_json::json!({
            "name": "captured",
            "until": "5m",
            "options": {
                "groups": [{"name": "loki", "first": 1, "count": count, "address": address}],
                "replication_factor": count,
                "memberlist": {"join_members": members},
                "lifecycler": {
                    "heartbeat_period": "15s",
                    "rings": ["distributor", "compactor", "scheduler", "index-gateway", "ruler", "pattern-ingester"],
                },
                // Somebody asked for `/ready` every second, and nobody started what was killed.
                "deployment": {
                    "start_spread": "20ms",
                    "readiness_initial_delay": "1s",
                    "readiness_period": "1s",
                    "restart_backoff": "0s",
                },
                "epoch": 1_795_342_261,
            },
        });
        Self::from_scenario(&text)
    }

    fn from_scenario(scenario: &serde_json::Value) -> Self {
        let scenario = Scenario::parse(&scenario.to_string()).unwrap();
        Self { simulation: Simulation::of(&scenario).unwrap() }
    }

    /// Lets time pass, up to a fraction of a second that shows.
    fn until(mut self, secs: u64) -> Self {
        self.simulation.run_until(Instant::START + Duration::new(secs, 123_456_789));
        self
    }

    fn command(mut self, command: Command) -> Self {
        self.simulation.apply(command).unwrap();
        let now = self.simulation.now();
        self.simulation.run_until(now + Duration::from_nanos(1));
        self
    }

    fn kill(self, pod: &str) -> Self {
        self.command(Command::Kill { pod: pod.into(), dark: false })
    }

    fn ask(&mut self, pod: &str, path: &str) -> Response {
        let pod = self.simulation.known_pod(pod).unwrap();
        page(&mut self.simulation, pod, path)
    }

    fn body(&mut self, path: &str) -> String {
        let response = self.ask("loki-1", path);
        assert_eq!(response.status, 200, "{path}: {response:?}");
        response.body
    }

    fn is_like(&mut self, path: &str, capture: &str) {
        let (response, captured) = (self.ask("loki-1", path), captured(capture));
        assert_eq!(response.status, captured.status, "{capture}");
        assert_eq!(response.content_type, captured.content_type, "{capture}");
        assert_eq!(masked(&response.body), masked(&captured.body), "{capture}");
    }

    fn states(&mut self, path: &str) -> Vec<&'static str> {
        let page = ring_page::parse(&self.body(path)).unwrap();
        page.reported.into_values().map(ShownState::name).collect()
    }

    fn members(&mut self) -> usize {
        members(&self.body("/memberlist"))
    }
}

fn members(page: &str) -> usize {
    page.matches("\"Name\":").count()
}

struct Captured {
    status: u16,
    content_type: String,
    body: String,
}

fn captured(name: &str) -> Captured {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages").join(format!("{name}.http"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, response) = text.split_once("### response\n").unwrap();
    let (head, body) = response.split_once("\n\n").unwrap();
    let content_type = head.lines().find_map(|line| line.strip_prefix("Content-Type: ")).unwrap();
    Captured {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        content_type: content_type.to_owned(),
        body: body.to_owned(),
    }
}

/// A page without what differs from run to run: numbers are `#`, but times that are not set stay themselves,
/// and random names are gone.
fn masked(page: &str) -> String {
    let mut out = String::new();
    for (place, part) in
        page.trim_end().replace("0001-01-01T00:00:00Z", "unset").split("\"Name\":\"").enumerate()
    {
        let named = match (place, part.split_once('"')) {
            (1.., Some((name, rest))) => format!("\"Name\":\"{}…\"{rest}", &name[..name.len() - 8]),
            _ => part.to_owned(),
        };
        let mut was_digit = false;
        for c in named.chars() {
            if !(c.is_ascii_digit() && was_digit) {
                out.push(if c.is_ascii_digit() { '#' } else { c });
            }
            was_digit = c.is_ascii_digit();
        }
    }
    out
}

/// The lines of an exposition with values gone.
fn metric_lines(exposition: &str, is_kept: impl Fn(&str) -> bool) -> Vec<String> {
    let line_of = |line: &str| match line.strip_prefix('#') {
        Some(comment) => (comment.split(' ').nth(2).unwrap().to_owned(), line.to_owned()),
        None => {
            let (series, _) = line.rsplit_once(' ').unwrap();
            (series.split('{').next().unwrap().to_owned(), series.to_owned())
        }
    };
    let lines = exposition.lines().filter(|line| !line.is_empty()).map(line_of);
    lines.filter(|(name, _)| is_kept(name)).map(|(_, line)| line).collect()
}

/// The value of one series.
fn value<'a>(exposition: &'a str, series: &str) -> &'a str {
    let prefix = format!("{series} ");
    let found = exposition.lines().find_map(|line| line.strip_prefix(&prefix));
    found.unwrap_or_else(|| panic!("no series {series}"))
}

fn has_the_metrics_of(cluster: &mut Cluster, capture: &str) -> String {
    let response = cluster.ask("loki-1", "/metrics");
    let captured = captured(capture);
    assert_eq!(response.content_type, captured.content_type);
    let is_left_out = |name: &str| LEFT_OUT.iter().any(|(start, _)| name.starts_with(start));
    let ours = metric_lines(&response.body, |name| !was_not_captured(name));
    let theirs = metric_lines(&captured.body, |name| !is_left_out(name));
    assert_eq!(ours, theirs, "{capture}");
    captured.body
}

#[test]
fn three_healthy_processes_have_the_captured_pages() {
    let mut cluster = Cluster::of(3, "127.0.0.21").until(35);
    for (path, capture) in RINGS {
        cluster.is_like(path, &format!("02_healthy/{capture}"));
    }
    cluster.is_like("/memberlist", "02_healthy/loki-1.memberlist.json");
    cluster.is_like(RAW_RING, "02_healthy/loki-1.memberlist_viewKey_ring.json");
    let pretty = "/memberlist?viewKey=collectors%2Fscheduler&format=json-pretty";
    cluster.is_like(pretty, "02_healthy/loki-1.memberlist_viewKey_scheduler.json-pretty");
    cluster.is_like("/ready", "02_healthy/loki-1.ready");
    assert_eq!(cluster.states("/ring"), ["ACTIVE"; 3]);
}

#[test]
fn a_single_process_has_the_captured_pages() {
    let mut cluster = Cluster::of(1, "127.0.0.11").until(35);
    for (path, capture) in RINGS {
        cluster.is_like(path, &format!("01_healthy/{capture}"));
    }
    cluster.is_like("/memberlist", "01_healthy/loki-1.memberlist.json");
    cluster.is_like("/ready", "01_healthy/loki-1.ready");
    has_the_metrics_of(&mut cluster, "01_healthy/loki-1.metrics");
}

#[test]
fn our_own_reader_reads_the_simulated_ring_and_finds_the_processes_clock() {
    let mut cluster = Cluster::of(3, "127.0.0.21").until(35);
    let page = ring_page::parse(&cluster.body("/ring")).unwrap();
    assert_eq!(page.now.unwrap().to_rfc3339(), "2026-11-22T10:11:36.123456789Z");
    let slot = cluster.simulation.pod("loki-1").unwrap().process.as_ref().unwrap();
    assert_eq!(&page.desc, slot.desc(ringside::lifecycle::RingKind::Ingester).unwrap());
    let raw = ring_page::parse(&cluster.body(RAW_RING)).unwrap();
    assert_eq!(raw.desc, page.desc);
}

#[test]
fn a_killed_process_leaves_the_members_first_and_turns_unhealthy_after_its_time_out() {
    let mut cluster = Cluster::of(3, "127.0.0.71").until(34);
    cluster.is_like("/memberlist", "06_healthy/loki-1.memberlist.json");
    assert_eq!(cluster.members(), 3);

    let mut cluster = cluster.kill("loki-3").until(74);
    assert_eq!(cluster.members(), 2);
    cluster.is_like("/ring", "06_killed_before_heartbeat_timeout/loki-1.ring.json");
    assert_eq!(cluster.states("/ring"), ["ACTIVE"; 3]);

    let mut cluster = cluster.until(97);
    for (path, capture) in RINGS {
        cluster.is_like(path, &format!("06_killed_after_heartbeat_timeout/{capture}"));
    }
    assert_eq!(cluster.states("/ring"), ["ACTIVE", "ACTIVE", "UNHEALTHY"]);
    cluster.is_like("/memberlist", "06_killed_after_heartbeat_timeout/loki-1.memberlist.json");
    cluster.is_like(RAW_RING, "06_killed_after_heartbeat_timeout/loki-1.memberlist_viewKey_ring.json");
    cluster.is_like("/ready", "06_killed_after_heartbeat_timeout/loki-1.ready");
    let theirs = has_the_metrics_of(&mut cluster, "06_killed_after_heartbeat_timeout/loki-1.metrics");
    let ours = cluster.body("/metrics");
    for state in ["ACTIVE", "JOINING", "LEAVING", "PENDING", "Unhealthy"] {
        let series = format!("loki_ring_members{{name=\"ingester\",state=\"{state}\"}}");
        assert_eq!(value(&ours, &series), value(&theirs, &series), "{state}");
    }
}

#[test]
fn a_forgotten_instance_is_gone_from_the_ring_and_a_tombstone_in_the_raw_value() {
    let forget = Command::Forget { via: "loki-1".into(), ring: "ingester".into(), id: "loki-3".into() };
    let mut cluster =
        Cluster::of(3, "127.0.0.71").until(34).kill("loki-3").until(97).command(forget).until(99);
    cluster.is_like("/ring", "06_after_forget/loki-1.ring.json");
    let raw = cluster.body(RAW_RING);
    assert_eq!(ring_page::parse(&raw).unwrap().tombstones, ["loki-3".into()]);
    let (_, tombstone) = raw.split_once("\"loki-3\":").unwrap();
    assert_eq!(
        masked(tombstone),
        "{\"addr\":\"#.#.#.#:#\",\"timestamp\":#,\"state\":#,\"registered_timestamp\":#,\"id\":\"loki-#\"}}}"
    );
    assert!(tombstone.contains("\"state\":4,"), "{tombstone}");
    let series = "loki_memberlist_client_kv_store_value_tombstones{key=\"collectors/ring\"}";
    assert_eq!(value(&cluster.body("/metrics"), series), "1");
}

#[test]
fn the_metrics_have_the_captured_names_labels_texts_and_order() {
    let mut cluster = Cluster::of(3, "127.0.0.21").until(35);
    let theirs = has_the_metrics_of(&mut cluster, "02_healthy/loki-1.metrics");
    let ours = cluster.body("/metrics");
    let determined = [
        "loki_memberlist_client_cas_failure_total",
        "loki_memberlist_client_cluster_members_count",
        "loki_memberlist_client_cluster_node_health_score",
        "loki_memberlist_client_kv_store_count",
        "loki_memberlist_client_kv_store_value_tombstones{key=\"collectors/ring\"}",
        "loki_memberlist_tcp_transport_packets_dropped_total",
        "loki_memberlist_tcp_transport_packets_sent_errors_total",
        "loki_ring_member_heartbeats_total{name=\"distributor\"}",
        "loki_ring_member_tokens_owned{name=\"ruler\"}",
        "loki_ring_member_tokens_to_own{name=\"ruler\"}",
        "loki_ring_members{name=\"ingester\",state=\"ACTIVE\"}",
        "loki_ring_members{name=\"ingester\",state=\"Unhealthy\"}",
        "loki_ring_tokens_total{name=\"index-gateway\"}",
        "loki_ring_tokens_total{name=\"ingester\"}",
        "ring_member_tokens_owned{name=\"compactor\"}",
    ];
    for series in determined {
        assert_eq!(value(&ours, series), value(&theirs, series), "{series}");
    }
    let oldest = value(&ours, "loki_ring_oldest_member_timestamp{name=\"ingester\",state=\"ACTIVE\"}");
    assert!(oldest.starts_with("1.7953422") && oldest.ends_with("e+09"), "{oldest}");
    assert_eq!(value(&ours, "loki_distributor_replication_factor"), "3");
    assert_eq!(value(&ours, "loki_member_consul_heartbeats_total{name=\"ingester\"}"), "2");
}

#[test]
fn a_client_counts_when_its_ring_changes_so_a_lone_querier_never_counts_the_dead_as_unhealthy() {
    let scenario = serde_json::json!({
        "name": "lone", "until": "5m",
        "options": {"groups": [{"name": "ingester", "count": 2, "target": "ingester"},
                               {"name": "querier", "count": 1, "target": "querier"}],
                    "deployment": {"restart_backoff": "0s"}},
    });
    let cluster = Cluster::from_scenario(&scenario).until(60).kill("ingester-0").kill("ingester-1");
    let mut cluster = cluster.until(200);
    let ring = ring_page::parse(&cluster.ask("querier-0", "/ring").body).unwrap();
    assert_eq!(Vec::from_iter(ring.reported.into_values()), [ShownState::Unhealthy; 2]);
    let metrics = cluster.ask("querier-0", "/metrics").body;
    assert_eq!(value(&metrics, "loki_ring_members{name=\"ingester\",state=\"ACTIVE\"}"), "2");
    assert_eq!(value(&metrics, "loki_ring_members{name=\"ingester\",state=\"Unhealthy\"}"), "0");
}

#[test]
fn a_zone_aware_ring_counts_its_members_by_zone_and_the_members_carry_their_zones() {
    let scenario = serde_json::json!({
        "name": "zones", "until": "5m",
        "options": {
            "groups": [{"name": "loki", "count": 4, "zones": ["a", "b<"]}],
            "zone_awareness_enabled": true,
            "memberlist": {"zone_aware_routing": true},
        },
    });
    let mut cluster = Cluster::from_scenario(&scenario).until(40);
    let metrics = cluster.ask("loki-0", "/metrics").body;
    let series = "loki_ring_zone_members{name=\"ingester\",state=\"ACTIVE\",zone=\"b<\"}";
    assert_eq!(value(&metrics, series), "2");
    assert!(!metrics.contains("loki_ring_zone_members{name=\"distributor\""));
    let memberlist = cluster.ask("loki-0", "/memberlist").body;
    // Version 1, bridge or member, one byte, "a".
    assert_eq!(
        (memberlist.matches("\"AQIBYQ==\"").count(), memberlist.matches("\"AQEBYQ==\"").count()),
        (1, 1)
    );
    assert!(
        memberlist.contains("\"ZoneAwareRouting\":{\"Enabled\":true,\"Zone\":\"a\",\"Role\":\"bridge\"}}")
    );
    assert!(cluster.ask("loki-0", "/ring").body.contains("\"zone\":\"b\\u003c\""));
}

#[test]
fn the_services_are_the_captured_ones() {
    let sorted = |text: &str| {
        let mut lines = Vec::from_iter(text.lines().map(String::from));
        lines.sort();
        lines
    };
    let mut cluster = Cluster::of(3, "127.0.0.21").until(35);
    let (ours, theirs) = (cluster.ask("loki-1", "/services"), captured("02_healthy/loki-1.services"));
    assert_eq!(ours.content_type, theirs.content_type);
    assert_eq!(sorted(&ours.body), sorted(&theirs.body));
}

#[test]
fn what_a_target_does_not_serve_is_not_found() {
    let mut cluster = Cluster::of(3, "127.0.0.21").until(35);
    for (path, capture) in [
        ("/ui/ring", "loki-1.ui_ring"),
        ("/partition-ring", "loki-1.partition-ring"),
        ("/ingest-limits/ring", "loki-1.ingest-limits_ring"),
    ] {
        cluster.is_like(path, &format!("02_healthy/{capture}"));
    }
    assert_eq!(
        cluster.ask("loki-1", RAW_RING.replace("ring&", "nothing&").as_str()).body,
        "value not found\n"
    );

    let scenario = serde_json::json!({
        "name": "targets", "until": "1m",
        "options": {"groups": [{"name": "frontend", "count": 1, "target": "query-frontend"},
                               {"name": "distributor", "count": 1, "target": "distributor"}]},
    });
    let mut cluster = Cluster::from_scenario(&scenario).until(30);
    for (pod, path, status) in [
        ("frontend-0", "/ring", 404),
        ("frontend-0", "/scheduler/ring", 200),
        ("frontend-0", "/memberlist", 200),
        ("distributor-0", "/ring", 200),
        ("distributor-0", "/distributor/ring", 200),
        ("distributor-0", "/compactor/ring", 404),
        ("distributor-0", "/pattern/ring", 404),
    ] {
        assert_eq!(cluster.ask(pod, path).status, status, "{pod} {path}");
    }
    assert_eq!(
        masked(&cluster.ask("distributor-0", "/ring").body),
        "{\"shards\":null,\"now\":\"#-#-#T#:#:#.#Z\"}"
    );
}

#[test]
fn rings_that_are_switched_off_and_memberlist_that_is_not_used_say_so() {
    let mut options = Options { store: ringside::sim::StoreKind::Inmemory, ..Options::default() };
    options.lifecycler.rings = vec![];
    let mut cluster = Cluster { simulation: Simulation::new(options, 1).unwrap() }.until(40);
    let memberlist = cluster.ask("loki-0", "/memberlist");
    assert_eq!(
        (memberlist.content_type, &*memberlist.body),
        ("text/plain", "This instance doesn't use memberlist.")
    );
    assert!(!cluster.ask("loki-0", "/metrics").body.contains("memberlist"));
    for (path, text) in [
        ("/ruler/ring", "<p>Ruler running with shards disabled</p>"),
        (
            "/distributor/ring",
            "<p>Not running with Global Rating Limit - ring not being used by the Distributor.</p>",
        ),
    ] {
        let response = cluster.ask("loki-0", path);
        assert_eq!((response.status, response.content_type), (200, "text/html"));
        assert!(response.body.contains(text), "{}", response.body);
    }
    assert_eq!(cluster.ask("loki-0", "/ring").body.matches("\"id\"").count(), 1);
}

#[test]
fn nobody_answers_where_no_process_serves() {
    let down = "loki-3 is down";
    let mut cluster = Cluster::of(3, "127.0.0.21");
    assert_eq!(cluster.ask("loki-3", "/ring").body, down);
    let mut cluster = cluster.until(35).kill("loki-3").command(Command::Pause { pod: "loki-2".into() });
    assert_eq!(cluster.ask("loki-3", "/ready"), Response { status: 0, content_type: "", body: down.into() });
    assert_eq!(cluster.ask("loki-2", "/ready").body, "loki-2 is paused");
    assert_eq!(page(&mut cluster.simulation, 99, "/ring").status, 0);
}

#[test]
fn asking_for_readiness_is_what_starts_the_fifteen_seconds() {
    let scenario = serde_json::json!({
        "name": "lazy", "until": "2m",
        "options": {"groups": [{"name": "loki", "count": 1}], "deployment": {"readiness_period": "0s"}},
    });
    let mut cluster = Cluster::from_scenario(&scenario).until(60);
    let first = cluster.ask("loki-0", "/ready");
    assert_eq!((first.status, first.content_type), (503, "text/plain; charset=utf-8"));
    assert!(first.body.starts_with("Ingester not ready: waiting for 15s"), "{}", first.body);
    assert_eq!(cluster.until(76).ask("loki-0", "/ready").status, 200);
}
