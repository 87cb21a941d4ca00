//! What was given, what is being read, and the report that came of it. It stays while the reader looks at another page.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileList};

use crate::doctor::config::{self, Examined, MAX_BYTES};
use crate::doctor::kind::{self, Kind, LOOKED_AT};
use crate::doctor::log::Reading;
use crate::doctor::report::{ConfigPart, Report};
use crate::live::pasted::{self, Pages};
use crate::live::ring_page::MAX_PAGE_BYTES;
use crate::view::text;

use super::super::browser;
use super::super::session::Session;
use super::reader::{self, Log, Progress};
use super::worker::{Job, Told};

/// More inputs are not taken.
const MOST_INPUTS: usize = 200;

/// One thing that was given.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) blob: Blob,
    pub(super) is_example: bool,
    /// What it holds, unless it is a log.
    read: Option<Content>,
}

#[derive(Clone)]
enum Content {
    Config(Arc<Examined>),
    Pages(Arc<Pages>),
    Failed(String),
}

/// One input, as the list shows it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) id: u32,
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) size: usize,
    pub(super) is_example: bool,
    pub(super) problem: Option<String>,
}

/// Where the reading of logs is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Stage {
    /// There is none, or it is done.
    Idle,
    Running(Progress),
    Cancelled,
    Failed(String),
}

/// The page's state.
#[derive(Clone, Copy)]
pub(in crate::ui) struct DoctorSession {
    given: RwSignal<Vec<Given>, LocalStorage>,
    next_id: StoredValue<u32>,
    job: StoredValue<Option<Job>, LocalStorage>,
    /// The inputs whose reading was begun last, however it ended.
    asked: StoredValue<Vec<u32>>,
    /// What came of it.
    reading: StoredValue<Option<Reading>>,
    /// How the logs are being read.
    pub(super) stage: RwSignal<Stage>,
    /// Files that are being opened.
    pub(super) opening: RwSignal<usize>,
    /// Why no worker reads, if none does.
    pub(super) on_page: RwSignal<Option<String>>,
    /// What did not work.
    pub(super) problem: RwSignal<Option<String>>,
    /// What came of it.
    pub(super) report: RwSignal<Arc<Report>>,
    page: Session,
}

impl DoctorSession {
    /// Nothing given yet.
    pub(in crate::ui) fn new(page: Session) -> Self {
        Self {
            given: RwSignal::new_local(Vec::new()),
            next_id: StoredValue::new(0),
            job: StoredValue::new_local(None),
            asked: StoredValue::new(Vec::new()),
            reading: StoredValue::new(None),
            stage: RwSignal::new(Stage::Idle),
            opening: RwSignal::new(0),
            on_page: RwSignal::new(None),
            problem: RwSignal::new(None),
            report: RwSignal::new(Arc::default()),
            page,
        }
    }

    pub(super) fn lines(self) -> Vec<Line> {
        self.given.with(|given| given.iter().map(line).collect())
    }

    /// Whether all that was given came with the page.
    pub(super) fn is_example(self) -> bool {
        self.given.with(|given| !given.is_empty() && given.iter().all(|one| one.is_example))
    }

    /// Takes a text.
    pub(super) fn take_text(self, text: &str) {
        if text.trim().is_empty() {
            self.problem.set(Some(
                "There is nothing in the field: paste a log, a configuration or a ring page.".into(),
            ));
            return;
        }
        let pasted = self
            .given
            .with_untracked(|given| given.iter().filter(|one| one.name.starts_with("pasted")).count());
        let name = if pasted == 0 { "pasted".to_owned() } else { format!("pasted {}", pasted + 1) };
        match Blob::new_with_str_sequence(&js_sys::Array::of1(&text.into())) {
            Ok(blob) => self.take(vec![(name, blob)], false),
            Err(_) => self.problem.set(Some("The browser could not keep this text.".into())),
        }
    }

    /// Takes files.
    pub(super) fn take_files(self, files: &FileList) {
        let files = (0..files.length()).filter_map(|place| files.get(place));
        self.take(files.map(|file| (file.name(), file.into())).collect(), false);
    }

    /// Takes a file that came with the page, instead of other such files.
    pub(super) fn take_example(self, name: &str, text: &str) {
        if let Ok(blob) = Blob::new_with_str_sequence(&js_sys::Array::of1(&text.into())) {
            self.take(vec![(name.to_owned(), blob)], true);
        }
    }

    fn take(self, inputs: Vec<(String, Blob)>, is_example: bool) {
        self.problem.set(None);
        // An example and a reader's own cluster have nothing to do with each other.
        self.given.update(|given| given.retain(|one| !one.is_example));
        let count = inputs.len();
        self.opening.update(|opening| *opening += count);
        leptos::task::spawn_local(async move {
            for (name, blob) in inputs {
                let all = self.given.with_untracked(Vec::len);
                if all >= MOST_INPUTS {
                    self.problem
                        .set(Some(format!("{MOST_INPUTS} inputs are the most; {name} was left out.")));
                } else if let Some(given) = self.open(name, blob, is_example).await {
                    self.given.update(|all| all.push(given));
                }
                self.opening.update(|opening| *opening = opening.saturating_sub(1));
            }
            self.lay_together();
        });
    }

