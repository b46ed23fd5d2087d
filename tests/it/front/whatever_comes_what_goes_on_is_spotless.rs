//! Whatever comes from viewers, what goes on to the origin is spotless HTTP, and so is what comes back; however
//! requests are spelled, and whatever came before them on their connection.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::reader::{Kind, Message, Read, read};
use crate::harness::{EdgeOptions, TestEdge, bounded};

const CASES: u32 = 2_000;

/// What may reach an origin with `origin_request = "Default"`.
const FORWARDED: &[&str] = &[
    "host",
    "accept-encoding",
    "authorization",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-type",
    "transfer-encoding",
    "user-agent",
    "via",
    "cdn-loop",
    "x-forwarded-for",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "if-range",
    "if-modified-since",
    "range",
];
const OF_THE_VIEWER: &[&str] = &[
    "authorization",
    "content-encoding",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
];
/// What concerns one connection (RFC 9110 section 7.6.1), or was named in Connection.
const HOP: &[&str] = &[
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "x-hop",
];
/// Sent twice after each case: what stands before it may swallow one.
const LAST: &str = "GET /last HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// An origin that reads strictly, and writes down what it was sent.
#[derive(Default)]
struct Origin {
    authority: String,
    taken: Mutex<Vec<Message>>,
    faults: Mutex<Vec<String>>,
}

/// Bytes that can be read when a case fails.
#[derive(Clone)]
struct Sent(Vec<u8>);

impl std::fmt::Debug for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

#[test]
fn whatever_comes_what_goes_on_is_spotless() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (origin, edge) = runtime.block_on(start());
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let counted = Mutex::new((0, 0));
    // What was broken off may reach the origin after its viewer has gone: during the next case.
    let lately = Mutex::new(VecDeque::new());
    let tried = runner.run(&prop::collection::vec(request(), 1..5), |requests| {
        let sent: Vec<u8> = requests.into_iter().flat_map(|sent| sent.0).collect();
        let lately = {
            let mut lately = lately.lock().unwrap();
            lately.push_front(sent.clone());
            lately.truncate(4);
            lately.make_contiguous().concat()
        };
        let answers = runtime.block_on(exchange(&edge, &sent));
        let taken = std::mem::take(&mut *origin.taken.lock().unwrap());
        let faults = std::mem::take(&mut *origin.faults.lock().unwrap());
        prop_assert!(faults.is_empty(), "{faults:?}");
        let answers = judge_answers(&sent, &answers).map_err(TestCaseError::fail)?;
        {
            let mut counted = counted.lock().unwrap();
            counted.0 += answers.iter().filter(|it| it.word(1) == "200").count();
            counted.1 += taken.len();
        }
        for message in taken {
            judge_forwarded(&origin.authority, &lately, &message).map_err(TestCaseError::fail)?;
        }
        Ok(())
    });
    if let Err(failed) = tried {
        panic!("{failed}");
    }
    // Else nothing was shown.
    let (answered, forwarded) = counted.into_inner().unwrap();
    let least = CASES as usize / 4;
    assert!(
        answered > least && forwarded > least,
        "{answered} {forwarded}"
    );
    let panics = runtime.block_on(edge.metric("seawall_panics_total"));
    assert_eq!(panics, 0.0);
}

async fn start() -> (Arc<Origin>, TestEdge) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let origin = Arc::new(Origin {
        authority: address.to_string(),
        ..Origin::default()
    });
    let theirs = Arc::clone(&origin);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::clone(&theirs)));
        }
    });
    let edge = EdgeOptions::web(&format!("http://{address}"))
        .distribution("methods = \"any\"")
        .start()
        .await;
    (origin, edge)
}

async fn serve(mut stream: TcpStream, origin: Arc<Origin>) {
    let mut buffer = Vec::new();
    loop {
        let message = match read(&buffer, Kind::Request) {
            Ok(Read::Whole(message, bytes)) => {
                buffer.drain(..bytes);
                message
            }
            Ok(_) => match stream.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => continue,
                _ => return,
            },
            Err(fault) => {
                origin.faults.lock().unwrap().push(fault);
                return;
            }
        };
        let head = message.word(0) == "HEAD";
        let count = {
            let mut taken = origin.taken.lock().unwrap();
            taken.push(message);
            taken.len()
        };
        if stream.write_all(&answer(head, count)).await.is_err() {
            return;
        }
    }
}

