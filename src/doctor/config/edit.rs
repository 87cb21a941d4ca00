//! Changes of a text that leave everything else as it is.

use std::ops::Range;

use super::yaml::{Entry, Node, NodeId, NodeKind, Tree};

/// One stretch of the text, and what stands there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) with: String,
}

/// A text with its tree, to be changed.
#[derive(Clone, Copy)]
pub(super) struct Editor<'a> {
    pub(super) text: &'a str,
    pub(super) tree: &'a Tree,
}

impl Editor<'_> {
    /// Sets the value at a path from `root`, with the mappings on the way. `None` where that would touch a template,
    /// an alias, or something else than a single value.
    pub(super) fn set(self, root: NodeId, path: &[&str], value: &str) -> Option<Edit> {
        let (first, rest) = path.split_first()?;
        let Some(entry) = self.tree.own(root, first) else { return self.insert(root, path, value) };
        let node = self.tree.node(entry.value.node);
        if entry.value.is_alias || node.is_template {
            return None;
        }
        match (&node.kind, rest) {
            (NodeKind::Map { .. }, rest) if !rest.is_empty() => self.set(entry.value.node, rest, value),
            _ if node.is_null() => self.fill(entry, node, rest, value),
            (NodeKind::Scalar { .. }, []) if self.is_one_line(node) => {
                Some(Edit { range: node.span.clone(), with: value.to_owned() })
            }
            (NodeKind::Seq { is_flow: true, .. }, []) => {
                Some(Edit { range: node.span.clone(), with: value.to_owned() })
            }
            _ => None,
        }
    }

    /// Gives another name to a key.
    pub(super) fn rename(self, entry: &Entry, name: &str) -> Option<Edit> {
        (!entry.is_template).then(|| Edit { range: entry.span.clone(), with: name.to_owned() })
    }

    /// Puts something else in the place of a value of one line.
    pub(super) fn replace(self, node: &Node, value: &str) -> Option<Edit> {
        let is_fine = !node.is_template && self.is_one_line(node) && !node.span.is_empty();
        is_fine.then(|| Edit { range: node.span.clone(), with: value.to_owned() })
    }

    /// Takes a key away with all that belongs to it.
    pub(super) fn delete(self, entry: &Entry) -> Option<Edit> {
        let start = self.line_start(entry.span.start);
        if !self.text[start..entry.span.start].trim().is_empty() || entry.value.is_alias {
            return None;
        }
        let end = match self.tree.node(entry.value.node).is_null() {
            true => entry.span.end,
            false => self.tree.end(entry.value.node).max(entry.span.end),
        };
        let end = self.line_end(end.max(1) - usize::from(self.text[..end].ends_with('\n')));
        Some(Edit { range: start..end, with: String::new() })
    }

    /// Takes one value out of a list that has others.
    pub(super) fn remove(self, list: &Node, index: usize) -> Option<Edit> {
        let NodeKind::Seq { items, is_flow } = &list.kind else { return None };
        let node = self.tree.node(items.get(index)?.node);
        if items.len() < 2 || items[index].is_alias || !self.is_one_line(node) {
            return None;
        }
        if !is_flow {
            let range = self.line_start(node.span.start)..self.line_end(node.span.end);
            let before = self.text[range.start..node.span.start].trim();
            return (before == "-").then_some(Edit { range, with: String::new() });
        }
        let range = match items.get(index + 1) {
            Some(next) => node.span.start..self.tree.node(next.node).span.start,
            None => self.tree.node(items[index - 1].node).span.end..node.span.end,
        };
        Some(Edit { range, with: String::new() })
    }

    /// Puts a key that is not there at the beginning of a mapping.
    fn insert(self, map: NodeId, path: &[&str], value: &str) -> Option<Edit> {
        let node = self.tree.node(map);
        let NodeKind::Map { entries, is_flow } = &node.kind else { return None };
        if *is_flow {
            let at = node.span.start + 1;
            let comma = if entries.is_empty() { "" } else { ", " };
            return Some(Edit { range: at..at, with: format!("{}{comma}", flow(path, value)) });
        }
        let first = entries.first()?;
        let start = self.line_start(first.span.start);
        let indent = &self.text[start..first.span.start];
        let indent = indent.trim_start_matches('\u{feff}');
        let start = first.span.start - indent.len();
        if !indent.trim().is_empty() {
            return None;
        }
        let with = block(path, value, indent, self.newline());
        Some(Edit { range: start..start, with })
    }

    /// Gives a value to a key that has none.
    fn fill(self, entry: &Entry, node: &Node, path: &[&str], value: &str) -> Option<Edit> {
        let is_written = !node.span.is_empty() && !self.text.get(node.span.clone())?.trim().is_empty();
        if is_written {
            let with = if path.is_empty() { value.to_owned() } else { format!("{{{}}}", flow(path, value)) };
            return Some(Edit { range: node.span.clone(), with });
        }
        let colon = entry.span.end + self.text[entry.span.end..].find(':')? + 1;
        if path.is_empty() {
            return Some(Edit { range: colon..colon, with: format!(" {value}") });
        }
        let start = self.line_start(entry.span.start);
        let indent = self.text[start..entry.span.start].trim_start_matches('\u{feff}');
        let end = self.line_end(colon);
        if !indent.trim().is_empty() || !self.text[..end].ends_with('\n') {
            return None;
        }
        Some(Edit { range: end..end, with: block(path, value, &format!("{indent}  "), self.newline()) })
    }

    fn is_one_line(self, node: &Node) -> bool {
        self.text.get(node.span.clone()).is_some_and(|text| !text.contains('\n'))
    }

    fn line_start(self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The beginning of the next line.
    fn line_end(self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |found| at + found + 1)
    }

    fn newline(self) -> &'static str {
        let first = self.text.find('\n').is_some_and(|at| self.text[..at].ends_with('\r'));
        if first { "\r\n" } else { "\n" }
    }
}

fn block(path: &[&str], value: &str, indent: &str, newline: &str) -> String {
    let mut text = String::new();
    for (depth, key) in path.iter().enumerate() {
        text.push_str(indent);
        text.push_str(&"  ".repeat(depth));
        text.push_str(key);
        text.push(':');
        if depth + 1 == path.len() {
            text.push(' ');
            text.push_str(value);
        }
        text.push_str(newline);
    }
    text
}

fn flow(path: &[&str], value: &str) -> String {
    match path {
        [] => value.to_owned(),
        [key] => format!("{key}: {value}"),
        [key, rest @ ..] => format!("{key}: {{{}}}", flow(rest, value)),
    }
}
