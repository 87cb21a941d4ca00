use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::time::Instant;

/// The one total order of everything that happens: by time, then by the order in which it was planned.
///
/// The heap holds only times and places, so that little moves when it is sorted; events stand still.
#[derive(Debug, Clone)]
pub struct Scheduler<E> {
    heap: BinaryHeap<Reverse<Ticket>>,
    events: Vec<Option<E>>,
    free: Vec<u32>,
    next: u64,
}

/// When, in which order, and where the event stands.
type Ticket = (Instant, u64, u32);

/// The first order of what is planned in the usual way; below it is room for what comes first.
const FIRST: u64 = 1 << 32;

/// Something that happens now.
#[derive(Debug, Clone)]
pub struct Planned<E> {
    /// When.
    pub at: Instant,
    /// What.
    pub event: E,
}

impl<E> Scheduler<E> {
    /// Nothing planned.
    pub fn new() -> Self {
        Self { heap: BinaryHeap::new(), events: Vec::new(), free: Vec::new(), next: FIRST }
    }

    /// Plans `event` after all that is planned for that instant.
    #[inline]
    pub fn plan(&mut self, at: Instant, event: E) {
        let order = self.next;
        self.next += 1;
        self.put(at, order, event);
    }

    /// Plans `event` before all that [`Self::plan`] plans for that instant, and among its like by `rank`.
    pub fn plan_first(&mut self, at: Instant, rank: u32, event: E) {
        self.put(at, rank.into(), event);
    }

    #[inline]
    fn put(&mut self, at: Instant, order: u64, event: E) {
        let place = match self.free.pop() {
            Some(place) => {
                self.events[place as usize] = Some(event);
                place
            }
            None => {
                self.events.push(Some(event));
                self.events.len() as u32 - 1
            }
        };
        self.heap.push(Reverse((at, order, place)));
    }

    /// When the next event happens.
    #[inline]
    pub fn next_at(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _, _))| *at)
    }

    /// Takes the next event.
    #[inline]
    pub fn pop(&mut self) -> Option<Planned<E>> {
        let Reverse((at, _, place)) = self.heap.pop()?;
        self.free.push(place);
        self.events[place as usize].take().map(|event| Planned { at, event })
    }

    /// Takes out every event that `goes` holds of; how many these are.
    pub fn remove(&mut self, goes: impl Fn(&E) -> bool) -> usize {
        let before = self.heap.len();
        let Self { heap, events, free, .. } = self;
        heap.retain(|Reverse((_, _, place))| {
            let slot = &mut events[*place as usize];
            let stays = slot.as_ref().is_none_or(|event| !goes(event));
            if !stays {
                *slot = None;
                free.push(*place);
            }
            stays
        });
        before - self.heap.len()
    }

    /// Lets every event that `waits` holds of happen later; how many these are. Among those of its new instant, it
    /// keeps its place in the order of planning.
    pub fn postpone(&mut self, waits: impl Fn(&E) -> bool, by: Duration) -> usize {
        let mut count = 0;
        let later = |Reverse((at, order, place)): Reverse<Ticket>| {
            let waits = self.events[place as usize].as_ref().is_some_and(&waits);
            count += usize::from(waits);
            Reverse((if waits { at + by } else { at }, order, place))
        };
        self.heap = std::mem::take(&mut self.heap).into_iter().map(later).collect();
        count
    }

    /// All planned events with their times, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, &E)> {
        self.heap
            .iter()
            .filter_map(|Reverse((at, _, place))| Some((*at, self.events[*place as usize].as_ref()?)))
    }
}

impl<E> Default for Scheduler<E> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_by_time_then_those_that_come_first_and_then_in_the_order_of_planning() {
        let mut scheduler = Scheduler::new();
        for (at, event) in [(5, 'd'), (3, 'a'), (5, 'e'), (3, 'b')] {
            scheduler.plan(Instant::from_nanos(at), event);
        }
        scheduler.plan_first(Instant::from_nanos(5), 0, 'c');
        assert_eq!(scheduler.next_at(), Some(Instant::from_nanos(3)));
        let order = String::from_iter(std::iter::from_fn(|| scheduler.pop()).map(|planned| planned.event));
        assert_eq!(order, "abcde");
    }

    #[test]
    fn what_is_taken_out_never_comes_and_what_waits_comes_in_the_order_of_planning() {
        let mut scheduler = Scheduler::new();
        for (at, event) in [(5, 'c'), (3, 'x'), (5, 'd'), (3, 'a'), (4, 'b')] {
            scheduler.plan(Instant::from_nanos(at), event);
        }
        assert_eq!(scheduler.remove(|event| *event == 'b'), 1);
        assert_eq!(scheduler.postpone(|event| *event == 'x', Duration::from_nanos(2)), 1);
        assert_eq!(scheduler.remove(|event| *event == 'z'), 0);
        scheduler.plan(Instant::from_nanos(5), 'e');
        let order = String::from_iter(std::iter::from_fn(|| scheduler.pop()).map(|planned| planned.event));
        assert_eq!(order, "acxde");
    }
}
