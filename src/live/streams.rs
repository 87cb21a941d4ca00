//! Many streams at once: a list goes in as CSV, and where each is written goes out as a table.
//!
//! A line is `tenant,labels`, with or without quotes as a spreadsheet writes them; a line without a
//! tenant is taken for the default one. A heading that names the columns is passed over.

use crate::loki::trace::trace_stream;
use crate::loki::{Labels, with_service_name};
use crate::ring::Ring;
use crate::time::WallTime;

/// More lines than this are refused.
pub const MOST_STREAMS: usize = 10_000;

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Its line in the list, from 1.
    pub line: u64,
    /// The tenant.
    pub tenant: String,
    /// The labels as they stand in the list.
    pub labels: String,
    /// Where it goes, or what is wrong with the line.
    pub outcome: Result<Place, String>,
}

/// Where a stream goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its key.
    pub key: u32,
    /// The instances of its replicas, in the order of the walk; those that cannot take a write are marked.
    pub replicas: Vec<(String, bool)>,
    /// Dskit's error, if a write fails.
    pub error: Option<String>,
}

/// The whole list cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// More than [`MOST_STREAMS`] lines.
    #[error("the list has more than {MOST_STREAMS} streams: take a part of it")]
    TooMany,
    /// Not one line with something on it.
    #[error("there is no stream in the list: write a line such as fake,{{app=\"checkout\"}}")]
    Empty,
}

/// Places every stream of a list. `default_tenant` is for lines without one; `service_name` adds that
/// label as a push over HTTP does.
pub fn place_all(
    ring: &Ring,
    now: WallTime,
    list: &str,
    default_tenant: &str,
    service_name: bool,
) -> Result<Vec<Placed>, ListError> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(list.as_bytes());
    let mut placed = Vec::new();
    for record in reader.byte_records() {
        // Reading from memory does not fail, and every number of fields is fine.
        let Ok(record) = record else { continue };
        let line = record.position().map_or(0, |position| position.line());
        let fields = Vec::from_iter(record.iter().map(|field| String::from_utf8_lossy(field).into_owned()));
        let Some((tenant, labels)) = columns(&fields) else { continue };
        if placed.len() == MOST_STREAMS {
            return Err(ListError::TooMany);
        }
        let tenant = if tenant.is_empty() { default_tenant.to_owned() } else { tenant };
        let outcome = place(ring, now, &tenant, &labels, service_name);
        placed.push(Placed { line, tenant, labels, outcome });
    }
    if placed.is_empty() { Err(ListError::Empty) } else { Ok(placed) }
}

/// Tenant and labels of a line: labels begin with the first field that opens a brace, and have commas.
fn columns(fields: &[String]) -> Option<(String, String)> {
    let first = fields.first()?.trim();
    let opens = fields.iter().position(|field| field.trim_start().starts_with('{'));
    let (tenant, labels) = match opens {
        Some(0) => (String::new(), fields.join(",")),
        Some(place) => (first.to_owned(), fields[place..].join(",")),
        None if fields.iter().all(|field| field.trim().is_empty()) => return None,
        None if first.eq_ignore_ascii_case("tenant") || first.eq_ignore_ascii_case("labels") => return None,
        None => (first.to_owned(), fields[1..].join(",")),
    };
    let labels = labels.trim();
    // Further columns of a spreadsheet stand behind the labels.
    let labels = labels.rfind('}').map_or(labels, |end| &labels[..=end]);
    Some((tenant, labels.to_owned()))
}

fn place(
    ring: &Ring,
    now: WallTime,
    tenant: &str,
    labels: &str,
    service_name: bool,
) -> Result<Place, String> {
    if labels.is_empty() {
        return Err("there are no labels on this line: write them as {app=\"checkout\"}".to_owned());
    }
    let labels = Labels::parse(labels).map_err(|error| error.to_string())?;
    let labels = if service_name { with_service_name(&labels) } else { labels };
    let trace = trace_stream(ring, tenant, &labels, now);
    let replicas = trace.write.candidates.iter();
    let replicas = replicas.map(|replica| (ring.id(replica.instance).to_string(), replica.health.is_ok()));
    Ok(Place {
        key: trace.key,
        replicas: replicas.collect(),
        error: trace.write.outcome.err().map(|error| error.to_string()),
    })
}

