//! RFC 9111 section 4.1: a stored answer answers the requests whose selecting fields are the same.

use super::{forwarding, get, is, told, varying};
use crate::harness::Reply;

const DE: (&str, &str) = ("accept-language", "de, en;q=0.5");
const EN: (&str, &str) = ("accept-language", "en");

#[tokio::test(flavor = "multi_thread")]
async fn each_is_fetched_once_and_kept_beside_the_others() {
    let replies =
        ["deutsch", "english", "whatever"].map(|body| varying("Accept-Language", "", body));
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies.to_vec()).await;
    assert_eq!(
        told(&get(&edge, &[DE]).await),
        is("fwd=uri-miss", "deutsch")
    );
    assert_eq!(
        told(&get(&edge, &[EN]).await),
        is("fwd=vary-miss", "english")
    );
    assert_eq!(
        told(&get(&edge, &[]).await),
        is("fwd=vary-miss", "whatever")
    );
    for _ in 0..2 {
        assert_eq!(told(&get(&edge, &[DE]).await), is("hit", "deutsch"));
        assert_eq!(told(&get(&edge, &[EN]).await), is("hit", "english"));
        assert_eq!(told(&get(&edge, &[]).await), is("hit", "whatever"));
    }
    // Spelled otherwise, the same preference.
    for spelling in ["DE,en;q=0.50", "en;q=0.5 , de"] {
        let answer = get(&edge, &[("accept-language", spelling)]).await;
        assert_eq!(told(&answer), is("hit", "deutsch"), "{spelling}");
    }
    assert_eq!(origin.count(), 3);
    let head = edge
        .request("HEAD", "/a", &[("host", "web.test"), EN])
        .await;
    assert_eq!(head.field("content-length"), "7");
    assert_eq!(head.field("vary"), "Accept-Language");
    assert_eq!(origin.count(), 3, "a HEAD is answered by its variant too");
    assert_eq!(edge.edge.engine().memory.usage().objects, 1, "one key");
}

#[tokio::test(flavor = "multi_thread")]
async fn variants_may_vary_on_different_fields() {
    let replies = vec![
        varying("x-a", "", "by a"),
        varying("x-b", "", "by b"),
        varying("x-a, x-b", "", "by both"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "1")]).await),
        is("fwd=uri-miss", "by a")
    );
    edge.advance(1);
    assert_eq!(
        told(&get(&edge, &[("x-a", "2"), ("x-b", "2")]).await),
        is("fwd=vary-miss", "by b")
    );
    edge.advance(1);
    assert_eq!(
        told(&get(&edge, &[("x-a", "3"), ("x-b", "3")]).await),
        is("fwd=vary-miss", "by both")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "9")]).await),
        is("hit", "by a")
    );
    // Both the first and the second answer this one: the newer Date wins.
    assert_eq!(
        told(&get(&edge, &[("x-a", "1"), ("x-b", "2")]).await),
        is("hit", "by b")
    );
    assert_eq!(
        told(&get(&edge, &[("x-a", "3"), ("x-b", "3")]).await),
        is("hit", "by both")
    );
    assert_eq!(origin.count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_vary_answers_everybody() {
    let replies = vec![
        varying("x-a", "", "for one"),
        Reply::ok("cache-control: max-age=60\r\n", "for all"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    assert_eq!(get(&edge, &[("x-a", "1")]).await.text(), "for one");
    edge.advance(1);
    assert_eq!(get(&edge, &[("x-a", "2")]).await.text(), "for all");
    assert_eq!(
        told(&get(&edge, &[("x-a", "3")]).await),
        is("hit", "for all")
    );
    // The newer one of the two that answer it.
    assert_eq!(
        told(&get(&edge, &[("x-a", "1")]).await),
        is("hit", "for all")
    );
    assert_eq!(origin.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_and_ranges_are_about_the_variant() {
    let replies = vec![
        varying("x-a", "etag: \"one\"\r\n", "0123456789"),
        varying("x-a", "etag: \"two\"\r\n", "abcdefghij"),
    ];
    let (origin, edge) = forwarding("AllViewerExceptHostHeader", replies).await;
    for n in ["1", "2"] {
        get(&edge, &[("x-a", n)]).await;
    }
    let answer = get(&edge, &[("x-a", "1"), ("if-none-match", "\"one\"")]).await;
    assert_eq!((answer.status, answer.field("vary").as_str()), (304, "x-a"));
    let answer = get(&edge, &[("x-a", "2"), ("if-none-match", "\"one\"")]).await;
    assert_eq!(answer.status, 200);
    let answer = get(&edge, &[("x-a", "2"), ("range", "bytes=2-3")]).await;
    assert_eq!((answer.status, answer.text().as_str()), (206, "cd"));
    assert_eq!(origin.count(), 2);
}
