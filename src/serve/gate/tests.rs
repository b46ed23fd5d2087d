use std::convert::Infallible;
use std::sync::Mutex;

use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::clock::ManualClock;
use crate::semantics::dates::UnixTime;

/// What a service saw of a request: its method, its target, its fields, and its body as far as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    line: String,
    fields: usize,
    body: Result<usize, usize>,
    violation: Option<Violation>,
}

/// Sends pieces through a gate to hyper, and closes. What the service saw, and what came back.
fn serve(pieces: &[&[u8]]) -> (Vec<Seen>, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let clock: SharedClock = Arc::new(ManualClock::new(UnixTime::from_secs(0)));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let refused = Arc::new(Refused::default());
    let service = {
        let (seen, refused) = (Arc::clone(&seen), Arc::clone(&refused));
        hyper::service::service_fn(move |request: Request<Incoming>| {
            let (seen, refused) = (Arc::clone(&seen), Arc::clone(&refused));
            async move {
                let (head, mut body) = request.into_parts();
                let violation = refused.of(seen.lock().unwrap().len() as u64);
                let line = format!("{} {} {:?}", head.method, head.uri, head.version);
                let mut read = Ok(0);
                while let Some(frame) = body.frame().await {
                    let data = frame.map(|frame| frame.into_data().map_or(0, |data| data.len()));
                    read = match (read, data) {
                        (Ok(before), Ok(more)) => Ok(before + more),
                        (Ok(before) | Err(before), _) => Err(before),
                    };
                }
                let fields = head.headers.len();
                let (body, line) = (read, line);
                seen.lock().unwrap().push(Seen {
                    line,
                    fields,
                    body,
                    violation,
                });
                let mut response = Response::new(Empty::<Bytes>::new());
                if violation.is_some() {
                    *response.status_mut() = http::StatusCode::BAD_REQUEST;
                    let close = http::HeaderValue::from_static("close");
                    response.headers_mut().insert("connection", close);
                }
                Ok::<_, Infallible>(response)
            }
        })
    };
    let answers = runtime.block_on(async {
        let (mut viewer, edge) = tokio::io::duplex(1 << 20);
        let gate = Gate::new(edge, Bytes::new(), refused, clock);
        let connection = hyper::server::conn::http1::Builder::new()
            .half_close(true)
            .serve_connection(TokioIo::new(gate), service);
        let talking = async {
            for piece in pieces {
                // The other side may have closed.
                if viewer.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _ = viewer.shutdown().await;
            let mut answers = Vec::new();
            viewer.read_to_end(&mut answers).await.unwrap();
            answers
        };
        let (_, answers) = tokio::join!(connection, talking);
        answers
    });
    let seen = seen.lock().unwrap().clone();
    (seen, String::from_utf8_lossy(&answers).into_owned())
}

fn statuses(answers: &str) -> Vec<&str> {
    answers
        .split("HTTP/1.")
        .skip(1)
        .map(|answer| &answer[2..5])
        .collect()
}

#[test]
fn what_is_well_formed_passes_in_order() {
    let requests = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
        POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nab\r\n0\r\nT: 1\r\n\r\nGET /d HTTP/1.1\r\nHost: a\r\n\r\n";
    let bytes: Vec<&[u8]> = requests.chunks(1).collect();
    for pieces in [vec![&requests[..]], bytes] {
        let (seen, answers) = serve(&pieces);
        let lines: Vec<&str> = seen.iter().map(|seen| &seen.line[..7]).collect();
        assert_eq!(lines, ["GET /a ", "POST /b", "POST /c", "GET /d "]);
        let bodies: Vec<_> = seen.iter().map(|seen| seen.body).collect();
        assert_eq!(bodies, [Ok(0), Ok(3), Ok(2), Ok(0)]);
        assert_eq!(statuses(&answers), ["200"; 4]);
    }
}

#[test]
fn what_came_before_a_violation_is_answered_and_nothing_after_it() {
    let requests =
        b"GET /a HTTP/1.1\r\nHost: a\r\n\r\nPOST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\
        Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let bytes: Vec<&[u8]> = requests.chunks(1).collect();
    for pieces in [vec![&requests[..]], bytes] {
        let (seen, answers) = serve(&pieces);
        assert_eq!(seen.len(), 2, "{seen:?}");
        assert_eq!(seen[0].violation, None);
        assert_eq!(seen[1].violation, Some(Violation::TwoLengths));
        // Its line is known; of its fields nothing is.
        assert_eq!((&seen[1].line[..7], seen[1].fields), ("POST /b", 0));
        assert_eq!(statuses(&answers), ["200", "400"]);
    }
}

#[test]
fn a_violation_in_the_first_line_leaves_nothing_of_it() {
    let (seen, answers) = serve(&[b"GET /a HTTP/1.1\nHost: a\n\n"]);
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].violation, Some(Violation::LineEnd));
    assert_eq!(seen[0].line, "- * HTTP/1.1");
    assert_eq!(statuses(&answers), ["400"]);
}

