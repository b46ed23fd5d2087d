//! What a hit costs in allocations: a count that may only go down.
//!
//! A global allocator counts what one thread allocates within a measured section. The hits go
//! straight to `Engine::try_hit`, so that no socket and no other thread is in the figure.
//!
//! `cargo test --test alloc -- --nocapture` prints the figures.
#![allow(clippy::unwrap_used)]
#![allow(
    unsafe_code,
    reason = "GlobalAlloc is an unsafe trait; each call goes to the system's allocator unchanged"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;

use aws_sdk_s3::primitives::ByteStream;
use http::{HeaderMap, HeaderValue, Request, header};
use http_body::Body as _;
use seawall::app::Edge;
use seawall::clock::{Clock, ManualClock, SystemClock};
use seawall::config;
use seawall::demo::bucket::{Bucket, BucketOptions, Identity};
use seawall::demo::site;
use seawall::policy::cache_policy::CachePolicy;
use seawall::policy::key_parts::KeyParts;
use seawall::policy::names::Choice;
use seawall::policy::origin_request::OriginRequest;
use seawall::request::Engine;

/// Allocations of a plain hit, as measured in the test profile. The count may only go down.
const ALLOCATIONS: u64 = 7;
/// The same where a policy sets four fields and says who may read the answer.
const WITH_POLICY: u64 = 8;
/// Bytes of the same: the map of the fields grows once.
const WITH_POLICY_BYTES: u64 = 5_120;
/// Bytes that a hit may allocate, whatever the object's size.
const BYTES: u64 = 4_096;
/// Hits that are measured.
const HITS: u64 = 1_000;
/// Bytes of the large object.
const LARGE: usize = 100 * 1024;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static MEASURING: Cell<bool> = const { Cell::new(false) };
    static TAKEN: Cell<Taken> = const { Cell::new(Taken { allocations: 0, bytes: 0 }) };
}

/// What was allocated.
#[derive(Clone, Copy, Debug)]
struct Taken {
    allocations: u64,
    bytes: u64,
}

struct Counting;

impl Counting {
    /// Neither cell is allocated lazily or has a destructor, so this may run at any time.
    fn count(size: usize) {
        if MEASURING.get() {
            let taken = TAKEN.get();
            TAKEN.set(Taken {
                allocations: taken.allocations + 1,
                bytes: taken.bytes + size as u64,
            });
        }
    }
}

// SAFETY: every call is handed to the system's allocator with what was given.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        Self::count(layout.size());
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count(size);
        // SAFETY: `pointer` came from `System` with this `layout`, as the caller promises.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `section` allocates on this thread.
fn measured(section: impl FnOnce()) -> Taken {
    TAKEN.set(Taken {
        allocations: 0,
        bytes: 0,
    });
    MEASURING.set(true);
    section();
    MEASURING.set(false);
    TAKEN.get()
}

/// Allocations and bytes of one hit of `path`: the average, rounded down, since the cache's own
/// housekeeping falls into a hit now and then.
fn per_hit(engine: &Engine, path: &str, length: usize) -> (u64, u64) {
    let request = Request::builder()
        .uri(path)
        .header("host", "localhost")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64)")
        .header("accept", "*/*")
        .header("accept-encoding", "gzip, br")
        .header("origin", "https://app.test")
        .body(())
        .unwrap();
    let hit = || {
        let Ok(answer) = engine.try_hit(black_box(&request), None) else {
            panic!("{path} is not in the cache");
        };
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.body().size_hint().exact(), Some(length as u64));
        black_box(answer);
    };
    // The first hits of a thread make what the thread keeps.
    for _ in 0..HITS {
        hit();
    }
    let taken = measured(|| {
        for _ in 0..HITS {
            hit();
        }
    });
    let Taken { allocations, bytes } = taken;
    println!("{path}: {HITS} hits took {allocations} allocations of {bytes} bytes");
    (allocations / HITS, bytes / HITS)
}

