//! `ringside-cli`: the library's answers for terminals, scripts and tests.
//!
//! Exit status: 0 healthy, 1 unhealthy, 2 bad input. Errors are one line on standard error.

mod config;
mod convergence;
mod decode;
mod input;
mod owner;
mod page;
mod relay;
mod ring;
mod run;
mod swarm;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ringside::go::strconv;

/// Ask a Loki ring who owns what, and whether it is healthy.
#[derive(Parser)]
#[command(name = "ringside-cli", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What is wrong with a Loki configuration or chart values, as far as rings are concerned.
    Config(config::ConfigCommand),
    /// How fast clusters converge, and whether that is how fast real ones do.
    Convergence(convergence::Convergence),
    /// Reads logs: what is harmless, what is worth a wait, what needs a deed.
    Decode(decode::Decode),
    /// Who owns a stream: its key, its replicas, or Loki's error.
    Owner(owner::Owner),
    /// What a simulated process answers: a page of it at an instant.
    Page(page::Page),
    /// Lets a web page read a Loki's ring pages: a small server on this machine that adds what a browser wants.
    Relay(relay::Relay),
    /// The instances of a ring: states, ownership, and a verdict on its health.
    Ring(ring::RingCommand),
    /// A whole cluster in virtual time: run a scenario and see what comes of it.
    Run(run::Run),
    /// The built-in scenarios.
    Scenarios(run::Scenarios),
    /// Clusters and faults drawn at random, with all rules looked at.
    Swarm(swarm::Swarm),
}

/// What a command found; each has its exit status.
#[derive(Clone, Copy)]
enum Outcome {
    Healthy,
    Unhealthy,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Config(config) => config.run(),
        Command::Convergence(convergence) => convergence.run(),
        Command::Decode(decode) => decode.run(),
        Command::Owner(owner) => owner.run(),
        Command::Page(page) => page.run(),
        Command::Relay(relay) => relay.run(),
        Command::Ring(ring) => ring.run(),
        Command::Run(run) => run.run(),
        Command::Scenarios(scenarios) => scenarios.run(),
        Command::Swarm(swarm) => swarm.run(),
    };
    let (text, code) = match result {
        Ok((text, Outcome::Healthy)) => (text, 0),
        Ok((text, Outcome::Unhealthy)) => (text, 1),
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ringside-cli: {error}");
            return ExitCode::from(2);
        }
    };
    // A reader such as `head` may have gone: that is no fault of ours.
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::from(code)
}

/// `text` with everything escaped that a terminal might obey: names come from whoever wrote the ring.
fn for_terminal(text: &str) -> String {
    text.chars()
        .map(
            |c| {
                if c == '\n' || strconv::is_print(c) { c.to_string() } else { c.escape_unicode().to_string() }
            },
        )
        .collect()
}
