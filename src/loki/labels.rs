//! A stream's labels: sorted, printed and hashed the way Prometheus does it.
//!
//! Models Prometheus model/labels (labels_common.go, labels_stringlabels.go, sharding_stringlabels.go).
//! Differs: labels of one name keep their order, where Go's sort may swap them among more than 12 labels.
//! Loki's distributor turns both duplicates and empty names away (pkg/distributor/validator.go:189-196).

use std::fmt;

use xxhash_rust::xxh64::xxh64;

use crate::go::strconv::append_quote;

/// The label a metric name stands for.
pub(super) const METRIC_NAME: &str = "__name__";

/// Parts names from values in [`Labels::stable_hash`].
const SEPARATOR: u8 = 0xff;

/// One label. Bytes, since Go's strings need not be UTF-8: `"\xff"` is a legal value to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Any bytes, even none.
    pub name: Box<[u8]>,
    /// Any bytes; an empty value means the same as no label, but hashes differently.
    pub value: Box<[u8]>,
}

/// Labels sorted by name, bytewise. `to_string` gives the canonical string, which is what a push is keyed by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Labels(Vec<Label>);

impl Labels {
    /// Sorts the pairs; keeps empty values and, in their order, duplicates.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        let mut labels: Vec<Label> = pairs
            .into_iter()
            .map(|(name, value)| Label { name: name.into().into(), value: value.into().into() })
            .collect();
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        Self(labels)
    }

    /// The labels whose value is not empty.
    pub fn without_empty(mut self) -> Self {
        self.0.retain(|label| !label.value.is_empty());
        self
    }

    /// The value of the first label of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().find(|label| *label.name == *name.as_bytes()).map(|label| &*label.value)
    }

    /// All labels, by name.
    pub fn iter(&self) -> std::slice::Iter<'_, Label> {
        self.0.iter()
    }

    /// How many labels there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These labels with the first one of that name replaced, or with one more; an empty value removes.
    ///
    /// As Prometheus' `Builder`, which at the same time drops every name that has an empty value somewhere.
    pub fn with(&self, name: &str, value: &[u8]) -> Self {
        let name = name.as_bytes();
        let deleted = |wanted: &[u8]| {
            (value.is_empty() && wanted == name)
                || self.0.iter().any(|label| label.value.is_empty() && *label.name == *wanted)
        };
        let mut labels: Vec<Label> = self.0.iter().filter(|label| !deleted(&label.name)).cloned().collect();
        if !value.is_empty() {
            match labels.iter_mut().find(|label| *label.name == *name) {
                Some(label) => label.value = value.into(),
                None => {
                    let place = labels.partition_point(|label| *label.name < *name);
                    labels.insert(place, Label { name: name.into(), value: value.into() });
                }
            }
        }
        Self(labels)
    }

    /// `labels.StableHash`: the distributor's hash of a stream.
    pub fn stable_hash(&self) -> u64 {
        hash_separated(self.0.iter())
    }

    /// `Labels.HashWithoutLabels`: leaves out the named labels, and `__name__`.
    ///
    /// Without names it is an ingester's fingerprint of a stream; without `__stream_shard__`, the rate
    /// store's key (loki pkg/ingester/instance.go:436-440, stream.go:123).
    pub fn hash_without_labels(&self, names: &[&str]) -> u64 {
        let left_out = |name: &[u8]| {
            name == METRIC_NAME.as_bytes() || names.iter().any(|left_out| left_out.as_bytes() == name)
        };
        hash_separated(self.0.iter().filter(|label| !left_out(&label.name)))
    }

    /// `Labels.Hash`, over the form in which Loki's build stores labels: each text behind its length.
    pub fn hash(&self) -> u64 {
        let mut stored = Vec::new();
        for text in self.0.iter().flat_map(|label| [&label.name, &label.value]) {
            match text.len() {
                len @ 0..255 => stored.push(len as u8),
                len => {
                    stored.push(255);
                    stored.extend_from_slice(&(len as u32).to_le_bytes()[..3]);
                }
            }
            stored.extend_from_slice(text);
        }
        xxh64(&stored, 0)
    }
}

