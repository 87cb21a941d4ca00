//! Time: play, steps, speed, and the bar to scrub.

use leptos::prelude::*;

use crate::lab::Speed;
use crate::sim::Span;
use crate::time::Instant;

use super::actions::Action;
use super::icon::Icon;
use super::session::LabSession;
use super::until::UntilMenu;

/// Marks on the bar; more than these would be a smear.
const MOST_MARKS: usize = 160;

/// What the bar shows.
#[derive(Debug, Clone, PartialEq, Default)]
struct Bar {
    now: u64,
    explored: u64,
    end: u64,
    lag: Option<String>,
    busy: Option<String>,
    speed: i8,
    skips_idle: bool,
}

/// The transport bar.
#[component]
pub(super) fn Transport() -> impl IntoView {
    let session = expect_context::<LabSession>();
    let bar = Memo::new(move |_| {
        session
            .read(|bench| {
                let lab = &bench.lab;
                let explored = lab.current().record().history.explored;
                let until = Instant::START + lab.current().until().0;
                Bar {
                    now: lab.now().nanos(),
                    explored: explored.nanos(),
                    end: until.max(explored).nanos(),
                    lag: lab
                        .clock
                        .lags()
                        .map(|factor| format!("running at {}\u{d7} of {}", rounded(factor), lab.clock.speed)),
                    busy: lab.searches_for().map(|until| format!("running until {until}\u{2026}")),
                    speed: lab.clock.speed.place(),
                    skips_idle: lab.clock.skips_idle,
                }
            })
            .unwrap_or_default()
    });
    let marks = Memo::new(move |_| {
        let end = bar.with(|bar| bar.end).max(1);
        session
            .read(|bench| {
                let milestones = &bench.lab.current().record().history.milestones;
                // Faults first: they are what a reader looks for.
                let mut chosen =
                    Vec::from_iter(milestones.iter().filter(|milestone| milestone.is_fault).take(MOST_MARKS));
                let room = MOST_MARKS - chosen.len();
                chosen.extend(milestones.iter().filter(|milestone| !milestone.is_fault).take(room));
                let mark = |milestone: &&crate::snapshot::Milestone| {
                    (
                        milestone.at.nanos() as f64 / end as f64 * 100.0,
                        milestone.is_fault,
                        milestone.text.to_string(),
                    )
                };
                Vec::from_iter(chosen.iter().map(mark))
            })
            .unwrap_or_default()
    });
    let button = move |action: Action, sign: Icon, name: &'static str, key: &'static str| {
        view! {
            <button type="button" class="icon" aria-label=name title=format!("{name} ({key})")
                data-testid=format!("do-{key}") on:click=move |_| session.run(action)>{sign.draw()}</button>
        }
    };
    let scrub = move |event: leptos::ev::Event| {
        if let Ok(millis) = event_target_value(&event).parse::<f64>() {
            session.act(|lab| {
                lab.clock.playing = false;
                lab.seek(Instant::from_nanos((millis.max(0.0) * 1e6) as u64));
                Ok(())
            });
        }
    };
    let speed = move |event: leptos::ev::Event| {
        if let Ok(place) = event_target_value(&event).parse::<i8>() {
            session.speed(|_| Speed::at(place));
        }
    };
    let at = move || clock_text(bar.with(|bar| bar.now));
    let speed_name = move || bar.with(|bar| Speed::at(bar.speed).to_string());
    view! {
        <section class="lab-transport" aria-label="Time">
            <div class="lab-buttons">
                {button(Action::ToStart, Icon::Start, "To the beginning", "Home")}
                {button(Action::StepBack, Icon::Back, "One event back", ",")}
                <button type="button" class="icon play primary" data-testid="play" aria-keyshortcuts="Space"
                    aria-label=move || if session.playing.get() { "Pause" } else { "Play" }
                    title="Play or pause (Space)"
                    on:click=move |_| session.run(Action::Toggle)>
                    {move || if session.playing.get() { Icon::Pause.draw() } else { Icon::Play.draw() }}
                </button>
                {button(Action::Step, Icon::Ahead, "One event ahead", ".")}
                {button(Action::Next, Icon::Next, "To the next interesting event", "n")}
            </div>
            <div class="lab-scrubber">
                <div class="lab-marks" aria-hidden="true">
                    {move || marks.get().into_iter().map(|(place, is_fault, text)| view! {
                        <span class:fault=is_fault style:left=format!("{place:.2}%") title=text></span>
                    }).collect_view()}
                </div>
                <input type="range" min="0" step="1" aria-label="Instant" data-testid="scrubber"
                    max=move || bar.with(|bar| bar.end / 1_000_000)
                    prop:value=move || bar.with(|bar| bar.now / 1_000_000).to_string()
                    aria-valuetext=at
                    style=move || bar.with(|bar| format!("--seen: {:.2}%", bar.explored as f64 / bar.end.max(1) as f64 * 100.0))
                    on:input=scrub />
            </div>
            <output class="lab-now" data-testid="now" title="Since the beginning; minutes, seconds, milliseconds">{at}</output>
            <label class="lab-speed">
                <span class="unseen">"Speed"</span>
                <input type="range" min=Speed::SLOWEST.place() max=Speed::FASTEST.place() step="1"
                    data-testid="speed" aria-valuetext=speed_name
                    prop:value=move || bar.with(|bar| bar.speed).to_string() on:input=speed />
                <span class="lab-speed-name" data-testid="speed-name">{speed_name}</span>
            </label>
            <label class="check lab-skip" title="Runs through stretches in which nothing is told (i)">
                <input type="checkbox" data-testid="skip-idle" prop:checked=move || bar.with(|bar| bar.skips_idle)
                    on:change=move |_| session.run(Action::SkipIdle) />
                "skip idle"
            </label>
            <UntilMenu />
            <p class="lab-lag note" data-testid="lag" aria-live="off">
                {move || bar.with(|bar| bar.busy.clone().or_else(|| bar.lag.clone())).unwrap_or_else(|| session.said.get())}
            </p>
        </section>
    }
}

fn rounded(factor: f64) -> String {
    if factor >= 10.0 { format!("{factor:.0}") } else { format!("{factor:.1}") }
}

/// `1:02.180`; hours only when there are any.
pub(super) fn clock_text(nanos: u64) -> String {
    let millis = nanos / 1_000_000;
    let (seconds, minutes, hours) = (millis / 1000 % 60, millis / 60_000 % 60, millis / 3_600_000);
    let rest = format!("{minutes:02}:{seconds:02}.{:03}", millis % 1000);
    if hours > 0 { format!("{hours}:{rest}") } else { rest }
}

/// An instant as Go prints durations, to milliseconds.
pub(super) fn span_text(at: Instant) -> String {
    Span(std::time::Duration::from_millis(at.nanos() / 1_000_000)).to_string()
}
