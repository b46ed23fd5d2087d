//! Moves a body from an origin towards a viewer, at the viewer's pace.
//!
//! Invariants: no more than [`CHUNKS`] wait on the way; it ends when either side does, and when the
//! viewer takes nothing for [`STALLED`].

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::clock::{self, SharedClock};
use crate::origin::OriginError;
use crate::origin::body::OriginBody;

/// Chunks that wait between an origin and a slow viewer; then the origin is not read any more.
const CHUNKS: usize = 4;

/// A viewer that takes nothing of a body under way for this long is given up.
const STALLED: Duration = Duration::from_secs(30);

/// Where a body's chunks come out.
pub(super) type Chunks = mpsc::Receiver<Result<Bytes, OriginError>>;

/// The work of moving `body`, and where it comes out.
pub(super) fn pump(
    body: OriginBody,
    clock: SharedClock,
) -> (impl Future<Output = ()> + Send + 'static, Chunks) {
    let (sender, receiver) = mpsc::channel(CHUNKS);
    (run(body, sender, clock), receiver)
}

async fn run(
    mut body: OriginBody,
    sender: mpsc::Sender<Result<Bytes, OriginError>>,
    clock: SharedClock,
) {
    loop {
        // A viewer that leaves while the origin is silent ends the origin's request as well.
        let chunk = tokio::select! {
            chunk = body.chunk() => chunk,
            () = sender.closed() => return,
        };
        let (chunk, last) = match chunk {
            Ok(Some(chunk)) => (Ok(chunk), false),
            Ok(None) => return,
            Err(error) => (Err(error), true),
        };
        // A viewer that takes nothing for so long holds an origin's permit for nothing. It sees a
        // body that ends early.
        match clock::within(&*clock, STALLED, sender.send(chunk)).await {
            Ok(Ok(())) if !last => {}
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::clock::ManualClock;
    use crate::semantics::dates::UnixTime;

    /// A pump whose last chunk has no room, and where its chunks come out.
    async fn full() -> (Arc<ManualClock>, tokio::task::JoinHandle<()>, Chunks) {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
        let (sender, receiver) = mpsc::channel(1);
        sender.send(Ok(Bytes::from_static(b"one"))).await.unwrap();
        let body = OriginBody::made(Bytes::from_static(b"two"));
        let moving = tokio::spawn(run(body, sender, Arc::clone(&clock) as _));
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        (clock, moving, receiver)
    }

    async fn rest(mut chunks: Chunks) -> Vec<Bytes> {
        let mut rest = Vec::new();
        while let Some(chunk) = chunks.recv().await {
            rest.push(chunk.unwrap());
        }
        rest
    }

    #[tokio::test]
    async fn a_viewer_that_takes_nothing_is_given_up_at_the_limit() {
        let (clock, moving, chunks) = full().await;
        clock.advance(STALLED);
        moving.await.unwrap();
        assert_eq!(clock.sleepers(), 0);
        assert_eq!(rest(chunks).await, ["one"], "what had no room is gone");
    }

    #[tokio::test]
    async fn a_viewer_that_takes_something_before_it_gets_the_rest() {
        let (clock, moving, chunks) = full().await;
        clock.advance(STALLED.saturating_sub(Duration::from_millis(1)));
        assert_eq!(clock.sleepers(), 1, "it still waits");
        assert_eq!(rest(chunks).await, ["one", "two"]);
        moving.await.unwrap();
    }

    #[tokio::test]
    async fn a_viewer_that_leaves_ends_it_at_once() {
        let (clock, moving, chunks) = full().await;
        drop(chunks);
        moving.await.unwrap();
        assert_eq!(clock.sleepers(), 0);
    }
}
