//! Files: `{"ringside": 1, "scenario": …, "at": "42.18s", …}`, or a scenario alone.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sim::{Scenario, ScenarioError};

use super::link::{instant_text, parse_fingerprint, parse_instant};
use super::{LinkError, Shared, VERSION};

/// The most bytes of a file that are read.
const LONGEST_FILE: usize = 20_000_000;

/// What stands in a file beside the scenario.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<S> {
    ringside: u64,
    at: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    view: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    view2: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    observer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selected: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
    scenario: S,
}

impl Shared {
    /// The text of a file, for people as well.
    pub fn to_file(&self) -> String {
        let file = File {
            ringside: VERSION,
            at: instant_text(self.at),
            view: self.picture.clone(),
            view2: self.second.clone(),
            observer: self.observer.clone(),
            selected: self.selected.clone(),
            fingerprint: self.fingerprint.map(|fingerprint| format!("{fingerprint:016x}")),
            scenario: &self.scenario,
        };
        serde_json::to_string_pretty(&file).unwrap_or_default()
    }

    /// Reads a file; one with nothing but a scenario begins at its beginning.
    pub fn from_file(text: &str) -> Result<Self, LinkError> {
        if text.len() > LONGEST_FILE {
            return Err(LinkError::TooLong { what: "the file", length: text.len(), most: LONGEST_FILE });
        }
        let value: Value = serde_json::from_str(text).map_err(|error| shape("file", error.to_string()))?;
        match value.get("ringside") {
            None => return Ok(Self::new(Scenario::from_value(value)?)),
            Some(version) if version.as_u64() != Some(VERSION) => {
                return Err(LinkError::Version { version: version.to_string().chars().take(20).collect() });
            }
            Some(_) => {}
        }
        let file: File<Value> = serde_path_to_error::deserialize(value)
            .map_err(|error| shape(&error.path().to_string(), error.into_inner().to_string()))?;
        let wrong = |name, value: &str, allowed: &str| LinkError::Value {
            name,
            value: value.chars().take(80).collect(),
            allowed: allowed.to_owned(),
        };
        let at = parse_instant(&file.at)
            .ok_or_else(|| wrong("at", &file.at, "a duration such as 42.18s or 1m0s"))?;
        let fingerprint = file.fingerprint.as_deref().map(|text| {
            parse_fingerprint(text).ok_or_else(|| wrong("fingerprint", text, "16 hexadecimal digits"))
        });
        Ok(Self {
            scenario: Scenario::from_value(file.scenario)?,
            at,
            picture: file.view,
            second: file.view2,
            observer: file.observer,
            selected: file.selected,
            fingerprint: fingerprint.transpose()?,
        })
    }
}

fn shape(field: &str, reason: String) -> LinkError {
    let field = if field == "." { "file" } else { field };
    ScenarioError::Shape { field: field.to_owned(), reason }.into()
}
