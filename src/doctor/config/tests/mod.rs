mod effective;
mod examples;
mod hostile;
mod laws;
mod runs;
mod shipped;

use super::{Examined, Severity, examine};

/// The rules that a text breaks, heavy ones only if asked for so.
fn rules(text: &str, least: Severity) -> Vec<&'static str> {
    let examined = examine(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    examined.findings.iter().filter(|finding| finding.severity >= least).map(|finding| finding.rule).collect()
}

fn shown(examined: &Examined, key: &str) -> String {
    examined.get(key).map_or_else(|| "no such key".to_owned(), |known| known.value.to_string())
}
