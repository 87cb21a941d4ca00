//! What the values of the chart grafana/loki deploy, and where they hold Loki's configuration.
//!
//! From production/helm/loki of grafana/loki, chart 6 and 7: `values.yaml`, `templates/_helpers.tpl` and the
//! StatefulSets. Values that a user leaves out are the chart's.

use std::collections::BTreeSet;

use crate::sim::Target;

use super::file::File;
use super::yaml::Node;

/// `deploymentMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// One process does everything.
    SingleBinary,
    /// read, write and backend.
    SimpleScalable,
    /// One process a target.
    Distributed,
    /// On the way from one to another, or a template.
    Between,
}

/// Pods of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replicas {
    /// The chart's name of them, such as `write`.
    pub name: &'static str,
    /// What they run.
    pub target: Target,
    /// How many; `None` where autoscaling or a template decides.
    pub count: Option<usize>,
    /// Where it is said.
    pub line: Option<usize>,
}

/// What the values deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// `deploymentMode`.
    pub mode: Mode,
    /// Its line, unless it is the chart's default.
    pub mode_line: Option<usize>,
    /// The pods, by kind, ingesters first; kinds without pods are left out.
    pub pods: Vec<Replicas>,
    /// How many ingesters; `None` where nobody can know.
    pub ingesters: Option<usize>,
    /// The key in the values that says how many.
    pub ingesters_key: &'static str,
    /// Whether the chart spreads ingesters over three zones (`ingester.zoneAwareReplication.enabled`).
    pub has_zones: bool,
    /// `memberlist.service.publishNotReadyAddresses`; `None` where nobody can know.
    pub publish_not_ready: Option<bool>,
    /// Loki's version by `loki.image.tag`.
    pub version: Option<(u32, u32)>,
}

const SINGLE: [(&str, Target, usize); 1] = [("singleBinary", Target::All, 0)];
const SCALABLE: [(&str, Target, usize); 3] =
    [("write", Target::Write, 3), ("read", Target::Read, 3), ("backend", Target::Backend, 3)];
const DISTRIBUTED: [(&str, Target, usize); 7] = [
    ("ingester", Target::Ingester, 0),
    ("distributor", Target::Distributor, 0),
    ("querier", Target::Querier, 0),
    ("queryFrontend", Target::QueryFrontend, 0),
    ("queryScheduler", Target::QueryScheduler, 0),
    ("indexGateway", Target::IndexGateway, 0),
    ("compactor", Target::Compactor, 0),
];

pub(super) fn topology(file: &File<'_>) -> Topology {
    let (mode, mode_line) = mode(file);
    let kinds: &[_] = match mode {
        Mode::SingleBinary => &SINGLE,
        Mode::SimpleScalable => &SCALABLE,
        Mode::Distributed => &DISTRIBUTED,
        Mode::Between => &[],
    };
    let mut pods: Vec<Replicas> = kinds.iter().map(|kind| replicas(file, *kind)).collect();
    let has_zones = mode == Mode::Distributed
        && boolean(file, "ingester.zoneAwareReplication.enabled", true) != Some(false);
    if has_zones && let Some(ingesters) = pods.first_mut() {
        // Each of the three StatefulSets has a third, rounded up.
        ingesters.count = ingesters.count.map(|count| count.div_ceil(3) * 3);
    }
    let ingesters = pods.first().and_then(|pods| pods.count);
    pods.retain(|pods| pods.count != Some(0));
    let ingesters_key = match mode {
        Mode::SingleBinary => "singleBinary.replicas",
        Mode::Distributed => "ingester.replicas",
        Mode::SimpleScalable | Mode::Between => "write.replicas",
    };
    let publish_not_ready = boolean(file, "memberlist.service.publishNotReadyAddresses", false);
    let version = scalar(file, "loki.image.tag").and_then(Node::text).and_then(version);
    Topology { mode, mode_line, pods, ingesters, ingesters_key, has_zones, publish_not_ready, version }
}

