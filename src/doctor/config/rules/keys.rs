//! Keys that Loki does not know, and values that it does not take.

use super::super::Severity::{Act, Look};
use super::super::diff::Fix;
use super::super::edit::Edit;
use super::super::effective::Mistake;
use super::super::keys::{ALIASES, FIXED, Kind, MEMBERLIST, SECTIONS, STORES, Section};
use super::super::value::shown;
use super::super::yaml::{Entry, Node};
use super::super::{Finding, Flavour};
use super::{Config, finding, quoted};

const STRICT: &str = "Loki refuses a configuration with a key that it does not know: it stops with \"field … not found in \
                      type …\".";
const SOURCE: &str = "loki pkg/util/cfg/files.go; https://grafana.com/docs/loki/latest/configure/";

/// What stands at the top of Loki's configuration and decides about rings.
const TOP: [&str; 8] = [
    "memberlist",
    "common",
    "ingester",
    "distributor",
    "compactor",
    "ruler",
    "query_scheduler",
    "index_gateway",
];

/// How many keys of a section are looked at; none has a hundred.
const MOST: usize = 500;

pub(super) fn find(config: &Config<'_>, findings: &mut Vec<Finding>) {
    for section in &SECTIONS {
        let names = section.names();
        for entry in config.file.sections(section.path) {
            within(config, section.path, entry, &names, findings);
        }
        let kvstore = format!("{}.kvstore", section.path);
        for entry in config.file.sections(&kvstore) {
            within(config, &kvstore, entry, &Section::kvstore_names(), findings);
        }
    }
    top(config, findings);
    findings.extend(chart(config));
    findings.extend(config.mistakes.iter().map(|mistake| wrong_value(config, mistake)));
    findings.extend(unknown_stores(config));
}

