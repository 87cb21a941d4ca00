//! What only somebody who keeps looking can say of a ring: states that last too long, clocks that
//! differ, news that stopped. These findings come beside those of [`super::judge`].

use std::time::Duration;

use crate::go::duration;
use crate::ring::InstanceState;
use crate::time::{WallTime, age_text};

use super::ShownState;
use super::history::{Frame, History, What};
use super::judge::{Finding, Severity};

/// Clocks that differ by no more than this, and a round trip, are taken as equal.
const CLOCK_SLACK: Duration = Duration::from_secs(5);
/// So often an instance may change its state within [`FLAPPING_TIME`] before it flaps.
const FLAPPING: usize = 4;
/// So many answers with one and the same time are no chance.
const FROZEN: usize = 3;
const FLAPPING_TIME: Duration = Duration::from_secs(600);

/// How long a state is normal.
fn patience(state: InstanceState) -> Option<(Duration, &'static str)> {
    match state {
        InstanceState::Pending => Some((
            Duration::from_secs(60),
            "An ingester is PENDING for a second or two after its start; one that stays so found no tokens, or cannot \
             write to the ring.",
        )),
        InstanceState::Joining => Some((
            Duration::from_secs(60),
            "JOINING lasts as long as join_after and observe_period ask for, a few seconds by default.",
        )),
        InstanceState::Leaving => Some((
            Duration::from_secs(300),
            "A pod that leaves flushes and goes within its grace period. With unregister_on_shutdown off its entry \
             stays LEAVING until the pod comes back, and keeps others from becoming ready.",
        )),
        InstanceState::Active | InstanceState::Left => None,
    }
}

/// The findings at `frame`, one of the history's.
pub fn find(history: &History, frame: &Frame) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(clock_skew(frame));
    findings.extend(frozen(history, frame));
    for state in [InstanceState::Pending, InstanceState::Joining, InstanceState::Leaving] {
        findings.extend(too_long(history, frame, state));
    }
    findings.extend(flapping(history, frame));
    findings
}

/// How far the server's clock is ahead of the reader's (negative: behind), in seconds; nothing if the
/// page does not tell, or within what a slow answer explains.
pub fn skew_seconds(frame: &Frame) -> Option<i64> {
    let nanos = frame.server_now?.unix_nanos() - frame.at.unix_nanos();
    let seconds = i64::try_from(nanos / 1_000_000_000).ok()?;
    (seconds.unsigned_abs() > CLOCK_SLACK.as_secs()).then_some(seconds)
}

fn clock_skew(frame: &Frame) -> Option<Finding> {
    let seconds = skew_seconds(frame)?;
    let by = duration::format(Duration::from_secs(seconds.unsigned_abs()));
    let order = if seconds > 0 { "ahead of" } else { "behind" };
    // Health is judged by that clock: past a minute it decides who looks dead.
    let severity = if seconds.unsigned_abs() > 60 { Severity::Warning } else { Severity::Info };
    Some(Finding {
        key: "clock-skew",
        severity,
        what: format!("The server's clock is {by} {order} this machine's."),
        why: "The ring is judged by the server's clock, as the server itself does. If it is the server's that is wrong, \
              heartbeats of others look too old or lie in the future there, and only there."
            .to_owned(),
        advice: "Compare both with a third clock.".to_owned(),
        check: Some("date -u; kubectl exec POD -- date -u".to_owned()),
        command: None,
    })
}

/// A server's clock stands still only in a copy of an old answer.
fn frozen(history: &History, frame: &Frame) -> Option<Finding> {
    let told = frame.server_now?;
    let same = history.frames().rev().skip_while(|other| other.at > frame.at);
    let same = Vec::from_iter(same.take_while(|other| other.server_now == Some(told)).map(|other| other.at));
    let lasted = frame.at.since(*same.last()?)?;
    (same.len() >= FROZEN && lasted >= Duration::from_secs(10)).then(|| Finding {
        key: "frozen",
        severity: Severity::Warning,
        what: format!("The answer has not changed for {}: not even the server\u{2019}s clock.", age_text(lasted)),
        why: "Something on the way, a cache or a proxy, gives an old answer again. What is shown here is not the ring of now."
            .to_owned(),
        advice: "Ask the pod itself, past what stands in between.".to_owned(),
        check: Some("kubectl port-forward POD 3100:3100".to_owned()),
        command: None,
    })
}

fn too_long(history: &History, frame: &Frame, state: InstanceState) -> Option<Finding> {
    let (patience, why) = patience(state)?;
    let shown = ShownState::Stated(state);
    let lasting = frame.roster.entries().iter().enumerate().filter(|(place, _)| frame.state(*place) == shown);
    let lasting = lasting.filter_map(|(_, entry)| {
        let since = in_state_since(history, frame, &entry.id);
        // One that was there from the first look on has been so since it registered, or longer than we know.
        let registered = (state != InstanceState::Leaving && entry.registered_timestamp > 0)
            .then(|| WallTime::from_unix_secs(entry.registered_timestamp));
        let lasted = match since {
            Some(since) => frame.at.since(since)?,
            None => frame.now().since(registered?)?,
        };
        (lasted > patience).then_some((lasted, &entry.id))
    });
    let mut lasting = Vec::from_iter(lasting);
    lasting.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    let (longest, id) = lasting.first()?;
    let others = match lasting.len() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(Finding {
        key: match state {
            InstanceState::Pending => "long-pending",
            InstanceState::Joining => "long-joining",
            _ => "long-leaving",
        },
        severity: Severity::Warning,
        what: format!("{id}{others}: {state} for {}, which is long.", age_text(*longest)),
        why: why.to_owned(),
        advice: "Look at the log and the state of that pod; restart it if it hangs.".to_owned(),
        check: Some(format!(
            "kubectl get pods -o wide | grep -F '{0}'\nkubectl logs {0} --tail=100",
            quoted(id)
        )),
        command: None,
    })
}

