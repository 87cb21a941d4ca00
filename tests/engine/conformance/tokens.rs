use std::collections::{BTreeMap, BTreeSet};

use ringside::go::strconv::format_3g;
use ringside::ring::{
    Desc, InstanceDesc, Ring, RingConfig, SpreadMinimizingTokenGenerator, Tokens, ownership_percent, wire,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::support::{Cases, Config, Instance, VectorFile, desc, list, rings};

#[derive(Deserialize)]
struct RingCase {
    ring: String,
    #[serde(deserialize_with = "list")]
    instances: Vec<Instance>,
}

#[test]
fn rings_prepare_and_survive_the_wire() {
    let (mut file, vectors) = VectorFile::read::<Cases<RingCase>>("rings");
    for case in &vectors.cases {
        let desc = desc(&case.instances);
        let ring = Ring::new(&desc, RingConfig::default());
        let mut expected: Vec<(u32, &str)> = case
            .instances
            .iter()
            .flat_map(|instance| instance.tokens.iter().map(|&token| (token, instance.id.as_str())))
            .collect();
        expected.sort_unstable();
        let topology = ring.topology();
        let owned = topology.tokens().iter().zip(topology.owners());
        let owned: Vec<(u32, &str)> = owned.map(|(&token, &owner)| (token, &**ring.id(owner))).collect();
        let zones: BTreeSet<&str> = case.instances.iter().map(|instance| instance.zone.as_str()).collect();
        let ours = (
            owned,
            topology.zones().iter().map(|zone| &**zone).collect::<Vec<_>>(),
            wire::encode(&desc).and_then(|bytes| wire::decode(&bytes)),
        );
        file.check(|| case.ring.clone(), &ours, &(expected, zones.into_iter().collect(), Ok(desc.clone())));
    }
    file.finish();
}

#[derive(Deserialize)]
struct OwnershipCase {
    ring: String,
    #[serde(default)]
    owned_tokens: BTreeMap<String, u64>,
    #[serde(default)]
    percent_on_ring_page: BTreeMap<String, String>,
    config_for_ranges: Config,
    #[serde(default)]
    ranges: BTreeMap<String, Vec<u32>>,
    #[serde(default)]
    range_errors: BTreeMap<String, String>,
}

#[test]
fn ownership() {
    let (mut file, vectors) = VectorFile::read::<Cases<OwnershipCase>>("ownership");
    let rings = rings();
    for case in &vectors.cases {
        let (desc, _) = &rings[&case.ring];
        let ids = desc.ingesters.keys().map(|id| id.to_string());
        let owned: BTreeMap<String, u64> = ids.zip(desc.count_tokens()).collect();
        file.check(|| format!("{} owned", case.ring), &owned, &case.owned_tokens);
        let percent = |&owned: &u64| format!("{}%", format_3g(ownership_percent(owned)));
        let percents: BTreeMap<String, String> =
            owned.iter().map(|(id, n)| (id.clone(), percent(n))).collect();
        file.check(|| format!("{} percent", case.ring), &percents, &case.percent_on_ring_page);

        let ring = Ring::new(desc, case.config_for_ranges.ring_config());
        let flat =
            |ranges: Vec<(u32, u32)>| ranges.into_iter().flat_map(|(start, end)| [start, end]).collect();
        let expected = case.ranges.iter().map(|(id, ranges)| (id, Ok(ranges.clone())));
        let expected = expected.chain(case.range_errors.iter().map(|(id, error)| (id, Err(error.clone()))));
        for (id, theirs) in expected {
            // One key names another replication factor than the case's.
            let (ring, id) = match id.split_once(" with replication_factor ") {
                None => (ring.clone(), id.as_str()),
                Some((id, factor)) => {
                    let config =
                        RingConfig { replication_factor: factor.parse().unwrap(), ..ring.config().clone() };
                    (Ring::new(desc, config), id)
                }
            };
            let ours: Result<Vec<u32>, String> =
                ring.token_ranges(id).map(flat).map_err(|error| error.to_string());
            file.check(|| format!("{} ranges of {id}", case.ring), &ours, &theirs);
        }
    }
    file.finish();
}

#[derive(Deserialize)]
struct SpreadFile {
    cases: Vec<SpreadCase>,
    can_join: Vec<CanJoin>,
}

#[derive(Deserialize)]
struct SpreadCase {
    instance: String,
    zone: String,
    #[serde(default, deserialize_with = "list")]
    zones: Vec<String>,
    requested: usize,
    taken: Option<String>,
    count: usize,
    #[serde(default, deserialize_with = "list")]
    tokens: Vec<u32>,
    #[serde(default, deserialize_with = "list")]
    first8: Vec<u32>,
    #[serde(default, deserialize_with = "list")]
    last8: Vec<u32>,
    #[serde(default)]
    sha256_le_u32: String,
    error: Option<String>,
}

#[derive(Deserialize)]
struct CanJoin {
    instance: String,
    #[serde(deserialize_with = "list")]
    present: Vec<Instance>,
    error: Option<String>,
}

#[test]
fn spread_min_tokens() {
    let (mut file, vectors) = VectorFile::read::<SpreadFile>("spread_min_tokens");
    let generator = |instance: &str, zone: &str, zones: &[String], can_join| {
        let zones: Vec<&str> = zones.iter().map(String::as_str).collect();
        SpreadMinimizingTokenGenerator::new(instance, zone, &zones, can_join)
    };
    for case in &vectors.cases {
        let zones = &case.zones;
        let label =
            || format!("{} in {} of {zones:?}, {} requested", case.instance, case.zone, case.requested);
        let ours = generator(&case.instance, &case.zone, zones, false).and_then(|generator| {
            let taken = match case.taken.as_deref() {
                None => BTreeSet::new(),
                Some(words) => {
                    let count = words.split(' ').find_map(|word| word.parse().ok());
                    let count = count.unwrap_or_else(|| panic!("taken {words}"));
                    generator.generate_tokens(count, &BTreeSet::new())?.iter().copied().collect()
                }
            };
            generator.generate_tokens(case.requested, &taken)
        });
        match (&ours, &case.error) {
            (Ok(ours), None) => {
                let bytes: Vec<u8> = ours.iter().flat_map(|token| token.to_le_bytes()).collect();
                let sum = hex::encode(Sha256::digest(bytes));
                let ends = |given: &[u32], ours: &[u32]| given.is_empty() || given == ours;
                let first = &ours[..case.first8.len().min(ours.len())];
                let last = &ours[ours.len() - case.last8.len().min(ours.len())..];
                let lists_agree =
                    ends(&case.tokens, ours) && ends(&case.first8, first) && ends(&case.last8, last);
                file.check(
                    label,
                    &(ours.len(), sum, lists_agree),
                    &(case.count, case.sha256_le_u32.clone(), true),
                );
            }
            _ => {
                let text = ours.err().map(|error| error.to_string());
                file.check(label, &text, &case.error);
            }
        }
    }
    for case in &vectors.can_join {
        let present = desc(&case.present);
        let ours = generator(&case.instance, "z", &["z".to_owned()], true)
            .and_then(|generator| generator.can_join(&present));
        file.check(
            || format!("can_join {}", case.instance),
            &ours.err().map(|error| error.to_string()),
            &case.error,
        );
    }
    file.finish();
}

#[derive(Deserialize)]
struct WireCase {
    about: String,
    #[serde(deserialize_with = "list")]
    instances: Vec<Instance>,
    proto_hex: String,
    codec_hex: String,
}

#[test]
fn wire_bytes() {
    let (mut file, vectors) = VectorFile::read::<Cases<WireCase>>("wire");
    for case in &vectors.cases {
        let desc = desc(&case.instances);
        let encoded = wire::encode(&desc).map(hex::encode);
        let ours = (hex::encode(wire::encode_proto(&desc)), encoded);
        file.check(|| case.about.clone(), &ours, &(case.proto_hex.clone(), Ok(case.codec_hex.clone())));
        let decoded = wire::decode(&hex::decode(&case.codec_hex).unwrap());
        file.check(|| format!("{} back", case.about), &decoded, &Ok(desc));
    }
    file.finish();
}

#[test]
fn wire_sizes_are_those_measured_on_real_heartbeats() {
    // A KeyValuePair around one heartbeat: 128 tokens took 739 bytes, 64 took 424 and 512 took 2636.
    // The pair adds the key, the codec's name and framing to the value.
    let sizes = [64u32, 128, 512].map(|count| {
        let tokens: Tokens = (0..count).map(|i| i * (u32::MAX / count)).collect();
        let instance = InstanceDesc {
            addr: "10.0.0.1:9095".into(),
            timestamp: 1_700_000_000,
            registered_timestamp: 1_690_000_000,
            tokens,
            ..InstanceDesc::default()
        };
        wire::encode(&Desc::from_iter([("ingester-0", instance)])).unwrap().len() as i64
    });
    assert!((sizes[1] - sizes[0] - (739 - 424)).abs() < 24, "{sizes:?}");
    assert!((sizes[2] - sizes[1] - (2636 - 739)).abs() < 64, "{sizes:?}");
}
