use std::cmp::Reverse;
use std::collections::BinaryHeap;

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

    /// How many events are planned.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether nothing is planned.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
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
        assert!(scheduler.is_empty());
    }
}