/// Since when an instance has been in its state, if that was seen to begin.
fn in_state_since(history: &History, frame: &Frame, id: &str) -> Option<WallTime> {
    let begins = |what: &What| matches!(what, What::State { .. } | What::Joined(_));
    let mut changes = history.changes().rev().skip_while(|change| change.at > frame.at);
    let change = changes.find(|change| *change.id == *id && begins(&change.what));
    change.map(|change| change.at).or_else(|| {
        // It was so at the first look: at least since then.
        let first = history.frames().next()?;
        let place = first.roster.place(id)?;
        let now = frame.roster.place(id)?;
        (first.state(place) == frame.state(now) && first.roster.entries()[place].registered_timestamp == 0)
            .then_some(first.at)
    })
}

fn flapping(history: &History, frame: &Frame) -> Option<Finding> {
    let recent = |at: WallTime| at <= frame.at && frame.at.since(at).is_some_and(|age| age <= FLAPPING_TIME);
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let to_unhealthy = history.changes().filter(|change| {
        recent(change.at)
            && matches!(
                change.what,
                What::State { from: ShownState::Unhealthy, .. }
                    | What::State { to: ShownState::Unhealthy, .. }
            )
    });
    for change in to_unhealthy {
        *counts.entry(&change.id).or_default() += 1;
    }
    let (id, count) =
        counts.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count >= FLAPPING)?;
    Some(Finding {
        key: "flapping",
        severity: Severity::Warning,
        what: format!("{id} went to UNHEALTHY and back: {count} changes in {}.", duration::format(FLAPPING_TIME)),
        why: "Its heartbeats come, but late: no CPU, long pauses, a store that is slow to take them, or gossip that \
              hardly reaches this process."
            .to_owned(),
        advice: "Look at its CPU limit and throttling, then at the same instance as other pods see it.".to_owned(),
        check: Some(format!("kubectl top pod {0}; kubectl logs {0} --tail=200 | grep -iE 'heartbeat|CAS|refut'", quoted(id))),
        command: None,
    })
}

/// For within single quotes of a shell, and for a word of its own if it needs none.
fn quoted(id: &str) -> String {
    let plain =
        !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if plain { id.to_owned() } else { "POD".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;

    fn watched(pages: &[(i64, i64, &str, i64)]) -> History {
        let mut history = History::default();
        for (at, now, state, registered) in pages {
            let text = format!(
                r#"{{"shards":[{{"id":"loki-0","state":"{state}","timestamp":{now},"registered_timestamp":{registered},"tokens":[1]}}],"now":{now}}}"#
            );
            let page = ring_page::parse(&text).unwrap();
            history.record(WallTime::from_unix_secs(*at), &page, Duration::from_secs(30));
        }
        history
    }

    fn whats(history: &History) -> Vec<String> {
        let latest = history.latest().unwrap();
        find(history, latest).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_state_that_lasts_is_found_when_it_was_seen_to_begin() {
        let begun = [(100, 100, "ACTIVE", 50), (105, 105, "JOINING", 50), (160, 160, "JOINING", 50)];
        assert_eq!(whats(&watched(&begun)), [""; 0]);
        let mut lasting = begun.to_vec();
        lasting.push((170, 170, "JOINING", 50));
        assert_eq!(whats(&watched(&lasting)), ["loki-0: JOINING for 1m5s, which is long."]);
    }

    #[test]
    fn one_that_was_there_from_the_first_look_counts_from_its_registration() {
        assert_eq!(
            whats(&watched(&[(1000, 1000, "PENDING", 100)])),
            ["loki-0: PENDING for 15m0s, which is long."]
        );
        assert_eq!(whats(&watched(&[(1000, 1000, "PENDING", 990)])), [""; 0]);
        assert_eq!(
            whats(&watched(&[(1000, 1000, "LEAVING", 100)])),
            [""; 0],
            "it registered long before it left"
        );
    }

    #[test]
    fn a_clock_that_differs_is_told_with_its_sign() {
        assert_eq!(
            whats(&watched(&[(1000, 1090, "ACTIVE", 1)])),
            ["The server's clock is 1m30s ahead of this machine's."]
        );
        assert_eq!(
            whats(&watched(&[(1000, 940, "ACTIVE", 1)])),
            ["The server's clock is 1m0s behind this machine's."]
        );
        assert_eq!(whats(&watched(&[(1000, 1004, "ACTIVE", 1)])), [""; 0]);
    }

    #[test]
    fn one_that_comes_and_goes_flaps() {
        let states = ["ACTIVE", "UNHEALTHY", "ACTIVE", "UNHEALTHY", "ACTIVE"];
        let pages =
            Vec::from_iter(states.iter().zip(0..).map(|(state, i)| (100 + i * 60, 100 + i * 60, *state, 1)));
        assert!(whats(&watched(&pages))[0].starts_with("loki-0 went to UNHEALTHY and back: 4 changes"));
        assert_eq!(whats(&watched(&pages[..4])), [""; 0]);
    }

    #[test]
    fn a_name_that_a_shell_would_obey_is_not_put_into_a_command() {
        assert_eq!(
            (quoted("loki-0"), quoted("$(reboot)"), quoted("")),
            ("loki-0".into(), "POD".into(), "POD".into())
        );
    }
}
