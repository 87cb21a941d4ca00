//! Logs to measure with.

use std::fmt::Write as _;

/// Lines that a busy Loki writes all the time.
const ROUTINE: [&str; 4] = [
    "caller=metrics.go:237 component=querier org_id=prod latency=fast query=\"{namespace=\\\"shop\\\"} |= \\\"checkout\\\"\" query_type=limited range_type=range length=1h0m0s step=14s duration=41.3ms status=200 returned_lines=100",
    "caller=table_manager.go:228 index-store=tsdb-2024-01-01 msg=\"syncing tables\"",
    "caller=flush.go:304 component=ingester msg=\"flushing stream\" user=prod fp=1a2b3c4d5e6f7788 immediate=false num_chunks=1 total_comp=\"312 kB\" avg_comp=\"312 kB\" labels=\"{app=\\\"api\\\", pod=\\\"api-7\\\"}\"",
    "caller=roundtrip.go:419 org_id=prod traceID=5cf3a9e2b1d04f77 msg=\"executing query\" type=range query=\"sum by (pod) (rate({app=\\\"api\\\"}[5m]))\" start=2026-11-22T10:00:00Z end=2026-11-22T11:00:00Z query_hash=2415137219",
];

/// A log of about `bytes` bytes, in which one line of `every` is a message of the catalogue.
pub(crate) fn log(bytes: usize, every: usize) -> String {
    let mut log = String::with_capacity(bytes + 1024);
    let mut line = 0;
    while log.len() < bytes {
        line += 1;
        let (minute, second) = (line / 6000 % 60, line / 100 % 60);
        let millis = line * 10 % 1000;
        let _ = write!(log, "level=");
        let at = format!("ts=2026-11-22T10:{minute:02}:{second:02}.{millis:03}Z");
        let _ = match line % every == 0 {
            true => writeln!(
                log,
                "warn {at} caller=tcp_transport.go:509 component=\"memberlist TCPTransport\" msg=\"WriteTo failed\" addr=10.0.{}.{}:7946 err=\"dial tcp: i/o timeout\"",
                line % 7,
                line % 11
            ),
            false => writeln!(log, "info {at} {}", ROUTINE[line % ROUTINE.len()]),
        };
    }
    log
}
