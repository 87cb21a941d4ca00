//! Warnings and errors that no entry matches: counted by what is left when numbers, addresses and names in quotes are taken out.

use std::collections::BTreeMap;

use super::fields::{Fields, Loudness};
use super::reading::{Evidence, UnknownLine};

/// Distinct lines that are kept; half of them, the rarest, make room when there are more.
const MOST_KEPT: usize = 1_024;

/// Distinct lines that a reading shows.
const MOST_SHOWN: usize = 20;

/// Characters of a text.
const LONGEST: usize = 200;

/// The lines so far.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    kept: BTreeMap<String, (u64, UnknownLine)>,
    /// Lines whose kind was dropped to make room.
    dropped: u64,
    /// All of them.
    pub(super) total: u64,
}

impl Unknown {
    /// Counts a line.
    pub(super) fn count(&mut self, fields: &Fields<'_>, evidence: impl FnOnce() -> Evidence) {
        self.total += 1;
        let error = fields.errors().next().unwrap_or_default();
        let key = format!("{:?} {} {}", fields.loudness, skeleton(&fields.msg), skeleton(error));
        if let Some((count, _)) = self.kept.get_mut(&key) {
            *count += 1;
            return;
        }
        if self.kept.len() >= MOST_KEPT {
            self.make_room();
        }
        let mut text = cut(&fields.msg, LONGEST);
        if !error.is_empty() && error != fields.msg {
            text = cut(&format!("{text}: {error}"), LONGEST);
        }
        let level = if fields.loudness == Loudness::Error { "error" } else { "warn" };
        let line = UnknownLine { level: level.to_owned(), text, count: 0, example: evidence() };
        self.kept.insert(key, (1, line));
    }

    fn make_room(&mut self) {
        let mut counts = Vec::from_iter(self.kept.values().map(|(count, _)| *count));
        counts.sort_unstable();
        let limit = counts[counts.len() / 2];
        let mut spare = MOST_KEPT / 2;
        let dropped = &mut self.dropped;
        self.kept.retain(|_, (count, _)| {
            let stays = *count > limit || spare == 0;
            if !stays {
                spare -= 1;
                *dropped += *count;
            }
            stays
        });
    }

    /// The most frequent ones, and how many lines are not among them.
    pub(super) fn finish(self) -> (Vec<UnknownLine>, u64) {
        let mut lines =
            Vec::from_iter(self.kept.into_values().map(|(count, line)| UnknownLine { count, ..line }));
        lines.sort_by(|a, b| {
            b.count.cmp(&a.count).then_with(|| a.level.cmp(&b.level)).then_with(|| a.text.cmp(&b.text))
        });
        let others = lines.iter().skip(MOST_SHOWN).map(|line| line.count).sum::<u64>() + self.dropped;
        lines.truncate(MOST_SHOWN);
        (lines, others)
    }
}

/// `text` with every run of characters that has a digit, and everything in quotes, replaced by `#`; at most so long.
fn skeleton(text: &str) -> String {
    let mut out = String::new();
    let text = &text[..text.floor_char_boundary(LONGEST)];
    for word in text.split_inclusive(|c: char| c.is_whitespace() || "()[]{},;=".contains(c)) {
        match word.contains(|c: char| c.is_ascii_digit() || c == '"' || c == '`') {
            true => out.push_str("# "),
            false => out.push_str(word),
        }
    }
    out
}

/// The first `most` characters, with a mark where something was cut; control characters become spaces.
pub(super) fn cut(text: &str, most: usize) -> String {
    let mut chars = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut out: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Evidence {
        Evidence { file: "f".to_owned(), line: 1, text: String::new() }
    }

    #[test]
    fn lines_that_differ_in_numbers_are_one_kind() {
        let mut unknown = Unknown::default();
        for line in [
            "level=warn msg=\"took 3s at 10.0.0.1:80\"",
            "level=warn msg=\"took 41s at 10.9.0.1:81\"",
            "level=error msg=other",
        ] {
            unknown.count(&Fields::parse(line), evidence);
        }
        let (lines, others) = unknown.finish();
        assert_eq!(others, 0);
        assert_eq!(
            Vec::from_iter(lines.iter().map(|line| (line.count, line.level.as_str()))),
            [(2, "warn"), (1, "error")]
        );
    }

    #[test]
    fn countless_kinds_stay_bounded_and_the_frequent_one_is_kept() {
        let mut unknown = Unknown::default();
        let word = |mut n: u32| {
            let mut word = String::new();
            for _ in 0..6 {
                word.push(char::from(b'a' + (n % 26) as u8));
                n /= 26;
            }
            word
        };
        for n in 0..50_000 {
            unknown.count(&Fields::parse(&format!("level=warn msg={}", word(n))), evidence);
            unknown.count(&Fields::parse("level=error msg=\"the frequent one\""), evidence);
            assert!(unknown.kept.len() <= MOST_KEPT);
        }
        let (lines, others) = unknown.finish();
        assert_eq!((lines[0].text.as_str(), lines[0].count), ("the frequent one", 50_000));
        assert_eq!(lines.iter().map(|line| line.count).sum::<u64>() + others, 100_000);
    }
}
