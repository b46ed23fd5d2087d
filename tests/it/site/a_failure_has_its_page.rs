//! An origin that fails is answered for with a page, which may come from somewhere else; but what is
//! stored of the object is better than any page.

use super::TestBucket;
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

const PAGES: &str = "error_responses = [{ status = 502, page = \"/sorry.html\" }, { status = 503, page = \"/sorry.html\", as_status = 200 }]";

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_failed_application_comes_from_the_bucket() {
    let bucket = TestBucket::start().await;
    bucket.put_with("sorry.html", "sorry", "max-age=600").await;
    let api = ScriptedOrigin::start([
        Reply::status(503, "", "raw error of the application"),
        Reply::status(500, "", "raw error of the application"),
        Reply::status(503, "", "raw error of the application"),
    ])
    .await;
    let edge = EdgeOptions::of(&bucket)
        .distribution(&format!(
            "[[distributions.behaviors]]\npath = \"/api/*\"\norigin = \"api\"\nmethods = \"standard\"\n{PAGES}\n"
        ))
        .more(&format!("[origins.api]\ntype = \"http\"\nurl = \"{}\"\n", api.url()))
        .start()
        .await;
    let sorry = edge.get("/api/a").await;
    assert_eq!((sorry.status, &*sorry.text()), (200, "sorry"));
    // The failure will pass, so nobody may keep it, whatever the page says of itself.
    assert_eq!(sorry.field("cache-control"), "no-store");
    // There is no page for this one.
    assert!(edge.get("/api/a").await.text().starts_with("raw error"));
    let posted = edge
        .connect()
        .await
        .request("POST", "/api/a", &[], "name=z")
        .await;
    assert_eq!((posted.status, &*posted.text()), (200, "sorry"));
    assert_eq!(api.bodies().last().unwrap(), b"name=z");
    assert_eq!(
        edge.get("/sorry.html").await.field("cache-control"),
        "max-age=600"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_refuses_has_the_page_that_is_kept() {
    let origin = ScriptedOrigin::start([
        Reply::ok("", "sorry"),
        Reply::error(403, "SignatureDoesNotMatch"),
        Reply::error(403, "SignatureDoesNotMatch"),
    ])
    .await;
    let edge = EdgeOptions::new(&origin.url())
        .edge("debug_headers = true")
        .distribution(PAGES)
        .start()
        .await;
    assert_eq!(edge.get("/sorry.html").await.status, 200);
    let lost = edge.get("/b").await;
    assert_eq!((lost.status, &*lost.text()), (502, "sorry"));
    assert!(lost.field("cache-status").contains("detail=error-page"));
    // Why it has come to that is counted too.
    let denied = edge
        .metric("seawall_reasons_total{reason=\"origin-denied\"}")
        .await;
    assert!(denied >= 1.0, "{denied}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_copy_comes_before_the_page() {
    let bucket = TestBucket::start().await;
    bucket.put("sorry.html", "sorry").await;
    bucket.put_with("a", "kept", "max-age=1").await;
    let edge = EdgeOptions::of(&bucket).distribution(PAGES).start().await;
    assert_eq!(edge.get("/sorry.html").await.status, 200);
    assert_eq!(edge.get("/a").await.status, 200);
    bucket.stop().await;
    edge.advance(5);
    let stale = edge.advance_until("an answer", 1, edge.get("/a")).await;
    assert_eq!((stale.status, &*stale.text()), (200, "kept"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_fails_in_the_same_way_leaves_the_error_as_it_is() {
    let denied = || Reply::error(403, "SignatureDoesNotMatch");
    let origin = ScriptedOrigin::start([denied(), denied(), denied(), denied()]).await;
    let edge = EdgeOptions::new(&origin.url())
        .distribution(PAGES)
        .start()
        .await;
    let lost = edge.get("/b").await;
    assert_eq!(lost.status, 502);
    assert!(lost.text().contains("could not get this object"));
    assert!(
        origin
            .requests()
            .iter()
            .any(|head| head.starts_with("GET /site/sorry.html "))
    );
}
