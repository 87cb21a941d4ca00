//! Files dropped anywhere on the page.

use leptos::ev;
use leptos::prelude::*;
use web_sys::FileList;

/// Gives dropped files to `take` as long as the owner lives; `dropping` is true while some hover over the page.
pub(super) fn accept_drops(dropping: RwSignal<bool>, take: impl Fn(&FileList) + 'static) {
    let carries_files = |event: &ev::DragEvent| {
        event.data_transfer().is_some_and(|data| data.types().includes(&"Files".into(), 0))
    };
    let over = window_event_listener(ev::dragover, move |event| {
        if carries_files(&event) {
            event.prevent_default();
            dropping.set(true);
        }
    });
    let leave = window_event_listener(ev::dragleave, move |event| {
        // Leaving the window has no element to go to.
        if event.related_target().is_none() {
            dropping.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event| {
        dropping.set(false);
        if carries_files(&event) {
            event.prevent_default();
            if let Some(files) = event.data_transfer().and_then(|data| data.files()) {
                take(&files);
            }
        }
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        drop.remove();
    });
}