    async fn open(self, name: String, blob: Blob, is_example: bool) -> Option<Given> {
        let size = blob.size();
        let Some(start) = reader::bytes(&blob, 0.0, size.min(LOOKED_AT as f64)).await else {
            self.problem.set(Some(format!("{name} could not be read. Is it still there?")));
            return None;
        };
        let kind = kind::tell(&start, size <= LOOKED_AT as f64);
        let id = self.next_id.try_update_value(|next| {
            *next += 1;
            *next
        });
        let read = content(kind, &blob).await;
        Some(Given { id: id?, name, kind, blob, is_example, read })
    }

    /// The reader knows better what it is.
    pub(super) fn set_kind(self, id: u32, kind: Kind) {
        let blob = self.given.with_untracked(|given| {
            given.iter().find(|one| one.id == id && one.kind != kind).map(|one| one.blob.clone())
        });
        let Some(blob) = blob else { return };
        leptos::task::spawn_local(async move {
            let read = content(kind, &blob).await;
            self.given.update(|given| {
                if let Some(one) = given.iter_mut().find(|one| one.id == id) {
                    (one.kind, one.read) = (kind, read);
                }
            });
            self.lay_together();
        });
    }

    pub(super) fn remove(self, id: u32) {
        self.given.update(|given| given.retain(|one| one.id != id));
        self.lay_together();
    }

    pub(super) fn clear(self) {
        self.given.set(Vec::new());
        self.problem.set(None);
        self.lay_together();
    }

    /// Stops reading logs; what else was given stays.
    pub(super) fn cancel(self) {
        self.job.set_value(None);
        self.stage.set(Stage::Cancelled);
    }

    /// Reads the logs after all.
    pub(super) fn read_again(self) {
        self.asked.set_value(Vec::new());
        self.lay_together();
    }

    /// Reads logs if there are others than before, and makes the report.
    fn lay_together(self) {
        let (ids, logs) = self.given.with_untracked(|given| {
            let logs = given.iter().filter(|one| one.kind == Kind::Log);
            logs.map(|one| (one.id, Log { name: one.name.clone(), blob: one.blob.clone() }))
                .unzip::<_, _, Vec<u32>, Vec<Log>>()
        });
        if self.asked.with_value(|asked| *asked != ids) {
            self.asked.set_value(ids);
            self.reading.set_value(None);
            self.job.set_value(None);
            self.stage.set(Stage::Idle);
            if !logs.is_empty() {
                self.read_logs(logs);
            }
        }
        self.make_report();
    }

    fn read_logs(self, logs: Vec<Log>) {
        let of = logs.iter().map(|log| log.blob.size()).sum();
        self.stage.set(Stage::Running(Progress { of, ..Progress::default() }));
        let job = Job::start(logs, move |told| match told {
            Told::Progress(progress) => self.stage.set(Stage::Running(progress)),
            Told::OnPage(why) => self.on_page.set(Some(why)),
            Told::Failed(why) => self.stage.set(Stage::Failed(why)),
            Told::Done(reading) => {
                self.reading.set_value(Some(*reading));
                self.stage.set(Stage::Idle);
                self.make_report();
            }
        });
        self.job.set_value(Some(job));
    }

    fn make_report(self) {
        let log = self.reading.get_value();
        let (mut pages, mut configs) = (Vec::new(), Vec::new());
        self.given.with_untracked(|given| {
            for one in given {
                match &one.read {
                    Some(Content::Pages(read)) => pages.push((one.name.clone(), Pages::clone(read))),
                    Some(Content::Config(read)) => {
                        configs.push(ConfigPart { name: one.name.clone(), examined: Examined::clone(read) })
                    }
                    Some(Content::Failed(_)) | None => {}
                }
            }
        });
        let report = Report::new(log, pages, configs, browser::clock());
        if let Some(first) = report.summaries.first() {
            self.page.said.set(format!("{}: {}", first.urgency.title(), first.headline));
        }
        self.report.set(Arc::new(report));
    }
}

fn line(given: &Given) -> Line {
    let problem = match &given.read {
        Some(Content::Failed(why)) => Some(why.clone()),
        _ => None,
    };
    Line {
        id: given.id,
        name: given.name.clone(),
        kind: given.kind,
        size: given.blob.size() as usize,
        is_example: given.is_example,
        problem,
    }
}

/// What a page or a configuration holds; a log is read elsewhere.
async fn content(kind: Kind, blob: &Blob) -> Option<Content> {
    let most = match kind {
        Kind::Log => return None,
        Kind::Config => MAX_BYTES,
        Kind::Page => MAX_PAGE_BYTES,
    };
    if blob.size() > most as f64 {
        let most = text::bytes(most);
        return Some(Content::Failed(format!(
            "This is larger than {most}; nothing of this kind is. Is it a log?"
        )));
    }
    let Some(text) = JsFuture::from(blob.text()).await.ok().and_then(|text| text.as_string()) else {
        return Some(Content::Failed("It could not be read. Is it still there?".to_owned()));
    };
    Some(match kind {
        Kind::Config => match config::examine(&text) {
            Ok(examined) => Content::Config(Arc::new(examined)),
            Err(error) => Content::Failed(sentence(&error.to_string())),
        },
        _ => match pasted::parse(&text) {
            Ok(pages) => Content::Pages(Arc::new(pages)),
            Err(error) => {
                let help = match error.help() {
                    Some(command) if command.starts_with("curl ") => format!(" What prints it: {command}"),
                    Some(help) => format!(" {}.", sentence(help)),
                    None => String::new(),
                };
                Content::Failed(format!("{}.{help}", sentence(&error.to_string())))
            }
        },
    })
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + chars.as_str()
}
