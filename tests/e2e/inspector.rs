//! What a reader does and sees at the ring inspector, and what the library has to say on the same rings.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use ringside::live::judge::{Judgement, judge};
use ringside::live::ring_page::{self, RingPage};
use ringside::ring::{Ring, RingConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::page::{Page, Screen};
use crate::server::Site;

/// Resolves when all that was asked for has been painted.
pub(crate) const PAINTED: &str =
    "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))";

/// The ring inspector in a browser of its own. It is a [`Page`] with more words.
pub(crate) struct Inspector(Page);

/// A row of the table of instances.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) state: String,
    /// The text of each cell, from left to right.
    pub(crate) cells: Vec<String>,
}

impl Inspector {
    /// Opens the inspector with the sample that it starts with.
    #[track_caller]
    pub(crate) fn open(site: &Site) -> Self {
        Self::open_at(site, "#/ring", Screen::DESK)
    }

    /// Opens an address of the inspector, once it shows a ring.
    #[track_caller]
    pub(crate) fn open_at(site: &Site, route: &str, screen: Screen) -> Self {
        let at = Self(Page::open(&format!("{}{route}", site.address), screen));
        at.wait_until("a verdict", |at| at.count("#verdict-word") == 1);
        at
    }

    /// Waits until a condition holds; `what` is it in words.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        self.0.wait_until(what, |_| condition(self));
    }

    /// Waits until everything that was asked for is on the screen.
    #[track_caller]
    pub(crate) fn settle(&self) {
        self.eval(PAINTED, &[]);
    }

    /// Puts a text of any length into a field, as if it had been typed at once.
    #[track_caller]
    pub(crate) fn put(&self, selector: &str, text: &str) {
        let script = "const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new InputEvent('input', { bubbles: true }));";
        self.eval(script, &[json!(selector), json!(text)]);
    }

    /// Pastes a text and loads it, whatever comes of it.
    #[track_caller]
    pub(crate) fn paste(&self, text: &str) {
        self.put("#ring-text", text);
        self.eval("document.querySelector('#load-button').click()", &[]);
        self.settle();
    }

    /// Clicks on a sample and waits for its ring.
    #[track_caller]
    pub(crate) fn show_sample(&self, key: &str, instances: usize) {
        self.click(&format!("#sample-{key}"));
        self.sees("#table-count", &format!("of {instances}"));
        self.settle();
    }

    /// The text of every element that matches.
    #[track_caller]
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(it => it.textContent)";
        read(self.eval(script, &[json!(selector)]))
    }

    /// How many elements match.
    #[track_caller]
    fn count(&self, selector: &str) -> usize {
        self.texts(selector).len()
    }

    /// An attribute of the first element that matches; empty when it has none.
    #[track_caller]
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let script = "return document.querySelector(arguments[0]).getAttribute(arguments[1]) ?? ''";
        read(self.eval(script, &[json!(selector), json!(name)]))
    }

    /// What a field holds.
    #[track_caller]
    pub(crate) fn value(&self, selector: &str) -> String {
        read(self.eval("return document.querySelector(arguments[0]).value", &[json!(selector)]))
    }

    /// The verdict's word.
    #[track_caller]
    pub(crate) fn verdict(&self) -> String {
        self.attribute("#verdict-word", "data-verdict")
    }

    /// The rows of the table of instances that are in the document.
    #[track_caller]
    pub(crate) fn rows(&self) -> Vec<Row> {
        let script = "return [...document.querySelectorAll('[data-testid=ring-row]')].map(row => ({
            id: row.dataset.instance, state: row.dataset.state,
            cells: [...row.cells].map(cell => cell.textContent.trim()),
        }))";
        read(self.eval(script, &[]))
    }

    /// The states of the instances, in the order of their names.
    #[track_caller]
    pub(crate) fn states(&self) -> Vec<String> {
        let mut rows = self.rows();
        rows.sort_by(|a, b| a.id.cmp(&b.id));
        rows.into_iter().map(|row| row.state).collect()
    }

    /// All that the page tells of the ring that it shows, but not whose it is: verdict, reasons, table, picture.
    #[track_caller]
    pub(crate) fn ring(&self) -> Value {
        self.settle();
        let script = "const all = selector => [...document.querySelectorAll(selector)];
            return {
                verdict: all('#verdict-word, #verdict-margin, #verdict-summary, [data-testid=finding]')
                    .map(it => it.textContent),
                rows: all('[data-testid=ring-row]').map(row => [...row.cells].map(cell => cell.textContent)),
                picture: document.querySelector('#ring-canvas').toDataURL(),
            }";
        self.eval(script, &[])
    }

    /// Takes the message off the page.
    #[track_caller]
    pub(crate) fn dismiss(&self) {
        self.eval("document.querySelector('#error-dismiss').click()", &[]);
        self.wait_until("the message goes", |at| at.texts("#error-alert") == [""]);
    }

    /// The picture on a canvas, as a text that is equal for equal pictures.
    #[track_caller]
    pub(crate) fn picture(&self, canvas: &str) -> String {
        read(self.eval("return document.querySelector(arguments[0]).toDataURL()", &[json!(canvas)]))
    }

    /// Which part of a canvas has another colour than its corner, from 0 to 1.
    #[track_caller]
    pub(crate) fn ink(&self, canvas: &str) -> f64 {
        let script = "const canvas = document.querySelector(arguments[0]);
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const context = copy.getContext('2d', { willReadFrequently: true });
            context.drawImage(canvas, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            const pixels = new Uint32Array(data.buffer);
            return pixels.filter(pixel => pixel !== pixels[0]).length / pixels.length";
        read(self.eval(script, &[json!(canvas)]))
    }

    /// The id of the element that has the keyboard, or its test id, or else its text.
    #[track_caller]
    pub(crate) fn focused(&self) -> String {
        let script =
            "const at = document.activeElement; return at.id || at.dataset.testid || at.textContent.trim()";
        read(self.eval(script, &[]))
    }

    /// Fails unless all that the console has above information is about this address.
    #[track_caller]
    pub(crate) fn assert_console_only_tells_of(&self, address: &str) {
        let lines = self.console();
        let other =
            Vec::from_iter(lines.iter().filter(|it| !it.starts_with("INFO") && !it.contains(address)));
        assert!(other.is_empty(), "the console has {other:#?}");
    }
}

impl From<Page> for Inspector {
    fn from(page: Page) -> Self {
        Self(page)
    }
}

impl Deref for Inspector {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

/// What the page answered, as what it ought to be.
#[track_caller]
pub(crate) fn read<T: DeserializeOwned>(answer: Value) -> T {
    serde_json::from_value(answer).unwrap()
}

/// A page of a real Loki, such as `02_healthy/loki-1.ring.json.http`.
#[track_caller]
pub(crate) fn captured(name: &str) -> String {
    let path = captures().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where they are.
pub(crate) fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pages")
}

/// What the library makes of a page that tells its own clock.
#[track_caller]
pub(crate) fn judged(text: &str, config: RingConfig) -> (RingPage, Ring, Judgement) {
    let page = ring_page::parse(text).unwrap();
    let ring = Ring::new(&page.desc, config);
    let judgement = judge(&ring, page.now.unwrap());
    (page, ring, judgement)
}
