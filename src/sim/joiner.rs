//! Finding and joining the cluster.
//!
//! Models dskit kv/memberlist/memberlist_client.go:633-960 (fast-join, join with back-off, rejoin) and
//! memberlist's own `Join` (ml memberlist.go:300-456), one address after the other. Differs: the TCP query
//! that memberlist tries before the resolver is the resolver's own.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use crate::backoff::Backoff;
use crate::go::duration;
use crate::log::{Level, LogLine};
use crate::memberlist::{Address, formula};
use crate::prng::Prng;
use crate::time::Instant;

use super::MemberlistOptions;
use super::dns::{Answer, Dns, HostPort, at_port};

/// One process's way into its cluster.
#[derive(Debug, Clone)]
pub struct Joiner {
    task: Option<Task>,
    /// Tells waits apart: one that is over is recognised by its number.
    waiting: u32,
    /// The resolver's last good answer, by member.
    last_good: Vec<(String, Vec<String>)>,
}

#[derive(Debug, Clone)]
struct Task {
    kind: Kind,
    began: Instant,
    /// Discoveries tried for the present list.
    discoveries: u32,
    /// The pauses between them.
    discovery_pauses: Backoff,
    attempt: usize,
    /// The pauses between attempts.
    pauses: Backoff,
    /// Why the attempts so far failed.
    failure: Option<String>,
    nodes: VecDeque<String>,
    attempted: BTreeSet<String>,
    /// Whether more addresses wait than one batch takes.
    more: bool,
    current: Option<Current>,
    joined: usize,
    last_error: Option<String>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    FastJoin { to_join: i64 },
    Startup,
    Rejoin,
}

/// What the task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Discovery,
    DiscoveryPause,
    Resolution,
    Exchange,
    Pause,
}

/// One `Join` of one node.
#[derive(Debug, Clone)]
struct Current {
    node: String,
    addresses: VecDeque<Address>,
    reached: usize,
    errors: Vec<String>,
    trying: Option<Address>,
}

/// What a joiner asks of its process.
#[derive(Debug)]
pub enum JoinOutput {
    /// Call [`Joiner::resume`] with this number then.
    Wait {
        /// When.
        until: Instant,
        /// The number.
        token: u32,
    },
    /// Exchange full states with this address, and report to [`Joiner::exchanged`].
    Exchange(Address),
    /// Write this.
    Log(LogLine),
    /// The fast-join is over; an error is already logged.
    FastJoined(Result<(), String>),
    /// The join at startup is over.
    Joined {
        /// Whether anybody was reached.
        ok: bool,
    },
    /// A periodic rejoin is over.
    Rejoined,
}

/// What a joiner works with.
pub struct JoinContext<'a> {
    /// Now.
    pub now: Instant,
    /// `memberlist:`.
    pub options: &'a MemberlistOptions,
    /// The name server.
    pub dns: &'a mut Dns,
    /// Chance: shuffles and back-offs.
    pub prng: &'a mut Prng,
    /// What is asked of the process.
    pub out: &'a mut Vec<JoinOutput>,
}

const BATCH: usize = 100;
const DISCOVERIES: u32 = 10;
/// A lookup that the machine itself answers, such as that of an address.
const NO_TIME: Duration = Duration::ZERO;

impl Joiner {
    /// A joiner with nothing to do.
    pub fn new() -> Self {
        Self { task: None, waiting: 0, last_good: Vec::new() }
    }

    /// Whether it is at work.
    pub fn is_busy(&self) -> bool {
        self.task.is_some()
    }

    /// Gives up whatever it does. The line that a join at startup leaves when it is called off.
    ///
    /// Differs: an attempt under way is cut short; dskit notices when it is over.
    pub fn stop(&mut self, now: Instant) -> Option<LogLine> {
        let task = self.task.take().filter(|task| task.kind == Kind::Startup)?;
        let error = task.failure.unwrap_or_else(|| "joining memberlist: context canceled".into());
        Some(join_failed(error, duration::format(now.since(task.began))))
    }

    /// Joins a few nodes quickly, so that the store is not empty when the rings start.
    pub fn fast_join(&mut self, ctx: &mut JoinContext<'_>) {
        self.begin(Kind::FastJoin { to_join: 0 }, ctx);
    }

