//! Each administrative call that would change something leaves a line: who, from where, what, and what became of
//! it; also one that was refused. No secret that came with it is in the log.

use std::net::SocketAddr;

use crate::harness::{Client, Program, TOKEN};

const CALL: &str = "/v1/invalidations";
const PURGE: &str = r#"{"paths": ["/page"]}"#;

/// A call (method, target, fields, body), and what its line holds.
type Row<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_a_line_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seawall.toml");
    let text = format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = {data:?}
[admin]
listen = "127.0.0.1:0"
tokens = [
  {{ name = "deploy", env = "DEPLOY", scopes = ["read", "purge:/"] }},
  {{ name = "images", env = "IMAGES", scopes = ["purge:/img/"] }},
]
[origins.app]
type = "http"
url = "http://127.0.0.1:9"
[[distributions]]
id = "E1"
origin = "app"
"#,
        data = folder.path().join("data"),
    );
    std::fs::write(&file, text).unwrap();
    let images = format!("images-{TOKEN}");
    let program = Program::start(
        &["serve", "--config", file.to_str().unwrap()],
        &[("DEPLOY", TOKEN), ("IMAGES", &images)],
    );
    let admin: SocketAddr = program
        .stderr("the admin address", |line| {
            let (_, address) = line
                .split_once("serving the admin API")?
                .1
                .split_once("address=")?;
            address.trim().parse().ok()
        })
        .await;

    let deploy = format!("Bearer {TOKEN}");
    let images = format!("Bearer {images}");
    let canary = "Bearer canary-0123456789abcdef";
    let long = format!("/{}", "l".repeat(300));
    let query = format!("{CALL}?token=canary-in-a-query");
    let authorization = "authorization";
    let rows: [Row<'_>; 9] = [
        (
            "POST",
            CALL,
            &[(authorization, &deploy)],
            PURGE,
            "by=\"deploy\" method=POST path=\"/v1/invalidations\" status=201",
        ),
        (
            "POST",
            CALL,
            &[(authorization, &deploy)],
            "{}",
            "by=\"deploy\" method=POST path=\"/v1/invalidations\" status=400 code=\"InvalidArgument\"",
        ),
        (
            "POST",
            CALL,
            &[(authorization, &images)],
            PURGE,
            "by=\"images\" method=POST path=\"/v1/invalidations\" status=403 code=\"AccessDenied\"",
        ),
        (
            "POST",
            CALL,
            &[(authorization, canary)],
            PURGE,
            "client=127.0.0.1 method=POST path=\"/v1/invalidations\" status=401 code=\"MissingToken\"",
        ),
        (
            "PUT",
            &query,
            &[],
            "",
            "client=127.0.0.1 method=PUT path=\"/v1/invalidations\" status=401 code=\"MissingToken\"",
        ),
        (
            "POST",
            CALL,
            &[("host", "evil.test"), (authorization, &deploy)],
            PURGE,
            "client=127.0.0.1 method=POST path=\"/v1/invalidations\" status=421 code=\"WrongHost\"",
        ),
        (
            "POST",
            CALL,
            &[("origin", "http://evil.test"), (authorization, &deploy)],
            PURGE,
            "client=127.0.0.1 method=POST path=\"/v1/invalidations\" status=403 code=\"WrongOrigin\"",
        ),
        (
            "DELETE",
            "/v1/none",
            &[(authorization, &deploy)],
            "",
            "by=\"deploy\" method=DELETE path=\"/v1/none\" status=404 code=\"NotFound\"",
        ),
        ("DELETE", &long, &[], "", "l\" status=401"),
    ];
    for (method, target, fields, body, line) in rows {
        let mut client = Client::connect(admin).await;
        client.request(method, target, fields, body).await;
        program.says(line).await;
    }
    // One each, and none of what changes nothing.
    let mut client = Client::connect(admin).await;
    client
        .request("GET", CALL, &[(authorization, &deploy)], "")
        .await;
    client.request("GET", "/healthz", &[], "").await;
    program.signal("TERM").await;
    let mut program = program;
    program.ended().await;
    let output = program.output();
    let lines = output.lines().filter(|line| line.contains(" audit "));
    assert_eq!(lines.clone().count(), rows.len(), "{output}");
    assert!(lines.clone().all(|line| line.contains("client=127.0.0.1")));
    assert!(
        lines.clone().all(|line| line.len() < 500),
        "a path is shortened"
    );
    assert!(
        !output.contains("canary") && !output.contains(TOKEN),
        "{output}"
    );
}
