//! Patterns of log messages: literals with gaps, such as `Marking {peer} as failed, suspect timeout reached`.
//!
//! `{name}` captures one word, `{}` skips anything. A pattern is found anywhere in a text unless it begins with `^` (the text's
//! start) or ends with `$` (its end); letters of either case are equal. What stands between two gaps that skip is looked for from
//! left to right, each at its first place after the one before, and words are short: the work is linear in the text.

use memchr::memmem::Finder;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    at_start: bool,
    at_end: bool,
    /// What stands between the gaps that skip, in order.
    blocks: Vec<Block>,
    /// It begins with a gap, so that its first block need not stand at the start.
    open_start: bool,
}

/// Literals with words between them.
#[derive(Debug, Default)]
struct Block {
    literals: Vec<Finder<'static>>,
    /// The name of the word after each literal; one less than literals, or as many where the pattern ends with a word.
    words: Vec<String>,
}

/// Bytes of a word in a gap.
const LONGEST_WORD: usize = 300;

/// Where a pattern was found, and what stood in its named gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'t> {
    /// Where the first literal begins.
    pub start: usize,
    /// Where the last literal or word ends.
    pub end: usize,
    /// Bytes from the start of the first literal to the end of the last: the longer of two matches says more.
    pub length: usize,
    /// Named gaps, trimmed.
    pub captures: Vec<(&'t str, &'t str)>,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A brace without its partner.
    #[error("pattern {0:?}: a brace is not closed or not opened")]
    Brace(String),
    /// Nothing that could be looked for.
    #[error("pattern {0:?}: no literal of at least four characters")]
    NoLiteral(String),
    /// Two gaps touch: where one ends could not be said.
    #[error("pattern {0:?}: two gaps without a literal between them")]
    TouchingGaps(String),
}

impl Pattern {
    /// Reads the notation that the module describes.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let body = text.strip_prefix('^').unwrap_or(text);
        let (at_start, at_end) = (body.len() < text.len(), body.ends_with('$'));
        let mut rest = body.strip_suffix('$').unwrap_or(body);
        let (mut blocks, mut block, mut longest) = (Vec::new(), Block::default(), 0);
        let open_start = rest.starts_with("{}");
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            let (literal, after) = rest.split_at(open);
            if literal.contains('}') {
                return Err(PatternError::Brace(text.to_owned()));
            }
            if literal.is_empty() && rest.len() < body.len() {
                return Err(PatternError::TouchingGaps(text.to_owned()));
            }
            if !literal.is_empty() {
                longest = longest.max(literal.len());
                block.literals.push(Finder::new(literal.to_ascii_lowercase().as_bytes()).into_owned());
            }
            rest = match after.strip_prefix('{') {
                None => after,
                Some(inside) => {
                    let close = inside.find('}').ok_or_else(|| PatternError::Brace(text.to_owned()))?;
                    match &inside[..close] {
                        "" if block.literals.is_empty() => {}
                        "" => blocks.push(std::mem::take(&mut block)),
                        // What stands before the first literal has no beginning.
                        _ if block.literals.is_empty() => {}
                        name => block.words.push(name.to_owned()),
                    }
                    &inside[close + 1..]
                }
            };
        }
        if !block.literals.is_empty() {
            blocks.push(block);
        }
        if longest < 4 {
            return Err(PatternError::NoLiteral(text.to_owned()));
        }
        Ok(Self { at_start, at_end, blocks, open_start })
    }

    /// The longest literal, in lower case: where it is missing the pattern cannot be. Quotes and backslashes, which encodings
    /// change, end it.
    pub fn anchor(&self) -> &[u8] {
        let literals = self.blocks.iter().flat_map(|block| &block.literals);
        let pieces = literals.flat_map(|literal| literal.needle().split(|b| b"\"\\<>&".contains(b)));
        pieces.max_by_key(|piece| piece.len()).unwrap_or_default()
    }

    /// Looks for the pattern. `lower` is `text` in lower case (ASCII), byte for byte.
    pub fn find<'t>(&'t self, text: &'t str, lower: &str) -> Option<Found<'t>> {
        let mut found = Found { start: 0, end: 0, length: 0, captures: Vec::new() };
        for (number, block) in self.blocks.iter().enumerate() {
            let held = self.at_start && number == 0 && !self.open_start;
            let (start, last_literal) = block.find(text, lower.as_bytes(), held, &mut found)?;
            if number == 0 {
                found.start = start;
            }
            found.length = last_literal - found.start;
        }
        (!self.at_end || found.end == text.len()).then_some(found)
    }
}

