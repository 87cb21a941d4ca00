use std::net::Ipv4Addr;
use std::time::Duration;

use crate::memberlist::Address;
use crate::time::Instant;

use super::DnsOptions;

/// The names of the cluster: one headless service in front of all pods.
#[derive(Debug, Clone)]
pub struct Dns {
    options: DnsOptions,
    down: bool,
    /// Each change of what is published: since when, and whose address is in or out.
    published: Vec<Published>,
    cached: Option<(Instant, Vec<u32>)>,
}

#[derive(Debug, Clone, Copy)]
struct Published {
    since: Instant,
    ip: u32,
    listed: bool,
}

/// The answer to a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These addresses, in their order.
    Addresses(Vec<u32>),
    /// There is no such name, or it has no address.
    NoSuchHost,
    /// Nobody answers.
    Timeout,
}

/// `host:port`, where either may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HostPort<'a> {
    /// The host, a name or an address.
    pub host: &'a str,
    /// The port, if given.
    pub port: Option<u16>,
}

impl<'a> HostPort<'a> {
    /// Takes `host:port` or `host` apart.
    pub(super) fn parse(text: &'a str) -> Self {
        match text.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => Self { host, port: port.parse().ok() },
            _ => Self { host: text, port: None },
        }
    }

    /// The host as an address, if it is one.
    pub(super) fn ip(self) -> Option<u32> {
        self.host.parse::<Ipv4Addr>().ok().map(u32::from)
    }
}

impl Dns {
    /// A name server that knows of nobody yet.
    pub fn new(options: &DnsOptions) -> Self {
        Self { options: options.clone(), down: false, published: Vec::new(), cached: None }
    }

    /// Whether pods are listed before they are ready.
    pub fn publishes_not_ready(&self) -> bool {
        self.options.publish_not_ready_addresses
    }

    /// How long a question takes; five seconds when nobody answers.
    pub fn latency(&self) -> Duration {
        if self.down { Duration::from_secs(5) } else { self.options.latency.0 }
    }

    /// The server that errors name.
    pub fn server(&self) -> &str {
        &self.options.server
    }

    /// Whether the name server answers nobody.
    pub fn is_down(&self) -> bool {
        self.down
    }

    /// Whether the server is away.
    pub fn set_down(&mut self, down: bool) {
        self.down = down;
    }

    /// Puts an address into the service or takes it out, which answers show after a while.
    pub fn publish(&mut self, now: Instant, ip: u32, listed: bool) {
        let since = now + self.options.update_delay.0;
        self.published.push(Published { since, ip, listed });
    }

    /// Asks for a name's addresses.
    pub fn resolve(&mut self, now: Instant, host: &str) -> Answer {
        if self.down {
            return Answer::Timeout;
        }
        if host != self.options.service && !host.starts_with(&format!("{}.", self.options.service)) {
            return Answer::NoSuchHost;
        }
        let fresh =
            |since: Instant| self.options.cache.0 > Duration::ZERO && now.since(since) < self.options.cache.0;
        let addresses = match &self.cached {
            Some((since, addresses)) if fresh(*since) => addresses.clone(),
            _ => {
                let addresses = self.listed(now);
                self.cached = Some((now, addresses.clone()));
                addresses
            }
        };
        if addresses.is_empty() { Answer::NoSuchHost } else { Answer::Addresses(addresses) }
    }

    /// The addresses that are listed now, in the order in which they came.
    fn listed(&mut self, now: Instant) -> Vec<u32> {
        let mut listed: Vec<u32> = Vec::new();
        for change in self.published.iter().filter(|change| change.since <= now) {
            listed.retain(|ip| *ip != change.ip);
            if change.listed {
                listed.push(change.ip);
            }
        }
        // What is settled is kept in one line an address.
        let settled = listed.iter().map(|ip| Published { since: Instant::START, ip: *ip, listed: true });
        let pending = self.published.iter().filter(|change| change.since > now).copied();
        self.published = settled.chain(pending).collect();
        listed
    }
}

/// The default port of memberlist addresses without one (ml, `DefaultPort`).
pub(super) const DEFAULT_PORT: u16 = 7946;

/// `ip` with a port.
pub(super) fn at_port(ip: u32, port: Option<u16>) -> Address {
    Address { ip, port: port.unwrap_or(DEFAULT_PORT) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Span;

    #[test]
    fn an_address_shows_after_the_delay_and_goes_after_it() {
        let mut dns = Dns::new(&DnsOptions { update_delay: Span::secs(1), ..DnsOptions::default() });
        let at = |secs: u64| Instant::START + Duration::from_secs(secs);
        dns.publish(at(0), 1, true);
        assert_eq!(dns.resolve(at(0), "gossip-ring"), Answer::NoSuchHost);
        assert_eq!(dns.resolve(at(1), "gossip-ring.loki.svc"), Answer::Addresses(vec![1]));
        dns.publish(at(2), 2, true);
        dns.publish(at(2), 1, false);
        assert_eq!(dns.resolve(at(2), "gossip-ring"), Answer::Addresses(vec![1]));
        assert_eq!(dns.resolve(at(3), "gossip-ring"), Answer::Addresses(vec![2]));
        assert_eq!(dns.resolve(at(3), "gossip-ringer"), Answer::NoSuchHost);
        dns.set_down(true);
        assert_eq!(dns.resolve(at(3), "gossip-ring"), Answer::Timeout);
    }

    #[test]
    fn a_cached_answer_stays_for_its_time() {
        let mut dns = Dns::new(&DnsOptions {
            update_delay: Span::ZERO,
            cache: Span::secs(30),
            ..DnsOptions::default()
        });
        let at = |secs: u64| Instant::START + Duration::from_secs(secs);
        dns.publish(at(0), 1, true);
        assert_eq!(dns.resolve(at(1), "gossip-ring"), Answer::Addresses(vec![1]));
        dns.publish(at(2), 2, true);
        assert_eq!(dns.resolve(at(30), "gossip-ring"), Answer::Addresses(vec![1]));
        assert_eq!(dns.resolve(at(31), "gossip-ring"), Answer::Addresses(vec![1, 2]));
    }

    #[test]
    fn hosts_and_ports_come_apart() {
        assert_eq!(HostPort::parse("a.b:7946"), HostPort { host: "a.b", port: Some(7946) });
        assert_eq!(HostPort::parse("a.b"), HostPort { host: "a.b", port: None });
        assert_eq!(HostPort::parse("127.0.0.1:1").ip(), Some(0x7f00_0001));
    }
}
