//! What cannot be run here is at least read; and the manual shows just what the page gives.

use ringside::live::cors::{self, ALLOWED_HEADERS, Snippet};
use ringside::live::origin::Origin;
use ringside::live::paths::rings_and_memberlist;
use serde_json::{Value, json};

const MANUAL: &str = include_str!("../../docs/live.md");

fn example() -> (Origin, Origin) {
    (Origin::parse("https://ringside.example").unwrap(), Origin::parse("http://127.0.0.1:3100").unwrap())
}

fn yaml(snippet: &Snippet) -> Value {
    assert_eq!(snippet.language, "yaml");
    serde_saphyr::from_str(&snippet.text).unwrap_or_else(|error| panic!("{error}\n{}", snippet.text))
}

/// The code blocks of the manual that are configurations.
fn blocks() -> Vec<String> {
    let fenced = MANUAL.split("\n```").collect::<Vec<_>>();
    let blocks = fenced.chunks(2).filter_map(|pair| pair.get(1));
    let configurations =
        blocks.filter(|block| !block.starts_with("text\n") && !block.starts_with("console\n"));
    configurations.map(|block| format!("```{block}\n```\n")).collect()
}

#[test]
fn the_manual_shows_every_configuration_as_it_is_and_no_other() {
    let (origin, upstream) = example();
    let all = cors::snippets(&origin, &upstream, false).into_iter().chain([cors::helm(&origin, true)]);
    let expected =
        Vec::from_iter(all.map(|snippet| format!("```{}\n{}```\n", snippet.language, snippet.text)));
    let blocks = blocks();
    for block in &expected {
        assert!(blocks.contains(block), "docs/live.md has to show this:\n{block}");
    }
    for block in &blocks {
        assert!(expected.contains(block), "docs/live.md shows what nobody gives:\n{block}");
    }
}

#[test]
fn traefik_gets_one_router_for_get_of_the_ring_pages() {
    let (origin, upstream) = example();
    for with_auth in [false, true] {
        let http = yaml(&cors::traefik(&origin, &upstream, with_auth))["http"].clone();
        let rule = http["routers"]["ringside"]["rule"].as_str().unwrap();
        let paths = Vec::from_iter(rings_and_memberlist().map(|page| format!("Path(`{}`)", page.path)));
        assert_eq!(rule, format!("(Method(`GET`) || Method(`OPTIONS`)) && ( {})", paths.join(" || ")));
        assert_eq!(http["routers"]["ringside"]["middlewares"], json!(["ringside"]));
        let headers = &http["middlewares"]["ringside"]["headers"];
        assert_eq!(headers["accessControlAllowOriginList"], json!(["https://ringside.example"]));
        assert_eq!(headers["accessControlAllowMethods"], json!(["GET"]));
        let allowed = if with_auth { json!(["Authorization", "X-Scope-OrgID"]) } else { Value::Null };
        assert_eq!(headers["accessControlAllowHeaders"], allowed);
        let server = &http["services"]["ringside"]["loadBalancer"]["servers"][0];
        assert_eq!(server["url"], "http://127.0.0.1:3100");
    }
}

#[test]
fn envoy_gets_one_route_with_a_policy_for_the_ring_pages() {
    let (origin, upstream) = example();
    for with_auth in [false, true] {
        let manager = yaml(&cors::envoy(&origin, &upstream, with_auth));
        assert_eq!(manager["http_filters"][0]["name"], "envoy.filters.http.cors");
        let route = &manager["route_config"]["virtual_hosts"][0]["routes"][0];
        let paths = Vec::from_iter(rings_and_memberlist().map(|page| page.path));
        assert_eq!(route["match"]["safe_regex"]["regex"], paths.join("|"));
        assert_eq!(route["route"]["cluster"], "loki");
        let policy = &route["typed_per_filter_config"]["envoy.filters.http.cors"];
        assert_eq!(policy["allow_origin_string_match"], json!([{ "exact": "https://ringside.example" }]));
        assert_eq!(policy["allow_methods"], "GET");
        let allowed = if with_auth { json!(ALLOWED_HEADERS) } else { Value::Null };
        assert_eq!(policy["allow_headers"], allowed);
    }
}
