//! What the scenarios are played with: a bucket, an edge in front of it, a scripted origin, and a
//! client that shows every byte.
//!
//! Everything listens on 127.0.0.1, on ports that the system chooses. Nothing sleeps: a test
//! moves a manual clock, or waits until something has happened ([`until`]). Only a foreign process
//! ([`stores`]) is looked at every few milliseconds while it starts.

pub(crate) mod client;
pub(crate) mod edge;
pub(crate) mod frames;
pub(crate) mod origin;
pub(crate) mod printed;
pub(crate) mod program;
pub(crate) mod store;
pub(crate) mod stores;
pub(crate) mod tools;
pub(crate) mod viewer;

use std::time::Duration;

pub(crate) use client::{Answer, Client, raw};
pub(crate) use edge::{EdgeOptions, TestEdge};
pub(crate) use origin::{Reply, ScriptedOrigin, field};
pub(crate) use program::{Program, run};
pub(crate) use store::{TestBucket, edge_identity};
pub(crate) use viewer::{Protocol, Viewer};

/// The admin token of every test edge.
pub(crate) const TOKEN: &str = "test-admin-token-0123456789";

/// Waits until `condition` holds; panics after a minute, naming `what`.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    bounded(what, waiting).await;
}

/// Bounds a wait that ends by itself: a test that hangs is a test that fails.
pub(crate) async fn bounded<T>(what: &str, future: impl Future<Output = T>) -> T {
    #[expect(
        clippy::disallowed_methods,
        reason = "a bound on the whole test, not an assertion on time"
    )]
    let result = tokio::time::timeout(Duration::from_secs(60), future).await;
    result.unwrap_or_else(|_| panic!("nothing in a minute: {what}"))
}

/// A bucket with these objects (`key`, body), and an edge in front of it on a manual clock.
pub(crate) async fn bucket_and_edge(objects: &[(&str, &str)]) -> (TestBucket, TestEdge) {
    let bucket = TestBucket::start().await;
    for (key, body) in objects {
        bucket.put(key, body).await;
    }
    let edge = TestEdge::start(&bucket).await;
    (bucket, edge)
}

/// An origin with this script, and an edge in front of it on a manual clock.
pub(crate) async fn scripted(
    replies: impl IntoIterator<Item = Reply>,
) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::new(&origin.url()).start().await;
    (origin, edge)
}

/// An HTTP origin with this script, and an edge in front of it on a manual clock.
pub(crate) async fn web(replies: impl IntoIterator<Item = Reply>) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::web(&origin.url()).start().await;
    (origin, edge)
}

/// As [`web`], with lines of the origin's and of the distribution's table.
pub(crate) async fn web_with(
    origin_lines: &str,
    distribution_lines: &str,
    replies: impl IntoIterator<Item = Reply>,
) -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start(replies).await;
    let edge = EdgeOptions::web(&origin.url())
        .origin(origin_lines)
        .distribution(distribution_lines)
        .start()
        .await;
    (origin, edge)
}
