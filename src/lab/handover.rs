//! From a ring that was seen to a cluster in the laboratory: the same names, zones and tokens, and the
//! same state some minutes after the start.
//!
//! A ring page tells nothing of what surrounds its instances. So every instance becomes a process of its
//! own with a tokens file, everything else has Loki's defaults, and what was UNHEALTHY is killed, what
//! was LEAVING is stopped, once all have joined.

use std::collections::BTreeMap;

use crate::live::ShownState;
use crate::ring::{InstanceState, ReplicationStrategy, Ring};
use crate::sim::{Command, Group, Options, Scenario, Span, Target, TimedCommand};
use crate::time::{Instant, WallTime};

/// When those that were not well are stopped.
const STOPPED_AT: Span = Span::secs(60);
/// From when on everything is as it was seen.
const AS_SEEN: Span = Span::secs(140);
/// More instances than this are too slow to be played with.
pub const MOST_INSTANCES: usize = 1_000;

/// A ring that cannot be handed over. Nothing was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoverError {
    /// Nobody is in it.
    #[error("the ring is empty: there is no cluster to build")]
    Empty,
    /// Too many.
    #[error("the ring has {0} instances; the laboratory follows {MOST_INSTANCES} at most")]
    TooMany(usize),
    /// It is none of ingesters.
    #[error("this ring is not the ingesters\u{2019}: the laboratory builds clusters around theirs")]
    NotIngesters,
}

/// A scenario, with the instant at which it shows what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The cluster.
    pub scenario: Scenario,
    /// When to look.
    pub at: Instant,
}

/// Builds the cluster of `ring`, seen at `now`.
pub fn hand_over(ring: &Ring, now: WallTime) -> Result<Handover, HandoverError> {
    let count = ring.instances().len();
    match () {
        () if count == 0 => return Err(HandoverError::Empty),
        () if count > MOST_INSTANCES => return Err(HandoverError::TooMany(count)),
        () if ring.config().strategy != ReplicationStrategy::Default => {
            return Err(HandoverError::NotIngesters);
        }
        () => {}
    }
    let health = ring.health_at(now);
    let mut options = Options {
        groups: groups(ring),
        replication_factor: ring.config().replication_factor,
        zone_awareness_enabled: ring.config().zone_awareness_enabled,
        tokens_files: tokens_files(ring),
        ..Options::default()
    };
    options.lifecycler.persist_tokens = true;
    options.lifecycler.heartbeat_timeout = Span(ring.config().heartbeat_timeout);
    let most_tokens = ring.instances().iter().map(|(_, instance)| instance.tokens.len()).max().unwrap_or(0);
    options.lifecycler.num_tokens = most_tokens.clamp(1, 4096);
    // Pods that were killed stay away, as they did.
    options.deployment.restart_backoff = Span::ZERO;

    let mut steps = Vec::new();
    for (id, instance) in ring.instances() {
        let pod = id.to_string();
        let (command, note) = match ShownState::of(instance, health) {
            ShownState::Unhealthy => (Command::Kill { pod, dark: false }, "it was UNHEALTHY"),
            ShownState::Stated(InstanceState::Leaving) => {
                // Whoever unregisters is seen as LEAVING for an instant only.
                options.lifecycler.unregister_on_shutdown = false;
                (Command::Terminate { pod }, "it was LEAVING")
            }
            ShownState::Stated(_) => continue,
        };
        steps.push(TimedCommand { at: STOPPED_AT, command, note: note.to_owned() });
    }
    let at = match steps.is_empty() {
        true => STOPPED_AT,
        false => Span(AS_SEEN.0.max(STOPPED_AT.0 + ring.config().heartbeat_timeout + Span::secs(20).0)),
    };
    let scenario = Scenario {
        name: "observed".to_owned(),
        title: format!("As it was seen at {}", now.to_rfc3339()),
        about: format!(
            "A cluster with the {count} instances of a ring that was observed: the same names, zones and tokens. \
             Everything that a ring page does not tell has Loki's defaults."
        ),
        seed: 1,
        until: Span(at.0 + Span::secs(600).0),
        options,
        steps,
        watch: Vec::new(),
        expect: Vec::new(),
    };
    Ok(Handover { scenario, at: Instant::START + at.0 })
}

/// A group for each zone. Ingesters alone take no pushes and queries, so that they get company.
fn groups(ring: &Ring) -> Vec<Group> {
    let target = target_of(ring);
    let mut zones: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (id, instance) in ring.instances() {
        zones.entry(&instance.zone).or_default().push(id.to_string());
    }
    let group = |(zone, names): (&str, Vec<String>)| Group {
        name: if zone.is_empty() { "observed".to_owned() } else { format!("observed-{zone}") },
        count: names.len(),
        names,
        target,
        zones: if zone.is_empty() { Vec::new() } else { vec![zone.to_owned()] },
        ..Group::default()
    };
    let mut groups = Vec::from_iter(zones.into_iter().map(group));
    let company: &[(&str, Target)] = match target {
        Target::Ingester => &[("distributor", Target::Distributor), ("querier", Target::Querier)],
        Target::Write => &[("read", Target::Read)],
        _ => &[],
    };
    let single = |&(name, target): &(&str, Target)| Group {
        name: format!("observed-{name}"),
        names: vec![format!("{name}-x")],
        count: 1,
        target,
        ..Group::default()
    };
    groups.extend(company.iter().map(single));
    groups
}