    /// Joins everybody, with retries.
    pub fn join(&mut self, ctx: &mut JoinContext<'_>) {
        let line =
            phase_line(Kind::Startup, Level::Info, "memberlist_client.go:814", "joining memberlist cluster");
        ctx.out.push(JoinOutput::Log(line.with("join_members", ctx.options.join_members.join(","))));
        self.begin(Kind::Startup, ctx);
    }

    /// Joins everybody once more.
    pub fn rejoin(&mut self, ctx: &mut JoinContext<'_>) {
        self.begin(Kind::Rejoin, ctx);
    }

    /// A wait is over.
    pub fn resume(&mut self, token: u32, ctx: &mut JoinContext<'_>) {
        if token != self.waiting {
            return;
        }
        match self.task.as_ref().map(|task| task.stage) {
            Some(Stage::Discovery) => self.discovered(ctx),
            Some(Stage::DiscoveryPause) => self.discover(ctx),
            Some(Stage::Resolution) => self.resolved(ctx),
            Some(Stage::Pause) => self.attempt(ctx),
            Some(Stage::Exchange) | None => {}
        }
    }

    /// A full exchange came to its end.
    pub fn exchanged(&mut self, result: Result<(), String>, ctx: &mut JoinContext<'_>) {
        let Some(current) = self.task.as_mut().and_then(|task| task.current.as_mut()) else { return };
        let Some(address) = current.trying.take() else { return };
        match result {
            Ok(()) => current.reached += 1,
            Err(error) => current.errors.push(format!("failed to join {address}: {error}")),
        }
        self.next_address(ctx);
    }

    fn begin(&mut self, kind: Kind, ctx: &mut JoinContext<'_>) {
        self.task = Some(Task {
            kind,
            began: ctx.now,
            discoveries: 0,
            discovery_pauses: discovery_pauses(),
            attempt: 0,
            pauses: Backoff::new(ctx.options.min_join_backoff.0, ctx.options.max_join_backoff.0),
            failure: None,
            nodes: VecDeque::new(),
            attempted: BTreeSet::new(),
            more: false,
            current: None,
            joined: 0,
            last_error: None,
            stage: Stage::Discovery,
        });
        self.attempt(ctx);
    }

    fn attempt(&mut self, ctx: &mut JoinContext<'_>) {
        if let Some(task) = &mut self.task {
            task.attempt += 1;
            task.attempted.clear();
            task.joined = 0;
            task.last_error = None;
            task.discoveries = 0;
        }
        self.discover(ctx);
    }

    fn discover(&mut self, ctx: &mut JoinContext<'_>) {
        if let Some(task) = &mut self.task {
            task.stage = Stage::Discovery;
            let asks = ctx.options.join_members.iter().any(|member| member.contains('+'));
            let takes = if asks { ctx.dns.latency() } else { NO_TIME };
            self.wait(takes, ctx);
        }
    }

    fn wait(&mut self, takes: Duration, ctx: &mut JoinContext<'_>) {
        self.waiting = self.waiting.wrapping_add(1);
        if takes == NO_TIME {
            let token = self.waiting;
            return self.resume(token, ctx);
        }
        ctx.out.push(JoinOutput::Wait { until: ctx.now + takes, token: self.waiting });
    }

    fn discovered(&mut self, ctx: &mut JoinContext<'_>) {
        let mut found = Vec::new();
        let mut failed = false;
        for member in &ctx.options.join_members {
            let Some((_, name)) = member.split_once('+') else {
                found.push(member.clone());
                continue;
            };
            let addresses = match look_up(name, ctx) {
                Ok(addresses) => addresses,
                Err(line) => {
                    ctx.out.push(JoinOutput::Log(line));
                    failed = true;
                    self.last_good
                        .iter()
                        .find(|(known, _)| known == member)
                        .map_or(Vec::new(), |(_, good)| good.clone())
                }
            };
            self.last_good.retain(|(known, _)| known != member);
            self.last_good.push((member.clone(), addresses.clone()));
            found.extend(addresses);
        }
        let Some(task) = &mut self.task else { return };
        task.discoveries += 1;
        if failed && task.discoveries < DISCOVERIES {
            task.stage = Stage::DiscoveryPause;
            let pause = task.discovery_pauses.next_delay(ctx.prng);
            return self.wait(pause, ctx);
        }
        task.discoveries = 0;
        task.discovery_pauses = discovery_pauses();
        match &mut task.kind {
            Kind::FastJoin { to_join } => {
                ctx.prng.shuffle(&mut found);
                *to_join = formula::retransmit_limit(ctx.options.retransmit_factor, found.len()) as i64;
                ctx.out.push(JoinOutput::Log(
                    LogLine::new(Level::Info, "memberlist_client.go:776", "memberlist fast-join starting")
                        .with("nodes_found", found.len().to_string())
                        .with("to_join", to_join.to_string()),
                ));
                task.nodes = found.into();
            }
            Kind::Startup | Kind::Rejoin => {
                let mut fresh = found.into_iter().filter(|node| !task.attempted.contains(node));
                task.nodes = fresh.by_ref().take(BATCH).collect();
                task.more = fresh.next().is_some();
                task.attempted.extend(task.nodes.iter().cloned());
            }
        }
        self.next_node(ctx);
    }

