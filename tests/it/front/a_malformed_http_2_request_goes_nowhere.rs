//! A request that HTTP/2 does not have is a stream error or a 400, reaches no origin, and leaves the other
//! streams of its connection alone (RFC 9113 sections 8.1.1 and 8.2).

use crate::harness::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, End, Frames, HEADERS, PROTOCOL_ERROR,
    REFUSED_STREAM, block, field, frame, get,
};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestEdge};

async fn start() -> (ScriptedOrigin, TestEdge) {
    let origin = ScriptedOrigin::start([]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("methods = \"any\"\norigin_request = \"AllViewer\"")
        .start()
        .await;
    (origin, edge)
}

const RESET: End = End::Reset(PROTOCOL_ERROR);
const BAD: End = End::Answer(400);

/// The first stream is wrong; the next one of the same connection is served.
async fn is(what: &str, bytes: &[u8], expected: End) {
    let (origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    frames.send(bytes).await;
    assert_eq!(frames.end(1).await, expected, "{what}");
    assert_eq!(origin.requests(), Vec::<String>::new(), "{what}");
    if !matches!(expected, End::Reset(_) | End::Answer(_)) {
        return;
    }
    origin.then(Reply::ok("", "fine"));
    assert!(frames.ask(3, &get("/fine")).await, "{what}");
    assert_eq!(frames.end(3).await, End::Answer(200), "{what}");
    assert_eq!(origin.count(), 1);
    if matches!(expected, End::Reset(_)) {
        let metrics = &edge.edge.engine().metrics;
        assert_eq!(metrics.http2_resets.value(), 1, "{what}");
    }
}

fn asks(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields))
}

fn with(more: &[(&str, &str)]) -> Vec<u8> {
    asks(&[&get("/a"), more].concat())
}

fn instead(name: &str, value: &str) -> Vec<u8> {
    let fields = get("/a").map(|(own, old)| (own, if own == name { value } else { old }));
    asks(&fields)
}

