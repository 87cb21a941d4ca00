//! What the logs say: incidents, what of them is routine, when what happened, and what nobody knows.

use std::sync::Arc;

use leptos::prelude::*;

use crate::doctor::log::{Evidence, Incident, Reading, Related, UnknownLine, Verdict};
use crate::doctor::report::Urgency;
use crate::view::{query, text};

use super::parts::finding;
use super::prose::{cut, outside, prose, told};
use super::session::DoctorSession;
use super::timeline::Timeline;

/// Lines of evidence shown at first.
const EVIDENCE: usize = 4;
/// Threads named at first.
const LINKS: usize = 3;
/// Peers named at first.
const PEERS: usize = 12;
/// Kinds of unknown lines shown at first.
const UNKNOWN: usize = 12;

/// The part of the logs.
#[component]
pub(super) fn LogPart() -> impl IntoView {
    let session = expect_context::<DoctorSession>();
    view! {
        {move || {
            let report = session.report.get();
            report.log.clone().map(|reading| view! { <Log reading=Arc::new(reading) /> })
        }}
    }
}

#[component]
fn Log(reading: Arc<Reading>) -> impl IntoView {
    let (routine, told): (Vec<_>, Vec<_>) =
        reading.incidents.iter().cloned().partition(|incident| incident.routine);
    let most = told.first().map_or(Verdict::Unknown, |first| first.verdict);
    let unknown = reading.unknown.clone();
    let others = reading.unknown_others;
    view! {
        <section class="panel" aria-labelledby="incidents-title" id="part-log" tabindex="-1">
            <h2 id="incidents-title">"What the logs say"</h2>
            <p class="note" id="doctor-totals">{totals(&reading)}</p>
            {told.is_empty().then(|| view! { <p class="soft">"No incident."</p> })}
            <ul class="findings" id="incidents">
                {told.into_iter().enumerate().map(|(place, incident)| {
                    // The first, and whatever else is as urgent, up to a screenful.
                    let is_open = place == 0 || place < 3 && incident.verdict == most && most > Verdict::Harmless;
                    one(incident, is_open)
                }).collect_view()}
            </ul>
            {(!routine.is_empty()).then(|| view! { <Routine routine /> })}
        </section>
        <Timeline reading=Arc::clone(&reading) />
        {(!unknown.is_empty()).then(|| view! { <Unknown unknown others /> })}
    }
}

fn totals(reading: &Reading) -> String {
    let totals = &reading.totals;
    let mut said = format!(
        "{}, {} recognised, {}, {}",
        plural(totals.lines, "line"),
        text::count(totals.matched),
        plural(totals.errors, "error"),
        plural(totals.warnings, "warning")
    );
    if let (Some(first), Some(last)) = (totals.first, totals.last) {
        said += &format!(", {} to {}", first.to_text(), last.to_text());
    }
    said += &format!(", from {}", plural(totals.pods.len() as u64, "pod"));
    if !totals.versions.is_empty() {
        said += &format!(", Loki {}", totals.versions.join(", "));
    }
    said + "."
}

fn plural(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", text::count(count), if count == 1 { "" } else { "s" })
}

fn one(incident: Incident, is_open: bool) -> impl IntoView {
    let urgency = Urgency::from(incident.verdict);
    let (id, title) = (incident.id.clone(), incident.title.clone());
    let incident = Arc::new(incident);
    finding(urgency, urgency.title(), id, title, is_open, move || body(&incident))
}

fn body(incident: &Incident) -> impl IntoView + use<> {
    let evidence = incident.evidence.clone();
    let is_urgent = incident.verdict > Verdict::Harmless;
    let links = if is_urgent { incident.links.clone() } else { Vec::new() };
    view! {
        <p>{prose(&incident.happened)}</p>
        <p class="advice">{prose(&incident.why)}</p>
        {incident.until.as_deref().and_then(|until| told("Wait until", until))}
        {is_urgent.then(|| told("Check", &incident.check))}
        {is_urgent.then(|| told("Do", &incident.fix))}
        {peers(incident)}
        {related("Reason given", &incident.reasons)}
        {related("These follow from it", &incident.symptoms)}
        {(!evidence.is_empty()).then(|| view! {
            <ul class="evidence" aria-label="Lines">{cut(evidence, EVIDENCE, "lines", line)}</ul>
        })}
        {(!links.is_empty()).then(|| view! {
            <ul class="doctor-links" aria-label="Threads">{cut(links, LINKS, "links", |link| view! { <li>{outside(link)}</li> })}</ul>
        })}
        {incident.versions.clone().map(|versions| view! { <p class="soft">{versions}</p> })}
        {incident.scenario.as_deref().map(show_me)}
    }
}

