//! The pages of a process, for the panel that shows them.

use crate::lifecycle::RingKind;
use crate::sim::{self, Response, Simulation};

/// What a pod's process answers to `GET path`. Other than a real request this has no consequences: asking `/ready` is
/// what starts an ingester's patience.
pub fn ask(simulation: &mut Simulation, pod: u32, path: &str) -> Response {
    if path != "/ready" {
        return sim::page(simulation, pod, path);
    }
    // Whether anybody answers is the same for all pages.
    let any = sim::page(simulation, pod, "/services");
    if any.status != 200 {
        return any;
    }
    let (status, body) = simulation.copy_ready(pod);
    Response { status, body, ..any }
}

/// The paths that a pod's process serves, and that tell of rings; those that every process has if none runs.
pub fn paths(simulation: &Simulation, pod: u32) -> Vec<String> {
    let process = simulation.pods.get(pod as usize).and_then(|pod| pod.process.as_ref());
    let mut kinds = Vec::from_iter(process.iter().flat_map(|process| &process.rings).map(|slot| slot.kind));
    kinds.sort_by_key(|kind| *kind != RingKind::Ingester);
    let mut paths = Vec::from_iter(kinds.iter().map(|kind| kind.preset(false).page.to_owned()));
    if paths.is_empty() {
        paths.push("/ring".into());
    }
    paths.push("/memberlist".into());
    if process.is_some_and(|process| process.swim.is_some())
        && let Some(kind) = kinds.first()
    {
        let key = kind.preset(false).key.replace('/', "%2F");
        paths.push(format!("/memberlist?viewKey={key}&format=json"));
    }
    paths.extend(["/ready", "/services", "/metrics"].map(str::to_owned));
    paths
}

/// JSON with a line for each member, two blanks for each depth; what is no JSON comes back as it is. Nothing is
/// reordered or reworded: the bytes between the blanks are the ones that were sent.
pub fn pretty(json: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(json).is_err() {
        return json.to_owned();
    }
    let mut out = String::with_capacity(json.len() * 2);
    let mut depth = 0_usize;
    let mut rest = json.chars().peekable();
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(char) = rest.next() {
        match char {
            '"' => {
                out.push('"');
                let mut is_escaped = false;
                for char in rest.by_ref() {
                    out.push(char);
                    match char {
                        '"' if !is_escaped => break,
                        _ => is_escaped = char == '\\' && !is_escaped,
                    }
                }
            }
            '{' | '[' => {
                out.push(char);
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                match rest.next_if(|next| matches!(next, '}' | ']')) {
                    Some(end) => out.push(end),
                    None => {
                        depth += 1;
                        line(&mut out, depth);
                    }
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(',');
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            char if char.is_ascii_whitespace() => {}
            char => out.push(char),
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sim::{Command, Scenario, Timeline};
    use crate::time::Instant;

    fn timeline(secs: u64) -> Timeline {
        let mut timeline =
            Timeline::new(Scenario::parse(r#"{"name": "t", "until": "5m"}"#).unwrap()).unwrap();
        timeline.seek(Instant::START + Duration::from_secs(secs));
        timeline
    }

    #[test]
    fn every_path_that_is_offered_is_answered_and_asking_changes_nothing() {
        let mut timeline = timeline(40);
        let mut same = timeline.fork();
        let paths = paths(timeline.present(), 0);
        assert_eq!(paths[0], "/ring");
        for path in paths {
            let response = ask(timeline.present_mut(), 0, &path);
            assert!(response.status == 200 && !response.body.is_empty(), "{path}: {response:?}");
        }
        for timeline in [&mut timeline, &mut same] {
            timeline.seek(Instant::START + Duration::from_secs(100));
        }
        assert_eq!(timeline.present().fingerprint(), same.present().fingerprint());
    }

    #[test]
    fn a_page_of_readiness_is_the_real_one_without_its_consequences() {
        let mut timeline = timeline(12);
        let asked = ask(timeline.present_mut(), 0, "/ready");
        let real = sim::page(timeline.fork().present_mut(), 0, "/ready");
        assert_eq!(asked, real);
        timeline.apply(Command::Kill { pod: "loki-0".into(), dark: false }).unwrap();
        timeline.seek(timeline.now() + Duration::from_nanos(1));
        for path in ["/ready", "/ring"] {
            assert_eq!(ask(timeline.present_mut(), 0, path).body, "loki-0 is down");
        }
    }

    #[test]
    fn json_is_broken_into_lines_and_nothing_else() {
        let json = r#"{"b":[1,2.50,{"a":"x, y: \"{z}\""}],"a":{},"c":[]}"#;
        let text = "{\n  \"b\": [\n    1,\n    2.50,\n    {\n      \"a\": \"x, y: \\\"{z}\\\"\"\n    }\n  ],\n  \"a\": {},\n  \"c\": []\n}\n";
        assert_eq!(pretty(json), text);
        assert_eq!(pretty(text), text);
        assert_eq!(pretty("ready\n"), "ready\n");
    }
}
