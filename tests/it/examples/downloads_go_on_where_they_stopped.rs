//! `download-site.toml`: large files that never change, by ranges, and the pages that lead to them.

use std::fs;

use http::StatusCode;

use super::{asked, bucket, check, config, edge, get, redirects, request, says};
use crate::harness::{Answer, Reply, ScriptedOrigin, TestBucket, TestEdge, field};

const NAME: &str = "download-site";
const HOST: &str = "downloads.example.com";
const FILE: &str = "/files/2.4.1/tool.tar.gz";
const ATTACHMENT: &str = "attachment; filename=\"tool-2.4.1.tar.gz\"";
const SIZE: usize = 3 * 1024 * 1024 + 17;

/// Bytes of which no two neighbourhoods are alike.
fn file() -> Vec<u8> {
    let words = (0_u32..).flat_map(|n| n.wrapping_mul(0x9e37_79b1).to_be_bytes());
    words.take(SIZE).collect()
}

async fn downloads() -> (TestBucket, TestEdge) {
    let objects = [
        ("releases/index.html", "all releases"),
        ("mirrors.txt", "https://mirror.example.net"),
        ("files/index.html", "a listing"),
    ];
    let bucket = bucket("example-downloads", &objects).await;
    bucket
        .putting(&FILE[1..], file())
        .content_type("application/gzip")
        .content_disposition(ATTACHMENT)
        .send()
        .await
        .unwrap();
    let edge = edge(NAME, &bucket.url(), &[]).await;
    (bucket, edge)
}

async fn of(edge: &TestEdge, path: &str, fields: &[(&str, &str)]) -> Answer {
    get(edge, HOST, path, fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn check_tells_what_holds() {
    says(
        &check(NAME).await,
        &[
            "distribution DOWNLOADS: downloads.example.com -> origin files ",
            "    redirects: 2 rules\n    /files/*: ",
            " default_ttl 365d, max_ttl 365d, negative_ttl 1s, ",
            " stale_on_error 365d, ",
            "; key: path; response headers SimpleCORS\n    all other paths: ",
            " default_ttl 1m, ",
            "; index directories; response headers SimpleCORS\n",
        ],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_goes_on_from_the_stored_file() {
    let (bucket, edge) = downloads().await;
    let whole = of(&edge, FILE, &[]).await;
    assert_eq!((&*whole.cache(), whole.body == file()), ("Miss", true));
    let (tag, before) = (whole.field("etag"), asked(&bucket));
    let resume = [("range", "bytes=2000000-"), ("if-range", &*tag)];
    let rest = of(&edge, FILE, &resume).await;
    assert_eq!(rest.status, 206);
    assert!(rest.body == file()[2_000_000..]);
    let range = format!("bytes 2000000-{}/{SIZE}", SIZE - 1);
    assert_eq!(rest.field("content-range"), range);
    // Another file than the one that was begun is sent whole.
    let other = [("range", "bytes=2000000-"), ("if-range", "\"other\"")];
    let again = of(&edge, FILE, &other).await;
    assert_eq!((again.status, again.body == file()), (200, true));
    let head = request(&edge, "HEAD", HOST, FILE, &[]).await;
    assert_eq!(head.field("content-length"), SIZE.to_string());
    let same = of(&edge, FILE, &[("if-none-match", &*tag)]).await;
    assert_eq!(same.status, 304);
    for answer in [&whole, &rest, &again, &head] {
        assert_eq!(answer.field("content-disposition"), ATTACHMENT);
    }
    edge.advance(364 * 86_400);
    assert_eq!(of(&edge, FILE, &[]).await.cache(), "Hit");
    assert_eq!(asked(&bucket), before);
    // After its year it is still better than nothing.
    let down = (StatusCode::SERVICE_UNAVAILABLE, "SlowDown");
    bucket.faults().fail_all(Some(down));
    edge.advance(30 * 86_400);
    assert!(of(&edge, FILE, &[]).await.body == file());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_of_a_file_that_is_not_stored_is_fetched_as_that_range() {
    let (bucket, edge) = downloads().await;
    for _ in 0..2 {
        let part = of(&edge, FILE, &[("range", "bytes=5-104")]).await;
        assert_eq!((part.status, &part.body[..]), (206, &file()[5..105]));
        assert_eq!(part.field("content-disposition"), ATTACHMENT);
        let sent = bucket.asked(&FILE[1..]);
        assert_eq!(sent.header("range"), Some("bytes=5-104"));
    }
    assert_eq!(bucket.log().gets(&FILE[1..]), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_the_limit_is_passed_on_as_it_comes() {
    let origin = ScriptedOrigin::start([]).await;
    let edge = edge(NAME, &origin.url(), &[]).await;
    origin.forget();
    // One byte more than the file allows, of which only the first come.
    let length = 256 * 1024 * 1024 + 1;
    let head = format!("HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: {length}\r\n\r\nbegin");
    for asked in 1..=2 {
        origin.then(Reply::SendAndStall(head.clone().into_bytes()));
        let mut viewer = edge.connect().await;
        viewer
            .send_request("GET", "/files/disk.iso", &[("host", HOST)], "")
            .await;
        let answer = viewer.head().await;
        assert_eq!(answer.field("content-length"), length.to_string());
        assert!(!answer.field("cache-status").contains("stored"));
        assert_eq!(viewer.some().await, b"begin");
        let heads = origin.requests().into_iter();
        let isos = heads.filter(|head| head.contains("/files/disk.iso "));
        assert_eq!(isos.count(), asked);
    }
    assert_eq!(field(&origin.last(), "range"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_release_moves_with_the_file_of_redirects() {
    let (bucket, mut edge) = downloads().await;
    let start = of(&edge, "/", &[]).await;
    assert_eq!(
        (start.status, &*start.field("location")),
        (302, "/releases/")
    );
    let latest = of(&edge, "/latest/tool.tar.gz", &[]).await;
    assert_eq!((latest.status, &*latest.field("location")), (302, FILE));
    let file = edge.data.path().join(redirects(NAME));
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("2.4.1", "2.5.0")).unwrap();
    let again = config(NAME, &bucket.url(), &[], &edge.data);
    edge.edge.reload(again).await.unwrap();
    let latest = of(&edge, "/latest/tool.tar.gz", &[]).await;
    assert_eq!(latest.field("location"), "/files/2.5.0/tool.tar.gz");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_short_lived_and_a_new_release_is_there_a_moment_later() {
    let (bucket, edge) = downloads().await;
    let page = of(&edge, "/releases/", &[]).await;
    assert_eq!(page.text(), "all releases");
    assert!(page.field("cache-status").ends_with("ttl=60"));
    let from = [("origin", "https://www.example.com")];
    let mirrors = of(&edge, "/mirrors.txt", &from).await;
    assert_eq!(mirrors.text(), "https://mirror.example.net");
    assert_eq!(mirrors.field("access-control-allow-origin"), "*");
    assert!(mirrors.field("cache-status").ends_with("ttl=60"));

    let next = "files/2.5.0/tool.tar.gz";
    assert_eq!(of(&edge, &format!("/{next}"), &[]).await.status, 404);
    bucket.put(next, "two dot five").await;
    assert_eq!(of(&edge, &format!("/{next}"), &[]).await.status, 404);
    edge.advance(1);
    let there = of(&edge, &format!("/{next}"), &[]).await;
    assert_eq!(there.text(), "two dot five");

    for path in ["/files/", "/files/2.4.1"] {
        assert_eq!(of(&edge, path, &[]).await.status, 404, "{path}");
    }
    assert_eq!(bucket.log().gets("files/index.html"), 0);
}