/// A link to the laboratory, as it writes such links itself.
fn show_me(scenario: &str) -> impl IntoView + use<> {
    let address = format!("#/simulate?{}", query::write([("scenario", scenario)]));
    view! {
        <p class="doctor-show">
            <a class="button" data-testid="show-me" href=address>"Show me"</a>
            <span class="soft">"a cluster in the laboratory to which the same happens; Back brings you here again"</span>
        </p>
    }
}

fn peers(incident: &Incident) -> Option<impl IntoView + use<>> {
    let peers = incident.peers.clone();
    (peers.len() > 1).then(|| {
        view! {
            <p class="told"><strong>"About: "</strong></p>
            <ul class="doctor-peers">
                {cut(peers, PEERS, "names", |peer| view! {
                    <li><bdi class="mono">{peer.name.clone()}</bdi>" "<span class="soft">{format!("{}\u{d7}", text::count(peer.count))}</span></li>
                })}
            </ul>
        }
    })
}

fn related(heading: &'static str, all: &[Related]) -> Option<impl IntoView + use<>> {
    let count = all.iter().map(|one| one.count).sum::<u64>();
    let all = all.to_vec();
    (!all.is_empty()).then(|| {
        view! {
            <details class="related">
                <summary>{format!("{heading}: {}", plural(count, "line"))}</summary>
                <ul>
                    {all.into_iter().map(|one| view! {
                        <li>{one.title}" "<span class="soft">{format!("{}\u{d7}, ", text::count(one.count))}<span class="mono">{one.id}</span></span></li>
                    }).collect_view()}
                </ul>
            </details>
        }
    })
}

/// A line as it stands in the log: text, whatever it says.
fn line(evidence: &Evidence) -> impl IntoView + use<> {
    view! {
        <li data-testid="evidence">
            <span class="soft"><bdi>{evidence.file.clone()}</bdi>{format!(":{}", evidence.line)}</span>
            <bdi class="mono">{evidence.text.clone()}</bdi>
        </li>
    }
}

#[component]
fn Routine(routine: Vec<Incident>) -> impl IntoView {
    let count = routine.iter().map(|incident| incident.count).sum::<u64>();
    view! {
        <details class="related" id="routine">
            <summary>{format!("Routine: {} that need no attention", plural(count, "line"))}</summary>
            <ul>
                {routine.into_iter().map(|incident| view! {
                    <li>{incident.title}" "<span class="soft">{format!("{}\u{d7}, ", text::count(incident.count))}<span class="mono">{incident.id}</span></span></li>
                }).collect_view()}
            </ul>
        </details>
    }
}

/// Counted and shown, never guessed.
#[component]
fn Unknown(unknown: Vec<UnknownLine>, others: u64) -> impl IntoView {
    let count = unknown.iter().map(|line| line.count).sum::<u64>() + others;
    view! {
        <section class="panel" aria-labelledby="unknown-title" id="unknown">
            <h2 id="unknown-title">"Not in the catalogue"</h2>
            <p class="note">{format!(
                "{} at warn or error that the doctor does not know. They are counted and shown; nothing is guessed of them.",
                plural(count, "line")
            )}</p>
            <ul class="evidence">
                {cut(unknown, UNKNOWN, "kinds", |line| view! {
                    <li data-testid="unknown">
                        <span class="soft">{format!("{}\u{d7} {}, ", text::count(line.count), line.level)}<bdi>{line.example.file.clone()}</bdi>{format!(":{}", line.example.line)}</span>
                        <bdi class="mono">{line.text.clone()}</bdi>
                    </li>
                })}
            </ul>
            {(others > 0).then(|| view! { <p class="note">{format!("and {} more", plural(others, "line"))}</p> })}
        </section>
    }
}
