//! How packets travel: latencies, losses and what a person did to the cables.
//!
//! A connection that nobody answers hangs until its time-out; one to a host without the process is refused
//! after a round trip. TCP hides loss: a lost segment is sent again after a second while connecting, after
//! 200 ms and more while sending.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::prng::{Prng, Ratio};

use super::NetworkOptions;

/// The network between hosts, which are numbered.
#[derive(Debug, Clone)]
pub struct Network {
    options: NetworkOptions,
    seed: u64,
    /// Draws made so far by each host, so that a draw depends on its sender's history alone.
    drawn: Vec<u64>,
    zone: Vec<u16>,
    part: Vec<u16>,
    partitioned: bool,
    cut: BTreeSet<(u32, u32)>,
    clogged: BTreeMap<(u32, u32), Duration>,
    lossy: BTreeMap<(u32, u32), Ratio>,
    blocked_ports: BTreeSet<u32>,
    loss: Ratio,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dial {
    /// It stands after `connected`, and what is sent at once arrives after `delivered`.
    Open {
        /// From the start of dialling to the sender's knowing.
        connected: Duration,
        /// From the start of dialling to the receiver's having the data.
        delivered: Duration,
        /// A second copy's arrival, where packets are doubled.
        doubled: Option<Duration>,
    },
    /// The machine answers after this time that nobody listens.
    Refused(Duration),
    /// Nobody ever answers.
    Silence,
}

const CONNECT_RETRY: Duration = Duration::from_secs(1);
const SEND_RETRY: Duration = Duration::from_millis(200);
const TRIES: u32 = 6;

impl Network {
    /// A network of healthy cables.
    pub fn new(options: &NetworkOptions, seed: u64) -> Self {
        Self {
            options: options.clone(),
            seed,
            drawn: Vec::new(),
            zone: Vec::new(),
            part: Vec::new(),
            partitioned: false,
            cut: BTreeSet::new(),
            clogged: BTreeMap::new(),
            lossy: BTreeMap::new(),
            blocked_ports: BTreeSet::new(),
            loss: options.loss(),
        }
    }

    /// Plugs in the next host.
    pub fn add_host(&mut self, zone: u16) {
        self.drawn.push(0);
        self.zone.push(zone);
        self.part.push(0);
    }

    /// A host opens a connection to another's port and sends. All chance is drawn first, so that cutting a
    /// cable moves no later draw.
    #[inline]
    pub fn dial(&mut self, from: u32, to: u32, memberlist_port: bool, timeout: Duration) -> Dial {
        let serial = self.drawn[from as usize];
        self.drawn[from as usize] += 1;
        let draw = Draw { seed: self.seed, from, to, serial };
        let trouble = self.is_troubled();
        if trouble && self.is_silent(from, to, memberlist_port) {
            return Dial::Silence;
        }
        let (low, high) =
            (self.options.latency_min.0.as_nanos() as u64, self.options.latency_max.0.as_nanos() as u64);
        let span = high - low + 1;
        let spread = |part: u64| low + ((u128::from(part) * u128::from(span)) >> 32) as u64;
        let word = draw.word(0);
        let word_back = draw.word(1);
        let fixed = self.fixed_nanos(from, to);
        let fixed_back = self.fixed_nanos(to, from);
        let there = spread(word & 0xffff_ffff) + fixed;
        let back = spread(word >> 32) + fixed_back;
        let data = spread(word_back & 0xffff_ffff) + fixed;
        let mut connected = Duration::from_nanos(there + back);
        let mut sending = Duration::from_nanos(data);
        let mut doubled = None;
        if self.loss > Ratio::ZERO || self.options.duplication > 0 || !self.lossy.is_empty() {
            let mut prng = Prng::stream(draw.word(2), "loss", 0);
            let (loss, loss_back) = (self.loss_of(from, to), self.loss_of(to, from));
            connected += retries(&mut prng, CONNECT_RETRY, &[loss, loss_back]);
            sending += retries(&mut prng, SEND_RETRY, &[loss]);
            if prng.chance(self.options.duplication()) {
                doubled = Some(connected + sending + sending);
            }
        }
        if connected > timeout {
            return Dial::Silence;
        }
        Dial::Open { connected, delivered: connected + sending, doubled }
    }

    /// One way over a standing connection; `None` when nothing gets through.
    pub fn pass(&mut self, from: u32, to: u32) -> Option<Duration> {
        match self.dial(from, to, false, Duration::MAX) {
            Dial::Open { connected, delivered, .. } => Some(delivered - connected),
            Dial::Refused(_) | Dial::Silence => None,
        }
    }

    /// How much gets lost one way: what the link loses, or the whole network if that is more.
    fn loss_of(&self, from: u32, to: u32) -> Ratio {
        self.lossy.get(&(from, to)).map_or(self.loss, |loss| self.loss.max(*loss))
    }