/// Sound answers of several kinds, some with fields that are not for viewers.
fn answer(head: bool, count: usize) -> Vec<u8> {
    let fields = match count % 3 {
        0 => {
            "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n"
        }
        1 => "Cache-Control: max-age=60\r\nETag: \"a\"\r\n",
        _ => "Set-Cookie: a=b\r\nCache-Control: no-store\r\nVia: 1.1 inner\r\nTrailer: T\r\n",
    };
    let (framing, body) = match count % 4 {
        0 => (
            "Transfer-Encoding: chunked\r\n",
            "5;x=y\r\nhello\r\n0\r\nT: 1\r\n\r\n",
        ),
        _ => ("Content-Length: 5\r\n", "hello"),
    };
    let body = if head { "" } else { body };
    format!("HTTP/1.1 200 OK\r\n{framing}{fields}\r\n{body}").into_bytes()
}

/// Sends all of it on one connection. What came back, to the end.
async fn exchange(edge: &TestEdge, sent: &[u8]) -> Vec<u8> {
    let address: SocketAddr = edge.viewer();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reading, mut writing) = stream.split();
    let mut answers = Vec::new();
    let receiving = async {
        // A reset is an end too: the edge need not read what comes after its refusal.
        while reading
            .read_buf(&mut answers)
            .await
            .is_ok_and(|count| count > 0)
        {}
    };
    let sending = async {
        for bytes in [sent, LAST.as_bytes(), LAST.as_bytes()] {
            // It may have been refused already.
            let _ = writing.write_all(bytes).await;
        }
    };
    let what = format!("the end of {:?}", String::from_utf8_lossy(sent));
    bounded(&what, async { tokio::join!(receiving, sending) }).await;
    answers
}

fn judge_forwarded(authority: &str, sent: &[u8], message: &Message) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{what}: {message:?}"));
    for (name, value) in &message.fields {
        if !FORWARDED.contains(&name.as_str()) {
            return wrong(&format!("{name} was forwarded"));
        }
        // What a viewer says twice of itself goes on as it came.
        if message.all(name).len() != 1 && !OF_THE_VIEWER.contains(&name.as_str()) {
            return wrong(&format!("{name} stands there twice"));
        }
        if value.is_empty() {
            return wrong(&format!("{name} is empty"));
        }
    }
    if message.all("host") != [authority.as_bytes()] {
        return wrong("another Host than the origin's");
    }
    for own in ["via", "cdn-loop", "user-agent", "x-forwarded-for"] {
        if message.all(own).len() != 1 {
            return wrong(&format!("no {own}"));
        }
    }
    for (name, mark) in [("via", " edge-1"), ("cdn-loop", "edge-1")] {
        let value = String::from_utf8_lossy(message.all(name)[0]).into_owned();
        if value.matches(mark).count() != 1 {
            return wrong(&format!("{name} does not name this edge once"));
        }
    }
    let method = message.word(0);
    if ["GET", "HEAD"].contains(&method)
        && !(message.all("content-length").is_empty()
            && message.all("transfer-encoding").is_empty())
    {
        return wrong("a body with GET or HEAD");
    }
    if ["TRACE", "CONNECT", "PURGE", "TRACK"].contains(&method) {
        return wrong("a method that is never forwarded");
    }
    // No line of a request, and no size of a chunk, is part of a body.
    if !message.body.iter().all(u8::is_ascii_alphanumeric) {
        return wrong("a body that was none");
    }
    // Method and target are bytes that a viewer sent, and no others.
    let all = [sent, LAST.as_bytes()].concat();
    for part in [method.as_bytes(), message.word(1).as_bytes()] {
        let known =
            |part: &[u8]| part.is_empty() || all.windows(part.len()).any(|window| window == part);
        // `http://localhost?a` is asked for as `/?a` (RFC 9112 section 3.2.1).
        let rooted = part
            .strip_prefix(b"/")
            .is_some_and(|rest| rest.is_empty() || rest[0] == b'?');
        let known = known(part) || (rooted && known(&part[1..]));
        if !known {
            return wrong("what no viewer sent");
        }
    }
    Ok(())
}

