//! Everything that is known of the logs so far: processes, groups of lines, what was not recognised. Lines come in, nothing is judged yet.

use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Kind, Mark};
use super::csv::Columns;
use super::envelope::{self, Unwrapped};
use super::fields::{Fields, Loudness};
use super::groups::{Groups, Key};
use super::judge;
use super::lines::{Reason, Sink};
use super::process::{Process, host, without_suffix};
use super::reading::{Evidence, Totals};
use super::recognise::{Hit, recognise};
use super::stamp::Stamp;
use super::unknown::{Unknown, cut};

/// Processes that are told apart; the lines of more are those of the last.
const MOST_PROCESSES: usize = 1_024;

/// Bytes of a process's name.
const LONGEST_NAME: usize = 120;

/// Files whose names are kept.
const MOST_FILES: usize = 10_000;

/// Versions that are kept.
const MOST_VERSIONS: usize = 16;

/// Characters of a line that is kept as evidence.
const LONGEST_EVIDENCE: usize = 400;

/// Pieces that a cut line is put together from, and its bytes.
const MOST_PIECES: usize = 12;
const LONGEST_PUT_TOGETHER: usize = 16 << 10;

/// Lines in a row that nothing was put to, after which a file is no longer taken for one that a terminal wrapped.
const WHOLE_LINES: u32 = 64;

/// A line that was recognised, or is loud and was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The file, by its place in [`Totals::files`].
    pub file: u32,
    /// The line's number from 1.
    pub line: u64,
    /// The entry, by its place in the catalogue.
    pub entry: Option<u32>,
    /// The group that it is judged with, for [`super::Verdicts`].
    pub group: Option<u32>,
}

/// Takes what was seen of a line.
pub(super) type Observer<'o> = Box<dyn FnMut(Seen) + 'o>;

/// A line that seems to be cut, and the pieces that followed.
#[derive(Debug)]
struct Held {
    pieces: Vec<String>,
    number: u64,
}

impl Held {
    /// The line as a terminal that cuts at a column leaves it: where a piece is shorter than the widest, a space was lost.
    fn cut_at_columns(&self) -> String {
        let width = |piece: &String| piece.chars().count();
        let cut = &self.pieces[..self.pieces.len() - 1];
        let widest = cut.iter().map(width).max().unwrap_or(0);
        let mut text = String::new();
        for piece in &self.pieces {
            text.push_str(piece);
            if width(piece) < widest {
                text.push(' ');
            }
        }
        text
    }
}

/// See the module.
pub(super) struct Case<'o> {
    /// What messages mean.
    pub(super) catalogue: &'static Catalogue,
    /// Who wrote the logs.
    pub(super) processes: Vec<Process>,
    /// What they said.
    pub(super) groups: Groups,
    /// What nobody knows.
    pub(super) unknown: Unknown,
    /// Counts.
    pub(super) totals: Totals,
    /// Columns of the present file, if it is a table.
    columns: Option<Columns>,
    by_name: BTreeMap<String, u32>,
    /// The process of the line before: most often that of the next, too.
    recent: Option<u32>,
    held: Option<Held>,
    /// A terminal wrapped the lines of this file: so many whole lines ago at most that was still to be seen.
    wrapped: Option<u32>,
    file: u32,
    observer: Option<Observer<'o>>,
}

impl<'o> Case<'o> {
    /// A case without lines.
    pub(super) fn new(catalogue: &'static Catalogue, observer: Option<Observer<'o>>) -> Self {
        Self {
            catalogue,
            processes: Vec::new(),
            groups: Groups::default(),
            unknown: Unknown::default(),
            totals: Totals::default(),
            columns: None,
            by_name: BTreeMap::new(),
            recent: None,
            held: None,
            wrapped: None,
            file: 0,
            observer,
        }
    }

    /// The lines that follow are those of another file.
    pub(super) fn begin_file(&mut self, name: &str) {
        self.end_file();
        if self.totals.files.len() < MOST_FILES {
            self.totals.files.push(cut(name, 200));
        }
        self.file = self.totals.files.len() as u32 - 1;
        self.recent = None;
    }

    /// No more lines of this file come.
    pub(super) fn end_file(&mut self) {
        self.release();
        self.columns = None;
        self.wrapped = None;
    }

    /// The pod that an address or a memberlist name belongs to, else the name itself.
    pub(super) fn pod_of_peer(&self, peer: &str) -> String {
        let host = host(peer);
        let mut processes = self.processes.iter();
        match processes.find(|process| process.addresses.iter().any(|address| address == host)) {
            Some(process) => process.shown_name().to_owned(),
            None => without_suffix(peer).to_owned(),
        }
    }

