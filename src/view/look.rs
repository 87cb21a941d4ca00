//! What the reader points at in the pictures of a cluster, and how they are to be shown.

use std::time::Duration;

use crate::time::Instant;

use super::beliefs::BeliefCell;
use super::geometry::Point;
use super::mesh::MeshTarget;
use super::strip::StripTarget;

/// What the reader points at and how the picture is to be shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    /// The selected node.
    pub node: Option<u32>,
    /// What is under the pointer, in whichever picture.
    pub hover: Option<Hover>,
    /// The selected message.
    pub message: Option<u64>,
    /// A line drawn from a node to the pointer.
    pub drag: Option<(u32, Point)>,
    /// Nothing moves: messages are counted, not shown on their way.
    pub reduced_motion: bool,
    /// For how much virtual time a message is drawn at least: a fast clock stretches its flight, so that
    /// it can be seen.
    pub window: Duration,
}

/// What is under the pointer. What one picture found, another one shows as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hover {
    /// A node.
    Node(u32),
    /// A message, by its number.
    Message(u64),
    /// A faulty link.
    Link {
        /// From here.
        from: u32,
        /// To there.
        to: u32,
    },
    /// A zone, by its number.
    Zone(u16),
    /// What somebody believes of somebody.
    Cell(BeliefCell),
    /// A milestone, by its place in the history.
    Milestone(usize),
    /// A node at an instant.
    Lane {
        /// The node.
        node: u32,
        /// When.
        at: Instant,
    },
}

impl Look {
    /// The node under the pointer, whatever the picture.
    pub fn hovered_node(&self) -> Option<u32> {
        match self.hover? {
            Hover::Node(node) | Hover::Lane { node, .. } => Some(node),
            Hover::Cell(cell) => Some(cell.subject),
            Hover::Message(_) | Hover::Link { .. } | Hover::Zone(_) | Hover::Milestone(_) => None,
        }
    }

    /// Whether a node is selected or under the pointer.
    pub fn points_at(&self, node: u32) -> bool {
        self.node == Some(node) || self.hovered_node() == Some(node)
    }

    /// Whether a message is selected or under the pointer.
    pub fn points_at_message(&self, id: u64) -> bool {
        self.message == Some(id) || self.hover == Some(Hover::Message(id))
    }
}

impl From<MeshTarget> for Hover {
    fn from(target: MeshTarget) -> Self {
        match target {
            MeshTarget::Node(node) => Self::Node(node),
            MeshTarget::Message(id) => Self::Message(id),
            MeshTarget::Link { from, to } => Self::Link { from, to },
            MeshTarget::Zone(zone) => Self::Zone(zone),
        }
    }
}

impl From<BeliefCell> for Hover {
    fn from(cell: BeliefCell) -> Self {
        Self::Cell(cell)
    }
}

impl From<StripTarget> for Hover {
    fn from(target: StripTarget) -> Self {
        match target {
            StripTarget::Node(node) => Self::Node(node),
            StripTarget::Milestone(place) => Self::Milestone(place),
            StripTarget::Message(id) => Self::Message(id),
            StripTarget::Lane { node, at } => Self::Lane { node, at },
        }
    }
}
