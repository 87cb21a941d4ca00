//! Reading the label string of a pushed stream.
//!
//! Models `ParseLabels` (loki pkg/logql/syntax/parser.go:261-279) over Prometheus' `ParseMetric`
//! (promql/parser/generated_parser.y:830-873): an optional name, then optional braces. Differs: stops at
//! the first error, which is the only one that Go's text shows; takes UTF-8 only.

use super::label_lexer::{LexError, Lexer};
use super::label_token::{Token, TokenKind};
use super::labels::{Labels, METRIC_NAME};

/// Longer label strings are not parsed, in bytes.
const MAX_STREAM_LABELS_SIZE: usize = (1 << 24) - 1;

/// Why a label string does not parse; the text is Go's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelsError {
    /// The string is longer than Prometheus can store.
    #[error("labels size {} MiB exceeds limit of {}", size >> 20, MAX_STREAM_LABELS_SIZE >> 20)]
    TooLarge {
        /// Bytes of the string.
        size: usize,
    },
    /// The string is not a set of labels.
    #[error("{line}:{column}: parse error: {message}")]
    Syntax {
        /// Where the error is, in bytes from the start.
        offset: usize,
        /// The line, from 1.
        line: usize,
        /// The column in bytes, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
}

impl Labels {
    /// Parses a pushed label string and drops labels without a value.
    pub fn parse(text: &str) -> Result<Self, LabelsError> {
        if text.len() > MAX_STREAM_LABELS_SIZE {
            return Err(LabelsError::TooLarge { size: text.len() });
        }
        metric(&mut Lexer::new(text)).map(Self::without_empty).map_err(|error| located(text, error))
    }
}

fn located(text: &str, LexError { offset, message }: LexError) -> LabelsError {
    let before = &text.as_bytes()[..offset];
    let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
    LabelsError::Syntax { offset, line, column: offset - line_start + 1, message }
}

fn metric(lexer: &mut Lexer<'_>) -> Result<Labels, LexError> {
    let mut token = lexer.next_token()?;
    let mut name = None;
    if token.is_metric_name() {
        name = Some(token.text);
        token = lexer.next_token()?;
    }
    let mut labels = Labels::default();
    if token.is("{") {
        labels = label_set(lexer)?;
        token = lexer.next_token()?;
    }
    if token.kind != TokenKind::End {
        return Err(unexpected(token, ""));
    }
    Ok(match name {
        Some(name) => labels.with(METRIC_NAME, name.as_bytes()),
        None => labels,
    })
}

/// The labels up to and with the closing brace.
fn label_set(lexer: &mut Lexer<'_>) -> Result<Labels, LexError> {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut token = lexer.next_token()?;
    while !token.is("}") {
        let item = token;
        let is_quoted = item.kind == TokenKind::String;
        expect(item, is_quoted || item.kind == TokenKind::Identifier, "identifier or \"}\"")?;
        token = lexer.next_token()?;
        if is_quoted && !token.is("=") {
            pairs.push((METRIC_NAME.into(), unquote(item.text)));
        } else {
            expect(token, token.is("="), "\"=\"")?;
            let value = lexer.next_token()?;
            expect(value, value.kind == TokenKind::String, "string")?;
            let name = if is_quoted { unquote(item.text) } else { item.text.into() };
            pairs.push((name, unquote(value.text)));
            token = lexer.next_token()?;
        }
        if token.is(",") {
            token = lexer.next_token()?;
        } else {
            expect(token, token.is("}"), "\",\" or \"}\"")?;
        }
    }
    Ok(Labels::from_pairs(pairs))
}

fn expect(token: Token<'_>, found: bool, expected: &str) -> Result<(), LexError> {
    match found {
        true => Ok(()),
        false => Err(unexpected(token, &format!(" in label set, expected {expected}"))),
    }
}

fn unexpected(token: Token<'_>, where_and_expected: &str) -> LexError {
    let message = format!("unexpected {}{where_and_expected}", token.describe());
    LexError { offset: token.offset, message }
}

