//! A traced stream: what the page says is what the library says, and the library is held to Go elsewhere.

use std::fs;
use std::path::Path;

use ringside::loki::trace::{Candidate, Replicas, StreamTrace, Unhealthy, trace_stream};
use ringside::loki::{Labels, with_service_name};
use ringside::ring::{InstanceState, Ring, RingConfig, RingError, Skip};
use serde::Deserialize;
use serde_json::json;

use crate::inspector::{Inspector, captured, judged, read};
use crate::server::Site;

#[test]
fn a_trace_tells_key_walk_replicas_and_outcome_as_the_library_does() {
    let site = Site::start();
    let at = Inspector::open(&site);
    let streams = [
        ("fake", "{app=\"checkout\", env=\"prod\"}"),
        ("tenant-7", "{namespace=\"shop\", container=\"cart\"}"),
        ("29", "{job=\"varlogs\", filename=\"/var/log/syslog\"}"),
        ("", "{}"),
    ];
    let rings = [
        "02_healthy/loki-1.ring.json.http",
        "06_killed_after_heartbeat_timeout/loki-1.ring.json.http",
        "08_leaving_in_final_sleep/loki-1.ring.json.http",
        "05_single_rf3/loki-1.ring.json.http",
        "01_healthy/loki-1.indexgateway_ring.json.http",
    ];
    for name in rings {
        let text = captured(name);
        let (page, ring, _) = judged(&text, RingConfig::default());
        at.paste(&text);
        for (tenant, labels) in streams {
            let parsed = Labels::parse(labels).unwrap();
            for (service_name, hashed) in [(true, with_service_name(&parsed)), (false, parsed)] {
                let told = Told::of(&ring, &trace_stream(&ring, tenant, &hashed, page.now.unwrap()));
                let seen: Told = read(at.eval(SEE, &[json!(tenant), json!(labels), json!(service_name)]));
                assert_eq!(seen, told, "{name}, {tenant}, {labels}, {service_name}");
            }
        }
    }
    at.assert_console_is_clean();
}

/// Traces a stream and gives what the page says of it.
const SEE: &str = "const [tenant, labels, service_name] = arguments;
    const find = id => document.getElementById(id);
    for (const [id, text] of [['trace-tenant', tenant], ['trace-labels', labels]]) {
        find(id).value = text;
        find(id).dispatchEvent(new InputEvent('input', { bubbles: true }));
    }
    if (find('trace-service-name').checked !== service_name) find('trace-service-name').click();
    const outcome = id => [find(id).dataset.outcome, ...[...find(id).children].map(part => part.textContent)];
    return new Promise(done => requestAnimationFrame(() => done({
        key: ['trace-error', 'trace-canonical', 'trace-key', 'trace-key-hex'].map(id => find(id)?.textContent ?? ''),
        steps: [...document.querySelectorAll('[data-testid=trace-step]')].map(step => step.textContent),
        write: find('trace-write') && outcome('trace-write'),
        read: find('trace-read') && outcome('trace-read'),
    })))";

/// All texts of a trace.
#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Told {
    /// What is wrong with the labels, the labels as hashed, the key, the key again.
    key: [String; 4],
    steps: Vec<String>,
    write: Option<Vec<String>>,
    read: Option<Vec<String>>,
}

