//! Messages waiting to be passed on, each only so many times.
//!
//! Models ml queue.go. Differs: the queue is a list of tiers instead of a tree, since a pick nearly always takes
//! everything: then every count grows by one, the tiers stay, and a peer gets them as they are.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;

use super::formula::retransmit_limit;

/// A queue that sends each message a limited number of times: those sent least first, among them
/// the longest, among those the newest.
#[derive(Debug, Clone)]
pub struct TransmitLimitedQueue<M> {
    retransmit_mult: u32,
    /// Those sent least first; no two of one count.
    tiers: VecDeque<Tier<M>>,
    /// How often everything was sent so far. A tier stores the count at which it would have been sent
    /// never, so that one more here counts for all.
    rounds: u32,
    next_id: u64,
    len: usize,
    bytes: usize,
    /// What the last pick of everything took, for as long as the tiers are its first ones still.
    picked: Option<Arc<[Arc<[M]>]>>,
}

/// Messages that were sent equally often, in the order of sending.
#[derive(Debug, Clone)]
struct Tier<M> {
    unsent_at: u32,
    messages: Messages<M>,
    /// Of each message what it is about; side by side, since every push looks at all of them.
    names: Vec<u64>,
    /// Of each message its length and its number.
    labels: Vec<Label>,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    bytes: u32,
    id: u64,
}

/// What has been sent is shared with those to whom it was sent; until then it is this queue's own.
#[derive(Debug, Clone)]
struct Messages<M> {
    own: Vec<M>,
    shared: Option<Arc<[M]>>,
}

/// Messages that one pick took, in the order of sending. A clone shares them.
#[derive(Debug, Clone)]
pub struct Sent<M> {
    tiers: Arc<[Arc<[M]>]>,
    taken: u32,
    len: u32,
    bytes: u32,
}

/// A message on its own, where a pick has to choose.
struct Entry<M> {
    message: M,
    name: u64,
    label: Label,
    unsent_at: u32,
}

impl<M: Clone> TransmitLimitedQueue<M> {
    /// An empty queue whose limit is `retransmit_mult` times the digits of the cluster's size.
    pub fn new(retransmit_mult: u32) -> Self {
        Self {
            retransmit_mult,
            tiers: VecDeque::new(),
            rounds: 0,
            next_id: 0,
            len: 0,
            bytes: 0,
            picked: None,
        }
    }

    /// Queues a message of `bytes` and drops those of the same `name` (ml queue.go, `NamedBroadcast`).
    #[inline]
    pub fn push(&mut self, message: M, bytes: usize, name: u64) {
        for place in 0..self.tiers.len() {
            while let Some(old) = self.tiers[place].names.iter().position(|known| *known == name) {
                self.remove(place, old);
            }
        }
        self.put(message, bytes, name);
    }

    /// Queues a message of `bytes` that has no name, and drops those that it `invalidates`.
    pub fn push_over(&mut self, message: M, bytes: usize, invalidates: impl Fn(&M) -> bool) {
        for place in 0..self.tiers.len() {
            while let Some(old) = self.tiers[place].messages.as_slice().iter().position(&invalidates) {
                self.remove(place, old);
            }
        }
        self.put(message, bytes, UNNAMED);
    }

    fn remove(&mut self, tier: usize, place: usize) {
        let tier = &mut self.tiers[tier];
        tier.messages.remove(place);
        tier.names.remove(place);
        self.bytes -= tier.labels.remove(place).bytes as usize;
        self.len -= 1;
    }

    fn put(&mut self, message: M, bytes: usize, name: u64) {
        let label = Label { bytes: saturate(bytes), id: self.next_id };
        let unsent_at = self.rounds;
        match self.tiers.front_mut().filter(|tier| tier.unsent_at == unsent_at) {
            Some(tier) => {
                let place = tier.labels.partition_point(|known| known.bytes > label.bytes);
                tier.put(place, message, name, label);
            }
            None => self.tiers.push_front(Tier::new(unsent_at, message, name, label)),
        }
        self.next_id += 1;
        self.len += 1;
        self.bytes += label.bytes as usize;
        self.picked = None;
    }

