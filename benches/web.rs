//! The look-up benchmark in a browser: `make bench-web`. Natively there is nothing to run.

#[cfg(target_arch = "wasm32")]
mod workloads;

#[cfg(target_arch = "wasm32")]
mod web {
    use ringside::ring::{LookupBuffer, Operation};
    use wasm_bindgen_test::{Criterion, wasm_bindgen_bench, wasm_bindgen_test_configure};

    use super::workloads::{NOW, desc, keys, ring};

    wasm_bindgen_test_configure!(run_in_browser);

    /// Look-ups a measured call: one alone is shorter than the browser's clock can tell.
    const LOOKUPS: usize = 4096;

    fn get(c: &mut Criterion, zones: usize, instances: usize, tokens: usize) {
        let ring = ring(&desc(instances, tokens, zones), zones);
        let health = ring.health_at(NOW);
        let mut buffer = LookupBuffer::default();
        let keys = keys();
        let name = format!("{LOOKUPS} x RingGet/zones={zones}/instances={instances}/tokens={tokens}");
        c.bench_function(&name, |b| {
            b.iter(|| {
                let get = |&key| {
                    ring.get(key, Operation::WRITE_NO_EXTEND, health, &mut buffer)
                        .map(|set| set.instances.len())
                };
                keys.iter().map(get).filter(Result::is_ok).count()
            });
        });
    }

    #[wasm_bindgen_bench]
    fn ring_get(c: &mut Criterion) {
        for zones in [0, 3] {
            for (instances, tokens) in [(3, 128), (100, 128), (1000, 512)] {
                get(c, zones, instances, tokens);
            }
        }
    }
}

fn main() {}