/// RFC 9110 section 9.3.2: whoever sent HEAD takes what follows the head of the answer for another answer.
#[test]
fn of_a_first_line_that_is_none_head_is_known() {
    for line in [
        "HEAD /` HTTP/1.1\r\n",
        "\r\nHEAD / HTTP/1.1\n",
        "HEAD  / HTTP/1.1\r\n",
    ] {
        let (seen, answers) = serve(&[line.as_bytes(), b"Host: a\r\n\r\n"]);
        assert_eq!(seen.len(), 1, "{line:?}");
        assert_eq!(seen[0].line, "HEAD * HTTP/1.1", "{line:?}");
        assert!(seen[0].violation.is_some(), "{line:?}");
        assert_eq!(statuses(&answers), ["400"]);
    }
    let (seen, _) = serve(&[b"HEADS /` HTTP/1.1\r\n\r\n"]);
    assert_eq!(seen[0].line, "- * HTTP/1.1");
}

#[test]
fn a_violation_in_a_body_breaks_it_off() {
    let requests = b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n5;\nhello\r\n0\r\n\r\n\
        GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let (seen, _) = serve(&[requests]);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].body.is_err(), "{seen:?}");
}

#[test]
fn a_head_without_an_end_is_no_request() {
    for head in [&b"GET /a HTTP/1.1\r\nHost: a\r\n"[..], b"GET", b""] {
        let (seen, answers) = serve(&[head]);
        assert_eq!((seen.len(), answers.as_str()), (0, ""));
    }
}

/// Pieces of which requests, and what is nearly one, are made.
const PIECES: &[&str] = &[
    "GET /a HTTP/1.1\r\n",
    "POST /b HTTP/1.1\r\n",
    "POST /c HTTP/1.0\r\n",
    "GET  /a HTTP/1.1\r\n",
    "GET http://a/ HTTP/1.1\r\n",
    "Host: a\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 5\r\n",
    "Content-Length: 3, 3\r\n",
    "content-length:3\r\n",
    "Content-Length : 3\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked, chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: foo\r\nConnection: upgrade\r\n",
    " folded\r\n",
    "X: \x01\r\n",
    "X: y\n",
    "\r\n",
    "\n",
    "\r",
    "abc",
    "3\r\nabc\r\n",
    "3;x=y\r\nabc\r\n",
    "3;\nabc\r\n",
    "3 \r\nabc\r\n",
    "003\r\nabc\r\n",
    "0\r\n\r\n",
    "0\r\nX-T: 1\r\n\r\n",
    "0\r\n",
    "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// The gate and hyper agree about where requests end: hyper sees as many as have passed, and what
    /// the gate counted of each body.
    #[test]
    fn the_parser_sees_the_borders_that_the_gate_saw(
        chosen in prop::collection::vec(0..PIECES.len(), 1..24),
        cut in 1_usize..80,
    ) {
        let text: String = chosen.iter().map(|at| PIECES[*at]).collect();
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
        let (seen, answers) = serve(&pieces);
        let expected = expected(text.as_bytes());
        prop_assert_eq!(seen.len(), expected.len(), "{:?} {:?} {}", text, seen, answers);
        for (seen, expected) in seen.iter().zip(&expected) {
            match expected {
                Ok(body) => prop_assert_eq!(seen.body, Ok(*body), "{:?}", text),
                Err(true) => prop_assert!(seen.body.is_err(), "{:?} {:?}", text, seen),
                Err(false) => prop_assert!(seen.violation.is_some(), "{:?} {:?}", text, seen),
            }
        }
    }
}

/// The bodies of the requests in these bytes, as the framing of this crate reads them all at once;
/// `Err(true)` for one that breaks off or is malformed, `Err(false)` for a head that is refused.
fn expected(mut bytes: &[u8]) -> Vec<Result<usize, bool>> {
    let mut found = Vec::new();
    loop {
        let mut head = Head::default();
        let complete = match head.read(bytes) {
            Ok(None) => return found,
            Err(_) => {
                found.push(Err(false));
                return found;
            }
            Ok(Some(complete)) => complete,
        };
        let text = String::from_utf8_lossy(&bytes[..complete.bytes]).to_lowercase();
        bytes = &bytes[complete.bytes..];
        let body = match complete.body {
            Delimiter::Length(length) => match bytes.split_at_checked(length as usize) {
                Some((_, rest)) => {
                    bytes = rest;
                    Ok(length as usize)
                }
                None => Err(true),
            },
            Delimiter::Chunked => match Chunks::default().read(bytes) {
                Ok((end, true)) => {
                    let data = data(&bytes[..end]);
                    bytes = &bytes[end..];
                    Ok(data)
                }
                _ => Err(true),
            },
        };
        found.push(body);
        // After these hyper reads no further request.
        let close = text.contains("\nconnection: close");
        let old = text.contains("http/1.0") && !text.contains("\nconnection: keep-alive");
        if close || old || body.is_err() {
            return found;
        }
    }
}

/// Bytes of data in a chunked body that is whole.
fn data(body: &[u8]) -> usize {
    let mut rest = body;
    let mut sum = 0;
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