    /// Takes what fits into `limit` bytes, where each message costs `overhead` more than its length, and
    /// counts it as sent once; drops what has been sent as often as a cluster of `nodes` needs.
    #[inline]
    pub fn get_broadcasts(&mut self, nodes: usize, overhead: usize, limit: usize) -> Option<Sent<M>> {
        if self.len == 0 {
            return None;
        }
        let transmit_limit = retransmit_limit(self.retransmit_mult, nodes);
        if self.bytes + overhead * self.len < limit {
            Some(self.take_all(transmit_limit))
        } else {
            self.take_fitting(transmit_limit, overhead, limit)
        }
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes of all that wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What waits, in the order of sending, each with how often it was sent.
    pub fn iter(&self) -> impl Iterator<Item = (&M, u32)> {
        let transmits = |tier: &Tier<M>| self.rounds.wrapping_sub(tier.unsent_at);
        self.tiers.iter().flat_map(move |tier| {
            let transmits = transmits(tier);
            tier.messages.as_slice().iter().map(move |message| (message, transmits))
        })
    }

    fn take_all(&mut self, transmit_limit: u32) -> Sent<M> {
        let tiers = match &self.picked {
            Some(picked) => Arc::clone(picked),
            None => self.tiers.iter_mut().map(|tier| tier.messages.share()).collect(),
        };
        let (taken, len) = (self.tiers.len() as u32, self.len as u32);
        let sent = Sent { tiers: Arc::clone(&tiers), taken, len, bytes: saturate(self.bytes) };
        self.picked = Some(tiers);
        self.rounds = self.rounds.wrapping_add(1);
        while let Some(last) = self.tiers.back()
            && self.rounds.wrapping_sub(last.unsent_at) >= transmit_limit
        {
            self.bytes -= last.labels.iter().map(|label| label.bytes as usize).sum::<usize>();
            self.len -= last.labels.len();
            self.tiers.pop_back();
        }
        if self.tiers.is_empty() {
            self.picked = None;
        }
        sent
    }

    /// Tier by tier, the largest that still fits. Within a tier the room only shrinks, so what was too
    /// large once stays so.
    fn take_fitting(&mut self, transmit_limit: u32, overhead: usize, limit: usize) -> Option<Sent<M>> {
        let rounds = self.rounds;
        let transmits = |entry: &Entry<M>| rounds.wrapping_sub(entry.unsent_at);
        let (mut messages, mut used, mut bytes) = (Vec::new(), 0, 0);
        let mut kept = Vec::with_capacity(self.len);
        let mut entries = self.take_entries().into_iter();
        for mut entry in entries.by_ref() {
            let free = limit.saturating_sub(used + overhead);
            if free == 0 {
                kept.push(entry);
                break;
            }
            let length = entry.label.bytes as usize;
            if length <= free {
                used += overhead + length;
                bytes += length;
                messages.push(entry.message.clone());
                if transmits(&entry).saturating_add(1) >= transmit_limit {
                    continue;
                }
                entry.unsent_at = entry.unsent_at.wrapping_sub(1);
            }
            kept.push(entry);
        }
        kept.extend(entries);
        kept.sort_by_key(|entry| (transmits(entry), Reverse(entry.label.bytes), Reverse(entry.label.id)));
        self.put_entries(kept);
        (!messages.is_empty()).then(|| Sent {
            len: messages.len() as u32,
            bytes: saturate(bytes),
            taken: 1,
            tiers: Arc::from([messages.into()]),
        })
    }

    fn take_entries(&mut self) -> Vec<Entry<M>> {
        let tiers = std::mem::take(&mut self.tiers);
        let entries = |tier: Tier<M>| {
            let unsent_at = tier.unsent_at;
            let labelled = tier.messages.into_vec().into_iter().zip(tier.names).zip(tier.labels);
            labelled.map(move |((message, name), label)| Entry { message, name, label, unsent_at })
        };
        tiers.into_iter().flat_map(entries).collect()
    }

    /// Makes tiers of entries in the order of sending.
    fn put_entries(&mut self, entries: Vec<Entry<M>>) {
        self.picked = None;
        self.len = entries.len();
        self.bytes = entries.iter().map(|entry| entry.label.bytes as usize).sum();
        for Entry { message, name, label, unsent_at } in entries {
            match self.tiers.back_mut().filter(|tier| tier.unsent_at == unsent_at) {
                Some(tier) => tier.put(tier.labels.len(), message, name, label),
                None => self.tiers.push_back(Tier::new(unsent_at, message, name, label)),
            }
        }
    }
}

/// Messages that a new tier has room for.
const ROOM: usize = 8;

/// The name of messages that have none.
const UNNAMED: u64 = 0;

impl<M: Clone> Tier<M> {
    fn new(unsent_at: u32, message: M, name: u64, label: Label) -> Self {
        // A tick's worth of news has room without growing.
        let mut tier = Self {
            unsent_at,
            messages: Messages { own: Vec::with_capacity(ROOM), shared: None },
            names: Vec::with_capacity(ROOM),
            labels: Vec::with_capacity(ROOM),
        };
        tier.put(0, message, name, label);
        tier
    }

