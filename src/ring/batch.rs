//! When a write of many keys is decided.
//!
//! Models dskit ring/batch.go (`DoBatch`), kept for comparison: Loki counts by its own rules, see
//! [`crate::loki::PushTracker`].

/// What one instance answered for all keys that went to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It stored them.
    Ok,
    /// It failed.
    Error(ErrorFamily),
}

/// Whose fault an error is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorFamily {
    /// The request's: 4xx.
    Client,
    /// The instance's: anything else.
    Server,
}

/// The fate of the whole batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Every key has its quorum.
    Success,
    /// One key cannot have it any more; the error returned is that of this instance.
    Failure {
        /// Index of the instance, as given to `record`.
        instance: usize,
    },
}

/// Counts answers until the batch is decided.
#[derive(Debug, Clone)]
pub struct BatchTracker {
    items: Vec<Item>,
    pending: usize,
    decision: Option<Decision>,
}

#[derive(Debug, Clone)]
struct Item {
    min_success: usize,
    max_failures: usize,
    succeeded: usize,
    client_errors: usize,
    server_errors: usize,
    remaining: usize,
    last_error: Option<usize>,
}

impl BatchTracker {
    /// A batch of keys, each with the size of its replica set and the errors it may have.
    pub fn new(items: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let items: Vec<Item> = items
            .into_iter()
            .map(|(instances, max_errors)| Item {
                min_success: instances.saturating_sub(max_errors),
                max_failures: max_errors,
                succeeded: 0,
                client_errors: 0,
                server_errors: 0,
                remaining: instances,
                last_error: None,
            })
            .collect();
        Self { pending: items.len(), items, decision: None }
    }

    /// Takes an instance's answer for the keys that went to it; tells the decision once there is one.
    /// Later answers change nothing.
    pub fn record(&mut self, instance: usize, keys: &[usize], answer: Answer) -> Option<Decision> {
        for &key in keys {
            let item = &mut self.items[key];
            let failed_by = match answer {
                Answer::Error(family) => {
                    item.last_error = Some(instance);
                    let count = match family {
                        ErrorFamily::Client => &mut item.client_errors,
                        ErrorFamily::Server => &mut item.server_errors,
                    };
                    *count += 1;
                    (*count > item.max_failures || item.answered_by_all()).then_some(instance)
                }
                Answer::Ok => {
                    item.succeeded += 1;
                    if item.succeeded == item.min_success {
                        self.pending -= 1;
                        if self.pending == 0 {
                            self.decision.get_or_insert(Decision::Success);
                        }
                        None
                    } else if item.succeeded < item.min_success && item.answered_by_all() {
                        item.last_error
                    } else {
                        None
                    }
                }
            };
            if let Some(instance) = failed_by {
                self.decision.get_or_insert(Decision::Failure { instance });
            }
        }
        self.decision
    }
}

impl Item {
    /// Counts one answer off; whether it was the last.
    fn answered_by_all(&mut self) -> bool {
        self.remaining = self.remaining.saturating_sub(1);
        self.remaining == 0
    }
}
