//! What a laboratory on the page holds. Everything large stays on the [`Bench`], outside the reactive graph; panels
//! read `tick`, which counts looks worth taking: ten a second at most.

use leptos::prelude::*;

use crate::lab::observe::{Observer, Wanted};
use crate::lab::{Branch, LabError, Laboratory, Speed, look_at_ring};
use crate::loki::Labels;
use crate::ring::Ring;
use crate::sim::{Command, Scenario};
use crate::snapshot::Snapshot;
use crate::time::{Instant, WallTime};

use super::super::browser;
use super::pane::Pane;

/// The pictures of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ring,
    Mesh,
    Beliefs,
    Timeline,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Ring, Self::Mesh, Self::Beliefs, Self::Timeline];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ring => "Ring",
            Self::Mesh => "Mesh",
            Self::Beliefs => "Beliefs",
            Self::Timeline => "Timeline",
        }
    }

    /// The word that links have for it.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Mesh => "mesh",
            Self::Beliefs => "beliefs",
            Self::Timeline => "timeline",
        }
    }

    pub(super) fn of(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// What the reader has chosen to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Selection {
    /// A node.
    pub(super) node: Option<u32>,
    /// A message.
    pub(super) message: Option<u64>,
    /// A link, from here to there.
    pub(super) link: Option<(u32, u32)>,
    /// A zone.
    pub(super) zone: Option<u16>,
}

/// What lies on the bench.
pub(super) struct Bench {
    pub(super) lab: Laboratory,
    pub(super) snapshot: Snapshot,
    /// The branch beside, when two are compared.
    pub(super) other: Snapshot,
    eyes: Observer,
    other_eyes: Observer,
    pub(super) panes: Vec<Pane>,
    /// The lab's version that the snapshot was taken of.
    seen: Option<u64>,
    /// The ring as the observer sees it, with the clock that it judges by.
    pub(super) ring: Option<Ring>,
    pub(super) wall: WallTime,
    pub(super) other_ring: Option<Ring>,
    ring_at: f64,
    last_frame: Option<f64>,
    last_tick: f64,
    /// Milliseconds that looking and painting have taken of late.
    painting: f64,
    scheduled: bool,
    /// Panels have to be told once more, when the time for it has come.
    untold: bool,
    /// What each frame took, if anybody measures.
    record: Option<js_sys::Array>,
}

/// A handle on a laboratory.
#[derive(Clone, Copy)]
pub(crate) struct LabSession {
    bench: StoredValue<Option<Bench>, LocalStorage>,
    /// Counts looks worth taking.
    pub(super) tick: RwSignal<u64>,
    /// Counts everything that a reader did.
    pub(super) deeds: RwSignal<u64>,
    pub(super) playing: RwSignal<bool>,
    /// Whose eyes; nobody's for the truth.
    pub(super) observer: RwSignal<Option<u32>>,
    pub(super) selection: RwSignal<Selection>,
    pub(super) kind: RwSignal<Kind>,
    /// The picture beside, if there is one.
    pub(super) beside: RwSignal<Option<Kind>>,
    pub(super) tenant: RwSignal<String>,
    pub(super) labels: RwSignal<String>,
    pub(super) problem: RwSignal<Option<String>>,
    pub(super) said: RwSignal<String>,
    /// Counts changes of what is under the pointer.
    pub(super) hovered: RwSignal<u32>,
    /// Whether the command palette is open.
    pub(super) palette: RwSignal<bool>,
    /// Whether the sheet of keys is open.
    pub(super) sheet: RwSignal<bool>,
    /// Whether the share panel is open.
    pub(super) sharing: RwSignal<bool>,
    pub(super) dark: RwSignal<bool>,
    /// The speed that the first run begins with, and whether it skips idle time.
    pub(super) pace: StoredValue<(Speed, bool)>,
}

/// Work in a frame while time passes, of which the engine gets what looking and painting leave, but not less than the
/// second; and the engine's while the reader waits for something.
const FRAME_MILLIS: f64 = 11.0;
const LEAST_MILLIS: f64 = 2.0;
const BUSY_MILLIS: f64 = 28.0;
const TICK_MILLIS: f64 = 100.0;
/// How long a message stays on the picture, at the least.
const VISIBLE_MILLIS: f64 = 350.0;

