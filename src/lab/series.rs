use std::time::Duration;

use serde_json::Value;

use crate::snapshot::MessageKind;
use crate::time::Instant;

/// What charts show: samples at even instants of virtual time.
#[derive(Debug, Clone)]
pub struct Series {
    samples: Vec<Sample>,
    spacing: Duration,
}

/// A run at one instant, in numbers. Counts are since the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// When, in nanoseconds from the beginning.
    pub at_nanos: u64,
    /// Processes whose ring shows what is the case.
    pub agreeing: u32,
    /// Processes with a ring.
    pub observers: u32,
    /// Messages sent, by kind as in [`crate::snapshot::MessageKind::ALL`].
    pub messages: [u64; 6],
    /// Bytes sent, likewise.
    pub bytes: [u64; 6],
    /// Pushes that succeeded.
    pub pushes_ok: u64,
    /// Pushes that failed.
    pub pushes_failed: u64,
    /// Queries that succeeded.
    pub queries_ok: u64,
    /// Queries that failed.
    pub queries_failed: u64,
    /// The smallest share of the ring that an instance owns, in percent of what it would own if all were alike.
    pub least_owned: f64,
    /// The largest one.
    pub most_owned: f64,
}

/// More samples than these are thinned out to every other one.
const MOST: usize = 4_096;

impl Series {
    /// Nothing yet; a sample each second.
    pub fn new() -> Self {
        Self { samples: Vec::new(), spacing: Duration::from_secs(1) }
    }

    /// When the next sample is due.
    pub fn next_at(&self) -> Instant {
        self.samples.last().map_or(Instant::START, |last| Instant::from_nanos(last.at_nanos) + self.spacing)
    }

    /// Takes a sample.
    pub fn push(&mut self, sample: Sample) {
        self.samples.push(sample);
        if self.samples.len() > MOST {
            let mut place = 0;
            self.samples.retain(|_| {
                place += 1;
                place % 2 == 1
            });
            self.spacing *= 2;
        }
    }

    /// All samples, oldest first.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The time between two samples.
    pub fn spacing(&self) -> Duration {
        self.spacing
    }

    /// What comes after an instant is not known any more.
    pub fn truncate(&mut self, after: Instant) {
        self.samples.retain(|sample| sample.at_nanos <= after.nanos());
    }

    /// All samples as comma-separated values with a head line.
    pub fn to_csv(&self) -> String {
        let names = Vec::from_iter(Sample::default().fields().into_iter().map(|(name, _)| name));
        let mut out = names.join(",");
        for sample in &self.samples {
            let values = Vec::from_iter(sample.fields().into_iter().map(|(_, value)| value.to_string()));
            out.push('\n');
            out.push_str(&values.join(","));
        }
        out.push('\n');
        out
    }

    /// All samples as a JSON list of objects, whose names are those of the columns.
    pub fn to_json(&self) -> String {
        let object = |sample: &Sample| Value::Object(sample.fields().into_iter().collect());
        Value::Array(self.samples.iter().map(object).collect()).to_string()
    }
}

impl Sample {
    /// Everything with its name, as it is exported.
    fn fields(&self) -> Vec<(String, Value)> {
        let mut fields: Vec<(String, Value)> = vec![
            ("seconds".into(), (self.at_nanos as f64 / 1e9).into()),
            ("agreeing".into(), self.agreeing.into()),
            ("observers".into(), self.observers.into()),
        ];
        for (what, counts) in [("messages", &self.messages), ("bytes", &self.bytes)] {
            fields.extend(MessageKind::ALL.iter().zip(counts).map(|(kind, &count)| {
                (format!("{what}_{}", kind.name().replace([' ', '/'], "_")), count.into())
            }));
        }
        let counts = [
            ("pushes_ok", self.pushes_ok),
            ("pushes_failed", self.pushes_failed),
            ("queries_ok", self.queries_ok),
            ("queries_failed", self.queries_failed),
        ];
        fields.extend(counts.map(|(name, count)| (name.to_owned(), count.into())));
        let shares = [("least_owned_percent", self.least_owned), ("most_owned_percent", self.most_owned)];
        fields
            .extend(shares.map(|(name, share)| (name.to_owned(), ((share * 100.0).round() / 100.0).into())));
        fields
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: u64) -> Sample {
        Sample { at_nanos: seconds * 1_000_000_000, ..Sample::default() }
    }

    #[test]
    fn a_long_run_is_sampled_more_rarely_and_never_without_bound() {
        let mut series = Series::new();
        for _ in 0..20_000 {
            series.push(Sample { at_nanos: series.next_at().nanos(), ..Sample::default() });
        }
        assert!(series.samples().len() <= MOST);
        assert!(series.samples().windows(2).all(|pair| pair[0].at_nanos < pair[1].at_nanos));
        assert!(series.spacing() > Duration::from_secs(1));
    }

    #[test]
    fn another_future_begins_where_the_old_one_is_cut_off() {
        let mut series = Series::new();
        (0..10).for_each(|seconds| series.push(sample(seconds)));
        series.truncate(Instant::from_nanos(4_500_000_000));
        assert_eq!((series.samples().len(), series.next_at().nanos()), (5, 5_000_000_000));
    }

    #[test]
    fn the_csv_has_a_column_for_each_head() {
        let mut series = Series::new();
        series.push(sample(3));
        let csv = series.to_csv();
        let columns = Vec::from_iter(csv.lines().map(|line| line.split(',').count()));
        assert_eq!(columns, [21, 21], "{csv}");
        assert!(csv.lines().nth(1).unwrap().starts_with("3.0,0,0,"), "{csv}");
    }

    #[test]
    fn the_json_has_an_object_for_each_sample() {
        let mut series = Series::new();
        series.push(sample(3));
        series.push(Sample { bytes: [0, 0, 0, 0, 0, 77], most_owned: 104.567, ..sample(4) });
        let json: Value = serde_json::from_str(&series.to_json()).unwrap();
        assert_eq!((json[0]["seconds"].as_f64(), json[1]["bytes_push_pull"].as_u64()), (Some(3.0), Some(77)));
        assert_eq!(json[1]["most_owned_percent"].as_f64(), Some(104.57));
    }
}
