//! The commands of a run as a list to be changed: templates to begin with, fields, JSON.

use serde_json::Value;

use crate::go::duration;
use crate::sim::{Command, Simulation, Span, TimedCommand, WorkloadChange};
use crate::time::Instant;

/// Why a text is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The instant is none.
    #[error("instant: {0}")]
    At(#[from] duration::DurationError),
    /// The command is none.
    #[error("command: {reason}")]
    Command {
        /// Why, with the field and what is allowed.
        reason: String,
    },
}

/// The places of commands in the order in which they come to pass.
pub fn in_order(steps: &[TimedCommand]) -> Vec<usize> {
    let mut places = Vec::from_iter(0..steps.len());
    places.sort_by_key(|place| steps[*place].at);
    places
}

/// How many of them have come to pass at an instant.
pub fn done(steps: &[TimedCommand], now: Instant) -> usize {
    steps.iter().filter(|timed| Instant::START + timed.at.0 <= now).count()
}

/// Reads a command from the texts of its fields.
pub fn parse(at: &str, command: &str, note: &str) -> Result<TimedCommand, PlanError> {
    let at = Span(duration::parse(at)?);
    let read = &mut serde_json::Deserializer::from_str(command);
    let wrong = |reason: String| PlanError::Command { reason };
    let parsed = serde_path_to_error::deserialize::<_, Command>(&mut *read).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner().to_string();
        wrong(if path == "." { reason } else { format!("{path}: {reason}") })
    })?;
    read.end().map_err(|error| wrong(error.to_string()))?;
    Ok(TimedCommand { at, command: parsed, note: note.trim().to_owned() })
}

/// A command as a file has it.
pub fn to_json(command: &Command) -> String {
    serde_json::to_string(command).unwrap_or_default()
}

/// The simple fields of a command's JSON, each with its value as text.
pub fn fields(json: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(command)) = serde_json::from_str(json) else { return Vec::new() };
    let Some(Value::Object(fields)) = command.into_iter().next().map(|(_, fields)| fields) else {
        return Vec::new();
    };
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?))).collect()
}

/// A command's JSON with one of its simple fields changed; what is no number stays a text, for [`parse`] to refuse.
pub fn with_field(json: &str, name: &str, text: &str) -> String {
    let Ok(mut value) = serde_json::from_str::<Value>(json) else { return json.to_owned() };
    let slot = value.as_object_mut().and_then(|command| command.values_mut().next()?.get_mut(name));
    if let Some(slot) = slot {
        *slot = match slot {
            Value::String(_) => text.into(),
            _ => serde_json::from_str(text.trim()).unwrap_or_else(|_| text.into()),
        };
    }
    value.to_string()
}

