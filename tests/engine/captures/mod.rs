//! Captures of real Loki processes, run again in the simulator.
//!
//! Each folder of `tests/fixtures/captures` has a scenario that does to the simulator what was done to Loki, the
//! lines about rings that each process wrote, and what was seen at some moments. Loki's modules start and stop
//! at the same time, so the lines of its threads come in another order every time; what is compared is the order
//! within each thread, and a few things that come one after the other whatever the threads do.

mod explained;
mod line;
mod moments;
mod run;
mod threads;

use std::fs;
use std::path::PathBuf;

use ringside::sim::{Scenario, Simulation};

use explained::EXPLAINED;
use moments::{Moment, disagreements};
use run::Run;

/// A capture, simulated to its end.
struct Replay {
    name: String,
    runs: Vec<Run>,
    disagreements: Vec<String>,
}

fn replays() -> Vec<Replay> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures");
    let mut folders = Vec::from_iter(fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()));
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders.iter().map(|folder| replay(folder)).collect()
}

fn replay(folder: &std::path::Path) -> Replay {
    let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
    let scenario = Scenario::parse(&read("scenario.json")).unwrap_or_else(|error| panic!("{name}: {error}"));
    let moments: Vec<Moment> = serde_json::from_str(&read("moments.json")).unwrap();
    let mut simulation = Simulation::of(&scenario).unwrap_or_else(|error| panic!("{name}: {error}"));
    let disagreements = disagreements(&moments, &mut simulation, scenario.until);
    Replay { runs: Run::of(&name, folder, &simulation), disagreements, name }
}

#[test]
fn every_process_writes_the_lines_that_loki_wrote() {
    let mut replays = replays();
    assert_eq!(replays.len(), 14);
    let mut unused = Vec::new();
    for explained in EXPLAINED {
        let uses = replays
            .iter_mut()
            .map(|replay| (explained.settle)(&mut replay.runs))
            .filter(|used| *used)
            .count();
        println!("{uses} x {}: {}", explained.what, explained.why);
        if uses == 0 {
            unused.push(explained.what);
        }
    }
    let differences =
        Vec::from_iter(replays.iter().flat_map(|replay| &replay.runs).flat_map(Run::differences));
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    assert!(unused.is_empty(), "explanations that explain nothing: {unused:?}");
}

#[test]
fn every_moment_of_a_capture_is_as_loki_showed_it() {
    let replays = replays();
    let wrong = Vec::from_iter(
        replays
            .iter()
            .flat_map(|replay| replay.disagreements.iter().map(|wrong| format!("{}: {wrong}", replay.name))),
    );
    assert!(wrong.is_empty(), "{} moments:\n{}", wrong.len(), wrong.join("\n"));
}
