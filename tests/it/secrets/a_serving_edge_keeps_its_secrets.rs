//! A running edge, in good and in bad days, its log at TRACE: nothing that it prints, logs, counts,
//! stores or answers holds a secret, nor a signature that it has sent.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};

use super::{
    ADMIN, BEARER, CHAIN, CHAIN_SESSION, COOKIE, PASTED, SIGNED, WRONG, finder, variables,
};
use crate::harness::{Answer, Client, Program, Reply, ScriptedOrigin, bounded, raw, run};

struct Served {
    program: Program,
    viewer: SocketAddr,
    admin: SocketAddr,
    origin: ScriptedOrigin,
    folder: TempDir,
    /// Everything that was answered so far.
    answers: String,
    statuses: Vec<u16>,
}

fn configure(folder: &Path, site: &str, gone: &str, more: &str) {
    let text = format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = {data:?}
debug_headers = true
{more}
[admin]
listen = "127.0.0.1:0"
tokens = [{{ name = "all", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read", "purge:/"] }}]
[log]
access = {log:?}
[origins.site]
bucket = "site"
region = "local"
endpoint = "{site}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY", session_token_env = "EDGE_SESSION_TOKEN" }}
[origins.chain]
bucket = "site"
region = "local"
endpoint = "{site}"
[origins.gone]
bucket = "site"
region = "local"
endpoint = "{gone}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }}
[[distributions]]
id = "E1"
origin = "site"
domains = ["localhost", "127.0.0.1"]
[[distributions]]
id = "E2"
origin = "chain"
domains = ["chain.example"]
[[distributions]]
id = "E3"
origin = "gone"
domains = ["gone.example"]
"#,
        data = folder.join("data"),
        log = folder.join("access.log"),
    );
    std::fs::write(folder.join("seawall.toml"), text).unwrap();
}

impl Served {
    async fn start(variables: &[(&str, &str)], folder: TempDir) -> Self {
        let origin = ScriptedOrigin::start([]).await;
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = format!("http://{}", free.local_addr().unwrap());
        drop(free);
        configure(folder.path(), &origin.url(), &gone, "");
        let file = folder.path().join("seawall.toml");
        let program = Program::start(&["serve", "--config", file.to_str().unwrap()], variables);
        let address = |line: &str, what: &str| {
            let at = line
                .contains(what)
                .then(|| line.split("address=").nth(1))??;
            at.trim().parse().ok()
        };
        let viewer = program
            .stderr("the viewers' address", |line| {
                address(line, "serving viewers")
            })
            .await;
        let admin = program
            .stderr("the admin address", |line| {
                address(line, "serving the admin API")
            })
            .await;
        Self {
            program,
            viewer,
            admin,
            origin,
            folder,
            answers: String::new(),
            statuses: Vec::new(),
        }
    }

    fn keep(&mut self, answer: &Answer) {
        self.answers
            .push_str(&format!("{:?}\n{}\n", answer.fields, answer.text()));
        self.statuses.push(answer.status);
    }

    /// A request of a viewer who sends secrets of its own wherever it can.
    async fn view(&mut self, host: &str, path: &str, replies: Vec<Reply>) {
        let query = format!(
            "X-Amz-Signature={SIGNED}&X-Amz-Security-Token={SIGNED}&Policy={SIGNED}&Signature={SIGNED}\
             &Key-Pair-Id={SIGNED}&token={ADMIN}&X-Amz-Credential={SIGNED}&x=1"
        );
        let bearer = format!("Bearer {BEARER}");
        let cookie = format!("CloudFront-Signature={SIGNED}; session={COOKIE}");
        let fields = [
            ("host", host),
            ("authorization", &bearer),
            ("cookie", &cookie),
            ("x-amz-security-token", SIGNED),
            ("proxy-authorization", &bearer),
        ];
        for (method, replies) in [("GET", replies), ("HEAD", Vec::new()), ("PUT", Vec::new())] {
            self.origin.forget();
            for reply in replies {
                self.origin.then(reply);
            }
            let target = format!("{path}?{query}");
            let mut client = Client::connect(self.viewer).await;
            let answer = client.request(method, &target, &fields, "").await;
            self.keep(&answer);
        }
    }

