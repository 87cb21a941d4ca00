use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Seek as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use ringside::doctor::log::catalogue::Catalogue;
use ringside::doctor::log::{Decoder, Incident, Reading, Related, Seen, Verdict, Verdicts, report};
use serde::Serialize;

use crate::input::InputError;
use crate::{Outcome, for_terminal};

/// Bytes of a file that are read at once.
const CHUNK: usize = 256 << 10;

/// Bytes of one line's record while its verdict is not known: file, line, entry, group.
const RECORD: usize = 20;

/// Stands in a record for an entry or a group that there is none of.
const NONE: u32 = u32::MAX;

/// Moments and unknown lines that the text shows.
const MOST_SHOWN: usize = 10;

/// What logs come to: harmless, wait, or act.
#[derive(Args)]
pub(crate) struct Decode {
    /// Logs, plain or gzip; `-`, or none, reads standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object a line that was recognised or is at warn or error, and a summary last
    #[arg(long)]
    json: bool,
    /// Print Markdown, for a ticket
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

/// One line of `--json`.
#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    line: u64,
    id: Option<&'a str>,
    verdict: Verdict,
}

/// The last line of `--json`.
#[derive(Serialize)]
struct Last<'a> {
    summary: Summary<'a>,
}

#[derive(Serialize)]
struct Summary<'a> {
    verdict: Verdict,
    headline: &'a str,
    why: &'a str,
    incidents: &'a [Incident],
    lines: u64,
    matched: u64,
    errors: u64,
    warnings: u64,
    unknown: u64,
}

impl Decode {
    pub(crate) fn run(&self) -> Result<(String, Outcome), InputError> {
        let mut records = self.json.then(Records::new).transpose()?;
        let (reading, verdicts) = {
            let mut decoder = Decoder::with_observer(|seen| {
                if let Some(records) = &mut records {
                    records.put(seen);
                }
            });
            let standard_input = [PathBuf::from("-")];
            let files = if self.files.is_empty() { &standard_input[..] } else { &self.files };
            for path in files {
                read(&mut decoder, path)?;
            }
            decoder.finish_with_verdicts()
        };
        let outcome = if reading.verdict == Verdict::Act { Outcome::Unhealthy } else { Outcome::Healthy };
        let text = match records {
            Some(records) => {
                records.print(&reading, &verdicts)?;
                last_line(&reading)
            }
            None if self.markdown => for_terminal(&report::markdown(&reading)),
            None => for_terminal(&text(&reading)),
        };
        Ok((text, outcome))
    }
}

/// Streams a file into the decoder.
fn read(decoder: &mut Decoder<'_>, path: &Path) -> Result<(), InputError> {
    let (name, mut input): (String, Box<dyn Read>) = match path == Path::new("-") {
        true => ("standard input".to_owned(), Box::new(std::io::stdin().lock())),
        false => {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|source| InputError::Read { path: name.clone(), source })?;
            (name, Box::new(file))
        }
    };
    decoder.begin_file(&name);
    let mut chunk = vec![0; CHUNK];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => decoder.feed(&chunk[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => return Err(InputError::Read { path: name, source }),
        }
    }
}

/// What was seen of lines, on disk until their verdicts are known: memory does not grow with the log.
struct Records {
    file: File,
    buffer: Vec<u8>,
    failed: Option<std::io::Error>,
}

