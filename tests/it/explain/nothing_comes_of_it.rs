//! A thousand explanations leave everything as it was: metrics, log, origins, and what leaves the memory
//! first.

use std::sync::Arc;

use http::Request;

use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestEdge};

const EXPLANATIONS: usize = 1_000;
/// Objects that are asked for, more than there is room for.
const OBJECTS: usize = 120;
/// When the memory is more than half full: before that nobody's popularity is counted.
const HALF_WAY: usize = 45;

fn look(edge: &TestEdge, path: &str) {
    let request = Request::get(path).header("host", "localhost").body(());
    edge.edge.engine().explain(&request.unwrap(), None);
}

async fn metrics(edge: &TestEdge) -> Vec<String> {
    let text = edge.admin_with("GET", "/metrics", &[], "").await.text();
    // A connection of a viewer ends when the edge has seen it.
    let moving = |line: &&str| !line.contains("connections");
    text.lines().filter(moving).map(str::to_owned).collect()
}

#[tokio::test]
async fn no_count_no_line_and_no_request() {
    let data = Arc::new(tempfile::tempdir().unwrap());
    let log = data.path().join("access.log");
    let swr = "cache-control: max-age=1, stale-while-revalidate=60\r\nvary: accept-encoding\r\n";
    let origin = ScriptedOrigin::start([
        Reply::ok(swr, "a"),
        Reply::ok(swr, "b"),
        Reply::ok("cache-control: no-store\r\n", "c"),
    ])
    .await;
    let edge = EdgeOptions::web(&origin.url())
        .data(&data)
        .access(log.to_str().unwrap())
        .start()
        .await;
    edge.get("/stale").await;
    edge.get_with("/stale", &[("accept-encoding", "gzip")])
        .await;
    edge.get("/own").await;
    edge.advance(5);
    edge.settled().await;
    let used = || -> Vec<u64> {
        let mut used: Vec<u64> = edge
            .edge
            .engine()
            .memory
            .iter()
            .map(|entry| entry.used().nanos())
            .collect();
        used.sort_unstable();
        used
    };
    let position = || edge.edge.engine().ledger.position();
    let before = (metrics(&edge).await, used(), position());
    for _ in 0..EXPLANATIONS / 5 {
        for path in ["/stale", "/own", "/never", "/a/../b", "/other?q=1"] {
            look(&edge, path);
        }
    }
    assert_eq!(edge.edge.engine().fills.open(), 0);
    let after = (metrics(&edge).await, used(), position());
    let new = after.0.iter().filter(|line| !before.0.contains(line));
    assert_eq!(new.collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(after, before);
    assert_eq!(origin.count(), 3);
    // One more answer is the fourth line: nothing was written in between.
    edge.request("GET", "/..", &[]).await;
    crate::harness::until("four lines", || lines(&log) >= 4).await;
    assert_eq!(lines(&log), 4);
}

fn lines(log: &std::path::Path) -> usize {
    std::fs::read_to_string(log)
        .unwrap_or_default()
        .lines()
        .count()
}

/// Which objects are left when more were asked for than there is room for; one of them is explained over and
/// over meanwhile, or asked for.
async fn left(explained: bool, asked: bool) -> Vec<String> {
    let body = "x".repeat(40_000);
    let page = || Reply::ok("cache-control: max-age=600\r\n", &body);
    let origin = ScriptedOrigin::start((0..OBJECTS).map(|_| page())).await;
    let edge = EdgeOptions::web(&origin.url())
        .edge("memory = \"2MiB\"\nmax_object_size = \"1MiB\"\n")
        .start()
        .await;
    for object in 0..OBJECTS {
        edge.get(&format!("/{object}")).await;
        if object == HALF_WAY {
            for _ in 0..EXPLANATIONS {
                if explained {
                    look(&edge, "/0");
                    look(&edge, "/30");
                }
            }
            if asked {
                for _ in 0..20 {
                    edge.get("/0").await;
                }
            }
        }
        // Evictions are done now, and not when moka finds the time.
        let _ = edge.edge.engine().memory.usage();
    }
    let mut left: Vec<String> = edge
        .edge
        .engine()
        .memory
        .iter()
        .map(|entry| entry.key.to_string())
        .collect();
    left.sort();
    left
}

#[tokio::test]
async fn what_leaves_the_memory_first_is_as_without_it() {
    let plain = left(false, false).await;
    assert!(plain.len() < OBJECTS, "some had to leave");
    assert_eq!(left(true, false).await, plain);
    assert_ne!(
        left(false, true).await,
        plain,
        "to be asked for does matter"
    );
}
