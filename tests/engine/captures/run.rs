//! The lines of one process, as Loki wrote them and as the simulator does.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ringside::sim::{Happening, Simulation};

use super::line::Line;
use super::threads::{thread, wrong_milestones};

/// One process.
#[derive(Debug)]
pub(super) struct Run {
    /// The capture it is from.
    pub capture: String,
    /// The process, such as `loki-3.run2`.
    pub process: String,
    /// What Loki wrote.
    pub loki: Vec<Line>,
    /// What the simulator wrote.
    pub ours: Vec<Line>,
}

impl Run {
    /// All processes of a capture.
    pub(super) fn of(capture: &str, folder: &Path, simulation: &Simulation) -> Vec<Self> {
        let mut runs = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let Some(process) = name.strip_prefix("log-").and_then(|name| name.strip_suffix(".txt")) else {
                continue;
            };
            let (instance, run) = process.rsplit_once(".run").unwrap();
            runs.push(Self {
                capture: capture.into(),
                process: process.into(),
                loki: fs::read_to_string(&path).unwrap().lines().map(Line::parse).collect(),
                ours: simulated(simulation, instance, run.parse().unwrap()),
            });
        }
        runs.sort_by(|a, b| a.process.cmp(&b.process));
        runs
    }

    /// What differs: lines that only one of the two wrote, and lines in another order.
    pub(super) fn differences(&self) -> Vec<String> {
        let who = &self.process;
        let mut out = Vec::new();
        let (loki, ours) = (by_thread(&self.loki), by_thread(&self.ours));
        for name in loki.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let lines =
                |threads: &BTreeMap<String, Vec<Line>>| threads.get(name).cloned().unwrap_or_default();
            let (theirs, ours) = (lines(&loki), lines(&ours));
            let before = out.len();
            out.extend(only(&theirs, &ours).map(|line| format!("{who}: Loki has, we don't: {line}")));
            out.extend(only(&ours, &theirs).map(|line| format!("{who}: we have, Loki doesn't: {line}")));
            if out.len() == before && theirs != ours {
                let place = theirs.iter().zip(&ours).position(|(a, b)| a != b).unwrap();
                out.push(format!(
                    "{who}: thread {name:?}, line {place}: Loki wrote {}, we wrote {}",
                    theirs[place], ours[place]
                ));
            }
        }
        for (whose, lines) in [("Loki's", &self.loki), ("our", &self.ours)] {
            out.extend(
                wrong_milestones(lines).into_iter().map(|wrong| format!("{who}: in {whose} log {wrong}")),
            );
        }
        out
    }

    /// Drops lines from both logs; whether these were not the same in both.
    pub(super) fn drop_both(&mut self, which: impl Fn(&Line) -> bool) -> bool {
        let take =
            |lines: &mut Vec<Line>| -> Vec<Line> { lines.extract_if(.., |line| which(line)).collect() };
        take(&mut self.loki) != take(&mut self.ours)
    }
}

fn by_thread(lines: &[Line]) -> BTreeMap<String, Vec<Line>> {
    let mut threads: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in lines {
        threads.entry(thread(line)).or_default().push(line.clone());
    }
    threads
}

/// The lines of `these` that have no counterpart in `those`.
fn only<'a>(these: &'a [Line], those: &[Line]) -> impl Iterator<Item = &'a Line> {
    let mut left = those.to_vec();
    these.iter().filter(move |line| match left.iter().position(|other| other == *line) {
        Some(place) => {
            left.remove(place);
            false
        }
        None => true,
    })
}

/// What the `run`-th process of a pod wrote, of the files that are compared.
fn simulated(simulation: &Simulation, instance: &str, run: u32) -> Vec<Line> {
    const FILES: [&str; 12] = [
        "basic_lifecycler",
        "basic_lifecycler_delegates",
        "compactor",
        "lifecycler",
        "loki",
        "memberlist_client",
        "memberlist_logger",
        "resolver",
        "ring",
        "ringmanager",
        "ruler",
        "signals",
    ];
    let pod = simulation.pod(instance).unwrap().index;
    let mut present = 0;
    let mut lines = Vec::new();
    for entry in simulation.world.journal.entries().filter(|entry| entry.pod == Some(pod)) {
        match &entry.what {
            Happening::Started { run } => present = *run,
            Happening::Log { line, clock } if present == run => {
                let line = Line::parse(&line.logfmt(*clock));
                if FILES.contains(&line.file()) || line.file() == "tcp_transport" {
                    lines.push(line);
                }
            }
            _ => {}
        }
    }
    lines
}
