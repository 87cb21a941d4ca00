//! From a pushed stream to the keys it is placed by.
//!
//! Models loki pkg/util/ring/ring.go, pkg/loghttp/push/push.go:493-526 (`service_name`) and
//! pkg/distributor (distributor.go:1348-1447,1682-1718, shard_tracker.go, ratestore.go:139-211).
//! Differs: without time sharding, which is off by default; entries are counted and not carried.

use std::collections::BTreeMap;

use super::labels::Labels;

/// `shard_streams.desired_rate` by default: 1536KB, in bytes a second.
pub const DEFAULT_DESIRED_RATE: u64 = 1536 * 1024;

/// `discover_service_name` by default: the labels whose value may become the `service_name`, best first.
pub const SERVICE_NAME_LABELS: [&str; 13] = [
    "service",
    "app",
    "application",
    "app_name",
    "name",
    "app_kubernetes_io_name",
    "container",
    "container_name",
    "k8s_container_name",
    "component",
    "workload",
    "job",
    "k8s_job_name",
];

const SERVICE_NAME: &str = "service_name";
const SERVICE_UNKNOWN: &[u8] = b"unknown_service";
/// Streams with one of these are Loki's own: aggregated metrics and patterns.
const INTERNAL_STREAM_LABELS: [&str; 2] = ["__aggregated_metric__", "__pattern__"];

const SHARD_LABEL: &str = "__stream_shard__";
const SHARD_PLACEHOLDER: &str = "__placeholder__";
/// Streams of one tenant share a shard counter when their hashes agree in these bits.
const SHARD_TRACKER_STRIPES: u64 = 1 << 10;

/// The ring key of a stream: 32-bit FNV-1 over the tenant and then, with nothing between, its label string.
///
/// The string must be the canonical one ([`Labels`]' `to_string`).
pub fn token_for(tenant: impl AsRef<[u8]>, labels: impl AsRef<[u8]>) -> u32 {
    const OFFSET_BASIS: u32 = 2_166_136_261;
    const PRIME: u32 = 16_777_619;

    let bytes = tenant.as_ref().iter().chain(labels.as_ref());
    bytes.fold(OFFSET_BASIS, |hash, &byte| hash.wrapping_mul(PRIME) ^ u32::from(byte))
}

/// The labels as Loki's push API leaves them: with a `service_name`, unless the stream has one or is internal.
pub fn with_service_name(labels: &Labels) -> Labels {
    let is_internal = INTERNAL_STREAM_LABELS.iter().any(|name| labels.get(name).is_some());
    if is_internal || labels.get(SERVICE_NAME).is_some() {
        return labels.clone();
    }
    let discovered =
        SERVICE_NAME_LABELS.iter().filter_map(|name| labels.get(name)).find(|value| !value.is_empty());
    labels.with(SERVICE_NAME, discovered.unwrap_or(SERVICE_UNKNOWN))
}

/// One stream as the distributor sends it, or one of the streams it was sharded into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedStream {
    /// Its canonical label string.
    pub labels: String,
    /// `StableHash` of these labels.
    pub hash: u64,
    /// Its ring key.
    pub hash_key: u32,
    /// `StableHash` of the labels before sharding: what rates are stored by.
    pub hash_key_no_shard: u64,
    /// How many of the push's entries it takes.
    pub entries: usize,
}

impl KeyedStream {
    /// The whole stream, unsharded.
    pub fn new(tenant: &str, labels: &Labels, entries: usize) -> Self {
        let hash = labels.stable_hash();
        let labels = labels.to_string();
        Self { hash_key: token_for(tenant, &labels), labels, hash, hash_key_no_shard: hash, entries }
    }
}

