//! The fields by which a store tells of itself end at the edge, in whichever family they are named.

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin};

#[tokio::test(flavor = "multi_thread")]
async fn what_a_store_says_of_itself_stays_behind() {
    let fields = "server: AmazonS3\r\nx-amz-request-id: 1\r\nx-amz-meta-owner: jane\r\n\
        x-amzn-requestid: 2\r\nx-amazing: the publisher's\r\n";
    let origin = ScriptedOrigin::start([Reply::ok(fields, "body")]).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    for expected in ["Miss", "Hit"] {
        let answer = edge.get("/a").await;
        assert_eq!((answer.status, answer.cache().as_str()), (200, expected));
        for name in [
            "server",
            "x-amz-request-id",
            "x-amz-meta-owner",
            "x-amzn-requestid",
        ] {
            assert!(!answer.has(name), "{name}: {:?}", answer.fields);
        }
        assert_eq!(answer.field("x-amazing"), "the publisher's");
    }
}
