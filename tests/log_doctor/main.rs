//! The log doctor as its users meet it: lines of every entry, recorded processes, simulated clusters, and input that means harm.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

mod captures;
mod catalogue;
mod formats;
mod hostile;
mod scenarios;
mod verdicts;

use std::cell::RefCell;
use std::path::PathBuf;

use ringside::doctor::log::catalogue::Catalogue;
use ringside::doctor::log::{Decoder, Incident, Reading, Seen, Verdict};

/// A file of the fixtures.
fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor").join(name)
}

/// Reads one text, called `log`.
fn read(text: &str) -> Reading {
    read_files(&[("log", text.as_bytes())], usize::MAX).0
}

/// Reads files in chunks of a size; with the lines that were seen, their entries and verdicts.
fn read_files(files: &[(&str, &[u8])], chunk: usize) -> (Reading, Vec<(u64, Option<String>, Verdict)>) {
    let seen = RefCell::new(Vec::<Seen>::new());
    let mut decoder = Decoder::with_observer(|line| seen.borrow_mut().push(line));
    for (name, bytes) in files {
        decoder.begin_file(name);
        bytes.chunks(chunk.min(bytes.len().max(1))).for_each(|piece| decoder.feed(piece));
    }
    let (reading, verdicts) = decoder.finish_with_verdicts();
    let id = |seen: Seen| seen.entry.map(|entry| Catalogue::embedded().entries[entry as usize].id.clone());
    let lines = seen.borrow().iter().map(|line| (line.line, id(*line), verdicts.of(*line))).collect();
    (reading, lines)
}

/// The entry that a single line is counted under.
fn id_of(line: &str) -> Option<String> {
    read_files(&[("log", line.as_bytes())], usize::MAX).1.into_iter().next().and_then(|(_, id, _)| id)
}

/// The incidents of an entry.
fn incidents<'r>(reading: &'r Reading, id: &str) -> Vec<&'r Incident> {
    reading.incidents.iter().filter(|incident| incident.id == id).collect()
}

/// The only incident of an entry.
fn incident<'r>(reading: &'r Reading, id: &str) -> &'r Incident {
    let found = incidents(reading, id);
    assert_eq!(found.len(), 1, "{id} in {:#?}", reading.incidents);
    found[0]
}
