use std::time::Duration;

use serde::Deserialize;

use super::Metric;

/// Samples of somebody else's clusters, by size.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// In the order of the file.
    pub cases: Vec<ReferenceCase>,
}

/// One size.
#[derive(Debug, Clone, PartialEq)]
pub struct ReferenceCase {
    /// How many nodes.
    pub nodes: usize,
    samples: [Vec<Duration>; 5],
}

/// The text has no samples to compare with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It is not the format.
    #[error("not a file of convergence samples: {0}")]
    Format(String),
    /// No cases.
    #[error("no cases: give at least one cluster size with its samples")]
    Empty,
    /// A size that is none, or would take for ever.
    #[error("case {index}: {nodes} nodes; give 2 to {MAX_NODES}")]
    Nodes {
        /// Counted from 0.
        index: usize,
        /// What was given.
        nodes: u64,
    },
    /// No samples, or one that is no time.
    #[error("case {index}: {metric} needs samples, each a time that is not negative")]
    Samples {
        /// Counted from 0.
        index: usize,
        /// Of what.
        metric: &'static str,
    },
}

/// The largest cluster that is worth the wait.
const MAX_NODES: u64 = 1000;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    nodes: u64,
    message_to_half_ms: Listed,
    message_to_all_ms: Listed,
    kill_to_first_suspect_s: Listed,
    kill_to_first_dead_s: Listed,
    kill_to_dead_everywhere_s: Listed,
}

#[derive(Deserialize)]
struct Listed {
    samples: Vec<f64>,
}

impl Reference {
    /// Reads JSON: `{"cases": [{"nodes": N, "message_to_all_ms": {"samples": [..]}, ..}]}`, where each metric's
    /// name ends with its unit. More fields may stand there.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let file: File =
            serde_json::from_str(text).map_err(|error| ReferenceError::Format(error.to_string()))?;
        if file.cases.is_empty() {
            return Err(ReferenceError::Empty);
        }
        let cases = file.cases.into_iter().enumerate().map(|(index, case)| case.checked(index));
        Ok(Self { cases: cases.collect::<Result<_, _>>()? })
    }
}

impl ReferenceCase {
    /// The samples of one metric, at least one.
    pub fn of(&self, metric: Metric) -> &[Duration] {
        &self.samples[metric as usize]
    }
}

impl Case {
    fn checked(self, index: usize) -> Result<ReferenceCase, ReferenceError> {
        if !(2..=MAX_NODES).contains(&self.nodes) {
            return Err(ReferenceError::Nodes { index, nodes: self.nodes });
        }
        let lists = [
            (self.message_to_half_ms, 1e3),
            (self.message_to_all_ms, 1e3),
            (self.kill_to_first_suspect_s, 1.0),
            (self.kill_to_first_dead_s, 1.0),
            (self.kill_to_dead_everywhere_s, 1.0),
        ];
        let mut samples = <[Vec<Duration>; 5]>::default();
        for (((list, per_second), samples), metric) in lists.into_iter().zip(&mut samples).zip(Metric::ALL) {
            let times = list.samples.iter().map(|time| Duration::try_from_secs_f64(time / per_second));
            *samples = times.collect::<Result<_, _>>().unwrap_or_default();
            if samples.is_empty() {
                return Err(ReferenceError::Samples { index, metric: metric.name() });
            }
        }
        Ok(ReferenceCase { nodes: self.nodes as usize, samples })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = r#""message_to_half_ms":{"samples":[97.5]},"message_to_all_ms":{"samples":[103.057,20]},
        "kill_to_first_suspect_s":{"samples":[8.34]},"kill_to_first_dead_s":{"samples":[28.3]},
        "kill_to_dead_everywhere_s":{"samples":[28.3],"trials":1}"#;

    fn parse(cases: &str) -> Result<Reference, String> {
        Reference::parse(&format!("{{\"cases\":[{cases}]}}")).map_err(|error| error.to_string())
    }

    #[test]
    fn samples_are_read_in_their_unit() {
        let reference = parse(&format!("{{\"nodes\":3,{METRICS}}}")).unwrap();
        let case = &reference.cases[0];
        assert_eq!(case.nodes, 3);
        assert_eq!(case.of(Metric::MessageToAll), [103_057, 20_000].map(Duration::from_micros));
        assert_eq!(case.of(Metric::KillToFirstSuspect), [Duration::from_millis(8340)]);
    }

    #[test]
    fn a_file_without_sense_is_refused_with_what_to_do() {
        assert!(parse("7").unwrap_err().starts_with("not a file of convergence samples: invalid type"));
        assert_eq!(parse("").unwrap_err(), "no cases: give at least one cluster size with its samples");
        let one = format!("{{\"nodes\":1,{METRICS}}}");
        assert_eq!(parse(&one).unwrap_err(), "case 0: 1 nodes; give 2 to 1000");
        for bad in ["[]", "[-1]", "[1e300]"] {
            let case = format!("{{\"nodes\":3,{}}}", METRICS.replace("[8.34]", bad));
            assert_eq!(
                parse(&case).unwrap_err(),
                "case 0: kill_to_first_suspect needs samples, each a time that is not negative"
            );
        }
    }
}
