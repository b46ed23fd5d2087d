//! `serve`: SIGHUP puts another configuration in force and keeps the cache, a rejected one changes
//! nothing; SIGTERM finishes what is in flight; each request is a line of JSON.

use std::net::SocketAddr;

use tempfile::TempDir;

use crate::harness::store::{BUCKET, REGION, edge_identity};
use crate::harness::{Client, Program, TOKEN, TestBucket};

struct Served {
    program: Program,
    viewer: SocketAddr,
    admin: SocketAddr,
    folder: TempDir,
    bucket: TestBucket,
}

impl Served {
    async fn start() -> Self {
        let bucket = TestBucket::start().await;
        bucket.put("page", "here").await;
        let folder = tempfile::tempdir().unwrap();
        configure(&folder, &bucket, "pop = \"FIRST\"");
        let identity = edge_identity();
        let file = folder.path().join("seawall.toml");
        let program = Program::start(
            &["serve", "--config", file.to_str().unwrap()],
            &[
                ("EDGE_ACCESS_KEY", &identity.access_key),
                ("EDGE_SECRET_KEY", &identity.secret_key),
                ("SEAWALL_ADMIN_TOKEN", TOKEN),
                // Even the most talkative log holds no secret.
                ("SEAWALL_LOG", "trace"),
            ],
        );
        let address = |line: &str| line.split("address=").nth(1)?.trim().parse().ok();
        let viewer = program
            .stderr("the viewers' address", |line| {
                line.contains("serving viewers").then(|| address(line))?
            })
            .await;
        let admin = program
            .stderr("the admin address", |line| {
                line.contains("serving the admin API")
                    .then(|| address(line))?
            })
            .await;
        Self {
            program,
            viewer,
            admin,
            folder,
            bucket,
        }
    }

    async fn get(&self, path: &str) -> crate::harness::Answer {
        Client::connect(self.viewer).await.get(path).await
    }

    async fn ended(&mut self) {
        let status = self.program.ended().await;
        let output = self.program.output();
        assert_eq!(status.code(), Some(0), "{output}");
        for secret in [TOKEN, &edge_identity().secret_key] {
            assert!(!output.contains(secret), "{secret} in {output}");
        }
    }
}

fn configure(folder: &TempDir, bucket: &TestBucket, edge: &str) {
    let text = format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = {data:?}
{edge}
[admin]
listen = "127.0.0.1:0"
tokens = [{{ name = "all", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read", "purge:/"] }}]
[origins.site]
bucket = "{BUCKET}"
region = "{REGION}"
endpoint = "{url}"
credentials = {{ access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY" }}
[[distributions]]
id = "E1"
origin = "site"
"#,
        data = folder.path().join("data"),
        url = bucket.url(),
    );
    std::fs::write(folder.path().join("seawall.toml"), text).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_read_again_and_a_bad_file_changes_nothing() {
    let mut served = Served::start().await;
    let configured = served.folder.path().join("seawall.toml");
    let text = std::fs::read_to_string(&configured).unwrap();
    std::fs::write(&configured, format!("{text}redirects = \"_redirects\"\n")).unwrap();
    let file = served.folder.path().join("_redirects");
    for (rules, says, location) in [
        ("/old /page\n", "the configuration is in force", "/page"),
        (
            "/old /other\n/a //evil.test\n",
            "redirects: _redirects: line 2: found",
            "/page",
        ),
    ] {
        std::fs::write(&file, rules).unwrap();
        served.program.signal("HUP").await;
        served.program.says(says).await;
        let answer = served.get("/old").await;
        assert_eq!(answer.field("location"), location, "{rules}");
    }
    served.program.signal("TERM").await;
    served.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_keeps_the_cache_and_a_rejected_one_changes_nothing() {
    let mut served = Served::start().await;
    let first = served.get("/page").await;
    assert_eq!(
        (first.text().as_str(), first.cache().as_str()),
        ("here", "Miss")
    );
    assert_eq!(first.field("x-edge-pop"), "FIRST");

    configure(&served.folder, &served.bucket, "pop = \"SECOND\"");
    served.program.signal("HUP").await;
    served.program.says("the configuration is in force").await;
    let second = served.get("/page").await;
    assert_eq!(
        (second.cache().as_str(), second.field("x-edge-pop").as_str()),
        ("Hit", "SECOND")
    );

    configure(
        &served.folder,
        &served.bucket,
        "pop = \"THIRD\"\nmemmory = \"1GiB\"",
    );
    served.program.signal("HUP").await;
    served
        .program
        .says("the configuration is rejected, the old one stays")
        .await;
    served
        .program
        .says("seawall.toml:6:1: edge.memmory: found an unknown key")
        .await;
    served.program.says("did you mean `memory`?").await;
    let third = served.get("/page").await;
    assert_eq!(
        (third.cache().as_str(), third.field("x-edge-pop").as_str()),
        ("Hit", "SECOND")
    );
    let metrics = Client::connect(served.admin)
        .await
        .get("/metrics")
        .await
        .text();
    for line in [
        "seawall_config_reloads_total 1\n",
        "seawall_config_reloads_rejected_total 1\n",
    ] {
        assert!(metrics.contains(line), "{line}");
    }

    // And the next good one is taken again.
    configure(
        &served.folder,
        &served.bucket,
        "pop = \"FOURTH\"\nmax_connections = 7",
    );
    served.program.signal("HUP").await;
    served
        .program
        .says("edge.max_connections has changed; it stays")
        .await;
    assert_eq!(served.get("/page").await.field("x-edge-pop"), "FOURTH");
    served.program.signal("TERM").await;
    served.ended().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ending_finishes_a_request_and_every_request_is_a_line() {
    let mut served = Served::start().await;
    served.get("/page?q=%22quoted%22").await;
    served.get("/page").await;
    let mut refused = Client::connect(served.viewer).await;
    let refused = refused
        .request("PUT", "/page", &[("user-agent", "a \"test\"")], "")
        .await;
    served.bucket.put("slow", "at last").await;
    let hold = served.bucket.faults().hold("slow");
    let mut client = Client::connect(served.viewer).await;
    client.send_request("GET", "/slow", &[], "").await;
    hold.waiting().await;
    served.program.signal("TERM").await;
    served.program.says("finishing what is in flight").await;
    hold.release();
    let answer = client.answer("GET").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "at last"));
    served.ended().await;

    let printed = served.program.printed();
    let lines: Vec<serde_json::Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let mut told: Vec<_> = lines
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            (
                text("method"),
                text("target"),
                line["status"].as_u64(),
                text("cache"),
            )
        })
        .collect();
    told.sort();
    let row = |method: &str, target: &str, status: u64, cache: &str| {
        (
            method.to_owned(),
            target.to_owned(),
            Some(status),
            cache.to_owned(),
        )
    };
    assert_eq!(
        told,
        [
            row("GET", "/page", 200, "Hit"),
            row("GET", "/page?q=%22quoted%22", 200, "Miss"),
            row("GET", "/slow", 200, "Miss"),
            row("PUT", "/page", 405, "Error"),
        ],
        "{printed}"
    );
    let line = lines.iter().find(|line| line["method"] == "PUT").unwrap();
    assert_eq!(line["request_id"], refused.field("x-request-id"));
    assert_eq!(line["user_agent"], "a \"test\"");
    assert_eq!(line["client"], "127.0.0.1");
}
