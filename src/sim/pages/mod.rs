//! The pages of a simulated process, as the real one would answer them.
//!
//! Models loki pkg/loki/{loki,modules,status}.go, dskit ring/ring_http.go, kv/memberlist/http_status_handler.go
//! and the metrics of both. Every request is a GET with `Accept: application/json`. Differs: only paths that
//! tell of rings are here; the process's local time is UTC; a ring page goes on telling the news while the
//! process stops.

mod exposition;
mod json;
mod memberlist;
mod metrics;
mod ring;

use std::fmt;

use super::modules::ServiceState;
use super::pod::Pod;
use super::process::Process;
use super::{Simulation, World};

/// What a process answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status; 0 when nobody answers. The body then says why.
    pub status: u16,
    /// `Content-Type`, with its parameters.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// What the process of a pod answers at this instant to `GET path`; the path may have a query.
///
/// Asking `/ready` is what makes an ingester ready, so it changes the simulation as it would the process;
/// whoever wants that to be part of the run's record gives the command [`super::Command::Ready`] instead. All
/// other pages change nothing.
pub fn page(simulation: &mut Simulation, pod: u32, path: &str) -> Response {
    let Some(pod) = simulation.pods.get_mut(pod as usize) else {
        return Response::silence(format!("there is no pod {pod}"));
    };
    let world = &mut simulation.world;
    let Some(mut process) = pod.process.take() else {
        return Response::silence(format!("{} is down", pod.name));
    };
    let response = if pod.paused {
        Response::silence(format!("{} is paused", pod.name))
    } else if !process.serves_http() {
        Response::silence(format!("{} does not serve HTTP yet", pod.name))
    } else {
        process.page(path, pod, world)
    };
    pod.process = Some(process);
    response
}

impl Process {
    /// Routes are there once all modules are built, and their server runs; it is the last to stop.
    fn serves_http(&self) -> bool {
        self.modules
            .iter()
            .any(|running| running.module.name == "server" && running.state == ServiceState::Running)
    }

    fn page(&mut self, path: &str, pod: &Pod, world: &mut World) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path {
            "/ready" => {
                let (status, body) = self.ready(world);
                Response { status, content_type: TEXT, body }
            }
            "/services" => Response::ok(TEXT, self.services()),
            "/memberlist" => self.memberlist_page(query, pod, world),
            "/metrics" => Response::ok(exposition::CONTENT_TYPE, self.metrics(world).to_string()),
            _ => self.ring_page(path, world).unwrap_or_else(Response::not_found),
        }
    }

    /// The modules; the real order is that of a map.
    fn services(&self) -> String {
        let line =
            |running: &super::Running| format!("{} => {}\n", running.module.name, running.state.name());
        self.modules.iter().map(line).collect()
    }
}

impl Response {
    fn ok(content_type: &'static str, body: String) -> Self {
        Self { status: 200, content_type, body }
    }

    /// Go's `http.Error`.
    fn error(status: u16, text: impl fmt::Display) -> Self {
        Self { status, content_type: TEXT, body: format!("{text}\n") }
    }

    fn not_found() -> Self {
        Self::error(404, "404 page not found")
    }

    /// No answer at all.
    fn silence(why: String) -> Self {
        Self { status: 0, content_type: "", body: why }
    }

    /// The status line's words.
    pub const fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            500 => "Internal Server Error",
            503 => "Service Unavailable",
            _ => "",
        }
    }
}

/// The first value of a query's parameter (Go's `url.ParseQuery`); pairs that do not decode are passed over.
fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs
        .filter(|(key, _)| unescape(key).is_some_and(|key| key == name))
        .find_map(|(_, value)| unescape(value))
}

fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let [high, low, after @ ..] = rest else { return None };
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                bytes.push((digit(high)? << 4 | digit(low)?) as u8);
                rest = after;
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_decoded_and_the_first_of_several_counts() {
        let query = "format=json&viewKey=collectors%2Fring&viewKey=other&a+b=%zz&empty";
        assert_eq!(parameter(query, "viewKey").unwrap(), "collectors/ring");
        assert_eq!(parameter(query, "format").unwrap(), "json");
        assert_eq!(parameter(query, "empty").unwrap(), "");
        assert_eq!(parameter(query, "a b"), None);
        assert_eq!(parameter("", "viewKey"), None);
    }
}
