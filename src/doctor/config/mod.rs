//! A Loki configuration, or values of Loki's Helm chart, examined for what concerns rings and memberlist.
//!
//! The values that Loki would run with are computed as Loki does it (loki pkg/loki/config_wrapper.go:71-212):
//! what is given for a ring wins, then `common.ring` if anything in it was touched, then `memberlist.join_members`,
//! then the ingesters' ring. Rules look at these values. Where a value is not known (a template, a flag of single
//! pods, a key of another version) the rules that need it are silent. On purpose it differs from Loki's own check:
//! a text that Loki would refuse as a whole is still examined as far as it can be read.

mod diff;
mod edit;
mod effective;
mod error;
mod file;
mod helm;
mod keys;
mod rules;
mod scenario;
mod value;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use diff::Fix;
pub use error::ConfigError;
pub use helm::{Mode, Replicas, Topology};
pub use scenario::{Simulated, scenario};
pub use value::Value;
pub use yaml::{MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_SCALAR_BYTES};

/// Which kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Loki's own configuration, also as `/config` prints it.
    Loki,
    /// Values of the chart grafana/loki.
    Helm,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// It stands in the text.
    Given {
        /// Its line, from 1.
        line: usize,
    },
    /// Loki's default, or the chart's.
    Default,
    /// Something else that was given, or the chart, makes it so.
    Derived {
        /// The key it follows from.
        from: String,
        /// That key's line, if it stands in the text.
        line: Option<usize>,
    },
}

/// What Loki runs with for one key.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveValue {
    /// The key, as a path in Loki's configuration or in the chart's values.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
    /// What is worth knowing about it; mostly nothing.
    pub note: String,
}

impl EffectiveValue {
    /// The line that decides it, if one does.
    pub fn line(&self) -> Option<usize> {
        match self.origin {
            Origin::Given { line } => Some(line),
            Origin::Derived { line, .. } => line,
            Origin::Default => None,
        }
    }

    /// Whether it stands in the text.
    pub fn is_given(&self) -> bool {
        matches!(self.origin, Origin::Given { .. })
    }
}

/// How much a finding weighs, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Look at it.
    Look,
    /// Act: it fails, or will.
    Act,
}

impl Severity {
    /// One lower-case word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Look => "look",
            Self::Act => "act",
        }
    }
}

/// One thing that is wrong, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its name, which stays.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Where, from 1; `None` where what is wrong is that nothing stands there.
    pub line: Option<usize>,
    /// What is the case.
    pub what: String,
    /// What follows from it.
    pub why: String,
    /// What to do.
    pub advice: String,
    /// Where to read more: a link, or a place in a public source.
    pub source: &'static str,
    /// The change of the text that mends it, where one can be made.
    pub fix: Option<Fix>,
}

/// A text, examined.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// What it was taken for.
    pub flavour: Flavour,
    /// What was found, heaviest first, then by line.
    pub findings: Vec<Finding>,
    /// The values of all keys that matter, in a fixed order.
    pub effective: Vec<EffectiveValue>,
    /// What the values deploy; only the chart's values say.
    pub topology: Option<Topology>,
}

impl Examined {
    /// The value of a key, by its path in Loki's configuration or, for the chart's own keys, in its values.
    pub fn get(&self, key: &str) -> Option<&EffectiveValue> {
        self.effective.iter().find(|value| value.key == key)
    }

    /// The heaviest severity that was found.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

/// Examines a text that somebody pasted.
pub fn examine(text: &str) -> Result<Examined, ConfigError> {
    let file = file::File::read(text)?;
    let (values, mistakes) = effective::values(&file);
    let config = rules::Config {
        values: values.iter().map(|value| (value.key.as_str(), value)).collect::<BTreeMap<_, _>>(),
        file: &file,
        mistakes,
    };
    let findings = rules::find(&config);
    Ok(Examined { flavour: file.flavour, findings, effective: values, topology: file.topology })
}
