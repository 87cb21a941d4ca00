//! Why a request from a page brought no ring, told from what little a browser says about it.
//!
//! A browser gives a script one error for everything between "nothing listens there" and "the answer
//! came, but you may not read it". What tells them apart is asking again in other ways: without wanting
//! to read the answer (`no-cors`), and without the headers that need the server's consent first.

use std::time::Duration;

use super::ring_page::{MAX_PAGE_BYTES, PageError};

/// What asking again showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Probes {
    /// Something answered a request whose answer nobody wanted to read; `None` if that was not tried.
    pub answers_unread: Option<bool>,
    /// The page could be read without the headers that need consent; `None` if that was not tried.
    pub answers_without_headers: Option<bool>,
    /// What the browser says of requests into local networks.
    pub local_network: Permission,
}

/// What a browser says of a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permission {
    /// It has no such permission, or does not tell.
    #[default]
    Unknown,
    /// The reader has not been asked, or not answered.
    Prompt,
    /// It is given.
    Granted,
    /// It is denied.
    Denied,
}

/// The request and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// What was asked.
    pub address: String,
    /// The page's own origin.
    pub page_origin: String,
    /// Whether it carried a header that a server must consent to: `Authorization`, `X-Scope-OrgID`.
    pub needs_consent: bool,
}

/// Why there is no ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Nothing answers.
    Unreachable,
    /// It answers, and does not let this page read.
    CorsMissing,
    /// It lets this page read, and does not consent to the headers.
    PreflightRefused,
    /// The page is secure and the address is not.
    MixedContent,
    /// The browser keeps pages of the internet out of local networks.
    LocalNetwork,
    /// 401 or 403.
    Login(u16),
    /// 404: the path is none of that process's.
    NotFound,
    /// 5xx.
    Server(u16),
    /// Any other status.
    Status(u16),
    /// An answer that is no ring.
    Page(PageError),
    /// More than a ring page may have.
    TooLarge,
    /// No answer in time.
    Slow(Duration),
    /// The connection broke within the answer.
    BrokeOff,
}

impl Failure {
    /// The failure of a request that a browser only calls failed.
    pub fn of_network_error(asked: &Asked, probes: Probes) -> Self {
        let is_local = is_local_address(&asked.address);
        if is_mixed(asked) {
            return Self::MixedContent;
        }
        match (probes.answers_unread, probes.answers_without_headers) {
            (_, Some(true)) => Self::PreflightRefused,
            (Some(true), _) => Self::CorsMissing,
            _ if is_local && probes.local_network == Permission::Denied => Self::LocalNetwork,
            _ => Self::Unreachable,
        }
    }

    /// The failure of an answer with this status; `None` for 200.
    pub fn of_status(status: u16) -> Option<Self> {
        match status {
            200 => None,
            401 | 403 => Some(Self::Login(status)),
            404 => Some(Self::NotFound),
            500..=599 => Some(Self::Server(status)),
            _ => Some(Self::Status(status)),
        }
    }

