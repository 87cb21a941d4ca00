//! The story of a case: groups judged and put together to incidents, symptoms laid under their causes, the most urgent first.

use std::collections::{BTreeMap, BTreeSet};

use super::case::Case;
use super::catalogue::{Kind, Mark};
use super::judge::{Judged, judge};
use super::process::Run;
use super::reading::{Evidence, Incident, Moment, MomentKind, Peer, Reading, Related, Verdict};
use super::stamp::Stamp;
use super::words;

/// Peers, lines and moments that a reading shows.
const MOST_PEERS: usize = 20;
const MOST_EVIDENCE: usize = 4;
const MOST_MOMENTS: usize = 400;
const MOST_PODS: usize = 50;

/// Seconds by which a symptom may come before its cause is said, and after it was said last.
const BEFORE_ITS_CAUSE: i64 = 600;
const AFTER_ITS_CAUSE: i64 = 600;

/// Processes that are asked whether they said a cause about the same peer, and steps from a symptom to its root.
const MOST_ASKED: usize = 64;
const LONGEST_CHAIN: usize = 16;

/// The id of the incident that no line says: a process is gone without a word.
pub(crate) const VANISHED: &str = "vanished";

/// A reading, and the verdict on each group.
pub(crate) struct Told {
    pub(crate) reading: Reading,
    pub(crate) verdicts: Vec<Verdict>,
}

/// An incident on its way.
struct Draft {
    entry: usize,
    kind: Kind,
    pods: BTreeSet<String>,
    peers: BTreeMap<String, u64>,
    reasons: BTreeMap<u32, u64>,
    symptoms: BTreeMap<usize, u64>,
    /// Lines that each rule decided.
    rules: BTreeMap<Option<usize>, u64>,
    cause: Option<usize>,
    incident: Incident,
}

/// Tells a case.
pub(crate) fn tell(case: Case<'_>) -> Told {
    let judged = Vec::from_iter(case.groups.all.iter().map(|group| judge(&case, group)));
    let (mut drafts, draft_of) = drafts(&case, &judged);
    find_causes(&case, &mut drafts);
    let verdicts = judged.iter().zip(&draft_of).map(|(judged, draft)| {
        // An echo is as urgent as what it echoes.
        let cause = draft.and_then(|draft| drafts[draft].cause).filter(|_| judged.kind == Kind::Secondary);
        cause.map_or(judged.verdict(), |cause| drafts[cause].incident.verdict)
    });
    let verdicts = verdicts.collect();
    let folded = Vec::from_iter(
        drafts.iter().filter_map(|draft| Some((draft.cause?, draft.entry, draft.incident.count))),
    );
    for (cause, entry, count) in folded {
        *drafts[cause].symptoms.entry(entry).or_default() += count;
    }
    let roots = merged(drafts.into_iter().filter(|draft| draft.cause.is_none()));
    let mut timeline = moments(&case, &roots);
    let vanished = vanished(&case, &mut timeline);
    timeline.sort();
    timeline.dedup();
    timeline.truncate(MOST_MOMENTS);

    let mut roots = roots;
    let weight = |draft: &Draft| case.catalogue.entries[draft.entry].weight;
    roots.sort_by(|a, b| {
        let key = |draft: &Draft| {
            (
                std::cmp::Reverse(draft.incident.verdict),
                draft.incident.routine,
                std::cmp::Reverse(weight(draft)),
                draft.incident.first.is_none(),
                draft.incident.first,
                draft.entry,
            )
        };
        key(a).cmp(&key(b))
    });
    let mut incidents = Vec::from_iter(roots.into_iter().map(|draft| finished(&case, draft)));
    if let Some(vanished) = vanished {
        let place =
            incidents.partition_point(|incident| incident.verdict >= vanished.verdict && !incident.routine);
        incidents.insert(place, vanished);
    }
    let mut totals = case.totals;
    totals.unknown = case.unknown.total;
    let pods: BTreeSet<String> =
        case.processes.iter().map(|process| process.shown_name().to_owned()).collect();
    totals.pods = pods.into_iter().collect();
    let (unknown, unknown_others) = case.unknown.finish();
    let verdict = incidents.iter().map(|incident| incident.verdict).max().unwrap_or_default();
    let (headline, why) = words::headline(verdict, &incidents, totals.unknown);
    let reading = Reading { verdict, headline, why, incidents, timeline, unknown, unknown_others, totals };
    Told { reading, verdicts }
}

