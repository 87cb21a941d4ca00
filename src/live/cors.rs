//! Configurations that let a page of another origin read the rings of a real cluster, ready to be pasted.
//!
//! Loki sends no CORS header, so whatever stands before it has to. Each text here names one origin, and
//! only the ring pages and `/memberlist`; push and query stay as closed as they were. None allows
//! credentials: a browser then sends no cookie, and a page that knows a password sends it in a header of
//! its own, for which the browser asks first with OPTIONS (`with_auth`). As the allowed origin never
//! varies, no answer needs `Vary`. What goes into a text is an [`Origin`], so it needs no quoting.

use super::origin::Origin;
use super::paths::rings_and_memberlist;

/// The headers that a page sends beside those that need no permission.
pub const ALLOWED_HEADERS: &str = "Authorization, X-Scope-OrgID";

/// How long a browser may keep the answer to its question, in seconds.
pub const MAX_AGE_SECONDS: u32 = 600;

/// Where the texts that open a server of their own listen.
pub const LISTEN: &str = "127.0.0.1:3101";

/// Something to paste.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// For a heading.
    pub name: &'static str,
    /// For colouring, as behind the fence of a code block.
    pub language: &'static str,
    /// The text, with a line feed at its end.
    pub text: String,
    /// Where it goes and what it opens, in a few sentences.
    pub note: &'static str,
}

/// All of them for a page at `origin` and a Loki at `upstream`, those first that change the least.
/// `with_auth`: the page is to send a password or a tenant.
pub fn snippets(origin: &Origin, upstream: &Origin, with_auth: bool) -> [Snippet; 7] {
    [
        port_forward(origin, upstream),
        helm(origin, with_auth),
        nginx(origin, upstream, with_auth),
        caddy(origin, upstream, with_auth),
        traefik(origin, upstream, with_auth),
        envoy(origin, upstream, with_auth),
        same_origin(),
    ]
}

/// A tunnel to one pod, and the relay before it.
pub fn port_forward(origin: &Origin, upstream: &Origin) -> Snippet {
    // The relay speaks plain http only, as does a pod behind a tunnel.
    let to = match upstream.is_secure() {
        true => "http://127.0.0.1:3100".to_owned(),
        false => upstream.to_string(),
    };
    Snippet {
        name: "kubectl port-forward and the relay",
        language: "sh",
        text: format!(
            "kubectl port-forward --namespace loki pod/loki-write-0 3100:3100 &\n\
             cargo cli relay --to {to} --allow-origin {origin}\n"
        ),
        note: "Nothing changes in the cluster, and nobody but you gets in. Name your own namespace and pod; for \
               several pods, one tunnel and one relay each, with ports of their own.",
    }
}

/// Values for the gateway of Loki's Helm chart.
pub fn helm(origin: &Origin, with_auth: bool) -> Snippet {
    let mut text = "gateway:\n  nginxConfig:\n    httpSnippet: |\n".to_owned();
    text.push_str(&indented(&nginx_maps(origin, with_auth), 6));
    text.push_str("    serverSnippet: |\n");
    text.push_str(&indented(&nginx_headers(with_auth), 6));
    Snippet {
        name: "Helm values for the chart's gateway",
        language: "yaml",
        text,
        note: "Adds headers to what the gateway serves already; it opens no path. If your values, or your version of \
               the chart, have an httpSnippet or a serverSnippet, keep its lines and add these. The gateway passes \
               /ring to one pod: to compare pods, read them one by one.",
    }
}

/// A server of its own in nginx.
pub fn nginx(origin: &Origin, upstream: &Origin, with_auth: bool) -> Snippet {
    let mut text = nginx_maps(origin, with_auth);
    text.push_str(&format!("server {{\n    listen {LISTEN};\n"));
    text.push_str(&indented(&nginx_headers(with_auth), 4));
    text.push_str("    if ($ringside_origin = \"\") {\n        return 404;\n    }\n");
    text.push_str("    location / {\n        limit_except GET {\n            deny all;\n        }\n");
    text.push_str(&format!("        proxy_pass {upstream};\n    }}\n}}\n"));
    Snippet {
        name: "nginx",
        language: "nginx",
        text,
        note: "A file for conf.d: a server that passes on GET of the ring pages and nothing else. As it stands, it \
               listens for this machine only: give it an address, and a certificate, of yours. If nginx stands \
               before Loki already, take the maps, and in your server block the lines from add_header to the first \
               closing brace or, without a password, the add_header alone; a location with an add_header of its own \
               needs them again.",
    }
}