/// Divides a stream of `entries` entries into up to `shards` streams (see [`StreamRate::shard_count`]): never
/// more than there are entries, which are dealt round robin.
///
/// Each has the label `__stream_shard__` more, its own key, and so its own replicas.
pub fn shard_stream(
    tenant: &str,
    labels: &Labels,
    shards: u64,
    entries: usize,
    tracker: &mut ShardTracker,
) -> Vec<KeyedStream> {
    if shards <= 1 {
        return vec![KeyedStream::new(tenant, labels, entries)];
    }
    let hash_key_no_shard = labels.stable_hash();
    let template = labels.with(SHARD_LABEL, SHARD_PLACEHOLDER.as_bytes()).to_string();
    let count = usize::try_from(shards).unwrap_or(usize::MAX).min(entries);
    let start = tracker.take(tenant, hash_key_no_shard, count as u64);
    (0..count)
        .map(|i| {
            let shard = (start.wrapping_add(i as u64) % shards).to_string();
            let hash = labels.with(SHARD_LABEL, shard.as_bytes()).stable_hash();
            // The first placeholder, even where it is another label's value: so does Loki.
            let labels = template.replacen(SHARD_PLACEHOLDER, &shard, 1);
            let entries = entries / count + usize::from(i < entries % count);
            KeyedStream { hash_key: token_for(tenant, &labels), labels, hash, hash_key_no_shard, entries }
        })
        .collect()
}

/// Which shard number comes next for a stream, so that small pushes too reach all shards in turn.
#[derive(Debug, Clone, Default)]
pub struct ShardTracker {
    next: BTreeMap<(u64, Box<str>), u64>,
}

impl ShardTracker {
    /// The next shard number, not reduced by how many there are; the one after moves on by `count`.
    fn take(&mut self, tenant: &str, stream_hash: u64, count: u64) -> u64 {
        let next = self.next.entry((stream_hash % SHARD_TRACKER_STRIPES, tenant.into())).or_default();
        let start = *next;
        *next = start.wrapping_add(count);
        start
    }
}

/// What a distributor's rate store knows of a stream, summed over its shards; of an unknown one, nothing but
/// zeros.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StreamRate {
    /// Bytes a second.
    pub rate: u64,
    /// Pushes a second.
    pub pushes: f64,
}

impl StreamRate {
    /// What the rate store keeps of this report: 0.4 of it and 0.6 of what it knew, if it knew the stream.
    /// Where no ingester reports the stream any more, the report is zeros.
    #[must_use]
    pub fn smoothed(self, last: Option<Self>) -> Self {
        let average = |next: f64, last: f64| 0.4 * next + 0.6 * last;
        match last {
            None => self,
            Some(last) => Self {
                rate: average(self.rate as f64, last.rate as f64) as u64,
                pushes: average(self.pushes, last.pushes),
            },
        }
    }

    /// How many shards a push of `push_size` bytes should go to, so that each stays below `desired_rate`
    /// bytes a second. Not less than 1: also for a stream unknown, or no rate desired.
    pub fn shard_count(self, push_size: u64, desired_rate: u64) -> u64 {
        if self.pushes == 0.0 || desired_rate == 0 {
            return 1;
        }
        let amortized = (push_size as f64 * self.pushes.min(1.0)) as u64;
        self.rate.saturating_add(amortized).div_ceil(desired_rate).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        Labels::parse(text).unwrap()
    }

