use std::fmt;
use std::time::Duration;

use crate::go::duration;

use super::keys::Kind;
use super::yaml::{Node, Tree};

/// How much of a value is shown.
const SHOWN: usize = 80;

/// A value as Loki would read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nobody knows before it runs: a template, a flag of each pod, or something that cannot be read.
    Unknown,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A length of time.
    Span(Duration),
    /// Words.
    Text(String),
    /// A list of words.
    List(Vec<String>),
}

impl Value {
    pub(super) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_span(&self) -> Option<Duration> {
        match self {
            Self::Span(value) => Some(*value),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[String]> {
        match self {
            Self::List(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is an empty text or list.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::List(items) => items.is_empty(),
            _ => false,
        }
    }

    /// A default as the catalogue writes it.
    pub(super) fn of_default(kind: Kind, text: &str) -> Self {
        match kind {
            Kind::List => {
                Self::List(text.split(',').filter(|item| !item.is_empty()).map(Into::into).collect())
            }
            kind => Self::of_text(kind, text).unwrap_or(Self::Unknown),
        }
    }

    /// What a node means for a key of this kind, or why Loki would refuse it.
    pub(super) fn of_node(kind: Kind, tree: &Tree, node: &Node) -> Result<Self, &'static str> {
        if node.is_template {
            return Ok(Self::Unknown);
        }
        if let Kind::List = kind {
            if !node.items().is_empty() || node.text().is_none() && !node.is_map() {
                let mut items = Vec::new();
                for item in node.items() {
                    let node = tree.node(item.node);
                    match node.text() {
                        _ if node.is_template => return Ok(Self::Unknown),
                        Some(text) => items.push(text.to_owned()),
                        None => return Err("a list of words"),
                    }
                }
                return Ok(Self::List(items));
            }
            return Err("a list, such as [\"…\"]");
        }
        match node.text() {
            Some(text) => Self::of_text(kind, text),
            None => Err(kind.wanted()),
        }
    }

    fn of_text(kind: Kind, text: &str) -> Result<Self, &'static str> {
        let value = match kind {
            Kind::Bool => match text {
                "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "y" | "Y" => {
                    Some(Self::Bool(true))
                }
                "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "n" | "N" => {
                    Some(Self::Bool(false))
                }
                _ => None,
            },
            Kind::Int => text.replace('_', "").parse().ok().map(Self::Int),
            Kind::Span => duration::parse(text).ok().map(Self::Span),
            Kind::Text | Kind::Store | Kind::List => Some(Self::Text(text.to_owned())),
        };
        value.ok_or(kind.wanted())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("?"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Span(value) => f.write_str(&duration::format(*value)),
            Self::Text(text) if text.is_empty() => f.write_str("\"\""),
            Self::Text(text) => f.write_str(&shown(text)),
            Self::List(items) => write!(f, "[{}]", shown(&items.join(", "))),
        }
    }
}

/// The beginning of a value, without the name and password that a URL may carry.
pub(super) fn shown(text: &str) -> String {
    let text = match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}…{}", &text[..scheme + 3], &text[at..]),
        _ => text.to_owned(),
    };
    match text.chars().count() {
        0..=SHOWN => text,
        _ => text.chars().take(SHOWN).chain(['…']).collect(),
    }
}
