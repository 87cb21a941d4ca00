//! A scenario's JSON without what goes without saying.

use serde_json::{Map, Value};

use crate::sim::{Group, Options, Scenario};

/// The shortest JSON that reads back as this scenario: values that are the defaults are left out.
pub fn minimal(scenario: &Scenario) -> Value {
    let mut value = serde_json::to_value(scenario).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        let is_unsaid = |name: &str, value: &Value| match value {
            Value::String(text) => text.is_empty() && name != "name",
            Value::Array(items) => items.is_empty(),
            Value::Number(number) => name == "seed" && number.as_u64() == Some(1),
            _ => false,
        };
        fields.retain(|name, value| !is_unsaid(name, value));
        let options = fields.get_mut("options").map(|options| {
            let said = without(options.take(), &default(Options::default()));
            *options = said;
            options.as_object().is_some_and(Map::is_empty)
        });
        if options == Some(true) {
            fields.remove("options");
        }
    }
    if let Some(groups) = value.pointer_mut("/options/groups").and_then(Value::as_array_mut) {
        let group = default(Group::default());
        groups.iter_mut().for_each(|said| *said = without(said.take(), &group));
    }
    value
}

fn default(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// `value` without the fields that are as in `default`, at every depth; lists are whole or not there.
fn without(value: Value, default: &Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let differing = fields.into_iter().filter_map(|(name, value)| match default.get(&name) {
        Some(default) if value == *default => None,
        Some(default) => Some((name, without(value, default))),
        None => Some((name, value)),
    });
    Value::Object(differing.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{catalog, swarm};

    #[test]
    fn the_shortest_text_reads_back_as_the_same_scenario() {
        for scenario in catalog::all().chain((0..200).map(swarm::scenario)) {
            let short = minimal(&scenario);
            assert_eq!(Scenario::from_value(short.clone()).unwrap(), scenario);
            assert!(short.to_string().len() < scenario.to_json().len());
        }
    }

    #[test]
    fn only_what_is_said_is_there() {
        let minimal = |json: &str| minimal(&Scenario::parse(json).unwrap()).to_string();
        for short in [
            r#"{"name":"x","until":"2m0s"}"#,
            r#"{"name":"","seed":7,"until":"0s"}"#,
            r#"{"name":"x","options":{"groups":[{"count":5},{"name":"q"}]},"until":"2m0s"}"#,
            r#"{"name":"x","options":{"memberlist":{"gossip_interval":"1s","join_members":[]}},"until":"2m0s"}"#,
        ] {
            assert_eq!(minimal(short), short);
        }
    }
}
