use std::time::Duration;

use crate::time::Instant;

use super::{Effect, Timer};

/// A Go timer or ticker: its channel holds one firing until somebody takes it, and a ticker that nobody
/// listens to keeps its grid.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    timer: Timer,
    /// Zero for a single firing.
    period: Duration,
    next: Option<Instant>,
    fired: bool,
}

impl Alarm {
    /// One that never fires.
    pub(super) const fn off(timer: Timer) -> Self {
        Self { timer, period: Duration::ZERO, next: None, fired: false }
    }

    /// `time.After`.
    pub(super) fn after(timer: Timer, delay: Duration, now: Instant, fx: &mut Vec<Effect>) -> Self {
        let mut alarm = Self::off(timer);
        alarm.arm(now + delay, fx);
        alarm
    }

    /// `time.Sleep`: over at once when there is nothing to sleep.
    pub(super) fn sleep(timer: Timer, delay: Duration, now: Instant, fx: &mut Vec<Effect>) -> Self {
        match delay {
            Duration::ZERO => Self { fired: true, ..Self::off(timer) },
            _ => Self::after(timer, delay, now, fx),
        }
    }

    /// `newDisableableTicker` (dskit ring/ticker.go): never fires when the period is zero.
    pub(super) fn every(timer: Timer, period: Duration, now: Instant, fx: &mut Vec<Effect>) -> Self {
        let mut alarm = Self { period, ..Self::off(timer) };
        if !period.is_zero() {
            alarm.arm(now + period, fx);
        }
        alarm
    }

    /// A timer of this name has arrived: perhaps this one.
    pub(super) fn arrive(&mut self, now: Instant, fx: &mut Vec<Effect>) {
        let Some(due) = self.next.filter(|due| *due <= now) else { return };
        self.fired = true;
        self.next = None;
        if !self.period.is_zero() {
            let missed = now.since(due).as_nanos() / self.period.as_nanos();
            let periods = u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1);
            self.arm(due + self.period.saturating_mul(periods), fx);
        }
    }

    /// Whether a firing waits to be taken.
    pub(super) const fn has_fired(&self) -> bool {
        self.fired
    }

    /// Takes the firing, if there is one.
    pub(super) fn take(&mut self) -> bool {
        std::mem::take(&mut self.fired)
    }

    fn arm(&mut self, at: Instant, fx: &mut Vec<Effect>) {
        self.next = Some(at);
        fx.push(Effect::Timer { at, timer: self.timer });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn a_ticker_nobody_listens_to_holds_one_firing_and_keeps_its_grid() {
        let mut fx = Vec::new();
        let mut ticker = Alarm::every(Timer::Heartbeat, 5 * SECOND, at(2), &mut fx);
        ticker.arrive(at(7), &mut fx);
        ticker.arrive(at(12), &mut fx);
        assert!(ticker.take());
        assert!(!ticker.take());
        ticker.arrive(at(24), &mut fx);
        let armed = [7, 12, 17, 27].map(|seconds| Effect::Timer { at: at(seconds), timer: Timer::Heartbeat });
        assert_eq!(fx, armed);
    }

    #[test]
    fn a_timer_that_was_replaced_does_not_fire() {
        let mut fx = Vec::new();
        let mut alarm = Alarm::after(Timer::Observe, SECOND, at(0), &mut fx);
        alarm.arrive(at(1), &mut fx);
        assert!(alarm.take());
        alarm.arrive(at(1), &mut fx);
        assert!(!alarm.has_fired());
        alarm = Alarm::after(Timer::Observe, 2 * SECOND, at(1), &mut fx);
        alarm.arrive(at(2), &mut fx);
        assert!(!alarm.has_fired());
    }
}
