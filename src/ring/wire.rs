//! The ring as bytes: protobuf, and around it the block format of snappy, as it stands in the
//! key-value store and travels in gossip.
//!
//! Models dskit ring/ring.proto and the `ringDesc` codec (ring/model.go:41-43). Differs: entries are
//! written in the order of their IDs, where Go's order is that of a map; `versions` is dropped.

use std::sync::Arc;

use prost::Message as _;

use super::{Desc, InstanceDesc, InstanceState};

/// The bytes are no ring. Nothing was taken from them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not snappy.
    #[error("not a snappy block: {0}")]
    Snappy(#[from] snap::Error),
    /// Not the protobuf message.
    #[error("not a ring.Desc message: {0}")]
    Protobuf(#[from] prost::DecodeError),
    /// A state that the protocol does not have.
    #[error("instance {id:?} has state {state}, which is none of 0 to 4")]
    State {
        /// The instance.
        id: String,
        /// The number found.
        state: i32,
    },
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireDesc {
    #[prost(message, repeated, tag = "1")]
    ingesters: Vec<WireEntry>,
}

/// An entry of the map; Go writes both of its fields always.
#[derive(Clone, PartialEq, prost::Message)]
struct WireEntry {
    #[prost(string, optional, tag = "1")]
    key: Option<String>,
    #[prost(message, optional, tag = "2")]
    value: Option<WireInstance>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct WireInstance {
    #[prost(string, tag = "1")]
    addr: String,
    #[prost(int64, tag = "2")]
    timestamp: i64,
    #[prost(int32, tag = "3")]
    state: i32,
    #[prost(uint32, repeated, tag = "6")]
    tokens: Vec<u32>,
    #[prost(string, tag = "7")]
    zone: String,
    #[prost(int64, tag = "8")]
    registered_timestamp: i64,
    #[prost(string, tag = "9")]
    id: String,
    #[prost(int64, tag = "10")]
    read_only_updated_timestamp: i64,
    #[prost(bool, tag = "11")]
    read_only: bool,
}

/// The protobuf message.
pub fn encode_proto(desc: &Desc) -> Vec<u8> {
    let entries = desc.ingesters.iter().map(|(id, instance)| WireEntry {
        key: Some(id.to_string()),
        value: Some(WireInstance {
            addr: instance.addr.to_string(),
            timestamp: instance.timestamp,
            state: instance.state as i32,
            tokens: instance.tokens.to_vec(),
            zone: instance.zone.to_string(),
            registered_timestamp: instance.registered_timestamp,
            id: id.to_string(),
            read_only_updated_timestamp: instance.read_only_updated_timestamp,
            read_only: instance.read_only,
        }),
    });
    WireDesc { ingesters: entries.collect() }.encode_to_vec()
}

/// The value bytes of the `ringDesc` codec: snappy around the message.
pub fn encode(desc: &Desc) -> Result<Vec<u8>, WireError> {
    Ok(snap::raw::Encoder::new().compress_vec(&encode_proto(desc))?)
}

/// Reads what [`encode_proto`] or dskit wrote.
pub fn decode_proto(bytes: &[u8]) -> Result<Desc, WireError> {
    WireDesc::decode(bytes)?
        .ingesters
        .into_iter()
        .map(|entry| {
            let id = entry.key.unwrap_or_default();
            let value = entry.value.unwrap_or_default();
            let known = InstanceState::ALL.into_iter().find(|state| *state as i32 == value.state);
            let Some(state) = known else { return Err(WireError::State { id, state: value.state }) };
            let instance = InstanceDesc {
                addr: value.addr.into(),
                zone: value.zone.into(),
                state,
                timestamp: value.timestamp,
                registered_timestamp: value.registered_timestamp,
                read_only: value.read_only,
                read_only_updated_timestamp: value.read_only_updated_timestamp,
                tokens: value.tokens.into(),
            };
            Ok((Arc::<str>::from(id), instance))
        })
        .collect()
}

/// Reads what [`encode`] or dskit wrote.
pub fn decode(bytes: &[u8]) -> Result<Desc, WireError> {
    decode_proto(&snap::raw::Decoder::new().decompress_vec(bytes)?)
}
