//! Watched sources as the pictures know a cluster: their copies of the ring as beliefs, and what became
//! of every instance as lanes of a timeline.

use std::sync::Arc;
use std::time::Duration;

use crate::live::ShownState;
use crate::live::compare;
use crate::live::history::{Frame, What};
use crate::live::watch::{Source, extent, frames_at};
use crate::memberlist::State;
use crate::ring::InstanceState;
use crate::snapshot::{
    Belief, History, Instance, Lane, Milestone, Node, Phase, ProcessState, RingBelief, Snapshot,
};
use crate::time::{Instant, WallTime};

use super::table::natural;

/// Milestones beyond these are left to the list of changes.
const MOST_MILESTONES: usize = 2_000;

/// An instant of the wall clock as one of the pictures, which begin with the first page of all.
pub fn instant_of(start: WallTime, at: WallTime) -> Instant {
    let nanos = at.since(start).unwrap_or_default().as_nanos();
    Instant::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// The other way round.
pub fn wall_of(start: WallTime, at: Instant) -> WallTime {
    start.offset(i64::try_from(at.nanos()).unwrap_or(i64::MAX))
}

/// What each source believed of each instance at an instant. The first nodes are the sources, in their
/// order; then come the instances that are none of them.
pub fn beliefs(sources: &[&Source], at: WallTime, heartbeat_timeout: Duration, into: &mut Snapshot) {
    let start = extent(sources).map_or(at, |(start, _)| start);
    into.now = instant_of(start, at);
    into.observer = None;
    let frames = frames_at(sources, at);
    let newest = compare::newest(frames.iter().copied().flatten());

    let own = |source: usize| {
        let frame = frames[source]?;
        Some(&frame.roster.entries()[sources[source].own_place(frame)?].id)
    };
    // A second source of the same process stays a node of its own.
    let mut taken: Vec<Option<&Arc<str>>> = Vec::with_capacity(sources.len());
    for source in 0..sources.len() {
        let id = own(source).filter(|id| !taken.contains(&Some(*id)));
        taken.push(id);
    }
    into.nodes.clear();
    into.zones.clear();
    into.zones.push("".into());
    for (source, id) in sources.iter().zip(&taken) {
        into.nodes.push(node(id.map_or(&source.name, |id| id)));
    }
    let others = newest.iter().filter(|newest| !taken.contains(&Some(&newest.id)));
    let mut others = Vec::from_iter(others.map(|newest| &newest.id));
    others.sort_by(|a, b| natural(a, b));
    into.nodes.extend(others.into_iter().map(node));

    into.beliefs.only_newest = true;
    into.beliefs.resize(sources.len(), into.nodes.len());
    // By ID of the instance, so that each is looked up once a source.
    let mut subjects: Vec<(&str, usize)> =
        into.nodes.iter().enumerate().map(|(place, node)| (&*node.name, place)).collect();
    subjects.retain(|(_, place)| *place >= sources.len() || taken[*place].is_some());
    subjects.sort_unstable();
    let place_of = |id: &str| {
        subjects.binary_search_by(|(known, _)| (*known).cmp(id)).ok().map(|place| subjects[place].1)
    };

    let known_member = |id: &str, addr: &str| {
        let mut pages = sources.iter().filter_map(|source| source.memberlist.as_ref()).peekable();
        pages.peek()?;
        pages.any(|page| page.member_of(id, addr).is_some()).then_some(State::Alive)
    };
    let mut truth = vec![Belief::default(); into.nodes.len()];
    for newest in &newest {
        let entry = frames
            .iter()
            .flatten()
            .find_map(|frame| frame.roster.place(&newest.id).map(|place| &frame.roster.entries()[place]));
        let Some(place) = place_of(&newest.id) else { continue };
        let age = at.since(WallTime::from_unix_secs(newest.heartbeat));
        let addr = entry.map_or("", |entry| &*entry.addr);
        truth[place] = belief(newest.state, age, heartbeat_timeout, known_member(&newest.id, addr));
    }
    for (observer, (source, frame)) in sources.iter().zip(&frames).enumerate() {
        let Some(frame) = frame else {
            into.beliefs.silence(observer as u32);
            continue;
        };
        let row = into.beliefs.row_mut(observer as u32);
        // Who was not asked for its members has no belief that could differ.
        for (cell, truth) in row.iter_mut().zip(&truth) {
            let member = truth.member.filter(|_| source.memberlist.is_none());
            *cell = Belief { member, ..Belief::default() };
        }
        for (entry_place, entry) in frame.roster.entries().iter().enumerate() {
            let Some(place) = place_of(&entry.id) else { continue };
            let age = frame.now().since(WallTime::from_unix_secs(frame.heartbeat(entry_place)));
            let member = match &source.memberlist {
                None => truth[place].member,
                Some(page) => page.member_of(&entry.id, &entry.addr).map(|_| State::Alive),
            };
            let (shows, heartbeat) = (frame.state(entry_place), frame.heartbeat(entry_place));
            let newest =
                newest.binary_search_by(|newest| newest.id.cmp(&entry.id)).map(|place| &newest[place]);
            let state = match newest {
                Ok(newest) if newest.is_same_news(shows, heartbeat) => newest.state,
                _ => shows,
            };
            row[place] = belief(state, age, heartbeat_timeout, member);
        }
    }
    for (node, belief) in into.nodes.iter_mut().zip(&truth) {
        node.instance = belief.instance();
        node.member = belief.member;
    }
    into.beliefs.truth_mut().copy_from_slice(&truth);
}

fn node(name: &Arc<str>) -> Node {
    Node {
        name: Arc::clone(name),
        zone: 0,
        group: 0,
        process: ProcessState::Up,
        ready: true,
        foreign: false,
        instance: None::<Instance>,
        member: None,
        blocked: false,
    }
}

fn belief(state: ShownState, age: Option<Duration>, timeout: Duration, member: Option<State>) -> Belief {
    let ring = match state {
        ShownState::Unhealthy => RingBelief::Unhealthy,
        ShownState::Stated(InstanceState::Active) => RingBelief::Active,
        ShownState::Stated(InstanceState::Leaving) => RingBelief::Leaving,
        ShownState::Stated(InstanceState::Pending) => RingBelief::Pending,
        ShownState::Stated(InstanceState::Joining) => RingBelief::Joining,
        ShownState::Stated(InstanceState::Left) => RingBelief::Left,
    };
    let age = age.unwrap_or_default().as_millis() * 8 / timeout.as_millis().max(1);
    Belief { ring, age: age.min(8) as u8, member }
}

fn phase(state: ShownState) -> Phase {
    match state {
        ShownState::Unhealthy => Phase::Unhealthy,
        ShownState::Stated(InstanceState::Active) => Phase::Active,
        ShownState::Stated(InstanceState::Leaving) => Phase::Leaving,
        ShownState::Stated(InstanceState::Pending) => Phase::Pending,
        ShownState::Stated(InstanceState::Joining) => Phase::Joining,
        ShownState::Stated(InstanceState::Left) => Phase::Down,
    }
}

/// What became of every instance that one source ever showed, as lanes by name, with a snapshot of them
/// at `at`. Time begins with the first page of all `sources`.
pub fn timeline(sources: &[&Source], shown: usize, at: WallTime) -> (Snapshot, History) {
    let mut snapshot = Snapshot::default();
    let mut history = History::default();
    let (Some((start, _)), Some(source)) = (extent(sources), sources.get(shown)) else {
        return (snapshot, history);
    };
    snapshot.now = instant_of(start, at);
    snapshot.zones.push("".into());
    let mut names = std::collections::BTreeSet::<&Arc<str>>::new();
    let mut last: Option<&Frame> = None;
    for frame in source.history.frames() {
        if last.is_none_or(|last| !Arc::ptr_eq(&last.roster, &frame.roster)) {
            names.extend(frame.roster.entries().iter().map(|entry| &entry.id));
        }
        last = Some(frame);
    }
    let names = Vec::from_iter(names);
    history.lanes = vec![Lane::default(); names.len()];
    let mut present = vec![false; names.len()];
    for frame in source.history.frames() {
        let at = instant_of(start, frame.at);
        let mut entries = frame.roster.entries().iter().enumerate().peekable();
        for (place, name) in names.iter().enumerate() {
            let here = entries.next_if(|(_, entry)| entry.id == **name).map(|(entry, _)| entry);
            match here {
                Some(entry) => history.lanes[place].enter(at, phase(frame.state(entry))),
                None if present[place] => history.lanes[place].enter(at, Phase::Down),
                None => {}
            }
            present[place] |= here.is_some();
        }
        history.explored = at;
    }
    // The last state lasts: a lane shows it a little beyond the last page.
    let last = history.explored;
    history.explored = last + (last.since(Instant::START) / 40).max(Duration::from_millis(500));
    if snapshot.now >= last {
        snapshot.now = history.explored;
    }
    for name in &names {
        snapshot.nodes.push(node(name));
    }
    let mut milestones =
        Vec::from_iter(source.history.changes().rev().take(MOST_MILESTONES).map(|change| Milestone {
            at: instant_of(start, change.at),
            node: names.binary_search(&&change.id).ok().map(|place| place as u32),
            is_fault: change.what.is_bad(),
            text: milestone_text(&change.id, &change.what).into(),
        }));
    milestones.reverse();
    milestones.extend(source.history.misses().map(|miss| Milestone {
        at: instant_of(start, miss.at),
        node: None,
        is_fault: true,
        text: Arc::clone(&miss.why),
    }));
    milestones.sort_by_key(|milestone| milestone.at);
    history.milestones = milestones;
    (snapshot, history)
}

fn milestone_text(id: &str, what: &What) -> String {
    match what {
        What::State { to, .. } => format!("{id} {to}"),
        What::Joined(_) => format!("{id} joined"),
        What::Left(_) => format!("{id} left"),
        what => format!("{id} {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;
    use crate::live::watch::SourceKind;

    const TIMEOUT: Duration = Duration::from_secs(60);

    /// A page: the server's clock, and ID, state and heartbeat of each instance.
    type Told<'a> = (i64, &'a [(&'a str, &'a str, i64)]);

    fn source(name: &str, pages: &[Told<'_>]) -> Source {
        let mut source = Source::new(name, "", SourceKind::Given);
        for (now, entries) in pages {
            let shard = |(id, state, heartbeat): &(&str, &str, i64)| {
                format!(r#"{{"id":"{id}","state":"{state}","timestamp":{heartbeat},"tokens":[1]}}"#)
            };
            let shards = entries.iter().map(shard).collect::<Vec<_>>().join(",");
            let page = ring_page::parse(&format!(r#"{{"shards":[{shards}],"now":{now}}}"#)).unwrap();
            source.history.record(WallTime::from_unix_secs(*now), &page, Duration::from_secs(30));
        }
        source
    }

    #[test]
    fn two_pods_that_disagree_are_rows_and_the_newest_stands_on_top() {
        let sources = [
            source("loki-1", &[(100, &[("loki-1", "ACTIVE", 99), ("loki-2", "ACTIVE", 98)])]),
            source("reader", &[(100, &[("loki-1", "ACTIVE", 99)])]),
        ];
        let mut snapshot = Snapshot::default();
        beliefs(&Vec::from_iter(&sources), WallTime::from_unix_secs(100), TIMEOUT, &mut snapshot);
        let names: Vec<&str> = snapshot.nodes.iter().map(|node| &*node.name).collect();
        assert_eq!(names, ["loki-1", "reader", "loki-2"]);
        let ring = |row: &[Belief]| row.iter().map(|belief| belief.ring).collect::<Vec<_>>();
        use RingBelief::{Absent, Active};
        assert_eq!(ring(snapshot.beliefs.truth()), [Active, Absent, Active]);
        assert_eq!(ring(snapshot.beliefs.row(0).unwrap()), [Active, Absent, Active]);
        assert_eq!(ring(snapshot.beliefs.row(1).unwrap()), [Active, Absent, Absent]);
        assert_eq!(snapshot.beliefs.agreement(), (1, 2));
    }

    #[test]
    fn an_older_page_is_no_other_opinion_on_health() {
        let sources =
            [source("a", &[(100, &[("x", "ACTIVE", 50)])]), source("b", &[(115, &[("x", "UNHEALTHY", 50)])])];
        let mut snapshot = Snapshot::default();
        beliefs(&Vec::from_iter(&sources), WallTime::from_unix_secs(115), TIMEOUT, &mut snapshot);
        assert_eq!(snapshot.beliefs.row(1).unwrap()[2].ring, RingBelief::Unhealthy);
    }

    #[test]
    fn a_source_that_had_not_spoken_believes_nothing() {
        let sources = [source("a", &[(100, &[("x", "ACTIVE", 99)])]), source("b", &[(200, &[])])];
        let mut snapshot = Snapshot::default();
        beliefs(&Vec::from_iter(&sources), WallTime::from_unix_secs(150), TIMEOUT, &mut snapshot);
        assert!(snapshot.beliefs.row(0).is_some() && snapshot.beliefs.row(1).is_none());
    }

    #[test]
    fn lanes_show_what_became_of_whom() {
        let pages: [Told<'_>; 3] = [
            (100, &[("a", "ACTIVE", 40), ("b", "JOINING", 99)]),
            (105, &[("a", "UNHEALTHY", 40), ("b", "ACTIVE", 104)]),
            (110, &[("b", "ACTIVE", 109), ("c", "PENDING", 109)]),
        ];
        let sources = [source("pod", &pages)];
        let (snapshot, history) = timeline(&Vec::from_iter(&sources), 0, WallTime::from_unix_secs(110));
        assert_eq!(snapshot.nodes.iter().map(|node| &*node.name).collect::<Vec<_>>(), ["a", "b", "c"]);
        let at =
            |lane: usize, second: u64| history.lanes[lane].at(Instant::from_nanos(second * 1_000_000_000));
        assert_eq!([at(0, 0), at(0, 5), at(0, 10)], [Phase::Active, Phase::Unhealthy, Phase::Down]);
        assert_eq!([at(1, 0), at(1, 10)], [Phase::Joining, Phase::Active]);
        assert_eq!([at(2, 5), at(2, 10)], [Phase::Waiting, Phase::Pending]);
        let texts: Vec<&str> = history.milestones.iter().map(|milestone| &*milestone.text).collect();
        assert_eq!(texts, ["a UNHEALTHY", "b ACTIVE", "a left", "c joined"]);
        assert_eq!(timeline(&Vec::from_iter(&sources), 7, WallTime::from_unix_secs(1)).1.lanes.len(), 0);
    }
}
