//! Whatever a request names, the edge connects to its configured origins and to nothing else: no form of a
//! target and no field leads it to another host, the metadata service or its own admin port.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use crate::harness::{EdgeOptions, Protocol, Reply, ScriptedOrigin, Viewer, bucket_and_edge};

/// A listener that nobody may connect to.
async fn canary() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let met = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&met);
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (address, met)
}

const FIELDS: &[&str] = &[
    "x-forwarded-host",
    "x-forwarded-server",
    "x-host",
    "x-original-host",
    "x-original-url",
    "x-rewrite-url",
    "x-forwarded-proto",
    "forwarded",
    "x-real-ip",
    "referer",
    "origin",
    "x-proxy-url",
    "x-backend",
    "x-wap-profile",
    "proxy-host",
    "destination",
    "true-client-ip",
    "client-ip",
    "x-amz-website-redirect-location",
    "x-accel-redirect",
];

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_target_nor_a_host() {
    let (canary, met) = canary().await;
    let (bucket, site) = bucket_and_edge(&[("page", "page")]).await;
    site.ready().await;
    let origin = ScriptedOrigin::start([]).await;
    let api = EdgeOptions::web(&origin.url())
        .distribution("methods = \"any\"\norigin_request = \"AllViewer\"")
        .start()
        .await;
    let admin = api.edge.admin_address().to_string();
    let mut sent = 0;
    for named in [&*canary, "169.254.169.254", &*admin, "[::1]:9080"] {
        for start in [
            format!("GET http://{named}/page"),
            format!("GET https://{named}/page"),
            format!("GET //{named}/page"),
            format!("GET /@{named}/page"),
            format!("GET http://localhost@{named}/page"),
            format!("GET http://{named}@localhost/page"),
            format!("GET http://localhost:80@{named}/page"),
            format!("GET /http://{named}/page"),
            format!("GET /page?url=http://{named}/"),
            format!("CONNECT {named}"),
        ] {
            for host in ["localhost", named, &format!("user@{named}")] {
                for edge in [&site, &api] {
                    origin.forget();
                    origin.then(Reply::ok("cache-control: no-store\r\n", "origin"));
                    let mut client = edge.connect().await;
                    let text = format!("{start} HTTP/1.1\r\nhost: {host}\r\n\r\n");
                    client.send(text.as_bytes()).await;
                    let answer = client.answer("GET").await;
                    sent += 1;
                    let what = format!("{start} {host}: {answer:?}");
                    assert!(
                        answer.status >= 400 || ["origin", "page"].contains(&&*answer.text()),
                        "{what}"
                    );
                }
            }
        }
    }
    assert_eq!(sent, 4 * 10 * 3 * 2);
    assert_eq!(met.load(Ordering::SeqCst), 0, "the canary was asked");
    drop(bucket);
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_any_field() {
    let (canary, met) = canary().await;
    for protocol in Protocol::BOTH {
        let origin = ScriptedOrigin::start([]).await;
        let edge = EdgeOptions::web(&origin.url())
            .distribution("origin_request = \"AllViewer\"")
            .start()
            .await;
        let mut viewer = Viewer::connect(&edge, protocol).await;
        for field in FIELDS {
            for value in [
                canary.clone(),
                format!("http://{canary}/"),
                format!("host={canary};proto=http"),
            ] {
                origin.then(Reply::ok("cache-control: no-store\r\n", "origin"));
                let answer = viewer.get_with("/page", &[(field, &value)]).await;
                assert_eq!(answer.text(), "origin", "{protocol:?} {field}");
                assert!(origin.last().starts_with("GET /page HTTP/1.1\r\n"));
            }
        }
    }
    assert_eq!(met.load(Ordering::SeqCst), 0, "the canary was asked");
}
