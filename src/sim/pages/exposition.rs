//! The text format of Prometheus, version 0.0.4, as its Go client writes it: metrics by name, samples by labels.

use std::collections::BTreeMap;
use std::fmt;

/// How the format calls itself.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/// Metrics with their samples.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    families: BTreeMap<String, Family>,
}

#[derive(Debug)]
struct Family {
    help: &'static str,
    kind: Kind,
    samples: BTreeMap<Labels, f64>,
}

/// What kind a metric is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
}

/// Names and values, by name.
type Labels = Vec<(&'static str, String)>;

impl Exposition {
    /// Adds one sample; `labels` stand in the order of their names.
    pub(super) fn add(
        &mut self,
        kind: Kind,
        name: impl Into<String>,
        help: &'static str,
        labels: &[(&'static str, &str)],
        value: f64,
    ) {
        let family = || Family { help, kind, samples: BTreeMap::new() };
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.families.entry(name.into()).or_insert_with(family).samples.insert(labels, value);
    }
}

impl fmt::Display for Exposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, family) in &self.families {
            let kind = match family.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
            };
            writeln!(f, "# HELP {name} {}\n# TYPE {name} {kind}", family.help)?;
            for (labels, value) in &family.samples {
                f.write_str(name)?;
                for (place, (label, text)) in labels.iter().enumerate() {
                    let before = if place == 0 { '{' } else { ',' };
                    write!(f, "{before}{label}=\"{}\"", escape(text))?;
                }
                writeln!(f, "{} {}", if labels.is_empty() { "" } else { "}" }, number(*value))?;
            }
        }
        Ok(())
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 64)` of a finite number.
fn number(value: f64) -> String {
    const PLAIN_EXPONENTS: std::ops::Range<i32> = -4..6;

    // Rust's digits are the fewest that tell the number, as Go's are.
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if PLAIN_EXPONENTS.contains(&exponent) {
        return value.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_go_does() {
        let cases = [
            (0.0, "0"),
            (3.0, "3"),
            (999_999.0, "999999"),
            (1_000_000.0, "1e+06"),
            (1_795_342_292.0, "1.795342292e+09"),
            (0.000_123_134, "0.000123134"),
            (1.000_701_849_000_000_1, "1.0007018490000001"),
            (6.619e-6, "6.619e-06"),
            (-62_135_596_800.0, "-6.21355968e+10"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn metrics_stand_by_name_and_samples_by_label() {
        let mut exposition = Exposition::default();
        exposition.add(Kind::Counter, "b_total", "Bees.", &[], 2.0);
        exposition.add(Kind::Gauge, "a", "Ays.", &[("key", "z\"\\\n"), ("state", "x")], 1.0);
        exposition.add(Kind::Gauge, "a", "Ays.", &[("key", "b"), ("state", "y")], 0.0);
        let text = "# HELP a Ays.\n# TYPE a gauge\na{key=\"b\",state=\"y\"} 0\n\
                    a{key=\"z\\\"\\\\\\n\",state=\"x\"} 1\n# HELP b_total Bees.\n# TYPE b_total counter\nb_total 2\n";
        assert_eq!(exposition.to_string(), text);
    }
}
