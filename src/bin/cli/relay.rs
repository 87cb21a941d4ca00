//! `relay`: between a browser that insists on CORS and a Loki that knows none.
//!
//! `rules` decides what may pass, without a socket; `upstream` asks Loki; this module serves. It keeps
//! nothing, writes nothing and passes on nothing but GET of the pages in `live::paths`.

mod rules;
mod upstream;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use clap::Args;
use ringside::go::duration;
use ringside::live::cors::{ALLOWED_HEADERS, MAX_AGE_SECONDS};
use ringside::live::origin::{Origin, OriginError};
use tokio::net::TcpListener;

use crate::Outcome;
use crate::input::InputError;

use rules::{Ask, Rules, Step};
use upstream::Upstream;

/// Requests to Loki at one time, each with one answer in memory; a page asks for a few, and the rest waits.
const AT_ONCE: usize = 8;

/// Pass on GET of the ring pages, for web pages of the origins that you name.
#[derive(Args)]
pub(crate) struct Relay {
    /// The Loki process, such as http://127.0.0.1:3100; plain http only
    #[arg(long, value_name = "ORIGIN")]
    to: String,
    /// The origin of the page that may read, such as https://docs.example; repeatable; * is everybody
    #[arg(long, value_name = "ORIGIN", required = true)]
    allow_origin: Vec<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3101")]
    listen: SocketAddr,
    /// Listen where other machines reach it: they all can then read the ring pages, without a password
    #[arg(long)]
    expose: bool,
    /// How long Loki may take for an answer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = duration::parse)]
    timeout: Duration,
}

/// Why there is no relay.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RelayError {
    #[error("--to: {0}")]
    To(OriginError),
    #[error(
        "--to {0}: the relay speaks plain http only; take a tunnel to a pod, `kubectl port-forward \
         pod/loki-write-0 3100:3100`, and --to http://127.0.0.1:3100"
    )]
    Https(Origin),
    #[error("--allow-origin: {0}")]
    AllowOrigin(OriginError),
    #[error(
        "--listen {0}: everybody who reaches this machine there could read the ring pages, without a password; \
         if that is meant, add --expose"
    )]
    Exposed(SocketAddr),
    #[error("--listen {address}: {source}; choose another address, such as 127.0.0.1:3102")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the relay stopped: {0}")]
    Stopped(#[from] io::Error),
}

struct Shared {
    rules: Rules,
    upstream: Upstream,
}

impl Relay {
    /// Serves until the process ends, or says why it cannot.
    pub(crate) fn run(self) -> Result<(String, Outcome), InputError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(AT_ONCE)
            .enable_all()
            .build()
            .map_err(RelayError::Stopped)?;
        runtime.block_on(self.serve())?;
        Ok((String::new(), Outcome::Healthy))
    }

    async fn serve(self) -> Result<(), RelayError> {
        let to = Origin::parse(&self.to).map_err(RelayError::To)?;
        if to.is_secure() {
            return Err(RelayError::Https(to));
        }
        if !self.listen.ip().is_loopback() && !self.expose {
            return Err(RelayError::Exposed(self.listen));
        }
        let rules = Rules::new(self.listen.ip(), &self.allow_origin).map_err(RelayError::AllowOrigin)?;
        let listening = |source| RelayError::Listen { address: self.listen, source };
        let listener = TcpListener::bind(self.listen).await.map_err(listening)?;
        let address = listener.local_addr()?;
        let readers = self.allow_origin.join(" and ");
        let mut url = address;
        let mut warning = "";
        if !address.ip().is_loopback() {
            warning = " Everybody who reaches this machine can read it!";
        }
        if address.ip().is_unspecified() {
            url.set_ip(if address.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        writeln!(
            io::stdout(),
            "Relaying http://{address} to {to} for {readers}: type http://{url}/ring into the page (Ctrl-C stops it).{warning}"
        )?;
        let upstream = Upstream::new(&to, self.timeout);
        let shared = Shared { rules, upstream };
        Ok(axum::serve(listener, Router::new().fallback(answer).with_state(Arc::new(shared))).await?)
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let ask = Ask { method: request.method(), uri: request.uri(), headers: request.headers() };
    let decision = shared.rules.decide(&ask);
    let mut response = match decision.step {
        Step::Refuse(status, why) => say(status, why),
        Step::Preflight => preflight(&ask),
        Step::Pass => pass(&shared.upstream, &ask).await,
    };
    let status = response.status();
    let headers = response.headers_mut();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("GET, OPTIONS"));
    }
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = decision.allow_origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// What a browser asks before it sends a password or a tenant, or anything at all to this machine.
fn preflight(ask: &Ask<'_>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(MAX_AGE_SECONDS));
    if ask.headers.contains_key("access-control-request-private-network") {
        let name = HeaderName::from_static("access-control-allow-private-network");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    response
}

async fn pass(upstream: &Upstream, ask: &Ask<'_>) -> Response {
    let target = ask.uri.path_and_query().map_or("/", |target| target.as_str()).to_owned();
    let (upstream, headers) = (upstream.clone(), upstream::passed(ask.headers));
    let asked = tokio::task::spawn_blocking(move || upstream.get(&target, &headers)).await;
    match asked {
        Ok(Ok(answer)) => {
            let mut response = Response::new(Body::from(answer.body));
            *response.status_mut() = answer.status;
            if let Some(content_type) = answer.content_type {
                response.headers_mut().insert(header::CONTENT_TYPE, content_type);
            }
            response
        }
        Ok(Err(failure)) => say(failure.status(), failure.to_string()),
        Err(error) => say(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

/// The relay's own words, told from Loki's by their start.
fn say(status: StatusCode, why: String) -> Response {
    let mut response = Response::new(Body::from(format!("ringside relay: {why}\n")));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
