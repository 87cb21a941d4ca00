//! What people paste or drop in live mode: pages as the server wrote them, responses saved with their
//! headers, and what the bookmarklet copies, which is several pages of one process at once.

use serde::{Deserialize, Serialize};

use super::memberlist_page::{self, MemberlistPage};
use super::metrics_page::{self, MetricsPage};
use super::ring_page::{self, PageError, RingPage};
use crate::time::WallTime;

/// Pages of one process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pages {
    /// Where they came from, if that is known: `http://10.0.0.1:3100`.
    pub origin: Option<String>,
    /// The browser's clock when they were copied, if it is known.
    pub at: Option<WallTime>,
    /// The path of the ring page.
    pub path: Option<String>,
    /// The ring.
    pub ring: Option<RingPage>,
    /// The members.
    pub memberlist: Option<MemberlistPage>,
    /// The metrics.
    pub metrics: Option<MetricsPage>,
}

/// What the bookmarklet copies.
#[derive(Debug, Serialize, Deserialize)]
struct Capture {
    /// The format's version.
    ringside_capture: u32,
    #[serde(default)]
    origin: String,
    #[serde(default)]
    at: String,
    pages: Vec<CapturedPage>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CapturedPage {
    path: String,
    status: u16,
    body: String,
}

/// Reads a text. A ring comes first: an error is that of a ring page.
pub fn parse(text: &str) -> Result<Pages, PageError> {
    if let Some(capture) = capture(text) {
        return of_capture(capture);
    }
    if let Some(memberlist) = memberlist_page::parse(text) {
        return Ok(Pages { memberlist: Some(memberlist), ..Pages::default() });
    }
    match ring_page::parse(text) {
        Ok(ring) => Ok(Pages { ring: Some(ring), ..Pages::default() }),
        Err(error) => match metrics_page::parse(text) {
            Some(metrics) => Ok(Pages { metrics: Some(metrics), ..Pages::default() }),
            None => Err(error),
        },
    }
}

fn capture(text: &str) -> Option<Capture> {
    // Large rings need not be read twice to see that they are none.
    let start: String = text.chars().take(400).collect();
    if !start.contains("\"ringside_capture\"") {
        return None;
    }
    serde_json::from_str(text.trim()).ok()
}

fn of_capture(capture: Capture) -> Result<Pages, PageError> {
    let mut pages = Pages {
        origin: Some(capture.origin).filter(|origin| !origin.is_empty()),
        at: WallTime::parse_rfc3339(&capture.at).ok(),
        ..Pages::default()
    };
    let mut error = None;
    for page in capture.pages {
        if page.status != 200 {
            error =
                error.or(Some(PageError::Status { status: format!("{} for {}", page.status, page.path) }));
            continue;
        }
        let name = page.path.split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
        if name.ends_with("/memberlist") {
            pages.memberlist = memberlist_page::parse(&page.body);
        } else if name.ends_with("/metrics") {
            pages.metrics = metrics_page::parse(&page.body);
        } else {
            match ring_page::parse(&page.body) {
                Ok(ring) => (pages.ring, pages.path) = (Some(ring), Some(page.path)),
                Err(why) => error = Some(why),
            }
        }
    }
    match (pages.ring.is_some() || pages.memberlist.is_some() || pages.metrics.is_some(), error) {
        (false, error) => Err(error.unwrap_or(PageError::Empty)),
        // A process without a ring still has members.
        (true, _) => Ok(pages),
    }
}

/// The bookmarklet: on a page of the cluster's own origin it reads the ring page that is open (or
/// `/ring`) and `/memberlist`, and puts them into the clipboard. It sends nothing but these two GETs.
pub const BOOKMARKLET: &str = "javascript:(async()=>{const l=location,p=/ring\\/?$/.test(l.pathname)?l.pathname:'/ring',\
g=async u=>{try{const r=await fetch(u,{headers:{Accept:'application/json'}});return{path:u,status:r.status,body:await r.text()}}\
catch(e){return{path:u,status:0,body:''}}},\
t=JSON.stringify({ringside_capture:1,origin:l.origin,at:new Date().toISOString(),pages:[await g(p),await g('/memberlist')]});\
try{await navigator.clipboard.writeText(t)}catch(e){const a=document.createElement('textarea');a.value=t;\
document.body.append(a);a.select();document.execCommand('copy');a.remove()}\
alert('Copied '+Math.ceil(t.length/1024)+' kB: paste it into Ringside.')})()";

#[cfg(test)]
mod tests {
    use super::*;

    const RING: &str =
        r#"{"shards":[{"id":"a","state":"ACTIVE","tokens":[1]}],"now":"2026-11-22T10:11:36Z"}"#;
    const MEMBERS: &str = r#"{"SortedMembers":[{"Name":"a-0259e398","Addr":"10.0.0.1","Port":7946}]}"#;

    fn captured(pages: &[(&str, u16, &str)]) -> String {
        let pages = pages.iter().map(|&(path, status, body)| CapturedPage {
            path: path.into(),
            status,
            body: body.into(),
        });
        let capture = Capture {
            ringside_capture: 1,
            origin: "http://10.0.0.1:3100".into(),
            at: "2026-11-22T10:11:37Z".into(),
            pages: pages.collect(),
        };
        serde_json::to_string(&capture).unwrap()
    }

    #[test]
    fn a_page_alone_is_what_it_is() {
        assert!(parse(RING).unwrap().ring.is_some());
        assert!(parse(MEMBERS).unwrap().memberlist.is_some());
        assert!(parse("loki_distributor_replication_factor 3\n").unwrap().metrics.is_some());
        assert_eq!(parse("hello"), Err(PageError::NotJson { start: "hello".into() }));
    }

    #[test]
    fn what_the_bookmarklet_copies_is_several_pages_of_one_process() {
        let pages = parse(&captured(&[("/ring", 200, RING), ("/memberlist", 200, MEMBERS)])).unwrap();
        assert_eq!(
            (pages.origin.as_deref(), pages.path.as_deref()),
            (Some("http://10.0.0.1:3100"), Some("/ring"))
        );
        assert!(pages.ring.is_some() && pages.memberlist.is_some() && pages.at.is_some());
    }

    #[test]
    fn a_process_without_a_ring_still_has_members_and_one_without_either_says_why() {
        let pages = parse(&captured(&[("/ring", 404, ""), ("/memberlist", 200, MEMBERS)])).unwrap();
        assert!(pages.ring.is_none() && pages.memberlist.is_some());
        let error = parse(&captured(&[("/ring", 404, ""), ("/memberlist", 0, "")])).unwrap_err();
        assert_eq!(error, PageError::Status { status: "404 for /ring".into() });
    }

    #[test]
    fn the_bookmarklet_asks_for_two_pages_and_nothing_else() {
        assert_eq!(BOOKMARKLET.matches("fetch(").count(), 1);
        assert!(!BOOKMARKLET.contains("method") && !BOOKMARKLET.contains('\n') && !BOOKMARKLET.contains('"'));
    }
}
