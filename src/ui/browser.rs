//! Small doors to the browser. What is missing answers `None`, and the page goes on without it.

use wasm_bindgen::prelude::*;
use web_sys::{Element, HtmlElement, Window};

use crate::time::WallTime;

pub(super) fn window() -> Option<Window> {
    web_sys::window()
}

pub(super) fn element(id: &str) -> Option<Element> {
    window()?.document()?.get_element_by_id(id)
}

/// Moves the keyboard to an element.
pub(super) fn focus(id: &str) {
    if let Some(element) = element(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Whether the keyboard is at an element.
pub(super) fn has_focus(id: &str) -> bool {
    let active = window().and_then(|window| window.document()).and_then(|document| document.active_element());
    active.is_some_and(|active| active.id() == id)
}

/// Puts a text into the clipboard; whether that worked.
pub(super) async fn copy(text: String) -> bool {
    let write = || {
        let clipboard = js_sys::Reflect::get(&window()?.navigator(), &"clipboard".into()).ok()?;
        let write = js_sys::Reflect::get(&clipboard, &"writeText".into()).ok()?;
        let promise = write.dyn_into::<js_sys::Function>().ok()?.call1(&clipboard, &text.into()).ok()?;
        promise.dyn_into::<js_sys::Promise>().ok()
    };
    match write() {
        Some(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.is_ok(),
        None => false,
    }
}

/// The part of the address after `#`.
pub(super) fn hash() -> String {
    let hash = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// Writes the part after `#` without a new entry in the history.
pub(super) fn replace_hash(hash: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{hash}")));
    }
}

/// Whether the address asks for frame times to be recorded.
pub(super) fn is_bench() -> bool {
    let search = window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    search.trim_start_matches('?').split('&').any(|pair| pair == "bench=1")
}

pub(super) fn matches_media(query: &str) -> bool {
    let list = window().and_then(|window| window.match_media(query).ok()).flatten();
    list.is_some_and(|list| list.matches())
}

pub(super) fn wants_less_motion() -> bool {
    matches_media("(prefers-reduced-motion: reduce)")
}

/// Milliseconds since the page was opened.
pub(super) fn performance_now() -> f64 {
    window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

/// This machine's clock.
pub(super) fn clock() -> WallTime {
    WallTime::from_unix_nanos(js_sys::Date::now() as i128 * 1_000_000)
}

pub(super) fn read_stored(key: &str) -> Option<String> {
    window()?.local_storage().ok()??.get_item(key).ok()?
}

pub(super) fn store(key: &str, value: &str) {
    if let Some(storage) = window().and_then(|window| window.local_storage().ok()).flatten() {
        let _ = storage.set_item(key, value);
    }
}
