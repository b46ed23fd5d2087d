//! One connection: HTTP/1.1 or cleartext HTTP/2, told apart by the first bytes.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::gate::{Gate, Refused};
use super::paced::Paced;
use super::{Phase, limits};
use crate::clock::{self, HyperTimer, SharedClock};
use crate::telemetry::metrics::Metrics;

/// What an HTTP/2 client sends first (RFC 9113 section 3.4). No HTTP/1.1 request begins so.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The protocols, with their limits.
#[derive(Debug)]
pub struct Protocols {
    http1: http1::Builder,
    pub(super) http2: http2::Builder<TokioExecutor>,
    pub(super) clock: SharedClock,
    pub(super) metrics: Arc<Metrics>,
}

impl Protocols {
    /// Both protocols, their timers on `clock`.
    #[must_use]
    pub fn new(clock: &SharedClock, metrics: Arc<Metrics>) -> Self {
        let timer = HyperTimer::new(clock.clone());
        let mut http1 = http1::Builder::new();
        // Fields of a request: hyper's own limit of 100, past which it answers 431. To set it, even to
        // the same number, makes it parse into the heap.
        http1
            .timer(timer.clone())
            .header_read_timeout(limits::HEAD_TIMEOUT)
            .max_buf_size(limits::HTTP1_BUFFER)
            .half_close(false)
            .pipeline_flush(false);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(timer)
            .max_concurrent_streams(limits::HTTP2_STREAMS)
            .max_header_list_size(limits::HTTP2_HEADER_LIST)
            .max_pending_accept_reset_streams(limits::HTTP2_PENDING_RESETS)
            .max_local_error_reset_streams(limits::HTTP2_ERROR_RESETS)
            .max_send_buf_size(limits::HTTP2_SEND_BUFFER)
            .keep_alive_interval(limits::HTTP2_PING)
            .keep_alive_timeout(limits::HTTP2_PONG);
        Self {
            http1,
            http2,
            clock: clock.clone(),
            metrics,
        }
    }

    /// Serves one connection to its end, or until the phase is over.
    pub async fn serve<S, B>(
        &self,
        stream: TcpStream,
        service: S,
        mut phase: watch::Receiver<Phase>,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>, Error = std::convert::Infallible>,
        S::Future: Send + Unpin + 'static,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        // Answers leave in one write, so there is nothing that Nagle could gather.
        let _ = stream.set_nodelay(true);
        // Everywhere below the connection comes first: what has been sent already is answered, also
        // when the phase ends at that moment.
        let first = tokio::select! {
            biased;
            first = clock::within(&*self.clock, limits::HEAD_TIMEOUT, first_bytes(&stream)) => first,
            // Nothing was asked yet, so nothing is cut off.
            _ = phase.wait_for(|phase| *phase != Phase::Open) => return,
        };
        let Ok(Ok(first)) = first else { return };
        let is_http2 = first[..] == PREFACE[..];
        // What a connection ends with concerns nobody but its viewer.
        if is_http2 {
            return self.http2(stream, first, service, phase).await;
        }
        let refused = Arc::new(Refused::default());
        let service = Counting {
            service,
            begun: AtomicU64::new(0),
            refused: Arc::clone(&refused),
        };
        let gate = Gate::new(stream, first, refused, self.clock.clone());
        let io = Paced::new(TokioIo::new(gate), Bytes::new(), self.clock.clone());
        let connection = self.http1.serve_connection(io, service);
        tokio::pin!(connection);
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            _ = phase.wait_for(|phase| *phase != Phase::Open) => connection.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            biased;
            _ = connection => {}
            _ = phase.wait_for(|phase| *phase == Phase::Closed) => {}
        }
    }
}

/// A service that counts the requests that it has begun, and marks the one that the gate refused with
/// its [`Violation`](crate::semantics::framing::Violation).
struct Counting<S> {
    service: S,
    begun: AtomicU64,
    refused: Arc<Refused>,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Counting<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn call(&self, mut request: Request<B>) -> S::Future {
        let begun = self.begun.fetch_add(1, Ordering::Relaxed);
        if let Some(violation) = self.refused.of(begun) {
            request.extensions_mut().insert(violation);
        }
        self.service.call(request)
    }
}

/// Reads until it is clear whether this is HTTP/2: the whole preface, or the first bytes that are
/// not its beginning.
async fn first_bytes(stream: &TcpStream) -> io::Result<Bytes> {
    let mut bytes = [0; PREFACE.len()];
    let mut have = 0;
    while have < bytes.len() && bytes[..have] == PREFACE[..have] {
        stream.readable().await?;
        match stream.try_read(&mut bytes[have..]) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Bytes::copy_from_slice(&bytes[..have]))
}
