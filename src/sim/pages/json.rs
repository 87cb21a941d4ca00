//! JSON as Go's `encoding/json` writes it: `<`, `>`, `&` and two line separators escaped, a newline at the end.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

/// `value` on one line, or indented by four spaces.
pub(super) fn encode(value: &impl Serialize, is_pretty: bool) -> Result<String, serde_json::Error> {
    let mut out = Vec::new();
    if is_pretty {
        value.serialize(&mut serializer(&mut out, PrettyFormatter::with_indent(b"    ")))?;
    } else {
        value.serialize(&mut serializer(&mut out, CompactFormatter))?;
    }
    out.push(b'\n');
    String::from_utf8(out).map_err(serde::ser::Error::custom)
}

fn serializer<F: Formatter>(
    out: &mut Vec<u8>,
    inner: F,
) -> serde_json::Serializer<&mut Vec<u8>, GoFormatter<F>> {
    serde_json::Serializer::with_formatter(out, GoFormatter(inner))
}

struct GoFormatter<F>(F);

/// Passes on what the layout is made of.
macro_rules! pass_on {
    ($($method:ident($($argument:ident: $kind:ty),*);)*) => {
        $(fn $method<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.0.$method(writer $(, $argument)*)
        })*
    };
}

impl<F: Formatter> Formatter for GoFormatter<F> {
    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let is_escaped = |c: char| matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        let mut rest = fragment;
        while let Some(at) = rest.find(is_escaped) {
            let (plain, from) = rest.split_at(at);
            writer.write_all(plain.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                write!(writer, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_might_obey_is_escaped_as_go_does() {
        let text = encode(&"a<b>&\u{2028}\u{2029}\"\\\n\u{1}é", false).unwrap();
        assert_eq!(text, "\"a\\u003cb\\u003e\\u0026\\u2028\\u2029\\\"\\\\\\n\\u0001é\"\n");
    }

    #[test]
    fn indented_json_has_four_spaces_a_level_and_short_empty_lists() {
        let value = serde_json::json!({"a": [1, {}], "b": []});
        let text = encode(&value, true).unwrap();
        assert_eq!(text, "{\n    \"a\": [\n        1,\n        {}\n    ],\n    \"b\": []\n}\n");
        assert_eq!(encode(&value, false).unwrap(), "{\"a\":[1,{}],\"b\":[]}\n");
    }
}