fn without(name: &str) -> Vec<u8> {
    let fields = get("/a");
    let fields: Vec<_> = fields.into_iter().filter(|(own, _)| *own != name).collect();
    asks(&fields)
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_a_connection() {
    for (name, value) in [
        ("connection", "close"),
        ("connection", "x-hop"),
        ("transfer-encoding", "chunked"),
        ("transfer-encoding", "identity"),
        ("keep-alive", "timeout=5"),
        ("proxy-connection", "keep-alive"),
        ("upgrade", "h2c"),
        ("te", "chunked"),
        ("te", "trailers, deflate"),
    ] {
        is(&format!("{name}: {value}"), &with(&[(name, value)]), RESET).await;
    }
}

/// What a name or a value cannot be may break the compression's state too: then it is the connection's end.
#[tokio::test(flavor = "multi_thread")]
async fn names_and_values_that_none_has() {
    for (name, value) in [
        (&b"X-Upper"[..], &b"a"[..]),
        (b"Host", b"localhost"),
        (b"x y", b"a"),
        (b"x:y", b"a"),
        (b"x\r\ny", b"a"),
        (b"", b"a"),
        (b"x\0", b"a"),
        (b"x\xe4", b"a"),
        (b"x", b"a\r\ntransfer-encoding: chunked"),
        (b"x", b"a\nb"),
        (b"x", b"a\rb"),
        (b"x", b"a\0b"),
        (b"x", b"a\x7f"),
        (b":path", b"/a\r\nx: y"),
        (b":path", b"/a b HTTP/1.1"),
        (b":authority", b"localhost\r\nx: y"),
        (b":method", b"GET /b HTTP/1.1\r\nx:"),
        (b":method", b""),
        (b":scheme", b"ht tp"),
        (b":scheme", b""),
    ] {
        let mut bytes = Vec::new();
        for (own, old) in get("/a") {
            if own.as_bytes() != name {
                field(&mut bytes, own.as_bytes(), old.as_bytes());
            }
        }
        field(&mut bytes, name, value);
        let (origin, edge) = start().await;
        let mut frames = Frames::connect(edge.viewer()).await;
        frames
            .send(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &bytes))
            .await;
        let end = frames.end(1).await;
        let what = format!(
            "{:?}: {:?}",
            String::from_utf8_lossy(name),
            String::from_utf8_lossy(value)
        );
        assert!(
            matches!(end, RESET | End::GoAway(PROTOCOL_ERROR) | BAD),
            "{what}: {end:?}"
        );
        assert_eq!(origin.count(), 0, "{what}");
        let mut neighbour = Frames::connect(edge.viewer()).await;
        origin.then(Reply::ok("", "fine"));
        neighbour.ask(1, &get("/fine")).await;
        assert_eq!(neighbour.end(1).await, End::Answer(200), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blanks_around_a_value() {
    for value in [" a", "a ", "\ta", "a\t", " "] {
        is(&format!("{value:?}"), &with(&[("x-own", value)]), BAD).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pseudo_fields() {
    for name in [":method", ":scheme", ":path"] {
        is(&format!("no {name}"), &without(name), RESET).await;
        let again = get("/a").into_iter().find(|(own, _)| *own == name).unwrap();
        is(&format!("{name} twice"), &with(&[again]), RESET).await;
    }
    is("no :authority and no Host", &without(":authority"), BAD).await;
    is(
        "a pseudo-field behind a field",
        &asks(&[
            (":method", "GET"),
            ("x-own", "a"),
            (":scheme", "http"),
            (":authority", "localhost"),
            (":path", "/a"),
        ]),
        RESET,
    )
    .await;
    is(":status", &with(&[(":status", "200")]), RESET).await;
    is(":protocol", &with(&[(":protocol", "websocket")]), RESET).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn targets() {
    for (name, value) in [
        (":path", ""),
        (":path", "a"),
        (":path", "*"),
        (":path", "/../a"),
        (":path", "/a\\b"),
        (":path", "/a/%2e%2e/b"),
        (":path", "http://localhost/a"),
        (":scheme", "gopher"),
        (":scheme", "file"),
        (":authority", "user@localhost"),
        (":authority", "localhost:99999"),
        (":authority", "localhost/a"),
        (":authority", "a, b"),
        (":authority", ""),
    ] {
        let (origin, edge) = start().await;
        let mut frames = Frames::connect(edge.viewer()).await;
        frames.send(&instead(name, value)).await;
        let end = frames.end(1).await;
        // Which of the two it is, is the parser's choice.
        assert!([RESET, BAD].contains(&end), "{name} {value:?}: {end:?}");
        assert_eq!(origin.count(), 0, "{name} {value:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_contradict_one_another() {
    is("another", &with(&[("host", "other.test")]), BAD).await;
    is(
        "twice",
        &with(&[("host", "localhost"), ("host", "localhost")]),
        BAD,
    )
    .await;
    is("none", &with(&[("host", "")]), BAD).await;
    is("with a user", &with(&[("host", "a@localhost")]), BAD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lengths() {
    let post = |lengths: &[&str]| {
        let mut fields = get("/a").to_vec();
        fields[0].1 = "POST";
        fields.extend(lengths.iter().map(|length| ("content-length", *length)));
        frame(HEADERS, END_HEADERS, 1, &block(&fields))
    };
    for lengths in [
        &["5"][..],
        &["3"],
        &["0"],
        &["+4"],
        &["-4"],
        &["4, 4"],
        &["4", "5"],
        &["4", "4"],
        &[""],
        &["0x4"],
        &["18446744073709551620"],
    ] {
        let mut bytes = post(lengths);
        bytes.extend(frame(DATA, END_STREAM, 1, b"body"));
        let (origin, edge) = start().await;
        origin.then(Reply::ok("", "taken"));
        let mut frames = Frames::connect(edge.viewer()).await;
        frames.send(&bytes).await;
        let end = frames.end(1).await;
        assert!([RESET, BAD].contains(&end), "{lengths:?}: {end:?}");
        assert_eq!(
            origin.bodies(),
            Vec::<Vec<u8>>::new(),
            "{lengths:?}: a whole body arrived"
        );
    }
    let mut bytes = post(&["5"]);
    bytes.splice(4..5, [END_STREAM | END_HEADERS]);
    is("a length without a body", &bytes, RESET).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_over_the_limit() {
    let long = "v".repeat(33 * 1024);
    let fields = block(&[&get("/a")[..], &[("x-long", &long)]].concat());
    let mut bytes = frame(HEADERS, END_STREAM, 1, &fields[..16_384]);
    bytes.extend(frame(CONTINUATION, 0, 1, &fields[16_384..32_768]));
    bytes.extend(frame(CONTINUATION, END_HEADERS, 1, &fields[32_768..]));
    let (origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    frames.send(&bytes).await;
    let end = frames.end(1).await;
    assert!(
        [End::Answer(431), End::Reset(REFUSED_STREAM)].contains(&end),
        "{end:?}"
    );
    assert_eq!(origin.count(), 0);

    let many: Vec<(&str, &str)> = get("/a").into_iter().chain([("x", "1"); 101]).collect();
    is("101 fields", &asks(&many), End::Answer(431)).await;
    origin.then(Reply::ok("", "fine"));
    let mut frames = Frames::connect(edge.viewer()).await;
    frames.ask(1, &many[..4 + 100]).await;
    assert_eq!(frames.end(1).await, End::Answer(200), "100 fields");
}
