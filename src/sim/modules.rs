//! What a process is made of, and in which order its parts start and stop.
//!
//! Models loki pkg/loki/{loki,modules}.go as far as rings are concerned, and dskit modules/module_service.go:
//! a module starts when those it needs run, and stops when those that need it have stopped; it also waits for
//! those that these need. Differs: of the modules without a ring only those are here that a target's
//! `/services` page shows.

use std::time::Duration;

use crate::lifecycle::RingKind;
use crate::prng::Prng;

use super::Target;

/// A module of Loki's.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name on the `/services` page.
    pub name: &'static str,
    /// What it needs; it brings these with it.
    pub needs: &'static [&'static str],
    /// What it waits for where that is part of the process anyway.
    pub after: &'static [&'static str],
    /// Whether it counts itself for the anonymous usage report, which waits for the ingesters' ring in a
    /// process with an ingester (loki pkg/loki/loki.go:960-965).
    pub reports: bool,
    /// What it does with rings.
    pub work: Work,
    /// How long it takes to stop, besides what its ring takes.
    pub stopping: Duration,
}

/// What a module does with rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Nothing.
    None,
    /// Gossip.
    Memberlist,
    /// Watches a ring.
    Client(RingKind),
    /// Joins a ring, and watches it if the flag is set.
    Member(RingKind, bool),
    /// Replays its log, then joins the ingester ring.
    Ingester,
}

/// A module's service (dskit services), as the manager of all sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// Waits for what it needs.
    Waiting,
    /// Begins.
    Starting,
    /// Was told to stop before it ran.
    Aborting,
    /// Runs.
    Running,
    /// Was told to stop, and waits for those who need it.
    Lingering,
    /// Ends.
    Stopping,
    /// Ended well.
    Terminated,
    /// Gave up.
    Failed,
}

impl ServiceState {
    /// The name that pages print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting | Self::Starting | Self::Aborting => "Starting",
            Self::Running => "Running",
            Self::Lingering | Self::Stopping => "Stopping",
            Self::Terminated => "Terminated",
            Self::Failed => "Failed",
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Terminated | Self::Failed)
    }
}

