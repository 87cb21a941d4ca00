//! What a reader does and sees in the laboratory.

use std::ops::Deref;

use ringside::experiment::catalog;
use ringside::lab::Laboratory;
use ringside::lab::observe::{Observer, Wanted};
use ringside::snapshot::Snapshot;
use ringside::view::Look;
use ringside::view::geometry::{Point, Size};
use ringside::view::mesh::MeshPicture;
use ringside::view::scene::Scene;
use serde_json::json;

use crate::inspector::read;
use crate::page::{Page, Screen};
use crate::server::Site;

/// The laboratory in a browser of its own. It is a [`Page`] with more words.
pub(crate) struct Bench(Page);

impl Bench {
    /// Opens the laboratory with the cluster that it starts with, which stands still at its beginning.
    #[track_caller]
    pub(crate) fn open(site: &Site) -> Self {
        Self::open_at(&site.address, "#/simulate", Screen::DESK)
    }

    /// Opens an address of the laboratory.
    #[track_caller]
    pub(crate) fn open_at(address: &str, route: &str, screen: Screen) -> Self {
        let at = Self(Page::open(&format!("{address}{route}"), screen));
        at.wait_until("a clock", |at| at.count("[data-testid=now]") == 1);
        at
    }

    /// Waits until a condition holds; `what` is it in words.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        self.0.wait_until(what, |_| condition(self));
    }

    /// How many elements match.
    pub(crate) fn count(&self, selector: &str) -> usize {
        read(self.eval("return document.querySelectorAll(arguments[0]).length", &[selector.into()]))
    }

    /// The cursor, in seconds.
    pub(crate) fn now(&self) -> f64 {
        let text = self.text("[data-testid=now]");
        text.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap_or(f64::NAN))
    }

    /// Drags the cursor to a second and waits until it is there.
    #[track_caller]
    pub(crate) fn scrub(&self, seconds: f64) {
        self.eval(
            "const bar = document.querySelector('[data-testid=scrubber]');
             bar.value = arguments[0]; bar.dispatchEvent(new Event('input', { bubbles: true }))",
            &[(seconds * 1000.0).into()],
        );
        self.wait_until("the cursor is there", |at| (at.now() - seconds).abs() < 0.002);
    }

    /// Chooses an entry of a list by its value.
    #[track_caller]
    pub(crate) fn choose(&self, selector: &str, value: &str) {
        let done = self.eval(
            "const list = document.querySelector(arguments[0]);
             list.value = arguments[1]; list.dispatchEvent(new Event('change', { bubbles: true }));
             return list.value",
            &[selector.into(), value.into()],
        );
        assert_eq!(done, value, "{selector} has no such entry");
    }

    /// What the table of nodes says of one, from left to right.
    pub(crate) fn row(&self, node: &str) -> Vec<String> {
        let script = "const row = [...document.querySelectorAll('[data-testid=nodes] tbody tr')]
            .find(row => row.querySelector('th').innerText.trim() === arguments[0]);
            return row ? [...row.cells].map(cell => cell.innerText.trim()) : []";
        read(self.eval(script, &[node.into()]))
    }

    /// Waits until the table says a word of a node.
    #[track_caller]
    pub(crate) fn sees_of(&self, node: &str, word: &str) {
        self.wait_until(&format!("{node} is {word}"), |at| {
            at.row(node).iter().any(|cell| cell.contains(word))
        });
    }

    /// Clicks on a node of the mesh, where the library paints it on a canvas of this size.
    #[track_caller]
    pub(crate) fn click_node(&self, scenario: &str, node: u32) {
        let canvas = "[data-testid=pane-mesh] canvas";
        let [x, y, width, height]: [f64; 4] = read(self.eval(
            "const canvas = document.querySelector(arguments[0]); canvas.scrollIntoView({ block: 'center' });
             const { x, y, width, height } = canvas.getBoundingClientRect(); return [x, y, width, height]",
            &[canvas.into()],
        ));
        let place = place_of(scenario, node, Size { width, height });
        let mouse = |kind: &str, buttons: u32| {
            let (x, y) = (x + place.x, y + place.y);
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1 });
            self.devtools("Input.dispatchMouseEvent", event);
        };
        mouse("mouseMoved", 0);
        mouse("mousePressed", 1);
        mouse("mouseReleased", 0);
    }

    /// Puts the keyboard somewhere.
    pub(crate) fn focus(&self, selector: &str) {
        self.eval("document.querySelector(arguments[0]).focus()", &[selector.into()]);
    }

    /// What has the keyboard, by its test's name.
    pub(crate) fn focused(&self) -> String {
        let name = self.eval("return document.activeElement.dataset.testid ?? ''", &[]);
        name.as_str().unwrap_or_default().to_owned()
    }
}

impl Deref for Bench {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.0
    }
}

/// Where the library paints a node of a scenario's mesh.
fn place_of(scenario: &str, node: u32, size: Size) -> Point {
    let lab = Laboratory::new(catalog::find(scenario).unwrap()).unwrap();
    let (mut snapshot, mut mesh, mut scene) = (Snapshot::default(), MeshPicture::new(), Scene::default());
    Observer::default().observe(lab.simulation(), Wanted::default(), &mut snapshot);
    mesh.paint(&snapshot, &Look::default(), size, &mut scene);
    mesh.place_of(node).unwrap()
}