/// The bytes that a string token stands for (`strutil.Unquote`); the lexer has checked its escapes.
fn unquote(token: &str) -> Vec<u8> {
    let mut chars = token.chars();
    let quote = chars.next();
    chars.next_back();
    if quote == Some('`') {
        return chars.as_str().into();
    }
    let mut out = Vec::with_capacity(token.len());
    while let Some(c) = chars.next() {
        let escape = if c == '\\' { chars.next() } else { None };
        let Some(escape) = escape else {
            push_utf8(&mut out, c);
            continue;
        };
        let mut code = |digits: usize, base: u32| {
            let digits = chars.by_ref().take(digits).filter_map(|c| c.to_digit(base));
            digits.fold(0, |code: u32, digit| code * base + digit)
        };
        match escape {
            '0'..='7' => out.push(((escape as u32 - '0' as u32) * 64 + code(2, 8)) as u8),
            'x' => out.push(code(2, 16) as u8),
            'u' => push_utf8(&mut out, char::from_u32(code(4, 16)).unwrap_or(char::REPLACEMENT_CHARACTER)),
            'U' => push_utf8(&mut out, char::from_u32(code(8, 16)).unwrap_or(char::REPLACEMENT_CHARACTER)),
            'a' => out.push(0x07),
            'b' => out.push(0x08),
            'f' => out.push(0x0c),
            'n' => out.push(b'\n'),
            'r' => out.push(b'\r'),
            't' => out.push(b'\t'),
            'v' => out.push(0x0b),
            itself => push_utf8(&mut out, itself),
        }
    }
    out
}

