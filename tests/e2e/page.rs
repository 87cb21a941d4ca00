//! What a reader does and sees, in a dozen words. Each waits for the page instead of failing at the first look.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::webdriver::{Refusal, Session};

const PAUSE: Duration = Duration::from_millis(25);
/// Looks before a wait fails: 20 s and more.
const LOOKS: u32 = 800;
/// The name under which WebDriver passes an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What the page is shown on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    /// CSS pixels; below 600 it is a phone.
    pub(crate) width: u32,
    /// CSS pixels.
    pub(crate) height: u32,
    /// The scheme that the system asks for.
    pub(crate) scheme: Scheme,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Screen {
    /// A laptop by day.
    pub(crate) const DESK: Self = Self { width: 1440, height: 900, scheme: Scheme::Light };
    /// A telephone by day.
    pub(crate) const PHONE: Self = Self { width: 390, height: 844, scheme: Scheme::Light };

    /// The same by night.
    pub(crate) const fn dark(self) -> Self {
        Self { scheme: Scheme::Dark, ..self }
    }
}

impl Scheme {
    /// The word that CSS has for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// A page in a browser of its own.
pub(crate) struct Page {
    session: Session,
    address: String,
}

impl Page {
    /// Opens an address in a new browser.
    #[track_caller]
    pub(crate) fn open(address: &str, screen: Screen) -> Self {
        let page = Self { session: Session::start(), address: address.to_owned() };
        page.show_on(screen);
        page.go("");
        page
    }

    /// Goes to a route of the page, such as `#/learn`.
    #[track_caller]
    pub(crate) fn go(&self, route: &str) {
        done(self.session.post("/url", json!({ "url": format!("{}{route}", self.address) })));
    }

