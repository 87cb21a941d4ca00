//! What differs between Loki's logs and ours, and why it may.

use std::collections::BTreeSet;

use super::line::Line;
use super::run::Run;

/// One difference that is no fault.
pub(super) struct Explained {
    /// What differs.
    pub(super) what: &'static str,
    /// Why that is no fault of either.
    pub(super) why: &'static str,
    /// Takes it out of all processes of a capture; whether it was there.
    pub(super) settle: fn(&mut [Run]) -> bool,
}

/// All of them.
pub(super) const EXPLAINED: &[Explained] = &[
    Explained {
        what: "the order in which a fast-join fails to reach nodes",
        why: "it takes them in random order (8.6)",
        settle: fast_join_order,
    },
    Explained {
        what: "how often, and by whom, a dead member is suspected and found dead",
        why: "members are probed in random order, and whoever hears of a death first does not log it; \
              suspecting comes before finding dead, and the texts are the same",
        settle: suspicions,
    },
    Explained {
        what: "how often a goodbye looks whether its messages are out, and how many are left each time",
        why: "messages go out at the next tick of the gossip, which is any time within 200 ms",
        settle: drain,
    },
    Explained {
        what: "whether a goodbye times out that is said while others say theirs",
        why: "it ends when it was sent often enough, and whoever left first is not there to be sent to",
        settle: leave_timeout,
    },
    Explained {
        what: "which module one that could not start says it depends on",
        why: "it waits for all modules that it needs in the random order of a Go map, and names the one that it \
              was waiting for",
        settle: reasons,
    },
    Explained {
        what: "the last lines of a process",
        why: "Loki writes them in threads that nobody waits for; three processes were over before",
        settle: last_lines,
    },
    Explained {
        what: "which rings loki-2 of capture 02 finds when it starts",
        why: "it finds those that a join brought, and joins come before or after another process's first entry; \
              three processes began within 100 ms on a machine that was busy, where a join took up to 92 ms",
        settle: |runs| found_rings(runs, "loki-2.run1"),
    },
    Explained {
        what: "an index gateway that does not miss its ring",
        why: "its ring client starts beside the lifecycler that creates the ring, and may come second",
        settle: |runs| found_rings(runs, "igw-4.run1"),
    },
];

fn fast_join_order(runs: &mut [Run]) -> bool {
    let failed = |line: &Line| line.caller == "memberlist_client.go:782";
    let mut used = false;
    for run in runs {
        let mut loki = Vec::from_iter(run.loki.iter().filter(|line| failed(line)).cloned());
        let mut ours = Vec::from_iter(run.ours.iter().filter(|line| failed(line)).cloned());
        if loki != ours {
            loki.sort();
            ours.sort();
            used |= loki == ours && run.drop_both(failed);
        }
    }
    used
}

fn suspicions(runs: &mut [Run]) -> bool {
    let is_one = |line: &Line| {
        line.file() == "memberlist_logger"
            && ["Suspect ", "Marking "].iter().any(|start| line.message().starts_with(start))
    };
    let texts = |logs: Vec<&Vec<Line>>| {
        let lines = logs.into_iter().flatten().filter(|line| is_one(line)).cloned();
        lines.collect::<BTreeSet<_>>()
    };
    let loki = texts(runs.iter().map(|run| &run.loki).collect());
    let ours = texts(runs.iter().map(|run| &run.ours).collect());
    let mut used = false;
    if loki == ours {
        runs.iter_mut().for_each(|run| used |= run.drop_both(is_one));
    }
    used
}

fn drain(runs: &mut [Run]) -> bool {
    let waits = |line: &Line| line.caller == "memberlist_client.go:1006";
    let mut used = false;
    for run in runs {
        if run.loki.iter().any(waits) == run.ours.iter().any(waits) {
            used |= run.drop_both(waits);
        }
    }
    used
}

fn leave_timeout(runs: &mut [Run]) -> bool {
    let leaving = |run: &&mut Run| run.loki.iter().any(|line| line.message() == "leaving memberlist cluster");
    let mut used = false;
    if runs.iter_mut().filter(|run| leaving(run)).count() > 1 {
        for run in runs {
            used |= run.drop_both(|line| line.caller == "memberlist_client.go:1019");
        }
    }
    used
}

fn reasons(runs: &mut [Run]) -> bool {
    let mut used = false;
    for run in runs {
        let before = run.loki == run.ours;
        for line in run.loki.iter_mut().chain(&mut run.ours) {
            let Some((what, reason)) = line.field("error").split_once(", because it depends on module ")
            else {
                continue;
            };
            let Some((_, cause)) = reason.split_once(", which has failed: ") else { continue };
            if cause == "context canceled"
                || cause.starts_with("invalid service state: Failed, expected: Running")
            {
                let what = what.to_owned();
                line.set("error", &what);
                used |= !before;
            }
        }
    }
    used
}

fn last_lines(runs: &mut [Run]) -> bool {
    const OVER: [(&str, &str); 3] = [
        ("02_three_rf3_healthy", "loki-1.run1"),
        ("10_malformed_ip", "loki-1-malformed-ip.run1"),
        ("11_abort_if_fast_join_fails", "loki-2-fast-join-abort.run1"),
    ];
    let mut used = false;
    for run in runs.iter_mut().filter(|run| OVER.contains(&(&run.capture, &run.process))) {
        let known = run.loki.clone();
        let before = run.ours.len();
        let late =
            |line: &Line| line.caller.starts_with("loki.go:6") || line.caller == "memberlist_client.go:1019";
        run.ours.retain(|line| !late(line) || known.contains(line));
        used |= run.ours.len() < before;
    }
    used
}

fn found_rings(runs: &mut [Run], process: &str) -> bool {
    let mut used = false;
    for run in runs.iter_mut().filter(|run| run.capture == "02_three_rf3_healthy" && run.process == process) {
        used |= run.drop_both(|line| line.caller == "ring.go:390");
    }
    used
}
