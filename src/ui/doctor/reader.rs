//! Logs through the decoder, a chunk at a time: the same in a worker and on the page.

use js_sys::Uint8Array;
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use crate::doctor::log::{Decoder, Reading};

/// A log and what it is called.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) name: String,
    pub(super) blob: Blob,
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Progress {
    /// Bytes read, as they lie in the files.
    pub(super) read: f64,
    /// Bytes of all files.
    pub(super) of: f64,
    /// Lines read.
    pub(super) lines: f64,
}

/// Reads logs one after the other in chunks of so many bytes; `tell` says whether to go on.
pub(super) async fn read(
    logs: &[Log],
    chunk: f64,
    mut tell: impl FnMut(Progress) -> bool,
) -> Result<Option<Reading>, String> {
    let mut decoder = Decoder::new();
    let of = logs.iter().map(|log| log.blob.size()).sum();
    let mut read = 0.0;
    for Log { name, blob } in logs {
        decoder.begin_file(name);
        let size = blob.size();
        let mut at = 0.0;
        while at < size {
            let end = (at + chunk).min(size);
            let bytes = bytes(blob, at, end).await;
            let bytes = bytes.ok_or_else(|| format!("{name} could not be read. Is it still there?"))?;
            decoder.feed(&bytes);
            read += end - at;
            at = end;
            if !tell(Progress { read, of, lines: decoder.lines() as f64 }) {
                return Ok(None);
            }
        }
    }
    Ok(Some(decoder.finish()))
}

/// Bytes of a file from one place to another.
pub(super) async fn bytes(blob: &Blob, from: f64, to: f64) -> Option<Vec<u8>> {
    let part = blob.slice_with_f64_and_f64(from, to).ok()?;
    let buffer = JsFuture::from(part.array_buffer()).await.ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
