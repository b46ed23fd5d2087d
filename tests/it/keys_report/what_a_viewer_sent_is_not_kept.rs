//! Names are kept, and nothing else of what a viewer sent: no value, and no name that may well be one.

use super::{all_seen, page};
use crate::harness::{EdgeOptions, ScriptedOrigin, TOKEN, run};

#[tokio::test(flavor = "multi_thread")]
async fn neither_in_the_report_nor_in_what_is_printed() {
    const SECRET: &str = "hunter2-9f3c";
    let policy = "[cache_policies.own]\nheaders = [\"X-Key\"]\ncookies = \"all\"\n";
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("cache_policy = \"own\"\norigin_request = \"AllViewer\"\n")
        .more(policy)
        .start()
        .await;
    let host = format!("{SECRET}.test");
    let cookie = format!("session={SECRET}0; {SECRET}1");
    let key = format!("{SECRET}2");
    let long = format!("{SECRET}{}", "n".repeat(64));
    let targets = [
        format!("/{SECRET}?token={SECRET}&{SECRET}"),
        format!("/p?{SECRET}&{long}=1"),
        format!("/p?%1b{SECRET}=1&a={SECRET}"),
    ];
    for target in &targets {
        let fields = [("host", &*host), ("cookie", &cookie), ("x-key", &key)];
        origin.then(page(&format!("page {SECRET}")));
        assert_eq!(edge.get_with(target, &fields).await.status, 200, "{target}");
    }
    all_seen(&edge, 3).await;
    let answer = edge.admin("GET", "/v1/keys", "").await.text();
    for name in ["token", "session", "x-key"] {
        assert!(answer.contains(&format!("\"name\":\"{name}\"")), "{answer}");
    }
    assert!(!answer.contains(SECRET), "{answer}");
    let admin = format!("http://{}", edge.edge.admin_address());
    let printed = run(
        &["keys", "--admin", &admin],
        &[("SEAWALL_ADMIN_TOKEN", TOKEN)],
    )
    .await;
    assert!(
        printed.stdout.contains("parameter without a name"),
        "{}",
        printed.stdout
    );
    assert!(!printed.stdout.contains(SECRET) && !printed.stdout.contains('\u{1b}'));
}