    fn put(&mut self, place: usize, message: M, name: u64, label: Label) {
        self.messages.insert(place, message);
        self.names.insert(place, name);
        self.labels.insert(place, label);
    }
}

impl<M: Clone> Messages<M> {
    #[inline]
    fn as_slice(&self) -> &[M] {
        self.shared.as_deref().unwrap_or(&self.own)
    }

    fn share(&mut self) -> Arc<[M]> {
        let own = &mut self.own;
        Arc::clone(self.shared.get_or_insert_with(|| std::mem::take(own).into()))
    }

    /// The messages to be changed; those who have got them keep what they got.
    fn own(&mut self) -> &mut Vec<M> {
        if let Some(shared) = self.shared.take() {
            self.own = shared.to_vec();
        }
        &mut self.own
    }

    fn into_vec(mut self) -> Vec<M> {
        std::mem::take(self.own())
    }

    fn insert(&mut self, place: usize, message: M) {
        self.own().insert(place, message);
    }

    fn remove(&mut self, place: usize) {
        self.own().remove(place);
    }
}

impl<M> Sent<M> {
    /// The messages, in the order of sending.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &M> {
        self.tiers[..self.taken as usize].iter().flat_map(|tier| tier.iter())
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is none, which no pick returns.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Their bytes, without overhead.
    pub fn bytes(&self) -> usize {
        self.bytes as usize
    }
}

fn saturate(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prng::Prng;

    fn queue(messages: &[(&'static str, usize)]) -> TransmitLimitedQueue<&'static str> {
        let mut queue = TransmitLimitedQueue::new(4);
        messages.iter().for_each(|&(message, bytes)| queue.push_over(message, bytes, |_| false));
        queue
    }

    fn pick(queue: &mut TransmitLimitedQueue<&'static str>, limit: usize) -> Vec<&'static str> {
        queue.get_broadcasts(9, 2, limit).map_or(vec![], |sent| sent.iter().copied().collect())
    }

    #[test]
    fn the_longest_goes_first_and_among_equals_the_newest() {
        let mut queue = queue(&[("short", 1), ("old", 5), ("long", 9), ("new", 5)]);
        assert_eq!(pick(&mut queue, 1000), ["long", "new", "old", "short"]);
    }

    #[test]
    fn what_was_sent_least_goes_first() {
        let mut queue = queue(&[("a", 5)]);
        pick(&mut queue, 1000);
        queue.push_over("b", 1, |_| false);
        pick(&mut queue, 1000);
        queue.push_over("c", 3, |_| false);
        assert_eq!(Vec::from_iter(queue.iter()), [(&"c", 0), (&"b", 1), (&"a", 2)]);
    }

    #[test]
    fn a_message_is_gone_after_its_last_transmission() {
        let mut queue = queue(&[("a", 5)]);
        (0..3).for_each(|_| assert_eq!(pick(&mut queue, 1000), ["a"]));
        queue.push_over("b", 5, |_| false);
        assert_eq!(pick(&mut queue, 1000), ["b", "a"]);
        assert_eq!((queue.len(), queue.bytes()), (1, 5));
        (0..3).for_each(|_| assert_eq!(pick(&mut queue, 1000), ["b"]));
        assert!(pick(&mut queue, 1000).is_empty() && queue.is_empty() && queue.bytes() == 0);
    }

    #[test]
    fn a_shrinking_cluster_drops_what_was_sent_often_enough() {
        let mut queue = queue(&[("a", 5)]);
        (0..5).for_each(|_| assert!(queue.get_broadcasts(10, 2, 1000).is_some()));
        assert_eq!(pick(&mut queue, 1000), ["a"]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_new_message_drops_those_it_invalidates() {
        let mut queue = queue(&[("ann 1", 5), ("bob 1", 5), ("ann 2", 5)]);
        pick(&mut queue, 1000);
        queue.push_over("ann 3", 5, |old| old.starts_with("ann"));
        assert_eq!(pick(&mut queue, 1000), ["ann 3", "bob 1"]);
        assert_eq!(queue.bytes(), 10);
    }

    #[test]
    fn a_message_drops_those_of_its_name_alone() {
        let mut queue = TransmitLimitedQueue::new(4);
        for (message, name) in [("ann 1", 1), ("bob 1", 2), ("ann 2", 1)] {
            queue.push(message, 5, name);
        }
        assert_eq!(pick(&mut queue, 1000), ["ann 2", "bob 1"]);
        queue.push("bob 2", 5, 2);
        assert_eq!(pick(&mut queue, 1000), ["bob 2", "ann 2"]);
        assert_eq!(queue.bytes(), 10);
    }

    #[test]
    fn the_targets_of_one_tick_share_what_they_get() {
        let mut queue = queue(&[("a", 5), ("b", 5)]);
        let sent: Vec<_> = (0..3).filter_map(|_| queue.get_broadcasts(9, 2, 1000)).collect();
        assert!(sent.windows(2).all(|pair| Arc::ptr_eq(&pair[0].tiers, &pair[1].tiers)));
        assert_eq!((sent[2].len(), sent[2].bytes(), sent[2].is_empty()), (2, 10, false));
    }

    #[test]
    fn a_small_packet_takes_the_largest_that_fits_tier_by_tier() {
        let mut queue = queue(&[("six", 6), ("nine", 9), ("two", 2)]);
        assert_eq!(pick(&mut queue, 12), ["nine"]);
        assert_eq!(Vec::from_iter(queue.iter()), [(&"six", 0), (&"two", 0), (&"nine", 1)]);
        assert_eq!(pick(&mut queue, 12), ["six", "two"]);
        assert_eq!(pick(&mut queue, 3), [""; 0], "two bytes of overhead leave room for one");
        assert_eq!(Vec::from_iter(queue.iter()), [(&"nine", 1), (&"six", 1), (&"two", 1)]);
    }

    /// The rule of ml queue.go:288-373, step by step.
    struct Tiers(Vec<(u32, usize, u64)>);

    impl Tiers {
        fn get_broadcasts(&mut self, transmit_limit: u32, overhead: usize, limit: usize) -> Vec<u64> {
            let (mut used, mut sent, mut again) = (0, Vec::new(), Vec::new());
            let tiers = self.0.iter().map(|entry| entry.0);
            let (min, max) = (tiers.clone().min().unwrap_or(0), tiers.max().unwrap_or(0));
            let mut tier = min;
            while tier <= max && limit.saturating_sub(used + overhead) > 0 {
                let free = limit - used - overhead;
                let fitting = self.0.iter().enumerate().filter(|(_, e)| e.0 == tier && e.1 <= free);
                let Some((place, _)) = fitting.max_by_key(|(_, e)| (e.1, e.2)) else {
                    tier += 1;
                    continue;
                };
                let (transmits, bytes, id) = self.0.remove(place);
                used += overhead + bytes;
                sent.push(id);
                if transmits + 1 < transmit_limit {
                    again.push((transmits + 1, bytes, id));
                }
            }
            self.0.extend(again);
            sent
        }
    }

    #[test]
    fn any_sequence_of_pushes_and_picks_goes_as_in_a_tree() {
        for seed in 0..50 {
            let mut prng = Prng::stream(seed, "queue", 0);
            let (mut queue, mut tiers) = (TransmitLimitedQueue::new(4), Tiers(Vec::new()));
            for id in 0..400 {
                let bytes = 1 + prng.index(6);
                if prng.below(3) == 0 {
                    let gone = prng.below(40);
                    queue.push_over(id, bytes, |old| old % 40 == gone);
                    tiers.0.retain(|(.., old)| old % 40 != gone);
                    tiers.0.push((0, bytes, id));
                }
                let nodes = 5 + prng.index(10);
                let limit = [4, 9, 30, 1000][prng.index(4)];
                let ours = queue.get_broadcasts(nodes, 2, limit);
                let ours = ours.map_or(vec![], |sent| sent.iter().copied().collect());
                assert_eq!(ours, tiers.get_broadcasts(retransmit_limit(4, nodes), 2, limit), "seed {seed}");
                let bytes: usize = tiers.0.iter().map(|(_, bytes, _)| bytes).sum();
                assert_eq!((queue.len(), queue.bytes()), (tiers.0.len(), bytes), "seed {seed}");
            }
        }
    }
}
