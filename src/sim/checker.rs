//! Rules that hold in every run, whatever goes wrong in it.
//!
//! A checker stands beside a simulation and looks at the pod that an event was about.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::lifecycle::RingKind;
use crate::memberlist::State;
use crate::ring::{InstanceDesc, InstanceState, Tokens};
use crate::time::{Instant, WallTime};

use super::{Advance, Pod, Process, ServiceState, Simulation, StoreKind};

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("after {seconds:.9} s: {rule}: {detail}", seconds = .at.nanos() as f64 / 1e9)]
pub struct Violation {
    /// When.
    pub at: Instant,
    /// Which rule.
    pub rule: &'static str,
    /// What was seen.
    pub detail: String,
}

/// What the pods were last seen to hold.
#[derive(Debug, Clone, Default)]
pub struct Checker {
    pods: Vec<Seen>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    epoch: u32,
    versions: Vec<u64>,
    rings: BTreeMap<RingKind, BTreeMap<Arc<str>, Head>>,
}

#[derive(Debug, Clone, Copy)]
struct Head {
    precedence: i64,
    state: InstanceState,
}

type Rule = Result<(), (&'static str, String)>;

impl Checker {
    /// Lets everything up to `until` happen, and looks at it.
    pub fn run(&mut self, simulation: &mut Simulation, until: Instant) -> Result<(), Violation> {
        while let Some(next) = simulation.next_at().filter(|at| *at <= until) {
            if next < simulation.now() {
                let detail = format!("something was planned for {next:?} only now");
                return Err(Violation { at: simulation.now(), rule: "nothing happens in the past", detail });
            }
            let Some(pod) = simulation.step() else { break };
            if let Some(pod) = simulation.pods.get(pod as usize) {
                self.look(pod, simulation).map_err(|(rule, detail)| Violation {
                    at: simulation.now(),
                    rule,
                    detail,
                })?;
            }
        }
        debug_assert_eq!(simulation.advance(until, u64::MAX), Advance::Reached);
        simulation.check_books().map_err(|detail| Violation { at: until, rule: "the books balance", detail })
    }

    fn look(&mut self, pod: &Pod, simulation: &Simulation) -> Rule {
        if self.pods.len() <= pod.index as usize {
            self.pods.resize_with(simulation.pods.len(), Seen::default);
        }
        let seen = &mut self.pods[pod.index as usize];
        let Some(process) = &pod.process else {
            *seen = Seen::default();
            return Ok(());
        };
        if seen.epoch != pod.epoch {
            *seen = Seen { epoch: pod.epoch, ..Seen::default() };
        }
        if let Some(swim) = &process.swim
            && process.kv_state != ServiceState::Stopping
            && let Some(own) = swim.member(swim.name())
            && own.state != State::Alive
        {
            return Err((
                "a node that is not leaving is alive to itself",
                format!("{}: {:?}", pod.name, own.state),
            ));
        }
        if simulation.world.options.store != StoreKind::Memberlist {
            return Ok(());
        }
        let versions = Vec::from_iter(
            process.rings.iter().map(|slot| process.kv.store.get(slot.key).map_or(0, |value| value.version)),
        );
        if versions == seen.versions {
            return Ok(());
        }
        if versions.iter().zip(&seen.versions).any(|(now, before)| now < before) {
            return Err(("versions count up", format!("{}: {versions:?}", pod.name)));
        }
        seen.versions = versions;
        for slot in &process.rings {
            let Some(desc) = process.desc(slot.kind) else { continue };
            let heads = seen.rings.entry(slot.kind).or_default();
            for (id, entry) in &desc.ingesters {
                entry_is_sound(id, entry)?;
                let head = Head { precedence: entry.precedence(), state: entry.state };
                if let Some(before) = heads.insert(Arc::clone(id), head)
                    && head.precedence < before.precedence
                    && head.state != InstanceState::Left
                {
                    let detail =
                        format!("{} has {id} of {} after {}", pod.name, head.precedence, before.precedence);
                    return Err(("an entry never gets older on a node", detail));
                }
            }
            // A tombstone that comes after its time takes the entry with it at once, so it need not have been seen.
            let timeout = simulation.world.options.memberlist.left_ingesters_timeout.0;
            let wall = process.wall(&simulation.world);
            for (id, head) in heads.iter().filter(|(id, _)| !desc.ingesters.contains_key(id)) {
                let age = wall.since(WallTime::from_unix_secs(head.precedence / 2)).unwrap_or_default();
                if age <= timeout {
                    let detail = format!("{} dropped {id}, {} of {age:?} ago", pod.name, head.state);
                    return Err(("only what is older than a tombstone's time is dropped", detail));
                }
            }
            heads.retain(|id, _| desc.ingesters.contains_key(id));
        }
        Ok(())
    }
}

/// What every entry of every ring is like.
fn entry_is_sound(id: &str, entry: &InstanceDesc) -> Rule {
    let tokens = &entry.tokens;
    if entry.state == InstanceState::Left && !tokens.is_empty() {
        return Err(("a tombstone owns nothing", format!("{id} has {} tokens", tokens.len())));
    }
    if !tokens.is_sorted_by(|a, b| a < b) {
        return Err(("tokens ascend", id.to_owned()));
    }
    Ok(())
}

/// What one process thinks of a ring, without the heartbeats that are still on their way.
pub(crate) type Opinion = Vec<(Arc<str>, InstanceState, Tokens)>;

impl Process {
    /// What the process thinks of the ingesters' ring, if it has a copy.
    pub(crate) fn opinion(&self) -> Option<Opinion> {
        let entries = self.view(RingKind::Ingester)?.iter();
        Some(entries.map(|(id, entry)| (Arc::clone(id), entry.state, entry.tokens.clone())).collect())
    }
}

impl Simulation {
    /// Whether all processes that can hear of each other think the same of the ingesters' ring, and everybody who
    /// is in it knows so himself. To be asked when all faults are healed and news had its time.
    pub fn check_liveness(&self) -> Result<(), String> {
        for component in self.components() {
            self.knows_all(&component)?;
            let mut opinions = component.iter().map(|pod| (pod, self.opinion(*pod)));
            let Some((first, opinion)) = opinions.next() else { continue };
            for (other, differing) in opinions {
                if differing != opinion {
                    let (first, other) = (&self.pods[*first as usize].name, &self.pods[*other as usize].name);
                    return Err(format!(
                        "{first} and {other} see different rings: {}",
                        difference(&opinion, &differing)
                    ));
                }
            }
        }
        self.pods.iter().filter(|pod| pod.is_up() && !pod.paused).try_for_each(|pod| self.knows_itself(pod))
    }

    /// Whether the books say where every line is.
    fn check_books(&self) -> Result<(), String> {
        let logs = self.pods.iter().flat_map(|pod| pod.wal.iter().map(|(_, record)| *record));
        let processes = self.pods.iter().filter_map(|pod| pod.process.as_ref());
        let memories = processes.flat_map(|process| process.requests.held());
        self.world.ledger.check_books(logs.chain(memories))
    }

    /// What all of a component have to know: each other as members, and each other's heartbeats. Nobody's
    /// token is another's.
    fn knows_all(&self, component: &[u32]) -> Result<(), String> {
        const OLD: Duration = Duration::from_secs(60);

        let name = |pod: u32| &self.pods[pod as usize].name;
        let processes = component.iter().filter_map(|pod| self.pods[*pod as usize].process.as_ref());
        for process in processes {
            let Some(desc) = process.desc(RingKind::Ingester) else { continue };
            let mut owners = BTreeMap::new();
            for (id, entry) in &desc.ingesters {
                for token in &*entry.tokens {
                    if let Some(other) = owners.insert(*token, id) {
                        return Err(format!("{other} and {id} own {token} at {}", name(process.pod)));
                    }
                }
            }
            for other in component {
                let Some(theirs) = self.pods[*other as usize].process.as_ref() else { continue };
                if let (Some(mine), Some(theirs)) = (&process.swim, &theirs.swim)
                    && mine.member(theirs.name()).is_none_or(|member| member.dead_or_left())
                {
                    return Err(format!("{} does not know {}", name(process.pod), name(*other)));
                }
                let entry = desc.ingesters.get(name(*other));
                if self.is_active(*other)
                    && let Some(entry) = entry
                    && let wall = theirs.wall(&self.world)
                    && let age = wall.since(WallTime::from_unix_secs(entry.timestamp)).unwrap_or_default()
                    && age > OLD
                {
                    let (reader, writer) = (name(process.pod), name(*other));
                    return Err(format!("{reader} heard of {writer} {age:?} ago"));
                }
            }
        }
        Ok(())
    }

    /// Whether a pod's instance means to stay in the ingesters' ring.
    fn is_active(&self, pod: u32) -> bool {
        let process = self.pods[pod as usize].process.as_ref();
        let slot = process.and_then(|process| process.slot(RingKind::Ingester));
        let lifecycler = slot.and_then(|slot| slot.lifecycler.as_ref());
        lifecycler.is_some_and(|it| it.is_running() && it.state() == InstanceState::Active)
    }

    fn knows_itself(&self, pod: &Pod) -> Result<(), String> {
        let Some(process) = &pod.process else { return Ok(()) };
        if process.stop_received || !self.is_active(pod.index) {
            return Ok(());
        }
        let entry = process.desc(RingKind::Ingester).and_then(|desc| desc.ingesters.get(&pod.name));
        match entry.map(|entry| entry.state) {
            Some(InstanceState::Active) => Ok(()),
            other => Err(format!("{} is ACTIVE and finds itself {other:?}", pod.name)),
        }
    }

    fn opinion(&self, pod: u32) -> Opinion {
        let process = self.pods[pod as usize].process.as_ref();
        process.and_then(|process| process.opinion()).unwrap_or_default()
    }

    /// Live processes by who hears of whom: by memberlist's tables, or all of those that share a store.
    fn components(&self) -> Vec<Vec<u32>> {
        let live = |pod: &&Pod| {
            let process = pod.process.as_ref();
            let runs = process
                .is_some_and(|process| process.kv_state == ServiceState::Running && !process.stop_received);
            runs && !pod.paused && process.is_some_and(|process| process.slot(RingKind::Ingester).is_some())
        };
        let pods = Vec::from_iter(self.pods.iter().filter(live).map(|pod| pod.index));
        match self.world.options.store {
            StoreKind::Memberlist => {}
            StoreKind::Inmemory => return pods.into_iter().map(|pod| vec![pod]).collect(),
            StoreKind::Consul | StoreKind::Etcd => return vec![pods],
        }
        let mut components: Vec<Vec<u32>> = Vec::new();
        for pod in pods {
            let (mut joined, apart): (Vec<_>, Vec<_>) = components
                .into_iter()
                .partition(|known| known.iter().any(|other| self.hear_each_other(pod, *other)));
            joined.push(vec![pod]);
            components = apart;
            let mut merged = joined.concat();
            merged.sort_unstable();
            components.push(merged);
        }
        components
    }

    fn hear_each_other(&self, a: u32, b: u32) -> bool {
        let lists = |a: u32, b: u32| {
            let swim =
                |pod: u32| self.pods[pod as usize].process.as_ref().and_then(|process| process.swim.as_ref());
            swim(a).zip(swim(b)).is_some_and(|(mine, theirs)| {
                mine.member(theirs.name()).is_some_and(|member| member.state == State::Alive)
            })
        };
        lists(a, b) || lists(b, a)
    }
}

fn difference(mine: &Opinion, theirs: &Opinion) -> String {
    let show = |(id, state, tokens): &(Arc<str>, InstanceState, Tokens)| {
        format!("{id} {state} with {} tokens", tokens.len())
    };
    let only = |a: &Opinion, b: &Opinion| {
        Vec::from_iter(a.iter().filter(|entry| !b.contains(entry)).map(show)).join(", ")
    };
    format!("[{}] against [{}]", only(mine, theirs), only(theirs, mine))
}

/// How long news may take when nothing is wrong any more: a few rounds of full exchanges.
pub const SETTLING: Duration = Duration::from_secs(240);
