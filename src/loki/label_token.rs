//! A token of a label string, and its name in errors.
//!
//! Models `Item` of Prometheus promql/parser/lex.go, and the grammar's list of words that may be names.

use crate::go::strconv::quote;

/// One token: what it is, where it starts (in bytes), and its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind,
    pub(super) offset: usize,
    pub(super) text: &'t str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    End,
    Identifier,
    /// An identifier with a colon.
    MetricIdentifier,
    String,
    Number,
    Duration,
    /// `+`, `==`, `and`, ...
    Operator,
    /// `sum`, ...
    Aggregator,
    /// `by`, ...
    Keyword,
    /// Braces, brackets, commas, `=`, and the words `start`, `end`, `step`, ...
    Plain,
}

impl Token<'_> {
    pub(super) fn is(&self, plain: &str) -> bool {
        self.kind == TokenKind::Plain && self.text == plain
    }

    /// Whether the token may stand before the braces: names, and all words but a few.
    pub(super) fn is_metric_name(&self) -> bool {
        let word = self.text.to_ascii_lowercase();
        match self.kind {
            TokenKind::Identifier | TokenKind::MetricIdentifier | TokenKind::Aggregator => true,
            TokenKind::Operator => matches!(&*word, "and" | "or" | "unless"),
            TokenKind::Keyword => {
                !matches!(&*word, "bool" | "on" | "ignoring" | "group_left" | "group_right")
            }
            TokenKind::Plain => word.starts_with(|c: char| c.is_ascii_alphabetic()),
            _ => false,
        }
    }

    /// How errors name the token (`Item.desc`).
    pub(super) fn describe(&self) -> String {
        let text = self.text;
        match self.kind {
            TokenKind::End => "end of input".to_owned(),
            TokenKind::Identifier => format!("identifier {}", quote(text)),
            TokenKind::MetricIdentifier => format!("metric identifier {}", quote(text)),
            TokenKind::String => format!("string {}", quote_start(text)),
            TokenKind::Number => format!("number {}", quote_start(text)),
            TokenKind::Duration => format!("duration {}", quote_start(text)),
            TokenKind::Operator => format!("<op:{text}>"),
            TokenKind::Aggregator => format!("<aggr:{text}>"),
            TokenKind::Keyword => format!("<{text}>"),
            TokenKind::Plain => quote_start(text),
        }
    }
}

/// Quotes a text of more than ten bytes as its first ten characters and an ellipsis.
fn quote_start(text: &str) -> String {
    if text.len() <= 10 {
        return quote(text);
    }
    let end = text.char_indices().nth(10).map_or(text.len(), |(end, _)| end);
    format!("{}...", quote(&text[..end]))
}
