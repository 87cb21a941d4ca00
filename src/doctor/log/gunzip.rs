//! Gzip as a stream: any number of members, inflated piece by piece into a fixed buffer, so that a bomb costs time but no memory.
//!
//! Checksums are not compared: what is read is judged by what it says. What follows the last member is left alone, as gzip does.

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// The first bytes of a gzip file.
pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Inflates a gzip file that arrives in chunks.
pub(super) struct Gunzip {
    state: Box<InflateState>,
    place: Place,
    output: Vec<u8>,
}

/// Where in a member the next byte belongs.
#[derive(Clone, Copy)]
enum Place {
    /// The ten bytes of the header: how many were seen, and the flags once they were.
    Header {
        seen: u8,
        flags: u8,
    },
    /// The length of the extra field: how many of its two bytes, and their value.
    ExtraLength {
        seen: u8,
        length: u16,
        flags: u8,
    },
    Extra {
        left: u16,
        flags: u8,
    },
    /// A name or comment up to its zero byte.
    Text {
        flags: u8,
    },
    HeaderSum {
        seen: u8,
    },
    Body,
    Trailer {
        seen: u8,
    },
    /// Nothing more to read.
    End,
}

const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;
const HEADER_SUM: u8 = 2;

impl Default for Gunzip {
    fn default() -> Self {
        Self {
            state: InflateState::new_boxed(DataFormat::Raw),
            place: Place::Header { seen: 0, flags: 0 },
            output: vec![0; 64 << 10],
        }
    }
}

impl Gunzip {
    /// Takes the next bytes of the file; hands what they inflate to, in pieces of at most 64 KiB, to `sink`.
    pub(super) fn feed(&mut self, mut input: &[u8], sink: &mut impl FnMut(&[u8])) {
        while !matches!(self.place, Place::End) {
            if matches!(self.place, Place::Body) {
                let step = inflate(&mut self.state, input, &mut self.output, MZFlush::None);
                input = &input[step.bytes_consumed..];
                if step.bytes_written > 0 {
                    sink(&self.output[..step.bytes_written]);
                }
                match step.status {
                    Ok(MZStatus::StreamEnd) => self.place = Place::Trailer { seen: 0 },
                    Ok(_) if step.bytes_written > 0 || (step.bytes_consumed > 0 && !input.is_empty()) => {}
                    // More input is needed; `Buf` says so when there was nothing to do.
                    Ok(_) => return,
                    Err(miniz_oxide::MZError::Buf) => return,
                    Err(_) => self.place = Place::End,
                }
                continue;
            }
            let Some((&byte, rest)) = input.split_first() else { return };
            input = rest;
            self.place = self.after(byte);
        }
    }

    /// The place after one byte outside the body.
    fn after(&mut self, byte: u8) -> Place {
        match self.place {
            Place::Header { seen, flags } => match seen {
                0 | 1 if byte != MAGIC[usize::from(seen)] => Place::End,
                3 => Place::Header { seen: 4, flags: byte },
                9 => self.header_after(flags),
                _ => Place::Header { seen: seen + 1, flags },
            },
            Place::ExtraLength { seen: 0, flags, .. } => {
                Place::ExtraLength { seen: 1, length: u16::from(byte), flags }
            }
            Place::ExtraLength { length, flags, .. } => match length | (u16::from(byte) << 8) {
                0 => self.header_after(flags),
                left => Place::Extra { left, flags },
            },
            Place::Extra { left: 1, flags } => self.header_after(flags),
            Place::Extra { left, flags } => Place::Extra { left: left - 1, flags },
            Place::Text { flags } if byte == 0 => self.header_after(flags),
            Place::HeaderSum { seen: 1 } => self.header_after(0),
            Place::HeaderSum { seen } => Place::HeaderSum { seen: seen + 1 },
            Place::Trailer { seen: 7 } => Place::Header { seen: 0, flags: 0 },
            Place::Trailer { seen } => Place::Trailer { seen: seen + 1 },
            place @ (Place::Text { .. } | Place::Body | Place::End) => place,
        }
    }

    /// What of the header comes next, once the parts before it are read; `flags` are those still to come.
    fn header_after(&mut self, flags: u8) -> Place {
        if flags & EXTRA != 0 {
            Place::ExtraLength { seen: 0, length: 0, flags: flags & !EXTRA }
        } else if flags & NAME != 0 {
            Place::Text { flags: flags & !NAME }
        } else if flags & COMMENT != 0 {
            Place::Text { flags: flags & !COMMENT }
        } else if flags & HEADER_SUM != 0 {
            Place::HeaderSum { seen: 0 }
        } else {
            self.state.reset(DataFormat::Raw);
            Place::Body
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(text: &[u8], flags: u8) -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3];
        if flags & EXTRA != 0 {
            bytes.extend([3, 0, 1, 2, 3]);
        }
        if flags & NAME != 0 {
            bytes.extend(b"loki.log\0");
        }
        if flags & HEADER_SUM != 0 {
            bytes.extend([9, 9]);
        }
        bytes.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        bytes.extend([0; 8]);
        bytes
    }

    fn gunzip(bytes: &[u8], chunk: usize) -> Vec<u8> {
        let (mut gunzip, mut out) = (Gunzip::default(), Vec::new());
        bytes.chunks(chunk).for_each(|piece| gunzip.feed(piece, &mut |bytes| out.extend_from_slice(bytes)));
        out
    }

    #[test]
    fn members_follow_each_other_whatever_the_chunks() {
        let text = "level=info msg=x\n".repeat(20_000).into_bytes();
        let file =
            [member(&text, 0), member(b"second\n", EXTRA | NAME | HEADER_SUM), b"\0\0".to_vec()].concat();
        let expected = [&text[..], b"second\n"].concat();
        for chunk in [1, 7, 4096, file.len()] {
            assert!(gunzip(&file, chunk) == expected, "chunks of {chunk}");
        }
    }

    #[test]
    fn a_broken_member_ends_what_can_be_read() {
        let mut file = member(&b"line\n".repeat(1000), 0);
        file.truncate(file.len() / 2);
        file.extend([0xff; 100]);
        assert!(gunzip(&file, 16).len() <= 5000);
        assert_eq!(gunzip(b"\x1f\x8bnonsense", 3), b"");
    }
}