/// The table as CSV, for a spreadsheet. Cells that such a program would take for a formula are defused.
pub fn to_csv(placed: &[Placed]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: [&str; 6]| {
        // Writing to memory does not fail.
        let _ = writer.write_record(cells.map(defused));
    };
    write(["tenant", "labels", "key", "replicas", "write", "error"]);
    for one in placed {
        match &one.outcome {
            Ok(place) => {
                let mark = |(id, healthy): &(String, bool)| {
                    format!("{id}{}", if *healthy { "" } else { " (unwell)" })
                };
                let replicas = place.replicas.iter().map(mark).collect::<Vec<_>>().join(" ");
                let (write_word, error) = match &place.error {
                    None => ("succeeds", ""),
                    Some(error) => ("fails", &**error),
                };
                write([&one.tenant, &one.labels, &place.key.to_string(), &replicas, write_word, error]);
            }
            Err(error) => write([&one.tenant, &one.labels, "", "", "not read", error]),
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn defused(cell: &str) -> String {
    match cell.starts_with(['=', '+', '-', '@', '\t']) {
        true => format!("'{cell}"),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::ring_page;
    use crate::ring::RingConfig;

    fn ring() -> (Ring, WallTime) {
        let shards = (0..4).map(|place| {
            format!(
                r#"{{"id":"loki-{place}","state":"{}","timestamp":1000,"tokens":[{}]}}"#,
                if place == 3 { "LEAVING" } else { "ACTIVE" },
                place * 1_000_000_000_u64 + 5
            )
        });
        let text = format!(r#"{{"shards":[{}],"now":1000}}"#, shards.collect::<Vec<_>>().join(","));
        (
            Ring::new(&ring_page::parse(&text).unwrap().desc, RingConfig::default()),
            WallTime::from_unix_secs(1000),
        )
    }

    fn read(list: &str) -> Vec<(String, String, bool)> {
        let (ring, now) = ring();
        let placed = place_all(&ring, now, list, "fake", false).unwrap();
        placed.into_iter().map(|one| (one.tenant, one.labels, one.outcome.is_ok())).collect()
    }

    fn row(tenant: &str, labels: &str) -> (String, String, bool) {
        (tenant.into(), labels.into(), true)
    }

    #[test]
    fn a_list_is_read_with_and_without_quotes_tenants_and_a_heading() {
        let expected =
            [row("t", r#"{app="x", env="y"}"#), row("fake", r#"{app="z"}"#), row("u", r#"{a="b"}"#)];
        let list =
            "tenant,labels\r\nt,\"{app=\"\"x\"\", env=\"\"y\"\"}\"\r\n\r\n{app=\"z\"}\nu,{a=\"b\"},a note\n";
        assert_eq!(read(list), expected);
        assert_eq!(read("t,{app=\"x\", env=\"y\"}"), expected[..1]);
    }

    #[test]
    fn each_stream_goes_where_a_trace_says() {
        let (ring, now) = ring();
        let placed = place_all(&ring, now, "t,{app=\"x\"}", "fake", true).unwrap();
        let labels = with_service_name(&Labels::parse("{app=\"x\"}").unwrap());
        let trace = trace_stream(&ring, "t", &labels, now);
        let place = placed[0].outcome.as_ref().unwrap();
        assert_eq!((place.key, place.replicas.len()), (trace.key, 3));
    }

    #[test]
    fn a_line_that_is_none_says_why_and_the_others_stand() {
        let rows = read("t,{app=\"x\"}\nt,{app=x}\nnonsense\n");
        assert_eq!(rows.iter().map(|row| row.2).collect::<Vec<_>>(), [true, false, false]);
        let (ring, now) = ring();
        assert_eq!(place_all(&ring, now, " \n\n", "fake", true), Err(ListError::Empty));
        let many = "{a=\"b\"}\n".repeat(MOST_STREAMS + 1);
        assert_eq!(place_all(&ring, now, &many, "fake", true), Err(ListError::TooMany));
    }

    #[test]
    fn the_table_is_csv_that_no_spreadsheet_runs() {
        let (ring, now) = ring();
        let placed = place_all(&ring, now, "=1+1,{app=\"x\"}\n", "fake", false).unwrap();
        let csv = to_csv(&placed);
        let lines = Vec::from_iter(csv.lines());
        assert_eq!(lines[0], "tenant,labels,key,replicas,write,error");
        assert!(lines[1].starts_with("'=1+1,\"{app=\"\"x\"\"}\","), "{csv}");
    }
}