/// Groups of one process, entry and verdict put together; and which draft each group went to.
fn drafts(case: &Case<'_>, judged: &[Judged]) -> (Vec<Draft>, Vec<Option<usize>>) {
    let (mut drafts, mut numbers) = (Vec::<Draft>::new(), BTreeMap::new());
    let mut draft_of = Vec::new();
    for (group, judged) in case.groups.all.iter().zip(judged) {
        if group.key.is_inner {
            draft_of.push(None);
            continue;
        }
        let entry = case.catalogue.canonical(group.key.entry as usize);
        let pod = case.processes[group.key.process as usize].shown_name();
        let key = (entry, judged.verdict(), judged.kind == Kind::Secondary, pod);
        let number = *numbers.entry(key).or_insert_with(|| {
            drafts.push(Draft::new(case, entry, *judged));
            drafts.len() - 1
        });
        draft_of.push(Some(number));
        let draft = &mut drafts[number];
        draft.pods.insert(pod.to_owned());
        let peer = case.groups.peer_name(group.key.peer);
        if !peer.is_empty() {
            let pod = case.pod_of_peer(peer);
            let name = if pod == peer { pod } else { format!("{pod} ({peer})") };
            *draft.peers.entry(name).or_default() += group.count;
        }
        for (entry, count) in &group.inner {
            *draft.reasons.entry(*entry).or_default() += count;
        }
        *draft.rules.entry(judged.rule).or_default() += group.count;
        draft.count(group.count, group.first, group.last, &group.evidence);
    }
    (drafts, draft_of)
}

impl Draft {
    fn new(case: &Case<'_>, entry: usize, judged: Judged) -> Self {
        let known = &case.catalogue.entries[entry];
        let verdict = judged.verdict();
        let is_news = known.level.starts_with("info") || known.level.starts_with("debug");
        let incident = Incident {
            id: known.id.clone(),
            verdict,
            title: known.title.clone(),
            check: known.check.clone(),
            fix: known.fix.clone(),
            routine: verdict == Verdict::Harmless && is_news,
            links: known.links.clone(),
            scenario: known.scenario.clone(),
            versions: known.versions.clone(),
            until: (verdict == Verdict::Wait && !known.until.is_empty()).then(|| known.until.clone()),
            ..Incident::default()
        };
        Self {
            entry,
            kind: judged.kind,
            pods: BTreeSet::new(),
            peers: BTreeMap::new(),
            reasons: BTreeMap::new(),
            symptoms: BTreeMap::new(),
            rules: BTreeMap::new(),
            cause: None,
            incident,
        }
    }

    fn count(&mut self, count: u64, first: Option<Stamp>, last: Option<Stamp>, evidence: &[Evidence]) {
        let incident = &mut self.incident;
        incident.count += count;
        incident.first = [incident.first, first].into_iter().flatten().min();
        incident.last = incident.last.max(last);
        let room = MOST_EVIDENCE - incident.evidence.len();
        incident.evidence.extend(evidence.iter().take(room).cloned());
    }

    /// Takes another draft of the same entry and verdict in.
    fn take(&mut self, other: Self) {
        let Incident { count, first, last, evidence, .. } = other.incident;
        self.count(count, first, last, &evidence);
        self.pods.extend(other.pods);
        let add = |(known, count): (&mut u64, u64)| *known += count;
        other.peers.into_iter().for_each(|(name, n)| add((self.peers.entry(name).or_default(), n)));
        other.reasons.into_iter().for_each(|(entry, n)| add((self.reasons.entry(entry).or_default(), n)));
        other.symptoms.into_iter().for_each(|(entry, n)| add((self.symptoms.entry(entry).or_default(), n)));
        other.rules.into_iter().for_each(|(rule, n)| add((self.rules.entry(rule).or_default(), n)));
    }

