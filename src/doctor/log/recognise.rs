//! Which entries a line's parts match: the longest match in the message, else in the errors; the others are the reasons inside.

use std::cmp::Reverse;

use super::catalogue::{Catalogue, Part};
use super::fields::Fields;

/// More text of a part is not looked at.
const LONGEST_PART: usize = 16 << 10;

/// An entry that a line matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its index in the catalogue.
    pub(super) entry: usize,
    /// Named gaps and what stood in them.
    pub(super) captures: Vec<(String, String)>,
}

/// What a line was recognised as.
#[derive(Debug, Default)]
pub(super) struct Recognised {
    /// The entry that the line is counted under.
    pub(super) line: Option<Hit>,
    /// Entries that its errors match besides, each once.
    pub(super) inner: Vec<Hit>,
}

struct Candidate {
    /// The part of the line, the message first.
    part: usize,
    start: usize,
    end: usize,
    length: usize,
    /// What follows it after a colon is its reason.
    gives_a_reason: bool,
    hit: Hit,
}

/// Recognises a line.
pub(super) fn recognise(catalogue: &'static Catalogue, fields: &Fields<'_>) -> Recognised {
    let (mut candidates, mut numbers) = (Vec::<Candidate>::new(), Vec::new());
    let parts = std::iter::once((true, fields.msg.as_ref())).chain(fields.errors().map(|text| (false, text)));
    for (part, (in_message, text)) in parts.enumerate() {
        let text = &text[..text.floor_char_boundary(LONGEST_PART)];
        catalogue.matcher.patterns_in(text, &mut numbers);
        if numbers.is_empty() {
            continue;
        }
        let lower = text.to_ascii_lowercase();
        for &number in &numbers {
            let (entry, pattern) = &catalogue.patterns[number];
            let known = &catalogue.entries[*entry];
            let needs = known.needs.iter().any(|name| fields.get(name).is_some());
            let has_what_it_needs = !fields.structured || known.needs.is_empty() || needs;
            let allowed = has_what_it_needs
                && match known.part {
                    Part::Any => true,
                    Part::Msg => in_message,
                    Part::Err => !in_message || !fields.structured,
                };
            let Some(found) = pattern.find(text, &lower).filter(|_| allowed) else { continue };
            let captures =
                found.captures.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let hit = Hit { entry: *entry, captures: captures.collect() };
            candidates.push(Candidate {
                part: if in_message { 0 } else { part },
                start: found.start,
                end: found.end,
                length: found.length,
                gives_a_reason: text[found.end..].starts_with(':'),
                hit,
            });
        }
    }
    // The message before errors, the longest first, among equals the earlier entry.
    candidates.sort_by_key(|c| (c.part > 0, Reverse(c.length), c.hit.entry));
    // But where the longest is the reason that another gives after a colon, the line is that other.
    let (first_part, first_start) = candidates.first().map_or((0, 0), |c| (c.part, c.start));
    let outer = candidates
        .iter()
        .enumerate()
        .filter(|(_, c)| c.gives_a_reason && c.part == first_part && c.end <= first_start);
    if let Some((place, _)) = outer.min_by_key(|(_, c)| c.start) {
        candidates[..=place].rotate_right(1);
    }
    let mut recognised = Recognised::default();
    for Candidate { hit, .. } in candidates {
        let known = recognised.line.iter().chain(&recognised.inner).any(|other| other.entry == hit.entry);
        match recognised.line {
            _ if known => {}
            None => recognised.line = Some(hit),
            Some(_) => recognised.inner.push(hit),
        }
    }
    recognised
}
