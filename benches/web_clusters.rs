//! A cluster in a browser: `make bench-web`. Natively there is nothing to run. Apart from the look-ups, because
//! a page that is busy for long looks dead to its driver.

#[cfg(target_arch = "wasm32")]
mod clusters;

#[cfg(target_arch = "wasm32")]
mod web {
    use std::time::Duration;

    use wasm_bindgen_test::{Criterion, wasm_bindgen_bench, wasm_bindgen_test_configure};

    use super::clusters::warm;

    wasm_bindgen_test_configure!(run_in_browser);

    /// A little time a call, of a cluster that goes on and on.
    #[wasm_bindgen_bench]
    fn simulated_time(c: &mut Criterion) {
        let mut cluster = warm(100);
        c.bench_function("50 ms of 100 nodes", |b| {
            b.iter(|| {
                cluster.run_until(cluster.now() + Duration::from_millis(50));
                cluster.steps()
            });
        });
    }
}

fn main() {}
