//! Zone-aware choice of peers (dskit kv/memberlist/node_zone_aware_routing.go).

use crate::prng::Prng;

use super::{Meta, NodeRole, NodeState, State, Zone, ZoneAwareRouting};

/// Whom a node of a zone talks to.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    /// The places of the nodes to choose from.
    pub(super) selected: Vec<u32>,
    /// The one that must be among the chosen, unless the caller excludes it.
    pub(super) preferred: Option<u32>,
    with_members: Vec<Zone>,
    with_alive_bridges: Vec<Zone>,
}

/// Nobody is chosen by zone, since this zone would be cut off: it has members and no alive bridge.
pub(super) struct ZoneWithoutBridge(pub(super) Zone);

impl Selection {
    /// Chooses anew (`SelectNodes`).
    pub(super) fn select(
        &mut self,
        local: ZoneAwareRouting,
        nodes: &[NodeState],
        prng: &mut Prng,
    ) -> Result<(), ZoneWithoutBridge> {
        self.selected.clear();
        self.preferred = None;
        self.with_members.clear();
        self.with_alive_bridges.clear();
        let mut preferable = 0;
        for (node, place) in nodes.iter().zip(0..) {
            let Meta { zone, role } = node.meta;
            match role {
                _ if zone == Zone::default() => {}
                NodeRole::Member => add(&mut self.with_members, zone),
                NodeRole::Bridge if node.state == State::Alive => add(&mut self.with_alive_bridges, zone),
                NodeRole::Bridge => {}
            }
            let to_other_bridge =
                zone != local.zone && local.role == NodeRole::Bridge && role == NodeRole::Bridge;
            if zone == Zone::default() || zone == local.zone {
                self.selected.push(place);
            } else if to_other_bridge {
                self.selected.push(place);
                preferable += 1;
                if prng.below(preferable) == 0 {
                    self.preferred = Some(place);
                }
            }
        }
        let cut_off = self.with_members.iter().filter(|zone| !self.with_alive_bridges.contains(zone)).min();
        cut_off.map_or(Ok(()), |&zone| Err(ZoneWithoutBridge(zone)))
    }
}

fn add(zones: &mut Vec<Zone>, zone: Zone) {
    if !zones.contains(&zone) {
        zones.push(zone);
    }
}