    fn next_node(&mut self, ctx: &mut JoinContext<'_>) {
        let Some(task) = &mut self.task else { return };
        let wanted = !matches!(task.kind, Kind::FastJoin { to_join } if to_join <= 0);
        match task.nodes.pop_front().filter(|_| wanted) {
            None if task.more => self.discover(ctx),
            None => self.finish_attempt(ctx),
            Some(node) => {
                let by_name = HostPort::parse(&node).ip().is_none();
                task.current = Some(Current {
                    node,
                    addresses: VecDeque::new(),
                    reached: 0,
                    errors: Vec::new(),
                    trying: None,
                });
                task.stage = Stage::Resolution;
                let takes = if by_name { ctx.dns.latency() } else { NO_TIME };
                self.wait(takes, ctx);
            }
        }
    }

    fn resolved(&mut self, ctx: &mut JoinContext<'_>) {
        let Some(current) = self.task.as_mut().and_then(|task| task.current.as_mut()) else { return };
        let target = HostPort::parse(&current.node);
        if let Some(ip) = target.ip() {
            current.addresses.push_back(at_port(ip, target.port));
        } else {
            match resolve(target.host, ctx) {
                Ok(ips) => current.addresses.extend(ips.into_iter().map(|ip| at_port(ip, target.port))),
                Err(error) => {
                    let error = format!("failed to resolve {}: {error}", current.node);
                    ctx.out.push(JoinOutput::Log(LogLine::new(
                        Level::Warn,
                        "memberlist_logger.go:74",
                        error.clone(),
                    )));
                    current.errors.push(error);
                }
            }
        }
        self.next_address(ctx);
    }

    fn next_address(&mut self, ctx: &mut JoinContext<'_>) {
        let Some(task) = &mut self.task else { return };
        let Some(current) = &mut task.current else { return };
        if let Some(address) = current.addresses.pop_front() {
            current.trying = Some(address);
            task.stage = Stage::Exchange;
            ctx.out.push(JoinOutput::Exchange(address));
            return;
        }
        let Some(current) = task.current.take() else { return };
        task.joined += current.reached;
        let error = (current.reached == 0 && !current.errors.is_empty()).then(|| multierror(&current.errors));
        if let Kind::FastJoin { to_join } = &mut task.kind {
            *to_join -= current.reached as i64;
            if let Some(error) = &error {
                ctx.out.push(JoinOutput::Log(
                    LogLine::new(Level::Info, "memberlist_client.go:782", "fast-joining node failed")
                        .with("node", current.node)
                        .with("err", error.clone()),
                ));
            }
        }
        if error.is_some() {
            task.last_error = error;
        }
        self.next_node(ctx);
    }

