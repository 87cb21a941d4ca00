//! The query of a link: `name=value&name=value`, with what is special in addresses escaped by per cent.

/// Writes pairs; names are plain words.
pub fn write<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(name);
        query.push('=');
        escape(value, &mut query);
    }
    query
}

/// Reads pairs; no value where the escapes are broken or the bytes are no UTF-8. What is no pair is passed over.
pub fn read(query: &str) -> impl Iterator<Item = (&str, Option<String>)> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name, unescape(value)))
}

fn escape(text: &str, escaped: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let decoded = match byte {
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                (digit(rest.next()?)? * 16 + digit(rest.next()?)?) as u8
            }
            b'+' => b' ',
            other => other,
        };
        bytes.push(decoded);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let pairs = [("a", "1m0s, b"), ("b", "\u{fc}&=%+?#/"), ("c", "")];
        let query = write(pairs);
        assert_eq!(query, "a=1m0s,%20b&b=%C3%BC%26%3D%25%2B%3F%23%2F&c=");
        let read = Vec::from_iter(read(&query));
        assert_eq!(read, pairs.map(|(name, value)| (name, Some(value.to_owned()))));
    }

    #[test]
    fn a_broken_escape_has_no_value_and_what_is_no_pair_is_passed_over() {
        let read = Vec::from_iter(read("a=%zz&b=%e4&c&&d=%2&e=+"));
        let values = read.iter().map(|(name, value)| (*name, value.as_deref()));
        assert_eq!(Vec::from_iter(values), [("a", None), ("b", None), ("d", None), ("e", Some(" "))]);
    }
}