impl<'l> IntoIterator for &'l Labels {
    type Item = &'l Label;
    type IntoIter = std::slice::Iter<'l, Label>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::from("{");
        for (i, label) in self.0.iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            match std::str::from_utf8(&label.name) {
                Ok(name) if is_legacy_name(name) => out.push_str(name),
                _ => append_quote(&mut out, &label.name),
            }
            out.push('=');
            append_quote(&mut out, &label.value);
        }
        out.push('}');
        f.write_str(&out)
    }
}

/// Whether a name needs no quotes: `[a-zA-Z_][a-zA-Z0-9_]*`.
fn is_legacy_name(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
}

fn hash_separated<'l>(labels: impl Iterator<Item = &'l Label>) -> u64 {
    let mut bytes = Vec::new();
    for label in labels {
        bytes.extend_from_slice(&label.name);
        bytes.push(SEPARATOR);
        bytes.extend_from_slice(&label.value);
        bytes.push(SEPARATOR);
    }
    xxh64(&bytes, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Labels::from_pairs(pairs.iter().copied())
    }

    #[test]
    fn labels_stand_sorted_by_bytes_and_equal_names_keep_their_order() {
        let labels = labels(&[("b", "1"), ("a", "2"), ("_", "3"), ("a", "1"), ("B", "4"), ("é", "5")]);
        assert_eq!(labels.to_string(), r#"{B="4", _="3", a="2", a="1", b="1", "é"="5"}"#);
        assert_eq!(labels.get("a"), Some(&b"2"[..]));
        assert_eq!(labels.get("c"), None);
    }

    #[test]
    fn only_names_that_prometheus_always_knew_go_without_quotes() {
        for (name, printed) in [
            ("a1_", "a1_"),
            ("1a", r#""1a""#),
            ("", r#""""#),
            ("a.b", r#""a.b""#),
            ("a b", r#""a b""#),
            ("_", "_"),
        ] {
            assert_eq!(labels(&[(name, "x")]).to_string(), format!("{{{printed}=\"x\"}}"));
        }
        let bytes = Labels::from_pairs([(vec![0xff], vec![b'a', 0xc3])]);
        assert_eq!(bytes.to_string(), r#"{"\xff"="a\xc3"}"#);
    }

    #[test]
    fn the_stored_form_takes_a_length_of_four_bytes_from_255_on() {
        let hash_of = |len: usize, prefix: &[u8]| {
            let stored = [b"\x01a", prefix, &vec![b'x'; len][..]].concat();
            assert_eq!(labels(&[("a", &"x".repeat(len))]).hash(), xxh64(&stored, 0), "{len}");
        };
        hash_of(254, &[254]);
        hash_of(255, &[255, 255, 0, 0]);
        hash_of(70_000, &[255, 0x70, 0x11, 1]);
    }

    #[test]
    fn hashing_without_labels_leaves_out_the_metric_name_too() {
        let all = labels(&[("__name__", "m"), ("__stream_shard__", "3"), ("a", "1")]);
        assert_eq!(all.hash_without_labels(&["__stream_shard__"]), labels(&[("a", "1")]).stable_hash());
        let without_name = labels(&[("__stream_shard__", "3"), ("a", "1")]);
        assert_eq!(all.hash_without_labels(&[]), without_name.stable_hash());
        assert_ne!(all.stable_hash(), without_name.stable_hash());
    }

    #[test]
    fn setting_a_label_replaces_the_first_of_that_name_and_drops_names_with_empty_values() {
        let base = labels(&[("a", "1"), ("a", "2"), ("c", ""), ("c", "3"), ("d", "4")]);
        assert_eq!(base.with("a", b"9").to_string(), r#"{a="9", a="2", d="4"}"#);
        assert_eq!(base.with("b", b"9").to_string(), r#"{a="1", a="2", b="9", d="4"}"#);
        assert_eq!(base.with("c", b"9").to_string(), r#"{a="1", a="2", c="9", d="4"}"#);
        assert_eq!(base.with("a", b"").to_string(), r#"{d="4"}"#);
        assert_eq!(base.without_empty().to_string(), r#"{a="1", a="2", c="3", d="4"}"#);
    }
}