    fn may_follow_from(&self, cause: &Self) -> bool {
        let urgent_enough = cause.incident.verdict >= self.incident.verdict || self.kind == Kind::Secondary;
        let near = match (self.incident.first, cause.incident.first, cause.incident.last) {
            (Some(here), Some(first), Some(last)) => {
                here >= first.plus(-BEFORE_ITS_CAUSE) && here <= last.plus(AFTER_ITS_CAUSE)
            }
            _ => true,
        };
        let same_peer =
            self.peers.keys().any(|peer| cause.peers.keys().any(|other| words::same_peer(peer, other)));
        let related = match self.peers.is_empty() || cause.peers.is_empty() {
            true => self.pods.intersection(&cause.pods).next().is_some(),
            false => same_peer,
        };
        urgent_enough && near && related
    }
}

/// Lays symptoms under their causes, and those under theirs.
fn find_causes(case: &Case<'_>, drafts: &mut [Draft]) {
    let (mut of_pod, mut of_entry) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::<_, Vec<usize>>::new());
    for (number, draft) in drafts.iter().enumerate() {
        of_pod.entry((draft.entry, draft.pods.first())).or_default().push(number);
        of_entry.entry(draft.entry).or_default().push(number);
    }
    let nearest_cause = |number: usize, draft: &Draft| {
        let ids = &case.catalogue.entries[draft.entry].follows_from;
        ids.iter().filter_map(|id| case.catalogue.index(id)).find_map(|entry| {
            let here = of_pod.get(&(entry, draft.pods.first())).into_iter().flatten();
            let elsewhere = of_entry.get(&entry).into_iter().flatten().take(MOST_ASKED);
            let others = here.chain(elsewhere.filter(|_| !draft.peers.is_empty())).copied();
            let causes = others.filter(|other| *other != number && draft.may_follow_from(&drafts[*other]));
            // Of several, the most urgent one.
            causes.max_by_key(|other| drafts[*other].incident.verdict)
        })
    };
    let causes =
        Vec::from_iter(drafts.iter().enumerate().map(|(number, draft)| nearest_cause(number, draft)));
    for number in 0..drafts.len() {
        let (mut root, mut steps) = (causes[number], 0);
        while let Some(next) = root.and_then(|root| causes[root])
            && steps < LONGEST_CHAIN
        {
            root = Some(next);
            steps += 1;
        }
        // Causes that follow from each other are none.
        drafts[number].cause = root.filter(|root| *root != number && steps < LONGEST_CHAIN);
    }
}

/// Drafts of one entry and verdict put together, whatever the process.
fn merged(drafts: impl Iterator<Item = Draft>) -> Vec<Draft> {
    let (mut merged, mut numbers) = (Vec::<Draft>::new(), BTreeMap::<_, usize>::new());
    for draft in drafts {
        let key = (draft.entry, draft.incident.verdict, draft.kind == Kind::Secondary);
        match numbers.get(&key) {
            Some(number) => Draft::take(&mut merged[*number], draft),
            None => {
                numbers.insert(key, merged.len());
                merged.push(draft);
            }
        }
    }
    merged
}

fn finished(case: &Case<'_>, draft: Draft) -> Incident {
    let entries = &case.catalogue.entries;
    let known = &entries[draft.entry];
    let related = |(entry, count): (usize, u64)| Related {
        id: entries[entry].id.clone(),
        title: entries[entry].title.clone(),
        count,
    };
    let by_count = |mut all: Vec<Related>| {
        all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
        all
    };
    let mut incident = draft.incident;
    let (pods, mut peers) =
        (draft.pods, Vec::from_iter(draft.peers.into_iter().map(|(name, count)| Peer { name, count })));
    peers.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.name.cmp(&b.name)));
    incident.pods = pods.into_iter().take(MOST_PODS).collect();
    incident.happened = words::happened(&incident, &peers);
    peers.truncate(MOST_PEERS);
    incident.peers = peers;
    incident.reasons =
        by_count(draft.reasons.into_iter().map(|(entry, count)| related((entry as usize, count))).collect());
    incident.symptoms = by_count(draft.symptoms.into_iter().map(related).collect());
    let decided = draft.rules.iter().max_by_key(|(_, count)| **count).and_then(|(rule, _)| *rule);
    let rule = decided.and_then(|number| case.catalogue.rules(draft.entry).nth(number));
    incident.why = rule.map_or_else(|| known.why.clone(), |rule| rule.why.clone());
    if let Some(title) = rule.and_then(|rule| rule.title.clone()) {
        incident.title = title;
    }
    if incident.until.is_none() && incident.verdict == Verdict::Wait {
        incident.until =
            Some("the log goes on: read it again in two minutes, with what came since".to_owned());
    }
    incident
}

