//! The way in: bytes of files, in any chunks; the way out: a [`Reading`].

use super::case::{Case, Observer, Seen};
use super::catalogue::Catalogue;
use super::reading::{Reading, Verdict};
use super::story::{self, Told};
use super::stream::Stream;

/// Reads logs as they come. Memory does not depend on how much comes.
pub struct Decoder<'o> {
    case: Case<'o>,
    stream: Option<Stream>,
}

/// The verdicts on groups of lines, for those who observed the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdicts(Vec<Verdict>);

impl Verdicts {
    /// The verdict on a line, in the light of what came before and after it.
    pub fn of(&self, seen: Seen) -> Verdict {
        seen.group.and_then(|group| self.0.get(group as usize)).copied().unwrap_or_default()
    }
}

impl Default for Decoder<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'o> Decoder<'o> {
    /// A decoder with the built-in catalogue.
    pub fn new() -> Self {
        Self { case: Case::new(Catalogue::embedded(), None), stream: None }
    }

    /// One that tells `observer` of every line that is recognised, or is at warn or error and is not; in the order of the input.
    pub fn with_observer(observer: impl FnMut(Seen) + 'o) -> Self {
        let observer: Observer<'o> = Box::new(observer);
        Self { case: Case::new(Catalogue::embedded(), Some(observer)), stream: None }
    }

    /// What follows is another file. Without it, bytes belong to a file called `pasted text`.
    pub fn begin_file(&mut self, name: &str) {
        self.end_file();
        self.case.begin_file(name);
        self.stream = Some(Stream::default());
    }

    /// The next bytes of the file: text, or gzip, told by its first bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.stream.is_none() {
            self.begin_file("pasted text");
        }
        if let Some(stream) = &mut self.stream {
            stream.feed(&self.case.catalogue.matcher, bytes, &mut self.case);
        }
    }

    /// Lines read so far.
    pub fn lines(&self) -> u64 {
        self.case.totals.lines + self.stream.as_ref().map_or(0, Stream::lines)
    }

    fn end_file(&mut self) {
        if let Some(stream) = self.stream.take() {
            let (lines, bytes) = stream.end(&self.case.catalogue.matcher, &mut self.case);
            self.case.end_file();
            self.case.totals.lines += lines;
            self.case.totals.bytes += bytes;
        }
    }

    /// Judges what was read.
    pub fn finish(self) -> Reading {
        self.finish_with_verdicts().0
    }

    /// Judges what was read; the verdicts are for the lines that were observed.
    pub fn finish_with_verdicts(mut self) -> (Reading, Verdicts) {
        self.end_file();
        let Told { reading, verdicts } = story::tell(self.case);
        (reading, Verdicts(verdicts))
    }
}
