//! A YAML text as a tree that knows the place of every key and value.
//!
//! Go reads a configuration into a struct and forgets where things stood; here the places are what matters.
//! Aliases point at the node they name and are never copied, so a text cannot grow by being read. Templates
//! (`${VAR}`, `{{ … }}`) are values that nobody knows yet: their bytes are covered before parsing, so that every
//! place stays where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, StructureStyle};

use super::ConfigError;

/// The longest text that is looked at.
pub const MAX_BYTES: usize = 2 << 20;
/// How many keys and values a text may have.
pub const MAX_NODES: usize = 200_000;
/// How deep it may be nested.
pub const MAX_DEPTH: usize = 64;
/// The longest single value.
pub const MAX_SCALAR_BYTES: usize = 512 << 10;

/// Where a node stands in a [`Tree`].
pub(super) type NodeId = usize;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// Bytes of the text. For a block mapping or sequence only the start is meant.
    pub(super) span: Range<usize>,
    /// From 1.
    pub(super) line: usize,
    /// Whether a template covers a part of it.
    pub(super) is_template: bool,
}

#[derive(Debug)]
pub(super) enum NodeKind {
    Scalar { text: String, is_plain: bool },
    Seq { items: Vec<Item>, is_flow: bool },
    Map { entries: Vec<Entry>, is_flow: bool },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) node: NodeId,
    /// Whether it stands elsewhere, under an anchor.
    pub(super) is_alias: bool,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) line: usize,
    pub(super) is_template: bool,
    pub(super) value: Item,
}

/// All documents of a text.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The root of each document.
    pub(super) documents: Vec<NodeId>,
    /// Whether lines of it are only templates, such as `{{- if … }}`: then both branches may stand there.
    pub(super) has_branches: bool,
}

impl Node {
    /// The text of a scalar that says something; `null` does not.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::Scalar { text, is_plain } if !(*is_plain && is_null(text)) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar { text, is_plain: true } if is_null(text))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            NodeKind::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Item] {
        match &self.kind {
            NodeKind::Seq { items, .. } => items,
            _ => &[],
        }
    }

    pub(super) fn is_map(&self) -> bool {
        matches!(self.kind, NodeKind::Map { .. })
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

impl Tree {
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        if text.len() > MAX_BYTES {
            return Err(ConfigError::TooLarge { bytes: text.len() });
        }
        let covered = Covered::of(text);
        let mut builder = Builder {
            tree: Self { nodes: Vec::new(), documents: Vec::new(), has_branches: covered.has_branches },
            covered: &covered,
            open: Vec::new(),
            anchors: BTreeMap::new(),
        };
        let mut options = Options::default();
        (options.emit_comments, options.block_nesting_limit, options.flow_nesting_limit) =
            (false, MAX_DEPTH, MAX_DEPTH);
        for event in Parser::new_from_str_with_options(&covered.text, options) {
            let (event, span) = event.map_err(|error| explain(&error))?;
            let bytes = span.byte_range().unwrap_or_default();
            let range = bytes.start + covered.offset..bytes.end + covered.offset;
            builder.take(event, range, span.start.line())?;
        }
        Ok(builder.tree)
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id]
    }

    /// The entry of a mapping itself; of several with one key the last, as Helm reads it.
    pub(super) fn own(&self, map: NodeId, key: &str) -> Option<&Entry> {
        self.nodes[map].entries().iter().rev().find(|entry| entry.key == key)
    }

    /// The entry of a mapping, or of those that it merges with `<<`.
    pub(super) fn get(&self, map: NodeId, key: &str) -> Option<&Entry> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![map];
        while let Some(map) = waiting.pop() {
            if !seen.insert(map) {
                continue;
            }
            if let Some(entry) = self.own(map, key) {
                return Some(entry);
            }
            for merged in self.nodes[map].entries().iter().filter(|entry| entry.key == "<<") {
                let node = &self.nodes[merged.value.node];
                waiting.extend(node.items().iter().rev().map(|item| item.node));
                waiting.push(merged.value.node);
            }
        }
        None
    }

    /// What stands at a path of keys, from `root`.
    pub(super) fn find(&self, root: NodeId, path: &[&str]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let entry = self.get(root, first)?;
        match rest {
            [] => Some(entry),
            rest => self.find(entry.value.node, rest),
        }
    }

    /// The end of what belongs to a node, in bytes.
    pub(super) fn end(&self, id: NodeId) -> usize {
        let node = &self.nodes[id];
        let children = node.entries().iter().map(|entry| (entry.value, entry.span.end));
        let items = node.items().iter().map(|item| (*item, 0));
        let is_flow = matches!(
            node.kind,
            NodeKind::Seq { is_flow: true, .. }
                | NodeKind::Map { is_flow: true, .. }
                | NodeKind::Scalar { .. }
        );
        if is_flow {
            return node.span.end;
        }
        let ends = children.chain(items).map(|(item, end)| {
            if item.is_alias || self.nodes[item.node].is_null() { end } else { self.end(item.node).max(end) }
        });
        ends.max().unwrap_or(node.span.end)
    }
}

