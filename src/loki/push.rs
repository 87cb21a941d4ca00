//! When a push of many streams is decided.
//!
//! Models Loki's own count (loki pkg/distributor/distributor.go:618-638,1030-1047,1511-1537), which is not
//! dskit's [`BatchTracker`](crate::ring::BatchTracker): it knows no families of errors, and waits for no
//! last answer.

use crate::ring::{Answer, Decision};

/// Counts ingesters' answers until the push is decided.
#[derive(Debug, Clone)]
pub struct PushTracker {
    streams: Vec<Stream>,
    pending: usize,
    decision: Option<Decision>,
}

#[derive(Debug, Clone)]
struct Stream {
    min_success: usize,
    max_failures: usize,
    succeeded: usize,
    failed: usize,
}

impl PushTracker {
    /// A push of streams (sub-streams, if sharded), each with the size of its replica set and the errors
    /// it may have.
    pub fn new(streams: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let streams: Vec<Stream> = streams
            .into_iter()
            .map(|(instances, max_errors)| Stream {
                min_success: instances.saturating_sub(max_errors),
                max_failures: max_errors,
                succeeded: 0,
                failed: 0,
            })
            .collect();
        Self { pending: streams.len(), streams, decision: None }
    }

    /// Takes an ingester's answer for the streams that went to it; tells the decision once there is one.
    /// Later answers change nothing.
    ///
    /// `streams` are indices into what [`Self::new`] was given. Panics if one is out of bounds.
    pub fn record(&mut self, instance: usize, streams: &[usize], answer: Answer) -> Option<Decision> {
        for &stream in streams {
            let stream = &mut self.streams[stream];
            match answer {
                Answer::Ok => {
                    stream.succeeded += 1;
                    if stream.succeeded == stream.min_success {
                        self.pending -= 1;
                        if self.pending == 0 {
                            self.decision.get_or_insert(Decision::Success);
                        }
                    }
                }
                Answer::Error(_) => {
                    stream.failed += 1;
                    if stream.failed > stream.max_failures {
                        self.decision.get_or_insert(Decision::Failure { instance });
                    }
                }
            }
        }
        self.decision
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::ErrorFamily;

    const CLIENT: Answer = Answer::Error(ErrorFamily::Client);
    const SERVER: Answer = Answer::Error(ErrorFamily::Server);

    #[test]
    fn errors_of_both_families_add_up() {
        let mut push = PushTracker::new([(3, 1)]);
        assert_eq!(push.record(0, &[0], CLIENT), None);
        assert_eq!(push.record(1, &[0], SERVER), Some(Decision::Failure { instance: 1 }));
        assert_eq!(push.record(2, &[0], Answer::Ok), Some(Decision::Failure { instance: 1 }));
    }

    #[test]
    fn a_push_succeeds_with_its_last_stream_and_fails_with_its_first() {
        let mut push = PushTracker::new([(3, 1), (3, 1)]);
        assert_eq!(push.record(0, &[0], Answer::Ok), None);
        assert_eq!(push.record(1, &[0, 1], Answer::Ok), None);
        assert_eq!(push.record(2, &[0, 1], SERVER), None);
        let mut failing = push.clone();
        assert_eq!(push.record(3, &[1], Answer::Ok), Some(Decision::Success));
        assert_eq!(push.record(4, &[0], SERVER), Some(Decision::Success));
        assert_eq!(failing.record(3, &[1], CLIENT), Some(Decision::Failure { instance: 3 }));
    }

    #[test]
    fn a_stream_without_replicas_or_without_need_of_success_is_never_done() {
        for nothing_needed in [(0, 0), (1, 1)] {
            let mut push = PushTracker::new([nothing_needed]);
            assert_eq!(push.record(0, &[0], Answer::Ok), None, "{nothing_needed:?}");
        }
    }
}