#[test]
fn measuring_sees_what_is_allocated() {
    let taken = measured(|| drop(black_box(vec![0_u8; 5_000])));
    assert_eq!((taken.allocations, taken.bytes), (1, 5_000));
    assert_eq!(measured(|| ()).allocations, 0);
    let elsewhere = measured(|| {
        MEASURING.set(false);
        drop(black_box(vec![0_u8; 5_000]));
    });
    assert_eq!(elsewhere.allocations, 0, "only measured sections count");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hit_allocates_little_and_copies_no_body() {
    let (_bucket, edge, _data) = edge_with([("a.txt", 5), ("large", LARGE)], "").await;
    let engine = edge.engine();
    // Hits are measured on this thread, without an await point in between.
    let (allocations, bytes) = per_hit(engine, "/a.txt", 5);
    assert!(
        allocations <= ALLOCATIONS,
        "a plain hit takes {allocations} allocations, it was {ALLOCATIONS}"
    );
    assert!(bytes < BYTES, "a plain hit allocates {bytes} bytes");
    let (allocations, bytes) = per_hit(engine, "/large", LARGE);
    assert!(
        allocations <= ALLOCATIONS,
        "a hit of a large object takes {allocations} allocations, it was {ALLOCATIONS}"
    );
    assert!(
        bytes < BYTES,
        "{bytes} bytes are allocated for a hit of {LARGE}: is the body copied?"
    );
}

/// A request's key is made on the stack: of a plain target, and with fields in it as well.
#[test]
fn a_key_allocates_nothing() {
    let mut viewer = HeaderMap::new();
    viewer.insert("accept-encoding", HeaderValue::from_static("gzip, br"));
    viewer.insert("accept-language", HeaderValue::from_static("de"));
    viewer.insert(
        "cookie",
        HeaderValue::from_static("b=2; a=1; session=0123456789"),
    );
    let fields = KeyParts {
        query: Choice::None,
        sort_query: true,
        headers: vec![header::ACCEPT_LANGUAGE],
        cookies: Choice::All,
        accept_encoding: true,
    };
    let tracking = CachePolicy::preset("IgnoreTracking").unwrap().key;
    for parts in [KeyParts::TARGET, fields, tracking] {
        let policy = OriginRequest::preset("Default").unwrap().keying(&parts);
        let taken = measured(|| {
            let queries = policy.queries(black_box(Some("q=seawall&page=2")));
            let query = queries.keyed.as_deref();
            black_box(policy.target_key("E1EXAMPLE", None, "/a/path", query, &viewer));
        });
        assert_eq!(taken.allocations, 0, "{parts}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_for_response_headers_costs_a_hit_little() {
    let (_bucket, edge, _data) = edge_with([("a.txt", 5)], POLICY).await;
    let (allocations, bytes) = per_hit(edge.engine(), "/a.txt", 5);
    assert!(
        allocations <= WITH_POLICY,
        "a hit with a policy takes {allocations} allocations, it was {WITH_POLICY}"
    );
    assert!(
        bytes < WITH_POLICY_BYTES,
        "a hit with a policy allocates {bytes} bytes"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn behaviors_cost_a_hit_nothing() {
    let (_bucket, edge, _data) = edge_with([("a.txt", 5)], BEHAVIORS).await;
    let (allocations, bytes) = per_hit(edge.engine(), "/a.txt", 5);
    assert!(
        allocations <= ALLOCATIONS,
        "a hit among behaviours takes {allocations} allocations, a plain one {ALLOCATIONS}"
    );
    assert!(
        bytes < BYTES,
        "a hit among behaviours allocates {bytes} bytes"
    );
}

const BEHAVIORS: &str = r#"
[[distributions.behaviors]]
path = "/private/*"
[[distributions.behaviors]]
path = "*.txt"
"#;

const POLICY: &str = r#"
response_headers = "app"
[response_headers.app]
cors = { origins = ["https://app.test", "https://*.test"], credentials = true }
security = { content_type_options = true, frame_options = "DENY", referrer_policy = "origin" }
set = [{ name = "X-Team", value = "web" }]
"#;

/// A bucket with objects of these sizes, and an edge that has them all in its cache; with further lines of
/// the distribution.
async fn edge_with<const N: usize>(
    objects: [(&str, usize); N],
    lines: &str,
) -> (Bucket, Edge, tempfile::TempDir) {
    let identity = |name: &str| Identity {
        access_key: name.to_owned(),
        secret_key: format!("{name}-secret-key-of-the-tests"),
    };
    let bucket = Bucket::start(BucketOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        bucket: "site".to_owned(),
        region: "local".to_owned(),
        edge: identity("edge"),
        publisher: identity("publisher"),
    })
    .await
    .unwrap();
    let publisher = site::client(&bucket.url(), "local", &identity("publisher"));
    publisher
        .create_bucket()
        .bucket("site")
        .send()
        .await
        .unwrap();
    let data = tempfile::tempdir().unwrap();
    let text = format!(
        r#"
[edge]
listen = ["127.0.0.1:0"]
data = {data:?}
workers = 1
[admin]
listen = "127.0.0.1:0"
[log]
access = "off"
[origins.site]
bucket = "site"
region = "local"
endpoint = "{endpoint}"
credentials = {{ access_key_env = "KEY", secret_key_env = "SECRET" }}
[[distributions]]
id = "E1"
origin = "site"
{lines}
"#,
        data = data.path().to_str().unwrap(),
        endpoint = bucket.url(),
    );
    let env = |name: &str| match name {
        "KEY" => Some(identity("edge").access_key),
        "SECRET" => Some(identity("edge").secret_key),
        _ => None,
    };
    let config = config::parse("alloc.toml", &text, &env)
        .unwrap_or_else(|error| panic!("{}", error.render_plain()));
    let clock = Arc::new(ManualClock::new(SystemClock::new().wall()));
    let edge = Edge::start(config, clock).await.unwrap();
    for (key, size) in objects {
        publisher
            .put_object()
            .bucket("site")
            .key(key)
            .content_type("text/plain")
            .body(ByteStream::from(vec![b'x'; size]))
            .send()
            .await
            .unwrap();
        let request = || {
            Request::builder()
                .uri(format!("/{key}"))
                .header("host", "localhost")
                .body(())
                .unwrap()
        };
        let keyed = edge.engine().try_hit(&request(), None).unwrap_err();
        let answer = edge
            .engine()
            .handle(
                keyed,
                request().map(|()| http_body_util::Empty::new()),
                None,
            )
            .await;
        assert_eq!(answer.status(), 200);
    }
    (bucket, edge, data)
}
