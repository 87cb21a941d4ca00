//! The same facts as the pictures, as text: for the keyboard, for screen readers, and for what is under the pointer.

use leptos::prelude::*;

use crate::ring::Ring;
use crate::snapshot::{History, Node, ProcessState, Snapshot};
use crate::time::Instant;
use crate::view::{Hover, Mark, beliefs, mesh, strip};

use super::session::{Bench, Kind, LabSession, Selection};
use super::transport::span_text;

/// A picture in a sentence or two.
pub(super) fn summary(kind: Kind, snapshot: &Snapshot, history: &History, ring: Option<&Ring>) -> String {
    match kind {
        Kind::Ring => {
            let (instances, tokens) =
                ring.map_or((0, 0), |ring| (ring.instances().len(), ring.topology().tokens().len()));
            format!("The ingesters' ring: {instances} instances, {tokens} tokens.")
        }
        Kind::Mesh => mesh::summary(snapshot),
        Kind::Beliefs => beliefs::summary(snapshot),
        Kind::Timeline => strip::summary(history, snapshot),
    }
}

/// A node in a sentence.
pub(super) fn node_words(snapshot: &Snapshot, node: u32) -> String {
    let Some(node) = snapshot.nodes.get(node as usize) else { return String::new() };
    format!(
        "{}: process {}, {} in the ring, {} in memberlist",
        node.name,
        node.process.name(),
        ring_word(node),
        member_word(node)
    )
}

fn ring_word(node: &Node) -> &'static str {
    node.instance.map_or("absent", |instance| Mark::of(instance.state, instance.healthy).name())
}

fn member_word(node: &Node) -> &'static str {
    node.member.map_or("unknown", crate::sim::state_name)
}

/// What is under the pointer, or else selected, in one line.
#[component]
pub(super) fn Readout(pane: u32, kind: Kind) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let words = Memo::new(move |_| {
        let selection = session.selection.get();
        session.hovered.track();
        session
            .read(|bench| {
                let hover = bench.panes.iter().find(|other| other.id == pane).and_then(|pane| pane.hover);
                describe(bench, hover, selection)
            })
            .unwrap_or_default()
    });
    let hint = match kind {
        Kind::Ring => "Click an instance for what can be done to it; focus the ring and scroll to zoom.",
        Kind::Mesh => "Click a node or a message; drag from node to node for the link between them.",
        Kind::Beliefs => {
            "Rows are observers, columns are subjects: ring in the upper left, memberlist in the lower right of a cell."
        }
        Kind::Timeline => "Drag to scrub, scroll to zoom, Shift and drag to move.",
    };
    let hint = Memo::new(move |_| match session.read(|bench| bench.now()) {
        Some(Instant::START) => "Nothing has happened yet: press Play, or Space.",
        _ => hint,
    });
    view! {
        <p class="readout lab-readout">
            {move || match words.get() {
                words if words.is_empty() => view! { <span class="soft">{hint}</span> }.into_any(),
                words => view! { <span>{words}</span> }.into_any(),
            }}
        </p>
    }
}

