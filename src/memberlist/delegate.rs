use crate::time::Instant;

/// Who carries its own messages over a memberlist (`memberlist.Delegate`).
pub trait Delegate {
    /// Messages on their way to one peer, as one cheap value.
    type Batch: Clone;

    /// Everything the delegate knows, as one cheap value.
    type State: Clone;

    /// Takes the messages that a peer's packet brought. The library hands them on newest first
    /// (its queue is popped from the end), so the last message of the batch comes first.
    fn notify_msg(&mut self, now: Instant, batch: &Self::Batch);

    /// Chooses messages of at most `limit` bytes for one peer, where each costs `overhead` more than its
    /// length, and counts them as sent once. `None` when there are none.
    fn get_broadcasts(&mut self, overhead: usize, limit: usize) -> Option<Self::Batch>;

    /// The bytes of a batch without overhead, and its number of messages.
    fn batch_size(batch: &Self::Batch) -> (usize, usize);

    /// Everything, for a full exchange; `None` when there is nothing.
    fn local_state(&mut self, join: bool) -> Option<Self::State>;

    /// Takes what the other side of a full exchange knew.
    fn merge_remote_state(&mut self, now: Instant, state: &Self::State, join: bool);
}
