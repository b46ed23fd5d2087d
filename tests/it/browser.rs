//! A real browser for tests: Chromium, headless, driven over the DevTools protocol.
//!
//! ```ignore
//! if !Browser::is_here() {
//!     return;
//! }
//! let browser = Browser::start().await;
//! let page = browser.open("http://127.0.0.1:40001/").await;
//! assert_eq!(page.evaluate("document.title").await, "Seawall");
//! ```
//!
//! Each page has a connection of its own, on which one command is under way at a time; so nothing dispatches answers.
//! Every wait is bounded by `PATIENCE`; that the bound is met is a failed test, how long it took is no test's business.
//! Whatever goes wrong panics with what was asked and what was answered: these are tests.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use base64::Engine as _;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The bound of every wait for the browser.
const PATIENCE: Duration = Duration::from_secs(180);

/// What the variable `CHROMIUM` overrides: the names to look for on the PATH.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// No sandbox, since tests run as root in containers; nothing that calls home, since a closed network makes that slow;
/// one size and scale, so that screenshots can be compared.
const FLAGS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--window-size=1280,800",
    "--remote-debugging-port=0",
];

/// A running Chromium with an empty profile of its own; it ends when this is dropped, and its pages with it.
pub(crate) struct Browser {
    session: Session,
    /// `127.0.0.1:PORT` of the DevTools.
    address: String,
    process: Process,
}

/// One tab.
pub(crate) struct Page {
    session: Session,
    /// The document last loaded, by the browser's name for it: tells its events from those of the one before.
    loader: Mutex<String>,
}

impl Browser {
    /// The browser to use: the variable `CHROMIUM`, else the first known name on the PATH.
    ///
    /// # Panics
    /// If `CHROMIUM` is set, but not to a file.
    pub(crate) fn find() -> Option<PathBuf> {
        if let Some(path) = std::env::var_os("CHROMIUM")
            .filter(|p| !p.is_empty())
            .map(PathBuf::from)
        {
            assert!(path.is_file(), "CHROMIUM={} is not a file", path.display());
            return Some(path);
        }
        let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
        NAMES
            .iter()
            .flat_map(|name| folders.iter().map(move |f| f.join(name)))
            .find(|path| path.is_file())
    }

    /// Whether there is a browser. If not, says on the terminal (past the capture of test output) that the calling test
    /// is skipped.
    ///
    /// # Panics
    /// If there is none and `CI=true`: there, a test that did not run is a failure.
    pub(crate) fn is_here() -> bool {
        if Self::find().is_some() {
            return true;
        }
        let advice = "no Chromium found; install it (Debian: apt-get install chromium) or set CHROMIUM to its path";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{advice}");
        let thread = std::thread::current();
        let test = thread.name().unwrap_or("a browser test");
        // A terminal that is gone is no reason to fail.
        let _ = writeln!(std::io::stderr(), "\n*** SKIPPED {test}: {advice} ***");
        false
    }

    /// Starts the browser; ask `is_here` first.
    pub(crate) async fn start() -> Self {
        let path = Self::find().expect("asked after is_here()");
        let (process, endpoint) = Process::start(path);
        let url = bounded("Chromium to say where its DevTools listen", endpoint).await;
        let url =
            url.expect("Chromium ended before its DevTools listened; its last lines are above");
        let address = url
            .trim_start_matches("ws://")
            .split('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        Self {
            session: Session::connect(&url).await,
            address,
            process,
        }
    }

    /// Opens `url` in a new tab and waits until it and all its images, styles and scripts are loaded.
    ///
    /// # Panics
    /// If the browser cannot load it (an HTTP error status is no such failure).
    pub(crate) async fn open(&self, url: &str) -> Page {
        let target = self
            .session
            .call("Target.createTarget", json!({ "url": "about:blank" }))
            .await;
        let target = target["targetId"]
            .as_str()
            .expect("createTarget answers with an id");
        let session =
            Session::connect(&format!("ws://{}/devtools/page/{target}", self.address)).await;
        session.call("Page.enable", json!({})).await;
        session.call("Runtime.enable", json!({})).await;
        session
            .call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }))
            .await;
        let page = Page {
            session,
            loader: Mutex::default(),
        };
        page.goto(url).await;
        page
    }
}

