//! The gate and hyper agree about where requests end, whatever bytes come and however they are cut.
//!
//! The first byte says into pieces of which length the rest is cut.

#![no_main]

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use libfuzzer_sys::fuzz_target;
use seawall::clock::{ManualClock, SharedClock};
use seawall::semantics::dates::UnixTime;
use seawall::semantics::framing::{Chunks, Delimiter, Head};
use seawall::serve::gate::{Gate, Refused};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the service saw of a request.
#[derive(Debug)]
struct Seen {
    /// Bytes of the body, as far as it came; and whether it came to its end.
    body: (usize, bool),
    refused: bool,
}

/// What must be seen of it.
#[derive(Debug)]
enum Expected {
    /// A whole request with so many bytes of body. Whether it may be the last of its connection.
    Whole(usize, bool),
    /// A body that breaks off or is malformed.
    Broken,
    /// A head that is refused.
    Refused,
}

fuzz_target!(|input: &[u8]| {
    let Some((cut, bytes)) = input.split_first() else {
        return;
    };
    let seen = serve(bytes, usize::from(*cut) + 1);
    let expected = expected(bytes);
    assert!(seen.len() <= expected.len(), "{seen:?} {expected:?}");
    for (seen, expected) in seen.iter().zip(&expected) {
        match expected {
            Expected::Whole(length, _) => {
                assert!(!seen.refused, "{seen:?} {expected:?}");
                assert_eq!(seen.body, (*length, true));
            }
            Expected::Broken => assert!(!seen.refused && !seen.body.1, "{seen:?}"),
            Expected::Refused => assert!(seen.refused, "{seen:?}"),
        }
    }
    // What passes, hyper reads; unless the connection had to end before.
    if let Some(Expected::Whole(_, last)) = seen.len().checked_sub(1).map(|at| &expected[at]) {
        assert!(
            *last || seen.len() == expected.len(),
            "{seen:?} {expected:?}"
        );
    } else if seen.is_empty() {
        assert!(expected.is_empty(), "{expected:?}");
    }
});

/// Sends pieces through a gate to hyper, and closes.
fn serve(bytes: &[u8], cut: usize) -> Vec<Seen> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let clock: SharedClock = Arc::new(ManualClock::new(UnixTime::from_secs(0)));
    let refused = Arc::new(Refused::default());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let service = {
        let (seen, refused) = (Arc::clone(&seen), Arc::clone(&refused));
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let (seen, refused) = (Arc::clone(&seen), Arc::clone(&refused));
            async move { Ok::<_, Infallible>(answer(request, &seen, &refused).await) }
        })
    };
    runtime.block_on(async {
        let (mut viewer, edge) = tokio::io::duplex(1 << 20);
        let gate = Gate::new(edge, Bytes::new(), refused, clock);
        let connection = hyper::server::conn::http1::Builder::new()
            .half_close(true)
            .serve_connection(TokioIo::new(gate), service);
        let talking = async {
            for piece in bytes.chunks(cut) {
                if viewer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _ = viewer.shutdown().await;
            let mut answers = Vec::new();
            let _ = viewer.read_to_end(&mut answers).await;
        };
        let _ = tokio::join!(connection, talking);
    });
    Arc::into_inner(seen).unwrap().into_inner().unwrap()
}

/// As the edge answers: what was refused, and CONNECT, by an error.
async fn answer(
    request: Request<Incoming>,
    seen: &Mutex<Vec<Seen>>,
    refused: &Refused,
) -> Response<Empty<Bytes>> {
    let violation = refused.of(seen.lock().unwrap().len() as u64);
    let mut response = Response::new(Empty::new());
    if request.method() == Method::CONNECT {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    }
    let mut body = request.into_body();
    let (mut length, mut whole) = (0, true);
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => length += frame.into_data().map_or(0, |data| data.len()),
            Err(_) => whole = false,
        }
    }
    seen.lock().unwrap().push(Seen {
        body: (length, whole),
        refused: violation.is_some(),
    });
    if violation.is_some() {
        *response.status_mut() = StatusCode::BAD_REQUEST;
        let close = http::HeaderValue::from_static("close");
        response.headers_mut().insert("connection", close);
    }
    response
}

/// The requests in these bytes, as `semantics::framing` reads them all at once.
fn expected(mut bytes: &[u8]) -> Vec<Expected> {
    let mut found = Vec::new();
    loop {
        let complete = match Head::default().read(bytes) {
            Ok(None) => return found,
            Err(_) => {
                found.push(Expected::Refused);
                return found;
            }
            Ok(Some(complete)) => complete,
        };
        let text = String::from_utf8_lossy(&bytes[..complete.bytes]).to_lowercase();
        // After these hyper may read no further request.
        let last = ["\nconnection:", " http/1.0\r", "connect "]
            .iter()
            .any(|word| text.contains(word));
        bytes = &bytes[complete.bytes..];
        let length = match complete.body {
            Delimiter::Length(length) => usize::try_from(length)
                .ok()
                .and_then(|length| bytes.split_at_checked(length))
                .map(|(body, rest)| {
                    bytes = rest;
                    body.len()
                }),
            Delimiter::Chunked => match Chunks::default().read(bytes) {
                Ok((end, true)) => {
                    let length = data(&bytes[..end]);
                    bytes = &bytes[end..];
                    Some(length)
                }
                _ => None,
            },
        };
        match length {
            Some(length) => found.push(Expected::Whole(length, last)),
            None => {
                found.push(Expected::Broken);
                return found;
            }
        }
    }
}

/// Bytes of data in a chunked body that is whole.
fn data(body: &[u8]) -> usize {
    let (mut rest, mut sum) = (body, 0);
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let digits = rest[..end].split(|&byte| byte == b';').next().unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        if size == 0 {
            return sum;
        }
        sum += size;
        rest = &rest[end + 2 + size + 2..];
    }
}