    async fn call(&mut self, method: &str, path: &str, token: &str, body: &str) {
        let bearer = format!("Bearer {token}");
        let mut client = Client::connect(self.admin).await;
        let fields = [("authorization", bearer.as_str())];
        let answer = client.request(method, path, &fields, body).await;
        self.keep(&answer);
    }

    /// A request over HTTP/2, whose library logs by itself.
    async fn view_http2(&mut self) {
        self.origin.forget();
        self.origin.then(Reply::ok("", "over HTTP/2"));
        let stream = TcpStream::connect(self.viewer).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder()
            .uri(format!("http://localhost/two?Signature={SIGNED}"))
            .header("authorization", format!("Bearer {BEARER}"))
            .header("cookie", COOKIE)
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = bounded("an answer", sender.send_request(request))
            .await
            .unwrap();
        let (head, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert_eq!(body, "over HTTP/2");
        self.answers.push_str(&format!("{:?}", head.headers));
    }

    /// Ends it, and holds everything that came of it to have no secret.
    async fn ends_with_nothing_said(&mut self) {
        self.program.signal("TERM").await;
        let status = self.program.ended().await;
        let output = self.program.output();
        assert_eq!(status.code(), Some(0), "{output}");
        let mut finder = finder();
        let mut signatures = 0;
        for request in self.origin.requests() {
            if let Some((_, rest)) = request.split_once("Signature=") {
                finder.signature(rest.split_whitespace().next().unwrap());
                signatures += 1;
            }
        }
        assert!(signatures > 5, "only {signatures} requests were signed");
        finder.nothing_in("stdout and stderr", &output);
        finder.nothing_in("the answers", &self.answers);
        let mut files = 0;
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                // What the test wrote itself; it is not what the edge keeps.
                if path
                    .extension()
                    .is_some_and(|kind| kind == "toml" || kind == "secrets")
                {
                    continue;
                }
                finder.nothing_in(&path.display().to_string(), std::fs::read(&path).unwrap());
                files += 1;
            }
        }
        assert!(files >= 2, "an access log and a journal");
        let log = std::fs::read_to_string(self.folder.path().join("access.log")).unwrap();
        assert!(log.contains("Signature=REDACTED"), "{log}");
        assert!(log.lines().count() > 20, "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_good_and_bad_days() {
    let mut served = Served::start(&variables(), tempfile::tempdir().unwrap()).await;
    served
        .view("localhost", "/a", vec![Reply::ok("", "hello")])
        .await;
    served
        .view("chain.example", "/a", vec![Reply::ok("", "hello")])
        .await;
    served.view("gone.example", "/a", vec![]).await;
    served.view("unknown.example", "/a", vec![]).await;
    served.view("localhost", "/%2e%2e/a", vec![]).await;
    served
        .view(&format!("me:{SIGNED}@localhost"), "/a", vec![])
        .await;
    served
        .view("localhost", "/none", vec![Reply::error(404, "NoSuchKey")])
        .await;
    // Stores repeat what they were told: the text that was signed, the token that ran out.
    for (status, code) in [
        (403, "SignatureDoesNotMatch"),
        (403, "InvalidAccessKeyId"),
        (400, "ExpiredToken"),
        (400, "InvalidToken"),
        (403, "AccessDenied"),
        (403, "RequestTimeTooSkewed"),
        (404, "NoSuchBucket"),
        (500, "InternalError"),
        (301, "PermanentRedirect"),
    ] {
        for host in ["localhost", "chain.example"] {
            let replies = vec![Reply::Repeat(status, code); 4];
            served.view(host, &format!("/{code}"), replies).await;
        }
    }
    let broken = Reply::SendAndClose(b"HTTP/1.1 200 OK\r\nbroken\r\n\r\n".to_vec());
    served.view("localhost", "/broken", vec![broken; 2]).await;
    served.view_http2().await;
    for request in [
        format!(
            "GET http://me:{SIGNED}@localhost/a HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        ),
        format!("GET /a HTTP/1.1\r\nauthorization : Bearer {BEARER}\r\n\r\n"),
        format!("{BEARER}\r\n\r\n"),
    ] {
        let answer = raw(served.viewer, request.as_bytes()).await;
        served.answers.push_str(&answer);
    }

    for path in ["/healthz", "/readyz", "/metrics"] {
        served.call("GET", path, WRONG, "").await;
        served
            .call("GET", &format!("{path}?token={ADMIN}"), ADMIN, "")
            .await;
    }
    for token in [ADMIN, WRONG] {
        let list = format!("/v1/invalidations?token={ADMIN}");
        served.call("GET", &list, token, "").await;
        served
            .call("GET", &format!("/v1/nothing?token={ADMIN}"), token, "")
            .await;
        served
            .call("POST", "/v1/invalidations", token, r#"{"paths": ["/a"]}"#)
            .await;
        let odd = format!(r#"{{"paths": ["/a"], "secret": "{WRONG}"}}"#);
        served.call("POST", "/v1/invalidations", token, &odd).await;
    }
    let admin = format!("http://{}", served.admin);
    for (token, code) in [(ADMIN, 0), (WRONG, 1)] {
        let token = [("SEAWALL_ADMIN_TOKEN", token)];
        let purged = run(&["purge", "--admin", &admin, "/a"], &token).await;
        assert_eq!(purged.code, Some(code), "{}", purged.stderr);
        served
            .answers
            .push_str(&format!("{}{}", purged.stdout, purged.stderr));
    }

    // A configuration that is refused, and one that is not.
    let (site, folder) = (served.origin.url(), served.folder.path().to_owned());
    configure(
        &folder,
        &site,
        &format!("http://me:{PASTED}@gone.example"),
        "",
    );
    served.program.signal("HUP").await;
    served.program.says("the configuration is rejected").await;
    configure(&folder, &site, "http://127.0.0.1:1", "pop = \"OTHER\"");
    served.program.signal("HUP").await;
    served.program.says("the configuration is in force").await;
    served.view("gone.example", "/a", vec![]).await;

    for status in [200, 201, 400, 401, 404, 405, 421, 502, 503] {
        assert!(
            served.statuses.contains(&status),
            "{status}: {:?}",
            served.statuses
        );
    }
    served.ends_with_nothing_said().await;
}

/// Credentials that another program gives, as JSON on its standard output.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_secrets_of_a_credential_process() {
    let folder = tempfile::tempdir().unwrap();
    let given = folder.path().join("given.secrets");
    let json = serde_json::json!({
        "Version": 1, "AccessKeyId": "AKIAPROCESS", "SecretAccessKey": CHAIN,
        "SessionToken": CHAIN_SESSION, "Expiration": "2099-01-01T00:00:00Z",
    });
    std::fs::write(&given, json.to_string()).unwrap();
    let profile = folder.path().join("profile.secrets");
    let text = format!(
        "[default]\ncredential_process = /bin/cat {}\n",
        given.display()
    );
    std::fs::write(&profile, text).unwrap();
    let mut variables = variables();
    variables.retain(|(name, _)| !name.starts_with("AWS_"));
    variables.extend([
        ("AWS_CONFIG_FILE", profile.to_str().unwrap()),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]);
    let mut served = Served::start(&variables, folder).await;
    for at in 0..8 {
        let path = format!("/{at}");
        served
            .view("chain.example", &path, vec![Reply::ok("", "hello")])
            .await;
    }
    assert!(served.statuses.contains(&200), "{:?}", served.statuses);
    assert!(
        served.origin.last().contains("AKIAPROCESS"),
        "{}",
        served.origin.last()
    );
    served.ends_with_nothing_said().await;
}
