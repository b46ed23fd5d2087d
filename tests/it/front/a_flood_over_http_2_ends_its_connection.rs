//! A viewer that keeps an HTTP/2 connection busy with anything but requests is cut off, at a limit that has a
//! name and a metric; who keeps below it is served, and so is everybody else.

use seawall::serve::limits;

use crate::harness::frames::{
    CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, End, Frames, HEADERS,
    PING, PRIORITY, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, block,
    frame, get,
};
use crate::harness::{EdgeOptions, Reply, ScriptedOrigin, TestEdge, until};

/// An edge that has `/page`, and is told nothing about anything else.
async fn start() -> (ScriptedOrigin, TestEdge) {
    let origin =
        ScriptedOrigin::start([Reply::ok("cache-control: max-age=3600\r\n", "page")]).await;
    let edge = EdgeOptions::web(&origin.url())
        .distribution("methods = \"any\"")
        .start()
        .await;
    assert_eq!(edge.get("/page").await.text(), "page");
    origin.then(Reply::Hold(Vec::new()));
    (origin, edge)
}

async fn others_are_served(edge: &TestEdge) {
    assert_eq!(edge.get("/page").await.text(), "page");
    let mut other = Frames::connect(edge.viewer()).await;
    assert!(other.ask(1, &get("/page")).await);
    assert_eq!(other.end(1).await, End::Answer(200));
    until("nobody else is connected", || {
        edge.edge.engine().metrics.connections_open.value() <= 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_belong_to_no_request() {
    let floods = [
        ("PING", frame(PING, 0, 0, &[0; 8])),
        ("answers to no PING", frame(PING, 1, 0, &[0; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, &[])),
        (
            "SETTINGS with values",
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]),
        ),
        ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 1])),
        ("WINDOW_UPDATE", frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])),
        (
            "RST_STREAM of a stream that has ended",
            frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
        ),
        ("unknown", frame(0xfa, 0, 0, b"anything")),
    ];
    for (what, flood) in floods {
        let (_origin, edge) = start().await;
        let metrics = &edge.edge.engine().metrics;
        let mut within = Frames::connect(edge.viewer()).await;
        within.ask(1, &get("/page")).await;
        assert_eq!(within.end(1).await, End::Answer(200));
        // What the answer has earned is not saved up, and the settings were one of them.
        let most = limits::HTTP2_EXTRA_FRAMES as usize - 1;
        assert!(within.send(&flood.repeat(most)).await, "{what}");
        within.ask(3, &get("/page")).await;
        assert!(matches!(within.end(3).await, End::Answer(_)), "{what}");
        assert_eq!(metrics.http2_flooded.value(), 0, "{what}");

        let mut over = Frames::connect(edge.viewer()).await;
        over.ask(1, &get("/page")).await;
        assert_eq!(over.end(1).await, End::Answer(200));
        // An answer earns some; two thousand are too many in any case.
        over.send(&flood.repeat(2 * most)).await;
        while over.next().await.is_some() {}
        assert_eq!(metrics.http2_flooded.value(), 1, "{what}");
        drop((within, over));
        others_are_served(&edge).await;
    }
}

