use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use ringside::experiment::convergence::ReferenceError;
use ringside::go::duration;
use ringside::live::ring_page::{self, MAX_PAGE_BYTES, PageError};
use ringside::ring::{Ring, RingConfig};
use ringside::time::WallTime;

/// Where the ring comes from, and what its JSON does not say.
#[derive(Args)]
pub(crate) struct RingInput {
    /// The JSON of a ring page; `-` reads standard input
    #[arg(value_name = "RING.json")]
    path: PathBuf,
    /// Replication factor (common.replication_factor)
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    rf: u16,
    /// Replicas go to different zones (ring.zone_awareness_enabled)
    #[arg(long)]
    zone_aware: bool,
    /// How old a heartbeat may be (ring.heartbeat_timeout)
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = duration::parse)]
    heartbeat_timeout: Duration,
    /// The reader's clock, RFC 3339; by default the page's own, else this machine's
    #[arg(long, value_name = "RFC3339", value_parser = WallTime::parse_rfc3339)]
    now: Option<WallTime>,
}

/// Why a command could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("{path}: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{path}: {error}{}", .error.help().map(|help| format!("; try: {help}")).unwrap_or_default())]
    Page { path: String, error: PageError },
    #[error("{path}: {error}")]
    Config { path: String, error: ringside::doctor::config::ConfigError },
    #[error("{path}: {error}")]
    Samples { path: String, error: ReferenceError },
    #[error("{0}")]
    Scenario(String),
    #[error(transparent)]
    Relay(#[from] crate::relay::RelayError),
    #[error("--labels: {0}")]
    Labels(#[from] ringside::loki::LabelsError),
}

impl InputError {
    /// A scenario that cannot be run, and why.
    pub(crate) fn scenario(error: impl std::fmt::Display) -> Self {
        Self::Scenario(error.to_string())
    }
}

impl RingInput {
    /// Reads the ring, and the clock to read it with.
    pub(crate) fn read(&self) -> Result<(Ring, WallTime), InputError> {
        let text = self.text()?;
        let page = ring_page::parse(&text).map_err(|error| InputError::Page { path: self.name(), error })?;
        let config = RingConfig {
            replication_factor: self.rf.into(),
            zone_awareness_enabled: self.zone_aware,
            heartbeat_timeout: self.heartbeat_timeout,
            ..RingConfig::default()
        };
        let now = self.now.or(page.now).unwrap_or_else(this_machines_clock);
        Ok((Ring::new(&page.desc, config), now))
    }

    fn text(&self) -> Result<String, InputError> {
        read(&self.path, MAX_PAGE_BYTES)
    }

    fn name(&self) -> String {
        name(&self.path)
    }
}

/// A file's text, or standard input's as `-`, up to one byte more than may be: whoever parses it then says that it is
/// too much.
pub(crate) fn read(path: &Path, most: usize) -> Result<String, InputError> {
    let mut text = String::new();
    let limit = most as u64 + 1;
    let read = match path == Path::new("-") {
        true => std::io::stdin().take(limit).read_to_string(&mut text),
        false => std::fs::File::open(path).and_then(|file| file.take(limit).read_to_string(&mut text)),
    };
    match read {
        Ok(_) => Ok(text),
        Err(source) => Err(InputError::Read { path: name(path), source }),
    }
}

/// What an input is called.
pub(crate) fn name(path: &Path) -> String {
    match path == Path::new("-") {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

#[expect(clippy::disallowed_types, reason = "the command line is where the engine's clock comes from")]
fn this_machines_clock() -> WallTime {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    WallTime::from_unix_nanos(since_epoch.as_nanos() as i128)
}
