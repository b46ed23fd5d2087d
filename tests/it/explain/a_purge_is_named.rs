//! A miss after a purge names the purge.

use super::explain;
use crate::harness::{Reply, scripted};

#[tokio::test]
async fn a_purge_is_named() {
    let page = || Reply::ok("cache-control: max-age=60\r\n", "a");
    let (_origin, edge) = scripted([page(), page()]).await;
    edge.get("/a").await;
    edge.get("/b").await;
    let purged = edge.purge(&["/a*"]).await;
    let id = purged["id"].as_str().unwrap();
    let said = explain(&edge, "/a", &[]).await;
    assert_eq!(said["decision"]["forward"], "uri-miss");
    assert_eq!(said["attempts"][0]["invalidation"], id);
    let summary = said["decision"]["summary"].as_str().unwrap();
    assert!(summary.contains(id), "{summary}");
    // What it does not take is none of its business.
    let said = explain(&edge, "/b", &[]).await;
    assert_eq!(said["decision"]["verdict"], "serve");
    assert!(said["attempts"][0]["invalidation"].is_null());
    let stamp = &said["attempts"][0]["stored"][0]["stamp"];
    assert_eq!(stamp["seq"], 0, "it was asked for before the purge");
}

#[tokio::test]
async fn what_is_dead_and_still_held_names_what_took_it() {
    let (_origin, edge) = scripted([Reply::ok("cache-control: max-age=60\r\n", "a")]).await;
    edge.get("/a").await;
    edge.edge.engine().ledger.raise_epoch();
    let said = explain(&edge, "/a", &[]).await;
    let stored = &said["attempts"][0]["stored"][0];
    assert_eq!(stored["liveness"], "dead");
    assert_eq!(stored["taken_by"], "a new epoch");
    assert_eq!(said["decision"]["verdict"], "fetch");
    let summary = said["decision"]["summary"].as_str().unwrap();
    assert!(summary.contains("epoch"), "{summary}");
}
