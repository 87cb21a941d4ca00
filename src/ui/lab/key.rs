//! What the signs of a picture mean.

use leptos::prelude::*;

use crate::lab::chart::sign_of;
use crate::snapshot::MessageKind;
use crate::view::Mark;

use super::session::Kind;

/// The key of a picture, folded up.
#[component]
pub(super) fn Key(kind: Kind) -> impl IntoView {
    let words = match kind {
        Kind::Ring => {
            "The band: whose tokens, by colour. The needle: the stream\u{2019}s key. #1, #2, \u{2026}: its replicas, in the order of the walk clockwise."
        }
        Kind::Mesh => {
            "Square: no instance of the ring. Struck through: down. Dotted: not started yet. A line between nodes: a link in trouble."
        }
        Kind::Beliefs => {
            "Row: who believes; column: of whom. Upper left: in the ring; lower right: in memberlist. Blank: not there, or unknown. Darker: an older heartbeat. Hatched: its process does not run. An outline: not as the truth."
        }
        Kind::Timeline => {
            "Fill: the state in the ring; a thin grey bar: a process that is no instance of it. Triangle: a fault; dot: something that came of itself. Slanted strokes: messages, once you zoom in."
        }
    };
    let marks = (kind != Kind::Timeline).then(|| {
        let mark = |mark: Mark| view! { <li><span class=mark.tone() aria-hidden="true">{mark.sign()}</span>" "{mark.name()}</li> };
        Mark::ALL.map(mark).collect_view()
    });
    let messages = (kind == Kind::Mesh).then(|| {
        let message = |kind: MessageKind| view! { <li><span aria-hidden="true">{sign_of(kind).text()}</span>" "{kind.name()}</li> };
        MessageKind::ALL.map(message).collect_view()
    });
    view! {
        <details class="lab-key">
            <summary>"Key"</summary>
            <ul>{marks}{messages}</ul>
            <p>{words}</p>
        </details>
    }
}
