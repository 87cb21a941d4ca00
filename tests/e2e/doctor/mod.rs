//! The doctor's page: from a paste to a verdict, and from there to a ticket or to the laboratory.

mod large;
mod looks;
mod parts;
mod reports;

use std::ops::Deref;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use crate::inspector::{PAINTED, read};
use crate::page::{Page, Screen};
use crate::server::Site;

const FAST_JOIN: &str = include_str!("../../../public/samples/doctor/fast-join.log");
const DEAD_LIST: &str = include_str!("../../../public/samples/doctor/dead-join-list.log");
const MISTAKES: &str = include_str!("../../../public/samples/doctor/mistakes.yaml");

/// The doctor's page in a browser of its own.
struct Doctor(Page);

impl Doctor {
    #[track_caller]
    fn open(site: &Site) -> Self {
        Self::open_at(site, "#/doctor")
    }

    #[track_caller]
    fn open_at(site: &Site, route: &str) -> Self {
        Self(Page::open(&format!("{}{route}", site.address), Screen::DESK))
    }

    #[track_caller]
    fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        self.0.wait_until(what, |_| condition(self));
    }

    /// Pastes a text where the keyboard is, once there is a field.
    #[track_caller]
    fn paste(&self, text: &str) {
        self.wait_until("the field", |at| at.texts("#doctor-read").len() == 1);
        let script = "const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', arguments[0]);
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))";
        self.eval(script, &[json!(text)]);
    }

    /// Drops files of any bytes at once.
    #[track_caller]
    fn drop_bytes(&self, files: &[(&str, &[u8])]) {
        self.wait_until("the field", |at| at.texts("#doctor-read").len() == 1);
        let script = "const dataTransfer = new DataTransfer();
            for (const [name, content] of arguments[0])
                dataTransfer.items.add(new File([Uint8Array.from(atob(content), c => c.charCodeAt(0))], name));
            for (const type of ['dragenter', 'dragover', 'drop'])
                document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));";
        let files =
            Vec::from_iter(files.iter().map(|(name, bytes)| json!([name, BASE64_STANDARD.encode(bytes)])));
        self.eval(script, &[json!(files)]);
    }

    /// Waits for this verdict.
    #[track_caller]
    fn says(&self, verdict: &str) {
        self.wait_until(&format!("the verdict {verdict}"), |at| {
            at.attributes("#verdict-word", "data-verdict") == [verdict]
        });
    }

    /// What each input was taken for.
    #[track_caller]
    fn kinds(&self) -> Vec<String> {
        self.attributes("[data-testid=input]", "data-kind")
    }

    #[track_caller]
    fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent)";
        read(self.eval(script, &[json!(selector)]))
    }

    #[track_caller]
    fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.getAttribute(arguments[1]) ?? '')";
        read(self.eval(script, &[json!(selector), json!(name)]))
    }

    /// The words of the address after `#`.
    #[track_caller]
    fn hash(&self) -> String {
        read(self.eval("return location.hash", &[]))
    }

    #[track_caller]
    fn settle(&self) {
        self.eval(PAINTED, &[]);
    }
}

impl Deref for Doctor {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}