impl Page {
    /// Loads `url` in this tab, as `Browser::open` does.
    pub(crate) async fn goto(&self, url: &str) {
        self.try_goto(url)
            .await
            .unwrap_or_else(|error| panic!("{url} does not load: {error}"));
    }

    /// Like `goto`; the browser's name for a failure (`net::ERR_…`) is the error.
    pub(crate) async fn try_goto(&self, url: &str) -> Result<(), String> {
        let answer = self
            .session
            .call("Page.navigate", json!({ "url": url }))
            .await;
        if let Some(error) = answer["errorText"].as_str() {
            return Err(error.to_owned());
        }
        // Without a loader only the fragment changed, and nothing is loaded.
        if let Some(loader) = answer["loaderId"].as_str() {
            let is_ours = |e: &Value| e["loaderId"] == loader && e["name"] == "load";
            self.session.event("Page.lifecycleEvent", is_ours).await;
            loader.clone_into(&mut *self.loader.lock().await);
        }
        Ok(())
    }

    /// Loads the page again, as the reload button does, and waits as `Browser::open` does.
    pub(crate) async fn reload(&self) {
        let tree = self.session.call("Page.getFrameTree", json!({})).await;
        let frame = &tree["frameTree"]["frame"]["id"];
        let mut loader = self.loader.lock().await;
        self.session.call("Page.reload", json!({})).await;
        let is_new =
            |e: &Value| e["frameId"] == *frame && e["loaderId"] != *loader && e["name"] == "load";
        let event = self.session.event("Page.lifecycleEvent", is_new).await;
        *loader = event["loaderId"]
            .as_str()
            .expect("the event names its loader")
            .to_owned();
    }

    /// The value of a JavaScript expression in the page, as JSON; a promise is awaited, `undefined` is null.
    ///
    /// # Panics
    /// If the expression throws or its promise is rejected.
    pub(crate) async fn evaluate(&self, js: &str) -> Value {
        self.try_evaluate(js)
            .await
            .unwrap_or_else(|thrown| panic!("{js}\n  threw {thrown}"))
    }