    fn file_name(&self) -> &str {
        self.totals.files.get(self.file as usize).map_or("", String::as_str)
    }

    /// The process whose line this is.
    fn process(&mut self, pod: Option<&str>) -> u32 {
        let file = self.totals.files.get(self.file as usize).map_or("", String::as_str);
        let name = pod.unwrap_or(file);
        let name = &name[..name.floor_char_boundary(LONGEST_NAME)];
        let is_recent = |number: &u32| self.processes[*number as usize].name == name;
        if let Some(number) = self.recent.filter(is_recent) {
            return number;
        }
        let known = self.by_name.get(name).copied();
        let number = known.unwrap_or_else(|| {
            if self.processes.len() >= MOST_PROCESSES {
                return MOST_PROCESSES as u32 - 1;
            }
            let name = name.to_owned();
            let number = self.processes.len() as u32;
            self.by_name.insert(name.clone(), number);
            self.processes.push(Process::named(name));
            number
        });
        self.recent = Some(number);
        number
    }

    /// Puts a piece to the line that is held, if it is one.
    fn takes_a_piece(&mut self, text: &str) -> bool {
        let Some(held) = &mut self.held else { return false };
        let length = held.pieces.iter().map(String::len).sum::<usize>();
        let has_room = held.pieces.len() < MOST_PIECES && length + text.len() < LONGEST_PUT_TOGETHER;
        if !has_room || text.trim().is_empty() || envelope::begins_a_line(text) {
            return false;
        }
        held.pieces.push(text.to_owned());
        self.wrapped = Some(0);
        true
    }

    /// The line that was held, with what was put to it.
    fn release(&mut self) {
        let Some(held) = self.held.take() else { return };
        let mut unwrapped = envelope::unwrap(&held.cut_at_columns());
        if held.pieces.len() > 1 && recognise(self.catalogue, &unwrapped.body.fields()).line.is_none() {
            // Or it was cut between words everywhere.
            unwrapped = envelope::unwrap(&held.pieces.join(" "));
        }
        self.read(&unwrapped, &unwrapped.body.fields(), held.number);
    }

    /// Only the time of a line counts.
    fn glance(&mut self, text: &str) {
        let unwrapped = envelope::unwrap(&text[..text.floor_char_boundary(4096)]);
        let fields = unwrapped.body.fields();
        let time = fields.time.or(unwrapped.time);
        let process = self.process(unwrapped.pod.as_deref());
        self.note_time(time);
        self.processes[process as usize].note(time, None);
    }

    fn note_time(&mut self, time: Option<Stamp>) {
        if let Some(time) = time {
            self.totals.first = Some(self.totals.first.map_or(time, |first| first.min(time)));
            self.totals.last = Some(self.totals.last.map_or(time, |last| last.max(time)));
        }
    }

