//! How fast the doctor reads logs: `cargo bench --bench doctor`. One line of a hundred is a message that it knows.

mod logs;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ringside::doctor::log::Decoder;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("Decode");
    group.sample_size(10);
    for (name, every) in [("1% matches", 100), ("20% matches", 5), ("no match", usize::MAX)] {
        let log = logs::log(16 << 20, every);
        group.throughput(Throughput::Bytes(log.len() as u64));
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut decoder = Decoder::new();
                log.as_bytes().chunks(256 << 10).for_each(|chunk| decoder.feed(chunk));
                decoder.finish().totals.lines
            });
        });
    }
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