impl Block {
    /// Looks for the block from `found.end` on, moves that to its end, and adds what its words are. Answers where the block begins,
    /// and where its last literal ends.
    fn find<'t>(
        &'t self,
        text: &'t str,
        lower: &[u8],
        only_here: bool,
        found: &mut Found<'t>,
    ) -> Option<(usize, usize)> {
        let (first, rest) = self.literals.split_first()?;
        let (mut from, known) = (found.end, found.captures.len());
        'starts: while let Some(step) = first.find(lower.get(from..)?) {
            let start = from + step;
            if only_here && start > found.end {
                return None;
            }
            from = start + 1;
            found.captures.truncate(known);
            let mut at = start + first.needle().len();
            for (literal, name) in rest.iter().zip(&self.words) {
                let window = &lower[at..lower.len().min(at + LONGEST_WORD + literal.needle().len())];
                let Some(length) = literal.find(window) else { continue 'starts };
                let Some(word) =
                    text.get(at..at + length).filter(|word| !word.trim().contains(char::is_whitespace))
                else {
                    continue 'starts;
                };
                found.captures.push((name, word.trim()));
                at += length + literal.needle().len();
            }
            found.end = at;
            if let Some(name) = self.words.get(rest.len()) {
                let after = text.get(at..)?;
                let ends = |c: char| c.is_whitespace() || ",;\"')]}".contains(c);
                let length = after.find(ends).unwrap_or(after.len());
                let word = after[..length].trim_end_matches(':');
                found.captures.push((name, word));
                found.end = at + word.len();
            }
            return Some((start, at));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(pattern: &str, text: &'static str) -> Option<Found<'static>> {
        let pattern: &'static Pattern = Box::leak(Box::new(Pattern::parse(pattern).unwrap()));
        pattern.find(text, &text.to_ascii_lowercase())
    }

    #[test]
    fn gaps_are_captured_and_case_does_not_matter() {
        let found = find(
            "Marking {peer} as failed, suspect timeout reached ({n} peer",
            "x: MARKING loki-1-ab as failed, suspect timeout reached (2 peer confirmations)",
        );
        assert_eq!(found.unwrap().captures, [("peer", "loki-1-ab"), ("n", "2")]);
    }

    #[test]
    fn a_last_gap_ends_with_its_word_and_does_not_lengthen_the_match() {
        let found = find("failed to join {addr}", "failed to join 10.0.0.1:7946, refused").unwrap();
        assert_eq!((found.length, found.end), (15, 28));
        assert_eq!(found.captures, [("addr", "10.0.0.1:7946")]);
    }

    #[test]
    fn anchors_hold_a_pattern_to_the_ends_of_the_text() {
        assert!(find("^instance not found$", "instance not found").is_some());
        assert!(find("^instance not found", "err: instance not found").is_none());
        assert!(find("instance not found$", "instance not found in the ring").is_none());
    }

    #[test]
    fn a_named_gap_is_one_word_and_an_empty_one_is_anything() {
        let text = "failed to join cluster on startup: failed to join 10.0.0.1:7946: dial tcp";
        assert_eq!(find("failed to join {addr}: dial", text).unwrap().captures, [("addr", "10.0.0.1:7946")]);
        assert!(find("failed to join {}: dial", text).unwrap().start == 0);
        assert!(find("failed {a} join {b} on startup: x", text).is_none());
    }

    #[test]
    fn repeated_starts_in_one_long_word_are_no_trouble() {
        let text: &'static str = Box::leak("abcd".repeat(4000).into_boxed_str());
        assert!(find("abcd{x}efgh", text).is_none());
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        for bad in ["{open", "close}", "text {a}{b} text", "ab{x}c", ""] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
