//! The catalogue's entries against lines that have them and lines that only look like it.

use std::collections::BTreeMap;
use std::fs;

use ringside::doctor::log::catalogue::{Catalogue, EMBEDDED};
use serde::Deserialize;

use crate::{fixture, id_of, read};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    hits: Vec<String>,
    misses: Vec<String>,
}

fn lines() -> BTreeMap<String, Lines> {
    serde_json::from_str(&fs::read_to_string(fixture("lines.json")).unwrap()).unwrap()
}

/// All ids that a line brings up, reasons inside included.
fn ids_of(line: &str) -> Vec<String> {
    let reading = read(line);
    let inner = |incident: &ringside::doctor::log::Incident| {
        incident.reasons.iter().map(|reason| reason.id.clone()).collect::<Vec<_>>()
    };
    reading
        .incidents
        .iter()
        .flat_map(|incident| [vec![incident.id.clone()], inner(incident)].concat())
        .collect()
}

#[test]
fn the_built_in_catalogue_is_sound() {
    let catalogue = Catalogue::parse(EMBEDDED).unwrap();
    assert_eq!(catalogue.entries.len(), Catalogue::embedded().entries.len());
    for (letter, count) in [("A", 31), ("B", 33), ("C", 11), ("D", 23), ("E", 34), ("F", 18), ("G", 37)] {
        let entries = catalogue.entries.iter().filter(|entry| entry.id.starts_with(letter));
        assert_eq!(entries.count(), count, "entries of {letter}");
    }
}

#[test]
fn a_catalogue_with_a_fault_says_where() {
    for (from, to, expected) in [
        ("\"id\": \"A02\"", "\"id\": \"A01\"", "A01: the id is taken"),
        ("\"same_as\": \"A01\"", "\"same_as\": \"Z99\"", "names Z99"),
        ("\"judge\": \"join\"", "\"judge\": \"jury\"", "A01: there is no judge jury"),
        ("https://github.com/grafana/loki/issues/7907", "http://x", "A01: the link http://x is not https"),
        ("\"memberlist fast-join starting\"", "\"{a}{b} x\"", "A04: pattern"),
        ("\"title\"", "\"titel\"", "unknown field `titel`"),
    ] {
        let broken = EMBEDDED.replacen(from, to, 1);
        assert_ne!(broken, EMBEDDED);
        let error = Catalogue::parse(&broken).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_entry_has_lines_that_hit_it_and_lines_that_miss_it() {
    let lines = lines();
    let mut faults = Vec::new();
    for entry in &Catalogue::embedded().entries {
        let Some(Lines { hits, misses }) = lines.get(&entry.id) else {
            faults.push(format!("{}: no lines", entry.id));
            continue;
        };
        assert!(!hits.is_empty() && !misses.is_empty(), "{}", entry.id);
        for line in hits {
            let id = id_of(line);
            if id.as_ref() != Some(&entry.id) {
                faults.push(format!("{}: is {id:?}: {line}", entry.id));
            }
        }
        for line in misses {
            if ids_of(line).contains(&entry.id) {
                faults.push(format!("{}: must not hit {line}", entry.id));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(lines.keys().all(|id| Catalogue::embedded().index(id).is_some()));
}

#[test]
fn lines_of_real_clusters_get_the_entry_that_people_gave_them() {
    let samples = fs::read_to_string(fixture("sample-lines.txt")).unwrap();
    let mut faults = Vec::new();
    for (expected, line) in samples.lines().filter_map(|line| line.split_once('\t')) {
        let id = id_of(line);
        if id.as_deref() != Some(expected) {
            faults.push(format!("{expected}: is {id:?}: {line}"));
        }
    }
    assert_eq!(samples.lines().count(), 60);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_caller_of_a_line_decides_nothing() {
    let line = "level=info ts=2026-11-22T10:15:37Z caller=failed-to-fast-join-the-memberlist-cluster-at-startup msg=x";
    assert_eq!(id_of(line), None);
    let other = "level=warn caller=log.go:245 msg=\"REFUTING A SUSPECT MESSAGE (from: a)\"";
    assert_eq!(id_of(other).as_deref(), Some("B03"));
}
