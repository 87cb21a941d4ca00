use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::experiment::{catalog, swarm};

fn built_in() -> Shared {
    let scenario = Scenario { seed: 7, ..catalog::find("final-sleep").unwrap() };
    Shared {
        at: Instant::START + Duration::from_millis(42_180),
        picture: "mesh".into(),
        observer: Some("loki-2".into()),
        fingerprint: Some(0x0123_4567_89ab_cdef),
        ..Shared::new(scenario)
    }
}

#[test]
fn a_built_in_scenario_is_a_link_that_people_can_read() {
    let shared = built_in();
    let link = shared.to_link().unwrap();
    assert_eq!(link, "scenario=final-sleep&seed=7&t=42.18s&view=mesh&observer=loki-2&fp=0123456789abcdef");
    assert_eq!(Shared::from_link(&link), Ok(Some(shared)));
    let short = Shared::from_link("scenario=final-sleep").unwrap().unwrap();
    assert_eq!(short, Shared::new(catalog::find("final-sleep").unwrap()));
}

#[test]
fn a_changed_scenario_travels_in_the_link() {
    let mut shared = built_in();
    shared.scenario.options.memberlist.cluster_label = "prod \u{b5}&=".into();
    shared.second = Some("a&b=c#d %".into());
    shared.selected = Some("\u{fc}".into());
    shared.at = Instant::from_nanos(1_500);
    let link = shared.to_link().unwrap();
    assert!(link.starts_with("s=") && link.contains("&t=1.5us&"), "{link}");
    assert!(link.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'#'), "{link}");
    assert!(link.len() < 1_500, "{}", link.len());
    assert_eq!(Shared::from_link(&link), Ok(Some(shared)));
}

#[test]
fn a_link_without_a_scenario_is_none_and_strangers_names_are_passed_over() {
    assert_eq!(Shared::from_link(""), Ok(None));
    assert_eq!(Shared::from_link("utm_source=%zz&t=never&&"), Ok(None));
    let link = "scenario=final-sleep&utm_source=%zz&seed=3&seed=9";
    assert_eq!(Shared::from_link(link).unwrap().unwrap().scenario.seed, 9);
}

#[test]
fn what_is_wrong_with_a_link_is_told() {
    let error = |link: &str| Shared::from_link(link).unwrap_err().to_string();
    assert!(error("scenario=nope").starts_with("no scenario is called \"nope\"; there are healthy-3, "));
    assert_eq!(
        error("scenario=final-sleep&t=soon"),
        "t: \"soon\" is not possible; allowed: a duration such as 42.18s or 1m0s"
    );
    assert!(error("scenario=final-sleep&seed=-1").starts_with("seed: \"-1\""));
    assert!(error("scenario=final-sleep&fp=12").contains("16 hexadecimal digits"));
    assert!(error("scenario=final-sleep&fp=+123456789abcdef").contains("16 hexadecimal digits"));
    assert!(error("scenario=final-sleep&view=%e4").contains("view is damaged"));
    assert!(
        error(&format!("scenario=final-sleep&view={}", "x".repeat(301))).contains("view is too long: 301")
    );
    assert!(error(&"x".repeat(200_001)).contains("the link is too long"));
    assert!(error("s=AAAA").contains("damaged"));
    let packed = packed::pack(r#"{"name":"x","until":"1m","options":{"replication_factor":0}}"#);
    assert!(error(&format!("s={packed}")).starts_with("options.replication_factor: 0 is not possible"));
    assert!(error(&format!("s={}", packed::pack("[]"))).starts_with("scenario: "));
    assert!(error(&format!("s={}", packed::pack(&"[".repeat(100_000)))).contains("recursion limit"));
}

#[test]
fn a_scenario_too_long_for_a_link_fits_a_file() {
    let mut shared = built_in();
    let rank = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    shared.scenario.watch = (0..800).map(|number| format!("{:x}", rank(number))).collect();
    let error = shared.to_link().unwrap_err();
    assert!(error.length > LONGEST_LINK && error.to_string().contains("save a file"), "{error}");
    assert_eq!(Shared::from_file(&shared.to_file()), Ok(shared));
}

#[test]
fn a_file_holds_everything_and_a_bare_scenario_opens_too() {
    let shared = Shared { second: Some("beliefs".into()), ..built_in() };
    let text = shared.to_file();
    assert!(text.contains("\n  \"at\": \"42.18s\","), "{text}");
    assert_eq!(Shared::from_file(&text), Ok(shared.clone()));
    assert_eq!(Shared::from_file(&shared.scenario.to_json()), Ok(Shared::new(shared.scenario)));
}

#[test]
fn what_is_wrong_with_a_file_is_told() {
    let error = |text: &str| Shared::from_file(text).unwrap_err().to_string();
    assert!(error("{").starts_with("file: EOF while parsing"), "{}", error("{"));
    assert!(error("[]").starts_with("scenario: "));
    assert!(error(r#"{"ringside": 2}"#).starts_with("the file is of version 2, this page reads version 1"));
    assert!(error(r#"{"ringside": 1, "at": "1s"}"#).starts_with("file: missing field `scenario`"));
    assert!(error(r#"{"ringside": 1, "at": 1}"#).starts_with("at: "));
    assert!(error(r#"{"ringside": 1, "at": "now", "scenario": {}}"#).starts_with("at: \"now\""));
    let scenario = r#"{"ringside": 1, "at": "1s", "scenario": {"name": "x", "until": 5}}"#;
    assert!(error(scenario).starts_with("until: "));
}

proptest! {
    #[test]
    fn no_text_makes_a_link_or_a_file_panic(text in "\\PC{0,200}", tail in "[-_A-Za-z0-9%&=+]{0,200}") {
        let _ = Shared::from_link(&text);
        let _ = Shared::from_link(&format!("s={tail}"));
        let _ = Shared::from_link(&format!("scenario=final-sleep&{tail}"));
        let _ = Shared::from_file(&text);
        let _ = Shared::from_file(&format!("{{\"ringside\": 1, {text}"));
    }

    #[test]
    fn no_bytes_unpack_to_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        use base64::Engine as _;
        let packed = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let _ = Shared::from_link(&format!("s={packed}"));
    }

    #[test]
    fn whatever_the_run_the_link_brings_it_back(
        seed in 0..100_000u64,
        nanos in any::<u64>(),
        names in prop::collection::vec(prop::option::of("\\PC{0,20}"), 3),
        picture in "\\PC{0,20}",
        fingerprint in any::<Option<u64>>(),
    ) {
        let shared = Shared {
            at: Instant::from_nanos(nanos >> 1),
            picture,
            second: names[0].clone(),
            observer: names[1].clone(),
            selected: names[2].clone(),
            fingerprint,
            ..Shared::new(swarm::scenario(seed))
        };
        prop_assert_eq!(Shared::from_file(&shared.to_file()), Ok(shared.clone()));
        prop_assert_eq!(Shared::from_link(&shared.to_link().unwrap()), Ok(Some(shared)));
    }
}
