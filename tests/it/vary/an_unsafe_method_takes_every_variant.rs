//! What changes a target makes all variants of it invalid, those that are being fetched included
//! (RFC 9111 section 4.4).

use super::{get, varying};
use crate::harness::{Reply, until, web_with};

const OPEN: &str = "methods = \"standard\"\norigin_request = \"AllViewerExceptHostHeader\"";

#[tokio::test(flavor = "multi_thread")]
async fn those_that_are_stored() {
    let replies = [
        varying("x-a", "", "1"),
        varying("x-a", "", "2"),
        Reply::ok("", "changed"),
        varying("x-a", "", "1 anew"),
        varying("x-a", "", "2 anew"),
    ];
    let (origin, edge) = web_with("", OPEN, replies).await;
    for n in ["1", "2"] {
        assert_eq!(get(&edge, &[("x-a", n)]).await.text(), n);
    }
    // The change comes with a request that neither of them answers.
    let changed = edge.request("PUT", "/a", &[("x-a", "3")]).await;
    assert_eq!(changed.text(), "changed");
    for n in ["1", "2"] {
        let anew = get(&edge, &[("x-a", n)]).await;
        assert_eq!(anew.text(), format!("{n} anew"));
    }
    assert_eq!(origin.count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn and_those_on_their_way() {
    let Reply::Send(old) = varying("x-a", "", "2") else {
        return;
    };
    let replies = [
        varying("x-a", "", "1"),
        Reply::Hold(old),
        Reply::ok("", "changed"),
        varying("x-a", "", "2 anew"),
    ];
    let (origin, edge) = web_with("", OPEN, replies).await;
    get(&edge, &[("x-a", "1")]).await;
    // Since the first one is known, the second is fetched for its own group of viewers.
    let mut reader = edge.connect().await;
    reader.send_request("GET", "/a", &[("x-a", "2")], "").await;
    until("the second is being fetched", || origin.count() == 2).await;
    edge.request("DELETE", "/a", &[]).await;
    origin.release();
    assert_eq!(reader.answer("GET").await.status, 200);
    edge.settled().await;
    assert_eq!(get(&edge, &[("x-a", "2")]).await.text(), "2 anew");
}