impl LabSession {
    pub(super) fn new(dark: RwSignal<bool>) -> Self {
        Self {
            bench: StoredValue::new_local(None),
            tick: RwSignal::new(0),
            deeds: RwSignal::new(0),
            playing: RwSignal::new(false),
            observer: RwSignal::new(None),
            selection: RwSignal::default(),
            kind: RwSignal::new(Kind::Ring),
            beside: RwSignal::new(Some(Kind::Mesh)),
            tenant: RwSignal::new("fake".into()),
            labels: RwSignal::new(r#"{app="checkout"}"#.into()),
            problem: RwSignal::default(),
            said: RwSignal::default(),
            hovered: RwSignal::new(0),
            palette: RwSignal::new(false),
            sheet: RwSignal::new(false),
            sharing: RwSignal::new(false),
            dark,
            pace: StoredValue::new((Speed::REAL, false)),
        }
    }

    /// Puts a cluster on the bench; the last one stays when it cannot be.
    pub(super) fn open(self, scenario: Scenario) -> bool {
        match Laboratory::new(scenario) {
            Ok(mut lab) => {
                let pace = self.with(|bench| (bench.lab.clock.speed, bench.lab.clock.skips_idle));
                (lab.clock.speed, lab.clock.skips_idle) = pace.unwrap_or(self.pace.get_value());
                let panes = self.with(|bench| std::mem::take(&mut bench.panes)).unwrap_or_default();
                self.bench.set_value(Some(Bench::new(lab, panes)));
                self.selection.set(Selection::default());
                self.observer.set(None);
                self.changed();
                true
            }
            Err(error) => {
                self.problem.set(Some(error.to_string()));
                false
            }
        }
    }

    /// Asks or changes what lies on the bench.
    pub(super) fn with<T>(self, ask: impl FnOnce(&mut Bench) -> T) -> Option<T> {
        self.bench.try_update_value(|bench| bench.as_mut().map(ask)).flatten()
    }

    /// The same for panels: they are told when there is something new.
    pub(super) fn read<T>(self, ask: impl FnOnce(&mut Bench) -> T) -> Option<T> {
        self.tick.track();
        self.with(ask)
    }

    /// Does something to the laboratory, and shows what came of it.
    pub(super) fn act(self, act: impl FnOnce(&mut Laboratory) -> Result<(), LabError>) -> bool {
        let result = self.with(|bench| act(&mut bench.lab)).unwrap_or(Ok(()));
        self.problem.set(result.as_ref().err().map(ToString::to_string));
        self.changed();
        result.is_ok()
    }

    /// Gives commands to the cluster.
    pub(super) fn command(self, commands: Vec<Command>) -> bool {
        let words = Vec::from_iter(commands.iter().map(Command::words)).join(", ");
        let done = self.act(|lab| lab.act(commands));
        if done {
            self.say(words);
        }
        done
    }

    /// Tells those who do not see the page.
    pub(super) fn say(self, text: impl Into<String>) {
        self.said.set(text.into());
    }

    /// Something was done: the next frame shows it, and panels are told.
    pub(super) fn changed(self) {
        let playing = self.with(|bench| {
            bench.seen = None;
            bench.untold = true;
            bench.last_tick = 0.0;
            bench.lab.clock.playing
        });
        self.playing.set(playing.unwrap_or(false));
        self.deeds.update(|deeds| *deeds += 1);
        self.invalidate();
    }

    /// Asks for a frame.
    pub(super) fn invalidate(self) {
        let ask = self.with(|bench| !std::mem::replace(&mut bench.scheduled, true));
        if ask == Some(true) {
            request_animation_frame(move || self.frame());
        }
    }

    fn frame(self) {
        let observer = self.observer.get_untracked();
        let selection = self.selection.get_untracked();
        let labels = Labels::parse(&self.labels.get_untracked()).ok();
        let tenant = self.tenant.get_untracked();
        let start = browser::performance_now();
        let outcome = self.with(|bench| {
            bench.scheduled = false;
            let real = bench.last_frame.map_or(16.0, |last| start - last).clamp(0.0, 1_000.0);
            let budget = if bench.lab.is_busy() {
                BUSY_MILLIS
            } else {
                (FRAME_MILLIS - bench.painting).max(LEAST_MILLIS)
            };
            let goes_on = || browser::performance_now() - start < budget;
            let frame = bench.lab.frame(std::time::Duration::from_micros((real * 1e3) as u64), goes_on);
            let ran = browser::performance_now();
            let active = bench.lab.clock.playing || bench.lab.is_busy();
            bench.last_frame = active.then_some(start);
            if bench.seen != Some(bench.lab.version()) {
                bench.look(observer, start, !active);
                bench.untold = true;
            }
            bench.paint(selection, &tenant, labels.as_ref());
            bench.painting += (browser::performance_now() - ran - bench.painting) / 4.0;
            let tell = bench.untold && (start - bench.last_tick >= TICK_MILLIS || !active);
            if tell {
                bench.last_tick = start;
                bench.untold = false;
            }
            if let Some(record) = &bench.record {
                record.push(&(browser::performance_now() - start).into());
            }
            (frame, active, tell, bench.lab.clock.playing)
        });
        let Some((frame, active, tell, playing)) = outcome else { return };
        if self.playing.get_untracked() != playing {
            self.playing.set(playing);
        }
        if let Some(found) = frame.found {
            match found {
                Ok(found) => self.say(format!("Found: {}", found.why)),
                Err(what) => {
                    let text = format!("Not found within the limit: {what}.");
                    self.problem.set(Some(text.clone()));
                    self.say(text);
                }
            }
        }
        if tell {
            self.tick.update(|tick| *tick += 1);
        }
        if active {
            self.invalidate();
        }
    }
}

impl Bench {
    fn new(lab: Laboratory, panes: Vec<Pane>) -> Self {
        Self {
            lab,
            snapshot: Snapshot::default(),
            other: Snapshot::default(),
            eyes: Observer::default(),
            other_eyes: Observer::default(),
            panes,
            seen: None,
            ring: None,
            wall: WallTime::from_unix_secs(0),
            other_ring: None,
            ring_at: f64::MIN,
            last_frame: None,
            last_tick: 0.0,
            painting: 0.0,
            scheduled: false,
            untold: true,
            record: browser::recorder("__ringside_lab_frames"),
        }
    }

