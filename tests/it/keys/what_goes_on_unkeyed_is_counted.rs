//! What an origin gets of a viewer without its being in the key can be in an answer for others: it is counted.

use super::keyed;

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_unkeyed_is_counted() {
    let more = r#"
[cache_policies.own]
query = { allow = ["q"] }
headers = ["x-tenant"]
cookies = { allow = ["u"] }
[origin_requests.more]
fields = { allow = ["x-tenant", "x-trace", "authorization"] }
cookies = { allow = ["u", "seen"] }
query = { allow = ["debug"] }
"#;
    let lines = "cache_policy = \"own\"\norigin_request = \"more\"\nmethods = \"standard\"";
    let (origin, edge) = keyed(more, lines, &["1", "2", "3", "4", "5"]).await;
    let counted = async || {
        let mut counts = Vec::new();
        for what in ["query", "header", "cookie"] {
            let name = format!("seawall_forwarded_unkeyed_total{{what=\"{what}\"}}");
            counts.push(edge.metric(&name).await);
        }
        counts
    };
    let plain = [
        ("x-tenant", "a"),
        ("cookie", "u=ann; other=1"),
        ("x-other", "1"),
    ];
    edge.get_with("/?q=1&other=2", &plain).await;
    assert_eq!(counted().await, [0.0, 0.0, 0.0]);
    edge.get_with("/2?debug", &[]).await;
    assert_eq!(counted().await, [1.0, 0.0, 0.0]);
    let all = [("x-trace", "1"), ("cookie", "seen=1")];
    edge.get_with("/3?debug=1&q", &all).await;
    assert_eq!(counted().await, [2.0, 1.0, 1.0]);
    // A hit asks no origin.
    edge.get_with("/3?debug=2&q", &all).await;
    assert_eq!(counted().await, [2.0, 1.0, 1.0]);
    // What is never stored has no key that something could be missing from.
    edge.request("POST", "/?debug", &all).await;
    assert_eq!(counted().await, [2.0, 1.0, 1.0]);
    assert_eq!(origin.count(), 4);
}
