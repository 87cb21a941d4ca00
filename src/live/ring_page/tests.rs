use super::*;

const ONE: &str = r#"{"shards":[{"id":"loki-1","state":"ACTIVE","address":"10.0.0.1:9095",
    "timestamp":"2026-11-22T09:54:56Z","registered_timestamp":"0001-01-01T00:00:00Z","read_only":false,
    "read_only_updated_timestamp":"0001-01-01T00:00:00Z","zone":"","tokens":[3,1,2]}],
    "now":"2026-11-22T10:55:03.094612473+01:00"}"#;

#[test]
fn a_ring_page_gives_its_instances_and_its_clock() {
    let page = parse(ONE).unwrap();
    let instance = &page.desc.ingesters["loki-1"];
    assert_eq!(instance.tokens.as_slice(), [1, 2, 3]);
    assert_eq!(instance.timestamp, 1_795_341_296);
    assert_eq!(instance.registered_timestamp, 0);
    assert_eq!(page.now.unwrap().to_rfc3339(), "2026-11-22T09:55:03.094612473Z");
    assert_eq!(page.reported["loki-1"], ShownState::ACTIVE);
}

#[test]
fn null_lists_missing_fields_and_unhealthy_are_taken() {
    assert!(parse(r#"{"shards":null,"now":"2026-11-22T09:55:03Z"}"#).unwrap().desc.ingesters.is_empty());
    let page =
        parse(r#"{"shards":[{"id":"a","state":"UNHEALTHY","tokens":null,"versions":{"1":2}}]}"#).unwrap();
    assert_eq!(page.desc.ingesters["a"].state, InstanceState::Active);
    assert_eq!(page.reported["a"], ShownState::Unhealthy);
    assert_eq!(page.now, None);
}

#[test]
fn a_keys_raw_value_gives_instances_and_tombstones() {
    let page = parse(
        r#"{"ingesters":{"a":{"addr":"x:1","timestamp":5,"tokens":[7]},"b":{"state":4,"timestamp":6}}}"#,
    );
    let page = page.unwrap();
    assert_eq!(page.desc.ingesters.len(), 1);
    assert_eq!(page.tombstones, ["b".into()]);
}

#[test]
fn headers_around_the_page_do_not_matter() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Type: application/json\n\n",
        "### request\nGET /ring HTTP/1.1\n### response\nHTTP/1.1 200 OK\n\n",
        "\u{feff}  \n",
    ] {
        assert_eq!(parse(&format!("{head}{ONE}\n")), parse(ONE));
    }
}

#[test]
fn each_kind_of_bad_input_has_its_own_message() {
    for (text, message) in [
        ("", "there is nothing here: paste the JSON of a ring page"),
        (
            "<!DOCTYPE html><html>",
            "this is the HTML page; the ring comes as JSON only to those who ask for it with an Accept header",
        ),
        ("404 page not found", "the server answered \"404 page not found\" instead of a ring"),
        (
            "HTTP/1.1 405 Method Not Allowed\n\n",
            "the server answered \"HTTP/1.1 405 Method Not Allowed\" instead of a ring",
        ),
        ("level=error msg=x", "this is not JSON: it starts with \"level=error msg=x\""),
        (&ONE[..300], "the JSON breaks off at line 4, column 39: copy it whole"),
        ("{\"shards\":[}", "the JSON is broken at line 1, column 12: expected value"),
        (
            "{\"status\":\"success\",\"data\":[]}",
            "this is JSON, but no ring: expected an object with \"shards\" and \"now\", found an object with \"data\", \"status\"",
        ),
        ("[1,2]", "this is JSON, but no ring: expected an object with \"shards\" and \"now\", found a list"),
        (
            "\"a\"",
            "this is JSON, but no ring: expected an object with \"shards\" and \"now\", found a single value",
        ),
        (
            "{}",
            "this is JSON, but no ring: expected an object with \"shards\" and \"now\", found an empty object",
        ),
        (
            r#"{"shards":[{"id":"a","state":"ACTIVE","tokens":[1,4294967296]}]}"#,
            "shards[0].tokens[1]: invalid value: integer `4294967296`, expected u32 (line 1, column 60)",
        ),
        (
            r#"{"shards":[{"id":"a","state":"ASLEEP"}]}"#,
            "shards[0].state: \"ASLEEP\" is no state; there are ACTIVE, LEAVING, PENDING, JOINING, LEFT and UNHEALTHY (line 1, column 38)",
        ),
        (
            r#"{"shards":[{"id":7}]}"#,
            "shards[0].id: invalid type: integer `7`, expected a string (line 1, column 18)",
        ),
        (
            r#"{"shards":[{"id":"a","state":"ACTIVE","timestamp":"yesterday"}]}"#,
            "shards[0].timestamp: \"yesterday\" is not an RFC 3339 time such as 2026-08-22T10:11:12Z: the 'year' component could not be parsed (line 1, column 61)",
        ),
        (
            r#"{"shards":[{"id":"a","state":"ACTIVE"},{"id":"a","state":"ACTIVE"}]}"#,
            "instance \"a\" stands twice in the list",
        ),
        (r#"{"shards":{}}"#, "shards: invalid type: map, expected a sequence (line 1, column 10)"),
        (&format!("{ONE} trailing"), "the JSON is broken at line 4, column 50: trailing characters"),
    ] {
        assert_eq!(parse(text).map_err(|error| error.to_string()), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn fifty_megabytes_and_deep_nesting_are_refused() {
    assert_eq!(
        parse(&" ".repeat(50 << 20)).unwrap_err().to_string(),
        "this is 50 MiB; a ring page may have at most 32 MiB"
    );
    assert!(matches!(parse(&"[".repeat(100_000)), Err(PageError::OtherJson { .. })));
    let nested = format!("{{\"x\":{}", "[".repeat(100_000));
    assert!(matches!(parse(&nested), Err(PageError::Truncated { .. })));
}

#[test]
fn pages_of_older_versions_and_of_other_products_are_read() {
    // Cortex and the first versions of dskit print times as Go spells them.
    let page = parse(
        r#"{"shards":[{"id":"ingester-1","state":"ACTIVE","address":"10.0.0.1:9095","timestamp":"2021-03-01 10:00:00.5 +0000 UTC",
        "registered_timestamp":"","zone":"","tokens":[1,2],"num_tokens":2,"ownership":100,"versions":{}}],
        "now":"2021-03-01 11:00:01 +0100 CET m=+3.1","show_tokens":false}"#,
    )
    .unwrap();
    assert_eq!(page.desc.ingesters.get("ingester-1").unwrap().timestamp, 1_614_592_800);
    assert_eq!(page.now, Some(WallTime::from_unix_secs(1_614_592_801)));
    let error =
        parse(r#"{"shards":[{"id":"a","state":"ACTIVE","timestamp":"yesterday at noon"}]}"#).unwrap_err();
    assert!(error.to_string().starts_with("shards[0].timestamp"), "{error}");
}
