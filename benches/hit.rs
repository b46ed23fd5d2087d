//! What a hit costs inside the process: from a parsed request to an answer, no socket.
//!
//! The figures of one run compare with each other; machines differ. Allocations are counts.

#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::{Arc, LazyLock};

use divan::{AllocProfiler, Bencher};
use http::Request;
use seawall::app::Edge;
use seawall::clock::SystemClock;
use seawall::config;
use seawall::demo::bucket::{Bucket, BucketOptions, Identity};
use seawall::demo::site;
use seawall::request::Engine;
use tokio::runtime::Runtime;

#[global_allocator]
static ALLOCATOR: AllocProfiler<mimalloc::MiMalloc> = AllocProfiler::new(mimalloc::MiMalloc);

fn main() {
    divan::main();
}

struct Ready {
    engine: Arc<Engine>,
    _edge: Edge,
    _bucket: Bucket,
    _data: tempfile::TempDir,
    _runtime: Runtime,
}

/// An edge that has the whole sample site.
static READY: LazyLock<Ready> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let data = tempfile::tempdir().unwrap();
    let (edge, bucket) = runtime.block_on(start(&data));
    Ready {
        engine: Arc::clone(edge.engine()),
        _edge: edge,
        _bucket: bucket,
        _data: data,
        _runtime: runtime,
    }
});

async fn start(data: &tempfile::TempDir) -> (Edge, Bucket) {
    let identity = |name: &str| Identity {
        access_key: name.to_owned(),
        secret_key: format!("{name}-secret-0123456789"),
    };
    let (reader, publisher) = (identity("edge"), identity("publisher"));
    let bucket = Bucket::start(BucketOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        bucket: "site".to_owned(),
        region: "local".to_owned(),
        edge: reader.clone(),
        publisher: publisher.clone(),
    })
    .await
    .unwrap();
    let seeded = site::seed(&site::client(&bucket.url(), "local", &publisher), "site")
        .await
        .unwrap();
    let text = format!(
        "[edge]\nlisten = [\"127.0.0.1:0\"]\ndata = {:?}\n[admin]\nlisten = \"127.0.0.1:0\"\n[log]\naccess = \"off\"\n\
         [origins.site]\ntype = \"s3\"\nbucket = \"site\"\nregion = \"local\"\nendpoint = {:?}\n\
         credentials = {{ access_key_env = \"A\", secret_key_env = \"S\" }}\n\
         [[distributions]]\nid = \"E1\"\norigin = \"site\"\ndefault_ttl = \"1d\"\nmin_ttl = \"1h\"\n",
        data.path().to_str().unwrap(),
        bucket.url(),
    );
    let env = |name: &str| {
        Some(if name == "A" {
            reader.access_key.clone()
        } else {
            reader.secret_key.clone()
        })
    };
    let config = config::parse("bench.toml", &text, &env).unwrap();
    let edge = Edge::start(config, Arc::new(SystemClock::new()))
        .await
        .unwrap();
    for key in &seeded.keys {
        let request = request(&format!("/{key}"), &[]);
        if let Err(keyed) = edge.engine().try_hit(&request, None) {
            assert!(
                edge.engine()
                    .handle(keyed, request.map(|()| http_body_util::Empty::new()), None)
                    .await
                    .status()
                    .is_success(),
                "{key}"
            );
        }
    }
    (edge, bucket)
}

fn request(path: &str, fields: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder()
        .uri(path)
        .header("host", "www.example.com")
        .header("user-agent", "bench/1.0");
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn hit(bencher: Bencher<'_, '_>, path: &str, fields: &[(&str, &str)]) {
    let engine = &READY.engine;
    let request = request(path, fields);
    bencher.bench(|| engine.try_hit(divan::black_box(&request), None).is_ok());
}

/// A style sheet of 11 KiB.
#[divan::bench]
fn plain(bencher: Bencher<'_, '_>) {
    hit(bencher, "/assets/site.css", &[]);
}

/// `/`, for which the default root object stands.
#[divan::bench]
fn root_object(bencher: Bencher<'_, '_>) {
    hit(bencher, "/", &[]);
}

/// A viewer that holds the object already: 304.
#[divan::bench]
fn not_modified(bencher: Bencher<'_, '_>) {
    hit(bencher, "/assets/site.css", &[("if-none-match", "*")]);
}

/// 1 KiB out of 8 MiB.
#[divan::bench]
fn range(bencher: Bencher<'_, '_>) {
    hit(
        bencher,
        "/downloads/harbour.bin",
        &[("range", "bytes=4194304-4195327")],
    );
}

/// What every browser sends.
#[divan::bench]
fn browser_fields(bencher: Bencher<'_, '_>) {
    let fields = [
        (
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
        ),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("accept-language", "en-GB,en;q=0.9"),
        ("cache-control", "max-age=0"),
        ("cookie", "a=1; b=2"),
        ("sec-fetch-mode", "navigate"),
    ];
    hit(bencher, "/guide/index.html", &fields);
}
