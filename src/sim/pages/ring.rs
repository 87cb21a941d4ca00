use std::sync::Arc;

use serde::Serialize;

use super::super::modules::{ServiceState, Work};
use super::super::process::Process;
use super::super::{StoreKind, World, shown_state};
use super::{JSON, Response, json};
use crate::kv::View;
use crate::lifecycle::RingKind;
use crate::ring::{Desc, HeartbeatHealth, InstanceDesc};
use crate::time::WallTime;

/// dskit ring/ring_http.go, `httpResponse`.
#[derive(Serialize)]
struct Page<'a> {
    /// An empty ring's list is null.
    shards: Option<Vec<Shard<'a>>>,
    now: String,
}

#[derive(Serialize)]
struct Shard<'a> {
    id: &'a str,
    state: &'static str,
    address: &'a str,
    timestamp: String,
    registered_timestamp: String,
    read_only: bool,
    read_only_updated_timestamp: String,
    zone: &'a str,
    tokens: Option<&'a [u32]>,
}

/// Go's `time.Time{}`.
pub(super) const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

impl Process {
    /// A ring's page, if this process serves it.
    pub(super) fn ring_page(&self, path: &str, world: &World) -> Option<Response> {
        let kind = RingKind::ALL.into_iter().find(|kind| kind.preset(false).page == path)?;
        if let Some(page) = self.page_without_ring(kind) {
            return Some(page);
        }
        let watcher = self.server_of(kind)?;
        let desc = if reads_store(kind) {
            match self.read_store(kind, world) {
                Ok(desc) => desc,
                Err(response) => return Some(response),
            }
        } else if watcher == ServiceState::Waiting {
            None
        } else {
            self.desc(kind).cloned()
        };
        let health = self.health(world);
        Some(render(&desc.unwrap_or_default(), health, self.wall(world)))
    }

    /// How far the module is that serves a ring's page.
    fn server_of(&self, kind: RingKind) -> Option<ServiceState> {
        let is_server = |work: Work| match work {
            // The ingesters' page is the ring client's; all others are whoever's the ring is.
            Work::Client(RingKind::Ingester) => kind == RingKind::Ingester,
            Work::Client(RingKind::PatternIngester) => false,
            Work::Client(watched) => watched == kind,
            Work::Member(joined, _) => joined == kind,
            Work::None | Work::Memberlist | Work::Ingester => false,
        };
        self.modules.iter().find(|running| is_server(running.work)).map(|running| running.state)
    }

    /// Distributors and rulers whose ring is switched off say so, in HTML whatever was asked for
    /// (loki pkg/distributor/http.go:231-250, pkg/ruler/base/ruler.go:515-533).
    fn page_without_ring(&self, kind: RingKind) -> Option<Response> {
        let (module, title, text) = match kind {
            RingKind::Distributor => (
                "distributor",
                "Distributor Ring Status",
                "Not running with Global Rating Limit - ring not being used by the Distributor.",
            ),
            RingKind::Ruler => ("ruler", "Cortex Ruler Status", "Ruler running with shards disabled"),
            _ => return None,
        };
        let is_off =
            |running: &super::super::Running| running.module.name == module && running.work == Work::None;
        self.modules.iter().any(is_off).then(|| Response::ok("text/html", note(title, text)))
    }

    /// A ring as the store has it, without tombstones; the answer itself when the store has none to give.
    fn read_store(&self, kind: RingKind, world: &World) -> Result<Option<Desc>, Response> {
        let Some(slot) = self.slot(kind) else { return Ok(None) };
        if world.options.store != StoreKind::Memberlist {
            if world.central.is_down() {
                return Err(Response::error(500, world.options.store.unreachable()));
            }
            let (_, desc) = world.central.get(self.store_owner(world), slot.key);
            return Ok(desc.map(Arc::unwrap_or_clone));
        }
        match self.kv_state {
            ServiceState::Running | ServiceState::Stopping => {
                Ok(self.kv.store.get(slot.key).map(|value| value.desc().clone()))
            }
            ServiceState::Waiting | ServiceState::Starting => {
                Err(Response::silence("the page waits until memberlist runs".into()))
            }
            state => Err(Response::error(500, format_args!("unexpected state: {}", state.name()))),
        }
    }
}

/// Whether a ring's page is its lifecycler's, which reads the store, and not its client's.
const fn reads_store(kind: RingKind) -> bool {
    matches!(kind, RingKind::Distributor | RingKind::PatternIngester)
}

fn render(desc: &Desc, health: HeartbeatHealth, now: WallTime) -> Response {
    let shard = |(id, instance): (_, _)| shard(id, instance, health);
    let shards = Vec::from_iter(View::new(desc).iter().map(shard));
    let page = Page { shards: (!shards.is_empty()).then_some(shards), now: now.to_rfc3339() };
    match json::encode(&page, false) {
        Ok(body) => Response::ok(JSON, body),
        Err(error) => Response::error(500, error),
    }
}

fn shard<'a>(id: &'a Arc<str>, instance: &'a InstanceDesc, health: HeartbeatHealth) -> Shard<'a> {
    Shard {
        id,
        state: shown_state(instance.state, health.covers(instance.timestamp)),
        address: &instance.addr,
        timestamp: WallTime::from_unix_secs(instance.timestamp).to_rfc3339(),
        registered_timestamp: if_known(instance.registered_timestamp),
        read_only: instance.read_only,
        read_only_updated_timestamp: if_known(instance.read_only_updated_timestamp),
        zone: &instance.zone,
        tokens: (!instance.tokens.is_empty()).then(|| instance.tokens.as_slice()),
    }
}

/// Unix seconds where 0 stands for an unknown time.
fn if_known(unix_secs: i64) -> String {
    if unix_secs == 0 { ZERO_TIME.to_owned() } else { WallTime::from_unix_secs(unix_secs).to_rfc3339() }
}

fn note(title: &str, text: &str) -> String {
    let lines = [
        "",
        "\t\t\t<!DOCTYPE html>",
        "\t\t\t<html>",
        "\t\t\t\t<head>",
        "\t\t\t\t\t<meta charset=\"UTF-8\">",
        &format!("\t\t\t\t\t<title>{title}</title>"),
        "\t\t\t\t</head>",
        "\t\t\t\t<body>",
        &format!("\t\t\t\t\t<h1>{title}</h1>"),
        &format!("\t\t\t\t\t<p>{text}</p>"),
        "\t\t\t\t</body>",
        "\t\t\t</html>",
    ];
    lines.join("\n")
}