fn mode(file: &File<'_>) -> (Mode, Option<usize>) {
    match (scalar(file, "deploymentMode"), scalar(file, "singleBinary.replicas")) {
        (Some(node), _) => {
            let mode = match node.text() {
                Some("SingleBinary") => Mode::SingleBinary,
                Some("SimpleScalable") => Mode::SimpleScalable,
                Some("Distributed") => Mode::Distributed,
                _ => Mode::Between,
            };
            (mode, Some(node.line))
        }
        // Charts before 6 knew no modes: whoever asked for single binaries had them.
        (None, Some(node)) if node.text().is_some_and(|text| text != "0") => (Mode::SingleBinary, None),
        (None, _) => (Mode::SimpleScalable, None),
    }
}

fn replicas(file: &File<'_>, (name, target, default): (&'static str, Target, usize)) -> Replicas {
    let node = scalar(file, &format!("{name}.replicas"));
    let scales = boolean(file, &format!("{name}.autoscaling.enabled"), false) != Some(false)
        || boolean(file, &format!("{name}.kedaAutoscaling.enabled"), false) != Some(false);
    let count = match node {
        _ if scales => None,
        Some(node) if node.is_template => None,
        Some(node) => node.text().and_then(|text| text.parse().ok()),
        None => Some(default),
    };
    Replicas { name, target, count, line: node.map(|node| node.line) }
}

/// A value of the chart's own, if one stands there.
pub(super) fn scalar<'a>(file: &'a File<'_>, path: &str) -> Option<&'a Node> {
    let node = file.tree.node(file.at(path)?.value.node);
    (!node.is_null()).then_some(node)
}

/// A truth of the chart's own; `None` if nobody can know.
pub(super) fn boolean(file: &File<'_>, path: &str, default: bool) -> Option<bool> {
    match scalar(file, path) {
        None => Some(default),
        Some(node) if node.is_template => None,
        Some(node) => node.text()?.parse().ok(),
    }
}

/// The version that an image's tag begins with.
fn version(tag: &str) -> Option<(u32, u32)> {
    let mut parts = tag.trim_start_matches('v').split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The places in the values that may hold a key of Loki's configuration, the first one wins.
pub(super) fn places(file: &File<'_>, key: &str) -> Vec<String> {
    let (section, rest) = key.split_once('.').map_or((key, ""), |(section, rest)| (section, rest));
    let within = |place: &str| match rest {
        "" => format!("loki.{place}"),
        rest => format!("loki.{place}.{rest}"),
    };
    let mut places = vec![format!("loki.structuredConfig.{key}")];
    match section {
        "memberlist" if has_memberlist(file) => places.push(within("memberlistConfig")),
        "memberlist" => places.push(within("extraMemberlistConfig")),
        "common" => places.push(within("commonConfig")),
        "ruler" => places.push(within("rulerConfig")),
        _ => places.push(within(section)),
    }
    places
}

/// Where to put a key of Loki's configuration that stands nowhere yet.
pub(super) fn place(file: &File<'_>, key: &str) -> String {
    let section = key.split('.').next().unwrap_or(key);
    let structured = format!("loki.structuredConfig.{section}");
    let places = places(file, key);
    match file.at(&structured) {
        Some(_) => places.into_iter().next(),
        None => places.into_iter().next_back(),
    }
    .unwrap_or_default()
}

/// Whether `loki.memberlistConfig` stands in the place of all that the chart says about memberlist.
pub(super) fn has_memberlist(file: &File<'_>) -> bool {
    file.at("loki.memberlistConfig")
        .is_some_and(|entry| !file.tree.node(entry.value.node).entries().is_empty())
}

/// The flags that `extraArgs` put on command lines, without dashes and values.
pub(super) fn flags(file: &File<'_>) -> BTreeSet<String> {
    const PLACES: [&str; 12] = [
        "loki",
        "global",
        "defaults",
        "singleBinary",
        "write",
        "read",
        "backend",
        "ingester",
        "distributor",
        "querier",
        "compactor",
        "ruler",
    ];
    let mut flags = BTreeSet::new();
    for place in PLACES {
        let Some(entry) = file.at(&format!("{place}.extraArgs")) else { continue };
        for item in file.tree.node(entry.value.node).items() {
            let text = file.tree.node(item.node).text().unwrap_or_default();
            let name = text.trim_start_matches('-').split(['=', ' ']).next().unwrap_or_default();
            flags.insert(name.to_owned());
        }
    }
    flags
}
