//! The verdict on a group of lines: the first rule of its entry that holds, else the entry's own.

use super::case::Case;
use super::catalogue::{Condition, Kind, Rule};
use super::groups::{Group, NOBODY};
use super::process::{Run, without_suffix};
use super::reading::Verdict;
use super::stamp::{SECOND, Stamp};

/// What a group came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Judged {
    /// The kind that decided.
    pub(super) kind: Kind,
    /// The rule that held, by its number.
    pub(super) rule: Option<usize>,
}

impl Judged {
    /// The verdict for people; an echo without its cause is something to look into.
    pub(super) const fn verdict(self) -> Verdict {
        match self.kind {
            Kind::Harmless => Verdict::Harmless,
            Kind::Wait => Verdict::Wait,
            Kind::Act | Kind::Secondary => Verdict::Act,
        }
    }
}

/// Judges a group.
pub(super) fn judge(case: &Case<'_>, group: &Group) -> Judged {
    let entry = group.key.entry as usize;
    let mut rules = case.catalogue.rules(entry).enumerate();
    match rules.find(|(number, rule)| holds(case, group, *number, rule)) {
        Some((number, rule)) => Judged { kind: rule.verdict, rule: Some(number) },
        None => Judged { kind: case.catalogue.entries[case.catalogue.canonical(entry)].verdict, rule: None },
    }
}

/// Whether what a rule says of single lines holds; the bits of [`super::groups::Key::traits`].
pub(super) fn line_holds<'f>(rule: &Rule, value: impl Fn(&str) -> Option<&'f str>, inner: &[&str]) -> bool {
    let Condition { with, inner: wanted, .. } = &rule.when;
    let equal = with.iter().all(|(name, allowed)| {
        let fits = |value: &str, one: &str| match one.strip_prefix('~') {
            Some(part) => value.contains(part),
            None => one.eq_ignore_ascii_case(value),
        };
        value(name).is_some_and(|value| allowed.split('|').any(|one| fits(value, one)))
    });
    equal && (wanted.is_empty() || wanted.iter().any(|id| inner.contains(&id.as_str())))
}

fn holds(case: &Case<'_>, group: &Group, number: usize, rule: &Rule) -> bool {
    if group.key.traits & (1 << number) == 0 {
        return false;
    }
    let when = &rule.when;
    let process = &case.processes[group.key.process as usize];
    let run = process.runs.get(group.key.run as usize);
    let (first, last) = (group.first, group.last);
    let span = first.zip(last).map_or(0, |(first, last)| last.0 - first.0);

    let others = |ids: &[String], holds: &dyn Fn(&Group) -> bool| {
        let entries = ids.iter().filter_map(|id| case.catalogue.index(id));
        entries
            .into_iter()
            .any(|entry| case.groups.of(group.key.process, Some(group.key.run), entry as u32).any(holds))
    };
    let after = |other: &Group| match (last, other.first, other.last) {
        (Some(last), Some(begins), Some(ends)) => {
            ends >= last
                && begins <= last.plus(when.within)
                && (ends > last || other.last_place >= group.last_place)
        }
        _ => other.last_place > group.last_place,
    };
    let before = |other: &Group| match (first, other.first, other.last) {
        (Some(first), Some(begins), Some(ends)) => begins <= first && ends >= first.plus(-when.within),
        _ => other.first_place < group.first_place,
    };
    let still =
        |other: &Group| first.zip(other.last).is_some_and(|(first, ends)| ends >= first.plus(when.within));

    (when.followed_by.is_empty() || others(&when.followed_by, &after))
        && (when.preceded_by.is_empty() || others(&when.preceded_by, &before))
        && (when.still_seen.is_empty() || others(&when.still_seen, &still))
        && when.at_start.is_none_or(|seconds| in_start(run, first, last, seconds))
        && when.at_stop.is_none_or(|seconds| in_stop(run, first, last, seconds))
        && when.quiet_after.is_none_or(|seconds| is_quiet(case, group, run, seconds))
        && (!when.not_again || !is_said_again(case, group))
        && when.lasts.is_none_or(|seconds| span >= seconds * SECOND)
        && when.lasts_at_most.is_none_or(|seconds| span <= seconds * SECOND)
        && when.repeats.is_none_or(|times| is_frequent(group.count, span, times, when.within))
        && when.peers.is_none_or(|peers| named_peers(case, group) >= peers)
        && when.peer_back.is_none_or(|seconds| peer_came_back(case, group, seconds))
}

fn in_start(run: Option<&Run>, first: Option<Stamp>, last: Option<Stamp>, seconds: i64) -> bool {
    let start = run.and_then(|run| run.start);
    start
        .zip(first)
        .zip(last)
        .is_some_and(|((start, first), last)| first >= start.plus(-2) && last <= start.plus(seconds))
}

fn in_stop(run: Option<&Run>, first: Option<Stamp>, last: Option<Stamp>, seconds: i64) -> bool {
    let stop = run.and_then(|run| run.stopping.or(run.stopped));
    stop.zip(first)
        .zip(last)
        .is_some_and(|((stop, first), last)| first >= stop.plus(-2) && last <= stop.plus(seconds))
}

/// The run goes on for a while without the like of this group about the same peer.
fn is_quiet(case: &Case<'_>, group: &Group, run: Option<&Run>, seconds: i64) -> bool {
    let Some(last) = group.last else { return false };
    let goes_on = run.and_then(|run| run.last).is_some_and(|end| end >= last.plus(seconds));
    let again = |other: &Group| {
        other.key.peer == group.key.peer
            && other.first.is_some_and(|begins| begins > last && begins <= last.plus(seconds))
    };
    goes_on && !case.groups.of(group.key.process, Some(group.key.run), group.key.entry).any(again)
}

fn is_said_again(case: &Case<'_>, group: &Group) -> bool {
    let mut groups = case.groups.of(group.key.process, Some(group.key.run), group.key.entry);
    groups.any(|other| other.last_place > group.last_place && other.last >= group.last)
}

/// At least `times` lines, and in the mean that many `within` seconds.
const fn is_frequent(count: u64, span: i64, times: u64, within: i64) -> bool {
    count >= times
        && (within == 0 || span as i128 * times as i128 <= (within * SECOND) as i128 * count as i128)
}

fn named_peers(case: &Case<'_>, group: &Group) -> usize {
    let groups = case.groups.of(group.key.process, Some(group.key.run), group.key.entry);
    let mut peers = Vec::from_iter(groups.map(|group| group.key.peer).filter(|peer| *peer != NOBODY));
    peers.sort_unstable();
    peers.dedup();
    peers.len()
}

/// A process that bears the peer's name starts after the group began.
fn peer_came_back(case: &Case<'_>, group: &Group, seconds: i64) -> bool {
    let Some(first) = group.first.filter(|_| group.key.peer != NOBODY) else { return false };
    let name = case.pod_of_peer(case.groups.peer_name(group.key.peer));
    let name = without_suffix(&name).to_owned();
    case.processes.iter().filter(|process| process.shown_name() == name).any(|process| {
        let starts = process.runs.iter().filter_map(|run| run.start);
        starts.into_iter().any(|start| start >= first.plus(-5) && start <= first.plus(seconds))
    })
}
