//! Sentences of the catalogue and of findings, taken apart: what stands between backticks is code, and some of it can be run.

/// A piece of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words.
    Words(&'a str),
    /// Code, without its backticks.
    Code(&'a str),
}

/// What can be typed into a terminal begins with one of these.
const PROGRAMS: [&str; 5] = ["kubectl ", "curl ", "helm ", "cargo ", "nslookup "];

/// The pieces of a sentence; a backtick without another one is a word.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        pieces.extend((!before.is_empty()).then_some(Piece::Words(before)));
        pieces.extend((!code.is_empty()).then_some(Piece::Code(code)));
        rest = behind;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Words(rest)));
    pieces
}

/// The commands in a sentence that are whole.
pub fn commands(text: &str) -> Vec<&str> {
    let code = pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Code(code) => Some(code),
        Piece::Words(_) => None,
    });
    code.filter(|code| !code.contains('\u{2026}') && PROGRAMS.iter().any(|program| code.starts_with(program)))
        .collect()
}

/// The links in a source, which may name several and places in code between them.
pub fn links(source: &str) -> Vec<Piece<'_>> {
    let parts = source.split("; ").filter(|part| !part.is_empty());
    parts
        .map(|part| match part.starts_with("https://") && !part.contains(char::is_whitespace) {
            true => Piece::Code(part),
            false => Piece::Words(part),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_backticks_is_code() {
        use Piece::{Code, Words};
        assert_eq!(
            pieces("look for `a b` in `c`"),
            [Words("look for "), Code("a b"), Words(" in "), Code("c")]
        );
        assert_eq!(pieces("one ` alone"), [Words("one ` alone")]);
        assert_eq!(pieces(""), []);
    }

    #[test]
    fn only_whole_commands_can_be_run() {
        let text = "Run `kubectl get pods`, not `joining` or `kubectl exec \u{2026} nslookup`.";
        assert_eq!(commands(text), ["kubectl get pods"]);
    }

    #[test]
    fn a_source_may_have_a_link_among_places() {
        let found = links("dskit ring/ring.go:1; https://github.com/grafana/loki/issues/1");
        assert_eq!(
            found,
            [Piece::Words("dskit ring/ring.go:1"), Piece::Code("https://github.com/grafana/loki/issues/1")]
        );
        assert_eq!(links("javascript:alert(1)"), [Piece::Words("javascript:alert(1)")]);
    }
}
