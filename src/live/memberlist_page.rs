//! The JSON that `/memberlist` answers: which members a process knows, and which keys it holds.
//!
//! Models dskit kv/memberlist/http_status_handler.go. The page cannot tell suspects: it lists who is
//! alive or suspect, and its `State` is always 0.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::time::WallTime;

/// What a process knows of its gossip.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MemberlistPage {
    /// The process's clock.
    pub now: Option<WallTime>,
    /// Members that are alive or suspect, itself among them, by name.
    pub members: Vec<Member>,
    /// The keys that it holds, and how often each changed here.
    pub keys: BTreeMap<String, u64>,
}

/// A member as another one knows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// Its node name: the host's name and a random ending by default.
    #[serde(rename = "Name")]
    pub name: String,
    /// Its IP address.
    #[serde(rename = "Addr", default)]
    pub addr: String,
    /// Its port.
    #[serde(rename = "Port", default)]
    pub port: u16,
}

impl MemberlistPage {
    /// The member that an instance's process is: by name, without the random ending, or by the IP
    /// address of `addr`.
    pub fn member_of(&self, id: &str, addr: &str) -> Option<&Member> {
        let ip = addr.rsplit_once(':').map_or(addr, |(ip, _)| ip).trim_matches(['[', ']']);
        let is_named = |member: &&Member| {
            let ending = member.name.strip_prefix(id);
            ending.is_some_and(|ending| ending.is_empty() || is_random_ending(ending))
        };
        let named = self.members.iter().find(is_named);
        named.or_else(|| self.members.iter().find(|member| !ip.is_empty() && member.addr == ip))
    }
}

/// `-0259e398`: what `randomize_node_name` appends.
fn is_random_ending(ending: &str) -> bool {
    ending.strip_prefix('-').is_some_and(|hex| hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    now: Option<String>,
    sorted_members: Option<Vec<Member>>,
    #[serde(default)]
    store: Option<BTreeMap<String, Key>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    #[serde(default)]
    version: u64,
}

/// Reads a page; `None` if the text is something else.
pub fn parse(text: &str) -> Option<MemberlistPage> {
    let page: Page = serde_json::from_str(text.trim_start_matches('\u{feff}').trim()).ok()?;
    let mut members = page.sorted_members?;
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let keys = page.store.unwrap_or_default();
    Some(MemberlistPage {
        now: page.now.and_then(|now| WallTime::parse_rfc3339(&now).ok()),
        members,
        keys: keys.into_iter().map(|(key, value)| (key, value.version)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"{"Now":"2026-11-22T10:11:36.605446287Z","Memberlist":{},"SortedMembers":[
        {"Name":"loki-2-1748e1f3","Addr":"127.0.0.22","Port":7946,"Meta":null,"State":0},
        {"Name":"loki-1-0259e398","Addr":"127.0.0.21","Port":7946,"Meta":null,"State":0}],
        "Store":{"collectors/ring":{"Version":12,"CodecID":"ringDesc","Deleted":false}},"SentMessages":null}"#;

    #[test]
    fn members_and_keys_are_read_and_members_sorted() {
        let page = parse(PAGE).unwrap();
        assert_eq!(
            page.members.iter().map(|member| &*member.addr).collect::<Vec<_>>(),
            ["127.0.0.21", "127.0.0.22"]
        );
        assert_eq!(page.keys["collectors/ring"], 12);
        assert!(page.now.is_some());
    }

    #[test]
    fn an_instance_is_found_by_its_name_or_else_its_address() {
        let page = parse(PAGE).unwrap();
        let name = |id, addr| page.member_of(id, addr).map(|member| &*member.name);
        assert_eq!(name("loki-1", ""), Some("loki-1-0259e398"));
        assert_eq!(name("ingester-9", "127.0.0.22:9095"), Some("loki-2-1748e1f3"));
        assert_eq!(name("loki", "10.0.0.1:9095"), None, "loki-1-… is not loki's");
    }

    #[test]
    fn a_ring_page_is_no_memberlist_page() {
        for text in ["{\"shards\":[],\"now\":\"x\"}", "<html>", "", "[]", "{\"SortedMembers\":null}"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
