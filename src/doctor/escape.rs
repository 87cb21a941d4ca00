//! Text of others in Markdown: it is shown as it is and does nothing.

/// Text in a sentence: signs that Markdown or a forge obeys are escaped.
pub(super) fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '!' => out.extend(['\\', c]),
            // No mention of anybody.
            '@' => out.push_str("@\u{200b}"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Lines as a block of code: between more backticks than they have in a row.
pub(super) fn block(text: &str, language: &str) -> String {
    let (mut longest, mut run) = (2, 0);
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_does_nothing() {
        assert_eq!(words("<img> @team\n[a](b)"), "\\<img\\> @\u{200b}team \\[a\\](b)");
        assert_eq!(block("a\n```\nb\n", "diff"), "````diff\na\n```\nb\n````\n");
    }
}
