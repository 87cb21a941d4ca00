//! What Loki adds to the ring: a stream's labels, the key they make, stream sharding, and the quorum of a push.
//!
//! Models grafana/loki at commit 65e30f8, with Prometheus v0.313.1-0.20260724150908-ab225f6ef5a8 for labels.

mod label_lexer;
mod label_parser;
mod label_token;
mod labels;
mod push;
mod stream;
pub mod trace;

pub use label_parser::LabelsError;
pub use labels::{Label, Labels};
pub use push::PushTracker;
pub use stream::{
    DEFAULT_DESIRED_RATE, KeyedStream, SERVICE_NAME_LABELS, ShardTracker, StreamRate, shard_stream,
    token_for, with_service_name,
};
