use ringside::ring::{LookupBuffer, ReplicationSet, Ring, RingError};
use serde::Deserialize;

use super::support::{Cases, Config, VectorFile, list, operation, rings};

#[derive(Deserialize)]
struct GetCase {
    ring: String,
    config: Config,
    gets: Vec<Get>,
}

#[derive(Deserialize)]
struct Get {
    key: u32,
    op: String,
    #[serde(default, deserialize_with = "list")]
    ids: Vec<String>,
    max_errors: Option<usize>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct SetCase {
    ring: String,
    config: Config,
    ops: Vec<SetOp>,
}

#[derive(Deserialize)]
struct SetOp {
    op: String,
    #[serde(default, deserialize_with = "list")]
    ids: Vec<String>,
    #[serde(default)]
    max_errors: usize,
    #[serde(default)]
    max_unavailable_zones: usize,
    #[serde(default)]
    zone_awareness_enabled: bool,
    error: Option<String>,
    #[serde(default, deserialize_with = "list")]
    all_healthy_ids: Vec<String>,
    all_healthy_error: Option<String>,
}

fn ids(ring: &Ring, set: &ReplicationSet<'_>) -> Vec<String> {
    set.instances.iter().map(|&instance| ring.id(instance).to_string()).collect()
}

#[test]
fn ring_get() {
    let (mut file, vectors) = VectorFile::read::<Cases<GetCase>>("ring_get");
    let rings = rings();
    let mut buffer = LookupBuffer::default();
    for case in &vectors.cases {
        let (desc, now) = &rings[&case.ring];
        let ring = Ring::new(desc, case.config.ring_config());
        for get in &case.gets {
            let ours = ring.get(get.key, operation(&get.op), ring.health_at(*now), &mut buffer);
            let ours = ours.map(|set| (ids(&ring, &set), set.max_errors, set.max_unavailable_zones));
            let theirs = match &get.error {
                Some(error) => Err(error.clone()),
                None => Ok((get.ids.clone(), get.max_errors.unwrap_or(0), 0)),
            };
            let label = || format!("{} {:?} key {} {}", case.ring, case.config, get.key, get.op);
            file.check(label, &ours.map_err(|error| error.to_string()), &theirs);
        }
    }
    file.finish();
}

#[test]
fn replication_set_for_op() {
    let (mut file, vectors) = VectorFile::read::<Cases<SetCase>>("replication_set_for_op");
    let rings = rings();
    let mut buffer = LookupBuffer::default();
    for case in &vectors.cases {
        let (desc, now) = &rings[&case.ring];
        let ring = Ring::new(desc, case.config.ring_config());
        let health = ring.health_at(*now);
        for op in &case.ops {
            let label = || format!("{} {:?} {}", case.ring, case.config, op.op);
            let text = |error: RingError| error.to_string();
            let ours = ring
                .replication_set_for_operation(operation(&op.op), health, &mut buffer)
                .map(|set| {
                    (ids(&ring, &set), set.max_errors, set.max_unavailable_zones, set.zone_awareness_enabled)
                })
                .map_err(text);
            let theirs = match &op.error {
                Some(error) => Err(error.clone()),
                None => {
                    Ok((op.ids.clone(), op.max_errors, op.max_unavailable_zones, op.zone_awareness_enabled))
                }
            };
            file.check(label, &ours, &theirs);

            let ours = ring.get_all_healthy(operation(&op.op), health, &mut buffer);
            let ours = ours.map(|set| ids(&ring, &set)).map_err(text);
            let theirs = match &op.all_healthy_error {
                Some(error) => Err(error.clone()),
                None => Ok(op.all_healthy_ids.clone()),
            };
            file.check(|| format!("{} all healthy", label()), &ours, &theirs);
        }
    }
    file.finish();
}
