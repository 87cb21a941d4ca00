//! When to ask an address again: a state machine without a clock.
//!
//! One request is under way at a time. After a failure the next one waits, longer each time and never in
//! step with other readers; a page that nobody looks at asks for nothing.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::prng::Prng;
use crate::time::Instant;

/// The shortest interval that a reader may choose.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The longest one.
pub const MAX_INTERVAL: Duration = Duration::from_secs(300);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Ask, and say [`Poller::answered`] or [`Poller::failed`] when that is over.
    Fetch,
    /// Nothing before this instant.
    Wait(Instant),
    /// Nothing until something changes: a request is under way, or it is paused.
    Rest,
}

/// The timing of one address's requests.
#[derive(Debug, Clone)]
pub struct Poller {
    interval: Duration,
    backoff: Option<Backoff>,
    prng: Prng,
    due: Instant,
    under_way: bool,
    /// By the reader.
    paused: bool,
    /// The page is not to be seen.
    hidden: bool,
    failures: u32,
}

impl Poller {
    /// Asks at once, and every `interval` from then on; it is brought within the bounds. `seed` sets
    /// readers apart.
    pub fn new(interval: Duration, seed: u64) -> Self {
        Self {
            interval: interval.clamp(MIN_INTERVAL, MAX_INTERVAL),
            backoff: None,
            prng: Prng::stream(seed, "poller", 0),
            due: Instant::START,
            under_way: false,
            paused: false,
            hidden: false,
            failures: 0,
        }
    }

    /// What is to be done at `now`. After [`Action::Fetch`] a request counts as under way.
    pub fn next(&mut self, now: Instant) -> Action {
        if self.under_way || self.paused || self.hidden {
            return Action::Rest;
        }
        if now < self.due {
            return Action::Wait(self.due);
        }
        self.under_way = true;
        // From its beginning, so that slow answers do not stretch the interval.
        self.due = now + self.interval;
        Action::Fetch
    }

    /// The request is over and brought a page.
    pub fn answered(&mut self) {
        self.under_way = false;
        self.failures = 0;
        self.backoff = None;
    }

    /// The request is over at `now` and brought none: the next one waits up to five minutes.
    pub fn failed(&mut self, now: Instant) {
        self.under_way = false;
        self.failures += 1;
        let interval = self.interval;
        let backoff = self.backoff.get_or_insert_with(|| Backoff::new(interval, MAX_INTERVAL));
        self.due = now + backoff.next_delay(&mut self.prng);
    }

    /// The request was given up, as by leaving the page: as if it had not been made.
    pub fn aborted(&mut self, now: Instant) {
        self.under_way = false;
        self.due = now;
    }

    /// The reader wants it now, paused or not; a request under way is enough.
    pub fn refresh(&mut self, now: Instant) -> Action {
        if self.under_way {
            return Action::Rest;
        }
        self.under_way = true;
        self.due = now + self.interval;
        Action::Fetch
    }

    /// Another interval, within the bounds; it counts from `now`.
    pub fn set_interval(&mut self, interval: Duration, now: Instant) {
        self.interval = interval.clamp(MIN_INTERVAL, MAX_INTERVAL);
        self.backoff = None;
        self.due = self.due.min(now + self.interval);
    }

    /// The reader stops it, or lets it go on.
    pub fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
    }

    /// The page is hidden, or to be seen again.
    pub fn set_hidden(&mut self, hidden: bool) {
        self.hidden = hidden;
    }

    /// Whether a request is under way.
    pub fn is_under_way(&self) -> bool {
        self.under_way
    }

    /// Whether the reader stopped it.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// How many requests in a row brought nothing.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The interval.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// When it asks next, if nothing comes in between.
    pub fn due(&self) -> Instant {
        self.due
    }
}