    /// Turns the window into another screen.
    #[track_caller]
    pub(crate) fn show_on(&self, Screen { width, height, scheme }: Screen) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        done(self.session.devtools("Emulation.setDeviceMetricsOverride", metrics));
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme.name() }] });
        done(self.session.devtools("Emulation.setEmulatedMedia", features));
    }

    /// Clicks on the first element that matches a CSS selector.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        self.on_element(selector, |element| self.session.post(&format!("{element}/click"), json!({})));
    }

    /// Types into a field, instead of what it holds.
    #[track_caller]
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        self.on_element(selector, |element| {
            self.session.post(&format!("{element}/clear"), json!({}))?;
            self.session.post(&format!("{element}/value"), json!({ "text": text }))
        });
    }

    /// Types into a field, after what it holds.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        self.on_element(selector, |element| {
            self.session.post(&format!("{element}/value"), json!({ "text": text }))
        });
    }

    /// Presses a key or a chord, such as `Escape` or `Control+k`, wherever the focus is.
    #[track_caller]
    pub(crate) fn press(&self, chord: &str) {
        let keys = Vec::from_iter(chord.split('+').map(key));
        let down = keys.iter().map(|key| json!({ "type": "keyDown", "value": key }));
        let up = keys.iter().rev().map(|key| json!({ "type": "keyUp", "value": key }));
        let actions = Vec::from_iter(down.chain(up));
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        done(self.session.post("/actions", body));
    }

    /// The text of the first element that matches, as it is seen.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        let text = self.on_element(selector, |element| self.session.get(&format!("{element}/text")));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until an element shows a text, among others.
    #[track_caller]
    pub(crate) fn sees(&self, selector: &str, text: &str) {
        self.wait_until(&format!("{selector:?} shows {text:?}"), |page| page.text(selector).contains(text));
    }

    /// Waits until a condition holds; `what` is it in words.
    #[track_caller]
    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut(&Self) -> bool) {
        patiently(|| if condition(self) { Ok(()) } else { Err(format!("never came: {what}")) });
    }

    /// Runs a script's body in the page and gives what it returns; `arguments` holds what is passed.
    #[track_caller]
    pub(crate) fn eval(&self, script: &str, arguments: &[Value]) -> Value {
        done(self.session.post("/execute/sync", json!({ "script": script, "args": arguments })))
    }

    /// Sends a command of Chromium's own protocol, for what has no word here.
    #[track_caller]
    pub(crate) fn devtools(&self, command: &str, params: Value) -> Value {
        done(self.session.devtools(command, params))
    }

    /// Chooses a file with this name and content in a file input.
    #[track_caller]
    pub(crate) fn upload(&self, selector: &str, name: &str, content: &str) {
        self.upload_all(selector, &[(name, content)]);
    }

    /// Chooses several files at once, each a name and its content.
    #[track_caller]
    pub(crate) fn upload_all(&self, selector: &str, files: &[(&str, &str)]) {
        let folder = artefacts("uploads");
        let paths = Vec::from_iter(files.iter().map(|(name, content)| {
            fs::write(folder.join(name), content).expect("the file can be written");
            folder.join(name).to_str().expect("the path is text").to_owned()
        }));
        self.type_into(selector, &paths.join("\n"));
    }

    /// Drops a file with this name and content on an element.
    #[track_caller]
    pub(crate) fn drop_file(&self, selector: &str, name: &str, content: &str) {
        self.drop_all(selector, &[(name, content)]);
    }

    /// Drops several files at once, each a name and its content.
    #[track_caller]
    pub(crate) fn drop_all(&self, selector: &str, files: &[(&str, &str)]) {
        let script = "const [target, files] = arguments;
            const dataTransfer = new DataTransfer();
            for (const [name, content] of files) dataTransfer.items.add(new File([content], name));
            for (const type of ['dragenter', 'dragover', 'drop'])
                target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));";
        let target = json!({ ELEMENT: self.find(selector) });
        self.eval(script, &[target, json!(files)]);
    }

    /// What was logged since the last look: `SEVERE …`, `WARNING …`, `INFO …`; a failed request is logged too.
    #[track_caller]
    pub(crate) fn console(&self) -> Vec<String> {
        let log = done(self.session.post("/se/log", json!({ "type": "browser" })));
        let line = |entry: &Value| {
            let part = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}", part("level"), part("message"))
        };
        log.as_array().into_iter().flatten().map(line).collect()
    }

    /// Fails when anything was logged above the level of information.
    #[track_caller]
    pub(crate) fn assert_console_is_clean(&self) {
        let lines = self.console();
        let faults = Vec::from_iter(lines.iter().filter(|line| !line.starts_with("INFO")));
        assert!(faults.is_empty(), "the console has {faults:#?}");
    }

    /// Keeps a picture of what the window shows, as PNG.
    #[track_caller]
    pub(crate) fn screenshot(&self, path: &Path) {
        let picture = done(self.session.get("/screenshot"));
        let png = BASE64_STANDARD.decode(picture.as_str().unwrap_or_default()).expect("a picture is base64");
        fs::write(path, png).expect("the picture can be written");
    }

    #[track_caller]
    fn find(&self, selector: &str) -> String {
        patiently(|| self.element(selector).map_err(|refusal| refusal.0))
    }

    fn element(&self, selector: &str) -> Result<String, Refusal> {
        let found = self.session.post("/element", json!({ "using": "css selector", "value": selector }))?;
        Ok(found[ELEMENT].as_str().unwrap_or_default().to_owned())
    }

    /// Does something with an element, again when the page replaced, covered or had not yet made it.
    #[track_caller]
    fn on_element(&self, selector: &str, act: impl Fn(&str) -> Result<Value, Refusal>) -> Value {
        patiently(|| {
            let element = self.element(selector);
            let acted = element.and_then(|element| act(&format!("/element/{element}")));
            acted.map_err(|refusal| format!("{selector:?}: {}", refusal.0))
        })
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if thread::panicking() {
            let folder = artefacts("e2e");
            let name = thread::current().name().unwrap_or("test").replace("::", "-");
            // A second panic would hide the first.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                self.screenshot(&folder.join(format!("{name}.png")));
                fs::write(folder.join(format!("{name}.log")), self.console().join("\n"))
            }));
        }
    }
}

/// A folder for what tests leave behind, below `target/`.
pub(crate) fn artefacts(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name(name);
    fs::create_dir_all(&folder).expect("the folder can be made");
    folder
}

#[track_caller]
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, String>) -> T {
    for _ in 1..LOOKS {
        if let Ok(value) = attempt() {
            return value;
        }
        thread::sleep(PAUSE);
    }
    attempt().unwrap_or_else(|reason| panic!("{reason}"))
}

#[track_caller]
fn done(result: Result<Value, Refusal>) -> Value {
    result.unwrap_or_else(|refusal| panic!("{}", refusal.0))
}

/// The character that stands for a key in WebDriver; a letter stands for itself.
fn key(name: &str) -> &str {
    match name {
        "Shift" => "\u{e008}",
        "Control" => "\u{e009}",
        "Alt" => "\u{e00a}",
        "Meta" => "\u{e03d}",
        "Backspace" => "\u{e003}",
        "Tab" => "\u{e004}",
        "Enter" => "\u{e007}",
        "Escape" => "\u{e00c}",
        "Space" => " ",
        "Plus" => "+",
        "PageUp" => "\u{e00e}",
        "PageDown" => "\u{e00f}",
        "End" => "\u{e010}",
        "Home" => "\u{e011}",
        "ArrowLeft" => "\u{e012}",
        "ArrowUp" => "\u{e013}",
        "ArrowRight" => "\u{e014}",
        "ArrowDown" => "\u{e015}",
        "Delete" => "\u{e017}",
        _ if name.chars().count() == 1 => name,
        _ => panic!("no key is called {name:?}"),
    }
}
