use std::fmt::Write as _;
use std::fs;

use ringside::live::cors::{self, LISTEN};
use ringside::live::origin::Origin;
use ringside::live::paths::rings_and_memberlist;
use serde_json::Value;

use super::PAGE;
use super::proxy::Proxy;
use super::upstream::{RING, Reply, Upstream, ask};

/// What the chart's gateway passes on, by its template; all else is 404.
const CHART: [&str; 8] = [
    "= /ring",
    "= /memberlist",
    "= /distributor/ring",
    "= /compactor/ring",
    "= /scheduler/ring",
    "= /indexgateway/ring",
    "= /ruler/ring",
    "^~ /loki/api/v1/",
];

const LOGIN: (&str, &str) = ("Authorization", "Basic bG9raTpzZWNyZXQ=");

fn origin(text: &str) -> Origin {
    Origin::parse(text).unwrap()
}

/// The chart's gateway with the values of the snippet, as its template puts them together.
fn helm(test: &str, upstream: &Upstream, with_auth: bool) -> Proxy {
    let values: Value = serde_saphyr::from_str(&cors::helm(&origin(PAGE), with_auth).text).unwrap();
    let value = |name: &str| values["gateway"]["nginxConfig"][name].as_str().unwrap().to_owned();
    let mut text = format!("{}\nserver {{\nlisten {LISTEN};\n", value("httpSnippet"));
    if with_auth {
        let file = format!("{}/nginx-{test}.htpasswd", env!("CARGO_TARGET_TMPDIR"));
        fs::write(&file, "loki:{PLAIN}secret\n").unwrap();
        let _ = write!(text, "auth_basic \"Loki\";\nauth_basic_user_file \"{file}\";\n");
    }
    for location in CHART {
        let _ = writeln!(text, "location {location} {{ proxy_pass {}$request_uri; }}", upstream.origin);
    }
    Proxy::nginx(test, &format!("{text}{}\n}}\n", value("serverSnippet")))
}

fn get(proxy: &Proxy, path: &str, more: &[(&str, &str)]) -> Reply {
    let headers = [&[("Host", &*proxy.address), ("Origin", PAGE)], more].concat();
    ask(&proxy.address, &format!("GET {path}"), &headers)
}

fn preflight(proxy: &Proxy, path: &str) -> Reply {
    let headers = [
        ("Host", &*proxy.address),
        ("Origin", PAGE),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "authorization,x-scope-orgid"),
    ];
    ask(&proxy.address, &format!("OPTIONS {path}"), &headers)
}

#[test]
fn the_charts_gateway_lets_the_page_read_rings_and_nothing_else() {
    let upstream = Upstream::start();
    let proxy = helm("values", &upstream, false);
    for page in rings_and_memberlist() {
        let reply = get(&proxy, page.path, &[]);
        assert_eq!(reply.reader(), Some(PAGE), "{}", page.path);
        if CHART.contains(&&*format!("= {}", page.path)) {
            assert_eq!((reply.status, &*reply.body), (200, RING));
        }
    }
    assert_eq!(get(&proxy, "/memberlist?viewKey=collectors/ring&format=json", &[]).reader(), Some(PAGE));
    for path in ["/loki/api/v1/push", "/loki/api/v1/query?query=a", "/loki/api/v1/x/ring"] {
        let reply = get(&proxy, path, &[]);
        assert_eq!((reply.status, reply.reader()), (200, None), "{path} is served, and not for the page");
    }
    assert_eq!(get(&proxy, "/config", &[]).reader(), None);
}

#[test]
fn the_charts_gateway_asks_for_the_password_but_answers_the_browsers_question_without() {
    let upstream = Upstream::start();
    let proxy = helm("password", &upstream, true);
    let reply = preflight(&proxy, "/ring");
    assert_eq!((reply.status, reply.reader()), (204, Some(PAGE)));
    assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, X-Scope-OrgID"));
    assert_eq!(reply.header("access-control-max-age"), Some("600"));
    let reply = preflight(&proxy, "/loki/api/v1/push");
    assert_eq!((reply.status, reply.reader()), (401, None), "nothing is allowed for push");
    assert_eq!(reply.header("access-control-allow-headers"), None);
    assert_eq!(upstream.asked(), [""; 0]);

    let reply = get(&proxy, "/ring", &[]);
    assert_eq!((reply.status, reply.reader()), (401, Some(PAGE)), "the page sees that a password is wanted");
    let reply = get(&proxy, "/ring", &[LOGIN]);
    assert_eq!((reply.status, &*reply.body, reply.reader()), (200, RING, Some(PAGE)));
    assert_eq!(reply.header("access-control-allow-headers"), None);
    assert_eq!(get(&proxy, "/loki/api/v1/push", &[LOGIN]).reader(), None);
}

