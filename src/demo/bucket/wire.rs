//! Below HTTP: a connection that counts its flushes, and response bodies that can be cut short.
//!
//! A cut must be exact: the bytes before it reach the client, then the connection breaks or falls
//! silent. hyper drops what it has buffered when a body fails, so a body that is to break waits
//! until the connection has flushed all that came before. [`Flushes`] is how it knows.
//!
//! Invariant: without a [`Cut`] both wrappers change nothing.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Where a response body ends too early, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes of this response's body that are still sent.
    pub(super) after: u64,
    pub(super) ending: Ending,
}

/// What follows the last byte of a [`Cut`] body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The connection closes.
    Break,
    /// Nothing, on a connection that stays open.
    Stall,
}

/// How often one connection has handed everything it had to the kernel.
#[derive(Debug, Default)]
pub(super) struct Flushes(Mutex<Progress>);

#[derive(Debug, Default)]
struct Progress {
    done: u64,
    waker: Option<Waker>,
}

impl Flushes {
    fn completed(&self) {
        let waker = {
            let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            progress.done += 1;
            progress.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Ready once there was a flush after the first call with this `mark`.
    fn poll_after(&self, mark: &mut Option<u64>, cx: &Context<'_>) -> Poll<()> {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = *mark.get_or_insert(progress.done);
        if progress.done > mark {
            return Poll::Ready(());
        }
        progress.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// A connection whose completed flushes are counted.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    flushes: Arc<Flushes>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, flushes: Arc<Flushes>) -> Self {
        Self { stream, flushes }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes the stream only when its own buffer is empty.
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.flushes.completed();
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A response body, cut short if a fault says so.
pub(super) struct Payload<B> {
    body: B,
    cut: Option<Cut>,
    mark: Option<u64>,
    flushes: Arc<Flushes>,
}

impl<B> Payload<B> {
    pub(super) fn new(body: B, cut: Option<Cut>, flushes: Arc<Flushes>) -> Self {
        Self {
            body,
            cut,
            mark: None,
            flushes,
        }
    }
}

/// Why a body failed: the cause below, or a cut that was asked for.
#[derive(Debug)]
pub(super) enum Broken<E> {
    Body(E),
    Cut,
}

impl<E: fmt::Display> fmt::Display for Broken<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(cause) => write!(f, "the body failed: {cause}"),
            Self::Cut => f.write_str("the connection was cut on purpose"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Broken<E> {}

impl<B: Body<Data = Bytes> + Unpin> Body for Payload<B> {
    type Data = Bytes;
    type Error = Broken<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(Cut { after: 0, ending }) = this.cut {
            return match ending {
                Ending::Stall => Poll::Pending,
                Ending::Break => this
                    .flushes
                    .poll_after(&mut this.mark, cx)
                    .map(|()| Some(Err(Broken::Cut))),
            };
        }
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        let Some(cut) = &mut this.cut else {
            return polled.map_err(Broken::Body);
        };
        polled
            .map_ok(|frame| match frame.into_data() {
                Ok(mut data) => {
                    let room = usize::try_from(cut.after).unwrap_or(usize::MAX);
                    data.truncate(room);
                    cut.after -= data.len() as u64;
                    Frame::data(data)
                }
                Err(frame) => frame,
            })
            .map_err(Broken::Body)
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Yields its chunks, then ends.
    struct Chunks(Vec<Bytes>);

    impl Body for Chunks {
        type Data = Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
            Poll::Ready((!self.0.is_empty()).then(|| Ok(Frame::data(self.0.remove(0)))))
        }
    }

    fn payload(cut: Option<Cut>) -> (Payload<Chunks>, Arc<Flushes>) {
        let flushes = Arc::new(Flushes::default());
        let chunks = Chunks(vec![
            Bytes::from_static(b"abc"),
            Bytes::from_static(b"defg"),
        ]);
        (Payload::new(chunks, cut, flushes.clone()), flushes)
    }

    /// Polls until the body is pending, fails or ends; returns what came and how that was.
    fn drain(payload: &mut Payload<Chunks>) -> (Vec<u8>, &'static str) {
        let mut seen = Vec::new();
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            match Pin::new(&mut *payload).poll_frame(&mut cx) {
                Poll::Ready(Some(Ok(frame))) => seen.extend(frame.into_data().unwrap()),
                Poll::Ready(Some(Err(Broken::Cut))) => return (seen, "cut"),
                Poll::Ready(Some(Err(Broken::Body(never)))) => match never {},
                Poll::Ready(None) => return (seen, "end"),
                Poll::Pending => return (seen, "pending"),
            }
        }
    }

    #[test]
    fn without_a_cut_everything_passes() {
        let (mut payload, _) = payload(None);
        assert_eq!(drain(&mut payload), (b"abcdefg".to_vec(), "end"));
    }

    #[test]
    fn a_break_sends_exactly_its_bytes_and_waits_for_a_flush() {
        for after in 0..7_u64 {
            let ending = Ending::Break;
            let (mut payload, flushes) = payload(Some(Cut { after, ending }));
            flushes.completed(); // one from before must not count
            let expected = b"abcdefg"[..after as usize].to_vec();
            assert_eq!(drain(&mut payload), (expected, "pending"), "after {after}");
            assert_eq!(drain(&mut payload), (vec![], "pending"), "still unflushed");
            flushes.completed();
            assert_eq!(drain(&mut payload), (vec![], "cut"), "after {after}");
        }
    }

    #[test]
    fn a_stall_stays_silent_whatever_is_flushed() {
        let ending = Ending::Stall;
        let (mut payload, flushes) = payload(Some(Cut { after: 4, ending }));
        assert_eq!(drain(&mut payload), (b"abcd".to_vec(), "pending"));
        flushes.completed();
        assert_eq!(drain(&mut payload), (vec![], "pending"));
    }

    #[test]
    fn a_cut_beyond_the_end_changes_nothing() {
        let ending = Ending::Break;
        let (mut payload, _) = payload(Some(Cut { after: 8, ending }));
        assert_eq!(drain(&mut payload), (b"abcdefg".to_vec(), "end"));
    }
}
