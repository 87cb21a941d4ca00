//! The doctor's page: paste a log, a configuration, a ring page, or all of them, and read what they come to.

mod config_part;
mod incidents;
mod intake;
mod parts;
mod prose;
mod reader;
mod ring_part;
mod session;
mod timeline;
mod verdict;
mod worker;

use leptos::prelude::*;

use super::drops::accept_drops;
use config_part::ConfigParts;
use incidents::LogPart;
use intake::Intake;
use ring_part::RingParts;
use verdict::{Together, VerdictPanel};

pub(super) use session::DoctorSession;
pub(super) use worker::serve;

/// The page at `#/doctor`.
#[component]
pub(super) fn DoctorPage() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    let dropping = RwSignal::new(false);
    accept_drops(dropping, move |files| session.take_files(files));
    intake::accept_pastes(session);
    let has_input = Memo::new(move |_| !session.lines().is_empty() || session.opening.get() > 0);
    view! {
        <h1 class="unseen">"Doctor: what does it mean?"</h1>
        <div class="doctor" class:filled=move || has_input.get()>
            <Intake has_input />
            <div class="doctor-report">
                <Show when=move || has_input.get()>
                    <VerdictPanel />
                    <Together />
                    <RingParts />
                    <LogPart />
                    <ConfigParts />
                </Show>
            </div>
        </div>
        <div class="drop-hint" class:shown=move || dropping.get() aria-hidden="true">
            "Drop logs, configurations and ring pages here"
        </div>
    }
}
