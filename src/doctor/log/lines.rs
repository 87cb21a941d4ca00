//! Lines of a stream: chunks in, the interesting lines out, with nothing kept but the piece of a line that has not ended.
//!
//! The whole chunk is searched at once; only a line in which [`Matcher`] finds something, every so-many-th line (for its time), and
//! those that somebody asked for are handed on. Whatever the chunks, the same lines are.

use memchr::{memchr, memchr_iter, memrchr};

use super::matcher::Matcher;

/// Bytes of a line that are looked at; what is beyond is passed over.
pub(super) const LONGEST_LINE: usize = 64 << 10;

/// Bytes of the last line that are kept for its time.
const LONGEST_TAIL: usize = 4 << 10;

/// Every so-many-th line is handed on for its time alone.
const SAMPLED: u64 = 32;

/// Why a line is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// A literal of a message or the mark of a loud level is in it.
    Candidate,
    /// The line before asked for it.
    Next,
    /// Only for its time.
    Sample,
}

/// Takes chunks apart into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The start of a line whose end has not come.
    pending: Vec<u8>,
    /// How long that line is by now.
    pending_length: usize,
    /// Lines that have ended, or have begun at the end of a file.
    pub(super) count: u64,
    /// The line handed on last asked for the next one.
    wants_next: bool,
    /// The number of the line handed on last.
    handed_on: u64,
    /// The start of the last line that has ended: where the log ends matters, whatever it says.
    tail: Vec<u8>,
}

/// Takes a line: its bytes without the line end, its number from 1, and why. Answers whether it wants the next line, too.
pub(super) trait Sink {
    /// See the trait.
    fn line(&mut self, bytes: &[u8], number: u64, reason: Reason) -> bool;
}

impl Lines {
    /// Takes the next bytes of the file.
    pub(super) fn feed(&mut self, matcher: &Matcher, mut bytes: &[u8], sink: &mut impl Sink) {
        if self.pending_length > 0 {
            let end = memchr(b'\n', bytes);
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            let room = LONGEST_LINE.saturating_sub(self.pending.len());
            self.pending.extend_from_slice(&piece[..piece.len().min(room)]);
            self.pending_length = self.pending_length.saturating_add(piece.len());
            let Some(end) = end else { return };
            bytes = &bytes[end + 1..];
            self.end_pending(matcher, sink);
        }
        let whole = memrchr(b'\n', bytes).map_or(0, |end| end + 1);
        self.whole_lines(matcher, &bytes[..whole], sink);
        if let Some(lines) = bytes[..whole].strip_suffix(b"\n") {
            let last = &lines[memrchr(b'\n', lines).map_or(0, |end| end + 1)..];
            self.tail.clear();
            self.tail.extend_from_slice(&last[..last.len().min(LONGEST_TAIL)]);
        }
        let rest = &bytes[whole..];
        self.pending_length = rest.len();
        self.pending.extend_from_slice(&rest[..rest.len().min(LONGEST_LINE)]);
    }

    /// The file has ended: its last line, too.
    pub(super) fn end(&mut self, matcher: &Matcher, sink: &mut impl Sink) {
        if self.pending_length > 0 {
            self.end_pending(matcher, sink);
        }
        if self.handed_on < self.count {
            sink.line(self.tail.strip_suffix(b"\r").unwrap_or(&self.tail), self.count, Reason::Sample);
        }
    }

    fn end_pending(&mut self, matcher: &Matcher, sink: &mut impl Sink) {
        let line = std::mem::take(&mut self.pending);
        self.pending_length = 0;
        let found = matcher.next(&line, 0).is_some();
        self.hand_on(&line, found, sink);
        self.tail.clear();
        self.tail.extend_from_slice(&line[..line.len().min(LONGEST_TAIL)]);
        self.pending = line;
        self.pending.clear();
    }

