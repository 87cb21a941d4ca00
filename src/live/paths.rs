//! Where Loki's processes show their state: the paths that are worth reading, and nothing else.
//!
//! Two lists: the ring pages, and the pages beside them. Whatever passes requests on for a browser (the
//! relay, a gateway's configuration) is held to these; everything is compared as it stands in the
//! request, so no other spelling of a path gets through.

/// A page of a Loki process, asked with GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RingPath {
    /// The path, without a prefix that `server.http_path_prefix` may put before it.
    pub path: &'static str,
    /// Which processes have it.
    pub served_by: &'static str,
    /// What the page shows, and what is special about it.
    pub note: &'static str,
}

/// The ring pages. One process can have several; each shows its own view of the ring.
pub const RING_PATHS: &[RingPath] = &[
    page(
        "/ring",
        "distributors, ingesters, queriers, rulers, all",
        "the ingesters, as this process sees them",
    ),
    page(
        "/distributor/ring",
        "distributors",
        "the distributors; without a global rate limit there is no such ring, and the page says so in HTML",
    ),
    page("/compactor/ring", "compactors", "the compactors"),
    page(
        "/scheduler/ring",
        "query schedulers, and those who look for them in the ring",
        "the query schedulers",
    ),
    page(
        "/indexgateway/ring",
        "index gateways in mode ring, and those who use them",
        "the index gateways, each of which registers itself",
    ),
    page(
        "/ruler/ring",
        "rulers",
        "the rulers; without sharding there is no such ring, and the page says so in HTML",
    ),
    page("/pattern/ring", "pattern ingesters", "the pattern ingesters, read from the key-value store"),
    page(
        "/ingest-limits/ring",
        "ingest-limits components and distributors",
        "only if the limits are enabled",
    ),
    page(
        "/ingest-limits-frontend/ring",
        "ingest-limits frontends and distributors",
        "only if the limits are enabled",
    ),
    page("/ui/ring", "all with the user interface enabled", "every component, if ui.enabled"),
    page("/dataobj-consumer/ring", "data object consumers", "experimental, with Kafka"),
    page("/partition-ring", "ingesters with Kafka", "partitions and their owners: another form of page"),
    page(
        "/dataobj-consumer/partition-ring",
        "data object consumers",
        "partitions and their owners: another form of page",
    ),
];

/// The page of memberlist, which every process has.
pub const MEMBERLIST: RingPath =
    page("/memberlist", "all", "the members, and with viewKey a key's raw value, tombstones included");

/// Pages beside the rings that say how a process is.
pub const PROCESS_PATHS: &[RingPath] = &[
    page("/metrics", "all", "counters of rings and memberlist among all others"),
    page("/ready", "all", "whether the process is ready, and why not"),
];

/// The longest query that any of the pages needs, in bytes.
pub const MAX_QUERY_BYTES: usize = 512;

/// Why a query is not passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Longer than [`MAX_QUERY_BYTES`].
    #[error("the query has {0} bytes: no page needs more than {MAX_QUERY_BYTES}")]
    TooLong(usize),
    /// A parameter that the page does not need, or that does more than showing something.
    #[error("the query parameter {name:?} is not passed on: {path} may be asked with {}", listed(.allowed))]
    Parameter {
        /// The path asked for.
        path: &'static str,
        /// The parameter's name, cut.
        name: String,
        /// What may stand there; empty: nothing.
        allowed: &'static [&'static str],
    },
}

/// The ring pages, `/memberlist` and the pages beside them, in this order.
pub fn all() -> impl Iterator<Item = &'static RingPath> {
    rings_and_memberlist().chain(PROCESS_PATHS)
}

/// The ring pages and `/memberlist`: what a gateway shows to a page of another origin.
pub fn rings_and_memberlist() -> impl Iterator<Item = &'static RingPath> {
    RING_PATHS.iter().chain([&MEMBERLIST])
}

/// The page at exactly this path.
pub fn find(path: &str) -> Option<&'static RingPath> {
    all().find(|page| page.path == path)
}

impl RingPath {
    /// The query parameters that only change how the page shows things. `/memberlist` also has
    /// `deleteMessages`, which forgets something, so names are compared, never guessed.
    pub fn parameters(&self) -> &'static [&'static str] {
        match self.path {
            "/memberlist" => &["viewKey", "format"],
            "/metrics" | "/ready" => &[],
            _ => &["tokens"],
        }
    }

    /// Whether a query, as it stands behind the question mark, does nothing but show.
    pub fn check_query(&self, query: &str) -> Result<(), QueryError> {
        if query.len() > MAX_QUERY_BYTES {
            return Err(QueryError::TooLong(query.len()));
        }
        let allowed = self.parameters();
        // Whoever reads a semicolon as a separator must not find a parameter behind it.
        for pair in query.split(['&', ';']).filter(|pair| !pair.is_empty()) {
            let name = pair.split_once('=').map_or(pair, |(name, _)| name);
            if !allowed.contains(&name) {
                let name = name.chars().take(40).collect();
                return Err(QueryError::Parameter { path: self.path, name, allowed });
            }
        }
        Ok(())
    }
}

fn listed(allowed: &[&str]) -> String {
    if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") }
}

const fn page(path: &'static str, served_by: &'static str, note: &'static str) -> RingPath {
    RingPath { path, served_by, note }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_path_is_found() {
        assert!(all().all(|page| find(page.path) == Some(page)));
        for path in ["/", "", "/ring/", "/RING", "//ring", "/%72ing", "/ring/../config", "/loki/api/v1/push"]
        {
            assert_eq!(find(path), None, "{path}");
        }
    }

    #[test]
    fn no_path_is_listed_twice_and_none_needs_quoting() {
        let paths = Vec::from_iter(all().map(|page| page.path));
        for (index, path) in paths.iter().enumerate() {
            assert!(!paths[..index].contains(path), "{path}");
            assert!(path.starts_with('/') && path.bytes().all(|b| matches!(b, b'a'..=b'z' | b'/' | b'-')));
        }
    }

    #[test]
    fn a_query_that_shows_is_fine() {
        for (page, query) in [
            ("/memberlist", "viewKey=collectors/ring&format=json"),
            ("/memberlist", "viewKey=collectors%2Fring&format=json-pretty"),
            ("/ring", "tokens=true"),
            ("/ring", ""),
            ("/metrics", ""),
        ] {
            assert_eq!(find(page).unwrap().check_query(query), Ok(()), "{page}?{query}");
        }
    }

    #[test]
    fn a_query_that_deletes_is_refused_however_it_is_spelled() {
        let memberlist = find("/memberlist").unwrap();
        for query in [
            "deleteMessages=true",
            "viewKey=a&deleteMessages=true",
            "viewKey=a;deleteMessages=true",
            "delete%4Dessages=true",
            "format=json&downloadKey=a",
            "viewMsg=1",
            "+viewKey=a",
        ] {
            assert!(memberlist.check_query(query).is_err(), "{query}");
        }
        assert!(find("/ready").unwrap().check_query("a=b").is_err());
        assert_eq!(memberlist.check_query(&"&".repeat(513)), Err(QueryError::TooLong(513)));
    }
}