const fn module(name: &'static str, needs: &'static [&'static str], work: Work) -> Module {
    Module { name, needs, after: &[], reports: false, work, stopping: Duration::ZERO }
}

const fn reporting(name: &'static str, needs: &'static [&'static str], work: Work) -> Module {
    Module { reports: true, ..module(name, needs, work) }
}

/// All modules, each after those it waits for.
const MODULES: [Module; 21] = [
    module("server", &[], Work::None),
    module("memberlist-kv", &["server"], Work::Memberlist),
    module("query-scheduler-ring", &["memberlist-kv"], Work::Member(RingKind::Scheduler, true)),
    module("ring", &["memberlist-kv"], Work::Client(RingKind::Ingester)),
    module("index-gateway-ring", &["memberlist-kv"], Work::Member(RingKind::IndexGateway, true)),
    module("ingester-querier", &["ring"], Work::None),
    reporting("pattern-ring-client", &["memberlist-kv"], Work::Client(RingKind::PatternIngester)),
    reporting("compactor", &["memberlist-kv"], Work::Member(RingKind::Compactor, true)),
    module("cache-generation-loader", &[], Work::None),
    module("query-frontend-tripperware", &["server"], Work::None),
    reporting("pattern-ingester-tee", &["pattern-ring-client"], Work::None),
    reporting("pattern-ingester", &["pattern-ingester-tee"], Work::Member(RingKind::PatternIngester, false)),
    reporting("distributor", &["ring", "pattern-ingester-tee"], Work::Member(RingKind::Distributor, false)),
    module("store", &["index-gateway-ring"], Work::None),
    reporting("index-gateway", &["store"], Work::None),
    reporting("ingester", &["store", "ring"], Work::Ingester),
    reporting("rule-evaluator", &["ring", "store", "ingester-querier"], Work::None),
    reporting("ruler", &["rule-evaluator"], Work::Member(RingKind::Ruler, false)),
    reporting("query-scheduler", &["query-scheduler-ring"], Work::None),
    Module {
        after: &["query-scheduler"],
        ..reporting(
            "querier",
            &[
                "ingester-querier",
                "store",
                "pattern-ring-client",
                "cache-generation-loader",
                "query-scheduler-ring",
            ],
            Work::None,
        )
    },
    Module {
        after: &["query-scheduler"],
        stopping: Duration::from_millis(500),
        ..reporting(
            "query-frontend",
            &["query-frontend-tripperware", "cache-generation-loader", "query-scheduler-ring"],
            Work::None,
        )
    },
];

/// A module of one process.
#[derive(Debug, Clone, Copy)]
pub struct Running {
    /// Which.
    pub module: &'static Module,
    /// What it does here: a ring it could join may only be watched, or switched off.
    pub work: Work,
    /// How far it is.
    pub state: ServiceState,
    /// The places of all that it waits for, one bit each.
    waits_for: u32,
}

/// The modules of `target`, with the rings that are switched on.
pub(super) fn modules(target: Target, rings: &[RingKind]) -> Vec<Running> {
    let mut wanted = vec![false; MODULES.len()];
    for name in roots(target) {
        want(name, &mut wanted);
    }
    let pattern = rings.contains(&RingKind::PatternIngester);
    if pattern && matches!(target, Target::All | Target::Write) {
        want("pattern-ingester", &mut wanted);
    }
    let mut modules: Vec<Running> = Vec::new();
    let has_ingester =
        MODULES.iter().zip(&wanted).any(|(module, wanted)| *wanted && module.name == "ingester");
    for module in MODULES.iter().zip(&wanted).filter(|(_, wanted)| **wanted).map(|(module, _)| module) {
        if module.name.starts_with("pattern-") && !pattern {
            continue;
        }
        let report: &[&str] = if module.reports && has_ingester { &["ring"] } else { &[] };
        let direct = |other: &Running| {
            [module.needs, module.after, report].iter().any(|names| names.contains(&other.module.name))
        };
        let waits_for = modules
            .iter()
            .enumerate()
            .filter(|(_, other)| direct(other))
            .fold(0, |places, (place, other)| places | 1 << place | other.waits_for);
        let work = work(module, target, rings);
        modules.push(Running { module, work, state: ServiceState::Waiting, waits_for });
    }
    modules
}

fn roots(target: Target) -> &'static [&'static str] {
    match target {
        Target::All => &[
            "cache-generation-loader",
            "compactor",
            "distributor",
            "ingester",
            "querier",
            "query-frontend",
            "query-scheduler",
            "ruler",
        ],
        Target::Distributor => &["distributor"],
        Target::Ingester => &["ingester"],
        Target::Querier => &["querier", "cache-generation-loader"],
        Target::QueryFrontend => &["query-frontend"],
        Target::QueryScheduler => &["query-scheduler"],
        Target::IndexGateway => &["index-gateway"],
        Target::Compactor => &["compactor"],
        Target::Ruler => &["ruler"],
        Target::Read => &["querier", "query-frontend", "cache-generation-loader"],
        Target::Write => &["distributor", "ingester"],
        Target::Backend => &["query-scheduler", "ruler", "compactor", "index-gateway"],
    }
}

fn want(name: &str, wanted: &mut [bool]) {
    let Some(place) = MODULES.iter().position(|module| module.name == name) else { return };
    if !std::mem::replace(&mut wanted[place], true) {
        MODULES[place].needs.iter().for_each(|need| want(need, wanted));
    }
}

fn work(module: &Module, target: Target, rings: &[RingKind]) -> Work {
    let joins = |kind| match kind {
        RingKind::Scheduler => matches!(target, Target::All | Target::QueryScheduler | Target::Backend),
        RingKind::IndexGateway => matches!(target, Target::IndexGateway | Target::Backend),
        _ => true,
    };
    match module.work {
        Work::Member(kind, _) | Work::Client(kind)
            if kind != RingKind::Ingester && !rings.contains(&kind) =>
        {
            Work::None
        }
        Work::Member(kind, true) if !joins(kind) => Work::Client(kind),
        work => work,
    }
}

impl Running {
    /// Whether everything it waits for runs.
    pub fn can_start(&self, all: &[Self]) -> bool {
        self.state == ServiceState::Waiting
            && self.waits(all).all(|place| all[place].state == ServiceState::Running)
    }

    /// Whether it was told to stop, and everybody who waits for it is over.
    pub fn can_stop(&self, all: &[Self]) -> bool {
        let waits_for_it = |other: &&Self| other.waits(all).any(|place| all[place].module == self.module);
        self.state == ServiceState::Lingering
            && all.iter().filter(waits_for_it).all(|other| other.state.is_over())
    }

    /// The one that keeps it from starting: a module looks at those it waits for in the random order of a Go
    /// map, and stays at the first that does not run.
    pub(super) fn held_up_by(&self, all: &[Self], prng: &mut Prng) -> Option<usize> {
        let idle = Vec::from_iter(self.waits(all).filter(|place| all[*place].state != ServiceState::Running));
        (!idle.is_empty()).then(|| idle[prng.index(idle.len())])
    }

    fn waits(&self, all: &[Self]) -> impl Iterator<Item = usize> {
        let waits_for = self.waits_for;
        (0..all.len()).filter(move |place| waits_for & 1 << place != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RINGS: [RingKind; 6] = [
        RingKind::Ingester,
        RingKind::Distributor,
        RingKind::Compactor,
        RingKind::Scheduler,
        RingKind::IndexGateway,
        RingKind::PatternIngester,
    ];

    #[test]
    fn a_single_binary_has_the_services_that_its_page_shows() {
        let names = Vec::from_iter(modules(Target::All, &RINGS).iter().map(|running| running.module.name));
        assert_eq!(names.len(), 20, "{names:?}");
        assert!(!names.contains(&"index-gateway"));
    }

    #[test]
    fn every_module_stands_after_what_it_waits_for() {
        for (place, module) in MODULES.iter().enumerate() {
            for need in module.needs.iter().chain(module.after) {
                assert!(
                    MODULES[..place].iter().any(|other| other.name == *need),
                    "{} waits for {need}",
                    module.name
                );
            }
        }
    }

    #[test]
    fn a_querier_watches_the_ingesters_and_joins_no_ring() {
        let modules = modules(Target::Querier, &RINGS);
        let works =
            Vec::from_iter(modules.iter().map(|running| running.work).filter(|work| *work != Work::None));
        assert_eq!(
            works,
            [
                Work::Memberlist,
                Work::Client(RingKind::Scheduler),
                Work::Client(RingKind::Ingester),
                Work::Client(RingKind::IndexGateway),
                Work::Client(RingKind::PatternIngester),
            ]
        );
    }

    #[test]
    fn a_module_waits_for_what_those_it_needs_wait_for() {
        let names = |target, name: &str| {
            let all = modules(target, &RINGS);
            let running = all.iter().find(|running| running.module.name == name).unwrap();
            Vec::from_iter(running.waits(&all).map(|place| all[place].module.name))
        };
        assert_eq!(names(Target::Compactor, "compactor"), ["server", "memberlist-kv"]);
        assert_eq!(names(Target::All, "compactor"), ["server", "memberlist-kv", "ring"]);
        let frontend = names(Target::All, "query-frontend");
        assert!(frontend.contains(&"query-scheduler") && frontend.contains(&"ring"), "{frontend:?}");
        assert!(!names(Target::QueryFrontend, "query-frontend").contains(&"query-scheduler"));
    }
}
