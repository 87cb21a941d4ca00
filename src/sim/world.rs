use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::kv::{Clock, Contested, Key, MemberlistKv};
use crate::lifecycle::RingKind;
use crate::log::LogLine;
use crate::memberlist::{Address, Name, Output};
use crate::time::{Instant, WallTime};

use super::dns::{HostPort, at_port};
use super::event::{Event, What};
use super::journal::Happening;
use super::process::Process;
use super::workload::Ledger;
use super::{Central, Dial, Dns, Journal, Network, Options, Scheduler, Traffic};

/// What all pods share: time, order, chance, cables and the books.
#[derive(Debug, Clone)]
pub struct World {
    /// What was asked for.
    pub options: Arc<Options>,
    /// What all chance comes from.
    pub seed: u64,
    /// The present instant.
    pub now: Instant,
    /// What will happen.
    pub scheduler: Scheduler<Event>,
    /// The cables.
    pub network: Network,
    /// The names.
    pub dns: Dns,
    /// The central store.
    pub central: Central,
    /// What happened, for people.
    pub journal: Journal,
    /// What the pods' machines are like, by number.
    pub hosts: Vec<Host>,
    /// Everything that was pushed and asked.
    pub ledger: Ledger,
    /// Everything that memberlists sent each other.
    pub traffic: Traffic,
    /// Whether the journal has every packet and every full exchange from now on. It changes nothing else.
    pub watch_packets: bool,
    /// Memberlist's names, by number.
    pub names: Vec<Arc<str>>,
    /// Zones by number; the first is the empty one.
    pub zones: Vec<Arc<str>>,
    /// The rings that are kept, in the order of their keys.
    pub rings: Arc<[RingKind]>,
    /// Room for what memberlist asks for, used again and again.
    pub(super) outbox: Outbox,
    /// Which tokens are claimed twice.
    pub contested: Contested,
    /// Who claimed which token first, in all rings.
    claims: Arc<BTreeMap<(Key, u32), Arc<str>>>,
    by_ip: BTreeMap<u32, u32>,
    /// Who has each of the names: pod and process.
    owners: Vec<(u32, u32)>,
    fingerprint: u64,
}

/// An empty list that keeps its room; a copy of the world starts with a new one.
#[derive(Default)]
pub(super) struct Outbox(pub(super) Vec<Output<MemberlistKv>>);

impl Clone for Outbox {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Outbox")
    }
}

/// What others can see of a pod's machine.
#[derive(Debug, Clone)]
pub struct Host {
    /// Its address.
    pub ip: u32,
    /// The process that runs there; 0 when none.
    pub epoch: u32,
    /// Whether memberlist listens.
    pub gossips: bool,
    /// The one address that it listens at, if that is not the machine's own.
    pub listens: Option<u32>,
    /// Whether gRPC is served.
    pub serves: bool,
    /// Whether the address swallows packets.
    pub dark: bool,
    /// The cluster label of its memberlist.
    pub label: Arc<str>,
}

impl World {
    /// A world without pods.
    pub fn new(options: Arc<Options>, seed: u64, rings: Arc<[RingKind]>) -> Self {
        Self {
            seed,
            now: Instant::START,
            scheduler: Scheduler::new(),
            network: Network::new(&options.network, seed),
            dns: Dns::new(&options.dns),
            central: Central::default(),
            journal: Journal::new(options.journal),
            hosts: Vec::new(),
            ledger: Ledger::default(),
            traffic: Traffic::default(),
            watch_packets: options.journal_packets,
            names: Vec::new(),
            zones: vec!["".into()],
            rings,
            outbox: Outbox::default(),
            contested: Contested::default(),
            claims: Arc::default(),
            by_ip: BTreeMap::new(),
            owners: Vec::new(),
            fingerprint: seed,
            options,
        }
    }

    /// Plugs in a machine at `ip`; gives its number.
    pub fn add_host(&mut self, ip: u32, zone: u16) -> u32 {
        let number = self.hosts.len() as u32;
        let label = self.options.memberlist.cluster_label.as_str().into();
        self.hosts.push(Host {
            ip,
            epoch: 0,
            gossips: false,
            listens: None,
            serves: false,
            dark: false,
            label,
        });
        self.by_ip.insert(ip, number);
        self.network.add_host(zone);
        number
    }

    /// Gives a machine another address. The old one belongs to nobody, unless another has taken it.
    pub fn move_host(&mut self, host: u32, ip: u32) {
        let old = std::mem::replace(&mut self.hosts[host as usize].ip, ip);
        if self.by_ip.get(&old) == Some(&host) {
            self.by_ip.remove(&old);
        }
        self.by_ip.insert(ip, host);
    }

    /// Memberlist listens on a machine: at its own address, or only at another that the machine has too.
    pub(super) fn listen(&mut self, host: u32, elsewhere: Option<u32>) {
        let machine = &mut self.hosts[host as usize];
        machine.gossips = true;
        machine.listens = elsewhere.filter(|ip| *ip != machine.ip);
        if let Some(ip) = machine.listens {
            self.by_ip.entry(ip).or_insert(host);
        }
    }

    /// Whether memberlist of `host` can be reached at `address`.
    #[inline]
    pub fn listens_at(&self, host: u32, address: Address) -> bool {
        let machine = &self.hosts[host as usize];
        machine.gossips && machine.listens.unwrap_or(machine.ip) == address.ip
    }

