//! The house rules that a compiler cannot see, held over the text of the source.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its input has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Which layers of `src/` a layer may use. `ui`, the binaries and `lib.rs` may use all.
const LAYERS: [(&str, &[&str]); 18] = [
    ("go", &[]),
    ("time", &["go"]),
    ("prng", &[]),
    ("backoff", &["prng"]),
    ("log", &["go", "time"]),
    ("memberlist", &["time", "prng"]),
    ("ring", &["go", "time"]),
    ("kv", &["go", "time", "prng", "log", "ring", "memberlist"]),
    ("lifecycle", &["go", "time", "prng", "backoff", "log", "ring", "kv"]),
    ("loki", &["go", "time", "ring"]),
    ("live", &["go", "time", "prng", "backoff", "ring", "loki"]),
    ("snapshot", &["time", "ring", "memberlist"]),
    ("view", &["go", "time", "ring", "memberlist", "live", "loki", "snapshot"]),
    (
        "sim",
        &["go", "time", "prng", "backoff", "log", "memberlist", "ring", "kv", "lifecycle", "loki", "live"],
    ),
    (
        "experiment",
        &[
            "go",
            "time",
            "prng",
            "backoff",
            "log",
            "memberlist",
            "ring",
            "kv",
            "lifecycle",
            "loki",
            "live",
            "sim",
            "view",
        ],
    ),
    (
        "lab",
        &[
            "go",
            "time",
            "prng",
            "log",
            "memberlist",
            "ring",
            "kv",
            "lifecycle",
            "loki",
            "live",
            "sim",
            "experiment",
            "snapshot",
            "view",
        ],
    ),
    ("doctor", &["go", "time", "log", "ring", "loki", "live", "snapshot", "sim", "experiment"]),
    (
        "ui",
        &[
            "go",
            "time",
            "ring",
            "memberlist",
            "lifecycle",
            "log",
            "loki",
            "live",
            "sim",
            "doctor",
            "experiment",
            "snapshot",
            "view",
            "lab",
        ],
    ),
];

/// Crates that know the browser, by the start of their names.
const BROWSER: [&str; 5] = ["gloo", "js_sys", "leptos", "wasm_bindgen", "web_sys"];

/// Float functions whose last bits differ between processors and WebAssembly; `sqrt` is exact everywhere.
const INEXACT: [&str; 26] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp", "exp2",
    "exp_m1", "hypot", "ln", "ln_1p", "log", "log10", "log2", "powf", "powi", "sin", "sin_cos", "sinh",
    "tan", "tanh",
];

const LONGEST: usize = 600;

