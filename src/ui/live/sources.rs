//! Who is watched, and how one more is.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use leptos::html::{Input, Textarea};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ClipboardEvent, Event, FileList, HtmlInputElement, SubmitEvent};

use crate::live::pasted::BOOKMARKLET;
use crate::live::recording::MAX_RECORDING_BYTES;
use crate::live::watch::SourceKind;
use crate::time::age_text;
use crate::view::{endpoint, text};

use super::super::fetch::Headers;
use super::session::{Line, LiveSession, interval_text};

const INTERVALS: [u64; 8] = [1, 2, 5, 10, 15, 30, 60, 300];

/// The panel.
#[component]
pub(super) fn SourcesPanel() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let lines = Memo::new(move |_| {
        session.changed.track();
        session.asked.track();
        session.lines()
    });
    let ids = move || lines.with(|lines| lines.iter().map(|line| line.id).collect::<Vec<_>>());
    view! {
        <section class="panel load sources" aria-labelledby="sources-title">
            <h2 id="sources-title">"Sources"</h2>
            <ul class="source-list" id="sources">
                <For each=ids key=|id| *id children=move |id| {
                    let line = Memo::new(move |_| lines.with(|lines| lines.iter().find(|line| line.id == id).cloned()));
                    view! { <SourceLine id line /> }
                } />
            </ul>
            <AddAddress />
            <Intervals />
            <Given />
        </section>
    }
}

#[component]
fn SourceLine(id: u32, line: Memo<Option<Line>>) -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let name = move || line.with(|line| line.as_ref().map(|line| line.name.to_string())).unwrap_or_default();
    let polled = move || line.with(|line| line.as_ref().is_some_and(|line| line.kind == SourceKind::Polled));
    let paused = Memo::new(move |_| line.with(|line| line.as_ref().is_some_and(|line| line.paused)));
    let status = Memo::new(move |_| line.with(|line| line.as_ref().map(status_of)).unwrap_or_default());
    let age = move || {
        session.tick.track();
        session.changed.track();
        let age = session.age(id).map(|age| age_text(Duration::from_secs(age.as_secs())));
        age.map(|age| format!("{age} ago")).unwrap_or_default()
    };
    let facts = move || {
        line.with(|line| {
            let line = line.as_ref()?;
            let mut facts = Vec::new();
            facts.extend(line.instances.map(|count| plural(count, "instance")));
            facts.extend(line.members.map(|count| plural(count, "member")));
            facts.extend(line.round_trip.map(|took| format!("{} ms", took.as_millis())));
            facts.push(match line.pages {
                1 => "1 page".to_owned(),
                pages => format!("{} pages", text::count(pages)),
            });
            Some(facts.join(" \u{b7} "))
        })
    };
    let factor = Memo::new(move |_| {
        let wanted = line.with(|line| line.as_ref().and_then(|line| line.replication_factor))?.to_string();
        (session.ring.settings.with(|settings| settings.replication_factor.trim() != wanted))
            .then_some(wanted)
    });
    view! {
        <li class="source" data-testid="source" data-status=move || status.get().0>
            <div class="row spread">
                <button type="button" class="name" data-testid="source-name"
                    aria-pressed=move || (session.shown.get() == Some(id)).to_string()
                    on:click=move |_| session.shown.set(Some(id))>{name}</button>
                <span class="note" data-testid="source-age">{age}</span>
            </div>
            <p class=move || format!("note {}", status.get().1) data-testid="source-status">{move || status.get().2}</p>
            <p class="note">{facts}</p>
            {move || factor.get().map(|factor| {
                let wanted = factor.clone();
                view! {
                    <p class="note">
                        {format!("Its metrics say replication factor {factor}. ")}
                        <button type="button" class="chip" data-testid="use-rf" on:click=move |_| {
                            let wanted = wanted.clone();
                            session.ring.settings.update(|settings| settings.replication_factor = wanted);
                        }>"Use it"</button>
                    </p>
                }
            })}
            <div class="row">
                {move || polled().then(|| view! {
                    <button type="button" class="chip" data-testid="source-pause" aria-label=move || format!("{} {}", if paused.get() { "Start" } else { "Pause" }, name())
                        on:click=move |_| session.set_paused(id, !paused.get_untracked())>
                        {move || if paused.get() { "Start" } else { "Pause" }}
                    </button>
                    <button type="button" class="chip" data-testid="source-refresh" aria-label=move || format!("Ask {} now", name())
                        on:click=move |_| session.refresh(id)>"Ask now"</button>
                })}
                <button type="button" class="chip" data-testid="source-remove" aria-label=move || format!("Remove {}", name())
                    on:click=move |_| session.remove(id)>"Remove"</button>
            </div>
        </li>
    }
}

