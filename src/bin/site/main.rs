//! `ringside-site`: makes the built page small (`pack`), says how small (`sizes`), shows it here (`serve`).
//!
//! The page itself needs none of this: `dist/` works on any static host, at any path.

mod pack;
mod serve;
mod sizes;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Pack and serve the page that Trunk built.
#[derive(Parser)]
#[command(name = "ringside-site", version)]
enum Command {
    /// Put a Brotli and a gzip copy beside every file that gains from it.
    Pack {
        /// The folder that Trunk wrote.
        dist: PathBuf,
    },
    /// Say what a first visit transfers.
    Sizes {
        /// A packed folder.
        dist: PathBuf,
    },
    /// Serve the folder on this machine only, until stopped.
    Serve {
        /// A packed folder.
        dist: PathBuf,
        /// The port to listen on; 0 takes any free one.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
}

fn main() -> ExitCode {
    match run(Command::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "ringside-site: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Box<dyn Error>> {
    match command {
        Command::Pack { dist } => pack::pack(&dist)?,
        Command::Sizes { dist } => write!(std::io::stdout(), "{}", sizes::Sizes::read(&dist)?)?,
        Command::Serve { dist, port } => serve::serve(&dist, port)?,
    }
    Ok(())
}
