//! The origin of a web page: scheme, host and port, as a browser writes it into `Origin`.
//!
//! Parsing is strict on purpose: an origin goes into configurations of servers, so what comes out
//! consists of letters, digits, dots, hyphens, underscores, colons, slashes and the brackets of an
//! IPv6 address, and nothing else.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest host name of DNS, in bytes.
const MAX_HOST_BYTES: usize = 253;

/// `scheme://host[:port]`, in lower case, without the scheme's own port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    secure: bool,
    host: String,
    port: Option<u16>,
}

/// Why a text is no origin. What it quotes is cut and escaped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Nothing.
    #[error("type an origin, such as https://docs.example")]
    Empty,
    /// Something else than HTTP in front, or nothing.
    #[error("an origin starts with http:// or https://, this one with {0:?}")]
    Scheme(String),
    /// A path, a query or whatever else.
    #[error("an origin ends after its host and port: leave out {0:?}")]
    Tail(String),
    /// A name and a password.
    #[error("an origin has no user in front of its host: leave out all that stands before the @")]
    User,
    /// Not a name, an IPv4 or a bracketed IPv6 address.
    #[error("{0:?} is no host: letters, digits, dots and hyphens, or an IP address, IPv6 in brackets")]
    Host(String),
    /// Not 1 to 65535.
    #[error("{0:?} is no port: 1 to 65535")]
    Port(String),
}

impl Origin {
    /// Reads an origin as a browser would write it; letters may be large, the default port may be there.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.is_empty() {
            return Err(OriginError::Empty);
        }
        let (scheme, rest) = text.split_once("://").ok_or_else(|| OriginError::Scheme(cut(text)))?;
        let secure = match &*scheme.to_ascii_lowercase() {
            "http" => false,
            "https" => true,
            _ => return Err(OriginError::Scheme(cut(scheme))),
        };
        if let Some(end) = rest.find(['/', '?', '#', '\\']) {
            return Err(OriginError::Tail(cut(&rest[end..])));
        }
        if rest.contains('@') {
            return Err(OriginError::User);
        }
        // The colons of an IPv6 address stand before its bracket.
        let ends = rest.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match rest[ends..].find(':') {
            Some(colon) => (&rest[..ends + colon], Some(&rest[ends + colon + 1..])),
            None => (rest, None),
        };
        let host = parse_host(host).ok_or_else(|| OriginError::Host(cut(host)))?;
        let port =
            port.map(|port| parse_port(port).ok_or_else(|| OriginError::Port(cut(port)))).transpose()?;
        let own = if secure { 443 } else { 80 };
        Ok(Self { secure, host, port: port.filter(|&port| port != own) })
    }

    /// Whether the scheme is https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The name or address; an IPv6 address stands in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, the scheme's own if none is written.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl std::str::FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::parse(text)
    }
}

fn parse_host(host: &str) -> Option<String> {
    if let Some(address) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().ok().map(|address| format!("[{address}]"));
    }
    let is_label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        plain && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.len() > MAX_HOST_BYTES || !host.split('.').all(is_label) {
        return None;
    }
    // A browser takes a host that ends in a number for an IPv4 address, in whatever notation.
    let last = host.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    if last.starts_with("0x") || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return host.parse::<Ipv4Addr>().ok().map(|address| address.to_string());
    }
    Some(host.to_ascii_lowercase())
}

fn parse_port(port: &str) -> Option<u16> {
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| port.parse().ok()).flatten().filter(|&port| port > 0)
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_a_browser_writes_it() {
        for (text, origin) in [
            ("https://docs.example", "https://docs.example"),
            ("HTTPS://Docs.Example:443", "https://docs.example"),
            ("http://docs.example:80", "http://docs.example"),
            ("http://docs.example:443", "http://docs.example:443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[0:0::1]:3101", "http://[::1]:3101"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("https://loki_gateway.svc.cluster.local", "https://loki_gateway.svc.cluster.local"),
        ] {
            let parsed = Origin::parse(text).unwrap();
            assert_eq!(parsed.to_string(), origin);
            assert_eq!(Origin::parse(origin), Ok(parsed), "what is written is read back as the same");
        }
        assert_eq!(Origin::parse("https://a").unwrap().port(), 443);
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        use OriginError::{Empty, Host, Port, Scheme, Tail, User};
        let text = |text: &str| text.to_owned();
        for (typed, error) in [
            ("", Empty),
            ("*", Scheme(text("*"))),
            ("null", Scheme(text("null"))),
            ("docs.example", Scheme(text("docs.example"))),
            ("ftp://docs.example", Scheme(text("ftp"))),
            ("https://docs.example/", Tail(text("/"))),
            ("https://docs.example/ringside/", Tail(text("/ringside/"))),
            ("https://docs.example?a", Tail(text("?a"))),
            ("https://docs.example\\@evil.example", Tail(text("\\@evil.example"))),
            ("https://docs.example@evil.example", User),
            ("https://", Host(text(""))),
            ("https://docs..example", Host(text("docs..example"))),
            ("https://-docs.example", Host(text("-docs.example"))),
            ("https://*.example", Host(text("*.example"))),
            ("https://b\u{fc}cher.example", Host(text("b\u{fc}cher.example"))),
            ("https://127.1", Host(text("127.1"))),
            ("https://0x7f000001", Host(text("0x7f000001"))),
            ("https://::1", Host(text(""))),
            ("https://[::1", Host(text("["))),
            ("https://a:", Port(text(""))),
            ("https://a:0", Port(text("0"))),
            ("https://a:65536", Port(text("65536"))),
            ("https://a:+80", Port(text("+80"))),
        ] {
            assert_eq!(Origin::parse(typed), Err(error), "{typed}");
        }
    }

    #[test]
    fn nothing_that_a_configuration_gives_a_meaning_to_gets_through() {
        for sign in "\"'`;{}()$\\ \t\n\r\0#%&*+,<>=!|^~".chars() {
            for typed in [
                format!("https://a{sign}.example"),
                format!("https://a.example{sign}"),
                format!("{sign}https://a"),
            ] {
                assert!(Origin::parse(&typed).is_err(), "{typed:?}");
            }
        }
    }
}