    /// A pod dials memberlist at an address: whose machine that is, and what comes of it.
    #[inline]
    pub(super) fn dial(&mut self, from: u32, to: Address, timeout: Duration) -> (Option<u32>, Dial) {
        let Some(host) = self.host_at(to) else {
            // Nobody has this address. Loopback refuses; a network says nothing.
            return (None, if to.ip >> 24 == 127 { Dial::Refused(Duration::ZERO) } else { Dial::Silence });
        };
        let dial = match self.network.dial(from, host, true, timeout) {
            _ if self.hosts[host as usize].dark => Dial::Silence,
            Dial::Open { connected, .. } if !self.listens_at(host, to) => Dial::Refused(connected),
            dial => dial,
        };
        (Some(host), dial)
    }

    /// The machine at an address.
    #[inline]
    pub fn host_at(&self, address: Address) -> Option<u32> {
        self.by_ip.get(&address.ip).copied()
    }

    /// A process calls whoever serves gRPC at an address, over a connection that stands already. `request` happens
    /// there; `failed` happens to the caller with the error, after `timeout` when no answer is there by then.
    pub(super) fn call(
        &mut self,
        caller: &Process,
        addr: &str,
        timeout: Duration,
        request: What,
        failed: impl FnOnce(String) -> What,
    ) {
        const DEADLINE: &str = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";

        let host = HostPort::parse(addr).ip().and_then(|ip| self.host_at(at_port(ip, None)));
        let lit = host.filter(|host| !self.hosts[*host as usize].dark);
        let way = lit.and_then(|host| Some((host, self.network.pass(caller.pod, host)?)));
        let (after, error) = match way {
            Some((host, way)) if self.hosts[host as usize].serves => {
                let epoch = self.hosts[host as usize].epoch;
                self.plan(self.now + way, host, epoch, request);
                // Whoever dies or sleeps over it answers no more.
                (timeout, DEADLINE.into())
            }
            Some((_, way)) => (way * 2, refused(addr)),
            None => (timeout, DEADLINE.into()),
        };
        self.plan(self.now + after, caller.pod, caller.epoch, failed(error));
    }

    /// Whether an address is anybody's.
    pub fn is_taken(&self, ip: u32) -> bool {
        self.by_ip.contains_key(&ip)
    }

    /// Whether a process runs at an address.
    pub fn is_up_at(&self, ip: u32) -> bool {
        self.by_ip.get(&ip).is_some_and(|host| self.hosts[*host as usize].epoch > 0)
    }

    /// Plans something for a process.
    #[inline]
    pub fn plan(&mut self, at: Instant, pod: u32, epoch: u32, what: What) {
        self.scheduler.plan(at, Event { pod, epoch, what });
    }

    /// A process of a pod takes a memberlist name: its number, a new one for a new name.
    pub(super) fn take_name(&mut self, text: &str, pod: u32, epoch: u32) -> Name {
        let known = self.names.iter().position(|known| **known == *text);
        let number = known.unwrap_or_else(|| {
            self.names.push(text.into());
            self.owners.push((pod, epoch));
            self.names.len() - 1
        });
        self.owners[number] = (pod, epoch);
        Name(number as u32)
    }

    /// Which pod has a memberlist name, and which of its processes; of several, the newest.
    pub fn pod_of_name(&self, name: Name) -> Option<(u32, u32)> {
        self.owners.get(name.0 as usize).copied()
    }

    /// The number of a zone; a new one for a new zone.
    pub fn zone(&mut self, text: &str) -> u16 {
        let known = self.zones.iter().position(|known| **known == *text);
        known.unwrap_or_else(|| {
            self.zones.push(text.into());
            self.zones.len() - 1
        }) as u16
    }

    /// The name that a ring's key has in a store.
    pub fn key_name(&self, key: Key) -> &'static str {
        let kind = self.rings.get(usize::from(key.0));
        kind.map_or("", |kind| kind.preset(self.options.lifecycler.is_common()).key)
    }

    /// An instance is about to write tokens that its ring has not seen of it.
    pub(super) fn claim(&mut self, key: Key, id: &Arc<str>, tokens: &[u32]) {
        let claims = Arc::make_mut(&mut self.claims);
        for token in tokens {
            if claims.entry((key, *token)).or_insert_with(|| Arc::clone(id)) != id {
                let tokens = Arc::make_mut(&mut self.contested).entry(key).or_default();
                if let Err(place) = tokens.binary_search(token) {
                    tokens.insert(place, *token);
                }
            }
        }
    }

    /// A clock that is `offset` nanoseconds ahead.
    pub fn clock(&self, offset: i64) -> Clock {
        Clock { epoch: WallTime::from_unix_secs(self.options.epoch), offset }
    }

    /// Writes into the journal.
    pub fn note(&mut self, pod: Option<u32>, what: Happening) {
        self.journal.write(self.now, pod, what);
    }

    /// Writes down what was sent, if packets are watched.
    #[inline]
    pub(super) fn note_sent(&mut self, from: u32, what: impl FnOnce() -> Happening) {
        if self.watch_packets {
            self.note(Some(from), what());
        }
    }

    /// Writes a process's line into the journal.
    pub fn say(&mut self, pod: u32, offset: i64, line: LogLine) {
        self.mix(u64::from(pod) << 32 | line.message.len() as u64);
        let clock = self.clock(offset).at(self.now);
        self.note(Some(pod), Happening::Log { line: Arc::new(line), clock });
    }

    /// Takes something that happened into the fingerprint.
    #[inline]
    pub fn mix(&mut self, value: u64) {
        self.fingerprint = (self.fingerprint.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// A number that two runs share if everything happened alike in both.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}

fn refused(addr: &str) -> String {
    format!(
        "rpc error: code = Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp \
         {addr}: connect: connection refused\""
    )
}