fn within(
    config: &Config<'_>,
    path: &str,
    section: &Entry,
    names: &[&'static str],
    findings: &mut Vec<Finding>,
) {
    let node = config.file.tree.node(section.value.node);
    for (index, entry) in node.entries().iter().enumerate().take(MOST) {
        if entry.is_template || entry.key == "<<" {
            continue;
        }
        if !names.contains(&entry.key.as_str()) {
            findings.push(unknown(config, path, node, entry, names));
        }
        findings.extend(twice(config, node, index, entry));
    }
}

fn unknown(
    config: &Config<'_>,
    path: &str,
    section: &Node,
    entry: &Entry,
    names: &[&'static str],
) -> Finding {
    let key = entry.key.as_str();
    let name = shown(key);
    let is_free = |name: &str| section.entries().iter().all(|entry| entry.key != name);
    if FIXED.contains(&key) {
        return finding(
            ("KEY-FIXED", Act),
            Some(entry.line),
            format!("{path}.{name} cannot be set."),
            format!("Loki probes a node every 5s and waits 2s; that is fixed in dskit. {STRICT}"),
            "Take it out.",
            "dskit kv/memberlist/memberlist_client.go:500-560",
        )
        .fixed_by(mended(config, config.editor().delete(entry), key));
    }
    match meant(key, names).filter(|name| is_free(name)) {
        Some(meant) => finding(
            ("KEY-UNKNOWN", Act),
            Some(entry.line),
            format!("There is no {path}.{name}; it is called {meant}."),
            STRICT,
            format!("Call it {meant}."),
            SOURCE,
        )
        .fixed_by(mended(config, config.editor().rename(entry, meant), key)),
        None => finding(
            ("KEY-UNKNOWN", Look),
            Some(entry.line),
            format!("{path}.{name} is no key of any Loki that is known here."),
            STRICT,
            "If it is not of a later version, take it out.",
            SOURCE,
        ),
    }
}

/// A fix of a line with a key that nobody knows.
fn mended(config: &Config<'_>, edit: Option<Edit>, key: &str) -> Option<Fix> {
    Fix::of_key(config.file.text, vec![edit?], key)
}

fn twice(config: &Config<'_>, section: &Node, index: usize, entry: &Entry) -> Option<Finding> {
    let is_twice = section.entries()[..index].iter().any(|before| before.key == entry.key);
    // Of two branches of a template only one is there.
    if !is_twice || config.file.tree.has_branches {
        return None;
    }
    let (severity, why) = match config.file.flavour {
        Flavour::Loki => (Act, "Loki refuses a configuration with a key that is there twice."),
        Flavour::Helm => (Look, "Helm takes the last one, and says nothing."),
    };
    Some(finding(
        ("KEY-TWICE", severity),
        Some(entry.line),
        format!("{} is there twice.", shown(&entry.key)),
        why,
        "Make one of them.",
        SOURCE,
    ))
}

fn top(config: &Config<'_>, findings: &mut Vec<Finding>) {
    let root = config.file.tree.node(config.file.root);
    let is_loki = config.file.flavour == Flavour::Loki;
    for (index, entry) in root.entries().iter().enumerate().take(MOST) {
        let key = entry.key.as_str();
        if TOP.contains(&key) {
            findings.extend(twice(config, root, index, entry));
            continue;
        }
        let meant =
            TOP.iter().find(|name| is_near(key, name) && root.entries().iter().all(|e| e.key != **name));
        let Some(meant) = meant.filter(|_| is_loki && !entry.is_template) else { continue };
        findings.push(
            finding(
                ("KEY-UNKNOWN", Act),
                Some(entry.line),
                format!("There is no {}; it is called {meant}.", shown(key)),
                STRICT,
                format!("Call it {meant}."),
                SOURCE,
            )
            .fixed_by(mended(config, config.editor().rename(entry, meant), key)),
        );
    }
}

/// Loki's settings where the chart does not look for them.
fn chart(config: &Config<'_>) -> Option<Finding> {
    if !config.is_helm() {
        return None;
    }
    let tree = &config.file.tree;
    let ignored = |entry: &Entry, what: String, advice: String| {
        finding(
            ("CHART-IGNORED", Act),
            Some(entry.line),
            what,
            "The chart has no such value, and says nothing about values that it does not know: it changes nothing.",
            advice,
            "production/helm/loki/values.yaml",
        )
    };
    for (wrong, right) in
        [("memberlist", "memberlistConfig"), ("common", "commonConfig"), ("ruler", "rulerConfig")]
    {
        let Some(entry) = config.file.at(&format!("loki.{wrong}")) else { continue };
        let has_list = tree.get(entry.value.node, "join_members").is_some();
        let right = if wrong == "memberlist" && !has_list { "extraMemberlistConfig" } else { right };
        let is_free = config.file.at(&format!("loki.{right}")).is_none();
        let fix = config.fix([config.editor().rename(entry, right).filter(|_| is_free)]);
        let (what, advice) =
            (format!("The chart ignores loki.{wrong}."), format!("It is called loki.{right}."));
        return Some(ignored(entry, what, advice).fixed_by(fix));
    }
    let entry = config.file.at("memberlist")?;
    let node = tree.node(entry.value.node);
    let key = node.entries().iter().find(|entry| MEMBERLIST.iter().any(|known| known.0 == entry.key))?;
    Some(ignored(
        key,
        format!("The chart ignores memberlist.{}.", key.key),
        "Only the service is set in memberlist; Loki's own settings go to loki.extraMemberlistConfig.".into(),
    ))
}

fn wrong_value(config: &Config<'_>, mistake: &Mistake) -> Finding {
    let Mistake { key, line, kind, wanted, found } = mistake;
    let is_bare = *kind == Kind::Span && !found.is_empty() && found.chars().all(|c| c.is_ascii_digit());
    let fix = match kind {
        Kind::Span if is_bare => config.fix_by(key, &format!("{found}s")),
        Kind::Span => {
            let tight: String = found.split_whitespace().collect();
            let seconds =
                tight.to_ascii_lowercase().replace("seconds", "s").replace("second", "s").replace("sec", "s");
            let text = seconds.replace("minutes", "m").replace("minute", "m").replace("min", "m");
            crate::go::duration::parse(&text).ok().and_then(|_| config.fix_by(key, &text))
        }
        Kind::List if !found.is_empty() => config.fix_by(key, &format!("[{}]", quoted(found))),
        _ => None,
    };
    let (rule, why) = match is_bare {
        true => (
            "DURATION-UNIT",
            "A number without a unit is no duration: Loki refuses it, or takes it for nanoseconds.",
        ),
        false => ("VALUE-FORM", "Loki does not start with a value that it cannot read."),
    };
    let found = if found.is_empty() { "something else".to_owned() } else { format!("{found:?}") };
    finding(
        (rule, Act),
        Some(*line),
        format!("{key} is {found}."),
        why,
        format!("It has to be {wanted}."),
        SOURCE,
    )
    .fixed_by(fix)
}

fn unknown_stores(config: &Config<'_>) -> Vec<Finding> {
    let keys = config.values.iter().filter(|(key, known)| key.ends_with("kvstore.store") && known.is_given());
    let wrong = keys.filter_map(|(key, known)| {
        let store = known.value.as_text().filter(|store| !STORES.contains(store))?;
        let meant = match store.to_ascii_lowercase().replace(['-', '_', ' '], "").as_str() {
            "gossip" | "memberlist" | "memberslist" => Some("memberlist"),
            "memory" | "inmemory" => Some("inmemory"),
            other => STORES.into_iter().find(|name| is_near(other, name)),
        };
        let advice = meant
            .map_or_else(|| format!("There are {}.", STORES.join(", ")), |meant| format!("Use {meant}."));
        let fix = meant.and_then(|meant| config.fix_by(key, meant));
        let what = format!("{key} is {:?}: there is no such store.", shown(store));
        Some(
            finding(
                ("STORE-UNKNOWN", Act),
                known.line(),
                what,
                "Loki stops with \"invalid KV store type\".",
                advice,
                "dskit kv/client.go",
            )
            .fixed_by(fix),
        )
    });
    wrong.collect()
}

/// What a key was meant to be: what people call it, or what is written nearly so.
fn meant<'a>(key: &str, names: &[&'a str]) -> Option<&'a str> {
    let alias = ALIASES.iter().find(|(wrong, _)| *wrong == key).map(|(_, right)| *right);
    if let Some(name) = alias.and_then(|right| names.iter().find(|name| **name == right)) {
        return Some(name);
    }
    let plain = key.replace('-', "_").to_ascii_lowercase();
    let same = names.iter().find(|name| **name == plain || name.replace('_', "") == plain.replace('_', ""));
    same.or_else(|| names.iter().find(|name| is_near(&plain, name))).copied()
}

/// Whether two words differ by a slip or two.
fn is_near(a: &str, b: &str) -> bool {
    let (length, most) = (a.len().max(b.len()), b.len() / 5);
    if length > 64 || !a.is_ascii() || a.len().abs_diff(b.len()) > most.clamp(1, 3) || a == b {
        return false;
    }
    distance(a.as_bytes(), b.as_bytes()) <= most.clamp(1, 3)
}

/// Letters put in, left out, or changed, and neighbours exchanged.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let mut rows = [Vec::from_iter(0..=b.len()), vec![0; b.len() + 1], vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        rows.rotate_right(1);
        rows[0][0] = i;
        for j in 1..=b.len() {
            let changed = rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[1][j] + 1).min(rows[0][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[2][j - 2] + 1);
            }
            rows[0][j] = best;
        }
    }
    rows[0][b.len()]
}