struct Builder<'a> {
    tree: Tree,
    covered: &'a Covered,
    open: Vec<Open>,
    anchors: BTreeMap<usize, NodeId>,
}

struct Open {
    node: NodeId,
    key: Option<(String, Range<usize>, usize, bool)>,
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: Range<usize>, line: usize) -> Result<(), ConfigError> {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                if text.len() > MAX_SCALAR_BYTES {
                    return Err(ConfigError::LongValue { line, bytes: text.len() });
                }
                let kind =
                    NodeKind::Scalar { text: text.into_owned(), is_plain: style == ScalarStyle::Plain };
                self.add(kind, span, line, anchor).map(|_| ())
            }
            Event::SequenceStart(style, anchor, _) => {
                let is_flow = style == StructureStyle::Flow;
                self.open(NodeKind::Seq { items: Vec::new(), is_flow }, span, line, anchor)
            }
            Event::MappingStart(style, anchor, _) => {
                let is_flow = style == StructureStyle::Flow;
                self.open(NodeKind::Map { entries: Vec::new(), is_flow }, span, line, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let node = &mut self.tree.nodes[open.node];
                    node.span.end = span.end.max(node.span.end);
                }
                Ok(())
            }
            Event::Alias(anchor) => {
                let Some(&node) = self.anchors.get(&anchor) else {
                    return Err(ConfigError::Syntax {
                        line,
                        column: 1,
                        message: "an alias (*) whose anchor (&) is nowhere".into(),
                    });
                };
                if self.open.iter().any(|open| open.node == node) {
                    return Err(ConfigError::Syntax {
                        line,
                        column: 1,
                        message: "an alias (*) within its own anchor (&): that never ends".into(),
                    });
                }
                self.place(Item { node, is_alias: true }, span, line)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        kind: NodeKind,
        span: Range<usize>,
        line: usize,
        anchor: usize,
    ) -> Result<(), ConfigError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(ConfigError::TooDeep { line });
        }
        let node = self.add(kind, span, line, anchor)?;
        self.open.push(Open { node, key: None });
        Ok(())
    }

    fn add(
        &mut self,
        kind: NodeKind,
        span: Range<usize>,
        line: usize,
        anchor: usize,
    ) -> Result<NodeId, ConfigError> {
        let node = self.tree.nodes.len();
        if node >= MAX_NODES {
            return Err(ConfigError::TooMany { line });
        }
        let is_template = matches!(kind, NodeKind::Scalar { .. }) && self.covered.touches(&span);
        self.tree.nodes.push(Node { kind, span: span.clone(), line, is_template });
        if anchor != 0 {
            self.anchors.insert(anchor, node);
        }
        self.place(Item { node, is_alias: false }, span, line)?;
        Ok(node)
    }

    /// Puts a node where it belongs: under the key that waits for it, into a list, or as a key itself.
    fn place(&mut self, item: Item, span: Range<usize>, line: usize) -> Result<(), ConfigError> {
        let Some(open) = self.open.last_mut() else {
            self.tree.documents.push(item.node);
            return Ok(());
        };
        let key = || match &self.tree.nodes[item.node].kind {
            NodeKind::Scalar { text, .. } => text.clone(),
            _ => String::new(),
        };
        if matches!(self.tree.nodes[open.node].kind, NodeKind::Map { .. }) && open.key.is_none() {
            let is_template = self.tree.nodes[item.node].is_template
                || !matches!(self.tree.nodes[item.node].kind, NodeKind::Scalar { .. });
            open.key = Some((key(), span, line, is_template));
            return Ok(());
        }
        match (&mut self.tree.nodes[open.node].kind, open.key.take()) {
            (NodeKind::Map { entries, .. }, Some((key, span, line, is_template))) => {
                entries.push(Entry { key, span, line, is_template, value: item });
            }
            (NodeKind::Seq { items, .. }, _) => items.push(item),
            _ => {}
        }
        Ok(())
    }
}

