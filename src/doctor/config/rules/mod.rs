//! The rules: each looks at the values that Loki would run with, and says what is wrong, why, and how to mend it.
//!
//! A rule that would need to know what it cannot know says nothing. A value that is Loki's default is never held
//! against anybody because it is spelled out.

mod addresses;
mod gossip;
mod heartbeat;
mod join;
mod keys;
mod labels;
mod lifecycler;
mod modes;
mod replicas;
mod startup;
mod stores;
mod zones;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::diff::Fix;
use super::edit::{Edit, Editor};
use super::effective::{Mistake, rings_in_use};
use super::file::File;
use super::keys::{RINGS, RingPlace};
use super::value::Value;
use super::{EffectiveValue, Finding, Flavour, Severity, Topology};

/// What rules look at.
pub(super) struct Config<'a> {
    pub(super) values: BTreeMap<&'a str, &'a EffectiveValue>,
    pub(super) file: &'a File<'a>,
    pub(super) mistakes: Vec<Mistake>,
}

/// Everything that is found, heaviest first, then by line.
pub(super) fn find(config: &Config<'_>) -> Vec<Finding> {
    type Rule = fn(&Config<'_>, &mut Vec<Finding>);
    const RULES: [Rule; 12] = [
        keys::find,
        replicas::find,
        zones::find,
        join::find,
        startup::find,
        labels::find,
        addresses::find,
        heartbeat::find,
        lifecycler::find,
        stores::find,
        modes::find,
        gossip::find,
    ];
    let mut findings = Vec::new();
    for rule in RULES {
        rule(config, &mut findings);
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.line));
    findings
}

/// A finding without a fix.
fn finding(
    (rule, severity): (&'static str, Severity),
    line: Option<usize>,
    what: impl Into<String>,
    why: impl Into<String>,
    advice: impl Into<String>,
    source: &'static str,
) -> Finding {
    let (what, why, advice) = (what.into(), why.into(), advice.into());
    Finding { rule, severity, line, what, why, advice, source, fix: None }
}

impl Finding {
    fn fixed_by(self, fix: Option<Fix>) -> Self {
        Self { fix, ..self }
    }
}

impl<'a> Config<'a> {
    fn value(&self, key: &str) -> &'a Value {
        self.values.get(key).map_or(&Value::Unknown, |known| &known.value)
    }

    fn is(&self, key: &str) -> bool {
        self.value(key).as_bool() == Some(true)
    }

    fn int(&self, key: &str) -> Option<i64> {
        self.value(key).as_int()
    }

    fn span(&self, key: &str) -> Option<Duration> {
        self.value(key).as_span()
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.value(key).as_text()
    }

    fn list(&self, key: &str) -> Option<&'a [String]> {
        self.value(key).as_list()
    }

    fn line(&self, key: &str) -> Option<usize> {
        self.values.get(key)?.line()
    }

    fn is_given(&self, key: &str) -> bool {
        self.values.get(key).is_some_and(|known| known.is_given())
    }

    fn topology(&self) -> Option<&'a Topology> {
        self.file.topology.as_ref()
    }

    fn ingesters(&self) -> Option<usize> {
        self.topology()?.ingesters
    }

    fn is_helm(&self) -> bool {
        self.file.flavour == Flavour::Helm
    }

    /// The ingesters' replication factor.
    fn replication_factor(&self) -> Option<usize> {
        usize::try_from(self.int("ingester.lifecycler.ring.replication_factor")?).ok()
    }

    /// A ring's store, if it is known.
    fn store(&self, ring: &RingPlace) -> Option<&'a str> {
        self.text(&ring.key("kvstore.store"))
    }

    /// The rings that are in use, as far as that is known.
    fn rings(&self) -> Vec<&'static RingPlace> {
        rings_in_use(|key| self.value(key))
    }

    /// Whether the ingesters' ring is kept by memberlist.
    fn uses_memberlist(&self) -> bool {
        self.store(&RINGS[0]) == Some("memberlist")
    }

    /// Whether this is more than one machine by all that is known: pods that join others which are not on this
    /// host.
    fn is_spread(&self) -> bool {
        let members = self.list("memberlist.join_members").unwrap_or_default();
        self.ingesters().is_none_or(|count| count > 1)
            && (self.is_helm() || members.iter().any(|member| !Member::of(member).is_loopback()))
    }

    fn editor(&self) -> Editor<'a> {
        Editor { text: self.file.text, tree: &self.file.tree }
    }

    /// Sets a key of Loki's configuration.
    fn set(&self, key: &str, value: &str) -> Option<Edit> {
        self.set_at(&self.file.place(key), value)
    }

    /// Sets what stands at a path of the text.
    fn set_at(&self, path: &str, value: &str) -> Option<Edit> {
        let path = Vec::from_iter(path.split('.'));
        self.editor().set(self.file.root, &path, value)
    }

    /// Takes a key of Loki's configuration out of the text.
    fn delete(&self, key: &str) -> Option<Edit> {
        self.editor().delete(self.file.given(key)?)
    }

    /// A fix of all these edits, if every one of them can be made.
    fn fix<const N: usize>(&self, edits: [Option<Edit>; N]) -> Option<Fix> {
        let edits = edits.into_iter().collect::<Option<Vec<_>>>()?;
        Fix::new(self.file.text, edits)
    }

    /// Shorthand for a fix that sets one key of Loki's configuration.
    fn fix_by(&self, key: &str, value: &str) -> Option<Fix> {
        self.fix([self.set(key, value)])
    }
}

/// One of `join_members`, taken apart.
struct Member<'a> {
    whole: &'a str,
    /// What stands before `+`.
    lookup: Option<&'a str>,
    host: &'a str,
    port: Option<&'a str>,
}

impl<'a> Member<'a> {
    fn of(whole: &'a str) -> Self {
        let (lookup, rest) = match whole.split_once('+') {
            Some((lookup, rest)) => (Some(lookup), rest),
            None => (None, whole),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None if rest.matches(':').count() > 1 => (rest, None),
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        Self { whole, lookup, host, port }
    }

    fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.address().is_some_and(|address| address.is_loopback())
    }
}

/// A text as YAML writes it in one line.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._+:/".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if starts && text.chars().all(is_plain) && !text.ends_with(':') {
        text.into()
    } else {
        format!("{text:?}")
    }
}

/// `1 ingester`, `3 ingesters`.
fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("{number} {word}") } else { format!("{number} {word}s") }
}
