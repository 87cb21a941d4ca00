//! Asks an address for a page, once, and finds out why that did not work. Nothing but GET is ever sent.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gloo_net::http::{Request, RequestBuilder, Response};
use js_sys::{Reflect, Uint8Array};
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader, RequestMode};

use crate::live::failure::{Asked, Failure, Permission, Probes};
use crate::live::ring_page::MAX_PAGE_BYTES;

use super::browser;

/// How long an answer may take, to its last byte.
pub(super) const TIMEOUT: Duration = Duration::from_secs(15);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Headers that a reader adds: a tenant, and what a gateway wants. They are kept in this page's memory
/// alone, and never written anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Headers {
    /// `X-Scope-OrgID`; empty for none.
    pub(super) tenant: String,
    /// `Authorization`; empty for none.
    pub(super) authorization: String,
}

impl Headers {
    /// Whether a server has to consent to them before a browser sends them.
    pub(super) fn need_consent(&self) -> bool {
        !self.tenant.is_empty() || !self.authorization.is_empty()
    }
}

/// What came, and how long it took.
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) took: Duration,
}

/// Why nothing came.
pub(super) enum Missed {
    /// The reader went away, or gave it up.
    Aborted,
    /// Anything else.
    Failed(Asked, Failure),
}

/// Asks once. Whoever holds `controller` can give it up.
pub(super) async fn ask(
    address: &str,
    headers: &Headers,
    controller: &AbortController,
) -> Result<Answer, Missed> {
    let began = browser::performance_now();
    let asked = Asked {
        address: address.to_owned(),
        page_origin: browser::origin(),
        needs_consent: headers.need_consent(),
    };
    let late = Deadline::new(controller, TIMEOUT);
    let result = text_of(with_headers(Request::get(address), headers), controller).await;
    let is_late = late.has_passed();
    drop(late);
    let millis = browser::performance_now() - began;
    match result {
        Ok(text) => Ok(Answer { text, took: Duration::from_millis(millis as u64) }),
        Err(_) if is_late => Err(Missed::Failed(asked, Failure::Slow(TIMEOUT))),
        Err(_) if controller.signal().aborted() => Err(Missed::Aborted),
        Err(Some(failure)) => Err(Missed::Failed(asked, failure)),
        Err(None) => {
            let probes = probe(&asked).await;
            let failure = Failure::of_network_error(&asked, probes);
            Err(Missed::Failed(asked, failure))
        }
    }
}

fn with_headers(request: RequestBuilder, headers: &Headers) -> RequestBuilder {
    let mut request = request.header("Accept", "application/json");
    for (name, value) in [("X-Scope-OrgID", &headers.tenant), ("Authorization", &headers.authorization)] {
        if !value.is_empty() {
            request = request.header(name, value);
        }
    }
    request
}

/// The answer's text. `Err(None)` is the error of which a browser does not say what it is.
async fn text_of(request: RequestBuilder, controller: &AbortController) -> Result<String, Option<Failure>> {
    let request = request.cache(web_sys::RequestCache::NoStore).abort_signal(Some(&controller.signal()));
    let response = request.send().await.map_err(|_| None)?;
    if let Some(failure) = Failure::of_status(response.status()) {
        return Err(Some(failure));
    }
    body_of(&response).await.map_err(Some)
}

/// Reads no more than a ring page may have.
async fn body_of(response: &Response) -> Result<String, Failure> {
    let Some(stream) = response.body() else { return Ok(String::new()) };
    let reader: ReadableStreamDefaultReader =
        stream.get_reader().dyn_into().map_err(|_| Failure::BrokeOff)?;
    let mut bytes = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await.map_err(|_| Failure::BrokeOff)?;
        let get = |name: &str| Reflect::get(&chunk, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if get("done").is_truthy() {
            break;
        }
        let part: Uint8Array = get("value").dyn_into().map_err(|_| Failure::BrokeOff)?;
        if bytes.len() + part.length() as usize > MAX_PAGE_BYTES {
            // The rest is not wanted; whether the browser stops at once does not matter.
            let _ = reader.cancel();
            return Err(Failure::TooLarge);
        }
        let start = bytes.len();
        bytes.resize(start + part.length() as usize, 0);
        part.copy_to(&mut bytes[start..]);
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Asks in other ways, to tell failures apart that a browser does not.
async fn probe(asked: &Asked) -> Probes {
    let unread = answers(Request::get(&asked.address).mode(RequestMode::NoCors)).await;
    let without_headers = match asked.needs_consent {
        true => Some(answers(with_headers(Request::get(&asked.address), &Headers::default())).await),
        false => None,
    };
    Probes {
        answers_unread: Some(unread),
        answers_without_headers: without_headers,
        local_network: permission("local-network-access").await,
    }
}

async fn answers(request: RequestBuilder) -> bool {
    let Ok(controller) = AbortController::new() else { return false };
    let _late = Deadline::new(&controller, PROBE_TIMEOUT);
    let request = request.cache(web_sys::RequestCache::NoStore).abort_signal(Some(&controller.signal()));
    request.send().await.is_ok()
}

/// What the browser says of a permission that not all browsers know.
async fn permission(name: &str) -> Permission {
    let query = || {
        let permissions = Reflect::get(&browser::window()?.navigator(), &"permissions".into()).ok()?;
        let query = Reflect::get(&permissions, &"query".into()).ok()?.dyn_into::<js_sys::Function>().ok()?;
        let wanted = js_sys::Object::new();
        Reflect::set(&wanted, &"name".into(), &name.into()).ok()?;
        query.call1(&permissions, &wanted).ok()?.dyn_into::<js_sys::Promise>().ok()
    };
    let Some(promise) = query() else { return Permission::Unknown };
    let Ok(status) = JsFuture::from(promise).await else { return Permission::Unknown };
    match Reflect::get(&status, &"state".into()).ok().and_then(|state| state.as_string()).as_deref() {
        Some("granted") => Permission::Granted,
        Some("denied") => Permission::Denied,
        Some("prompt") => Permission::Prompt,
        _ => Permission::Unknown,
    }
}

/// Gives a request up when its time has passed, and remembers that it was that.
struct Deadline {
    passed: Rc<Cell<bool>>,
    timer: Option<TimeoutHandle>,
}

impl Deadline {
    fn new(controller: &AbortController, after: Duration) -> Self {
        let passed = Rc::new(Cell::new(false));
        let (mark, controller) = (Rc::clone(&passed), controller.clone());
        let stop = move || {
            mark.set(true);
            controller.abort();
        };
        Self { passed, timer: set_timeout_with_handle(stop, after).ok() }
    }

    fn has_passed(&self) -> bool {
        self.passed.get()
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(timer) = self.timer {
            timer.clear();
        }
    }
}