#[test]
fn the_source_keeps_the_house_rules() {
    let sources = sources();
    let faults = Vec::from_iter(sources.iter().flat_map(|(path, text)| faults(path, text)));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_source_file_is_part_of_a_crate() {
    let orphans = orphans(&sources(), &fs::read_to_string(root().join("Cargo.toml")).unwrap());
    assert!(orphans.is_empty(), "\n{}", orphans.join("\n"));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let faults = Vec::from_iter(texts().iter().flat_map(|(path, text)| machine_paths(path, text)));
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn a_path_to_a_layer_above_is_caught_however_it_is_written() {
    for (path, text) in [
        ("src/ring/desc.rs", "\nuse crate::view::Band;"),
        ("src/ring/desc.rs", "\nuse crate::{go::rand, loki::{self, Stream}};"),
        ("src/ring/desc.rs", "\nfn f() { super::super::live::judge() }"),
        ("src/time.rs", "\nuse super::ring;"),
        ("src/view/band.rs", "\nuse crate::sim::Pod;"),
    ] {
        let faults = faults(path, text);
        assert_eq!(faults.len(), 1, "{text}: {faults:?}");
        assert!(faults[0].starts_with(&format!("{path}:2: ")), "{faults:?}");
    }
}

#[test]
fn a_path_to_the_same_layer_or_one_below_is_fine() {
    for (path, text) in [
        ("src/ring/desc.rs", "use crate::{go::{rand, time}, time::Instant}; use crate::ring::Tokens;"),
        ("src/ring/desc.rs", "mod tests { use super::super::tokens::Tokens; }"),
        (
            "src/loki/stream.rs",
            "//! See [`crate::live`].\nconst NOTE: &str = r#\"crate::live\"#; // crate::ui",
        ),
        ("src/ui/app.rs", "use crate::live::judge; use leptos::prelude::*;"),
        ("src/bin/cli/main.rs", "use crate::ring::RingCommand;"),
    ] {
        assert_eq!(faults(path, text), [""; 0], "{text}");
    }
}

#[test]
fn a_browser_crate_is_caught_outside_the_page() {
    assert_eq!(faults("src/view/band.rs", "use leptos::prelude::*;\nuse web_sys::Element;").len(), 2);
    assert_eq!(faults("src/main.rs", "use wasm_bindgen::prelude::*;"), [""; 0]);
}

#[test]
fn an_inexact_float_is_caught_below_the_view_and_an_integer_is_not() {
    let text = "let a = x.ln();\nlet b = f64::powf(x, 2.0);\nlet c = n.ilog2() + x.sqrt() as u32;";
    assert_eq!(faults("src/ring/desc.rs", text).len(), 2);
    assert_eq!(faults("src/view/band.rs", text), [""; 0]);
}

#[test]
fn unfinished_work_and_long_files_are_caught() {
    let note = ["// TO", "DO: later"].concat();
    assert_eq!(
        faults("tests/web.rs", &format!("//! Tests.\n{note}"))[0].split(": ").next(),
        Some("tests/web.rs:2")
    );
    assert_eq!(faults("src/lib.rs", &"\n".repeat(LONGEST)), [""; 0]);
    assert_eq!(faults("src/lib.rs", &"\n".repeat(LONGEST + 1)).len(), 1);
}

#[test]
fn a_file_that_nothing_names_is_caught() {
    let tree =
        |files: &[(&str, &str)]| BTreeMap::from_iter(files.iter().map(|(a, b)| ((*a).into(), (*b).into())));
    let named = [("src/lib.rs", "pub mod ring;"), ("src/ring/mod.rs", "mod desc;"), ("src/ring/desc.rs", "")];
    assert_eq!(orphans(&tree(&named), ""), [""; 0]);
    let unnamed = [named[0], ("src/ring/mod.rs", "// mod desc;"), named[2], ("src/bin/x/main.rs", "")];
    assert_eq!(orphans(&tree(&unnamed), "path = \"src/bin/y/main.rs\"").len(), 2);
}

#[test]
fn a_path_of_one_machine_is_caught() {
    let text = ["fine\nsee /ro", "ot/notes"].concat();
    assert!(machine_paths("README.md", &text)[0].starts_with("README.md:2: "));
}

#[test]
fn comments_and_literals_are_not_code() {
    let text = "a /* b /* c */ d */ \"e \\\" f\" b'\\'' r##\"g\"# h\"## 'i' 'j: k // l\nm";
    assert_eq!(Vec::from_iter(tokens(text).iter().map(|token| token.1)), ["a", "b", "'", "j", ":", "k", "m"]);
    assert_eq!(tokens(text).last().unwrap().0, 2);
}

/// What one file of ours does against the rules: `path:line: rule`.
fn faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |line: usize, rule: String| faults.push(format!("{path}:{line}: {rule}"));
    let tokens = tokens(text);

    let layer = LAYERS.iter().find(|(name, _)| layer_of(path) == Some(name));
    if let Some((layer, below)) = layer {
        for (line, used) in uses(&tokens, module_depth(path)) {
            if used != *layer && !below.contains(&used) && LAYERS.iter().any(|(name, _)| *name == used) {
                fault(line, format!("`{layer}` may not use `{used}`: a layer knows only those below it"));
            }
        }
    }
    if path.starts_with("src/") && layer_of(path) != Some("ui") && path != "src/main.rs" {
        for (line, name) in
            tokens.iter().filter(|(_, name)| BROWSER.iter().any(|start| name.starts_with(start)))
        {
            fault(*line, format!("`{name}` belongs in src/ui/: nothing else knows the browser"));
        }
    }
    if path.starts_with("src/") && !matches!(layer_of(path), Some("view" | "ui")) {
        for call in tokens.windows(3).filter(|call| call[2].1 == "(" && INEXACT.contains(&call[1].1)) {
            if matches!(call[0].1, "." | ":") {
                fault(call[1].0, format!("`{}` differs in its last bits between machines", call[1].1));
            }
        }
    }
    let unfinished = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    for (number, line) in text.lines().enumerate() {
        if let Some(word) =
            line.split(|c: char| !is_word(c)).find(|word| unfinished.iter().any(|u| u == word))
        {
            fault(number + 1, format!("{word}: finish it, or leave it out"));
        }
    }
    let lines = text.lines().count();
    if lines > LONGEST {
        fault(lines, format!("longer than {LONGEST} lines: find its second subject"));
    }
    faults
}

/// The files of `sources` that neither `Cargo.toml` nor a `mod` of their parent brings into a crate.
fn orphans(sources: &BTreeMap<String, String>, manifest: &str) -> Vec<String> {
    let is_orphan = |path: &str| {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        match file {
            "main.rs" if folder.starts_with("src/bin/") => return !manifest.contains(&format!("\"{path}\"")),
            "lib.rs" | "main.rs" => return false,
            _ if matches!(folder, "tests" | "benches") => return false,
            _ => {}
        }
        let (folder, module) = match file {
            "mod.rs" => folder.rsplit_once('/').unwrap_or(("", folder)),
            _ => (folder, file.trim_end_matches(".rs")),
        };
        let parents = ["/mod.rs", "/lib.rs", "/main.rs", ".rs"].map(|end| format!("{folder}{end}"));
        !parents.iter().filter_map(|parent| sources.get(parent)).any(|parent| {
            tokens(parent)
                .windows(3)
                .any(|t| t[0].1 == "mod" && t[1].1 == module && matches!(t[2].1, ";" | "{"))
        })
    };
    let named = sources.keys().filter(|path| is_orphan(path));
    named
        .map(|path| format!("{path}: no `mod` and no line of Cargo.toml names it, so it is never compiled"))
        .collect()
}

fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let starts = [["/ro", "ot/"], ["/wo", "rk/"], ["/tmp", "/s/"]].map(|halves| halves.concat());
    let lines = text.lines().enumerate().filter(|(_, line)| starts.iter().any(|start| line.contains(start)));
    lines
        .map(|(number, line)| format!("{path}:{}: a path of one machine: {}", number + 1, line.trim()))
        .collect()
}