    /// Like `evaluate`; what the page throws is the error.
    pub(crate) async fn try_evaluate(&self, js: &str) -> Result<Value, String> {
        let ask = json!({ "expression": js, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.session.call("Runtime.evaluate", ask).await;
        if let Some(thrown) = answer.get("exceptionDetails") {
            let said = [
                &thrown["exception"]["description"],
                &thrown["exception"]["value"],
                &thrown["text"],
            ];
            let said = said.into_iter().find(|s| !s.is_null()).unwrap_or(thrown);
            return Err(said.as_str().map_or_else(|| said.to_string(), Into::into));
        }
        Ok(answer["result"]["value"].take())
    }

    /// What the tab shows, 1280 pixels wide, as PNG.
    pub(crate) async fn screenshot(&self) -> Vec<u8> {
        let answer = self
            .session
            .call("Page.captureScreenshot", json!({ "format": "png" }))
            .await;
        let data = answer["data"]
            .as_str()
            .expect("captureScreenshot answers with data");
        base64::engine::general_purpose::STANDARD
            .decode(data)
            .expect("Chromium writes base64")
    }
}

/// The operating system's side of it.
struct Process {
    child: Child,
    /// Disconnected when the last of its processes, all of which inherit stderr, is gone.
    ended: Receiver<()>,
    /// Removed last: until all are gone, one of them may still write into it.
    profile: tempfile::TempDir,
}

impl Process {
    /// Starts it; the receiver yields the DevTools' address, or an error if it ended before.
    fn start(path: PathBuf) -> (Self, oneshot::Receiver<String>) {
        let profile = tempfile::Builder::new()
            .prefix("seawall-browser-")
            .tempdir()
            .expect("a folder for the profile");
        let mut child = Command::new(&path)
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{} does not start: {e}", path.display()));
        let lines = BufReader::new(child.stderr.take().expect("stderr is a pipe")).lines();
        let (found, endpoint) = oneshot::channel();
        let (ending, ended) = sync_channel::<()>(1);
        // It reads on to the end: a full pipe would stop the browser.
        std::thread::spawn(move || {
            let mut found = Some(found);
            for line in lines.map_while(Result::ok) {
                let url = line
                    .strip_prefix("DevTools listening on ")
                    .map(|url| url.trim().to_owned());
                match (url, found.take()) {
                    (Some(url), Some(found)) => drop(found.send(url)),
                    (_, waiting) => {
                        if waiting.is_some() {
                            eprintln!("chromium: {line}");
                        }
                        found = waiting;
                    }
                }
            }
            drop(ending);
        });
        (
            Self {
                child,
                ended,
                profile,
            },
            endpoint,
        )
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

/// One DevTools connection.
struct Session(Mutex<Wire>);

struct Wire {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_id: u64,
    /// Events that came while an answer was waited for, oldest first.
    events: Vec<(String, Value)>,
}

impl Session {
    async fn connect(url: &str) -> Self {
        let connected = bounded(url, tokio_tungstenite::connect_async(url)).await;
        let (socket, _) = connected.unwrap_or_else(|e| panic!("{url}: {e}"));
        Self(Mutex::new(Wire {
            socket,
            last_id: 0,
            events: Vec::new(),
        }))
    }

    /// Sends a command and waits for its result.
    async fn call(&self, method: &str, params: Value) -> Value {
        bounded(method, async {
            let mut wire = self.0.lock().await;
            wire.last_id += 1;
            let id = wire.last_id;
            let command = json!({ "id": id, "method": method, "params": params }).to_string();
            wire.socket
                .send(Message::text(command))
                .await
                .unwrap_or_else(|e| panic!("{method}: {e}"));
            loop {
                let mut message = wire.receive(method).await;
                if message["id"] == id {
                    assert!(
                        message.get("error").is_none(),
                        "{method} {params}: {}",
                        message["error"]
                    );
                    return message["result"].take();
                }
                wire.keep(message);
            }
        })
        .await
    }

    /// The first event of this name that is `wanted`, past or to come; it and those before it are forgotten.
    async fn event(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        bounded(name, async {
            let mut wire = self.0.lock().await;
            loop {
                for (seen, params) in std::mem::take(&mut wire.events).into_iter() {
                    if seen == name && wanted(&params) {
                        return params;
                    }
                }
                let message = wire.receive(name).await;
                wire.keep(message);
            }
        })
        .await
    }
}

impl Wire {
    async fn receive(&mut self, waiting_for: &str) -> Value {
        loop {
            let message = self
                .socket
                .next()
                .await
                .unwrap_or_else(|| panic!("Chromium hung up before {waiting_for}"));
            match message.unwrap_or_else(|e| panic!("{waiting_for}: {e}")) {
                Message::Text(text) => {
                    return serde_json::from_str(&text).expect("DevTools speak JSON");
                }
                Message::Close(_) => panic!("Chromium closed the connection before {waiting_for}"),
                _ => {} // pings are answered by the socket
            }
        }
    }

    fn keep(&mut self, mut message: Value) {
        if let Some(method) = message["method"].as_str().map(str::to_owned) {
            self.events.push((method, message["params"].take()));
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a bound on another process, which no clock of ours moves"
)]
async fn bounded<T>(what: &str, wait: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, wait).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing within {PATIENCE:?}"),
    }
}

/// A site on a free port: a page that counts its visits, a style and an image. It ends with the test's runtime.
async fn site() -> String {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut visits = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut lines = tokio::io::BufReader::new(&mut stream).lines();
            let first = lines.next_line().await.ok().flatten().unwrap_or_default();
            while lines
                .next_line()
                .await
                .is_ok_and(|line| line.is_some_and(|l| !l.is_empty()))
            {}
            let (status, kind, body) = match first.split(' ').nth(1).unwrap_or_default() {
                "/" => {
                    visits += 1;
                    let page = format!(
                        "<!doctype html><title>Visit {visits}</title><link rel=stylesheet href=/style.css>\
                         <h1>Harbour</h1><img src=/buoy.svg>"
                    );
                    ("200 OK", "text/html", page)
                }
                "/style.css" => (
                    "200 OK",
                    "text/css",
                    "h1 { color: rgb(1, 2, 3) }".to_owned(),
                ),
                "/buoy.svg" => {
                    let image =
                        r#"<svg xmlns="http://www.w3.org/2000/svg" width="30" height="20"/>"#;
                    ("200 OK", "image/svg+xml", image.to_owned())
                }
                _ => ("404 Not Found", "text/plain", "no such buoy".to_owned()),
            };
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
        }
    });
    origin
}

