//! What Loki runs with: each key as given, as derived from others, or by default.
//!
//! Loki pkg/loki/config_wrapper.go:71-212, 305-313, 391-512, 567-579, 783-789 and dskit's defaults.

use super::file::File;
use super::keys::{self, COMMON, Kind, Known, LIFECYCLER, MEMBERLIST, OTHERS, RING, RINGS, RingPlace};
use super::value::Value;
use super::{EffectiveValue, Flavour, Origin, helm};

/// A value that Loki would not take.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) kind: Kind,
    /// What it should be.
    pub(super) wanted: &'static str,
    /// What stands there.
    pub(super) found: String,
}

/// All values, in the order in which they are shown, and those that Loki would refuse.
pub(super) fn values(file: &File<'_>) -> (Vec<EffectiveValue>, Vec<Mistake>) {
    let mut resolver =
        Resolver { file, values: Vec::new(), mistakes: Vec::new(), is_unknown: file.has_own_text };
    resolver.chart();
    resolver.common();
    resolver.memberlist();
    for known in OTHERS {
        resolver.plain("", known);
    }
    resolver.scheduler_ring();
    let source = resolver.source_of_rings();
    for ring in &RINGS {
        resolver.ring(ring, &source);
    }
    resolver.replication_factors();
    resolver.tokens_files();
    resolver.flags_of_pods();
    resolver.values.sort_by_key(|value| rank(&value.key));
    (resolver.values, resolver.mistakes)
}

fn rank(key: &str) -> usize {
    const FIRST: [&str; 7] =
        ["deploymentMode", "common", "memberlist", "target", "ingester", "distributor", "compactor"];
    let section = key.split('.').next().unwrap_or(key);
    FIRST.iter().position(|first| *first == section).unwrap_or(FIRST.len())
}

/// What rings have that say nothing themselves.
enum Source {
    /// `common.ring`, because of this key.
    Common { from: String, line: Option<usize> },
    /// memberlist, because of `memberlist.join_members`.
    Memberlist { line: Option<usize> },
    /// The ingesters' ring.
    Ingester,
}

struct Resolver<'a, 'b> {
    file: &'a File<'b>,
    values: Vec<EffectiveValue>,
    mistakes: Vec<Mistake>,
    /// Whether Loki's configuration stands elsewhere, so that nothing of it is known.
    is_unknown: bool,
}

impl Resolver<'_, '_> {
    fn get(&self, key: &str) -> Option<&EffectiveValue> {
        self.values.iter().find(|value| value.key == key)
    }

    fn push(&mut self, key: &str, value: Value, origin: Origin, note: &str) {
        self.values.push(EffectiveValue { key: key.to_owned(), value, origin, note: note.to_owned() });
    }

    /// The value that the text gives for a key.
    fn given(&mut self, key: &str, kind: Kind) -> Option<(Value, Origin)> {
        if self.file.flags.contains(&keys::flag(key)) || self.is_unknown {
            return Some((Value::Unknown, Origin::Default));
        }
        let entry = self.file.given(key)?;
        let node = self.file.tree.node(entry.value.node);
        let value = match Value::of_node(kind, &self.file.tree, node) {
            Ok(value) => value,
            Err(wanted) => {
                let found = node.text().map_or_else(String::new, super::value::shown);
                self.mistakes.push(Mistake { key: key.to_owned(), line: entry.line, kind, wanted, found });
                Value::Unknown
            }
        };
        Some((value, Origin::Given { line: entry.line }))
    }

    fn plain(&mut self, section: &str, &(name, kind, default): &Known) {
        let key = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        match self.given(&key, kind) {
            Some((value, origin)) => self.push(&key, value, origin, ""),
            None => self.push(&key, Value::of_default(kind, default), Origin::Default, ""),
        }
    }

    fn chart(&mut self) {
        let Some(topology) = &self.file.topology else { return };
        let mode = helm::scalar(self.file, "deploymentMode");
        let origin = |line: Option<usize>| line.map_or(Origin::Default, |line| Origin::Given { line });
        let text = mode.and_then(|node| node.text()).unwrap_or(match topology.mode {
            helm::Mode::SingleBinary => "SingleBinary",
            _ => "SimpleScalable",
        });
        let mode = match topology.mode {
            helm::Mode::Between if mode.is_some_and(|node| node.is_template) => Value::Unknown,
            _ => Value::Text(text.to_owned()),
        };
        self.push("deploymentMode", mode, origin(topology.mode_line), "of the chart");
        for pods in &topology.pods {
            let count = pods.count.map_or(Value::Unknown, |count| Value::Int(count as i64));
            let note = match pods.name == "ingester" && topology.has_zones {
                true => "of the chart; in three zones, a third each",
                false => "of the chart",
            };
            self.push(&format!("{}.replicas", pods.name), count, origin(pods.line), note);
        }
        let key = "memberlist.service.publishNotReadyAddresses";
        let line = helm::scalar(self.file, key).map(|node| node.line);
        let value = topology.publish_not_ready.map_or(Value::Unknown, Value::Bool);
        self.push(key, value, origin(line), "of the chart");
    }

