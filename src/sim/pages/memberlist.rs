use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serialize;

use super::super::modules::ServiceState;
use super::super::pod::Pod;
use super::super::process::Process;
use super::super::{StoreKind, World};
use super::ring::ZERO_TIME;
use super::{JSON, Response, TEXT, json, parameter};
use crate::memberlist::{Memberlist, Meta, NodeRole, NodeState};
use crate::ring::{Desc, wire};

/// dskit kv/memberlist/http_status_handler.go, `StatusPageData`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Page<'a> {
    now: String,
    /// The library's node has no field that JSON would show.
    memberlist: Nothing,
    sorted_members: Vec<Member<'a>>,
    store: BTreeMap<&'static str, Value>,
    store_sizes: BTreeMap<&'static str, usize>,
    total_store_size: usize,
    message_history_buffer_bytes: usize,
    /// There is no message history.
    sent_messages: Option<Nothing>,
    received_messages: Option<Nothing>,
    zone_aware_routing: Routing<'a>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Member<'a> {
    name: &'a str,
    addr: Ipv4Addr,
    port: u16,
    /// In base 64.
    meta: Option<String>,
    /// Always 0: the state that counts is another field, which is not shown.
    state: u8,
    #[serde(rename = "PMin")]
    p_min: u8,
    #[serde(rename = "PMax")]
    p_max: u8,
    #[serde(rename = "PCur")]
    p_cur: u8,
    #[serde(rename = "DMin")]
    d_min: u8,
    #[serde(rename = "DMax")]
    d_max: u8,
    #[serde(rename = "DCur")]
    d_cur: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Value {
    version: u64,
    #[serde(rename = "CodecID")]
    codec_id: &'static str,
    deleted: bool,
    update_time: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Routing<'a> {
    enabled: bool,
    zone: &'a str,
    role: &'static str,
}

/// A key's value, tombstones and all: what protobuf leaves out is left out (dskit ring/ring.proto).
#[derive(Serialize)]
struct RawDesc<'a> {
    ingesters: BTreeMap<&'a str, RawInstance<'a>>,
}

