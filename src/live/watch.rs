//! The sources that a reader watches at once: pods of one cluster as a rule, each with its own copy of
//! the ring.

use std::sync::Arc;
use std::time::Duration;

use crate::time::WallTime;

use super::failure::host_of;
use super::history::{Frame, History};
use super::memberlist_page::MemberlistPage;
use super::metrics_page::MetricsPage;

/// Where a source's pages come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// An address is asked again and again.
    Polled,
    /// Somebody pasted or dropped them.
    Given,
    /// A recording.
    Recorded,
}

/// One process, or whatever answers at one address.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the reader calls it.
    pub name: Arc<str>,
    /// Where it is asked; empty for what was pasted.
    pub address: Arc<str>,
    /// Where its pages come from.
    pub kind: SourceKind,
    /// What it said of the ring.
    pub history: History,
    /// Its members, when they were asked for.
    pub memberlist: Option<MemberlistPage>,
    /// Its metrics, when they were asked for.
    pub metrics: Option<MetricsPage>,
}

impl Source {
    /// A source that has not said anything yet.
    pub fn new(name: &str, address: &str, kind: SourceKind) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            kind,
            history: History::default(),
            memberlist: None,
            metrics: None,
        }
    }

    /// The instance of `frame` that this source's process is, by its place: the one of its name, the one
    /// whose name begins its name (`loki-1.json`), or the one at its host.
    pub fn own_place(&self, frame: &Frame) -> Option<usize> {
        let entries = frame.roster.entries();
        let begins = |id: &str| {
            let rest = self.name.strip_prefix(id);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        };
        let named = (0..entries.len()).filter(|&place| begins(&entries[place].id));
        named.max_by_key(|&place| entries[place].id.len()).or_else(|| {
            let host = host_of(&self.address);
            entries.iter().position(|entry| !host.is_empty() && host == host_of(&entry.addr))
        })
    }
}

/// The earliest and the latest instant of which any source said something.
pub fn extent(sources: &[&Source]) -> Option<(WallTime, WallTime)> {
    let first = sources.iter().filter_map(|source| Some(source.history.frames().next()?.at)).min()?;
    let last = sources.iter().filter_map(|source| Some(source.history.latest()?.at)).max()?;
    Some((first, last))
}

/// The frames of all sources at an instant; nothing from sources that had not said anything by then.
pub fn frames_at<'s>(sources: &[&'s Source], at: WallTime) -> Vec<Option<&'s Frame>> {
    sources.iter().map(|source| source.history.at(at).filter(|frame| frame.at <= at)).collect()
}

/// How long a heartbeat may stay away before its return is a change: half of what makes an instance
/// unhealthy.
pub fn gap_for(heartbeat_timeout: Duration) -> Duration {
    (heartbeat_timeout / 2).max(Duration::from_secs(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;

    fn frame(entries: &[(&str, &str)]) -> Frame {
        let shard = |(id, address): &(&str, &str)| {
            format!(r#"{{"id":"{id}","state":"ACTIVE","address":"{address}"}}"#)
        };
        let shards = entries.iter().map(shard).collect::<Vec<_>>().join(",");
        let page = ring_page::parse(&format!(r#"{{"shards":[{shards}],"now":1000}}"#)).unwrap();
        Frame::new(WallTime::from_unix_secs(1000), &page, None)
    }

    #[test]
    fn a_source_is_the_instance_of_its_name_or_at_its_host() {
        let frame = frame(&[
            ("loki-1", "10.0.0.1:9095"),
            ("loki-10", "10.0.0.10:9095"),
            ("loki-2", "[fd00::2]:9095"),
        ]);
        let own = |name: &str, address: &str| {
            let place = Source::new(name, address, SourceKind::Polled).own_place(&frame)?;
            Some(frame.roster.entries()[place].id.to_string())
        };
        assert_eq!(own("loki-10.ring.json", ""), Some("loki-10".into()));
        assert_eq!(own("loki-1", "http://10.0.0.10:3100/ring"), Some("loki-1".into()));
        assert_eq!(own("write pod", "http://10.0.0.10:3100/ring"), Some("loki-10".into()));
        assert_eq!(own("x", "http://[fd00::2]:3100/ring"), Some("loki-2".into()));
        assert_eq!(own("gateway", "http://gateway/ring"), None);
        assert_eq!(own("loki-11", ""), None);
    }
}
