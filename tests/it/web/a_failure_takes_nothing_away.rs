//! An origin that fails while a stale answer is asked about takes nothing away: the answer is covered
//! where that is allowed, and is there to be asked about again where it is not (RFC 9111 section 4.3.3).

use crate::harness::{Reply, TestEdge, field, web};

const DATE: &str = "Wed, 01 Jul 2020 00:00:00 GMT";

fn page(cache_control: &str) -> Reply {
    let fields =
        format!("cache-control: {cache_control}\r\netag: \"a\"\r\nlast-modified: {DATE}\r\n");
    Reply::ok(&fields, "hello")
}

/// No answer at all, in as many tries as there may be, or a head that ends within.
fn no_answer() -> [Vec<Reply>; 3] {
    let closed = |bytes: &str| vec![Reply::SendAndClose(bytes.as_bytes().to_vec()); 3];
    [
        closed(""),
        closed("HTTP/1.1 200 OK\r\ncontent-le"),
        closed("HTTP/1.1 200"),
    ]
}

/// The entry is still what the origin is asked about, and its 304 is worth the whole answer.
async fn is_still_there(edge: &TestEdge, origin: &crate::harness::ScriptedOrigin, what: &str) {
    origin.forget();
    // Nobody asks again so soon after a failure that was covered.
    edge.advance(11);
    origin.then(Reply::not_modified(
        "cache-control: max-age=10\r\netag: \"a\"\r\n",
    ));
    let renewed = edge.get("/a").await;
    assert_eq!(field(&origin.last(), "if-none-match"), "\"a\"", "{what}");
    assert_eq!(
        (
            renewed.status,
            renewed.text().as_str(),
            renewed.cache().as_str()
        ),
        (200, "hello", "RefreshHit"),
        "{what}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_is_covered_only_where_that_is_allowed() {
    for replies in no_answer() {
        for (allowed, expected) in [
            ("max-age=10", 504),
            ("max-age=10, stale-if-error=60", 200),
            ("max-age=10, stale-if-error=60, must-revalidate", 504),
        ] {
            let (origin, edge) = web([page(allowed)]).await;
            edge.get("/a").await;
            edge.advance(11);
            replies.iter().for_each(|reply| origin.then(reply.clone()));
            let answer = edge.get("/a").await;
            let what = format!("{replies:?} {allowed}");
            assert_eq!(answer.status, expected, "{what}");
            if expected == 200 {
                assert_eq!(answer.text(), "hello", "{what}");
                assert_eq!(answer.field("age"), "11", "{what}");
            }
            is_still_there(&edge, &origin, &what).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_5xx_never_takes_the_place_of_what_is_usable() {
    for status in [500, 502, 503, 504] {
        // Its own lifetime does not help it where the stored answer may be served.
        for own in ["", "cache-control: max-age=60\r\n"] {
            let (origin, edge) = web([page("max-age=10, stale-if-error=60")]).await;
            edge.get("/a").await;
            edge.advance(11);
            origin.then(Reply::status(status, own, "theirs"));
            let covered = edge.get("/a").await;
            assert_eq!((covered.status, covered.text().as_str()), (200, "hello"));
            is_still_there(&edge, &origin, &format!("{status} {own}")).await;
        }
        // Where it may not be served, their failure is shown, and is not kept.
        let (origin, edge) = web([page("max-age=10")]).await;
        edge.get("/a").await;
        edge.advance(11);
        origin.then(Reply::status(status, "", "theirs"));
        let shown = edge.get("/a").await;
        assert_eq!((shown.status, shown.text().as_str()), (status, "theirs"));
        is_still_there(&edge, &origin, &status.to_string()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_404_and_a_410_do_take_its_place() {
    for status in [404, 410] {
        let (origin, edge) = web([page("max-age=10, stale-if-error=60")]).await;
        edge.get("/a").await;
        edge.advance(11);
        origin.then(Reply::status(
            status,
            "cache-control: max-age=60\r\n",
            "gone",
        ));
        for cache in ["Error", "Error"] {
            let answer = edge.get("/a").await;
            assert_eq!(
                (
                    answer.status,
                    answer.text().as_str(),
                    answer.cache().as_str()
                ),
                (status, "gone", cache)
            );
        }
        assert_eq!(origin.count(), 2);
    }
}
