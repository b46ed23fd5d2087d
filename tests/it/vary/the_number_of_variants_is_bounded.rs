//! A field with no end of values cannot fill the store under one key.

use seawall::store::variants::MAX_VARIANTS;

use super::{forwarding, get, is, told, varying};

#[tokio::test(flavor = "multi_thread")]
async fn past_the_limit_the_least_recently_used_leaves() {
    let replies = (0..=MAX_VARIANTS + 1).map(|n| varying("user-agent", "", &n.to_string()));
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies.collect()).await;
    let ask = async |n: usize| told(&get(&edge, &[("user-agent", &n.to_string())]).await);
    for n in 0..MAX_VARIANTS {
        assert_eq!(ask(n).await.1, n.to_string());
        edge.advance(1);
    }
    assert_eq!(edge.metric("seawall_variants_evicted_total").await, 0.0);
    assert_eq!(ask(0).await, is("hit", "0"), "all of them are there");
    assert_eq!(ask(MAX_VARIANTS).await.0, "fwd=vary-miss");
    assert_eq!(edge.metric("seawall_variants_evicted_total").await, 1.0);
    assert_eq!(
        ask(0).await,
        is("hit", "0"),
        "it was asked for a moment ago"
    );
    assert_eq!(ask(2).await, is("hit", "2"));
    let again = (MAX_VARIANTS + 1).to_string();
    assert_eq!(
        ask(1).await,
        is("fwd=vary-miss", &again),
        "it was not asked for longest"
    );
    assert_eq!(origin.count(), MAX_VARIANTS + 2);
}