    /// A word for the list of sources and for tests.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::CorsMissing => "cors",
            Self::PreflightRefused => "preflight",
            Self::MixedContent => "mixed-content",
            Self::LocalNetwork => "local-network",
            Self::Login(_) => "login",
            Self::NotFound => "not-found",
            Self::Server(_) => "server-error",
            Self::Status(_) => "status",
            Self::Page(PageError::Html) => "html",
            Self::Page(PageError::Truncated { .. }) => "truncated",
            Self::Page(PageError::TooLarge { .. }) | Self::TooLarge => "too-large",
            Self::Page(_) => "no-ring",
            Self::Slow(_) => "slow",
            Self::BrokeOff => "broke-off",
        }
    }

    /// What happened, in one sentence.
    pub fn what(&self) -> String {
        match self {
            Self::Unreachable => "Nothing answers at this address.".to_owned(),
            Self::CorsMissing => "The server answers, but does not let this page read the answer.".to_owned(),
            Self::PreflightRefused => {
                "The server lets this page read, but does not accept the headers sent along.".to_owned()
            }
            Self::MixedContent => {
                "This page came over https, and the browser refuses to ask a plain http address from it."
                    .to_owned()
            }
            Self::LocalNetwork => "The browser does not let this page into your local network.".to_owned(),
            Self::Login(status) => format!("The server wants a login ({status})."),
            Self::NotFound => "There is no ring page at this path (404).".to_owned(),
            Self::Server(status @ 502..=504) => {
                format!("A proxy answered {status}: it could not reach Loki.")
            }
            Self::Server(status) => format!("The server failed ({status})."),
            Self::Status(status) => format!("The server answered {status} instead of a ring."),
            Self::Page(PageError::Html) => "An HTML page came instead of JSON.".to_owned(),
            Self::Page(PageError::Truncated { line, column }) => {
                format!("The answer breaks off at line {line}, column {column}.")
            }
            Self::Page(error) => sentence(&error.to_string()),
            Self::TooLarge => {
                format!("The answer is larger than {} MiB: no ring page is.", MAX_PAGE_BYTES >> 20)
            }
            Self::Slow(after) => format!("No answer within {} s.", after.as_secs()),
            Self::BrokeOff => "The connection broke off within the answer.".to_owned(),
        }
    }

    /// Why that is so, and what to look at.
    pub fn why(&self, asked: &Asked) -> String {
        let local = is_local_address(&asked.address);
        match self {
            Self::Unreachable if local => {
                "Nothing listens there, a firewall is in between, or the browser keeps this page out of local \
                 networks: the address is a private one. From a terminal of this very machine, does curl get an answer?"
                    .to_owned()
            }
            Self::Unreachable => {
                "The name does not resolve, nothing listens there, a firewall is in between, or its certificate is \
                 not trusted. From a terminal of this very machine, does curl get an answer? A cluster's own names \
                 resolve inside the cluster only."
                    .to_owned()
            }
            Self::CorsMissing => {
                "Loki sends no CORS header on any page, so a browser shows its pages to no other site. That is no \
                 fault of the cluster's, and curl is not affected."
                    .to_owned()
            }
            Self::PreflightRefused => {
                "Before it sends Authorization or X-Scope-OrgID, a browser asks with an OPTIONS request, and Loki \
                 answers that with 405. A ring page needs neither header: leave them out, unless a gateway in front \
                 wants them; then it has to answer OPTIONS, too."
                    .to_owned()
            }
            Self::MixedContent => {
                "Serve this page over http, too, or reach the cluster over https. Addresses of this machine \
                 (127.0.0.1, localhost) are exempt in most browsers."
                    .to_owned()
            }
            Self::LocalNetwork => {
                "Browsers ask before a page of the internet may reach private addresses. Allow it in the site's \
                 settings (\u{201c}local network access\u{201d}), or host this page inside the network."
                    .to_owned()
            }
            Self::Login(_) => {
                "A gateway or proxy in front of Loki asks for a user or a token. Enter it under \u{201c}Name and headers\u{201d}: \
                 it stays in this page's memory. Loki itself never asks for one on a ring page."
                    .to_owned()
            }
            Self::NotFound => {
                "Each process serves the pages of its own rings only, and a gateway passes on some paths only. A \
                 query-frontend has no ring page at all."
                    .to_owned()
            }
            Self::Server(502..=504) => {
                "The pod is down, not ready, or not behind the service that the proxy asks."
                    .to_owned()
            }
            Self::Server(_) => "The process could not read its ring, or something in front of it failed. Its log says why.".to_owned(),
            Self::Status(_) => "Something else than a ring page is served at this address.".to_owned(),
            Self::Page(PageError::Html) => {
                "This is the page for people, or a login form. Loki answers JSON when the request accepts it, so \
                 something on the way drops the Accept header, or answers by itself."
                    .to_owned()
            }
            Self::Page(PageError::Truncated { .. }) | Self::BrokeOff => {
                "A proxy's limit or time-out, a pod that was stopped while it answered, or a broken connection. The \
                 next request tells whether it lasts."
                    .to_owned()
            }
            Self::Page(_) => "Something else than a ring page is served at this address.".to_owned(),
            Self::TooLarge => "Is this the address of a ring page?".to_owned(),
            Self::Slow(_) => {
                "The process is overloaded or stuck, the network drops packets, or a proxy waits for a pod that is \
                 gone. Several such answers in a row mean that somebody should look at that pod."
                    .to_owned()
            }
        }
    }

    /// Whether the ways round missing CORS headers help.
    pub const fn wants_cors(&self) -> bool {
        matches!(self, Self::CorsMissing | Self::PreflightRefused | Self::MixedContent | Self::LocalNetwork)
    }

    /// Whether the list of ring pages helps.
    pub const fn wants_paths(&self) -> bool {
        matches!(self, Self::NotFound | Self::Status(_) | Self::Page(_))
    }
}

