use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ringside::loki::{Labels, token_for};
use serde::Deserialize;

use super::support::{Cases, VectorFile};

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Case {
    Token {
        #[serde(flatten)]
        tenant: Tenant,
        #[serde(default)]
        labels: String,
        labels_b64: Option<String>,
        token: u32,
    },
    Map {
        #[serde(flatten)]
        tenant: Tenant,
        #[serde(default)]
        map: BTreeMap<String, String>,
        #[serde(flatten)]
        result: Hashed,
    },
    Parse {
        #[serde(flatten)]
        tenant: Tenant,
        #[serde(default)]
        raw: String,
        #[serde(flatten)]
        result: Option<Hashed>,
        error: Option<String>,
    },
}

#[derive(Deserialize)]
struct Tenant {
    #[serde(default)]
    tenant: String,
    tenant_b64: Option<String>,
}

#[derive(Deserialize, PartialEq, Debug, Clone)]
struct Hashed {
    string: String,
    stable_hash: String,
    hash: String,
    token: u32,
}

impl Tenant {
    fn bytes(&self) -> Vec<u8> {
        bytes(&self.tenant, self.tenant_b64.as_deref())
    }
}

/// A text, or bytes that are none.
fn bytes(text: &str, base64: Option<&str>) -> Vec<u8> {
    base64.map_or_else(|| text.as_bytes().to_vec(), |base64| BASE64_STANDARD.decode(base64).unwrap())
}

fn hashed(tenant: &Tenant, labels: &Labels) -> Hashed {
    let string = labels.to_string();
    let token = token_for(tenant.bytes(), &string);
    Hashed { stable_hash: labels.stable_hash().to_string(), hash: labels.hash().to_string(), token, string }
}

#[test]
fn token_for_streams() {
    let (mut file, vectors) = VectorFile::read::<Cases<Case>>("token_for");
    for case in &vectors.cases {
        match case {
            Case::Token { tenant, labels, labels_b64, token } => {
                let ours = token_for(tenant.bytes(), bytes(labels, labels_b64.as_deref()));
                file.check(|| format!("token of {labels}"), &ours, token);
            }
            Case::Map { tenant, map, result } => {
                let labels =
                    Labels::from_pairs(map.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                file.check(|| format!("map {map:?}"), &hashed(tenant, &labels), result);
            }
            Case::Parse { tenant, raw, result, error } => {
                let ours = Labels::parse(raw)
                    .map(|labels| hashed(tenant, &labels))
                    .map_err(|error| error.to_string());
                let theirs = match (result, error) {
                    (_, Some(error)) => Err(error.clone()),
                    (Some(result), None) => Ok(result.clone()),
                    (None, None) => panic!("{raw}: neither a result nor an error"),
                };
                file.check(|| format!("parse {raw:?}"), &ours, &theirs);
            }
        }
    }
    file.finish();
}