/// The answers, judged, as far as it is certain which requests they are for.
fn judge_answers(sent: &[u8], answers: &[u8]) -> Result<Vec<Message>, String> {
    let all = [sent, LAST.as_bytes(), LAST.as_bytes()].concat();
    let (mut asked, mut rest) = (&all[..], answers);
    let mut judged = Vec::new();
    while !rest.is_empty() {
        let head = asked.starts_with(b"HEAD ") || asked.starts_with(b"\r\nHEAD ");
        let certain = match read(asked, Kind::Request) {
            Ok(Read::Whole(_, bytes)) => {
                asked = &asked[bytes..];
                true
            }
            _ => false,
        };
        let mut message;
        loop {
            let found = read(rest, Kind::AnswerTo { head });
            (message, rest) = match found.map_err(|fault| told(&fault, sent, answers))? {
                Read::Whole(message, bytes) => (message, &rest[bytes..]),
                Read::ToTheEnd(message) => (message, &rest[rest.len()..]),
                Read::Part => return Err(told("an answer without its end", sent, answers)),
            };
            if message.word(1) != "100" {
                break;
            }
        }
        judge_answer(&message).map_err(|fault| told(&fault, sent, answers))?;
        judged.push(message);
        if !certain {
            break;
        }
    }
    match judged.is_empty() {
        true => Err(told("no answer at all", sent, answers)),
        false => Ok(judged),
    }
}

fn judge_answer(message: &Message) -> Result<(), String> {
    for name in HOP {
        if !message.all(name).is_empty() {
            return Err(format!("{name} reached a viewer"));
        }
    }
    for name in [
        "date",
        "x-cache",
        "connection",
        "age",
        "content-type",
        "etag",
    ] {
        if message.all(name).len() > 1 {
            return Err(format!("{name} twice"));
        }
    }
    let connection = message.all("connection");
    let known = |value: &&[u8]| [&b"close"[..], b"keep-alive"].contains(value);
    if !connection.iter().all(known) {
        return Err("a Connection that is more than that".to_owned());
    }
    if message.all("date").is_empty() {
        return Err("no Date".to_owned());
    }
    Ok(())
}

fn told(fault: &str, sent: &[u8], answers: &[u8]) -> String {
    let (sent, answers) = (sent.escape_ascii(), answers.escape_ascii());
    format!("{fault}\nsent {sent}\ncame {answers}")
}

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(choices).prop_map(str::to_owned)
}

/// One request, or what is nearly one.
fn request() -> impl Strategy<Value = Sent> {
    let line = (
        prop_oneof![8 => one_of(&["GET", "GET", "HEAD", "POST", "PUT"]), 1 => one_of(METHODS)],
        prop_oneof![6 => one_of(TARGETS), 1 => one_of(ODD_TARGETS), 1 => "/[!-~]{0,12}"],
        prop_oneof![12 => Just(" HTTP/1.1\r\n".to_owned()), 1 => one_of(VERSIONS)],
    );
    let host = prop_oneof![9 => Just("Host: localhost\r\n".to_owned()), 1 => one_of(HOSTS)];
    let field = prop_oneof![12 => one_of(FIELDS), 1 => one_of(ODD_FIELDS)];
    let fields = prop::collection::vec(field, 0..6).prop_map(|fields| fields.concat());
    let body = prop_oneof![
        6 => Just("\r\n".to_owned()),
        4 => "[a-z]{0,20}".prop_map(|body| format!("Content-Length: {}\r\n\r\n{body}", body.len())),
        4 => one_of(CHUNKED).prop_map(|body| format!("Transfer-Encoding: chunked\r\n\r\n{body}")),
        1 => (one_of(FRAMINGS), one_of(CHUNKED)).prop_map(|(head, body)| format!("{head}\r\n{body}")),
    ];
    (line, host, fields, body).prop_map(|((method, target, version), host, fields, body)| {
        // A byte above ASCII is written as the letter of that number.
        let text = format!("{method} {target}{version}{host}{fields}{body}");
        Sent(text.chars().map(|letter| letter as u32 as u8).collect())
    })
}