/// A site of its own in Caddy.
pub fn caddy(origin: &Origin, upstream: &Origin, with_auth: bool) -> Snippet {
    let paths = joined(" ", |path| path.to_owned());
    let mut text =
        format!("http://{LISTEN} {{\n\t@ring {{\n\t\tpath {paths}\n\t\tmethod GET OPTIONS\n\t}}\n");
    text.push_str(&format!("\thandle @ring {{\n\t\theader Access-Control-Allow-Origin {origin}\n"));
    text.push_str("\t\t@preflight method OPTIONS\n\t\thandle @preflight {\n");
    if with_auth {
        text.push_str(&format!("\t\t\theader Access-Control-Allow-Headers \"{ALLOWED_HEADERS}\"\n"));
        text.push_str(&format!("\t\t\theader Access-Control-Max-Age {MAX_AGE_SECONDS}\n"));
    }
    text.push_str("\t\t\trespond 204\n\t\t}\n\t\thandle {\n");
    text.push_str(&format!(
        "\t\t\treverse_proxy {upstream}\n\t\t}}\n\t}}\n\thandle {{\n\t\trespond 404\n\t}}\n}}\n"
    ));
    Snippet {
        name: "Caddy",
        language: "caddyfile",
        text,
        note: "A site of the Caddyfile that passes on GET of the ring pages and nothing else. As it stands, it listens \
               for this machine only: give it an address of yours. In a site that you have, take @ring and its handle; \
               what asks for a password goes beside reverse_proxy.",
    }
}

/// A router of its own in Traefik's dynamic configuration, version 2 or 3.
pub fn traefik(origin: &Origin, upstream: &Origin, with_auth: bool) -> Snippet {
    let paths = joined(" ||\n        ", |path| format!("Path(`{path}`)"));
    let headers = match with_auth {
        true => format!(
            "        accessControlAllowHeaders: [{ALLOWED_HEADERS}]\n        accessControlMaxAge: {MAX_AGE_SECONDS}\n"
        ),
        false => String::new(),
    };
    let text = format!(
        "http:\n  routers:\n    ringside:\n      rule: >-\n        (Method(`GET`) || Method(`OPTIONS`)) && (\n        \
         {paths})\n      middlewares: [ringside]\n      service: ringside\n  middlewares:\n    ringside:\n      \
         headers:\n        accessControlAllowOriginList: [\"{origin}\"]\n        accessControlAllowMethods: [GET]\n\
         {headers}        addVaryHeader: true\n  services:\n    ringside:\n      loadBalancer:\n        servers:\n          \
         - url: \"{upstream}\"\n"
    );
    Snippet {
        name: "Traefik",
        language: "yaml",
        text,
        note: "For the file provider. Name your entry point and TLS in the router; where a middleware asks for a \
               password, list it behind ringside, which answers the browser's question by itself.",
    }
}

/// A route of its own in Envoy, with the CORS filter.
pub fn envoy(origin: &Origin, upstream: &Origin, with_auth: bool) -> Snippet {
    let paths = joined("|", str::to_owned);
    let headers = match with_auth {
        true => {
            format!("          allow_headers: {ALLOWED_HEADERS}\n          max_age: \"{MAX_AGE_SECONDS}\"\n")
        }
        false => String::new(),
    };
    let text = format!(
        "http_filters:\n  - name: envoy.filters.http.cors\n    typed_config:\n      \"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors\n  - name: envoy.filters.http.router\n    \
         typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router\n\
         route_config:\n  virtual_hosts:\n    - name: loki\n      domains: [\"*\"]\n      routes:\n        - match:\n            \
         safe_regex:\n              regex: {paths}\n          route: {{ cluster: loki }} # {upstream}\n          \
         typed_per_filter_config:\n            envoy.filters.http.cors:\n              \"@type\": \
         type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\n              \
         allow_origin_string_match:\n                - exact: {origin}\n              allow_methods: GET\n{}",
        indented(&headers, 4)
    );
    Snippet {
        name: "Envoy",
        language: "yaml",
        text,
        note: "Inside the HTTP connection manager. The filter stands before the router and before whatever asks for a \
               password; the route stands before the one that takes everything.",
    }
}

