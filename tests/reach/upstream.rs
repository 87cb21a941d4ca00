//! Something like a Loki, which remembers what it was asked; and a client that sends just what it is told.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ringside::live::ring_page::MAX_PAGE_BYTES;
use tokio::net::TcpListener;

/// What a ring page answers.
pub(crate) const RING: &str = "{\"shards\":null,\"now\":\"2026-08-22T10:11:12Z\"}";

/// A running upstream.
pub(crate) struct Upstream {
    /// `http://127.0.0.1:PORT`.
    pub(crate) origin: String,
    /// Method, path with query, and headers of each request, as one text.
    asked: Arc<Mutex<Vec<String>>>,
}

/// An answer, as it came.
pub(crate) struct Reply {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Upstream {
    /// Starts one on a free port; it answers by the path or, where that must be a ring page's, by the tenant.
    pub(crate) fn start() -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (sender, receiver) = mpsc::channel();
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                sender.send(listener.local_addr().unwrap()).unwrap();
                let router = Router::new().fallback(move |request: Request| {
                    log.lock().unwrap().push(told(&request));
                    answer(request)
                });
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { origin: format!("http://{}", receiver.recv().unwrap()), asked }
    }

    /// What was asked until now.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn told(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
    }
    text
}

async fn answer(request: Request) -> Response {
    let (status, body) = match request.headers().get("x-scope-orgid").map(HeaderValue::as_bytes) {
        Some(b"missing") => (404, "value not found".to_owned()),
        Some(b"broken") => (500, "too many unhealthy instances in the ring".to_owned()),
        Some(b"elsewhere") => (302, String::new()),
        Some(b"large") => (200, " ".repeat(MAX_PAGE_BYTES + 1)),
        Some(b"silent") => std::future::pending().await,
        _ => (200, RING.to_owned()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::SET_COOKIE, HeaderValue::from_static("session=1"));
    headers.insert(header::SERVER, HeaderValue::from_static("upstream"));
    if status == 302 {
        headers.insert(header::LOCATION, HeaderValue::from_static("https://login.example/"));
    }
    response
}

/// Sends one request of HTTP/1.1 with exactly these headers and `Connection: close`, and reads to the end.
pub(crate) fn ask(address: &str, line: &str, headers: &[(&str, &str)]) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    let mut text = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{line}: {reply:?}"));
    Reply { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: body.to_owned() }
}

impl Reply {
    /// A header's value; panics if it is there twice, which a browser would not accept.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut values = lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value);
        let value = values.next();
        assert!(values.next().is_none(), "{name} twice: {}", self.head);
        value
    }

    /// The names of all headers, sorted.
    pub(crate) fn headers(&self) -> Vec<String> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let mut names = Vec::from_iter(lines.map(|(name, _)| name.to_ascii_lowercase()));
        names.sort();
        names
    }

    /// Who may read it.
    pub(crate) fn reader(&self) -> Option<&str> {
        self.header("access-control-allow-origin")
    }
}
