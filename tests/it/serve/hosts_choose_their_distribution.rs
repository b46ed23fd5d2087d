//! The host decides which distribution answers: the exact name first, then a wildcard, then the
//! default; without one of them the answer is a 421.

use super::assert_refused;
use crate::harness::{EdgeOptions, TestBucket, TestEdge};

const MORE: &str = r#"
[[distributions]]
id = "EXACT"
origin = "site"
domains = ["www.example.net"]
root_object = "exact"
[[distributions]]
id = "WILD"
origin = "site"
domains = ["*.example.net", "deep.example.org"]
root_object = "wild"
"#;

async fn start(first: &str) -> (TestBucket, TestEdge) {
    let bucket = TestBucket::start().await;
    for key in ["first", "exact", "wild"] {
        bucket.put(key, key).await;
    }
    bucket.log().clear();
    let edge = EdgeOptions::of(&bucket)
        .distribution(&format!("root_object = \"first\"\n{first}"))
        .more(MORE)
        .start()
        .await;
    (bucket, edge)
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_choose_their_distribution() {
    let (_bucket, edge) = start("").await;
    let rows = [
        ("www.example.net", "exact"),
        ("WWW.Example.NET:8443", "exact"),
        ("other.example.net", "wild"),
        ("deep.example.org", "wild"),
        // A wildcard stands for one label at least, and the name itself is not under it.
        ("example.net", "first"),
        ("wwwexample.net", "first"),
        ("www.example.net.evil.example", "first"),
        ("localhost", "first"),
        ("127.0.0.1", "first"),
    ];
    for (host, expected) in rows {
        let answer = edge.get_with("/", &[("host", host)]).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, expected),
            "{host}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_default_an_unknown_host_is_a_421() {
    let (bucket, edge) = start("domains = [\"one.example\"]").await;
    for host in ["localhost", "example.net", "two.example", "sub.one.example"] {
        let answer = edge.get_with("/", &[("host", host)]).await;
        assert_refused(host, &answer, 421, &bucket);
    }
    // Refused for the host before anything is said about the method.
    let answer = edge.request("PUT", "/", &[("host", "two.example")]).await;
    assert_refused("PUT", &answer, 421, &bucket);
    let answer = edge.get_with("/", &[("host", "one.example")]).await;
    assert_eq!(answer.text(), "first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_in_absolute_form_names_the_host() {
    let (_bucket, edge) = start("domains = [\"one.example\"]").await;
    let host = [("host", "one.example")];
    let rows = [
        ("http://www.example.net/", "exact"),
        ("http://www.example.net", "exact"),
        ("https://WWW.example.net:8443/?q", "exact"),
        ("http://a.example.net/exact", "exact"),
        ("http://one.example/", "first"),
    ];
    for (target, expected) in rows {
        let answer = edge.get_with(target, &host).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, expected),
            "{target}"
        );
    }
    let answer = edge.get_with("http://nobody.example/", &host).await;
    assert_eq!(
        answer.status, 421,
        "the field does not stand in for the authority"
    );
    let answer = edge.get_with("http://user@one.example/", &host).await;
    assert_eq!(answer.status, 400);
    // Both spellings are one object.
    assert_eq!(edge.get_with("/", &host).await.cache(), "Hit");
}
