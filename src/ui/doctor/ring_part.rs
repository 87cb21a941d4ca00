//! What ring pages say, judged as the live page judges them.

use leptos::prelude::*;

use crate::doctor::report::{Judged, PagePart, Urgency};
use crate::go::duration;
use crate::live::judge::{Finding, Severity};
use crate::live::memberlist_page::Member;

use super::super::session::Session;
use super::super::verdict_panel::Command;
use super::parts::finding;
use super::prose::{cut, prose, told};
use super::session::DoctorSession;

/// Members shown at first.
const MEMBERS: usize = 20;

/// The parts of all pages.
#[component]
pub(super) fn RingParts() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    view! {
        {move || {
            let pages = session.report.with(|report| report.pages.clone());
            pages.into_iter().enumerate().map(|(place, part)| {
                // The list of parts leads to the first of them.
                let id = if place == 0 { "part-page".to_owned() } else { format!("part-page-{place}") };
                view! { <Page part id /> }
            }).collect_view()
        }}
    }
}

#[component]
fn Page(part: PagePart, id: String) -> impl IntoView {
    let title = format!("{id}-title");
    let heading = title.clone();
    let ring = part.judged.map(|judged| view! { <Ring judged /> });
    let members = part.pages.memberlist.map(|page| view! { <Members members=page.members /> });
    view! {
        <section class="panel" aria-labelledby=title id=id tabindex="-1" data-testid="page-part">
            <h2 id=heading>"What the page says: "<bdi>{part.name}</bdi></h2>
            {ring}
            {members}
        </section>
    }
}

#[component]
fn Ring(judged: Judged) -> impl IntoView {
    let Judged { judgement, config, from } = judged;
    let zones = if config.zone_awareness_enabled { "with zone awareness" } else { "without zone awareness" };
    let from = from.map_or("Loki\u{2019}s defaults, for want of a configuration".to_owned(), |name| {
        format!("as {name} says")
    });
    view! {
        <p><strong>{judgement.summary}</strong></p>
        <p>{judgement.margin}</p>
        <p class="note" data-testid="read-with">{format!(
            "Read with replication factor {}, {zones}, heartbeat timeout {}: {from}.",
            config.replication_factor,
            duration::format(config.heartbeat_timeout)
        )}</p>
        <ul class="findings">{judgement.findings.into_iter().map(one).collect_view()}</ul>
    }
}

fn one(found: Finding) -> impl IntoView {
    let urgency = Urgency::from(found.severity);
    let word = match found.severity {
        Severity::Critical => "Act now",
        Severity::Warning => "Look",
        Severity::Info => "Good to know",
    };
    let Finding { key, severity, what, why, advice, check, command } = found;
    finding(urgency, word, key.to_owned(), what, severity == Severity::Critical, move || {
        let session = expect_context::<Session>();
        let commands =
            |lines: &Option<String>| lines.clone().map(|command| view! { <Command command session /> });
        view! {
            <p>{prose(&why)}</p>
            {commands(&check)}
            {told("Do", &advice)}
            {commands(&command)}
        }
    })
}

#[component]
fn Members(members: Vec<Member>) -> impl IntoView {
    let count = members.len();
    view! {
        <details class="related" open=count <= MEMBERS>
            <summary>{format!("Members that it knows: {count}")}</summary>
            <ul class="doctor-peers">
                {cut(members, MEMBERS, "members", |member| view! {
                    <li data-testid="member"><bdi class="mono">{member.name.clone()}</bdi>" "<span class="soft">{format!("{}:{}", member.addr, member.port)}</span></li>
                })}
            </ul>
        </details>
    }
}