    fn finish_attempt(&mut self, ctx: &mut JoinContext<'_>) {
        let Some(task) = &mut self.task else { return };
        let elapsed = duration::format(ctx.now.since(task.began));
        let (joined, attempt, kind) = (task.joined, task.attempt, task.kind);
        let error = task.last_error.take().unwrap_or_else(|| "found no nodes to join".into());
        match kind {
            Kind::FastJoin { .. } => {
                self.task = None;
                let required = ctx.options.abort_if_cluster_fast_join_fails_min_nodes;
                fast_join_result(joined, required, elapsed, ctx);
            }
            Kind::Startup if joined > 0 => {
                self.task = None;
                let line = phase_line(
                    kind,
                    Level::Info,
                    "memberlist_client.go:821",
                    "joining memberlist cluster succeeded",
                );
                ctx.out.push(JoinOutput::Log(
                    line.with("reached_nodes", joined.to_string()).with("elapsed_time", elapsed),
                ));
                ctx.out.push(JoinOutput::Joined { ok: true });
            }
            Kind::Rejoin if joined > 0 => {
                self.task = None;
                let line =
                    phase_line(kind, Level::Info, "memberlist_client.go:704", "re-joined memberlist cluster");
                ctx.out.push(JoinOutput::Log(line.with("reached_nodes", joined.to_string())));
                ctx.out.push(JoinOutput::Rejoined);
            }
            Kind::Startup | Kind::Rejoin => {
                let attempts = if kind == Kind::Rejoin { 1 } else { ctx.options.max_join_retries };
                let line =
                    phase_line(kind, Level::Warn, "memberlist_client.go:848", "joining memberlist cluster");
                ctx.out.push(JoinOutput::Log(
                    line.with("attempts", attempt.to_string())
                        .with("max_attempts", attempts.to_string())
                        .with("err", error.clone()),
                ));
                if attempt < attempts {
                    task.stage = Stage::Pause;
                    task.failure = Some(error);
                    let pause = task.pauses.next_delay(ctx.prng);
                    return self.wait(pause.max(Duration::from_nanos(1)), ctx);
                }
                self.task = None;
                if kind == Kind::Rejoin {
                    let line = phase_line(
                        kind,
                        Level::Warn,
                        "memberlist_client.go:707",
                        "re-joining memberlist cluster failed",
                    );
                    ctx.out.push(JoinOutput::Log(
                        line.with("err", error).with("next_try_in", ctx.options.rejoin_interval.to_string()),
                    ));
                    ctx.out.push(JoinOutput::Rejoined);
                } else {
                    ctx.out.push(JoinOutput::Log(join_failed(error, elapsed)));
                    ctx.out.push(JoinOutput::Joined { ok: false });
                }
            }
        }
    }
}

impl Default for Joiner {
    fn default() -> Self {
        Self::new()
    }
}

fn discovery_pauses() -> Backoff {
    Backoff::new(Duration::from_millis(100), Duration::from_secs(5))
}

fn join_failed(error: String, elapsed: String) -> LogLine {
    let text = "joining memberlist cluster failed";
    phase_line(Kind::Startup, Level::Error, "memberlist_client.go:818", text)
        .with("err", error)
        .with("elapsed_time", elapsed)
}

fn fast_join_result(joined: usize, required: usize, elapsed: String, ctx: &mut JoinContext<'_>) {
    if joined >= required {
        ctx.out.push(JoinOutput::Log(
            LogLine::new(Level::Info, "memberlist_client.go:796", "memberlist fast-join finished")
                .with("joined_nodes", joined.to_string())
                .with("elapsed_time", elapsed),
        ));
        ctx.out.push(JoinOutput::FastJoined(Ok(())));
        return;
    }
    ctx.out.push(JoinOutput::Log(
        LogLine::new(
            Level::Warn,
            "memberlist_client.go:792",
            "memberlist fast-join failed to reach minimum required seed nodes",
        )
        .with("joined_nodes", joined.to_string())
        .with("required_nodes", required.to_string())
        .with("elapsed_time", elapsed),
    ));
    let error = format!(
        "fast-join failed to reach minimum required seed nodes: joined {joined}, required {required}"
    );
    ctx.out.push(JoinOutput::Log(
        LogLine::new(
            Level::Error,
            "memberlist_client.go:646",
            "failed to fast-join the memberlist cluster at startup",
        )
        .with("err", error.clone()),
    ));
    ctx.out.push(JoinOutput::FastJoined(Err(error)));
}

fn phase_line(kind: Kind, level: Level, caller: &'static str, message: &'static str) -> LogLine {
    let phase = if kind == Kind::Rejoin { "periodic_rejoin" } else { "startup" };
    LogLine::new(level, caller, message).within("phase", phase)
}

