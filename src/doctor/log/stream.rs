//! From the bytes of a file to lines: gzip, byte order marks, UTF-16, and arrays of JSON objects, told by the first bytes.

use super::gunzip::{self, Gunzip};
use super::lines::{LONGEST_LINE, Lines, Reason, Sink};
use super::matcher::Matcher;

/// Bytes that are looked at before it is said what the text is.
const OPENING: usize = 256;

/// A file on its way.
#[derive(Default)]
pub(super) struct Stream {
    packing: Packing,
    text: Text,
}

#[derive(Default)]
enum Packing {
    #[default]
    Unsure,
    /// The first byte of the magic number came alone.
    Half,
    Plain,
    Gzip(Box<Gunzip>),
}

/// What the bytes are once they are unpacked.
#[derive(Default)]
struct Text {
    opening: Vec<u8>,
    kind: Option<Kind>,
    lines: Lines,
    /// Bytes after unpacking.
    bytes: u64,
}

enum Kind {
    Lines,
    Wide(Wide),
    Array(Array),
}

impl Stream {
    /// Takes the next bytes.
    pub(super) fn feed(&mut self, matcher: &Matcher, mut bytes: &[u8], sink: &mut impl Sink) {
        if bytes.is_empty() {
            return;
        }
        if matches!(self.packing, Packing::Unsure | Packing::Half) {
            let had_first = matches!(self.packing, Packing::Half);
            let start = if had_first { 1 } else { 0 };
            let fits = bytes.iter().zip(&gunzip::MAGIC[start..]).take_while(|(a, b)| a == b).count();
            let known = start + fits;
            if known == 1 && fits == bytes.len() {
                self.packing = Packing::Half;
                return;
            }
            self.packing = if known == 2 { Packing::Gzip(Box::default()) } else { Packing::Plain };
            if had_first {
                self.unpacked(matcher, &gunzip::MAGIC[..1], sink);
            }
            if known == 2 && !had_first {
                self.unpacked(matcher, &gunzip::MAGIC, sink);
                bytes = &bytes[2..];
            }
        }
        self.unpacked(matcher, bytes, sink);
    }

    fn unpacked(&mut self, matcher: &Matcher, bytes: &[u8], sink: &mut impl Sink) {
        let text = &mut self.text;
        match &mut self.packing {
            Packing::Gzip(gunzip) => gunzip.feed(bytes, &mut |bytes| text.feed(matcher, bytes, sink)),
            _ => text.feed(matcher, bytes, sink),
        }
    }

    /// The file has ended. Answers its lines and bytes.
    pub(super) fn end(mut self, matcher: &Matcher, sink: &mut impl Sink) -> (u64, u64) {
        if matches!(self.packing, Packing::Half) {
            self.text.feed(matcher, &gunzip::MAGIC[..1], sink);
        }
        self.text.end(matcher, sink)
    }

    /// Lines so far.
    pub(super) const fn lines(&self) -> u64 {
        self.text.lines.count
    }
}

impl Text {
    fn feed(&mut self, matcher: &Matcher, bytes: &[u8], sink: &mut impl Sink) {
        self.bytes += bytes.len() as u64;
        if self.kind.is_none() {
            let room = OPENING - self.opening.len();
            self.opening.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if self.opening.len() == OPENING {
                self.open(matcher, sink);
                self.pass(matcher, &bytes[room..], sink);
            }
            return;
        }
        self.pass(matcher, bytes, sink);
    }

    /// Says what the text is, by its opening, and passes that on.
    fn open(&mut self, matcher: &Matcher, sink: &mut impl Sink) {
        let opening = std::mem::take(&mut self.opening);
        let (kind, skipped) = match &opening[..] {
            [0xff, 0xfe, ..] => (Kind::Wide(Wide::new(false)), 2),
            [0xfe, 0xff, ..] => (Kind::Wide(Wide::new(true)), 2),
            [0xef, 0xbb, 0xbf, rest @ ..] => (kind_of(rest), 3),
            rest => (kind_of(rest), 0),
        };
        self.kind = Some(kind);
        self.pass(matcher, &opening[skipped..], sink);
    }

    fn pass(&mut self, matcher: &Matcher, bytes: &[u8], sink: &mut impl Sink) {
        let lines = &mut self.lines;
        match &mut self.kind {
            Some(Kind::Wide(wide)) => wide.feed(bytes, &mut |text| lines.feed(matcher, text, sink)),
            Some(Kind::Array(array)) => array.feed(matcher, bytes, lines, sink),
            Some(Kind::Lines) | None => lines.feed(matcher, bytes, sink),
        }
    }

    fn end(mut self, matcher: &Matcher, sink: &mut impl Sink) -> (u64, u64) {
        if self.kind.is_none() {
            self.open(matcher, sink);
        }
        self.lines.end(matcher, sink);
        (self.lines.count, self.bytes)
    }
}

/// An array of objects, or lines.
fn kind_of(opening: &[u8]) -> Kind {
    let mut signs = opening.iter().filter(|byte| !byte.is_ascii_whitespace());
    match (signs.next(), signs.next()) {
        (Some(b'['), Some(b'{')) => Kind::Array(Array::default()),
        _ => Kind::Lines,
    }
}

/// UTF-16 turned into UTF-8, unit by unit; what Windows shells write.
struct Wide {
    big_endian: bool,
    half: Option<u8>,
    high: Option<u16>,
}

impl Wide {
    const fn new(big_endian: bool) -> Self {
        Self { big_endian, half: None, high: None }
    }

    fn feed(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        let mut text = String::with_capacity(bytes.len());
        for &byte in bytes {
            let Some(first) = self.half.take() else {
                self.half = Some(byte);
                continue;
            };
            let unit = if self.big_endian {
                u16::from_be_bytes([first, byte])
            } else {
                u16::from_le_bytes([first, byte])
            };
            let units = [self.high.take(), Some(unit)];
            if units[0].is_none() && (0xd800..0xdc00).contains(&unit) {
                self.high = Some(unit);
                continue;
            }
            text.extend(
                char::decode_utf16(units.into_iter().flatten())
                    .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
            );
        }
        sink(text.as_bytes());
    }
}

/// The objects of a JSON array, each handed on as a line; told apart by their braces, whatever is in them.
#[derive(Default)]
struct Array {
    depth: u32,
    in_text: bool,
    escaped: bool,
    object: Vec<u8>,
}

impl Array {
    fn feed(&mut self, matcher: &Matcher, bytes: &[u8], lines: &mut Lines, sink: &mut impl Sink) {
        for &byte in bytes {
            if self.depth > 0 && self.object.len() < 4 * LONGEST_LINE {
                self.object.push(byte);
            }
            if self.in_text {
                self.in_text = byte != b'"' || self.escaped;
                self.escaped = byte == b'\\' && !self.escaped;
                continue;
            }
            match byte {
                b'"' => self.in_text = self.depth > 0,
                b'{' => {
                    if self.depth == 0 {
                        self.object.clear();
                        self.object.push(byte);
                    }
                    self.depth = self.depth.saturating_add(1);
                }
                b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        lines.count += 1;
                        let found = matcher.next(&self.object, 0).is_some();
                        let reason = if found { Reason::Candidate } else { Reason::Sample };
                        sink.line(&self.object, lines.count, reason);
                    }
                }
                _ => {}
            }
        }
    }
}
