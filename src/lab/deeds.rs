//! What can be done to what is pointed at, in an operator's words, and why not where it makes no sense now.

mod question;

use crate::lifecycle::RingKind;
use crate::ring::InstanceState;
use crate::sim::{Command, Pod, Process, Simulation, Span, StoreKind};

pub use question::Question;

/// What is pointed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A pod, by number.
    Node(u32),
    /// What goes from one pod to another.
    Link {
        /// From here.
        from: u32,
        /// To there.
        to: u32,
    },
    /// All pods of a zone, by number.
    Zone(u16),
    /// A message under way, by number.
    Message(u64),
    /// The name server.
    Dns,
    /// The central store.
    Store,
    /// All cables.
    Network,
}

/// Something that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Its key, while the target is chosen.
    pub key: Option<char>,
    /// What it does, in a few words.
    pub label: String,
    /// How it is done.
    pub act: Act,
    /// Whether something breaks by it.
    pub danger: bool,
    /// Why it makes no sense now.
    pub why_not: Option<String>,
}

/// How something is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// By these commands, one right after the other.
    Do(Vec<Command>),
    /// By the command that comes of an answer.
    Ask(Question),
}

/// Whether it breaks something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Danger,
    Harmless,
}
use Weight::{Danger, Harmless};

/// All that can be done to a target. `observer` is the pod whose pages are used where one is needed; without one any
/// that answers.
pub fn deeds_for(target: Target, observer: Option<u32>, simulation: &Simulation) -> Vec<Deed> {
    match target {
        Target::Node(pod) => simulation
            .pods
            .get(pod as usize)
            .map_or_else(Vec::new, |pod| node_deeds(pod, observer, simulation)),
        Target::Link { from, to } => link_deeds(from, to, simulation),
        Target::Zone(zone) => zone_deeds(zone, simulation),
        Target::Message(message) => message_deeds(message, simulation),
        Target::Dns => dns_deeds(simulation),
        Target::Store => store_deeds(simulation),
        Target::Network => network_deeds(simulation),
    }
}

impl Deed {
    fn new(key: char, label: impl Into<String>, weight: Weight, commands: Vec<Command>) -> Self {
        let act = Act::Do(commands);
        Self { key: Some(key), label: label.into(), act, danger: weight == Danger, why_not: None }
    }

    fn unless(mut self, why_not: Option<String>) -> Self {
        self.why_not = self.why_not.or(why_not);
        self
    }

    fn asking(key: char, label: impl Into<String>, weight: Weight, question: Question) -> Self {
        let act = Act::Ask(question);
        Self { key: Some(key), label: label.into(), act, danger: weight == Danger, why_not: None }
    }
}