const METHODS: &[&str] = &[
    "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PURGE", "FOO", "get", "", "G T", "G\tT",
    "G@",
];
const TARGETS: &[&str] = &[
    "/",
    "/a",
    "/a?x=1&y",
    "/a%2Fb;v=1",
    "/caf%C3%A9?q=%0A",
    "//evil.test/a",
    "/a//b/",
    "/a?http://evil.test/",
    "http://localhost/b",
    "http://localhost?c",
    "HTTP://LOCALHOST:80/d",
];
const ODD_TARGETS: &[&str] = &[
    "*",
    "",
    "a",
    "/../a",
    "/%2e%2e/a",
    "/a\\b",
    "/%00",
    "/%zz",
    "/a#b",
    "/a b",
    "/\u{e9}",
    "/\u{1}",
    "/\u{0}",
    "/a\rb",
    "http://u@localhost/",
    "http://",
    "https://evil.test/",
    "ftp://localhost/",
    "localhost:80",
    "?a",
];
const VERSIONS: &[&str] = &[
    " HTTP/1.0\r\n",
    " HTTP/1.1\n",
    " HTTP/2.0\r\n",
    " HTTP/1.1 \r\n",
    " http/1.1\r\n",
    "\r\n",
    "  HTTP/1.1\r\n",
    " HTTP/1.1\r\n\r\n",
];
const HOSTS: &[&str] = &[
    "",
    "Host:\r\n",
    "Host: a\r\nHost: b\r\n",
    "Host: localhost:99999\r\n",
    "Host: a@b\r\n",
    "Host: a/b\r\n",
    "Host: a, b\r\n",
    "Host: [::1]:1\r\n",
    "Host : localhost\r\n",
    "host:\tLOCALHOST.\t\r\n",
];
const FIELDS: &[&str] = &[
    "Accept: */*\r\n",
    "Accept-Encoding: gzip, deflate;q=0.5, br, zstd, *;q=0\r\n",
    "ACCEPT-ENCODING: x\r\n",
    "Authorization: Bearer a\r\n",
    "Cache-Control: no-cache\r\n",
    "CDN-Loop: other\r\n",
    "Connection: keep-alive\r\n",
    "Connection: X-Hop, Host, Content-Length, Via, CDN-Loop, Transfer-Encoding\r\n",
    "Connection: close\r\n",
    "Content-Type: text/plain\r\n",
    "Content-Encoding:gzip\r\n",
    "Cookie: a=b\r\n",
    "Expect: 100-continue\r\n",
    "Forwarded: for=1\r\n",
    "If-Modified-Since: Wed, 01 Jul 2026 00:00:00 GMT\r\n",
    "If-None-Match: \"a\", W/\"b\"\r\n",
    "If-Match: *\r\n",
    "If-Range: \"a\"\r\n",
    "Keep-Alive: timeout=5\r\n",
    "Proxy-Authorization: a\r\n",
    "Proxy-Connection: keep-alive\r\n",
    "Range: bytes=0-1\r\n",
    "Range: bytes=0-1,3-4\r\n",
    "Range: lines=1-2\r\n",
    "TE: trailers\r\n",
    "Trailer: X\r\n",
    "Upgrade: websocket\r\n",
    "User-Agent: u\r\n",
    "Via: 1.0 other\r\n",
    "X-Amz-Date: 1\r\n",
    "X-Forwarded-For: 1.2.3.4\r\n",
    "X-Forwarded-For: evil\"\r\n",
    "X-Forwarded-Host: evil.test\r\n",
    "X-Hop: 1\r\n",
    "X-Original-URL: /admin\r\n",
    "X-Tab: a\tb\r\n",
    "X-Above: \u{e9}\u{ff}\r\n",
    "X-Empty:\r\n",
];
const ODD_FIELDS: &[&str] = &[
    "X : y\r\n",
    "X\r\n",
    ": y\r\n",
    " folded\r\n",
    "\tfolded\r\n",
    "X: y\n",
    "X: \u{0}\r\n",
    "X: \u{7}\r\n",
    "X: a\rHost: b\r\n",
    "X\u{b}: y\r\n",
    "X(): y\r\n",
    "X: \u{7f}\r\n",
    "Authorization: \u{1}\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: chunked\r\n",
    "CDN-Loop: \"\r\n",
    "Via: ,,\r\n",
    "Expect: 200-ok\r\n",
];
const CHUNKED: &[&str] = &[
    "0\r\n\r\n",
    "3\r\nabc\r\n0\r\n\r\n",
    "3;x=y\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
    "03\r\nabc\r\n00\r\n\r\n",
    "3\r\nabc\r\n0\r\nHost: evil\r\nContent-Length: 7\r\n\r\n",
    "a\r\n0123456789\r\n0\r\n\r\n",
    "3\r\nabcd\r\n0\r\n\r\n",
    "3\nabc\n0\n\n",
    "3;\nabc\r\n0\r\n\r\n",
    "-3\r\nabc\r\n0\r\n\r\n",
    "0x3\r\nabc\r\n0\r\n\r\n",
    " 3\r\nabc\r\n0\r\n\r\n",
    "\r\n",
];
const FRAMINGS: &[&str] = &[
    "Content-Length: 3\r\nContent-Length: 3\r\n",
    "Content-Length: 3\r\nContent-Length: 5\r\n",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "Content-Length: +3\r\n",
    "Content-Length: 0x3\r\n",
    "Content-Length: 3, 3\r\n",
    "Content-Length: \r\n",
    "Content-Length: 18446744073709551619\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: \u{b}chunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-encoding: CHUNKED\r\n",
];