impl Told {
    fn of(ring: &Ring, trace: &StreamTrace) -> Self {
        let mut candidates = trace.write.candidates.iter();
        let mut number = 0;
        let steps = trace.write.walk.steps.iter().map(|step| {
            let name = format!("{} {}", ring.id(step.instance), ring.topology().tokens()[step.position]);
            match step.outcome {
                Err(Skip::SameInstance) => format!("{name}passed over: same instance"),
                Err(Skip::ZoneHasReplica) => {
                    format!("{name}passed over: zone {} has its replica", ring.instance(step.instance).zone)
                }
                Ok(taken) => {
                    number += 1;
                    let reason = match candidates.next() {
                        Some(Candidate { health: Err(Unhealthy::State(InstanceState::Leaving)), .. }) => {
                            "LEAVING: not written to, still read".to_owned()
                        }
                        Some(Candidate { health: Err(why), .. }) => format!("taken, but not healthy: {why}"),
                        _ if taken.extends => format!("replica {number}; its state asks for one more"),
                        _ => format!("replica {number}"),
                    };
                    format!("{number}{name}{reason}")
                }
            }
        });
        let outcome = |title: &str, outcome: &Result<Replicas, RingError>, arithmetic: &String| match outcome
        {
            Ok(Replicas { instances, max_errors, .. }) => {
                let may_fail = if *max_errors == 0 { "none".to_owned() } else { max_errors.to_string() };
                let slack = format!("{} instances asked; {may_fail} of them may fail", instances.len());
                let word = match max_errors {
                    0 => format!("!{title} succeeds, no margin"),
                    _ => format!("\u{2713}{title} succeeds"),
                };
                vec!["ok".to_owned(), word, slack, arithmetic.clone()]
            }
            Err(error) => {
                vec![
                    "error".to_owned(),
                    format!("\u{2715}{title} fails"),
                    error.to_string(),
                    arithmetic.clone(),
                ]
            }
        };
        Self {
            key: [
                String::new(),
                trace.canonical.clone(),
                trace.key.to_string(),
                format!("0x{:08x}", trace.key),
            ],
            steps: steps.collect(),
            write: Some(outcome("Write", &trace.write.outcome, &trace.write.arithmetic)),
            read: Some(outcome("Read", &trace.read.outcome, &trace.read.arithmetic)),
        }
    }
}

#[derive(Deserialize)]
struct Vectors {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    kind: String,
    tenant: Option<String>,
    raw: Option<String>,
    string: Option<String>,
    token: Option<u32>,
    error: Option<String>,
}

#[test]
fn keys_and_parse_errors_are_those_of_the_real_loki() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/vectors/token_for.json");
    let vectors: Vectors = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let site = Site::start();
    let at = Inspector::open(&site);
    let (mut keys, mut errors) = (0, 0);
    for case in vectors.cases.iter().filter(|case| case.kind == "parse") {
        let (Some(tenant), Some(raw)) = (&case.tenant, &case.raw) else { continue };
        // A field of one line drops what would break it.
        if raw.contains(['\n', '\r']) {
            continue;
        }
        let Told { key: [error, canonical, key, _], .. } =
            read(at.eval(SEE, &[json!(tenant), json!(raw), json!(false)]));
        match &case.error {
            Some(expected) => {
                errors += 1;
                assert_eq!((&*error, &*canonical, &*key), (&**expected, "", ""), "{raw:?}");
            }
            None => {
                keys += 1;
                let expected = (case.string.as_deref().unwrap(), case.token.unwrap().to_string());
                assert_eq!((&*error, &*canonical, key), ("", expected.0, expected.1), "{raw:?}");
            }
        }
    }
    assert!(keys > 10 && errors > 5, "{keys} keys, {errors} errors");
    assert_eq!(at.attribute("#trace-labels", "aria-describedby"), "trace-error");
    at.assert_console_is_clean();
}

#[test]
fn a_step_of_the_walk_leads_to_its_token() {
    let site = Site::start();
    let at = Inspector::open(&site);
    at.settle();
    let (picture, steps) = (at.picture("#ring-canvas"), at.texts("[data-testid=trace-step] button"));
    let (name, token) = steps[0].split_once(' ').unwrap();
    at.click("[data-testid=trace-step] button");
    at.sees("#readout", &format!("token {token}"));
    at.sees("#readout", name);
    at.settle();
    assert_ne!(at.picture("#ring-canvas"), picture);
    let pressed = format!("[data-testid=ring-row][data-instance={name}] [aria-pressed=true]");
    assert_eq!(at.texts(&pressed).len(), 1);
    at.assert_console_is_clean();
}