/// A key, a colour class and a sentence.
fn status_of(line: &Line) -> (&'static str, &'static str, String) {
    match (&line.failing, line.kind) {
        (Some((key, what)), _) => (key, "bad", format!("\u{2715} {what}")),
        (None, SourceKind::Given) => ("given", "soft", "Pasted or dropped".to_owned()),
        (None, SourceKind::Recorded) => ("recorded", "soft", "From a recording".to_owned()),
        (None, SourceKind::Polled) if line.paused => {
            ("paused", "warn", "Paused: nothing is asked".to_owned())
        }
        (None, SourceKind::Polled) if line.instances.is_none() && line.asking => {
            ("asking", "soft", "Asking\u{2026}".to_owned())
        }
        (None, SourceKind::Polled) => ("fine", "good", "\u{2713} Answers".to_owned()),
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", text::count(count as u64), if count == 1 { "" } else { "s" })
}

/// Watches one more address.
#[component]
fn AddAddress() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let address = NodeRef::<Input>::new();
    let [name, tenant, user, secret] = std::array::from_fn(|_| NodeRef::<Input>::new());
    let others = NodeRef::<Input>::new();
    let error = RwSignal::new(None::<String>);
    let value = |node: NodeRef<Input>| node.get_untracked().map(|node| node.value()).unwrap_or_default();
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        match endpoint::complete(&value(address)) {
            Err(why) => error.set(Some(why.to_string())),
            Ok(complete) => match headers(&value(tenant), &value(user), &value(secret)) {
                Err(why) => error.set(Some(why)),
                Ok(headers) => {
                    error.set(None);
                    let with_others = others.get_untracked().is_some_and(|node| node.checked());
                    session.watch(value(name).trim(), &complete, headers, with_others, false);
                    for node in [address, name] {
                        if let Some(node) = node.get_untracked() {
                            node.set_value("");
                        }
                    }
                }
            },
        }
    };
    view! {
        <form class="add-source" on:submit=on_submit>
            <div class="field">
                <label for="live-url">"Address of a ring page"</label>
                <div class="row">
                    <input id="live-url" type="text" inputmode="url" autocomplete="off" spellcheck="false"
                        placeholder="http://loki:3100/ring" node_ref=address
                        aria-invalid=move || error.with(Option::is_some).to_string() aria-describedby="live-url-error" />
                    <button type="submit" id="live-add" class="primary">"Watch"</button>
                </div>
                <p class="error" id="live-url-error">{move || error.get()}</p>
            </div>
            <details id="live-headers">
                <summary>"Name and headers"</summary>
                <div class="field">
                    <label for="live-name">"Name"</label>
                    <input id="live-name" type="text" autocomplete="off" spellcheck="false" placeholder="loki-write-0" node_ref=name />
                </div>
                <div class="field">
                    <label for="live-tenant">"X-Scope-OrgID (a ring page needs none)"</label>
                    <input id="live-tenant" type="text" autocomplete="off" spellcheck="false" node_ref=tenant />
                </div>
                <div class="pair">
                    <div class="field">
                        <label for="live-user">"User (empty: bearer token)"</label>
                        <input id="live-user" type="text" autocomplete="off" spellcheck="false" node_ref=user />
                    </div>
                    <div class="field">
                        <label for="live-secret">"Password or token"</label>
                        <input id="live-secret" type="password" autocomplete="off" node_ref=secret />
                    </div>
                </div>
                <p class="note">"They stay in this page\u{2019}s memory: not in its address, not in recordings."</p>
                <label class="check" for="live-others">
                    <input id="live-others" type="checkbox" node_ref=others />
                    "Ask for /memberlist and /metrics, too"
                </label>
            </details>
        </form>
    }
}

/// The headers that a reader typed; they may hold nothing that would end a header.
fn headers(tenant: &str, user: &str, secret: &str) -> Result<Headers, String> {
    for (what, text) in [("The tenant", tenant), ("The user", user), ("The password or token", secret)] {
        if text.chars().any(char::is_control) {
            return Err(format!("{what} has a line break or another control character in it."));
        }
    }
    let authorization = match (user, secret) {
        ("", "") => String::new(),
        ("", token) if !token.is_ascii() => return Err("A token has ASCII characters only.".to_owned()),
        ("", token) => format!("Bearer {token}"),
        (user, password) => format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))),
    };
    match tenant.is_ascii() {
        true => Ok(Headers { tenant: tenant.trim().to_owned(), authorization }),
        false => Err("A tenant has ASCII characters only.".to_owned()),
    }
}

