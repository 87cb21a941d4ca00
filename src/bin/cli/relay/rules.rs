//! What may pass the relay: decided from the head of a request alone.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use ringside::live::origin::{Origin, OriginError};
use ringside::live::paths;

/// The head of a request.
pub(super) struct Ask<'a> {
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) headers: &'a HeaderMap,
}

/// Who may read, and by which names the relay is asked.
pub(super) struct Rules {
    listen: IpAddr,
    origins: Vec<String>,
    everybody: bool,
}

/// What becomes of a request, and which origin may read the answer, be it a refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) step: Step,
    pub(super) allow_origin: Option<HeaderValue>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Refuse(StatusCode, String),
    Preflight,
    Pass,
}

impl Rules {
    /// `allowed` are origins, or `*`.
    pub(super) fn new(listen: IpAddr, allowed: &[String]) -> Result<Self, OriginError> {
        let named = allowed.iter().filter(|origin| *origin != "*");
        let origins = named.map(|origin| Ok(Origin::parse(origin)?.to_string()));
        Ok(Self {
            listen,
            origins: origins.collect::<Result<_, _>>()?,
            everybody: allowed.iter().any(|origin| origin == "*"),
        })
    }

    pub(super) fn decide(&self, ask: &Ask<'_>) -> Decision {
        if let Err(why) = self.check_host(ask) {
            return Decision { step: Step::Refuse(StatusCode::FORBIDDEN, why), allow_origin: None };
        }
        match self.reader(ask.headers) {
            Err(why) => Decision { step: Step::Refuse(StatusCode::FORBIDDEN, why), allow_origin: None },
            Ok(allow_origin) => {
                let step = step(ask, allow_origin.is_some());
                Decision {
                    step: step.unwrap_or_else(|(status, why)| Step::Refuse(status, why)),
                    allow_origin,
                }
            }
        }
    }

    /// A foreign page can make its own name point at this machine; the name then stands in `Host`.
    fn check_host(&self, ask: &Ask<'_>) -> Result<(), String> {
        if ask.uri.authority().is_some() {
            return Err("this is no proxy: ask for a path".to_owned());
        }
        let host = only(ask.headers, &header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if self.is_ours(host) {
            return Ok(());
        }
        let host = host.chars().take(80).collect::<String>();
        Err(format!("the host {host:?} is none of the relay's: ask localhost, or the address it listens on"))
    }

    /// Ports are left aside, since a tunnel may lead here from another.
    fn is_ours(&self, host: &str) -> bool {
        let Ok(origin) = Origin::parse(&format!("http://{host}")) else { return false };
        let name = origin.host();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            // A page cannot make an address point elsewhere, as it can a name.
            Ok(address) => address == self.listen || address.is_loopback() || self.listen.is_unspecified(),
            Err(_) => name == "localhost",
        }
    }

    /// The origin that may read the answer; none where nobody's page asks.
    fn reader(&self, headers: &HeaderMap) -> Result<Option<HeaderValue>, String> {
        if !headers.contains_key(header::ORIGIN) {
            let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
            return match site {
                // A page that only embeds an answer, and so sends no origin.
                Some(b"cross-site" | b"same-site") if !self.everybody => {
                    Err("another site's page may not embed or link this".to_owned())
                }
                _ => Ok(None),
            };
        }
        if self.everybody {
            return Ok(Some(HeaderValue::from_static("*")));
        }
        let origin = only(headers, &header::ORIGIN);
        let known =
            origin.filter(|origin| self.origins.iter().any(|known| known.as_bytes() == origin.as_bytes()));
        known.cloned().map(Some).ok_or_else(|| {
            let origin = origin.and_then(|origin| origin.to_str().ok()).unwrap_or_default();
            let origin = origin.chars().take(80).collect::<String>();
            format!("pages of {origin:?} may not read this: start the relay with --allow-origin for them")
        })
    }
}

