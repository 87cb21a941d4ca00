//! Small doors to the browser. What is missing answers `None`, and the page goes on without it.

use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, Element, HtmlElement, Url, Window};

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

/// The page's address up to the `#`, without its query.
pub(super) fn base_address() -> String {
    let location = window().map(|window| window.location());
    let part = |part: Option<Result<String, JsValue>>| part.and_then(Result::ok).unwrap_or_default();
    let origin = part(location.as_ref().map(|location| location.origin()));
    origin + &part(location.as_ref().map(|location| location.pathname()))
}

/// The page's own origin, such as `https://docs.example`.
pub(super) fn origin() -> String {
    window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// The part of the address after `#`.
pub(super) fn hash() -> String {
    let hash = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// Goes to another route of this page.
pub(super) fn go(hash: &str) {
    if let Some(window) = window() {
        let _ = window.location().set_hash(hash);
    }
}

/// Writes the part after `#` without a new entry in the history.
pub(super) fn replace_hash(hash: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{hash}")));
    }
}

/// Where milliseconds of work are to be recorded, if the address asks for it: in a new array of this name, with the
/// module's memory beside them.
pub(super) fn recorder(name: &str) -> Option<js_sys::Array> {
    if !asks_for("bench=1") {
        return None;
    }
    let record = js_sys::Array::new();
    js_sys::Reflect::set(&record, &"memory".into(), &wasm_bindgen::memory()).ok()?;
    js_sys::Reflect::set(window()?.as_ref(), &name.into(), &record).ok()?;
    Some(record)
}

/// Whether the page is a guest in another one: `?embed=1`, before or after the `#`.
pub(super) fn is_embedded() -> bool {
    asks_for("embed=1")
}

fn asks_for(wanted: &str) -> bool {
    let search = window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    let hash = hash();
    let in_hash = hash.split_once('?').map_or("", |(_, query)| query);
    [search.trim_start_matches('?'), in_hash]
        .into_iter()
        .flat_map(|query| query.split('&'))
        .any(|pair| pair == wanted)
}

/// The address of the same page as no guest.
pub(super) fn address_of_its_own() -> String {
    let hash = hash();
    let (route, query) = hash.split_once('?').unwrap_or((&hash, ""));
    let kept =
        Vec::from_iter(query.split('&').filter(|pair| !pair.is_empty() && *pair != "embed=1")).join("&");
    let path = window().and_then(|window| window.location().pathname().ok()).unwrap_or_default();
    let question = if kept.is_empty() { "" } else { "?" };
    format!("{path}#{route}{question}{kept}")
}

/// Whether nobody can see the page.
pub(super) fn is_hidden() -> bool {
    let document = window().and_then(|window| window.document());
    document.is_some_and(|document| document.visibility_state() == web_sys::VisibilityState::Hidden)
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

/// Pixels of the screen for one of the page.
pub(super) fn pixel_ratio() -> f64 {
    window().map_or(1.0, |window| window.device_pixel_ratio()).clamp(0.5, 4.0)
}

/// Saves a text as a file.
pub(super) fn download(name: &str, text: &str, kind: &str) {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = js_sys::Array::of1(&text.into());
    if let Ok(blob) = Blob::new_with_str_sequence_and_options(&parts, &options) {
        download_blob(name, &blob);
    }
}

/// Saves bytes as a file.
pub(super) fn download_blob(name: &str, blob: &Blob) {
    let save = || {
        let url = Url::create_object_url_with_blob(blob).ok()?;
        let link = window()?.document()?.create_element("a").ok()?.dyn_into::<HtmlElement>().ok()?;
        link.set_attribute("href", &url).ok()?;
        link.set_attribute("download", name).ok()?;
        link.click();
        Url::revoke_object_url(&url).ok()
    };
    let _: Option<()> = save();
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