/// Whether what came this long ago is too old to be taken for now: three intervals, and never less than
/// what a slow answer takes.
pub fn is_stale(age: Duration, interval: Duration) -> bool {
    age > (interval * 3).max(Duration::from_secs(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    fn every_five() -> Poller {
        Poller::new(Duration::from_secs(5), 7)
    }

    #[test]
    fn one_request_is_under_way_at_a_time() {
        let mut poller = every_five();
        assert_eq!(poller.next(at(0)), Action::Fetch);
        assert_eq!(poller.next(at(9)), Action::Rest);
        assert_eq!(poller.refresh(at(9)), Action::Rest);
        poller.answered();
        assert_eq!(poller.next(at(9)), Action::Fetch, "it was due while the answer took its time");
    }

    #[test]
    fn an_interval_counts_from_the_beginning_of_a_request() {
        let mut poller = every_five();
        poller.next(at(0));
        poller.answered();
        assert_eq!(poller.next(at(3)), Action::Wait(at(5)));
        assert_eq!(poller.next(at(5)), Action::Fetch);
    }

    #[test]
    fn after_failures_it_waits_longer_each_time_up_to_five_minutes_and_recovers_at_once() {
        let mut poller = every_five();
        let (mut now, mut waits) = (at(0), Vec::new());
        for _ in 0..12 {
            assert_eq!(poller.next(now), Action::Fetch);
            poller.failed(now);
            let Action::Wait(due) = poller.next(now) else { panic!("it waits") };
            waits.push(due.since(now).as_secs());
            now = due;
        }
        assert!((5..10).contains(&waits[0]) && (10..20).contains(&waits[1]), "{waits:?}");
        assert!(waits[8..].iter().all(|wait| (160..=300).contains(wait)), "{waits:?}");
        assert_eq!(poller.failures(), 12);
        poller.next(now);
        poller.answered();
        assert_eq!((poller.failures(), poller.due()), (0, now + Duration::from_secs(5)));
    }

    #[test]
    fn readers_with_other_seeds_do_not_come_back_in_step() {
        let due = |seed| {
            let mut poller = Poller::new(Duration::from_secs(5), seed);
            poller.next(at(0));
            poller.failed(at(0));
            poller.due()
        };
        assert_ne!(due(1), due(2));
    }

    #[test]
    fn nobody_is_asked_while_the_page_is_hidden_or_paused_but_by_hand() {
        let mut poller = every_five();
        poller.set_hidden(true);
        assert_eq!(poller.next(at(0)), Action::Rest);
        poller.set_hidden(false);
        poller.set_paused(true);
        assert_eq!(poller.next(at(0)), Action::Rest);
        assert_eq!(poller.refresh(at(1)), Action::Fetch);
        poller.answered();
        assert_eq!(poller.next(at(60)), Action::Rest);
        poller.set_paused(false);
        assert_eq!(poller.next(at(60)), Action::Fetch);
    }

    #[test]
    fn a_request_that_was_given_up_is_made_again_at_once() {
        let mut poller = every_five();
        poller.next(at(0));
        poller.aborted(at(1));
        assert_eq!((poller.next(at(1)), poller.failures()), (Action::Fetch, 0));
    }

    #[test]
    fn intervals_are_brought_within_their_bounds() {
        assert_eq!(Poller::new(Duration::ZERO, 0).interval(), MIN_INTERVAL);
        let mut poller = every_five();
        poller.next(at(0));
        poller.answered();
        poller.set_interval(Duration::from_secs(9_999), at(1));
        assert_eq!((poller.interval(), poller.due()), (MAX_INTERVAL, at(5)));
        poller.set_interval(Duration::from_secs(1), at(2));
        assert_eq!(poller.due(), at(3));
    }

    #[test]
    fn what_is_three_intervals_old_is_stale() {
        let secs = Duration::from_secs;
        assert!(!is_stale(secs(15), secs(5)) && is_stale(secs(16), secs(5)));
        assert!(!is_stale(secs(9), secs(1)), "a slow answer is not stale yet");
    }
}
