//! Flow control lets an HTTP/2 viewer hold every answer back. A connection on which nothing is asked and
//! nothing taken ends; as long as something of it is taken, it does not.

use seawall::serve::limits;
use tokio::task::JoinHandle;

use crate::harness::frames::{ACK, Frames, HEADERS, PING, SETTINGS, WINDOW_UPDATE, frame, get};
use crate::harness::{Reply, ScriptedOrigin, TestEdge, bounded, until, web};

const STREAMS: u32 = 100;

/// A connection whose streams may be sent nothing, with a hundred requests for `/page` under way; and
/// a task that answers its pings, and with each takes a byte of the first stream if it is to `take` any.
async fn closed_windows(take: bool) -> (ScriptedOrigin, TestEdge, JoinHandle<()>) {
    let fresh = "cache-control: max-age=86400\r\n";
    let (origin, edge) = web([Reply::ok(fresh, &"x".repeat(1_000))]).await;
    edge.get("/page").await;
    let mut frames = Frames::connect(edge.viewer()).await;
    edge.waiting("its idle time has begun", 1, limits::HTTP2_IDLE)
        .await;
    frames
        .send(&frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]))
        .await;
    for at in 0..STREAMS {
        frames.ask(2 * at + 1, &get("/page")).await;
    }
    let mut heads = 0;
    while heads < STREAMS {
        heads += u32::from(frames.next().await.unwrap().kind == HEADERS);
    }
    let answering = tokio::spawn(async move {
        while let Some(found) = frames.read().await {
            if found.kind == PING && found.flags & ACK == 0 {
                let mut bytes = Vec::new();
                if take {
                    bytes = frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1]);
                }
                bytes.extend(frame(PING, ACK, 0, &found.payload));
                frames.send(&bytes).await;
            }
        }
    });
    (origin, edge, answering)
}

/// Three pings: the time that a connection may be idle.
async fn a_minute_passes(edge: &TestEdge) {
    let ping = limits::HTTP2_PING;
    assert_eq!(3 * ping, limits::HTTP2_IDLE);
    for at in 1..=3 {
        // Each ping is answered before the next one is due; with the last, the minute ends too.
        let waiting = 1 + usize::from(at == 3);
        edge.waiting("the next ping", waiting, ping).await;
        edge.clock.advance(ping);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_moves_ends() {
    let (_origin, edge, answering) = closed_windows(false).await;
    let metrics = &edge.edge.engine().metrics;
    // One in which something was asked, one without, and one in which nothing was taken.
    a_minute_passes(&edge).await;
    a_minute_passes(&edge).await;
    edge.waiting("the next ping", 1, limits::HTTP2_PING).await;
    assert_eq!(metrics.http2_stalled.value(), 0);
    a_minute_passes(&edge).await;
    bounded("its end", answering).await.unwrap();
    assert_eq!(metrics.http2_stalled.value(), 1);
    until("its place is free", || {
        metrics.connections_open.value() == 0
    })
    .await;
    assert_eq!(edge.get("/page").await.cache(), "Hit");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_which_something_is_taken_does_not() {
    let (_origin, edge, answering) = closed_windows(true).await;
    for _ in 0..4 {
        a_minute_passes(&edge).await;
    }
    edge.waiting("the next ping", 1, limits::HTTP2_PING).await;
    assert!(!answering.is_finished());
    assert_eq!(edge.edge.engine().metrics.http2_stalled.value(), 0);
    answering.abort();
}
