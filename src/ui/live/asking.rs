//! Asks the sources that are due, and takes in what they answer.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use web_sys::AbortController;

use crate::live::failure::{Asked, Failure};
use crate::live::poller::Action;
use crate::live::{memberlist_page, metrics_page, ring_page};
use crate::view::endpoint;

use super::super::browser;
use super::super::fetch::{self, Missed};
use super::session::{LiveSession, now};

impl LiveSession {
    /// Asks every source that is due. To be called several times a second.
    pub(super) fn pump(self) {
        let now = now();
        let due = self.with_mut(|bench| {
            let due = bench.watched.iter_mut().filter_map(|one| {
                let poller = one.poller.as_mut()?;
                (poller.next(now) == Action::Fetch).then_some(one.id)
            });
            due.collect::<Vec<_>>()
        });
        for id in due.unwrap_or_default() {
            self.ask(id);
        }
    }

    /// Asks a source now.
    pub(super) fn refresh(self, id: u32) {
        let asks = self.watched_mut(id, |one| {
            one.poller.as_mut().is_some_and(|poller| poller.refresh(now()) == Action::Fetch)
        });
        if asks == Some(true) {
            self.ask(id);
        }
    }

    fn ask(self, id: u32) {
        let Ok(controller) = AbortController::new() else { return };
        let request = self.watched_mut(id, |one| {
            one.controller = Some(controller.clone());
            (Arc::clone(&one.source.address), one.headers.clone(), one.beside.clone())
        });
        let Some((address, headers, beside)) = request else { return };
        self.asked.update(|count| *count += 1);
        leptos::task::spawn_local(async move {
            let answer = fetch::ask(&address, &headers, &controller).await;
            if !self.is_open() || !self.answered(id, answer) {
                return;
            }
            for page in beside {
                let address = endpoint::sibling(&address, page);
                let answer = fetch::ask(&address, &headers, &controller).await;
                if !self.is_open() {
                    return;
                }
                self.answered_beside(id, page, answer.ok().map(|answer| answer.text));
            }
        });
    }

    /// Whether it brought a ring.
    fn answered(self, id: u32, answer: Result<fetch::Answer, Missed>) -> bool {
        let (at, now, gap) = (browser::clock(), now(), self.gap());
        let came = self.watched_mut(id, |one| {
            let failure = match answer {
                Err(Missed::Aborted) => {
                    one.poller.iter_mut().for_each(|poller| poller.aborted(now));
                    return false;
                }
                Err(Missed::Failed(asked, failure)) => Some((asked, failure)),
                Ok(answer) => {
                    one.took = Some(answer.took);
                    match ring_page::parse(&answer.text) {
                        Ok(page) => {
                            // Half of the way is the best guess of when the server said it.
                            let nanos = i64::try_from(answer.took.as_nanos() / 2).unwrap_or(0);
                            one.source.history.record(at.offset(-nanos), &page, gap);
                            None
                        }
                        Err(error) => {
                            let asked = Asked {
                                address: one.source.address.to_string(),
                                page_origin: browser::origin(),
                                needs_consent: one.headers.need_consent(),
                            };
                            Some((asked, Failure::Page(error)))
                        }
                    }
                }
            };
            let Some(poller) = &mut one.poller else { return false };
            match &failure {
                None => {
                    poller.answered();
                    one.answered = Some(now);
                }
                Some((_, failure)) => {
                    poller.failed(now);
                    one.source.history.miss(at, &failure.what());
                }
            }
            one.failure = failure;
            one.failure.is_none()
        });
        self.touch();
        came == Some(true)
    }

    fn answered_beside(self, id: u32, page: &'static str, text: Option<String>) {
        self.watched_mut(id, |one| match (page, &text) {
            (_, None) => one.beside.retain(|other| *other != page),
            ("/memberlist", Some(text)) => one.source.memberlist = memberlist_page::parse(text),
            (_, Some(text)) => one.source.metrics = metrics_page::parse(text),
        });
        self.touch();
    }

    /// Stops asking a source, or goes on.
    pub(super) fn set_paused(self, id: u32, paused: bool) {
        self.watched_mut(id, |one| one.poller.iter_mut().for_each(|poller| poller.set_paused(paused)));
        self.touch();
        self.pump();
    }

    pub(super) fn set_interval(self, interval: Duration) {
        self.interval.set(interval);
        let now = now();
        self.with_mut(|bench| {
            for poller in bench.watched.iter_mut().filter_map(|one| one.poller.as_mut()) {
                poller.set_interval(interval, now);
            }
        });
    }

    /// The page is hidden, or to be seen again.
    pub(super) fn set_hidden(self, hidden: bool) {
        self.with_mut(|bench| {
            for poller in bench.watched.iter_mut().filter_map(|one| one.poller.as_mut()) {
                poller.set_hidden(hidden);
            }
        });
        if !hidden {
            self.pump();
        }
    }

    /// Gives up what is under way: the reader leaves the page.
    pub(super) fn abort_all(self) {
        self.with_mut(|bench| {
            for one in &bench.watched {
                one.controller.iter().for_each(AbortController::abort);
            }
        });
    }
}