fn push_utf8(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> String {
        Labels::parse(text).map_or_else(|error| error.to_string(), |labels| labels.to_string())
    }

    fn check(cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(parsed(text), *expected, "{text}");
        }
    }

    #[test]
    fn a_name_may_stand_before_the_braces_or_alone() {
        check(&[
            ("up", r#"{__name__="up"}"#),
            ("a:b{x='1'}", r#"{__name__="a:b", x="1"}"#),
            (":", r#"{__name__=":"}"#),
            ("up {} # comment", r#"{__name__="up"}"#),
            (r#"up{__name__="x", __name__="y"}"#, r#"{__name__="up", __name__="y"}"#),
            (r#"up{a="", a="1"}"#, r#"{__name__="up"}"#),
            (r#"{a="", a="1"}"#, r#"{a="1"}"#),
            (r#"{"up"}"#, r#"{__name__="up"}"#),
            (r#"{"up", a="1", }"#, r#"{__name__="up", a="1"}"#),
        ]);
    }

    #[test]
    fn most_keywords_are_names_before_the_braces_and_all_are_inside() {
        check(&[
            ("SUM{by='1', on='2', inf='3'}", r#"{__name__="SUM", by="1", inf="3", on="2"}"#),
            ("unless", r#"{__name__="unless"}"#),
            ("start", r#"{__name__="start"}"#),
            ("fill_left", r#"{__name__="fill_left"}"#),
            ("atan2", "1:1: parse error: unexpected <op:atan2>"),
            ("Ignoring{}", "1:1: parse error: unexpected <Ignoring>"),
            ("bool", "1:1: parse error: unexpected <bool>"),
            ("Inf", "1:1: parse error: unexpected number \"Inf\""),
        ]);
    }

    #[test]
    fn what_follows_the_labels_is_named() {
        check(&[
            ("{} b", "1:4: parse error: unexpected identifier \"b\""),
            ("{} a:b", "1:4: parse error: unexpected metric identifier \"a:b\""),
            ("{} by", "1:4: parse error: unexpected <by>"),
            ("{} SUM", "1:4: parse error: unexpected <aggr:SUM>"),
            ("{} end", "1:4: parse error: unexpected \"end\""),
            ("{} fill", "1:4: parse error: unexpected identifier \"fill\""),
            ("{} fill \n(", "1:4: parse error: unexpected <fill>"),
            ("{}{}", "1:3: parse error: unexpected \"{\""),
            ("{},", "1:3: parse error: unexpected \",\""),
            ("{}}", "1:3: parse error: unexpected character: '}'"),
            ("up up", "1:4: parse error: unexpected identifier \"up\""),
            ("{} 'abcdefghijkl'", "1:4: parse error: unexpected string \"'abcdefghi\"..."),
            ("{} 'ééééé'", "1:4: parse error: unexpected string \"'ééééé'\"..."),
            ("{} 'éééé'", "1:4: parse error: unexpected string \"'éééé'\""),
        ]);
    }

    #[test]
    fn operators_and_brackets_outside_braces_are_read_as_promql() {
        check(&[
            ("==", "1:1: parse error: unexpected <op:==>"),
            ("=~", "1:1: parse error: unexpected character after '=': '~'"),
            ("!=", "1:1: parse error: unexpected <op:!=>"),
            ("!", "1:1: parse error: unexpected character after '!': '\u{fffd}'"),
            ("</", "1:1: parse error: unexpected <op:</>"),
            (">=", "1:1: parse error: unexpected <op:>=>"),
            ("@", "1:1: parse error: unexpected <op:@>"),
            ("(", "1:1: parse error: unexpected \"(\""),
            (")", "1:2: parse error: unexpected right parenthesis ')'"),
            ("[ 5m]", "1:1: parse error: unexpected \"[\""),
            ("]", "1:1: parse error: unexpected right bracket ']'"),
            ("\u{7}", "1:1: parse error: unexpected character: '\\a'"),
        ]);
    }

    #[test]
    fn numbers_and_durations_are_read_to_where_they_go_wrong() {
        check(&[
            ("1", "1:1: parse error: unexpected number \"1\""),
            (".5e-3", "1:1: parse error: unexpected number \".5e-3\""),
            ("0x_1F", "1:1: parse error: unexpected number \"0x_1F\""),
            ("1_000_000_000", "1:1: parse error: unexpected number \"1_000_000_\"..."),
            ("1h30m", "1:1: parse error: unexpected duration \"1h30m\""),
            ("5ms ", "1:1: parse error: unexpected duration \"5ms\""),
            ("1.2.3", "1:1: parse error: bad number or duration syntax: \"1.2.\""),
            ("1e", "1:1: parse error: bad number or duration syntax: \"1e\""),
            ("1__2", "1:1: parse error: bad number or duration syntax: \"1__\""),
            ("0x1.8", "1:1: parse error: bad number or duration syntax: \"0x1.\""),
            ("1h5", "1:1: parse error: bad number or duration syntax: \"1h5\""),
            ("1hx", "1:1: parse error: bad number or duration syntax: \"1hx\""),
            ("1a", "1:1: parse error: bad number or duration syntax: \"1\""),
            (".", "1:1: parse error: unexpected character: '.'"),
        ]);
    }

    #[test]
    fn inside_braces_each_place_expects_its_own() {
        check(&[
            ("{,", "1:2: parse error: unexpected \",\" in label set, expected identifier or \"}\""),
            ("{a='1',,", "1:8: parse error: unexpected \",\" in label set, expected identifier or \"}\""),
            ("{='1'}", "1:2: parse error: unexpected \"=\" in label set, expected identifier or \"}\""),
            ("{a b", "1:4: parse error: unexpected identifier \"b\" in label set, expected \"=\""),
            ("{a=b}", "1:4: parse error: unexpected identifier \"b\" in label set, expected string"),
            (
                "{'a'='1' 'b'",
                "1:10: parse error: unexpected string \"'b'\" in label set, expected \",\" or \"}\"",
            ),
            ("{'a'=~'1'}", "1:5: parse error: unexpected <op:=~> in label set, expected \",\" or \"}\""),
            (
                "{'a' b='1'}",
                "1:6: parse error: unexpected identifier \"b\" in label set, expected \",\" or \"}\"",
            ),
            ("{a!~'1'}", "1:3: parse error: unexpected <op:!~> in label set, expected \"=\""),
            ("{a!'1'}", "1:3: parse error: unexpected character after '!' inside braces: '\\''"),
            ("{a{", "1:3: parse error: unexpected left brace '{'"),
            ("{a:b='1'}", "1:3: parse error: unexpected character inside braces: ':'"),
        ]);
    }

    #[test]
    fn a_string_error_points_at_the_start_of_the_string() {
        check(&[
            (r"{a='\q'}", "1:4: parse error: unknown escape sequence U+0071 'q'"),
            (r#"{a='\"'}"#, "1:4: parse error: unknown escape sequence U+0022 '\"'"),
            ("{a='\\\n'}", "1:4: parse error: unknown escape sequence U+000A"),
            (r"{a='\x4'}", "1:4: parse error: illegal character U+0027 ''' in escape sequence"),
            (r"{a='\400'}", "1:4: parse error: escape sequence is an invalid Unicode code point"),
            (r"{a='\ud800'}", "1:4: parse error: escape sequence is an invalid Unicode code point"),
            (r"{a='\UFFFFFFFF'}", "1:4: parse error: escape sequence is an invalid Unicode code point"),
            (r"{a='\u00", "1:4: parse error: escape sequence not terminated"),
            (r"{a='\", "1:4: parse error: escape sequence not terminated"),
            ("{a='x", "1:4: parse error: unterminated quoted string"),
            ("{a=`x\n", "1:4: parse error: unterminated raw string"),
            ("{a='\u{fffd}'}", "1:4: parse error: invalid UTF-8 rune"),
        ]);
    }

    #[test]
    fn quotes_of_all_kinds_are_undone_to_bytes() {
        let value = |text: &str| Labels::parse(text).unwrap().get("a").unwrap().to_vec();
        assert_eq!(value(r#"{a="\a\b\f\n\r\t\v\\\"'"}"#), b"\x07\x08\x0c\n\r\t\x0b\\\"'");
        assert_eq!(value(r#"{a='\'"'}"#), b"'\"");
        assert_eq!(value("{a=`\\x41\n`}"), b"\\x41\n");
        assert_eq!(
            value(r#"{a="\377\101\xfF\u00ff\U0001f680\\n"}"#),
            b"\xffA\xff\xc3\xbf\xf0\x9f\x9a\x80\\n"
        );
    }

    #[test]
    fn an_error_tells_its_place_by_line_and_column_in_bytes() {
        let error = Labels::parse("# é\n{a='é',\n é}").unwrap_err();
        let message = "unexpected character inside braces: 'é'".to_owned();
        assert_eq!(error, LabelsError::Syntax { offset: 15, line: 3, column: 2, message });
        assert_eq!(error.to_string(), "3:2: parse error: unexpected character inside braces: 'é'");
    }

    #[test]
    fn a_string_of_16_mebibytes_is_not_parsed() {
        let mut text = " ".repeat(MAX_STREAM_LABELS_SIZE);
        assert_eq!(parsed(&text), "{}");
        text.push(' ');
        assert_eq!(parsed(&text), "labels size 16 MiB exceeds limit of 15");
    }

    #[test]
    fn a_canonical_string_parses_to_its_labels() {
        let every_ascii: String = (0..128u8).map(char::from).collect();
        let all = Labels::from_pairs([
            (&b"a"[..], every_ascii.as_bytes()),
            (b"a", b"again"),
            (b"not a legacy name \"", "é\u{200b}\u{e000}\u{1f680}\u{10ffff}".as_bytes()),
            (b"", b"no name"),
            (b"\xff", b"\xff\xc3\x28\xed\xa0\x80"),
            (b"__name__", b"sum"),
        ]);
        assert_eq!(Labels::parse(&all.to_string()), Ok(all));
        assert_eq!(Labels::parse(&Labels::default().to_string()), Ok(Labels::default()));
    }

    #[test]
    fn the_replacement_character_alone_does_not_survive_its_canonical_string() {
        let labels = Labels::parse(r#"{a="\ufffd"}"#).unwrap();
        assert_eq!(labels.to_string(), "{a=\"\u{fffd}\"}");
        assert_eq!(parsed(&labels.to_string()), "1:4: parse error: invalid UTF-8 rune");
    }
}
