//! A process of a cluster on loopback, as far as a browser can tell: its ring, whom it lets read it, and every way
//! in which that can fail. It keeps a list of what it was asked.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, AUTHORIZATION, CONTENT_TYPE,
};
use axum::http::{Method, Request, Response, StatusCode};
use http_body::Frame;

use crate::inspector::captured;
use crate::server::listen;

/// What the ring page answers.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// This text, as JSON.
    Json(String),
    /// A status with a text.
    Status(u16),
    /// The page for people.
    Html,
    /// Fewer bytes than were promised.
    BreaksOff(String),
    /// More than any ring page has.
    TooLarge,
    /// Nothing, ever.
    Never,
}

/// Who may read it.
#[derive(Clone, Debug)]
pub(crate) enum Readers {
    /// What Loki does: no header at all, and 405 for OPTIONS.
    Nobody,
    /// Pages of this origin, without headers of their own.
    Origin(String),
    /// Pages of this origin, which may send a password and a tenant.
    OriginWithHeaders(String),
}

struct Behaviour {
    ring: Answer,
    memberlist: Option<String>,
    metrics: Option<String>,
    readers: Readers,
    password: Option<String>,
}

pub(crate) struct Pod {
    /// Without a slash at the end.
    pub(crate) address: String,
    behaviour: Arc<Mutex<Behaviour>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Pod {
    /// Starts with a ring that pages of `reader` may read.
    pub(crate) fn start(ring: &str, reader: &str) -> Self {
        let behaviour = Arc::new(Mutex::new(Behaviour {
            ring: Answer::Json(ring.to_owned()),
            memberlist: None,
            metrics: None,
            readers: Readers::Origin(reader.trim_end_matches('/').to_owned()),
            password: None,
        }));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (shared, list) = (Arc::clone(&behaviour), Arc::clone(&asked));
        let router = Router::new().fallback(move |request: Request<Body>| {
            list.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
            let (response, never) = answer(&shared.lock().unwrap(), &request);
            async move {
                if never {
                    tokio::time::sleep(Duration::from_secs(3600)).await;
                }
                response
            }
        });
        Self { address: listen(router), behaviour, asked }
    }

    /// The address of its ring page.
    pub(crate) fn ring_page(&self) -> String {
        format!("{}/ring", self.address)
    }

    pub(crate) fn answers(&self, ring: Answer) {
        self.behaviour.lock().unwrap().ring = ring;
    }

    pub(crate) fn shows(&self, ring: &str) {
        self.answers(Answer::Json(ring.to_owned()));
    }

    pub(crate) fn is_read_by(&self, readers: Readers) {
        self.behaviour.lock().unwrap().readers = readers;
    }

    pub(crate) fn wants_password(&self, authorization: &str) {
        self.behaviour.lock().unwrap().password = Some(authorization.to_owned());
    }

    pub(crate) fn has_pages_beside(&self, memberlist: &str, metrics: &str) {
        let mut behaviour = self.behaviour.lock().unwrap();
        (behaviour.memberlist, behaviour.metrics) = (Some(memberlist.to_owned()), Some(metrics.to_owned()));
    }

    /// What it was asked since the last look.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

/// The answer, and whether it never comes.
fn answer(behaviour: &Behaviour, request: &Request<Body>) -> (Response<Body>, bool) {
    let mut builder = Response::builder();
    let reader = match &behaviour.readers {
        Readers::Nobody => None,
        Readers::Origin(origin) | Readers::OriginWithHeaders(origin) => Some(origin),
    };
    if let Some(origin) = reader {
        builder = builder.header(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if request.method() == Method::OPTIONS {
        let consents = matches!(behaviour.readers, Readers::OriginWithHeaders(_));
        let builder = match consents {
            true => builder.status(204).header(ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, X-Scope-OrgID"),
            false => builder.status(405),
        };
        return (builder.body(Body::empty()).unwrap(), false);
    }
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if behaviour.password.is_some() && behaviour.password.as_deref() != given {
        return (builder.status(401).body(Body::from("who are you?")).unwrap(), false);
    }
    let beside = match request.uri().path() {
        "/memberlist" => Some(&behaviour.memberlist),
        "/metrics" => Some(&behaviour.metrics),
        path if path.ends_with("/ring") => None,
        _ => Some(&None),
    };
    let ring = match beside {
        Some(Some(page)) => Answer::Json(page.clone()),
        Some(None) => Answer::Status(404),
        None => behaviour.ring.clone(),
    };
    let never = matches!(ring, Answer::Never);
    let response = match ring {
        Answer::Json(text) => builder.header(CONTENT_TYPE, "application/json").body(Body::from(text)),
        Answer::Status(status) => {
            builder.status(StatusCode::from_u16(status).unwrap()).body(Body::from("404 page not found"))
        }
        Answer::Html => {
            builder.header(CONTENT_TYPE, "text/html").body(Body::from("<!DOCTYPE html><html></html>"))
        }
        Answer::BreaksOff(text) => {
            builder.header(CONTENT_TYPE, "application/json").body(Body::new(Broken::after(text)))
        }
        Answer::TooLarge => builder.body(Body::from(vec![b' '; 33 << 20])),
        Answer::Never => builder.body(Body::empty()),
    };
    (response.unwrap(), never)
}

/// A body that ends with an error, some time after its first part.
struct Broken(Option<Bytes>, Pin<Box<tokio::time::Sleep>>);

impl Broken {
    fn after(part: String) -> Self {
        Self(Some(part.into()), Box::pin(tokio::time::sleep(Duration::from_millis(300))))
    }
}

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(part) = self.0.take() {
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        self.1.as_mut().poll(context).map(|()| Some(Err(std::io::ErrorKind::ConnectionReset.into())))
    }
}

/// The body of a captured page.
pub(crate) fn page(name: &str) -> String {
    let saved = captured(name);
    saved[saved.find('{').unwrap()..].to_owned()
}
