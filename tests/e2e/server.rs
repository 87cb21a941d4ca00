//! Servers for the browser: the built page, and whatever a real cluster or a foreign host might answer.

use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use axum::Router;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::routing;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// The built page, served by the project's own server, until dropped.
pub(crate) struct Site {
    process: Child,
    /// Ends with a slash.
    pub(crate) address: String,
}

impl Site {
    /// Starts the server on a free port.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ringside-site"))
            .arg("serve")
            .arg(dist())
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let mut output = BufReader::new(process.stdout.take().expect("the output is piped"));
        output.read_line(&mut line).expect("the server says its address");
        let address = line.split_whitespace().find(|word| word.starts_with("http://"));
        let address =
            address.unwrap_or_else(|| panic!("no page is served from {}", dist().display())).to_owned();
        Self { process, address }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One canned answer of a foreign host.
pub(crate) struct Reply {
    pub(crate) path: &'static str,
    pub(crate) content_type: &'static str,
    pub(crate) body: String,
    /// Whether pages of any origin may read it.
    pub(crate) cors: bool,
}

/// Gives each reply at its path, on a free port, until the tests end; the address ends without a slash.
pub(crate) fn host(replies: Vec<Reply>) -> String {
    let router = replies.into_iter().fold(Router::new(), |router, reply| {
        let mut headers =
            HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(reply.content_type))]);
        if reply.cors {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        router.route(reply.path, routing::get(|| async { (headers, reply.body) }))
    });
    listen(router)
}

/// The built page below a path of a plain static host.
pub(crate) fn static_host(path: &str) -> String {
    format!("{}{path}/", listen(Router::new().nest_service(path, ServeDir::new(dist()))))
}

fn dist() -> PathBuf {
    std::env::var_os("RINGSIDE_DIST")
        .map_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/dist").into(), PathBuf::from)
}

/// Serves a router on a free port until the tests end; the address ends without a slash.
pub(crate) fn listen(router: Router) -> String {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime starts");
        runtime.block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
            sender.send(listener.local_addr().expect("a listener has an address")).expect("the test waits");
            axum::serve(listener, router).await.expect("the server goes on");
        });
    });
    format!("http://{}", receiver.recv().expect("the server starts"))
}
