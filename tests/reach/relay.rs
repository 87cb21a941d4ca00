use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use ringside::live::paths;

use super::PAGE;
use super::upstream::{RING, Reply, Upstream, ask};

struct Relay {
    process: Child,
    /// Without the scheme.
    address: String,
}

impl Relay {
    fn start(to: &str, more: &[&str]) -> Self {
        Self::listen("127.0.0.1:0", to, more).0
    }

    /// The relay, and the line that it prints.
    fn listen(listen: &str, to: &str, more: &[&str]) -> (Self, String) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ringside-cli"))
            .args(["relay", "--to", to, "--allow-origin", PAGE, "--listen", listen])
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.split_once(": type http://").and_then(|(_, rest)| rest.split_once("/ring into the page"));
        let address = address.unwrap_or_else(|| panic!("{line:?}")).0.to_owned();
        (Self { process, address }, line)
    }

    /// Asks as a page of the allowed origin would.
    fn ask(&self, line: &str, more: &[(&str, &str)]) -> Reply {
        let headers = [&[("Host", &*self.address), ("Origin", PAGE)], more].concat();
        ask(&self.address, line, &headers)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn every_page_comes_through_as_loki_sent_it_and_nothing_else_of_the_answer() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    for page in paths::all() {
        let reply = relay.ask(&format!("GET {}", page.path), &[("Accept", "application/json")]);
        assert_eq!((reply.status, &*reply.body, reply.reader()), (200, RING, Some(PAGE)), "{}", page.path);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("vary"), Some("Origin"));
        assert_eq!(
            reply.headers(),
            [
                "access-control-allow-origin",
                "cache-control",
                "connection",
                "content-length",
                "content-type",
                "date",
                "vary",
                "x-content-type-options"
            ]
        );
    }
    let query = "/memberlist?viewKey=collectors%2Fring&format=json";
    assert_eq!(relay.ask(&format!("GET {query}"), &[]).status, 200);
    assert!(upstream.asked().last().unwrap().starts_with(&format!("GET {query}\n")));
}

#[test]
fn loki_is_told_how_to_answer_for_whom_and_by_whom_and_nothing_else() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    let secrets = [("Authorization", "Basic YTpi"), ("X-Scope-OrgID", "t"), ("Accept", "application/json")];
    let others =
        [("Cookie", "session=1"), ("Referer", PAGE), ("X-Forwarded-For", "10.0.0.1"), ("If-None-Match", "a")];
    relay.ask("GET /ring", &[&secrets[..], &others[..]].concat());
    let asked = upstream.asked().remove(0);
    let mut names = Vec::from_iter(asked.lines().skip(1).map(|line| line.split(':').next().unwrap()));
    names.sort_unstable();
    assert_eq!(names, ["accept", "authorization", "host", "user-agent", "x-scope-orgid"]);
    assert!(asked.contains("authorization: Basic YTpi\n") && asked.contains("x-scope-orgid: t\n"), "{asked}");
}

#[test]
fn lokis_own_errors_come_through_and_can_be_read() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    for (tenant, status, body) in
        [("missing", 404, "value not found"), ("broken", 500, "too many unhealthy instances in the ring")]
    {
        let reply = relay.ask("GET /memberlist", &[("X-Scope-OrgID", tenant)]);
        assert_eq!((reply.status, &*reply.body, reply.reader()), (status, body, Some(PAGE)));
    }
}

#[test]
fn what_is_refused_never_reaches_loki() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    for (line, status) in [
        ("POST /ring", 405),
        ("POST /memberlist", 405),
        ("PUT /ring", 405),
        ("DELETE /ring", 405),
        ("HEAD /ring", 405),
        ("GET /", 404),
        ("GET /config", 404),
        ("GET /flush", 404),
        ("GET /ingester/shutdown", 404),
        ("POST /loki/api/v1/push", 404),
        ("GET /loki/api/v1/query?query=a", 404),
        ("GET /ring/../config", 404),
        ("GET //ring", 404),
        ("GET /memberlist?deleteMessages=true", 400),
        ("GET /ring?tokens=true&forget=a", 400),
    ] {
        let reply = relay.ask(line, &[]);
        assert_eq!((reply.status, reply.reader()), (status, Some(PAGE)), "{line}");
        assert!(reply.body.is_empty() || reply.body.starts_with("ringside relay: "), "{}", reply.body);
    }
    let here = ("Host", &*relay.address);
    for headers in [
        vec![here, ("Origin", "https://evil.example")],
        vec![here, ("Origin", "null")],
        vec![here, ("Sec-Fetch-Site", "cross-site")],
        vec![("Host", "evil.example"), ("Origin", PAGE)],
        vec![("Host", "evil.example")],
        vec![],
    ] {
        let reply = ask(&relay.address, "GET /ring", &headers);
        assert!(matches!(reply.status, 400 | 403), "{headers:?}");
        assert_eq!(reply.reader(), None, "{headers:?}");
    }
    let listed = relay.ask("GET /config", &[]).body;
    assert!(paths::all().all(|page| listed.contains(page.path)), "{listed}");
    assert_eq!(relay.ask("POST /ring", &[]).header("allow"), Some("GET, OPTIONS"));
    assert_eq!(upstream.asked(), [""; 0]);
}