/// Time lets a viewer go on: no connection is cut for being long.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_long_connection_needs_is_no_flood() {
    let (_origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    let mut left = limits::HTTP2_EXTRA_FRAMES - 1;
    for _ in 0..3 {
        let flood = frame(PING, 0, 0, &[0; 8]).repeat(left as usize - 1);
        assert!(frames.send(&flood).await);
        // All of it has arrived when the last one is answered.
        assert!(frames.send(&frame(PING, 0, 0, b"the last")).await);
        while frames.next().await.expect("it goes on").payload != b"the last" {}
        // Shorter than until the edge's own ping.
        edge.advance(5);
        left = 5 * limits::HTTP2_EXTRA_PER_SECOND;
    }
    frames.ask(1, &get("/page")).await;
    assert_eq!(frames.end(1).await, End::Answer(200));
    assert_eq!(edge.edge.engine().metrics.http2_flooded.value(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_an_end() {
    let (_origin, edge) = start().await;
    let fields = block(&get("/a"));
    for piece in [&b""[..], &block(&[("x", "1")])[..]] {
        let mut frames = Frames::connect(edge.viewer()).await;
        let mut bytes = frame(HEADERS, END_STREAM, 1, &fields);
        bytes.extend(frame(CONTINUATION, 0, 1, piece).repeat(20_000));
        frames.send(&bytes).await;
        assert!(matches!(
            frames.end(1).await,
            End::GoAway(ENHANCE_YOUR_CALM) | End::Cut
        ));
        drop(frames);
        others_are_served(&edge).await;
    }
    let metrics = &edge.edge.engine().metrics;
    until("both are counted", || metrics.http2_errors.value() == 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_next_to_nothing() {
    let (_origin, edge) = start().await;
    let mut fields = get("/slow");
    fields[0].1 = "POST";
    for (piece, count) in [(&b""[..], 20_000), (b"x", 20_000)] {
        let mut frames = Frames::connect(edge.viewer()).await;
        frames
            .send(&frame(HEADERS, END_HEADERS, 1, &block(&fields)))
            .await;
        frames.send(&frame(DATA, 0, 1, piece).repeat(count)).await;
        assert!(matches!(
            frames.end(1).await,
            End::GoAway(ENHANCE_YOUR_CALM) | End::Cut
        ));
        drop(frames);
        others_are_served(&edge).await;
    }
    let metrics = &edge.edge.engine().metrics;
    until("both are counted", || metrics.http2_errors.value() == 2).await;
}

/// CVE-2023-44487, in one burst: the streams are reset before they are accepted.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_requests_that_are_reset() {
    let (_origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    let mut bytes = Vec::new();
    for at in 0..2_000 {
        let stream = 2 * at + 1;
        let fields = block(&get("/slow"));
        bytes.extend(frame(HEADERS, END_STREAM | END_HEADERS, stream, &fields));
        bytes.extend(frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
    }
    frames.send(&bytes).await;
    assert!(matches!(
        frames.end(3_999).await,
        End::GoAway(ENHANCE_YOUR_CALM) | End::Cut
    ));
    drop(frames);
    others_are_served(&edge).await;
    let metrics = &edge.edge.engine().metrics;
    let cut = metrics.http2_errors.value() + metrics.http2_cancelled.value();
    assert_eq!(cut, 1);
}

/// The frame that resets a stream.
type ResetFrame = fn(u32) -> Vec<u8>;

/// How a stream is reset.
#[derive(Clone, Copy)]
struct Reset {
    /// The frame that does it.
    frame: ResetFrame,
    /// It is the edge that must reset it.
    by_the_edge: bool,
}

/// Opens `count` streams that wait for the origin, from stream `first` on, and resets each by `reset`.
async fn open_and_reset(
    edge: &TestEdge,
    frames: &mut Frames,
    first: u32,
    count: u32,
    reset: Reset,
) -> bool {
    let streams = || (0..count).map(|at| first + 2 * at);
    let fields = block(&get("/slow"));
    let asked = streams().flat_map(|id| frame(HEADERS, END_STREAM | END_HEADERS, id, &fields));
    let engine = edge.edge.engine();
    let waiting = || engine.metrics.collapsed.value() + u64::from(engine.fills.open() > 0);
    let expected = waiting() + u64::from(count);
    let resets = engine.metrics.http2_resets.value() + u64::from(count);
    if !frames.send(&asked.collect::<Vec<u8>>()).await {
        return false;
    }
    let cut = || engine.metrics.http2_errors.value() + engine.metrics.http2_cancelled.value() > 0;
    // All wait for one fill, so whoever waits was accepted.
    until("all are accepted", || waiting() >= expected || cut()).await;
    let mut bytes: Vec<u8> = streams().flat_map(reset.frame).collect();
    bytes.extend(frame(PING, 0, 0, b"all read"));
    if !frames.send(&bytes).await {
        return false;
    }
    loop {
        match frames.next().await {
            None => return false,
            Some(frame) if frame.payload == b"all read" => break,
            Some(_) => {}
        }
    }
    if reset.by_the_edge {
        // Their places are free for others only then.
        until("all are reset, or the connection is cut", || {
            engine.metrics.http2_resets.value() >= resets || cut()
        })
        .await;
    }
    true
}

const CANCELLED: Reset = Reset {
    frame: |stream| frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()),
    by_the_edge: false,
};

/// Has so many requests reset, a hundred at a time. The stream that comes next.
async fn reset_many(edge: &TestEdge, frames: &mut Frames, count: u32, reset: Reset) -> u32 {
    let mut next = 1;
    while next < 2 * count {
        let some = (count - next / 2).min(100);
        assert!(open_and_reset(edge, frames, next, some, reset).await);
        next += 2 * some;
    }
    next
}

/// CVE-2023-44487, with patience: each stream is accepted, and then reset.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_cancelled_again_and_again() {
    let (_origin, edge) = start().await;
    let metrics = &edge.edge.engine().metrics;
    let mut frames = Frames::connect(edge.viewer()).await;
    let most = u32::try_from(limits::HTTP2_CANCELLED).unwrap() - 1;
    let next = reset_many(&edge, &mut frames, most, CANCELLED).await;
    frames.ask(next, &get("/page")).await;
    assert_eq!(frames.end(next).await, End::Answer(200));
    assert_eq!(metrics.http2_cancelled.value(), 0);

    open_and_reset(&edge, &mut frames, next + 2, 1, CANCELLED).await;
    while frames.next().await.is_some() {}
    until("it is counted", || metrics.http2_cancelled.value() == 1).await;
    drop(frames);
    others_are_served(&edge).await;
}

/// CVE-2025-8671: it is the edge that is made to reset them.
#[tokio::test(flavor = "multi_thread")]
async fn requests_that_the_edge_must_reset_again_and_again() {
    let resets: [(&str, ResetFrame); 2] = [
        ("a window over all bounds", |id| {
            frame(WINDOW_UPDATE, 0, id, &[0x7f, 255, 255, 255])
        }),
        ("a stream that depends on itself", |id| {
            frame(PRIORITY, 0, id, &[&id.to_be_bytes()[..], &[1]].concat())
        }),
    ];
    for (what, frame) in resets {
        let by_the_edge = true;
        let reset = Reset { frame, by_the_edge };
        let (_origin, edge) = start().await;
        let metrics = &edge.edge.engine().metrics;
        let mut frames = Frames::connect(edge.viewer()).await;
        let most = u32::try_from(limits::HTTP2_ERROR_RESETS).unwrap() - 1;
        let next = reset_many(&edge, &mut frames, most, reset).await;
        frames.ask(next, &get("/page")).await;
        assert_eq!(frames.end(next).await, End::Answer(200), "{what}");
        assert_eq!(metrics.http2_resets.value(), u64::from(most), "{what}");

        // Each is cancelled too, as soon as its answer's maker sees it: one of the two limits comes first.
        open_and_reset(&edge, &mut frames, next + 2, 2, reset).await;
        while frames.next().await.is_some() {}
        until("it is counted", || {
            metrics.http2_errors.value() + metrics.http2_cancelled.value() == 1
        })
        .await;
        drop(frames);
        others_are_served(&edge).await;
    }
}

/// Somebody who reads a lot, and cancels a lot, has a connection of many requests.
#[tokio::test(flavor = "multi_thread")]
async fn half_of_many_may_be_cancelled() {
    let (_origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    let mut next = 1;
    for _ in 0..6 {
        for _ in 0..101 {
            frames.ask(next, &get("/page")).await;
            while !matches!(frames.next().await, Some(frame) if frame.stream == next && frame.flags & END_STREAM != 0 && frame.kind != RST_STREAM)
            {
            }
            next += 2;
        }
        assert!(open_and_reset(&edge, &mut frames, next, 100, CANCELLED).await);
        next += 200;
    }
    frames.ask(next, &get("/page")).await;
    while !matches!(frames.next().await.expect("it goes on"), frame if frame.stream == next) {}
    assert_eq!(edge.edge.engine().metrics.http2_cancelled.value(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_streams_than_allowed() {
    let (_origin, edge) = start().await;
    let mut frames = Frames::connect(edge.viewer()).await;
    // The limit binds a viewer once it knows of it.
    frames.send(&frame(SETTINGS, 1, 0, &[])).await;
    for at in 0..limits::HTTP2_STREAMS {
        frames.ask(2 * at + 1, &get("/slow")).await;
    }
    let over = 2 * limits::HTTP2_STREAMS + 1;
    frames.ask(over, &get("/page")).await;
    assert_eq!(frames.end(over).await, End::Reset(REFUSED_STREAM));
    // One that leaves makes room.
    frames
        .send(&frame(RST_STREAM, 0, 1, &CANCEL.to_be_bytes()))
        .await;
    frames.ask(over + 2, &get("/page")).await;
    assert_eq!(frames.end(over + 2).await, End::Answer(200));
    others_are_served(&edge).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_break_the_connection() {
    for (what, bytes) in [
        ("DATA on no stream", frame(DATA, 0, 0, b"x")),
        (
            "HEADERS on an even stream",
            frame(HEADERS, END_HEADERS, 2, &block(&get("/a"))),
        ),
        (
            "RST_STREAM of an idle stream",
            frame(RST_STREAM, 0, 5, &[0; 4]),
        ),
        (
            "CONTINUATION of nothing",
            frame(CONTINUATION, END_HEADERS, 1, b""),
        ),
        ("PUSH_PROMISE", frame(0x5, END_HEADERS, 1, &[0, 0, 0, 2])),
        ("a window of nothing", frame(WINDOW_UPDATE, 0, 0, &[0; 4])),
        (
            "a window over all bounds",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 255, 255, 255]),
        ),
        ("half a PING", frame(PING, 0, 0, &[0; 4])),
        ("SETTINGS of a stream", frame(SETTINGS, 0, 1, &[])),
        ("half a setting", frame(SETTINGS, 0, 0, &[0, 4, 0])),
        (
            "a frame over the largest size",
            frame(DATA, 0, 1, &vec![0; 16_385]),
        ),
    ] {
        let (_origin, edge) = start().await;
        let mut frames = Frames::connect(edge.viewer()).await;
        frames.send(&bytes).await;
        let end = frames.end(1).await;
        assert!(
            matches!(end, End::GoAway(code) if code >= PROTOCOL_ERROR),
            "{what}: {end:?}"
        );
        drop(frames);
        others_are_served(&edge).await;
        let metrics = &edge.edge.engine().metrics;
        until("it is counted", || metrics.http2_errors.value() == 1).await;
    }
}
