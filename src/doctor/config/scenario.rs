//! The cluster that a configuration describes, for the simulator.
//!
//! What a configuration does not say (how many pods, what a name resolves to) is assumed, and what the simulator does
//! not model is left out; both are said. Loki's names are the simulator's names, so most values go over as they are.

use std::net::Ipv4Addr;

use serde_json::Value as Json;

use crate::sim::{Group, Options, OptionsError, Scenario, Span, StoreKind, Target};

use super::effective::rings_in_use;
use super::keys::{MEMBERLIST, RingPlace};
use super::value::{Value, shown};
use super::{Examined, Mode, Topology};

/// A run of the cluster that was described.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// The run.
    pub scenario: Scenario,
    /// What the configuration does not say, and what was taken instead; a sentence each.
    pub assumed: Vec<String>,
    /// What the configuration says and the simulator does not model; a sentence each.
    pub left_out: Vec<String>,
}

const SERVICE: &str = "gossip-ring";
const ZONES: [&str; 3] = ["zone-a", "zone-b", "zone-c"];

/// A scenario that starts the cluster and lets it run for five minutes with some pushes and queries.
///
/// # Errors
///
/// A value that no simulated cluster can have, such as more than 10,000 pods.
pub fn scenario(examined: &Examined) -> Result<Simulated, OptionsError> {
    let mut run = Builder { examined, assumed: Vec::new(), left_out: Vec::new() };
    let mut options = Options { groups: run.groups(), ..Options::default() };
    run.memberlist(&mut options);
    run.join_members(&mut options);
    run.store(&mut options);
    run.lifecycler(&mut options);
    run.zones(&mut options);
    run.heartbeats(&mut options);
    options.replication_factor = match run.value("ingester.lifecycler.ring.replication_factor") {
        Value::Int(factor) => usize::try_from(*factor).unwrap_or(0),
        _ => {
            run.assumed.push("Replication factor 3: the text does not tell it.".into());
            3
        }
    };
    options.dns.publish_not_ready_addresses = run.publishes();
    options.workload.pushes_per_second = 2;
    options.workload.queries_per_second = 1;
    options.workload.streams = 20;
    options.check()?;
    let (assumed, left_out) = (run.assumed, run.left_out);
    let scenario = Scenario {
        name: "your-configuration".into(),
        title: "The cluster of your configuration".into(),
        about: assumed.iter().chain(&left_out).cloned().collect::<Vec<_>>().join(" "),
        seed: 1,
        until: Span::secs(300),
        options,
        steps: Vec::new(),
        watch: Vec::new(),
        expect: Vec::new(),
    };
    Ok(Simulated { scenario, assumed, left_out })
}

struct Builder<'a> {
    examined: &'a Examined,
    assumed: Vec<String>,
    left_out: Vec<String>,
}