/// Something to begin with, for every kind of command: what it is for people, and one that this cluster can have.
pub fn templates(simulation: &Simulation) -> Vec<(&'static str, Command)> {
    let name = |place: usize| {
        simulation.pods.get(place).map_or_else(|| "loki-0".to_owned(), |pod| pod.name.to_string())
    };
    let (first, last) = (name(0), name(simulation.pods.len().saturating_sub(1)));
    let group = simulation.world.options.groups.first().map(|group| group.name.clone()).unwrap_or_default();
    let count = simulation.world.options.groups.first().map_or(3, |group| group.count + 1);
    let (pod, from, to, via) = (last.clone(), first.clone(), last.clone(), first);
    let second = Span::secs(1);
    vec![
        ("Kill (SIGKILL)", Command::Kill { pod: pod.clone(), dark: false }),
        ("Stop (SIGTERM)", Command::Terminate { pod: pod.clone() }),
        ("Start", Command::Start { pod: pod.clone(), rename: None, address: None }),
        ("Pause (SIGSTOP)", Command::Pause { pod: pod.clone() }),
        ("Go on (SIGCONT)", Command::Resume { pod: pod.clone() }),
        ("Step a clock", Command::Clock { pod: pod.clone(), step_ms: 60_000 }),
        ("Partition", Command::Partition { parts: vec![vec![from.clone()], vec![to.clone()]] }),
        ("Cut a link", Command::Cut { from: from.clone(), to: to.clone() }),
        ("Slow a link", Command::Clog { from: from.clone(), to: to.clone(), delay: second }),
        ("Lose on a link", Command::LinkLoss { from: from.clone(), to: to.clone(), millionths: 100_000 }),
        ("Mend a link", Command::Mend { from, to }),
        ("Block port 7946", Command::BlockPort { pod: pod.clone(), blocked: true }),
        ("Lose everywhere", Command::Loss { millionths: 20_000 }),
        ("Heal the network", Command::Heal {}),
        (
            "Change the network",
            Command::Network {
                latency_min: None,
                latency_max: Some(Span::millis(50)),
                latency_between_zones: None,
                duplication: None,
            },
        ),
        (
            "Change the workload",
            Command::Workload(WorkloadChange { pushes_per_second: Some(10), ..WorkloadChange::default() }),
        ),
        ("Name server down or up", Command::Dns { down: true }),
        ("Central store down or up", Command::Store { down: true }),
        ("Disk full or not", Command::Disk { pod: pod.clone(), full: true }),
        ("Length of the next WAL replay", Command::WalReplay { pod: pod.clone(), takes: Span::secs(30) }),
        ("Length of the next start", Command::Init { pod: pod.clone(), takes: second, modules: second }),
        (
            "final_sleep from the next start on",
            Command::FinalSleep { pod: pod.clone(), takes: Span::secs(30) },
        ),
        (
            "Addresses of the next start",
            Command::Bind {
                pod: pod.clone(),
                bind: String::new(),
                advertise: "127.0.0.1".into(),
                taken: false,
            },
        ),
        ("Forget an entry", Command::Forget { via: via.clone(), ring: "ingester".into(), id: pod.clone() }),
        ("Push", Command::Push { via: via.clone(), labels: r#"{app="checkout"}"#.into(), lines: 1 }),
        ("Query", Command::Query { via }),
        ("Ask /ready", Command::Ready { pod }),
        ("Rollout", Command::Rollout { group: group.clone() }),
        ("Scale", Command::Scale { group, count }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::catalog;

    #[test]
    fn every_template_is_a_command_of_this_cluster_and_reads_back() {
        for scenario in catalog::all() {
            let simulation = Simulation::of(&scenario).unwrap();
            for (label, command) in templates(&simulation) {
                simulation.check(&command).unwrap_or_else(|error| panic!("{label}: {error}"));
                assert_eq!(parse("1s", &to_json(&command), "").unwrap().command, command);
            }
        }
    }

    #[test]
    fn a_field_changes_and_keeps_its_kind() {
        let json = r#"{"kill":{"dark":false,"pod":"loki-1"}}"#;
        assert_eq!(fields(json), [("dark".into(), "false".into()), ("pod".into(), "loki-1".into())]);
        let changed = with_field(&with_field(json, "dark", "true"), "pod", "7");
        assert_eq!(parse("1s", &changed, "").unwrap().command, Command::Kill { pod: "7".into(), dark: true });
        assert_eq!(with_field(json, "age", "1"), json);
        assert!(parse("1s", &with_field(r#"{"loss":{"millionths":1}}"#, "millionths", "much"), "").is_err());
    }

    #[test]
    fn what_is_no_command_is_told_with_its_field_and_what_may_stand_there() {
        let error = |at: &str, json: &str| parse(at, json, "").unwrap_err().to_string();
        assert!(error("soon", "{}").starts_with("instant: \"soon\" is not a duration"));
        assert!(
            error("1s", r#"{"kil":{"pod":"a"}}"#)
                .starts_with("command: unknown variant `kil`, expected one of `kill`")
        );
        let text = error("1s", r#"{"scale":{"group":"loki","count":"many"}}"#);
        assert!(text.contains("count") && text.contains("expected usize"), "{text}");
        assert!(error("1s", r#"{"heal":{}} x"#).contains("trailing characters"));
        assert!(error("1s", "").contains("EOF"));
    }

    #[test]
    fn commands_come_to_pass_by_their_instants_and_then_by_their_places() {
        let step =
            |at: u64| TimedCommand { at: Span::secs(at), command: Command::Heal {}, note: String::new() };
        let steps = [step(5), step(1), step(5)];
        assert_eq!(in_order(&steps), [1, 0, 2]);
        assert_eq!([0, 1, 5].map(|secs| done(&steps, Instant::START + Span::secs(secs).0)), [0, 1, 3]);
    }
}