    fn common(&mut self) {
        for known in COMMON {
            self.plain("common", known);
        }
        if self.file.flavour == Flavour::Helm {
            self.default_of_chart("common.path_prefix", Value::Text("/var/loki".into()));
        }
        for known in RING {
            self.plain("common.ring", known);
        }
        for name in ["instance_addr", "instance_interface_names"] {
            let from = format!("common.{name}");
            let to = format!("common.ring.{name}");
            self.derive(&to, &from);
        }
    }

    fn default_of_chart(&mut self, key: &str, value: Value) {
        let known = self.values.iter_mut().find(|known| known.key == key && known.origin == Origin::Default);
        if let Some(known) = known.filter(|known| known.value != Value::Unknown) {
            (known.value, known.note) = (value, "the chart's default".into());
        }
    }

    /// Gives a key that stands nowhere the value of another one, if that says anything.
    fn derive(&mut self, key: &str, from: &str) {
        let Some(source) = self.get(from).filter(|source| source.is_given() && !source.value.is_empty())
        else {
            return;
        };
        let (value, line) = (source.value.clone(), source.line());
        self.set(key, value, Origin::Derived { from: from.to_owned(), line });
    }

    /// Changes a value that is a default.
    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        let known = self.values.iter_mut().find(|known| known.key == key && !known.is_given());
        if let Some(known) = known.filter(|known| known.value != Value::Unknown) {
            (known.value, known.origin) = (value, origin);
        }
    }

    fn memberlist(&mut self) {
        for known in MEMBERLIST {
            self.plain("memberlist", known);
        }
        if self.file.flavour == Flavour::Helm && !helm::has_memberlist(self.file) {
            let value = Value::List(vec!["<release>-memberlist.<namespace>.svc.cluster.local".into()]);
            self.set(
                "memberlist.join_members",
                value,
                Origin::Derived { from: "the chart".into(), line: None },
            );
        }
        self.derive("memberlist.advertise_addr", "common.instance_addr");
        self.derive("memberlist.rejoin_seed_nodes", "memberlist.join_members");
    }

    fn scheduler_ring(&mut self) {
        let addresses = [
            "frontend.scheduler_address",
            "frontend.downstream_url",
            "frontend_worker.scheduler_address",
            "frontend_worker.frontend_address",
        ];
        let values = addresses.map(|key| self.get(key).map(|known| known.value.clone()));
        let origin =
            Origin::Derived { from: "no address of a frontend or scheduler is given".into(), line: None };
        match () {
            () if values.contains(&Some(Value::Unknown)) => {
                self.set("query_scheduler.use_scheduler_ring", Value::Unknown, Origin::Default);
            }
            () if values.iter().flatten().all(Value::is_empty) => {
                self.set("query_scheduler.use_scheduler_ring", Value::Bool(true), origin);
            }
            () => {}
        }
    }

    fn source_of_rings(&self) -> Source {
        let touched = self.values.iter().find(|value| {
            let Some(field) = value.key.strip_prefix("common.ring.") else { return false };
            let default = RING.iter().find(|known| known.0 == field);
            let default = default.map(|known| Value::of_default(known.1, known.2));
            value.origin != Origin::Default && Some(&value.value) != default.as_ref()
        });
        if let Some(touched) = touched {
            let from = match &touched.origin {
                Origin::Derived { from, .. } => from.clone(),
                _ => touched.key.clone(),
            };
            return Source::Common { from, line: touched.line() };
        }
        match self.get("memberlist.join_members") {
            Some(members) if !members.value.is_empty() => Source::Memberlist { line: members.line() },
            _ => Source::Ingester,
        }
    }

    fn ring(&mut self, ring: &RingPlace, source: &Source) {
        let fields = if ring.has_lifecycler { LIFECYCLER } else { RING };
        let fields = fields.iter().filter(|known| ring.has_lifecycler || ring.fields.contains(&known.0));
        let own = fields.map(|known| (format!("{}.{}", ring.path, known.0), known));
        let own = Vec::from_iter(own.map(|(key, known)| (self.given(&key, known.1), key, known)));
        let says_nothing = own.iter().all(|(given, ..)| given.is_none());
        for (given, key, &(name, kind, default)) in own {
            let default = if name == "heartbeat_period" { ring.period } else { default };
            match given {
                Some((value, origin)) => self.push(&key, value, origin, ""),
                None => self.push(&key, Value::of_default(kind, default), Origin::Default, ""),
            }
        }
        match source {
            Source::Common { from, line } => {
                for (field, ..) in RING.iter().filter(|known| is_shared(known.0)) {
                    let origin = || Origin::Derived { from: from.clone(), line: *line };
                    let Some(common) = self.get(&format!("common.ring.{field}")) else { continue };
                    let (value, common_origin) = (common.value.clone(), common.origin.clone());
                    let origin = match common_origin {
                        Origin::Given { line } => {
                            Origin::Derived { from: format!("common.ring.{field}"), line: Some(line) }
                        }
                        Origin::Derived { .. } => common_origin,
                        Origin::Default => origin(),
                    };
                    self.set(&ring.key(field), value, origin);
                }
            }
            Source::Memberlist { line } => {
                let origin = Origin::Derived { from: "memberlist.join_members".into(), line: *line };
                self.set(&ring.key("kvstore.store"), Value::Text("memberlist".into()), origin);
            }
            Source::Ingester if says_nothing && !ring.has_lifecycler => {
                let ingester = RINGS[0];
                for field in ["kvstore.store", "kvstore.prefix", "heartbeat_period", "heartbeat_timeout"] {
                    let from = ingester.key(field);
                    let Some(known) = self.get(&from) else { continue };
                    let (value, line) = (known.value.clone(), known.line());
                    if known.is_given() || field == "heartbeat_period" {
                        self.set(&ring.key(field), value, Origin::Derived { from, line });
                    }
                }
            }
            Source::Ingester => {}
        }
    }

    /// `common.replication_factor` is that of the ingesters, whatever `common.ring` says.
    fn replication_factors(&mut self) {
        for key in ["ingester.lifecycler.ring.replication_factor", "index_gateway.ring.replication_factor"] {
            let Some(common) = self.get("common.replication_factor") else { continue };
            let (value, line) = (common.value.clone(), common.line());
            let origin = match common.origin {
                Origin::Default => Origin::Default,
                _ => Origin::Derived { from: "common.replication_factor".into(), line },
            };
            self.set(key, value, origin);
        }
    }

    fn tokens_files(&mut self) {
        const FILES: [(&str, &str); 4] = [
            ("ingester.lifecycler.tokens_file_path", "ingester.tokens"),
            ("compactor.compactor_ring.tokens_file_path", "compactor.tokens"),
            ("query_scheduler.scheduler_ring.tokens_file_path", "scheduler.tokens"),
            ("index_gateway.ring.tokens_file_path", "indexgateway.tokens"),
        ];
        let known = |key: &str| self.get(key).map(|known| (known.value.clone(), known.line()));
        let (Some((Value::Bool(true), line)), Some((prefix, _))) =
            (known("common.persist_tokens"), known("common.path_prefix"))
        else {
            return;
        };
        for (key, file) in FILES {
            let value =
                prefix.as_text().map_or(Value::Unknown, |prefix| Value::Text(format!("{prefix}/{file}")));
            self.set(key, value, Origin::Derived { from: "common.persist_tokens".into(), line });
        }
    }

    /// What the chart writes on the command lines of ingesters in zones.
    fn flags_of_pods(&mut self) {
        if !self.file.topology.as_ref().is_some_and(|topology| topology.has_zones) {
            return;
        }
        let line = helm::scalar(self.file, "ingester.zoneAwareReplication.enabled").map(|node| node.line);
        let flags = [
            ("availability_zone", Value::Text("zone-a, zone-b, zone-c".into())),
            ("unregister_on_shutdown", Value::Bool(false)),
            ("tokens_file_path", Value::Text("/var/loki/ring-tokens".into())),
        ];
        for (name, value) in flags {
            let key = format!("ingester.lifecycler.{name}");
            let origin = Origin::Derived { from: "ingester.zoneAwareReplication.enabled".into(), line };
            if let Some(known) = self.values.iter_mut().find(|known| known.key == key) {
                (known.value, known.origin) = (value, origin);
            }
        }
    }
}

/// What `common.ring` gives to every ring that does not say otherwise.
fn is_shared(field: &str) -> bool {
    !matches!(field, "replication_factor")
}

/// The rings that are in use, as far as that is known.
pub(super) fn rings_in_use<'a>(value: impl Fn(&str) -> &'a Value) -> Vec<&'static RingPlace> {
    let is = |key: &str| value(key).as_bool() == Some(true);
    let is_used = |ring: &&RingPlace| match ring.name {
        "distributor" => value("limits_config.ingestion_rate_strategy").as_text() == Some("global"),
        "scheduler" => is("query_scheduler.use_scheduler_ring"),
        "index-gateway" => value("index_gateway.mode").as_text() == Some("ring"),
        "ruler" => is("ruler.enable_sharding"),
        "pattern-ingester" => is("pattern_ingester.enabled"),
        _ => true,
    };
    RINGS.iter().filter(is_used).collect()
}