fn step(ask: &Ask<'_>, has_reader: bool) -> Result<Step, (StatusCode, String)> {
    let Some(page) = paths::find(ask.uri.path()) else {
        let known = Vec::from_iter(paths::all().map(|page| page.path)).join(" ");
        return Err((StatusCode::NOT_FOUND, format!("no such path here; there are {known}")));
    };
    match *ask.method {
        Method::GET => {}
        Method::OPTIONS if has_reader => {
            let wanted = ask.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
            return match wanted.map(HeaderValue::as_bytes) {
                Some(b"GET") => Ok(Step::Preflight),
                _ => Err((StatusCode::METHOD_NOT_ALLOWED, "only GET is passed on".to_owned())),
            };
        }
        _ => return Err((StatusCode::METHOD_NOT_ALLOWED, "only GET is passed on".to_owned())),
    }
    let query = page.check_query(ask.uri.query().unwrap_or_default());
    query.map(|()| Step::Pass).map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// A header's value, if it is there just once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "https://docs.example";

    fn rules(listen: &str, allowed: &[&str]) -> Rules {
        let allowed = Vec::from_iter(allowed.iter().map(|origin| (*origin).to_owned()));
        Rules::new(listen.parse().unwrap(), &allowed).unwrap()
    }

    fn decide(rules: &Rules, method: Method, uri: &str, headers: &[(&'static str, &str)]) -> Decision {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        rules.decide(&Ask { method: &method, uri: &uri.parse().unwrap(), headers: &map })
    }

    fn status(decision: &Decision) -> u16 {
        match &decision.step {
            Step::Refuse(status, _) => status.as_u16(),
            Step::Preflight => 204,
            Step::Pass => 200,
        }
    }

    #[test]
    fn the_allowed_origin_reads_every_page_and_its_answer_says_so() {
        let rules = rules("127.0.0.1", &["https://other.example", "HTTPS://Docs.Example:443"]);
        for page in paths::all() {
            let decision =
                decide(&rules, Method::GET, page.path, &[("host", "127.0.0.1:3101"), ("origin", PAGE)]);
            assert_eq!(decision.step, Step::Pass, "{}", page.path);
            assert_eq!(decision.allow_origin.unwrap(), PAGE);
        }
    }

    #[test]
    fn a_name_that_may_point_anywhere_is_no_host_of_ours() {
        let local = rules("127.0.0.1", &[PAGE]);
        for host in ["127.0.0.1:3101", "127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:3101"] {
            assert_eq!(status(&decide(&local, Method::GET, "/ring", &[("host", host)])), 200, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "",
            "a@localhost",
        ] {
            assert_eq!(status(&decide(&local, Method::GET, "/ring", &[("host", host)])), 403, "{host}");
        }
        let twice = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(status(&decide(&local, Method::GET, "/ring", &twice)), 403);
        assert_eq!(status(&decide(&local, Method::GET, "/ring", &[])), 403);
        assert_eq!(
            status(&decide(&local, Method::GET, "http://localhost/ring", &[("host", "localhost")])),
            403
        );
        let exposed = rules("0.0.0.0", &[PAGE]);
        assert_eq!(status(&decide(&exposed, Method::GET, "/ring", &[("host", "10.0.0.1:3101")])), 200);
        assert_eq!(status(&decide(&exposed, Method::GET, "/ring", &[("host", "evil.example")])), 403);
    }

    #[test]
    fn a_foreign_page_is_refused_and_cannot_read_why() {
        let rules = rules("127.0.0.1", &[PAGE]);
        let host = ("host", "localhost:3101");
        for origin in
            ["https://evil.example", "null", "https://docs.example.evil.example", "http://docs.example", "*"]
        {
            let decision = decide(&rules, Method::GET, "/ring", &[host, ("origin", origin)]);
            assert_eq!((status(&decision), decision.allow_origin), (403, None), "{origin}");
        }
        let embeds = [host, ("sec-fetch-site", "cross-site")];
        assert_eq!(status(&decide(&rules, Method::GET, "/ring", &embeds)), 403);
        let typed = [host, ("sec-fetch-site", "none")];
        assert_eq!(status(&decide(&rules, Method::GET, "/ring", &typed)), 200);
        let twice = [host, ("origin", PAGE), ("origin", "https://evil.example")];
        assert_eq!(status(&decide(&rules, Method::GET, "/ring", &twice)), 403);
    }

    #[test]
    fn everybody_may_read_only_if_that_was_said() {
        let rules = rules("127.0.0.1", &["*"]);
        let decision = decide(
            &rules,
            Method::GET,
            "/ring",
            &[("host", "localhost"), ("origin", "https://evil.example")],
        );
        assert_eq!((status(&decision), decision.allow_origin.unwrap()), (200, HeaderValue::from_static("*")));
        assert!(Rules::new(IpAddr::from([127, 0, 0, 1]), &["docs.example".to_owned()]).is_err());
    }

    #[test]
    fn no_other_method_path_or_query_passes() {
        let rules = rules("127.0.0.1", &[PAGE]);
        let headers = [("host", "localhost"), ("origin", PAGE)];
        for method in
            [Method::POST, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE]
        {
            let decision = decide(&rules, method.clone(), "/ring", &headers);
            assert_eq!(status(&decision), 405, "{method}");
            assert_eq!(decision.allow_origin.unwrap(), PAGE, "the page may read why");
        }
        for path in ["/", "/config", "/ring/", "/loki/api/v1/push", "/ring%2f", "/memberlist/../config"] {
            assert_eq!(status(&decide(&rules, Method::GET, path, &headers)), 404, "{path}");
        }
        assert_eq!(status(&decide(&rules, Method::GET, "/memberlist?deleteMessages=true", &headers)), 400);
    }

    #[test]
    fn a_browsers_question_is_answered_here_and_only_for_get() {
        let rules = rules("127.0.0.1", &[PAGE]);
        let ask = |method| {
            let headers =
                [("host", "localhost"), ("origin", PAGE), ("access-control-request-method", method)];
            status(&decide(&rules, Method::OPTIONS, "/ring", &headers))
        };
        assert_eq!((ask("GET"), ask("POST"), ask("DELETE")), (204, 405, 405));
        let nobody = [("host", "localhost"), ("access-control-request-method", "GET")];
        assert_eq!(status(&decide(&rules, Method::OPTIONS, "/ring", &nobody)), 405);
    }
}