#[test]
fn a_form_that_forgets_an_instance_is_not_passed_on() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    let form = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0")];
    assert_eq!(relay.ask("POST /ring", &form).status, 405);
    assert_eq!(relay.ask("POST /ring?forget=ingester-0", &form).status, 405);
    assert_eq!(upstream.asked(), [""; 0]);
}

#[test]
fn the_browsers_question_is_answered_without_loki() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &[]);
    let wanted = [
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization,x-scope-orgid"),
    ];
    let reply = relay.ask("OPTIONS /ring", &wanted);
    assert_eq!((reply.status, reply.reader()), (204, Some(PAGE)));
    assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, X-Scope-OrgID"));
    assert_eq!(reply.header("access-control-allow-methods"), Some("GET"));
    assert_eq!(reply.header("access-control-allow-private-network"), None);
    let private = [&wanted[..], &[("Access-Control-Request-Private-Network", "true")]].concat();
    let reply = relay.ask("OPTIONS /ring", &private);
    assert_eq!(reply.header("access-control-allow-private-network"), Some("true"));
    let foreign = [&private[..], &[("Host", &*relay.address), ("Origin", "https://evil.example")]].concat();
    assert_eq!(ask(&relay.address, "OPTIONS /ring", &foreign).status, 403);
    assert_eq!(relay.ask("OPTIONS /ring", &[("Access-Control-Request-Method", "POST")]).status, 405);
    assert_eq!(upstream.asked(), [""; 0]);
}

#[test]
fn what_goes_wrong_behind_the_relay_is_told_to_the_page() {
    let upstream = Upstream::start();
    let relay = Relay::start(&upstream.origin, &["--timeout", "300ms"]);
    for (tenant, status, why) in [
        ("large", 502, "answers with more than 33554432 bytes"),
        ("elsewhere", 502, "answers 302 Found, a redirect"),
        ("silent", 504, "did not answer within 300ms"),
    ] {
        let relay = if tenant == "silent" { &relay } else { &Relay::start(&upstream.origin, &[]) };
        let reply = relay.ask("GET /ring", &[("X-Scope-OrgID", tenant)]);
        assert_eq!((reply.status, reply.reader()), (status, Some(PAGE)), "{tenant}: {}", reply.body);
        assert!(reply.body.starts_with("ringside relay: http://127.0.0.1:"), "{}", reply.body);
        assert!(reply.body.contains(why), "{}", reply.body);
        assert_eq!(reply.header("location"), None);
    }
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let reply = Relay::start(&format!("http://{gone}"), &[]).ask("GET /ring", &[]);
    assert_eq!((reply.status, reply.reader()), (502, Some(PAGE)));
    assert!(reply.body.contains("cannot be reached"), "{}", reply.body);
}

#[test]
fn a_relay_that_would_surprise_does_not_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let http = "http://127.0.0.1:3100";
    for (arguments, why) in [
        (["--to", "https://loki.example", "--allow-origin", PAGE], "kubectl port-forward"),
        (
            ["--to", "http://loki.example/loki", "--allow-origin", PAGE],
            "--to: an origin ends after its host and port",
        ),
        (
            ["--to", http, "--allow-origin", "docs.example"],
            "--allow-origin: an origin starts with http:// or https://",
        ),
        (["--to", http, "--allow-origin", PAGE], "choose another address"),
    ] {
        refuses(&[&arguments[..], &["--listen", &taken]].concat(), why);
    }
    refuses(&["--to", http, "--allow-origin", PAGE, "--listen", "0.0.0.0:0"], "add --expose");
    refuses(&["--to", http], "--allow-origin");
}

#[test]
fn a_relay_for_everybody_says_so_and_still_takes_no_foreign_name() {
    let upstream = Upstream::start();
    let (relay, line) = Relay::listen("0.0.0.0:0", &upstream.origin, &["--expose"]);
    assert!(line.contains("type http://127.0.0.1:") && line.contains("Everybody"), "{line}");
    assert_eq!(relay.ask("GET /ring", &[]).status, 200);
    assert_eq!(ask(&relay.address, "GET /ring", &[("Host", "10.0.0.1:3101")]).status, 200);
    assert_eq!(ask(&relay.address, "GET /ring", &[("Host", "evil.example")]).status, 403);
    assert!(!Relay::listen("127.0.0.1:0", &upstream.origin, &[]).1.contains("Everybody"));
}

fn refuses(arguments: &[&str], why: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ringside-cli"))
        .arg("relay")
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _ = child.kill();
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(line, "", "it starts");
    assert!(error.contains(why), "{error}");
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