fn node_deeds(pod: &Pod, observer: Option<u32>, simulation: &Simulation) -> Vec<Deed> {
    let options = &simulation.world.options;
    let who = &*pod.name;
    let name = || who.to_owned();
    let is_up = pod.is_up();
    let down = (!is_up).then(|| format!("{who} is down"));
    let silent = down.clone().or_else(|| pod.paused.then(|| format!("{who} is paused")));
    let stopping = pod.process.as_ref().is_some_and(|process| process.stop_received);
    let is_stopping = || stopping.then(|| format!("{who} is stopping already"));
    let backoff = options.deployment.restart_backoff;
    let afterwards = match backoff {
        Span::ZERO => "it stays down".to_owned(),
        _ if stopping => "it was told to stop, so it stays down".to_owned(),
        pause => format!("it restarts after {pause} or more"),
    };
    let grace = options.deployment.termination_grace_period;
    let group = options.groups[pod.group as usize].name.clone();
    let clock = |millis| vec![Command::Clock { pod: name(), step_ms: millis }];
    const MINUTE: i64 = 60_000;
    const YEAR: i64 = 365 * 24 * 60 * MINUTE;

    let mut deeds = vec![
        Deed::new(
            'k',
            format!("kill -9 {who}: {afterwards}"),
            Danger,
            vec![Command::Kill { pod: name(), dark: false }],
        )
        .unless(down.clone()),
        Deed::new(
            'g',
            format!("the machine of {who} is gone: its address answers nobody; {afterwards}"),
            Danger,
            vec![Command::Kill { pod: name(), dark: true }],
        )
        .unless(down.clone()),
        Deed::new(
            't',
            format!("SIGTERM to {who}: it leaves, and stays down; kill -9 after {grace}"),
            Danger,
            vec![Command::Terminate { pod: name() }],
        )
        .unless(down.clone())
        .unless(is_stopping()),
        Deed::new(
            's',
            format!("start {who}"),
            Harmless,
            vec![Command::Start { pod: name(), rename: None, address: None }],
        )
        .unless(is_up.then(|| format!("{who} runs"))),
        Deed::new(
            'r',
            format!("restart {who} at once: kill -9, and a new process"),
            Danger,
            vec![
                Command::Kill { pod: name(), dark: false },
                Command::Start { pod: name(), rename: None, address: None },
            ],
        )
        .unless(down.clone()),
        Deed::new(
            'o',
            format!("rollout: restart all of {group} one by one, with SIGTERM"),
            Danger,
            vec![Command::Rollout { group }],
        ),
        match pod.paused {
            true => {
                let go_on = vec![Command::Resume { pod: name() }];
                Deed::new('p', format!("let {who} go on"), Harmless, go_on)
            }
            false => {
                let label = format!("pause {who}: SIGSTOP, a long garbage collection, no CPU");
                Deed::new('p', label, Danger, vec![Command::Pause { pod: name() }])
            }
        }
        .unless(down),
        match simulation.world.network.blocked_ports().any(|blocked| blocked == pod.index) {
            true => Deed::new(
                'b',
                format!("open the memberlist port of {who} again"),
                Harmless,
                vec![Command::BlockPort { pod: name(), blocked: false }],
            ),
            false => Deed::new(
                'b',
                format!("block the memberlist port of {who}"),
                Danger,
                vec![Command::BlockPort { pod: name(), blocked: true }],
            ),
        },
        Deed::new('+', format!("the clock of {who} steps ahead by 1m0s"), Danger, clock(MINUTE)),
        Deed::new('-', format!("the clock of {who} steps back by 1m0s"), Danger, clock(-MINUTE)),
        Deed::new('y', format!("the clock of {who} steps ahead by a year"), Danger, clock(YEAR)),
        Deed::asking(
            'c',
            format!("step the clock of {who}\u{2026}"),
            Danger,
            Question::Clock { pod: name() },
        ),
        Deed::new(
            'd',
            if pod.disk_full {
                format!("make room on the disk of {who}")
            } else {
                format!("fill the disk of {who}")
            },
            if pod.disk_full { Harmless } else { Danger },
            vec![Command::Disk { pod: name(), full: !pod.disk_full }],
        ),
        Deed::asking(
            'w',
            format!("let {who} replay its write-ahead log for long at its next start\u{2026}"),
            Danger,
            Question::WalReplay { pod: name() },
        )
        .unless((!options.ingester.wal).then(|| "the write-ahead log is off (ingester.wal.enabled)".into()))
        .unless(no_module(pod, "ingester")),
    ];
    deeds.push(forget(pod, observer, simulation));
    deeds.extend([
        Deed::new('h', format!("GET /ready of {who}"), Harmless, vec![Command::Ready { pod: name() }])
            .unless(silent.clone()),
        Deed::asking('u', format!("push to {who}\u{2026}"), Harmless, Question::Push { pod: name() })
            .unless(silent.clone())
            .unless(no_module(pod, "distributor")),
        Deed::new('q', format!("query {who}"), Harmless, vec![Command::Query { via: name() }])
            .unless(silent)
            .unless(no_module(pod, "querier")),
    ]);
    deeds
}

/// The forget button of somebody's ring page.
fn forget(pod: &Pod, observer: Option<u32>, simulation: &Simulation) -> Deed {
    let who = &pod.name;
    let ring = RingKind::Ingester;
    let answers = |other: &&Pod| {
        !other.paused
            && !other.foreign
            && other.process.as_ref().is_some_and(|process| process.slot(ring).is_some())
    };
    let via = match observer {
        Some(observer) => simulation.pods.get(observer as usize),
        None => simulation.pods.iter().filter(answers).min_by_key(|other| other.index == pod.index),
    };
    let Some(via) = via else {
        let deed = Deed::new('f', format!("forget {who} in the ring"), Danger, Vec::new());
        return deed.unless(Some("nobody serves a ring page".into()));
    };
    let process: Option<&Process> = via.process.as_deref();
    let entry = process.and_then(|process| process.desc(ring)).and_then(|desc| desc.ingesters.get(who));
    let why_not = match (via.is_up(), via.paused) {
        (false, _) => Some(format!("{} is down", via.name)),
        (_, true) => Some(format!("{} is paused", via.name)),
        _ if entry.is_none_or(|entry| entry.state == InstanceState::Left) => {
            Some(format!("{who} is not in {}'s ring", via.name))
        }
        _ => None,
    };
    let period = simulation.world.options.lifecycler.heartbeat_period;
    let returns =
        if pod.is_up() { format!(": it runs, so it registers again within {period}") } else { String::new() };
    let command =
        Command::Forget { via: via.name.to_string(), ring: ring.name().into(), id: who.to_string() };
    let label = format!("forget {who} on the ring page of {}{returns}", via.name);
    Deed::new('f', label, Danger, vec![command]).unless(why_not)
}

