//! Changes as a unified diff that `patch` takes, and that repeats nothing which is none of its business.
//!
//! Lines beside a change are shown only where they hold keys of rings and memberlist; a configuration has secrets
//! in it, and a diff gets pasted into chats. For the same reason a line that holds other keys as well is not changed.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::edit::Edit;
use super::keys::SECTIONS;

/// Lines shown before and after a change, at most.
const CONTEXT: usize = 2;

/// A change of the text that was examined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    hunks: String,
    edits: Vec<Edit>,
}

/// Whole lines that go, and what comes in their place.
struct Change {
    /// Lines from 0.
    from: usize,
    to: usize,
    with: String,
}

impl Fix {
    pub(super) fn new(text: &str, edits: Vec<Edit>) -> Option<Self> {
        Self::of_key(text, edits, "")
    }

    /// A change of a line whose key nobody knows: that the key is wrong is what is shown.
    pub(super) fn of_key(text: &str, mut edits: Vec<Edit>, key: &str) -> Option<Self> {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let lines = Vec::from_iter(text.split_inclusive('\n'));
        let changes = changes(text, &lines, &edits)?;
        let mut safe = safe_keys();
        if !key.is_empty() {
            safe.insert(key);
        }
        let mut hunks = String::new();
        let mut moved = 0_isize;
        for (index, change) in changes.iter().enumerate() {
            if lines[change.from..change.to].iter().any(|line| !is_ours(line, true, &safe)) {
                return None;
            }
            // Half of what lies between two changes is each one's.
            let before = index.checked_sub(1).map_or(change.from, |i| (change.from - changes[i].to) / 2);
            let after =
                changes.get(index + 1).map_or(lines.len() - change.to, |next| (next.from - change.to) / 2);
            hunk(&mut hunks, &lines, change, (before, after), &safe, &mut moved);
        }
        (!hunks.is_empty()).then_some(Self { hunks, edits })
    }

    /// The unified diff of a file of that name.
    pub fn diff(&self, name: &str) -> String {
        format!("--- {name}\n+++ {name}\n{}", self.hunks)
    }

    /// The lines of the diff below its head.
    pub fn hunks(&self) -> &str {
        &self.hunks
    }

    /// The text as it would be; `text` is the one that was examined.
    pub fn apply(&self, text: &str) -> String {
        let mut changed = String::with_capacity(text.len() + 80);
        let mut at = 0;
        for edit in &self.edits {
            changed.push_str(text.get(at..edit.range.start).unwrap_or_default());
            changed.push_str(&edit.with);
            at = edit.range.end;
        }
        changed.push_str(text.get(at..).unwrap_or_default());
        changed
    }
}

/// Edits as changes of whole lines, those that touch taken together; `None` if edits overlap.
fn changes(text: &str, lines: &[&str], edits: &[Edit]) -> Option<Vec<Change>> {
    let mut starts = vec![0];
    for line in lines {
        starts.push(starts[starts.len() - 1] + line.len());
    }
    let mut changes: Vec<(usize, usize, Vec<&Edit>)> = Vec::new();
    let mut end = 0;
    for edit in edits {
        if edit.range.start < end || text.get(edit.range.clone()).is_none() {
            return None;
        }
        end = edit.range.end;
        let from = starts.partition_point(|start| *start <= edit.range.start) - 1;
        let is_whole = starts[from] == edit.range.start
            && starts.binary_search(&edit.range.end).is_ok()
            && (edit.with.is_empty() || edit.with.ends_with('\n'));
        let to = match is_whole {
            true => starts.partition_point(|start| *start < edit.range.end),
            false => starts.partition_point(|start| *start < edit.range.end.max(edit.range.start + 1)),
        };
        let (from, to) = (from.min(lines.len()), to.min(lines.len()));
        match changes.last_mut() {
            Some((_, last, edits)) if *last > from => {
                *last = to.max(*last);
                edits.push(edit);
            }
            _ => changes.push((from, to, vec![edit])),
        }
    }
    let whole = changes.into_iter().map(|(from, to, edits)| {
        let mut with = String::new();
        let mut at = starts[from];
        for edit in edits {
            with.push_str(&text[at..edit.range.start]);
            with.push_str(&edit.with);
            at = edit.range.end;
        }
        with.push_str(&text[at..starts[to].max(at)]);
        Change { from, to, with }
    });
    Some(whole.collect())
}

