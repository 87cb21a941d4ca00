//! How fast a cluster runs in virtual time, and what going back in it costs. The tables stand in
//! docs/benchmarks.md.

mod clusters;

use std::time::Duration;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ringside::sim::{Scenario, Span, Timeline};
use ringside::time::Instant;

use clusters::{options, warm};

fn run(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulated second");
    group.sample_size(10);
    for (nodes, seconds) in [(10, 20), (100, 5), (300, 1)] {
        let cluster = warm(nodes);
        group.bench_function(format!("{seconds} s of {nodes} nodes"), |b| {
            b.iter_batched(
                || cluster.clone(),
                |mut cluster| {
                    cluster.run_until(cluster.now() + Duration::from_secs(seconds));
                    cluster
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn checkpoint(c: &mut Criterion) {
    let cluster = warm(100);
    c.bench_function("checkpoint of 100 nodes", |b| b.iter(|| cluster.clone()));
}

fn seek(c: &mut Criterion) {
    let scenario = Scenario {
        name: "seek".into(),
        title: String::new(),
        about: String::new(),
        seed: 1,
        until: Span::secs(600),
        options: options(100),
        steps: Vec::new(),
        watch: Vec::new(),
        expect: Vec::new(),
    };
    let Ok(mut timeline) = Timeline::new(scenario) else { return };
    timeline.seek(Instant::START + Duration::from_secs(600));
    let mut group = c.benchmark_group("seek in 10 minutes of 100 nodes");
    group.sample_size(10);
    // Far apart, and none of them next to a checkpoint.
    let mut places = [597, 13, 409, 256, 101, 599, 333].into_iter().cycle();
    group.bench_function("anywhere", |b| {
        b.iter(|| timeline.seek(Instant::START + Duration::from_secs(places.next().unwrap_or(0))));
    });
    group.finish();
}

criterion_group!(benches, run, checkpoint, seek);
criterion_main!(benches);