/// Why a pod does not do what only a module does.
fn no_module(pod: &Pod, module: &str) -> Option<String> {
    let process = pod.process.as_ref()?;
    let has = process.modules.iter().any(|running| running.module.name == module);
    (!has).then(|| format!("{} runs no {module}", pod.name))
}

fn link_deeds(from: u32, to: u32, simulation: &Simulation) -> Vec<Deed> {
    let (Some(a), Some(b)) = (simulation.pods.get(from as usize), simulation.pods.get(to as usize)) else {
        return Vec::new();
    };
    let (a, b) = (a.name.to_string(), b.name.to_string());
    let network = &simulation.world.network;
    let is_cut = |from: u32, to: u32| network.cuts().any(|cut| cut == (from, to));
    let is_slow = |from: u32, to: u32| network.clogs().any(|(one, other, _)| (one, other) == (from, to));
    let is_lossy = |from: u32, to: u32| network.losses().any(|(one, other, _)| (one, other) == (from, to));
    let is_ill = |from: u32, to: u32| is_cut(from, to) || is_slow(from, to) || is_lossy(from, to);
    let cut = |from: &str, to: &str| Command::Cut { from: from.into(), to: to.into() };
    let clog =
        |from: &str, to: &str| Command::Clog { from: from.into(), to: to.into(), delay: Span::secs(1) };
    let lose =
        |from: &str, to: &str| Command::LinkLoss { from: from.into(), to: to.into(), millionths: 300_000 };
    let mend = |from: &str, to: &str| Command::Mend { from: from.into(), to: to.into() };
    let cut_already = |cut: bool, text: String| cut.then_some(text);
    vec![
        Deed::new(
            'x',
            format!("cut {a} and {b} off from each other"),
            Danger,
            vec![cut(&a, &b), cut(&b, &a)],
        )
        .unless(cut_already(
            is_cut(from, to) && is_cut(to, from),
            format!("nothing gets from {a} to {b}, nor back"),
        )),
        Deed::new('o', format!("cut one way: nothing gets from {a} to {b}"), Danger, vec![cut(&a, &b)])
            .unless(cut_already(is_cut(from, to), format!("nothing gets from {a} to {b} already"))),
        Deed::new('d', format!("from {a} to {b} takes 1s longer"), Danger, vec![clog(&a, &b)]),
        Deed::asking(
            'e',
            format!("delay what goes from {a} to {b}\u{2026}"),
            Danger,
            Question::Delay { from: a.clone(), to: b.clone() },
        ),
        Deed::new(
            'l',
            format!("30 % of what goes from {a} to {b} gets lost, and back"),
            Danger,
            vec![lose(&a, &b), lose(&b, &a)],
        ),
        Deed::asking(
            'i',
            format!("lose some of what goes from {a} to {b}\u{2026}"),
            Danger,
            Question::Loss { from: a.clone(), to: b.clone() },
        ),
        Deed::new(
            'm',
            format!("mend the link between {a} and {b}: cut, delay and loss both ways"),
            Harmless,
            vec![mend(&a, &b), mend(&b, &a)],
        )
        .unless((!is_ill(from, to) && !is_ill(to, from)).then(|| "nothing is wrong with this link".into())),
    ]
}