/// The names that code reaches from the crate's root, with their lines: by `crate::`, or by `depth` times `super::`.
fn uses<'a>(tokens: &[(usize, &'a str)], depth: usize) -> Vec<(usize, &'a str)> {
    let mut uses = Vec::new();
    for start in 0..tokens.len() {
        let mut at = start;
        let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.1 == text);
        let follows_path = start >= 2 && is(start - 1, ":") && is(start - 2, ":");
        if is(at, "crate") {
            at += 3;
        } else if is(at, "super") && !follows_path {
            while is(at, "super") {
                at += 3;
            }
            if (at - start) / 3 < depth {
                continue;
            }
        } else {
            continue;
        }
        if !is(at, "{") {
            uses.extend(tokens.get(at));
            continue;
        }
        let mut open = 0;
        for (index, token) in tokens.iter().enumerate().skip(at) {
            match token.1 {
                "{" => open += 1,
                "}" => open -= 1,
                _ if open == 1 && matches!(tokens[index - 1].1, "{" | ",") => uses.push(*token),
                _ => {}
            }
            if open == 0 {
                break;
            }
        }
    }
    uses
}

/// Words and single signs of the code, with their lines; comments and literals are left out.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let (taken, is_code) = match literal(rest) {
            Some(length) => (length, false),
            None if is_word(first) => (rest.find(|c| !is_word(c)).unwrap_or(rest.len()), true),
            None => (first.len_utf8(), !first.is_whitespace()),
        };
        let (token, after) = rest.split_at(taken);
        if is_code {
            tokens.push((line, token));
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

/// The length of the comment or literal that `text` starts with.
fn literal(text: &str) -> Option<usize> {
    let raw =
        text.trim_start_matches(['b', 'c']).strip_prefix('r').map(|after| after.trim_start_matches('#'));
    if text.starts_with("//") {
        Some(text.find('\n').unwrap_or(text.len()))
    } else if text.starts_with("/*") {
        let mut open = 0;
        let ends = text.as_bytes().windows(2).enumerate().find_map(|(at, pair)| {
            open += i32::from(pair == b"/*") - i32::from(pair == b"*/");
            (open == 0).then_some(at + 2)
        });
        Some(ends.unwrap_or(text.len()))
    } else if let Some(body) = raw.filter(|body| body.starts_with('"')) {
        let start = text.len() - body.len();
        let end = ["\"", &"#".repeat(text[..start].matches('#').count())].concat();
        Some(body[1..].find(&end).map_or(text.len(), |at| start + 1 + at + end.len()))
    } else if text.starts_with('"') {
        Some(quoted(text, '"'))
    } else if text.starts_with("'\\") || text.starts_with('\'') && text.chars().nth(2) == Some('\'') {
        Some(quoted(text, '\''))
    } else {
        None
    }
}

/// The length of a literal between two `quote`s, with escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    let end = text.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(at, _)| at + 1)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The layer that a file belongs to: `ring` for `src/ring/desc.rs`, `time` for `src/time.rs`.
fn layer_of(path: &str) -> Option<&str> {
    path.strip_prefix("src/")?.split(['/', '.']).next()
}

/// How many `super::` lead from a file's module to the crate's root.
fn module_depth(path: &str) -> usize {
    path.trim_end_matches("/mod.rs").matches('/').count()
}

/// Our Rust files by their paths from the root.
fn sources() -> BTreeMap<String, String> {
    let is_source = |path: &str| {
        path.ends_with(".rs") && ["src/", "tests/", "benches/"].iter().any(|f| path.starts_with(f))
    };
    texts().into_iter().filter(|(path, _)| is_source(path)).collect()
}

/// Every text file that is not ignored, by its path from the root.
fn texts() -> BTreeMap<String, String> {
    let ignore = fs::read_to_string(root().join(".gitignore")).unwrap();
    let ignored = ignore.lines().map(|line| line.trim_start_matches('/')).chain([".git"]).collect();
    let mut texts = BTreeMap::new();
    collect(root(), &ignored, &mut texts);
    assert!(texts.contains_key("src/lib.rs"), "the walk must reach the source");
    texts
}

fn collect(folder: &Path, ignored: &BTreeSet<&str>, texts: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        if ignored.contains(name.as_str()) {
            continue;
        }
        if path.is_dir() {
            collect(&path, ignored, texts);
        } else if let Ok(text) = fs::read_to_string(&path) {
            texts.insert(name, text);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