fn hunk(
    hunks: &mut String,
    lines: &[&str],
    change: &Change,
    (room_before, room_after): (usize, usize),
    safe: &BTreeSet<&str>,
    moved: &mut isize,
) {
    let is_shown = |line: &&&str| is_ours(line, false, safe);
    let before =
        lines[..change.from].iter().rev().take(CONTEXT.min(room_before)).take_while(is_shown).count();
    let after = lines[change.to..].iter().take(CONTEXT.min(room_after)).take_while(is_shown).count();
    // With more lines on one side `patch` would take the other for the end of the file.
    let context = before.min(after);
    let (from, to) = (change.from - context, change.to + context);
    let new = Vec::from_iter(change.with.split_inclusive('\n'));
    let (old_count, new_count) = (to - from, new.len() + 2 * context);
    // A side without lines is counted from the line before it.
    let start = |first: usize, count: usize| if count == 0 { first } else { first + 1 };
    let new_from = from.saturating_add_signed(*moved);
    let _ = write!(
        hunks,
        "@@ -{},{old_count} +{},{new_count} @@",
        start(from, old_count),
        start(new_from, new_count)
    );
    if let Some(heading) = heading(lines, from) {
        let _ = write!(hunks, " {heading}");
    }
    hunks.push('\n');
    let shown = lines[from..change.from].iter().map(|line| (' ', *line));
    let shown = shown.chain(lines[change.from..change.to].iter().map(|line| ('-', *line)));
    let shown = shown.chain(new.iter().map(|line| ('+', *line)));
    for (sign, line) in shown.chain(lines[change.to..to].iter().map(|line| (' ', *line))) {
        hunks.push(sign);
        hunks.push_str(line);
        if !line.ends_with('\n') {
            hunks.push_str("\n\\ No newline at end of file\n");
        }
    }
    *moved += new.len() as isize - (change.to - change.from) as isize;
}

/// The nearest section above a line that stands further out, if only by its name.
fn heading<'a>(lines: &[&'a str], from: usize) -> Option<&'a str> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let inner = lines.get(from).map(|line| depth(line)).filter(|depth| *depth > 0)?;
    let above = lines[..from].iter().rev().find(|line| {
        let text = line.trim();
        !text.is_empty() && !text.starts_with('#') && !text.starts_with('-') && depth(line) < inner
    })?;
    above.trim().split_inclusive(':').next().filter(|text| text.ends_with(':'))
}

/// Whether a line holds nothing but keys of rings and memberlist, and what they are set to; or is one item of a
/// list, if those are asked for.
fn is_ours(line: &str, items: bool, safe: &BTreeSet<&str>) -> bool {
    let text = line.trim();
    if text.is_empty() {
        return true;
    }
    if text.starts_with('#') || text.contains('@') {
        return false;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    let mut rest = text;
    let mut has_key = false;
    while let Some(at) = rest.find(':') {
        let (before, after) = rest.split_at(at);
        rest = &after[1..];
        if !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
            continue;
        }
        let key = before.trim_end_matches(['"', '\'']);
        let key = key.rsplit(|c| !is_word(c)).next().unwrap_or(key);
        if !safe.contains(key) {
            return false;
        }
        has_key = true;
    }
    has_key || items && text.starts_with("- ")
}

fn safe_keys<'a>() -> BTreeSet<&'a str> {
    const MORE: [&str; 34] = [
        "memberlist",
        "common",
        "ring",
        "lifecycler",
        "kvstore",
        "store",
        "prefix",
        "ingester",
        "distributor",
        "compactor",
        "ruler",
        "compactor_ring",
        "scheduler_ring",
        "query_scheduler",
        "index_gateway",
        "pattern_ingester",
        "loki",
        "commonConfig",
        "memberlistConfig",
        "extraMemberlistConfig",
        "structuredConfig",
        "rulerConfig",
        "service",
        "publishNotReadyAddresses",
        "replicas",
        "deploymentMode",
        "singleBinary",
        "write",
        "read",
        "backend",
        "autoforget_unhealthy",
        "protocol",
        "port",
        "target",
    ];
    let names = SECTIONS.iter().flat_map(|section| section.names());
    names.filter(|name| *name != "storage").chain(MORE).collect()
}
