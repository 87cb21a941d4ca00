use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::go::duration;
use crate::sim::Span;
use crate::time::Instant;

use super::Until;

/// A text names nothing to wait for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is nothing to wait for; it is push-fails, query-fails, views-agree, milestone, unhealthy:ID, suspected:POD, log:TEXT or at:1m30s"
)]
pub struct UntilError {
    /// What was given.
    pub text: String,
}

/// What begins a text that goes on.
const UNHEALTHY: &str = "unhealthy:";
const SUSPECTED: &str = "suspected:";
const LOG: &str = "log:";
const AT: &str = "at:";

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstFailedPush => f.write_str("a push fails"),
            Self::FirstFailedQuery => f.write_str("a query fails"),
            Self::ViewsAgree => f.write_str("all views of the ring agree"),
            Self::Unhealthy { id } => write!(f, "{id} is UNHEALTHY for somebody"),
            Self::Suspected { pod } => write!(f, "somebody suspects {pod}"),
            Self::LogLine { text } => write!(f, "a line says \u{201c}{text}\u{201d}"),
            Self::At(at) => write!(f, "it is {}", time(*at)),
            Self::NextMilestone => f.write_str("something happens"),
        }
    }
}

impl Until {
    /// As links have it; [`Self::from_str`] reads it.
    pub fn to_link(&self) -> String {
        match self {
            Self::FirstFailedPush => "push-fails".into(),
            Self::FirstFailedQuery => "query-fails".into(),
            Self::ViewsAgree => "views-agree".into(),
            Self::Unhealthy { id } => format!("{UNHEALTHY}{id}"),
            Self::Suspected { pod } => format!("{SUSPECTED}{pod}"),
            Self::LogLine { text } => format!("{LOG}{text}"),
            Self::At(at) => format!("{AT}{}", time(*at)),
            Self::NextMilestone => "milestone".into(),
        }
    }
}

impl FromStr for Until {
    type Err = UntilError;

    fn from_str(text: &str) -> Result<Self, UntilError> {
        let wrong = || UntilError { text: text.chars().take(80).collect() };
        let some = |rest: &str| if rest.is_empty() { Err(wrong()) } else { Ok(rest.to_owned()) };
        Ok(match text {
            "push-fails" => Self::FirstFailedPush,
            "query-fails" => Self::FirstFailedQuery,
            "views-agree" => Self::ViewsAgree,
            "milestone" => Self::NextMilestone,
            _ => {
                if let Some(id) = text.strip_prefix(UNHEALTHY) {
                    Self::Unhealthy { id: some(id)? }
                } else if let Some(pod) = text.strip_prefix(SUSPECTED) {
                    Self::Suspected { pod: some(pod)? }
                } else if let Some(line) = text.strip_prefix(LOG) {
                    Self::LogLine { text: some(line)? }
                } else if let Some(at) = text.strip_prefix(AT) {
                    Self::At(Instant::START + duration::parse(at).map_err(|_| wrong())?)
                } else {
                    return Err(wrong());
                }
            }
        })
    }
}

/// An instant as the time since the beginning.
pub(super) fn time(at: Instant) -> Span {
    Span(Duration::from_nanos(at.nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reads_back_what_it_says() {
        let all = [
            Until::FirstFailedPush,
            Until::FirstFailedQuery,
            Until::ViewsAgree,
            Until::Unhealthy { id: "loki-1".into() },
            Until::Suspected { pod: "loki:1".into() },
            Until::LogLine { text: "msg=\"a: b\"".into() },
            Until::At(Instant::from_nanos(90_000_000_001)),
            Until::NextMilestone,
        ];
        for until in all {
            assert_eq!(until.to_link().parse::<Until>().unwrap(), until);
        }
    }

    #[test]
    fn a_text_that_names_nothing_is_refused_with_what_is_allowed() {
        for text in ["", "push", "log:", "unhealthy:", "at:soon", "at:"] {
            let error = text.parse::<Until>().unwrap_err().to_string();
            assert!(error.contains("views-agree"), "{error}");
        }
    }
}
