//! Who has another copy of the ring than the newest, and in what.

use leptos::prelude::*;

use crate::live::compare::disagreements;
use crate::live::watch::frames_at;
use crate::view::text;

use super::session::{Kind, LiveSession};

const MOST_SHOWN: usize = 50;

/// The panel; it is there when several sources are watched.
#[component]
pub(super) fn Disagreements() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let found = Memo::new(move |_| {
        session.changed.track();
        session.cursor.track();
        let (_, end) = session.extent()?;
        let at = session.cursor.get_untracked().unwrap_or(end);
        session.sources(|sources| {
            if sources.len() < 2 {
                return None;
            }
            let all = disagreements(&frames_at(sources, at));
            let sentence = |one: &crate::live::compare::Disagreement| {
                let names = Vec::from_iter(one.sources.iter().map(|place| &*sources[*place].name));
                (one.id.to_string(), names.join(", "), one.difference.to_string())
            };
            Some((all.len(), all.iter().take(MOST_SHOWN).map(sentence).collect::<Vec<_>>()))
        })?
    });
    view! {
        {move || found.get().map(|(count, shown)| view! {
            <section class="panel" aria-labelledby="copies-title" id="disagreements">
                <h2 id="copies-title">"Copies of the ring"</h2>
                {match count {
                    0 => view! { <p class="good">"\u{2713} All sources agree."</p> }.into_any(),
                    _ => view! {
                        <p class="warn">{format!("{} that differ from the newest of all copies:", text::count(count as u64))}</p>
                        <ul class="copies">
                            {shown.into_iter().map(|(id, who, what)| view! {
                                <li data-testid="disagreement"><strong><bdi>{who}</bdi></strong>" on "<strong><bdi>{id}</bdi></strong>": "{what}</li>
                            }).collect_view()}
                        </ul>
                        {(count > MOST_SHOWN).then(|| view! { <p class="note">{format!("and {} more", count - MOST_SHOWN)}</p> })}
                        <p class="note">"Gossip needs a few seconds; what lasts longer means that a pod does not hear the others: compare their /memberlist pages."</p>
                    }.into_any(),
                }}
                <button type="button" class="chip" on:click=move |_| session.kind.set(Kind::Beliefs)>"See it as Beliefs"</button>
            </section>
        })}
    }
}
