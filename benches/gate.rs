//! What the gate of HTTP/1 costs: the judging of a head alone, and a whole exchange in memory, from bytes to bytes,
//! with the gate before hyper and without it.
//!
//! One thread, no socket. Rounds take turns, and of each kind the shortest counts: what a machine does beside it only
//! adds. The figures of one run compare with each other; the ratio is the last column.

#![allow(clippy::unwrap_used, missing_docs)]

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use seawall::clock::{Clock, SharedClock, SystemClock};
use seawall::semantics::framing::Head;
use seawall::serve::gate::{Gate, Refused};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::runtime::Runtime;

const ROUNDS: usize = 15;
const REQUESTS: u32 = 2_000;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    println!("us a request      judged   exchange  with gate   ratio");
    for (name, head) in heads() {
        let (mut judged, mut plain, mut gated) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            judged = judged.min(judge(&head));
            plain = plain.min(exchange(&runtime, &head, false));
            gated = gated.min(exchange(&runtime, &head, true));
        }
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(REQUESTS);
        println!(
            "{name:<16} {:>7.3} {:>10.3} {:>10.3} {:>7.3}",
            each(judged),
            each(plain),
            each(gated),
            gated.as_secs_f64() / plain.as_secs_f64()
        );
    }
}

fn heads() -> [(&'static str, Vec<u8>); 3] {
    let curl = "GET /assets/site.css HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: curl/8.9.1\r\nAccept: */*\r\n\r\n";
    let browser = "GET /guide/index.html?page=2 HTTP/1.1\r\nHost: www.example.com\r\nConnection: keep-alive\r\n\
        Cache-Control: max-age=0\r\nsec-ch-ua: \"Chromium\";v=\"141\", \"Not?A_Brand\";v=\"8\"\r\nsec-ch-ua-mobile: ?0\r\n\
        sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) \
        AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36\r\nAccept: text/html,\
        application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nSec-Fetch-Site: same-origin\r\n\
        Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nReferer: https://www.example.com/\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9\r\nCookie: a=1; b=2\r\n\r\n";
    let large = format!(
        "GET / HTTP/1.1\r\nHost: www.example.com\r\n{}\r\n",
        format!("X: {}\r\n", "x".repeat(400)).repeat(80)
    );
    [
        ("curl", curl.into()),
        ("browser", browser.into()),
        ("32 KiB", large.into()),
    ]
}

fn judge(head: &[u8]) -> Duration {
    let clock = SystemClock::new();
    let start = clock.now();
    for _ in 0..REQUESTS {
        let complete = Head::default().read(divan::black_box(head)).unwrap();
        divan::black_box(complete.unwrap());
    }
    clock.now().saturating_since(start)
}

/// As many requests on one connection, each sent when the one before is answered.
fn exchange(runtime: &Runtime, head: &[u8], gated: bool) -> Duration {
    let clock: SharedClock = Arc::new(SystemClock::new());
    runtime.block_on(async {
        let (mut viewer, edge) = tokio::io::duplex(64 * 1_024);
        let talking = async {
            let start = clock.now();
            let mut answer = [0; 4_096];
            for _ in 0..REQUESTS {
                viewer.write_all(head).await.unwrap();
                assert!(viewer.read(&mut answer).await.unwrap() > 0);
            }
            let time = clock.now().saturating_since(start);
            drop(viewer);
            time
        };
        let serving = async {
            if gated {
                let refused = Arc::new(Refused::default());
                serve(Gate::new(edge, Bytes::new(), refused, Arc::clone(&clock))).await;
            } else {
                serve(edge).await;
            }
        };
        tokio::join!(talking, serving).0
    })
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin) {
    let service = hyper::service::service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Empty::<Bytes>::new()))
    });
    // The viewer ends it.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
