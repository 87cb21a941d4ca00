//! A pasted text with what it is: where in it each key of Loki's configuration stands, or would stand.

use std::collections::BTreeSet;

use super::helm::{self, Topology};
use super::yaml::{Entry, NodeId, Tree};
use super::{ConfigError, Flavour};

/// Keys that only Loki's configuration has at its top.
const LOKI: [&str; 22] = [
    "auth_enabled",
    "schema_config",
    "common",
    "target",
    "server",
    "limits_config",
    "storage_config",
    "chunk_store_config",
    "query_range",
    "query_scheduler",
    "frontend_worker",
    "table_manager",
    "ingester_client",
    "index_gateway",
    "pattern_ingester",
    "runtime_config",
    "compactor_grpc_client",
    "analytics",
    "ballast_bytes",
    "http_prefix",
    "ruler_storage",
    "query_engine",
];

/// Keys that only the chart's values have at their top.
const CHART: [&str; 30] = [
    "deploymentMode",
    "loki",
    "singleBinary",
    "write",
    "read",
    "backend",
    "queryFrontend",
    "queryScheduler",
    "indexGateway",
    "patternIngester",
    "bloomGateway",
    "bloomBuilder",
    "bloomPlanner",
    "bloomCompactor",
    "chunksCache",
    "resultsCache",
    "lokiCanary",
    "gateway",
    "minio",
    "networkPolicy",
    "serviceAccount",
    "global",
    "monitoring",
    "enterprise",
    "sidecar",
    "extraObjects",
    "rbac",
    "test",
    "fullnameOverride",
    "nameOverride",
];

/// Keys that both have.
const BOTH: [&str; 6] = ["memberlist", "ingester", "distributor", "querier", "compactor", "ruler"];

#[derive(Debug)]
pub(super) struct File<'a> {
    pub(super) text: &'a str,
    pub(super) tree: Tree,
    /// The mapping that is examined: a document, or the chart's part of a parent chart's values.
    pub(super) root: NodeId,
    pub(super) flavour: Flavour,
    pub(super) topology: Option<Topology>,
    /// Flags on command lines that stand in the values: each decides over the key of its name.
    pub(super) flags: BTreeSet<String>,
    /// Whether the values hold Loki's configuration as a text of their own, which nobody reads here.
    pub(super) has_own_text: bool,
    /// How many documents there are besides.
    pub(super) other_documents: usize,
}

impl<'a> File<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, ConfigError> {
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if start.starts_with('<') {
            return Err(ConfigError::Html);
        }
        let tree = Tree::parse(text)?;
        let documents = || tree.documents.iter().copied().filter(|root| !tree.node(*root).is_null());
        let Some(first) = documents().next() else {
            return Err(ConfigError::Empty);
        };
        let chosen = documents().find_map(|root| Some((root, flavour(&tree, root)?)));
        let Some((mut root, flavour)) = chosen else {
            return Err(unknown(&tree, first));
        };
        if let (Flavour::Helm, Some(entry)) = (flavour, tree.own(root, "loki")) {
            let within = entry.value.node;
            let is_parents = ["loki", "deploymentMode", "singleBinary"];
            if is_parents.iter().any(|key| tree.own(within, key).is_some()) {
                root = within;
            }
        }
        let other_documents = documents().count() - 1;
        let mut file = Self {
            text,
            tree,
            root,
            flavour,
            topology: None,
            flags: BTreeSet::new(),
            has_own_text: false,
            other_documents,
        };
        if flavour == Flavour::Helm {
            file.topology = Some(helm::topology(&file));
            file.flags = helm::flags(&file);
            file.has_own_text =
                file.at("loki.config").is_some_and(|entry| !file.tree.node(entry.value.node).is_null());
        }
        Ok(file)
    }

    /// The entry at a path of the text, from the root that is examined.
    pub(super) fn at(&self, path: &str) -> Option<&Entry> {
        self.tree.find(self.root, &path.split('.').collect::<Vec<_>>())
    }

    /// The entry that gives a key of Loki's configuration.
    pub(super) fn given(&self, key: &str) -> Option<&Entry> {
        let says = |entry: &&Entry| !self.tree.node(entry.value.node).is_null();
        match self.flavour {
            Flavour::Loki => self.at(key).filter(says),
            Flavour::Helm => helm::places(self, key).iter().find_map(|path| self.at(path).filter(says)),
        }
    }

    /// The path of the text at which a key of Loki's configuration is to be set.
    pub(super) fn place(&self, key: &str) -> String {
        match self.flavour {
            Flavour::Loki => key.to_owned(),
            Flavour::Helm => {
                let places = helm::places(self, key);
                let given = places.iter().find(|path| self.at(path).is_some());
                given.cloned().unwrap_or_else(|| helm::place(self, key))
            }
        }
    }

    /// Where a section of Loki's configuration stands in the text; the chart spreads some over two places.
    pub(super) fn sections(&self, path: &str) -> Vec<&Entry> {
        let paths = match self.flavour {
            Flavour::Loki => vec![path.to_owned()],
            Flavour::Helm => helm::places(self, path),
        };
        paths.iter().filter_map(|path| self.at(path)).collect()
    }
}

fn flavour(tree: &Tree, root: NodeId) -> Option<Flavour> {
    let entries = tree.node(root).entries();
    let count = |names: &[&str]| entries.iter().filter(|entry| names.contains(&entry.key.as_str())).count();
    let in_chart = [
        ["memberlist", "service"],
        ["ingester", "replicas"],
        ["distributor", "replicas"],
        ["querier", "replicas"],
        ["compactor", "replicas"],
        ["ingester", "zoneAwareReplication"],
    ];
    let nested = in_chart.iter().filter(|path| tree.find(root, *path).is_some()).count();
    let (loki, chart) = (count(&LOKI), count(&CHART) + 2 * nested);
    match () {
        () if chart > loki => Some(Flavour::Helm),
        () if loki > 0 || count(&BOTH) > 0 => Some(Flavour::Loki),
        () => None,
    }
}

fn unknown(tree: &Tree, root: NodeId) -> ConfigError {
    const SHOWN: usize = 5;
    let node = tree.node(root);
    let kind = tree.own(root, "kind").and_then(|entry| tree.node(entry.value.node).text());
    if let (Some(kind), Some(_)) = (kind, tree.own(root, "apiVersion")) {
        return ConfigError::Wrapped { kind: kind.chars().take(40).collect() };
    }
    let names = node.entries().iter().take(SHOWN).map(|entry| entry.key.chars().take(30).collect::<String>());
    let names = names.collect::<Vec<_>>().join(", ");
    let found = match node.entries().len() {
        0 => "no keys".to_owned(),
        count if count > SHOWN => format!("{names}, …"),
        _ => names,
    };
    ConfigError::Other { found }
}
