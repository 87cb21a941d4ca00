//! Logs are read by a worker: the page's own program once more, compiled already, in a thread without a page. So what reads
//! them is the same wherever it runs, and nothing more is downloaded. Where no worker can start, the page reads them itself in slices.
//!
//! The page sends `[program, module]`, then for a `["ready"]` the logs as `[[name, blob], …]`. The worker answers
//! `["progress", read, of, lines]` and at the end `["reading", JSON]` or `["failed", why]`. To cancel is to end the worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use leptos::prelude::{TimeoutHandle, set_timeout_with_handle};
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, HtmlLinkElement, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::doctor::log::Reading;

use super::super::browser;
use super::reader::{self, Log, Progress};

/// Next to the page.
const SCRIPT: &str = "./doctor-worker.js";

/// Bytes that a worker reads at once.
const CHUNK: f64 = (1 << 20) as f64;

/// Bytes that the page reads at once: compressed ones become twenty times as many.
const SLICE: f64 = (64 << 10) as f64;

/// A worker that has not answered by now never will.
const START: Duration = Duration::from_secs(15);

/// What a job has to say.
pub(super) enum Told {
    Progress(Progress),
    /// The page reads by itself; why.
    OnPage(String),
    Done(Box<Reading>),
    Failed(String),
}

type Teller = Rc<dyn Fn(Told)>;

/// A job under way; dropped, it ends.
pub(super) struct Job(Rc<Inner>);

struct Inner {
    logs: Vec<Log>,
    tell: Teller,
    is_over: Cell<bool>,
    is_ready: Cell<bool>,
    running: RefCell<Option<Running>>,
}

/// A worker with what listens to it.
struct Running {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(web_sys::Event)>,
    late: Option<TimeoutHandle>,
}

impl Job {
    /// Begins to read.
    pub(super) fn start(logs: Vec<Log>, tell: impl Fn(Told) + 'static) -> Self {
        let inner = Rc::new(Inner {
            logs,
            tell: Rc::new(tell),
            is_over: Cell::new(false),
            is_ready: Cell::new(false),
            running: RefCell::new(None),
        });
        match spawn(&inner) {
            Ok(running) => *inner.running.borrow_mut() = Some(running),
            Err(why) => read_here(&inner, &why),
        }
        Self(inner)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.0.is_over.set(true);
        self.0.stop();
    }
}

impl Inner {
    fn stop(&self) {
        if let Some(running) = self.running.take() {
            running.worker.terminate();
            running.late.iter().for_each(TimeoutHandle::clear);
            // This may be the call of one of its listeners, which must not be freed under itself.
            wasm_bindgen_futures::spawn_local(async move { drop(running) });
        }
    }

    fn say(&self, told: Told) {
        if !self.is_over.get() {
            (self.tell)(told);
        }
    }
}

fn spawn(inner: &Rc<Inner>) -> Result<Running, String> {
    let program = program().ok_or("the page does not know the address of its own program")?;
    let options = WorkerOptions::new();
    options.set_type(WorkerType::Module);
    let worker = Worker::new_with_options(SCRIPT, &options).map_err(|error| words(&error))?;
    let heard = Rc::downgrade(inner);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        if let Some(inner) = heard.upgrade() {
            hear(&inner, &Array::from(&event.data()));
        }
    });
    let heard = Rc::downgrade(inner);
    let on_error = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
        event.prevent_default();
        if let Some(inner) = heard.upgrade() {
            give_up(&inner, "its script could not be loaded");
        }
    });
    worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    worker
        .post_message(&Array::of2(&program.into(), &wasm_bindgen::module()))
        .map_err(|error| words(&error))?;
    let heard = Rc::downgrade(inner);
    let late = set_timeout_with_handle(
        move || {
            if let Some(inner) = heard.upgrade().filter(|inner| !inner.is_ready.get()) {
                give_up(&inner, "it did not start in time");
            }
        },
        START,
    );
    Ok(Running { worker, _on_message: on_message, _on_error: on_error, late: late.ok() })
}

