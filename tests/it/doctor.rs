//! `seawall doctor`: what it finds, what it says to do about it, and that it proves the bucket private.

mod a_clock_that_is_off_is_told_by_how_much;
mod a_command_that_cannot_ask_says_why;
mod a_missing_root_object_is_not_a_refusal;
mod a_private_bucket_is_healthy;
mod a_public_bucket_fails_with_its_fix;
mod a_refusal_by_a_key_is_told_from_one_by_a_policy;
mod a_store_that_is_not_there_is_told_with_its_reason;
mod a_wrong_identity_is_told_with_its_reason;
mod another_identity_must_be_refused;
mod the_bucket_may_be_in_another_region;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use seawall::clock::{Clock, SystemClock};
use seawall::semantics::dates;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::program::{self, Run};
use crate::harness::store::{BUCKET, REGION, edge_identity};

/// An origin that may be examined, with the keys of the tests' edge.
struct Setup {
    url: String,
    region: String,
    credentials: String,
    origin: String,
    distribution: String,
    variables: Vec<(String, String)>,
    folder: TempDir,
}

impl Setup {
    fn new(url: &str) -> Self {
        let identity = edge_identity();
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap().to_owned();
        let variables = [
            ("EDGE_ACCESS_KEY", identity.access_key),
            ("EDGE_SECRET_KEY", identity.secret_key),
            // No instance to ask, and nobody's own profiles.
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("HOME", home),
        ];
        Self {
            url: url.to_owned(),
            region: REGION.to_owned(),
            credentials:
                "{ access_key_env = \"EDGE_ACCESS_KEY\", secret_key_env = \"EDGE_SECRET_KEY\" }"
                    .to_owned(),
            origin: String::new(),
            distribution: String::new(),
            variables: variables
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            folder,
        }
    }

    fn region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    fn credentials(mut self, credentials: &str) -> Self {
        credentials.clone_into(&mut self.credentials);
        self
    }

    fn origin(mut self, lines: &str) -> Self {
        self.origin.push_str(lines);
        self
    }

    fn distribution(mut self, lines: &str) -> Self {
        self.distribution.push_str(lines);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Writes a file beside the configuration; its path.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        let Self {
            url,
            region,
            credentials,
            origin,
            distribution,
            ..
        } = self;
        let file = self.file(
            "seawall.toml",
            &format!(
                "[origins.site]\nbucket = \"{BUCKET}\"\nregion = \"{region}\"\nendpoint = \"{url}\"\n\
                 credentials = {credentials}\n{origin}\n\
                 [[distributions]]\nid = \"E1\"\norigin = \"site\"\n{distribution}\n"
            ),
        );
        let variables: Vec<(&str, &str)> = self
            .variables
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut all = vec!["doctor", "--config", &file];
        all.extend(arguments);
        let run = program::run(&all, &variables).await;
        let secret = edge_identity().secret_key;
        let output = format!("{}{}", run.stdout, run.stderr);
        assert!(!output.contains(&secret), "{output}");
        run
    }

    /// What it finds.
    async fn findings(&self, arguments: &[&str]) -> Findings {
        let run = self.run(&[&["--json"], arguments].concat()).await;
        Findings::of(&run)
    }
}

/// The checks, and the exit code that came with them.
#[derive(Debug)]
struct Findings {
    code: Option<i32>,
    checks: Vec<Value>,
}

impl Findings {
    fn of(run: &Run) -> Self {
        let all: Value = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}: {} {}", run.stdout, run.stderr));
        assert_eq!(all["origin"], "site");
        let checks = all["checks"].as_array().unwrap().clone();
        for check in &checks {
            let fields: Vec<&String> = check.as_object().unwrap().keys().collect();
            assert_eq!(fields, ["fix", "found", "name", "status"]);
            // What must be mended says how; what is well does not.
            let mend = matches!(check["status"].as_str(), Some("fail" | "warn"));
            assert_eq!(check["fix"].is_string(), mend, "{check}");
        }
        Self {
            code: run.code,
            checks,
        }
    }

    fn check(&self, name: &str) -> &Value {
        self.checks
            .iter()
            .find(|check| check["name"] == name)
            .unwrap_or_else(|| panic!("no check {name} in {self:#?}"))
    }

    /// The check ended so, and found and fix (joined by a line end) hold these words.
    fn expect(&self, name: &str, status: &str, words: &[&str]) {
        let check = self.check(name);
        assert_eq!(check["status"], status, "{check}");
        let text = format!(
            "{}\n{}",
            check["found"].as_str().unwrap(),
            check["fix"].as_str().unwrap_or_default()
        );
        for word in words {
            assert!(text.contains(word), "{name}: no {word:?} in {text}");
        }
    }

    /// The names of the checks that ended so.
    fn with(&self, status: &str) -> Vec<&str> {
        self.checks
            .iter()
            .filter(|check| check["status"] == status)
            .map(|check| check["name"].as_str().unwrap())
            .collect()
    }
}

/// What a store answers a request, by its head.
type Answering = dyn Fn(&str) -> String + Send + Sync;

/// A store that a test answers for; it adds the time.
struct MadeUp {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl MadeUp {
    async fn start(answering: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::default();
        let answering: Arc<Answering> = Arc::new(answering);
        let heads = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answering), Arc::clone(&heads)));
            }
        });
        Self { address, requests }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The heads of the requests that begin so.
    fn requests(&self, start: &str) -> Vec<String> {
        let all = self.requests.lock().unwrap();
        let fitting = all.iter().filter(|head| head.starts_with(start));
        fitting.cloned().collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    answering: Arc<Answering>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&buffer.drain(..end).collect::<Vec<u8>>()).into_owned();
        let mut answer = answering(&head);
        if !answer.contains("\r\ndate: ") {
            let date = dates::format(SystemClock::new().wall());
            let date = format!("\r\ndate: {}\r\n", date.to_str().unwrap());
            answer = answer.replacen("\r\n", &date, 1);
        }
        requests.lock().unwrap().push(head);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// An answer without a body; to a HEAD as well.
fn plain(status: u16) -> String {
    let length = if status == 204 {
        ""
    } else {
        "content-length: 0\r\n"
    };
    format!("HTTP/1.1 {status} X\r\n{length}\r\n")
}

/// A refusal with its document; to a HEAD without.
fn refused(head: &str, status: u16, code: &str, message: &str) -> String {
    if head.starts_with("HEAD ") {
        return plain(status);
    }
    let body = format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Whether a request is signed with this key id.
fn signed_by(head: &str, key_id: &str) -> bool {
    head.contains(&format!("Credential={key_id}/"))
}

/// What a private store answers, but for checking signatures: the edge reads `index.html`, everybody
/// else is refused.
fn private(head: &str) -> String {
    let reads =
        head.starts_with("GET /site/index.html ") || head.starts_with("HEAD /site/index.html ");
    if reads && signed_by(head, &edge_identity().access_key) && !wrongly_signed(head) {
        plain(200)
    } else {
        refused(head, 403, "AccessDenied", "Access Denied")
    }
}

/// A made-up store checks no signature. The doctor's wrong one comes after the reads that were right:
/// it is the only GET of the object that is neither anonymous nor of a part.
fn wrongly_signed(head: &str) -> bool {
    head.starts_with("GET ") && !head.contains("range: ") && head.contains("Signature=")
}
