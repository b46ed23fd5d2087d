//! Of several variants the one that answers the request is validated, with the fields that select it.

use super::{forwarding, get, is, told, varying};
use crate::harness::Reply;

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_variant_is_validated_by_its_own_tag() {
    let replies = vec![
        varying("x-a", "etag: \"one\"\r\n", "first"),
        varying("x-a", "etag: \"two\"\r\n", "second"),
        Reply::not_modified("etag: \"one\"\r\ncache-control: max-age=60\r\n"),
        Reply::not_modified("etag: \"two\"\r\ncache-control: max-age=60\r\n"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    for n in ["1", "2"] {
        get(&edge, &[("x-a", n)]).await;
    }
    edge.advance(61);
    assert_eq!(
        told(&get(&edge, &[("x-a", "1")]).await),
        is("fwd=stale", "first")
    );
    let asked = origin.last().to_lowercase();
    assert!(
        asked.contains("\nif-none-match: \"one\"\r\n") && asked.contains("\nx-a: 1\r\n"),
        "{asked}"
    );
    assert_eq!(told(&get(&edge, &[("x-a", "1")]).await), is("hit", "first"));
    // The other one is as stale as before, and is asked about by its own tag.
    assert_eq!(
        told(&get(&edge, &[("x-a", "2")]).await),
        is("fwd=stale", "second")
    );
    let asked = origin.last().to_lowercase();
    assert!(
        asked.contains("\nif-none-match: \"two\"\r\n") && asked.contains("\nx-a: 2\r\n"),
        "{asked}"
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "2")]).await),
        is("hit", "second")
    );
    assert_eq!(origin.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_answer_replaces_its_own_variant_only() {
    let replies = vec![
        varying("x-a", "etag: \"one\"\r\n", "first"),
        Reply::ok("cache-control: max-age=600\r\nvary: x-a\r\n", "second"),
        varying("x-a", "etag: \"three\"\r\n", "first, anew"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    for n in ["1", "2"] {
        get(&edge, &[("x-a", n)]).await;
    }
    edge.advance(61);
    assert_eq!(
        told(&get(&edge, &[("x-a", "1")]).await),
        is("fwd=stale", "first, anew")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "1")]).await),
        is("hit", "first, anew")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "2")]).await),
        is("hit", "second")
    );
    assert_eq!(origin.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_304_may_change_what_the_answer_varies_on() {
    let replies = vec![
        varying("x-a", "etag: \"one\"\r\n", "first"),
        Reply::not_modified("etag: \"one\"\r\nvary: x-a, x-b\r\ncache-control: max-age=60\r\n"),
        varying("x-a, x-b", "", "another"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    get(&edge, &[("x-a", "1"), ("x-b", "1")]).await;
    edge.advance(61);
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "1")]).await),
        is("fwd=stale", "first")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "2")]).await),
        is("fwd=vary-miss", "another")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "1")]).await),
        is("hit", "first")
    );
    assert_eq!(origin.count(), 3);
}
