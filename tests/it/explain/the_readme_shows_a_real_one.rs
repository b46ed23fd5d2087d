//! What the README shows of `seawall explain` is what it prints, but for the moment and the origin's address.

use std::path::Path;

use serde_json::json;

use super::explain_as;
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TOKEN, run};

const BEGIN: &str =
    "<!-- explain: begin (SEAWALL_BLESS=1 cargo test --test it readme) -->\n```text\n";
const END: &str = "```\n<!-- explain: end -->";
const URL: &str = "http://www.example.com/news?utm_source=mail&page=2";

/// With `SEAWALL_BLESS=1` it is written anew.
#[tokio::test(flavor = "multi_thread")]
async fn the_readme_shows_a_real_one() {
    let fields = "cache-control: max-age=60\r\netag: \"v41\"\r\n";
    let origin = ScriptedOrigin::start([Reply::ok(fields, "What is new")]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("domains = [\"www.example.com\"]\ncache_policy = \"IgnoreTracking\"\nmax_ttl = \"45s\"\ndefault_ttl = \"5s\"\n")
        .start()
        .await;
    let path = URL.strip_prefix("http://www.example.com").unwrap();
    edge.get_with(path, &[("host", "www.example.com")]).await;
    edge.advance(75);
    let said = explain_as(&edge, json!({ "url": URL })).await;
    let stored_at = said["attempts"][0]["stored"][0]["stored_at"]
        .as_str()
        .unwrap();
    let admin = format!("http://{}", edge.edge.admin_address());
    let printed = run(
        &["explain", URL, "--admin", &admin],
        &[("SEAWALL_ADMIN_TOKEN", TOKEN)],
    )
    .await;
    let address = origin.url();
    let shown = printed
        .stdout
        .replace(stored_at, "2026-07-01T12:00:00.000Z")
        .replace(
            address.strip_prefix("http://").unwrap(),
            "app.internal:8080",
        );
    assert!(
        shown.contains("app.internal:8080") && shown.contains("2026-07-01"),
        "{shown}"
    );
    let shown = format!("$ seawall explain '{URL}'\n{shown}");

    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&readme).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if std::env::var_os("SEAWALL_BLESS").is_some() {
        std::fs::write(&readme, format!("{before}{BEGIN}{shown}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(
        written, shown,
        "SEAWALL_BLESS=1 cargo test --test it readme writes it anew"
    );
}