/// What the instances' names say that their processes are.
fn target_of(ring: &Ring) -> Target {
    let all = |word: &str| ring.instances().iter().all(|(id, _)| id.contains(word));
    match () {
        () if all("ingester") => Target::Ingester,
        () if all("write") => Target::Write,
        () => Target::All,
    }
}

fn tokens_files(ring: &Ring) -> BTreeMap<String, Vec<u32>> {
    let files = ring.instances().iter().filter(|(_, instance)| !instance.tokens.is_empty());
    files.map(|(id, instance)| (id.to_string(), instance.tokens.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Laboratory, look_at_ring};
    use crate::live::judge::judge;
    use crate::live::ring_page;
    use crate::ring::RingConfig;

    fn seen(entries: &[(&str, &str, &str)]) -> (Ring, WallTime) {
        let shard = |(place, (id, state, zone)): (usize, &(&str, &str, &str))| {
            let heartbeat = if *state == "UNHEALTHY" { 10 } else { 1000 };
            let tokens = (0..16).map(|token| token * 250_000_000 + place as u32 * 7_000_001 + 3);
            format!(
                r#"{{"id":"{id}","state":"{state}","zone":"{zone}","timestamp":{heartbeat},"tokens":{:?}}}"#,
                Vec::from_iter(tokens)
            )
        };
        let shards = entries.iter().enumerate().map(shard).collect::<Vec<_>>().join(",");
        let page = ring_page::parse(&format!(r#"{{"shards":[{shards}],"now":1000}}"#)).unwrap();
        let config = RingConfig { zone_awareness_enabled: !entries[0].2.is_empty(), ..RingConfig::default() };
        (Ring::new(&page.desc, config), WallTime::from_unix_secs(1000))
    }

    /// Names, zones, tokens and states of the ring that the laboratory has come to.
    fn facts(ring: &Ring, now: WallTime) -> Vec<String> {
        let states = judge(ring, now).instances;
        let fact =
            |((id, instance), report): (
                &(std::sync::Arc<str>, crate::ring::InstanceDesc),
                &crate::live::judge::InstanceReport,
            )| { format!("{id} {} {} {:?}", instance.zone, report.shown_state, instance.tokens) };
        ring.instances().iter().zip(&states).map(fact).collect()
    }

    fn rebuilt(ring: &Ring, now: WallTime) -> Vec<String> {
        let handed = hand_over(ring, now).unwrap();
        let mut lab = Laboratory::new(handed.scenario).unwrap();
        lab.seek(handed.at);
        while lab.is_busy() {
            lab.frame(std::time::Duration::from_millis(16), || true);
        }
        let simulation = lab.simulation();
        let observer = simulation.pods.iter().find(|pod| pod.process.is_some()).unwrap().index;
        let mut seen = None;
        let wall = look_at_ring(simulation, Some(observer), &mut seen);
        facts(&seen.unwrap(), wall)
    }

    #[test]
    fn a_healthy_ring_comes_up_with_its_names_and_tokens() {
        let (ring, now) =
            seen(&[("loki-1", "ACTIVE", ""), ("loki-7", "ACTIVE", ""), ("odd name", "ACTIVE", "")]);
        assert_eq!(rebuilt(&ring, now), facts(&ring, now));
    }

    #[test]
    fn zones_stay_and_those_that_were_not_well_are_not_well_again() {
        let (ring, now) = seen(&[
            ("ingester-0", "ACTIVE", "a"),
            ("ingester-1", "UNHEALTHY", "b"),
            ("ingester-2", "ACTIVE", "c"),
            ("ingester-3", "LEAVING", "a"),
            ("ingester-4", "ACTIVE", "b"),
        ]);
        let (rebuilt, seen) = (rebuilt(&ring, now), facts(&ring, now));
        // A LEAVING entry that nobody renews is UNHEALTHY by then, as it would be in the real ring.
        let expected = Vec::from_iter(seen.iter().map(|fact| fact.replace("LEAVING", "UNHEALTHY")));
        assert_eq!(rebuilt, expected);
    }

    #[test]
    fn what_is_no_cluster_is_refused() {
        let empty = Ring::new(&crate::ring::Desc::default(), RingConfig::default());
        assert_eq!(hand_over(&empty, WallTime::from_unix_secs(0)), Err(HandoverError::Empty));
        let (ring, now) = seen(&[("a", "ACTIVE", "")]);
        let config = RingConfig { strategy: ReplicationStrategy::IgnoreUnhealthy, ..RingConfig::default() };
        let desc = ring.instances().iter().cloned().collect();
        assert_eq!(hand_over(&Ring::new(&desc, config), now), Err(HandoverError::NotIngesters));
    }
}
