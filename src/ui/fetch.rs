//! Fetches a ring page once, and says in one message why that did not work.

use gloo_net::http::Request;

use crate::live::ring_page::MAX_PAGE_BYTES;
use crate::view::{endpoint, text};

use super::session::Problem;

const TIMEOUT_MILLIS: u32 = 15_000;

/// The body that the address answers with.
pub(super) async fn ring_page(address: &str) -> Result<String, Problem> {
    let signal = web_sys::AbortSignal::timeout_with_u32(TIMEOUT_MILLIS);
    let request = Request::get(address).header("Accept", "application/json").abort_signal(Some(&signal));
    let response = request.send().await.map_err(|_| unreachable(address))?;
    if !response.ok() {
        return Err(refused(address, response.status(), &response.status_text()));
    }
    let length = response.headers().get("content-length").and_then(|length| length.parse::<usize>().ok());
    if let Some(length) = length.filter(|&length| length > MAX_PAGE_BYTES) {
        let what = format!("{address} answers with {}: no ring page is that large.", text::bytes(length));
        return Err(Problem { what, help: None });
    }
    response.text().await.map_err(|error| Problem {
        what: format!("{address} broke off while answering: {error}."),
        help: Some(endpoint::curl(address)),
    })
}

fn unreachable(address: &str) -> Problem {
    let secure = super::browser::window().and_then(|window| window.location().protocol().ok());
    let mixed = secure.as_deref() == Some("https:") && address.starts_with("http:");
    let why = match mixed {
        true => "this page came over https, and browsers refuse to fetch plain http from such a page",
        false => {
            "either nothing answers there, or the answer may not be read from here: Loki sends no CORS header, so a \
             browser hides its pages from any other site"
        }
    };
    Problem {
        what: format!(
            "{address} could not be read: {why}. Run this where Loki can be reached and paste what it prints:"
        ),
        help: Some(endpoint::curl(address)),
    }
}

fn refused(address: &str, status: u16, status_text: &str) -> Problem {
    let advice = match status {
        404 => "there is no ring page at this path: distributors, ingesters, queriers and rulers serve /ring",
        401 | 403 => "it wants a login, which this page does not send",
        405 => "a ring page answers GET only; something else seems to serve this path",
        500.. => "the server failed",
        _ => "this is no ring page",
    };
    Problem {
        what: format!("{address} answered {status} {status_text}: {advice}."),
        help: Some(endpoint::curl(address)),
    }
}
