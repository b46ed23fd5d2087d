//! The configurations to paste, `fixtures/config/examples`: each is run as it is published, and what its comments
//! promise is held by who would notice if it did not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seawall::app::Edge;
use seawall::clock::{Clock, ManualClock, SystemClock};
use seawall::config::{self, Config};
use tempfile::TempDir;

use crate::harness::{Answer, TOKEN, TestBucket, TestEdge, edge_identity, run};

mod a_static_site_is_served_as_its_file_says;
mod an_application_and_its_api_share_a_name_and_nothing_else;
mod customers_share_an_edge_and_nothing_else;
mod downloads_go_on_where_they_stopped;

/// The token of a customer.
const ACME_TOKEN: &str = "acme-purge-token-0123456789";
const REGION: &str = "eu-central-1";

/// What a browser says when somebody goes to a page.
const BROWSER: [(&str, &str); 2] = [
    ("sec-fetch-mode", "navigate"),
    ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config/examples")
}

/// The bucket that an example names, with these objects.
async fn bucket(name: &str, objects: &[(&str, &str)]) -> TestBucket {
    let bucket = TestBucket::named(name, REGION).await;
    // A missing object says so, and costs one request.
    bucket.faults().list_allowed(true);
    for (key, body) in objects {
        bucket.put(key, body).await;
    }
    bucket
}

/// Starts an edge from a copy of an example, on a manual clock.
async fn edge(example: &str, bucket: &str, others: &[(&str, &str)]) -> TestEdge {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let clock = Arc::new(ManualClock::new(SystemClock::new().wall()));
    let config = config(example, bucket, others, &data);
    let edge = Edge::start(config, Arc::clone(&clock) as _).await.unwrap();
    let edge = TestEdge { edge, clock, data };
    edge.ready().await;
    edge
}

/// The example as it is published, but for places and keys, and for `others`. It is read from a copy beside copies
/// of the files that it names, which stay as they are if they are there already.
fn config(example: &str, bucket: &str, others: &[(&str, &str)], data: &TempDir) -> Config {
    let below = |name: &str| data.path().join(name);
    let own = [
        ("[\"0.0.0.0:8080\"]", "[\"127.0.0.1:0\"]".to_owned()),
        ("\"127.0.0.1:9080\"", "\"127.0.0.1:0\"".to_owned()),
        ("\"/var/lib/seawall\"", format!("{:?}", below("data"))),
        (
            "\"/var/log/seawall/access.log\"",
            format!("{:?}", below("access.log")),
        ),
        (
            "# endpoint = \"http://127.0.0.1:9000\"",
            format!("endpoint = {bucket:?}"),
        ),
        (
            "credentials = \"chain\"",
            "credentials = { access_key_env = \"EDGE_ACCESS_KEY\", secret_key_env = \"EDGE_SECRET_KEY\" }"
                .to_owned(),
        ),
    ];
    let mut text = fs::read_to_string(folder().join(format!("{example}.toml"))).unwrap();
    let own = own.iter().map(|(written, instead)| (*written, &**instead));
    for (written, instead) in own.chain(others.iter().copied()) {
        assert!(text.contains(written), "{example} does not say {written}");
        text = text.replace(written, instead);
    }
    let file = below(&format!("{example}.toml"));
    fs::write(&file, text).unwrap();
    let (redirects, copy) = (
        folder().join(redirects(example)),
        below(&redirects(example)),
    );
    if redirects.exists() && !copy.exists() {
        fs::copy(redirects, copy).unwrap();
    }
    let env = |name: &str| match name {
        "SEAWALL_ADMIN_TOKEN" => Some(TOKEN.to_owned()),
        "ACME_PURGE_TOKEN" => Some(ACME_TOKEN.to_owned()),
        "EDGE_ACCESS_KEY" => Some(edge_identity().access_key),
        "EDGE_SECRET_KEY" => Some(edge_identity().secret_key),
        _ => None,
    };
    config::load_with(&file, &env).unwrap_or_else(|error| panic!("{}", error.render_plain()))
}

fn redirects(example: &str) -> String {
    format!("{example}.redirects")
}

/// What `seawall check` says of the published file, after that it is valid.
async fn check(example: &str) -> String {
    let file = format!("fixtures/config/examples/{example}.toml");
    let tokens = [
        ("SEAWALL_ADMIN_TOKEN", TOKEN),
        ("ACME_PURGE_TOKEN", ACME_TOKEN),
    ];
    let run = run(&["check", &file], &tokens).await;
    assert_eq!((run.code, &*run.stderr), (Some(0), ""));
    let valid = format!("{file}: the configuration is valid\n");
    run.stdout.strip_prefix(&valid).unwrap().to_owned()
}

/// Whether each of these texts is a line of what `check` said, or stands in one, in this order; nothing is said
/// to be of no use.
fn says(checked: &str, parts: &[&str]) {
    let mut rest = checked;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            panic!("{part:?} is not in\n{rest}");
        };
        rest = after;
    }
    assert!(!checked.contains("nobody uses"), "{checked}");
}

/// Asks for a path of a host.
async fn get(edge: &TestEdge, host: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    request(edge, "GET", host, path, fields).await
}

async fn request(
    edge: &TestEdge,
    method: &str,
    host: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Answer {
    let fields = [&[("host", host)], fields].concat();
    edge.request(method, path, &fields).await
}

/// How often the edge has asked the bucket for objects, probes apart.
fn asked(bucket: &TestBucket) -> usize {
    let own = edge_identity().access_key;
    let entries = bucket.log().all().into_iter();
    entries
        .filter(|entry| entry.access_key.as_deref() == Some(&*own))
        .filter_map(|entry| entry.key)
        .filter(|key| !key.contains("seawall-probe-"))
        .count()
}
