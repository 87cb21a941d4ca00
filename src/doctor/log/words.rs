//! Sentences of a reading: with real names, counts and times.

use std::time::Duration;

use super::process::host;
use super::reading::{Incident, Peer, Verdict};
use super::stamp::Stamp;
use super::story::VANISHED;
use crate::go::duration;

/// Names that a sentence lists before it only counts.
const LISTED: usize = 3;

/// Who said it, how often, about whom, when.
pub(super) fn happened(incident: &Incident, peers: &[Peer]) -> String {
    let about = match peers {
        [] => String::new(),
        peers => {
            let names = Vec::from_iter(peers.iter().map(|peer| match peers.len() {
                1 => peer.name.clone(),
                _ => format!("{} ({}×)", peer.name, peer.count),
            }));
            format!(" about {}", list(&names))
        }
    };
    format!(
        "{} said it {}{about}{}.",
        list(&incident.pods),
        times(incident.count),
        when(incident.first, incident.last)
    )
}

/// The headline and the reason of a whole reading.
pub(super) fn headline(verdict: Verdict, incidents: &[Incident], unknown: u64) -> (String, String) {
    let Some(first) = incidents.first() else {
        let what = "Nothing here is a known message of Loki's rings or of memberlist.".to_owned();
        let why = match unknown {
            0 => "No line is at warn or error, and none is in the catalogue.".to_owned(),
            count => format!(
                "{} at warn or error are not in the catalogue: they are listed, and nothing is guessed of them.",
                lines(count)
            ),
        };
        return (what, why);
    };
    let others = incidents.iter().skip(1).filter(|other| other.verdict == verdict && !other.routine).count();
    let more = match (verdict, others) {
        (_, 0) | (Verdict::Harmless | Verdict::Unknown, _) => String::new(),
        (Verdict::Act, 1) => " One more thing needs action.".to_owned(),
        (Verdict::Act, n) => format!(" {n} more things need action."),
        (Verdict::Wait, 1) => " One more thing is undecided.".to_owned(),
        (Verdict::Wait, n) => format!(" {n} more things are undecided."),
    };
    let at = first.first.map_or_else(String::new, |at| format!(", {} UTC", at.clock()));
    let who = list(&first.pods);
    let what = match verdict {
        Verdict::Harmless | Verdict::Unknown if first.routine => {
            "Nothing to do: only routine lines were recognised.".to_owned()
        }
        Verdict::Harmless | Verdict::Unknown => {
            format!("Nothing to do. {} ({who}{at}): that is over, or was never trouble.", first.title)
        }
        _ => format!("{} ({who}{at}).{more}", first.title),
    };
    let why = match verdict {
        Verdict::Act => format!("{} First: {}", first.why, first.fix),
        Verdict::Wait => format!("{} Wait until: {}", first.why, first.until.as_deref().unwrap_or_default()),
        _ => first.why.clone(),
    };
    (what, why)
}

/// The incident of processes that are gone without a word.
pub(super) fn vanished(peers: &[Peer], times: &[Stamp], is_back: bool) -> Incident {
    let count = peers.iter().map(|peer| peer.count).sum();
    let again = peers.iter().any(|peer| peer.count > 1);
    let pods = Vec::from_iter(peers.iter().map(|peer| peer.name.clone()));
    let clocks = Vec::from_iter(times.iter().map(|at| format!("{} UTC", at.clock())));
    let verdict = if again || !is_back { Verdict::Act } else { Verdict::Wait };
    Incident {
        id: VANISHED.to_owned(),
        verdict,
        title: "A process was killed: its log ends without a shutdown, then a new one starts".to_owned(),
        happened: format!("{} went {}, last heard at {}.", list(&pods), times_word(count), list(&clocks)),
        why: match verdict {
            Verdict::Act => "A shutdown always says so first; without a word it was SIGKILL, out of memory, or the node. It happened again, or the new process is not up.".to_owned(),
            _ => "A shutdown always says so first; without a word it was SIGKILL, out of memory, or the node. The new process is up.".to_owned(),
        },
        until: (verdict == Verdict::Wait).then(|| "it stays up; if it is killed again, look for the reason".to_owned()),
        check: "kubectl describe pod: the last state (OOMKilled, exit code 137), restarts, events of the node.".to_owned(),
        fix: "Find out who killed it: raise the memory limit after OOMKilled, the liveness probe's patience after failed probes.".to_owned(),
        pods,
        peers: peers.to_vec(),
        first: times.iter().min().copied(),
        last: times.iter().max().copied(),
        count,
        scenario: Some("sigkill-one-of-three".to_owned()),
        ..Incident::default()
    }
}

/// Whether two names as incidents show them mean the same peer: `loki-3 (10.0.0.3:9095)` and `loki-3`, two ports of one host.
pub(super) fn same_peer(a: &str, b: &str) -> bool {
    let parts = |name: &str| -> Vec<String> {
        name.split([' ', '(', ')'])
            .filter(|part| !part.is_empty())
            .map(|part| host(part).to_owned())
            .collect()
    };
    let others = parts(b);
    parts(a).iter().any(|part| others.contains(part))
}

fn when(first: Option<Stamp>, last: Option<Stamp>) -> String {
    match (first, last) {
        (Some(first), Some(last)) if last.seconds_since(first) > 0 => {
            let span = Duration::from_secs(last.seconds_since(first).unsigned_abs());
            format!(" from {} to {} UTC, {}", first.clock(), last.clock(), duration::format(span))
        }
        (Some(first), _) => format!(" at {} UTC", first.clock()),
        _ => String::new(),
    }
}

/// `a`, `a and b`, `a, b, c and 4 more`.
pub(super) fn list(names: &[String]) -> String {
    match names {
        [] => "Somebody".to_owned(),
        [one] => one.clone(),
        names if names.len() <= LISTED => {
            let (last, before) =
                names.split_last().map_or((String::new(), &[][..]), |(last, rest)| (last.clone(), rest));
            format!("{} and {last}", before.join(", "))
        }
        names => format!("{} and {} more", names[..LISTED].join(", "), names.len() - LISTED),
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

fn times_word(count: u64) -> String {
    match count {
        1 => "without a word".to_owned(),
        n => format!("without a word {}", times(n)),
    }
}

fn lines(count: u64) -> String {
    if count == 1 { "1 line".to_owned() } else { format!("{count} lines") }
}
