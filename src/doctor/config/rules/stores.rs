//! Where the rings are kept.

use super::super::Severity::{Act, Look, Note};
use super::super::keys::RINGS;
use super::super::{Finding, Origin};
use super::{Config, count, finding};

const WRAPPER: &str = "loki pkg/loki/config_wrapper.go:183-212, 305-313, 567-579";

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    findings.extend(common_ring(config));
    findings.extend(alone(config));
    if findings.len() == before {
        findings.extend(unused(config));
        findings.extend(mixed(config));
        findings.extend(nothing(config));
    }
}

/// Anything set in `common.ring` brings its store with it, and that is Consul.
fn common_ring(config: &Config<'_>) -> Option<Finding> {
    let key = RINGS[0].key("kvstore.store");
    let Origin::Derived { from, line } = &config.values.get(key.as_str())?.origin else { return None };
    let members = config.value("memberlist.join_members");
    let is_forgotten = from.starts_with("common.")
        && config.values.get("common.ring.kvstore.store")?.origin == Origin::Default
        && config.text(&key) == Some("consul")
        && !members.is_empty();
    is_forgotten.then(|| {
        // That common.instance_addr reaches into common.ring is read from the code; the rest is documented.
        let severity = if from.starts_with("common.ring.") { Act } else { Look };
        finding(
            ("COMMON-RING-STORE", severity),
            *line,
            format!("{from} is set, so the rings are in Consul, although join_members is given."),
            "Once anything in common.ring is set, all of it holds for every ring, and its kvstore.store is consul unless \
             it says otherwise. join_members only decides while common.ring is left alone. Loki then looks for Consul at \
             localhost:8500.",
            "Set common.ring.kvstore.store to memberlist.",
            WRAPPER,
        )
        .fixed_by(config.fix_by("common.ring.kvstore.store", "memberlist"))
    })
}

/// A ring in the memory of one process is nobody else's.
fn alone(config: &Config<'_>) -> Option<Finding> {
    let key = RINGS[0].key("kvstore.store");
    if config.text(&key) != Some("inmemory") {
        return None;
    }
    let line = config.line(&key);
    let members = config.list("memberlist.join_members").is_some_and(|members| !members.is_empty());
    let has_list = members && (config.is_given("memberlist.join_members") || config.is_helm());
    let store = if config.is_given(&key) { key.as_str() } else { "common.ring.kvstore.store" };
    if let Some(ingesters) = config.ingesters().filter(|ingesters| *ingesters > 1) {
        return Some(
            finding(
                ("INMEMORY", Act),
                line,
                format!("{} with rings in memory: each has a ring of its own.", count(ingesters, "ingester")),
                "inmemory is the memory of one process. The others are in none of its rings, so nothing is replicated, and \
                 queries see only what their own process was sent.",
                "Use memberlist.",
                WRAPPER,
            )
            .fixed_by(config.fix_by(store, "memberlist")),
        );
    }
    let factor = config.replication_factor()?;
    if factor < 2 || config.ingesters().is_some() {
        return None;
    }
    let own = "ingester.lifecycler.ring.replication_factor";
    let factor_key = if config.is_given(own) { own } else { "common.replication_factor" };
    let fix = match has_list {
        true => config.fix_by(store, "memberlist"),
        false => config.fix_by(factor_key, "1"),
    };
    Some(
        finding(
            ("INMEMORY", Act),
            line,
            format!("The rings are in memory, and the replication factor is {factor}."),
            format!(
                "inmemory is the memory of one process, whose ring never has more than itself. A push needs {} replicas, \
                 so every push fails.",
                factor / 2 + 1
            ),
            "Set common.replication_factor to 1 for a single process; for several use memberlist.",
            "https://github.com/grafana/loki/issues/6231",
        )
        .fixed_by(fix),
    )
}

fn unused(config: &Config<'_>) -> Option<Finding> {
    let members = "memberlist.join_members";
    let is_listed = config.is_given(members) && !config.value(members).is_empty();
    let stores = Vec::from_iter(config.rings().into_iter().map(|ring| config.store(ring)));
    if !is_listed || stores.iter().any(|store| matches!(store, None | Some("memberlist" | "multi"))) {
        return None;
    }
    let store = stores.first().copied().flatten()?;
    let key = RINGS[0].key("kvstore.store");
    let place = if config.is_given(&key) { key.as_str() } else { "common.ring.kvstore.store" };
    Some(
        finding(
            ("MEMBERLIST-UNUSED", Look),
            config.line(&key).or_else(|| config.line(members)),
            format!("join_members is given, but no ring is in memberlist: they are in {store}."),
            "A process without a ring in memberlist does not even join: /memberlist says \"This instance doesn't use \
             memberlist\".",
            "Set kvstore.store to memberlist, or take join_members out.",
            WRAPPER,
        )
        .fixed_by(config.fix_by(place, "memberlist")),
    )
}

fn mixed(config: &Config<'_>) -> Option<Finding> {
    let ingesters = config.store(&RINGS[0])?;
    let is_other = |store: &str| store != ingesters;
    let others =
        Vec::from_iter(config.rings().into_iter().filter(|ring| config.store(ring).is_some_and(is_other)));
    let first = others.first()?;
    // Only what somebody said is a mistake; a default nobody looks at is not.
    let said = |ring: &super::RingPlace| config.is_given(&ring.key("kvstore.store"));
    if !others.iter().any(|ring| said(ring)) && !said(&RINGS[0]) {
        return None;
    }
    let names = others.iter().map(|ring| format!("{} in {}", ring.name, config.store(ring).unwrap_or("?")));
    let names = names.collect::<Vec<_>>().join(", ");
    let edits = others.iter().map(|ring| config.set(&ring.key("kvstore.store"), ingesters));
    let edits = edits.collect::<Option<Vec<_>>>();
    Some(
        finding(
            ("STORE-MIXED", Look),
            config.line(&first.key("kvstore.store")).or_else(|| config.line(&RINGS[0].key("kvstore.store"))),
            format!("Rings are in different stores: the ingesters' in {ingesters}, {names}."),
            "Each store is one more thing that can fail, and rings disagree about who is there while one of them does.",
            "Keep all rings in one store, best with common.ring.kvstore.store.",
            WRAPPER,
        )
        .fixed_by(edits.and_then(|edits| super::Fix::new(config.file.text, edits))),
    )
}

/// Nothing said anywhere is Consul, too.
fn nothing(config: &Config<'_>) -> Option<Finding> {
    let key = RINGS[0].key("kvstore.store");
    let is_default = config.values.get(key.as_str())?.origin == Origin::Default;
    let is_whole = config.file.at("schema_config").is_some() && config.file.at("server").is_some();
    let is_consul = config.text(&key) == Some("consul") && config.text("target") == Some("all");
    (is_default && is_consul && is_whole && !config.is_helm()).then(|| {
        finding(
            ("STORE-NONE", Note),
            None,
            "Nothing says where the rings are kept, so they are in Consul at localhost:8500.",
            "That is Loki's default. If no Consul is there, Loki logs errors and the ring stays empty.",
            "For a single process set common.ring.kvstore.store to inmemory and common.replication_factor to 1; for \
             several give memberlist.join_members.",
            WRAPPER,
        )
        .fixed_by(config.fix_by("common.ring.kvstore.store", "inmemory").filter(|_| {
            config.replication_factor() == Some(1)
        }))
    })
}
