//! One GET to Loki: bounded in time and size, following nothing, and telling in words what went wrong.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use ringside::live::origin::Origin;
use ringside::live::ring_page::MAX_PAGE_BYTES;
use ureq::{Agent, Error};

/// A Loki process.
#[derive(Clone)]
pub(super) struct Upstream {
    agent: Agent,
    base: String,
    timeout: Duration,
}

/// What is kept of an answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) content_type: Option<HeaderValue>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer to pass on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{base} did not answer within {timeout:?}: is it the right pod, and is the tunnel still up?")]
    Late { base: String, timeout: Duration },
    #[error("{base} cannot be reached: {error}; is it running, and is the tunnel still up?")]
    Gone { base: String, error: Box<Error> },
    #[error("{base} answers with more than {MAX_PAGE_BYTES} bytes: no page of Loki is that large")]
    TooLarge { base: String },
    #[error(
        "{base} answers {status}, a redirect, which the relay does not follow: something asks for a login before \
         Loki; go to the pod itself"
    )]
    Redirect { base: String, status: StatusCode },
}

impl Failure {
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Late { .. } => StatusCode::GATEWAY_TIMEOUT,
            _ => StatusCode::BAD_GATEWAY,
        }
    }
}

/// What Loki is told of a request's headers: how to answer, for which tenant, and who asks.
pub(super) fn passed(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let names = [header::ACCEPT, HeaderName::from_static("x-scope-orgid"), header::AUTHORIZATION];
    let values = names.into_iter().filter_map(|name| headers.get(&name).cloned().map(|value| (name, value)));
    values.collect()
}

impl Upstream {
    pub(super) fn new(base: &Origin, timeout: Duration) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy of the environment would be told the password.
            .proxy(None)
            // A kept connection may be one that the tunnel has lost.
            .max_idle_connections(0)
            .timeout_global(Some(timeout))
            .accept("*/*")
            .build();
        Self { agent: config.new_agent(), base: base.to_string(), timeout }
    }

    /// `target` starts with a slash.
    pub(super) fn get(&self, target: &str, headers: &[(HeaderName, HeaderValue)]) -> Result<Answer, Failure> {
        let mut request = self.agent.get(format!("{}{target}", self.base));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let response = request.call().map_err(|error| self.failure(error))?;
        let (head, mut body) = response.into_parts();
        if head.status.is_redirection() {
            return Err(Failure::Redirect { base: self.base.clone(), status: head.status });
        }
        let body = body.with_config().limit(MAX_PAGE_BYTES as u64).read_to_vec();
        Ok(Answer {
            status: head.status,
            content_type: head.headers.get(header::CONTENT_TYPE).cloned(),
            body: body.map_err(|error| self.failure(error))?,
        })
    }

    fn failure(&self, error: Error) -> Failure {
        let base = self.base.clone();
        match error {
            Error::Timeout(_) => Failure::Late { base, timeout: self.timeout },
            Error::BodyExceedsLimit(_) => Failure::TooLarge { base },
            error => Failure::Gone { base, error: Box::new(error) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_cookies_nor_the_pages_address_are_passed_on() {
        let mut headers = HeaderMap::new();
        for name in ["accept", "x-scope-orgid", "authorization", "cookie", "referer", "origin", "host"] {
            headers.insert(name, HeaderValue::from_static("a"));
        }
        let names = Vec::from_iter(passed(&headers).into_iter().map(|(name, _)| name.to_string()));
        assert_eq!(names, ["accept", "x-scope-orgid", "authorization"]);
    }
}
