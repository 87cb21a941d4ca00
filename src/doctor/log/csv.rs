//! Tables of log lines, as Grafana's Explore exports them: a header that names the columns, then one row a line.

use std::borrow::Cow;

use super::envelope::{self, Unwrapped};
use super::stamp::Stamp;

/// Which columns hold what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    line: usize,
    time: Option<usize>,
    pod: Option<usize>,
}

/// Cells of a row that are looked at.
const MOST_CELLS: usize = 64;

impl Columns {
    /// The columns, if `header` is the header of such a table.
    pub(super) fn of_header(header: &str) -> Option<Self> {
        let header = header.trim_start_matches('\u{feff}');
        if !header.contains(',') || header.contains(['=', '{']) {
            return None;
        }
        let cells = split(header);
        let find = |names: &[&str]| {
            names.iter().find_map(|name| cells.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name)))
        };
        let line = find(&["line", "message", "body", "content", "log"])?;
        let time = find(&["tsNs", "timestamp", "time", "date", "@timestamp"]);
        Some(Self { line, time, pod: find(&["pod", "instance", "container", "host"]) })
    }

    /// The line of a row, unwrapped.
    pub(super) fn unwrap(self, row: &str) -> Unwrapped {
        let cells = split(row);
        let cell = |column: usize| cells.get(column).map_or("", AsRef::as_ref);
        let mut unwrapped = envelope::unwrap(cell(self.line));
        unwrapped.time = unwrapped.time.or_else(|| Stamp::parse(cell(self.time?).trim()));
        if let Some(pod) = self.pod.map(cell).filter(|pod| !pod.is_empty()) {
            unwrapped.pod = Some(pod.to_owned());
        }
        unwrapped
    }
}

/// The cells of a row; one that is quoted may hold commas, and quotes twice.
fn split(row: &str) -> Vec<Cow<'_, str>> {
    let (mut cells, mut rest) = (Vec::new(), row);
    while cells.len() < MOST_CELLS {
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut end = 0;
            let bytes = quoted.as_bytes();
            while let Some(step) = memchr::memchr(b'"', &bytes[end..]) {
                end += step;
                if bytes.get(end + 1) != Some(&b'"') {
                    break;
                }
                end += 2;
            }
            let closed = bytes.get(end) == Some(&b'"');
            let end = if closed { end } else { quoted.len() };
            cells.push(quoted[..end].replace("\"\"", "\"").into());
            rest = quoted.get(end + 1..).unwrap_or_default();
            match rest.find(',') {
                Some(comma) => rest = &rest[comma + 1..],
                None => break,
            }
        } else {
            let (cell, after) =
                rest.split_once(',').map_or((rest, None), |(cell, after)| (cell, Some(after)));
            cells.push(cell.into());
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_an_export_are_lines() {
        let columns = Columns::of_header("\u{feff}\"Date\",\"labels\",\"Line\",\"tsNs\"").unwrap();
        let row = "\"2024-08-19 14:56\",\"{\"\"pod\"\":\"\"a\"\"}\",\"level=warn msg=\"\"x, y\"\"\",\"1724072176000000000\"";
        let unwrapped = columns.unwrap(row);
        assert_eq!(unwrapped.body.fields().msg, "x, y");
        assert_eq!(unwrapped.time.map(Stamp::clock).as_deref(), Some("12:56:16"));
    }

    #[test]
    fn log_lines_are_no_headers_and_broken_rows_no_trouble() {
        assert_eq!(Columns::of_header("level=info, line=3"), None);
        assert_eq!(Columns::of_header("a,b,c"), None);
        let columns = Columns::of_header("time,line").unwrap();
        for row in ["", "\"", "\"\"\"", ",", "x,\"y\" z, w", "\"a\"\""] {
            columns.unwrap(row);
        }
    }
}
