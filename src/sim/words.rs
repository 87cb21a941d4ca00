use std::time::Duration;

use super::{Command, Span};

impl Command {
    /// The command in a few words, for the journal.
    pub fn words(&self) -> String {
        let for_ms = |step: &i64| Span(Duration::from_millis(step.unsigned_abs()));
        match self {
            Self::Kill { pod, dark: false } => format!("kill -9 {pod}"),
            Self::Kill { pod, dark: true } => format!("the machine of {pod} is gone"),
            Self::Terminate { pod } => format!("SIGTERM to {pod}"),
            Self::Start { pod, rename, address } => {
                let name = rename.as_ref().map_or(String::new(), |name| format!(" as {name}"));
                let address = address.as_ref().map_or(String::new(), |address| format!(" at {address}"));
                format!("start {pod}{name}{address}")
            }
            Self::Pause { pod } => format!("{pod} is paused"),
            Self::Resume { pod } => format!("{pod} goes on"),
            Self::Clock { pod, step_ms } if *step_ms < 0 => {
                format!("the clock of {pod} steps back by {}", for_ms(step_ms))
            }
            Self::Clock { pod, step_ms } => format!("the clock of {pod} steps ahead by {}", for_ms(step_ms)),
            Self::Partition { parts } => {
                let parts = Vec::from_iter(parts.iter().map(|part| part.join(" ")));
                format!("the network falls apart: {}", parts.join(" | "))
            }
            Self::Cut { from, to } => format!("nothing gets from {from} to {to}"),
            Self::Clog { from, to, delay } => format!("from {from} to {to} takes {delay} longer"),
            Self::BlockPort { pod, blocked: true } => format!("a policy blocks the memberlist port of {pod}"),
            Self::BlockPort { pod, blocked: false } => {
                format!("the memberlist port of {pod} can be reached again")
            }
            Self::Loss { millionths } => format!("{} of segments get lost", percent(*millionths)),
            Self::LinkLoss { from, to, millionths } => {
                format!("{} of segments from {from} to {to} get lost", percent(*millionths))
            }
            Self::Mend { from, to } => format!("from {from} to {to} all gets through again"),
            Self::Drop { message } => format!("message {message} gets lost"),
            Self::Delay { message, by } => format!("message {message} takes {by} longer"),
            Self::Network { latency_min, latency_max, latency_between_zones, duplication } => {
                let changes = [
                    latency_min.map(|span| format!("{span} one way at least")),
                    latency_max.map(|span| format!("{span} one way at most")),
                    latency_between_zones.map(|span| format!("{span} more between zones")),
                    duplication.map(|millionths| format!("{} of packets arrive twice", percent(millionths))),
                ];
                format!("the network changes: {}", listed(changes))
            }
            Self::Workload(change) => {
                let changes = [
                    change.pushes_per_second.map(|count| format!("{count} pushes a second")),
                    change.queries_per_second.map(|count| format!("{count} queries a second")),
                    change.streams.map(|count| format!("{count} streams")),
                    change.streams_per_push.map(|count| format!("{count} streams in a push")),
                    change.lines_per_stream.map(|count| format!("{count} lines of each")),
                    change.skew.map(|skew| format!("skew {skew}")),
                    change.shards.map(|count| format!("{count} shards")),
                ];
                format!("the workload changes: {}", listed(changes))
            }
            Self::Heal {} => "the network is whole again".into(),
            Self::Dns { down: true } => "the name server is down".into(),
            Self::Dns { down: false } => "the name server is back".into(),
            Self::Store { down: true } => "the central store is down".into(),
            Self::Store { down: false } => "the central store is back".into(),
            Self::Disk { pod, full: true } => format!("the disk of {pod} is full"),
            Self::Disk { pod, full: false } => format!("the disk of {pod} has room again"),
            Self::WalReplay { pod, takes } => format!("{pod} will replay its log for {takes}"),
            Self::Init { pod, takes, modules } => {
                format!("{pod} will take {takes} to begin, and {modules} to build its modules")
            }
            Self::FinalSleep { pod, takes } => format!("{pod} will have a final_sleep of {takes}"),
            Self::Bind { pod, bind, advertise, taken } => {
                let taken = if *taken { ", where the port is taken" } else { "" };
                format!("{pod} will bind to {bind:?} and advertise {advertise:?}{taken}")
            }
            Self::Forget { via, ring, id } => format!("forget {id} on the {ring} ring page of {via}"),
            Self::Push { via, labels, lines } => format!("push {lines} lines of {labels} to {via}"),
            Self::Query { via } => format!("query {via}"),
            Self::Ready { pod } => format!("GET /ready of {pod}"),
            Self::Rollout { group } => format!("rollout of {group}"),
            Self::Scale { group, count } => format!("scale {group} to {count}"),
        }
    }
}

fn percent(millionths: u32) -> String {
    format!("{}.{:04} %", millionths / 10_000, millionths % 10_000)
}

fn listed<const N: usize>(changes: [Option<String>; N]) -> String {
    let changes = Vec::from_iter(changes.into_iter().flatten());
    if changes.is_empty() { "nothing".into() } else { changes.join(", ") }
}