#[tokio::test]
async fn a_page_is_loaded_with_its_image_and_style_and_can_be_asked() {
    if !Browser::is_here() {
        return;
    }
    let site = site().await;
    let browser = Browser::start().await;
    let page = browser.open(&format!("{site}/")).await;

    assert_eq!(page.evaluate("document.title").await, "Visit 1");
    assert_eq!(
        page.evaluate("document.querySelector('img').naturalWidth")
            .await,
        30
    );
    assert_eq!(
        page.evaluate("getComputedStyle(document.querySelector('h1')).color")
            .await,
        "rgb(1, 2, 3)"
    );
    assert_eq!(
        page.evaluate("fetch('/none').then(r => r.status)").await,
        404
    );
    assert_eq!(
        page.evaluate("({ a: [1, null], b: undefined })").await,
        json!({ "a": [1, null] })
    );
    assert_eq!(page.evaluate("undefined").await, Value::Null);
    let thrown = page.try_evaluate("nothing.at.all").await.unwrap_err();
    assert!(thrown.contains("ReferenceError"), "{thrown}");
    assert_eq!(
        page.try_evaluate("Promise.reject('low tide')").await,
        Err("low tide".into())
    );

    page.reload().await;
    assert_eq!(page.evaluate("document.title").await, "Visit 2");
    page.reload().await;
    assert_eq!(page.evaluate("document.title").await, "Visit 3");
    page.goto(&format!("{site}/#top")).await;
    assert_eq!(
        page.evaluate("[document.title, location.hash].join()")
            .await,
        "Visit 3,#top"
    );

    let other = browser.open(&format!("{site}/none")).await;
    assert_eq!(
        other.evaluate("document.body.innerText").await,
        "no such buoy"
    );
    assert_eq!(page.evaluate("document.title").await, "Visit 3");

    let png = page.screenshot().await;
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(
        png[16..20],
        1280u32.to_be_bytes(),
        "the width in the header"
    );
}

#[tokio::test]
async fn a_dropped_browser_is_gone() {
    if !Browser::is_here() {
        return;
    }
    let browser = Browser::start().await;
    let address = browser.address.clone();
    let profile = browser.process.profile.path().to_owned();
    TcpStream::connect(&address)
        .await
        .expect("it listens while it lives");
    assert!(profile.exists());
    drop(browser);
    TcpStream::connect(&address)
        .await
        .expect_err("nobody listens any more");
    assert!(!profile.exists(), "{} is left behind", profile.display());
}

#[tokio::test]
async fn a_page_that_cannot_be_reached_is_an_error() {
    if !Browser::is_here() {
        return;
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs_up = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let browser = Browser::start().await;
    let page = browser.open("data:text/html,<title>Quay</title>").await;
    assert_eq!(page.evaluate("document.title").await, "Quay");
    let error = page.try_goto(&hangs_up).await.unwrap_err();
    assert!(error.starts_with("net::ERR_"), "{error}");
}
