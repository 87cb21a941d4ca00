//! What stands below the pictures: one tab at a time, and only that one works.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use super::super::browser;
use super::charts::Charts;
use super::log::{LogPanel, LogState};
use super::pages::{PagesPanel, PagesState};
use super::twin::Twin;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tab {
    Nodes,
    Log,
    Pages,
    Charts,
}

impl Tab {
    const ALL: [Self; 4] = [Self::Nodes, Self::Log, Self::Charts, Self::Pages];

    const fn name(self) -> &'static str {
        match self {
            Self::Nodes => "Nodes",
            Self::Log => "Log",
            Self::Pages => "Pages",
            Self::Charts => "Charts",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Nodes => "nodes",
            Self::Log => "log",
            Self::Pages => "pages",
            Self::Charts => "charts",
        }
    }

    fn id(self) -> String {
        format!("lab-tab-{}", self.key())
    }
}

/// The tabs with the panel of the chosen one.
#[component]
pub(super) fn Below() -> impl IntoView {
    let chosen = RwSignal::new(Tab::Nodes);
    let (log, pages) = (LogState::new(), PagesState::new());
    let keys = move |event: KeyboardEvent| {
        let at = Tab::ALL.iter().position(|tab| *tab == chosen.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % Tab::ALL.len(),
            "ArrowLeft" => (at + Tab::ALL.len() - 1) % Tab::ALL.len(),
            "Home" => 0,
            "End" => Tab::ALL.len() - 1,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        chosen.set(Tab::ALL[next]);
        browser::focus(&Tab::ALL[next].id());
    };
    view! {
        <section class="lab-below" aria-label="Details">
            <div class="segments" role="tablist" aria-label="Details" on:keydown=keys>
                {Tab::ALL.map(|tab| view! {
                    <button type="button" class="segment" role="tab" id=tab.id() aria-controls="lab-tab-panel"
                        data-testid=format!("tab-{}", tab.key())
                        aria-selected=move || (chosen.get() == tab).to_string()
                        tabindex=move || if chosen.get() == tab { "0" } else { "-1" }
                        on:click=move |_| chosen.set(tab)>{tab.name()}</button>
                }).collect_view()}
            </div>
            <div role="tabpanel" id="lab-tab-panel" class="lab-tab-panel" aria-labelledby=move || chosen.get().id()>
                {move || match chosen.get() {
                    Tab::Nodes => view! { <Twin /> }.into_any(),
                    Tab::Log => view! { <LogPanel state=log /> }.into_any(),
                    Tab::Charts => view! { <Charts /> }.into_any(),
                    Tab::Pages => view! { <PagesPanel state=pages /> }.into_any(),
                }}
            </div>
        </section>
    }
}
