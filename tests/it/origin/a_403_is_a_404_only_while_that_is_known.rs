//! A bucket that may not be listed answers 403 for what it does not have. That is a 404 only while
//! the edge is known to be let in; a policy that was taken away never turns a site into 404s.

use crate::harness::{Answer, EdgeOptions, TestBucket, TestEdge};

async fn provisioned() -> TestBucket {
    let bucket = TestBucket::start().await;
    for key in ["index.html", "a.txt", "b.txt"] {
        bucket.put(key, key).await;
    }
    bucket
}

async fn talking(bucket: &TestBucket) -> TestEdge {
    EdgeOptions::of(bucket)
        .edge("debug_headers = true\n")
        .start()
        .await
}

fn is_denied(answer: &Answer) {
    assert_eq!((answer.status, answer.cache().as_str()), (502, "Error"));
    assert!(
        answer
            .field("cache-status")
            .ends_with("; detail=origin-denied"),
        "{}",
        answer.field("cache-status")
    );
    assert!(!answer.text().contains("AccessDenied"), "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_404_is_a_404() {
    let bucket = provisioned().await;
    let edge = talking(&bucket).await;
    // Nothing was read before: the root object proves that the edge is let in.
    for method in ["GET", "HEAD"] {
        let missing = edge.request(method, "/nope", &[]).await;
        assert_eq!((missing.status, missing.cache().as_str()), (404, "Error"));
        assert!(
            missing
                .field("cache-status")
                .contains("; detail=origin-403-no-list"),
            "{}",
            missing.field("cache-status")
        );
        assert!(!missing.text().contains("AccessDenied"));
    }
    let again = edge.get("/nope").await;
    assert_eq!((again.status, again.has("age")), (404, true));
    assert!(
        again
            .field("cache-status")
            .contains("; detail=origin-403-no-list"),
        "{}",
        again.field("cache-status")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_was_taken_away_is_a_502() {
    let bucket = provisioned().await;
    let edge = talking(&bucket).await;
    assert_eq!(edge.get("/a.txt").await.status, 200);
    assert_eq!(edge.get("/nope").await.status, 404);

    bucket.faults().deny_edge(true);
    // What was read proves for a minute that the edge is let in, and what the bucket hides is
    // believed for five: past both, and in between.
    for (seconds, name) in [(61, "one"), (200, "two"), (301, "three")] {
        edge.advance(seconds);
        let memory = &edge.edge.engine().memory;
        let before = memory.usage().objects;
        for path in ["/b.txt".to_owned(), format!("/nope-{name}")] {
            for method in ["GET", "HEAD"] {
                for _ in 0..2 {
                    is_denied(&edge.request(method, &path, &[]).await);
                }
            }
            is_denied(&edge.get_with(&path, &[("range", "bytes=0-1")]).await);
        }
        assert_eq!(memory.usage().objects, before, "no refusal is kept");
        let kept = edge.get("/a.txt").await;
        assert_eq!((kept.status, kept.text().as_str()), (200, "a.txt"));
    }

    bucket.faults().deny_edge(false);
    for (path, status) in [("/b.txt", 200), ("/nope-three", 404), ("/nope-four", 404)] {
        assert_eq!(edge.get(path).await.status, status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_was_never_let_in_has_no_404s() {
    let bucket = provisioned().await;
    bucket.faults().deny_edge(true);
    let edge = talking(&bucket).await;
    for path in ["/a.txt", "/nope", "/"] {
        is_denied(&edge.get(path).await);
    }
    assert_eq!(edge.edge.engine().memory.usage().objects, 0);
    bucket.faults().deny_edge(false);
    assert_eq!(edge.get("/a.txt").await.status, 200);
    assert_eq!(edge.get("/nope").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_everything_is_believed_for_five_seconds() {
    let bucket = provisioned().await;
    bucket.faults().deny_edge(true);
    let edge = talking(&bucket).await;
    edge.ready().await;
    // Whether the edge is let in is asked of the root object.
    let asked = || bucket.log().gets("index.html");
    for (seconds, name, questions) in [(0, "1", 1), (0, "2", 1), (5, "3", 1), (1, "4", 2)] {
        edge.advance(seconds);
        is_denied(&edge.get(&format!("/nope-{name}")).await);
        assert_eq!(asked(), questions, "/nope-{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_readable_proves_nothing() {
    let bucket = TestBucket::start().await;
    let edge = talking(&bucket).await;
    is_denied(&edge.get("/nope").await);
    is_denied(&edge.get("/").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_off_takes_a_403_for_what_it_says() {
    let bucket = provisioned().await;
    let edge = EdgeOptions::of(&bucket)
        .edge("debug_headers = true\n")
        .origin("missing = \"off\"\n")
        .start()
        .await;
    assert_eq!(edge.get("/a.txt").await.status, 200);
    is_denied(&edge.get("/nope").await);
    bucket.faults().list_allowed(true);
    assert_eq!(edge.get("/nope").await.status, 404, "that one is plain");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_may_be_listed_says_404_itself() {
    let bucket = provisioned().await;
    bucket.faults().list_allowed(true);
    let edge = talking(&bucket).await;
    for method in ["GET", "HEAD"] {
        let missing = edge.request(method, "/nope", &[]).await;
        assert_eq!(missing.status, 404);
        assert!(
            !missing.field("cache-status").contains("detail="),
            "{method}"
        );
        assert!(!missing.text().contains("NoSuchKey"));
    }
}
