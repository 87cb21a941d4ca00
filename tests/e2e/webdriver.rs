//! As much of W3C WebDriver as the tests need: JSON over HTTP, to a chromedriver of their own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

/// No first-run pages, no traffic of the browser's own; root and containers have no sandbox or large /dev/shm.
const CHROMIUM: [&str; 9] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// A browser with a fresh profile; both it and its driver end when this is dropped.
pub(crate) struct Session {
    agent: Agent,
    url: String,
    _driver: Driver,
}

/// What the driver answered instead: its error code and message.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) String);

impl Session {
    /// Starts chromedriver on a free port, and Chromium in it.
    pub(crate) fn start() -> Self {
        let driver = Driver::start();
        let config =
            Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
        let mut session = Self { agent: config.build().into(), url: driver.url(), _driver: driver };
        let options = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": CHROMIUM },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let created = session.post("/session", options).expect("Chromium starts");
        let id = created["sessionId"].as_str().expect("a session has an id");
        session.url = format!("{}/session/{id}", session.url);
        session
    }

    /// Sends a command of this session, such as `/url`.
    pub(crate) fn post(&self, command: &str, body: Value) -> Result<Value, Refusal> {
        answer(self.agent.post(format!("{}{command}", self.url)).send_json(body))
    }

    /// Asks for a value of this session, such as `/screenshot`.
    pub(crate) fn get(&self, command: &str) -> Result<Value, Refusal> {
        answer(self.agent.get(format!("{}{command}", self.url)).call())
    }

    /// Sends a command of Chromium's own protocol, for what WebDriver cannot ask.
    pub(crate) fn devtools(&self, command: &str, params: Value) -> Result<Value, Refusal> {
        self.post("/goog/cdp/execute", json!({ "cmd": command, "params": params }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.url).call();
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Refusal> {
    let gone = |error| Refusal(format!("chromedriver does not answer: {error}"));
    let mut body: Value = response.and_then(|mut response| response.body_mut().read_json()).map_err(gone)?;
    let value = body["value"].take();
    match value["error"].as_str() {
        Some(error) => Err(Refusal(format!("{error}: {}", value["message"].as_str().unwrap_or_default()))),
        None => Ok(value),
    }
}

struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Drivers that start at once may pick the same free port; the one that comes late ends without a word.
    fn start() -> Self {
        const ATTEMPTS: u32 = 10;

        (0..ATTEMPTS).find_map(|_| Self::attempt()).expect("chromedriver says its port")
    }

    fn attempt() -> Option<Self> {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start chromedriver: {error}; `make chromium` gets it"));
        let output = BufReader::new(process.stdout.take().expect("the output is piped"));
        let port = output.lines().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .strip_suffix('.')?
                .parse()
                .ok()
        });
        let driver = Self { process, port: port.unwrap_or_default() };
        port.is_some().then_some(driver)
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
