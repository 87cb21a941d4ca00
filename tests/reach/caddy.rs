use std::fs;

use ringside::live::cors::{self, LISTEN};
use ringside::live::origin::Origin;
use ringside::live::paths::rings_and_memberlist;

use super::PAGE;
use super::proxy::Proxy;
use super::upstream::{RING, Reply, Upstream, ask};

/// Starts Caddy with the snippet for this upstream; only the port differs from what people paste.
fn caddy(test: &str, upstream: &str, with_auth: bool) -> Proxy {
    let page = Origin::parse(PAGE).unwrap();
    let text = cors::caddy(&page, &Origin::parse(upstream).unwrap(), with_auth).text;
    assert_eq!(text.matches(LISTEN).count(), 1);
    Proxy::start("caddy", test, |command, folder, port| {
        let text = text.replace(LISTEN, &format!("127.0.0.1:{port}"));
        // Without the interface through which others could change it.
        fs::write(folder.join("Caddyfile"), format!("{{\n\tadmin off\n}}\n{text}")).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        command.arg("run").arg("--config").arg(folder.join("Caddyfile")).args(["--adapter", "caddyfile"]);
        command.env("HOME", folder).env("XDG_DATA_HOME", folder).env("XDG_CONFIG_HOME", folder).stderr(log);
    })
}

fn send(proxy: &Proxy, line: &str, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("Host", &*proxy.address), ("Origin", PAGE)], more].concat();
    ask(&proxy.address, line, &headers)
}

#[test]
fn caddy_passes_on_ring_pages_and_nothing_else() {
    let upstream = Upstream::start();
    let proxy = caddy("plain", &upstream.origin, false);
    for page in rings_and_memberlist() {
        let reply = send(&proxy, &format!("GET {}", page.path), &[]);
        assert_eq!((reply.status, &*reply.body, reply.reader()), (200, RING, Some(PAGE)), "{}", page.path);
    }
    for (tenant, status) in [("missing", 404), ("broken", 500)] {
        let reply = send(&proxy, "GET /memberlist", &[("X-Scope-OrgID", tenant)]);
        assert_eq!((reply.status, reply.reader()), (status, Some(PAGE)), "{}", reply.body);
    }
    let asked = upstream.asked().len();
    for line in
        ["GET /loki/api/v1/push", "GET /loki/api/v1/query", "GET /config", "GET /ring/", "GET /metrics"]
    {
        let reply = send(&proxy, line, &[]);
        assert_eq!((reply.status, reply.reader()), (404, None), "{line}");
    }
    assert_eq!(send(&proxy, "POST /ring", &[("Content-Length", "0")]).status, 404);
    assert_eq!(upstream.asked().len(), asked, "Loki has seen nothing of that");
}

#[test]
fn caddy_answers_the_browsers_question_and_says_when_loki_is_gone() {
    let proxy = caddy("password", "http://127.0.0.1:9", true);
    let wanted =
        [("Access-Control-Request-Method", "GET"), ("Access-Control-Request-Headers", "authorization")];
    let reply = send(&proxy, "OPTIONS /ring", &wanted);
    assert_eq!((reply.status, reply.reader()), (204, Some(PAGE)));
    assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, X-Scope-OrgID"));
    assert_eq!(send(&proxy, "OPTIONS /loki/api/v1/push", &wanted).status, 404);
    let reply = send(&proxy, "GET /ring", &[]);
    assert_eq!((reply.status, reply.reader()), (502, Some(PAGE)));
}
