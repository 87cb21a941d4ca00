//! Captures of real Loki processes, run again in the simulator.
//!
//! Each folder of `tests/fixtures/captures` has a scenario that does to the simulator what was done to Loki, the
//! lines about rings that each process wrote, and what was seen at some moments. Loki's modules start and stop
//! at the same time, so the lines of its threads come in another order every time; what is compared is the order
//! within each thread, and a few things that come one after the other whatever the threads do.
//!
//! A capture is one of the ways in which chance could have it: tokens decide which compactor leads, and ticks
//! of the gossip who has heard of whom when somebody asked. So a capture is found again when there is a seed
//! with which the simulator does everything as Loki did.

mod explained;
mod line;
mod moments;
mod run;
mod threads;

use std::fs;
use std::path::{Path, PathBuf};

use ringside::sim::{Scenario, Simulation};

use explained::EXPLAINED;
use moments::{Moment, disagreements};
use run::Run;

/// How many seeds are tried, from the scenario's own on.
const SEEDS: u64 = 60;

/// One way in which chance could have it.
#[derive(Debug)]
struct Replay {
    seed: u64,
    /// Which of [`EXPLAINED`] it took.
    used: Vec<bool>,
    /// In the logs, and at the moments.
    differences: Vec<String>,
}

#[test]
fn the_simulator_does_what_real_processes_did_and_logs_what_they_logged() {
    let mut used = vec![0; EXPLAINED.len()];
    let mut faults = Vec::new();
    for folder in folders() {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let replay = closest(&name, &folder);
        println!("{name}: seed {}, {} differences", replay.seed, replay.differences.len());
        used.iter_mut().zip(&replay.used).for_each(|(used, again)| *used += usize::from(*again));
        faults.extend(replay.differences.iter().map(|line| format!("{name}, seed {}: {line}", replay.seed)));
    }
    for (used, explained) in used.iter().zip(EXPLAINED) {
        println!("{used} captures differ in {}: {}", explained.what, explained.why);
        if *used == 0 {
            faults.push(format!("an explanation explains nothing: {}", explained.what));
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn folders() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let mut folders = Vec::from_iter(fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    assert_eq!(folders.len(), 14);
    folders
}

/// The first seed without differences, or the one with the fewest.
fn closest(name: &str, folder: &Path) -> Replay {
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let scenario = Scenario::parse(&read("scenario.json")).unwrap_or_else(|error| panic!("{name}: {error}"));
    let moments: Vec<Moment> = serde_json::from_str(&read("moments.json")).unwrap();
    let mut best: Option<Replay> = None;
    for seed in scenario.seed..scenario.seed + SEEDS {
        let replay = replay(name, folder, &Scenario { seed, ..scenario.clone() }, &moments);
        let found = replay.differences.is_empty();
        if best.as_ref().is_none_or(|best| replay.differences.len() < best.differences.len()) {
            best = Some(replay);
        }
        if found {
            break;
        }
    }
    best.unwrap()
}

fn replay(name: &str, folder: &Path, scenario: &Scenario, moments: &[Moment]) -> Replay {
    let mut simulation = Simulation::of(scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut differences = disagreements(moments, &mut simulation, scenario.until);
    let mut runs = Run::of(name, folder, &simulation);
    let used = EXPLAINED.iter().map(|explained| (explained.settle)(&mut runs)).collect();
    differences.extend(runs.iter().flat_map(Run::differences));
    Replay { seed: scenario.seed, used, differences }
}