    /// Counts one line and hands it on if there is a reason to.
    fn hand_on(&mut self, line: &[u8], found: bool, sink: &mut impl Sink) {
        self.count += 1;
        let reason = match () {
            () if found => Reason::Candidate,
            () if self.wants_next => Reason::Next,
            () if self.count % SAMPLED == 1 => Reason::Sample,
            () => return,
        };
        self.handed_on = self.count;
        let line = &line[..line.len().min(LONGEST_LINE)];
        let wants_next = sink.line(line.strip_suffix(b"\r").unwrap_or(line), self.count, reason);
        if reason != Reason::Sample {
            self.wants_next = wants_next;
        }
    }

    /// Lines that all end in `bytes`.
    fn whole_lines(&mut self, matcher: &Matcher, bytes: &[u8], sink: &mut impl Sink) {
        let mut at = 0;
        while at < bytes.len() {
            if self.wants_next {
                let end = line_end(bytes, at);
                let line = &bytes[at..end];
                self.hand_on(line, matcher.next(&line[..line.len().min(LONGEST_LINE)], 0).is_some(), sink);
                at = end + 1;
                continue;
            }
            let found = matcher.next(bytes, at);
            let start = found
                .map_or(bytes.len(), |(_, end)| memrchr(b'\n', &bytes[at..end]).map_or(at, |n| at + n + 1));
            self.pass(&bytes[at..start], sink);
            at = start;
            if let Some((_, found_end)) = found {
                let end = line_end(bytes, at);
                // Beyond what is looked at of a line, nothing counts as found.
                let counts = found_end - at <= LONGEST_LINE;
                self.hand_on(&bytes[at..end], counts, sink);
                at = end + 1;
            }
        }
    }

    /// Lines in which nothing was found: counted, and every so-many-th handed on.
    fn pass(&mut self, mut bytes: &[u8], sink: &mut impl Sink) {
        let lines = memchr_iter(b'\n', bytes).count() as u64;
        if lines == 0 {
            return;
        }
        // Nearly always the next sample is not among a few lines.
        let until_sample = (SAMPLED - self.count % SAMPLED) % SAMPLED;
        if until_sample >= lines {
            self.count += lines;
            return;
        }
        while !bytes.is_empty() {
            let end = line_end(bytes, 0);
            self.hand_on(&bytes[..end], false, sink);
            bytes = bytes.get(end + 1..).unwrap_or_default();
        }
    }
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |end| from + end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::log::pattern::Pattern;

    #[derive(Default)]
    struct Taken(Vec<(u64, Reason, usize)>);

    impl Sink for Taken {
        fn line(&mut self, bytes: &[u8], number: u64, reason: Reason) -> bool {
            self.0.push((number, reason, bytes.len()));
            bytes.ends_with(b"more")
        }
    }

    fn take(text: &[u8], chunk: usize) -> (u64, Vec<(u64, Reason, usize)>) {
        let pattern = Pattern::parse("suspect timeout").unwrap();
        let matcher = Matcher::new(std::iter::once(&pattern));
        let (mut lines, mut taken) = (Lines::default(), Taken::default());
        text.chunks(chunk).for_each(|piece| lines.feed(&matcher, piece, &mut taken));
        lines.end(&matcher, &mut taken);
        (lines.count, taken.0)
    }

    #[test]
    fn only_interesting_lines_are_handed_on_whatever_the_chunks() {
        let mut text = "quiet\n".repeat(200);
        text.push_str("x SUSPECT timeout more\r\nquiet\nlevel=error\n");
        text.push_str(&"y".repeat(LONGEST_LINE));
        text.push_str(" suspect timeout\nlast suspect timeout\nend\n");
        let expected = take(text.as_bytes(), text.len());
        let numbers = Vec::from_iter(expected.1.iter().map(|(number, ..)| *number));
        assert_eq!((expected.0, numbers), (206, vec![1, 33, 65, 97, 129, 161, 193, 201, 202, 203, 205, 206]));
        for chunk in [1, 2, 3, 64, 1000, 70_000] {
            assert_eq!(take(text.as_bytes(), chunk), expected, "chunks of {chunk}");
        }
    }
}