impl<'a> Builder<'a> {
    fn value(&self, key: &str) -> &'a Value {
        self.examined.get(key).map_or(&Value::Unknown, |known| &known.value)
    }

    fn is(&self, key: &str) -> bool {
        self.value(key).as_bool() == Some(true)
    }

    fn groups(&mut self) -> Vec<Group> {
        let groups = match &self.examined.topology {
            Some(topology) => self.deployed(topology),
            None => self.guessed(),
        };
        groups
            .into_iter()
            .map(|(name, target, count)| Group { name, target, count, ..Group::default() })
            .collect()
    }

    fn deployed(&mut self, topology: &Topology) -> Vec<(String, Target, usize)> {
        if topology.mode == Mode::Between || topology.pods.is_empty() {
            self.assumed.push("Three single binaries: the values do not tell what is deployed.".into());
            return vec![("loki".into(), Target::All, 3)];
        }
        let mut groups = Vec::new();
        for pods in &topology.pods {
            let name = match pods.name {
                "singleBinary" => "loki".to_owned(),
                name => format!("loki-{}", dashed(name)),
            };
            let count = pods.count.unwrap_or_else(|| {
                self.assumed.push(format!("Three pods of {}: their number is not told.", pods.name));
                3
            });
            groups.push((name, pods.target, count));
        }
        groups
    }

    fn guessed(&mut self) -> Vec<(String, Target, usize)> {
        let factor = match self.value("ingester.lifecycler.ring.replication_factor") {
            Value::Int(factor) => usize::try_from(*factor).unwrap_or(1).clamp(1, 100),
            _ => 3,
        };
        let named = self
            .value("memberlist.join_members")
            .as_list()
            .map_or(0, |members| members.iter().filter(|member| address(member).is_some()).count());
        let count = if self.value("ingester.lifecycler.ring.kvstore.store").as_text() == Some("inmemory") {
            1
        } else {
            factor.max(named).min(100)
        };
        let target = self.value("target").as_text().unwrap_or("all");
        match target.split(',').next().unwrap_or("all").trim() {
            "all" => {
                self.assumed
                    .push(format!("{count} processes with target all: the text does not tell how many."));
                vec![("loki".into(), Target::All, count)]
            }
            "read" | "write" | "backend" => {
                self.assumed.push("Three pods each of write, read and backend, of which this is one.".into());
                [("write", Target::Write), ("read", Target::Read), ("backend", Target::Backend)]
                    .map(|(name, target)| (name.into(), target, 3))
                    .into()
            }
            _ => {
                self.assumed.push(format!(
                    "{count} ingesters and one pod of each other target, of which this is one."
                ));
                [
                    ("ingester", Target::Ingester, count),
                    ("distributor", Target::Distributor, 1),
                    ("querier", Target::Querier, 1),
                    ("query-frontend", Target::QueryFrontend, 1),
                    ("query-scheduler", Target::QueryScheduler, 1),
                    ("compactor", Target::Compactor, 1),
                ]
                .map(|(name, target, count)| (name.into(), target, count))
                .into()
            }
        }
    }

    /// All settings of memberlist that the simulator has by the same name.
    fn memberlist(&mut self, options: &mut Options) {
        let Ok(Json::Object(mut fields)) = serde_json::to_value(&options.memberlist) else { return };
        for (name, kind, default) in MEMBERLIST {
            let key = format!("memberlist.{name}");
            let value = self.value(&key);
            match (*name, fields.get_mut(*name)) {
                ("join_members" | "rejoin_seed_nodes" | "node_name", _) => {}
                ("advertise_addr", _) if !self.examined.get(&key).is_some_and(|known| known.is_given()) => {}
                ("zone_aware_routing.enabled", _) => {
                    fields.insert("zone_aware_routing".into(), Json::Bool(self.is(&key)));
                }
                (_, Some(field)) => match json(value) {
                    Some(value) => *field = value,
                    None => self.assumed.push(format!("{key} is its default, {default}: it is not told.")),
                },
                (name, None) if !name.starts_with("zone_aware_routing") => {
                    let differs = *value != Value::Unknown && *value != Value::of_default(*kind, default);
                    if differs {
                        self.left_out.push(format!("{key} ({value}) is not modelled."));
                    }
                }
                _ => {}
            }
        }
        match serde_json::from_value(Json::Object(fields)) {
            Ok(memberlist) => options.memberlist = memberlist,
            Err(_) => self
                .left_out
                .push("Settings of memberlist that the simulator does not take: all are defaults.".into()),
        }
    }

    fn join_members(&mut self, options: &mut Options) {
        let Some(members) = self.value("memberlist.join_members").as_list() else {
            self.assumed.push(format!("join_members is dns+{SERVICE}:7946: it is not told."));
            options.memberlist.join_members = vec![format!("dns+{SERVICE}:7946")];
            return;
        };
        options.dns.service = SERVICE.into();
        let addresses = Vec::from_iter(members.iter().filter_map(|member| address(member)));
        let in_row =
            addresses.windows(2).all(|pair| u32::from(pair[1]) == u32::from(pair[0]).wrapping_add(1));
        let count = options.groups.first().map_or(0, |group| group.count);
        if let Some(first) = addresses.first().filter(|_| addresses.len() == members.len()) {
            if in_row && addresses.len() <= count && options.groups.len() == 1 {
                options.groups[0].address = first.to_string();
                options.memberlist.join_members =
                    addresses.iter().map(|address| format!("{address}:7946")).collect();
                self.assumed
                    .push(format!("The pods have the addresses from {first} on, those of join_members."));
                return;
            }
            options.memberlist.join_members = vec![format!("dns+{SERVICE}:7946")];
            self.assumed.push("join_members' addresses are those of all pods.".into());
            return;
        }
        let mut names = Vec::new();
        for member in members.iter().take(16) {
            let (lookup, rest) =
                member.split_once('+').map_or(("", member.as_str()), |(lookup, rest)| (lookup, rest));
            if lookup.starts_with("dnssrv") {
                self.left_out.push(format!(
                    "{}: SRV records are not modelled; the name's addresses are used.",
                    shown(member)
                ));
            }
            let name = match lookup {
                "" if rest.rsplit_once(':').is_some() => format!("{SERVICE}:7946"),
                "" => SERVICE.to_owned(),
                _ => format!("dns+{SERVICE}:7946"),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if let Some(first) = members.first() {
            self.assumed
                .push(format!("{} is the service in front of all pods, {SERVICE} here.", shown(first)));
        }
        options.memberlist.join_members = names;
    }

    fn store(&mut self, options: &mut Options) {
        let store = self.value("ingester.lifecycler.ring.kvstore.store").as_text();
        options.store = match store {
            Some("consul") => StoreKind::Consul,
            Some("etcd") => StoreKind::Etcd,
            Some("inmemory") => StoreKind::Inmemory,
            Some("memberlist") => StoreKind::Memberlist,
            other => {
                let other = other.unwrap_or("not told");
                self.left_out
                    .push(format!("The store of the rings ({}): memberlist is taken.", shown(other)));
                StoreKind::Memberlist
            }
        };
        let rings = self.rings();
        let others = rings.iter().filter(|ring| self.value(&ring.key("kvstore.store")).as_text() != store);
        let others = others.map(|ring| ring.name).collect::<Vec<_>>().join(", ");
        if !others.is_empty() {
            self.left_out.push(format!("Rings in other stores ({others}): all are in the ingesters'."));
        }
    }

    fn rings(&self) -> Vec<&'static RingPlace> {
        rings_in_use(|key| self.value(key))
    }

    fn lifecycler(&mut self, options: &mut Options) {
        const NAMES: [&str; 8] = [
            "heartbeat_period",
            "num_tokens",
            "join_after",
            "observe_period",
            "min_ready_duration",
            "final_sleep",
            "unregister_on_shutdown",
            "readiness_check_ring_health",
        ];
        let Ok(Json::Object(mut fields)) = serde_json::to_value(&options.lifecycler) else { return };
        let named = NAMES.map(|name| (name, format!("ingester.lifecycler.{name}")));
        let timeout = ("heartbeat_timeout", "ingester.lifecycler.ring.heartbeat_timeout".to_owned());
        for (name, key) in named.into_iter().chain([timeout]) {
            match json(self.value(&key)) {
                Some(value) => {
                    fields.insert(name.into(), value);
                }
                None => self.assumed.push(format!("{key} is its default: it is not told.")),
            }
        }
        match serde_json::from_value(Json::Object(fields)) {
            Ok(lifecycler) => options.lifecycler = lifecycler,
            Err(_) => self.left_out.push(
                "Settings of the lifecycler that the simulator does not take: all are defaults.".into(),
            ),
        }
        options.lifecycler.persist_tokens = !self.value("ingester.lifecycler.tokens_file_path").is_empty();
        let rings = self.rings();
        options.lifecycler.rings =
            rings.iter().map(|ring| ring.name.to_owned()).filter(|name| name != "ingester").collect();
        options.ingester.autoforget_unhealthy = self.is("ingester.autoforget_unhealthy");
        options.ingester.wal = self.value("ingester.wal.enabled").as_bool() != Some(false);
        options.ingester.flush_on_shutdown = self.is("ingester.wal.flush_on_shutdown");
    }

    /// All rings of the simulator have one period, but those whose default is 15 s.
    fn heartbeats(&mut self, options: &mut Options) {
        let period = options.lifecycler.heartbeat_period;
        let differs = |ring: &&&RingPlace| {
            let usual = if period == Span::secs(5) { ring.period.to_owned() } else { period.to_string() };
            let own = self.value(&ring.key("heartbeat_period"));
            own.as_span().is_some_and(|own| Span(own).to_string() != usual)
        };
        let rings = self.rings();
        let others = rings.iter().filter(differs).map(|ring| ring.name).collect::<Vec<_>>().join(", ");
        if !others.is_empty() {
            self.left_out.push(format!("Heartbeat periods of their own ({others})."));
        }
    }

    fn zones(&mut self, options: &mut Options) {
        options.zone_awareness_enabled = self.is("ingester.lifecycler.ring.zone_awareness_enabled");
        let by_chart = self.examined.topology.as_ref().is_some_and(|topology| topology.has_zones);
        let routed = options.memberlist.zone_aware_routing;
        let is_named = match self.value("ingester.lifecycler.availability_zone") {
            Value::Text(zone) => !zone.is_empty(),
            // A template is a zone that each pod has its own of.
            _ => true,
        };
        if !(is_named && options.zone_awareness_enabled || by_chart || routed) {
            return;
        }
        for group in &mut options.groups {
            if routed || matches!(group.target, Target::All | Target::Write | Target::Ingester) {
                group.zones = ZONES.map(String::from).into();
            }
        }
        if !by_chart {
            self.assumed.push(
                "Three zones, over which the pods are spread: the text tells one pod's at most.".into(),
            );
        }
    }

    fn publishes(&mut self) -> bool {
        let known = self.examined.topology.as_ref().and_then(|topology| topology.publish_not_ready);
        known.unwrap_or_else(|| {
            let assumed =
                "The service names pods before they are ready (publishNotReadyAddresses): it is not told.";
            self.assumed.push(assumed.into());
            true
        })
    }
}

/// The address of a member that is given by its address.
fn address(member: &str) -> Option<Ipv4Addr> {
    member.split_once(':').map_or(member, |(host, _)| host).parse().ok()
}

fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Unknown => return None,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Span(value) => Span(*value).to_string().into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.clone().into(),
    })
}

/// `queryFrontend` as a name of pods: `query-frontend`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(c.to_ascii_lowercase());
    }
    dashed
}
