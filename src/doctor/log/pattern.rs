//! Patterns of log messages: literals with gaps, such as `Marking {peer} as failed, suspect timeout reached`.
//!
//! `{name}` captures what stands in the gap, `{}` skips it. A pattern is found anywhere in a text unless it begins with
//! `^` (the text's start) or ends with `$` (its end); letters of either case are equal. Literals are looked for from left to right,
//! each at its first place after the one before, so that the work is linear in the text; nothing ever goes back.

use memchr::memmem::Finder;

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    at_start: bool,
    at_end: bool,
    /// Literals in lower case, each with the gap that follows it.
    parts: Vec<Part>,
    /// The gap before the first literal.
    leading: Option<String>,
}

#[derive(Debug)]
struct Part {
    finder: Finder<'static>,
    gap: Option<String>,
}

/// Where a pattern was found, and what stood in its named gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'t> {
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
        let (mut parts, mut leading, mut longest) = (Vec::<Part>::new(), None, 0);
        while !rest.is_empty() {
            let open = rest.find('{').unwrap_or(rest.len());
            let (literal, after) = rest.split_at(open);
            if literal.contains('}') {
                return Err(PatternError::Brace(text.to_owned()));
            }
            let (gap, after) = match after.strip_prefix('{') {
                None => (None, after),
                Some(inside) => {
                    let close = inside.find('}').ok_or_else(|| PatternError::Brace(text.to_owned()))?;
                    (Some(inside[..close].to_owned()), &inside[close + 1..])
                }
            };
            if literal.is_empty() && (!parts.is_empty() || leading.is_some()) {
                return Err(PatternError::TouchingGaps(text.to_owned()));
            }
            if literal.is_empty() {
                leading = gap;
            } else {
                longest = longest.max(literal.len());
                let finder = Finder::new(literal.to_ascii_lowercase().as_bytes()).into_owned();
                parts.push(Part { finder, gap });
            }
            rest = after;
        }
        if longest < 4 {
            return Err(PatternError::NoLiteral(text.to_owned()));
        }
        Ok(Self { at_start, at_end, parts, leading })
    }

    /// The longest literal, in lower case: where it is missing the pattern cannot be. Quotes and backslashes, which encodings
    /// change, end it.
    pub fn anchor(&self) -> &[u8] {
        let pieces =
            self.parts.iter().flat_map(|part| part.finder.needle().split(|b| b"\"\\<>&".contains(b)));
        pieces.max_by_key(|piece| piece.len()).unwrap_or_default()
    }

    /// Looks for the pattern. `lower` is `text` in lower case (ASCII), byte for byte.
    pub fn find<'t>(&'t self, text: &'t str, lower: &str) -> Option<Found<'t>> {
        debug_assert_eq!(text.len(), lower.len());
        let (mut captures, mut at, mut start) = (Vec::new(), 0, 0);
        let mut open_gap = self.leading.as_deref();
        for (number, part) in self.parts.iter().enumerate() {
            let found = at + part.finder.find(&lower.as_bytes()[at..])?;
            if number == 0 {
                start = found;
                if self.at_start && self.leading.is_none() && found > 0 {
                    return None;
                }
            }
            capture(&mut captures, open_gap, text, at, found);
            at = found + part.finder.needle().len();
            open_gap = part.gap.as_deref();
        }
        if self.at_end && open_gap.is_none() && at < text.len() {
            return None;
        }
        let end = text[at..]
            .find(|c: char| c.is_whitespace() || ",;\"')]}".contains(c))
            .map_or(text.len(), |e| at + e);
        capture(&mut captures, open_gap, text, at, end);
        Some(Found { length: at - start, captures })
    }
}

fn capture<'t>(
    captures: &mut Vec<(&'t str, &'t str)>,
    gap: Option<&'t str>,
    text: &'t str,
    from: usize,
    to: usize,
) {
    if let (Some(name), Some(value)) = (gap.filter(|name| !name.is_empty()), text.get(from..to)) {
        captures.push((name, value.trim()));
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
        assert_eq!((found.length, found.captures), (15, vec![("addr", "10.0.0.1:7946")]));
    }

    #[test]
    fn anchors_hold_a_pattern_to_the_ends_of_the_text() {
        assert!(find("^instance not found$", "instance not found").is_some());
        assert!(find("^instance not found", "err: instance not found").is_none());
        assert!(find("instance not found$", "instance not found in the ring").is_none());
    }

    #[test]
    fn what_cannot_be_matched_is_refused() {
        for bad in ["{open", "close}", "{a}{b} text", "ab{x}c", ""] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
    }
}
