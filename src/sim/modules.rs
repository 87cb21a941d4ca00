//! What a process is made of, and in which order its parts start and stop.
//!
//! Models loki pkg/loki/{loki,modules}.go as far as rings are concerned, and dskit modules/module_service.go:
//! a module starts when those it needs run, and stops when those that need it have stopped. Differs: of the
//! modules without a ring only those are here that a target's `/services` page shows.

use std::time::Duration;

use crate::lifecycle::RingKind;

use super::Target;

/// A module of Loki's.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// Its name on the `/services` page.
    pub name: &'static str,
    /// What it needs.
    pub needs: &'static [&'static str],
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

/// A module's service (dskit services).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceState {
    /// Waits for what it needs.
    Waiting,
    /// Begins.
    Starting,
    /// Runs.
    Running,
    /// Ends.
    Stopping,
    /// Ended well.
    Terminated,
    /// Gave up.
    Failed,
}

impl ServiceState {
    /// The name that pages print; a module that waits counts as starting.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting | Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Stopping => "Stopping",
            Self::Terminated => "Terminated",
            Self::Failed => "Failed",
        }
    }
}

const fn module(name: &'static str, needs: &'static [&'static str], work: Work) -> Module {
    Module { name, needs, work, stopping: Duration::ZERO }
}

/// All modules, each after those it needs.
const MODULES: [Module; 21] = [
    module("server", &[], Work::None),
    module("memberlist-kv", &["server"], Work::Memberlist),
    module("query-scheduler-ring", &["memberlist-kv"], Work::Member(RingKind::Scheduler, true)),
    module("ring", &["memberlist-kv"], Work::Client(RingKind::Ingester)),
    module("index-gateway-ring", &["memberlist-kv"], Work::Member(RingKind::IndexGateway, true)),
    module("ingester-querier", &["ring"], Work::None),
    module("pattern-ring-client", &["memberlist-kv"], Work::Client(RingKind::PatternIngester)),
    module("compactor", &["memberlist-kv"], Work::Member(RingKind::Compactor, true)),
    module("cache-generation-loader", &["server"], Work::None),
    module("query-frontend-tripperware", &["server"], Work::None),
    module("pattern-ingester-tee", &["pattern-ring-client"], Work::None),
    module("pattern-ingester", &["pattern-ingester-tee"], Work::Member(RingKind::PatternIngester, false)),
    module("distributor", &["ring", "pattern-ingester-tee"], Work::Member(RingKind::Distributor, false)),
    module("store", &["index-gateway-ring"], Work::None),
    module("index-gateway", &["store"], Work::None),
    module("ingester", &["store", "ring"], Work::Ingester),
    module("rule-evaluator", &["ring", "store", "ingester-querier"], Work::None),
    module("ruler", &["rule-evaluator"], Work::Member(RingKind::Ruler, false)),
    module("query-scheduler", &["query-scheduler-ring"], Work::None),
    module("querier", &["ingester-querier", "store", "query-scheduler-ring"], Work::None),
    Module {
        name: "query-frontend",
        needs: &["query-frontend-tripperware", "query-scheduler-ring"],
        work: Work::None,
        stopping: Duration::from_millis(500),
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
    MODULES
        .iter()
        .zip(wanted)
        .filter(|(module, wanted)| *wanted && (pattern || !module.name.starts_with("pattern-")))
        .map(|(module, _)| Running {
            module,
            work: work(module, target, rings),
            state: ServiceState::Waiting,
        })
        .collect()
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
    /// Whether everything it needs runs; what is not part of the process is not needed.
    pub fn can_start(&self, all: &[Self]) -> bool {
        self.state == ServiceState::Waiting
            && all
                .iter()
                .filter(|other| self.module.needs.contains(&other.module.name))
                .all(|other| other.state == ServiceState::Running)
    }

    /// Whether everything that needs it is over.
    pub fn can_stop(&self, all: &[Self]) -> bool {
        use ServiceState::{Failed, Running, Starting, Terminated, Waiting};

        matches!(self.state, Running | Starting | Waiting)
            && all
                .iter()
                .filter(|other| other.module.needs.contains(&self.module.name))
                .all(|other| matches!(other.state, Terminated | Failed))
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
    fn every_module_stands_after_what_it_needs() {
        for (place, module) in MODULES.iter().enumerate() {
            for need in module.needs {
                assert!(
                    MODULES[..place].iter().any(|other| other.name == *need),
                    "{} needs {need}",
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
                Work::Client(RingKind::IndexGateway)
            ]
        );
    }
}