    fn fixed_nanos(&self, from: u32, to: u32) -> u64 {
        let mut nanos = 0;
        if self.zone[from as usize] != self.zone[to as usize] {
            nanos += self.options.latency_between_zones.0.as_nanos() as u64;
        }
        if !self.clogged.is_empty() {
            nanos += self.clogged.get(&(from, to)).map_or(0, |delay| delay.as_nanos() as u64);
        }
        nanos
    }

    fn is_troubled(&self) -> bool {
        self.partitioned || !self.cut.is_empty() || !self.blocked_ports.is_empty()
    }

    /// Whether no connection from one host to the other can come about.
    fn is_silent(&self, from: u32, to: u32, memberlist_port: bool) -> bool {
        // Both ways are needed: an answer that does not come back is no answer.
        !self.reaches(from, to)
            || !self.reaches(to, from)
            || memberlist_port && from != to && self.blocked_ports.contains(&to)
    }

    /// Whether segments from one host reach the other.
    pub fn reaches(&self, from: u32, to: u32) -> bool {
        self.part[from as usize] == self.part[to as usize] && !self.cut.contains(&(from, to))
    }

    /// Puts hosts into parts that hear only themselves; one number for each host.
    pub fn partition(&mut self, part: Vec<u16>) {
        self.partitioned = part.iter().any(|one| *one != part[0]);
        self.part = part;
    }

    /// Drops everything one way.
    pub fn cut(&mut self, from: u32, to: u32) {
        self.cut.insert((from, to));
    }

    /// Slows everything one way.
    pub fn clog(&mut self, from: u32, to: u32, delay: Duration) {
        self.clogged.insert((from, to), delay);
    }

    /// Loses this much of everything one way; nothing is as much as the network does.
    pub fn lose(&mut self, from: u32, to: u32, loss: Ratio) {
        if loss == Ratio::ZERO {
            self.lossy.remove(&(from, to));
        } else {
            self.lossy.insert((from, to), loss);
        }
    }

    /// Takes back cut, clog and loss one way. Parts stay apart.
    pub fn mend(&mut self, from: u32, to: u32) {
        self.cut.remove(&(from, to));
        self.clogged.remove(&(from, to));
        self.lossy.remove(&(from, to));
    }

    /// Lets nobody reach a host's memberlist port, or everybody again.
    pub fn block_port(&mut self, host: u32, blocked: bool) {
        if blocked {
            self.blocked_ports.insert(host);
        } else {
            self.blocked_ports.remove(&host);
        }
    }

    /// Other latencies and other duplication from now on. Loss has [`Self::set_loss`].
    pub fn set_options(&mut self, options: &NetworkOptions) {
        self.options = options.clone();
    }

    /// Sets how much gets lost.
    pub fn set_loss(&mut self, loss: Ratio) {
        self.loss = loss;
    }

    /// Takes back every partition, cut, clog, lossy link and blocked port, and what loss came later.
    pub fn heal(&mut self) {
        self.cut.clear();
        self.clogged.clear();
        self.lossy.clear();
        self.blocked_ports.clear();
        self.part.fill(0);
        self.partitioned = false;
        self.loss = self.options.loss();
    }

    /// Whether anything is cut, clogged, blocked or lost more than it was.
    pub fn is_healthy(&self) -> bool {
        let links = self.clogged.is_empty() && self.lossy.is_empty();
        !self.is_troubled() && links && self.loss == self.options.loss()
    }

    /// The part a host is in.
    pub fn part(&self, host: u32) -> u16 {
        self.part[host as usize]
    }

    /// Whether it has fallen into parts.
    pub fn is_partitioned(&self) -> bool {
        self.partitioned
    }

    /// How much the whole network loses.
    pub fn loss(&self) -> Ratio {
        self.loss
    }

    /// The one-way cuts, by host.
    pub fn cuts(&self) -> impl Iterator<Item = (u32, u32)> {
        self.cut.iter().copied()
    }

    /// What takes longer one way, and by how much, by host.
    pub fn clogs(&self) -> impl Iterator<Item = (u32, u32, Duration)> {
        self.clogged.iter().map(|((from, to), delay)| (*from, *to, *delay))
    }

    /// What loses segments one way, and how many of them, by host.
    pub fn losses(&self) -> impl Iterator<Item = (u32, u32, Ratio)> {
        self.lossy.iter().map(|((from, to), loss)| (*from, *to, *loss))
    }