    /// Reads a line: who, when, what.
    fn read(&mut self, unwrapped: &Unwrapped, fields: &Fields<'_>, number: u64) {
        let time = fields.time.or(unwrapped.time);
        self.note_time(time);
        let process = self.process(unwrapped.pod.as_deref());
        let recognised = recognise(self.catalogue, fields);
        let marked = recognised.line.iter().chain(&recognised.inner);
        let mark = marked.into_iter().find_map(|hit| self.catalogue.entries[hit.entry].mark);
        let run = self.processes[process as usize].note(time, mark) as u32;
        if matches!(mark, Some(Mark::Start | Mark::Boot)) {
            self.introduce(process, fields);
        }
        match fields.loudness {
            Loudness::Error => self.totals.errors += 1,
            Loudness::Warn => self.totals.warnings += 1,
            Loudness::Quiet => {}
        }
        let (file, place) = (self.file_name().to_owned(), self.totals.lines + number);
        let evidence = || {
            let text = match &unwrapped.body {
                envelope::Body::Text(text) => cut(text, LONGEST_EVIDENCE),
                envelope::Body::Json(object) => {
                    cut(&serde_json::to_string(object).unwrap_or_default(), LONGEST_EVIDENCE)
                }
            };
            Evidence { file: file.clone(), line: number, text }
        };
        let mut seen = Seen { file: self.file, line: number, entry: None, group: None };
        if let Some(hit) = &recognised.line {
            self.totals.matched += 1;
            let key = |hit: &Hit, is_inner| (process, run, hit.entry as u32, is_inner);
            let inner_ids = Vec::from_iter(
                recognised.inner.iter().map(|hit| self.catalogue.entries[hit.entry].id.as_str()),
            );
            let inner = Vec::from_iter(recognised.inner.iter().map(|hit| hit.entry as u32));
            let group = self.count(key(hit, false), hit, fields, &inner_ids, time, place, &inner, &evidence);
            // An echo's error is the failure itself; any other line's error is only its reason.
            let kind = |hit: &Hit| self.catalogue.entries[hit.entry].verdict;
            let is_echo = kind(hit) == Kind::Secondary;
            let root = recognised.inner.iter().position(|inner| is_echo && kind(inner) != Kind::Secondary);
            for (number, hit) in recognised.inner.iter().enumerate() {
                self.count(key(hit, Some(number) != root), hit, fields, &[], time, place, &[], &evidence);
            }
            seen = Seen { entry: Some(hit.entry as u32), group: Some(group), ..seen };
        } else if fields.loudness > Loudness::Quiet {
            self.unknown.count(fields, evidence);
        } else {
            return;
        }
        if let Some(observer) = &mut self.observer {
            observer(seen);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one line, used once")]
    fn count(
        &mut self,
        (process, run, entry, is_inner): (u32, u32, u32, bool),
        hit: &Hit,
        fields: &Fields<'_>,
        inner_ids: &[&str],
        time: Option<Stamp>,
        place: u64,
        inner: &[u32],
        evidence: &dyn Fn() -> Evidence,
    ) -> u32 {
        let catalogue = self.catalogue;
        let value = |name: &str| {
            let captured =
                hit.captures.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            captured.or_else(|| fields.get(name))
        };
        let mut traits = 0;
        for (number, rule) in catalogue.rules(hit.entry).enumerate() {
            traits |= u32::from(judge::line_holds(rule, value, inner_ids)) << number;
        }
        let named = catalogue.entries[hit.entry].peer.iter().find_map(|name| value(name));
        let peer = self.groups.peer(named.map_or("", without_suffix));
        let key = Key { process, run, entry, traits, peer, is_inner };
        self.groups.count(key, time, place, inner.iter().copied(), evidence)
    }

    /// A line of a start may say what the process is called, where it listens, and its version.
    fn introduce(&mut self, process: u32, fields: &Fields<'_>) {
        let process = &mut self.processes[process as usize];
        let usable = |name: &&str| !name.is_empty() && name.len() <= 120;
        if let Some(node) =
            fields.get("node").filter(usable).filter(|_| fields.get("cluster_label").is_some())
        {
            process.own_name = Some(without_suffix(node).to_owned());
        } else if let Some(instance) = fields.get("instance").filter(usable)
            && process.own_name.is_none()
        {
            process.own_name = Some(instance.to_owned());
        }
        for name in ["grpc", "http", "advertiseAddr"] {
            let address = fields.get(name).map_or("", host);
            let says_nothing = matches!(address, "" | "0.0.0.0" | "::" | "localhost");
            if !says_nothing && process.addresses.len() < 4 && !process.addresses.iter().any(|a| a == address)
            {
                process.addresses.push(cut(address, 120));
            }
        }
        let version = fields.get("version").and_then(|text| {
            let text = text.trim_start_matches('(').trim_start_matches("version=");
            text.split([',', ')', ' ']).next().filter(|version| !version.is_empty())
        });
        if let Some(version) = version {
            let version = cut(version, 60);
            if self.totals.versions.len() < MOST_VERSIONS && !self.totals.versions.contains(&version) {
                self.totals.versions.push(version);
            }
        }
    }
}

impl Sink for Case<'_> {
    fn line(&mut self, bytes: &[u8], number: u64, reason: Reason) -> bool {
        let text = String::from_utf8_lossy(bytes);
        if number == 1 && self.columns.is_none() {
            self.columns = Columns::of_header(&text);
            if self.columns.is_some() {
                return false;
            }
        }
        if let Some(columns) = &self.columns {
            let unwrapped = columns.unwrap(&text);
            let fields = unwrapped.body.fields();
            self.read(&unwrapped, &fields, number);
            return false;
        }
        if self.takes_a_piece(&text) {
            return true;
        }
        self.release();
        self.wrapped = self.wrapped.filter(|lines| *lines < WHOLE_LINES).map(|lines| lines + 1);
        let unwrapped = match reason {
            Reason::Candidate => envelope::unwrap(&text),
            _ if self.wrapped.is_some() => Unwrapped::default(),
            _ => {
                self.glance(&text);
                return false;
            }
        };
        let is_whole = self.wrapped.is_none() && !unwrapped.body.fields().open;
        if is_whole || text.len() >= LONGEST_PUT_TOGETHER {
            self.read(&unwrapped, &unwrapped.body.fields(), number);
            return self.wrapped.is_some();
        }
        self.held = Some(Held { pieces: vec![text.into_owned()], number });
        true
    }
}