fn moments(case: &Case<'_>, drafts: &[Draft]) -> Vec<Moment> {
    let mut moments = Vec::new();
    let mut note = |at: Option<Stamp>, kind, pod: &str, text: String, id: Option<&str>| {
        if let Some(at) = at {
            moments.push(Moment { at, kind, pod: pod.to_owned(), text, id: id.map(str::to_owned) });
        }
    };
    for process in &case.processes {
        let pod = process.shown_name();
        for run in &process.runs {
            for (at, kind, what) in [
                (run.start, MomentKind::Start, "starts"),
                (run.joined, MomentKind::Joined, "has joined the cluster"),
                (run.up, MomentKind::Up, "is up: all modules run"),
                (run.stopping, MomentKind::Stopping, "begins to stop"),
                (run.stopped, MomentKind::Stopped, "has stopped as it should"),
                (run.crashed, MomentKind::Crashed, "gives up and exits"),
            ] {
                note(at, kind, pod, format!("{pod} {what}"), None);
            }
        }
    }
    for group in case.groups.all.iter().filter(|group| !group.key.is_inner) {
        let entry = &case.catalogue.entries[group.key.entry as usize];
        if entry.mark == Some(Mark::PeerFailed) {
            let pod = case.processes[group.key.process as usize].shown_name();
            let peer = case.pod_of_peer(case.groups.peer_name(group.key.peer));
            note(
                group.first,
                MomentKind::PeerFailed,
                pod,
                format!("{pod} counts {peer} as dead"),
                Some(&entry.id),
            );
        }
    }
    for draft in drafts.iter().filter(|draft| draft.cause.is_none() && !draft.incident.routine) {
        let pod = draft.pods.first().map_or("", String::as_str);
        note(
            draft.incident.first,
            MomentKind::Incident,
            pod,
            draft.incident.title.clone(),
            Some(&draft.incident.id),
        );
    }
    moments
}

/// Runs that end without a word before another run of the same pod starts.
fn vanished(case: &Case<'_>, timeline: &mut Vec<Moment>) -> Option<Incident> {
    let mut by_pod = BTreeMap::<&str, Vec<&Run>>::new();
    for process in &case.processes {
        let runs = process.runs.iter().filter(|run| run.first.is_some());
        by_pod.entry(process.shown_name()).or_default().extend(runs);
    }
    let (mut peers, mut times) = (Vec::new(), Vec::new());
    let mut is_back = true;
    for (pod, runs) in &mut by_pod {
        runs.sort_by_key(|run| run.first);
        let mut count = 0;
        for pair in runs.windows(2) {
            if let (Some(last), true, false) = (pair[0].last, pair[1].started, pair[0].ended_with_a_word())
                && pair[1].first > Some(last)
            {
                count += 1;
                times.push(last);
                is_back &= pair[1].up.is_some() || pair[1].joined.is_some();
                let text = format!("{pod} is gone without a word");
                timeline.push(Moment {
                    at: last,
                    kind: MomentKind::Vanished,
                    pod: (*pod).to_owned(),
                    text,
                    id: None,
                });
            }
        }
        if count > 0 {
            peers.push(Peer { name: (*pod).to_owned(), count });
        }
    }
    (!peers.is_empty()).then(|| words::vanished(&peers, &times, is_back))
}
