//! The requests of one HTTP/2 connection: how many were begun, how many their viewer cancelled, and
//! whether any of them waits for the edge.
//!
//! A request that is cancelled costs its viewer nothing and the edge a beginning (CVE-2023-44487); h2
//! counts only those that are reset before they were accepted. And flow control lets a viewer hold answers
//! back for ever: whether a connection stands still because of the viewer is seen here.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use tokio::sync::Notify;

use super::limits;

/// What is known of the streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    begun: AtomicU64,
    cancelled: AtomicU64,
    /// Requests whose answer, or more of it, the edge has yet to give.
    waiting: AtomicU64,
    /// Bytes of answers that were sent.
    sent: AtomicU64,
    too_many_cancelled: Notify,
}

impl Streams {
    /// Requests that were begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Bytes of bodies that were sent.
    pub(super) fn bytes(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether any request waits for the edge.
    pub(super) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Ends when the viewer has cancelled more requests than anybody needs to.
    pub(super) async fn too_many_cancelled(&self) {
        self.too_many_cancelled.notified().await;
    }

    pub(super) fn sent(&self, bytes: u32) {
        self.sent.fetch_add(u64::from(bytes), Ordering::Relaxed);
    }

    fn cancel(&self) {
        let cancelled = self.cancelled.fetch_add(1, Ordering::Relaxed) + 1;
        if cancelled >= limits::HTTP2_CANCELLED && cancelled.saturating_mul(2) > self.begun() {
            self.too_many_cancelled.notify_one();
        }
    }
}

/// As long as it lives, a request waits for the edge.
struct Waiting(Arc<Streams>);

impl Waiting {
    fn new(streams: &Arc<Streams>) -> Self {
        streams.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(streams))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A service whose requests are counted.
pub(super) struct Tracking<S> {
    /// The service.
    pub(super) service: S,
    /// What is known of its requests.
    pub(super) streams: Arc<Streams>,
}

impl<S, Q, B> Service<Request<Q>> for Tracking<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    S::Future: Unpin,
{
    type Response = Response<Tracked<B>>;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn call(&self, request: Request<Q>) -> Answer<S::Future> {
        self.streams.begun.fetch_add(1, Ordering::Relaxed);
        Answer {
            future: self.service.call(request),
            waiting: Some(Waiting::new(&self.streams)),
        }
    }
}

/// A future that was cancelled if it is dropped before its end.
pub(super) struct Answer<F> {
    future: F,
    waiting: Option<Waiting>,
}

impl<F, B, E> Future for Answer<F>
where
    F: Future<Output = Result<Response<B>, E>> + Unpin,
{
    type Output = Result<Response<Tracked<B>>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = std::task::ready!(Pin::new(&mut self.future).poll(cx));
        let waiting = self.waiting.take();
        Poll::Ready(answer.map(|answer| {
            answer.map(|body| Tracked {
                body,
                streams: waiting.as_ref().map(|waiting| Arc::clone(&waiting.0)),
                waiting,
            })
        }))
    }
}

impl<F> Drop for Answer<F> {
    fn drop(&mut self) {
        if let Some(waiting) = self.waiting.take() {
            waiting.0.cancel();
        }
    }
}

/// A body that says whether it is waited for: HTTP/2 polls it only while the viewer takes more.
pub(super) struct Tracked<B> {
    body: B,
    /// `None` only after a poll behind the end of its answer.
    streams: Option<Arc<Streams>>,
    waiting: Option<Waiting>,
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if polled.is_ready() {
            self.waiting = None;
        } else if self.waiting.is_none() {
            self.waiting = self.streams.as_ref().map(Waiting::new);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