/// The built page under the gateway itself: one origin, so nobody has to be allowed anything.
pub fn same_origin() -> Snippet {
    Snippet {
        name: "The page on the gateway itself",
        language: "nginx",
        text: "location /ringside/ {\n    alias /usr/share/ringside/;\n    index index.html;\n    types {\n        \
               text/html html;\n        text/css css;\n        text/javascript js;\n        application/json json;\n        \
               application/wasm wasm;\n        image/svg+xml svg;\n    }\n    add_header X-Content-Type-Options nosniff \
               always;\n}\n"
            .to_owned(),
        note: "Inside the server block that serves /ring. Copy dist/ to the folder of the alias (with Helm: mount it by \
               gateway.extraVolumes, and put the location into serverSnippet), then type /ring into the page.",
    }
}

/// Which paths have the origin in their answer, and which question of a browser is answered.
fn nginx_maps(origin: &Origin, with_auth: bool) -> String {
    let mut text = "map $uri $ringside_origin {\n    default \"\";\n".to_owned();
    for page in rings_and_memberlist() {
        text.push_str(&format!("    {} {origin};\n", page.path));
    }
    text.push_str("}\n");
    if with_auth {
        text.push_str(&format!(
            "map $request_method $ringside_preflight {{\n    default \"\";\n    OPTIONS $ringside_origin;\n}}\n\
             map $ringside_preflight $ringside_headers {{\n    default \"{ALLOWED_HEADERS}\";\n    \"\" \"\";\n}}\n\
             map $ringside_preflight $ringside_age {{\n    default {MAX_AGE_SECONDS};\n    \"\" \"\";\n}}\n"
        ));
    }
    text
}

/// What the maps are for; nginx sends no header whose value is empty. The question of a browser comes
/// without a password: it is answered before one is asked for.
fn nginx_headers(with_auth: bool) -> String {
    let mut text = "add_header Access-Control-Allow-Origin $ringside_origin always;\n".to_owned();
    if with_auth {
        text.push_str(
            "add_header Access-Control-Allow-Headers $ringside_headers always;\n\
             add_header Access-Control-Max-Age $ringside_age always;\n\
             if ($ringside_preflight) {\n    return 204;\n}\n",
        );
    }
    text
}

fn joined(between: &str, write: impl Fn(&str) -> String) -> String {
    Vec::from_iter(rings_and_memberlist().map(|page| write(page.path))).join(between)
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(with_auth: bool) -> [Snippet; 7] {
        let origin = Origin::parse("https://docs.example").unwrap();
        snippets(&origin, &Origin::parse("http://loki.example:3100").unwrap(), with_auth)
    }

    #[test]
    fn each_names_the_origin_once_a_path_or_less_and_never_everybody() {
        for snippet in texts(true) {
            assert!(
                !snippet.text.contains("Origin *") && !snippet.text.contains("redentials"),
                "{}",
                snippet.text
            );
            let named = snippet.text.matches("https://docs.example").count();
            assert!(named <= rings_and_memberlist().count(), "{}", snippet.text);
            assert_eq!(named == 0, snippet.name.contains("on the gateway itself"), "{}", snippet.text);
        }
    }

    #[test]
    fn all_but_the_tunnel_and_the_page_itself_list_exactly_the_ring_pages() {
        for snippet in &texts(false)[1..6] {
            for page in rings_and_memberlist() {
                assert!(snippet.text.contains(page.path), "{}: {}", snippet.name, page.path);
            }
            for path in ["/loki/api", "/metrics", "/ready", "/config"] {
                assert!(!snippet.text.contains(path), "{}: {path}", snippet.name);
            }
        }
    }

    #[test]
    fn only_with_a_password_or_a_tenant_are_headers_allowed() {
        for (plain, secret) in texts(false)[1..6].iter().zip(&texts(true)[1..6]) {
            assert!(!plain.text.contains("Authorization"), "{}", plain.text);
            assert!(secret.text.contains(ALLOWED_HEADERS), "{}", secret.text);
        }
    }

    #[test]
    fn nothing_in_the_helm_values_is_a_template() {
        assert!(texts(true).iter().all(|snippet| !snippet.text.contains("{{")));
    }

    #[test]
    fn the_relay_is_never_told_to_speak_https() {
        let origin = Origin::parse("https://docs.example").unwrap();
        assert!(port_forward(&origin, &origin).text.contains("--to http://127.0.0.1:3100 "));
    }
}
