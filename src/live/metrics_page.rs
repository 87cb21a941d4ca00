//! What `/metrics` of a process says of its rings and its gossip: the few lines that a verdict can use.
//!
//! Models the text format of Prometheus as far as Loki writes it. Older versions call the rings'
//! metrics `cortex_ring_members`.

use std::collections::BTreeMap;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MetricsPage {
    /// `ring_members` by ring and state: how many instances this process counts.
    pub ring_members: BTreeMap<(String, String), u64>,
    /// `distributor_replication_factor`.
    pub replication_factor: Option<u64>,
    /// `memberlist_client_cluster_members_count`: alive and suspect, itself included.
    pub cluster_members: Option<u64>,
    /// `memberlist_client_cluster_node_health_score`: 0 is well, up to 7.
    pub health_score: Option<u64>,
    /// `memberlist_client_kv_store_value_tombstones` by key.
    pub tombstones: BTreeMap<String, u64>,
}

/// Longer lines are none that are looked for.
const LONGEST_LINE: usize = 4096;

/// Reads a page; `None` if none of the metrics is there.
pub fn parse(text: &str) -> Option<MetricsPage> {
    let mut page = MetricsPage::default();
    for line in text.lines().filter(|line| line.len() <= LONGEST_LINE && !line.starts_with('#')) {
        let Some((name, labels, value)) = sample(line) else { continue };
        let name = name.strip_prefix("loki_").or_else(|| name.strip_prefix("cortex_")).unwrap_or(name);
        let label = |wanted: &str| {
            labels.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        };
        match name {
            "ring_members" => {
                if let (Some(ring), Some(state)) = (label("name"), label("state")) {
                    page.ring_members.insert((ring, state), value);
                }
            }
            "distributor_replication_factor" => page.replication_factor = Some(value),
            "memberlist_client_cluster_members_count" => page.cluster_members = Some(value),
            "memberlist_client_cluster_node_health_score" => page.health_score = Some(value),
            "memberlist_client_kv_store_value_tombstones" => {
                page.tombstones.extend(label("key").map(|key| (key, value)));
            }
            _ => {}
        }
    }
    (page != MetricsPage::default()).then_some(page)
}

type Sample<'a> = (&'a str, Vec<(&'a str, &'a str)>, u64);

/// `name{label="value",…} 3`; `None` for anything else, such as a value that is no whole number.
fn sample(line: &str) -> Option<Sample<'_>> {
    let (head, value) = line.rsplit_once(' ')?;
    let value = value.parse::<f64>().ok().filter(|value| *value >= 0.0 && value.fract() == 0.0)? as u64;
    let Some((name, rest)) = head.split_once('{') else { return Some((head, Vec::new(), value)) };
    let labels = rest.strip_suffix('}')?.split("\",").filter_map(|pair| {
        let (name, value) = pair.split_once("=\"")?;
        Some((name.trim(), value.trim_end_matches('"')))
    });
    Some((name, labels.collect(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_and_gossip_are_found_among_other_lines() {
        let page = parse(
            "# TYPE loki_ring_members gauge\nloki_ring_members{name=\"ingester\",state=\"ACTIVE\"} 3\n\
             cortex_ring_members{name=\"ruler\",state=\"Unhealthy\"} 1e+00\ngo_goroutines 400\n\
             loki_distributor_replication_factor 3\nloki_memberlist_client_cluster_members_count 3\n\
             loki_memberlist_client_cluster_node_health_score 0\nbroken{ 1\n\
             loki_memberlist_client_kv_store_value_tombstones{key=\"collectors/ring\"} 2\n",
        )
        .unwrap();
        let members = |ring: &str, state: &str| page.ring_members[&(ring.to_owned(), state.to_owned())];
        assert_eq!((members("ingester", "ACTIVE"), members("ruler", "Unhealthy")), (3, 1));
        assert_eq!(
            (page.replication_factor, page.cluster_members, page.health_score),
            (Some(3), Some(3), Some(0))
        );
        assert_eq!(page.tombstones["collectors/ring"], 2);
    }

    #[test]
    fn a_text_without_any_of_them_is_no_page() {
        for text in [
            "",
            "{\"shards\":null}",
            "go_goroutines 4\n",
            "loki_ring_members{name=\"x\"} 1",
            "loki_ring_members NaN",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