#[component]
fn Intervals() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let own = move || session.interval.get().as_secs();
    view! {
        <div class="row">
            <label for="live-interval">"Ask every"</label>
            <select id="live-interval" on:change=move |event| {
                if let Ok(seconds) = event_target_value(&event).parse() {
                    session.set_interval(Duration::from_secs(seconds));
                }
            }>
                {INTERVALS.map(|seconds| view! {
                    <option value=seconds.to_string() selected=move || own() == seconds>{interval_text(Duration::from_secs(seconds))}</option>
                })}
                {move || (!INTERVALS.contains(&own())).then(|| view! {
                    <option value=own().to_string() selected=true>{interval_text(Duration::from_secs(own()))}</option>
                })}
            </select>
        </div>
    }
}

/// What is pasted, dropped, or fetched by the bookmarklet.
#[component]
fn Given() -> impl IntoView {
    let session = expect_context::<LiveSession>();
    let node = NodeRef::<Textarea>::new();
    let take = move |text: &str| {
        if !text.trim().is_empty()
            && session.take("pasted", text)
            && let Some(node) = node.get_untracked()
        {
            node.set_value("");
        }
    };
    let on_paste = move |event: ClipboardEvent| {
        let data = event.clipboard_data().and_then(|data| data.get_data("text/plain").ok());
        let is_empty = node.get_untracked().is_none_or(|node| node.value().is_empty());
        if let Some(data) = data.filter(|data| !data.is_empty() && is_empty) {
            event.prevent_default();
            take(&data);
        }
    };
    let on_files = move |event: Event| {
        let Some(input) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else {
            return;
        };
        if let Some(files) = input.files() {
            take_files(session, &files);
        }
        // So that choosing the same file again is a change.
        input.set_value("");
    };
    view! {
        <details id="live-given">
            <summary>"Without asking: paste, files, bookmarklet"</summary>
            <label for="live-text">"Paste " <code>"/ring"</code>", " <code>"/memberlist"</code>", or what the bookmarklet copied"</label>
            <textarea id="live-text" rows="3" spellcheck="false" autocomplete="off" node_ref=node on:paste=on_paste
                placeholder="curl -s -H 'Accept: application/json' http://loki:3100/ring"></textarea>
            <div class="row">
                <button type="button" id="live-take" on:click=move |_| {
                    if let Some(node) = node.get_untracked() {
                        take(&node.value());
                    }
                }>"Take"</button>
                <label class="button" for="live-files">"Choose files\u{2026}"</label>
                <input id="live-files" class="unseen" type="file" multiple accept=".json,.txt,.http,application/json" on:change=on_files />
            </div>
            <p class="note">"Or drop files anywhere; the name of a file tells the pod. A later page of the same name goes on with it."</p>
            <p class="note">
                "Bookmarklet: drag "
                <a class="button chip" id="bookmarklet" href=BOOKMARKLET on:click=|event| event.prevent_default()>"Copy ring for Ringside"</a>
                " to your bookmarks. Clicked on any page of the cluster\u{2019}s own address, it copies that process\u{2019}s "
                <code>"/ring"</code>" and "<code>"/memberlist"</code>"."
            </p>
        </details>
        <div role="alert" id="live-problem">
            {move || session.problem.get().map(|problem| view! {
                <div class="problem">
                    <p>{problem}</p>
                    <button type="button" class="quiet" on:click=move |_| session.problem.set(None)>"Dismiss"</button>
                </div>
            })}
        </div>
    }
}

/// Takes in files, one after the other.
pub(super) fn take_files(session: LiveSession, files: &FileList) {
    let files: Vec<web_sys::File> = (0..files.length()).filter_map(|place| files.get(place)).collect();
    leptos::task::spawn_local(async move {
        let mut problem = None;
        for file in files {
            let name = file.name();
            if file.size() > MAX_RECORDING_BYTES as f64 {
                let size = text::bytes(file.size() as usize);
                problem = Some(format!("{name} has {size}: nothing that is read here is that large."));
                continue;
            }
            let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
            if !session.is_open() {
                return;
            }
            match text {
                Some(text) if session.take(&name, &text) => {}
                Some(_) => problem = problem.or(session.problem.get_untracked()),
                None => problem = Some(format!("{name} could not be read. Is it still there?")),
            }
        }
        // A good file after a bad one does not hide what was wrong.
        session.problem.set(problem);
    });
}
