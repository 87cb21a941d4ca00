use ringside::ring::{Desc, Tombstones};
use ringside::time::WallTime;
use serde::Deserialize;

use super::support::{Instance, VectorFile, desc, list};

#[derive(Deserialize)]
struct MergeFile {
    cases: Vec<MergeCase>,
    tombstones: Vec<TombstoneCase>,
    sequences: Vec<Sequence>,
}

#[derive(Deserialize)]
struct MergeCase {
    name: String,
    #[serde(deserialize_with = "list")]
    this: Vec<Instance>,
    #[serde(deserialize_with = "list")]
    other: Vec<Instance>,
    local_cas: bool,
    now: i64,
    #[serde(deserialize_with = "list")]
    result: Vec<Instance>,
    change: Option<Vec<Instance>>,
}

#[derive(Deserialize)]
struct TombstoneCase {
    #[serde(deserialize_with = "list")]
    this: Vec<Instance>,
    limit: i64,
    #[serde(default)]
    limit_is_zero_time: bool,
    total: usize,
    removed: usize,
    #[serde(deserialize_with = "list")]
    result: Vec<Instance>,
}

#[derive(Deserialize)]
struct Sequence {
    name: String,
    #[serde(deserialize_with = "list")]
    start: Vec<Instance>,
    updates: Vec<Vec<Instance>>,
    replicas: Vec<Replica>,
    all_equal: bool,
    after_full_sync: Vec<Vec<Instance>>,
}

#[derive(Deserialize)]
struct Replica {
    #[serde(deserialize_with = "list")]
    order: Vec<usize>,
    changes: Vec<Option<Vec<Instance>>>,
    #[serde(rename = "final")]
    #[serde(deserialize_with = "list")]
    last: Vec<Instance>,
}

const NOW: WallTime = WallTime::from_unix_secs(1_000_000);

#[test]
fn merge() {
    let (mut file, vectors) = VectorFile::read::<MergeFile>("merge");
    for case in &vectors.cases {
        let mut ours = desc(&case.this);
        let change = ours.merge(desc(&case.other), case.local_cas, WallTime::from_unix_secs(case.now));
        let theirs = (desc(&case.result), case.change.as_deref().map(desc));
        file.check(|| case.name.clone(), &(ours, change), &theirs);
    }
    for case in &vectors.tombstones {
        let mut ours = desc(&case.this);
        let limit = (!case.limit_is_zero_time).then(|| WallTime::from_unix_secs(case.limit));
        let count = ours.remove_tombstones(limit);
        let theirs = (Tombstones { total: case.total, removed: case.removed }, desc(&case.result));
        file.check(|| format!("tombstones before {}", case.limit), &(count, ours), &theirs);
    }
    for sequence in &vectors.sequences {
        let replicas: Vec<Desc> =
            sequence.replicas.iter().map(|replica| replay(&mut file, sequence, replica)).collect();
        let synced = sync_all(replicas);
        let equal = synced.windows(2).all(|pair| pair[0] == pair[1]);
        let ours = if equal { synced[..1].to_vec() } else { synced };
        let theirs: Vec<Desc> = sequence.after_full_sync.iter().map(|instances| desc(instances)).collect();
        file.check(|| format!("{} synced", sequence.name), &(equal, ours), &(sequence.all_equal, theirs));
    }
    file.finish();
}

fn replay(file: &mut VectorFile, sequence: &Sequence, replica: &Replica) -> Desc {
    let mut ours = desc(&sequence.start);
    let changes: Vec<Option<Desc>> =
        replica.order.iter().map(|&update| ours.merge(desc(&sequence.updates[update]), false, NOW)).collect();
    let theirs: Vec<Option<Desc>> =
        replica.changes.iter().map(|change| change.as_deref().map(desc)).collect();
    let label = || format!("{} in order {:?}", sequence.name, replica.order);
    file.check(label, &(changes, &ours), &(theirs, &desc(&replica.last)));
    ours
}

/// Everybody merges everybody's full state, twice over.
fn sync_all(mut replicas: Vec<Desc>) -> Vec<Desc> {
    for _ in 0..2 {
        for i in 0..replicas.len() {
            for j in (0..replicas.len()).filter(|&j| j != i) {
                let other = replicas[j].clone();
                replicas[i].merge(other, false, NOW);
            }
        }
    }
    replicas
}