/// An error's text as a sentence of its own.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().collect::<String>());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn is_mixed(asked: &Asked) -> bool {
    let host = host_of(&asked.address);
    let is_own = host == "localhost" || host.starts_with("127.") || host == "[::1]";
    asked.page_origin.starts_with("https:") && asked.address.starts_with("http:") && !is_own
}

/// The host of an address, with the brackets of an IPv6 one and without its port.
pub(super) fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.find(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether an address is one of this machine or of a private network, as far as its text tells.
pub fn is_local_address(address: &str) -> bool {
    let host = host_of(address);
    let bare = host.trim_matches(['[', ']']);
    match bare.parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => {
            let first = ip.segments()[0];
            ip.is_loopback() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
        Err(_) => host == "localhost" || host.ends_with(".localhost") || host.ends_with(".local"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(address: &str, page_origin: &str, needs_consent: bool) -> Asked {
        Asked { address: address.into(), page_origin: page_origin.into(), needs_consent }
    }

    fn key(asked: &Asked, unread: Option<bool>, without_headers: Option<bool>) -> &'static str {
        let probes =
            Probes { answers_unread: unread, answers_without_headers: without_headers, ..Probes::default() };
        Failure::of_network_error(asked, probes).key()
    }

    #[test]
    fn asking_again_tells_a_silent_server_from_one_that_may_not_be_read() {
        let plain = asked("http://10.0.0.1:3100/ring", "http://docs", false);
        assert_eq!(key(&plain, Some(false), None), "unreachable");
        assert_eq!(key(&plain, Some(true), None), "cors");
        let with_headers = Asked { needs_consent: true, ..plain };
        assert_eq!(key(&with_headers, Some(true), Some(false)), "cors");
        assert_eq!(key(&with_headers, Some(true), Some(true)), "preflight");
    }

    #[test]
    fn a_secure_page_may_not_ask_a_plain_address_but_its_own_machine() {
        assert_eq!(key(&asked("http://loki:3100/ring", "https://docs", false), None, None), "mixed-content");
        for own in ["http://127.0.0.1:3100/ring", "http://localhost/ring", "http://[::1]:3100/ring"] {
            assert_eq!(key(&asked(own, "https://docs", false), Some(false), None), "unreachable", "{own}");
        }
        assert_eq!(
            key(&asked("http://loki:3100/ring", "http://docs", false), Some(false), None),
            "unreachable"
        );
    }

    #[test]
    fn local_networks_are_named_only_where_the_browser_says_that_it_denies_them() {
        let denied =
            Probes { answers_unread: Some(false), local_network: Permission::Denied, ..Probes::default() };
        let local = asked("http://10.1.2.3/ring", "http://docs", false);
        assert_eq!(Failure::of_network_error(&local, denied), Failure::LocalNetwork);
        let public = asked("http://loki.example/ring", "http://docs", false);
        assert_eq!(Failure::of_network_error(&public, denied), Failure::Unreachable);
    }

    #[test]
    fn local_addresses_are_known_by_their_text() {
        for local in [
            "http://10.0.0.1/",
            "192.168.1.1:80",
            "http://u@172.20.0.1/x",
            "http://[fd00::1]:3100/",
            "http://a.local",
        ] {
            assert!(is_local_address(local), "{local}");
        }
        for public in [
            "http://11.0.0.1/",
            "https://loki.example/10.0.0.1",
            "http://[2001:db8::1]/",
            "http://172.32.0.1",
        ] {
            assert!(!is_local_address(public), "{public}");
        }
    }

    #[test]
    fn every_status_but_200_is_a_failure() {
        assert_eq!(Failure::of_status(200), None);
        let keys = [401, 403, 404, 405, 500, 503].map(|status| Failure::of_status(status).unwrap().key());
        assert_eq!(keys, ["login", "login", "not-found", "status", "server-error", "server-error"]);
    }

    #[test]
    fn every_failure_says_what_and_why() {
        let asked = asked("http://loki/ring", "http://docs", false);
        for failure in [
            Failure::Unreachable,
            Failure::Login(401),
            Failure::Page(PageError::Html),
            Failure::Slow(Duration::from_secs(15)),
            Failure::Server(503),
        ] {
            let what = failure.what();
            assert!(what.ends_with('.') && what.starts_with(char::is_uppercase), "{what}");
            assert!(failure.why(&asked).len() > 40);
        }
    }
}
