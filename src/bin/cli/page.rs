use std::time::Duration;

use clap::Args;
use ringside::go::duration;
use ringside::sim::{self, Simulation};
use ringside::time::Instant;

use crate::input::InputError;
use crate::run::load;
use crate::{Outcome, for_terminal};

/// What a simulated process answers to a GET for JSON.
#[derive(Args)]
pub(crate) struct Page {
    /// A file with a scenario, or the name of a built-in one (see `scenarios`).
    scenario: String,
    /// The path, such as /ring, /memberlist?viewKey=collectors/ring&format=json, /metrics, /services or /ready.
    path: String,
    /// The pod that is asked.
    #[arg(long)]
    node: String,
    /// When it is asked, such as 30s; by default when the scenario ends.
    #[arg(long, value_parser = duration::parse)]
    at: Option<Duration>,
    /// Print the status line and the content type first.
    #[arg(long)]
    headers: bool,
}

impl Page {
    pub(crate) fn run(self) -> Result<(String, Outcome), InputError> {
        let scenario = load(&self.scenario)?;
        let mut simulation = Simulation::of(&scenario).map_err(InputError::scenario)?;
        let pod = simulation.known_pod(&self.node).map_err(InputError::scenario)?;
        let at = self.at.unwrap_or(scenario.until.0);
        simulation.run_until(Instant::START + at);
        let response = sim::page(&mut simulation, pod, &self.path);
        if response.status == 0 {
            let at = duration::format(at);
            return Err(InputError::scenario(format!(
                "{} does not answer at {at}: {}",
                self.node, response.body
            )));
        }
        let head = match self.headers {
            true => {
                let (status, reason) = (response.status, response.reason());
                format!("HTTP/1.1 {status} {reason}\nContent-Type: {}\n\n", response.content_type)
            }
            false => String::new(),
        };
        let outcome = if response.status == 200 { Outcome::Healthy } else { Outcome::Unhealthy };
        Ok((for_terminal(&(head + &response.body)), outcome))
    }
}