fn message_deeds(message: u64, simulation: &Simulation) -> Vec<Deed> {
    let under_way = simulation.check_now(&Command::Drop { message }).is_ok();
    let over = || (!under_way).then(|| "it is not under way any more".to_owned());
    let later = |key, by: Span| {
        let command = Command::Delay { message, by };
        Deed::new(key, format!("it arrives {by} later"), Danger, vec![command]).unless(over())
    };
    vec![
        Deed::new('x', "drop it: it never arrives", Danger, vec![Command::Drop { message }]).unless(over()),
        later('1', Span::secs(1)),
        later('5', Span::secs(5)),
        Deed::asking('d', "delay it\u{2026}", Danger, Question::Later { message }).unless(over()),
    ]
}

fn zone_deeds(zone: u16, simulation: &Simulation) -> Vec<Deed> {
    let Some(name) = simulation.world.zones.get(usize::from(zone)) else { return Vec::new() };
    let pods = || simulation.pods.iter().filter(|pod| pod.zone_number == zone);
    let (up, down): (Vec<_>, Vec<_>) = pods().partition(|pod| pod.is_up());
    let label = if name.is_empty() { "the pods without a zone".to_owned() } else { (**name).to_owned() };
    let all_down = up.is_empty().then(|| format!("all pods of {label} are down"));
    let kill = |dark| Vec::from_iter(up.iter().map(|pod| Command::Kill { pod: pod.name.to_string(), dark }));
    let start = |pod: &&Pod| Command::Start { pod: pod.name.to_string(), rename: None, address: None };
    let is_alone = pods().count() == simulation.pods.len();
    let count = |pods: &[&Pod]| if pods.len() == 1 { "1 pod".into() } else { format!("{} pods", pods.len()) };
    vec![
        Deed::new('k', format!("kill -9 all of {label}: {}", count(&up)), Danger, kill(false))
            .unless(all_down.clone()),
        Deed::new('g', format!("{label} is gone: its addresses answer nobody"), Danger, kill(true))
            .unless(all_down),
        Deed::new(
            'x',
            format!("cut {label} off from all others"),
            Danger,
            vec![Command::Partition { parts: vec![Vec::new(), vec![format!("zone:{name}")]] }],
        )
        .unless(is_alone.then(|| format!("there is nobody outside {label}"))),
        whole_again('m', simulation),
        Deed::new(
            's',
            format!("start all of {label}: {}", count(&down)),
            Harmless,
            Vec::from_iter(down.iter().map(start)),
        )
        .unless(down.is_empty().then(|| format!("all pods of {label} run"))),
    ]
}

fn whole_again(key: char, simulation: &Simulation) -> Deed {
    let why_not = simulation.world.network.is_healthy().then(|| "nothing is wrong with the network".into());
    let label = "make the network whole again: every cut, delay, loss and blocked port";
    Deed::new(key, label, Harmless, vec![Command::Heal {}]).unless(why_not)
}

fn dns_deeds(simulation: &Simulation) -> Vec<Deed> {
    let down = simulation.world.dns.is_down();
    let (label, weight) =
        if down { ("the name server is back", Harmless) } else { ("the name server answers nobody", Danger) };
    vec![Deed::new('k', label, weight, vec![Command::Dns { down: !down }])]
}

fn store_deeds(simulation: &Simulation) -> Vec<Deed> {
    let down = simulation.world.central.is_down();
    let store = match simulation.world.options.store {
        StoreKind::Consul => "Consul",
        StoreKind::Etcd => "etcd",
        StoreKind::Memberlist | StoreKind::Inmemory => "the central store",
    };
    let why_not = match simulation.world.options.store {
        StoreKind::Memberlist => Some("rings are kept by memberlist, on every node".to_owned()),
        StoreKind::Inmemory => Some("rings are kept in each process's own memory".to_owned()),
        StoreKind::Consul | StoreKind::Etcd => None,
    };
    let (label, weight) =
        if down { (format!("{store} is back"), Harmless) } else { (format!("{store} is away"), Danger) };
    vec![Deed::new('k', label, weight, vec![Command::Store { down: !down }]).unless(why_not)]
}

fn network_deeds(simulation: &Simulation) -> Vec<Deed> {
    let loss = |key, percent: u32| {
        let command = Command::Loss { millionths: percent * 10_000 };
        Deed::new(key, format!("{percent} % of all segments get lost"), Danger, vec![command])
    };
    vec![
        loss('1', 1),
        loss('2', 10),
        loss('3', 30),
        Deed::asking('l', "lose another share of all segments\u{2026}", Danger, Question::NetworkLoss),
        whole_again('m', simulation),
    ]
}

#[cfg(test)]
mod tests;