#[test]
fn errors_can_be_read_as_well_as_answers() {
    let upstream = Upstream::start();
    for proxy in [helm("errors", &upstream, false), helm("errors-password", &upstream, true)] {
        for (tenant, status) in [("missing", 404), ("broken", 500)] {
            let reply = get(&proxy, "/memberlist", &[LOGIN, ("X-Scope-OrgID", tenant)]);
            assert_eq!((reply.status, reply.reader()), (status, Some(PAGE)), "{}", reply.body);
        }
    }
}

#[test]
fn a_server_of_its_own_passes_on_ring_pages_and_nothing_else() {
    let upstream = Upstream::start();
    let text = cors::nginx(&origin(PAGE), &origin(&upstream.origin), false).text;
    assert_eq!(text.matches(LISTEN).count(), 1, "the test changes the port, and nothing else");
    let proxy = Proxy::nginx("own", &text);
    for page in rings_and_memberlist() {
        let reply = get(&proxy, page.path, &[("Accept", "application/json")]);
        assert_eq!((reply.status, &*reply.body, reply.reader()), (200, RING, Some(PAGE)), "{}", page.path);
    }
    let asked = upstream.asked();
    assert!(asked.iter().all(|asked| asked.contains("\naccept: application/json\n")), "{asked:?}");
    for path in ["/", "/config", "/ring/", "/loki/api/v1/push", "/loki/api/v1/query", "/metrics"] {
        let reply = get(&proxy, path, &[]);
        assert_eq!((reply.status, reply.reader()), (404, None), "{path}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let headers = [("Host", &*proxy.address), ("Origin", PAGE), ("Content-Length", "0")];
        assert_eq!(ask(&proxy.address, &format!("{method} /ring"), &headers).status, 403, "{method}");
    }
    assert_eq!(upstream.asked().len(), asked.len(), "Loki has seen nothing of that");
}

#[test]
fn a_server_of_its_own_answers_the_browsers_question_and_says_when_loki_is_gone() {
    let gone = Origin::parse("http://127.0.0.1:9").unwrap();
    let proxy = Proxy::nginx("gone", &cors::nginx(&origin(PAGE), &gone, true).text);
    let reply = preflight(&proxy, "/memberlist");
    assert_eq!((reply.status, reply.reader()), (204, Some(PAGE)));
    assert_eq!(reply.header("access-control-allow-headers"), Some("Authorization, X-Scope-OrgID"));
    assert_eq!(preflight(&proxy, "/loki/api/v1/push").status, 404);
    let reply = get(&proxy, "/ring", &[]);
    assert_eq!((reply.status, reply.reader()), (502, Some(PAGE)));
}

#[test]
fn the_page_is_served_beside_the_rings_with_types_that_browsers_insist_on() {
    let upstream = Upstream::start();
    let folder = format!("{}/nginx-page-dist", env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in
        [("index.html", "<!doctype html>"), ("a.js", ""), ("a_bg.wasm", "\0asm"), ("a.css", "")]
    {
        fs::write(format!("{folder}/{name}"), text).unwrap();
    }
    let snippet = cors::same_origin().text;
    let alias = "alias /usr/share/ringside/;";
    assert_eq!(snippet.matches(alias).count(), 1, "the test changes the folder, and nothing else");
    let snippet = snippet.replace(alias, &format!("alias \"{folder}/\";"));
    let ring = format!("location = /ring {{ proxy_pass {}; }}", upstream.origin);
    let proxy = Proxy::nginx(
        "page",
        &format!(
            "default_type application/octet-stream;\nserver {{\nlisten {LISTEN};\n{ring}\n{snippet}}}\n"
        ),
    );
    for (path, content_type) in [
        ("/ringside/", "text/html"),
        ("/ringside/a.js", "text/javascript"),
        ("/ringside/a_bg.wasm", "application/wasm"),
        ("/ringside/a.css", "text/css"),
    ] {
        let reply = get(&proxy, path, &[]);
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(content_type)), "{path}");
    }
    assert_eq!(get(&proxy, "/ringside/", &[]).body, "<!doctype html>");
    assert_eq!(get(&proxy, "/ringside/../ring", &[]).body, RING);
    assert_eq!(get(&proxy, "/ringside../nginx-page/nginx.conf", &[]).status, 404);
}
