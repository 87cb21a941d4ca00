//! The log doctor in a browser: `make bench-web`. Natively there is nothing to run.

#[cfg(target_arch = "wasm32")]
mod logs;

#[cfg(target_arch = "wasm32")]
mod web {
    use ringside::doctor::log::Decoder;
    use wasm_bindgen_test::{Criterion, wasm_bindgen_bench, wasm_bindgen_test_configure};

    use super::logs;

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_bench]
    fn decode(c: &mut Criterion) {
        let log = logs::log(4 << 20, 100);
        c.bench_function("decode 4 MiB, 1% matches", |b| {
            b.iter(|| {
                let mut decoder = Decoder::new();
                log.as_bytes().chunks(256 << 10).for_each(|chunk| decoder.feed(chunk));
                decoder.finish().totals.lines
            });
        });
    }
}

fn main() {}