    /// Takes the snapshots that the panes need; `rests` when no other look will follow by itself.
    fn look(&mut self, observer: Option<u32>, now: f64, rests: bool) {
        let fresh = rests || self.seen.is_none();
        self.seen = Some(self.lab.version());
        let shows = |kind: Kind| self.panes.iter().any(|pane| pane.kind == kind);
        let messages = shows(Kind::Mesh) || shows(Kind::Timeline);
        let wanted = Wanted {
            observer,
            messages: if messages { self.window() } else { std::time::Duration::ZERO },
            beliefs: shows(Kind::Beliefs),
        };
        self.eyes.observe(self.lab.simulation(), wanted, &mut self.snapshot);
        // A ring costs more to make than to look at.
        let large = self.snapshot.nodes.len() > 100;
        let due = fresh || now - self.ring_at >= if large { 400.0 } else { 90.0 };
        if due {
            self.wall = look_at_ring(self.lab.simulation(), observer, &mut self.ring);
            self.ring_at = now;
        }
        if let Some(other) = self.lab.compared() {
            self.other_eyes.observe(other.simulation(), wanted, &mut self.other);
            if due {
                look_at_ring(other.simulation(), observer, &mut self.other_ring);
            }
        }
    }

    fn paint(&mut self, selection: Selection, tenant: &str, labels: Option<&Labels>) {
        let mut panes = std::mem::take(&mut self.panes);
        for pane in &mut panes {
            pane.paint(self, selection, tenant, labels);
        }
        self.panes = panes;
    }

    /// What a picture shows: the branch that is looked at, or the one beside it.
    pub(super) fn side(&self, is_other: bool) -> (&Snapshot, Option<&Ring>, &Branch) {
        match self.lab.compared() {
            Some(branch) if is_other => (&self.other, self.other_ring.as_ref(), branch),
            _ => (&self.snapshot, self.ring.as_ref(), self.lab.current()),
        }
    }

    /// The number of the pod of this name.
    pub(super) fn pod(&self, name: &str) -> Option<u32> {
        self.lab.simulation().known_pod(name).ok()
    }

    /// For how much virtual time a message is drawn at least.
    pub(super) fn window(&self) -> std::time::Duration {
        std::time::Duration::from_nanos((self.lab.clock.speed.factor() * VISIBLE_MILLIS * 1e6) as u64)
    }

    /// The cursor.
    pub(super) fn now(&self) -> Instant {
        self.lab.now()
    }
}