fn describe(bench: &Bench, hover: Option<Hover>, selection: Selection) -> String {
    let snapshot = &bench.snapshot;
    let name = |node: u32| snapshot.nodes.get(node as usize).map_or("?", |node| &*node.name);
    let hover = hover.or(selection.node.map(Hover::Node)).or(selection.message.map(Hover::Message));
    match hover {
        None => String::new(),
        Some(Hover::Node(node)) => node_words(snapshot, node),
        Some(Hover::Message(id)) => {
            let Some(message) = snapshot.messages.iter().find(|message| message.id == id) else {
                return "This message is not under way any more.".into();
            };
            let arrival = match message.arrives {
                None => "never arrives".to_owned(),
                Some(at) if at <= snapshot.now => format!("arrived after {}", flight(message.sent, at)),
                Some(at) => format!("arrives {} after it was sent", flight(message.sent, at)),
            };
            format!(
                "{} from {} to {}, {} bytes, {arrival}",
                message.kind.name(),
                name(message.from),
                name(message.to),
                message.bytes
            )
        }
        Some(Hover::Link { from, to }) => format!("the link from {} to {}", name(from), name(to)),
        Some(Hover::Zone(zone)) => {
            let zone = snapshot.zones.get(zone as usize).filter(|zone| !zone.is_empty());
            zone.map_or("no zone".into(), |zone| format!("zone {zone}"))
        }
        Some(Hover::Cell(cell)) => beliefs::words(snapshot, cell),
        Some(Hover::Milestone(place)) => {
            let milestones = &bench.lab.current().record().history.milestones;
            milestones
                .get(place)
                .map_or(String::new(), |milestone| format!("{} {}", span_text(milestone.at), milestone.text))
        }
        Some(Hover::Lane { node, at }) => {
            let lanes = &bench.lab.current().record().history.lanes;
            let phase = lanes.get(node as usize).map_or("", |lane| lane.at(at).name());
            format!("{} at {}: {phase}", name(node), span_text(at))
        }
    }
}

fn flight(sent: Instant, at: Instant) -> String {
    crate::sim::Span(at.since(sent)).to_string()
}

/// Rows shown at once.
const MOST_ROWS: usize = 200;

/// The table of nodes: everything that the pictures show, as text.
#[component]
pub(super) fn Twin() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let rows = Memo::new(move |_| {
        session
            .read(|bench| {
                let row = |node: &Node| {
                    (
                        node.name.to_string(),
                        node.process,
                        ring_word(node),
                        node.instance.map(|instance| Mark::of(instance.state, instance.healthy)),
                        member_word(node),
                        node.ready,
                    )
                };
                Vec::from_iter(bench.snapshot.nodes.iter().take(MOST_ROWS).map(row))
            })
            .unwrap_or_default()
    });
    let seen_by = move || {
        let observer = session.observer.get();
        observer
            .and_then(|pod| {
                session
                    .with(|bench| bench.snapshot.nodes.get(pod as usize).map(|node| node.name.to_string()))
                    .flatten()
            })
            .map_or("in truth".to_owned(), |name| format!("as {name} sees it"))
    };
    let more = move || {
        session.read(|bench| bench.snapshot.nodes.len().saturating_sub(MOST_ROWS)).filter(|more| *more > 0)
    };
    view! {
        <div class="lab-twin">
            <div class="scroller" tabindex="0" role="region" aria-label="Nodes">
                <table data-testid="nodes">
                    <caption class="unseen">"All nodes"</caption>
                    <thead><tr>
                        <th scope="col">"node"</th><th scope="col">"process"</th>
                        <th scope="col">"ring, "{seen_by}</th><th scope="col">"memberlist"</th><th scope="col">"ready"</th>
                    </tr></thead>
                    <tbody>
                        {move || rows.get().into_iter().zip(0_u32..).map(|((name, process, ring, mark, member, ready), index)| view! {
                            <tr aria-selected=move || (session.selection.get().node == Some(index)).to_string()>
                                <th scope="row">
                                    <button type="button" class="name" data-testid="node-row"
                                        on:click=move |_| {
                                            session.selection.set(Selection { node: Some(index), ..Selection::default() });
                                            session.changed();
                                        }>{name}</button>
                                </th>
                                <td class=if process == ProcessState::Up { "" } else { "bad" }>{process.name()}</td>
                                <td class=mark.map_or("soft", Mark::tone)>{mark.map_or("", Mark::sign)}" "{ring}</td>
                                <td class=if member == "alive" { "" } else { "warn" }>{member}</td>
                                <td>{if ready { "yes" } else { "no" }}</td>
                            </tr>
                        }).collect_view()}
                    </tbody>
                </table>
                {move || more().map(|more| view! { <p class="note">{format!("and {more} more")}</p> })}
            </div>
        </div>
    }
}