fn explain(error: &ScanError) -> ConfigError {
    let (line, column) = (error.marker().line(), error.marker().col() + 1);
    match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart => ConfigError::Tab { line },
        ErrorKind::RecursionLimitExceeded => ConfigError::TooDeep { line },
        _ => ConfigError::Syntax { line, column, message: error.info() },
    }
}

/// A text whose templates and HTTP headers are covered by other bytes of the same length.
struct Covered {
    text: String,
    /// How many bytes of the original were left out at its start: a byte order mark.
    offset: usize,
    /// What was covered, in the original's bytes, in order.
    ranges: Vec<Range<usize>>,
    has_branches: bool,
}

impl Covered {
    fn of(text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let offset = text.len() - body.len();
        let mut covered =
            Self { text: String::with_capacity(body.len()), offset, ranges: Vec::new(), has_branches: false };
        let mut is_header = body.starts_with("HTTP/");
        for line in body.split_inclusive('\n') {
            let content = line.trim_end_matches(['\n', '\r']);
            let end = &line[content.len()..];
            if is_header {
                is_header = !content.is_empty();
                covered.blank(content);
            } else {
                covered.line(content);
            }
            covered.text.push_str(end);
        }
        covered
    }

    fn blank(&mut self, content: &str) {
        self.text.extend(content.bytes().map(|_| ' '));
    }

    fn line(&mut self, content: &str) {
        let mut templates = Vec::new();
        // Beyond the last end there is no need to look for one, however many begin.
        let (last, last_double) = (content.rfind('}'), content.rfind("}}"));
        let mut at = 0;
        while let Some(found) = content[at..].find(['{', '$']) {
            let start = at + found;
            let end = match &content.as_bytes()[start..] {
                [b'{', b'{', ..] if Some(start) < last_double => {
                    content[start..].find("}}").map(|end| start + end + 2)
                }
                [b'$', b'{', ..] if Some(start) < last => {
                    content[start..].find('}').map(|end| start + end + 1)
                }
                _ => None,
            };
            match end {
                Some(end) => {
                    templates.push(start..end);
                    at = end;
                }
                None => at = start + 1,
            }
        }
        let mut outside = String::new();
        let mut at = 0;
        for template in &templates {
            outside.push_str(&content[at..template.start]);
            at = template.end;
        }
        outside.push_str(&content[at..]);
        if !templates.is_empty() && outside.trim().is_empty() {
            self.has_branches = true;
            self.blank(content);
            return;
        }
        let mut at = 0;
        for template in templates {
            self.text.push_str(&content[at..template.start]);
            let start = self.offset + self.text.len();
            self.text.extend(template.clone().map(|_| 'x'));
            self.ranges.push(start..self.offset + self.text.len());
            at = template.end;
        }
        self.text.push_str(&content[at..]);
    }

    fn touches(&self, span: &Range<usize>) -> bool {
        let at = self.ranges.partition_point(|range| range.end <= span.start);
        self.ranges.get(at).is_some_and(|range| range.start < span.end)
    }
}