    #[test]
    fn keys_are_fnv_1_without_a_separator() {
        assert_eq!(token_for("", ""), 2_166_136_261);
        assert_eq!(token_for("userID", "labels"), 2_908_432_762);
        assert_eq!(token_for("user", "IDlabels"), 2_908_432_762);
        assert_eq!(token_for(b"fake", r#"{app="nginx", env="prod"}"#), 3_643_267_475);
    }

    #[test]
    fn the_service_name_is_the_first_label_of_the_list_that_has_a_value() {
        for (pushed, stored) in [
            (r#"{job="j", app="a"}"#, r#"{app="a", job="j", service_name="a"}"#),
            (r#"{env="prod"}"#, r#"{env="prod", service_name="unknown_service"}"#),
            (r#"{service="", job="j"}"#, r#"{job="j", service_name="j"}"#),
            (r#"{service_name="s", app="a"}"#, r#"{app="a", service_name="s"}"#),
            (r#"{service_name="", app="a"}"#, r#"{app="a", service_name="a"}"#),
            (r#"{__pattern__="p", app="a"}"#, r#"{__pattern__="p", app="a"}"#),
            (r#"{__aggregated_metric__="m"}"#, r#"{__aggregated_metric__="m"}"#),
            ("{}", r#"{service_name="unknown_service"}"#),
        ] {
            assert_eq!(with_service_name(&labels(pushed)).to_string(), stored);
        }
    }

    #[test]
    fn shards_have_their_own_strings_keys_and_share_of_the_entries() {
        let stream = labels(r#"{app="nginx", env="prod"}"#);
        let shards = shard_stream("fake", &stream, 2, 5, &mut ShardTracker::default());
        assert_eq!(shards[0].labels, r#"{__stream_shard__="0", app="nginx", env="prod"}"#);
        assert_eq!(
            shards.iter().map(|shard| shard.hash_key).collect::<Vec<_>>(),
            [2_945_098_301, 1_094_542_294]
        );
        assert_eq!(shards.iter().map(|shard| shard.entries).collect::<Vec<_>>(), [3, 2]);
        for shard in &shards {
            assert_eq!(shard.hash, labels(&shard.labels).stable_hash());
            assert_eq!(shard.hash_key_no_shard, 1_107_709_313_790_682_850);
        }
    }

    #[test]
    fn a_stream_that_needs_one_shard_keeps_its_labels() {
        let stream = labels(r#"{app="a"}"#);
        let mut tracker = ShardTracker::default();
        for shards in [0, 1] {
            let streams = shard_stream("fake", &stream, shards, 7, &mut tracker);
            assert_eq!(streams, [KeyedStream::new("fake", &stream, 7)]);
            assert_eq!((streams[0].hash_key, streams[0].entries), (3_175_417_015, 7));
        }
        assert!(tracker.next.is_empty());
    }

    #[test]
    fn small_pushes_take_the_shards_in_turn_for_each_tenant() {
        let stream = labels(r#"{app="a"}"#);
        let mut tracker = ShardTracker::default();
        let mut push = |tenant: &str, shards, entries| {
            let streams = shard_stream(tenant, &stream, shards, entries, &mut tracker);
            let number = |stream: &KeyedStream| stream.labels[19..20].to_owned();
            streams.iter().map(number).collect::<String>()
        };
        assert_eq!(push("fake", 4, 3), "012");
        assert_eq!(push("fake", 4, 3), "301");
        assert_eq!(push("fake", 5, 9), "12340");
        assert_eq!(push("fake", 4, 1), "3");
        assert_eq!(push("other", 4, 1), "0");
        assert_eq!(push("fake", 4, 0), "");
    }

    #[test]
    fn streams_whose_hashes_end_alike_share_a_shard_counter() {
        let mut tracker = ShardTracker::default();
        assert_eq!(tracker.take("fake", 5, 2), 0);
        assert_eq!(tracker.take("fake", 5 + 1024, 2), 2);
        assert_eq!(tracker.take("fake", 6, 2), 0);
    }

    #[test]
    fn the_shard_number_lands_in_the_first_placeholder_of_the_string() {
        let stream = labels(r#"{A="__placeholder__"}"#);
        let shards = shard_stream("fake", &stream, 2, 1, &mut ShardTracker::default());
        assert_eq!(shards[0].labels, r#"{A="0", __stream_shard__="__placeholder__"}"#);
        assert_eq!(shards[0].hash, stream.with(SHARD_LABEL, b"0").stable_hash());
    }

    #[test]
    fn shards_are_as_many_as_keep_each_below_the_desired_rate() {
        let known = |rate| StreamRate { rate, pushes: 3.0 };
        assert_eq!(known(100).shard_count(0, 100), 1);
        assert_eq!(known(100).shard_count(1, 100), 2);
        assert_eq!(known(299).shard_count(1, 100), 3);
        assert_eq!(known(0).shard_count(0, 100), 1);
        assert_eq!(known(1000).shard_count(1000, 0), 1);
        assert_eq!(StreamRate::default().shard_count(1_000_000, 100), 1);
        // Less than a push a second counts by its share, rounded down.
        assert_eq!(StreamRate { rate: 99, pushes: 0.4 }.shard_count(4, 100), 1);
        assert_eq!(StreamRate { rate: 99, pushes: 0.4 }.shard_count(5, 100), 2);
        assert_eq!(known(3 * DEFAULT_DESIRED_RATE).shard_count(1, DEFAULT_DESIRED_RATE), 4);
    }

    #[test]
    fn a_rate_follows_its_reports_by_four_tenths() {
        let report = StreamRate { rate: 1000, pushes: 2.0 };
        let first = report.smoothed(None);
        assert_eq!(first, report);
        let at_rest = StreamRate::default().smoothed(Some(first));
        assert_eq!(at_rest, StreamRate { rate: 600, pushes: 1.2 });
        assert_eq!(StreamRate { rate: 1, pushes: 2.0 }.smoothed(Some(at_rest)).rate, 360);
    }
}
