//! Everything that has a key: one table for the keyboard, the `?` sheet and the command palette.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::lab::{Speed, Until};
use crate::sim::Command;

use super::session::{Kind, LabSession, Selection};

/// What a key, a button or the palette can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Toggle,
    Step,
    StepBack,
    Next,
    Back,
    Ahead,
    ToStart,
    ToEnd,
    Faster,
    Slower,
    SkipIdle,
    Show(Kind),
    Swap,
    NextObserver,
    TruthObserver,
    Kill,
    Terminate,
    Start,
    Pause,
    Forget,
    Fork,
    Undo,
    UntilFailedPush,
    UntilFailedQuery,
    UntilAgreement,
    UntilUnhealthy,
    UntilSuspected,
    Heal,
    Share,
    Palette,
    Sheet,
    Deselect,
}

/// A line of the table.
pub(super) struct Shortcut {
    /// As [`KeyboardEvent::key`] has it; empty for what only the palette offers.
    pub(super) key: &'static str,
    pub(super) what: &'static str,
    pub(super) group: &'static str,
    pub(super) action: Action,
}

const fn line(group: &'static str, key: &'static str, what: &'static str, action: Action) -> Shortcut {
    Shortcut { key, what, group, action }
}

/// The table, in the order of the sheet.
pub(super) const SHORTCUTS: &[Shortcut] = &[
    line("Time", " ", "Play or pause", Action::Toggle),
    line("Time", ".", "One event ahead", Action::Step),
    line("Time", ",", "One event back", Action::StepBack),
    line("Time", "n", "To the next interesting event", Action::Next),
    line("Time", "l", "10 s ahead", Action::Ahead),
    line("Time", "j", "10 s back", Action::Back),
    line("Time", "Home", "To the beginning", Action::ToStart),
    line("Time", "End", "To where you have been", Action::ToEnd),
    line("Time", "]", "Faster", Action::Faster),
    line("Time", "[", "Slower", Action::Slower),
    line("Time", "i", "Skip idle time, or not", Action::SkipIdle),
    line("Run until", "", "a push fails", Action::UntilFailedPush),
    line("Run until", "", "a query fails", Action::UntilFailedQuery),
    line("Run until", "", "all views of the ring agree", Action::UntilAgreement),
    line("Run until", "", "the selected instance is UNHEALTHY anywhere", Action::UntilUnhealthy),
    line("Run until", "", "the selected node is suspected", Action::UntilSuspected),
    line("Pictures", "1", "Ring", Action::Show(Kind::Ring)),
    line("Pictures", "2", "Mesh", Action::Show(Kind::Mesh)),
    line("Pictures", "3", "Beliefs", Action::Show(Kind::Beliefs)),
    line("Pictures", "4", "Timeline", Action::Show(Kind::Timeline)),
    line("Pictures", "x", "Swap the two pictures", Action::Swap),
    line("Pictures", "o", "See as the next node sees it", Action::NextObserver),
    line("Pictures", "O", "See the truth", Action::TruthObserver),
    line("Selected node", "k", "Kill it (kill -9)", Action::Kill),
    line("Selected node", "t", "Stop it (SIGTERM)", Action::Terminate),
    line("Selected node", "s", "Start it", Action::Start),
    line("Selected node", "p", "Pause it (SIGSTOP), or let it go on", Action::Pause),
    line("Selected node", "f", "Forget its entry, on the observer's ring page", Action::Forget),
    line("Selected node", "Escape", "Select nothing", Action::Deselect),
    line("Run", "h", "Heal the network", Action::Heal),
    line("Run", "b", "Branch off here", Action::Fork),
    line("Run", "u", "Undo", Action::Undo),
    line("Run", "", "Share this instant", Action::Share),
    line("Help", "?", "This sheet", Action::Sheet),
    line("Help", "Control+k", "Find a command", Action::Palette),
];

/// What stands for a key on the sheet.
pub(super) fn key_name(key: &str) -> &str {
    match key {
        " " => "Space",
        "Control+k" => "Ctrl or \u{2318} + K",
        "Escape" => "Esc",
        key => key,
    }
}

/// The action of a key, unless the reader is typing.
pub(super) fn action_of(event: &KeyboardEvent) -> Option<Action> {
    let key = event.key();
    if event.ctrl_key() || event.meta_key() {
        return match key.as_str() {
            "k" => Some(Action::Palette),
            "z" => Some(Action::Undo),
            _ => None,
        };
    }
    if event.alt_key() {
        return None;
    }
    SHORTCUTS.iter().find(|shortcut| shortcut.key == key).map(|shortcut| shortcut.action)
}

const JUMP: std::time::Duration = std::time::Duration::from_secs(10);

