//! What can be done to what was clicked, beside it.

use leptos::html::Div;
use leptos::prelude::*;

use super::deeds::{DeedList, focus_first};
use super::session::LabSession;
use super::stage::Menu;

/// The menu of a pane.
#[component]
pub(super) fn NodeMenu(menu: RwSignal<Option<Menu>>) -> impl IntoView {
    let session = expect_context::<LabSession>();
    let node = NodeRef::<Div>::new();
    // The keyboard goes into the menu when it opens.
    Effect::new(move || {
        if menu.get().is_some()
            && let Some(node) = node.get()
        {
            request_animation_frame(move || focus_first(&node, ".lab-deed:not([aria-disabled='true'])"));
        }
    });
    // What is selected elsewhere meanwhile is not what the menu is about.
    Effect::new(move || {
        let selection = session.selection.get();
        if menu.with_untracked(|menu| menu.is_some_and(|menu| menu.on != selection)) {
            menu.set(None);
        }
    });
    let close = move || {
        let pane = node.get_untracked().and_then(|node| node.parent_element());
        menu.set(None);
        session.invalidate();
        if let Some(pane) = pane {
            focus_first(&pane, "canvas");
        }
    };
    let title = move || {
        let on = menu.get()?.on;
        session.read(|bench| super::inspector::title(bench, on))
    };
    let style = move || {
        menu.get().map(|Menu { at, .. }| {
            format!("left: min({:.0}px, calc(100% - 19rem)); top: min({:.0}px, 15%);", at.x + 8.0, at.y + 8.0)
        })
    };
    view! {
        <Show when=move || menu.with(Option::is_some)>
            <div class="lab-menu" node_ref=node role="group" aria-label="What can be done" style=style data-testid="menu"
                on:keydown=move |event| if event.key() == "Escape" { event.prevent_default(); event.stop_propagation(); close(); }>
                <div class="row spread">
                    <h3>{title}</h3>
                    <button type="button" class="quiet icon" aria-label="Close" data-testid="menu-close"
                        on:click=move |_| close()>"\u{d7}"</button>
                </div>
                {move || menu.get().map(|Menu { on, .. }| view! {
                    <DeedList on done=Callback::new(move |()| close()) />
                })}
            </div>
        </Show>
    }
}
