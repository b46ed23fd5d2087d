//! With `live` the request is sent too, and does what a viewer's would: no more, no less.

use seawall::admin::explain::LIVE_BYTES;
use serde_json::json;

use super::explain_as;
use crate::harness::{Reply, web_with};

#[tokio::test]
async fn live_sends_it_as_a_viewer_would() {
    let fields = "cache-control: max-age=60\r\nset-cookie: id=secret; path=/\r\n";
    let (origin, edge) = web_with("", "", [Reply::ok(fields, "hello")]).await;
    let call = || json!({ "url": "http://localhost/a", "live": true });
    let said = explain_as(&edge, call()).await;
    // What was explained is how it was before.
    assert_eq!(said["decision"]["forward"], "uri-miss");
    let live = &said["live"];
    assert_eq!(
        (
            &live["status"],
            &live["cost"],
            &live["bytes"],
            &live["complete"]
        ),
        (&json!(200), &json!("Miss"), &json!(5), &json!(true))
    );
    let fields = live["fields"].as_array().unwrap();
    assert!(
        fields.contains(&json!(["set-cookie", "id=REDACTED; path=/"])),
        "{fields:?}"
    );
    assert_eq!(origin.count(), 1);
    let again = explain_as(&edge, call()).await;
    assert_eq!(again["decision"]["verdict"], "serve");
    assert_eq!(again["live"]["cost"], "Hit");
    assert_eq!(
        edge.get("/a").await.cache(),
        "Hit",
        "a viewer has it from there, too"
    );
    assert_eq!(origin.count(), 1);

    // What no viewer may do, it does not either.
    let call = json!({ "url": "http://localhost/a", "method": "POST", "live": true });
    let refused = explain_as(&edge, call).await;
    assert_eq!(refused["live"]["status"], 405);
    assert_eq!(origin.count(), 1);
}

#[tokio::test]
async fn of_a_long_answer_a_part_is_read() {
    let limit = usize::try_from(LIVE_BYTES).unwrap();
    let page = |bytes: usize| Reply::ok("cache-control: no-store\r\n", &"x".repeat(bytes));
    let (_origin, edge) = web_with("", "", [page(limit), page(limit + 1)]).await;
    for complete in [true, false] {
        let said = explain_as(&edge, json!({ "url": "http://localhost/a", "live": true })).await;
        assert_eq!(said["live"]["complete"], complete, "{}", said["live"]);
    }
}