impl LabSession {
    /// Does what a key, a button or the palette asks for.
    pub(super) fn run(self, action: Action) {
        match action {
            Action::Toggle => self.lab(|lab| lab.toggle()),
            Action::Step => self.lab(|lab| lab.step()),
            Action::StepBack => self.lab(|lab| lab.step_back()),
            Action::Next => self.lab(|lab| lab.run_until(Until::NextMilestone)),
            Action::Ahead => self.lab(|lab| lab.seek(lab.now() + JUMP)),
            Action::Back => self.lab(|lab| lab.seek(lab.now().before(JUMP))),
            Action::ToStart => self.lab(|lab| lab.seek(crate::time::Instant::START)),
            Action::ToEnd => self.lab(|lab| lab.seek(lab.current().record().history.explored)),
            Action::Faster => self.speed(|speed| speed.faster()),
            Action::Slower => self.speed(|speed| speed.slower()),
            Action::SkipIdle => self.lab(|lab| lab.clock.skips_idle = !lab.clock.skips_idle),
            Action::Show(kind) => {
                if self.beside.get_untracked() == Some(kind) {
                    self.beside.set(Some(self.kind.get_untracked()));
                }
                self.kind.set(kind);
                self.changed();
            }
            Action::Swap => {
                if let Some(beside) = self.beside.get_untracked() {
                    self.beside.set(Some(self.kind.get_untracked()));
                    self.kind.set(beside);
                    self.changed();
                }
            }
            Action::NextObserver => self.next_observer(),
            Action::TruthObserver => self.observe(None),
            Action::Kill => self.on_node(|pod| Command::Kill { pod, dark: false }),
            Action::Terminate => self.on_node(|pod| Command::Terminate { pod }),
            Action::Start => self.on_node(|pod| Command::Start { pod, rename: None, address: None }),
            Action::Pause => self.pause_or_resume(),
            Action::Forget => self.forget(),
            Action::Fork => self.lab(|lab| lab.fork()),
            Action::Undo => self.lab(|lab| lab.undo()),
            Action::UntilFailedPush => self.lab(|lab| lab.run_until(Until::FirstFailedPush)),
            Action::UntilFailedQuery => self.lab(|lab| lab.run_until(Until::FirstFailedQuery)),
            Action::UntilAgreement => self.lab(|lab| lab.run_until(Until::ViewsAgree)),
            Action::UntilUnhealthy => self.until_node(|id| Until::Unhealthy { id }),
            Action::UntilSuspected => self.until_node(|pod| Until::Suspected { pod }),
            Action::Heal => {
                self.command(vec![Command::Heal {}]);
            }
            Action::Share => self.sharing.set(true),
            Action::Palette => self.palette.set(true),
            Action::Sheet => self.sheet.update(|open| *open = !*open),
            Action::Deselect => {
                self.selection.set(Selection::default());
                self.sheet.set(false);
                self.changed();
            }
        }
    }

    fn lab(self, act: impl FnOnce(&mut crate::lab::Laboratory)) {
        self.act(|lab| {
            act(lab);
            Ok(())
        });
    }

    pub(super) fn speed(self, change: impl FnOnce(Speed) -> Speed) {
        self.lab(|lab| {
            lab.clock.speed = change(lab.clock.speed);
            lab.clock.reset();
        });
        let speed = self.with(|bench| bench.lab.clock.speed.to_string()).unwrap_or_default();
        self.say(speed);
    }

    fn selected_name(self) -> Option<String> {
        let node = self.selection.get_untracked().node;
        let name = node.and_then(|node| {
            self.with(|bench| Some(bench.lab.simulation().pods.get(node as usize)?.name.to_string()))
        });
        if name.as_ref().is_none_or(Option::is_none) {
            self.say("Select a node first.");
        }
        name.flatten()
    }

    fn on_node(self, command: impl FnOnce(String) -> Command) {
        if let Some(name) = self.selected_name() {
            self.command(vec![command(name)]);
        }
    }

    fn pause_or_resume(self) {
        let node = self.selection.get_untracked().node.unwrap_or(u32::MAX) as usize;
        let is_paused =
            self.with(|bench| bench.lab.simulation().pods.get(node).is_some_and(|pod| pod.paused));
        match is_paused {
            Some(true) => self.on_node(|pod| Command::Resume { pod }),
            _ => self.on_node(|pod| Command::Pause { pod }),
        }
    }

    fn until_node(self, until: impl FnOnce(String) -> Until) {
        if let Some(name) = self.selected_name() {
            self.lab(|lab| lab.run_until(until(name)));
        }
    }

    /// The forget button of the observer's page; in truth, of the first process that has a ring.
    fn forget(self) {
        let Some(id) = self.selected_name() else { return };
        let observer = self.observer.get_untracked();
        let via = self.with(|bench| {
            let pods = &bench.lab.simulation().pods;
            let able = |pod: &&crate::sim::Pod| {
                pod.process
                    .as_ref()
                    .is_some_and(|process| process.desc(crate::lifecycle::RingKind::Ingester).is_some())
                    && !pod.paused
                    && *pod.name != *id
            };
            let chosen = observer.and_then(|pod| pods.get(pod as usize));
            chosen.or_else(|| pods.iter().find(able)).map(|pod| pod.name.to_string())
        });
        if let Some(Some(via)) = via {
            self.command(vec![Command::Forget { via, ring: "ingester".into(), id }]);
        }
    }

    /// Sees with another pair of eyes; nobody's are the truth.
    pub(super) fn observe(self, observer: Option<u32>) {
        self.observer.set(observer);
        self.changed();
        let name = observer.and_then(|pod| {
            self.with(|bench| Some(bench.lab.simulation().pods.get(pod as usize)?.name.to_string())).flatten()
        });
        self.say(name.map_or("The truth".into(), |name| format!("As {name} sees it")));
    }

    fn next_observer(self) {
        let now = self.observer.get_untracked();
        let count = self.with(|bench| bench.lab.simulation().pods.len() as u32).unwrap_or(0);
        self.observe(match now {
            None if count > 0 => Some(0),
            Some(pod) if pod + 1 < count => Some(pod + 1),
            _ => None,
        });
    }

    /// Selects the next node, or the one before.
    pub(super) fn step_node(self, by: i64) {
        let now = self.selection.get_untracked().node;
        let names = self.with(|bench| {
            let count = bench.snapshot.nodes.len() as i64;
            let from = now.map_or(if by > 0 { -1 } else { 0 }, i64::from);
            let next = (count > 0).then(|| (from + by).rem_euclid(count) as u32)?;
            Some((next, super::twin::node_words(&bench.snapshot, next)))
        });
        if let Some(Some((next, words))) = names {
            self.selection.set(Selection { node: Some(next), ..Selection::default() });
            self.changed();
            self.say(words);
        }
    }
}
