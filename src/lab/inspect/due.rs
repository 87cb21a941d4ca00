use crate::lifecycle;
use crate::memberlist::{State, Timer};
use crate::sim::{Pod, Process, Simulation, What};
use crate::time::{Instant, age_text};

use super::gossip::name_of;
use super::{Section, Tone, since_start};

/// How many are shown.
const SHOWN: usize = 8;

/// What happens at a pod next, by time alone.
pub(super) fn section(pod: &Pod, simulation: &Simulation) -> Section {
    let now = simulation.now();
    let process = pod.process.as_deref();
    let planned = simulation.world.scheduler.iter().filter(|(_, event)| {
        event.pod == pod.index
            && (event.epoch == 0 || process.is_some_and(|process| process.epoch == event.epoch))
    });
    let mut due = Vec::from_iter(
        planned.filter_map(|(at, event)| Some((at, words(at, &event.what, process, simulation)?))),
    );
    due.sort();
    let mut section = Section::new("Due next");
    if pod.paused {
        section.sentence("It is paused: all of this waits until it goes on.").tone(Tone::Warn);
    }
    if due.is_empty() {
        section.sentence("Nothing.");
    }
    for (at, what) in due.into_iter().take(SHOWN) {
        section.fact(format!("in {}", age_text(at.since(now))), format!("{what}, at {}", since_start(at)));
    }
    section
}

/// What a timer is for; nothing for those that have lost their meaning or never had one for people, and for what
/// others send.
fn words(at: Instant, what: &What, process: Option<&Process>, simulation: &Simulation) -> Option<String> {
    let ring = |place: u8| {
        process.and_then(|process| process.rings.get(usize::from(place))).map(|slot| slot.kind.name())
    };
    Some(match what {
        What::Begin => "its configuration is read".into(),
        What::Modules => "its modules are built".into(),
        What::Terminate => "SIGTERM".into(),
        What::Swim(timer) => return swim(at, *timer, process?, simulation),
        What::WriteFailed { to } => format!("a packet to {to} is given up"),
        What::Lifecycler { ring: place, timer } => return lifecycler(*timer, ring(*place)?),
        What::Cas { .. } => "it tries again to write to a ring".into(),
        What::CentralRead { .. } | What::CentralWritten { .. } => "the central store answers".into(),
        What::CentralNotice { .. } => "the central store tells it of a change".into(),
        What::Join { .. } => "it goes on joining the cluster".into(),
        What::Rejoin => "it joins the cluster once more".into(),
        What::Flushed { .. } => "its flush is over".into(),
        What::LeaderPoll => "it looks whether it is the compactor that compacts".into(),
        What::LeaveTimeout => "it gives up saying goodbye".into(),
        What::WalReplayed => "its write-ahead log is replayed".into(),
        What::Start => "it starts".into(),
        What::Probe => "its orchestrator asks /ready".into(),
        What::GraceOver => "kill -9: its termination grace period is over".into(),
        What::LeavePoll
        | What::ModuleStopped { .. }
        | What::Packet(_)
        | What::StreamIn(_)
        | What::StreamBack(_)
        | What::StreamFailed { .. }
        | What::PushIn(_)
        | What::PushBack { .. }
        | What::QueryIn { .. }
        | What::QueryBack { .. }
        | What::Command(_)
        | What::Push
        | What::Query
        | What::Rollout(_) => return None,
    })
}

fn swim(at: Instant, timer: Timer, process: &Process, simulation: &Simulation) -> Option<String> {
    let swim = process.swim.as_ref()?;
    Some(match timer {
        Timer::Probe => "it probes the next member".into(),
        Timer::Gossip => "it gossips".into(),
        Timer::PushPull => "it exchanges everything with somebody".into(),
        Timer::PushPullStagger => "the time between its full exchanges begins".into(),
        Timer::Suspicion { name, .. } => {
            let is_suspect = swim.member(name).is_some_and(|member| member.state == State::Suspect);
            if !is_suspect || swim.suspicion_ends(name) != Some(at) {
                return None;
            }
            format!("it counts {} as dead", name_of(name, simulation))
        }
        Timer::ProbeVerdict { .. } => {
            let (target, until) = swim.probing()?;
            if until != at {
                return None;
            }
            format!("it suspects {}, unless that answers", name_of(target, simulation))
        }
        Timer::ProbeTimeout { .. } | Timer::NackTimeout { .. } => return None,
    })
}

fn lifecycler(timer: lifecycle::Timer, ring: &str) -> Option<String> {
    Some(match timer {
        lifecycle::Timer::Heartbeat => format!("a heartbeat in the {ring} ring"),
        lifecycle::Timer::JoinAfter => format!("it joins the {ring} ring: join_after is over"),
        lifecycle::Timer::Observe => {
            format!("it looks at its tokens in the {ring} ring: observe_period is over")
        }
        lifecycle::Timer::FinalSleep => "final_sleep is over".into(),
        lifecycle::Timer::AutoForget => "it looks for unhealthy ingesters to forget".into(),
        lifecycle::Timer::Poll => return None,
    })
}