/// Where Trunk put the program's script: the page's head says so.
fn program() -> Option<String> {
    let document = browser::window()?.document()?;
    let link = document.query_selector("link[rel=modulepreload][href*='ringside-web']").ok()??;
    Some(link.dyn_into::<HtmlLinkElement>().ok()?.href())
}

fn hear(inner: &Rc<Inner>, message: &Array) {
    let number = |place| message.get(place).as_f64().unwrap_or_default();
    let text = |place| message.get(place).as_string().unwrap_or_default();
    match text(0).as_str() {
        "ready" => {
            inner.is_ready.set(true);
            let logs: Array =
                inner.logs.iter().map(|log| Array::of2(&(&*log.name).into(), &log.blob)).collect();
            let sent = inner.running.borrow().as_ref().map(|running| running.worker.post_message(&logs));
            if let Some(Err(error)) = sent {
                give_up(inner, &words(&error));
            }
        }
        "progress" => {
            inner.say(Told::Progress(Progress { read: number(1), of: number(2), lines: number(3) }));
        }
        "reading" => {
            inner.stop();
            match serde_json::from_str(&text(1)) {
                Ok(reading) => inner.say(Told::Done(Box::new(reading))),
                Err(error) => {
                    inner.say(Told::Failed(format!("The worker\u{2019}s answer is damaged: {error}.")))
                }
            }
        }
        _ => give_up(inner, &text(1)),
    }
}

/// What cannot start is done here; what broke later would break here, too.
fn give_up(inner: &Rc<Inner>, why: &str) {
    if inner.is_over.get() || inner.running.borrow().is_none() {
        return;
    }
    inner.stop();
    match inner.is_ready.get() {
        false => read_here(inner, why),
        true => inner.say(Told::Failed(why.to_owned())),
    }
}

fn read_here(inner: &Rc<Inner>, why: &str) {
    let inner = Rc::clone(inner);
    let why = why.to_owned();
    wasm_bindgen_futures::spawn_local(async move {
        inner.say(Told::OnPage(why));
        let tell = |progress| {
            inner.say(Told::Progress(progress));
            !inner.is_over.get()
        };
        match reader::read(&inner.logs, SLICE, tell).await {
            Ok(Some(reading)) => inner.say(Told::Done(Box::new(reading))),
            Ok(None) => {}
            Err(why) => inner.say(Told::Failed(why)),
        }
    });
}

fn words(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}

/// The worker's end: reads what comes, and answers. Does nothing where there is no worker.
pub(in crate::ui) fn serve() {
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else { return };
    let own = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let scope = own.clone();
        let pairs = Array::from(&event.data());
        let logs = pairs.iter().filter_map(|pair| {
            let pair = Array::from(&pair);
            Some(Log { name: pair.get(0).as_string()?, blob: pair.get(1).dyn_into().ok()? })
        });
        let logs = Vec::from_iter(logs);
        wasm_bindgen_futures::spawn_local(async move {
            let answer = match work(&scope, &logs).await {
                Ok(json) => Array::of2(&"reading".into(), &json.into()),
                Err(why) => Array::of2(&"failed".into(), &why.into()),
            };
            // Whom it does not reach is gone.
            let _ = scope.post_message(&answer);
        });
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    let _ = scope.post_message(&Array::of1(&"ready".into()));
}

async fn work(scope: &DedicatedWorkerGlobalScope, logs: &[Log]) -> Result<String, String> {
    let tell = |Progress { read, of, lines }| {
        scope.post_message(&Array::of4(&"progress".into(), &read.into(), &of.into(), &lines.into())).is_ok()
    };
    let reading = reader::read(logs, CHUNK, tell).await?;
    let reading = reading.ok_or("nobody listens")?;
    serde_json::to_string(&reading).map_err(|error| error.to_string())
}
