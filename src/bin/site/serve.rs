//! A server for this machine: the right types, the compressed copies, and caching by name.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

/// Why the page could not be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("there is no page in {}: build it first: `make page`", .0.display())]
    NoPage(PathBuf),
    #[error("port {0} is taken: stop what listens there, or choose another: `make serve PORT=8081`")]
    PortTaken(u16),
    #[error("cannot listen on port {port}: {source}")]
    Listen { port: u16, source: io::Error },
    #[error("the server stopped: {0}")]
    Stopped(#[from] io::Error),
}

/// Serves `dist` on the loopback address until the process ends; the first line written is the address.
#[tokio::main]
pub(crate) async fn serve(dist: &Path, port: u16) -> Result<(), ServeError> {
    if !dist.join("index.html").is_file() {
        return Err(ServeError::NoPage(dist.to_owned()));
    }
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::PortTaken(port),
            _ => ServeError::Listen { port, source },
        })?;
    writeln!(io::stdout(), "Ringside is at http://{}/ (Ctrl-C stops it)", listener.local_addr()?)?;
    Ok(axum::serve(listener, router(dist)).await?)
}

fn router(dist: &Path) -> Router {
    Router::new()
        .fallback_service(ServeDir::new(dist).precompressed_br().precompressed_gzip())
        .layer(middleware::from_fn(cache_by_name))
}

/// A hashed name never changes its content, so it may be kept; anything else is asked for again.
async fn cache_by_name(request: Request, next: Next) -> Response {
    let kept = is_hashed(request.uri().path());
    let mut response = next.run(request).await;
    let control = if kept && !response.status().is_client_error() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(control));
    response
}

/// Whether Trunk put a hash of the content into the name: `main-c8d2a5bb4b96984d.css`.
fn is_hashed(path: &str) -> bool {
    let stem = path.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or_default();
    let stem = stem.strip_suffix("_bg").unwrap_or(stem);
    stem.rsplit_once('-').is_some_and(|(_, hash)| {
        (12..=16).contains(&hash.len()) && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_a_hash_are_kept_forever() {
        for path in ["/main-c8d2a5bb4b96984d.css", "/a/ringside-web-945cee89396f8a4e_bg.wasm"] {
            assert!(is_hashed(path), "{path}");
        }
        for path in ["/", "/index.html", "/samples/three-healthy.json", "/icon-192.svg", "/ringside-web.js"] {
            assert!(!is_hashed(path), "{path}");
        }
    }
}
