//! Browsers send Cookie over HTTP/2 in many lines. They are one field to the origin (RFC 9113 section 8.2.3)
//! and to the limit on fields.

use crate::harness::frames::{End, Frames, get};
use crate::harness::{Reply, field, web_with};

#[tokio::test(flavor = "multi_thread")]
async fn cookies_in_crumbs_are_one_field() {
    let lines = "origin_request = \"AllViewer\"";
    let (origin, edge) = web_with("", lines, [Reply::ok("", "page")]).await;
    let crumbs: Vec<String> = (0..200).map(|at| format!("c{at}={at}")).collect();
    let mut fields = get("/a").to_vec();
    fields.extend(crumbs.iter().map(|crumb| ("cookie", crumb.as_str())));
    let mut frames = Frames::connect(edge.viewer()).await;
    frames.ask(1, &fields).await;
    assert_eq!(frames.end(1).await, End::Answer(200));
    assert_eq!(field(&origin.last(), "cookie"), crumbs.join("; "));
}