#[derive(Serialize)]
struct RawInstance<'a> {
    #[serde(skip_serializing_if = "is_default")]
    addr: &'a str,
    #[serde(skip_serializing_if = "is_default")]
    timestamp: i64,
    #[serde(skip_serializing_if = "is_default")]
    state: u8,
    #[serde(skip_serializing_if = "is_default")]
    tokens: &'a [u32],
    #[serde(skip_serializing_if = "is_default")]
    zone: &'a str,
    #[serde(skip_serializing_if = "is_default")]
    registered_timestamp: i64,
    id: &'a str,
    #[serde(skip_serializing_if = "is_default")]
    read_only_updated_timestamp: i64,
    #[serde(skip_serializing_if = "is_default")]
    read_only: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Process {
    /// Whether rings are kept by gossip here.
    pub(super) fn uses_memberlist(&self, world: &World) -> bool {
        world.options.store == StoreKind::Memberlist && !self.rings.is_empty()
    }

    /// Whether the client of memberlist has a node to ask.
    pub(super) fn has_node(&self) -> bool {
        matches!(self.kv_state, ServiceState::Running | ServiceState::Stopping)
    }

    pub(super) fn memberlist_page(&self, query: &str, pod: &Pod, world: &World) -> Response {
        if !self.uses_memberlist(world) {
            return Response::ok("text/plain", "This instance doesn't use memberlist.".into());
        }
        for absent in ["downloadKey", "viewMsg", "deleteMessages"] {
            if parameter(query, absent).is_some() {
                return Response::silence(format!(
                    "{absent} is not simulated; there is viewKey=KEY&format=json"
                ));
            }
        }
        if let Some(key) = parameter(query, "viewKey") {
            return self.view_key(&key, &parameter(query, "format").unwrap_or_default(), world);
        }
        // The handler asks a node that is not there yet, or has failed: Go closes the connection.
        let Some(swim) = &self.swim else { return Response::silence("memberlist has no node".into()) };
        match json::encode(&self.status(swim, pod, world), false) {
            Ok(body) => Response::ok(JSON, body),
            Err(error) => Response::error(500, error),
        }
    }

    fn status<'a>(&'a self, swim: &'a Memberlist, pod: &'a Pod, world: &'a World) -> Page<'a> {
        let routing = swim.config().zone_aware_routing;
        let living = swim.members().iter().filter(|node| !node.dead_or_left());
        let mut sorted_members = Vec::from_iter(living.map(|node| member(node, routing.is_some(), world)));
        sorted_members.sort_by_key(|member| member.name);
        let values = || self.kv.store.keys().map(|(key, value)| (world.key_name(key), value));
        let store_sizes = BTreeMap::from_iter(
            values().filter_map(|(name, value)| Some((name, wire::encode(value.desc()).ok()?.len()))),
        );
        Page {
            now: self.wall(world).to_rfc3339(),
            memberlist: Nothing {},
            sorted_members,
            store: values()
                .map(|(name, value)| {
                    let codec_id = "ringDesc";
                    let shown =
                        Value { version: value.version, codec_id, deleted: false, update_time: ZERO_TIME };
                    (name, shown)
                })
                .collect(),
            total_store_size: store_sizes.values().sum(),
            store_sizes,
            message_history_buffer_bytes: 0,
            sent_messages: None,
            received_messages: None,
            zone_aware_routing: Routing {
                enabled: routing.is_some(),
                zone: if routing.is_some() { &pod.zone } else { "" },
                role: role_name(routing.map(|routing| routing.role).unwrap_or_default()),
            },
        }
    }

    fn view_key(&self, name: &str, format: &str, world: &World) -> Response {
        let Some((_, value)) = self.kv.store.keys().find(|(key, _)| world.key_name(*key) == name) else {
            return Response::error(404, "value not found");
        };
        let is_pretty = match format {
            "json" => false,
            "json-pretty" => true,
            _ => return Response::silence("only format=json and format=json-pretty are simulated".into()),
        };
        match json::encode(&raw(value.desc()), is_pretty) {
            Ok(body) => Response::ok(TEXT, body),
            Err(error) => Response::error(500, error),
        }
    }
}

fn member<'a>(node: &NodeState, has_meta: bool, world: &'a World) -> Member<'a> {
    Member {
        name: &world.names[node.name.0 as usize],
        addr: Ipv4Addr::from(node.address.ip),
        port: node.address.port,
        meta: has_meta.then(|| BASE64_STANDARD.encode(encode_meta(node.meta, world))),
        state: 0,
        p_min: 1,
        p_max: 5,
        p_cur: 2,
        d_min: 0,
        d_max: 0,
        d_cur: 0,
    }
}

/// dskit kv/memberlist/node_meta.go: version, role, the zone's length, the zone.
fn encode_meta(meta: Meta, world: &World) -> Vec<u8> {
    let zone = &world.zones[usize::from(meta.zone.0)];
    let role = match meta.role {
        NodeRole::Member => 1,
        NodeRole::Bridge => 2,
    };
    let mut bytes = vec![1, role, zone.len() as u8];
    bytes.extend(zone.bytes());
    bytes
}

const fn role_name(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Member => "member",
        NodeRole::Bridge => "bridge",
    }
}

fn raw(desc: &Desc) -> RawDesc<'_> {
    let ingesters = desc.ingesters.iter().map(|(id, instance)| {
        let raw = RawInstance {
            addr: &instance.addr,
            timestamp: instance.timestamp,
            state: instance.state as u8,
            tokens: &instance.tokens,
            zone: &instance.zone,
            registered_timestamp: instance.registered_timestamp,
            id,
            read_only_updated_timestamp: instance.read_only_updated_timestamp,
            read_only: instance.read_only,
        };
        (&**id, raw)
    });
    RawDesc { ingesters: ingesters.collect() }
}
