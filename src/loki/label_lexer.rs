//! The tokens of a label string.
//!
//! Models Prometheus promql/parser/lex.go, as far as a label string reaches into PromQL: the first token
//! that cannot belong to one ends the reading, so that nesting and durations in brackets never matter.

use crate::go::strconv::{is_print, quote, quote_rune};

use super::label_token::{Token, TokenKind};

/// What the lexer itself does not take.
#[derive(Debug)]
pub(super) struct LexError {
    pub(super) offset: usize,
    pub(super) message: String,
}

#[derive(Debug)]
pub(super) struct Lexer<'t> {
    input: &'t str,
    /// Where the token that is being read starts.
    start: usize,
    position: usize,
    inside_braces: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(input: &'t str) -> Self {
        Self { input, start: 0, position: 0, inside_braces: false }
    }

    /// The next token; after [`TokenKind::End`] again that.
    pub(super) fn next_token(&mut self) -> Result<Token<'t>, LexError> {
        loop {
            self.accept_while(is_space);
            if self.peek() != Some('#') {
                break;
            }
            self.accept_while(|c| c != '\n' && c != '\r');
        }
        self.start = self.position;
        let Some(c) = self.next() else {
            return match self.inside_braces {
                true => self.error("unexpected end of input inside braces"),
                false => self.token(TokenKind::End),
            };
        };
        match c {
            '"' | '\'' => self.string(c),
            '`' => self.raw_string(),
            ',' => self.token(TokenKind::Plain),
            _ if self.inside_braces => self.inside_braces(c),
            _ => self.outside_braces(c),
        }
    }

    fn inside_braces(&mut self, c: char) -> Result<Token<'t>, LexError> {
        match c {
            _ if is_alpha(c) => {
                self.accept_while(is_alphanumeric);
                self.token(TokenKind::Identifier)
            }
            '=' if self.accept("~") => self.token(TokenKind::Operator),
            '=' => self.token(TokenKind::Plain),
            '!' => match self.next() {
                Some('~' | '=') => self.token(TokenKind::Operator),
                other => {
                    self.error(format!("unexpected character after '!' inside braces: {}", quote_read(other)))
                }
            },
            '{' => self.error("unexpected left brace '{'"),
            '}' => {
                self.inside_braces = false;
                self.token(TokenKind::Plain)
            }
            _ => self.error(format!("unexpected character inside braces: {}", quote_rune(c))),
        }
    }

    fn outside_braces(&mut self, c: char) -> Result<Token<'t>, LexError> {
        match c {
            '*' | '/' | '%' | '+' | '-' | '^' | '@' => self.token(TokenKind::Operator),
            '=' if self.accept("=") => self.token(TokenKind::Operator),
            '=' if self.peek() == Some('~') => self.error("unexpected character after '=': '~'"),
            '=' => self.token(TokenKind::Plain),
            '!' => match self.next() {
                Some('=') => self.token(TokenKind::Operator),
                other => self.error(format!("unexpected character after '!': {}", quote_read(other))),
            },
            '<' | '>' => {
                self.accept("=/");
                self.token(TokenKind::Operator)
            }
            _ if c.is_ascii_digit() || (c == '.' && self.peek().is_some_and(|c| c.is_ascii_digit())) => {
                self.position = self.start;
                self.number_or_duration()
            }
            _ if is_alpha(c) || c == ':' => {
                self.accept_while(|c| is_alphanumeric(c) || c == ':');
                let kind = self.word_kind();
                self.token(kind)
            }
            '(' | '[' => self.token(TokenKind::Plain),
            ')' => {
                // The parenthesis counts as read.
                self.start = self.position;
                self.error("unexpected right parenthesis ')'")
            }
            ']' => self.error("unexpected right bracket ']'"),
            '{' => {
                self.inside_braces = true;
                self.token(TokenKind::Plain)
            }
            _ => self.error(format!("unexpected character: {}", quote_rune(c))),
        }
    }

    /// What the word just read is outside braces.
    fn word_kind(&self) -> TokenKind {
        match &*self.input[self.start..self.position].to_ascii_lowercase() {
            "and" | "or" | "unless" | "atan2" => TokenKind::Operator,
            "sum" | "avg" | "count" | "min" | "max" | "group" | "stddev" | "stdvar" | "topk" | "bottomk"
            | "count_values" | "quantile" | "limitk" | "limit_ratio" => TokenKind::Aggregator,
            "offset" | "smoothed" | "anchored" | "by" | "without" | "on" | "ignoring" | "group_left"
            | "group_right" | "bool" => TokenKind::Keyword,
            "fill" | "fill_left" | "fill_right" if self.is_call() => TokenKind::Keyword,
            "start" | "end" | "step" | "range" | "max_of" | "min_of" => TokenKind::Plain,
            "inf" | "nan" => TokenKind::Number,
            word if word.contains(':') => TokenKind::MetricIdentifier,
            _ => TokenKind::Identifier,
        }
    }

    fn is_call(&self) -> bool {
        self.input[self.position..].trim_start_matches(is_space).starts_with('(')
    }

    fn string(&mut self, quote: char) -> Result<Token<'t>, LexError> {
        loop {
            match self.next() {
                Some('\\') => self.escape(quote)?,
                Some(char::REPLACEMENT_CHARACTER) => return self.error("invalid UTF-8 rune"),
                None | Some('\n') => return self.error("unterminated quoted string"),
                Some(c) if c == quote => return self.token(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    fn raw_string(&mut self) -> Result<Token<'t>, LexError> {
        loop {
            match self.next() {
                Some(char::REPLACEMENT_CHARACTER) => return self.error("invalid UTF-8 rune"),
                None => return self.error("unterminated raw string"),
                Some('`') => return self.token(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    /// Checks one escape sequence, from behind its backslash.
    fn escape(&mut self, quote: char) -> Result<(), LexError> {
        const MAX_RUNE: u32 = char::MAX as u32;

        let Some(c) = self.next() else { return self.error("escape sequence not terminated") };
        let (digits, base, max) = match c {
            'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => return Ok(()),
            _ if c == quote => return Ok(()),
            '0'..='7' => {
                self.position -= 1;
                (3, 8, 255)
            }
            'x' => (2, 16, 255),
            'u' => (4, 16, MAX_RUNE),
            'U' => (8, 16, MAX_RUNE),
            _ => return self.error(format!("unknown escape sequence {}", describe_rune(c))),
        };
        let mut value: u32 = 0;
        for _ in 0..digits {
            let Some(c) = self.next() else { return self.error("escape sequence not terminated") };
            let Some(digit) = c.to_digit(base) else {
                return self.error(format!("illegal character {} in escape sequence", describe_rune(c)));
            };
            value = value.wrapping_mul(base) + digit;
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return self.error("escape sequence is an invalid Unicode code point");
        }
        Ok(())
    }

    fn number_or_duration(&mut self) -> Result<Token<'t>, LexError> {
        if self.scan_number() {
            return self.token(TokenKind::Number);
        }
        if self.scan_rest_of_duration() {
            return self.token(TokenKind::Duration);
        }
        let read = quote(&self.input[self.start..self.position]);
        self.error(format!("bad number or duration syntax: {read}"))
    }

    /// Whether a number stands here that no letter follows; how far it got shows in errors.
    fn scan_number(&mut self) -> bool {
        let start = self.position;
        let is_hex = self.accept("0") && self.accept("xX");
        if is_hex {
            self.accept("_");
        }
        let is_digit = |c: char| if is_hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        self.accept(".");
        if self.peek().is_some_and(is_digit) {
            self.next();
        }
        let (mut seen_dot, mut seen_exponent) = (false, false);
        while let Some(c) = self.peek().filter(|&c| is_digit(c) || matches!(c, '.' | '_' | 'e' | 'E')) {
            let is_exponent = matches!(c, 'e' | 'E');
            if (c == '.' && seen_dot) || (is_exponent && seen_exponent) {
                self.next();
                return false;
            }
            if c == '.' {
                self.next();
                seen_dot = true;
                if self.accept("_.") || is_hex {
                    return false;
                }
            } else if is_exponent || c == '_' {
                self.next();
                if is_exponent {
                    seen_exponent = true;
                    self.accept("+-");
                }
                if self.accept("._eE") || self.peek().is_none() {
                    return false;
                }
            } else {
                self.accept_while(is_digit);
            }
        }
        self.position > start && !self.peek().is_some_and(is_alphanumeric)
    }

    /// Whether what [`Self::scan_number`] read begins a duration; from its first unit on.
    fn scan_rest_of_duration(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        self.accept("s");
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.accept_while(|c| c.is_ascii_digit());
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        if self.peek().is_some_and(is_alphanumeric) {
            // Read too: the error shows it.
            self.next();
            return false;
        }
        true
    }

    fn peek(&self) -> Option<char> {
        self.input[self.position..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| any_of.contains(c));
        if accepted {
            self.next();
        }
        accepted
    }

    fn accept_while(&mut self, accepted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accepted) {
            self.next();
        }
    }

    fn token(&self, kind: TokenKind) -> Result<Token<'t>, LexError> {
        Ok(Token { kind, offset: self.start, text: &self.input[self.start..self.position] })
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, LexError> {
        Err(LexError { offset: self.start, message: message.into() })
    }
}

/// `%q` of what was read; Go shows the end of input as the replacement character.
fn quote_read(c: Option<char>) -> String {
    quote_rune(c.unwrap_or(char::REPLACEMENT_CHARACTER))
}

/// `%#U`: the code point, and the character if it can be printed.
fn describe_rune(c: char) -> String {
    match is_print(c) {
        true => format!("U+{:04X} '{c}'", c as u32),
        false => format!("U+{:04X}", c as u32),
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn is_alpha(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

fn is_alphanumeric(c: char) -> bool {
    is_alpha(c) || c.is_ascii_digit()
}