/// What dskit's own lookup of a `dns+` member finds: addresses with ports. No such host is no error there,
/// but is logged as one.
fn look_up(name: &str, ctx: &mut JoinContext<'_>) -> Result<Vec<String>, LogLine> {
    let target = HostPort::parse(name);
    let Some(port) = target.port else {
        return Err(LogLine::new(Level::Warn, "memberlist_client.go:953", "failed to resolve members")
            .with("addrs", format!("dns+{name}"))
            .with("err", format!("missing port in address given for dns lookup: {name}")));
    };
    if target.ip().is_some() {
        return Ok(vec![name.into()]);
    }
    match ctx.dns.resolve(ctx.now, target.host) {
        Answer::Addresses(ips) => Ok(ips.into_iter().map(|ip| at_port(ip, Some(port)).to_string()).collect()),
        Answer::NoSuchHost => {
            let error = no_such_host(target.host, ctx.dns);
            ctx.out.push(JoinOutput::Log(
                LogLine::new(Level::Error, "resolver.go:87", "failed to lookup IP addresses")
                    .with("host", target.host.to_owned())
                    .with("err", error),
            ));
            ctx.out.push(JoinOutput::Log(
                LogLine::new(
                    Level::Warn,
                    "resolver.go:134",
                    "IP address lookup yielded no results. No host found or no addresses found",
                )
                .with("host", target.host.to_owned()),
            ));
            Ok(Vec::new())
        }
        Answer::Timeout => {
            let error = timeout(target.host, ctx.dns);
            Err(LogLine::new(Level::Warn, "memberlist_client.go:953", "failed to resolve members")
                .with("addrs", format!("dns+{name}"))
                .with("err", format!("lookup IP addresses {:?}: {error}", target.host)))
        }
    }
}

fn resolve(host: &str, ctx: &mut JoinContext<'_>) -> Result<Vec<u32>, String> {
    match ctx.dns.resolve(ctx.now, host) {
        Answer::Addresses(ips) => Ok(ips),
        Answer::NoSuchHost => Err(no_such_host(host, ctx.dns)),
        Answer::Timeout => Err(timeout(host, ctx.dns)),
    }
}

fn no_such_host(host: &str, dns: &Dns) -> String {
    format!("lookup {host} on {}: no such host", dns.server())
}

fn timeout(host: &str, dns: &Dns) -> String {
    format!("lookup {host} on {}: read udp {}: i/o timeout", dns.server(), dns.server())
}

/// How hashicorp/go-multierror prints a list.
fn multierror(errors: &[String]) -> String {
    let plural = if errors.len() == 1 { "error" } else { "errors" };
    let list = errors.iter().map(|error| format!("\t* {error}\n")).collect::<String>();
    format!("{} {plural} occurred:\n{list}\n", errors.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::DnsOptions;

    #[test]
    fn a_refused_seed_leaves_the_words_that_frighten_people() {
        let options = MemberlistOptions {
            join_members: vec!["127.0.0.99:7946".into()],
            ..MemberlistOptions::default()
        };
        let mut dns = Dns::new(&DnsOptions::default());
        let mut prng = Prng::stream(1, "test", 0);
        let mut out = Vec::new();
        let mut joiner = Joiner::new();
        let mut ctx = JoinContext {
            now: Instant::START,
            options: &options,
            dns: &mut dns,
            prng: &mut prng,
            out: &mut out,
        };
        joiner.fast_join(&mut ctx);
        joiner.exchanged(Err("dial tcp 127.0.0.99:7946: connect: connection refused".into()), &mut ctx);
        let text = Vec::from_iter(out.iter().map(|output| match output {
            JoinOutput::Log(line) => line.to_string(),
            other => format!("{other:?}"),
        }));
        assert_eq!(text[0], "info memberlist fast-join starting nodes_found=1 to_join=4");
        assert!(text[1].starts_with("Exchange("), "{text:?}");
        assert_eq!(
            text[2],
            "info fast-joining node failed node=127.0.0.99:7946 err=1 error occurred:\n\t* failed to join \
             127.0.0.99:7946: dial tcp 127.0.0.99:7946: connect: connection refused\n\n"
        );
        assert!(text[3].starts_with("warn memberlist fast-join failed to reach minimum required seed nodes"));
        assert_eq!(
            text[4],
            "error failed to fast-join the memberlist cluster at startup \
             err=fast-join failed to reach minimum required seed nodes: joined 0, required 1"
        );
        assert!(text[5].starts_with("FastJoined(Err("), "{text:?}");
        assert!(!joiner.is_busy());
    }
}
