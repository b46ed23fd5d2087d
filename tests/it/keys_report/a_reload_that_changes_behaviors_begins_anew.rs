//! What was gathered under other behaviours says nothing of these; a reload that leaves them as they are takes
//! nothing away.

use super::{all_seen, looked_at, only, report, visit};
use crate::harness::{EdgeOptions, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn only_if_they_change() {
    let origin = ScriptedOrigin::start([]).await;
    let options = || EdgeOptions::web(&origin.url());
    let mut edge = options().start().await;
    visit(&origin, &edge, &[("/p?a=1", "page"), ("/p?a=2", "page")]).await;
    assert_eq!(edge.metric("seawall_key_paths").await, 1.0);

    edge.edge
        .reload(options().config(&edge.data))
        .await
        .unwrap();
    assert_eq!(only(&edge).await.samples, 2);
    visit(&origin, &edge, &[("/p?a=3", "page")]).await;
    assert_eq!(only(&edge).await.samples, 3);

    let other = options().distribution("max_ttl = \"1m\"");
    edge.edge.reload(other.config(&edge.data)).await.unwrap();
    assert_eq!(report(&edge).await.behaviors, []);
    assert_eq!(
        (looked_at(&edge), edge.metric("seawall_key_paths").await),
        (0, 0.0)
    );
    visit(&origin, &edge, &[("/p?a=4", "page")]).await;
    all_seen(&edge, 1).await;
    assert_eq!(only(&edge).await.samples, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_a_day_later_all_is_forgotten() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    visit(&origin, &edge, &[("/p?a=1", "page"), ("/p?a=2", "page")]).await;
    edge.advance(24 * 3_600 - 1);
    assert_eq!(only(&edge).await.samples, 2);
    edge.advance(1);
    let found = only(&edge).await;
    assert_eq!((found.samples, found.parts.len()), (0, 0));
    assert_eq!(edge.metric("seawall_key_paths").await, 0.0);
}
