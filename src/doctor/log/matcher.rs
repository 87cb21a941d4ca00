//! One pass over many bytes for all messages at once: an Aho–Corasick automaton over one literal of each pattern and the marks of loud
//! levels. Only lines that it finds are parsed.

use aho_corasick::automaton::{Automaton as _, OverlappingState};
use aho_corasick::dfa::DFA;
use aho_corasick::{Input, MatchKind, StartKind};

use super::pattern::Pattern;

/// How lines say that they are loud, in the encodings that logs come in. Letters of either case are equal.
const LOUD: [&str; 16] = [
    "=warn",
    "=error",
    "=err ",
    "=fatal",
    "=crit",
    "=panic",
    ":\"warn",
    ":\"error",
    ":\"fatal",
    ": \"warn",
    ": \"error",
    ": \"fatal",
    "[err",
    "[warn",
    "panic: ",
    "\u{1b}[",
];

/// Longer literals make the automaton larger, and hardly ever find less.
const LONGEST: usize = 18;

/// The automaton: literals of the patterns first, then the loud marks.
#[derive(Debug, Default)]
pub struct Matcher {
    automaton: Option<DFA>,
    patterns: usize,
}

impl Matcher {
    /// A matcher for `patterns`, which it numbers as they come.
    pub fn new<'p>(patterns: impl Iterator<Item = &'p Pattern>) -> Self {
        let mut literals = Vec::from_iter(patterns.map(|pattern| {
            let anchor = pattern.anchor();
            &anchor[..anchor.len().min(LONGEST)]
        }));
        let patterns = literals.len();
        literals.extend(LOUD.iter().map(|mark| mark.as_bytes()));
        let automaton = DFA::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .start_kind(StartKind::Unanchored)
            .prefilter(false)
            .build(&literals)
            .ok();
        Self { automaton, patterns }
    }

    /// Where the first literal or mark in `bytes` after `from` begins and ends.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let found = self.automaton.as_ref()?.try_find(&Input::new(bytes).range(from..)).ok()??;
        Some((found.start(), found.end()))
    }

    /// The numbers of the patterns whose literal is in `text`, each once.
    pub fn patterns_in(&self, text: &str, numbers: &mut Vec<usize>) {
        numbers.clear();
        let Some(automaton) = &self.automaton else { return };
        let (input, mut state) = (Input::new(text), OverlappingState::start());
        while automaton.try_find_overlapping(&input, &mut state).is_ok() {
            let Some(found) = state.get_match() else { break };
            let number = found.pattern().as_usize();
            if number < self.patterns && !numbers.contains(&number) {
                numbers.push(number);
            }
        }
    }
}