    /// The hosts whose memberlist port nobody can reach, by number.
    pub fn blocked_ports(&self) -> impl Iterator<Item = u32> {
        self.blocked_ports.iter().copied()
    }
}

/// Waiting for segments that had to be sent again, of which each gets lost with its own chance; each try takes
/// twice as long as the one before.
fn retries(prng: &mut Prng, first: Duration, segments: &[Ratio]) -> Duration {
    let mut waited = Duration::ZERO;
    let mut pause = first;
    for _ in 0..TRIES {
        let lost = segments.iter().fold(false, |lost, loss| prng.chance(*loss) | lost);
        if !lost {
            return waited;
        }
        waited += pause;
        pause *= 2;
    }
    waited
}

/// The chance of one connection: a function of who dials whom and how often the dialler did.
#[derive(Clone, Copy)]
struct Draw {
    seed: u64,
    from: u32,
    to: u32,
    serial: u64,
}

impl Draw {
    #[inline]
    fn word(self, index: u64) -> u64 {
        // SplitMix64's finisher over the name of the draw.
        let mut z = self.seed
            ^ (u64::from(self.from) << 32 | u64::from(self.to)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ (self.serial << 2 | index).wrapping_mul(0xd1b5_4a32_d192_ed03);
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;

    fn network(hosts: usize) -> Network {
        let options = NetworkOptions {
            latency_min: Span::millis(1),
            latency_max: Span::millis(3),
            ..NetworkOptions::default()
        };
        let mut network = Network::new(&options, 7);
        (0..hosts).for_each(|_| network.add_host(0));
        network
    }

    #[test]
    fn a_connection_takes_a_round_trip_and_its_data_one_way_more() {
        let mut network = network(2);
        for _ in 0..100 {
            let Dial::Open { connected, delivered, doubled } = network.dial(0, 1, true, CONNECT_RETRY) else {
                panic!("silence on a healthy network");
            };
            assert!((2..=6).contains(&connected.as_millis()), "{connected:?}");
            assert!((1..=3).contains(&(delivered - connected).as_millis()), "{delivered:?}");
            assert_eq!(doubled, None);
        }
    }

    #[test]
    fn cutting_a_cable_moves_no_draw_elsewhere() {
        let (mut whole, mut cut) = (network(3), network(3));
        cut.cut(0, 1);
        for _ in 0..10 {
            assert_eq!(cut.dial(0, 1, true, CONNECT_RETRY), Dial::Silence);
            whole.dial(0, 1, true, CONNECT_RETRY);
            assert_eq!(whole.dial(0, 2, true, CONNECT_RETRY), cut.dial(0, 2, true, CONNECT_RETRY));
            assert_eq!(whole.dial(2, 0, true, CONNECT_RETRY), cut.dial(2, 0, true, CONNECT_RETRY));
        }
    }

    #[test]
    fn loss_delays_and_silences_but_healing_ends_it() {
        let mut network = network(2);
        network.set_loss(Ratio::from_millionths(300_000));
        let dials = Vec::from_iter((0..1000).map(|_| network.dial(0, 1, true, Duration::from_secs(2))));
        let silent = dials.iter().filter(|dial| **dial == Dial::Silence).count();
        assert!((150..400).contains(&silent), "{silent}");
        network.heal();
        assert!(network.is_healthy());
        assert!(matches!(network.dial(0, 1, true, CONNECT_RETRY), Dial::Open { .. }));
    }

    #[test]
    fn a_blocked_port_is_silent_to_others_and_open_to_itself() {
        let mut network = network(2);
        network.block_port(1, true);
        assert_eq!(network.dial(0, 1, true, CONNECT_RETRY), Dial::Silence);
        assert!(matches!(network.dial(1, 0, true, CONNECT_RETRY), Dial::Open { .. }));
        assert!(matches!(network.dial(1, 1, true, CONNECT_RETRY), Dial::Open { .. }));
        assert!(matches!(network.dial(0, 1, false, CONNECT_RETRY), Dial::Open { .. }));
        network.block_port(1, false);
        assert!(matches!(network.dial(0, 1, true, CONNECT_RETRY), Dial::Open { .. }));
    }

    #[test]
    fn a_lossy_link_delays_what_crosses_it_either_way_and_nothing_else() {
        let (mut whole, mut lossy) = (network(3), network(3));
        lossy.lose(0, 1, Ratio::from_millionths(500_000));
        let silent = |network: &mut Network, from, to| {
            (0..200).filter(|_| network.dial(from, to, true, CONNECT_RETRY) == Dial::Silence).count()
        };
        // A connection needs both ways, whoever opens it.
        assert!((50..150).contains(&silent(&mut lossy, 0, 1)));
        assert!((50..150).contains(&silent(&mut lossy, 1, 0)));
        for _ in 0..50 {
            assert_eq!(whole.dial(2, 1, true, CONNECT_RETRY), lossy.dial(2, 1, true, CONNECT_RETRY));
        }
        lossy.mend(0, 1);
        assert!(lossy.is_healthy());
        assert_eq!(silent(&mut lossy, 0, 1), 0);
    }
}
