//! The address of a ring page, from what people type, and the command that fetches it by hand.

use crate::live::paths::RING_PATHS;

/// The text is no address that a page can be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Nothing typed.
    #[error("type the address of a ring page, such as http://loki:3100/ring")]
    Empty,
    /// Something else than HTTP.
    #[error("{scheme}: is no scheme to fetch a ring with: use http or https")]
    Scheme {
        /// What stands before the colon.
        scheme: String,
    },
    /// White space or quotes within.
    #[error("{text:?} is no address: it has a space, a quote or a control character in it")]
    Malformed {
        /// The text, cut.
        text: String,
    },
}

/// Completes an address: `http://` when there is no scheme, `/ring` when there is no path. A path alone
/// is one of the server that this page comes from.
pub fn complete(typed: &str) -> Result<String, EndpointError> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(EndpointError::Empty);
    }
    if typed.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '<' | '>' | '`'))
    {
        return Err(EndpointError::Malformed { text: typed.chars().take(60).collect() });
    }
    if typed.starts_with('/') && !typed.starts_with("//") {
        return Ok(typed.to_owned());
    }
    let (scheme, rest) = match typed.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("http".to_owned(), typed.trim_start_matches('/')),
    };
    if !matches!(&*scheme, "http" | "https") {
        return Err(EndpointError::Scheme { scheme });
    }
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.is_empty() {
        return Err(EndpointError::Malformed { text: typed.chars().take(60).collect() });
    }
    let path = if matches!(path, "" | "/") { "/ring" } else { path };
    Ok(format!("{scheme}://{host}{path}"))
}

/// Another page of the process that serves the ring page at an address: `/memberlist` for
/// `http://gateway/loki/compactor/ring` is `http://gateway/loki/memberlist`.
pub fn sibling(address: &str, page: &str) -> String {
    let (origin, path) = split(address);
    let known = RING_PATHS.iter().filter_map(|known| path.strip_suffix(known.path));
    // The longest of the known paths leaves the shortest rest.
    let base = known.min_by_key(|base| base.len()).unwrap_or(path);
    format!("{origin}{base}{page}")
}

/// Scheme, host and port (nothing for a path alone), and the path behind them without its query.
pub fn split(address: &str) -> (&str, &str) {
    let host = address.find("://").map_or(0, |place| place + 3);
    let path = address[host..].find(['/', '?', '#']).map_or(address.len(), |place| host + place);
    let (origin, path) = address.split_at(path);
    (origin, path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/'))
}

/// Whether the ring page at an address is one whose readers need no majority: one healthy instance is
/// enough for compactors, schedulers, index gateways and rulers.
pub fn ignores_unhealthy(address: &str) -> bool {
    let (_, path) = split(address);
    ["compactor", "scheduler", "indexgateway", "ruler", "distributor"]
        .into_iter()
        .any(|component| path.ends_with(&format!("/{component}/ring")))
}

/// The command that fetches the same for pasting.
pub fn curl(address: &str) -> String {
    format!("curl -s -H 'Accept: application/json' '{address}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_becomes_an_address() {
        for (typed, address) in [
            ("loki:3100", "http://loki:3100/ring"),
            (" http://loki:3100/ ", "http://loki:3100/ring"),
            ("HTTPS://loki/compactor/ring", "https://loki/compactor/ring"),
            ("/ring", "/ring"),
            ("10.0.0.1:3100/ring?tokens=true", "http://10.0.0.1:3100/ring?tokens=true"),
        ] {
            assert_eq!(complete(typed).unwrap(), address);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for typed in
            ["", "  ", "ftp://loki/ring", "javascript://x", "http://", "loki ring", "a'b", "http:///ring"]
        {
            assert!(complete(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn the_other_pages_of_a_process_are_beside_its_ring() {
        for (ring, memberlist) in [
            ("http://loki:3100/ring", "http://loki:3100/memberlist"),
            ("http://gw/loki/compactor/ring?tokens=true", "http://gw/loki/memberlist"),
            ("http://ruler/ring", "http://ruler/memberlist"),
            ("/ring", "/memberlist"),
        ] {
            assert_eq!(sibling(ring, "/memberlist"), memberlist);
        }
    }

    #[test]
    fn rings_of_which_one_is_enough_are_known_by_their_path() {
        assert!(ignores_unhealthy("http://l/compactor/ring") && ignores_unhealthy("http://l/x/ruler/ring/"));
        assert!(!ignores_unhealthy("http://l/ring") && !ignores_unhealthy("http://compactor/ring"));
    }

    #[test]
    fn the_command_quotes_the_address() {
        assert_eq!(curl("http://l:1/ring"), "curl -s -H 'Accept: application/json' 'http://l:1/ring'");
    }
}