impl Records {
    fn new() -> Result<Self, InputError> {
        let path = std::env::temp_dir().join(format!("ringside-decode-{}", std::process::id()));
        let fault = |source| InputError::Read { path: path.display().to_string(), source };
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).open(&path).map_err(fault)?;
        // The name is not needed: the file goes with the process.
        let _ = std::fs::remove_file(&path);
        Ok(Self { file, buffer: Vec::new(), failed: None })
    }

    fn put(&mut self, seen: Seen) {
        self.buffer.extend_from_slice(&seen.file.to_le_bytes());
        self.buffer.extend_from_slice(&seen.line.to_le_bytes());
        self.buffer.extend_from_slice(&seen.entry.unwrap_or(NONE).to_le_bytes());
        self.buffer.extend_from_slice(&seen.group.unwrap_or(NONE).to_le_bytes());
        if self.buffer.len() >= 4096 * RECORD {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if let Err(error) = self.file.write_all(&self.buffer) {
            self.failed.get_or_insert(error);
        }
        self.buffer.clear();
    }

    /// Prints all lines, now that the verdicts are known.
    fn print(mut self, reading: &Reading, verdicts: &Verdicts) -> Result<(), InputError> {
        self.flush();
        let fault = |source| InputError::Read { path: "the temporary file of records".to_owned(), source };
        if let Some(error) = self.failed {
            return Err(fault(error));
        }
        self.file.rewind().map_err(fault)?;
        let mut input = std::io::BufReader::with_capacity(CHUNK, self.file);
        let mut output = std::io::BufWriter::with_capacity(CHUNK, std::io::stdout().lock());
        let catalogue = Catalogue::embedded();
        let mut record = [0; RECORD];
        while input.read_exact(&mut record).is_ok() {
            let number =
                |at: usize| u32::from_le_bytes([record[at], record[at + 1], record[at + 2], record[at + 3]]);
            let some = |number: u32| (number != NONE).then_some(number);
            let line = u64::from(number(4)) | u64::from(number(8)) << 32;
            let seen = Seen { file: number(0), line, entry: some(number(12)), group: some(number(16)) };
            let entry = seen.entry.and_then(|entry| catalogue.entries.get(entry as usize));
            let line = Line {
                file: reading.totals.files.get(seen.file as usize).map_or("", String::as_str),
                line,
                id: entry.map(|entry| entry.id.as_str()),
                verdict: verdicts.of(seen),
            };
            let text = serde_json::to_string(&line).unwrap_or_default();
            // A reader such as `head` may have gone.
            if writeln!(output, "{text}").is_err() {
                return Ok(());
            }
        }
        let _ = output.flush();
        Ok(())
    }
}

fn last_line(reading: &Reading) -> String {
    let totals = &reading.totals;
    let summary = Summary {
        verdict: reading.verdict,
        headline: &reading.headline,
        why: &reading.why,
        incidents: &reading.incidents,
        lines: totals.lines,
        matched: totals.matched,
        errors: totals.errors,
        warnings: totals.warnings,
        unknown: totals.unknown,
    };
    let mut text = serde_json::to_string(&Last { summary }).unwrap_or_default();
    text.push('\n');
    text
}

fn text(reading: &Reading) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}: {}\n{}", reading.verdict.name().to_uppercase(), reading.headline, reading.why);
    let (routine, incidents): (Vec<_>, Vec<_>) =
        reading.incidents.iter().partition(|incident| incident.routine);
    for incident in incidents {
        one(&mut out, incident);
    }
    if !routine.is_empty() {
        let count: u64 = routine.iter().map(|incident| incident.count).sum();
        let ids = routine.iter().map(|incident| incident.id.as_str()).collect::<Vec<_>>().join(" ");
        let _ = writeln!(out, "\n[harmless] {count} routine lines: {ids}");
    }
    if !reading.unknown.is_empty() {
        let _ = writeln!(out, "\nNot in the catalogue:");
        for line in reading.unknown.iter().take(MOST_SHOWN) {
            let _ = writeln!(out, "  {}× {} {}", line.count, line.level, line.text);
        }
        let hidden = reading.unknown.iter().skip(MOST_SHOWN).map(|line| line.count).sum::<u64>()
            + reading.unknown_others;
        if hidden > 0 {
            let _ = writeln!(out, "  and {hidden} more lines");
        }
    }
    let totals = &reading.totals;
    let _ = writeln!(
        out,
        "\n{} lines: {} recognised, {} errors, {} warnings.",
        totals.lines, totals.matched, totals.errors, totals.warnings
    );
    out
}

fn one(out: &mut String, incident: &Incident) {
    let Incident { id, title, happened, why, until, check, fix, .. } = incident;
    let _ = writeln!(out, "\n[{}] {id} {title}\n  {happened}", incident.verdict.name());
    let mut row = |name: &str, text: &str| {
        if !text.is_empty() {
            let _ = writeln!(out, "  {name:5} {text}");
        }
    };
    row("why", why);
    row("until", until.as_deref().unwrap_or_default());
    if incident.verdict > Verdict::Harmless {
        row("check", check);
        row("do", fix);
    }
    row("says", &said(&incident.reasons));
    row("so", &said(&incident.symptoms));
    if incident.verdict > Verdict::Harmless {
        row("see", incident.links.first().map_or("", String::as_str));
    }
    if let Some(scenario) = &incident.scenario {
        row("try", &format!("cargo cli run {scenario}"));
    }
    for evidence in incident.evidence.iter().take(2) {
        row("line", &format!("{}:{} {}", evidence.file, evidence.line, evidence.text));
    }
}

fn said(related: &[Related]) -> String {
    let texts =
        related.iter().map(|related| format!("{} ({} {}×)", related.title, related.id, related.count));
    texts.collect::<Vec<_>>().join("; ")
}
