use std::time::Duration;

use crate::time::Instant;

/// The few writers that all packets of a process go through.
///
/// Models dskit kv/memberlist/tcp_transport.go:469-511: a packet is a connection of its own, dialled by
/// one of few workers; when none is free in time it is dropped, and memberlist never hears of it.
#[derive(Debug, Clone)]
pub struct Writers {
    free_at: Vec<Instant>,
    patience: Duration,
    /// Counters for the process's metrics.
    pub counters: TransportCounters,
}

/// What `loki_memberlist_tcp_transport_*` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransportCounters {
    /// Packets given to the writers.
    pub packets_sent: u64,
    /// Their bytes.
    pub packets_sent_bytes: u64,
    /// Packets that could not be delivered, be they refused or unanswered.
    pub packets_sent_errors: u64,
    /// Packets that found no free writer.
    pub packets_dropped: u64,
    /// Packets that came.
    pub packets_received: u64,
    /// Their bytes.
    pub packets_received_bytes: u64,
    /// Streams opened.
    pub outgoing_streams: u64,
    /// Streams that could not be opened: refused, or nobody answered the dialling.
    pub outgoing_stream_errors: u64,
    /// Streams accepted.
    pub incoming_streams: u64,
}

impl Writers {
    /// `count` idle writers; a packet waits at most `patience` for one.
    pub fn new(count: usize, patience: Duration) -> Self {
        Self { free_at: vec![Instant::START; count.max(1)], patience, counters: TransportCounters::default() }
    }

    /// When a writer can take a packet that is ready at `now`; `None` drops the packet.
    #[inline]
    pub fn acquire(&mut self, now: Instant) -> Option<(usize, Instant)> {
        let (writer, free_at) =
            (0..self.free_at.len()).map(|writer| (writer, self.free_at[writer])).min_by_key(|(_, at)| *at)?;
        if free_at.since(now) > self.patience {
            self.counters.packets_dropped += 1;
            return None;
        }
        Some((writer, free_at.max(now)))
    }

    /// Says until when a writer is busy.
    #[inline]
    pub fn occupy(&mut self, writer: usize, until: Instant) {
        self.free_at[writer] = until;
    }

    /// Until when a sender that wants a writer now has to wait: the writer's time, or its patience's end.
    pub fn blocked_until(&self, now: Instant) -> Instant {
        let free_at = self.free_at.iter().min().copied().unwrap_or(now);
        free_at.min(now + self.patience).max(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_waits_a_little_for_a_writer_and_is_dropped_after_that() {
        let at = |millis: u64| Instant::START + Duration::from_millis(millis);
        let mut writers = Writers::new(2, Duration::from_millis(250));
        for _ in 0..2 {
            let (writer, start) = writers.acquire(at(0)).unwrap();
            assert_eq!(start, at(0));
            writers.occupy(writer, at(2000));
        }
        assert_eq!(writers.acquire(at(0)), None);
        assert_eq!(writers.counters.packets_dropped, 1);
        assert_eq!(writers.acquire(at(1800)).unwrap().1, at(2000));
        assert_eq!(writers.blocked_until(at(0)), at(250));
        assert_eq!(writers.blocked_until(at(1900)), at(2000));
    }
}
