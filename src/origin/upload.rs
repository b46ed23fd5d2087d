//! The body of a viewer's request on its way to an origin.
//!
//! Bytes go on as they come, through a channel of a few chunks: a slow origin holds the viewer back,
//! and nothing is ever gathered. A body that ends early ends its request: what went out has no end
//! that could be taken for one. Trailers are dropped.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use crate::clock::{self, SharedClock};
use crate::semantics::age::Instant;

/// Chunks that wait between a viewer and a slow origin; then the viewer is not read any more.
const CHUNKS: usize = 4;
/// For the viewer to send anything more of a body.
pub const STALLED: Duration = Duration::from_secs(10);
/// A body must come within this time, and a second more for each [`LEAST_RATE`] bytes: a viewer that
/// drips must not hold an origin's permit for ever.
pub const GRACE: Duration = Duration::from_secs(60);
/// Bytes a second.
pub const LEAST_RATE: u64 = 1_024;

/// The body did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cut {
    /// The viewer took too long.
    #[error("the viewer's body did not come in time")]
    Slow,
    /// The viewer has gone, or what it sent was no body.
    #[error("the viewer's body ended early")]
    Gone,
}

/// A body that goes out as it comes in.
#[derive(Debug)]
pub struct Upload {
    chunks: mpsc::Receiver<Next>,
    left: Option<u64>,
    progress: Progress,
}

/// The next bytes; `Ok(None)` is the end. Without it there was none, however the channel closed.
type Next = Result<Option<Bytes>, Cut>;

/// How far an upload has come, for whoever waits for the answer to it.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    moved: AtomicU64,
    reading: AtomicBool,
    cut: OnceLock<Cut>,
}

impl Progress {
    /// When something last moved: now, as long as it is the viewer's turn.
    pub(super) fn moved(&self, now: Instant) -> Instant {
        match self.0.reading.load(Ordering::Acquire) {
            true => now,
            false => Instant::from_nanos(self.0.moved.load(Ordering::Acquire)),
        }
    }

    /// Why it did not come to its end, where that was the viewer's doing.
    #[must_use]
    pub fn cut(&self) -> Option<Cut> {
        self.0.cut.get().copied()
    }
}

impl Upload {
    /// A body on its way, and what moves it there, which must be run.
    pub fn new<B>(body: B, clock: SharedClock) -> (Self, impl Future<Output = ()> + Send + 'static)
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Send,
    {
        let (sender, chunks) = mpsc::channel(CHUNKS);
        let progress = Progress(Arc::new(Shared {
            moved: AtomicU64::new(clock.now().nanos()),
            reading: AtomicBool::new(true),
            cut: OnceLock::new(),
        }));
        let upload = Self {
            chunks,
            left: body.size_hint().exact(),
            progress: progress.clone(),
        };
        (upload, pump(Box::pin(body), sender, progress, clock))
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }
}

async fn pump<B>(
    mut body: Pin<Box<B>>,
    sender: mpsc::Sender<Next>,
    progress: Progress,
    clock: SharedClock,
) where
    B: Body<Data = Bytes>,
{
    let Progress(shared) = progress;
    let begun = clock.now();
    let mut read = 0_u64;
    loop {
        shared.reading.store(true, Ordering::Release);
        let most = GRACE.saturating_add(Duration::from_secs(read / LEAST_RATE));
        let left = begun.saturating_add(most).saturating_since(clock.now());
        let frame = tokio::select! {
            frame = clock::within(&*clock, left.min(STALLED), body.frame()) => frame,
            // The origin has answered already, or will not.
            () = sender.closed() => return,
        };
        let next = match frame {
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => {
                    read += bytes.len() as u64;
                    Ok(Some(bytes))
                }
                Err(_) => continue,
            },
            Ok(Some(Err(_))) => Err(Cut::Gone),
            Err(_) => Err(Cut::Slow),
        };
        if let Err(cut) = next {
            // It is the last word, so it is the only one.
            let _ = shared.cut.set(cut);
        }
        let last = !matches!(next, Ok(Some(_)));
        shared.moved.store(clock.now().nanos(), Ordering::Release);
        shared.reading.store(false, Ordering::Release);
        if sender.send(next).await.is_err() || last {
            return;
        }
    }
}

/// What goes to an origin behind a head.
#[derive(Debug)]
pub enum Outgoing {
    /// Nothing.
    Nothing,
    /// A viewer's body.
    Upload(Upload),
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let upload = match &mut *self {
            Self::Nothing => return Poll::Ready(None),
            Self::Upload(upload) => upload,
        };
        upload.chunks.poll_recv(cx).map(|next| match next {
            Some(Ok(Some(bytes))) => {
                if let Some(left) = &mut upload.left {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                Some(Ok(Frame::data(bytes)))
            }
            Some(Ok(None)) => upload.left.filter(|left| *left > 0).map(|_| Err(Cut::Gone)),
            Some(Err(cut)) => Some(Err(cut)),
            None => Some(Err(Cut::Gone)),
        })
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Upload(upload) => upload.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Nothing => SizeHint::with_exact(0),
            Self::Upload(upload) => upload
                .left
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http_body_util::{Full, StreamBody};

    use super::*;
    use crate::clock::ManualClock;
    use crate::semantics::dates::UnixTime;

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::new(UnixTime::from_secs(0)))
    }

    async fn collected(outgoing: Outgoing) -> Result<Bytes, Cut> {
        Ok(outgoing.collect().await?.to_bytes())
    }

    #[tokio::test]
    async fn a_body_comes_out_as_it_went_in() {
        let (upload, pump) = Upload::new(Full::new(Bytes::from_static(b"body")), clock());
        let outgoing = Outgoing::Upload(upload);
        assert_eq!(outgoing.size_hint().exact(), Some(4));
        let (found, ()) = tokio::join!(collected(outgoing), pump);
        assert_eq!(found.unwrap(), "body");
        assert_eq!(collected(Outgoing::Nothing).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_whose_end_never_came_has_none() {
        let (upload, pump) = Upload::new(Full::new(Bytes::from_static(b"body")), clock());
        // Whoever moved it has gone, as after a panic.
        drop(pump);
        assert_eq!(collected(Outgoing::Upload(upload)).await, Err(Cut::Gone));
    }

    /// A body that sends what it is given, and then nothing.
    fn slow(sent: &'static [&'static [u8]]) -> impl Body<Data = Bytes, Error = Cut> + Send {
        let frames = sent
            .iter()
            .map(|bytes| Ok::<_, Cut>(Frame::data(Bytes::from_static(bytes))));
        let frames: Vec<_> = frames.collect();
        StreamBody::new(futures_util::StreamExt::chain(
            futures_util::stream::iter(frames),
            futures_util::stream::pending(),
        ))
    }

    #[tokio::test]
    async fn a_viewer_that_sends_nothing_more_is_cut() {
        let clock = clock();
        let (upload, pump) = Upload::new(slow(&[b"a"]), Arc::clone(&clock) as SharedClock);
        let progress = upload.progress();
        let time = async {
            while clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            clock.advance(STALLED - Duration::from_millis(1));
            tokio::task::yield_now().await;
            assert_eq!(progress.cut(), None);
            clock.advance(Duration::from_millis(1));
        };
        let (found, (), ()) = tokio::join!(collected(Outgoing::Upload(upload)), pump, time);
        assert_eq!(found, Err(Cut::Slow));
        assert_eq!(progress.cut(), Some(Cut::Slow));
    }
}
